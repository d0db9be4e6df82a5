/* SPDX-License-Identifier: MIT */
/*
 * A vector clock would answer at once, and would cost memory for each pair of threads; questions are few. So there is a
 * graph with at most two nodes before each, numbered so that whatever comes before has a smaller number: one pass down
 * the numbers finds everything that comes before, without a stack.
 *
 * A segment without a node has no evidence in it, so what follows it may as well follow what is before it.
 */

#include "graph/order.h"

#include <errno.h>

enum {
    NEAR = 16 /* nodes looked at to see that one of two makes the other superfluous */
};

static lv_order_before link_to(uint32_t node, enum lv_order_step first, enum lv_order_step last)
{
    return (node * LV_ORDER_STEPS + first) * LV_ORDER_STEPS + last;
}

static uint32_t node_of(lv_order_before before)
{
    return before / (LV_ORDER_STEPS * LV_ORDER_STEPS);
}

static enum lv_order_step first_of(lv_order_before before)
{
    return (enum lv_order_step)(before / LV_ORDER_STEPS % LV_ORDER_STEPS);
}

static enum lv_order_step last_of(lv_order_before before)
{
    return (enum lv_order_step)(before % LV_ORDER_STEPS);
}

/* The link with one more step. */
static lv_order_before lengthen(lv_order_before before, enum lv_order_step step)
{
    enum lv_order_step first = first_of(before);

    if (before == 0 || step == LV_ORDER_SAME)
        return before;
    return link_to(node_of(before), first == LV_ORDER_SAME ? step : first, step);
}

static struct lv_order_node *node_at(const struct lv_order *order, uint32_t node)
{
    return lv_vec_at(&order->nodes, node);
}

int lv_order_init(struct lv_order *order, struct lv_arena *arena)
{
    uint32_t unused;

    *order = (struct lv_order){ .search = 0 };
    lv_vec_init(&order->nodes, arena, sizeof(struct lv_order_node));
    return lv_vec_add(&order->nodes, &unused) != NULL ? 0 : -ENOMEM;
}

uint32_t lv_order_node(struct lv_order *order, struct lv_segment *segment)
{
    struct lv_order_node *node;
    uint32_t number;

    if (segment->node != 0)
        return segment->node;
    node =
        order->nodes.count < UINT32_MAX / (LV_ORDER_STEPS * LV_ORDER_STEPS) ? lv_vec_add(&order->nodes, &number) : NULL;
    if (node == NULL)
        return 0;
    node->before[0] = segment->before[0];
    node->before[1] = segment->before[1];
    segment->node = number;
    return number;
}

/* The segment that follows @segment by @step. */
static struct lv_segment follow(const struct lv_segment *segment, enum lv_order_step step)
{
    if (segment->node != 0)
        return (struct lv_segment){ 0, { link_to(segment->node, step, step), 0 } };
    return (struct lv_segment){ 0, { lengthen(segment->before[0], step), lengthen(segment->before[1], step) } };
}

struct lv_segment lv_order_create(struct lv_segment *parent)
{
    struct lv_segment child = follow(parent, LV_ORDER_CREATE);

    *parent = follow(parent, LV_ORDER_SAME);
    return child;
}

/* Is @a found before @b in a few steps along the first node before each? */
static bool is_near(const struct lv_order *order, uint32_t a, uint32_t b)
{
    for (int i = 0; i < NEAR && b > a; i++) {
        const struct lv_order_node *node = node_at(order, b);

        if (node_of(node->before[1]) == a)
            return true;
        b = node_of(node->before[0]);
    }
    return a == b;
}

/* Of the nodes in @before, leave out those that another one makes superfluous. Returns how many are left. */
static unsigned reduce(const struct lv_order *order, lv_order_before before[4])
{
    unsigned count = 0;

    for (unsigned i = 0; i < 4; i++) {
        bool needed = before[i] != 0;

        for (unsigned j = 0; j < 4 && needed; j++) {
            uint32_t mine = node_of(before[i]), other = node_of(before[j]);

            if (j != i && other != 0 && (mine != other || j < i))
                needed = !is_near(order, mine, other);
        }
        if (!needed)
            before[i] = 0;
    }
    for (unsigned i = 0; i < 4; i++)
        if (before[i] != 0)
            before[count++] = before[i];
    return count;
}

int lv_order_join(struct lv_order *order, struct lv_segment *segment, const struct lv_segment *ended)
{
    const struct lv_segment mine = follow(segment, LV_ORDER_SAME), theirs = follow(ended, LV_ORDER_JOIN);
    lv_order_before before[4] = { mine.before[0], mine.before[1], theirs.before[0], theirs.before[1] };
    unsigned count = reduce(order, before);

    /* Too many for one segment: nodes in between take two of them each. */
    while (count > 2) {
        struct lv_segment between = { 0, { before[count - 2], before[count - 1] } };
        uint32_t node = lv_order_node(order, &between);

        if (node == 0)
            return -ENOMEM;
        before[count - 2] = link_to(node, LV_ORDER_SAME, LV_ORDER_SAME);
        count--;
    }
    *segment = (struct lv_segment){ 0, { count > 0 ? before[0] : 0, count > 1 ? before[1] : 0 } };
    return 0;
}

void lv_order_fork(struct lv_order *order, struct lv_segment *segment)
{
    order->first_child = order->nodes.count;
    *segment = (struct lv_segment){ 0, { 0, 0 } };
}

/* A new search: no node counts as seen. */
static void begin_search(struct lv_order *order)
{
    if (++order->search != 0)
        return;
    for (uint32_t i = 0; i < order->nodes.count; i++)
        node_at(order, i)->seen = 0;
    order->search = 1;
}

/* Read off the path from @a on: the first and the last step that are not within a thread. */
static struct lv_order_how read_path(const struct lv_order *order, uint32_t a, uint32_t b)
{
    struct lv_order_how how = { LV_ORDER_BEFORE, LV_ORDER_SAME, LV_ORDER_SAME };

    for (uint32_t at = a; at != b;) {
        uint32_t after = node_at(order, at)->after;
        const struct lv_order_node *next = node_at(order, after);
        lv_order_before link = node_of(next->before[0]) == at ? next->before[0] : next->before[1];

        if (how.first == LV_ORDER_SAME)
            how.first = first_of(link);
        if (last_of(link) != LV_ORDER_SAME)
            how.last = last_of(link);
        at = after;
    }
    return how;
}

struct lv_order_how lv_order_before_node(struct lv_order *order, uint32_t a, uint32_t b)
{
    const struct lv_order_how none = { LV_ORDER_NOT, LV_ORDER_SAME, LV_ORDER_SAME };

    if (a == 0 || a >= b)
        return none;
    if (a < order->first_child && b >= order->first_child)
        return (struct lv_order_how){ LV_ORDER_FORKED, LV_ORDER_SAME, LV_ORDER_SAME };
    begin_search(order);
    node_at(order, b)->seen = order->search;
    for (uint32_t at = b; at > a; at--) {
        const struct lv_order_node *node = node_at(order, at);

        if (node->seen != order->search)
            continue;
        for (int i = 0; i < 2; i++) {
            uint32_t before = node_of(node->before[i]);
            struct lv_order_node *found = node_at(order, before);

            if (before < a || found->seen == order->search)
                continue;
            found->seen = order->search;
            found->after = at;
        }
    }
    return node_at(order, a)->seen == order->search ? read_path(order, a, b) : none;
}
