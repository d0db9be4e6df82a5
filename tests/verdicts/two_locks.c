/* SPDX-License-Identifier: MIT */
/* Two locks in two orders, and what the verdict makes of who took them, under what, and when. */
#include "side_by_side.h"

#include <sys/wait.h>
#include <threads.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t b = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t shared_gate = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t *gates[2]; /* two locks of one class */

static void take_ab(void)
{
    nest(&a, &b);
}

static void take_ba(void)
{
    nest(&b, &a);
}

static void under(pthread_mutex_t *outer, void (*act)(void))
{
    MUST(pthread_mutex_lock(outer) == 0);
    act();
    MUST(pthread_mutex_unlock(outer) == 0);
}

static void gated_ab(void)
{
    under(&gate, take_ab);
}

static void gated_ba(void)
{
    under(&gate, take_ba);
}

static void first_gated_ab(void)
{
    under(gates[0], take_ab);
}

static void second_gated_ba(void)
{
    under(gates[1], take_ba);
}

static void first_gated_ba(void)
{
    under(gates[0], take_ba);
}

/* The gate is given up before the second lock is wanted. */
static void gate_released(pthread_mutex_t *first, pthread_mutex_t *second)
{
    MUST(pthread_mutex_lock(&gate) == 0);
    MUST(pthread_mutex_lock(first) == 0);
    MUST(pthread_mutex_unlock(&gate) == 0);
    MUST(pthread_mutex_lock(second) == 0);
    MUST(pthread_mutex_unlock(second) == 0);
    MUST(pthread_mutex_unlock(first) == 0);
}

static void gate_released_ab(void)
{
    gate_released(&a, &b);
}

static void gate_released_ba(void)
{
    gate_released(&b, &a);
}

static void read_gated_ab(void)
{
    MUST(pthread_rwlock_rdlock(&shared_gate) == 0);
    take_ab();
    MUST(pthread_rwlock_unlock(&shared_gate) == 0);
}

static void read_gated_ba(void)
{
    MUST(pthread_rwlock_rdlock(&shared_gate) == 0);
    take_ba();
    MUST(pthread_rwlock_unlock(&shared_gate) == 0);
}

static void write_gated_ba(void)
{
    MUST(pthread_rwlock_wrlock(&shared_gate) == 0);
    take_ba();
    MUST(pthread_rwlock_unlock(&shared_gate) == 0);
}

/* Never inlined, nor unrolled with a loop: one call site, one class. */
static __attribute__((noinline)) pthread_mutex_t *new_gate(void)
{
    pthread_mutex_t *lock = malloc(sizeof(*lock));

    MUST(lock != NULL && pthread_mutex_init(lock, NULL) == 0);
    return lock;
}

static void *call(void *act)
{
    (*(void (**)(void))act)();
    return NULL;
}

/* @act in a thread that has begun and ended when this returns. */
static void in_thread(void (*act)(void))
{
    run_thread(call, &act);
}

/* What a worker does while main does something, too: it waits for its turn, and lives on until main had its own. */
static void worker(void)
{
    wait_turn(1);
    take_ba();
    give_turn(2);
    wait_turn(3);
}

/* Begin with A B; then a worker with B A, while main takes A B again, before or after it. */
static void phases_with_main(int before)
{
    void (*act)(void) = worker;
    pthread_t thread;

    take_ab();
    MUST(pthread_create(&thread, NULL, call, &act) == 0);
    if (before)
        take_ab();
    give_turn(1);
    wait_turn(2);
    if (!before)
        take_ab();
    give_turn(3);
    MUST(pthread_join(thread, NULL) == 0);
}

/* case: two-threads */
/* title: two threads, A B and B A */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: feasible$ */
/* expect: ^  2 acquisitions by 2 threads, the same two locks, no lock in common,$ */
/* expect: ^  not ordered by thread create or join$ */
static void two_threads(void)
{
    SIDE_BY_SIDE(take_ab, take_ba);
}

