/* SPDX-License-Identifier: MIT */
/*
 * Sixteen threads that lock, fork, cancel, send signals, load and unload a library, make and destroy locks, and end, at
 * random. The locks are taken in one order, so there is nothing to find; what must not happen is a crash, a hang, a finding
 * or a lock that does not exclude. The choices of each thread follow from the seed; their interleaving does not.
 */
/* args: --seconds 3 --seed 1 --plugin {plugin_lib} */
/* stdout: ^all counts are right$ */
#include "../preload/program.h"

#include <dlfcn.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum {
    WORKERS = 16,
    MUTEXES = 12, /* one of each kind, then the rest normal */
    RWLOCKS = 4,
    LOCKS = MUTEXES + RWLOCKS + 1, /* and a spinlock, the last in the order */
    LIFE = 4000                    /* steps of a thread, at most */
};

static pthread_mutex_t mutex[MUTEXES];
static pthread_rwlock_t rwlock[RWLOCKS];
static pthread_spinlock_t spin;
static uint64_t count[LOCKS]; /* each protected by its lock */
static atomic_uint_fast64_t expected[LOCKS];
static atomic_uint_fast64_t steps, handled;
static atomic_int stop;
static time_t end; /* constant while there are threads */
static atomic_int worker_tid[WORKERS];
static pthread_mutex_t handler_lock = PTHREAD_MUTEX_INITIALIZER, last_lock = PTHREAD_MUTEX_INITIALIZER;
/* Loading and forking exclude each other: a child must not find the loader's own lock taken, here or without us. */
static pthread_rwlock_t loader = PTHREAD_RWLOCK_INITIALIZER;
static pthread_key_t key;
static const char *plugin;
static uint64_t seed = 1;

struct worker {
    int number;
    uint64_t random;
};

static uint32_t pick(struct worker *w, uint32_t below)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return (uint32_t)(w->random >> 32) % below;
}

static struct timespec soon(void)
{
    struct timespec t;

    MUST(clock_gettime(CLOCK_REALTIME, &t) == 0);
    t.tv_nsec += 100000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

/* ---- the shared locks ---- */

static void make_locks(void)
{
    static const int types[] = { PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK,
                                 PTHREAD_MUTEX_ADAPTIVE_NP };

    for (int i = 0; i < MUTEXES; i++) {
        pthread_mutexattr_t attr;

        MUST(pthread_mutexattr_init(&attr) == 0);
        MUST(pthread_mutexattr_settype(&attr, types[i % 4]) == 0);
        if (i == 4)
            MUST(pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT) == 0);
        if (i == 5)
            MUST(pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST) == 0);
        MUST(pthread_mutex_init(&mutex[i], &attr) == 0);
        MUST(pthread_mutexattr_destroy(&attr) == 0);
    }
    for (int i = 0; i < RWLOCKS; i++) {
        pthread_rwlockattr_t attr;

        MUST(pthread_rwlockattr_init(&attr) == 0);
        MUST(pthread_rwlockattr_setkind_np(&attr, i % 3) == 0);
        MUST(pthread_rwlock_init(&rwlock[i], &attr) == 0);
    }
    MUST(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE) == 0);
}

static int lock_mutex(struct worker *w, pthread_mutex_t *m)
{
    struct timespec until = soon();

    switch (pick(w, 6)) {
    case 0:
        return pthread_mutex_trylock(m);
    case 1:
        return pthread_mutex_timedlock(m, &until);
    default:
        return pthread_mutex_lock(m);
    }
}

static int lock_rwlock(struct worker *w, pthread_rwlock_t *rw, bool write)
{
    struct timespec until = soon();

    switch (pick(w, 6)) {
    case 0:
        return write ? pthread_rwlock_trywrlock(rw) : pthread_rwlock_tryrdlock(rw);
    case 1:
        return write ? pthread_rwlock_timedwrlock(rw, &until) : pthread_rwlock_timedrdlock(rw, &until);
    default:
        return write ? pthread_rwlock_wrlock(rw) : pthread_rwlock_rdlock(rw);
    }
}

/* Take lock @i of the order; returns whether it was got, and counts when it excludes. */
static bool take(struct worker *w, int i)
{
    bool write = i < MUTEXES || i == LOCKS - 1 || pick(w, 2) == 0;
    int r = i < MUTEXES             ? lock_mutex(w, &mutex[i])
            : i < MUTEXES + RWLOCKS ? lock_rwlock(w, &rwlock[i - MUTEXES], write)
                                    : pthread_spin_lock(&spin);

    MUST(r == 0 || r == EBUSY || r == ETIMEDOUT);
    if (r == 0 && write) {
        count[i]++;
        atomic_fetch_add_explicit(&expected[i], 1, memory_order_relaxed);
    }
    return r == 0;
}

