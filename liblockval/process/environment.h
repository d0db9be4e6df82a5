/* SPDX-License-Identifier: MIT */
#ifndef LV_PROCESS_ENVIRONMENT_H
#define LV_PROCESS_ENVIRONMENT_H

/*
 * The variables of the environment that are ours: LOCKVAL_OPTIONS, and this library's place in LD_PRELOAD. Read and
 * changed without getenv and setenv, whose locks and memory are the program's.
 */

/* The value of LOCKVAL_OPTIONS, or null; null in a set-uid program too. */
const char *lv_environment_options(void);

/*
 * Take LOCKVAL_OPTIONS, and this library in LD_PRELOAD, out of the environment, so that no program that this one
 * becomes or starts is watched. Other libraries in LD_PRELOAD stay.
 * Context: before main.
 */
void lv_environment_hide(void);

#endif
