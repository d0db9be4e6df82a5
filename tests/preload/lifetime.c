/* SPDX-License-Identifier: MIT */
/* Locks that are held while their memory is freed, or while they are destroyed or made anew. Cases whose name begins with ok-
 * must be silent. */
#include "holder.h"

#include <sys/mman.h>
#include <sys/wait.h>

/* case: free-own */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: held lock destroyed, freed or lost!$ */
/* expect: ^verdict: misuse$ */
/* expect: ^is freed while it is held$ */
static void free_own(void)
{
    pthread_mutex_t *mutex = new_mutex();

    MUST(pthread_mutex_lock(mutex) == 0);
    free(mutex);
    make_no_finding();
}

/* case: free-own-written */
/* status: 66 */
/* findings: 1 */
/* expect: ^is freed while it is held$ */
static void free_own_written(void)
{
    pthread_rwlock_t *rwlock = malloc(sizeof(*rwlock));

    MUST(rwlock != NULL && pthread_rwlock_init(rwlock, NULL) == 0 && pthread_rwlock_wrlock(rwlock) == 0);
    free(rwlock);
}

/* case: free-own-spin */
/* status: 66 */
/* findings: 1 */
/* expect: ^is freed while it is held$ */
static void free_own_spin(void)
{
    void *spin = malloc(16);

    MUST(spin != NULL && pthread_spin_init(spin, 0) == 0 && pthread_spin_lock(spin) == 0);
    free(spin);
}

/* case: free-own-map */
/* status: 66 */
/* findings: 1 */
/* expect: ^is freed while it is held$ */
static void free_own_map(void)
{
    struct lockval_map *map = malloc(sizeof(*map));

    MUST(map != NULL);
    lockval_init_map(map, "gate", NULL);
    lockval_acquire_map(map, LOCKVAL_WRITE, 0, 0, NULL);
    lockval_acquired_map(map);
    free(map);
}

/* Robust mutexes, and one that could be shared between processes were it not on the heap. */
static pthread_mutex_t *new_mutex_of(int robust, int shared)
{
    pthread_mutex_t *mutex = malloc(sizeof(*mutex));
    pthread_mutexattr_t attr;

    MUST(pthread_mutexattr_init(&attr) == 0 && pthread_mutexattr_setrobust(&attr, robust) == 0 &&
         pthread_mutexattr_setpshared(&attr, shared) == 0);
    MUST(mutex != NULL && pthread_mutex_init(mutex, &attr) == 0);
    return mutex;
}

/* case: free-own-robust */
/* status: 66 */
/* findings: 1 */
/* expect: ^is freed while it is held$ */
static void free_own_robust(void)
{
    pthread_mutex_t *mutex = new_mutex_of(PTHREAD_MUTEX_ROBUST, PTHREAD_PROCESS_PRIVATE);

    MUST(pthread_mutex_lock(mutex) == 0);
    free(mutex);
}

/* case: free-own-shared */
/* status: 66 */
/* findings: 1 */
/* expect: ^is freed while it is held$ */
static void free_own_shared(void)
{
    pthread_mutex_t *mutex = new_mutex_of(PTHREAD_MUTEX_STALLED, PTHREAD_PROCESS_SHARED);

    MUST(pthread_mutex_lock(mutex) == 0);
    free(mutex);
}

/* case: free-other-robust */
/* status: 66 */
/* findings: 1 */
/* expect: ^is freed while another thread holds it\n\nwhich is held by [^ ]+/[0-9]+, taken at:\n  hold\+ */
static void free_other_robust(void)
{
    static struct holder h;

    h.mutex = new_mutex_of(PTHREAD_MUTEX_ROBUST, PTHREAD_PROCESS_PRIVATE);
    begin_hold(&h);
    free(h.mutex);
}

/* case: destroy-other-robust */
/* status: 66 */
/* findings: 1 */
/* expect: ^is destroyed while another thread holds it$ */
static void destroy_other_robust(void)
{
    static struct holder h;

    h.mutex = new_mutex_of(PTHREAD_MUTEX_ROBUST, PTHREAD_PROCESS_PRIVATE);
    begin_hold(&h);
    (void)pthread_mutex_destroy(h.mutex);
}

/* case: free-other */
/* status: 66 */
/* findings: 1 */
/* expect: ^is freed while another thread holds it\n\nwhich is held by [^ ]+/[0-9]+, taken at:\n  hold\+ */
/* expect: ^stack backtrace:\n free_other\+ */
static void free_other(void)
{
    static struct holder h;

    h.mutex = new_mutex();
    begin_hold(&h);
    free(h.mutex);
    make_no_finding();
}

