/* SPDX-License-Identifier: MIT */
/*
 * Acquisitions that are judged and never held: waiting until nobody has a lock, locks that might be taken. Maps that are
 * exempted. Which class a lock is of.
 *
 * expect sync: clean
 * expect sync-circular: circular potential | ^ +sync\(grace\);
 * expect sync-is-not-held: clean
 * expect sync-inside: recursive deadlock | ^  sync\(grace\);
 * expect sync-inside-reader: recursive deadlock | ^  sync\(grace\);
 * expect sync-reader-of-readers: clean
 * expect sync-usage: clean | \(grace\)\{\.\.\.\.\}
 * expect sync-level: clean
 * expect sync-no-level: recursive potential
 * expect sync-nest: clean
 * expect might-level: circular potential | \(level/1\)
 * expect might-no-level: recursive potential
 * expect might-lock-level: circular potential | \(a lock/1\)
 * expect might-lock-no-level: recursive potential
 * expect novalidate: clean
 * expect novalidate-is-held: clean
 * expect novalidate-anew: circular potential
 * expect notrack: clean
 * expect notrack-is-not-held: clean
 * expect match: clean
 * expect match-map: clean
 */

#include "api.h"

#include <pthread.h>
#include <stddef.h>

static struct lockval_key grace_key, key_a, key_b, level_key, lock_key;
static struct lockval_map grace =
    LOCKVAL_MAP_INIT("grace", &grace_key); /* read-side sections, and the wait for their end */
static struct lockval_map map_a = LOCKVAL_MAP_INIT("map_a", &key_a);
static struct lockval_map map_b = LOCKVAL_MAP_INIT("map_b", &key_b);
static struct lockval_map level_1 = LOCKVAL_MAP_INIT("level", &level_key);
static struct lockval_map level_2 = LOCKVAL_MAP_INIT("level", &level_key);

/* ---- sync ---------------------------------------------------------------------------------------------------------- */

static void wait_for_readers(void)
{
    lockval_sync_map(&grace, LOCKVAL_WRITE, 0, NULL);
}

static void read_section(struct lockval_map *inside)
{
    take_as(&grace, LOCKVAL_READ_RECURSIVE);
    if (inside != NULL) {
        take(inside);
        drop(inside);
    }
    drop(&grace);
}

static void sync_(void)
{
    read_section(&map_a);
    wait_for_readers();
    take(&map_b);
    wait_for_readers();
    drop(&map_b);
}

/* What is held in the wait must not be taken by a reader. */
static void sync_circular(void)
{
    read_section(&map_a);
    take(&map_a);
    wait_for_readers();
    drop(&map_a);
}

static void sync_is_not_held(void)
{
    wait_for_readers();
    api_require(lockval_depth() == 0, "nothing is held after the wait");
    take(&map_a);
    drop(&map_a);
    take(&map_a);
    wait_for_readers();
    drop(&map_a);
    api_require(lockval_is_held(&grace, LOCKVAL_ANY) == 0, "it is not held");
}

static void sync_inside(void)
{
    take(&grace);
    wait_for_readers();
    drop(&grace);
}

static void sync_inside_reader(void)
{
    take_as(&grace, LOCKVAL_READ_RECURSIVE);
    wait_for_readers();
    drop(&grace);
}

/* Who only waits for writers is not held up by readers. */
static void sync_reader_of_readers(void)
{
    take_as(&grace, LOCKVAL_READ_RECURSIVE);
    lockval_sync_map(&grace, LOCKVAL_READ_RECURSIVE, 0, NULL);
    drop(&grace);
}

/* A wait is no section that could be interrupted: it leaves no mark. */
static void sync_usage(void)
{
    int irq = lockval_declare_context("irq", LOCKVAL_CONTEXT_HARD);

    wait_for_readers();
    lockval_disable_context(irq);
    take_as(&grace, LOCKVAL_READ_RECURSIVE);
    lockval_show_held();
    drop(&grace);
    lockval_enable_context(irq);
    (void)irq;
}

static void sync_under(unsigned subclass, const void *under)
{
    take(&level_1);
    lockval_sync_map(&level_2, LOCKVAL_WRITE, subclass, under);
    drop(&level_1);
    (void)subclass;
    (void)under;
}

static void sync_level(void)
{
    sync_under(1, NULL);
}

static void sync_no_level(void)
{
    sync_under(0, NULL);
}

static void sync_nest(void)
{
    take(&map_a);
    sync_under(0, &map_a);
    drop(&map_a);
}

/* ---- what might be taken ------------------------------------------------------------------------------------------- */

