/* SPDX-License-Identifier: MIT */
/* Threads by the thousand, threads that take locks to their very end, threads that outlive main; and what reports call
 * them. */
#include "program.h"

#include <limits.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;

static void *use_both(void *unused)
{
    nest(&a, &b);
    return unused;
}

/* Beyond the first few a thread leaves nothing behind. */
/* case: many */
/* options: stats=1 */
/* expect: ^  findings +0$ */
/* expect: ^  threads-at-once +([1-9]|1[0-9]|2[0-9])$ */
static void many(void)
{
    for (int i = 0; i < 100; i++) {
        pthread_t thread[10];

        for (int j = 0; j < 10; j++)
            MUST(pthread_create(&thread[j], NULL, use_both, NULL) == 0);
        for (int j = 0; j < 10; j++)
            MUST(pthread_join(thread[j], NULL) == 0);
    }
}

/* Destructors of thread-specific data that take locks, in all rounds that there are. */
/* case: destructors */
/* status: 66 */
/* findings: 1 */
static pthread_key_t key;

static void at_end(void *value)
{
    size_t round = (size_t)value;

    nest(&a, &b);
    if (round < PTHREAD_DESTRUCTOR_ITERATIONS)
        MUST(pthread_setspecific(key, (void *)(round + 1)) == 0);
    if (round == 2)
        nest(&b, &a);
}

static void *with_key(void *unused)
{
    nest(&a, &b);
    MUST(pthread_setspecific(key, (void *)(size_t)1) == 0);
    return unused;
}

static void destructors(void)
{
    MUST(pthread_key_create(&key, at_end) == 0);
    run_thread(with_key, NULL);
}

/* case: detached */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static int started;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;

static void *for_ever(void *unused)
{
    pthread_mutex_lock(&gate);
    started++;
    pthread_cond_signal(&more);
    pthread_mutex_unlock(&gate);
    for (;;) {
        pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

        pthread_mutex_lock(&a);
        pthread_mutex_lock(&fresh);
        pthread_mutex_unlock(&fresh);
        pthread_mutex_unlock(&a);
    }
    return unused;
}

static void detached(void)
{
    pthread_attr_t attr;
    pthread_t thread;

    MUST(pthread_attr_init(&attr) == 0 && pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED) == 0);
    for (int i = 0; i < 3; i++)
        MUST(pthread_create(&thread, &attr, for_ever, NULL) == 0);
    pthread_mutex_lock(&gate);
    while (started < 3)
        pthread_cond_wait(&more, &gate);
    pthread_mutex_unlock(&gate);
}

/* case: names */
/* options: fail_on=guarded */
/* expect: ^verdict: guarded$ */
/* status: 66 */
/* findings: 1 */
/* expect: ^     by ledger-writer/[0-9]+$ */
/* expect: ^     by reads_the_ledger/[0-9]+$ */
static void *writes_the_ledger(void *unused)
{
    MUST(pthread_setname_np(pthread_self(), "ledger-writer") == 0);
    nest(&a, &b);
    return unused;
}

static void *reads_the_ledger(void *unused)
{
    nest(&b, &a);
    return unused;
}

static void names(void)
{
    run_thread(writes_the_ledger, NULL);
    run_thread(reads_the_ledger, NULL);
}

/* A thread that ends with pthread_exit, and one that is cancelled, with a lock held: their next locks are not under it. */
/* case: ends */
static void *exits(void *unused)
{
    nest(&a, &b);
    pthread_exit(unused);
}

static void *is_cancelled(void *unused)
{
    MUST(pthread_cancel(pthread_self()) == 0);
    nest(&a, &b);
    pthread_testcancel();
    return unused;
}

static void ends(void)
{
    for (int i = 0; i < 20; i++) {
        run_thread(exits, NULL);
        run_thread(is_cancelled, NULL);
    }
}

/* The smallest stack that there may be: the slow way and a report must fit. */
/* case: small-stack */
/* status: 66 */
/* findings: 1 */
static void *finds(void *unused)
{
    nest(&a, &b);
    nest(&b, &a);
    return unused;
}

static void small_stack(void)
{
    pthread_attr_t attr;
    pthread_t thread;

    MUST(pthread_attr_init(&attr) == 0);
    MUST(pthread_attr_setstacksize(&attr, (size_t)PTHREAD_STACK_MIN) == 0);
    MUST(pthread_create(&thread, &attr, finds, NULL) == 0);
    MUST(pthread_join(thread, NULL) == 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    if (is_case(argv, "many"))
        many();
    else if (is_case(argv, "destructors"))
        destructors();
    else if (is_case(argv, "detached"))
        detached();
    else if (is_case(argv, "names"))
        names();
    else if (is_case(argv, "ends"))
        ends();
    else
        small_stack();
    puts("done");
    return 0;
}
