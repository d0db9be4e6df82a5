/* SPDX-License-Identifier: MIT */
/*
 * A smallest set by iterative deepening: every set without which no cycle is left has an edge of each cycle; so take a
 * shortest cycle that is left, try each of its edges, and go on in what is left then, one edge deeper. The first depth at
 * which anything is found is the size of a smallest set, and all sets of that depth are looked at for the one whose edges
 * were seen least.
 */

#include "check/advice.h"

#include <string.h>

int lv_advice_odd(const uint64_t *hits, uint32_t n)
{
    uint32_t odd = 0;

    for (uint32_t i = 0; i < n; i++) {
        if (hits[i] == 0)
            return LV_ADVICE_NONE;
        if (hits[i] < hits[odd])
            odd = i;
    }
    for (uint32_t i = 0; i < n; i++)
        if (i != odd && hits[i] / LV_ADVICE_TIMES < hits[odd])
            return LV_ADVICE_NONE;
    return n > 1 ? (int)odd : LV_ADVICE_NONE;
}

/* One edge of the set that is tried: the cycle that it is to break, and which of the cycle's edges come next. */
struct level {
    uint32_t length, next, edge;
    uint32_t *cycle;
};

struct search {
    struct lv_advice_edge *edges;
    uint32_t count, nodes;
    uint32_t *first;      /* of each node: first place in .order; one more at the end */
    uint32_t *order;      /* edges by the node they leave */
    uint32_t *queue;      /* of the search for a cycle */
    uint32_t *reached_by; /* edge + 1; 0: not reached */
    bool *removed;        /* edges that are in the set that is tried */
    uint64_t steps;
    struct level level[LV_ADVICE_DEPTH];
};

size_t lv_advice_room(uint32_t nodes, uint32_t edges)
{
    return sizeof(struct search) + ((size_t)nodes * (3 + LV_ADVICE_DEPTH) + 1 + edges) * sizeof(uint32_t) + edges;
}

static struct search *set_up(struct lv_advice_edge *edges, uint32_t count, uint32_t nodes, void *memory)
{
    struct search *s = memory;
    uint32_t *at = (uint32_t *)(s + 1);

    s->edges = edges;
    s->count = count;
    s->nodes = nodes;
    s->first = at;
    s->queue = s->first + nodes + 1;
    s->reached_by = s->queue + nodes;
    at = s->reached_by + nodes;
    for (uint32_t i = 0; i < LV_ADVICE_DEPTH; i++, at += nodes)
        s->level[i].cycle = at;
    s->order = at;
    s->removed = (bool *)(s->order + count);
    for (uint32_t i = 0; i < count; i++)
        s->first[edges[i].from + 1]++;
    for (uint32_t i = 0; i < nodes; i++)
        s->first[i + 1] += s->first[i];
    for (uint32_t i = count; i-- > 0;) {
        /* .queue counts how many of the node's places are taken. */
        s->order[s->first[edges[i].from] + s->queue[edges[i].from]++] = i;
    }
    return s;
}

/* A shortest cycle through @start, shorter than @limit, over edges that are left. Returns its length, 0: none. */
static uint32_t cycle_through(struct search *s, uint32_t start, uint32_t limit, uint32_t *ret_cycle)
{
    uint32_t head = 0, tail = 0, length = 0;

    memset(s->reached_by, 0, s->nodes * sizeof(*s->reached_by));
    s->queue[tail++] = start;
    while (head < tail && s->reached_by[start] == 0) {
        uint32_t node = s->queue[head++];

        for (uint32_t i = s->first[node]; i < s->first[node + 1]; i++) {
            uint32_t edge = s->order[i], to = s->edges[edge].to;

            s->steps++;
            if (s->removed[edge] || s->reached_by[to] != 0)
                continue;
            s->reached_by[to] = edge + 1;
            if (to == start)
                break;
            s->queue[tail++] = to;
        }
    }
    if (s->reached_by[start] == 0)
        return 0;
    for (uint32_t node = start; length == 0 || node != start; length++) {
        if (length + 1 == limit)
            return 0;
        ret_cycle[length] = s->reached_by[node] - 1;
        node = s->edges[ret_cycle[length]].from;
    }
    return length;
}

