/* SPDX-License-Identifier: MIT */
/* Semaphores: one that is made with the value 1 and posted by who waited for it is a lock, and its order counts. Every other
 * use is silent, and so is every misuse. */
#include "sems.h"

#include <dlfcn.h>
#include <stdatomic.h>

/* case: semaphore-and-mutex */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */
/* expect: is trying to acquire lock:\n0x[0-9a-f]+ \(semaphore@ */
/* expect: ^verdict: potential$ */
/* expect: ^  a semaphore counts as a lock here: who waited for it posted it, and nobody else did$ */
static void semaphore_and_mutex(void)
{
    begin(1);
    both_orders(&s);
}

/* case: two-semaphores */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */
static void two_semaphores(void)
{
    sem_t other;

    begin(1);
    MUST(sem_init(&other, 0, 1) == 0);
    down(&s);
    down(&other);
    up(&other);
    up(&s);
    down(&other);
    down(&s);
    up(&s);
    up(&other);
}

/* Semaphores of one class: the order of instances counts. */
/* case: one-class */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible recursive locking detected$ */
/* expect: 2 locks of one class were taken in a circle */
static void take_pair(sem_t *pair, int first)
{
    down(&pair[first]);
    down(&pair[1 - first]);
    up(&pair[1 - first]);
    up(&pair[first]);
}

/* Out of line, so that there is one call site however the loop is compiled. */
__attribute__((noinline)) static void init_one(sem_t *sem)
{
    MUST(sem_init(sem, 0, 1) == 0);
}

static void init_pair(sem_t *pair)
{
    for (int i = 0; i < 2; i++)
        init_one(&pair[i]);
}

static void one_class(void)
{
    sem_t pair[2];

    init_pair(pair);
    take_pair(pair, 0);
    take_pair(pair, 1);
}

/* case: one-class-in-order */
static void one_class_in_order(void)
{
    sem_t pair[2];

    init_pair(pair);
    take_pair(pair, 0);
    take_pair(pair, 0);
}

static atomic_int step;

static void unlock_m(void *unused)
{
    (void)unused;
    unlock(&m);
}

static void *wait_under_mutex(void *sem)
{
    lock(&m);
    pthread_cleanup_push(unlock_m, NULL);
    atomic_store(&step, 1);
    down(sem);
    pthread_cleanup_pop(0);
    up(sem);
    unlock(&m);
    return NULL;
}

/* A thread waits for s under the mutex, in vain, and is cancelled. */
static void cancel_a_wait(void)
{
    pthread_t thread;
    void *result;

    MUST(pthread_create(&thread, NULL, wait_under_mutex, &s) == 0);
    while (atomic_load(&step) == 0)
        ;
    MUST(pthread_cancel(thread) == 0 && pthread_join(thread, &result) == 0);
    MUST(result == PTHREAD_CANCELED);
}

/* Both orders were there before anybody had posted; the post shows what the semaphore is. */
/* case: late */
/* options: fail_on=guarded */
/* status: 66 */
/* findings: 1 */
/* expect: tried earlier to acquire lock: */
/* expect: posts a semaphore that it had waited for: it is used as a lock\. */
/* expect: ^verdict: guarded$ */
static void late(void)
{
    begin(1);
    down(&s);
    lock(&m);
    unlock(&m);
    cancel_a_wait();
    up(&s);
}

/* The thread that was cancelled has nothing in its books, and the semaphore stays a lock. */
/* case: cancelled */
static void cancelled(void)
{
    begin(1);
    mutex_then_sem(&s);
    down(&s);
    cancel_a_wait();
    up(&s);
    mutex_then_sem(&s);
}

/* case: cancelled-then-circle */
/* status: 66 */
/* findings: 1 */
static void cancelled_then_circle(void)
{
    cancelled();
    sem_then_mutex(&s);
}

static sem_t items;

static void *consume(void *slots)
{
    for (int i = 0; i < 4; i++) {
        down(&items);
        up(slots);
    }
    return NULL;
}

/* One slot: what the producer waits for, the consumer posts. Around it the producer uses the mutex in both orders. */
/* case: producer-consumer */
static void producer_consumer(void)
{
    pthread_t thread;

    begin(1);
    MUST(sem_init(&items, 0, 0) == 0);
    MUST(pthread_create(&thread, NULL, consume, &s) == 0);
    for (int i = 0; i < 4; i++) {
        if (i % 2 != 0)
            lock(&m);
        down(&s);
        if (i % 2 == 0) {
            lock(&m);
            unlock(&m);
        }
        up(&items);
        if (i % 2 != 0)
            unlock(&m);
    }
    MUST(pthread_join(thread, NULL) == 0);
}