/* case: one-thread */
/* title: one thread, A B and then B A */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: potential$ */
/* expect: ^  one thread made all 2 acquisitions$ */
static void one_thread(void)
{
    take_ab();
    take_ba();
}

/* case: gate */
/* title: two threads, both orders under one mutex */
/* status: 0 */
/* findings: 1 */
/* expect: ^verdict: guarded$ */
/* expect: ^  gate lock: both acquisitions hold \(gate\), so they cannot meet$ */
static void gate_mutex(void)
{
    SIDE_BY_SIDE(gated_ab, gated_ba);
}

/* case: gate-one-side */
/* title: two threads, only one of them under the mutex */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: feasible$ */
/* expect: ^  2 acquisitions by 2 threads, the same two locks, no lock in common,$ */
/* expect: ^  not ordered by thread create or join$ */
static void gate_one_side(void)
{
    SIDE_BY_SIDE(gated_ab, take_ba);
}

/* case: gate-and-not */
/* title: two threads under one mutex, and one of them also without */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: feasible$ */
/* expect: ^  2 acquisitions by 2 threads, the same two locks, no lock in common,$ */
/* expect: ^  not ordered by thread create or join$ */
static void gate_and_not(void)
{
    SIDE_BY_SIDE(take_ab, gated_ab, gated_ba);
}

/* case: gate-released */
/* title: two threads, the mutex taken first and released before the second lock is wanted */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: feasible$ */
static void gate_given_up(void)
{
    SIDE_BY_SIDE(gate_released_ab, gate_released_ba);
}

/* case: gate-shared */
/* title: two threads, both under one read lock */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: feasible$ */
/* expect: ^  2 acquisitions by 2 threads, the same two locks, no lock in common,$ */
/* expect: ^  not ordered by thread create or join$ */
static void gate_shared(void)
{
    SIDE_BY_SIDE(read_gated_ab, read_gated_ba);
}

/* case: gate-read-write */
/* title: two threads, one under a read lock, one under its write lock */
/* status: 0 */
/* findings: 1 */
/* expect: ^verdict: guarded$ */
/* expect: ^  gate lock: both acquisitions hold \(shared_gate\), so they cannot meet$ */
static void gate_read_write(void)
{
    SIDE_BY_SIDE(read_gated_ab, write_gated_ba);
}

/* case: gate-instances */
/* title: two threads, each under another lock of one class */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: feasible$ */
/* expect: ^  2 acquisitions by 2 threads, the same two locks, no lock in common,$ */
/* expect: ^  not ordered by thread create or join$ */
static void gate_instances(void)
{
    for (int i = 0; i < 2; i++)
        gates[i] = new_gate();
    SIDE_BY_SIDE(first_gated_ab, second_gated_ba);
}

/* case: gate-one-of-two */
/* title: two threads under the same lock of a class of two: the chains do not say which it is every time */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: potential$ */
static void gate_one_of_two(void)
{
    for (int i = 0; i < 2; i++) {
        gates[i] = new_gate();
        MUST(pthread_mutex_lock(gates[i]) == 0);
        MUST(pthread_mutex_unlock(gates[i]) == 0);
    }
    SIDE_BY_SIDE(first_gated_ab, first_gated_ba);
}

/* case: phases */
/* title: a thread with A B is joined, then one with B A begins */
/* status: 0 */
/* findings: 1 */
/* expect: ^verdict: guarded$ */
/* expect: ^  ordered by thread join and create: call/\d+ was joined before call/\d+ was created$ */
static void phases(void)
{
    in_thread(take_ab);
    in_thread(take_ba);
}

/* case: main-then-thread */
/* title: main takes A B and then creates a thread with B A */
/* status: 0 */
/* findings: 1 */
/* expect: ^verdict: guarded$ */
/* expect: ^  ordered by thread create:  */
static void main_then_thread(void)
{
    take_ab();
    in_thread(take_ba);
}

