/* SPDX-License-Identifier: MIT */
/* A reader reads again. Behind a writer who waits that is a hang, if the lock prefers writers. */
/* complaint: 8 a recursive read with a writer waiting goes unnoticed */
#include "../preload/program.h"

static pthread_rwlock_t fair = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static pthread_rwlock_t plain = PTHREAD_RWLOCK_INITIALIZER;

/* case: fair */
/* title: a lock that prefers writers, read twice; no writer is there */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible recursive locking detected$ */
/* expect: ^verdict: potential$ */

/* case: plain */
/* title: a lock of the default kind, read twice */
int main(int argc, char **argv)
{
    pthread_rwlock_t *lock = is_case(argv, "fair") ? &fair : &plain;

    (void)argc;
    MUST(pthread_rwlock_rdlock(lock) == 0);
    MUST(pthread_rwlock_rdlock(lock) == 0);
    MUST(pthread_rwlock_unlock(lock) == 0);
    MUST(pthread_rwlock_unlock(lock) == 0);
    puts("done");
    return 0;
}
