/* SPDX-License-Identifier: MIT */
/* Mutexes and threads of C11. */
#include "deadlock.h"

#include <threads.h>

enum {
    ROUNDS = 10
};

static mtx_t front, back;
static unsigned sum;

static void take_then_take(mtx_t *first, mtx_t *second)
{
    for (int i = 0; i < ROUNDS; i++) {
        MUST(mtx_lock(first) == thrd_success);
        meet();
        MUST(mtx_lock(second) == thrd_success);
        sum++;
        MUST(mtx_unlock(second) == thrd_success);
        MUST(mtx_unlock(first) == thrd_success);
        work(some_number(20000));
    }
}

static int push(void *arg)
{
    (void)arg;
    take_then_take(&front, &back);
    return 0;
}

static int pull(void *arg)
{
    (void)arg;
    take_then_take(&back, &front);
    return 0;
}

int main(int argc, char **argv)
{
    thrd_t one, two;

    begin(argc, argv, 2);
    MUST(mtx_init(&front, mtx_plain) == thrd_success);
    MUST(mtx_init(&back, mtx_plain) == thrd_success);
    MUST(thrd_create(&one, push, NULL) == thrd_success);
    MUST(thrd_create(&two, pull, NULL) == thrd_success);
    MUST(thrd_join(one, NULL) == thrd_success);
    MUST(thrd_join(two, NULL) == thrd_success);
    return finish();
}
