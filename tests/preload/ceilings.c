/* SPDX-License-Identifier: MIT */
/* Mutexes with a priority ceiling, and the call that changes it: it waits for the mutex like one that takes it. Where this
 * program may not have a real-time policy, without which nobody takes such a mutex, plain mutexes and calls stand in. */
#include "program.h"

#include <lockval.h>

#include <sched.h>

static pthread_mutex_t b = PTHREAD_MUTEX_INITIALIZER;
static int allowed;

static void make(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t attr;

    MUST(pthread_mutexattr_init(&attr) == 0);
    if (allowed)
        MUST(pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_PROTECT) == 0 &&
             pthread_mutexattr_setprioceiling(&attr, 5) == 0);
    MUST(pthread_mutex_init(mutex, &attr) == 0);
}

static __attribute__((noinline)) void change(pthread_mutex_t *mutex)
{
    int old;

    if (allowed)
        MUST(pthread_mutex_setprioceiling(mutex, 7, &old) == 0 && old == 5);
    else
        MUST(pthread_mutex_lock(mutex) == 0 && pthread_mutex_unlock(mutex) == 0);
}

/* case: taken */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */
static void taken(pthread_mutex_t *a)
{
    nest(a, &b);
    nest(&b, a);
}

/* case: changed */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */
/* expect: ^stack backtrace:\n change[.a-z0-9]*\+ */
static void changed(pthread_mutex_t *a)
{
    nest(a, &b);
    MUST(pthread_mutex_lock(&b) == 0);
    change(a);
    MUST(pthread_mutex_unlock(&b) == 0);
}

/* Nothing is held when the call is over, nor waited for where there is no ceiling. */
/* case: changed-and-over */
static void changed_and_over(pthread_mutex_t *a)
{
    static pthread_mutex_t none = PTHREAD_MUTEX_INITIALIZER;
    int old;

    change(a);
    nest(&b, a);
    nest(&none, &b);
    MUST(pthread_mutex_lock(&b) == 0);
    MUST(pthread_mutex_setprioceiling(&none, 7, &old) == EINVAL);
    MUST(pthread_mutex_unlock(&b) == 0);
}

/* By who has it: hangs, and is reported before. */
/* case: changed-by-holder */
/* plain: no */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible recursive locking detected$ */
/* expect: ^verdict: deadlock$ */
static void end(const struct lockval_report *report, void *unused)
{
    (void)report;
    (void)unused;
    _exit(0);
}

static void changed_by_holder(pthread_mutex_t *a)
{
    lockval_set_report_callback(end, NULL);
    MUST(pthread_mutex_lock(a) == 0);
    change(a);
}

int main(int argc, char **argv)
{
    static pthread_mutex_t a;

    (void)argc;
    allowed = sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){ .sched_priority = 1 }) == 0;
    make(&a);
    if (is_case(argv, "taken"))
        taken(&a);
    else if (is_case(argv, "changed"))
        changed(&a);
    else if (is_case(argv, "changed-and-over"))
        changed_and_over(&a);
    else
        changed_by_holder(&a);
    puts("done");
    return 0;
}
