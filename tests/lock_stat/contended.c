/* SPDX-License-Identifier: MIT */
/*
 * Locks that are waited for and held so often that the numbers are known: who holds one lets go when the other one sleeps.
 * run.py has the numbers, by the names of the locks and of the functions that take them, which are therefore not inlined.
 */

#include "../preload/program.h"

#include <dlfcn.h>
#include <lockval.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define CALL __attribute__((noinline)) static

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t other = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static struct lockval_map map = LOCKVAL_MAP_INIT("map", NULL);
static sem_t sem;
static int waiter; /* the number of the thread that is about to wait; 0: none */
static int done;

/* The thread that said so sleeps on a futex in the object at @on. */
static void until_it_sleeps(const void *on, size_t size)
{
    char path[64];
    int tid;

    while ((tid = __atomic_load_n(&waiter, __ATOMIC_ACQUIRE)) == 0)
        usleep(100);
    (void)snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
    for (;;) {
        FILE *file = fopen(path, "r");
        unsigned long at = 0;
        long number = -1;

        MUST(file != NULL);
        if (fscanf(file, "%ld %lx", &number, &at) == 2 && number == SYS_futex && at - (unsigned long)on < size)
            number = 0;
        (void)fclose(file);
        if (number == 0)
            break;
        usleep(100);
    }
    __atomic_store_n(&waiter, 0, __ATOMIC_RELEASE);
}

