/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_WRAPPERS_H
#define LV_ENGINE_WRAPPERS_H

/*
 * Functions that only stand between a program and a lock: what makes or takes it is their caller. The tables never change; any
 * context.
 */

#include "base/types.h"

enum lv_wrapper {
    LV_WRAPPER_NO,
    LV_WRAPPER_KNOWN,
    LV_WRAPPER_NEVER /* it is called like one and is none, whatever the options say */
};

/* What the function with the linker's name @symbol is. Cost: a comparison with each of some hundred patterns. */
enum lv_wrapper lv_wrappers_look(const char *symbol);

/* Does @name match one of the comma-separated @patterns of the option wrappers? */
bool lv_wrappers_match(const char *patterns, const char *name);

#endif
