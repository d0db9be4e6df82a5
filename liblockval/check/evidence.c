/* SPDX-License-Identifier: MIT */
/* What a witness tells is a number: what none of the others has counts, the kind of dependency most. */

#include "check/evidence.h"

enum {
    NOBODY = UINT32_MAX, /* no place */
    MOST_LOOKS = 4096    /* at witnesses of other edges, for one edge */
};

struct lv_evidence lv_evidence_of(const struct lv_witness *witness, uint32_t held)
{
    return (struct lv_evidence){
        .thread = witness->thread,
        .segment = witness->segment,
        .held_key = witness->held_key,
        .held = &witness->held[held],
        .wanted = &witness->wanted,
    };
}

static struct lv_evidence evidence_of(const struct lv_check *check, struct lv_edge_witness at)
{
    return lv_evidence_of(lv_witnesses_get(check->witnesses, at.id), at.held);
}

static uint8_t bit_of(const struct lv_evidence *e)
{
    return lv_dep_bit((enum lv_mode)e->held->mode, (enum lv_mode)e->wanted->mode, (e->wanted->flags & LV_TIMED) != 0);
}

uint8_t lv_evidence_bit(const struct lv_check *check, struct lv_edge_witness at)
{
    const struct lv_evidence e = evidence_of(check, at);

    return bit_of(&e);
}

static bool same_modes(const struct lv_evidence *a, const struct lv_evidence *b)
{
    return bit_of(a) == bit_of(b) && a->wanted->mode == b->wanted->mode && a->held->mode == b->held->mode;
}

static bool same_instances(const struct lv_evidence *a, const struct lv_evidence *b)
{
    return a->wanted->uid == b->wanted->uid && a->held->uid == b->held->uid;
}

/* What @e tells that no witness of the edge does, but for the one at place @without. */
static unsigned worth(const struct lv_check *check, const struct lv_edge *edge, const struct lv_evidence *e,
                      uint32_t without)
{
    unsigned modes = 16, thread = 4, instances = 4, held = 3, segment = 1;

    for (uint32_t i = 0; i < edge->witness_count; i++) {
        const struct lv_evidence other = evidence_of(check, *lv_edge_witness(edge, i));

        if (i == without)
            continue;
        modes = same_modes(e, &other) ? 0 : modes;
        thread = e->thread.v == other.thread.v ? 0 : thread;
        instances = same_instances(e, &other) ? 0 : instances;
        held = e->held_key == other.held_key ? 0 : held;
        segment = e->segment == other.segment ? 0 : segment;
    }
    return modes + thread + instances + held + segment;
}

bool lv_evidence_is_known(const struct lv_check *check, const struct lv_edge *edge, const struct lv_evidence *e)
{
    for (uint32_t i = 0; i < edge->witness_count; i++) {
        const struct lv_evidence known = evidence_of(check, *lv_edge_witness(edge, i));

        if (known.thread.v == e->thread.v && known.segment == e->segment && known.held_key == e->held_key &&
            same_instances(&known, e) && same_modes(&known, e))
            return true;
    }
    return false;
}

/* The place of the witness that tells least beside the others, if @e would tell more in it; else NOBODY. */
static uint32_t place_for(const struct lv_check *check, const struct lv_edge *edge, const struct lv_evidence *e)
{
    uint32_t place = NOBODY;
    unsigned least = UINT32_MAX;

    for (uint32_t i = 0; i < edge->witness_count; i++) {
        const struct lv_evidence known = evidence_of(check, *lv_edge_witness(edge, i));
        unsigned tells = worth(check, edge, &known, i);

        if (tells < least && tells < worth(check, edge, e, i)) {
            place = i;
            least = tells;
        }
    }
    return place;
}

bool lv_evidence_is_wanted(const struct lv_check *check, struct lv_edge *edge, const struct lv_evidence *evidence)
{
    if (lv_evidence_is_known(check, edge, evidence))
        return false;
    if (edge->witness_count < LV_EDGE_WITNESSES)
        return true;
    edge->witness_lost = true;
    return place_for(check, edge, evidence) != NOBODY;
}

lv_witness_id lv_evidence_keep(const struct lv_check *check, struct lv_edge *edge, struct lv_edge_witness at)
{
    const struct lv_evidence evidence = evidence_of(check, at);
    const lv_witness_id none = { 0 };
    lv_witness_id gone;
    uint32_t place;

    if (edge->witness_count < LV_EDGE_WITNESSES && lv_edge_add_witness(&check->graph->blocks, edge, at) == 0)
        return none;
    edge->witness_lost = true;
    place = place_for(check, edge, &evidence);
    if (place == NOBODY)
        return none;
    gone = lv_edge_witness(edge, place)->id;
    *lv_edge_witness(edge, place) = at;
    return gone;
}