static void might_level(void)
{
    take(&level_1);
    lockval_might_lock_map_nested(&level_2, LOCKVAL_WRITE, 1);
    drop(&level_1);
    take_with(&level_2, LOCKVAL_WRITE, 1, 0, NULL);
    take(&level_1);
    drop(&level_1);
    drop(&level_2);
}

static void might_no_level(void)
{
    take(&level_1);
    lockval_might_lock_map_nested(&level_2, LOCKVAL_WRITE, 0);
    drop(&level_1);
}

static void make(pthread_mutex_t *lock)
{
    pthread_mutex_init(lock, NULL);
    lockval_set_class(lock, LOCKVAL_MUTEX, &lock_key, "a lock");
    (void)lock_key;
}

static void might_lock_level(void)
{
    pthread_mutex_t parent, child;

    make(&parent);
    make(&child);
    pthread_mutex_lock(&parent);
    lockval_might_lock_nested(&child, LOCKVAL_MUTEX, LOCKVAL_WRITE, 1);
    pthread_mutex_unlock(&parent);
    lockval_next_subclass(&child, 1);
    pthread_mutex_lock(&child);
    pthread_mutex_lock(&parent);
    pthread_mutex_unlock(&parent);
    pthread_mutex_unlock(&child);
}

static void might_lock_no_level(void)
{
    pthread_mutex_t parent, child;

    make(&parent);
    make(&child);
    pthread_mutex_lock(&parent);
    lockval_might_lock_nested(&child, LOCKVAL_MUTEX, LOCKVAL_WRITE, 0);
    pthread_mutex_unlock(&parent);
}

/* ---- exemptions ---------------------------------------------------------------------------------------------------- */

static void both_ways(void)
{
    nest(&map_a, &map_b);
    nest(&map_b, &map_a);
}

static void novalidate(void)
{
    lockval_set_novalidate_map(&map_a);
    both_ways();
}

static void novalidate_is_held(void)
{
    lockval_set_novalidate_map(&map_a);
    take(&map_a);
    api_require(lockval_is_held(&map_a, LOCKVAL_WRITE) == 1, "it is shown as held");
    drop(&map_a);
}

static void novalidate_anew(void)
{
    lockval_set_novalidate_map(&map_a);
    both_ways();
    lockval_init_map(&map_a, "map_a", &key_a);
    both_ways();
}

static void notrack(void)
{
    lockval_set_notrack_map(&map_a);
    both_ways();
    take(&map_a);
    take(&map_a);
    drop(&map_a);
}

static void notrack_is_not_held(void)
{
    lockval_set_notrack_map(&map_a);
    take(&map_a);
    api_require(lockval_depth() == 0, "it is not watched");
}

/* ---- classes ------------------------------------------------------------------------------------------------------- */

static void match(void)
{
    pthread_mutex_t lock;

    make(&lock);
    api_require(lockval_match_class(&lock, LOCKVAL_MUTEX, &lock_key) == 1, "it is of that class");
    api_require(lockval_match_class(&lock, LOCKVAL_MUTEX, &key_a) == 0, "and of no other");
    pthread_mutex_init(&lock, NULL);
    api_require(lockval_match_class(&lock, LOCKVAL_MUTEX, &lock_key) == 0, "made anew it is not");
}

static void match_map(void)
{
    struct lockval_map map;

    api_require(lockval_match_class_map(&map_a, &key_a) == 1, "it is of that class");
    api_require(lockval_match_class_map(&map_a, &key_b) == 0, "and of no other");
    lockval_init_map(&map, "by name", NULL);
    api_require(lockval_match_class_map(&map, &key_a) == 0, "a class by name has no key");
    (void)map;
}

static const struct api_case cases[] = {
    { "sync", sync_ },
    { "sync-circular", sync_circular },
    { "sync-is-not-held", sync_is_not_held },
    { "sync-inside", sync_inside },
    { "sync-inside-reader", sync_inside_reader },
    { "sync-reader-of-readers", sync_reader_of_readers },
    { "sync-usage", sync_usage },
    { "sync-level", sync_level },
    { "sync-no-level", sync_no_level },
    { "sync-nest", sync_nest },
    { "might-level", might_level },
    { "might-no-level", might_no_level },
    { "might-lock-level", might_lock_level },
    { "might-lock-no-level", might_lock_no_level },
    { "novalidate", novalidate },
    { "novalidate-is-held", novalidate_is_held },
    { "novalidate-anew", novalidate_anew },
    { "notrack", notrack },
    { "notrack-is-not-held", notrack_is_not_held },
    { "match", match },
    { "match-map", match_map },
};

int main(int argc, char **argv)
{
    return api_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
