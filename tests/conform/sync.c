/* SPDX-License-Identifier: MIT */
/* Semaphores, barriers, once. */
/* status: 0 */
#include "conform.h"

#include <semaphore.h>

static sem_t *s;

enum way {
    WAIT,
    TIMED,
    CLOCK_REAL,
    CLOCK_MONO,
    WAYS
};

static int wait_sem(void *way)
{
    struct timespec real = far_away(CLOCK_REALTIME), mono = far_away(CLOCK_MONOTONIC);
    int r;

    switch (*(enum way *)way) {
    case WAIT:
        r = sem_wait(s);
        break;
    case TIMED:
        r = sem_timedwait(s, &real);
        break;
    case CLOCK_REAL:
        r = sem_clockwait(s, CLOCK_REALTIME, &real);
        break;
    default:
        r = sem_clockwait(s, CLOCK_MONOTONIC, &mono);
        break;
    }
    return r == 0 ? 0 : errno;
}

static int value(void)
{
    int now = -1;

    MUST(sem_getvalue(s, &now) == 0);
    return now;
}

static void values(void)
{
    struct timespec past = long_ago(), bad = { .tv_sec = 1, .tv_nsec = -1 };

    for (unsigned initial = 0; initial < 4; initial++) {
        IS(0, sem_init(s, 0, initial));
        for (unsigned i = 0; i < initial; i++)
            IS(0, sem_trywait(s));
        FAILS(EAGAIN, sem_trywait(s));
        FAILS(ETIMEDOUT, sem_timedwait(s, &past));
        FAILS(EINVAL, sem_timedwait(s, &bad));
        FAILS(ETIMEDOUT, sem_clockwait(s, CLOCK_REALTIME, &past));
        FAILS(ETIMEDOUT, sem_clockwait(s, CLOCK_MONOTONIC, &past));
        FAILS(EINVAL, sem_clockwait(s, CLOCK_PROCESS_CPUTIME_ID, &past));
        IS(0, value());
        IS(0, sem_post(s));
        IS(0, sem_post(s));
        IS(2, value());
        IS(0, sem_wait(s));
        IS(0, sem_timedwait(s, &past)); /* not looked at */
        IS(0, value());
        IS(0, sem_destroy(s));
    }
    FAILS(EINVAL, sem_init(s, 0, (unsigned)SEM_VALUE_MAX + 1));
    IS(0, sem_init(s, 0, SEM_VALUE_MAX));
    FAILS(EOVERFLOW, sem_post(s));
    IS(SEM_VALUE_MAX, value());
    IS(0, sem_trywait(s));
    IS(0, sem_post(s));
    IS(0, sem_destroy(s));
}

static void on_signal(int number)
{
    (void)number;
}

static void waits(void)
{
    struct sigaction action = { .sa_handler = on_signal },
                     restart = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    struct job job[3];
    enum way plain = WAIT;
    void *ret;

    IS(0, sem_init(s, 0, 0));
    for (enum way way = WAIT; way < WAYS; way++) {
        printf(" way %d\n", way);
        job_start(&job[0], wait_sem, &way);
        YES(SLEEPS_ON(&job[0], s));
        IS(0, sem_post(s));
        IS(0, job_end(&job[0]));
        MUST(sigaction(SIGUSR1, &action, NULL) == 0);
        job_start(&job[0], wait_sem, &way);
        YES(SLEEPS_ON(&job[0], s));
        IS(0, pthread_kill(job[0].thread, SIGUSR1));
        IS(EINTR, job_end(&job[0]));
        job_start(&job[0], wait_sem, &way);
        YES(SLEEPS_ON(&job[0], s));
        IS(0, pthread_cancel(job[0].thread));
        IS(0, pthread_join(job[0].thread, &ret));
        YES(ret == PTHREAD_CANCELED);
        IS(0, value());
    }
    MUST(sigaction(SIGUSR1, &restart, NULL) == 0);
    job_start(&job[0], wait_sem, &plain);
    YES(SLEEPS_ON(&job[0], s));
    IS(0, pthread_kill(job[0].thread, SIGUSR1));
    IS(0, sem_post(s));
    IS(0, job_end(&job[0]));
    for (int i = 0; i < 3; i++) {
        job_start(&job[i], wait_sem, &plain);
        YES(SLEEPS_ON(&job[i], s));
    }
    for (int i = 0; i < 3; i++)
        IS(0, sem_post(s));
    for (int i = 0; i < 3; i++)
        IS(0, job_end(&job[i]));
    IS(0, value());
    IS(0, sem_destroy(s));
}

