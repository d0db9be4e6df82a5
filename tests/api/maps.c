/* SPDX-License-Identifier: MIT */
/*
 * Maps: locks that a program builds itself. The maps here have no lock behind them, so that one thread can walk every
 * order. Static maps belong to classes of their own, one case uses them in one way.
 *
 * expect order: circular potential | Chain exists of|lock\(map_b\)
 * expect same-order: clean
 * expect by-init: circular potential | \(dynamic_b\)
 * expect by-name: recursive potential | \(one name\)
 * expect by-key-symbol: circular potential | \(key_b\).*
 * expect moved: clean
 * expect three: circular potential | 3 acquisitions
 * expect recursive-readers: clean
 * expect recursive-reader-again: clean
 * expect readers: circular potential | rlock\(map_a\)
 * expect reader-again: recursive potential
 * expect writer-again: recursive deadlock
 * expect reader-then-writer: recursive deadlock
 * expect try: clean
 * expect try-is-held: circular potential
 * expect timed: circular guarded
 * expect abandoned: circular guarded
 * expect abandoned-is-not-held: clean
 * expect any-order: clean
 * expect any-order-is-seen: circular potential
 * expect release-not-held: unlock misuse | being released, but this thread does not hold it
 * expect release-twice: unlock misuse | \(map_a\)
 * expect release-elsewhere: unlock misuse
 * expect downgrade: clean
 * expect downgrade-is-read: circular potential | rlock\(map_a\)
 * expect downgrade-not-held: unlock misuse | is being downgraded
 * expect downgrade-reader: unlock misuse | is being downgraded
 * expect init-held: lifetime misuse | initialised
 * expect inside-another: circular potential | lock\(map_b\)
 * expect in-signal-handler: clean
 * expect levels: clean
 * expect no-levels: recursive potential | missing lock nesting notation
 * expect level-beyond: clean
 * expect nest-lock: clean
 * expect nest-lock-not-held: assert misuse, recursive potential
 */

#define _GNU_SOURCE
#include "api.h"

#include <signal.h>
#include <stddef.h>

static struct lockval_key key_a, key_b, key_c, key_level;
static struct lockval_map map_a = LOCKVAL_MAP_INIT("map_a", &key_a);
static struct lockval_map map_b = LOCKVAL_MAP_INIT("map_b", &key_b);
static struct lockval_map map_c = LOCKVAL_MAP_INIT("map_c", &key_c);
static struct lockval_map level_1 = LOCKVAL_MAP_INIT("level", &key_level);
static struct lockval_map level_2 = LOCKVAL_MAP_INIT("level", &key_level);

static void order(void)
{
    nest(&map_a, &map_b);
    nest(&map_b, &map_a);
}

static void same_order(void)
{
    nest(&map_a, &map_b);
    nest(&map_a, &map_b);
    nest(&map_b, &map_c);
    nest(&map_a, &map_c);
}

static void by_init(void)
{
    struct lockval_map a, b;

    lockval_init_map(&a, "dynamic_a", &key_a);
    lockval_init_map(&b, "dynamic_b", &key_b);
    nest(&a, &b);
    nest(&b, &a);
}

static void by_name(void)
{
    struct lockval_map a = LOCKVAL_MAP_INIT("one name", NULL), b;

    lockval_init_map(&b, "one name", NULL);
    nest(&a, &b);
}

static void by_key_symbol(void)
{
    struct lockval_map a, b;

    lockval_init_map(&a, NULL, &key_a);
    lockval_init_map(&b, NULL, &key_b);
    nest(&a, &b);
    nest(&b, &a);
}

/* A copy at another address is another lock of the same class; the same address initialised anew is one, too. */
static void moved(void)
{
    struct lockval_map map = LOCKVAL_MAP_INIT("map_a", &key_a), copy;

    take(&map);
    drop(&map);
    copy = map;
    nest(&copy, &map_b);
    lockval_init_map(&map, "map_c", &key_c);
    nest(&map_b, &map);
}

static void three(void)
{
    nest(&map_a, &map_b);
    nest(&map_b, &map_c);
    nest(&map_c, &map_a);
}

