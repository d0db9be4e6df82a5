/* SPDX-License-Identifier: MIT */
/* Cancellation: which calls are points of it, which are not, handlers and states. Waits for condition variables,
 * semaphores and threads are cancelled in the programs of those. */
/* status: 0 */
#include "conform.h"

#include <poll.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>

static int pipe_ends[2], pair[2];
static sigset_t usr1;
static sem_t semaphore;
static pthread_t patient;

/* ---- calls that wait, and are cancelled while they do ---- */

static int in_pause(void *unused)
{
    (void)unused;
    return pause();
}

static int in_read(void *unused)
{
    char byte;

    (void)unused;
    return (int)read(pipe_ends[0], &byte, 1);
}

static int in_recv(void *unused)
{
    char byte;

    (void)unused;
    return (int)recv(pair[0], &byte, 1, 0);
}

static int in_poll(void *unused)
{
    (void)unused;
    return poll(NULL, 0, -1);
}

static int in_ppoll(void *unused)
{
    (void)unused;
    return ppoll(NULL, 0, NULL, NULL);
}

static int in_select(void *unused)
{
    (void)unused;
    return select(0, NULL, NULL, NULL, NULL);
}

static int in_pselect(void *unused)
{
    (void)unused;
    return pselect(0, NULL, NULL, NULL, NULL, NULL);
}

static int in_epoll(void *unused)
{
    struct epoll_event event;
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    (void)unused;
    return epoll_wait(epoll, &event, 1, -1);
}

static int in_nanosleep(void *unused)
{
    struct timespec hour = { 3600, 0 };

    (void)unused;
    return nanosleep(&hour, NULL);
}

static int in_clock_nanosleep(void *unused)
{
    struct timespec hour = { 3600, 0 };

    (void)unused;
    return clock_nanosleep(CLOCK_MONOTONIC, 0, &hour, NULL);
}

static int in_sigsuspend(void *unused)
{
    sigset_t none;

    (void)unused;
    sigemptyset(&none);
    return sigsuspend(&none);
}

static int in_sigwait(void *unused)
{
    int number;

    (void)unused;
    return sigwait(&usr1, &number);
}

static int in_sigwaitinfo(void *unused)
{
    (void)unused;
    return sigwaitinfo(&usr1, NULL);
}

static int in_sigtimedwait(void *unused)
{
    struct timespec hour = { 3600, 0 };

    (void)unused;
    return sigtimedwait(&usr1, NULL, &hour);
}

static int in_waitpid(void *unused)
{
    (void)unused;
    return waitpid(-1, NULL, 0);
}

static int in_waitid(void *unused)
{
    siginfo_t about;

    (void)unused;
    return waitid(P_ALL, 0, &about, WEXITED);
}

static int in_sem_wait(void *unused)
{
    (void)unused;
    return sem_wait(&semaphore);
}

static int in_join(void *unused)
{
    (void)unused;
    return pthread_join(patient, NULL);
}

static const struct {
    const char *name;
    int (*run)(void *);
    long call[2];
} waits[] = {
    { "pause", in_pause, { SYS_pause, SYS_rt_sigsuspend } },
    { "read", in_read, { SYS_read, -2 } },
    { "recv", in_recv, { SYS_recvfrom, -2 } },
    { "poll", in_poll, { SYS_poll, SYS_ppoll } },
    { "ppoll", in_ppoll, { SYS_ppoll, -2 } },
    { "select", in_select, { SYS_select, SYS_pselect6 } },
    { "pselect", in_pselect, { SYS_pselect6, -2 } },
    { "epoll_wait", in_epoll, { SYS_epoll_wait, SYS_epoll_pwait } },
    { "nanosleep", in_nanosleep, { SYS_nanosleep, SYS_clock_nanosleep } },
    { "clock_nanosleep", in_clock_nanosleep, { SYS_clock_nanosleep, -2 } },
    { "sigsuspend", in_sigsuspend, { SYS_rt_sigsuspend, -2 } },
    { "sigwait", in_sigwait, { SYS_rt_sigtimedwait, -2 } },
    { "sigwaitinfo", in_sigwaitinfo, { SYS_rt_sigtimedwait, -2 } },
    { "sigtimedwait", in_sigtimedwait, { SYS_rt_sigtimedwait, -2 } },
    { "waitpid", in_waitpid, { SYS_wait4, -2 } },
    { "waitid", in_waitid, { SYS_waitid, -2 } },
    { "sem_wait", in_sem_wait, { SYS_futex, -2 } },
    { "pthread_join", in_join, { SYS_futex, -2 } },
};