/* Taken here and posted there: an event, and for good. */
/* case: handoff */
static void handoff(void)
{
    begin(1);
    down(&s);
    run_thread(post_it, &s);
    both_orders(&s);
}

/* The class is what its worst instance is. */
/* case: handoff-of-another-instance */
static void handoff_of_another(void)
{
    sem_t pair[2];

    init_pair(pair);
    sem_then_mutex(&pair[0]);
    down(&pair[1]);
    run_thread(post_it, &pair[1]);
    mutex_then_sem(&pair[0]);
}

/* A lock, with an order that is known, until another thread posts. */
/* case: lock-then-event */
static void lock_then_event(void)
{
    begin(1);
    sem_then_mutex(&s);
    down(&s);
    run_thread(post_it, &s);
    mutex_then_sem(&s);
}

/* What was nested around the event is not forgotten with it. */
/* case: mutexes-around-an-event */
/* status: 66 */
/* findings: 1 */
/* reject: semaphore@ */
static void mutexes_around(void)
{
    static pthread_mutex_t inner = PTHREAD_MUTEX_INITIALIZER;

    begin(1);
    lock(&m);
    down(&s);
    lock(&inner);
    unlock(&inner);
    unlock(&m);
    run_thread(post_it, &s);
    nest(&inner, &m);
}

/* A post that no hook sees: the next wait of the same thread shows that there was one. */
/* case: unseen-post */
static void unseen_post(void)
{
    void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
    int (*real_post)(sem_t *) = NULL;

    MUST(libc != NULL);
    *(void **)(void *)&real_post = dlsym(libc, "sem_post");
    MUST(real_post != NULL);
    begin(1);
    down(&s);
    MUST(real_post(&s) == 0);
    down(&s);
    up(&s);
    both_orders(&s);
}

/* A thread that waits for what it has is no deadlock: another one posts. */
/* case: twice */
static void twice(void)
{
    pthread_t thread;

    begin(1);
    down(&s);
    up(&s);
    down(&s);
    MUST(pthread_create(&thread, NULL, post_it, &s) == 0);
    down(&s);
    MUST(pthread_join(thread, NULL) == 0);
}

/* Many threads, one lock, one order. */
/* case: threads */
static void *in_order(void *sem)
{
    for (int i = 0; i < 2000; i++)
        mutex_then_sem(sem);
    for (int i = 0; i < 2000; i++) {
        down(sem);
        up(sem);
    }
    return NULL;
}

static void threads(void)
{
    pthread_t thread[4];

    begin(1);
    for (int i = 0; i < 4; i++)
        MUST(pthread_create(&thread[i], NULL, in_order, &s) == 0);
    for (int i = 0; i < 4; i++)
        MUST(pthread_join(thread[i], NULL) == 0);
}

/* The identity lies in the semaphore itself. One that is not followed has none. */
/* case: inside */
/* identity: auto */
/* options: stats=1 */
/* expect: instances-made     2$ */
/* expect: instances-in-table 0$ */
static void inside(void)
{
    sem_t other;

    begin(1);
    MUST(sem_init(&other, 0, 2) == 0);
    mutex_then_sem(&s);
    mutex_then_sem(&other);
}

/* case: values */
static void values(void)
{
    begin(2);
    both_orders(&s);
    MUST(sem_destroy(&s) == 0);
    begin(0);
    up(&s);
    both_orders(&s);
}

/* case: try */
static void try_under_mutex(void)
{
    begin(1);
    sem_then_mutex(&s);
    lock(&m);
    MUST(sem_trywait(&s) == 0);
    MUST(sem_trywait(&s) == -1 && errno == EAGAIN);
    up(&s);
    unlock(&m);
}

/* case: try-then-mutex */
/* status: 66 */
/* findings: 1 */
static void try_then_mutex(void)
{
    begin(1);
    MUST(sem_trywait(&s) == 0);
    lock(&m);
    unlock(&m);
    up(&s);
    mutex_then_sem(&s);
}

