/* SPDX-License-Identifier: MIT */
/*
 * Who may go. Roles are played by whoever comes: a role has as many players as reach it, up to a bound for all together, so
 * that one whose locks are other instances than its partners' does not keep those out that fit. Each time somebody comes
 * all ways to fill the ring are tried, from each player of the first role on; since the next player must hold the very
 * lock that the one before wants, there are few.
 *
 * A thread that waits already, for the lock that a role wants and with the lock that it holds, plays the role as well: it
 * went on when its time was up, or was never held. So does one that waits on a condition variable, whose mutex it will want.
 *
 * A reader that does not pass waiting writers waits for a reader if a writer is waiting. Nobody is made to be that writer,
 * but where one is needed the ring is not complete before one is there.
 */

#include "engine/steer_role.h"

/* Who is held, and never came back to say that its time was up, is forgotten after so long: a signal handler may have jumped
 * out of the pause. */
enum {
    LOST_MS = 1000
};

/* Who may play: threads that are held, and threads that wait. */
struct cast {
    const struct lv_thread *t;
    struct lv_steer_player *player; /* null: it waits for good already */
    const struct lv_held_record *wanted;
    uint64_t joins; /* the life that it waits for the end of; 0: none */
    uint32_t roles;
    uint32_t depth;
};

enum {
    CAST = LV_STEER_PLAYERS + 64
};

struct lv_steer_ring {
    struct lv_context *ctx;
    struct cast cast[CAST];
    struct lv_held_record waits[CAST]; /* of those that wait */
    uint32_t count;
    uint32_t chosen[LV_PLAN_ROLES];
};

/* It said that it waits; does it sleep by now? Only then is it in the lock's queue. */
static bool is_asleep(const struct lv_context *ctx, const struct lv_thread *t)
{
    struct lv_task_sleep sleep = { .sleeps = false };

    return ctx->task == NULL || (ctx->task(t->tid, &sleep) == 0 && sleep.sleeps && sleep.futex);
}

/* Does a writer wait for the lock of @wanted? */
static bool has_writer(const struct lv_context *ctx, const struct lv_held_record *wanted)
{
    for (const struct lv_thread *t = ctx->threads; t != NULL; t = t->next) {
        struct lv_blocked on;

        if (!t->used)
            continue;
        on = lv_blocked_read(t);
        if (on.wait == LV_WAITS_LOCK && on.wanted.address == wanted->address && on.wanted.mode == LV_WRITE &&
            is_asleep(ctx, t))
            return true;
    }
    return false;
}

/* Does who wants @wanted wait for who holds it as @mode says? */
static bool blocks(const struct lv_context *ctx, const struct lv_held_record *wanted, unsigned mode)
{
    return wanted->mode == LV_WRITE || mode == LV_WRITE || (wanted->mode == LV_READ && has_writer(ctx, wanted));
}

static bool is_same_lock(const struct lv_context *ctx, const struct lv_held_record *wanted, const struct lv_held *h)
{
    return h->address == wanted->address && h->uid == wanted->uid && blocks(ctx, wanted, h->mode);
}

/* Does the player @by of role number @role hold what @waits wants? Who is joined holds his own end. One that holds nothing, or
 * what is an event, which is nobody's, does so in any case. */
static bool fits(const struct lv_steer_ring *ring, const struct cast *waits, const struct cast *by, uint32_t role)
{
    const struct lv_held_record *wanted = waits->wanted;

    if (waits->joins != 0)
        return by->t->life != NULL && by->t->life->uid == waits->joins;
    if (ring->ctx->steer->plan.roles[role].held == NULL || wanted->kind == LV_KIND_EVENT)
        return true;
    for (uint32_t i = 0; i < by->depth; i++)
        if (lv_steer_is_held_class(ring->ctx, by->t->held[i].class, role) &&
            is_same_lock(ring->ctx, wanted, &by->t->held[i]))
            return true;
    return false;
}

static bool is_chosen(const struct lv_steer_ring *ring, uint32_t count, const struct lv_thread *t)
{
    for (uint32_t i = 0; i < count; i++)
        if (ring->cast[ring->chosen[i]].t == t)
            return true;
    return false;
}

/* Choose players for the roles from @role on. */
static bool choose(struct lv_steer_ring *ring, uint32_t role)
{
    const struct cast *before = role != 0 ? &ring->cast[ring->chosen[role - 1]] : NULL;

    if (role == ring->ctx->steer->plan.role_count)
        return fits(ring, before, &ring->cast[ring->chosen[0]], 0);
    for (uint32_t i = 0; i < ring->count; i++) {
        if ((ring->cast[i].roles & 1u << role) == 0 || is_chosen(ring, role, ring->cast[i].t) ||
            (before != NULL && !fits(ring, before, &ring->cast[i], role)))
            continue;
        ring->chosen[role] = i;
        if (choose(ring, role + 1))
            return true;
    }
    return false;
}