static bool sleeps(struct job *job, const long call[2])
{
    uintptr_t argument;

    while (!atomic_load(&job->done)) {
        long now = conform_call_of(getpid(), atomic_load(&job->tid), &argument);

        if (now == call[0] || now == call[1])
            return true;
        sched_yield();
    }
    return false;
}

static void *wait_long(void *unused)
{
    pause();
    return unused;
}

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
static int cleaned;

static void clean(void *mutex)
{
    cleaned++;
    MUST(pthread_mutex_unlock(mutex) == 0);
}

static int (*next_run)(void *);

static int with_cleanup(void *arg)
{
    int r;

    MUST(pthread_mutex_lock(&held) == 0);
    pthread_cleanup_push(clean, &held);
    r = next_run(arg);
    pthread_cleanup_pop(1);
    return r;
}

static void cancelled_in_waits(void)
{
    pid_t child;

    MUST(pipe(pipe_ends) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    MUST(sigemptyset(&usr1) == 0 && sigaddset(&usr1, SIGUSR1) == 0);
    MUST(pthread_sigmask(SIG_BLOCK, &usr1, NULL) == 0);
    MUST(sem_init(&semaphore, 0, 0) == 0);
    MUST(pthread_create(&patient, NULL, wait_long, NULL) == 0);
    child = fork();
    if (child == 0)
        for (;;)
            pause();
    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        struct job job;

        printf(" %s\n", waits[i].name);
        cleaned = 0;
        next_run = waits[i].run;
        job_start(&job, with_cleanup, NULL);
        YES(sleeps(&job, waits[i].call));
        IS(EBUSY, pthread_mutex_trylock(&held));
        IS(0, pthread_cancel(job.thread));
        IS(-1, job_end(&job));
        IS(1, cleaned);
        IS(0, pthread_mutex_lock(&held));
        IS(0, pthread_mutex_unlock(&held));
    }
    IS(0, pthread_cancel(patient));
    IS(0, pthread_join(patient, NULL));
    MUST(kill(child, SIGKILL) == 0);
    IS(-SIGKILL, status_of(child));
}

/* ---- calls that are no points of cancellation, also with a cancellation that waits ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_barrier_t barrier;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

static void nothing(void)
{
}

static void *return_at_once(void *arg)
{
    return arg;
}

#define PASSES(call)                  \
    do {                              \
        if ((call) != 0)              \
            return __LINE__;          \
        atomic_fetch_add(&passed, 1); \
    } while (0)

static atomic_int passed;

static int pass_by(void *unused)
{
    struct timespec far = far_away(CLOCK_REALTIME);
    pthread_t thread;
    int last;

    (void)unused;
    MUST(pthread_cancel(pthread_self()) == 0); /* and print nothing: that is a point */
    PASSES(pthread_mutex_lock(&mutex));
    PASSES(pthread_mutex_unlock(&mutex));
    PASSES(pthread_mutex_trylock(&mutex));
    PASSES(pthread_mutex_unlock(&mutex));
    PASSES(pthread_mutex_timedlock(&mutex, &far));
    PASSES(pthread_mutex_unlock(&mutex));
    PASSES(pthread_mutex_clocklock(&mutex, CLOCK_REALTIME, &far));
    PASSES(pthread_mutex_unlock(&mutex));
    PASSES(pthread_rwlock_rdlock(&rwlock));
    PASSES(pthread_rwlock_unlock(&rwlock));
    PASSES(pthread_rwlock_wrlock(&rwlock));
    PASSES(pthread_rwlock_unlock(&rwlock));
    PASSES(pthread_rwlock_timedrdlock(&rwlock, &far));
    PASSES(pthread_rwlock_unlock(&rwlock));
    PASSES(pthread_rwlock_timedwrlock(&rwlock, &far));
    PASSES(pthread_rwlock_unlock(&rwlock));
    PASSES(pthread_spin_init(&spin, 0));
    PASSES(pthread_spin_lock(&spin));
    PASSES(pthread_spin_unlock(&spin));
    PASSES(pthread_spin_destroy(&spin));
    PASSES(pthread_once(&once, nothing));
    PASSES(pthread_barrier_init(&barrier, NULL, 1));
    PASSES(pthread_barrier_wait(&barrier) != PTHREAD_BARRIER_SERIAL_THREAD);
    PASSES(pthread_cond_signal(&cond));
    PASSES(pthread_cond_broadcast(&cond));
    PASSES(sem_post(&semaphore));
    PASSES(sem_trywait(&semaphore));
    PASSES(pthread_create(&thread, NULL, return_at_once, NULL));
    PASSES(pthread_detach(thread));
    PASSES(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &last));
    PASSES(usleep(1));
    PASSES(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &last));
    atomic_fetch_add(&passed, 1000);
    pthread_testcancel();
    return __LINE__;
}

