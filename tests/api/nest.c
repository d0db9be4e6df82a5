/* SPDX-License-Identifier: MIT */
/*
 * Locks of one class at once, under a nest lock: a great many of them, and a nest lock that is not held.
 *
 * expect nest-merged: clean
 * expect nest-merged-many: clean
 * expect nest-merged-any-order: clean
 * expect nest-merged-released: unlock misuse
 * expect nest-merged-first-elsewhere [events=annotated]: clean
 * expect nest-merged-first-again: recursive deadlock
 * expect nest-merged-makes-edges: circular potential
 * expect nest-merged-between: clean
 * expect nest-merged-modes: clean
 * expect nest-merged-is-held: clean
 * expect nest-merged-mutex: clean
 * expect nest-merged-errorcheck: clean
 * expect nest-merged-recursive: clean
 * expect nest-merged-destroyed: lifetime misuse
 * expect nest-merged-thread-end: lifetime misuse | \(outer\).*\n.*while its thread ends
 * expect nest-not-held: assert misuse, recursive potential | Nested lock was not taken\n.*\n-+\n.*is trying to lock:\n0x\S+ \(many\).*\n\nbut this thread is not holding:\n0x\S+ \(outer\)
 * expect nest-not-held-alone: assert misuse
 * expect nest-not-held-twice: assert misuse
 * expect nest-after-off: clean
 * expect nest-in-reader: clean
 */

#define _GNU_SOURCE
#include "api.h"

#include <pthread.h>
#include <stddef.h>

static struct lockval_key outer_key, many_key, other_key;
static struct lockval_map outer = LOCKVAL_MAP_INIT("outer", &outer_key);
static struct lockval_map other = LOCKVAL_MAP_INIT("other", &other_key);

enum {
    MANY = 20000
};

static struct lockval_map many[MANY];

static void make_many(void)
{
    for (int i = 0; i < MANY; i++)
        lockval_init_map(&many[i], "many", &many_key);
    (void)many_key;
}

static void take_many(int from, int to)
{
    for (volatile int i = from; i < to; i++)
        take_with(&many[i], LOCKVAL_WRITE, 0, 0, &outer);
}

static void require_depth(int depth)
{
    api_require(lockval_depth() == depth, "the depth of the held stack");
    (void)depth;
}

static void nest_merged(void)
{
    make_many();
    take(&outer);
    take_many(0, 3);
    require_depth(2);
    for (int i = 2; i >= 0; i--)
        drop(&many[i]);
    require_depth(1);
    drop(&outer);
    require_depth(0);
}

static void nest_merged_many(void)
{
    make_many();
    take(&outer);
    take_many(0, MANY);
    require_depth(2);
    for (int i = 0; i < MANY; i++)
        drop(&many[i]);
    drop(&outer);
    require_depth(0);
}

static void nest_merged_any_order(void)
{
    make_many();
    take(&outer);
    take_many(0, 4);
    drop(&many[1]);
    drop(&many[0]);
    drop(&many[3]);
    drop(&outer);
    require_depth(1);
    drop(&many[2]);
    require_depth(0);
}

static void nest_merged_released(void)
{
    make_many();
    take(&outer);
    take_many(0, 2);
    drop(&many[0]);
    drop(&many[1]);
    drop(&many[1]);
    drop(&outer);
}

/* The first lock has been released: it is free for others, and for this thread, while the rest is held. */
static void take_first(void)
{
    take(&many[0]);
    drop(&many[0]);
}

static void nest_merged_first_elsewhere(void)
{
    make_many();
    take(&outer);
    take_many(0, 3);
    drop(&many[0]);
    api_in_thread(take_first);
    take_many(0, 1);
    drop(&many[0]);
    drop(&many[1]);
    drop(&many[2]);
    require_depth(1);
    drop(&outer);
}

static void nest_merged_first_again(void)
{
    make_many();
    take(&outer);
    take_many(0, 2);
    take_many(0, 1);
    drop(&many[0]);
    drop(&many[1]);
    drop(&many[0]);
    drop(&outer);
}

static void nest_merged_makes_edges(void)
{
    make_many();
    take(&outer);
    take_many(0, 2);
    take(&other);
    drop(&other);
    drop(&many[1]);
    drop(&many[0]);
    drop(&outer);
    nest(&other, &many[5]);
}

/* Only what follows each other is one. */
static void nest_merged_between(void)
{
    make_many();
    take(&outer);
    take_many(0, 2);
    take_with(&other, LOCKVAL_WRITE, 0, LOCKVAL_TRY, NULL);
    take_many(2, 4);
    require_depth(4);
    drop(&many[0]);
    drop(&many[2]);
    drop(&many[3]);
    drop(&many[1]);
    drop(&other);
    drop(&outer);
    require_depth(0);
}

static void nest_merged_modes(void)
{
    make_many();
    take(&outer);
    take_many(0, 2);
    take_with(&many[2], LOCKVAL_READ, 0, 0, &outer);
    require_depth(3);
    drop(&many[2]);
    drop(&many[0]);
    drop(&many[1]);
    drop(&outer);
    require_depth(0);
}

