/* SPDX-License-Identifier: MIT */
/* What a witness tells is a number: what none of the others has counts, the kind of dependency most. */

#include "check/evidence.h"

enum {
    NOBODY = UINT32_MAX, /* no place */
    MOST_LOOKS = 4096    /* at witnesses of other edges, for one edge */
};

struct lv_edge_witness lv_evidence_of(const struct lv_evidence_by *by, uint32_t number,
                                      const struct lv_held_record *held, const struct lv_held_record *wanted)
{
    return (struct lv_edge_witness){
        .thread = by->thread,
        .segment = by->segment,
        .held_key = by->held_key,
        .instances = (uint32_t)lv_hash_mix(held->uid, wanted->uid),
        .held = (uint16_t)number,
        .bit = lv_dep_bit((enum lv_mode)held->mode, (enum lv_mode)wanted->mode, (wanted->flags & LV_TIMED) != 0),
        .modes = (uint8_t)(held->mode << 4 | wanted->mode),
    };
}

struct lv_edge_witness lv_evidence_in(const struct lv_witness *witness, lv_witness_id id, uint32_t number)
{
    const struct lv_evidence_by by = { witness->thread, witness->segment, witness->held_key };
    struct lv_edge_witness at = lv_evidence_of(&by, number, &witness->held[number], &witness->wanted);

    at.id = id;
    return at;
}

/* What is compared, and what it is worth that no other witness of the edge has the same. What differs most comes first. */
enum {
    HELD,
    INSTANCES,
    THREAD,
    SEGMENT,
    MODES,
    ALL
};

static const unsigned worth[ALL] = { [MODES] = 16, [THREAD] = 4, [INSTANCES] = 4, [HELD] = 3, [SEGMENT] = 1 };

static uint32_t value_of(const struct lv_edge_witness *at, unsigned what)
{
    switch (what) {
    case MODES:
        return (uint32_t)at->bit << 8 | at->modes;
    case THREAD:
        return at->thread.v;
    case INSTANCES:
        return at->instances;
    case HELD:
        return at->held_key;
    default:
        return at->segment;
    }
}

bool lv_evidence_is_known(const struct lv_edge *edge, const struct lv_edge_witness *e)
{
    for (uint32_t i = 0; i < edge->witness_count; i++) {
        const struct lv_edge_witness *known = lv_edge_witness(edge, i);

        if (known->thread.v == e->thread.v && known->segment == e->segment && known->held_key == e->held_key &&
            known->instances == e->instances && known->bit == e->bit && known->modes == e->modes)
            return true;
    }
    return false;
}

/* Witnesses that have the same as @e, one bit each. */
static uint32_t same_as(const struct lv_edge *edge, const struct lv_edge_witness *e, unsigned what)
{
    uint32_t mine = value_of(e, what), same = 0;

    for (uint32_t i = 0; i < edge->witness_count; i++)
        same |= (uint32_t)(value_of(lv_edge_witness(edge, i), what) == mine) << i;
    return same;
}

/* Add what each witness tells that no other one does. Returns the least that one of them tells so far. */
static unsigned add_worth(const struct lv_edge *edge, unsigned what, unsigned *tells)
{
    uint32_t value[LV_EDGE_WITNESSES], count = edge->witness_count;
    unsigned least = UINT32_MAX;

    for (uint32_t i = 0; i < count; i++)
        value[i] = value_of(lv_edge_witness(edge, i), what);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t others = 0;

        for (uint32_t j = 0; j < count; j++)
            others += value[j] == value[i];
        tells[i] += others == 1 ? worth[what] : 0;
        least = tells[i] < least ? tells[i] : least;
    }
    return least;
}

/* What @e would tell in the place of witness number @place. */
static unsigned would_tell(const uint32_t *same, uint32_t place)
{
    unsigned sum = 0;

    for (unsigned what = 0; what < ALL; what++)
        sum += (same[what] & ~(1u << place)) == 0 ? worth[what] : 0;
    return sum;
}

/* The place of the witness that tells least beside the others, if @e would tell more in it; else NOBODY. Mostly @e is no news
 * but for what it holds, and that all witnesses hold different locks is all that has to be seen. */
static uint32_t place_for(const struct lv_edge *edge, const struct lv_edge_witness *e)
{
    unsigned tells[LV_EDGE_WITNESSES] = { 0 }, most = 0, least = UINT32_MAX;
    uint32_t same[ALL], place = NOBODY;

    for (unsigned what = 0; what < ALL; what++) {
        same[what] = same_as(edge, e, what);
        most += (same[what] & (same[what] - 1)) == 0 ? worth[what] : 0;
    }
    for (unsigned what = 0; what < ALL; what++)
        if (add_worth(edge, what, tells) >= most)
            return NOBODY;
    for (uint32_t i = 0; i < edge->witness_count; i++) {
        if (tells[i] >= least || tells[i] >= would_tell(same, i))
            continue;
        place = i;
        least = tells[i];
    }
    return place;
}

bool lv_evidence_is_wanted(struct lv_edge *edge, const struct lv_edge_witness *e)
{
    if (lv_evidence_is_known(edge, e))
        return false;
    if (edge->witness_count < LV_EDGE_WITNESSES)
        return true;
    edge->witness_lost = true;
    return place_for(edge, e) != NOBODY;
}

lv_witness_id lv_evidence_keep(struct lv_digraph *graph, struct lv_edge *edge, struct lv_edge_witness at)
{
    const lv_witness_id none = { 0 };
    lv_witness_id gone;
    uint32_t place;

    if (edge->witness_count < LV_EDGE_WITNESSES && lv_edge_add_witness(&graph->blocks, edge, at) == 0)
        return none;
    edge->witness_lost = true;
    place = place_for(edge, &at);
    if (place == NOBODY)
        return none;
    gone = lv_edge_witness(edge, place)->id;
    *lv_edge_witness(edge, place) = at;
    return gone;
}

uint32_t lv_evidence_spare(const struct lv_edge *edge)
{
    uint8_t seen = 0, more = 0;

    for (uint32_t i = 0; i < edge->witness_count; i++) {
        uint8_t bit = lv_edge_witness(edge, i)->bit;

        more |= seen & bit;
        seen |= bit;
    }
    for (uint32_t i = edge->witness_count; i-- > 0;)
        if ((lv_edge_witness(edge, i)->bit & more) != 0)
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
        known->wanted.uid != other->wanted.uid || known->wanted.mode != other->wanted.mode || known->left_out ||
        other->left_out)
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
