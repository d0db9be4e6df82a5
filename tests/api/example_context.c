/* SPDX-License-Identifier: MIT */
/*
 * An interpreter that runs timers of its own between two instructions. To lockval that is an interrupt: what the timer
 * locks does not come after what the program happens to hold. But the program must not be interrupted while it holds a
 * lock that a timer takes, nor one that somebody waits for who holds such a lock. So it disables timers before it takes
 * theirs, and takes nothing after it that it otherwise holds with timers enabled.
 * Under lockval: clean.
 */

#include <lockval.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

static pthread_mutex_t heap = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t timers = PTHREAD_MUTEX_INITIALIZER;
static bool timers_enabled = true;
static int timer_context;

/* Between two instructions. */
static void poll_timers(void)
{
    if (!timers_enabled)
        return;
    lockval_enter_context(timer_context);
    pthread_mutex_lock(&timers);
    puts("timer");
    pthread_mutex_unlock(&timers);
    lockval_exit_context(timer_context);
}

static void disable_timers(void)
{
    timers_enabled = false;
    lockval_disable_context(timer_context);
}

static void enable_timers(void)
{
    lockval_enable_context(timer_context);
    timers_enabled = true;
}

int main(void)
{
    timer_context = lockval_declare_context("timer", LOCKVAL_CONTEXT_HARD);
    pthread_mutex_lock(&heap);
    poll_timers(); /* no edge from heap to timers */
    pthread_mutex_unlock(&heap);
    disable_timers();
    pthread_mutex_lock(&heap);
    pthread_mutex_lock(&timers); /* the other order would be a finding of the kind signal */
    poll_timers();
    pthread_mutex_unlock(&timers);
    pthread_mutex_unlock(&heap);
    enable_timers();
    return 0;
}
