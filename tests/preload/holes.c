/* SPDX-License-Identifier: MIT */
/* A program with holes between its segments (it is linked so): the loader then knows each segment as a range of its own,
 * and only the first begins with the ELF header. Names must be found all the same. */
/* options: fail_on=guarded */
/* status: 66 */
/* findings: 1 */
/* expect: ^-> #1 \(savings\) */
/* expect: ^-> #0 \(checking\) */
/* expect: savings +static \(holes\) */
/* expect: at: (nest|savings_to_checking)\+0x[0-9a-f]+ \(holes\) */
/* expect: by savings_to_checking/ */
/* reject: holes\+0x */
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
