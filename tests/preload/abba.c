/* SPDX-License-Identifier: MIT */
/* The smallest program that can deadlock and does not: two locks, two orders, one thread after the other. */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */
/* expect: ^verdict: potential$ */
/* expect: ^-> #1 \(savings\) */
/* expect: ^-> #0 \(checking\) */
/* expect: savings +static \(abba\) */
/* expect: checking_to_savings\+0x */
/* expect: savings_to_checking\+0x */
#include "program.h"

static pthread_mutex_t checking = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t savings = PTHREAD_MUTEX_INITIALIZER;

static void *checking_to_savings(void *unused)
{
    nest(&checking, &savings);
    return unused;
}

static void *savings_to_checking(void *unused)
{
    nest(&savings, &checking);
    return unused;
}

int main(void)
{
    run_thread(checking_to_savings, NULL);
    run_thread(savings_to_checking, NULL);
    puts("done");
    return 0;
}
