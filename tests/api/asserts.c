/* SPDX-License-Identifier: MIT */
/*
 * Claims about the thread: what it holds at all, in which contexts it is; pins that come back; what is held, counted and
 * shown.
 *
 * expect true: clean
 * expect untrue: assert misuse | it is not true that: one is two
 * expect untrue-twice: assert misuse
 * expect none-held: clean
 * expect one-held: assert misuse | holds locks, though
 * expect one-held-elsewhere: clean
 * expect none-held-after-off: clean
 * expect in-context: clean
 * expect not-in-context: assert misuse | context 'irq' is not entered, though
 * expect other-context: assert misuse | context 'irq' is not entered, though
 * expect outside: clean
 * expect not-outside: assert misuse | context 'irq' is entered, though
 * expect enabled: clean
 * expect not-enabled: assert misuse | context 'irq' cannot interrupt here, though
 * expect soft-under-hard: assert misuse | context 'soft' cannot interrupt here, though
 * expect hard-over-soft: clean
 * expect disabled: clean
 * expect not-disabled: assert misuse | context 'irq' can interrupt here, though
 * expect enabled-again: assert misuse
 * expect undeclared: clean
 * expect repin: clean
 * expect repin-released: assert misuse | being released while it is pinned
 * expect repin-not-held: assert misuse | is being pinned again, but
 * expect depth: clean
 * expect depth-off: clean
 * expect show-held: clean | ^2 locks held by [^:]*:\n #0: 0x[0-9a-f]+ \(map_a\)\{.*\}-\{0:0\}, at: .*\n #1: 0x[0-9a-f]+ \(mutex\)
 * expect show-none: clean | ^no locks held by \S+/\d+\.
 * expect show-all: clean | all locks held in the program:\n\n1 lock held by .*:\n #0: \S+ \(map_b\)[^\0]*1 lock held by .*:\n #0: \S+ \(map_a\)[^\0]*={45}
 * expect show-unwatched: clean
 */

#include "api.h"

#include <pthread.h>
#include <stddef.h>

static struct lockval_key key_a, key_b;
static struct lockval_map map_a = LOCKVAL_MAP_INIT("map_a", &key_a);
static struct lockval_map map_b = LOCKVAL_MAP_INIT("map_b", &key_b);
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* ---- what is true -------------------------------------------------------------------------------------------------- */

static void claim(int is_true)
{
    lockval_assert(is_true, "one is two");
    (void)is_true;
}

static void true_(void)
{
    claim(1);
}

static void untrue(void)
{
    claim(0);
}

/* One place, one finding. */
static void untrue_twice(void)
{
    volatile int times = 2;

    while (times-- != 0)
        claim(0);
}

static void none_held(void)
{
    lockval_assert_none_held();
    nest(&map_a, &map_b);
    lockval_assert_none_held();
}

static void one_held(void)
{
    pthread_mutex_lock(&mutex);
    lockval_assert_none_held();
    pthread_mutex_unlock(&mutex);
}

static void assert_none_held(void)
{
    lockval_assert_none_held();
}

static void one_held_elsewhere(void)
{
    take(&map_a);
    api_in_thread(assert_none_held);
    drop(&map_a);
}

static void none_held_after_off(void)
{
    lockval_off();
    pthread_mutex_lock(&mutex);
    lockval_on();
    lockval_assert_none_held();
}

/* ---- contexts ------------------------------------------------------------------------------------------------------ */

static int irq, soft;

static void declare(void)
{
    irq = lockval_declare_context("irq", LOCKVAL_CONTEXT_HARD);
    soft = lockval_declare_context("soft", LOCKVAL_CONTEXT_SOFT);
}

static void in_context(void)
{
    declare();
    lockval_enter_context(irq);
    lockval_assert_in_context(irq);
    lockval_exit_context(irq);
}

static void not_in_context(void)
{
    declare();
    lockval_assert_in_context(irq);
}

static void other_context(void)
{
    declare();
    lockval_enter_context(soft);
    lockval_assert_in_context(irq);
    lockval_exit_context(soft);
}

static void outside(void)
{
    declare();
    lockval_enter_context(soft);
    lockval_assert_not_in_context(irq);
    lockval_exit_context(soft);
    lockval_assert_not_in_context(soft);
}

static void not_outside(void)
{
    declare();
    lockval_enter_context(irq);
    lockval_assert_not_in_context(irq);
    lockval_exit_context(irq);
}

static void enabled(void)
{
    declare();
    lockval_assert_context_enabled(irq);
    lockval_assert_context_enabled(soft);
}

static void not_enabled(void)
{
    declare();
    lockval_disable_context(irq);
    lockval_assert_context_enabled(irq);
    lockval_enable_context(irq);
}

