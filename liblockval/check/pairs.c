/* SPDX-License-Identifier: MIT */
/*
 * A node has edges as long as an instance has it: whoever loses the last edge is forgotten too, so what bounds the edges
 * bounds everything. Nodes, edges and witnesses are used again; nobody reads them without the lock.
 *
 * A program that makes locks without end, and nests them, makes pairs without end. Most of them end with their locks: by
 * destroy, init or free, or because another lock turns up at the same address. What is left is bounded by forgetting all of
 * the class at once: to forget the oldest only would take an order among them, and lose a circle just the same.
 */

#include "check/pairs.h"

#include <errno.h>
#include <string.h>

#include "check/evidence.h"

int lv_pairs_init(struct lv_pairs *pairs, struct lv_arena *arena)
{
    uint32_t unused;
    int r;

    *pairs = (struct lv_pairs){ .arena = arena, .class_max = LV_PAIRS_CLASS, .chains_max = LV_PAIRS_CHAINS };
    lv_vec_init(&pairs->instances, arena, sizeof(struct lv_pairs_instance));
    lv_vec_init(&pairs->classes, arena, sizeof(struct lv_pairs_class));
    lv_table_init(&pairs->node_at, arena);
    lv_table_init(&pairs->class_of, arena);
    lv_chains_init(&pairs->chains, arena);
    r = lv_digraph_init(&pairs->order, arena);
    lv_witnesses_init(&pairs->witnesses, arena);
    if (r < 0)
        return r;
    return lv_vec_add(&pairs->instances, &unused) != NULL && lv_vec_add(&pairs->classes, &unused) != NULL ? 0 : -ENOMEM;
}

int lv_pairs_walk(struct lv_pairs *pairs, uint64_t chain)
{
    if (pairs->chains.count >= pairs->chains_max)
        lv_chains_clear(&pairs->chains);
    return lv_chains_walk(&pairs->chains, chain);
}

static struct lv_pairs_instance *instance(const struct lv_pairs *pairs, uint32_t node)
{
    return lv_vec_at(&pairs->instances, node);
}

static struct lv_pairs_class *class_at(const struct lv_pairs *pairs, uint32_t number)
{
    return lv_vec_at(&pairs->classes, number);
}

static struct lv_node *node_at(const struct lv_pairs *pairs, uint32_t node)
{
    return lv_vec_at(&pairs->order.nodes, node);
}

/* No instance has the node any more; it has no edges. */
static void free_node(struct lv_pairs *pairs, uint32_t node)
{
    struct lv_pairs_instance *gone = instance(pairs, node);

    lv_table_remove(&pairs->node_at, gone->address);
    *gone = (struct lv_pairs_instance){ .uid = pairs->free_node };
    pairs->free_node = node;
}

static void free_if_alone(struct lv_pairs *pairs, uint32_t node)
{
    if (instance(pairs, node)->address != 0 && node_at(pairs, node)->out == 0 && node_at(pairs, node)->in == 0)
        free_node(pairs, node);
}

static void forget_edge(struct lv_pairs *pairs, uint32_t number)
{
    const struct lv_edge *edge = lv_digraph_edge(&pairs->order, number);

    for (uint32_t i = 0; i < edge->witness_count; i++)
        lv_witnesses_drop(&pairs->witnesses, lv_edge_witness(edge, i)->id);
    class_at(pairs, instance(pairs, edge->from)->class)->edges--;
    lv_digraph_remove(&pairs->order, number);
}

/* The instance at @node is forgotten, and who was nested with no other. */
static void forget_node(struct lv_pairs *pairs, uint32_t node)
{
    for (uint32_t edge; (edge = node_at(pairs, node)->out) != 0;) {
        uint32_t other = lv_digraph_edge(&pairs->order, edge)->to;

        forget_edge(pairs, edge);
        free_if_alone(pairs, other);
    }
    for (uint32_t edge; (edge = node_at(pairs, node)->in) != 0;) {
        uint32_t other = lv_digraph_edge(&pairs->order, edge)->from;

        forget_edge(pairs, edge);
        free_if_alone(pairs, other);
    }
    free_node(pairs, node);
}

