/* SPDX-License-Identifier: MIT */
#ifndef LV_TESTS_DIFFERENTIAL_CONCURRENT_H
#define LV_TESTS_DIFFERENTIAL_CONCURRENT_H

/* Random programs of several threads: what concurrent.c plays, and concurrent_make.c makes. */

#include "base/types.h"

enum {
    THREADS = 16,
    GROUPS = 6,
    GROUP_CLASSES = 5,
    CLASSES = GROUPS * GROUP_CLASSES,
    INSTANCES = 3,
    LOCKS = CLASSES * INSTANCES,
    STEPS = 400 /* of a thread */
};

/* How the locks of a group are taken, one of a class under another. */
enum group_kind {
    ORDERED,           /* in the order of their classes */
    RING,              /* a class under the one before it, and the first under the last: one cycle */
    FREE,              /* in any order */
    INSTANCES_ORDERED, /* locks of the first class, in the order of the locks */
    INSTANCES_RING,    /* the same, and the first under the last */
    KINDS
};

struct step {
    uint16_t lock;
    uint8_t mode, flags, site;
    bool release; /* the youngest */
    bool yield;
};

struct thread_script {
    struct step step[STEPS];
    unsigned count;
};

struct group {
    enum group_kind kind;
    unsigned classes;
    unsigned instances;
};

/* What a program is: constant while it is played. */
struct program {
    uint64_t seed;
    unsigned threads, groups;
    bool table, known; /* identities in the table; all locks are met before the threads begin */
    struct group group[GROUPS];
    struct thread_script script[THREADS];
};

extern struct program program;

static inline unsigned lock_number(unsigned group, unsigned class, unsigned instance)
{
    return (group * GROUP_CLASSES + class) * INSTANCES + instance;
}

static inline unsigned group_of(unsigned lock)
{
    return lock / INSTANCES / GROUP_CLASSES;
}

/* Every third class is one of read-write locks. */
static inline bool is_rwlock(unsigned lock)
{
    return lock / INSTANCES % 3 == 2;
}

static inline enum lv_kind kind_of(unsigned lock)
{
    return is_rwlock(lock) ? LV_KIND_RWLOCK : LV_KIND_MUTEX;
}

/* Make the program number @seed, with @threads threads or, if that is 0, 2 to 8. */
void make_program(uint64_t seed, unsigned threads);

#endif
