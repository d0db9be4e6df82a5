/* SPDX-License-Identifier: MIT */
/*
 * Waits for events that have to be asked for: condition variables, semaphores that are no locks, barriers. In each case a
 * thread waits under the lock "outer"; another one sees it wait, takes the lock "other", and wakes it. That "outer" is taken
 * under "other" elsewhere closes the circle: outer -> event -> other -> outer.
 */
#include "join_order.h"

#include <semaphore.h>

static pthread_mutex_t outer = PTHREAD_MUTEX_INITIALIZER, mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static sem_t sem;
static pid_t waiter; /* atomic */
static const void *waited_for;
static size_t waited_size;
static int ready;

/* The waiter is there, and sleeps in its wait. */
static void see_it_wait(void)
{
    pid_t tid;

    while ((tid = __atomic_load_n(&waiter, __ATOMIC_ACQUIRE)) == 0 || !sleeps_on(tid, waited_for, waited_size))
        sched_yield();
}

static void work(void)
{
    MUST(pthread_mutex_lock(&other) == 0);
    MUST(pthread_mutex_unlock(&other) == 0);
}

static void begin_wait(pthread_mutex_t *held, const void *object, size_t size)
{
    if (held != NULL)
        MUST(pthread_mutex_lock(held) == 0);
    waited_for = object;
    waited_size = size;
    __atomic_store_n(&waiter, gettid(), __ATOMIC_RELEASE);
}

static void end_wait(pthread_mutex_t *held)
{
    if (held != NULL)
        MUST(pthread_mutex_unlock(held) == 0);
}

/* Run both, and then take the locks in the order that closes the circle. */
static void meet(void *(*wait)(void *), void (*wake)(void), pthread_mutex_t *held)
{
    pthread_t thread;

    MUST(pthread_create(&thread, NULL, wait, held) == 0);
    see_it_wait();
    work();
    wake();
    MUST(pthread_join(thread, NULL) == 0);
    nest(&other, &outer);
}

/* ---- condition variables ---- */

static void *cond_wait(void *held)
{
    begin_wait(held, &cond, sizeof(cond));
    MUST(pthread_mutex_lock(&mutex) == 0);
    while (!ready)
        MUST(pthread_cond_wait(&cond, &mutex) == 0);
    MUST(pthread_mutex_unlock(&mutex) == 0);
    end_wait(held);
    return NULL;
}

static void *cond_wait_timed(void *held)
{
    struct timespec never = far_away(CLOCK_REALTIME);

    begin_wait(held, &cond, sizeof(cond));
    MUST(pthread_mutex_lock(&mutex) == 0);
    while (!ready)
        MUST(pthread_cond_timedwait(&cond, &mutex, &never) == 0);
    MUST(pthread_mutex_unlock(&mutex) == 0);
    end_wait(held);
    return NULL;
}

static void cond_signal(void)
{
    MUST(pthread_mutex_lock(&mutex) == 0);
    ready = 1;
    MUST(pthread_cond_signal(&cond) == 0);
    MUST(pthread_mutex_unlock(&mutex) == 0);
}

static void cond_broadcast(void)
{
    ready = 1;
    MUST(pthread_cond_broadcast(&cond) == 0);
}

/* case: cond */
/* options: events=cond */
/* status: 66 */
/* findings: 1 */
/* expect: ^  outer --> cond --> other --> outer$ */
/* expect: while holding \(outer\), taken at: */
/* expect: after a wait for \(cond\) began, which was completed at:\n +cond_signal */
/* expect: ^verdict: potential$ */
/* expect: ^ +cond +static \(event_waits\)$ */
static void cond_case(void)
{
    meet(cond_wait, cond_signal, &outer);
}

/* case: cond-among-all */
/* options: events=all */
/* status: 66 */
/* findings: 1 */

/* The default says nothing, nor do the others. */
/* case: cond-by-default */
/* case: cond-with-others */
/* options: events=annotated,join,sem,barrier */

/* case: cond-broadcast */
/* options: events=cond */
/* status: 66 */
/* findings: 1 */
static void cond_broadcast_case(void)
{
    meet(cond_wait, cond_broadcast, &outer);
}

/* A wait with a timeout ends by itself. */
/* case: cond-timed */
/* options: events=cond */
/* findings: 1 */
/* expect: ^verdict: guarded$ */
static void cond_timed(void)
{
    meet(cond_wait_timed, cond_signal, &outer);
}

