/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_LOCKSTAT_H
#define LV_ENGINE_LOCKSTAT_H

#include "engine/acquire.h"

/*
 * How often and how long locks are waited for and held (option lock_stat, docs/adr/0037-lock-statistics.md). Each thread counts
 * for itself, by class, mode and call site; whoever wants to know adds up all threads (engine/lockstat_sum.h). A state
 * that is recycled goes on counting, so nothing is done when a thread ends.
 *
 *     lv_lockstat_contended   the lock was found taken, and is about to be waited for
 *     lv_lockstat_acquired    it is held now
 *     lv_lockstat_left        the wait is over, without an acquisition
 *     lv_lockstat_failed      a call came back without the lock
 *     lv_lockstat_released    it is about to be let go
 *
 * With the option, .attention of a thread is never 0, so that every acquisition goes the general way (engine/take.c). Context of these calls: the
 * thread itself, and it has a .lockstat. Nothing shared is written, but when something is counted for the first time.
 */

/* Counts of lv_clock_ticks(). */
struct lv_lockstat_times {
    uint64_t count, min, max, total; /* min: UINT64_MAX until something is counted */
};

/* The waits for a lock that was held by who took it at another place. Fields as in struct lv_lockstat_point. */
struct lv_lockstat_meeting {
    struct lv_lockstat_meeting *next; /* lock */
    uintptr_t site;                   /* where the holder took it; 0: not known. Lock */
    uint32_t born;                    /* lock: of the site's module */
    uint64_t count, total;
};

/* What one thread did with the locks of one class, in one mode, from one call site. What protects it: the owner thread counts, others read. */
struct lv_lockstat_point {
    struct lv_lockstat_point *next; /* lock: of the thread's */
    lv_class_id class;              /* lock, as the next three; class 0: not in use */
    bool reads;
    uint32_t born; /* of the site's module */
    uintptr_t site;
    uint32_t checked; /* owner thread: lv_modules_now() when .born was found true */
    uint64_t acquisitions;
    uint64_t failed;
    struct lv_lockstat_times wait, hold;
    struct lv_lockstat_meeting *meetings; /* atomic, lock for writing */
};

/* A lock that is held. */
struct lv_lockstat_hold {
    uintptr_t address;
    uint64_t since;
    struct lv_lockstat_point *point;
};

/* A lock that is waited for. */
struct lv_lockstat_wait {
    uintptr_t address; /* 0: free */
    uint64_t since;
    struct lv_lockstat_point *point;
    struct lv_lockstat_meeting *meeting; /* null: no memory */
};

enum {
    LV_LOCKSTAT_WAITS = 4, /* waits at once: of the thread, and of signal handlers that interrupted it */
    LV_LOCKSTAT_SLOTS = 64,
    LV_LOCKSTAT_HOLDS = 32
};

/* Of a thread's state: owner thread, unless they say something else. */
struct lv_lockstat {
    uint64_t mask;                      /* stored after .slots */
    struct lv_lockstat_point **slots;   /* by class, mode and site */
    uint32_t used;                      /* lock: slots that are not null */
    struct lv_lockstat_point *points;   /* lock: all */
    struct lv_lockstat_meeting *spare;  /* lock: not in use */
    struct lv_lockstat_hold *holds;     /* oldest first */
    uint32_t hold_count, hold_capacity; /* the second is stored after .holds */
    struct lv_lockstat_wait waits[LV_LOCKSTAT_WAITS];
};

/* For a new state; null without memory: the thread is not counted. Context: lock held. */
struct lv_lockstat *lv_lockstat_new(struct lv_context *ctx);

/* The state is another thread's now. */
void lv_lockstat_reset(struct lv_lockstat *s);

/* In a forked child, which begins to count anew. Context: lock held, one thread. */
void lv_lockstat_after_fork(struct lv_context *ctx);

/* The numbers of zapped classes are about to be given to others. Context: lock held. */
void lv_lockstat_zap(struct lv_context *ctx);

/* @sure: it is known to be taken. Else it is if another thread's books have it. */
void lv_lockstat_contended(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a, uint64_t since,
                           bool sure);
void lv_lockstat_acquired(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a);
void lv_lockstat_left(struct lv_thread *t, uintptr_t address);
void lv_lockstat_failed(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a);
void lv_lockstat_released(struct lv_thread *t, uintptr_t address);

/* A lock that is held as a part of another's entry (engine/nest.h): it counts as an acquisition, and no hold. */
void lv_lockstat_merged(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a);

#endif
