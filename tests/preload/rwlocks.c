/* SPDX-License-Identifier: MIT */
/* Readers are what the lock's kind makes them. */
#include "program.h"

static pthread_rwlock_t one = PTHREAD_RWLOCK_INITIALIZER, two = PTHREAD_RWLOCK_INITIALIZER;
static pthread_rwlock_t strict = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static pthread_rwlock_t other = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;

static void rd(pthread_rwlock_t *lock)
{
    MUST(pthread_rwlock_rdlock(lock) == 0);
}

static void wr(pthread_rwlock_t *lock)
{
    MUST(pthread_rwlock_wrlock(lock) == 0);
}

static void un(pthread_rwlock_t *lock)
{
    MUST(pthread_rwlock_unlock(lock) == 0);
}

/* A reader of the default kind passes a waiting writer: it may come again, and readers may come in any order. */
/* case: readers */
static void readers(void)
{
    rd(&one);
    rd(&one);
    rd(&two);
    un(&two);
    un(&one);
    un(&one);
    rd(&two);
    rd(&one);
    un(&one);
    un(&two);
}

/* case: readers-and-writers */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: potential$ */
static void readers_and_writers(void)
{
    rd(&one);
    wr(&two);
    un(&two);
    un(&one);
    rd(&two);
    wr(&one);
    un(&one);
    un(&two);
}

/* A reader that waits behind a writer must not come again. */
/* case: reader-again */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible recursive locking detected$ */
/* expect: ^verdict: potential$ */
static void reader_again(void)
{
    rd(&strict);
    rd(&strict);
    un(&strict);
    un(&strict);
}

/* The writer that comes again gets EDEADLK from glibc: a mistake, but nobody is stuck. */
/* case: writer-again */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: misuse$ */
/* expect: returns EDEADLK */
static void writer_again(void)
{
    wr(&one);
    MUST(pthread_rwlock_wrlock(&one) == EDEADLK);
    MUST(pthread_rwlock_rdlock(&one) == EDEADLK);
    un(&one);
}

/* case: reader-orders */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */
static void reader_orders(void)
{
    rd(&strict);
    rd(&other);
    un(&other);
    un(&strict);
    rd(&other);
    rd(&strict);
    un(&strict);
    un(&other);
}

/* The kind counts, however the lock got it. */
/* case: init-kinds */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible recursive locking detected$ */
static void init_kinds(void)
{
    static const int kinds[] = { PTHREAD_RWLOCK_PREFER_READER_NP, PTHREAD_RWLOCK_PREFER_WRITER_NP,
                                 PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP };
    pthread_rwlockattr_t attr;
    pthread_rwlock_t lock;

    MUST(pthread_rwlockattr_init(&attr) == 0);
    for (int i = 0; i < 3; i++) {
        MUST(pthread_rwlockattr_setkind_np(&attr, kinds[i]) == 0);
        MUST(pthread_rwlock_init(&lock, &attr) == 0);
        rd(&lock);
        rd(&lock);
        un(&lock);
        un(&lock);
        MUST(pthread_rwlock_destroy(&lock) == 0);
        printf("kind %d\n", kinds[i]);
    }
}

/* An own read lock stands in the way of the write lock: it would never be got, but this call gives up. */
/* case: upgrade */
/* findings: 1 */
/* expect: ^WARNING: possible recursive locking detected$ */
/* expect: ^verdict: guarded$ */
static void upgrade(void)
{
    struct timespec past = long_ago();

    rd(&one);
    MUST(pthread_rwlock_trywrlock(&one) == EBUSY);
    MUST(pthread_rwlock_timedwrlock(&one, &past) == ETIMEDOUT);
    un(&one);
    wr(&one);
    un(&one);
}

/* Readers and the writer let go in any order. */
/* case: release-order */
static void release_order(void)
{
    rd(&one);
    rd(&two);
    rd(&one);
    un(&one);
    un(&one);
    wr(&one);
    un(&two);
    un(&one);
    wr(&two);
    un(&two);
}

int main(int argc, char **argv)
{
    (void)argc;
    if (is_case(argv, "readers"))
        readers();
    else if (is_case(argv, "readers-and-writers"))
        readers_and_writers();
    else if (is_case(argv, "reader-again"))
        reader_again();
    else if (is_case(argv, "writer-again"))
        writer_again();
    else if (is_case(argv, "reader-orders"))
        reader_orders();
    else if (is_case(argv, "init-kinds"))
        init_kinds();
    else if (is_case(argv, "upgrade"))
        upgrade();
    else
        release_order();
    puts("done");
    return 0;
}
