/* SPDX-License-Identifier: MIT */
/* A page of tables, with the graph of what differs above them. */

#define _GNU_SOURCE
#include "diff/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/types.h"
#include "common/memory.h"
#include "diff/html_picture.h"
#include "page/frame.h"
#include "page/parts.h"

enum {
    TESTS_SHOWN = 8
};

static const char *const state_words[] = { "same", "added", "removed", "changed" };

static void say_and_free(FILE *out, char *text)
{
    page_text(out, text);
    free(text);
}

/* The row's beginning, with its sign as the first cell. */
static void begin_row(FILE *out, enum diff_state state)
{
    (void)fprintf(out, "<tr class=\"is-%s\"><td class=\"sign\" title=\"%s\">%c</td><td>", state_words[state],
                  state_words[state], diff_sign(state));
}

static void next_cell(FILE *out)
{
    (void)fputs("</td><td>", out);
}

static void say_lock(FILE *out, const char *name, const char *key)
{
    (void)fputs("<span class=\"lock\" title=\"", out);
    page_text(out, key);
    (void)fputs("\">", out);
    page_text(out, name);
    (void)fputs("</span>", out);
}

/* ---- the top ---- */

static void put_counts(FILE *out, const struct diff *diff)
{
    const struct {
        size_t count;
        const char *class, *words;
    } badges[] = {
        { diff->findings_by.added, "v-deadlock", "new findings" },
        { diff->findings_by.removed, "v-none", "findings gone" },
        { diff->edges_by.added, "v-feasible", "edges added" },
        { diff->edges_by.removed, "v-other", "edges removed" },
        { diff->edges_by.changed, "v-potential", "edges changed" },
    };

    for (size_t i = 0; i < LV_ARRAY_SIZE(badges); i++)
        if (badges[i].count != 0)
            (void)fprintf(out, "<span class=\"verdict %s\">%zu %s</span> ", badges[i].class, badges[i].count,
                          badges[i].words);
    if (diff_is_empty(diff))
        (void)fputs("<span class=\"verdict v-none\">no difference</span>", out);
}

static void put_side(FILE *out, const char *word, const struct diff_side *side)
{
    (void)fprintf(out, "<dt>%s</dt><dd>", word);
    say_and_free(out, diff_paths(side));
    (void)fputs(" <span class=\"more\">", out);
    say_and_free(out, diff_extent(side));
    (void)fputs("</span></dd>\n", out);
}

static void put_top(FILE *out, const struct diff_input *input)
{
    (void)fputs(
        "<body class=\"sheet\">\n<a class=\"skip\" href=\"#edges\">Skip to the edges</a>\n<header class=\"top\">\n"
        "<h1>Lock order: what differs</h1>\n<p class=\"run\">lockval diff</p>\n<p class=\"verdicts\">",
        out);
    put_counts(out, input->diff);
    (void)fputs("</p>\n<nav aria-label=\"Parts\"><a href=\"#picture\">Graph</a> <a href=\"#findings\">Findings</a> "
                "<a href=\"#edges\">Edges</a> <a href=\"#classes\">Classes</a></nav>\n</header>\n<main>\n"
                "<section id=\"summary\" aria-label=\"Summary\"><p>",
                out);
    say_and_free(out, diff_summary(input->diff));
    (void)fputs("</p>\n<dl class=\"sides-of\">\n", out);
    put_side(out, "old", &input->old);
    put_side(out, "new", &input->new);
    (void)fputs("</dl>\n", out);
    for (size_t i = 0; i < input->note_count; i++) {
        (void)fputs("<p class=\"note\">", out);
        page_text(out, input->notes[i]);
        (void)fputs("</p>\n", out);
    }
    if (input->diff->left_out != 0)
        (void)fprintf(out, "<p class=\"note\">Edges of classes that the record lost, left out: %zu</p>\n",
                      input->diff->left_out);
    (void)fputs("</section>\n", out);
}

/* ---- findings ---- */

static void put_finding(FILE *out, const struct diff_finding *finding)
{
    const struct rec_finding *shown = diff_finding_shown(finding);

    begin_row(out, finding->state);
    if (finding->state == DIFF_CHANGED) {
        page_text(out, finding->old->verdict_name);
        (void)fputs(" \u2192 ", out);
    }
    (void)fprintf(out, "<span class=\"verdict v-%s\">",
                  shown->verdict == REC_VERDICT_OTHER ? "other" : rec_verdict_name(shown->verdict));
    page_text(out, shown->verdict_name);
    (void)fputs("</span>", out);
    next_cell(out);
    page_text(out, shown->kind);
    next_cell(out);
    say_and_free(out, words_about(shown));
    if (*shown->suppressed_by != '\0')
        (void)fputs(" <span class=\"kind\">suppressed</span>", out);
    next_cell(out);
    for (size_t i = 0; i < shown->reason_count; i++) {
        (void)fputs(i == 0 ? "" : "; ", out);
        page_text(out, shown->reasons[i]);
    }
    next_cell(out);
    say_and_free(out, words_run(shown->run));
    next_cell(out);
    (void)fputs("<code>", out);
    page_text(out, shown->fingerprint);
    (void)fputs("</code></td></tr>\n", out);
}

static size_t differing(const struct diff_counts *counts)
{
    return counts->added + counts->removed + counts->changed;
}

