/* SPDX-License-Identifier: MIT */
/* A page of tables, which can be sorted and searched. */

#define _GNU_SOURCE
#include "coverage/forms.h"

#include <stdlib.h>

#include "base/types.h"
#include "formats/words.h"
#include "page/frame.h"
#include "page/parts.h"

enum {
    NAMES_SHOWN = 8
};

static void say_and_free(FILE *out, char *text)
{
    page_text(out, text);
    free(text);
}

static void begin_row(FILE *out)
{
    (void)fputs("<tr><td>", out);
}

static void next_cell(FILE *out)
{
    (void)fputs("</td><td>", out);
}

static void end_row(FILE *out)
{
    (void)fputs("</tr>\n", out);
}

static void say_class(FILE *out, const struct rec_class *class)
{
    (void)fputs("<span class=\"lock\" title=\"", out);
    page_text(out, class->key);
    (void)fputs("\">", out);
    page_text(out, class->name);
    (void)fputs("</span>", out);
}

static const char *unit(const struct cover *cover)
{
    return cover->by_runs ? "run" : "test";
}

/* ---- the top ---- */

static void put_number(FILE *out, size_t number, const char *words)
{
    (void)fprintf(out, "<li><b>%zu</b> %s</li>\n", number, words);
}

static void put_top(FILE *out, const struct cover_input *input)
{
    const struct cover *cover = input->cover;

    (void)fprintf(
        out,
        "<body class=\"sheet\">\n<a class=\"skip\" href=\"#edges\">Skip to the edges</a>\n<header class=\"top\">\n"
        "<h1>Lock orders and their %ss</h1>\n<p class=\"run\">lockval coverage</p>\n"
        "<nav aria-label=\"Parts\"><a href=\"#edges\">Edges</a> <a href=\"#tests\">%ss</a> "
        "<a href=\"#classes\">Classes</a> <a href=\"#apart\">Never together</a></nav>\n</header>\n<main>\n"
        "<section id=\"summary\" aria-label=\"Summary\">\n<ul>\n",
        unit(cover), cover->by_runs ? "Run" : "Test");
    put_number(out, cover->test_count, cover->by_runs ? "runs" : "tests");
    put_number(out, cover->edge_count, "edges");
    put_number(out, cover->single_edges,
               cover->by_runs ? "edges that one run only makes" : "edges that one test only makes");
    if (!cover->by_runs)
        put_number(out, cover->untested_edges, "edges that no test makes");
    put_number(out, cover->class_count, "classes");
    put_number(out, cover->lone_classes, "classes that are never held together with another");
    put_number(out, cover->picked_count, cover->by_runs ? "runs make all of the edges" : "tests make all of the edges");
    put_number(out, cover->idle_count,
               cover->by_runs ? "runs without which no edge is missed" : "tests without which no edge is missed");
    (void)fputs("</ul>\n", out);
    for (size_t i = 0; i < input->note_count; i++) {
        (void)fputs("<p class=\"note\">", out);
        page_text(out, input->notes[i]);
        (void)fputs("</p>\n", out);
    }
    (void)fputs("</section>\n", out);
}

/* ---- tables ---- */

static void put_edges(FILE *out, const struct cover_input *input)
{
    static const char *const heads[] = { "held", "wanted", "modes", "by", "#known to do it", "#runs", "where" };
    const struct cover *cover = input->cover;

    frame_begin_table(out, "edges", "Edges, those of the fewest first", heads, LV_ARRAY_SIZE(heads), cover->edge_count);
    for (size_t i = 0; i < cover->edge_count; i++) {
        const struct cover_edge *edge = cover->edges[i];

        begin_row(out);
        say_class(out, edge->edge->from);
        next_cell(out);
        say_class(out, edge->edge->to);
        next_cell(out);
        say_and_free(out, words_modes(edge->edge->modes));
        next_cell(out);
        say_and_free(out, cover_names(&edge->by, NAMES_SHOWN));
        (void)fputs("</td>", out);
        frame_number(out, edge->by.count);
        frame_number(out, edge->edge->seen.runs);
        (void)fputs("<td>", out);
        say_and_free(out, cover_places(input, edge->edge));
        (void)fputs("</td>", out);
        end_row(out);
    }
    frame_end_table(out);
}

