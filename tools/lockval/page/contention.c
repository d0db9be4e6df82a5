/* SPDX-License-Identifier: MIT */
/* Rows of several processes are added up by class; calls stay apart. What was waited for longest comes first. */

#define _GNU_SOURCE
#include "page/contention.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/memory.h"

enum {
    CALL_ROWS = 500
};

/* What was counted: of a class, or of one line of a record. */
struct row {
    const struct graph_node *node;
    const struct rec_lock_stat *call; /* null: of a class, all calls */
    uint64_t acquisitions, failed;
    struct rec_times wait, hold;
};

struct rows {
    size_t count;
    struct row *row;
};

static void add_times(struct rec_times *sum, const struct rec_times *more)
{
    if (more->count == 0)
        return;
    if (sum->count == 0 || more->min < sum->min)
        sum->min = more->min;
    if (more->max > sum->max)
        sum->max = more->max;
    sum->count += more->count;
    sum->total += more->total;
}

static void add(struct row *row, const struct graph_node *node, const struct rec_lock_stat *stat)
{
    row->node = node;
    row->acquisitions += stat->acquisitions;
    row->failed += stat->failed;
    add_times(&row->wait, &stat->wait);
    add_times(&row->hold, &stat->hold);
}

/* Longest waits first, then longest holds. */
static int compare(const void *a, const void *b)
{
    const struct row *left = a, *right = b;

    if (left->wait.total != right->wait.total)
        return left->wait.total > right->wait.total ? -1 : 1;
    if (left->hold.total != right->hold.total)
        return left->hold.total > right->hold.total ? -1 : 1;
    if (left->acquisitions != right->acquisitions)
        return left->acquisitions > right->acquisitions ? -1 : 1;
    return left->node->number < right->node->number ? -1 : left->node->number > right->node->number;
}

static struct rows calls_of(const struct page *page)
{
    struct rows rows = { 0 };
    size_t count = 0;

    for (size_t i = 0; i < page->set->process_count; i++)
        count += page->set->processes[i]->lock_stat_count;
    rows.row = cli_alloc(count + 1, sizeof(*rows.row));
    for (size_t i = 0; i < page->set->process_count; i++)
        for (size_t j = 0; j < page->set->processes[i]->lock_stat_count; j++) {
            const struct rec_lock_stat *stat = page->set->processes[i]->lock_stats[j];
            const struct rec_lock lock = { .class = stat->class, .key = "", .name = "" };
            const struct graph_node *node = graph_node_of(page->graph, &lock);

            if (node == NULL)
                continue;
            rows.row[rows.count].call = stat;
            add(&rows.row[rows.count++], node, stat);
        }
    return rows;
}

static struct rows classes_of(const struct page *page, const struct rows *calls)
{
    struct row *by_node = cli_alloc(page->graph->node_count + 1, sizeof(*by_node));
    struct rows rows = { .row = cli_alloc(page->graph->node_count + 1, sizeof(*rows.row)) };

    for (size_t i = 0; i < calls->count; i++)
        add(&by_node[calls->row[i].node->number], calls->row[i].node, calls->row[i].call);
    for (size_t i = 0; i < page->graph->node_count; i++)
        if (by_node[i].node != NULL)
            rows.row[rows.count++] = by_node[i];
    free(by_node);
    return rows;
}

/* ---- printing ---- */

static void put_count(struct page *page, uint64_t count)
{
    page_put(page, "<td class=\"n\" data-v=\"%" PRIu64 "\">%" PRIu64 "</td>", count, count);
}

static void put_time(struct page *page, uint64_t ns)
{
    static const char *const units[] = { "ns", "\u00b5s", "ms", "s" };
    double value = (double)ns;
    size_t unit = 0;

    for (; value >= 1000 && unit < 3; unit++)
        value /= 1000;
    page_put(page, "<td class=\"n\" data-v=\"%" PRIu64 "\">%.*f %s</td>", ns, unit == 0 || value >= 100 ? 0 : 1, value,
             units[unit]);
}

static void put_times(struct page *page, const struct rec_times *times)
{
    if (times->count == 0) {
        for (int i = 0; i < 3; i++)
            page_put(page, "<td class=\"n\" data-v=\"0\">\u2013</td>");
        return;
    }
    put_time(page, times->total);
    put_time(page, times->total / times->count);
    put_time(page, times->max);
}

static void put_call(struct page *page, const struct rec_lock_stat *call)
{
    struct rec_frame frame = call->site;
    const struct rec_stack stack = { .known = true, .count = 1, .frames = &frame };
    const struct sym_frames *found =
        page->symbols != NULL ? sym_look(page->symbols, frame.module, frame.offset, SYM_CALL) : NULL;
    char *site = page_site(page, &stack);

    page_put(page, "<td><span class=\"function\">");
    page_say(page, found != NULL && found->count != 0 ? found->frames[0].function : frame.name);
    page_put(page, "</span> <span class=\"at\">");
    page_say(page, site);
    page_put(page, "</span></td><td>%s</td>", call->reads ? "read" : "write");
    free(site);
}

static void put_row(struct page *page, const struct row *row)
{
    page_put(page, "<tr><td><span class=\"lock\" data-class=\"%zu\">", row->node->number);
    page_say(page, row->node->name);
    page_put(page, "</span></td>");
    if (row->call != NULL)
        put_call(page, row->call);
    put_count(page, row->acquisitions);
    put_count(page, row->failed);
    put_count(page, row->wait.count);
    put_times(page, &row->wait);
    put_times(page, &row->hold);
    page_put(page, "</tr>\n");
}

static void put_table(struct page *page, const char *id, const char *title, const struct rows *rows, bool calls)
{
    static const char *const heads[] = { "taken",      "in vain", "contended",  "waited",    "on average",
                                         "at longest", "held",    "on average", "at longest" };

    page_put(page,
             "<section class=\"list sortable\" id=\"%s\"><h3>%s <span class=\"count\">%zu</span></h3>\n<div "
             "class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"%s\"><table><thead><tr><th "
             "scope=\"col\">class</th>%s",
             id, title, rows->count, title, calls ? "<th scope=\"col\">call</th><th scope=\"col\">mode</th>" : "");
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
        page_put(page, "<th scope=\"col\" class=\"n\">%s</th>", heads[i]);
    page_put(page, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < rows->count && i < CALL_ROWS; i++)
        put_row(page, &rows->row[i]);
    page_put(page, "</tbody></table></div>\n");
    if (rows->count > CALL_ROWS)
        page_put(page, "<p class=\"hint\">%zu more have waited less; lockval stat prints all.</p>\n",
                 rows->count - CALL_ROWS);
    page_put(page, "</section>\n");
}

void contention_put(struct page *page)
{
    struct rows calls = calls_of(page), classes;

    if (calls.count != 0) {
        classes = classes_of(page, &calls);
        qsort(classes.row, classes.count, sizeof(*classes.row), compare);
        qsort(calls.row, calls.count, sizeof(*calls.row), compare);
        put_table(page, "contention", "Waits and holds", &classes, false);
        put_table(page, "calls", "Waits and holds by call", &calls, true);
        free(classes.row);
    }
    free(calls.row);
}
