/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_LIFE_H
#define LV_ENGINE_LIFE_H

/*
 * What a thread took in its whole life, and where it ended in the order of threads, kept until it was joined. Who joins a thread waits for all of it: the thread could
 * have been late when it took any of these locks.
 *
 * A thread's cache is empty when it begins, so each class that it takes passes the slow way at least once, and is noted
 * there: the fast path knows nothing of lives. An entry is one lock of a class in one mode; of a class there are at most
 * LV_LIFE_SAME locks. Not noted: trylocks, which do not wait, unchecked locks, semaphores, which may be posted by anybody
 * and waited for in vain by a thread that is cancelled, and what is taken in a context that interrupted the thread. Recursive readers are noted, unlike in the history of events (engine/event.c): the edges say in
 * which mode the joined thread waits.
 *
 * A life is made with its thread, found by the thread's handle (a pthread_t), and recycled when the thread was joined, or
 * has ended detached, or its handle has gone to another thread.
 */

#include "engine/acquire.h"

enum {
    LV_LIFE_CHUNK = 15,
    LV_LIFE_SAME = 4,   /* locks of one class and mode that are told apart */
    LV_LIFE_NOTED = 32, /* slots of the owner's memory of what it noted */
    LV_LIFE_TOLD = 16,  /* slots for locks under which the thread told others something */
    LV_LIFE_DEPTH = 8   /* joins that wait for joins, one behind the other, that are followed */
};

struct lv_life_chunk {
    struct lv_life_chunk *next;
    struct lv_held_record record[LV_LIFE_CHUNK];
};

/* The join that waits for the thread. All fields: lock, at least for writing. */
struct lv_life_join {
    struct lv_thread *joiner;    /* atomic; null: nobody waits */
    struct lv_held_record *held; /* what it holds; LV_WITNESS_HELD of them, kept when the life is recycled */
    uint32_t held_count;
    uint32_t left_out;    /* further locks that it holds */
    uint64_t filter;      /* atomic; one bit for each class of .held: locks of these are looked at each time */
    uint64_t waited_with; /* bit i: held[i] was taken again by a wait on a condition variable */
    uint64_t reported;    /* bit i: a circle through held[i] was found for this join */
    lv_stack_id stack;
    uint8_t flags; /* LV_TIMED */
};

struct lv_life {
    uint64_t uid;       /* lock; 0: free. A recycled life has another */
    uint32_t number;    /* lock; in lv_context.lives */
    uint32_t next_free; /* lock */
    uintptr_t handle;   /* lock; 0: not known yet, or it is another thread's by now */
    uint64_t said;      /* atomic: the handle as the thread's maker says, over the low bits of .uid */
    struct lv_life *unborn_next, *unborn_prev; /* lock; while the thread has not begun */
    bool begun;                                /* atomic, written under the lock */
    bool detached;                             /* lock */
    bool cancelled;                            /* atomic, lock for writing: somebody asked that it be */
    bool noting;                    /* constant in a life: what the thread takes is noted, since joins make edges */
    bool ended;                     /* lock; then */
    struct lv_segment last;         /* lock; is where the thread was in the order of threads */
    struct lv_thread *t;            /* lock; null: not begun, or ended */
    const struct lv_module *module; /* lock; of the start function, or null, */
    uintptr_t place;                /* and its offset there */
    uint32_t born;                  /* lock; when that module was loaded, or LV_BORN_NONE */
    lv_thread_id info;              /* lock; of a thread that ended; 0: .about is not in the list of infos */
    struct lv_thread_info about;    /* lock; of a thread that ended */
    struct lv_life_chunk *chunks;   /* lock for writing; kept when the life is recycled */
    uint32_t count;                 /* atomic; lock for writing: records in the chunks, that never change */
    uint32_t noted[LV_LIFE_NOTED];  /* owner thread: hashes of what it noted last */
    uint32_t told[LV_LIFE_TOLD];    /* atomic; owner thread for writing: uids of locks, see lv_life_tell() */
    struct lv_life_join join;
};

void lv_lives_init(struct lv_context *ctx);

/* The life of a thread that will begin with @start; @noting: what it takes is noted. Null without memory. Context: lock held, guard held. */
struct lv_life *lv_life_new(struct lv_context *ctx, uintptr_t start, bool noting);

