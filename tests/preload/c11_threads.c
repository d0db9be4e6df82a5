/* SPDX-License-Identifier: MIT */
/* Threads of C11: they are known, named, watched to their end, and return what they return. */
#include "program.h"

#include <threads.h>

static mtx_t a, b;

static void nest_c11(mtx_t *outer, mtx_t *inner)
{
    MUST(mtx_lock(outer) == thrd_success && mtx_lock(inner) == thrd_success);
    MUST(mtx_unlock(inner) == thrd_success && mtx_unlock(outer) == thrd_success);
}

static int run_c11(thrd_start_t start, void *arg)
{
    thrd_t thread;
    int ret = 0;

    MUST(thrd_create(&thread, start, arg) == thrd_success);
    MUST(thrd_join(thread, &ret) == thrd_success);
    return ret;
}

/* case: names */
/* options: fail_on=guarded */
/* expect: ^verdict: guarded$ */
/* status: 66 */
/* findings: 1 */
/* expect: ^     by writes_the_ledger/[0-9]+$ */
/* expect: ^     by reads_the_ledger/[0-9]+$ */
static int writes_the_ledger(void *unused)
{
    nest_c11(&a, &b);
    return unused == NULL ? 1 : 0;
}

static int reads_the_ledger(void *unused)
{
    nest_c11(&b, &a);
    return unused == NULL ? -1 : 0;
}

static void names(void)
{
    printf("%d\n", run_c11(writes_the_ledger, NULL));
    printf("%d\n", run_c11(reads_the_ledger, NULL));
}

/* A lock that is held at the end of a thread is not held by the next one. */
/* case: ends */
static int ends_by_exit(void *unused)
{
    nest_c11(&a, &b);
    (void)unused;
    thrd_exit(-2147483647 - 1);
}

static int ends_by_return(void *arg)
{
    nest_c11(&a, &b);
    return *(int *)arg;
}

static void ends(void)
{
    static const int values[] = { 0, 1, -1, 2147483647, -2147483647 - 1 };

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        int value = values[i];

        printf("%d\n", run_c11(ends_by_return, &value));
        printf("%d\n", run_c11(ends_by_exit, NULL));
    }
}

/* case: many */
/* options: stats=1 */
/* expect: ^  findings +0$ */
/* expect: ^  threads-at-once +([1-9]|1[0-9])$ */
static void many(void)
{
    for (int i = 0; i < 50; i++) {
        thrd_t thread[10];
        int ret;

        for (int j = 0; j < 10; j++)
            MUST(thrd_create(&thread[j], writes_the_ledger, NULL) == thrd_success);
        for (int j = 0; j < 10; j++)
            MUST(thrd_join(thread[j], &ret) == thrd_success && ret == 1);
    }
}

/* case: detached */
static cnd_t changed;
static int gone;

static int goes(void *unused)
{
    (void)unused;
    MUST(thrd_detach(thrd_current()) == thrd_success);
    nest_c11(&a, &b);
    MUST(mtx_lock(&a) == thrd_success);
    gone++;
    MUST(cnd_signal(&changed) == thrd_success && mtx_unlock(&a) == thrd_success);
    return 3;
}

static void detached(void)
{
    thrd_t thread;

    for (int i = 0; i < 10; i++)
        MUST(thrd_create(&thread, goes, NULL) == thrd_success);
    MUST(mtx_lock(&a) == thrd_success);
    while (gone < 10)
        MUST(cnd_wait(&changed, &a) == thrd_success);
    MUST(mtx_unlock(&a) == thrd_success);
}

int main(int argc, char **argv)
{
    (void)argc;
    MUST(mtx_init(&a, mtx_plain) == thrd_success);
    MUST(mtx_init(&b, mtx_plain) == thrd_success);
    MUST(cnd_init(&changed) == thrd_success);
    if (is_case(argv, "names"))
        names();
    else if (is_case(argv, "ends"))
        ends();
    else if (is_case(argv, "many"))
        many();
    else
        detached();
    puts("done");
    return 0;
}
