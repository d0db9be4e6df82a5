/* SPDX-License-Identifier: MIT */
/*
 * The pause itself: a futex with a bound, no lock of the library held and the guard not set, so that a signal handler that
 * interrupts it is watched as one that interrupts the real call. The thread looks up now and then, as its partner may have
 * gone into a wait of its own meanwhile.
 */

#include "engine/steer.h"

#include <errno.h>

#include "engine/life.h"

enum {
    LOOK_MS = 5,
    DELAY_ODDS = 4 /* one in so many acquisitions is delayed */
};

/* The strategy for roles that never meet: threads come to the locks of the cycle at other times than they would. */
static void delay(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a)
{
    struct lv_steer *steer = ctx->steer;
    uint32_t nobody = 0;
    uint64_t drawn;
    bool is_ours;

    t->guard++;
    is_ours = lv_steer_has_class(ctx, a->class);
    t->guard--;
    if (!is_ours)
        return;
    drawn = lv_hash_mix(steer->plan.seed, __atomic_fetch_add(&steer->drawn, 1, __ATOMIC_RELAXED));
    if (drawn % DELAY_ODDS == 0)
        lv_os_futex_wait_for(&nobody, 0, (int64_t)(drawn / DELAY_ODDS % steer->plan.delay_us + 1) * 1000);
}

/* Until the player may go, or its time is up. */
static void hold_on(struct lv_context *ctx, struct lv_thread *t, struct lv_steer_player *player, uint32_t number,
                    int64_t until_ms)
{
    struct lv_locked locked;
    int64_t now_ms;

    while (__atomic_load_n(&player->go, __ATOMIC_ACQUIRE) == 0) {
        now_ms = lv_os_now_ms();
        if (now_ms >= until_ms)
            break;
        lv_os_futex_wait_for(&player->go, 0, (until_ms - now_ms < LOOK_MS ? until_ms - now_ms : LOOK_MS) * 1000000);
        t->guard++;
        locked = lv_context_lock(ctx);
        if (player->t == t && player->number == number && player->go == 0)
            lv_steer_match(ctx, lv_os_now_ms());
        lv_context_unlock(ctx, &locked);
        t->guard--;
    }
}

/* Wait in @player's place, if there is one, and leave it. The lock is held as @locked says, and dropped. */
static void play(struct lv_context *ctx, struct lv_thread *t, struct lv_steer_player *player, struct lv_locked *locked)
{
    uint32_t number = player != NULL ? player->number : 0;
    int64_t until_ms = player != NULL ? player->until_ms : 0;

    lv_context_unlock(ctx, locked);
    t->guard--;
    if (player == NULL)
        return;
    hold_on(ctx, t, player, number, until_ms);
    t->guard++;
    *locked = lv_context_lock(ctx);
    lv_steer_leave(ctx, player, number, lv_os_now_ms());
    lv_context_unlock(ctx, locked);
    t->guard--;
}

void lv_steer_hold(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a)
{
    struct lv_locked locked;
    int saved = errno;

    if ((a->flags & (LV_TRY | LV_TIMED | LV_UNCHECKED)) != 0 || t->guard != 0)
        return;
    if (ctx->steer->plan.delay_us != 0)
        delay(ctx, t, a);
    t->guard++;
    locked = lv_context_lock(ctx);
    play(ctx, t, lv_steer_reach(ctx, t, a, lv_os_now_ms()), &locked);
    errno = saved;
}

void lv_steer_hold_join(struct lv_context *ctx, struct lv_thread *t, const struct lv_life *life, uint64_t uid,
                        uintptr_t site)
{
    struct lv_steer_player *player = NULL;
    struct lv_locked locked;
    int saved = errno;

    if (t->guard != 0)
        return;
    t->guard++;
    locked = lv_context_lock(ctx);
    if (life->uid == uid)
        player = lv_steer_reach_join(ctx, t, life, site, lv_os_now_ms());
    play(ctx, t, player, &locked);
    errno = saved;
}
