/* SPDX-License-Identifier: MIT */
#ifndef ROW_LOCKS_H
#define ROW_LOCKS_H

/*
 * The locks of a row. Every letter is a class of its own, with an explicit key; what it is follows from the row:
 *
 *     spin              pthread_spinlock_t
 *     mutex, pi-mutex   pthread_mutex_t; with PTHREAD_PRIO_INHERIT
 *     rwlock            pthread_rwlock_t of the default kind: its readers are recursive
 *     rwsem             pthread_rwlock_t that prefers writers: its readers are not
 *     queued            a lock made here, in the families of that name: its readers are recursive in contexts only. libc has
 *                       no such lock, so it is annotated, and its inside is not watched
 *
 * Only the thread whose turn it is calls these functions, or a handler in it.
 */

#include "../preload/program.h"

#include <lockval.h>
#include <signal.h>
#include <stdbool.h>

enum {
    ROW_HANGS = 3 /* exit status of a probe */
};

/* How the row is run; set before the first call. */
struct row_locks {
    const char *family, *kind; /* of the table */
    bool probing;              /* no acquisition waits: one that would for good ends the process with ROW_HANGS */
    bool two_instances;        /* what is taken while it is held is a second lock of its class */
    volatile sig_atomic_t in_contexts; /* how many contexts the thread runs inside of */
};
extern struct row_locks row_locks;

/* Make the locks that @steps take. */
void row_locks_make(const char *steps);

/* "+A", "-A:r", and "A" of "init A". What a call returns other than 0 is printed. */
void row_locks_take(const char *step);
void row_locks_release(const char *step);
void row_locks_init_again(const char *letter);

#endif
