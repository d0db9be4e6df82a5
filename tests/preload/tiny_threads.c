/* SPDX-License-Identifier: MIT */
/* Threads on small stacks: nests of ten locks that are new, and a finding. A stack of the smallest size that is allowed
 * has a guard page at its end, so a report that took too much of it would not be survived. */
/* case: smallest */
/* status: 66 */
/* findings: 1 */
/* case: small */
/* status: 66 */
/* findings: 1 */
/* expect: ^.*nest_ten\+0x.* \(tiny_threads\) */
#include "program.h"

#include <limits.h>

static pthread_mutex_t lock[10], a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;

static __attribute__((noinline)) void nest_ten(void)
{
    for (int i = 0; i < 10; i++)
        MUST(pthread_mutex_lock(&lock[i]) == 0);
    nest(&a, &b);
    for (int i = 10; i-- > 0;)
        MUST(pthread_mutex_unlock(&lock[i]) == 0);
}

static void *straight(void *unused)
{
    nest_ten();
    return unused;
}

static void *crooked(void *unused)
{
    nest_ten();
    nest(&b, &a);
    return unused;
}

int main(int argc, char **argv)
{
    size_t size = is_case(argv, "smallest") ? (size_t)PTHREAD_STACK_MIN : 64 * 1024;
    pthread_attr_t attr;
    pthread_t thread;

    (void)argc;
    for (int i = 0; i < 10; i++)
        MUST(pthread_mutex_init(&lock[i], NULL) == 0);
    MUST(pthread_attr_init(&attr) == 0 && pthread_attr_setstacksize(&attr, size) == 0);
    for (int i = 0; i < 3; i++) {
        MUST(pthread_create(&thread, &attr, i < 2 ? straight : crooked, NULL) == 0);
        MUST(pthread_join(thread, NULL) == 0);
    }
    puts("done");
    return 0;
}
