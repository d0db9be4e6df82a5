/* SPDX-License-Identifier: MIT */
/*
 * A thread that takes again what it holds, and will wait for ever: the report is there before the hang. A report callback
 * lets the other thread end the program, which without the library would hang: so it is not run without.
 */
/* plain: no */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible recursive locking detected$ */
/* expect: ^verdict: deadlock$ */
/* expect: ^which lock was taken at:\n(  .*\n)?  hang\+ */
/* expect: ^stack backtrace:\n( .*\n)*? hang\+ */
/* stdout: ^reported: recursive deadlock$ */
#include "program.h"

#include <lockval.h>

#include <threads.h>

static int pipe_ends[2];

static void on_report(const struct lockval_report *report, void *arg)
{
    (void)arg;
    printf("reported: %s %s\n", report->kind, report->verdict);
    fflush(stdout);
    (void)!write(pipe_ends[1], "r", 1);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, adaptive = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
static pthread_mutex_t robust, inherit;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_rwlock_t strict = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static pthread_spinlock_t spin;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static mtx_t c11, timed;

static int lock_mutex(void *lock)
{
    return pthread_mutex_lock(lock);
}

static int read_lock(void *lock)
{
    return pthread_rwlock_rdlock(lock);
}

static int write_lock(void *lock)
{
    return pthread_rwlock_wrlock(lock);
}

static int spin_lock(void *lock)
{
    return pthread_spin_lock((pthread_spinlock_t *)lock);
}

static void once_again(void)
{
    pthread_once(&once, once_again);
}

static int run_once(void *control)
{
    return pthread_once(control, once_again);
}

static int lock_c11(void *lock)
{
    return mtx_lock(lock);
}

static const struct {
    const char *name;
    void *lock;
    int (*first)(void *lock);
    int (*again)(void *lock);
} cases[] = {
    { "mutex", &mutex, lock_mutex, lock_mutex },
    { "adaptive", &adaptive, lock_mutex, lock_mutex },
    { "robust", &robust, lock_mutex, lock_mutex },
    { "inherit", &inherit, lock_mutex, lock_mutex },
    { "c11", &c11, lock_c11, lock_c11 },
    { "c11-timed", &timed, lock_c11, lock_c11 },
    { "write-after-read", &rwlock, read_lock, write_lock },
    { "write-after-strict-read", &strict, read_lock, write_lock },
    { "once", &once, run_once, run_once },
    { "spin", (void *)&spin, spin_lock, spin_lock },
};

static void init(void)
{
    pthread_mutexattr_t attr;

    MUST(pthread_mutexattr_init(&attr) == 0);
    MUST(pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST) == 0);
    MUST(pthread_mutex_init(&robust, &attr) == 0);
    MUST(pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_STALLED) == 0);
    MUST(pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT) == 0);
    MUST(pthread_mutex_init(&inherit, &attr) == 0);
    MUST(mtx_init(&c11, mtx_plain) == thrd_success && mtx_init(&timed, mtx_timed) == thrd_success);
    MUST(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE) == 0);
}

static void *hang(void *name)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (strcmp(name, cases[i].name) == 0) {
            MUST(cases[i].first(cases[i].lock) == 0);
            MUST(cases[i].again(cases[i].lock) == 0);
        }
    }
    puts("it came through");
    return NULL;
}

/* case: mutex */
/* case: adaptive */
/* case: robust */
/* case: inherit */
/* case: c11 */
/* case: c11-timed */
/* case: write-after-read */
/* case: write-after-strict-read */
/* case: spin */
/* case: once */

int main(int argc, char **argv)
{
    pthread_t thread;
    char byte;

    (void)argc;
    init();
    lockval_set_report_callback(on_report, pipe_ends);
    MUST(pipe(pipe_ends) == 0);
    MUST(pthread_create(&thread, NULL, hang, argv[1]) == 0);
    MUST(read(pipe_ends[0], &byte, 1) == 1);
    _exit(0);
}
