/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_STEER_H
#define LV_ENGINE_STEER_H

/*
 * Steering: with a plan (engine/plan.h) a thread that is about to take what a role of the cycle wants, while it holds what
 * the role holds, is held there, before the real call and for a bounded time, until other threads play the roles after it, each
 * holding the very lock that the one before it wants. Then all are let go, and wait for each other for good. Why so, and why
 * nothing here can make a deadlock that the program does not have: docs/adr/0035-steering.md.
 *
 * Classes of the plan are never remembered in the threads' caches, so that each acquisition of them comes the slow way. Without a
 * plan there is one look at a pointer on that way, and nothing on the fast path.
 */

#include "engine/acquire.h"
#include "engine/plan.h"

enum {
    LV_STEER_PLAYERS = 64, /* threads that are held at once; others go on */
    LV_STEER_LINE = 6144,
    LV_STEER_GATES = 8 /* locks that are held whenever a role is reached; of more, the oldest */
};

/* A thread that is held, or was until just now. All fields: lock, unless they say something else. */
struct lv_steer_player {
    struct lv_thread *t;          /* null: the place is free */
    uint32_t go;                  /* atomic, a futex: 1 when it may go on */
    uint32_t number;              /* another one for each time the place is used */
    uint32_t roles;               /* that it can play, a bit each */
    uint32_t role;                /* the one that it is counted for; in the end the one that it plays */
    bool early;                   /* it is about to take what the role holds */
    uint32_t depth;               /* of its held stack */
    struct lv_held_record wanted; /* .class 0: the end of a thread, */
    uint64_t joins;               /* which is the life of this number; 0: no end */
    int64_t since_ms, until_ms;
};

/* What became of a role. All fields: lock. */
struct lv_steer_count {
    uint32_t reached; /* how often */
    uint32_t held;    /* of these, threads that were held there */
    uint32_t expired; /* of these, went on as nobody came */
    uint32_t met;     /* of these, went on as all roles were played */
    uint32_t early;   /* how often a thread was held before the held lock, */
    uint32_t early_expired;
    uint32_t gate_count; /* locks that were held, for writing, whenever the role was reached: */
    struct lv_held_record gates[LV_STEER_GATES];
};

struct lv_steer {
    struct lv_plan plan;        /* constant */
    uint64_t drawn;             /* atomic: random numbers so far */
    uint32_t numbers;           /* lock */
    bool wrong;                 /* lock: the report cannot be written */
    struct lv_steer_ring *ring; /* lock: memory to look in, as a thread's stack may be small; null: not needed yet */
    char line[LV_STEER_LINE];   /* lock: the same to write in */
    struct lv_steer_count counts[LV_PLAN_ROLES];
    struct lv_steer_player players[LV_STEER_PLAYERS];
};

/* Read the plan that option steer names, if it names one. What is wrong with it is said in @complaints, and nothing is steered
 * then. Once, at start. */
void lv_steer_load(struct lv_context *ctx, struct lv_text *complaints);

/* Is @class of the plan? Then it is not to be remembered. Context: lock not held, guard held. */
bool lv_steer_has_class(struct lv_context *ctx, lv_class_id class);

/* In a forked child: whoever was held is not there. Context: lock held. */
void lv_steer_after_fork(struct lv_context *ctx);

/* @t ends. Context: lock held. */
void lv_steer_forget(struct lv_context *ctx, const struct lv_thread *t);

/* @t is about to wait for @a, which lv_acquire() was told of. May hold it up for some time. errno stays. Context: guard not
 * held. */
void lv_steer_hold(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a);

/* The same before @t joins the thread of the life @life, which has the number @uid unless it is over. */
void lv_steer_hold_join(struct lv_context *ctx, struct lv_thread *t, const struct lv_life *life, uint64_t uid,
                        uintptr_t site);

static inline void lv_steer(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a)
{
    if (LV_UNLIKELY(ctx->steer != NULL))
        lv_steer_hold(ctx, t, a);
}

/* ---- parts of it, for engine/steer_hold.c and tests ----------------------------------------------------------------- */

/*
 * @t is about to wait for @a: what it plays is noted and counted. Returns where it is held, or null when it is not to be: it plays
 * nothing, or others may not wait for it any longer, or all roles are played now (then those who are held may go). @now_ms is
 * the time. Context: lock held, guard held.
 */
struct lv_steer_player *lv_steer_reach(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a,
                                       int64_t now_ms);

/* The same before @t joins the thread of @life by a call at @site. */
struct lv_steer_player *lv_steer_reach_join(struct lv_context *ctx, struct lv_thread *t, const struct lv_life *life,
                                            uintptr_t site, int64_t now_ms);

/* Are all roles played by now? Then their players may go. Context: lock held. */
void lv_steer_match(struct lv_context *ctx, int64_t now_ms);

/* @player, which is held by this thread, is held no more; @number is what its number was. It had its time if it may not go
 * yet. Context: lock held. */
void lv_steer_leave(struct lv_context *ctx, struct lv_steer_player *player, uint32_t number, int64_t now_ms);

/* Append to the report what became of the role @role: @what is "reached", "expired", "met". @player may be null. Context: lock
 * held. */
void lv_steer_say(struct lv_context *ctx, uint32_t role, const char *what, const struct lv_steer_player *player,
                  int64_t now_ms);

/* The lines of stats=1. Context: lock held. */
void lv_steer_stats(const struct lv_context *ctx, struct lv_text *out);

#endif
