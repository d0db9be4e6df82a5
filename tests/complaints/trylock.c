/* SPDX-License-Identifier: MIT */
/* Acquisitions that do not wait, and those that do not wait for good. */
/* complaint: 11 trylock and timedlock */
#include "../verdicts/side_by_side.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t b = PTHREAD_MUTEX_INITIALIZER;

static void take_ab(void)
{
    nest(&a, &b);
}

static void take_ba(void)
{
    nest(&b, &a);
}

static void take_b_try_a(void)
{
    MUST(pthread_mutex_lock(&b) == 0);
    MUST(pthread_mutex_trylock(&a) == 0);
    MUST(pthread_mutex_unlock(&a) == 0);
    MUST(pthread_mutex_unlock(&b) == 0);
}

static void try_b_take_a(void)
{
    MUST(pthread_mutex_trylock(&b) == 0);
    MUST(pthread_mutex_lock(&a) == 0);
    MUST(pthread_mutex_unlock(&a) == 0);
    MUST(pthread_mutex_unlock(&b) == 0);
}

static void take_b_timed_a(void)
{
    struct timespec end = far_away(CLOCK_REALTIME);

    MUST(pthread_mutex_lock(&b) == 0);
    MUST(pthread_mutex_timedlock(&a, &end) == 0);
    MUST(pthread_mutex_unlock(&a) == 0);
    MUST(pthread_mutex_unlock(&b) == 0);
}

/* case: try */
/* title: A B in one thread; B, and A by trylock, in another */

/* case: try-first */
/* title: A B in one thread; B by trylock, and A, in another: what a try got is held all the same */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: feasible$ */

/* case: timed */
/* title: A B in one thread; B, and A by timedlock, in another: the wait ends by itself */
/* status: 0 */
/* findings: 1 */
/* expect: ^verdict: guarded$ */

/* case: timed-and-not */
/* title: the same, and B A without a timeout in a third thread, before A B */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: feasible$ */

/* case: not-timed-later */
/* title: the same, and B A without a timeout in a third thread, after A B */
/* status: 66 */
/* findings: 2 */
/* expect: ^verdict: guarded$ */
/* expect: ^verdict: feasible$ */
int main(int argc, char **argv)
{
    (void)argc;
    if (is_case(argv, "try"))
        SIDE_BY_SIDE(take_ab, take_b_try_a);
    else if (is_case(argv, "try-first"))
        SIDE_BY_SIDE(take_ab, try_b_take_a);
    else if (is_case(argv, "timed"))
        SIDE_BY_SIDE(take_ab, take_b_timed_a);
    else if (is_case(argv, "timed-and-not"))
        SIDE_BY_SIDE(take_b_timed_a, take_ba, take_ab);
    else
        SIDE_BY_SIDE(take_b_timed_a, take_ab, take_ba);
    puts("done");
    return 0;
}