/* case: timed */
/* findings: 1 */
/* expect: ^verdict: guarded$ */
static void timed(void)
{
    struct timespec far = far_away(CLOCK_REALTIME), past = long_ago();

    begin(1);
    sem_then_mutex(&s);
    lock(&m);
    MUST(sem_timedwait(&s, &far) == 0);
    MUST(sem_timedwait(&s, &past) == -1 && errno == ETIMEDOUT);
    up(&s);
    unlock(&m);
}

/* case: clock */
/* findings: 1 */
/* expect: ^verdict: guarded$ */
static void clock_(void)
{
    struct timespec far = far_away(CLOCK_MONOTONIC), past = long_ago();

    begin(1);
    sem_then_mutex(&s);
    lock(&m);
    MUST(sem_clockwait(&s, CLOCK_MONOTONIC, &far) == 0);
    MUST(sem_clockwait(&s, CLOCK_MONOTONIC, &past) == -1 && errno == ETIMEDOUT);
    up(&s);
    unlock(&m);
}

/* Made anew at the same place it is another semaphore, of another class; with another value it is none to follow. That a
 * thread had it says nothing. */
/* case: made-anew */
static void made_anew(void)
{
    begin(1);
    sem_then_mutex(&s);
    MUST(sem_destroy(&s) == 0);
    MUST(sem_init(&s, 0, 1) == 0);
    mutex_then_sem(&s);
    down(&s);
    begin(0);
    up(&s);
    both_orders(&s);
}

static void *wait_and_end(void *sem)
{
    down(sem);
    return NULL;
}

/* The first reader waits for the room and the last one posts it, under what counts them. Here one is both, and writers do it
 * like a lock. */
static sem_t counter;
static int readers;

static void count_reader(int change)
{
    down(&counter);
    lock(&m);
    if (change > 0 && readers == 0)
        down(&s);
    readers += change;
    if (readers == 0)
        up(&s);
    unlock(&m);
    up(&counter);
}

/* case: first-and-last-reader */
static void first_and_last_reader(void)
{
    begin(1);
    MUST(sem_init(&counter, 0, 1) == 0);
    for (int i = 0; i < 3; i++) {
        count_reader(1);
        count_reader(-1);
        down(&s);
        up(&s);
    }
}

static void *take_token(void *token)
{
    down(token);
    return NULL;
}

/* Tokens that are used up: whoever gets one never posts it, and another thread ends it. */
/* case: tokens */
/* options: stats=1 */
/* expect: slow-walks +[0-9]{1,4}$ */
static void tokens(void)
{
    enum {
        TOKENS = 20000
    };
    static sem_t token[TOKENS];

    for (int i = 0; i < TOKENS; i++) {
        MUST(sem_init(&token[i], 0, 1) == 0);
        if (i < 100)
            run_thread(take_token, &token[i]);
        else
            down(&token[i]);
        lock(&m);
        unlock(&m);
    }
}

/* What would be misuse of a mutex is none of a semaphore. */
/* case: no-misuse */
static void no_misuse(void)
{
    begin(1);
    up(&s);
    down(&s);
    MUST(sem_destroy(&s) == 0);
    begin(1);
    down(&s);
    begin(1);
    run_thread(wait_and_end, &s);
    up(&s);
    MUST(sem_destroy(&s) == 0);
    MUST(sem_destroy(&s) == 0);
}

int main(int argc, char **argv)
{
    static const struct sem_case cases[] = {
        { "semaphore-and-mutex", semaphore_and_mutex },
        { "two-semaphores", two_semaphores },
        { "one-class", one_class },
        { "one-class-in-order", one_class_in_order },
        { "late", late },
        { "cancelled", cancelled },
        { "cancelled-then-circle", cancelled_then_circle },
        { "producer-consumer", producer_consumer },
        { "handoff", handoff },
        { "handoff-of-another-instance", handoff_of_another },
        { "lock-then-event", lock_then_event },
        { "mutexes-around-an-event", mutexes_around },
        { "unseen-post", unseen_post },
        { "twice", twice },
        { "threads", threads },
        { "inside", inside },
        { "values", values },
        { "try", try_under_mutex },
        { "try-then-mutex", try_then_mutex },
        { "timed", timed },
        { "clock", clock_ },
        { "made-anew", made_anew },
        { "first-and-last-reader", first_and_last_reader },
        { "tokens", tokens },
        { "no-misuse", no_misuse },
    };

    return run_case(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