/* case: main-before-and-after */
/* title: main takes A B, creates and joins a thread with B A, takes A B again */
/* status: 0 */
/* findings: 1 */
/* expect: ^verdict: guarded$ */
static void main_before_and_after(void)
{
    take_ab();
    in_thread(take_ba);
    take_ab();
}

/* case: chain-of-threads */
/* title: the same, by a thread that main created and joins */
/* status: 0 */
/* findings: 1 */
/* expect: ^verdict: guarded$ */
/* expect: ^  ordered by thread join and create:  */
static void chain_of_threads(void)
{
    in_thread(phases);
}

/* case: phases-c11 */
/* title: the same as phases with threads of C11 */
/* status: 0 */
/* findings: 1 */
/* expect: ^verdict: guarded$ */
/* expect: ^  ordered by thread join and create:  */
static int c11_call(void *act)
{
    (*(void (**)(void))act)();
    return 0;
}

static void phases_c11(void)
{
    void (*acts[])(void) = { take_ab, take_ba };
    thrd_t thread;

    for (int i = 0; i < 2; i++) {
        MUST(thrd_create(&thread, c11_call, &acts[i]) == thrd_success);
        MUST(thrd_join(thread, NULL) == thrd_success);
    }
}

/* case: not-joined */
/* title: a thread with A B that nobody joins, and later one with B A */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: feasible$ */
/* expect: ^  2 acquisitions by 2 threads, the same two locks, no lock in common,$ */
/* expect: ^  not ordered by thread create or join$ */
static void *ab_and_turn(void *unused)
{
    take_ab();
    give_turn(1);
    return unused;
}

static void not_joined(void)
{
    pthread_t thread;

    MUST(pthread_create(&thread, NULL, ab_and_turn, NULL) == 0 && pthread_detach(thread) == 0);
    wait_turn(1);
    in_thread(take_ba);
}

/* case: fork */
/* title: A B before a fork, B A in the child: a lock of each process */
/* status: 0 */
/* findings: 1 */
/* expect: ^verdict: potential$ */
/* expect: ^  different processes:  */
static void forked(void)
{
    pid_t child;

    take_ab();
    child = fork();
    MUST(child >= 0);
    if (child == 0) {
        take_ba();
        _exit(0);
    }
    MUST(waitpid(child, NULL, 0) == child);
}

/* case: main-again-before */
/* title: main takes A B, creates a thread, takes A B again; the thread B A */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: feasible$ */
/* expect: ^  2 acquisitions by 2 threads, the same two locks, no lock in common,$ */
/* expect: ^  not ordered by thread create or join$ */
static void main_again_before(void)
{
    phases_with_main(1);
}

/* case: main-again-after */
/* title: main takes A B, creates a thread with B A, takes A B again */
/* status: 66 */
/* findings: 1 */
/* expect: ^  feasible +circular +a -> b -> a +\[\w+\]$ */
static void main_again_after(void)
{
    phases_with_main(0);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        { "two-threads", two_threads },
        { "one-thread", one_thread },
        { "gate", gate_mutex },
        { "gate-one-side", gate_one_side },
        { "gate-and-not", gate_and_not },
        { "gate-released", gate_given_up },
        { "gate-shared", gate_shared },
        { "gate-read-write", gate_read_write },
        { "gate-instances", gate_instances },
        { "gate-one-of-two", gate_one_of_two },
        { "phases", phases },
        { "main-then-thread", main_then_thread },
        { "main-before-and-after", main_before_and_after },
        { "chain-of-threads", chain_of_threads },
        { "phases-c11", phases_c11 },
        { "not-joined", not_joined },
        { "fork", forked },
        { "main-again-before", main_again_before },
        { "main-again-after", main_again_after },
    };

    (void)argc;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (is_case(argv, cases[i].name))
            cases[i].run();
    puts("done");
    return 0;
}
