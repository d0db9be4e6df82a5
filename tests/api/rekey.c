/* SPDX-License-Identifier: MIT */
/*
 * Locks whose class changes: while they are held, the held stack is built anew; before that, for all acquisitions.
 *
 * expect held-class: circular potential | \(second class\)
 * expect held-class-old: clean
 * expect held-class-learns-before: circular potential
 * expect held-class-learns-after: circular potential
 * expect held-class-nests: recursive potential | missing lock nesting notation
 * expect held-class-same-lock: recursive deadlock
 * expect held-class-is-held: clean
 * expect held-class-released: clean
 * expect held-class-again: clean
 * expect held-class-pinned: assert misuse
 * expect held-class-mutex: circular potential | \(second class\)
 * expect held-class-mutex-is-it: recursive deadlock
 * expect held-class-elsewhere: clean
 * expect held-class-try: clean
 * expect held-class-context: clean
 * expect held-class-trail: clean
 * expect class-map: circular potential | \(second class\)
 * expect subclass: clean
 * expect subclass-order: circular potential | \(first class/1\)
 * expect subclass-same: recursive potential | \(first class/2\)
 * expect subclass-back: recursive potential
 * expect subclass-of-subclass: recursive potential | \(first class/3\)
 * expect subclass-mutex: clean
 * expect subclass-held: clean
 * expect held-subclass: clean
 * expect held-subclass-order: circular potential | \(first class/1\)
 * expect held-subclass-once: recursive potential
 * expect held-subclass-back: recursive potential
 * expect held-subclass-not-held: unlock misuse | is being given a subclass, but
 * expect held-subclass-mutex: clean
 * expect held-novalidate: clean
 * expect held-novalidate-mutex: clean
 * expect held-notrack: clean
 */

#include "api.h"

#include <pthread.h>
#include <stddef.h>

static struct lockval_key first_key, second_key, key_x, key_y;
static struct lockval_map a = LOCKVAL_MAP_INIT("first class", &first_key);
static struct lockval_map b = LOCKVAL_MAP_INIT("first class", &first_key);
static struct lockval_map x = LOCKVAL_MAP_INIT("map_x", &key_x), y = LOCKVAL_MAP_INIT("map_y", &key_y);
static struct lockval_map second = LOCKVAL_MAP_INIT("second class", &second_key);

static void become_second(struct lockval_map *map)
{
    lockval_set_class_map(map, &second_key, "second class");
    (void)map;
}

/* ---- held ---------------------------------------------------------------------------------------------------------- */

static void held_class(void)
{
    take(&a);
    become_second(&a);
    take(&x);
    drop(&x);
    drop(&a);
    nest(&x, &second);
}

/* The class that it was of learns nothing more. */
static void held_class_old(void)
{
    take(&a);
    become_second(&a);
    take(&x);
    drop(&x);
    drop(&a);
    nest(&x, &b);
}

/* An edge from what was taken before it, */
static void held_class_learns_before(void)
{
    take(&x);
    take(&a);
    become_second(&a);
    drop(&a);
    drop(&x);
    nest(&second, &x);
}

/* and to what was taken after it. */
static void held_class_learns_after(void)
{
    take(&a);
    take(&x);
    take(&y);
    become_second(&a);
    drop(&y);
    drop(&x);
    drop(&a);
    nest(&x, &second);
}

static void held_class_nests(void)
{
    take(&second);
    take(&a);
    become_second(&a);
    drop(&a);
    drop(&second);
}

/* It stays the lock that it is. */
static void held_class_same_lock(void)
{
    take(&a);
    become_second(&a);
    take(&a);
}

static void held_class_is_held(void)
{
    take(&a);
    take(&x);
    become_second(&a);
    api_require(lockval_depth() == 2, "both are held");
    api_require(lockval_is_held(&a, LOCKVAL_WRITE) == 1, "the one");
    api_require(lockval_is_held(&x, LOCKVAL_WRITE) == 1, "and the other");
    drop(&x);
    drop(&a);
    api_require(lockval_depth() == 0, "none is held");
}

