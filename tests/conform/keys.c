/* SPDX-License-Identifier: MIT */
/* Thread-specific data: destructors, their order and their rounds. How many keys there are in all is not looked at: what
 * is preloaded may have some. */
/* status: 0 */
#include "conform.h"

enum {
    KEYS = 8
};

static pthread_key_t key[KEYS];
static char order[4096]; /* one thread at a time */

static void note(const char *format, int which)
{
    size_t length = strlen(order);

    snprintf(order + length, sizeof(order) - length, format, which);
}

static intptr_t left[KEYS];

static void destroy(int which, void *value)
{
    note(" %d", which);
    MUST(value != NULL);
    if (pthread_getspecific(key[which]) != NULL)
        note("(still %d)", which);
    if (left[which]-- > 0)
        MUST(pthread_setspecific(key[which], value) == 0);
}

#define DESTROYER(which)                     \
    static void destroy_##which(void *value) \
    {                                        \
        destroy(which, value);               \
    }
DESTROYER(0)
DESTROYER(1)
DESTROYER(2)
DESTROYER(3)
DESTROYER(4)
DESTROYER(5)
DESTROYER(6)

static void (*const destroyers[KEYS])(void *) = { destroy_0, destroy_1, destroy_2, destroy_3,
                                                  destroy_4, destroy_5, destroy_6, NULL };

static int set_all(void *unused)
{
    (void)unused;
    for (int i = 0; i < KEYS; i++) {
        YES(pthread_getspecific(key[i]) == NULL);
        IS(0, pthread_setspecific(key[i], &key[i]));
        YES(pthread_getspecific(key[i]) == &key[i]);
    }
    return 0;
}

static void make_keys(void)
{
    for (int i = 0; i < KEYS; i++)
        IS(0, pthread_key_create(&key[i], destroyers[i]));
}

static void delete_keys(void)
{
    for (int i = 0; i < KEYS; i++)
        IS(0, pthread_key_delete(key[i]));
    IS(EINVAL, pthread_key_delete(key[0]));
    IS(EINVAL, pthread_setspecific(key[0], key));
    YES(pthread_getspecific(key[0]) == NULL);
}

static void rounds(void)
{
    make_keys();
    for (int extra = 0; extra < 6; extra++) {
        for (int i = 0; i < KEYS; i++)
            left[i] = i % 2 ? extra : 0;
        order[0] = '\0';
        IS(0, elsewhere(set_all, NULL));
        printf("  in order:%s\n", order);
    }
    YES(pthread_getspecific(key[1]) == NULL); /* the main thread's are its own */
    delete_keys();
}

/* A destructor that locks, in each round. */
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static pthread_key_t locking;
static int rounds_locked;

static void lock_and_again(void *value)
{
    nest(&a, &b);
    if (++rounds_locked < 10)
        MUST(pthread_setspecific(locking, value) == 0);
}

static int set_locking(void *unused)
{
    (void)unused;
    IS(0, pthread_setspecific(locking, &a));
    return 0;
}

static int leave_by_exit(void *unused)
{
    set_locking(unused);
    pthread_exit(NULL);
}

static int leave_cancelled(void *unused)
{
    set_locking(unused);
    return pause();
}

static void locking_destructors(void)
{
    struct job job;

    IS(0, pthread_key_create(&locking, lock_and_again));
    rounds_locked = 0;
    IS(0, elsewhere(set_locking, NULL));
    IS(PTHREAD_DESTRUCTOR_ITERATIONS, rounds_locked);
    rounds_locked = 0;
    IS(-1, elsewhere(leave_by_exit, NULL));
    IS(PTHREAD_DESTRUCTOR_ITERATIONS, rounds_locked);
    rounds_locked = 0;
    job_start(&job, leave_cancelled, NULL);
    YES(job_sleeps_in(&job, SYS_pause));
    IS(0, pthread_cancel(job.thread));
    IS(-1, job_end(&job));
    IS(PTHREAD_DESTRUCTOR_ITERATIONS, rounds_locked);
    IS(0, pthread_key_delete(locking));
}

/* A key that is made in a destructor; one that is deleted there. */
static pthread_key_t late, doomed;
static int late_runs;

static void destroy_late(void *value)
{
    late_runs++;
    (void)value;
}

static void make_late(void *value)
{
    (void)value;
    MUST(pthread_key_create(&late, destroy_late) == 0);
    MUST(pthread_setspecific(late, &late) == 0);
}

static int set_doomed(void *unused)
{
    (void)unused;
    return pthread_setspecific(doomed, &doomed);
}

static void late_keys(void)
{
    IS(0, pthread_key_create(&doomed, make_late));
    IS(0, elsewhere(set_doomed, NULL));
    IS(1, late_runs);
    IS(0, pthread_key_delete(late));
    IS(0, pthread_key_delete(doomed));
}

/* Values of a deleted key are not destroyed; one that is made anew has none. */
static int keep_after_delete(void *unused)
{
    (void)unused;
    IS(0, pthread_setspecific(doomed, &doomed));
    IS(0, pthread_key_delete(doomed));
    return 0;
}

static void deleted_keys(void)
{
    order[0] = '\0';
    left[0] = 0;
    IS(0, pthread_key_create(&doomed, destroy_0));
    IS(0, elsewhere(keep_after_delete, NULL));
    IS(0, strlen(order));
    IS(0, pthread_key_create(&doomed, NULL));
    YES(pthread_getspecific(doomed) == NULL);
    IS(0, pthread_key_delete(doomed));
}

/* More keys than fit into the block that every thread has. */
static void many_keys(void)
{
    static pthread_key_t many[500];
    int wrong = 0;

    for (int i = 0; i < 500; i++)
        wrong += pthread_key_create(&many[i], NULL) != 0;
    for (int i = 0; i < 500; i++)
        wrong += pthread_setspecific(many[i], &many[i]) != 0;
    for (int i = 0; i < 500; i++)
        wrong += pthread_getspecific(many[i]) != &many[i];
    for (int i = 0; i < 500; i++)
        wrong += pthread_key_delete(many[i]) != 0;
    IS(0, wrong);
}

CONFORM({ "rounds", rounds }, { "destructors that lock", locking_destructors }, { "late keys", late_keys },
        { "deleted keys", deleted_keys }, { "many keys", many_keys })
