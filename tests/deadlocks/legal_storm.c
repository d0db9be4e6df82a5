/* SPDX-License-Identifier: MIT */
/*
 * Heavy contention with nothing wrong in it: all kinds of locks in one order, conditions, semaphores, joins, barriers. All
 * threads, the main one too, meet at a barrier between the phases, so that time and again all but one or two of them wait:
 * what a detector of deadlocks could take for one.
 *
 *     legal_storm SECONDS [--signals]    --signals: and threads send each other signals that have a handler
 */
#include "deadlock.h"

#include <signal.h>

enum {
    THREADS = 8,
    KINDS = 6,
    NESTS = 500,
    HANDOFFS = 500,
    LIVES = 10,
    ITEMS = 300,
    ROOM = 4
};

static pthread_barrier_t phase;
static bool stop; /* written by the main thread before a barrier */
static bool with_signals;
static unsigned signals_came; /* atomic */
static pthread_t threads[THREADS];

/* In the order in which they are taken. */
static pthread_mutex_t plain = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t recursive, inheriting;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER, fair;
static sem_t seat;
static pthread_spinlock_t spin;

/* Whose turn it is, for each two threads. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned turn;
    sem_t token[2];
} pairs[THREADS / 2];

static struct {
    pthread_mutex_t lock;
    pthread_cond_t filled, emptied;
    unsigned count, taken;
} ring = { .lock = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER, .emptied = PTHREAD_COND_INITIALIZER };

static void meet_all(void)
{
    int result = pthread_barrier_wait(&phase);

    MUST(result == 0 || result == PTHREAD_BARRIER_SERIAL_THREAD);
}

static void take(unsigned kind, bool write)
{
    switch (kind) {
    case 0:
        LOCK(&plain);
        break;
    case 1:
        LOCK(&recursive);
        LOCK(&recursive);
        UNLOCK(&recursive);
        break;
    case 2:
        LOCK(&inheriting);
        break;
    case 3:
        MUST((write ? pthread_rwlock_wrlock(&rwlock) : pthread_rwlock_rdlock(&rwlock)) == 0);
        break;
    case 4:
        MUST((write ? pthread_rwlock_wrlock(&fair) : pthread_rwlock_rdlock(&fair)) == 0);
        break;
    default:
        MUST(sem_wait(&seat) == 0);
        break;
    }
}

static void give_up(unsigned kind)
{
    switch (kind) {
    case 0:
        UNLOCK(&plain);
        break;
    case 1:
        UNLOCK(&recursive);
        break;
    case 2:
        UNLOCK(&inheriting);
        break;
    case 3:
        LEAVE(&rwlock);
        break;
    case 4:
        LEAVE(&fair);
        break;
    default:
        MUST(sem_post(&seat) == 0);
        break;
    }
}

/* Some of the locks, upwards, and the spinlock within. */
static void nest_some(void)
{
    unsigned kinds = some_number(1u << KINDS);

    for (unsigned kind = 0; kind < KINDS; kind++)
        if (kinds >> kind & 1)
            take(kind, some_number(4) == 0);
    MUST(pthread_spin_lock(&spin) == 0);
    work(some_number(100));
    MUST(pthread_spin_unlock(&spin) == 0);
    for (unsigned kind = KINDS; kind-- > 0;)
        if (kinds >> kind & 1)
            give_up(kind);
}

static void nest(unsigned me)
{
    for (int i = 0; i < NESTS; i++) {
        nest_some();
        if (with_signals && i % 50 == 0)
            MUST(pthread_kill(threads[(me + 1) % THREADS], SIGUSR1) == 0);
    }
}

/* One of each two has the turn, and passes it: by a condition variable, then by
 * semaphores. */
static void pass_turns(unsigned me)
{
    unsigned pair = me / 2, mine = me % 2;

    for (int i = 0; i < HANDOFFS; i++) {
        LOCK(&pairs[pair].lock);
        while (pairs[pair].turn % 2 != mine)
            MUST(pthread_cond_wait(&pairs[pair].changed, &pairs[pair].lock) == 0);
        pairs[pair].turn++;
        MUST((i % 2 ? pthread_cond_signal : pthread_cond_broadcast)(&pairs[pair].changed) == 0);
        UNLOCK(&pairs[pair].lock);
    }
    for (int i = 0; i < HANDOFFS; i++) {
        MUST(sem_wait(&pairs[pair].token[mine]) == 0);
        MUST(sem_post(&pairs[pair].token[!mine]) == 0);
    }
}

