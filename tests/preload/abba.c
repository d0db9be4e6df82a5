/* SPDX-License-Identifier: MIT */
/* The smallest program that can deadlock and does not: two locks, two orders, one thread after the other, though
 * nothing but a flag keeps them so. */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */
/* expect: ^verdict: feasible$ */
/* expect: 2 acquisitions by 2 threads, the same two locks, no lock in common,$ */
/* expect: not ordered by thread create or join$ */
/* expect: ^-> #1 \(savings\) */
/* expect: ^-> #0 \(checking\) */
/* expect: savings +static \(abba\) */
/* expect: checking_to_savings\+0x */
/* expect: savings_to_checking\+0x */
#include "program.h"

#include <stdatomic.h>

static pthread_mutex_t checking = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t savings = PTHREAD_MUTEX_INITIALIZER;

static atomic_int first_is_done;

static void *checking_to_savings(void *unused)
{
    nest(&checking, &savings);
    atomic_store(&first_is_done, 1);
    return unused;
}

static void *savings_to_checking(void *unused)
{
    while (!atomic_load(&first_is_done))
        usleep(100);
    nest(&savings, &checking);
    return unused;
}

int main(void)
{
    pthread_t thread[2];

    MUST(pthread_create(&thread[0], NULL, savings_to_checking, NULL) == 0);
    MUST(pthread_create(&thread[1], NULL, checking_to_savings, NULL) == 0);
    MUST(pthread_join(thread[0], NULL) == 0 && pthread_join(thread[1], NULL) == 0);
    puts("done");
    return 0;
}