static void soft_under_hard(void)
{
    declare();
    lockval_disable_context(irq);
    lockval_assert_context_enabled(soft);
    lockval_enable_context(irq);
}

static void hard_over_soft(void)
{
    declare();
    lockval_enter_context(soft);
    lockval_assert_context_enabled(irq);
    lockval_exit_context(soft);
}

static void disabled(void)
{
    declare();
    lockval_disable_context(irq);
    lockval_assert_context_disabled(irq);
    lockval_assert_context_disabled(soft);
    lockval_enable_context(irq);
    lockval_enter_context(irq);
    lockval_assert_context_disabled(irq);
    lockval_exit_context(irq);
}

static void not_disabled(void)
{
    declare();
    lockval_disable_context(soft);
    lockval_assert_context_disabled(irq);
    lockval_enable_context(soft);
}

static void enabled_again(void)
{
    declare();
    lockval_disable_context(irq);
    lockval_disable_context(irq);
    lockval_enable_context(irq);
    lockval_assert_context_disabled(irq);
    lockval_enable_context(irq);
    lockval_assert_context_disabled(irq);
}

static void undeclared(void)
{
    lockval_assert_in_context(0);
    lockval_assert_not_in_context(-1);
    lockval_assert_context_enabled(7);
    lockval_assert_context_disabled(100);
}

/* ---- pins ---------------------------------------------------------------------------------------------------------- */

/* The lock is let go for a moment, as a wait does, with the pin put aside. */
static void let_go(unsigned *ret_cookie)
{
    take(&map_a);
    *ret_cookie = lockval_pin(&map_a);
    lockval_unpin(&map_a, *ret_cookie);
    drop(&map_a);
    take(&map_a);
    lockval_repin(&map_a, *ret_cookie);
}

static void repin(void)
{
    unsigned cookie;

    let_go(&cookie);
    lockval_unpin(&map_a, cookie);
    drop(&map_a);
}

static void repin_released(void)
{
    unsigned cookie;

    let_go(&cookie);
    drop(&map_a);
}

static void repin_not_held(void)
{
    lockval_repin(&map_a, 5);
}

/* ---- what is held -------------------------------------------------------------------------------------------------- */

static void require_depth(int depth, const char *what)
{
    api_require(lockval_depth() == depth, what);
    (void)depth;
    (void)what;
}

static void require_none(void)
{
    require_depth(0, "a new thread holds nothing");
}

static void depth(void)
{
    require_depth(0, "nothing is held");
    take(&map_a);
    require_depth(1, "one map");
    pthread_mutex_lock(&mutex);
    require_depth(2, "and a mutex");
    api_in_thread(require_none);
    drop(&map_a);
    require_depth(1, "the mutex");
    pthread_mutex_unlock(&mutex);
    require_depth(0, "nothing is held any more");
}

static void depth_off(void)
{
    take(&map_a);
    lockval_off();
    require_depth(-1, "unknown while off");
    lockval_on();
    drop(&map_a);
}

static void show_held(void)
{
    take(&map_a);
    pthread_mutex_lock(&mutex);
    lockval_show_held();
    pthread_mutex_unlock(&mutex);
    drop(&map_a);
}

static void show_none(void)
{
    lockval_show_held();
}

static void show_with_another(void)
{
    take(&map_b);
    lockval_show_all_held();
    drop(&map_b);
}

/* The thread made last is shown first. */
static void show_all(void)
{
    take(&map_a);
    api_in_thread(show_with_another);
    drop(&map_a);
}

static void show_unwatched(void)
{
    lockval_off();
    lockval_show_held();
    lockval_show_all_held();
    lockval_on();
}

static const struct api_case cases[] = {
    { "true", true_ },
    { "untrue", untrue },
    { "untrue-twice", untrue_twice },
    { "none-held", none_held },
    { "one-held", one_held },
    { "one-held-elsewhere", one_held_elsewhere },
    { "none-held-after-off", none_held_after_off },
    { "in-context", in_context },
    { "not-in-context", not_in_context },
    { "other-context", other_context },
    { "outside", outside },
    { "not-outside", not_outside },
    { "enabled", enabled },
    { "not-enabled", not_enabled },
    { "soft-under-hard", soft_under_hard },
    { "hard-over-soft", hard_over_soft },
    { "disabled", disabled },
    { "not-disabled", not_disabled },
    { "enabled-again", enabled_again },
    { "undeclared", undeclared },
    { "repin", repin },
    { "repin-released", repin_released },
    { "repin-not-held", repin_not_held },
    { "depth", depth },
    { "depth-off", depth_off },
    { "show-held", show_held },
    { "show-none", show_none },
    { "show-all", show_all },
    { "show-unwatched", show_unwatched },
};

int main(int argc, char **argv)
{
    return api_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