static void *live(void *arg)
{
    nest_some();
    return arg;
}

static void make_and_join(unsigned me)
{
    (void)me;
    for (int i = 0; i < LIVES; i++) {
        pthread_t one = start(live, NULL), two = start(live, NULL);

        join(two);
        join(one);
    }
}

/* Half of the threads fill the ring, the others empty it. */
static void fill_and_empty(unsigned me)
{
    for (int i = 0; i < ITEMS; i++) {
        LOCK(&ring.lock);
        if (me % 2 == 0) {
            while (ring.count == ROOM)
                MUST(pthread_cond_wait(&ring.emptied, &ring.lock) == 0);
            ring.count++;
            MUST(pthread_cond_signal(&ring.filled) == 0);
        } else {
            while (ring.count == 0)
                MUST(pthread_cond_wait(&ring.filled, &ring.lock) == 0);
            ring.count--;
            ring.taken++;
            MUST(pthread_cond_signal(&ring.emptied) == 0);
        }
        UNLOCK(&ring.lock);
    }
}

/* All but one wait for that one. */
static void go_alone(unsigned me)
{
    if (me == 0)
        for (int i = 0; i < 20; i++) {
            nest_some();
            work(some_number(20000));
        }
}

static void (*const phases[])(unsigned me) = { nest, pass_turns, go_alone, make_and_join, fill_and_empty };

static void *run(void *arg)
{
    unsigned me = (unsigned)((pthread_t *)arg - threads);

    for (;;) {
        meet_all();
        if (stop)
            return NULL;
        for (unsigned i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
            phases[i](me);
            meet_all();
        }
    }
}

static void note_signal(int signal)
{
    (void)signal;
    __atomic_add_fetch(&signals_came, 1, __ATOMIC_RELAXED);
}

static void set_up(void)
{
    struct sigaction action = { .sa_handler = note_signal, .sa_flags = SA_RESTART };

    make_mutex(&recursive, PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE, PTHREAD_PROCESS_PRIVATE);
    make_mutex(&inheriting, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, PTHREAD_PROCESS_PRIVATE);
    make_fair(&fair);
    MUST(sem_init(&seat, 0, 1) == 0);
    MUST(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE) == 0);
    MUST(pthread_barrier_init(&phase, NULL, THREADS + 1) == 0);
    for (unsigned i = 0; i < THREADS / 2; i++) {
        MUST(pthread_mutex_init(&pairs[i].lock, NULL) == 0);
        MUST(pthread_cond_init(&pairs[i].changed, NULL) == 0);
        MUST(sem_init(&pairs[i].token[0], 0, 1) == 0);
        MUST(sem_init(&pairs[i].token[1], 0, 0) == 0);
    }
    if (with_signals)
        MUST(sigaction(SIGUSR1, &action, NULL) == 0);
}

int main(int argc, char **argv)
{
    unsigned rounds = 0;
    int64_t end;

    with_signals = argc == 3 && strcmp(argv[2], "--signals") == 0;
    if (argc < 2 || argc > 3 || (argc == 3 && !with_signals) || atoi(argv[1]) <= 0) {
        fprintf(stderr, "usage: %s SECONDS [--signals]\n", argv[0]);
        return 2;
    }
    set_up();
    end = now_us() + atoi(argv[1]) * INT64_C(1000000);
    for (unsigned i = 0; i < THREADS; i++)
        threads[i] = start(run, &threads[i]);
    do {
        meet_all();
        for (unsigned i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
            meet_all();
        rounds++;
    } while (now_us() < end);
    stop = true;
    meet_all();
    for (unsigned i = 0; i < THREADS; i++)
        join(threads[i]);
    MUST(ring.taken == rounds * (THREADS / 2) * ITEMS);
    MUST(!with_signals || __atomic_load_n(&signals_came, __ATOMIC_RELAXED) > 0);
    printf("%u rounds\n", rounds);
    return finish();
}
