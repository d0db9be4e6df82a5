/* SPDX-License-Identifier: MIT */
/*
 * Locks of one class at once, ordered by a comparison function.
 *
 * expect compared: clean
 * expect compared-wrong: recursive potential | and the lock comparison function returns 1:
 * expect compared-equal: recursive potential | the lock comparison function returns 0:
 * expect compared-each-time: recursive potential | returns 1:
 * expect compared-all: recursive potential | returns 2:
 * expect compared-note: recursive potential | \(numbered no. 2\)\{
 * expect compared-no-note: recursive potential | \(numbered\)\{
 * expect compared-try: clean
 * expect compared-timed: recursive guarded
 * expect compared-readers: clean
 * expect compared-same-lock: recursive deadlock
 * expect compared-guessed: clean
 * expect compared-guessed-wrong: recursive potential | returns 1:
 * expect compared-subclass: recursive potential | \(numbered/1\)
 * expect compared-no-more: recursive potential | missing lock nesting notation
 * expect compared-makes-edges: circular potential
 * expect compared-strict [strict=1]: clean
 * expect compared-called: clean
 */

#define _GNU_SOURCE
#include "api.h"

#include <pthread.h>
#include <stddef.h>
#include <stdio.h>

struct numbered {
    struct lockval_map map; /* first, so that the lock's address is the object's */
    int number;
};

static struct lockval_key numbered_key, other_key;
static struct lockval_map other = LOCKVAL_MAP_INIT("other", &other_key);
static struct numbered one, two, three;
static unsigned compared;

static int compare(const void *held, const void *wanted)
{
    compared++;
    return ((const struct numbered *)held)->number - ((const struct numbered *)wanted)->number;
}

static void print(const void *lock, char *text, unsigned long size)
{
    snprintf(text, size, "no. %d", ((const struct numbered *)lock)->number);
}

static void number(struct numbered *lock, int is)
{
    lockval_init_map(&lock->map, "numbered", &numbered_key);
    lock->number = is;
    (void)numbered_key;
}

static void order_as(lockval_print_fn how)
{
    number(&one, 1);
    number(&two, 2);
    number(&three, 3);
    lockval_set_order_map(&one.map, compare, how);
    (void)compare;
    (void)print;
    (void)how;
}

static void order(void)
{
    order_as(NULL);
}

static void compared_(void)
{
    order();
    nest(&one.map, &two.map);
    nest(&two.map, &three.map);
    take(&one.map);
    nest(&two.map, &three.map);
    drop(&one.map);
}

static void compared_wrong(void)
{
    order();
    nest(&two.map, &one.map);
}

static void compared_equal(void)
{
    order();
    two.number = 1;
    nest(&one.map, &two.map);
}

/* The same chain of classes was right before. */
static void nest_here(struct numbered *first, struct numbered *second)
{
    nest(&first->map, &second->map);
}

static void compared_each_time(void)
{
    struct numbered *const pairs[][2] = { { &one, &two }, { &two, &three }, { &two, &one }, { &one, &two } };

    order();
    for (volatile int i = 0; i < 4; i++)
        nest_here(pairs[i][0], pairs[i][1]);
}

/* Each lock of the class that is held counts, not only the youngest. */
static void compared_all(void)
{
    order();
    take(&three.map);
    take_with(&two.map, LOCKVAL_WRITE, 0, LOCKVAL_TRY, NULL);
    two.number = 0;
    take(&one.map);
    drop(&one.map);
    drop(&two.map);
    drop(&three.map);
}

static void compared_note(void)
{
    order_as(print);
    nest(&two.map, &one.map);
}

static void compared_no_note(void)
{
    order();
    nest(&two.map, &one.map);
}

static void two_and_one(enum lockval_mode mode, unsigned flags)
{
    order();
    take_as(&two.map, mode);
    take_with(&one.map, mode, 0, flags, NULL);
    drop(&one.map);
    drop(&two.map);
}

static void compared_try(void)
{
    two_and_one(LOCKVAL_WRITE, LOCKVAL_TRY);
}

static void compared_timed(void)
{
    two_and_one(LOCKVAL_WRITE, LOCKVAL_TIMED);
}

static void compared_readers(void)
{
    two_and_one(LOCKVAL_READ_RECURSIVE, 0);
}

static void compared_same_lock(void)
{
    order();
    nest(&one.map, &one.map);
}

/* pthread locks without a class of their own: by address. */
static int by_address(const void *held, const void *wanted)
{
    return held < wanted ? -1 : held > wanted;
}

static void nest_mutexes(pthread_mutex_t *first, pthread_mutex_t *second)
{
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

static void guessed(int first, int second)
{
    pthread_mutex_t locks[2];

    for (volatile int i = 0; i < 2; i++)
        pthread_mutex_init(&locks[i], NULL);
    lockval_set_order(&locks[0], LOCKVAL_MUTEX, by_address, NULL);
    nest_mutexes(&locks[first], &locks[second]);
    (void)by_address;
}

static void compared_guessed(void)
{
    guessed(0, 1);
}

static void compared_guessed_wrong(void)
{
    guessed(1, 0);
}

static void compared_subclass(void)
{
    order();
    take_with(&two.map, LOCKVAL_WRITE, 1, 0, NULL);
    take_with(&one.map, LOCKVAL_WRITE, 1, 0, NULL);
    drop(&one.map);
    drop(&two.map);
}

static void compared_no_more(void)
{
    order();
    lockval_set_order_map(&two.map, NULL, NULL);
    nest(&one.map, &two.map);
}

static void compared_makes_edges(void)
{
    order();
    take(&one.map);
    nest(&two.map, &other);
    drop(&one.map);
    nest(&other, &one.map);
}

static void compared_strict(void)
{
    compared_guessed();
}

/* Once for each lock of the class that is held, and not where there is none. */
static void compared_called(void)
{
    order();
    take(&other);
    take(&one.map);
    api_require(compared == 0, "nothing to compare");
    take(&two.map);
    api_require(compared == 1, "one is held");
    take(&three.map);
    api_require(compared == 3, "two are held");
    drop(&three.map);
    drop(&two.map);
    drop(&one.map);
    drop(&other);
}

static const struct api_case cases[] = {
    { "compared", compared_ },
    { "compared-wrong", compared_wrong },
    { "compared-equal", compared_equal },
    { "compared-each-time", compared_each_time },
    { "compared-all", compared_all },
    { "compared-note", compared_note },
    { "compared-no-note", compared_no_note },
    { "compared-try", compared_try },
    { "compared-timed", compared_timed },
    { "compared-readers", compared_readers },
    { "compared-same-lock", compared_same_lock },
    { "compared-guessed", compared_guessed },
    { "compared-guessed-wrong", compared_guessed_wrong },
    { "compared-subclass", compared_subclass },
    { "compared-no-more", compared_no_more },
    { "compared-makes-edges", compared_makes_edges },
    { "compared-strict", compared_strict },
    { "compared-called", compared_called },
};

int main(int argc, char **argv)
{
    return api_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
