/* SPDX-License-Identifier: MIT */
/*
 * Claims about the thread itself: code that runs only between two pieces of work, with no lock held, and code that runs
 * only inside of a timer.
 * Under lockval: assert, misuse.
 */

#include <lockval.h>
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t jobs_lock = PTHREAD_MUTEX_INITIALIZER;
static int timer, jobs = 3;

static void tick(void)
{
    lockval_assert_in_context(timer);
    lockval_assert_context_disabled(timer); /* it does not interrupt itself */
    jobs++;
}

static void run_timer(void)
{
    lockval_enter_context(timer);
    tick();
    lockval_exit_context(timer);
}

/* Waits for the lock's owner to give it up for a moment: what was pinned stays pinned. */
static unsigned let_others_in(unsigned cookie)
{
    lockval_unpin(&jobs_lock, cookie);
    pthread_mutex_unlock(&jobs_lock);
    pthread_mutex_lock(&jobs_lock);
    lockval_repin(&jobs_lock, cookie);
    return cookie;
}

/* The worker may sleep for ever here, so it must not hold anything. */
static void wait_for_work(void)
{
    lockval_assert_not_in_context(timer);
    lockval_assert_context_enabled(timer);
    lockval_assert_none_held();
}

static void work(void)
{
    unsigned cookie;

    pthread_mutex_lock(&jobs_lock);
    cookie = let_others_in(lockval_pin(&jobs_lock));
    lockval_assert(jobs > 0, "there is work");
    if (lockval_depth() > 1)
        lockval_show_held();
    jobs--;
    lockval_unpin(&jobs_lock, cookie);
    pthread_mutex_unlock(&jobs_lock);
    (void)cookie;
}

int main(void)
{
    timer = lockval_declare_context("timer", LOCKVAL_CONTEXT_HARD);
    run_timer();
    wait_for_work();
    work();
    if (jobs < 0)
        lockval_show_all_held();
    pthread_mutex_lock(&jobs_lock);
    wait_for_work(); /* the bug */
    pthread_mutex_unlock(&jobs_lock);
    printf("%d jobs\n", jobs);
    return 0;
}
