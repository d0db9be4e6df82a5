/* SPDX-License-Identifier: MIT */
/*
 * Levels and circles of orders, held against all paths of small random ones.
 */

#include <stdlib.h>
#include <string.h>

#include "../unit/random.h"
#include "../unit/unit.h"
#include "common/memory.h"
#include "contract/levels.h"

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

int main(void)
{
    Suite *suite = suite_create("levels");
    TCase *levels = tcase_create("levels");

    tcase_set_timeout(levels, 60);
    tcase_add_test(levels, random_orders);
    tcase_add_test(levels, a_long_order);
    tcase_add_test(levels, no_locks);
    suite_add_tcase(suite, levels);
    return unit_run(suite);
}
