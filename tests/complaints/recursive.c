/* SPDX-License-Identifier: MIT */
/* A recursive mutex is taken again by its holder, who cannot wait then. */
/* complaint: 19 recursive locks */
#include "../verdicts/side_by_side.h"

static pthread_mutex_t a = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_mutex_t b = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

static void take_aba(void)
{
    MUST(pthread_mutex_lock(&a) == 0);
    nest(&b, &a);
    MUST(pthread_mutex_unlock(&a) == 0);
}

static void take_ba(void)
{
    nest(&b, &a);
}

/* case: again */
/* title: A B A in two threads */

/* case: order */
/* title: A B A in one thread, B A in another */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */
/* expect: ^verdict: feasible$ */
int main(int argc, char **argv)
{
    (void)argc;
    if (is_case(argv, "again"))
        SIDE_BY_SIDE(take_aba, take_aba);
    else
        SIDE_BY_SIDE(take_aba, take_ba);
    puts("done");
    return 0;
}