static void nest_as(struct lockval_map *first, enum lockval_mode first_mode, struct lockval_map *second,
                    enum lockval_mode second_mode)
{
    take_as(first, first_mode);
    take_as(second, second_mode);
    drop(second);
    drop(first);
}

static void recursive_readers(void)
{
    nest_as(&map_a, LOCKVAL_READ_RECURSIVE, &map_b, LOCKVAL_WRITE);
    nest_as(&map_b, LOCKVAL_WRITE, &map_a, LOCKVAL_READ_RECURSIVE);
}

static void recursive_reader_again(void)
{
    nest_as(&map_a, LOCKVAL_READ_RECURSIVE, &map_a, LOCKVAL_READ_RECURSIVE);
    nest_as(&map_a, LOCKVAL_READ_RECURSIVE, &map_b, LOCKVAL_WRITE);
}

static void readers(void)
{
    nest_as(&map_a, LOCKVAL_READ, &map_b, LOCKVAL_WRITE);
    nest_as(&map_b, LOCKVAL_WRITE, &map_a, LOCKVAL_READ);
}

static void reader_again(void)
{
    nest_as(&map_a, LOCKVAL_READ, &map_a, LOCKVAL_READ);
}

static void writer_again(void)
{
    nest_as(&map_a, LOCKVAL_WRITE, &map_a, LOCKVAL_WRITE);
}

static void reader_then_writer(void)
{
    nest_as(&map_a, LOCKVAL_READ_RECURSIVE, &map_a, LOCKVAL_WRITE);
}

static void nest_flags(struct lockval_map *first, struct lockval_map *second, unsigned flags)
{
    take(first);
    take_with(second, LOCKVAL_WRITE, 0, flags, NULL);
    drop(second);
    drop(first);
}

static void try_(void)
{
    nest_flags(&map_a, &map_b, LOCKVAL_TRY);
    nest(&map_b, &map_a);
}

static void try_is_held(void)
{
    take_with(&map_a, LOCKVAL_WRITE, 0, LOCKVAL_TRY, NULL);
    take(&map_b);
    drop(&map_b);
    drop(&map_a);
    nest(&map_b, &map_a);
}

static void timed(void)
{
    nest_flags(&map_a, &map_b, LOCKVAL_TIMED);
    nest(&map_b, &map_a);
}

static void give_up(struct lockval_map *map)
{
    lockval_acquire_map(map, LOCKVAL_WRITE, 0, LOCKVAL_TIMED, NULL);
    lockval_abandon_map(map);
    (void)map;
}

static void abandoned(void)
{
    take(&map_a);
    give_up(&map_b);
    drop(&map_a);
    nest(&map_b, &map_a);
}

static void abandoned_is_not_held(void)
{
    give_up(&map_a);
    api_require(lockval_is_held(&map_a, LOCKVAL_ANY) == 0, "a lock that was given up is not held");
    take(&map_b);
    drop(&map_b);
    nest(&map_b, &map_a);
}

static void any_order(void)
{
    take(&map_a);
    take(&map_b);
    take(&map_c);
    drop(&map_b);
    api_require(lockval_is_held(&map_a, LOCKVAL_ANY) == 1, "the first is still held");
    api_require(lockval_is_held(&map_b, LOCKVAL_ANY) == 0, "the middle is not held");
    api_require(lockval_is_held(&map_c, LOCKVAL_ANY) == 1, "the last is still held");
    drop(&map_a);
    drop(&map_c);
    nest(&map_a, &map_c);
}

/* After the older lock is gone, the younger one still makes edges. */
static void any_order_is_seen(void)
{
    take(&map_a);
    take(&map_b);
    drop(&map_a);
    take(&map_c);
    drop(&map_b);
    drop(&map_c);
    nest(&map_c, &map_b);
}

static void release_not_held(void)
{
    drop(&map_a);
}

static void release_twice(void)
{
    take(&map_a);
    drop(&map_a);
    drop(&map_a);
}

static void drop_a(void)
{
    drop(&map_a);
}

static void release_elsewhere(void)
{
    take(&map_a);
    api_in_thread(drop_a);
    drop(&map_a);
}

