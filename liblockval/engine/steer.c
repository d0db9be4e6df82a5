/* SPDX-License-Identifier: MIT */
/*
 * Who plays which role. All under the internal lock, but for the look whether a class is of the plan.
 *
 * Roles are played by whoever comes: a role has as many players as reach it, up to a bound for all together, so that one whose
 * locks are other instances than its partners' does not keep those out that fit. Each time somebody comes all ways to fill
 * the ring are tried, from each player of the first role on; since the next player must hold the very lock that the one before
 * wants, there are few.
 *
 * A thread that waits already, for the lock that a role wants and with the lock that it holds, plays the role as well: it
 * went on when its time was up, or was never held.
 */

#include "engine/steer.h"

#include <string.h>

#include "engine/life.h"
#include "engine/resolve.h"
#include "engine/unload.h"

/* .steered of a class: a bit for each role that wants it, another one for each that holds it. */
enum {
    HELD_SHIFT = LV_PLAN_ROLES,
    ASKED = 1 << 30
};

_Static_assert(2 * HELD_SHIFT < 30, "the bits of a class");

/* A thread that may go on after the time of its pause is forgotten after so long, should it never have come back to say so: a
 * signal handler may have jumped out of the pause. */
enum {
    LOST_MS = 1000
};

static struct lv_class *class_at(const struct lv_context *ctx, lv_class_id class)
{
    return lv_classes_get(&ctx->classes, class);
}

/* Which roles of the plan name the class. Context: lock held. */
static uint32_t ask(struct lv_context *ctx, lv_class_id id)
{
    const struct lv_plan *plan = &ctx->steer->plan;
    struct lv_class *class = class_at(ctx, id);
    uint32_t bits = ASKED;
    struct lv_text key;
    char buf[512];

    lv_text_init(&key, buf, sizeof(buf));
    lv_class_run_key(class, &key);
    for (uint32_t i = 0; i < plan->role_count && !key.cut; i++) {
        if (strcmp(plan->roles[i].wanted, buf) == 0)
            bits |= 1u << i;
        if (plan->roles[i].held != NULL && strcmp(plan->roles[i].held, buf) == 0)
            bits |= 1u << (HELD_SHIFT + i);
    }
    __atomic_store_n(&class->steered, bits, __ATOMIC_RELAXED);
    return bits;
}

/* Context: lock held. */
static uint32_t bits_of(struct lv_context *ctx, lv_class_id class)
{
    uint32_t bits = class.v != 0 ? __atomic_load_n(&class_at(ctx, class)->steered, __ATOMIC_RELAXED) : (uint32_t)ASKED;

    return (bits & ASKED) != 0 ? bits : ask(ctx, class);
}

bool lv_steer_has_class(struct lv_context *ctx, lv_class_id class)
{
    uint32_t bits = __atomic_load_n(&class_at(ctx, class)->steered, __ATOMIC_RELAXED);
    struct lv_locked locked;

    if ((bits & ASKED) == 0) {
        locked = lv_context_lock(ctx);
        bits = ask(ctx, class);
        lv_context_unlock(ctx, &locked);
    }
    return bits != ASKED;
}

/* Is the call at @site the one that the plan calls @wanted? */
static bool is_site(struct lv_context *ctx, uintptr_t site, const char *wanted)
{
    const struct lv_module *module;
    struct lv_text text;
    char buf[512];

    if (wanted == NULL)
        return true;
    module = lv_module_of(ctx, site);
    if (module == NULL)
        return false;
    lv_text_init(&text, buf, sizeof(buf));
    for (unsigned i = 0; i < module->build_id_size; i++)
        lv_text_printf(&text, "%02x", (unsigned)module->build_id[i]);
    lv_text_printf(&text, "+0x%lx", (unsigned long)(site - module->bias));
    if (strcmp(buf, wanted) == 0)
        return true;
    lv_text_init(&text, buf, sizeof(buf));
    lv_text_printf(&text, "%s+0x%lx", module->name, (unsigned long)(site - module->bias));
    return strcmp(buf, wanted) == 0;
}

static bool is_taken_at(struct lv_context *ctx, const struct lv_held *h, const char *wanted)
{
    const struct lv_stack *stack = wanted != NULL ? lv_stacks_get(&ctx->stacks, h->stack) : NULL;

    return wanted == NULL || (stack != NULL && stack->count != 0 && is_site(ctx, stack->frames[0], wanted));
}

/* Does @t hold what the role number @role holds, in an entry that no other process or thread took? */
static bool holds(struct lv_context *ctx, const struct lv_thread *t, const struct lv_acquisition *a, uint32_t role)
{
    const struct lv_plan_role *plan = &ctx->steer->plan.roles[role];

    if (plan->held == NULL)
        return true;
    for (uint32_t i = 0; i < t->depth; i++) {
        const struct lv_held *h = &t->held[i];

        if (h->address == 0 || h->address == a->address || h->inherited || (h->flags & LV_UNCHECKED) != 0)
            continue;
        if ((bits_of(ctx, h->class) & 1u << (HELD_SHIFT + role)) != 0 && is_taken_at(ctx, h, plan->held_at))
            return true;
    }
    return false;
}

