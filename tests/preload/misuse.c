/* SPDX-License-Identifier: MIT */
/* Locks that are released by a thread that does not hold them, or end while they are held. */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: misuse$ */
#include "program.h"

#include <threads.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static mtx_t c11;

/* case: unlock-free */
/* expect: ^WARNING: bad unlock balance detected!$ */
static void unlock_free(void)
{
    pthread_mutex_t local = PTHREAD_MUTEX_INITIALIZER;

    MUST(pthread_mutex_lock(&local) == 0);
    MUST(pthread_mutex_unlock(&local) == 0);
    MUST(pthread_mutex_unlock(&local) == 0);
}

/* case: unlock-elsewhere */
/* expect: ^WARNING: bad unlock balance detected!$ */
/* expect: ^unlock_it/ */
static void *unlock_it(void *unused)
{
    MUST(pthread_mutex_unlock(&mutex) == 0);
    return unused;
}

static void unlock_elsewhere(void)
{
    MUST(pthread_mutex_lock(&mutex) == 0);
    run_thread(unlock_it, NULL);
}

/* case: unlock-rwlock-elsewhere */
/* expect: ^WARNING: bad unlock balance detected!$ */
static void *unlock_rwlock(void *unused)
{
    MUST(pthread_rwlock_unlock(&rwlock) == 0);
    return unused;
}

static void unlock_rwlock_elsewhere(void)
{
    MUST(pthread_rwlock_wrlock(&rwlock) == 0);
    run_thread(unlock_rwlock, NULL);
}

/* case: destroy-mutex */
/* expect: ^WARNING: held lock destroyed, freed or lost!$ */
/* case: destroy-rwlock */
/* expect: ^WARNING: held lock destroyed, freed or lost!$ */
/* case: destroy-spin */
/* expect: ^WARNING: held lock destroyed, freed or lost!$ */
/* case: destroy-mtx */
/* expect: ^WARNING: held lock destroyed, freed or lost!$ */
static void destroy_mutex(void)
{
    MUST(pthread_mutex_lock(&mutex) == 0);
    printf("%d\n", pthread_mutex_destroy(&mutex));
}

static void destroy_rwlock(void)
{
    MUST(pthread_rwlock_rdlock(&rwlock) == 0);
    printf("%d\n", pthread_rwlock_destroy(&rwlock));
}

static void destroy_spin(void)
{
    MUST(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE) == 0);
    MUST(pthread_spin_lock(&spin) == 0);
    printf("%d\n", pthread_spin_destroy(&spin));
}

static void destroy_mtx(void)
{
    MUST(mtx_init(&c11, mtx_plain) == thrd_success);
    MUST(mtx_lock(&c11) == thrd_success);
    mtx_destroy(&c11);
}

/* case: init-mutex */
/* expect: ^WARNING: held lock destroyed, freed or lost!$ */
/* case: init-rwlock */
/* expect: ^WARNING: held lock destroyed, freed or lost!$ */
/* case: init-spin */
/* expect: ^WARNING: held lock destroyed, freed or lost!$ */
/* case: init-mtx */
/* expect: ^WARNING: held lock destroyed, freed or lost!$ */
static void init_mutex(void)
{
    MUST(pthread_mutex_lock(&mutex) == 0);
    MUST(pthread_mutex_init(&mutex, NULL) == 0);
    MUST(pthread_mutex_lock(&mutex) == 0);
    MUST(pthread_mutex_unlock(&mutex) == 0);
}

static void init_rwlock(void)
{
    MUST(pthread_rwlock_wrlock(&rwlock) == 0);
    MUST(pthread_rwlock_init(&rwlock, NULL) == 0);
    MUST(pthread_rwlock_wrlock(&rwlock) == 0);
    MUST(pthread_rwlock_unlock(&rwlock) == 0);
}

static void init_spin(void)
{
    MUST(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE) == 0);
    MUST(pthread_spin_lock(&spin) == 0);
    MUST(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE) == 0);
    MUST(pthread_spin_lock(&spin) == 0);
    MUST(pthread_spin_unlock(&spin) == 0);
}

static void init_mtx(void)
{
    MUST(mtx_init(&c11, mtx_plain) == thrd_success);
    MUST(mtx_lock(&c11) == thrd_success);
    MUST(mtx_init(&c11, mtx_plain) == thrd_success);
    MUST(mtx_lock(&c11) == thrd_success);
    MUST(mtx_unlock(&c11) == thrd_success);
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    { "unlock-free", unlock_free },
    { "unlock-elsewhere", unlock_elsewhere },
    { "unlock-rwlock-elsewhere", unlock_rwlock_elsewhere },
    { "destroy-mutex", destroy_mutex },
    { "destroy-rwlock", destroy_rwlock },
    { "destroy-spin", destroy_spin },
    { "destroy-mtx", destroy_mtx },
    { "init-mutex", init_mutex },
    { "init-rwlock", init_rwlock },
    { "init-spin", init_spin },
    { "init-mtx", init_mtx },
};

int main(int argc, char **argv)
{
    (void)argc;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (is_case(argv, cases[i].name))
            cases[i].run();
    puts("done");
    return 0;
}
