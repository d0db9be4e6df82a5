/* SPDX-License-Identifier: MIT */
/* Threads that come to a role, are held in it, and leave it. All under the internal lock. */

#include "engine/steer_role.h"

#include <string.h>

/* ---- locks that are held whenever a role is reached ------------------------------------------------------------------ */

static bool is_gate(struct lv_context *ctx, const struct lv_held *h, uint32_t role)
{
    return h->address != 0 && h->mode == LV_WRITE && h->nested != LV_NESTED_MERGED && !h->inherited &&
           h->kind != LV_KIND_SEM && !lv_steer_is_held_class(ctx, h->class, role);
}

static void note_gates(struct lv_context *ctx, const struct lv_thread *t, uint32_t role)
{
    struct lv_steer_count *count = &ctx->steer->counts[role];
    uint32_t kept = 0;

    if (count->reached == 1) {
        for (uint32_t i = 0; i < t->depth && count->gate_count < LV_STEER_GATES; i++)
            if (is_gate(ctx, &t->held[i], role))
                count->gates[count->gate_count++] = lv_held_record_of(&t->held[i]);
        return;
    }
    for (uint32_t i = 0; i < count->gate_count; i++) {
        const struct lv_held *h = lv_held_find(t, count->gates[i].address);

        if (h != NULL && h->uid == count->gates[i].uid && is_gate(ctx, h, role))
            count->gates[kept++] = count->gates[i];
    }
    count->gate_count = kept;
}

/* ---- coming and going ------------------------------------------------------------------------------------------------ */

/* Is @t the only thread? Then nobody can come. */
static bool is_alone(const struct lv_context *ctx, const struct lv_thread *t)
{
    for (const struct lv_thread *other = ctx->threads; other != NULL; other = other->next)
        if (other->used && other != t)
            return false;
    return ctx->unborn == NULL;
}

static bool has_odds(struct lv_steer *steer)
{
    uint64_t drawn = __atomic_fetch_add(&steer->drawn, 1, __ATOMIC_RELAXED);

    return lv_hash_mix(steer->plan.seed, drawn) % 100 < steer->plan.odds;
}

static struct lv_steer_player *place_for(struct lv_steer *steer, struct lv_thread *t)
{
    struct lv_steer_player *free = NULL;

    for (uint32_t i = 0; i < LV_STEER_PLAYERS; i++) {
        if (steer->players[i].t == t)
            return NULL; /* a signal handler interrupted its pause */
        if (steer->players[i].t == NULL && free == NULL)
            free = &steer->players[i];
    }
    return free;
}

/* What a thread is about to do. */
struct step {
    struct lv_held_record wanted;
    uint64_t joins;
    uint32_t roles;
    bool early;
};

static struct lv_steer_player *add_player(struct lv_context *ctx, struct lv_thread *t, const struct step *step,
                                          int64_t now_ms)
{
    struct lv_steer *steer = ctx->steer;
    struct lv_steer_player *player = is_alone(ctx, t) || !has_odds(steer) ? NULL : place_for(steer, t);

    if (player == NULL)
        return NULL;
    *player = (struct lv_steer_player){ .t = t,
                                        .number = ++steer->numbers,
                                        .roles = step->roles,
                                        .role = lv_steer_first(step->roles),
                                        .early = step->early,
                                        .depth = t->depth,
                                        .wanted = step->wanted,
                                        .joins = step->joins,
                                        .since_ms = now_ms,
                                        .until_ms = now_ms + steer->plan.pause_ms };
    return player;
}

/* Before the held lock of a role. */
static struct lv_steer_player *reach_early(struct lv_context *ctx, struct lv_thread *t, const struct step *step,
                                           int64_t now_ms)
{
    struct lv_steer_count *count = &ctx->steer->counts[lv_steer_first(step->roles)];
    struct lv_steer_player *player;

    if (count->early_expired >= ctx->steer->plan.tries)
        return NULL;
    player = add_player(ctx, t, step, now_ms);
    count->early += player != NULL;
    return player;
}

/* Before the wanted one. */
static struct lv_steer_player *reach_roles(struct lv_context *ctx, struct lv_thread *t, const struct step *step,
                                           int64_t now_ms)
{
    struct lv_steer *steer = ctx->steer;
    struct lv_steer_count *count = &steer->counts[lv_steer_first(step->roles)];
    struct lv_steer_player *player = NULL;

    for (uint32_t i = 0; i < steer->plan.role_count; i++)
        if ((step->roles & 1u << i) != 0 && ++steer->counts[i].reached != 0)
            note_gates(ctx, t, i);
    if (count->expired < steer->plan.tries)
        player = add_player(ctx, t, step, now_ms);
    count->held += player != NULL;
    if (count->reached == 1)
        lv_steer_say(ctx, lv_steer_first(step->roles), "reached", player, now_ms);
    return player;
}

static struct lv_steer_player *reach(struct lv_context *ctx, struct lv_thread *t, const struct step *step,
                                     int64_t now_ms)
{
    struct lv_steer_player *player = NULL;

    if (step->roles != 0)
        player = step->early ? reach_early(ctx, t, step, now_ms) : reach_roles(ctx, t, step, now_ms);
    if (player == NULL)
        return NULL;
    lv_steer_match(ctx, now_ms);
    if (player->go == 0)
        return player;
    player->t = NULL;
    return NULL;
}

struct lv_steer_player *lv_steer_reach(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a,
                                       int64_t now_ms)
{
    struct step step = { .wanted = lv_acquisition_record(t, a), .roles = lv_steer_roles(ctx, t, a) };

    if (step.roles == 0) {
        step.roles = lv_steer_early_roles(ctx, a);
        step.early = true;
    }
    return reach(ctx, t, &step, now_ms);
}

struct lv_steer_player *lv_steer_reach_join(struct lv_context *ctx, struct lv_thread *t, const struct lv_life *life,
                                            uintptr_t site, int64_t now_ms)
{
    const struct step step = { .wanted = { .address = life->handle, .uid = (uint32_t)life->uid, .kind = LV_KIND_EVENT },
                               .joins = life->uid,
                               .roles = lv_steer_join_roles(ctx, t, life, site) };

    return reach(ctx, t, &step, now_ms);
}

void lv_steer_leave(struct lv_context *ctx, struct lv_steer_player *player, uint32_t number, int64_t now_ms)
{
    struct lv_steer_count *count;

    if (player->t == NULL || player->number != number)
        return;
    count = &ctx->steer->counts[player->role];
    if (player->go == 0 && player->early) {
        count->early_expired++;
    } else if (player->go == 0) {
        count->expired++;
        lv_steer_say(ctx, player->role, "expired", player, now_ms);
    }
    player->t = NULL;
}

void lv_steer_forget(struct lv_context *ctx, const struct lv_thread *t)
{
    for (uint32_t i = 0; ctx->steer != NULL && i < LV_STEER_PLAYERS; i++)
        if (ctx->steer->players[i].t == t)
            ctx->steer->players[i].t = NULL;
}

void lv_steer_after_fork(struct lv_context *ctx)
{
    if (ctx->steer == NULL)
        return;
    memset(ctx->steer->counts, 0, sizeof(ctx->steer->counts));
    for (uint32_t i = 0; i < LV_STEER_PLAYERS; i++)
        ctx->steer->players[i].t = NULL;
}