uint32_t lv_evidence_spare(const struct lv_check *check, const struct lv_edge *edge)
{
    uint8_t seen = 0, more = 0;

    for (uint32_t i = 0; i < edge->witness_count; i++) {
        uint8_t bit = lv_evidence_bit(check, *lv_edge_witness(edge, i));

        more |= seen & bit;
        seen |= bit;
    }
    for (uint32_t i = edge->witness_count; i-- > 0;)
        if ((lv_evidence_bit(check, *lv_edge_witness(edge, i)) & more) != 0)
            return i;
    return edge->witness_count - 1;
}

/* ---- acquisitions that are no witnesses of an edge ----------------------------------------------------------------- */

static bool is_of(const struct lv_check *check, const struct lv_held_record *held, const struct lv_held_record *known)
{
    return check->instances ? held->uid == known->uid : held->class.v == known->class.v;
}

static bool is_in_cycle(const struct lv_check *check, const struct lv_finding *finding,
                        const struct lv_held_record *held)
{
    for (uint32_t i = 0; i < finding->edge_count; i++)
        if (is_of(check, held, &finding->edges[i].held))
            return true;
    return false;
}

static bool holds(const struct lv_witness *witness, const struct lv_held_record *lock)
{
    for (uint32_t i = 0; i < witness->held_count; i++)
        if (witness->held[i].uid == lock->uid && witness->held[i].mode == lock->mode &&
            ((witness->held[i].flags ^ lock->flags) & LV_UNCHECKED) == 0)
            return true;
    return false;
}

/* Does @known keep all others out that @other does, or fewer, and stand for as much of the cycle? */
static bool tells_as_much(const struct lv_check *check, const struct lv_finding *finding,
                          const struct lv_witness *known, const struct lv_witness *other)
{
    if (known->thread.v != other->thread.v || known->segment != other->segment ||
        known->wanted.uid != other->wanted.uid || known->wanted.mode != other->wanted.mode || known->left_out != 0 ||
        other->left_out != 0)
        return false;
    for (uint32_t i = 0; i < known->held_count; i++)
        if (!holds(other, &known->held[i]))
            return false;
    for (uint32_t i = 0; i < other->held_count; i++)
        if (is_in_cycle(check, finding, &other->held[i]) && !holds(known, &other->held[i]))
            return false;
    return true;
}

/* @witness is of another edge to the same node as @edge, number @p of the cycle. */
static bool tells_more(const struct lv_check *check, const struct lv_finding *finding, uint32_t p,
                       const struct lv_edge *edge, const struct lv_witness *witness)
{
    bool from = false;

    for (uint32_t i = 0; i < witness->held_count; i++)
        from |=
            (witness->held[i].flags & LV_UNCHECKED) == 0 && is_of(check, &witness->held[i], &finding->edges[p].held);
    if (!from || (witness->wanted.flags & LV_TIMED) != 0)
        return false;
    for (uint32_t i = 0; i < edge->witness_count; i++)
        if (tells_as_much(check, finding, lv_witnesses_get(check->witnesses, lv_edge_witness(edge, i)->id), witness))
            return false;
    return true;
}

/* Could a lock of @to be taken under one of @from? Where memory ran out, yes. */
static bool leads_to(struct lv_digraph *g, uint32_t from, uint32_t to)
{
    return lv_digraph_find(g, from, to) != 0 || lv_digraph_close(g, to, from, LV_DEP_EN, LV_DEP_ALL) != 0;
}

bool lv_evidence_is_elsewhere(const struct lv_check *check, const struct lv_finding *finding, uint32_t p)
{
    const struct lv_edge *edge = lv_digraph_edge(check->graph, finding->edge_numbers[p]);
    uint32_t looks = 0;

    for (uint32_t i = 1; i < check->graph->edges.count; i++) {
        const struct lv_edge *other = lv_digraph_edge(check->graph, i);

        if (other->to != edge->to || other == edge)
            continue;
        if (other->witness_lost && leads_to(check->graph, edge->from, other->from))
            return true;
        for (uint32_t j = 0; j < other->witness_count; j++)
            if (++looks > MOST_LOOKS ||
                tells_more(check, finding, p, edge, lv_witnesses_get(check->witnesses, lv_edge_witness(other, j)->id)))
                return true;
    }
    return false;
}