static void held_class_released(void)
{
    take(&a);
    take(&x);
    become_second(&a);
    drop(&a);
    api_require(lockval_depth() == 1, "the other is held");
    drop(&x);
    api_require(lockval_depth() <= 0, "none is held");
    nest(&y, &second);
}

/* The next acquisition is of the new class, too. */
static void held_class_again(void)
{
    take(&a);
    become_second(&a);
    drop(&a);
    nest(&b, &a);
    nest(&b, &second);
}

static void held_class_pinned(void)
{
    take(&a);
    (void)lockval_pin(&a);
    become_second(&a);
    drop(&a);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void held_class_mutex(void)
{
    pthread_mutex_lock(&mutex);
    take(&x);
    lockval_set_class(&mutex, LOCKVAL_MUTEX, &second_key, "second class");
    drop(&x);
    pthread_mutex_unlock(&mutex);
    nest(&x, &second);
}

static void held_class_mutex_is_it(void)
{
    pthread_mutex_lock(&mutex);
    lockval_set_class(&mutex, LOCKVAL_MUTEX, &second_key, "second class");
    lockval_might_lock(&mutex, LOCKVAL_MUTEX, LOCKVAL_WRITE);
    pthread_mutex_unlock(&mutex);
}

static void rekey_a(void)
{
    become_second(&a);
}

/* What another thread holds is as it was taken. */
static void held_class_elsewhere(void)
{
    take(&a);
    api_in_thread(rekey_a);
    take(&x);
    drop(&x);
    drop(&a);
    nest(&x, &second);
}

/* A try stays one: no edge leads to it. */
static void held_class_try(void)
{
    take(&x);
    take_with(&a, LOCKVAL_WRITE, 0, LOCKVAL_TRY, NULL);
    become_second(&a);
    drop(&a);
    drop(&x);
    nest(&second, &x);
}

/* What was taken in the interrupted code is only renamed; its chain goes on rightly after the context. */
static void held_class_context(void)
{
    int irq = lockval_declare_context("irq", LOCKVAL_CONTEXT_HARD);

    take(&a);
    lockval_enter_context(irq);
    take(&x);
    become_second(&a);
    drop(&x);
    lockval_exit_context(irq);
    drop(&a);
    nest(&y, &a);
    (void)irq;
}

/* Many times in a row: nothing is left of it. */
static void held_class_trail(void)
{
    for (int i = 0; i < 1000; i++) {
        take(&a);
        take(&x);
        lockval_set_class_map(&a, i % 2 ? &first_key : &second_key, i % 2 ? "first class" : "second class");
        drop(i % 3 ? &x : &a);
        drop(i % 3 ? &a : &x);
    }
    api_require(lockval_depth() <= 0, "none is held");
}

static void class_map(void)
{
    become_second(&a);
    nest(&a, &x);
    nest(&x, &second);
}

/* ---- subclasses ---------------------------------------------------------------------------------------------------- */

static void subclass(void)
{
    lockval_set_subclass_map(&b, 1);
    nest(&a, &b);
}

static void subclass_order(void)
{
    subclass();
    nest(&b, &a);
}

static void subclass_same(void)
{
    lockval_set_subclass_map(&b, 2);
    lockval_set_subclass_map(&a, 2);
    nest(&a, &b);
}

static void subclass_back(void)
{
    lockval_set_subclass_map(&b, 1);
    lockval_set_subclass_map(&b, 0);
    nest(&a, &b);
}

/* What an acquisition says of itself goes before. */
static void subclass_of_subclass(void)
{
    lockval_set_subclass_map(&b, 1);
    take_with(&a, LOCKVAL_WRITE, 3, 0, NULL);
    take_with(&b, LOCKVAL_WRITE, 3, 0, NULL);
    drop(&b);
    drop(&a);
}

static void make(pthread_mutex_t *lock)
{
    pthread_mutex_init(lock, NULL);
    lockval_set_class(lock, LOCKVAL_MUTEX, &first_key, "first class");
}

static void subclass_mutex(void)
{
    pthread_mutex_t one, two;

    make(&one);
    make(&two);
    lockval_set_subclass(&two, LOCKVAL_MUTEX, 1);
    pthread_mutex_lock(&one);
    pthread_mutex_lock(&two);
    pthread_mutex_unlock(&two);
    pthread_mutex_unlock(&one);
}

static void subclass_held(void)
{
    take(&a);
    lockval_set_subclass_map(&a, 1);
    take(&b);
    drop(&b);
    drop(&a);
}

static void held_subclass(void)
{
    take(&a);
    lockval_set_held_subclass(&a, 1);
    take(&b);
    drop(&b);
    drop(&a);
}

static void held_subclass_order(void)
{
    held_subclass();
    take(&b);
    take_with(&a, LOCKVAL_WRITE, 1, 0, NULL);
    drop(&a);
    drop(&b);
}

/* Only that acquisition. */
static void held_subclass_once(void)
{
    held_subclass();
    nest(&a, &b);
}

static void held_subclass_back(void)
{
    take(&a);
    lockval_set_held_subclass(&a, 1);
    lockval_set_held_subclass(&a, 0);
    take(&b);
    drop(&b);
    drop(&a);
}

static void held_subclass_not_held(void)
{
    lockval_set_held_subclass(&a, 1);
}

static void held_subclass_mutex(void)
{
    pthread_mutex_t one, two;

    make(&one);
    make(&two);
    pthread_mutex_lock(&one);
    lockval_set_held_subclass(&one, 1);
    pthread_mutex_lock(&two);
    pthread_mutex_unlock(&two);
    pthread_mutex_unlock(&one);
}

/* ---- exemptions ---------------------------------------------------------------------------------------------------- */

static void held_novalidate(void)
{
    take(&a);
    lockval_set_novalidate_map(&a);
    take(&x);
    drop(&x);
    api_require(lockval_is_held(&a, LOCKVAL_WRITE) == 1, "it is held");
    drop(&a);
    nest(&x, &b);
}

static void held_novalidate_mutex(void)
{
    pthread_mutex_lock(&mutex);
    lockval_set_novalidate(&mutex, LOCKVAL_MUTEX);
    take(&x);
    drop(&x);
    pthread_mutex_unlock(&mutex);
    take(&x);
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    drop(&x);
}

static void held_notrack(void)
{
    take(&a);
    lockval_set_notrack_map(&a);
    api_require(lockval_depth() == 0, "it is not watched any more");
    drop(&a);
}

static const struct api_case cases[] = {
    { "held-class", held_class },
    { "held-class-old", held_class_old },
    { "held-class-learns-before", held_class_learns_before },
    { "held-class-learns-after", held_class_learns_after },
    { "held-class-nests", held_class_nests },
    { "held-class-same-lock", held_class_same_lock },
    { "held-class-is-held", held_class_is_held },
    { "held-class-released", held_class_released },
    { "held-class-again", held_class_again },
    { "held-class-pinned", held_class_pinned },
    { "held-class-mutex", held_class_mutex },
    { "held-class-mutex-is-it", held_class_mutex_is_it },
    { "held-class-elsewhere", held_class_elsewhere },
    { "held-class-try", held_class_try },
    { "held-class-context", held_class_context },
    { "held-class-trail", held_class_trail },
    { "class-map", class_map },
    { "subclass", subclass },
    { "subclass-order", subclass_order },
    { "subclass-same", subclass_same },
    { "subclass-back", subclass_back },
    { "subclass-of-subclass", subclass_of_subclass },
    { "subclass-mutex", subclass_mutex },
    { "subclass-held", subclass_held },
    { "held-subclass", held_subclass },
    { "held-subclass-order", held_subclass_order },
    { "held-subclass-once", held_subclass_once },
    { "held-subclass-back", held_subclass_back },
    { "held-subclass-not-held", held_subclass_not_held },
    { "held-subclass-mutex", held_subclass_mutex },
    { "held-novalidate", held_novalidate },
    { "held-novalidate-mutex", held_novalidate_mutex },
    { "held-notrack", held_notrack },
};

int main(int argc, char **argv)
{
    return api_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
