/* SPDX-License-Identifier: MIT */
/* Two read-write locks in two orders. Readers do not wait for each other. */
/* complaint: 7 circles of readers only */
#include "../verdicts/side_by_side.h"

static pthread_rwlock_t a = PTHREAD_RWLOCK_INITIALIZER;
static pthread_rwlock_t b = PTHREAD_RWLOCK_INITIALIZER;
/* A reader waits behind a writer who waits. */
static pthread_rwlock_t fair_a = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static pthread_rwlock_t fair_b = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;

static void read_both(pthread_rwlock_t *first, pthread_rwlock_t *second)
{
    MUST(pthread_rwlock_rdlock(first) == 0);
    MUST(pthread_rwlock_rdlock(second) == 0);
    MUST(pthread_rwlock_unlock(second) == 0);
    MUST(pthread_rwlock_unlock(first) == 0);
}

static void read_then_write(pthread_rwlock_t *first, pthread_rwlock_t *second)
{
    MUST(pthread_rwlock_rdlock(first) == 0);
    MUST(pthread_rwlock_wrlock(second) == 0);
    MUST(pthread_rwlock_unlock(second) == 0);
    MUST(pthread_rwlock_unlock(first) == 0);
}

static void read_ab(void)
{
    read_both(&a, &b);
}

static void read_ba(void)
{
    read_both(&b, &a);
}

static void read_fair_ab(void)
{
    read_both(&fair_a, &fair_b);
}

static void read_fair_ba(void)
{
    read_both(&fair_b, &fair_a);
}

static void read_a_write_b(void)
{
    read_then_write(&a, &b);
}

static void read_b_write_a(void)
{
    read_then_write(&b, &a);
}

/* case: readers */
/* title: two threads read A B and B A, locks of the default kind */

/* case: fair-readers */
/* title: the same with locks that prefer writers: a hang takes writers, and none was seen */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: potential$ */
/* expect: ^  no writer seen */

/* case: writers */
/* title: one reads A and writes B, one reads B and writes A */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: feasible$ */
int main(int argc, char **argv)
{
    (void)argc;
    if (is_case(argv, "readers"))
        SIDE_BY_SIDE(read_ab, read_ba);
    else if (is_case(argv, "fair-readers"))
        SIDE_BY_SIDE(read_fair_ab, read_fair_ba);
    else
        SIDE_BY_SIDE(read_a_write_b, read_b_write_a);
    puts("done");
    return 0;
}
