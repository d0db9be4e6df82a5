/* SPDX-License-Identifier: MIT */
/*
 * Classes of pthread and C11 locks: by key, by name, exempted from judgement, not watched.
 *
 * expect by-key: circular potential | \(first class\)
 * expect key-nested: recursive potential | \(first class\)
 * expect key-in-order: clean
 * expect by-name: circular potential | \(second name\)
 * expect name-nested: recursive potential
 * expect two-keys-one-name: circular potential | \(same name#2\)
 * expect key-symbol: circular potential | \(first_key\)
 * expect rwlock: circular potential | \(a rwlock\)
 * expect rwlock-readers: clean
 * expect spin: circular potential | \(a spinlock\)
 * expect c11: circular potential | \(a mtx\)
 * expect named-anew: circular potential | \(second class\)
 * expect subclass: clean
 * expect subclass-after-wait: clean
 * expect subclass-forgotten: recursive potential
 * expect subclass-of-another: recursive potential
 * expect subclass-order: circular potential | \(first class/1\)
 * expect subclass-after-failed-try: recursive potential
 * expect nest: clean
 * expect nest-not-held: assert misuse, recursive potential
 * expect nest-forgotten: recursive potential
 * expect novalidate: clean
 * expect novalidate-is-held: unlock misuse | \(plain class\)
 * expect notrack: clean
 * expect notrack-inside: clean
 */

#define _GNU_SOURCE
#include "api.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <threads.h>

static struct lockval_key first_key, second_key;

static void make(pthread_mutex_t *lock, const struct lockval_key *key, const char *name)
{
    pthread_mutex_init(lock, NULL);
    lockval_set_class(lock, LOCKVAL_MUTEX, key, name);
    (void)key;
    (void)name;
}

static void nest_locks(pthread_mutex_t *first, pthread_mutex_t *second)
{
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

static void both_ways(pthread_mutex_t *a, pthread_mutex_t *b)
{
    nest_locks(a, b);
    nest_locks(b, a);
}

/* Classes meet in different locks: one pair for each order. */
static void by_key(void)
{
    pthread_mutex_t a, b, c, d;

    make(&a, &first_key, "first class");
    make(&b, &second_key, "second class");
    make(&c, &first_key, "first class");
    make(&d, &second_key, "second class");
    nest_locks(&a, &b);
    nest_locks(&d, &c);
}

static void key_nested(void)
{
    pthread_mutex_t a, b;

    make(&a, &first_key, "first class");
    make(&b, &first_key, "first class");
    nest_locks(&a, &b);
}

static void key_in_order(void)
{
    pthread_mutex_t a, b;

    make(&a, &first_key, "first class");
    make(&b, &second_key, "second class");
    nest_locks(&a, &b);
    nest_locks(&a, &b);
}

static void by_name(void)
{
    pthread_mutex_t a, b, c, d;

    make(&a, NULL, "first name");
    make(&b, NULL, "second name");
    make(&c, NULL, "first name");
    make(&d, NULL, "second name");
    nest_locks(&a, &b);
    nest_locks(&d, &c);
}

static void name_nested(void)
{
    pthread_mutex_t a, b;

    make(&a, NULL, "first name");
    make(&b, NULL, "first name");
    nest_locks(&a, &b);
}

static void two_keys_one_name(void)
{
    pthread_mutex_t a, b;

    make(&a, &first_key, "same name");
    make(&b, &second_key, "same name");
    both_ways(&a, &b);
}

static void key_symbol(void)
{
    pthread_mutex_t a, b;

    make(&a, &first_key, NULL);
    make(&b, &second_key, NULL);
    both_ways(&a, &b);
}

static void rwlock(void)
{
    pthread_rwlock_t lock;
    pthread_mutex_t inner;

    make(&inner, &second_key, "second class");
    pthread_rwlock_init(&lock, NULL);
    lockval_set_class(&lock, LOCKVAL_RWLOCK, &first_key, "a rwlock");
    pthread_rwlock_rdlock(&lock);
    pthread_mutex_lock(&inner);
    pthread_rwlock_unlock(&lock);
    pthread_rwlock_wrlock(&lock);
    pthread_rwlock_unlock(&lock);
    pthread_mutex_unlock(&inner);
}

static void read_nested(pthread_rwlock_t *first, pthread_rwlock_t *second)
{
    pthread_rwlock_rdlock(first);
    pthread_rwlock_rdlock(second);
    pthread_rwlock_unlock(second);
    pthread_rwlock_unlock(first);
}

static void rwlock_readers(void)
{
    pthread_rwlock_t a, b;

    pthread_rwlock_init(&a, NULL);
    pthread_rwlock_init(&b, NULL);
    lockval_set_class(&a, LOCKVAL_RWLOCK, &first_key, "first class");
    lockval_set_class(&b, LOCKVAL_RWLOCK, &second_key, "second class");
    read_nested(&a, &b);
    read_nested(&b, &a);
}

static void spin(void)
{
    pthread_spinlock_t lock;
    pthread_mutex_t other;

    make(&other, &second_key, "second class");
    pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE);
    lockval_set_class((void *)&lock, LOCKVAL_SPIN, &first_key, "a spinlock");
    pthread_mutex_lock(&other);
    pthread_spin_lock(&lock);
    pthread_mutex_unlock(&other);
    pthread_mutex_lock(&other);
    pthread_mutex_unlock(&other);
    pthread_spin_unlock(&lock);
}