/* The roles that @t plays with @a. */
static uint32_t roles_of(struct lv_context *ctx, const struct lv_thread *t, const struct lv_acquisition *a)
{
    const struct lv_plan *plan = &ctx->steer->plan;
    uint32_t bits = bits_of(ctx, a->class), roles = 0;

    for (uint32_t i = 0; i < plan->role_count; i++)
        if ((bits & 1u << i) != 0 && holds(ctx, t, a, i) && is_site(ctx, a->site, plan->roles[i].wanted_at))
            roles |= 1u << i;
    return roles;
}

/* The roles before whose held lock @t is, which it would be held before. */
static uint32_t early_roles_of(struct lv_context *ctx, const struct lv_acquisition *a)
{
    const struct lv_plan *plan = &ctx->steer->plan;
    uint32_t bits = bits_of(ctx, a->class), roles = 0;

    for (uint32_t i = 0; i < plan->role_count; i++)
        if (plan->roles[i].early && (bits & 1u << (HELD_SHIFT + i)) != 0 &&
            is_site(ctx, a->site, plan->roles[i].held_at))
            roles |= 1u << i;
    return roles;
}

static uint32_t first_of(uint32_t roles)
{
    return (uint32_t)__builtin_ctz(roles);
}

/* ---- locks that are held whenever a role is reached ------------------------------------------------------------------ */

static bool is_gate(const struct lv_context *ctx, const struct lv_held *h, uint32_t role)
{
    return h->address != 0 && h->mode == LV_WRITE && h->nested != LV_NESTED_MERGED && !h->inherited &&
           h->kind != LV_KIND_SEM && (class_at(ctx, h->class)->steered & 1u << (HELD_SHIFT + role)) == 0;
}

static void note_gates(const struct lv_context *ctx, const struct lv_thread *t, uint32_t role)
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

/* ---- the ring -------------------------------------------------------------------------------------------------------- */

/* Who may play: threads that are held, and threads that wait. */
struct cast {
    const struct lv_thread *t;
    struct lv_steer_player *player; /* null: it waits for good already */
    const struct lv_held_record *wanted;
    struct lv_held_record waits; /* what it waits for, if it does */
    uint32_t roles;
    uint32_t depth;
};

enum {
    CAST = LV_STEER_PLAYERS + 64
};

struct ring {
    struct lv_context *ctx;
    struct cast cast[CAST];
    uint32_t count;
    uint32_t chosen[LV_PLAN_ROLES];
};

/* Does who wants a lock so wait for who holds it so? A reader that does not pass a waiting writer waits for a reader only if
 * there is one, which nobody here brings about. */
static bool blocks(unsigned wanted, unsigned held)
{
    return wanted == LV_WRITE || held == LV_WRITE;
}

static bool is_same_lock(const struct lv_held_record *wanted, const struct lv_held *h)
{
    return h->address == wanted->address && h->uid == wanted->uid && blocks(wanted->mode, h->mode);
}

/* Does the player @by of role number @role hold what @wanted says? One that holds nothing, or what is an event, which is
 * nobody's, does so in any case. */
static bool fits(const struct ring *ring, const struct lv_held_record *wanted, const struct cast *by, uint32_t role)
{
    if (ring->ctx->steer->plan.roles[role].held == NULL || wanted->kind == LV_KIND_EVENT)
        return true;
    for (uint32_t i = 0; i < by->depth; i++)
        if ((bits_of(ring->ctx, by->t->held[i].class) & 1u << (HELD_SHIFT + role)) != 0 &&
            is_same_lock(wanted, &by->t->held[i]))
            return true;
    return false;
}

static bool is_chosen(const struct ring *ring, uint32_t count, const struct lv_thread *t)
{
    for (uint32_t i = 0; i < count; i++)
        if (ring->cast[ring->chosen[i]].t == t)
            return true;
    return false;
}

/* Choose players for the roles from @role on. */
static bool choose(struct ring *ring, uint32_t role)
{
    const struct lv_held_record *wanted = role != 0 ? ring->cast[ring->chosen[role - 1]].wanted : NULL;

    if (role == ring->ctx->steer->plan.role_count)
        return fits(ring, wanted, &ring->cast[ring->chosen[0]], 0);
    for (uint32_t i = 0; i < ring->count; i++) {
        if ((ring->cast[i].roles & 1u << role) == 0 || is_chosen(ring, role, ring->cast[i].t) ||
            (wanted != NULL && !fits(ring, wanted, &ring->cast[i], role)))
            continue;
        ring->chosen[role] = i;
        if (choose(ring, role + 1))
            return true;
    }
    return false;
}

