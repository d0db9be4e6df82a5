/* SPDX-License-Identifier: MIT */
/*
 * Wait types: sleeping locks under spinning ones and in contexts that cannot sleep.
 *
 * expect kinds: clean
 * expect kinds-strict [strict=1]: wait-context potential | waits by type 4 \(sleep\), where no more than 2 \(spin\) is allowed: lock #0 is held
 * expect spin-under-spin-strict [strict=1]: clean
 * expect mutex-under-mutex-strict [strict=1]: clean
 * expect spin-under-mutex-strict [strict=1]: clean
 * expect try-strict [strict=1]: clean
 * expect layout: wait-context potential | ^={29}\n\[ BUG: Invalid wait context \]\nlockval .*\n-{29}\n\S+/\d+ is trying to lock:\n0x\S+ \(sleeping\)\{\S{4}\}-\{4:4\}, at: .*\nwhich waits .*\nother info that might help us debug this:\ncontext-\{5:5\}$
 * expect maps: wait-context potential | \(sleeping\)
 * expect maps-right: clean
 * expect maps-same: clean
 * expect config: wait-context potential | waits by type 3 \(config\)
 * expect config-under-config: clean
 * expect free: clean
 * expect rcu: clean
 * expect rcu-sleep: wait-context potential | waits by type 4 \(sleep\), where no more than 3 \(config\)
 * expect unchecked: clean
 * expect outer-is-inner: wait-context potential
 * expect once: wait-context potential
 * expect each-pair: wait-context potential, wait-context potential
 * expect mutex-under-stated: wait-context potential | lock #0 is held
 * expect mutex-stated: wait-context potential
 * expect not-the-youngest: wait-context potential | lock #0 is held
 * expect released: clean
 * expect try: clean
 * expect try-is-held: wait-context potential
 * expect novalidate: clean
 * expect subclass: wait-context potential | \(sleeping/1\)
 * expect late: wait-context potential
 * expect hard: wait-context potential | no more than 2 \(spin\) is allowed: context 'irq' is entered[^\0]*^context-\{2:2\}$
 * expect hard-spin: clean
 * expect hard-unstated: clean
 * expect hard-unstated-strict [strict=1]: clean
 * expect soft: wait-context potential | no more than 3 \(config\) is allowed: context 'soft' is entered
 * expect soft-config: clean
 * expect context-stated: wait-context potential | \(mutex\).*\n.*context 'irq' is entered
 * expect context-sleeps: clean
 * expect context-left: clean
 * expect interrupted: clean
 * expect override: clean
 * expect override-limits: wait-context potential | where no more than 3 \(config\) is allowed: lock #1 is held
 * expect signal-handler: clean
 * expect sync: wait-context potential
 */

#define _GNU_SOURCE
#include "api.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>

static struct lockval_key spinning_key, sleeping_key, config_key, rcu_key, other_key;
static struct lockval_map spinning = LOCKVAL_MAP_INIT("spinning", &spinning_key);
static struct lockval_map sleeping = LOCKVAL_MAP_INIT("sleeping", &sleeping_key);
static struct lockval_map config = LOCKVAL_MAP_INIT("config", &config_key);
static struct lockval_map rcu = LOCKVAL_MAP_INIT("rcu", &rcu_key);
static struct lockval_map other = LOCKVAL_MAP_INIT("other", &other_key);
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, second_mutex = PTHREAD_MUTEX_INITIALIZER;

static void state(void)
{
    lockval_set_wait_type_map(&spinning, LOCKVAL_WAIT_SPIN, LOCKVAL_WAIT_SPIN);
    lockval_set_wait_type_map(&sleeping, LOCKVAL_WAIT_SLEEP, LOCKVAL_WAIT_SLEEP);
    lockval_set_wait_type_map(&config, LOCKVAL_WAIT_CONFIG, LOCKVAL_WAIT_CONFIG);
    lockval_set_wait_type_map(&rcu, LOCKVAL_WAIT_FREE, LOCKVAL_WAIT_CONFIG);
}

/* ---- kinds --------------------------------------------------------------------------------------------------------- */

static void mutex_under_spin(int try_)
{
    pthread_spinlock_t spin;

    pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
    pthread_spin_lock(&spin);
    if (try_)
        (void)pthread_mutex_trylock(&mutex);
    else
        pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    pthread_spin_unlock(&spin);
}

static void kinds(void)
{
    mutex_under_spin(0);
}

static void try_strict(void)
{
    mutex_under_spin(1);
}