static void about_to_wait(void)
{
    __atomic_store_n(&waiter, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
}

CALL void *take_mutex(void *arg)
{
    about_to_wait();
    MUST(pthread_mutex_lock(&m) == 0);
    MUST(pthread_mutex_unlock(&m) == 0);
    return arg;
}

CALL void take_and_hold(pthread_t *thread, void *(*start)(void *))
{
    MUST(pthread_mutex_lock(&m) == 0);
    MUST(pthread_create(thread, NULL, start, NULL) == 0);
    until_it_sleeps(&m, sizeof(m));
    MUST(pthread_mutex_unlock(&m) == 0);
}

CALL void hold_elsewhere(pthread_t *thread, void *(*start)(void *))
{
    MUST(pthread_mutex_lock(&m) == 0);
    MUST(pthread_create(thread, NULL, start, NULL) == 0);
    until_it_sleeps(&m, sizeof(m));
    MUST(pthread_mutex_unlock(&m) == 0);
}

static void mutex(void)
{
    pthread_t thread;

    for (int i = 0; i < 3; i++) {
        take_and_hold(&thread, take_mutex);
        MUST(pthread_join(thread, NULL) == 0);
    }
    hold_elsewhere(&thread, take_mutex);
    MUST(pthread_join(thread, NULL) == 0);
}

CALL void *take_for_reading(void *arg)
{
    about_to_wait();
    MUST(pthread_rwlock_rdlock(&rw) == 0);
    MUST(pthread_rwlock_unlock(&rw) == 0);
    return arg;
}

CALL void *take_for_writing(void *arg)
{
    about_to_wait();
    MUST(pthread_rwlock_wrlock(&rw) == 0);
    MUST(pthread_rwlock_unlock(&rw) == 0);
    return arg;
}

CALL void hold_for_reading(void)
{
    pthread_t thread;

    MUST(pthread_rwlock_rdlock(&rw) == 0);
    MUST(pthread_create(&thread, NULL, take_for_writing, NULL) == 0);
    until_it_sleeps(&rw, sizeof(rw));
    MUST(pthread_rwlock_unlock(&rw) == 0);
    MUST(pthread_join(thread, NULL) == 0);
}

CALL void hold_for_writing(void)
{
    pthread_t thread;

    MUST(pthread_rwlock_wrlock(&rw) == 0);
    MUST(pthread_create(&thread, NULL, take_for_reading, NULL) == 0);
    until_it_sleeps(&rw, sizeof(rw));
    MUST(pthread_rwlock_unlock(&rw) == 0);
    MUST(pthread_join(thread, NULL) == 0);
}

static void rwlock(void)
{
    hold_for_reading();
    hold_for_writing();
    hold_for_writing();
}

CALL void *take_spinlock(void *arg)
{
    about_to_wait();
    MUST(pthread_spin_lock(&spin) == 0);
    MUST(pthread_spin_unlock(&spin) == 0);
    return arg;
}

/* Who spins uses up processor time, more than it takes to get there. */
static void spinlock(void)
{
    struct timespec used = { 0, 0 };
    clockid_t clock;
    pthread_t thread;

    MUST(pthread_spin_init(&spin, 0) == 0 && pthread_spin_lock(&spin) == 0);
    MUST(pthread_create(&thread, NULL, take_spinlock, NULL) == 0);
    while (__atomic_load_n(&waiter, __ATOMIC_ACQUIRE) == 0)
        usleep(100);
    MUST(pthread_getcpuclockid(thread, &clock) == 0);
    while (used.tv_sec == 0 && used.tv_nsec < 30000000) {
        usleep(100);
        MUST(clock_gettime(clock, &used) == 0);
    }
    MUST(pthread_spin_trylock(&spin) == EBUSY);
    MUST(pthread_spin_unlock(&spin) == 0 && pthread_join(thread, NULL) == 0);
}

CALL void *wait_for_it(void *arg)
{
    MUST(pthread_mutex_lock(&m) == 0);
    about_to_wait();
    while (!done)
        MUST(pthread_cond_wait(&cond, &m) == 0);
    MUST(pthread_mutex_unlock(&m) == 0);
    return arg;
}

/* It sleeps, and the mutex is free. */
CALL void condition(void)
{
    pthread_t thread;

    MUST(pthread_create(&thread, NULL, wait_for_it, NULL) == 0);
    until_it_sleeps(&cond, sizeof(cond));
    MUST(pthread_mutex_lock(&m) == 0);
    done = 1;
    MUST(pthread_mutex_unlock(&m) == 0);
    MUST(pthread_cond_signal(&cond) == 0 && pthread_join(thread, NULL) == 0);
}

CALL void *do_not_get(void *arg)
{
    struct timespec past = long_ago();

    MUST(pthread_mutex_timedlock(&m, &past) == ETIMEDOUT);
    MUST(pthread_mutex_timedlock(&m, &past) == ETIMEDOUT);
    MUST(pthread_mutex_trylock(&m) == EBUSY);
    MUST(pthread_rwlock_trywrlock(&rw) == EBUSY);
    MUST(pthread_rwlock_tryrdlock(&rw) == 0 && pthread_rwlock_unlock(&rw) == 0);
    return arg;
}

static void failing(void)
{
    struct timespec far = far_away(CLOCK_REALTIME);

    MUST(pthread_mutex_timedlock(&m, &far) == 0 && pthread_rwlock_rdlock(&rw) == 0);
    run_thread(do_not_get, NULL);
    MUST(pthread_mutex_unlock(&m) == 0 && pthread_rwlock_unlock(&rw) == 0);
}

/* Held once however often it is taken, and by who lets go in another order. */
static void orders(void)
{
    static pthread_mutex_t again = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

    for (int i = 0; i < 5; i++)
        MUST(pthread_mutex_lock(&again) == 0);
    for (int i = 0; i < 5; i++)
        MUST(pthread_mutex_unlock(&again) == 0);
    MUST(pthread_mutex_lock(&m) == 0 && pthread_mutex_lock(&other) == 0);
    MUST(pthread_mutex_unlock(&m) == 0 && pthread_mutex_unlock(&other) == 0);
}

/* Chains that are known. The last one goes on one that nobody walked: what is left of another after a release. */
static void nested(void)
{
    for (int i = 0; i < 3; i++)
        nest(&m, &other);
    MUST(pthread_mutex_lock(&m) == 0 && pthread_rwlock_rdlock(&rw) == 0 && pthread_mutex_trylock(&other) == 0);
    MUST(pthread_mutex_unlock(&other) == 0 && pthread_rwlock_unlock(&rw) == 0 && pthread_mutex_unlock(&m) == 0);
    MUST(pthread_mutex_lock(&m) == 0 && pthread_mutex_lock(&other) == 0 && pthread_mutex_unlock(&m) == 0);
    MUST(pthread_rwlock_wrlock(&rw) == 0);
    MUST(pthread_rwlock_unlock(&rw) == 0 && pthread_mutex_unlock(&other) == 0);
}

/* A thread ends with a robust mutex; the next one is told, and holds it from then on. */
static void *end_holding(void *robust)
{
    MUST(pthread_mutex_lock(robust) == 0);
    return NULL;
}

static void holding(void)
{
    static pthread_mutex_t robust;
    pthread_mutexattr_t attr;

    MUST(pthread_mutexattr_init(&attr) == 0 && pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST) == 0);
    MUST(pthread_mutex_init(&robust, &attr) == 0);
    run_thread(end_holding, &robust);
    MUST(pthread_mutex_lock(&robust) == EOWNERDEAD && pthread_mutex_consistent(&robust) == 0);
    MUST(pthread_mutex_unlock(&robust) == 0);
}

