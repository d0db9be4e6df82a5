/* SPDX-License-Identifier: MIT */
/*
 * Advice is given where the numbers say something. A cycle whose edges were seen about as often as each other has no odd
 * one; one that was closed by the second acquisition ever has none yet, but may have one at exit (engine/summary.c).
 *
 * A gate is proposed where one is nearly there: a lock that was held, for writing, whenever one edge was made.
 */

#include "engine/advise.h"

#include <string.h>

#include "check/advice.h"
#include "engine/resolve.h"

void lv_advise_edge(struct lv_context *ctx, uint32_t from, uint32_t to, struct lv_text *out)
{
    lv_class_name(lv_classes_get(&ctx->classes, (lv_class_id){ from }), out);
    lv_text_puts(out, " -> ");
    lv_class_name(lv_classes_get(&ctx->classes, (lv_class_id){ to }), out);
}

void lv_advise_site(struct lv_context *ctx, const struct lv_edge_count *count, struct lv_text *out)
{
    const struct lv_stack *stack = lv_stacks_get(&ctx->stacks, count->stack);
    char name[160];
    struct lv_text text;

    if (stack == NULL || stack->count == 0) {
        lv_text_puts(out, "?");
        return;
    }
    lv_text_init(&text, name, sizeof(name));
    lv_frame_name(ctx, stack->frames[0], lv_stack_born(stack, 0), &text);
    name[strcspn(name, " ")] = '\0'; /* without the module */
    lv_text_puts(out, name);
}

static void put_times(uint64_t times, struct lv_text *out)
{
    lv_text_printf(out, "%llu %s", (unsigned long long)times, times == 1 ? "time" : "times");
}

void lv_advise_count(struct lv_context *ctx, const struct lv_edge_count *count, struct lv_text *out)
{
    put_times(count->hits, out);
    lv_text_printf(out, " from %s%u %s", count->more_sites ? "more than " : "", count->sites,
                   count->sites == 1 ? "site" : "sites");
    if (count->sites == 1) {
        lv_text_puts(out, " (");
        lv_advise_site(ctx, count, out);
        lv_text_puts(out, ")");
    }
}

static struct lv_text new_line(struct lv_advice *advice)
{
    struct lv_text text;

    lv_text_init(&text, advice->line[advice->count++], LV_ADVICE_LINE);
    return text;
}

/* Is there something to count? Of a cycle of locks of one class the advice is always the same. */
static bool is_counted(const struct lv_finding *finding)
{
    return finding->edge_count >= 2 && finding->kind != LV_FINDING_RECURSIVE && finding->kind != LV_FINDING_SIGNAL;
}

/* The acquisition that closed the cycle is in no cache yet. */
struct lv_counted lv_advise_collect(struct lv_context *ctx, const struct lv_finding *finding)
{
    struct lv_counted counted = { NULL, finding->edge_count * sizeof(*counted.edges) };
    const struct lv_finding_edge *now = finding->edges;

    if (!is_counted(finding))
        return counted;
    counted.edges = lv_os_map(counted.size);
    if (counted.edges == NULL)
        return counted;
    for (uint32_t i = 0; i < finding->edge_count; i++) {
        counted.edges[i].from = finding->edges[i].held.class.v;
        counted.edges[i].to = finding->edges[i].wanted.class.v;
    }
    lv_counts_collect(ctx, counted.edges, finding->edge_count);
    if (!finding->late && now->kind != LV_REPORT_EDGE_COMPLETE &&
        lv_stacks_get(&ctx->stacks, now->wanted.stack) != NULL) {
        counted.edges[0].hits++;
        lv_counts_add_site(ctx, &counted.edges[0], now->wanted.stack);
    }
    return counted;
}

void lv_advise_release(struct lv_counted *counted)
{
    if (counted->edges != NULL)
        lv_os_unmap(counted->edges, counted->size);
}

static int odd_of(const struct lv_edge_count *counts, uint32_t n)
{
    uint64_t hits[LV_ADVICE_CYCLE];

    if (n > LV_ADVICE_CYCLE)
        return LV_ADVICE_NONE;
    for (uint32_t i = 0; i < n; i++)
        hits[i] = counts[i].hits;
    return lv_advice_odd(hits, n);
}

/* How often the edges but @odd were seen, at the least. */
static uint64_t others_least(const struct lv_edge_count *counts, uint32_t n, uint32_t odd)
{
    uint64_t least = UINT64_MAX;

    for (uint32_t i = 0; i < n; i++)
        if (i != odd && counts[i].hits < least)
            least = counts[i].hits;
    return least;
}

static void advise_odd(struct lv_context *ctx, const struct lv_edge_count *counts, uint32_t n, uint32_t odd,
                       struct lv_advice *advice)
{
    struct lv_text line = new_line(advice);

    lv_advise_edge(ctx, counts[odd].from, counts[odd].to, &line);
    lv_text_puts(&line, " was seen ");
    lv_advise_count(ctx, &counts[odd], &line);
    lv_text_puts(&line, ",");
    line = new_line(advice);
    if (n == 2) {
        lv_text_puts(&line, "the other way ");
        lv_advise_count(ctx, &counts[1 - odd], &line);
    } else {
        lv_text_puts(&line, "every other step ");
        put_times(others_least(counts, n, odd), &line);
        lv_text_puts(&line, " or more");
    }
    lv_text_puts(&line, ": the odd one is ");
    if (counts[odd].sites == 1)
        lv_advise_site(ctx, &counts[odd], &line);
    else
        lv_advise_edge(ctx, counts[odd].from, counts[odd].to, &line);
}

