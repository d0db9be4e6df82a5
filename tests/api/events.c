/* SPDX-License-Identifier: MIT */
/*
 * Events. A wait that began in one thread is open while another thread completes; the maps have no lock behind them, so
 * nothing can hang and every order can be walked one step after another.
 *
 * expect edge: event potential, event potential | join of thread_main
 * expect edge [events=annotated]: event potential | wait\(\(complete\)done\)
 * expect edge [events=none]: clean
 * expect by-init [events=annotated]: event potential | \(dynamic event\)
 * expect same-event-in-a-lock: event potential
 * expect nobody-waits: clean
 * expect taken-before-the-wait: clean
 * expect complete-before-wait: clean
 * expect wait-over: clean
 * expect cut [events=annotated]: clean
 * expect cut-before [events=annotated]: event potential
 * expect tried: clean
 * expect not-held-at-the-wait: clean
 * expect complete-while-held [events=annotated]: event potential
 * expect two-waiters: event potential
 */

#include "api.h"

#include <stddef.h>

static struct lockval_key key_lock, key_event;
static struct lockval_map lock = LOCKVAL_MAP_INIT("lock", &key_lock);
static struct lockval_event done = LOCKVAL_EVENT_INIT("(complete)done", &key_event);

static void complete(void)
{
    (void)done.lockval_waiters; /* nothing else is left of it with LOCKVAL_DISABLE */
    lockval_complete_event(&done);
}

static void lock_and_complete(void)
{
    take(&lock);
    drop(&lock);
    complete();
}

/* Wait for the event while the lock is held; @work runs in another thread meanwhile, and completes. */
static void wait_for(void (*work)(void))
{
    take(&lock);
    lockval_begin_wait(&done);
    api_in_thread(work);
    lockval_end_wait(&done);
    drop(&lock);
}

static void edge(void)
{
    wait_for(lock_and_complete);
}

static void by_init(void)
{
    lockval_init_event(&done, "dynamic event", &key_event);
    wait_for(lock_and_complete);
}

/* The order of the two halves does not matter: here the completing thread's edge is there first. */
static void same_event_in_a_lock(void)
{
    lockval_begin_wait(&done);
    api_in_thread(lock_and_complete);
    lockval_end_wait(&done);
    wait_for(complete);
}

static void nobody_waits(void)
{
    lock_and_complete();
    take(&lock);
    drop(&lock);
}

static void begin_under_lock(void)
{
    take(&lock);
    lockval_begin_wait(&done);
    drop(&lock);
}

static void taken_before_the_wait(void)
{
    take(&lock);
    drop(&lock);
    api_in_thread(begin_under_lock);
    complete();
    lockval_end_wait(&done);
}

static void complete_before_wait(void)
{
    lock_and_complete();
    wait_for(complete);
}

static void wait_over(void)
{
    take(&lock);
    lockval_begin_wait(&done);
    lockval_end_wait(&done);
    drop(&lock);
    api_in_thread(lock_and_complete);
}

static void cut_then_complete(void)
{
    take(&lock);
    drop(&lock);
    lockval_cut_history();
    complete();
}

static void cut(void)
{
    wait_for(cut_then_complete);
}

static void cut_then_lock(void)
{
    lockval_cut_history();
    lock_and_complete();
}

static void cut_before(void)
{
    wait_for(cut_then_lock);
}

static void try_and_complete(void)
{
    take_with(&lock, LOCKVAL_WRITE, 0, LOCKVAL_TRY, NULL);
    drop(&lock);
    complete();
}

static void tried(void)
{
    wait_for(try_and_complete);
}

static void not_held_at_the_wait(void)
{
    take(&lock);
    drop(&lock);
    lockval_begin_wait(&done);
    api_in_thread(lock_and_complete);
    lockval_end_wait(&done);
}

static void complete_inside(void)
{
    take(&lock);
    complete();
    drop(&lock);
}

static void complete_while_held(void)
{
    wait_for(complete_inside);
}

/* The first wait counts, as long as one is left: the lock was taken after the first wait began, before the second. */
static void two_waiters(void)
{
    api_in_thread(begin_under_lock);
    take(&lock);
    drop(&lock);
    api_in_thread(begin_under_lock);
    lockval_end_wait(&done);
    complete();
    lockval_end_wait(&done);
}

static const struct api_case cases[] = {
    { "edge", edge },
    { "by-init", by_init },
    { "same-event-in-a-lock", same_event_in_a_lock },
    { "nobody-waits", nobody_waits },
    { "taken-before-the-wait", taken_before_the_wait },
    { "complete-before-wait", complete_before_wait },
    { "wait-over", wait_over },
    { "cut", cut },
    { "cut-before", cut_before },
    { "tried", tried },
    { "not-held-at-the-wait", not_held_at_the_wait },
    { "complete-while-held", complete_while_held },
    { "two-waiters", two_waiters },
};

int main(int argc, char **argv)
{
    return api_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