/* With nothing held but the mutex itself. */
/* case: cond-alone */
/* options: events=cond */
static void cond_alone(void)
{
    meet(cond_wait, cond_signal, NULL);
}

/* What the thread took before the wait began has nothing to do with it. */
/* case: cond-before */
/* options: events=cond */
static void cond_before(void)
{
    pthread_t thread;

    work();
    MUST(pthread_create(&thread, NULL, cond_wait, &outer) == 0);
    see_it_wait();
    cond_signal();
    MUST(pthread_join(thread, NULL) == 0);
    nest(&other, &outer);
}

/* Made by a call: the class is the place of that. */
/* case: cond-made */
/* options: events=cond */
/* status: 66 */
/* findings: 1 */
/* expect: event@cond_made\+0x */
/* expect: init at cond_made\+0x */
static pthread_cond_t *made;

static void *made_wait(void *held)
{
    begin_wait(held, made, sizeof(*made));
    MUST(pthread_mutex_lock(&mutex) == 0);
    while (!ready)
        MUST(pthread_cond_wait(made, &mutex) == 0);
    MUST(pthread_mutex_unlock(&mutex) == 0);
    end_wait(held);
    return NULL;
}

static void made_signal(void)
{
    MUST(pthread_mutex_lock(&mutex) == 0);
    ready = 1;
    MUST(pthread_cond_signal(made) == 0);
    MUST(pthread_mutex_unlock(&mutex) == 0);
}

static void cond_made(void)
{
    made = malloc(sizeof(*made));
    MUST(made != NULL && pthread_cond_init(made, NULL) == 0);
    meet(made_wait, made_signal, &outer);
    MUST(pthread_cond_destroy(made) == 0);
    free(made);
}

/* case: cond-c11 */
/* options: events=cond */
/* status: 66 */
/* findings: 1 */
/* expect: event@cond_c11\+0x */
static cnd_t cond11;
static mtx_t mutex11;

static void *c11_wait(void *held)
{
    begin_wait(held, &cond11, sizeof(cond11));
    MUST(mtx_lock(&mutex11) == thrd_success);
    while (!ready)
        MUST(cnd_wait(&cond11, &mutex11) == thrd_success);
    MUST(mtx_unlock(&mutex11) == thrd_success);
    end_wait(held);
    return NULL;
}

static void c11_signal(void)
{
    MUST(mtx_lock(&mutex11) == thrd_success);
    ready = 1;
    MUST(cnd_signal(&cond11) == thrd_success);
    MUST(mtx_unlock(&mutex11) == thrd_success);
}

static void cond_c11(void)
{
    MUST(cnd_init(&cond11) == thrd_success && mtx_init(&mutex11, mtx_plain) == thrd_success);
    meet(c11_wait, c11_signal, &outer);
    cnd_destroy(&cond11);
    mtx_destroy(&mutex11);
}

/* ---- semaphores ---- */

static void *sem_wait_(void *held)
{
    begin_wait(held, &sem, sizeof(sem));
    MUST(sem_wait(&sem) == 0);
    end_wait(held);
    return NULL;
}

static void sem_post_(void)
{
    MUST(sem_post(&sem) == 0);
}

/* case: sem */
/* options: events=sem */
/* status: 66 */
/* findings: 1 */
/* expect: ^  outer --> event@sem_case\+0x.* --> other --> outer$ */
/* expect: ^verdict: potential$ */
static void sem_case(void)
{
    MUST(sem_init(&sem, 0, 0) == 0);
    meet(sem_wait_, sem_post_, &outer);
    MUST(sem_destroy(&sem) == 0);
}

/* case: sem-by-default */
/* case: sem-with-others */
/* options: events=annotated,join,cond,barrier */

/* Made with the value 1, it is a lock until another thread posts it; from there on it is an event. */
/* case: sem-handed-over */
/* options: events=sem */
/* status: 66 */
/* findings: 1 */
static void *post_it(void *unused)
{
    sem_post_();
    return unused;
}

static void sem_handed_over(void)
{
    MUST(sem_init(&sem, 0, 1) == 0 && sem_wait(&sem) == 0);
    run_thread(post_it, NULL);
    MUST(sem_wait(&sem) == 0);
    meet(sem_wait_, sem_post_, &outer);
    MUST(sem_destroy(&sem) == 0);
}