static void gather_players(struct lv_steer_ring *ring, int64_t now_ms)
{
    struct lv_steer *steer = ring->ctx->steer;

    for (uint32_t i = 0; i < LV_STEER_PLAYERS; i++) {
        struct lv_steer_player *player = &steer->players[i];

        if (player->t != NULL && now_ms > player->until_ms + LOST_MS)
            player->t = NULL;
        if (player->t == NULL || player->early || player->go != 0)
            continue;
        ring->cast[ring->count++] = (struct cast){ .t = player->t,
                                                   .player = player,
                                                   .wanted = &player->wanted,
                                                   .joins = player->joins,
                                                   .roles = player->roles,
                                                   .depth = player->depth };
    }
}

static bool is_player(const struct lv_steer_ring *ring, const struct lv_thread *t)
{
    for (uint32_t i = 0; i < ring->count; i++)
        if (ring->cast[i].t == t)
            return true;
    return false;
}

/* What @t, which waits as @on says, plays. */
static uint32_t add_waiter(struct lv_steer_ring *ring, const struct lv_thread *t, const struct lv_blocked *on)
{
    struct lv_held_record *wanted = &ring->waits[ring->count];
    struct cast *cast = &ring->cast[ring->count];

    *cast = (struct cast){ .t = t, .wanted = wanted, .depth = t->depth };
    *wanted = on->wait == LV_WAITS_COND ? on->with : on->wanted;
    if (on->wait == LV_WAITS_LOCK || on->wait == LV_WAITS_COND)
        return wanted->class.v != 0 ? lv_steer_waiting_roles(ring->ctx, t, wanted) : 0;
    if (on->wait != LV_WAITS_JOIN || on->life == NULL || on->life->uid != on->life_uid)
        return 0;
    cast->joins = on->life_uid;
    return lv_steer_join_roles(ring->ctx, t, on->life, on->site);
}

/* Threads that wait. What they hold does not change meanwhile, as long as they do; if they go on just now, the ring that
 * they were in does not close, which is as if they had never come. */
static void gather_waiters(struct lv_steer_ring *ring)
{
    for (const struct lv_thread *t = ring->ctx->threads; t != NULL && ring->count < CAST; t = t->next) {
        struct lv_blocked on;
        uint32_t roles;

        if (!t->used || is_player(ring, t))
            continue;
        on = lv_blocked_read(t);
        if (on.wait == LV_WAITS_NOT || on.timed)
            continue;
        roles = add_waiter(ring, t, &on);
        ring->cast[ring->count].roles = roles;
        ring->count += roles != 0;
    }
}

static void let_go(struct lv_steer_player *player)
{
    __atomic_store_n(&player->go, 1, __ATOMIC_RELEASE);
    lv_os_futex_wake(&player->go);
}

/* Is each role but @role played by somebody, whatever the locks are? */
static bool are_others_there(const struct lv_steer_ring *ring, const struct lv_thread *t, uint32_t role)
{
    uint32_t there = 1u << role, count = 0;

    for (uint32_t i = 0; i < ring->count; i++)
        if (ring->cast[i].t != t) {
            there |= ring->cast[i].roles;
            count++;
        }
    return there == (1u << ring->ctx->steer->plan.role_count) - 1 && count + 1 >= ring->ctx->steer->plan.role_count;
}

static void match_early(struct lv_steer_ring *ring)
{
    struct lv_steer *steer = ring->ctx->steer;

    for (uint32_t i = 0; i < LV_STEER_PLAYERS; i++) {
        struct lv_steer_player *player = &steer->players[i];

        if (player->t != NULL && player->early && player->go == 0 && are_others_there(ring, player->t, player->role))
            let_go(player);
    }
}

/* Is any of those chosen held here? */
static bool is_of_players(const struct lv_steer_ring *ring)
{
    for (uint32_t role = 0; role < ring->ctx->steer->plan.role_count; role++)
        if (ring->cast[ring->chosen[role]].player != NULL)
            return true;
    return false;
}

void lv_steer_match(struct lv_context *ctx, int64_t now_ms)
{
    struct lv_steer *steer = ctx->steer;
    struct lv_steer_ring *ring = steer->ring;

    if (ring == NULL)
        ring = steer->ring = lv_arena_alloc(&ctx->arena, sizeof(*ring));
    if (ring == NULL)
        return;
    ring->ctx = ctx;
    ring->count = 0;
    gather_players(ring, now_ms);
    gather_waiters(ring);
    if (!choose(ring, 0)) {
        match_early(ring);
        return;
    }
    if (!is_of_players(ring))
        return; /* a deadlock already */
    for (uint32_t role = 0; role < steer->plan.role_count; role++) {
        struct lv_steer_player *player = ring->cast[ring->chosen[role]].player;

        steer->counts[role].met++;
        if (player != NULL)
            player->role = role;
        lv_steer_say(ctx, role, "met", player, now_ms);
    }
    for (uint32_t role = 0; role < steer->plan.role_count; role++)
        if (ring->cast[ring->chosen[role]].player != NULL)
            let_go(ring->cast[ring->chosen[role]].player);
}