static void c11(void)
{
    pthread_mutex_t other;
    mtx_t lock;

    make(&other, &second_key, "second class");
    mtx_init(&lock, mtx_plain);
    lockval_set_class(&lock, LOCKVAL_MUTEX, &first_key, "a mtx");
    mtx_lock(&lock);
    pthread_mutex_lock(&other);
    mtx_unlock(&lock);
    mtx_lock(&lock);
    mtx_unlock(&lock);
    pthread_mutex_unlock(&other);
}

/* Another class from here on; what the first one learned does not count. */
static void named_anew(void)
{
    pthread_mutex_t a, b;

    make(&a, &first_key, "first class");
    make(&b, NULL, "other");
    nest_locks(&a, &b);
    lockval_set_class(&a, LOCKVAL_MUTEX, &second_key, "second class");
    both_ways(&b, &a);
}

/* ---- of the next acquisition --------------------------------------------------------------------------------------- */

struct pair {
    pthread_mutex_t parent, child;
};

static void make_pair(struct pair *pair)
{
    make(&pair->parent, &first_key, "first class");
    make(&pair->child, &first_key, "first class");
}

static void unlock_pair(struct pair *pair)
{
    pthread_mutex_unlock(&pair->child);
    pthread_mutex_unlock(&pair->parent);
}

static void subclass(void)
{
    struct pair pair;

    make_pair(&pair);
    for (int i = 0; i < 2; i++) {
        pthread_mutex_lock(&pair.parent);
        lockval_next_subclass(&pair.child, 1);
        pthread_mutex_lock(&pair.child);
        unlock_pair(&pair);
    }
}

/* It counts for one acquisition only. */
/* A wait on a condition variable takes the mutex again, as what it was. */
static void subclass_after_wait(void)
{
    pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
    struct timespec long_ago = { 1, 0 };
    pthread_mutex_t a, b;

    make(&a, &first_key, "first class");
    make(&b, &first_key, "first class");
    pthread_mutex_lock(&a);
    lockval_next_subclass(&b, 1);
    pthread_mutex_lock(&b);
    pthread_cond_timedwait(&cond, &b, &long_ago);
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
}

static void subclass_forgotten(void)
{
    struct pair pair;

    make_pair(&pair);
    lockval_next_subclass(&pair.child, 1);
    pthread_mutex_lock(&pair.child);
    pthread_mutex_unlock(&pair.child);
    pthread_mutex_lock(&pair.parent);
    pthread_mutex_lock(&pair.child);
    unlock_pair(&pair);
}

/* It is forgotten when another lock is taken first. */
static void subclass_of_another(void)
{
    struct pair pair;

    make_pair(&pair);
    lockval_next_subclass(&pair.child, 1);
    pthread_mutex_lock(&pair.parent);
    pthread_mutex_lock(&pair.child);
    unlock_pair(&pair);
}

static void lock_pair(pthread_mutex_t *first, unsigned first_level, pthread_mutex_t *second, unsigned second_level)
{
    lockval_next_subclass(first, first_level);
    pthread_mutex_lock(first);
    lockval_next_subclass(second, second_level);
    pthread_mutex_lock(second);
    (void)first_level;
    (void)second_level;
}

/* Levels have an order of their own. */
static void subclass_order(void)
{
    struct pair pair;

    make_pair(&pair);
    lock_pair(&pair.parent, 0, &pair.child, 1);
    unlock_pair(&pair);
    lock_pair(&pair.child, 1, &pair.parent, 0);
    unlock_pair(&pair);
}

/* What a thread and its helper do by turns: the helper's turn is the odd one. */
static struct {
    struct pair pair;
    atomic_int turn;
} contest;

static void await_turn(int turn)
{
    while (atomic_load(&contest.turn) != turn)
        sched_yield();
}

static void *hold_child(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&contest.pair.child);
    atomic_store(&contest.turn, 2);
    await_turn(3);
    pthread_mutex_unlock(&contest.pair.child);
    atomic_store(&contest.turn, 4);
    return NULL;
}

/* A try that fails took nothing; what was said of it does not stay for a later call. */
static void subclass_after_failed_try(void)
{
    pthread_t helper;

    make_pair(&contest.pair);
    atomic_store(&contest.turn, 1);
    if (pthread_create(&helper, NULL, hold_child, NULL) != 0)
        return;
    await_turn(2);
    pthread_mutex_lock(&contest.pair.parent);
    lockval_next_subclass(&contest.pair.child, 1);
    if (pthread_mutex_trylock(&contest.pair.child) == 0)
        pthread_mutex_unlock(&contest.pair.child);
    atomic_store(&contest.turn, 3);
    await_turn(4);
    pthread_mutex_lock(&contest.pair.child);
    unlock_pair(&contest.pair);
    pthread_join(helper, NULL);
}

