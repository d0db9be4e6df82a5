/* SPDX-License-Identifier: MIT */
/*
 * A program that was linked long ago: it calls functions by the names that the first pthread libraries gave them, and
 * condition variables of the layout from before 2003, where a pthread_cond_t holds a pointer and nothing else.
 */
#include "program.h"

#include <dlfcn.h>

/* A call of @as goes to @name. */
#define OLD(as, name) __asm__(".symver " #as ", " #name "@GLIBC_2.2.5")

int old_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr);
int old_mutex_destroy(pthread_mutex_t *mutex);
int old_mutex_lock(pthread_mutex_t *mutex);
int old_mutex_trylock(pthread_mutex_t *mutex);
int old_mutex_unlock(pthread_mutex_t *mutex);
int old_rwlock_init(pthread_rwlock_t *rwlock, const pthread_rwlockattr_t *attr);
int old_rwlock_destroy(pthread_rwlock_t *rwlock);
int old_rwlock_rdlock(pthread_rwlock_t *rwlock);
int old_rwlock_tryrdlock(pthread_rwlock_t *rwlock);
int old_rwlock_wrlock(pthread_rwlock_t *rwlock);
int old_rwlock_trywrlock(pthread_rwlock_t *rwlock);
int old_rwlock_unlock(pthread_rwlock_t *rwlock);
int old_once(pthread_once_t *once, void (*routine)(void));
void old_flockfile(FILE *file);
int old_ftrylockfile(FILE *file);
void old_funlockfile(FILE *file);
int old_fclose(FILE *file);
void old_cfree(void *block);

OLD(old_mutex_init, __pthread_mutex_init);
OLD(old_mutex_destroy, __pthread_mutex_destroy);
OLD(old_mutex_lock, __pthread_mutex_lock);
OLD(old_mutex_trylock, __pthread_mutex_trylock);
OLD(old_mutex_unlock, __pthread_mutex_unlock);
OLD(old_rwlock_init, __pthread_rwlock_init);
OLD(old_rwlock_destroy, __pthread_rwlock_destroy);
OLD(old_rwlock_rdlock, __pthread_rwlock_rdlock);
OLD(old_rwlock_tryrdlock, __pthread_rwlock_tryrdlock);
OLD(old_rwlock_wrlock, __pthread_rwlock_wrlock);
OLD(old_rwlock_trywrlock, __pthread_rwlock_trywrlock);
OLD(old_rwlock_unlock, __pthread_rwlock_unlock);
OLD(old_once, __pthread_once);
OLD(old_flockfile, _IO_flockfile);
OLD(old_ftrylockfile, _IO_ftrylockfile);
OLD(old_funlockfile, _IO_funlockfile);
OLD(old_fclose, _IO_fclose);
OLD(old_cfree, cfree);

struct old_cond {
    void *real;
};

int old_cond_init(struct old_cond *cond, const pthread_condattr_t *attr);
int old_cond_destroy(struct old_cond *cond);
int old_cond_signal(struct old_cond *cond);
int old_cond_broadcast(struct old_cond *cond);
int old_cond_wait(struct old_cond *cond, pthread_mutex_t *mutex);
int old_cond_timedwait(struct old_cond *cond, pthread_mutex_t *mutex, const struct timespec *until);

OLD(old_cond_init, pthread_cond_init);
OLD(old_cond_destroy, pthread_cond_destroy);
OLD(old_cond_signal, pthread_cond_signal);
OLD(old_cond_broadcast, pthread_cond_broadcast);
OLD(old_cond_wait, pthread_cond_wait);
OLD(old_cond_timedwait, pthread_cond_timedwait);

static pthread_mutex_t a, b = PTHREAD_MUTEX_INITIALIZER;

static void under_b(int (*lock)(pthread_mutex_t *))
{
    MUST(pthread_mutex_lock(&b) == 0);
    MUST(lock(&a) == 0);
    MUST(old_mutex_unlock(&a) == 0 && pthread_mutex_unlock(&b) == 0);
}

/* The hooks are reached: b is taken under what was taken by an old name, and the other way round. Were the release not
 * seen, there would be more findings. */
/* case: mutex */
/* status: 66 */
/* findings: 1 */
/* expect: mutex@mutex_names */
static void mutex_names(void)
{
    MUST(old_mutex_init(&a, NULL) == 0);
    MUST(old_mutex_trylock(&a) == 0);
    MUST(pthread_mutex_lock(&b) == 0 && pthread_mutex_unlock(&b) == 0);
    MUST(old_mutex_unlock(&a) == 0);
    under_b(old_mutex_lock);
    MUST(old_mutex_destroy(&a) == 0);
}