/* A shortest cycle that is left, into @ret_cycle, which has room for one through all nodes. Returns its length, 0: none. */
static uint32_t shortest_cycle(struct search *s, uint32_t *scratch, uint32_t *ret_cycle)
{
    uint32_t best = 0;

    for (uint32_t node = 0; node < s->nodes; node++) {
        uint32_t length = cycle_through(s, node, best != 0 ? best : s->nodes + 1, scratch);

        if (length == 0)
            continue;
        best = length;
        memcpy(ret_cycle, scratch, length * sizeof(*scratch));
    }
    return best;
}

static void keep(struct search *s)
{
    for (uint32_t i = 0; i < s->count; i++)
        s->edges[i].chosen = s->removed[i];
}

/* Look at all sets of @depth edges. Returns whether there is one; the best is kept. */
static bool try_depth(struct search *s, uint32_t depth)
{
    uint32_t *scratch = s->level[LV_ADVICE_DEPTH - 1].cycle; /* not a level of its own: see lv_advice_feedback() */
    uint64_t seen = 0, best = UINT64_MAX;
    uint32_t at = 0;

    s->level[0].length = shortest_cycle(s, scratch, s->level[0].cycle);
    s->level[0].next = 0;
    for (;;) {
        struct level *level = &s->level[at];
        uint32_t length;

        if (level->next == level->length || s->steps > LV_ADVICE_STEPS) {
            if (at == 0)
                return best != UINT64_MAX;
            level = &s->level[--at];
            s->removed[level->edge] = false;
            seen -= s->edges[level->edge].hits;
            continue;
        }
        level->edge = level->cycle[level->next++];
        s->removed[level->edge] = true;
        seen += s->edges[level->edge].hits;
        length = seen >= best ? 1 : shortest_cycle(s, scratch, s->level[at + 1].cycle);
        if (length == 0) {
            best = seen;
            keep(s);
        } else if (seen < best && at + 1 < depth) {
            at++;
            s->level[at].length = length;
            s->level[at].next = 0;
            continue;
        }
        s->removed[level->edge] = false;
        seen -= s->edges[level->edge].hits;
    }
}

/* How much seems to depend on an edge: the ways to it times the ways on. */
static uint64_t weight(const struct search *s, uint32_t edge)
{
    uint64_t in = 0, out = 0;

    for (uint32_t i = 0; i < s->count; i++) {
        in += !s->removed[i] && s->edges[i].to == s->edges[edge].from;
        out += !s->removed[i] && s->edges[i].from == s->edges[edge].to;
    }
    return in * out;
}

static uint32_t take_greedily(struct search *s)
{
    uint32_t *cycle = s->level[0].cycle, length, taken = 0;

    memset(s->removed, 0, s->count);
    while ((length = shortest_cycle(s, s->level[1].cycle, cycle)) != 0) {
        uint32_t best = cycle[0];

        for (uint32_t i = 1; i < length; i++) {
            uint64_t mine = weight(s, cycle[i]), its = weight(s, best);

            if (mine > its || (mine == its && s->edges[cycle[i]].hits < s->edges[best].hits))
                best = cycle[i];
        }
        s->removed[best] = true;
        taken++;
    }
    keep(s);
    return taken;
}

uint32_t lv_advice_feedback(struct lv_advice_edge *edges, uint32_t count, uint32_t nodes, void *memory, bool *ret_exact)
{
    struct search *s = set_up(edges, count, nodes, memory);

    *ret_exact = true;
    for (uint32_t i = 0; i < count; i++)
        edges[i].chosen = false;
    if (shortest_cycle(s, s->level[1].cycle, s->level[0].cycle) == 0)
        return 0;
    /* The last level is scratch, and the one before it takes the cycle that is left when a set is too small. */
    for (uint32_t depth = 1; depth < LV_ADVICE_DEPTH - 1 && s->steps <= LV_ADVICE_STEPS; depth++)
        if (try_depth(s, depth))
            return depth;
    *ret_exact = false;
    return take_greedily(s);
}