/* The child has what its parent held, and counts from zero. */
static void forked(void)
{
    pid_t child;
    int status;

    for (int i = 0; i < 3; i++)
        nest(&m, &other);
    MUST(pthread_mutex_lock(&m) == 0);
    child = fork();
    MUST(child >= 0);
    MUST(pthread_mutex_unlock(&m) == 0);
    if (child == 0) {
        MUST(pthread_mutex_lock(&other) == 0 && pthread_mutex_unlock(&other) == 0);
        _exit(0);
    }
    MUST(waitpid(child, &status, 0) == child && status == 0);
}

/* A child that shares the memory says nothing for its parent. */
static void vforked(void)
{
    pid_t child;
    int status;

    MUST(pthread_mutex_lock(&m) == 0 && pthread_mutex_unlock(&m) == 0);
    child = vfork();
    if (child == 0)
        _exit(0);
    MUST(waitpid(child, &status, 0) == child && status == 0);
    MUST(pthread_mutex_lock(&m) == 0 && pthread_mutex_unlock(&m) == 0);
}

/* A library whose code and lock go away, and come again, perhaps at the same place. */
static void unloaded(const char *path)
{
    for (int i = 0; i < 3; i++) {
        void *library = dlopen(path, RTLD_NOW);
        void (*use)(int);

        MUST(library != NULL);
        *(void **)&use = dlsym(library, "use");
        MUST(use != NULL);
        use(i + 1);
        MUST(dlclose(library) == 0);
    }
}

static void *wait_to_be_cancelled(void *arg)
{
    about_to_wait();
    (void)sem_wait(&sem);
    return arg;
}