static void put_findings(FILE *out, const struct diff *diff)
{
    static const char *const heads[] = { "", "verdict", "kind", "about", "why", "seen in", "fingerprint" };

    frame_begin_table(out, "findings", "Findings", heads, LV_ARRAY_SIZE(heads), differing(&diff->findings_by));
    for (size_t i = 0; i < diff->finding_count; i++)
        if (diff->findings[i]->state != DIFF_SAME)
            put_finding(out, diff->findings[i]);
    frame_end_table(out);
}

/* ---- edges ---- */

static void put_evidence(FILE *out, const struct diff_side *side, const struct rec_edge *edge)
{
    const struct rec_evidence *evidence = words_evidence(edge);
    struct page page = { .out = out, .symbols = side->symbols };
    char *held = NULL, *wanted = NULL;

    if (evidence == NULL)
        return;
    free(words_place(side->symbols, words_held(evidence)->stack, &held));
    free(words_place(side->symbols, evidence->witness->wanted.stack, &wanted));
    (void)fputs("<details><summary>", out);
    page_text(out, *held != '\0' ? held : "?");
    (void)fputs(" \u2192 ", out);
    page_text(out, *wanted != '\0' ? wanted : "?");
    (void)fputs("</summary><h5>held, taken at</h5>", out);
    page_stack(&page, words_held(evidence)->stack, false);
    (void)fputs("<h5>wanted at</h5>", out);
    page_stack(&page, evidence->witness->wanted.stack, false);
    (void)fputs("<p class=\"more\">", out);
    say_and_free(out, words_run(evidence->witness->run));
    (void)fputs("</p></details>", out);
    free(held);
    free(wanted);
}

static void put_edge(FILE *out, const struct diff_input *input, const struct diff_edge *edge)
{
    const struct rec_edge *shown = diff_edge_shown(edge);

    begin_row(out, edge->state);
    say_lock(out, edge->from->name, shown->from->key);
    next_cell(out);
    say_lock(out, edge->to->name, shown->to->key);
    next_cell(out);
    say_and_free(out, edge->state == DIFF_CHANGED ? diff_mode_changes(edge)
                                                  : words_modes(edge->old_modes | edge->new_modes));
    next_cell(out);
    if (edge->finding_count != 0)
        (void)fputs("<b class=\"circle-of\">circle</b> ", out);
    if (edge->implied)
        (void)fputs(edge->state == DIFF_REMOVED ? "still follows from others" : "followed from others already", out);
    next_cell(out);
    put_evidence(out, diff_side_of(input, edge->state), shown);
    next_cell(out);
    say_and_free(out, words_tests(&shown->seen, TESTS_SHOWN));
    (void)fputs("</td>", out);
    frame_number(out, shown->seen.runs);
    (void)fputs("</tr>\n", out);
}

static void put_edges(FILE *out, const struct diff_input *input)
{
    static const char *const heads[] = { "", "held", "then taken", "modes", "means", "where", "tests", "#runs" };
    const struct diff *diff = input->diff;

    frame_begin_table(out, "edges", "Edges", heads, LV_ARRAY_SIZE(heads), differing(&diff->edges_by));
    for (size_t i = 0; i < diff->edge_count; i++)
        if (diff->edges[i]->state != DIFF_SAME)
            put_edge(out, input, diff->edges[i]);
    frame_end_table(out);
}

/* ---- classes ---- */

static void put_class(FILE *out, const struct diff_input *input, const struct diff_class *class)
{
    const struct diff_side *side = diff_side_of(input, class->state);

    begin_row(out, class->state);
    say_lock(out, class->name, diff_class_shown(class)->key);
    next_cell(out);
    say_and_free(out, class->state == DIFF_CHANGED ? diff_class_changes(class)
                                                   : words_class(side->symbols, diff_class_shown(class)));
    next_cell(out);
    if (class->renamed) {
        (void)fputs("was ", out);
        page_text(out, class->old->name);
    }
    (void)fputs("</td></tr>\n", out);
}

static void put_classes(FILE *out, const struct diff_input *input)
{
    static const char *const heads[] = { "", "class", "what", "name" };
    const struct diff *diff = input->diff;
    size_t count = 0;

    for (size_t i = 0; i < diff->class_count; i++)
        count += diff->classes[i]->state != DIFF_SAME || diff->classes[i]->renamed;
    frame_begin_table(out, "classes", "Classes", heads, LV_ARRAY_SIZE(heads), count);
    for (size_t i = 0; i < diff->class_count; i++)
        if (diff->classes[i]->state != DIFF_SAME || diff->classes[i]->renamed)
            put_class(out, input, diff->classes[i]);
    frame_end_table(out);
}

static bool print(FILE *out, const struct diff_input *input)
{
    char *paths = diff_paths(&input->new);

    frame_begin(out, "lock order: ", paths, FRAME_SHEET);
    free(paths);
    put_top(out, input);
    html_picture_put(out, input->diff);
    put_findings(out, input->diff);
    put_edges(out, input);
    put_classes(out, input);
    (void)fprintf(out, "</main>\n<footer>Made by lockval %s.</footer>\n", LOCKVAL_VERSION_TEXT);
    frame_end(out, FRAME_SHEET);
    return true;
}

const struct diff_form diff_form_html = {
    .name = "html",
    .summary = "a page to look at, with the graph and all stacks; one file that needs no other",
    .print = print,
};
