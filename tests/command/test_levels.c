/* SPDX-License-Identifier: MIT */
/*
 * Levels and circles of orders, held against all paths of small random ones; and what a record says of locks that are one.
 */

#include <stdlib.h>
#include <string.h>

#include "../unit/random.h"
#include "../unit/unit.h"
#include "common/memory.h"
#include "contract/levels.h"
#include "contract/seen.h"

enum {
    ORDERS = 20000,
    LOCKS = 9,
    LONG = 200000
};

/* ---- levels ---- */

struct order {
    size_t count, arc_count;
    struct contract_arc arcs[2 * LOCKS];
    unsigned floor[LOCKS];
    bool reach[LOCKS][LOCKS]; /* over at least one arc */
};

static void make_order(struct order *order, struct random *random)
{
    memset(order, 0, sizeof(*order));
    order->count = 1 + below(random, LOCKS);
    order->arc_count = below(random, 2 * LOCKS + 1);
    for (size_t i = 0; i < order->arc_count; i++) {
        order->arcs[i] =
            (struct contract_arc){ below(random, (unsigned)order->count), below(random, (unsigned)order->count) };
        order->reach[order->arcs[i].from][order->arcs[i].to] = true;
    }
    for (size_t i = 0; i < order->count; i++)
        order->floor[i] = below(random, 4);
    for (size_t k = 0; k < order->count; k++)
        for (size_t i = 0; i < order->count; i++)
            for (size_t j = 0; j < order->count; j++)
                order->reach[i][j] |= order->reach[i][k] && order->reach[k][j];
}

/* The level that the definition gives: one more than the highest before it, and no less than any floor of its circle. */
static unsigned level_of(const struct order *order, const unsigned *floor, size_t lock)
{
    unsigned level = 1;

    for (size_t i = 0; i < order->count; i++) {
        bool there = order->reach[i][lock], back = order->reach[lock][i];

        if ((i == lock || (there && back)) && floor != NULL && floor[i] > level)
            level = floor[i];
        if (there && !back) {
            unsigned before = level_of(order, floor, i) + 1;

            level = before > level ? before : level;
        }
    }
    return level;
}

static bool is_arc(const struct order *order, size_t from, size_t to)
{
    for (size_t i = 0; i < order->arc_count; i++)
        if (order->arcs[i].from == from && order->arcs[i].to == to)
            return true;
    return false;
}

/* How many arcs it takes from @from to @to, all ways tried. */
static size_t distance(const struct order *order, size_t from, size_t to)
{
    size_t far[LOCKS];

    for (size_t i = 0; i < order->count; i++)
        far[i] = is_arc(order, from, i) ? 1 : SIZE_MAX / 2;
    for (size_t round = 0; round < order->count; round++)
        for (size_t i = 0; i < order->arc_count; i++)
            if (far[order->arcs[i].from] + 1 < far[order->arcs[i].to])
                far[order->arcs[i].to] = far[order->arcs[i].from] + 1;
    return far[to];
}

static void check_round(const struct order *order, const struct contract_levels *levels, size_t circle)
{
    size_t count, *round = contract_levels_round(levels, circle, order->arcs, order->arc_count, &count);

    if (levels->size[circle] == 1) {
        ck_assert_ptr_null(round);
        return;
    }
    ck_assert_uint_ge(count, 2);
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(levels->circle[round[i]], circle);
        ck_assert(is_arc(order, round[i], round[(i + 1) % count]));
    }
    for (size_t i = 0; i < round[0]; i++)
        ck_assert_uint_ne(levels->circle[i], circle);
    ck_assert_uint_eq(count - 1, distance(order, round[0], round[count - 1]));
    free(round);
}

static void check_order(const struct order *order, const unsigned *floor)
{
    struct contract_levels *levels = contract_levels_of(order->count, order->arcs, order->arc_count, floor);

    for (size_t i = 0; i < order->count; i++) {
        ck_assert_uint_eq(levels->level[i], level_of(order, floor, i));
        for (size_t j = 0; j < order->count; j++) {
            bool there = order->reach[i][j], back = order->reach[j][i];

            ck_assert_int_eq(levels->circle[i] == levels->circle[j], i == j || (there && back));
            if (there)
                ck_assert_uint_le(levels->circle[i], levels->circle[j]);
        }
    }
    for (size_t circle = 0; circle < levels->circle_count; circle++)
        check_round(order, levels, circle);
    contract_levels_free(levels);
}