static void drop(int i)
{
    MUST((i < MUTEXES             ? pthread_mutex_unlock(&mutex[i])
          : i < MUTEXES + RWLOCKS ? pthread_rwlock_unlock(&rwlock[i - MUTEXES])
                                  : pthread_spin_unlock(&spin)) == 0);
}

/* Some locks, in the order; released in any. */
static void nest_some(struct worker *w)
{
    int held[LOCKS], n = 0;

    for (int i = (int)pick(w, LOCKS); i < LOCKS && n < 6; i += 1 + (int)pick(w, 4))
        if (take(w, i))
            held[n++] = i;
    while (n > 0) {
        int at = (int)pick(w, (uint32_t)n);

        drop(held[at]);
        held[at] = held[--n];
    }
}

/* ---- the steps ---- */

struct object {
    pthread_mutex_t lock;
    pthread_spinlock_t spin;
    pthread_rwlock_t rwlock;
};

/* A heap object whose locks live and die with it, destroyed or not. */
static void use_object(struct worker *w)
{
    struct object *o = malloc(sizeof(*o) + pick(w, 300));

    MUST(o != NULL);
    MUST(pthread_mutex_init(&o->lock, NULL) == 0);
    MUST(pthread_rwlock_init(&o->rwlock, NULL) == 0);
    MUST(pthread_spin_init(&o->spin, PTHREAD_PROCESS_PRIVATE) == 0);
    MUST(pthread_mutex_lock(&o->lock) == 0);
    MUST(pthread_rwlock_wrlock(&o->rwlock) == 0);
    MUST(pthread_spin_lock(&o->spin) == 0);
    MUST(pthread_spin_unlock(&o->spin) == 0);
    MUST(pthread_rwlock_unlock(&o->rwlock) == 0);
    MUST(pthread_mutex_unlock(&o->lock) == 0);
    if (pick(w, 2) == 0) {
        MUST(pthread_mutex_destroy(&o->lock) == 0);
        MUST(pthread_rwlock_destroy(&o->rwlock) == 0);
        MUST(pthread_spin_destroy(&o->spin) == 0);
    }
    o = realloc(o, 64 + pick(w, 4000));
    MUST(o != NULL);
    free(o);
}

static void *short_life(void *unused)
{
    pthread_mutex_t mine = PTHREAD_MUTEX_INITIALIZER;

    MUST(pthread_mutex_lock(&mine) == 0);
    MUST(pthread_mutex_unlock(&mine) == 0);
    return unused;
}

