/* SPDX-License-Identifier: MIT */
/* A join waits for every lock that the thread takes in its life. */
#include "join_order.h"

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;

/* The classic one. */
/* case: reported */
/* status: 66 */
/* findings: 1 */
/* expect: ^WARNING: possible circular locking dependency detected$ */
/* expect: is about to wait for:$ */
/* expect: \(join of take\).*, at: join_under */
/* expect: ^-> #1 \(lock\)\{....\}-\{4:4\}:\n +take\+.*\n(.*\n)*? +before the end that \(join of take\) waits for, at:\n +join_under */
/* expect: ^-> #0 \(join of take\)\{....\}-\{0:0\}:\n +join_under(.*\n)*? +while holding \(lock\), taken at:\n +join_under */
/* expect: ^ +lock\(lock\);\n.*lock\(lock\);\n +wait\(join of take\);\n +end\(join of take\); */
/* expect: ^verdict: potential$ */
/* expect: passes through a join */
/* expect: ^ +join of take   end of the threads that begin in take */
static void reported(void)
{
    join_under(&lock, run(take, &lock));
}

/* The same with events=join alone, and without. */
/* case: switched-on */
/* options: events=join */
/* status: 66 */
/* findings: 1 */

/* case: switched-off */
/* options: events=annotated */

/* case: none-on */
/* options: events=none */

/* The thread is made under the lock, which is released before the join. */
/* case: made-under */
static void made_under(void)
{
    pthread_t thread;

    MUST(pthread_mutex_lock(&lock) == 0);
    MUST(pthread_create(&thread, NULL, take, &lock) == 0);
    MUST(pthread_mutex_unlock(&lock) == 0);
    MUST(pthread_join(thread, NULL) == 0);
}

/* Made and joined under a lock that it does not take. */
/* case: other-locks */
static void *take_other(void *unused)
{
    (void)unused;
    return take(&other);
}

static void other_locks(void)
{
    pthread_t thread;

    MUST(pthread_mutex_lock(&lock) == 0);
    MUST(pthread_create(&thread, NULL, take_other, NULL) == 0);
    MUST(pthread_join(thread, NULL) == 0);
    MUST(pthread_mutex_unlock(&lock) == 0);
}

/* case: nothing-held */
static void nothing_held(void)
{
    MUST(pthread_join(run(take, &lock), NULL) == 0);
    nest(&lock, &other);
}

/* case: trylock */
static void *try(void *mutex)
{
    MUST(pthread_mutex_trylock(mutex) == 0);
    MUST(pthread_mutex_unlock(mutex) == 0);
    say_done();
    return NULL;
}

static void trylock(void)
{
    join_under(&lock, run(try, &lock));
}

/* What the joiner holds by a trylock is held all the same. */
/* case: held-by-trylock */
/* status: 66 */
/* findings: 1 */
static void held_by_trylock(void)
{
    pthread_t thread = run(take, &lock);

    MUST(pthread_mutex_trylock(&lock) == 0);
    MUST(pthread_join(thread, NULL) == 0);
    MUST(pthread_mutex_unlock(&lock) == 0);
}

/* Over another lock: the thread takes one that is elsewhere held when the joiner's is taken. */
/* case: over-another */
/* status: 66 */
/* findings: 1 */
/* expect: ^  join of take --> other --> lock --> join of take$ */
static void over_another(void)
{
    nest(&other, &lock);
    join_under(&lock, run(take, &other));
}

/* The same, and it is the lock that closes the circle. */
/* case: lock-last */
/* status: 66 */
/* findings: 1 */
/* expect: ^  lock --> join of take --> other --> lock$ */
static void lock_last(void)
{
    join_under(&lock, run(take, &other));
    nest(&other, &lock);
}

/* One mistake, one finding, although three of the thread's locks lead to the joiner's. */
/* case: one-finding */
/* status: 66 */
/* findings: 1 */
/* expect: ^-> #1 \(lock\) */
static void *take_three(void *unused)
{
    MUST(pthread_mutex_lock(&third) == 0);
    nest(&other, &lock);
    MUST(pthread_mutex_unlock(&third) == 0);
    say_done();
    return unused;
}

static void one_finding(void)
{
    join_under(&lock, run(take_three, NULL));
}

/* The thread takes the lock when the join waits already: reported before it hangs. */
/* case: later */
/* plain: no */
/* options: halt_on_error=1 */
/* status: 66 */
/* findings: 1 */
/* expect: ^take_late/[0-9]+ is trying to acquire lock:$ */
/* expect: ^and its end is what is waited for:$ */
/* expect: ^which join already depends on the new lock\.$ */
static void *take_late(void *mutex)
{
    while (!sleeps_in_join(main_thread, pthread_self()))
        sched_yield();
    return take(mutex);
}

static void later(void)
{
    pthread_t thread;

    MUST(pthread_mutex_lock(&lock) == 0);
    MUST(pthread_create(&thread, NULL, take_late, &lock) == 0);
    MUST(pthread_join(thread, NULL) == 0);
}

/* One lock of a class after the other, from one place, and the last is the joiner's. */
/* case: later-instance */
/* plain: no */
/* options: halt_on_error=1 */
/* status: 66 */
/* findings: 1 */
enum {
    MANY = 20
};
static pthread_mutex_t *many[MANY];

static void make_many(void)
{
    for (int i = 0; i < MANY; i++) {
        many[i] = malloc(sizeof(*many[i]));
        MUST(many[i] != NULL && pthread_mutex_init(many[i], NULL) == 0);
    }
}