/* The new thread @t begins its life, under @handle. The first for who holds the lock. */
void lv_life_begin_locked(struct lv_context *ctx, struct lv_thread *t, struct lv_life *life, uintptr_t handle);
void lv_life_begin(struct lv_context *ctx, struct lv_thread *t, struct lv_life *life, uintptr_t handle);

/* Who made the thread knows its handle now, perhaps before the thread does. @uid is what the life had when it was made:
 * by now it may be another's. Takes no lock: whoever looks for the handle looks at what was said of threads that have not
 * begun. */
void lv_life_name(struct lv_life *life, uint64_t uid, uintptr_t handle);

/* Nobody will join the thread @handle. */
void lv_life_detach(struct lv_context *ctx, struct lv_thread *t, uintptr_t handle);

/* The thread @handle is about to be cancelled, or to be when it comes to a point where that counts. */
void lv_life_cancel(struct lv_context *ctx, struct lv_thread *t, uintptr_t handle);

/* Was @t cancelled, and is its wait @on such a point? Then it may not wait at all. True also for a thread that has no life
 * if one of these was cancelled. Context: any thread. */
bool lv_life_is_cancelled_in(const struct lv_context *ctx, const struct lv_thread *t, const struct lv_blocked *on);

/* The thread ends. Context: lock held. */
void lv_life_end(struct lv_context *ctx, struct lv_thread *t);

/* In a forked child: no thread has a life. Context: lock held. */
void lv_lives_after_fork(struct lv_context *ctx);

/* The life of @handle, or null. Context: lock held, guard held. */
struct lv_life *lv_life_find(struct lv_context *ctx, uintptr_t handle);

/* No join waits for the thread any more. Context: lock held. */
void lv_life_unjoin(struct lv_life *life);

/* The life @life is over and its record free. Context: lock held. */
void lv_life_recycle(struct lv_context *ctx, struct lv_life *life);

/* Entry number @i, below a count that was seen. */
const struct lv_held_record *lv_life_entry(const struct lv_life *life, uint32_t i);

/* What a life knows of a lock. Context: the thread itself, or lock held. Cost: O(entries). */
enum lv_life_known {
    LV_LIFE_IS_NEW,
    LV_LIFE_IS_THERE,
    LV_LIFE_HAS_ENOUGH /* not this one, but LV_LIFE_SAME others of its class and mode */
};
enum lv_life_known lv_life_knows(const struct lv_life *life, const struct lv_held_record *record);

/* Add @record if there is room for more of its class. Returns whether this lock was not there before; false without
 * memory. Context: lock held. */
bool lv_life_add(struct lv_context *ctx, struct lv_life *life, const struct lv_held_record *record);

/* Who the thread is, for a witness. Id 0 without memory. Context: lock held. */
lv_thread_id lv_life_thread(struct lv_context *ctx, struct lv_life *life);

/* The slow way of an acquisition comes by: note it. Context: guard held. */
void lv_life_note_slow(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a);

static inline void lv_life_note(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a)
{
    if (t->life != NULL && t->life->noting)
        lv_life_note_slow(ctx, t, a);
}

/*
 * The thread wakes others. What it had to tell them it mostly wrote down under a lock that it holds, or has just released:
 * "done", and who reads that under the same lock and then joins the thread knows that it will not be late for that lock.
 * Context: called by the thread itself, guard not held. Cost: a few comparisons.
 */
void lv_life_tell_slow(struct lv_thread *t);

static inline void lv_life_tell(struct lv_thread *t)
{
    if (t->life != NULL)
        lv_life_tell_slow(t);
}

/* Did it tell something under the lock @uid? Of so many locks, one may be forgotten. */
static inline bool lv_life_has_told(const struct lv_life *life, uint64_t uid)
{
    return __atomic_load_n(&life->told[uid % LV_LIFE_TOLD], __ATOMIC_RELAXED) == uid;
}

/* Does a join wait for the thread that may hold a lock of the class of @a? Then which lock it takes matters each time. */
static inline bool lv_life_is_watched(const struct lv_thread *t, const struct lv_acquisition *a)
{
    return t->life != NULL && (__atomic_load_n(&t->life->join.filter, __ATOMIC_RELAXED) & lv_filter_bit(a->class)) != 0;
}

#endif
