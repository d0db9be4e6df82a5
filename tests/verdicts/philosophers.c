/* SPDX-License-Identifier: MIT */
/*
 * Five philosophers, each a thread, eat one after the other. If all take the left fork first, they can starve; if one of them
 * takes the right one first, they cannot. With forks that are classes of their own, and with forks of one class.
 */
#include "side_by_side.h"

enum {
    PHILOSOPHERS = 5
};

static pthread_mutex_t static_forks[PHILOSOPHERS] = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
                                                      PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
                                                      PTHREAD_MUTEX_INITIALIZER };
static pthread_mutex_t *forks[PHILOSOPHERS];
static int left_handed; /* how many; the others take the right fork first */

static void eat(int who)
{
    pthread_mutex_t *left = forks[who], *right = forks[(who + 1) % PHILOSOPHERS];

    if (who < left_handed)
        nest(left, right);
    else
        nest(right, left);
}

static void aristotle(void)
{
    eat(0);
}

static void epicurus(void)
{
    eat(1);
}

static void hypatia(void)
{
    eat(2);
}

static void plato(void)
{
    eat(3);
}

static void zeno(void)
{
    eat(4);
}

static void lay_static_forks(void)
{
    for (int i = 0; i < PHILOSOPHERS; i++)
        forks[i] = &static_forks[i];
}

/* One call site, so one class: not unrolled. */
static __attribute__((noinline)) void lay_forks_of_one_class(void)
{
    for (int i = 0; i < PHILOSOPHERS; i++) {
        forks[i] = malloc(sizeof(*forks[i]));
        MUST(forks[i] != NULL);
#pragma GCC unroll 1
        for (int once = 0; once < 1; once++)
            MUST(pthread_mutex_init(forks[i], NULL) == 0);
    }
}

/* case: five-left */
/* title: 5 left-handed philosophers */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */
/* expect: ^verdict: feasible$ */
/* expect: ^  5 acquisitions by 5 threads,  */

/* case: four-left */
/* title: 4 left-handed philosophers and 1 right-handed */

/* case: five-left-one-class */
/* title: 5 left-handed philosophers, the forks of one class */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible recursive locking detected$ */
/* expect: ^verdict: feasible$ */

/* case: four-left-one-class */
/* title: 4 left-handed philosophers and 1 right-handed, the forks of one class */
int main(int argc, char **argv)
{
    (void)argc;
    if (is_case(argv, "five-left-one-class") || is_case(argv, "four-left-one-class"))
        lay_forks_of_one_class();
    else
        lay_static_forks();
    left_handed = is_case(argv, "five-left") || is_case(argv, "five-left-one-class") ? 5 : 4;
    SIDE_BY_SIDE(aristotle, epicurus, hypatia, plato, zeno);
    puts("done");
    return 0;
}
