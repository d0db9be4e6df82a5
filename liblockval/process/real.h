/* SPDX-License-Identifier: MIT */
#ifndef LV_PROCESS_REAL_H
#define LV_PROCESS_REAL_H

/* The functions that the hooks stand before, one pointer each, made from symbols.def. */

#include <link.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <threads.h>
#include <time.h>

struct lv_real {
#define LV_HOOK(ret, name, parameters, version) ret(*name) parameters;
#define LV_HOOK_OLD(ret, name, parameters, version) ret(*name##_old) parameters;
#include "process/symbols.def"
#undef LV_HOOK
};

/* Constant after lv_real_resolve(). */
extern struct lv_real lv_real;

/* Look all of them up, the next ones behind this library; once, at the first hook or in the constructor. */
void lv_real_resolve(void);

#endif