/* A lock is no event. */
/* case: sem-lock */
/* options: events=sem */
static void sem_lock(void)
{
    MUST(sem_init(&sem, 0, 1) == 0);
    for (int i = 0; i < 2; i++) {
        MUST(pthread_mutex_lock(&outer) == 0);
        MUST(sem_wait(&sem) == 0 && sem_post(&sem) == 0);
        MUST(pthread_mutex_unlock(&outer) == 0);
        work();
        nest(&other, &outer);
    }
    MUST(sem_destroy(&sem) == 0);
}

/* A wait that is cancelled is over. */
/* case: sem-cancelled */
/* options: events=sem */
static void sem_cancelled(void)
{
    pthread_t thread;
    void *result;

    MUST(sem_init(&sem, 0, 0) == 0);
    MUST(pthread_create(&thread, NULL, sem_wait_, NULL) == 0);
    see_it_wait();
    MUST(pthread_cancel(thread) == 0 && pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
    work();
    sem_post_();
    nest(&other, &outer);
    MUST(pthread_mutex_lock(&outer) == 0);
    MUST(sem_wait(&sem) == 0);
    MUST(pthread_mutex_unlock(&outer) == 0);
}

/* ---- barriers ---- */

static void at_barrier(void)
{
    int r = pthread_barrier_wait(&barrier);

    MUST(r == 0 || r == PTHREAD_BARRIER_SERIAL_THREAD);
}

static void *barrier_wait(void *held)
{
    begin_wait(held, &barrier, sizeof(barrier));
    at_barrier();
    end_wait(held);
    return NULL;
}

/* case: barrier */
/* options: events=barrier */
/* status: 66 */
/* findings: 1 */
/* expect: ^  outer --> event@barrier_case\+0x.* --> other --> outer$ */
static void barrier_case(void)
{
    MUST(pthread_barrier_init(&barrier, NULL, 2) == 0);
    meet(barrier_wait, at_barrier, &outer);
    MUST(pthread_barrier_destroy(&barrier) == 0);
}

/* case: barrier-by-default */
/* case: barrier-with-others */
/* options: events=annotated,join,cond,sem */

/* Rounds with nothing held. */
/* case: barrier-rounds */
/* options: events=barrier */
static void *rounds(void *unused)
{
    for (int i = 0; i < 100; i++) {
        nest(&other, &mutex);
        at_barrier();
    }
    return unused;
}

static void barrier_rounds(void)
{
    pthread_t thread;

    MUST(pthread_barrier_init(&barrier, NULL, 2) == 0);
    MUST(pthread_create(&thread, NULL, rounds, NULL) == 0);
    (void)rounds(NULL);
    MUST(pthread_join(thread, NULL) == 0);
    MUST(pthread_barrier_destroy(&barrier) == 0);
}

/* A child of fork comes back from a wait that its parent's thread had begun, and has waits of its own. */
/* case: forked */
/* options: events=all */
/* findings: 1 */
/* expect: ^  outer --> cond --> other --> outer$ */
static void forked(void)
{
    pid_t child;

    MUST(sem_init(&sem, 0, 0) == 0);
    child = fork();
    MUST(child >= 0);
    if (child == 0) {
        meet(cond_wait, cond_signal, &outer);
        _exit(0);
    }
    MUST(waitpid(child, NULL, 0) == child);
}

static const struct join_case cases[] = {
    { "cond", cond_case },
    { "cond-among-all", cond_case },
    { "cond-by-default", cond_case },
    { "cond-with-others", cond_case },
    { "cond-broadcast", cond_broadcast_case },
    { "cond-timed", cond_timed },
    { "cond-alone", cond_alone },
    { "cond-before", cond_before },
    { "cond-made", cond_made },
    { "cond-c11", cond_c11 },
    { "sem", sem_case },
    { "sem-by-default", sem_case },
    { "sem-with-others", sem_case },
    { "sem-handed-over", sem_handed_over },
    { "sem-lock", sem_lock },
    { "sem-cancelled", sem_cancelled },
    { "barrier", barrier_case },
    { "barrier-by-default", barrier_case },
    { "barrier-with-others", barrier_case },
    { "barrier-rounds", barrier_rounds },
    { "forked", forked },
};

int main(int argc, char **argv)
{
    (void)argc;
    return run_cases(cases, sizeof(cases) / sizeof(cases[0]), argv);
}