static bool is_in_cycle(const struct lv_finding *finding, lv_class_id class)
{
    for (uint32_t i = 0; i < finding->edge_count; i++)
        if (finding->edges[i].wanted.class.v == class.v || finding->edges[i].held.class.v == class.v)
            return true;
    return false;
}

static bool holds(const struct lv_witness *witness, uint64_t uid)
{
    for (uint32_t i = 0; i < witness->held_count; i++)
        if (witness->held[i].uid == uid && witness->held[i].mode == LV_WRITE)
            return true;
    return false;
}

/* Was the lock @uid held whenever the edge was made? Only if all of that is known. */
static bool is_always_held(const struct lv_context *ctx, const struct lv_edge *edge, uint64_t uid)
{
    for (uint32_t i = 0; i < edge->witness_count; i++) {
        const struct lv_witness *witness = lv_witnesses_get(&ctx->witnesses, lv_edge_witness(edge, i)->id);

        if (witness->left_out || !holds(witness, uid))
            return false;
    }
    return edge->witness_count != 0 && !edge->witness_lost;
}

static const struct lv_edge *edge_of(const struct lv_context *ctx, const struct lv_finding_edge *edge)
{
    uint32_t number = lv_digraph_find(&ctx->graph, edge->held.class.v, edge->wanted.class.v);

    return number != 0 ? lv_digraph_edge(&ctx->graph, number) : NULL;
}

/* May the lock be taken around others wherever the program likes? A semaphore may be an event, a once control runs once. */
static bool can_be_gate(const struct lv_held_record *held)
{
    return held->mode == LV_WRITE && (held->kind == LV_KIND_MUTEX || held->kind == LV_KIND_RWLOCK ||
                                      held->kind == LV_KIND_SPIN || held->kind == LV_KIND_MAP);
}

/* A lock that is always held where edge number @with is made, and not always for @without. */
static bool find_gate(const struct lv_context *ctx, const struct lv_finding *finding, uint32_t with, uint32_t without,
                      lv_class_id *ret_gate)
{
    const struct lv_edge *edge = edge_of(ctx, &finding->edges[with]), *other = edge_of(ctx, &finding->edges[without]);
    const struct lv_witness *witness;

    if (edge == NULL || other == NULL || edge->witness_count == 0)
        return false;
    witness = lv_witnesses_get(&ctx->witnesses, lv_edge_witness(edge, 0)->id);
    for (uint32_t i = 0; i < witness->held_count; i++) {
        const struct lv_held_record *held = &witness->held[i];

        if (!can_be_gate(held) || is_in_cycle(finding, held->class) || !is_always_held(ctx, edge, held->uid) ||
            is_always_held(ctx, other, held->uid))
            continue;
        *ret_gate = held->class;
        return true;
    }
    return false;
}

/* Two steps that share a lock cannot meet. One that another step has would have to be taken for @odd too; without an odd one,
 * a cycle of two has one other step for each. Returns whether there is such a lock. */
static bool advise_gate(struct lv_context *ctx, const struct lv_finding *finding, int odd, struct lv_advice *advice)
{
    for (uint32_t with = 0; with < finding->edge_count; with++) {
        uint32_t without = odd != LV_ADVICE_NONE ? (uint32_t)odd : 1 - with;
        const struct lv_finding_edge *edge = &finding->edges[with];
        lv_class_id gate;
        struct lv_text line;

        if (with == without || !find_gate(ctx, finding, with, without, &gate))
            continue;
        line = new_line(advice);
        lv_class_name(lv_classes_get(&ctx->classes, gate), &line);
        lv_text_puts(&line, " is held for ");
        lv_advise_edge(ctx, edge->held.class.v, edge->wanted.class.v, &line);
        lv_text_puts(&line, ": taken first for ");
        edge = &finding->edges[without];
        lv_advise_edge(ctx, edge->held.class.v, edge->wanted.class.v, &line);
        lv_text_puts(&line, " too, it is a gate");
        return true;
    }
    return false;
}

/* Can the lock be tried? */
static bool can_try(const struct lv_held_record *wanted)
{
    return wanted->kind == LV_KIND_MUTEX || wanted->kind == LV_KIND_RWLOCK || wanted->kind == LV_KIND_SPIN;
}

static void advise_try(struct lv_context *ctx, const struct lv_finding_edge *edge, struct lv_advice *advice)
{
    struct lv_text line = new_line(advice);

    lv_text_puts(&line, "if that order must stay: a trylock of ");
    lv_class_name(lv_classes_get(&ctx->classes, edge->wanted.class), &line);
    lv_text_puts(&line, " there, and let go of ");
    lv_class_name(lv_classes_get(&ctx->classes, edge->held.class), &line);
    lv_text_puts(&line, " when it fails");
}

void lv_advise(struct lv_context *ctx, const struct lv_finding *finding, const struct lv_counted *counted,
               struct lv_advice *ret)
{
    const struct lv_edge_count *counts = counted->edges;
    uint32_t n = finding->edge_count;
    int odd;

    ret->count = 0;
    if (n < 2)
        return;
    if (finding->kind == LV_FINDING_RECURSIVE) {
        struct lv_text line = new_line(ret);

        lv_text_puts(&line, "take locks of this class in one order everywhere: that of their addresses, for example");
        return;
    }
    if (counts == NULL)
        return;
    odd = odd_of(counts, n);
    if (odd != LV_ADVICE_NONE)
        advise_odd(ctx, counts, n, (uint32_t)odd, ret);
    if (finding->verdict == LV_VERDICT_GUARDED)
        return;
    if ((odd != LV_ADVICE_NONE || n == 2) && advise_gate(ctx, finding, odd, ret))
        return;
    if (odd != LV_ADVICE_NONE && can_try(&finding->edges[odd].wanted))
        advise_try(ctx, &finding->edges[odd], ret);
}
