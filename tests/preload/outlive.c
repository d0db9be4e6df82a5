/* SPDX-License-Identifier: MIT */
/* Threads that run on when main has returned, or exit has begun: what they find in the time that is left still counts. */
#include "program.h"

#include <sched.h>
#include <stdatomic.h>

static pthread_mutex_t outer = PTHREAD_MUTEX_INITIALIZER, inner = PTHREAD_MUTEX_INITIALIZER;
static atomic_int ending, laps, finds, to_find; /* @finds goes to whoever finds, @to_find is 0 once that is done */

static void *run_on(void *unused)
{
    while (!atomic_load(&ending))
        nest(&outer, &inner);
    if (atomic_exchange(&finds, 0)) { /* one of them: two could deadlock */
        make_finding();
        atomic_store(&to_find, 0);
    }
    for (;;) {
        nest(&outer, &inner);
        atomic_fetch_add(&laps, 1);
    }
    return unused;
}

/* Runs when exit has begun, and lets the others go on for a while. */
static void wait_for_laps(void)
{
    atomic_store(&ending, 1);
    while (atomic_load(&laps) < 1000 || atomic_load(&to_find)) {
        nest(&outer, &inner);
        sched_yield();
    }
    puts("the others ran on");
}

__attribute__((destructor)) static void destroy(void)
{
    for (int end = atomic_load(&laps) + 100; atomic_load(&laps) < end;) {
        nest(&outer, &inner);
        sched_yield();
    }
    puts("and on");
}

static pthread_t main_thread;

static void *exit_last(void *unused)
{
    (void)unused;
    MUST(pthread_join(main_thread, NULL) == 0);
    exit(0);
}

/* case: return */
/* case: return-finds */
/* status: 66 */
/* findings: 1 */
/* case: exit */
/* case: exit-finds */
/* status: 66 */
/* findings: 1 */
/* case: thread */
/* case: thread-finds */
/* status: 66 */
/* findings: 1 */
/* case: quick */
/* case: quick-finds */
/* status: 66 */
/* findings: 1 */
int main(int argc, char **argv)
{
    pthread_attr_t attr;
    pthread_t thread;

    (void)argc;
    atomic_store(&to_find, strstr(argv[1], "finds") != NULL);
    atomic_store(&finds, atomic_load(&to_find));
    MUST(atexit(wait_for_laps) == 0 && at_quick_exit(wait_for_laps) == 0);
    MUST(pthread_attr_init(&attr) == 0 && pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED) == 0);
    for (int i = 0; i < 3; i++)
        MUST(pthread_create(&thread, &attr, run_on, NULL) == 0);
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    if (strncmp(argv[1], "exit", 4) == 0)
        exit(0);
    if (strncmp(argv[1], "quick", 5) == 0)
        quick_exit(0);
    if (strncmp(argv[1], "thread", 6) == 0) {
        main_thread = pthread_self();
        MUST(pthread_create(&thread, NULL, exit_last, NULL) == 0);
        pthread_exit(NULL);
    }
    return 0;
}
