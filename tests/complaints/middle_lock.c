/* SPDX-License-Identifier: MIT */
/* Hand over hand: A is released before C is wanted, so nobody ever waits for C with A held. */
/* complaint: 1 the middle lock was released */
#include "../verdicts/side_by_side.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t b = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t c = PTHREAD_MUTEX_INITIALIZER;

static void hand_over_hand(void)
{
    MUST(pthread_mutex_lock(&a) == 0);
    MUST(pthread_mutex_lock(&b) == 0);
    MUST(pthread_mutex_unlock(&a) == 0);
    MUST(pthread_mutex_lock(&c) == 0);
    MUST(pthread_mutex_unlock(&c) == 0);
    MUST(pthread_mutex_unlock(&b) == 0);
}

static void take_ca(void)
{
    nest(&c, &a);
}

/* case: two-threads */
/* title: A B -A C in one thread, C A in another: these two alone cannot hang */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: potential$ */
/* expect: ^  2 threads for 3 acquisitions$ */

/* case: three-threads */
/* title: the same with A B -A C in two threads: the three can */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: feasible$ */
int main(int argc, char **argv)
{
    (void)argc;
    if (is_case(argv, "two-threads"))
        SIDE_BY_SIDE(hand_over_hand, take_ca);
    else
        SIDE_BY_SIDE(hand_over_hand, hand_over_hand, take_ca);
    puts("done");
    return 0;
}
