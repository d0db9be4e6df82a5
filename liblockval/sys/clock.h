/* SPDX-License-Identifier: MIT */
#ifndef LV_SYS_CLOCK_H
#define LV_SYS_CLOCK_H

/*
 * Time, as cheap as it can be noted: the processor's counter where it has one that user code may read, else the clock. What
 * a count means is worked out when somebody asks, from two moments at which both were read. libc's clock_gettime() would
 * do too, but tools that feign another time stand in front of it.
 * Context: any thread, signal-safe.
 */

#include "sys/rawcall.h"

#include <stdint.h>
#include <time.h>

/* One moment by both. */
struct lv_clock {
    uint64_t ticks;
    int64_t ms; /* CLOCK_MONOTONIC */
};

static inline int64_t lv_clock_ns(void)
{
    struct timespec now = { 0, 0 };

    (void)LV_SYSCALL(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline uint64_t lv_clock_ticks(void)
{
#if defined(__x86_64__) || defined(__i386__)
    return __builtin_ia32_rdtsc();
#else
    return (uint64_t)lv_clock_ns();
#endif
}

static inline struct lv_clock lv_clock_now(void)
{
    return (struct lv_clock){ .ticks = lv_clock_ticks(), .ms = lv_clock_ns() / 1000000 };
}

/* Milliseconds from @ticks to @now, as the time from @start to @now says how long one is. Never negative. */
static inline int64_t lv_clock_since(const struct lv_clock *start, const struct lv_clock *now, uint64_t ticks)
{
    uint64_t all = now->ticks - start->ticks, part = now->ticks - ticks;

    if (now->ticks <= ticks || all == 0 || part > all)
        return 0;
    return (int64_t)((double)part / (double)all * (double)(now->ms - start->ms));
}

#endif