static void passed_by(void)
{
    IS(-1, elsewhere(pass_by, NULL));
    IS(1032, atomic_load(&passed));
}

/* A wait for a lock is no point of cancellation either: the lock is got first. */
static atomic_bool got_it;

static int lock_and_test(void *unused)
{
    (void)unused;
    MUST(pthread_mutex_lock(&mutex) == 0);
    atomic_store(&got_it, true);
    MUST(pthread_mutex_unlock(&mutex) == 0);
    pthread_testcancel();
    return 0;
}

static int write_and_test(void *unused)
{
    (void)unused;
    MUST(pthread_rwlock_wrlock(&rwlock) == 0);
    atomic_store(&got_it, true);
    MUST(pthread_rwlock_unlock(&rwlock) == 0);
    pthread_testcancel();
    return 0;
}

static void locks_are_got(void)
{
    struct job job;

    IS(0, pthread_mutex_lock(&mutex));
    job_start(&job, lock_and_test, NULL);
    YES(SLEEPS_ON(&job, &mutex));
    IS(0, pthread_cancel(job.thread));
    YES(SLEEPS_ON(&job, &mutex));
    IS(0, pthread_mutex_unlock(&mutex));
    IS(-1, job_end(&job));
    YES(atomic_load(&got_it));
    atomic_store(&got_it, false);
    IS(0, pthread_rwlock_rdlock(&rwlock));
    job_start(&job, write_and_test, NULL);
    YES(SLEEPS_ON(&job, &rwlock));
    IS(0, pthread_cancel(job.thread));
    YES(SLEEPS_ON(&job, &rwlock));
    IS(0, pthread_rwlock_unlock(&rwlock));
    IS(-1, job_end(&job));
    YES(atomic_load(&got_it));
}

/* ---- states, types, handlers ---- */

static atomic_bool in_loop;

static int loop(void *unused)
{
    int last = -1;

    (void)unused;
    IS(0, pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &last));
    IS(PTHREAD_CANCEL_DEFERRED, last);
    atomic_store(&in_loop, true);
    for (;;)
        __asm__ volatile("");
    return 0;
}

static char order[256];

static void note(void *text)
{
    strcat(order, text);
}

static int handlers(void *unused)
{
    char one[] = " one", two[] = " two", three[] = " three", four[] = " four";
    int last = -1;

    (void)unused;
    IS(EINVAL, pthread_setcancelstate(99, &last));
    IS(EINVAL, pthread_setcanceltype(99, &last));
    pthread_cleanup_push(note, one);
    pthread_cleanup_push(note, two);
    pthread_cleanup_push(note, three);
    pthread_cleanup_pop(1);
    pthread_cleanup_push(note, four);
    pthread_cleanup_pop(0);
    IS(0, pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &last));
    IS(PTHREAD_CANCEL_ENABLE, last);
    IS(0, pthread_cancel(pthread_self()));
    pthread_testcancel();
    IS(0, usleep(1));
    IS(0, pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &last));
    IS(PTHREAD_CANCEL_DISABLE, last);
    pthread_testcancel();
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
    return 0;
}

static int exit_through_handlers(void *unused)
{
    char one[] = " first", two[] = " second";

    (void)unused;
    pthread_cleanup_push(note, one);
    pthread_cleanup_push_defer_np(note, two);
    pthread_exit(NULL);
    pthread_cleanup_pop_restore_np(0);
    pthread_cleanup_pop(0);
    return 0;
}

static void states(void)
{
    struct job job;

    job_start(&job, loop, NULL);
    while (!atomic_load(&in_loop))
        sched_yield();
    IS(0, pthread_cancel(job.thread));
    IS(-1, job_end(&job));
    order[0] = '\0';
    IS(-1, elsewhere(handlers, NULL));
    printf("  handlers:%s\n", order);
    order[0] = '\0';
    IS(-1, elsewhere(exit_through_handlers, NULL));
    printf("  handlers:%s\n", order);
}

CONFORM({ "cancelled in waits", cancelled_in_waits }, { "passed by", passed_by }, { "locks are got", locks_are_got },
        { "states", states })
