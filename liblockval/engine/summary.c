/* SPDX-License-Identifier: MIT */
/*
 * Everything is asked for at the end: classes keep their names, and counts are final then. The block is made in a mapping of
 * its own, as large as the number of findings asks for; what does not fit is left out, and the last line says so.
 */

#include "engine/summary.h"

#include <string.h>

#include "check/advice.h"
#include "engine/advise.h"
#include "engine/resolve.h"
#include "engine/thread.h"
#include "engine/watch.h"

enum {
    TEXT_BASE = 64 * 1024,
    TEXT_FINDING = 4096,
    CHANGE_SHOWN = 8 /* edges of the smallest change that are named */
};

void lv_made_init(struct lv_context *ctx)
{
    lv_vec_init(&ctx->made, &ctx->arena, sizeof(struct lv_made));
}

void lv_made_after_fork(struct lv_context *ctx)
{
    lv_vec_clear(&ctx->made);
    lv_watch_after_fork(ctx);
    ctx->summary_said = false;
}

static struct lv_made *made_at(const struct lv_context *ctx, uint32_t i)
{
    return lv_vec_at(&ctx->made, i);
}

/* Of a step against the expected order, which is no cycle, the two ends. */
static const char *class_name(const struct lv_report *report, uint32_t i)
{
    const struct lv_report_class *class = report->edge_count == 0 ? report->subject.class
                                          : report->kind == LV_FINDING_ORDER && i == 0
                                              ? report->edges[0].held.class
                                              : report->edges[i % report->edge_count].wanted.class;

    return class != NULL && class->name != NULL ? class->name : "?";
}

static void put_cycle(const struct lv_report *report, struct lv_text *out)
{
    uint32_t names = report->edge_count != 0 ? report->edge_count + 1 : 1;

    if (report->stuck_count != 0) {
        lv_report_stuck_cycle(report, out);
        return;
    }
    for (uint32_t i = 0; i < names; i++)
        lv_text_printf(out, "%s%s", i != 0 ? " -> " : "", class_name(report, i));
}

/* How long it is at most. */
static size_t cycle_size(const struct lv_report *report)
{
    size_t size = 1;

    if (report->stuck_count != 0)
        return lv_report_stuck_cycle_size(report);
    for (uint32_t i = 0; i <= report->edge_count; i++)
        size += strlen(class_name(report, i)) + strlen(" -> ");
    return size;
}

/* The classes of the cycle, in memory of its own: a class may be gone at the end of the process. Null without memory. */
static const char *cycle_text(struct lv_context *ctx, const struct lv_report *report)
{
    size_t size = cycle_size(report);
    char *memory = lv_arena_alloc(&ctx->arena, size);
    struct lv_text text;

    if (memory == NULL)
        return NULL;
    lv_text_init(&text, memory, size);
    put_cycle(report, &text);
    return memory;
}

struct lv_made *lv_made_add(struct lv_context *ctx, const struct lv_finding *finding, const struct lv_report *report)
{
    size_t size = finding->edge_count * sizeof(*finding->edges);
    struct lv_finding_edge *edges = finding->edges;
    const char *cycle = cycle_text(ctx, report);
    struct lv_made *made;
    uint32_t unused;

    /* A rule about two acquisitions has its one edge on the stack. */
    if (finding->edge_count == 1) {
        edges = lv_arena_alloc(&ctx->arena, size);
        if (edges == NULL)
            return NULL;
        memcpy(edges, finding->edges, size);
    }
    made = cycle != NULL ? lv_vec_add(&ctx->made, &unused) : NULL;
    if (made == NULL)
        return NULL;
    made->finding = *finding;
    made->finding.edges = edges;
    made->finding.stuck = NULL; /* the caller's */
    made->finding.stuck_count = 0;
    made->cycle = cycle;
    for (size_t i = 0; i + 1 < sizeof(made->fingerprint) && report->fingerprint[i] != '\0'; i++)
        made->fingerprint[i] = report->fingerprint[i];
    return made;
}

static bool is_class_cycle(const struct lv_finding *finding)
{
    return finding->edge_count > 1 && finding->kind != LV_FINDING_RECURSIVE;
}

static bool is_shown_cycle(const struct lv_made *made)
{
    return made->suppressed == NULL && is_class_cycle(&made->finding);
}

/* All distinct edges of the cycles that were found, counted. */
struct union_edges {
    struct lv_edge_count *count;
    uint32_t n;
};