static void shared(void)
{
    enum way way = WAIT;
    pid_t child;

    IS(0, sem_init(s, 1, 0));
    child = fork();
    if (child == 0)
        _exit(wait_sem(&way) == 0 ? 7 : 8);
    YES(child_sleeps_on(child, s, sizeof(*s)));
    IS(0, sem_post(s));
    IS(7, status_of(child));
    IS(0, sem_destroy(s));
}

static void named(void)
{
    char name[64];
    sem_t *own = s, *again;

    snprintf(name, sizeof(name), "/conform-%d", getpid());
    YES(sem_open(name, 0) == SEM_FAILED && errno == ENOENT);
    YES(sem_open("/", O_CREAT, 0600, 0) == SEM_FAILED && errno == EINVAL);
    YES(sem_open(name, O_CREAT, 0600, (unsigned)SEM_VALUE_MAX + 1) == SEM_FAILED && errno == EINVAL);
    YES((s = sem_open(name, O_CREAT | O_EXCL, 0600, 2)) != SEM_FAILED);
    IS(2, value());
    YES(sem_open(name, O_CREAT | O_EXCL, 0600, 2) == SEM_FAILED && errno == EEXIST);
    YES((again = sem_open(name, 0)) == s);
    IS(0, sem_wait(s));
    IS(1, value());
    IS(0, sem_close(again));
    IS(0, sem_post(s)); /* still open once */
    IS(0, sem_unlink(name));
    FAILS(ENOENT, sem_unlink(name));
    IS(0, sem_wait(s));
    IS(0, sem_wait(s));
    FAILS(EAGAIN, sem_trywait(s));
    IS(0, sem_close(s));
    FAILS(EINVAL, sem_close(own));
    s = own;
}

static void semaphores(void)
{
    s = shared_memory(sizeof(*s));
    values();
    waits();
    shared();
    named();
    munmap(s, sizeof(*s));
}

/* ---- barriers ---- */

static pthread_barrier_t *b;
static atomic_int serials, crossed;

static int cross(void *rounds)
{
    for (int i = 0; i < (int)(intptr_t)rounds; i++) {
        int r = pthread_barrier_wait(b);

        if (r == PTHREAD_BARRIER_SERIAL_THREAD)
            atomic_fetch_add(&serials, 1);
        else if (r != 0)
            return r;
        atomic_fetch_add(&crossed, 1);
    }
    return 0;
}

static void barriers(void)
{
    pthread_barrierattr_t attr;
    struct job job[4];
    pid_t child;
    int got = -1;

    b = shared_memory(sizeof(*b));
    IS(EINVAL, pthread_barrier_init(b, NULL, 0));
    IS(0, pthread_barrier_init(b, NULL, 1));
    IS(PTHREAD_BARRIER_SERIAL_THREAD, pthread_barrier_wait(b));
    IS(0, pthread_barrier_destroy(b));
    IS(0, pthread_barrierattr_init(&attr));
    IS(0, pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED));
    IS(EINVAL, pthread_barrierattr_setpshared(&attr, 99));
    IS(0, pthread_barrierattr_getpshared(&attr, &got));
    IS(PTHREAD_PROCESS_SHARED, got);
    for (int shared_one = 0; shared_one < 2; shared_one++) {
        IS(0, pthread_barrier_init(b, shared_one ? &attr : NULL, 4));
        atomic_store(&serials, 0);
        atomic_store(&crossed, 0);
        for (int i = 0; i < 3; i++) {
            job_start(&job[i], cross, (void *)(intptr_t)1);
            YES(SLEEPS_ON(&job[i], b));
        }
        IS(0, atomic_load(&crossed));
        IS(0, cross((void *)(intptr_t)1));
        for (int i = 0; i < 3; i++)
            IS(0, job_end(&job[i]));
        IS(1, atomic_load(&serials));
        for (int i = 0; i < 4; i++)
            job_start(&job[i], cross, (void *)(intptr_t)100);
        for (int i = 0; i < 4; i++)
            IS(0, job_end(&job[i]));
        IS(101, atomic_load(&serials));
        IS(404, atomic_load(&crossed));
        IS(0, pthread_barrier_destroy(b));
    }
    IS(0, pthread_barrier_init(b, &attr, 2));
    IS(0, pthread_barrierattr_destroy(&attr));
    child = fork();
    if (child == 0)
        _exit(pthread_barrier_wait(b) == 0 ? 7 : 8);
    YES(child_sleeps_on(child, b, sizeof(*b)));
    IS(PTHREAD_BARRIER_SERIAL_THREAD, pthread_barrier_wait(b));
    IS(7, status_of(child));
    IS(0, pthread_barrier_destroy(b));
    munmap(b, sizeof(*b));
}

