/* SPDX-License-Identifier: MIT */
/* The parts of the page, one behind the other. */

#define _GNU_SOURCE
#include "page/page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/command.h"
#include "common/memory.h"
#include "page/data.h"
#include "page/finding.h"
#include "page/frame.h"
#include "page/tables.h"

enum {
    DRAW_SECONDS = 20
};

/* Whose page it is: of several processes the one with the most findings, or else with the most classes. */
static const char *program_of(const struct rec_set *set)
{
    const struct rec_process *best = NULL;

    for (size_t i = 0; i < set->process_count; i++) {
        const struct rec_process *process = set->processes[i];

        if (best == NULL || process->finding_count > best->finding_count ||
            (process->finding_count == best->finding_count && process->class_count > best->class_count))
            best = process;
    }
    if (best != NULL && best->merged)
        return "many runs";
    return best != NULL && *best->program != '\0' ? best->program : "?";
}

/* ---- the top ---- */

static void put_verdict_counts(struct page *page)
{
    const struct page_options *options = page->options;

    if (options->finding_count == 0)
        page_put(page, "<span class=\"verdict v-none\">no findings</span>");
    for (int verdict = REC_DEADLOCK; verdict >= REC_VERDICT_OTHER; verdict--) {
        size_t count = 0;

        for (size_t i = 0; i < options->finding_count; i++)
            count += (int)options->findings[i]->verdict == verdict;
        if (count != 0)
            page_put(page, "<span class=\"verdict v-%s\">%zu %s</span> ",
                     verdict == REC_VERDICT_OTHER ? "other" : rec_verdict_name((enum rec_verdict)verdict), count,
                     verdict == REC_VERDICT_OTHER ? "of another verdict" : rec_verdict_name((enum rec_verdict)verdict));
    }
}

static void put_top(struct page *page)
{
    const struct rec_set *set = page->set;

    page_put(page,
             "<body>\n<a class=\"skip\" href=\"#findings\">Skip to the findings</a>\n<header class=\"top\">\n<h1>");
    page_say(page, program_of(set));
    page_put(page, "</h1>\n<p class=\"run\">lockval report");
    if (set->process_count > 1)
        page_put(page, " \u00b7 %zu processes", set->process_count);
    page_put(page, " \u00b7 %zu class%s \u00b7 %zu edge%s</p>\n<p class=\"verdicts\">", page->graph->node_count,
             page->graph->node_count == 1 ? "" : "es", page->graph->arrow_count, page_plural(page->graph->arrow_count));
    put_verdict_counts(page);
    page_put(page, "</p>\n<nav aria-label=\"Parts\"><a href=\"#findings\">Findings</a> <a href=\"#graph\">Graph</a> "
                   "<a href=\"#statistics\">Held locks</a> <a href=\"#run\">Run</a></nav>\n</header>\n<main>\n");
}

/* ---- findings ---- */

static void put_entry(struct page *page, const struct rec_finding *finding, size_t number)
{
    char *title = finding_title(finding), *site = page_site(page, finding->stack), *shown = page_text_short(title, 160);
    bool suppressed = finding_is_suppressed(finding);

    page_put(page, "<li data-verdict=\"%s\"%s data-kind=\"", finding_verdict_class(finding),
             suppressed ? " data-suppressed" : "");
    page_say(page, finding->kind);
    page_put(page, "\"><a href=\"#f%zu\"><span class=\"verdict v-%s\">", number, finding_verdict_class(finding));
    page_say(page, finding->verdict_name);
    page_put(page, "</span> <span class=\"kind\">");
    page_say(page, finding->kind);
    page_put(page, "</span>%s <span class=\"title\">", suppressed ? " <span class=\"kind\">suppressed</span>" : "");
    page_say(page, shown);
    page_put(page, "</span>");
    if (*site != '\0') {
        page_put(page, " <span class=\"at\">");
        page_say(page, site);
        page_put(page, "</span>");
    }
    page_put(page, "</a></li>\n");
    free(shown);
    free(site);
    free(title);
}

/* One call of Graphviz for all. */
static struct drawing *draw_all(struct page *page)
{
    size_t count = page->options->finding_count;
    struct drawing *drawings = cli_alloc(count + 1, sizeof(*drawings));
    struct layout *layouts = cli_alloc(count + 1, sizeof(*layouts));
    enum layout_result result;