static struct lv_edge_count *find_edge(const struct union_edges *all, uint32_t from, uint32_t to)
{
    for (uint32_t i = 0; i < all->n; i++)
        if (all->count[i].from == from && all->count[i].to == to)
            return &all->count[i];
    return NULL;
}

static void collect(struct lv_context *ctx, struct union_edges *all, bool counts)
{
    for (uint32_t i = 0; i < ctx->made.count; i++) {
        const struct lv_finding *finding = &made_at(ctx, i)->finding;

        for (uint32_t j = 0; is_shown_cycle(made_at(ctx, i)) && j < finding->edge_count; j++) {
            uint32_t from = finding->edges[j].held.class.v, to = finding->edges[j].wanted.class.v;

            if (find_edge(all, from, to) == NULL)
                all->count[all->n++] = (struct lv_edge_count){ .from = from, .to = to };
        }
    }
    if (counts)
        lv_counts_collect(ctx, all->count, all->n);
}

/* The odd edge of the finding's cycle, in a line of its own. */
static void put_odd(struct lv_context *ctx, const struct lv_finding *finding, const struct union_edges *all,
                    struct lv_text *out)
{
    uint64_t hits[LV_ADVICE_CYCLE], others = UINT64_MAX;
    const struct lv_edge_count *odd;
    int number;

    if (finding->edge_count > LV_ADVICE_CYCLE)
        return;
    for (uint32_t i = 0; i < finding->edge_count; i++)
        hits[i] = find_edge(all, finding->edges[i].held.class.v, finding->edges[i].wanted.class.v)->hits;
    number = lv_advice_odd(hits, finding->edge_count);
    if (number == LV_ADVICE_NONE)
        return;
    for (uint32_t i = 0; i < finding->edge_count; i++)
        if (i != (uint32_t)number && hits[i] < others)
            others = hits[i];
    odd = find_edge(all, finding->edges[number].held.class.v, finding->edges[number].wanted.class.v);
    lv_text_puts(out, "    ");
    lv_advise_edge(ctx, odd->from, odd->to, out);
    lv_text_puts(out, " was seen ");
    lv_advise_count(ctx, odd, out);
    lv_text_printf(out, ", %s %llu times%s: the odd one\n",
                   finding->edge_count == 2 ? "the other way" : "every other step", (unsigned long long)others,
                   finding->edge_count == 2 ? "" : " or more");
}

static void put_finding(struct lv_context *ctx, const struct lv_made *made, const struct union_edges *all,
                        struct lv_text *out)
{
    lv_text_printf(out, "  %-9s %-9s %s  [%s]\n", lv_verdict_name(made->finding.verdict),
                   lv_finding_kind_name(made->finding.kind), made->cycle, made->fingerprint);
    if (is_class_cycle(&made->finding) && all->count != NULL)
        put_odd(ctx, &made->finding, all, out);
}

static void put_head(const struct lv_context *ctx, struct lv_text *out)
{
    uint32_t count[LV_VERDICT_NEVER] = { 0 };
    uint32_t findings = __atomic_load_n(&ctx->findings, __ATOMIC_RELAXED);
    uint32_t suppressed = __atomic_load_n(&ctx->suppressed, __ATOMIC_RELAXED);
    const char *before = ": ";

    for (uint32_t i = 0; i < ctx->made.count; i++)
        if (made_at(ctx, i)->suppressed == NULL)
            count[made_at(ctx, i)->finding.verdict]++;
    lv_text_printf(out, "\nlockval: %u %s", findings, findings == 1 ? "finding" : "findings");
    for (int verdict = LV_VERDICT_NEVER; verdict-- > 0;) {
        if (count[verdict] == 0)
            continue;
        lv_text_printf(out, "%s%u %s", before, count[verdict], lv_verdict_name((enum lv_verdict)verdict));
        before = ", ";
    }
    if (suppressed != 0)
        lv_text_printf(out, "%s%u suppressed", before, suppressed);
    lv_text_putc(out, '\n');
}

/* The node of the class @id among @nodes, which has @count; added if it is not there. */
static uint32_t node_of(uint32_t *nodes, uint32_t *count, uint32_t id)
{
    uint32_t node = 0;

    while (node < *count && nodes[node] != id)
        node++;
    if (node == *count)
        nodes[(*count)++] = id;
    return node;
}

