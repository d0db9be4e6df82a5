/* SPDX-License-Identifier: MIT */
/* Circles through three locks: how many acquisitions a hang needs, and how many threads were seen to make them. */
#include "side_by_side.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t b = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t c = PTHREAD_MUTEX_INITIALIZER;

static void take_ab(void)
{
    nest(&a, &b);
}

static void take_bc(void)
{
    nest(&b, &c);
}

static void take_ca(void)
{
    nest(&c, &a);
}

/* Hand over hand: A is released before C is wanted. */
static void hand_over_hand(void)
{
    MUST(pthread_mutex_lock(&a) == 0);
    MUST(pthread_mutex_lock(&b) == 0);
    MUST(pthread_mutex_unlock(&a) == 0);
    MUST(pthread_mutex_lock(&c) == 0);
    MUST(pthread_mutex_unlock(&c) == 0);
    MUST(pthread_mutex_unlock(&b) == 0);
}

static void take_abc(void)
{
    MUST(pthread_mutex_lock(&a) == 0);
    nest(&b, &c);
    MUST(pthread_mutex_unlock(&a) == 0);
}

/* case: three-threads */
/* title: three threads, A B, B C and C A */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: feasible$ */
/* expect: ^  3 acquisitions by 3 threads, the same 3 locks, no lock in common,$ */
static void three_threads(void)
{
    SIDE_BY_SIDE(take_ab, take_bc, take_ca);
}

/* case: two-threads-for-three */
/* title: two threads, A B -A C and C A */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: potential$ */
/* expect: ^  2 threads for 3 acquisitions$ */
static void two_threads_for_three(void)
{
    SIDE_BY_SIDE(hand_over_hand, take_ca);
}

/* case: twice-hand-over-hand */
/* title: three threads, twice A B -A C, and C A */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: feasible$ */
/* expect: ^  3 acquisitions by 3 threads, the same 3 locks, no lock in common,$ */
static void twice_hand_over_hand(void)
{
    SIDE_BY_SIDE(hand_over_hand, hand_over_hand, take_ca);
}

/* case: all-held */
/* title: two threads, A B C (all held) and C A */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: feasible$ */
/* expect: ^  2 acquisitions by 2 threads,  */
static void all_held(void)
{
    SIDE_BY_SIDE(take_abc, take_ca);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        { "three-threads", three_threads },
        { "two-threads-for-three", two_threads_for_three },
        { "twice-hand-over-hand", twice_hand_over_hand },
        { "all-held", all_held },
    };

    (void)argc;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (is_case(argv, cases[i].name))
            cases[i].run();
    puts("done");
    return 0;
}