static void spin_under_spin_strict(void)
{
    pthread_spinlock_t a, b;

    pthread_spin_init(&a, PTHREAD_PROCESS_PRIVATE);
    pthread_spin_init(&b, PTHREAD_PROCESS_PRIVATE);
    pthread_spin_lock(&a);
    pthread_spin_lock(&b);
    pthread_spin_unlock(&b);
    pthread_spin_unlock(&a);
}

static void mutex_under_mutex_strict(void)
{
    pthread_mutex_lock(&mutex);
    pthread_mutex_lock(&second_mutex);
    pthread_mutex_unlock(&second_mutex);
    pthread_mutex_unlock(&mutex);
}

static void spin_under_mutex_strict(void)
{
    pthread_spinlock_t spin;

    pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
    pthread_mutex_lock(&mutex);
    pthread_spin_lock(&spin);
    pthread_spin_unlock(&spin);
    pthread_mutex_unlock(&mutex);
}

/* ---- stated types -------------------------------------------------------------------------------------------------- */

static void maps(void)
{
    state();
    nest(&spinning, &sleeping);
}

static void maps_right(void)
{
    state();
    nest(&sleeping, &spinning);
}

static void maps_same(void)
{
    state();
    lockval_set_wait_type_map(&other, LOCKVAL_WAIT_SPIN, LOCKVAL_WAIT_SPIN);
    nest(&spinning, &other);
}

static void config_(void)
{
    state();
    nest(&spinning, &config);
}

static void config_under_config(void)
{
    state();
    lockval_set_wait_type_map(&other, LOCKVAL_WAIT_CONFIG, LOCKVAL_WAIT_CONFIG);
    nest(&config, &other);
}

/* What does not wait may be taken anywhere, */
static void free_(void)
{
    state();
    nest(&spinning, &rcu);
}

/* and holding it does not forbid more than it says. */
static void rcu_(void)
{
    state();
    nest(&rcu, &config);
    nest(&rcu, &spinning);
}

static void rcu_sleep(void)
{
    state();
    nest(&rcu, &sleeping);
}

static void unchecked(void)
{
    state();
    nest(&spinning, &other);
    nest(&other, &sleeping);
}

static void outer_is_inner(void)
{
    state();
    lockval_set_wait_type_map(&other, LOCKVAL_WAIT_UNCHECKED, LOCKVAL_WAIT_SLEEP);
    nest(&spinning, &other);
}

static void once(void)
{
    maps();
    nest(&spinning, &sleeping);
}

static void each_pair(void)
{
    state();
    lockval_set_wait_type_map(&other, LOCKVAL_WAIT_SPIN, LOCKVAL_WAIT_SPIN);
    nest(&spinning, &sleeping);
    nest(&other, &sleeping);
}

/* A stated type on one side is enough: the kind of the other lock is known. */
static void mutex_under_stated(void)
{
    state();
    take(&spinning);
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    drop(&spinning);
}

static void mutex_stated(void)
{
    lockval_set_wait_type(&mutex, LOCKVAL_MUTEX, LOCKVAL_WAIT_SLEEP, LOCKVAL_WAIT_SLEEP);
    mutex_under_spin(0);
}

static void not_the_youngest(void)
{
    state();
    take(&spinning);
    take_with(&other, LOCKVAL_WRITE, 0, 0, NULL);
    take(&sleeping);
    drop(&sleeping);
    drop(&other);
    drop(&spinning);
}

static void released(void)
{
    state();
    take(&spinning);
    take(&other);
    drop(&spinning);
    take(&sleeping);
    drop(&sleeping);
    drop(&other);
}

static void try_(void)
{
    state();
    take(&spinning);
    take_with(&sleeping, LOCKVAL_WRITE, 0, LOCKVAL_TRY, NULL);
    drop(&sleeping);
    drop(&spinning);
}

static void try_is_held(void)
{
    state();
    take_with(&spinning, LOCKVAL_WRITE, 0, LOCKVAL_TRY, NULL);
    take(&sleeping);
    drop(&sleeping);
    drop(&spinning);
}

static void novalidate(void)
{
    state();
    lockval_set_novalidate_map(&sleeping);
    nest(&spinning, &sleeping);
}

static void subclass(void)
{
    state();
    take(&spinning);
    take_with(&sleeping, LOCKVAL_WRITE, 1, 0, NULL);
    drop(&sleeping);
    drop(&spinning);
}

/* The chain was walked before the types were known. */
static void late(void)
{
    for (volatile int i = 0; i < 2; i++) {
        nest(&spinning, &sleeping);
        state();
    }
}

