/* SPDX-License-Identifier: MIT */
#ifndef LV_PROCESS_GUARDS_H
#define LV_PROCESS_GUARDS_H

/*
 * The functions that guard the initialisation of static variables in C++, wherever they are. All three are always of one
 * library, and of the same one to the end of the process: they agree on what is in a guard.
 */

#include <stdint.h>

struct lv_guards {
    int (*acquire)(int64_t *);
    void (*release)(int64_t *);
    void (*abort)(int64_t *);
};

/* Look for the functions of a program in C++, so that no hook has to. Context: the constructor; may malloc. */
void lv_guards_start(void);

/* Never null. Context: any; the first call in a program without a C++ runtime takes the loader's lock and may malloc. */
const struct lv_guards *lv_guards(void);

#endif