static void put_tests(FILE *out, const struct cover *cover)
{
    const char *const heads[] = { unit(cover),          "#edges",
                                  "#of these its own",  "#classes",
                                  "#of these its own",  "#picked as number",
                                  "#edges that it adds" };

    frame_begin_table(out, "tests",
                      cover->by_runs ? "Runs; the few that make all edges first"
                                     : "Tests; the few that make all edges first",
                      heads, LV_ARRAY_SIZE(heads), cover->test_count);
    for (size_t i = 0; i < cover->test_count; i++) {
        const struct cover_test *test = cover->tests[i];

        begin_row(out);
        page_text(out, test->name);
        (void)fputs("</td>", out);
        frame_number(out, test->edge_count);
        frame_number(out, test->own_edges);
        frame_number(out, test->class_count);
        frame_number(out, test->own_classes);
        frame_number(out, test->pick);
        frame_number(out, test->gain);
        end_row(out);
    }
    frame_end_table(out);
}

static void put_classes(FILE *out, const struct cover_input *input)
{
    static const char *const heads[] = {
        "class", "what", "by", "#known to meet it", "#taken while it is held", "#held while it is taken"
    };
    const struct cover *cover = input->cover;

    frame_begin_table(out, "classes", "Classes", heads, LV_ARRAY_SIZE(heads), cover->class_count);
    for (size_t i = 0; i < cover->class_count; i++) {
        const struct cover_class *class = cover->classes[i];

        begin_row(out);
        say_class(out, class->class);
        next_cell(out);
        say_and_free(out, words_class(input->symbols, class->class));
        next_cell(out);
        say_and_free(out, cover_names(&class->by, NAMES_SHOWN));
        (void)fputs("</td>", out);
        frame_number(out, class->by.count);
        frame_number(out, class->out_count);
        frame_number(out, class->in_count);
        end_row(out);
    }
    frame_end_table(out);
}

static void put_apart(FILE *out, const struct cover *cover)
{
    static const char *const heads[] = { "class", "and class", "#classes that both were held with",
                                         "#tests that met both" };

    (void)fputs("<p class=\"note\">Two classes that were held with the same others, and never with each other: no "
                "order between them is known. The "
                "first code that nests them makes it.</p>\n",
                out);
    frame_begin_table(out, "apart", "Classes that never meet", heads, LV_ARRAY_SIZE(heads), cover->apart_count);
    for (size_t i = 0; i < cover->apart_count; i++) {
        const struct cover_apart *apart = &cover->apart[i];

        begin_row(out);
        say_class(out, apart->one->class);
        next_cell(out);
        say_class(out, apart->other->class);
        (void)fputs("</td>", out);
        frame_number(out, apart->shared);
        frame_number(out, apart->shared_tests);
        end_row(out);
    }
    frame_end_table(out);
    if (cover->apart_all > cover->apart_count || cover->apart_cut)
        (void)fprintf(out, "<p class=\"note\">These are %zu of %s%zu.</p>\n", cover->apart_count,
                      cover->apart_cut ? "more than " : "", cover->apart_all);
}

bool cover_print_html(FILE *out, const struct cover_input *input)
{
    frame_begin(out, "lock coverage: ", input->path_count != 0 ? input->paths[0] : "", FRAME_SHEET);
    put_top(out, input);
    put_edges(out, input);
    put_tests(out, input->cover);
    put_classes(out, input);
    put_apart(out, input->cover);
    (void)fprintf(out, "</main>\n<footer>Made by lockval %s.</footer>\n", LOCKVAL_VERSION_TEXT);
    frame_end(out, FRAME_SHEET);
    return true;
}