static void gather_players(struct ring *ring, int64_t now_ms)
{
    struct lv_steer *steer = ring->ctx->steer;

    for (uint32_t i = 0; i < LV_STEER_PLAYERS; i++) {
        struct lv_steer_player *player = &steer->players[i];

        if (player->t != NULL && now_ms > player->until_ms + LOST_MS)
            player->t = NULL;
        if (player->t == NULL || player->early || player->go != 0)
            continue;
        ring->cast[ring->count++] = (struct cast){
            .t = player->t, .player = player, .wanted = &player->wanted, .roles = player->roles, .depth = player->depth
        };
    }
}

static void let_go(struct lv_steer_player *player)
{
    __atomic_store_n(&player->go, 1, __ATOMIC_RELEASE);
    lv_os_futex_wake(&player->go);
}

/* Is each role but @role played by somebody, whatever the locks are? */
static bool are_others_there(const struct ring *ring, const struct lv_thread *t, uint32_t role)
{
    uint32_t there = 1u << role, count = 0;

    for (uint32_t i = 0; i < ring->count; i++)
        if (ring->cast[i].t != t) {
            there |= ring->cast[i].roles;
            count++;
        }
    return there == (1u << ring->ctx->steer->plan.role_count) - 1 && count + 1 >= ring->ctx->steer->plan.role_count;
}

static void match_early(struct ring *ring)
{
    struct lv_steer *steer = ring->ctx->steer;

    for (uint32_t i = 0; i < LV_STEER_PLAYERS; i++) {
        struct lv_steer_player *player = &steer->players[i];

        if (player->t != NULL && player->early && player->go == 0 && are_others_there(ring, player->t, player->role))
            let_go(player);
    }
}

void lv_steer_match(struct lv_context *ctx, int64_t now_ms)
{
    struct lv_steer *steer = ctx->steer;
    struct ring ring = { .ctx = ctx };

    gather_players(&ring, now_ms);
    if (!choose(&ring, 0)) {
        match_early(&ring);
        return;
    }
    for (uint32_t role = 0; role < steer->plan.role_count; role++) {
        struct lv_steer_player *player = ring.cast[ring.chosen[role]].player;

        steer->counts[role].met++;
        if (player != NULL)
            player->role = role;
        lv_steer_say(ctx, role, "met", player, now_ms);
    }
    for (uint32_t role = 0; role < steer->plan.role_count; role++)
        if (ring.cast[ring.chosen[role]].player != NULL)
            let_go(ring.cast[ring.chosen[role]].player);
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

static struct lv_steer_player *add_player(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a,
                                          uint32_t roles, bool early, int64_t now_ms)
{
    struct lv_steer *steer = ctx->steer;
    struct lv_steer_player *player = is_alone(ctx, t) || !has_odds(steer) ? NULL : place_for(steer, t);

    if (player == NULL)
        return NULL;
    *player = (struct lv_steer_player){ .t = t,
                                        .number = ++steer->numbers,
                                        .roles = roles,
                                        .role = first_of(roles),
                                        .early = early,
                                        .depth = t->depth,
                                        .wanted = lv_acquisition_record(t, a),
                                        .since_ms = now_ms,
                                        .until_ms = now_ms + steer->plan.pause_ms };
    return player;
}

/* Before the held lock of a role. */
static struct lv_steer_player *reach_early(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a,
                                           uint32_t roles, int64_t now_ms)
{
    struct lv_steer_count *count = &ctx->steer->counts[first_of(roles)];
    struct lv_steer_player *player;

    if (count->early_expired >= ctx->steer->plan.tries)
        return NULL;
    player = add_player(ctx, t, a, roles, true, now_ms);
    if (player == NULL)
        return NULL;
    count->early++;
    return player;
}

struct lv_steer_player *lv_steer_reach(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a,
                                       int64_t now_ms)
{
    struct lv_steer *steer = ctx->steer;
    uint32_t roles = roles_of(ctx, t, a), early = roles == 0 ? early_roles_of(ctx, a) : 0;
    struct lv_steer_player *player = NULL;
    struct lv_steer_count *count;

    if (early != 0) {
        player = reach_early(ctx, t, a, early, now_ms);
    } else if (roles != 0) {
        for (uint32_t i = 0; i < steer->plan.role_count; i++)
            if ((roles & 1u << i) != 0 && ++steer->counts[i].reached != 0)
                note_gates(ctx, t, i);
        count = &steer->counts[first_of(roles)];
        if (count->expired < steer->plan.tries)
            player = add_player(ctx, t, a, roles, false, now_ms);
        if (player != NULL)
            count->held++;
        if (count->reached == 1)
            lv_steer_say(ctx, first_of(roles), "reached", player, now_ms);
    }
    if (player == NULL)
        return NULL;
    lv_steer_match(ctx, now_ms);
    if (player->go == 0)
        return player;
    player->t = NULL;
    return NULL;
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