static void put_change(struct lv_context *ctx, const struct union_edges *all, const struct lv_advice_edge *edges,
                       uint32_t size, bool exact, struct lv_text *out)
{
    uint32_t shown = 0;

    lv_text_printf(out, "  %s: %u of %u edges: ",
                   exact ? "smallest change"
                         : "a change that is enough (not all were tried, there may be a smaller one)",
                   size, all->n);
    for (uint32_t i = 0; i < all->n && shown < CHANGE_SHOWN; i++) {
        if (!edges[i].chosen)
            continue;
        lv_text_puts(out, shown++ != 0 ? ", " : "");
        lv_advise_edge(ctx, all->count[i].from, all->count[i].to, out);
        if (all->count[i].sites == 0)
            continue;
        lv_text_puts(out, " (");
        lv_advise_site(ctx, &all->count[i], out);
        if (all->count[i].sites > 1)
            lv_text_printf(out, " and %u more%s", all->count[i].sites - 1, all->count[i].more_sites ? " at least" : "");
        lv_text_putc(out, ')');
    }
    if (shown < size)
        lv_text_printf(out, " and %u more", size - shown);
    lv_text_putc(out, '\n');
}

/* Which edges to change, so that no cycle is left: of use where there are several cycles. */
static void put_smallest(struct lv_context *ctx, const struct union_edges *all, struct lv_text *out)
{
    size_t edges_size = all->n * sizeof(struct lv_advice_edge), nodes_size = (size_t)all->n * 2 * sizeof(uint32_t);
    size_t size = edges_size + nodes_size + lv_advice_room(2 * all->n, all->n);
    char *memory = all->n != 0 ? lv_os_map(size) : NULL;
    struct lv_advice_edge *edges = (struct lv_advice_edge *)memory;
    uint32_t *nodes = (uint32_t *)(memory + edges_size), node_count = 0, chosen;
    bool exact;

    if (memory == NULL)
        return;
    for (uint32_t i = 0; i < all->n; i++) {
        uint32_t from = node_of(nodes, &node_count, all->count[i].from);
        uint32_t to = node_of(nodes, &node_count, all->count[i].to);

        edges[i] = (struct lv_advice_edge){ .from = from, .to = to, .hits = all->count[i].hits };
    }
    chosen = lv_advice_feedback(edges, all->n, node_count, memory + edges_size + nodes_size, &exact);
    put_change(ctx, all, edges, chosen, exact, out);
    lv_os_unmap(memory, size);
}

void lv_summary_text(struct lv_context *ctx, bool counts, struct lv_text *out)
{
    struct union_edges all = { NULL, 0 };
    uint32_t findings = __atomic_load_n(&ctx->findings, __ATOMIC_RELAXED), cycles = 0;
    size_t size = 0;

    for (uint32_t i = 0; i < ctx->made.count; i++) {
        size += made_at(ctx, i)->finding.edge_count * sizeof(*all.count);
        cycles += is_shown_cycle(made_at(ctx, i));
    }
    all.count = size != 0 ? lv_os_map(size) : NULL;
    if (all.count != NULL)
        collect(ctx, &all, counts);
    put_head(ctx, out);
    for (uint32_t i = 0; i < ctx->made.count; i++)
        if (made_at(ctx, i)->suppressed == NULL)
            put_finding(ctx, made_at(ctx, i), &all, out);
    if (findings > ctx->made.count)
        lv_text_printf(out, "  and %u more, for which there was no memory\n", findings - ctx->made.count);
    if (cycles > 1)
        put_smallest(ctx, &all, out);
    if (all.count != NULL)
        lv_os_unmap(all.count, size);
}

void lv_summary_say(struct lv_context *ctx, bool counts)
{
    static const char cut[] = "\n  (the summary is cut here)\n";
    size_t size = TEXT_BASE + (size_t)__atomic_load_n(&ctx->made.count, __ATOMIC_RELAXED) * TEXT_FINDING;
    struct lv_locked locked;
    struct lv_text text;
    char *memory;

    if (__atomic_load_n(&ctx->findings, __ATOMIC_RELAXED) == __atomic_load_n(&ctx->suppressed, __ATOMIC_RELAXED) ||
        strcmp(ctx->options.log, "none") == 0 || lv_context_is_told(ctx) ||
        __atomic_exchange_n(&ctx->summary_said, true, __ATOMIC_RELAXED))
        return;
    memory = lv_os_map(size);
    if (memory == NULL)
        return;
    lv_text_init(&text, memory, size);
    locked = lv_context_lock(ctx);
    lv_summary_text(ctx, counts, &text);
    lv_context_unlock(ctx, &locked);
    if (text.cut)
        memcpy(text.buf + text.len - (sizeof(cut) - 1), cut, sizeof(cut) - 1);
    lv_context_say(ctx, text.buf, text.len);
    lv_os_unmap(memory, size);
}