START_TEST(random_orders)
{
    struct random random = { 1 };
    struct order order;

    for (unsigned i = 0; i < ORDERS; i++) {
        make_order(&order, &random);
        check_order(&order, NULL);
        check_order(&order, order.floor);
    }
}
END_TEST

/* One long line, then with an arc back to its first: no recursion, and not the square of it. */
START_TEST(a_long_order)
{
    struct contract_arc *arcs = cli_alloc(LONG, sizeof(*arcs));
    struct contract_levels *levels;
    size_t count, *round;

    for (size_t i = 0; i + 1 < LONG; i++)
        arcs[i] = (struct contract_arc){ i, i + 1 };
    levels = contract_levels_of(LONG, arcs, LONG - 1, NULL);
    ck_assert_uint_eq(levels->level[LONG - 1], LONG);
    ck_assert_uint_eq(levels->circle_count, LONG);
    contract_levels_free(levels);
    arcs[LONG - 1] = (struct contract_arc){ LONG - 1, 0 };
    levels = contract_levels_of(LONG, arcs, LONG, NULL);
    ck_assert_uint_eq(levels->circle_count, 1);
    ck_assert_uint_eq(levels->level[LONG / 2], 1);
    round = contract_levels_round(levels, 0, arcs, LONG, &count);
    ck_assert_uint_eq(count, LONG);
    free(round);
    contract_levels_free(levels);
    free(arcs);
}
END_TEST

START_TEST(no_locks)
{
    struct contract_levels *levels = contract_levels_of(0, NULL, 0, NULL);

    ck_assert_uint_eq(levels->circle_count, 0);
    contract_levels_free(levels);
}
END_TEST

/* ---- what a record says ---- */

#define ALL "\"pid\":0,\"run\":\"merged\""
#define CLASS(id, stables, more)                                                                                 \
    "{\"t\":\"class\"," ALL ",\"id\":" #id ",\"key\":\"k" #id "\",\"stable\":\"s" #id "\",\"stables\":[" stables \
    "],\"name\":\"n" #id "\"" more "}"
#define EDGE(from, to) \
    "{\"t\":\"edge\"," ALL ",\"from\":" #from ",\"to\":" #to ",\"modes\":[\"EN\"],\"witness\":0,\"held\":0}"
#define LOCK(class, instance) "{\"class\":" #class ",\"instance\":" #instance ",\"mode\":\"write\"}"

static struct rec_set *set;
static struct rec_pool *pool;
static struct contract_seen *seen;

static void read_lines(const char *const *lines)
{
    set = rec_open();
    pool = rec_pool_open();
    for (size_t i = 0; lines[i] != NULL; i++)
        ck_assert_msg(rec_read_line(set, "test", lines[i], strlen(lines[i])), "%s", lines[i]);
    ck_assert_uint_eq(set->process_count, 1);
    seen = contract_seen_of(set->processes[0], pool);
}

static void forget(void)
{
    contract_seen_free(seen);
    rec_pool_close(pool);
    rec_close(set);
}

START_TEST(locks_and_pairs)
{
    read_lines((const char *const[]){ CLASS(1, "", ""), CLASS(2, "", ""), CLASS(3, "", ""), EDGE(2, 1), EDGE(2, 3),
                                      EDGE(2, 1), EDGE(1, 3), EDGE(9, 1), NULL });
    ck_assert_uint_eq(seen->lock_count, 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(seen->locks[i].class_count, 1);
        ck_assert_uint_eq(seen->locks[i].classes[0]->id, i + 1);
        ck_assert(!seen->locks[i].nested);
    }
    ck_assert_uint_eq(seen->pair_count, 3);
    ck_assert_uint_eq(seen->pairs[0].from, 0);
    ck_assert_uint_eq(seen->pairs[0].to, 2);
    ck_assert_uint_eq(seen->pairs[1].from, 1);
    ck_assert_uint_eq(seen->pairs[1].to, 0);
    ck_assert_uint_eq(seen->pairs[2].to, 2);
    forget();
}
END_TEST