static void *take_many(void *unused)
{
    for (int i = 0; i < MANY; i++) {
        while (i == MANY - 1 && !sleeps_in_join(main_thread, pthread_self()))
            sched_yield();
        MUST(pthread_mutex_lock(many[i]) == 0);
        MUST(pthread_mutex_unlock(many[i]) == 0);
    }
    return unused;
}

static void later_instance(void)
{
    pthread_t thread;

    make_many();
    MUST(pthread_mutex_lock(many[MANY - 1]) == 0);
    MUST(pthread_create(&thread, NULL, take_many, NULL) == 0);
    MUST(pthread_join(thread, NULL) == 0);
}

/* Another lock of the same class: each thread takes its own object's. */
/* case: other-instance */
static void other_instance(void)
{
    make_many();
    join_under(many[0], run(take, many[1]));
    join_under(many[1], run(take, many[0]));
}

/* case: same-instance */
/* status: 66 */
/* findings: 1 */
static void same_instance(void)
{
    make_many();
    join_under(many[0], run(take, many[0]));
}

/* Readers do not wait for readers; a writer does, and a reader for a writer. */
/* case: read-read */
/* case: read-write */
/* status: 66 */
/* findings: 1 */
/* case: write-read */
/* status: 66 */
/* findings: 1 */
/* expect: rlock\(rwlock\); */
static void *take_read(void *unused)
{
    MUST(pthread_rwlock_rdlock(&rwlock) == 0);
    MUST(pthread_rwlock_unlock(&rwlock) == 0);
    say_done();
    return unused;
}

static void *take_write(void *unused)
{
    MUST(pthread_rwlock_wrlock(&rwlock) == 0);
    MUST(pthread_rwlock_unlock(&rwlock) == 0);
    say_done();
    return unused;
}

static void readers(int (*held)(pthread_rwlock_t *), void *(*start)(void *))
{
    pthread_t thread = run(start, NULL);

    MUST(held(&rwlock) == 0);
    MUST(pthread_join(thread, NULL) == 0);
    MUST(pthread_rwlock_unlock(&rwlock) == 0);
}

static void read_read(void)
{
    readers(pthread_rwlock_rdlock, take_read);
}

static void read_write(void)
{
    readers(pthread_rwlock_rdlock, take_write);
}

static void write_read(void)
{
    readers(pthread_rwlock_wrlock, take_read);
}

/* Joins that give up. */
/* case: timed */
/* findings: 1 */
/* expect: ^verdict: guarded$ */
static void timed(void)
{
    pthread_t thread = run(take, &lock);
    struct timespec never = far_away(CLOCK_REALTIME);

    MUST(pthread_mutex_lock(&lock) == 0);
    MUST(pthread_timedjoin_np(thread, NULL, &never) == 0);
    MUST(pthread_mutex_unlock(&lock) == 0);
}

/* case: clocked */
/* findings: 1 */
/* expect: ^verdict: guarded$ */
static void clocked(void)
{
    pthread_t thread = run(take, &lock);
    struct timespec never = far_away(CLOCK_MONOTONIC);

    MUST(pthread_mutex_lock(&lock) == 0);
    MUST(pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &never) == 0);
    MUST(pthread_mutex_unlock(&lock) == 0);
}

/* Without a time it does not give up. */
/* case: timed-for-ever */
/* status: 66 */
/* findings: 1 */
/* expect: ^verdict: potential$ */
static void timed_for_ever(void)
{
    pthread_t thread = run(take, &lock);

    MUST(pthread_mutex_lock(&lock) == 0);
    MUST(pthread_timedjoin_np(thread, NULL, NULL) == 0);
    MUST(pthread_mutex_unlock(&lock) == 0);
}

/* case: tried */
static void tried(void)
{
    pthread_t thread = run(take, &lock);
    int r;

    MUST(pthread_mutex_lock(&lock) == 0);
    while ((r = pthread_tryjoin_np(thread, NULL)) == EBUSY)
        sched_yield();
    MUST(r == 0);
    MUST(pthread_mutex_unlock(&lock) == 0);
}

/* case: c11 */
/* status: 66 */
/* findings: 1 */
/* expect: join of take_c11 */
static void c11(void)
{
    thrd_t thread;

    MUST(thrd_create(&thread, take_c11, &lock) == thrd_success);
    wait_until_done();
    MUST(pthread_mutex_lock(&lock) == 0);
    MUST(thrd_join(thread, NULL) == thrd_success);
    MUST(pthread_mutex_unlock(&lock) == 0);
}

static const struct join_case cases[] = {
    { "reported", reported },
    { "switched-on", reported },
    { "switched-off", reported },
    { "none-on", reported },
    { "made-under", made_under },
    { "other-locks", other_locks },
    { "nothing-held", nothing_held },
    { "trylock", trylock },
    { "held-by-trylock", held_by_trylock },
    { "over-another", over_another },
    { "lock-last", lock_last },
    { "one-finding", one_finding },
    { "later", later },
    { "later-instance", later_instance },
    { "other-instance", other_instance },
    { "same-instance", same_instance },
    { "read-read", read_read },
    { "read-write", read_write },
    { "write-read", write_read },
    { "timed", timed },
    { "clocked", clocked },
    { "timed-for-ever", timed_for_ever },
    { "tried", tried },
    { "c11", c11 },
};

int main(int argc, char **argv)
{
    (void)argc;
    return run_cases(cases, sizeof(cases) / sizeof(cases[0]), argv);
}
