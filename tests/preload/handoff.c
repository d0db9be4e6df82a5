/* SPDX-License-Identifier: MIT */
/* A mutex that one thread locks and another unlocks: misuse by the second. What the first is left with in the library's
 * books must not make findings later: no deadlock with itself, and no order. */
#include "program.h"

static pthread_mutex_t handed = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;

static void *unlock(void *arg)
{
    MUST(pthread_mutex_unlock(&handed) == 0);
    return arg;
}

static void hand_over(void)
{
    MUST(pthread_mutex_lock(&handed) == 0);
    run_thread(unlock, NULL);
}

/* case: lock-again */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: bad unlock balance detected!$ */
/* expect: ^verdict: misuse$ */

/* Were the mutex still held, handed -> other would be an edge, and the reverse nesting a cycle. */
/* case: no-order */
/* status: 66 */
/* findings: 1 */
/* reject: circular */

int main(int argc, char **argv)
{
    (void)argc;
    hand_over();
    if (is_case(argv, "no-order")) {
        MUST(pthread_mutex_lock(&other) == 0);
        MUST(pthread_mutex_unlock(&other) == 0);
        nest(&other, &handed);
    } else {
        MUST(pthread_mutex_lock(&handed) == 0);
        MUST(pthread_mutex_unlock(&handed) == 0);
    }
    puts("done");
    return 0;
}