/* case: free-other-read */
/* status: 66 */
/* findings: 1 */
/* expect: ^is freed while another thread holds it$ */
static void free_other_read(void)
{
    static struct holder h;

    h.rwlock = malloc(sizeof(*h.rwlock));
    MUST(h.rwlock != NULL && pthread_rwlock_init(h.rwlock, NULL) == 0);
    begin_hold(&h);
    free(h.rwlock);
}

/* case: free-other-spin */
/* status: 66 */
/* findings: 1 */
/* expect: ^is freed while another thread holds it$ */
static void free_other_spin(void)
{
    static struct holder h;

    h.spin = malloc(16);
    MUST(h.spin != NULL && pthread_spin_init(h.spin, 0) == 0);
    begin_hold(&h);
    free((void *)h.spin);
}

/* case: free-other-map */
/* status: 66 */
/* findings: 1 */
/* expect: ^is freed while another thread holds it$ */
static void free_other_map(void)
{
    static struct holder h;

    h.map = malloc(sizeof(*h.map));
    MUST(h.map != NULL);
    lockval_init_map(h.map, "gate", NULL);
    begin_hold(&h);
    free(h.map);
}

/* The lock is many pages into the block. */
/* case: free-other-large */
/* status: 66 */
/* findings: 1 */
/* expect: ^is freed while another thread holds it$ */
/* case: free-other-huge */
/* status: 66 */
/* findings: 1 */
/* expect: ^is freed while another thread holds it$ */
/* case: free-own-large */
/* status: 66 */
/* findings: 1 */
/* expect: ^is freed while it is held$ */
static void free_large(int own, size_t size)
{
    static struct holder h;
    char *block = malloc(size);

    MUST(block != NULL);
    h.mutex = (pthread_mutex_t *)(void *)(block + size / 2 / 64 * 64);
    MUST(pthread_mutex_init(h.mutex, NULL) == 0);
    if (own)
        MUST(pthread_mutex_lock(h.mutex) == 0);
    else
        begin_hold(&h);
    free(block);
}

static void free_other_large(void)
{
    free_large(0, 20000);
}

static void free_other_huge(void)
{
    free_large(0, 10 << 20);
}

static void free_own_large(void)
{
    free_large(1, 20000);
}

/* What was given up is no longer in the block, whoever gave it up. */
/* case: ok-free */
static void *unlock_it(void *mutex)
{
    MUST(pthread_mutex_trylock(mutex) == EBUSY && pthread_mutex_unlock(mutex) == 0);
    return NULL;
}

static void ok_free(void)
{
    pthread_mutex_t *mutex = new_mutex();
    pthread_rwlock_t *rwlock = malloc(sizeof(*rwlock));
    void *spin = malloc(16);

    MUST(pthread_mutex_lock(mutex) == 0 && pthread_mutex_unlock(mutex) == 0);
    free(mutex);
    MUST(rwlock != NULL && pthread_rwlock_init(rwlock, NULL) == 0 && pthread_rwlock_rdlock(rwlock) == 0 &&
         pthread_rwlock_unlock(rwlock) == 0);
    free(rwlock);
    MUST(spin != NULL && pthread_spin_init(spin, 0) == 0 && pthread_spin_lock(spin) == 0 &&
         pthread_spin_unlock(spin) == 0);
    free(spin);
    free(NULL);
}

/* A lock that another thread released, which is told as such, is not told again when its memory goes. */
/* case: free-after-handoff */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: bad unlock balance detected!$ */
static void free_after_handoff(void)
{
    pthread_mutex_t *mutex = new_mutex();

    MUST(pthread_mutex_lock(mutex) == 0);
    run_thread(unlock_it, mutex);
    free(mutex);
}

/* The last of two users frees the object, right after it released the lock in it. */
/* case: ok-last-user */
struct counted {
    pthread_mutex_t mutex;
    int users;
    char rest[40];
};

static pthread_barrier_t two;
static struct counted *shared;

static void *use_objects(void *unused)
{
    for (int i = 0; i < 3000; i++) {
        int left;

        if (pthread_barrier_wait(&two) == PTHREAD_BARRIER_SERIAL_THREAD) {
            shared = malloc(sizeof(*shared));
            MUST(shared != NULL && pthread_mutex_init(&shared->mutex, NULL) == 0);
            shared->users = 2;
        }
        pthread_barrier_wait(&two);
        MUST(pthread_mutex_lock(&shared->mutex) == 0);
        left = --shared->users;
        MUST(pthread_mutex_unlock(&shared->mutex) == 0);
        if (left == 0) {
            if (i % 2 != 0)
                MUST(pthread_mutex_destroy(&shared->mutex) == 0);
            free(shared);
        }
    }
    return unused;
}