/* case: rwlock */
/* status: 66 */
/* findings: 4 */
/* reject: ^WARNING: (?!possible circular) */
#define RWLOCK(lock)                                                          \
    do {                                                                      \
        static pthread_mutex_t b_ = PTHREAD_MUTEX_INITIALIZER;                \
        static pthread_rwlock_t r_;                                           \
                                                                              \
        MUST(old_rwlock_init(&r_, NULL) == 0);                                \
        MUST(lock(&r_) == 0);                                                 \
        MUST(pthread_mutex_lock(&b_) == 0 && pthread_mutex_unlock(&b_) == 0); \
        MUST(old_rwlock_unlock(&r_) == 0);                                    \
        MUST(pthread_mutex_lock(&b_) == 0 && old_rwlock_wrlock(&r_) == 0);    \
        MUST(old_rwlock_unlock(&r_) == 0 && pthread_mutex_unlock(&b_) == 0);  \
        MUST(old_rwlock_destroy(&r_) == 0);                                   \
    } while (0)

static void rwlock_names(void)
{
    RWLOCK(old_rwlock_rdlock);
    RWLOCK(old_rwlock_tryrdlock);
    RWLOCK(old_rwlock_wrlock);
    RWLOCK(old_rwlock_trywrlock);
}

/* Locks that end, or begin anew, while they are held. */
/* case: ends */
/* status: 66 */
/* findings: 5 */
/* reject: ^WARNING: (?!held lock destroyed) */
/* expect: \A(?:[\s\S]*?^is destroyed while it is held$){2} */
/* expect: \A(?:[\s\S]*?^is initialised anew while it is held$){2} */
/* expect: ^is freed while it is held$ */
static void ends(void)
{
    static pthread_mutex_t mutex[2];
    static pthread_rwlock_t rwlock[2];
    pthread_mutex_t *freed = malloc(sizeof(*freed));

    MUST(pthread_mutex_init(&mutex[0], NULL) == 0 && pthread_mutex_lock(&mutex[0]) == 0);
    (void)old_mutex_destroy(&mutex[0]);
    MUST(pthread_mutex_init(&mutex[1], NULL) == 0 && pthread_mutex_lock(&mutex[1]) == 0);
    MUST(old_mutex_init(&mutex[1], NULL) == 0);
    MUST(pthread_rwlock_init(&rwlock[0], NULL) == 0 && pthread_rwlock_wrlock(&rwlock[0]) == 0);
    (void)old_rwlock_destroy(&rwlock[0]);
    MUST(pthread_rwlock_init(&rwlock[1], NULL) == 0 && pthread_rwlock_wrlock(&rwlock[1]) == 0);
    MUST(old_rwlock_init(&rwlock[1], NULL) == 0);
    MUST(freed != NULL && pthread_mutex_init(freed, NULL) == 0 && pthread_mutex_lock(freed) == 0);
    old_cfree(freed);
}

/* case: once */
/* status: 66 */
/* findings: 1 */
static void under_routine(void)
{
    MUST(pthread_mutex_lock(&b) == 0 && pthread_mutex_unlock(&b) == 0);
}

static void empty(void)
{
}

static __attribute__((noinline)) void ensure(pthread_once_t *once, void (*routine)(void))
{
    MUST(old_once(once, routine) == 0);
}

static void once_name(void)
{
    pthread_once_t *once = calloc(2, sizeof(*once));

    ensure(&once[0], under_routine);
    MUST(pthread_mutex_lock(&b) == 0);
    ensure(&once[1], empty);
    MUST(pthread_mutex_unlock(&b) == 0);
    free(once);
}

/* case: file */
/* status: 66 */
/* findings: 1 */
/* expect: \(stdin\) */
static void file_names(void)
{
    FILE *file = tmpfile();

    MUST(old_ftrylockfile(stdin) == 0);
    MUST(pthread_mutex_lock(&b) == 0 && pthread_mutex_unlock(&b) == 0);
    old_funlockfile(stdin);
    MUST(pthread_mutex_lock(&b) == 0);
    old_flockfile(stdin);
    old_funlockfile(stdin);
    MUST(pthread_mutex_unlock(&b) == 0);
    old_flockfile(file);
    MUST(old_fclose(file) == 0);
    MUST(pthread_mutex_lock(&b) == 0 && pthread_mutex_unlock(&b) == 0);
}

/* What lies behind an old condition variable is the program's: it stays as it was. */
static struct {
    struct old_cond cond;
    unsigned char behind[64];
} old;
static int go;