/* Two runs met the mutexes of a function in two orders, so that both classes have had both keys; a third has one with the second. */
START_TEST(locks_that_keys_do_not_tell_apart)
{
    read_lines((const char *const[]){ CLASS(1, "\"f:1\",\"f:2\"", ""), CLASS(2, "\"f:2\",\"f:1\"", ""),
                                      CLASS(3, "\"f:2\",\"g\"", ""), CLASS(4, "\"h\"", ""), EDGE(1, 2), EDGE(3, 4),
                                      EDGE(2, 4), NULL });
    ck_assert_uint_eq(seen->lock_count, 2);
    ck_assert_uint_eq(seen->locks[0].class_count, 3);
    ck_assert_uint_eq(seen->locks[0].key_count, 3);
    ck_assert_str_eq(seen->locks[0].keys[0], "f:1");
    ck_assert_str_eq(seen->locks[0].keys[1], "f:2");
    ck_assert_str_eq(seen->locks[0].keys[2], "g");
    ck_assert(seen->locks[0].nested);
    ck_assert(!seen->locks[1].nested);
    ck_assert_uint_eq(seen->pair_count, 1);
    ck_assert_uint_eq(seen->pairs[0].edge_count, 2);
    forget();
}
END_TEST

/* Semaphores that are none, or of which it is not known; and classes that are only referred to. */
START_TEST(what_is_no_lock)
{
    read_lines((const char *const[]){
        CLASS(1, "", ",\"standing\":\"event\""), CLASS(2, "", ",\"standing\":\"candidate\""),
        CLASS(3, "", ",\"standing\":\"lock\""), EDGE(1, 3), EDGE(2, 3), EDGE(3, 2), EDGE(3, 8), NULL });
    ck_assert_uint_eq(seen->lock_count, 1);
    ck_assert_uint_eq(seen->pair_count, 0);
    forget();
}
END_TEST

#define CHAIN(classes, flags)                                                                                         \
    "{\"t\":\"chain\"," ALL ",\"id\":1,\"classes\":[" classes "],\"modes\":[]" flags ",\"level\":0,\"acquisitions\":" \
    "1}"
#define WITNESS(wanted, held) \
    "{\"t\":\"witness\"," ALL ",\"id\":1,\"thread\":1,\"wanted\":" wanted ",\"held\":[" held "]}"

static bool nests(const char *line)
{
    bool nested;

    read_lines((const char *const[]){ CLASS(1, "", ""), CLASS(2, "", ""), line, NULL });
    nested = seen->locks[0].nested;
    ck_assert(!seen->locks[1].nested);
    forget();
    return nested;
}

START_TEST(nesting)
{
    ck_assert(nests(CHAIN("1,1", "")));
    ck_assert(nests(CHAIN("1,2,1", "")));
    ck_assert(!nests(CHAIN("1,1,2", ""))); /* the chain that ends with its second has a line of its own */
    ck_assert(!nests(CHAIN("1,2", "")));
    ck_assert(!nests(CHAIN("1", "")));
    ck_assert(!nests(CHAIN("1,1", ",\"flags\":[[],[\"try\"]]")));
    ck_assert(nests(CHAIN("1,1", ",\"flags\":[[\"try\"],[]]")));
    ck_assert(nests(WITNESS(LOCK(1, 5), LOCK(1, 6))));
    ck_assert(!nests(WITNESS(LOCK(1, 5), LOCK(1, 5))));
    ck_assert(nests(WITNESS(LOCK(2, 5), LOCK(1, 6) "," LOCK(1, 7))));
    ck_assert(!nests(WITNESS(LOCK(2, 5), LOCK(1, 6) "," LOCK(1, 6))));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("levels");
    TCase *levels = tcase_create("levels"), *record = tcase_create("record");

    tcase_set_timeout(levels, 60);
    tcase_add_test(levels, random_orders);
    tcase_add_test(levels, a_long_order);
    tcase_add_test(levels, no_locks);
    tcase_add_test(record, locks_and_pairs);
    tcase_add_test(record, locks_that_keys_do_not_tell_apart);
    tcase_add_test(record, what_is_no_lock);
    tcase_add_test(record, nesting);
    suite_add_tcase(suite, levels);
    suite_add_tcase(suite, record);
    return unit_run(suite);
}