    for (size_t i = 0; i < count; i++) {
        drawings[i] = drawing_of(page, page->options->findings[i]);
        layouts[i] = drawings[i].layout;
    }
    result = count == 0 ? LAYOUT_DONE
                        : layout_run(layouts, count, "dot", "rankdir=TB; nodesep=0.4; ranksep=0.45;", DRAW_SECONDS);
    for (size_t i = 0; i < count; i++)
        drawings[i].layout = layouts[i];
    page->no_drawings = result == LAYOUT_MISSING ? "No drawing: Graphviz is not installed where this page was made."
                                                 : "No drawing: Graphviz did not come to an end in time.";
    free(layouts);
    return drawings;
}

static void put_findings(struct page *page)
{
    const struct page_options *options = page->options;
    struct drawing *drawings = draw_all(page);

    page_put(page, "<section id=\"findings\" class=\"part\" aria-labelledby=\"h-findings\" tabindex=\"-1\">\n"
                   "<h2 id=\"h-findings\">Findings</h2>\n");
    if (options->finding_count == 0)
        page_put(page, "<p class=\"empty\">%s</p>\n",
                 options->left_out != 0 ? "None was chosen."
                                        : "There are none: no order of locks that was seen contradicts another.");
    if (options->left_out != 0)
        page_put(page, "<p class=\"hint\">%zu finding%s of the record %s not shown here.</p>\n", options->left_out,
                 page_plural(options->left_out), options->left_out == 1 ? "is" : "are");
    page_put(page, "<div class=\"columns\"><ol class=\"entries\">\n");
    for (size_t i = 0; i < options->finding_count; i++)
        put_entry(page, options->findings[i], i + 1);
    page_put(page, "</ol>\n<div class=\"articles\">\n");
    for (size_t i = 0; i < options->finding_count; i++) {
        finding_put(page, options->findings[i], i + 1, &drawings[i]);
        drawing_free(&drawings[i]);
    }
    page_put(page, "</div></div></section>\n");
    free(drawings);
}

/* ---- the other parts ---- */

static void put_graph(struct page *page, const struct map *map)
{
    page_put(page, "<section id=\"graph\" class=\"part\" aria-labelledby=\"h-graph\" tabindex=\"-1\">\n<h2 "
                   "id=\"h-graph\">Graph of classes</h2>\n");
    if (*map->problem != '\0') {
        page_put(page,
                 "<p class=\"empty\" id=\"no-graph\">It is not drawn: %s. The <a href=\"#statistics\">tables</a> have "
                 "all classes and edges.</p>\n",
                 map->problem);
    } else {
        page_put(page,
                 "<p class=\"static-only\">The graph of %zu classes needs JavaScript; the <a "
                 "href=\"#statistics\">tables</a> have its classes and edges.</p>\n",
                 page->graph->node_count);
    }
    page_put(page, "<div id=\"map\"></div></section>\n");
}

bool page_write(FILE *out, const struct rec_set *set, struct sym_session *symbols, const struct page_options *options)
{
    struct page page = { .out = out, .set = set, .symbols = symbols, .options = options };
    struct map map;

    page.graph = graph_of(set, options->findings, options->finding_count);
    map = map_of(&page);
    frame_begin(out, "lockval: ", program_of(set), FRAME_REPORT);
    put_top(&page);
    put_findings(&page);
    put_graph(&page, &map);
    page_put(&page, "<section id=\"statistics\" class=\"part\" aria-labelledby=\"h-statistics\" tabindex=\"-1\">\n"
                    "<h2 id=\"h-statistics\">Held locks</h2>\n");
    tables_put_statistics(&page);
    page_put(&page, "</section>\n<section id=\"run\" class=\"part\" aria-labelledby=\"h-run\" tabindex=\"-1\">\n<h2 "
                    "id=\"h-run\">Run</h2>\n");
    tables_put_processes(&page);
    page_put(&page, "</section>\n</main>\n<footer>Made by lockval %s from %zu lines of record.</footer>\n",
             LOCKVAL_VERSION_TEXT, set->lines);
    data_put(&page, &map);
    frame_end(out, FRAME_REPORT);
    map_free(&map);
    graph_free(page.graph);
    return true;
}
