/* SPDX-License-Identifier: MIT */
#ifndef LV_REPORT_LOCKSTAT_H
#define LV_REPORT_LOCKSTAT_H

#include "base/text.h"

/*
 * How often and how long locks were waited for and held, as plain data, and its rendering in the layout of the kernel's
 * /proc/lock_stat. What bounces there between processors is not known here, and is a dash.
 */

/* Nanoseconds. */
struct lv_times {
    uint64_t count, min, max, total; /* count 0: the rest is 0 too */
};

/* Acquisitions in one mode. */
struct lv_lockstat_use {
    uint64_t acquisitions;
    struct lv_times wait, hold; /* wait.count: contentions */
};

/* A call at which a lock was waited for, or at which it had been taken by who held it then. */
struct lv_lockstat_place {
    const char *where;
    uintptr_t address;
    uint64_t count;
};

struct lv_lockstat_class {
    const char *name;
    struct lv_lockstat_use write, read;
    uint32_t waiter_count, holder_count;
    const struct lv_lockstat_place *waiters, *holders; /* most often first */
};

enum {
    LV_LOCKSTAT_PLACES = 4 /* of each kind that the layout has room for */
};

void lv_lockstat_put_head(struct lv_text *out);
void lv_lockstat_put_class(const struct lv_lockstat_class *class, struct lv_text *out);

#endif
