/* SPDX-License-Identifier: MIT */
/* Both orders, but a lock around them excludes one from the other. */
/* complaint: 3 gate locks */
/* title: A B and B A in two threads, both under G */
/* status: 0 */
/* findings: 1 */
/* expect: ^verdict: guarded$ */
/* expect: ^  gate lock: both acquisitions hold \(gate\), so they cannot meet$ */
#include "../verdicts/side_by_side.h"

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t b = PTHREAD_MUTEX_INITIALIZER;

static void take_ab(void)
{
    MUST(pthread_mutex_lock(&gate) == 0);
    nest(&a, &b);
    MUST(pthread_mutex_unlock(&gate) == 0);
}

static void take_ba(void)
{
    MUST(pthread_mutex_lock(&gate) == 0);
    nest(&b, &a);
    MUST(pthread_mutex_unlock(&gate) == 0);
}

int main(void)
{
    SIDE_BY_SIDE(take_ab, take_ba);
    puts("done");
    return 0;
}
