/* SPDX-License-Identifier: MIT */
/* The rows that are there without the script are those with the most to tell: what is in findings, then by counts. */

#include "page/tables.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/memory.h"
#include "page/contention.h"

enum {
    ROWS = 200,    /* without the script */
    RUNS_MOST = 50 /* of a merged record that are named */
};

/* ---- classes and edges ---- */

static int compare_nodes(const void *a, const void *b)
{
    const struct graph_node *left = *(struct graph_node *const *)a, *right = *(struct graph_node *const *)b;
    size_t left_count = left->in_count + left->out_count, right_count = right->in_count + right->out_count;

    if (left_count != right_count)
        return left_count > right_count ? -1 : 1;
    return left->number < right->number ? -1 : 1;
}

static int compare_arrows(const void *a, const void *b)
{
    const struct graph_arrow *left = *(struct graph_arrow *const *)a, *right = *(struct graph_arrow *const *)b;

    if (left->acquisitions != right->acquisitions)
        return left->acquisitions > right->acquisitions ? -1 : 1;
    if (left->from->number != right->from->number)
        return left->from->number < right->from->number ? -1 : 1;
    return left->to->number < right->to->number ? -1 : 1;
}

static void *sorted(void *list, size_t count, int (*compare)(const void *, const void *))
{
    void **copy = cli_alloc(count + 1, sizeof(void *));

    if (count != 0)
        memcpy(copy, list, count * sizeof(void *));
    qsort(copy, count, sizeof(void *), compare);
    return copy;
}

static void begin_table(struct page *page, const char *id, const char *title, const char *const *heads, size_t count,
                        size_t rows)
{
    page_put(page, "<section class=\"list\" id=\"%s\"><h3>%s <span class=\"count\">%zu</span></h3>\n", id, title, rows);
    page_put(page, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"%s\"><table><thead><tr>", title);
    for (size_t i = 0; i < count; i++)
        page_put(page, *heads[i] == '#' ? "<th scope=\"col\" class=\"n\">%s</th>" : "<th scope=\"col\">%s</th>",
                 heads[i] + (*heads[i] == '#'));
    page_put(page, "</tr></thead>\n<tbody>\n");
}

static void end_table(struct page *page, size_t rows)
{
    page_put(page, "</tbody></table></div>\n");
    if (rows > ROWS)
        page_put(page, "<p class=\"static-only\">%zu more rows need JavaScript.</p>\n", rows - ROWS);
    page_put(page, "</section>\n");
}

static void put_name(struct page *page, const struct graph_node *node)
{
    page_put(page, "<span class=\"lock\" data-class=\"%zu\">", node->number);
    page_say(page, node->name);
    page_put(page, "</span>");
}

/* 0 is what was not counted. */
static void put_number(struct page *page, uint64_t number)
{
    if (number == 0)
        page_put(page, "<td class=\"n\">\u2013</td>");
    else
        page_put(page, "<td class=\"n\">%" PRIu64 "</td>", number);
}

static void put_class(struct page *page, const struct graph_node *node)
{
    page_put(page, "<tr><td>");
    put_name(page, node);
    page_put(page, "</td><td>");
    page_say(page, node->class != NULL ? node->class->kind : "");
    page_put(page, "</td><td class=\"usage\">");
    page_say(page, node->class != NULL ? node->class->usage : "");
    page_put(page, "</td><td>");
    page_say(page, page->graph->groups[node->group]);
    page_put(page, "</td>");
    put_number(page, node->acquisitions);
    put_number(page, node->chains);
    page_put(page, "<td class=\"n\">%zu</td><td class=\"n\">%zu</td><td class=\"n\">%u</td></tr>\n", node->in_count,
             node->out_count, node->finding_count);
}