static void fill(void)
{
    memset(&old, 0, sizeof(old));
    memset(old.behind, 0x5a, sizeof(old.behind));
    MUST(old_cond_init(&old.cond, NULL) == 0);
}

static void look(void)
{
    for (size_t i = 0; i < sizeof(old.behind); i++)
        MUST(old.behind[i] == 0x5a);
}

static void *let_go(void *mutex)
{
    MUST(pthread_mutex_lock(mutex) == 0);
    go = 1;
    look();
    MUST(old_cond_signal(&old.cond) == 0 && old_cond_broadcast(&old.cond) == 0);
    MUST(pthread_mutex_unlock(mutex) == 0);
    return NULL;
}

static void wait_old(pthread_mutex_t *mutex)
{
    pthread_t thread;

    go = 0;
    MUST(pthread_create(&thread, NULL, let_go, mutex) == 0);
    while (!go)
        MUST(old_cond_wait(&old.cond, mutex) == 0);
    look();
    MUST(pthread_mutex_unlock(mutex) == 0);
    MUST(pthread_join(thread, NULL) == 0);
    MUST(pthread_mutex_lock(mutex) == 0);
}

/* case: cond */
static void cond(void)
{
    struct timespec past = long_ago();

    fill();
    MUST(pthread_mutex_lock(&b) == 0);
    for (int i = 0; i < 20; i++) {
        wait_old(&b);
        MUST(old_cond_timedwait(&old.cond, &b, &past) == ETIMEDOUT);
        look();
    }
    MUST(pthread_mutex_unlock(&b) == 0);
    MUST(old_cond_broadcast(&old.cond) == 0);
    MUST(old_cond_destroy(&old.cond) == 0);
    look();
}

/* The wait takes the mutex again, under what else is held. */
/* case: cond-order */
/* options: events=annotated */
/* status: 66 */
/* findings: 2 */
/* reject: ^WARNING: (?!possible circular) */
static void cond_order(void)
{
    static pthread_mutex_t c = PTHREAD_MUTEX_INITIALIZER, d = PTHREAD_MUTEX_INITIALIZER;
    struct timespec past = long_ago();

    fill();
    MUST(pthread_mutex_lock(&c) == 0 && pthread_mutex_lock(&d) == 0);
    MUST(old_cond_timedwait(&old.cond, &c, &past) == ETIMEDOUT);
    MUST(pthread_mutex_unlock(&d) == 0 && pthread_mutex_unlock(&c) == 0);
    MUST(pthread_mutex_init(&a, NULL) == 0);
    MUST(pthread_mutex_lock(&a) == 0 && pthread_mutex_lock(&b) == 0);
    wait_old(&a);
    MUST(pthread_mutex_unlock(&b) == 0 && pthread_mutex_unlock(&a) == 0);
    look();
}

/* Functions that are asked for by name and version work on the layout of that version, and are watched; without a
 * version it is today's. */
/* case: lookup */
/* status: 66 */
/* findings: 2 */
/* reject: ^WARNING: (?!possible circular) */
typedef int timedwait(void *cond, pthread_mutex_t *mutex, const struct timespec *until);

static void try_timedwait(timedwait *wait, void *on, pthread_mutex_t *outer, pthread_mutex_t *inner)
{
    struct timespec past = long_ago();

    MUST(wait != NULL);
    MUST(pthread_mutex_lock(outer) == 0 && pthread_mutex_lock(inner) == 0);
    MUST(wait(on, outer, &past) == ETIMEDOUT);
    MUST(pthread_mutex_unlock(inner) == 0 && pthread_mutex_unlock(outer) == 0);
    look();
}

static void lookup(void)
{
    static pthread_mutex_t c[4] = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
                                    PTHREAD_MUTEX_INITIALIZER };
    pthread_cond_t today = PTHREAD_COND_INITIALIZER;

    fill();
    try_timedwait((timedwait *)dlvsym(RTLD_DEFAULT, "pthread_cond_timedwait", "GLIBC_2.2.5"), &old.cond, &c[0], &c[1]);
    try_timedwait((timedwait *)dlsym(RTLD_DEFAULT, "pthread_cond_timedwait"), &today, &c[2], &c[3]);
    try_timedwait((timedwait *)dlvsym(RTLD_DEFAULT, "pthread_cond_timedwait", "GLIBC_2.3.2"), &today, &c[2], &c[3]);
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    { "mutex", mutex_names }, { "rwlock", rwlock_names }, { "ends", ends },     { "once", once_name },
    { "file", file_names },   { "cond", cond },           { "lookup", lookup }, { "cond-order", cond_order },
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