/* Which of them are held is not known: no answer, and no claim. */
static void nest_merged_is_held(void)
{
    make_many();
    take(&outer);
    take_many(0, 2);
    api_require(lockval_is_held(&many[0], LOCKVAL_ANY) == 1, "the first");
    api_require(lockval_is_held(&many[1], LOCKVAL_ANY) == -1, "another");
    api_require(lockval_is_held(&outer, LOCKVAL_ANY) == 1, "the nest lock");
    lockval_assert_held(&many[1], LOCKVAL_WRITE);
    drop(&many[0]);
    api_require(lockval_is_held(&many[0], LOCKVAL_ANY) == -1, "the first, released");
    drop(&many[1]);
    api_require(lockval_is_held(&many[1], LOCKVAL_ANY) == 0, "none is left");
    drop(&outer);
}

static void merge_mutexes(int type)
{
    pthread_mutexattr_t attr;
    pthread_mutex_t locks[5];

    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, type);
    for (volatile int i = 0; i < 5; i++) {
        pthread_mutex_init(&locks[i], &attr);
        lockval_set_class(&locks[i], LOCKVAL_MUTEX, &many_key, "many");
    }
    take(&outer);
    for (volatile int i = 0; i < 5; i++) {
        lockval_next_nest(&locks[i], &outer);
        pthread_mutex_lock(&locks[i]);
    }
    require_depth(2);
    for (int i = 0; i < 5; i++)
        pthread_mutex_unlock(&locks[i]);
    require_depth(1);
    drop(&outer);
    for (int i = 0; i < 5; i++)
        pthread_mutex_destroy(&locks[i]);
    pthread_mutexattr_destroy(&attr);
}

static void nest_merged_mutex(void)
{
    merge_mutexes(PTHREAD_MUTEX_NORMAL);
}

static void nest_merged_errorcheck(void)
{
    merge_mutexes(PTHREAD_MUTEX_ERRORCHECK);
}

static void nest_merged_recursive(void)
{
    merge_mutexes(PTHREAD_MUTEX_RECURSIVE);
}

static void nest_merged_destroyed(void)
{
    make_many();
    take(&outer);
    take_many(0, 2);
    lockval_init_map(&many[0], "many", &many_key);
    require_depth(2);
    drop(&many[1]);
    require_depth(1);
    drop(&outer);
}

static void end_with_many(void)
{
    take(&outer);
    take_many(0, 3);
    drop(&many[0]);
}

/* The first was released, so that nothing can be said of the others: the finding is about the nest lock. */
static void nest_merged_thread_end(void)
{
    make_many();
    api_in_thread(end_with_many);
    require_depth(0);
}

static void two_of_many(int under)
{
    take(&many[0]);
    take_with(&many[1], LOCKVAL_WRITE, 0, 0, &outer);
    drop(&many[1]);
    drop(&many[0]);
    (void)under;
}

static void nest_not_held(void)
{
    make_many();
    two_of_many(0);
}

static void nest_not_held_alone(void)
{
    make_many();
    take_many(0, 1);
    drop(&many[0]);
}

static void nest_not_held_twice(void)
{
    make_many();
    for (volatile int i = 0; i < 2; i++) {
        take_many(0, 1);
        drop(&many[0]);
    }
}

static void nest_after_off(void)
{
    make_many();
    lockval_off();
    take(&outer);
    lockval_on();
    take_many(0, 1);
    drop(&many[0]);
}

static void nest_in_reader(void)
{
    make_many();
    take_as(&outer, LOCKVAL_READ);
    two_of_many(1);
    drop(&outer);
}

static const struct api_case cases[] = {
    { "nest-merged", nest_merged },
    { "nest-merged-many", nest_merged_many },
    { "nest-merged-any-order", nest_merged_any_order },
    { "nest-merged-released", nest_merged_released },
    { "nest-merged-first-elsewhere", nest_merged_first_elsewhere },
    { "nest-merged-first-again", nest_merged_first_again },
    { "nest-merged-makes-edges", nest_merged_makes_edges },
    { "nest-merged-between", nest_merged_between },
    { "nest-merged-modes", nest_merged_modes },
    { "nest-merged-is-held", nest_merged_is_held },
    { "nest-merged-mutex", nest_merged_mutex },
    { "nest-merged-errorcheck", nest_merged_errorcheck },
    { "nest-merged-recursive", nest_merged_recursive },
    { "nest-merged-destroyed", nest_merged_destroyed },
    { "nest-merged-thread-end", nest_merged_thread_end },
    { "nest-not-held", nest_not_held },
    { "nest-not-held-alone", nest_not_held_alone },
    { "nest-not-held-twice", nest_not_held_twice },
    { "nest-after-off", nest_after_off },
    { "nest-in-reader", nest_in_reader },
};

int main(int argc, char **argv)
{
    return api_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