static void forget_class(struct lv_pairs *pairs, uint32_t number)
{
    for (uint32_t node = 1; node < pairs->instances.count; node++)
        if (instance(pairs, node)->address != 0 && instance(pairs, node)->class == number)
            forget_node(pairs, node);
    class_at(pairs, number)->forgotten++;
    pairs->forgotten++;
}

/* The class's number, given when its first pair turns up; 0 without memory. */
static uint32_t class_number(struct lv_pairs *pairs, lv_class_id class)
{
    uint32_t number = lv_table_get(&pairs->class_of, class.v);
    struct lv_pairs_class *made;

    if (number != 0)
        return number;
    made = lv_vec_add(&pairs->classes, &number);
    if (made == NULL || lv_table_insert(&pairs->class_of, class.v, number) < 0)
        return 0;
    made->class = class;
    return number;
}

/* A node without an instance; 0 without memory. */
static uint32_t take_node(struct lv_pairs *pairs)
{
    uint32_t node = pairs->free_node;

    if (node != 0) {
        pairs->free_node = (uint32_t)instance(pairs, node)->uid;
        return node;
    }
    if (lv_digraph_need_node(&pairs->order, pairs->instances.count) < 0 || lv_vec_add(&pairs->instances, &node) == NULL)
        return 0;
    return node;
}

/* The node of the instance in @record. What was known of another one at its address is forgotten. 0 without memory. */
static uint32_t node_of(struct lv_pairs *pairs, const struct lv_held_record *record, uint32_t class)
{
    uint32_t node = lv_table_get(&pairs->node_at, record->address);

    if (node != 0 && instance(pairs, node)->uid == record->uid)
        return node;
    if (node != 0) {
        forget_node(pairs, node);
        pairs->retired++;
    }
    node = take_node(pairs);
    if (node == 0)
        return 0;
    *instance(pairs, node) =
        (struct lv_pairs_instance){ .address = record->address, .uid = record->uid, .class = class };
    if (lv_table_insert(&pairs->node_at, record->address, node) < 0) {
        free_node(pairs, node);
        return 0;
    }
    return node;
}

/* Copy the acquisition, as a witness of its own. False without memory. */
static bool copy_witness(struct lv_pairs *pairs, const struct lv_pair_seen *nested, struct lv_edge_witness *ret)
{
    const struct lv_witness *whole = nested->whole;
    struct lv_witness *witness = lv_witnesses_add(&pairs->witnesses, whole->held_count, &ret->id);

    if (witness == NULL)
        return false;
    memcpy(witness, whole, sizeof(*whole) + whole->held_count * sizeof(whole->held[0]));
    *ret = lv_evidence_in(witness, ret->id, nested->held);
    return true;
}

/* Keep the witness @at of the edge; one that it takes the place of is dropped. */
static void keep_witness(struct lv_pairs *pairs, struct lv_edge *edge, struct lv_edge_witness at)
{
    lv_witness_id gone = lv_evidence_keep(&pairs->order, edge, at);

    if (gone.v != 0)
        lv_witnesses_drop(&pairs->witnesses, gone);
}

/* The edge between two nodes that may be new, and have none then. Returns as lv_digraph_add(). */
static int add_edge(struct lv_pairs *pairs, uint32_t from, uint32_t to, struct lv_pair *ret)
{
    uint32_t live = pairs->order.live;
    int r = lv_digraph_add(&pairs->order, from, to, ret->bit, &ret->edge);

    class_at(pairs, instance(pairs, from)->class)->edges += pairs->order.live - live;
    if (r < 0) {
        free_if_alone(pairs, from);
        free_if_alone(pairs, to);
    }
    return r;
}

/* The nodes of a pair, of instances of class number @class (0: there was no memory for it). Makes room for one more edge. */
static int find_nodes(struct lv_pairs *pairs, const struct lv_held_record *held, const struct lv_held_record *wanted,
                      uint32_t class, uint32_t *ret_from, uint32_t *ret_to)
{
    uint32_t first = class != 0 ? node_of(pairs, wanted, class) : 0;
    uint32_t from = first != 0 ? node_of(pairs, held, class) : 0;
    uint32_t to;

    if (from != 0 && class_at(pairs, instance(pairs, from)->class)->edges >= pairs->class_max) {
        forget_class(pairs, instance(pairs, from)->class);
        from = node_of(pairs, held, class);
    }
    /* To forget others may have taken its last pair from the first. */
    to = from != 0 ? node_of(pairs, wanted, class) : 0;
    if (to == 0 && from != 0)
        free_if_alone(pairs, from);
    else if (from == 0 && first != 0)
        free_if_alone(pairs, first);
    *ret_from = from;
    *ret_to = to;
    return to != 0 ? 0 : -ENOMEM;
}

