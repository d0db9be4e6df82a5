/* SPDX-License-Identifier: MIT */
/*
 * Plain on purpose: every question is answered from the matrix, nothing is remembered between two questions.
 */

#include "oracle.h"

static unsigned dep_bit(unsigned held, unsigned wanted, unsigned flags)
{
    static const uint8_t bits[3][3] = {
        { LV_DEP_EN, LV_DEP_EN, LV_DEP_ER },
        { LV_DEP_SN, LV_DEP_SN, LV_DEP_SR },
        { LV_DEP_SN, LV_DEP_SN, LV_DEP_SR },
    };

    return (flags & LV_TIMED) != 0 ? (unsigned)bits[held][wanted] << 4 : bits[held][wanted];
}

/* May a path whose last hop was xR or not (@after_r) go on by a dependency of @bit, and how does it end then? */
static bool may_follow(bool after_r, unsigned bit, bool *ret_r)
{
    switch (bit) {
    case LV_DEP_ER:
    case LV_DEP_ER << 4:
        *ret_r = true;
        return true;
    case LV_DEP_EN:
    case LV_DEP_EN << 4:
        *ret_r = false;
        return true;
    case LV_DEP_SR:
    case LV_DEP_SR << 4:
        *ret_r = true;
        return !after_r;
    default:
        *ret_r = false;
        return !after_r;
    }
}

static oracle_states state(unsigned node, bool r)
{
    return (oracle_states)1 << (2 * node + r);
}

oracle_states oracle_hop(const struct oracle_graph *g, oracle_states from, uint8_t mask)
{
    oracle_states to = 0;

    for (unsigned a = 0; a < g->nodes; a++) {
        if ((from & (state(a, false) | state(a, true))) == 0)
            continue;
        for (unsigned b = 0; b < g->nodes; b++) {
            for (unsigned bit = 1; bit <= 0x80; bit <<= 1) {
                bool r;

                if ((g->bits[a][b] & mask & bit) == 0)
                    continue;
                if ((from & state(a, false)) != 0 && may_follow(false, bit, &r))
                    to |= state(b, r);
                if ((from & state(a, true)) != 0 && may_follow(true, bit, &r))
                    to |= state(b, r);
            }
        }
    }
    return to;
}

unsigned oracle_close(const struct oracle_graph *g, unsigned from, unsigned to, uint8_t bit, uint8_t mask)
{
    bool first_r, again_r;
    oracle_states now, goal = state(from, false);

    (void)may_follow(false, bit, &first_r);
    if (may_follow(true, bit, &again_r))
        goal |= state(from, true);
    now = state(to, first_r);
    for (unsigned length = 1; length <= 2 * ORACLE_NODES; length++) {
        now = oracle_hop(g, now, mask);
        if ((now & goal) != 0)
            return length;
    }
    return 0;
}

static oracle_states reach(const struct oracle_graph *g, oracle_states from, uint8_t mask)
{
    oracle_states seen = 0, next = oracle_hop(g, from, mask);

    while ((next & ~seen) != 0) {
        seen |= next;
        next = oracle_hop(g, seen, mask);
    }
    return seen;
}

/* Where a blocking hop arrives, a recursive reader's arrival adds nothing. */
static oracle_states with_weaker(oracle_states states)
{
    return states | (states & UINT64_C(0x5555555555555555)) << 1;
}

bool oracle_same_reach(const struct oracle_graph *a, const struct oracle_graph *b, uint8_t mask)
{
    for (unsigned node = 0; node < a->nodes; node++)
        for (unsigned r = 0; r < 2; r++)
            if (with_weaker(reach(a, state(node, r), mask)) != with_weaker(reach(b, state(node, r), mask)))
                return false;
    return true;
}

/* Add a dependency; the verdict of the cycle that it closes, or LV_VERDICT_NEVER. */
static enum lv_verdict add(struct oracle_graph *g, unsigned from, unsigned to, unsigned bit, unsigned *ret_length)
{
    if ((g->bits[from][to] & bit) != 0)
        return LV_VERDICT_NEVER;
    g->bits[from][to] |= (uint8_t)bit;
    *ret_length = bit <= 0x0f ? oracle_close(g, from, to, (uint8_t)bit, LV_DEP_UNTIMED) : 0;
    if (*ret_length != 0)
        return LV_VERDICT_POTENTIAL;
    *ret_length = oracle_close(g, from, to, (uint8_t)bit, LV_DEP_ALL);
    return *ret_length != 0 ? LV_VERDICT_GUARDED : LV_VERDICT_NEVER;
}

