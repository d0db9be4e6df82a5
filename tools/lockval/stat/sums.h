/* SPDX-License-Identifier: MIT */
#ifndef CLI_STAT_SUMS_H
#define CLI_STAT_SUMS_H

/*
 * The statistics of locks of all processes of a set, added up by class. Classes of different processes are one if their keys are the same.
 */

#include "report/lockstat.h"
#include "stat/input.h"

struct stat_use {
    uint64_t acquisitions, failed;
    struct lv_times wait, hold;
};

enum {
    STAT_WRITE,
    STAT_READ,
    STAT_MODES
};

/* A call, as two processes know it. */
struct stat_site {
    struct rec_frame frame;
    char *text;
    struct stat_use use[STAT_MODES];
    uint64_t held; /* waits for who took the lock here */
};

/* Waits at one call for who had taken the lock at another. */
struct stat_pair {
    const struct stat_site *waiter, *holder;
    uint64_t count, total;
};

struct stat_class {
    const char *name, *key, *kind;
    struct stat_use use[STAT_MODES], all; /* .all: of both modes */
    size_t site_count, pair_count;
    struct stat_site **sites; /* contended for most, then taken most */
    struct stat_pair *pairs;  /* waited for longest first */
};

struct stat_sums {
    size_t class_count, process_count; /* processes that were measured */
    struct stat_class **classes;
    struct stat_use all;
};

struct stat_sums *stat_sums_of(const struct rec_set *set, struct sym_session *symbols);
void stat_sums_free(struct stat_sums *sums);

static inline uint64_t stat_average(const struct lv_times *times)
{
    return times->count != 0 ? times->total / times->count : 0;
}

#endif