static void put_classes(struct page *page)
{
    static const char *const heads[] = { "class",   "kind",      "usage",      "module",      "#taken",
                                         "#chains", "#edges in", "#edges out", "#in findings" };
    size_t count = page->graph->node_count;
    struct graph_node **nodes = sorted(page->graph->nodes, count, compare_nodes);

    begin_table(page, "classes", "Classes", heads, sizeof(heads) / sizeof(heads[0]), count);
    for (size_t i = 0; i < count && i < ROWS; i++)
        put_class(page, nodes[i]);
    end_table(page, count);
    free(nodes);
}

static void put_edge(struct page *page, const struct graph_arrow *arrow)
{
    static const char *const words[] = { "ER", "EN", "SR", "SN", "ERt", "ENt", "SRt", "SNt" };

    page_put(page, "<tr><td>");
    put_name(page, arrow->from);
    page_put(page, "</td><td>");
    put_name(page, arrow->to);
    page_put(page, "</td><td>");
    page_say(page, arrow->kind);
    for (unsigned i = 0, first = 1; i < sizeof(words) / sizeof(words[0]); i++)
        if ((arrow->modes >> i & 1) != 0) {
            page_put(page, "%s%s", first ? "" : " ", words[i]);
            first = 0;
        }
    page_put(page, "</td>");
    put_number(page, arrow->acquisitions);
    put_number(page, arrow->chains);
    page_put(page, "<td class=\"n\">%u</td></tr>\n", arrow->finding_count);
}

static void put_edges(struct page *page)
{
    static const char *const heads[] = { "held", "wanted", "modes", "#acquisitions", "#chains", "#in findings" };
    size_t count = page->graph->arrow_count;
    struct graph_arrow **arrows = sorted(page->graph->arrows, count, compare_arrows);

    begin_table(page, "edges", "Edges", heads, sizeof(heads) / sizeof(heads[0]), count);
    for (size_t i = 0; i < count && i < ROWS; i++)
        put_edge(page, arrows[i]);
    end_table(page, count);
    free(arrows);
}

void tables_put_statistics(struct page *page)
{
    page_put(page,
             "<p class=\"hint\">What is counted is written when a process ends; \u2013 stands where they are "
             "not known. Modes: E held exclusively, S shared; N taken so that it waits for readers, R by a recursive "
             "reader; t with a time limit.</p>\n");
    put_classes(page);
    put_edges(page);
    contention_put(page);
}

/* ---- processes ---- */

static void put_text_row(struct page *page, const char *head, const char *text)
{
    if (*text == '\0')
        return;
    page_put(page, "<dt>%s</dt><dd><code>", head);
    page_say(page, text);
    page_put(page, "</code></dd>\n");
}

static void put_argv(struct page *page, const struct rec_process *process)
{
    if (process->argc == 0)
        return;
    page_put(page, "<dt>command</dt><dd><code>");
    for (size_t i = 0; i < process->argc; i++) {
        page_put(page, i == 0 ? "" : " ");
        page_say(page, process->argv[i]);
    }
    page_put(page, "%s</code></dd>\n", process->argv_cut ? " \u2026" : "");
}

static void put_start(struct page *page, const struct rec_process *process)
{
    time_t start = (time_t)(process->start_ms / 1000);
    struct tm utc;
    char text[40];

    if (process->start_ms == 0 || gmtime_r(&start, &utc) == NULL ||
        strftime(text, sizeof(text), "%F %T UTC", &utc) == 0)
        return;
    page_put(page, "<dt>started</dt><dd>%s</dd>\n", text);
}

static void put_end(struct page *page, const struct rec_process *process)
{
    const json_t *status = json_object_get(process->end, "status");
    const char *member;
    json_t *value;

    page_put(page, "<dt>end</dt><dd>");
    if (process->end == NULL) {
        page_put(page, "none in the record: it was killed, crashed, became another program, or runs yet</dd>\n");
        return;
    }
    if (json_is_integer(status))
        page_put(page, "status %" JSON_INTEGER_FORMAT, json_integer_value(status));
    page_put(page, "</dd>\n<dt>counts</dt><dd class=\"options\">");
    json_object_foreach(process->end, member, value)
    {
        if (!json_is_integer(value) || strcmp(member, "status") == 0 || strcmp(member, "pid") == 0)
            continue;
        page_put(page, "<span>");
        page_say(page, member);
        page_put(page, " <b>%" JSON_INTEGER_FORMAT "</b></span> ", json_integer_value(value));
    }
    page_put(page, "</dd>\n");
}

