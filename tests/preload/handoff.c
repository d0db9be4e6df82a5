/* SPDX-License-Identifier: MIT */
/* A lock that one thread takes and another unlocks: misuse by the second. What the first is left with in the library's
 * books must not make findings later: no deadlock with itself, and no order. */
#include "program.h"

static pthread_mutex_t handed = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;

static void *unlock(void *arg)
{
    MUST(pthread_mutex_unlock(&handed) == 0);
    return arg;
}

static pthread_spinlock_t spin;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;

static void *unlock_others(void *arg)
{
    MUST(pthread_spin_unlock(&spin) == 0);
    MUST(pthread_rwlock_unlock(&rwlock) == 0);
    return arg;
}

/* Locks that do not name their holder say at least that they are free. */
/* case: free-again */
/* status: 66 */
/* findings: 2 */
/* reject: recursive */
/* reject: circular */
static void free_again(void)
{
    MUST(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE) == 0);
    MUST(pthread_spin_lock(&spin) == 0);
    MUST(pthread_rwlock_rdlock(&rwlock) == 0);
    run_thread(unlock_others, NULL);
    MUST(pthread_spin_lock(&spin) == 0);
    MUST(pthread_spin_unlock(&spin) == 0);
    MUST(pthread_rwlock_wrlock(&rwlock) == 0);
    MUST(pthread_rwlock_unlock(&rwlock) == 0);
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
    if (is_case(argv, "free-again")) {
        free_again();
        puts("done");
        return 0;
    }
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