/* Is the acquisition worth being kept for a pair that is known? */
static bool is_wanted(struct lv_edge *edge, const struct lv_pair_seen *nested)
{
    const struct lv_edge_witness e = lv_evidence_in(nested->whole, (lv_witness_id){ 0 }, nested->held);

    edge->witness_lost |= nested->lost;
    if (nested->lost || !lv_evidence_is_wanted(edge, &e))
        return false;
    edge->witness_lost |= edge->witness_count >= LV_PAIRS_WITNESSES;
    return edge->witness_count < LV_PAIRS_WITNESSES;
}

int lv_pairs_learn(struct lv_pairs *pairs, const struct lv_pair_seen *nested, struct lv_pair *ret)
{
    const struct lv_held_record *held = &nested->whole->held[nested->held], *wanted = &nested->whole->wanted;
    uint32_t class = class_number(pairs, wanted->class);
    uint32_t from, to;
    struct lv_edge *edge;
    bool lost;
    int r;

    if (held->address == wanted->address)
        return 0; /* made anew while it was held */
    r = find_nodes(pairs, held, wanted, class, &from, &to);
    if (r < 0)
        return r;
    ret->bit = lv_dep_bit((enum lv_mode)held->mode, (enum lv_mode)wanted->mode, (wanted->flags & LV_TIMED) != 0);
    r = add_edge(pairs, from, to, ret);
    if (r < 0)
        return r;
    edge = lv_digraph_edge(&pairs->order, ret->edge);
    lost = edge->witness_lost;
    if (r == 0 && !is_wanted(edge, nested)) {
        if (nested->watched)
            edge->witness_lost = lost;
        return 0;
    }
    if (!copy_witness(pairs, nested, &ret->at))
        return -ENOMEM;
    keep_witness(pairs, edge, ret->at);
    pairs->news = ret->edge;
    return r != 0;
}

bool lv_pairs_is(const struct lv_pairs *pairs, uint32_t edge, uint64_t held_uid, uint64_t wanted_uid)
{
    const struct lv_edge *e = lv_digraph_edge(&pairs->order, edge);

    return e->from != 0 && instance(pairs, e->from)->uid == held_uid && instance(pairs, e->to)->uid == wanted_uid;
}

uint32_t lv_pairs_forgotten(const struct lv_pairs *pairs, lv_class_id class)
{
    uint32_t number = lv_table_get(&pairs->class_of, class.v);

    return number != 0 ? class_at(pairs, number)->forgotten : 0;
}

void lv_pairs_retire(struct lv_pairs *pairs, uintptr_t address)
{
    uint32_t node = lv_table_get(&pairs->node_at, address);

    if (node == 0)
        return;
    forget_node(pairs, node);
    pairs->retired++;
}

void lv_pairs_retire_range(struct lv_pairs *pairs, uintptr_t start, uintptr_t end)
{
    if ((end - start) / sizeof(uint32_t) < pairs->instances.count) {
        for (uintptr_t at = (start + 3) & ~(uintptr_t)3; at < end; at += sizeof(uint32_t))
            lv_pairs_retire(pairs, at);
        return;
    }
    for (uint32_t node = 1; node < pairs->instances.count; node++) {
        uintptr_t address = instance(pairs, node)->address;

        if (address >= start && address < end && address != 0)
            lv_pairs_retire(pairs, address);
    }
}

size_t lv_pairs_bytes(const struct lv_pairs *pairs)
{
    return lv_vec_bytes(&pairs->order.nodes) + lv_vec_bytes(&pairs->order.edges) + pairs->order.blocks.bytes +
           pairs->order.by_ends.bytes + lv_vec_bytes(&pairs->instances) + pairs->node_at.bytes +
           lv_vec_bytes(&pairs->classes) + pairs->class_of.bytes + lv_witnesses_bytes(&pairs->witnesses) +
           pairs->chains.known.bytes;
}