static void ok_last_user(void)
{
    pthread_t thread[2];

    MUST(pthread_barrier_init(&two, NULL, 2) == 0);
    for (int i = 0; i < 2; i++)
        MUST(pthread_create(&thread[i], NULL, use_objects, NULL) == 0);
    for (int i = 0; i < 2; i++)
        MUST(pthread_join(thread[i], NULL) == 0);
}

/* case: destroy-other */
/* status: 66 */
/* findings: 1 */
/* expect: ^is destroyed while another thread holds it\n\nwhich is held by hold/[0-9]+, taken at:\n  hold\+ */
/* expect: ^stack backtrace:\n destroy_other\+ */
static void destroy_other(void)
{
    static struct holder h;

    h.mutex = new_mutex();
    begin_hold(&h);
    printf("%d\n", pthread_mutex_destroy(h.mutex));
}

/* case: init-other */
/* status: 66 */
/* findings: 1 */
/* expect: ^is initialised anew while another thread holds it\n\nwhich is held by hold/[0-9]+, taken at:\n  hold\+ */
/* expect: ^stack backtrace:\n init_other\+ */
static void init_other(void)
{
    static struct holder h;

    h.mutex = new_mutex();
    begin_hold(&h);
    MUST(pthread_mutex_init(h.mutex, NULL) == 0);
}

/* case: destroy-other-read */
/* status: 66 */
/* findings: 1 */
/* expect: ^is destroyed while another thread holds it$ */
static void destroy_other_read(void)
{
    static struct holder h;
    static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;

    h.rwlock = &rwlock;
    begin_hold(&h);
    MUST(pthread_rwlock_destroy(&rwlock) == 0);
}

/* case: init-other-spin */
/* status: 66 */
/* findings: 1 */
/* expect: ^is initialised anew while another thread holds it$ */
static void init_other_spin(void)
{
    static struct holder h;
    static pthread_spinlock_t spin;

    MUST(pthread_spin_init(&spin, 0) == 0);
    h.spin = &spin;
    begin_hold(&h);
    MUST(pthread_spin_init(&spin, 0) == 0);
}

/* case: ok-forked */
/* The child frees and destroys what threads that it does not have hold, and what its own thread held before. */
static void ok_forked(void)
{
    static struct holder h;
    pthread_mutex_t *mine = new_mutex(), *destroyed = new_mutex(), *renewed = new_mutex();
    pid_t pid;
    int status;

    h.mutex = new_mutex();
    begin_hold(&h);
    MUST(pthread_mutex_lock(mine) == 0 && pthread_mutex_lock(renewed) == 0 && pthread_mutex_lock(destroyed) == 0 &&
         pthread_mutex_unlock(destroyed) == 0);
    pid = fork();
    if (pid == 0) {
        MUST(pthread_mutex_init(renewed, NULL) == 0 && pthread_mutex_lock(renewed) == 0);
        free(mine);
        free(h.mutex);
        _exit(pthread_mutex_destroy(destroyed));
    }
    MUST(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
    MUST(pthread_mutex_unlock(renewed) == 0 && pthread_mutex_unlock(mine) == 0);
    free(mine);
}

/* case: ok-exit-handler */
/* What handlers of exit() clean up, nobody uses again. */
static pthread_mutex_t *at_exit_own;
static struct holder at_exit_other;

static void clean_up(void)
{
    free(at_exit_own);
    free(at_exit_other.mutex);
}

static void ok_exit_handler(void)
{
    at_exit_own = new_mutex();
    at_exit_other.mutex = new_mutex();
    begin_hold(&at_exit_other);
    MUST(pthread_mutex_lock(at_exit_own) == 0);
    MUST(atexit(clean_up) == 0);
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    { "free-own", free_own },
    { "free-own-written", free_own_written },
    { "free-own-spin", free_own_spin },
    { "free-own-map", free_own_map },
    { "free-own-large", free_own_large },
    { "free-own-robust", free_own_robust },
    { "free-own-shared", free_own_shared },
    { "free-other-robust", free_other_robust },
    { "destroy-other-robust", destroy_other_robust },
    { "free-other", free_other },
    { "free-other-read", free_other_read },
    { "free-other-spin", free_other_spin },
    { "free-other-map", free_other_map },
    { "free-other-large", free_other_large },
    { "free-other-huge", free_other_huge },
    { "free-after-handoff", free_after_handoff },
    { "ok-free", ok_free },
    { "ok-last-user", ok_last_user },
    { "destroy-other", destroy_other },
    { "destroy-other-read", destroy_other_read },
    { "init-other", init_other },
    { "init-other-spin", init_other_spin },
    { "ok-forked", ok_forked },
    { "ok-exit-handler", ok_exit_handler },
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