/* Is there a held lock between number @i and the top that connects lock @i to what is wanted now, of class @wanted? As
 * acquire.c says it: one that waited without limit, was judged, and whose class differs from both; or, within one class, is
 * the same. */
static bool connected(const struct oracle *o, unsigned thread, unsigned i, unsigned wanted)
{
    const struct oracle_held *held = o->held[thread];

    for (unsigned j = i + 1; j < o->depth[thread]; j++) {
        if ((held[j].flags & (LV_TRY | LV_TIMED | LV_UNCHECKED)) != 0 || held[j].mode == LV_READ_RECURSIVE)
            continue;
        if (held[i].class == wanted ? held[j].class == wanted
                                    : held[j].class != wanted && held[j].class != held[i].class)
            return true;
    }
    return false;
}

/* Another lock of the same class is held. */
static void nest_in_class(struct oracle *o, unsigned thread, unsigned i, struct oracle_held lock,
                          struct oracle_counts *counts)
{
    const struct oracle_held *h = &o->held[thread][i];
    unsigned bit = dep_bit(h->mode, lock.mode, lock.flags), unused;
    bool direct = !connected(o, thread, i, lock.class);

    if (o->explicit_class[lock.class]) {
        if (!direct || (lock.mode == LV_READ_RECURSIVE && h->mode != LV_WRITE))
            return;
        counts->nested++;
        counts->nested_first |= !o->was_nested[lock.class];
        o->was_nested[lock.class] = true;
        return;
    }
    o->all_instances.bits[h->instance][lock.instance] |= (uint8_t)bit;
    if (direct) {
        enum lv_verdict verdict = add(&o->instances, h->instance, lock.instance, bit, &unused);

        if (verdict != LV_VERDICT_NEVER)
            counts->recursive[verdict]++;
    }
}

static void depend(struct oracle *o, unsigned thread, struct oracle_held lock, struct oracle_counts *counts)
{
    unsigned found = 0;

    for (unsigned i = o->depth[thread]; i-- > 0;) {
        const struct oracle_held *h = &o->held[thread][i];
        unsigned bit = dep_bit(h->mode, lock.mode, lock.flags), length;
        enum lv_verdict verdict;

        if ((h->flags & LV_UNCHECKED) != 0)
            continue;
        if (h->class == lock.class) {
            nest_in_class(o, thread, i, lock, counts);
            continue;
        }
        o->all_classes.bits[h->class][lock.class] |= (uint8_t)bit;
        if (connected(o, thread, i, lock.class))
            continue;
        verdict = add(&o->classes, h->class, lock.class, bit, &length);
        if (verdict == LV_VERDICT_NEVER)
            continue;
        counts->circular[verdict]++;
        counts->shortest |= (length + 1) << 5 * found++;
    }
}

/* The very lock is held already. */
static void take_again(const struct oracle_held *h, struct oracle_held lock, struct oracle_counts *counts)
{
    bool both_read = h->mode != LV_WRITE && lock.mode != LV_WRITE;

    if ((lock.flags & (LV_TRY | LV_UNCHECKED)) != 0 || (both_read && lock.mode == LV_READ_RECURSIVE))
        return;
    counts->recursive[(lock.flags & LV_TIMED) != 0 ? LV_VERDICT_GUARDED
                      : both_read                  ? LV_VERDICT_POTENTIAL
                                                   : LV_VERDICT_DEADLOCK]++;
}

struct oracle_counts oracle_acquire(struct oracle *o, unsigned thread, struct oracle_held lock)
{
    struct oracle_counts counts = { 0 };

    for (unsigned i = 0; i < o->depth[thread]; i++) {
        if (o->held[thread][i].instance == lock.instance) {
            take_again(&o->held[thread][i], lock, &counts);
            o->held[thread][i].again++;
            return counts;
        }
    }
    if ((lock.flags & (LV_TRY | LV_UNCHECKED)) == 0)
        depend(o, thread, lock, &counts);
    o->held[thread][o->depth[thread]++] = lock;
    return counts;
}

void oracle_release(struct oracle *o, unsigned thread, unsigned instance)
{
    struct oracle_held *held = o->held[thread];
    unsigned i = 0;

    while (held[i].instance != instance)
        i++;
    if (held[i].again != 0) {
        held[i].again--;
        return;
    }
    for (o->depth[thread]--; i < o->depth[thread]; i++)
        held[i] = held[i + 1];
}