static void fork_one(struct worker *w)
{
    pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;
    bool with_handlers = pick(w, 2) == 0;
    int status;
    pid_t pid;

    MUST(pthread_rwlock_rdlock(&loader) == 0);
    pid = fork();
    if (pid == 0) {
        MUST(pthread_mutex_lock(&fresh) == 0);
        MUST(pthread_mutex_unlock(&fresh) == 0);
        run_thread(short_life, NULL);
        if (with_handlers)
            exit(7);
        _exit(7);
    }
    MUST(pid > 0);
    MUST(pthread_rwlock_unlock(&loader) == 0);
    while (waitpid(pid, &status, 0) != pid)
        MUST(errno == EINTR);
    MUST(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

/* A thread to be cancelled: in a wait, with locks held that a cleanup handler releases, or anywhere in a loop. */
struct victim {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    sem_t sem;
    int how;
    atomic_int ready;
};

static void unlock(void *m)
{
    MUST(pthread_mutex_unlock(m) == 0);
}

static void *be_cancelled(void *arg)
{
    struct victim *v = arg;
    volatile uint64_t n = 0;
    int old;

    pthread_cleanup_push(unlock, &v->lock);
    MUST(pthread_mutex_lock(&v->lock) == 0);
    atomic_store(&v->ready, 1);
    if (v->how == 0)
        for (;;)
            pthread_cond_wait(&v->cond, &v->lock);
    if (v->how == 1)
        for (;;)
            (void)sem_wait(&v->sem);
    MUST(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old) == 0);
    for (;;)
        n++;
    pthread_cleanup_pop(1);
    return NULL;
}

static void cancel_one(struct worker *w)
{
    struct victim *v = calloc(1, sizeof(*v));
    pthread_t thread;
    void *result;

    MUST(v != NULL);
    v->how = (int)pick(w, 3);
    MUST(pthread_mutex_init(&v->lock, NULL) == 0);
    MUST(pthread_cond_init(&v->cond, NULL) == 0);
    MUST(sem_init(&v->sem, 0, 0) == 0);
    MUST(pthread_create(&thread, NULL, be_cancelled, v) == 0);
    while (pick(w, 2) == 0 && !atomic_load(&v->ready))
        sched_yield();
    MUST(pthread_cancel(thread) == 0);
    MUST(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
    /* Cancelled before it had begun, the victim held nothing. */
    MUST(pthread_mutex_trylock(&v->lock) == 0 && pthread_mutex_unlock(&v->lock) == 0);
    MUST(pthread_mutex_destroy(&v->lock) == 0);
    free(v);
}

static void handle(int unused)
{
    int saved = errno;

    (void)unused;
    if (pthread_mutex_trylock(&handler_lock) == 0) {
        atomic_fetch_add_explicit(&handled, 1, memory_order_relaxed);
        (void)pthread_mutex_unlock(&handler_lock);
    }
    errno = saved;
}

static void signal_one(struct worker *w)
{
    int tid = atomic_load(&worker_tid[pick(w, WORKERS)]);

    if (tid != 0)
        (void)syscall(SYS_tgkill, getpid(), tid, SIGUSR1);
}

static void load_one(void)
{
    void (*use)(int);
    void *handle;

    MUST(pthread_rwlock_wrlock(&loader) == 0);
    handle = dlopen(plugin, RTLD_NOW);
    MUST(handle != NULL);
    *(void **)&use = dlsym(handle, "plugin_use");
    use(0);
    MUST(dlclose(handle) == 0);
    MUST(pthread_rwlock_unlock(&loader) == 0);
}

/* Stops all when the time is up. A thread's life is long where every step is slow. */
static void look_at_clock(void)
{
    struct timespec now;

    MUST(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    if (now.tv_sec >= end)
        atomic_store(&stop, 1);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    uint32_t life = 1 + pick(w, LIFE);

    atomic_store(&worker_tid[w->number], (int)syscall(SYS_gettid));
    MUST(pthread_setspecific(key, w) == 0);
    for (uint32_t i = 0; i < life && !atomic_load(&stop); i++) {
        uint32_t what = pick(w, 1000);

        if (i % 16 == 0)
            look_at_clock();
        if (what < 4)
            fork_one(w);
        else if (what < 12)
            cancel_one(w);
        else if (what < 20 && plugin != NULL)
            load_one();
        else if (what < 80)
            signal_one(w);
        else if (what < 200)
            use_object(w);
        else
            nest_some(w);
        atomic_fetch_add_explicit(&steps, 1, memory_order_relaxed);
    }
    atomic_store(&worker_tid[w->number], 0);
    if (pick(w, 2) == 0)
        pthread_exit(NULL);
    return NULL;
}

/* Thread-specific data's destructor takes a lock, twice round. */
static void last_words(void *arg)
{
    static __thread int round;

    MUST(pthread_mutex_lock(&last_lock) == 0);
    MUST(pthread_mutex_unlock(&last_lock) == 0);
    if (round++ == 0)
        MUST(pthread_setspecific(key, arg) == 0);
}

static void read_arguments(int argc, char **argv, unsigned *ret_seconds)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--seconds") == 0)
            *ret_seconds = (unsigned)strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--seed") == 0)
            seed = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--plugin") == 0)
            plugin = argv[i + 1];
    }
}

int main(int argc, char **argv)
{
    struct sigaction action = { .sa_handler = handle, .sa_flags = SA_RESTART };
    struct worker worker[WORKERS];
    pthread_t thread[WORKERS];
    unsigned seconds = 3;
    struct timespec begin;
    uint64_t threads = WORKERS;

    read_arguments(argc, argv, &seconds);
    make_locks();
    MUST(pthread_key_create(&key, last_words) == 0);
    MUST(sigaction(SIGUSR1, &action, NULL) == 0);
    MUST(clock_gettime(CLOCK_MONOTONIC, &begin) == 0);
    end = begin.tv_sec + (time_t)seconds;
    for (int i = 0; i < WORKERS; i++) {
        worker[i] = (struct worker){ i, (seed * WORKERS + (uint64_t)i + 1) * UINT64_C(0x9e3779b97f4a7c15) };
        MUST(pthread_create(&thread[i], NULL, work, &worker[i]) == 0);
    }
    for (int i = 0; !atomic_load(&stop); i = (i + 1) % WORKERS) {
        MUST(pthread_join(thread[i], NULL) == 0);
        MUST(pthread_create(&thread[i], NULL, work, &worker[i]) == 0);
        threads++;
    }
    for (int i = 0; i < WORKERS; i++)
        MUST(pthread_join(thread[i], NULL) == 0);
    for (int i = 0; i < LOCKS; i++)
        MUST(count[i] == atomic_load(&expected[i]));
    puts("all counts are right");
    if (getenv("STRESS_COUNTS") != NULL)
        fprintf(stderr, "stress[%d]: %llu steps by %llu threads, %llu signals handled\n", (int)getpid(),
                (unsigned long long)steps, (unsigned long long)threads, (unsigned long long)handled);
    return 0;
}