/* ---- once ---- */

static pthread_once_t once_control = PTHREAD_ONCE_INIT;
static atomic_int runs, may_end;
static atomic_bool to_be_cancelled;

static void routine(void)
{
    atomic_fetch_add(&runs, 1);
    if (atomic_load(&to_be_cancelled))
        for (;;)
            pause();
    while (!atomic_load(&may_end))
        sched_yield();
}

static int call_once_here(void *unused)
{
    (void)unused;
    return pthread_once(&once_control, routine);
}

static void once(void)
{
    struct job job[4];
    void *ret;

    /* One runs it, the others wait until it is over. */
    once_control = (pthread_once_t)PTHREAD_ONCE_INIT;
    job_start(&job[0], call_once_here, NULL);
    while (atomic_load(&runs) == 0)
        sched_yield();
    for (int i = 1; i < 4; i++) {
        job_start(&job[i], call_once_here, NULL);
        YES(SLEEPS_ON(&job[i], &once_control));
    }
    IS(1, atomic_load(&runs));
    atomic_store(&may_end, 1);
    for (int i = 0; i < 4; i++)
        IS(0, job_end(&job[i]));
    IS(1, atomic_load(&runs));
    IS(0, pthread_once(&once_control, routine));
    IS(1, atomic_load(&runs));
    /* Cancelled in the routine: as if it had never been called, and one who waits runs it. */
    once_control = (pthread_once_t)PTHREAD_ONCE_INIT;
    atomic_store(&runs, 0);
    atomic_store(&to_be_cancelled, true);
    job_start(&job[0], call_once_here, NULL);
    YES(job_sleeps_in(&job[0], SYS_pause));
    job_start(&job[1], call_once_here, NULL);
    YES(SLEEPS_ON(&job[1], &once_control));
    atomic_store(&to_be_cancelled, false);
    IS(0, pthread_cancel(job[0].thread));
    IS(0, pthread_join(job[0].thread, &ret));
    YES(ret == PTHREAD_CANCELED);
    IS(0, job_end(&job[1]));
    IS(2, atomic_load(&runs));
    IS(0, pthread_once(&once_control, routine));
    IS(2, atomic_load(&runs));
    /* A child that is forked while another thread is in the routine may run it anew. */
    once_control = (pthread_once_t)PTHREAD_ONCE_INIT;
    atomic_store(&runs, 0);
    atomic_store(&may_end, 0);
    job_start(&job[0], call_once_here, NULL);
    while (atomic_load(&runs) == 0)
        sched_yield();
    IS(3, status_of(({
           pid_t child = fork();

           if (child == 0) {
               atomic_store(&may_end, 1);
               _exit(pthread_once(&once_control, routine) == 0 ? atomic_load(&runs) + 1 : 99);
           }
           child;
       })));
    atomic_store(&may_end, 1);
    IS(0, job_end(&job[0]));
    IS(1, atomic_load(&runs));
}

CONFORM({ "semaphores", semaphores }, { "barriers", barriers }, { "once", once })