static void lock_under(pthread_mutex_t *excluder, struct pair *pair)
{
    pthread_mutex_lock(&pair->parent);
    lockval_next_nest(&pair->child, excluder);
    pthread_mutex_lock(&pair->child);
    unlock_pair(pair);
    (void)excluder;
}

static void nest_(void)
{
    pthread_mutex_t excluder;
    struct pair pair;

    make(&excluder, &second_key, "second class");
    make_pair(&pair);
    pthread_mutex_lock(&excluder);
    lock_under(&excluder, &pair);
    pthread_mutex_unlock(&excluder);
}

static void nest_not_held(void)
{
    pthread_mutex_t excluder;
    struct pair pair;

    make(&excluder, &second_key, "second class");
    make_pair(&pair);
    lock_under(&excluder, &pair);
}

static void nest_forgotten(void)
{
    pthread_mutex_t excluder;
    struct pair pair;

    make(&excluder, &second_key, "second class");
    make_pair(&pair);
    pthread_mutex_lock(&excluder);
    lock_under(&excluder, &pair);
    pthread_mutex_lock(&pair.parent);
    pthread_mutex_lock(&pair.child);
    unlock_pair(&pair);
    pthread_mutex_unlock(&excluder);
}

/* ---- exempted ------------------------------------------------------------------------------------------------------ */

static void novalidate(void)
{
    pthread_mutex_t a, b;

    pthread_mutex_init(&a, NULL);
    lockval_set_novalidate(&a, LOCKVAL_MUTEX);
    make(&b, &second_key, "second class");
    both_ways(&a, &b);
    pthread_mutex_lock(&a);
    api_require(lockval_is_held(&a, LOCKVAL_WRITE) == 1, "a lock that is not judged is held");
    pthread_mutex_unlock(&a);
}

static pthread_mutex_t *foreign;

static void unlock_foreign(void)
{
    pthread_mutex_unlock(foreign);
}

/* What is not judged is its order; a wrong unlock still is. The mutex keeps its class. */
static void novalidate_is_held(void)
{
    pthread_mutex_t a;

    make(&a, &first_key, "plain class");
    lockval_set_novalidate(&a, LOCKVAL_MUTEX);
    pthread_mutex_lock(&a);
    foreign = &a;
    api_in_thread(unlock_foreign);
}

static void notrack(void)
{
    pthread_mutex_t a, b;

    pthread_mutex_init(&a, NULL);
    lockval_set_notrack(&a, LOCKVAL_MUTEX);
    make(&b, &second_key, "second class");
    both_ways(&a, &b);
    pthread_mutex_lock(&a);
    api_require(lockval_is_held(&a, LOCKVAL_ANY) == 0, "a lock that is not watched is not held");
    foreign = &a;
    api_in_thread(unlock_foreign);
}

/* A lock made of a mutex that is hidden and a map. */
static void notrack_inside(void)
{
    struct lockval_map map = LOCKVAL_MAP_INIT("gate", &first_key);
    pthread_mutex_t inner, other;

    pthread_mutex_init(&inner, NULL);
    lockval_set_notrack(&inner, LOCKVAL_MUTEX);
    make(&other, &second_key, "second class");
    pthread_mutex_lock(&other);
    lockval_acquire_map(&map, LOCKVAL_WRITE, 0, 0, NULL);
    pthread_mutex_lock(&inner);
    lockval_acquired_map(&map);
    lockval_release_map(&map);
    pthread_mutex_unlock(&inner);
    pthread_mutex_unlock(&other);
    both_ways(&inner, &other);
    (void)map;
}

static const struct api_case cases[] = {
    { "by-key", by_key },
    { "key-nested", key_nested },
    { "key-in-order", key_in_order },
    { "by-name", by_name },
    { "name-nested", name_nested },
    { "two-keys-one-name", two_keys_one_name },
    { "key-symbol", key_symbol },
    { "rwlock", rwlock },
    { "rwlock-readers", rwlock_readers },
    { "spin", spin },
    { "c11", c11 },
    { "named-anew", named_anew },
    { "subclass", subclass },
    { "subclass-after-wait", subclass_after_wait },
    { "subclass-forgotten", subclass_forgotten },
    { "subclass-of-another", subclass_of_another },
    { "subclass-order", subclass_order },
    { "subclass-after-failed-try", subclass_after_failed_try },
    { "nest", nest_ },
    { "nest-not-held", nest_not_held },
    { "nest-forgotten", nest_forgotten },
    { "novalidate", novalidate },
    { "novalidate-is-held", novalidate_is_held },
    { "notrack", notrack },
    { "notrack-inside", notrack_inside },
};

int main(int argc, char **argv)
{
    return api_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