/* A semaphore that is a lock, since who waits posts. Waits that are cancelled and that fail. */
static void semaphore(void)
{
    struct timespec past = long_ago();
    pthread_t thread;
    void *result;

    MUST(sem_init(&sem, 0, 1) == 0);
    for (int i = 0; i < 2; i++)
        MUST(sem_wait(&sem) == 0 && sem_post(&sem) == 0);
    MUST(sem_wait(&sem) == 0);
    MUST(pthread_create(&thread, NULL, wait_to_be_cancelled, NULL) == 0);
    until_it_sleeps(&sem, sizeof(sem));
    MUST(pthread_cancel(thread) == 0 && pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
    MUST(sem_trywait(&sem) == -1 && errno == EAGAIN);
    MUST(sem_timedwait(&sem, &past) == -1 && errno == ETIMEDOUT);
    MUST(sem_post(&sem) == 0);
}

/* A lock that the program builds itself says when it waits. */
CALL void *take_map(void *arg)
{
    lockval_acquire_map(&map, LOCKVAL_WRITE, 0, 0, NULL);
    lockval_contended_map(&map);
    lockval_acquired_map(&map);
    lockval_release_map(&map);
    lockval_acquire_map(&map, LOCKVAL_READ, 0, LOCKVAL_TIMED, NULL);
    lockval_contended_map(&map);
    lockval_abandon_map(&map);
    return arg;
}

static void *keep_map(void *arg)
{
    pthread_barrier_t *barrier = arg;

    lockval_acquire_map(&map, LOCKVAL_READ_RECURSIVE, 0, 0, NULL);
    lockval_acquired_map(&map);
    pthread_barrier_wait(barrier);
    pthread_barrier_wait(barrier);
    lockval_release_map(&map);
    return NULL;
}

static void maps(void)
{
    pthread_barrier_t barrier;
    pthread_t thread;

    MUST(pthread_barrier_init(&barrier, NULL, 2) == 0 && pthread_create(&thread, NULL, keep_map, &barrier) == 0);
    pthread_barrier_wait(&barrier);
    take_map(NULL);
    pthread_barrier_wait(&barrier);
    MUST(pthread_join(thread, NULL) == 0);
}

/* A routine that runs once: who comes meanwhile waits for it, and does not run it. */
static pthread_once_t control = PTHREAD_ONCE_INIT;
static pthread_t late;

static void nothing(void)
{
}

CALL void *come_late(void *arg)
{
    about_to_wait();
    MUST(pthread_once(&control, nothing) == 0);
    return arg;
}

static void routine(void)
{
    MUST(pthread_create(&late, NULL, come_late, NULL) == 0);
    until_it_sleeps(&control, sizeof(control));
}

CALL void once(void)
{
    static pthread_once_t alone = PTHREAD_ONCE_INIT;

    MUST(pthread_once(&alone, nothing) == 0);
    MUST(pthread_once(&control, routine) == 0);
    MUST(pthread_join(late, NULL) == 0);
}

/* A handler that takes locks interrupts a wait, which goes on. */
static int handled;

static void handler(int signal)
{
    (void)signal;
    MUST(pthread_mutex_lock(&other) == 0 && pthread_mutex_unlock(&other) == 0);
    __atomic_store_n(&handled, 1, __ATOMIC_RELEASE);
}

static void interrupted(void)
{
    pthread_t thread;

    MUST(signal(SIGUSR1, handler) != SIG_ERR);
    MUST(pthread_mutex_lock(&m) == 0);
    MUST(pthread_create(&thread, NULL, take_mutex, NULL) == 0);
    until_it_sleeps(&m, sizeof(m));
    MUST(pthread_kill(thread, SIGUSR1) == 0);
    while (!__atomic_load_n(&handled, __ATOMIC_ACQUIRE))
        usleep(100);
    MUST(pthread_mutex_unlock(&m) == 0 && pthread_join(thread, NULL) == 0);
}

/* Another thread lets go what this one took: it is held by nobody then, and its time is not known. */
static void *let_go(void *arg)
{
    MUST(pthread_mutex_unlock(&m) == 0);
    return arg;
}

static void given_away(void)
{
    for (int i = 0; i < 40; i++) {
        MUST(pthread_mutex_lock(&m) == 0);
        run_thread(let_go, NULL);
        MUST(pthread_mutex_lock(&other) == 0 && pthread_mutex_unlock(&other) == 0);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        { "mutex", mutex },     { "rwlock", rwlock },           { "spinlock", spinlock },    { "condition", condition },
        { "failing", failing }, { "orders", orders },           { "nested", nested },        { "once", once },
        { "holding", holding }, { "forked", forked },           { "vforked", vforked },      { "semaphore", semaphore },
        { "maps", maps },       { "interrupted", interrupted }, { "given_away", given_away }
    };

    MUST(argc > 2);
    if (is_case(argv, "unloaded"))
        unloaded(argv[3]);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (is_case(argv, cases[i].name))
            cases[i].run();
    if (strcmp(argv[2], "_exit") == 0)
        _exit(3);
    if (strcmp(argv[2], "quick_exit") == 0)
        quick_exit(3);
    return 3;
}
