/* SPDX-License-Identifier: MIT */
/* The ways to join a thread: what they return, and that each that succeeds empties the cache of its thread, so that what
 * comes after leaves new evidence. The counter of slow walks shows it: without, there would be a few. */
#include "program.h"

#include <threads.h>

enum {
    THREADS = 100
};

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static pthread_t threads[THREADS];
static thrd_t threads_c11[THREADS];
static struct timespec never;

static void *start(void *arg)
{
    return arg;
}

static int start_c11(void *arg)
{
    return arg == &threads[0] ? -5 : 7;
}

/* case: join */
/* options: stats=1 */
/* expect: ^  slow-walks +[2-9][0-9][0-9]$ */
static int join(int i, void **ret)
{
    return pthread_join(threads[i], ret);
}

/* case: tryjoin */
/* options: stats=1 */
/* expect: ^  slow-walks +[2-9][0-9][0-9]$ */
static int tryjoin(int i, void **ret)
{
    int r;

    while ((r = pthread_tryjoin_np(threads[i], ret)) == EBUSY)
        ;
    return r;
}

/* case: timedjoin */
/* options: stats=1 */
/* expect: ^  slow-walks +[2-9][0-9][0-9]$ */
static int timedjoin(int i, void **ret)
{
    return pthread_timedjoin_np(threads[i], ret, &never);
}

/* case: clockjoin */
/* options: stats=1 */
/* expect: ^  slow-walks +[2-9][0-9][0-9]$ */
static int clockjoin(int i, void **ret)
{
    return pthread_clockjoin_np(threads[i], ret, CLOCK_REALTIME, &never);
}

static const struct {
    const char *name;
    int (*join)(int i, void **ret);
} ways[] = { { "join", join }, { "tryjoin", tryjoin }, { "timedjoin", timedjoin }, { "clockjoin", clockjoin } };

static void join_all(int (*way)(int i, void **ret))
{
    for (int i = 0; i < THREADS; i++)
        MUST(pthread_create(&threads[i], NULL, start, threads_c11 + i) == 0);
    for (int i = 0; i < THREADS; i++) {
        void *ret = NULL;

        nest(&a, &b);
        MUST(way(i, &ret) == 0 && ret == threads_c11 + i);
    }
}

/* case: join-c11 */
/* options: stats=1 */
/* expect: ^  slow-walks +[2-9][0-9][0-9]$ */
static void join_c11(void)
{
    for (int i = 0; i < THREADS; i++)
        MUST(thrd_create(&threads_c11[i], start_c11, &threads[i]) == thrd_success);
    for (int i = 0; i < THREADS; i++) {
        int ret = 0;

        nest(&a, &b);
        MUST(thrd_join(threads_c11[i], &ret) == thrd_success && ret == (i == 0 ? -5 : 7));
    }
}

/* A join that fails has ordered nothing: the cache stays. */
/* case: fails */
/* options: stats=1 */
/* expect: ^  slow-walks +[1-9]?[0-9]$ */
static void *wait_for(void *barrier)
{
    pthread_barrier_wait(barrier);
    return barrier;
}

#define SAY(call) printf("%d %s\n", (call), #call)

static void fails(void)
{
    struct timespec past = long_ago();
    pthread_barrier_t barrier;
    pthread_t thread;
    void *ret = NULL;

    MUST(pthread_barrier_init(&barrier, NULL, 2) == 0);
    MUST(pthread_create(&thread, NULL, wait_for, &barrier) == 0);
    for (int i = 0; i < THREADS; i++) {
        nest(&a, &b);
        MUST(pthread_tryjoin_np(thread, &ret) == EBUSY);
        MUST(pthread_timedjoin_np(thread, &ret, &past) == ETIMEDOUT);
        MUST(pthread_clockjoin_np(thread, &ret, CLOCK_MONOTONIC, &past) == ETIMEDOUT);
    }
    SAY(pthread_join(pthread_self(), NULL));
    SAY(pthread_clockjoin_np(thread, &ret, CLOCK_PROCESS_CPUTIME_ID, &past));
    SAY(thrd_join(thrd_current(), NULL));
    MUST(ret == NULL);
    pthread_barrier_wait(&barrier);
    SAY(pthread_join(thread, &ret));
    MUST(ret == &barrier);
}

int main(int argc, char **argv)
{
    (void)argc;
    never = far_away(CLOCK_REALTIME);
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (is_case(argv, ways[i].name))
            join_all(ways[i].join);
    if (is_case(argv, "join-c11"))
        join_c11();
    if (is_case(argv, "fails"))
        fails();
    puts("done");
    return 0;
}