/* ---- contexts ------------------------------------------------------------------------------------------------------ */

static int irq, soft;

static void take_in(int context, struct lockval_map *map)
{
    lockval_enter_context(context);
    take(map);
    drop(map);
    lockval_exit_context(context);
    (void)context;
}

static void declare(void)
{
    state();
    irq = lockval_declare_context("irq", LOCKVAL_CONTEXT_HARD);
    soft = lockval_declare_context("soft", LOCKVAL_CONTEXT_SOFT);
}

static void hard(void)
{
    declare();
    take_in(irq, &sleeping);
}

static void hard_spin(void)
{
    declare();
    take_in(irq, &spinning);
}

static void lock_mutex_in(int context)
{
    lockval_enter_context(context);
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    lockval_exit_context(context);
    (void)context;
}

/* What a program calls a hard context need not be one that cannot sleep. */
static void hard_unstated(void)
{
    declare();
    lock_mutex_in(irq);
}

static void soft_(void)
{
    declare();
    take_in(soft, &sleeping);
}

static void soft_config(void)
{
    declare();
    take_in(soft, &config);
}

static void context_stated(void)
{
    declare();
    lockval_set_context_wait_type(irq, LOCKVAL_WAIT_SPIN);
    lock_mutex_in(irq);
}

static void context_sleeps(void)
{
    declare();
    lockval_set_context_wait_type(irq, LOCKVAL_WAIT_SLEEP);
    lock_mutex_in(irq);
    take_in(irq, &sleeping);
}

static void context_left(void)
{
    declare();
    take_in(irq, &spinning);
    take(&sleeping);
    drop(&sleeping);
}

/* What the interrupted code holds does not bind the context. */
static void interrupted(void)
{
    declare();
    lockval_set_context_wait_type(irq, LOCKVAL_WAIT_SLEEP);
    take(&spinning);
    take_in(irq, &sleeping);
    drop(&spinning);
}

static void override(void)
{
    declare();
    lockval_set_wait_override_map(&other, LOCKVAL_WAIT_SLEEP);
    take(&spinning);
    nest(&other, &sleeping);
    drop(&spinning);
}

static void override_limits(void)
{
    declare();
    lockval_set_wait_override_map(&other, LOCKVAL_WAIT_CONFIG);
    take(&spinning);
    nest(&other, &sleeping);
    drop(&spinning);
}

static void on_signal(int number)
{
    (void)number;
    take(&sleeping);
    drop(&sleeping);
}

static void signal_handler(void)
{
    const struct sigaction action = { .sa_handler = on_signal };

    state();
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
}

static void sync_(void)
{
    state();
    take(&spinning);
    lockval_sync_map(&sleeping, LOCKVAL_WRITE, 0, NULL);
    drop(&spinning);
}

static const struct api_case cases[] = {
    { "kinds", kinds },
    { "kinds-strict", kinds },
    { "spin-under-spin-strict", spin_under_spin_strict },
    { "mutex-under-mutex-strict", mutex_under_mutex_strict },
    { "spin-under-mutex-strict", spin_under_mutex_strict },
    { "try-strict", try_strict },
    { "layout", maps },
    { "maps", maps },
    { "maps-right", maps_right },
    { "maps-same", maps_same },
    { "config", config_ },
    { "config-under-config", config_under_config },
    { "free", free_ },
    { "rcu", rcu_ },
    { "rcu-sleep", rcu_sleep },
    { "unchecked", unchecked },
    { "outer-is-inner", outer_is_inner },
    { "once", once },
    { "each-pair", each_pair },
    { "mutex-under-stated", mutex_under_stated },
    { "mutex-stated", mutex_stated },
    { "not-the-youngest", not_the_youngest },
    { "released", released },
    { "try", try_ },
    { "try-is-held", try_is_held },
    { "novalidate", novalidate },
    { "subclass", subclass },
    { "late", late },
    { "hard", hard },
    { "hard-spin", hard_spin },
    { "hard-unstated", hard_unstated },
    { "hard-unstated-strict", hard_unstated },
    { "soft", soft_ },
    { "soft-config", soft_config },
    { "context-stated", context_stated },
    { "context-sleeps", context_sleeps },
    { "context-left", context_left },
    { "interrupted", interrupted },
    { "override", override },
    { "override-limits", override_limits },
    { "signal-handler", signal_handler },
    { "sync", sync_ },
};

int main(int argc, char **argv)
{
    return api_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