static void downgrade(void)
{
    take(&map_a);
    lockval_downgrade_map(&map_a);
    api_require(lockval_is_held(&map_a, LOCKVAL_READ) == 1, "a downgraded lock is held for reading");
    api_require(lockval_is_held(&map_a, LOCKVAL_WRITE) == 0, "a downgraded lock is not held for writing");
    drop(&map_a);
    nest_as(&map_a, LOCKVAL_WRITE, &map_b, LOCKVAL_WRITE);
}

static void downgrade_is_read(void)
{
    take(&map_a);
    lockval_downgrade_map(&map_a);
    take(&map_b);
    drop(&map_b);
    drop(&map_a);
    nest(&map_b, &map_a);
}

static void downgrade_not_held(void)
{
    lockval_downgrade_map(&map_a);
}

static void downgrade_reader(void)
{
    take_as(&map_a, LOCKVAL_READ);
    lockval_downgrade_map(&map_a);
    drop(&map_a);
}

static void init_held(void)
{
    struct lockval_map map = LOCKVAL_MAP_INIT("map", &key_a);

    take(&map);
    lockval_init_map(&map, "map", &key_a);
}

/* A lock that is built from another one that is annotated, too. */
static void inside_another(void)
{
    take(&map_c);
    lockval_acquire_map(&map_a, LOCKVAL_WRITE, 0, 0, NULL);
    take(&map_b);
    drop(&map_b);
    lockval_acquired_map(&map_a);
    api_require(lockval_is_held(&map_a, LOCKVAL_WRITE) == 1, "the outer lock is held");
    drop(&map_a);
    drop(&map_c);
    nest(&map_b, &map_c);
}

static void on_signal(int number)
{
    (void)number;
    take(&map_b);
    drop(&map_b);
}

static void in_signal_handler(void)
{
    const struct sigaction action = { .sa_handler = on_signal };

    sigaction(SIGUSR1, &action, NULL);
    lockval_acquire_map(&map_a, LOCKVAL_WRITE, 0, 0, NULL);
    raise(SIGUSR1);
    lockval_acquired_map(&map_a);
    drop(&map_a);
}

static void nest_levels(unsigned subclass, const void *under)
{
    take(&level_1);
    take_with(&level_2, LOCKVAL_WRITE, subclass, 0, under);
    drop(&level_2);
    drop(&level_1);
}

static void levels(void)
{
    nest_levels(1, NULL);
    nest_levels(7, NULL);
}

static void no_levels(void)
{
    nest_levels(0, NULL);
}

/* There are no more than LOCKVAL_SUBCLASSES levels: what is beyond counts as the last. */
static void level_beyond(void)
{
    nest_levels(LOCKVAL_SUBCLASSES, NULL);
}

static void nest_lock(void)
{
    take(&map_a);
    nest_levels(0, &map_a);
    drop(&map_a);
}

static void nest_lock_not_held(void)
{
    nest_levels(0, &map_a);
}

static const struct api_case cases[] = {
    { "order", order },
    { "same-order", same_order },
    { "by-init", by_init },
    { "by-name", by_name },
    { "by-key-symbol", by_key_symbol },
    { "moved", moved },
    { "three", three },
    { "recursive-readers", recursive_readers },
    { "recursive-reader-again", recursive_reader_again },
    { "readers", readers },
    { "reader-again", reader_again },
    { "writer-again", writer_again },
    { "reader-then-writer", reader_then_writer },
    { "try", try_ },
    { "try-is-held", try_is_held },
    { "timed", timed },
    { "abandoned", abandoned },
    { "abandoned-is-not-held", abandoned_is_not_held },
    { "any-order", any_order },
    { "any-order-is-seen", any_order_is_seen },
    { "release-not-held", release_not_held },
    { "release-twice", release_twice },
    { "release-elsewhere", release_elsewhere },
    { "downgrade", downgrade },
    { "downgrade-is-read", downgrade_is_read },
    { "downgrade-not-held", downgrade_not_held },
    { "downgrade-reader", downgrade_reader },
    { "init-held", init_held },
    { "inside-another", inside_another },
    { "in-signal-handler", in_signal_handler },
    { "levels", levels },
    { "no-levels", no_levels },
    { "level-beyond", level_beyond },
    { "nest-lock", nest_lock },
    { "nest-lock-not-held", nest_lock_not_held },
};

int main(int argc, char **argv)
{
    return api_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