static void put_options(struct page *page, const struct rec_process *process)
{
    const char *name;
    json_t *value;

    if (process->options == NULL)
        return;
    page_put(page, "<dt>options</dt><dd class=\"options\">");
    json_object_foreach(process->options, name, value)
    {
        page_put(page, "<span>");
        page_say(page, name);
        page_put(page, "=<b>");
        page_say(page, json_is_string(value) ? json_string_value(value) : "");
        page_put(page, "</b></span> ");
    }
    page_put(page, "</dd>\n");
}

static void put_process(struct page *page, const struct rec_process *process, bool open)
{
    page_put(page, "<details class=\"process\"%s><summary><b>", open ? " open" : "");
    page_say(page, *process->program != '\0' ? process->program : "?");
    page_put(
        page,
        "[%" PRId64
        "]</b> <span class=\"more\">%zu finding%s, %zu class%s, %zu edge%s, %zu thread%s%s</span></summary>\n<dl>\n",
        process->pid, process->finding_count, page_plural(process->finding_count), process->class_count,
        process->class_count == 1 ? "" : "es", process->edge_count, page_plural(process->edge_count),
        process->thread_count, page_plural(process->thread_count), process->forked ? ", forked" : "");
    put_argv(page, process);
    put_text_row(page, "file", process->path);
    put_text_row(page, "folder", process->cwd);
    put_text_row(page, "record", process->file != NULL ? process->file : "");
    put_text_row(page, "library", process->version);
    put_start(page, process);
    if (process->ppid != 0)
        page_put(page, "<dt>parent</dt><dd>%" PRId64 "%s</dd>\n", process->ppid,
                 process->forked ? ", which forked it: what that had learned is known here, too" : "");
    put_end(page, process);
    put_options(page, process);
    page_put(page, "</dl></details>\n");
}

/* Of a merged record those runs are known that something here is of. */
static void put_runs(struct page *page, const struct rec_process *process)
{
    page_put(page,
             "<details class=\"process\" open><summary><b>%s%" PRIu64
             " run%s together</b> <span class=\"more\">%zu finding%s, "
             "%zu class%s, %zu edge%s</span></summary>\n<ul>\n",
             process->merged_runs_exact ? "" : "about ", process->merged_runs, page_plural(process->merged_runs),
             process->finding_count, page_plural(process->finding_count), process->class_count,
             process->class_count == 1 ? "" : "es", process->edge_count, page_plural(process->edge_count));
    for (size_t i = 0; i < process->run_count && i < RUNS_MOST; i++) {
        char *words = rec_run_words(process->runs[i]);

        page_put(page, "<li>");
        page_say(page, words);
        page_put(page, "</li>\n");
        free(words);
    }
    if (process->run_count > RUNS_MOST)
        page_put(page, "<li>and %zu more of which something is kept</li>\n", process->run_count - RUNS_MOST);
    page_put(page, "</ul></details>\n");
}

void tables_put_processes(struct page *page)
{
    for (size_t i = 0; i < page->set->process_count; i++) {
        if (page->set->processes[i]->merged)
            put_runs(page, page->set->processes[i]);
        else
            put_process(page, page->set->processes[i], page->set->process_count == 1);
    }
    if (page->set->bad_lines != 0 || page->set->unknown_lines != 0)
        page_put(
            page,
            "<p class=\"hint\">%zu line%s could not be read, %zu are of a kind that this command does not know.</p>\n",
            page->set->bad_lines, page_plural(page->set->bad_lines), page->set->unknown_lines);
}
