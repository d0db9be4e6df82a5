/* SPDX-License-Identifier: MIT */
/* For people, and for a terminal: what came has a + and is green, what went has a - and is red. */

#include "diff/words.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/terminal.h"
#include "common/visible.h"

enum {
    TESTS_SHOWN = 3
};

struct printer {
    FILE *out;
    const struct diff_input *input;
};

/* What comes from programs is made visible. */
static void say(const struct printer *p, const char *text)
{
    char *visible = cli_visible(text);

    (void)fputs(visible, p->out);
    free(visible);
}

static void say_and_free(const struct printer *p, char *text)
{
    say(p, text);
    free(text);
}

static enum cli_colour colour_of(enum diff_state state)
{
    static const enum cli_colour colours[] = { CLI_PLAIN, CLI_GREEN, CLI_RED, CLI_YELLOW };

    return colours[state];
}

static void begin_line(const struct printer *p, enum diff_state state)
{
    (void)fprintf(p->out, "%s  %c ", cli_colour_begin(p->input->colours, colour_of(state)), diff_sign(state));
}

static void end_name(const struct printer *p, enum diff_state state)
{
    (void)fputs(cli_colour_end(p->input->colours, colour_of(state)), p->out);
}

static void head(const struct printer *p, const char *title)
{
    (void)fprintf(p->out, "\n%s%s%s\n", cli_colour_begin(p->input->colours, CLI_BOLD), title,
                  cli_colour_end(p->input->colours, CLI_BOLD));
}

/* "      WORD  text", nothing for an empty text, which is freed. */
static void fact(const struct printer *p, const char *word, char *text)
{
    if (*text != '\0') {
        (void)fprintf(p->out, "      %-7s ", word);
        say(p, text);
        (void)fputc('\n', p->out);
    }
    free(text);
}

/* ---- the top ---- */

static void print_side(const struct printer *p, const char *word, const struct diff_side *side)
{
    (void)fprintf(p->out, "%s ", word);
    say_and_free(p, diff_paths(side));
    (void)fputs(": ", p->out);
    say_and_free(p, diff_extent(side));
    (void)fputc('\n', p->out);
}

static void print_top(const struct printer *p)
{
    print_side(p, "---", &p->input->old);
    print_side(p, "+++", &p->input->new);
    (void)fputs(cli_colour_begin(p->input->colours, CLI_BOLD), p->out);
    say_and_free(p, diff_summary(p->input->diff));
    (void)fprintf(p->out, "%s\n", cli_colour_end(p->input->colours, CLI_BOLD));
}

/* ---- findings ---- */

static void print_finding(const struct printer *p, const struct diff_finding *finding)
{
    const struct rec_finding *shown = diff_finding_shown(finding);

    begin_line(p, finding->state);
    if (finding->state == DIFF_CHANGED) {
        say(p, finding->old->verdict_name);
        (void)fputs(" -> ", p->out);
    }
    say(p, shown->verdict_name);
    (void)fputc(' ', p->out);
    say(p, shown->kind);
    (void)fputs(": ", p->out);
    say_and_free(p, words_about(shown));
    end_name(p, finding->state);
    (void)fputs("  [", p->out);
    say(p, shown->fingerprint);
    (void)fprintf(p->out, "]%s\n", *shown->suppressed_by != '\0' ? " suppressed" : "");
    for (size_t i = 0; i < shown->reason_count; i++)
        fact(p, i == 0 ? "why" : "", cli_strdup(shown->reasons[i]));
    fact(p, "in", words_run(shown->run));
}

static void print_findings(const struct printer *p)
{
    const struct diff *diff = p->input->diff;

    if (diff->findings_by.same == diff->finding_count)
        return;
    head(p, "Findings");
    for (size_t i = 0; i < diff->finding_count; i++)
        if (diff->findings[i]->state != DIFF_SAME)
            print_finding(p, diff->findings[i]);
}

/* ---- edges ---- */

static void print_evidence(const struct printer *p, const struct diff_edge *edge)
{
    const struct diff_side *side = diff_side_of(p->input, edge->state);
    const struct rec_edge *shown = diff_edge_shown(edge);
    const struct rec_evidence *evidence = words_evidence(shown);

    if (evidence != NULL) {
        fact(p, "held", words_place(side->symbols, words_held(evidence)->stack, NULL));
        fact(p, "wanted", words_place(side->symbols, evidence->witness->wanted.stack, NULL));
        fact(p, "in", words_run(evidence->witness->run));
    }
    if (shown->seen.test_count > 1 || shown->seen.more_tests)
        fact(p, "tests", words_tests(&shown->seen, TESTS_SHOWN));
}

static void print_edge(const struct printer *p, const struct diff_edge *edge)
{
    begin_line(p, edge->state);
    say(p, edge->from->name);
    (void)fputs(" -> ", p->out);
    say(p, edge->to->name);
    end_name(p, edge->state);
    (void)fputs("  ", p->out);
    say_and_free(p, edge->state == DIFF_CHANGED ? diff_mode_changes(edge)
                                                : words_modes(edge->old_modes | edge->new_modes));
    if (edge->finding_count != 0)
        (void)fputs(edge->state == DIFF_REMOVED ? ", was in the circle of a finding that is gone"
                                                : ", in the circle of a new finding",
                    p->out);
    if (edge->implied)
        (void)fputs(edge->state == DIFF_REMOVED ? ", still follows from others" : ", followed from others already",
                    p->out);
    (void)fputc('\n', p->out);
    print_evidence(p, edge);
}

static void print_edges(const struct printer *p)
{
    const struct diff *diff = p->input->diff;

    if (diff->edges_by.same == diff->edge_count)
        return;
    head(p, "Edges");
    for (size_t i = 0; i < diff->edge_count; i++)
        if (diff->edges[i]->state != DIFF_SAME)
            print_edge(p, diff->edges[i]);
}

/* ---- classes ---- */

static void print_class(const struct printer *p, const struct diff_class *class)
{
    begin_line(p, class->state);
    say(p, class->name);
    end_name(p, class->state);
    (void)fputs("  ", p->out);
    say_and_free(p, class->state == DIFF_CHANGED
                        ? diff_class_changes(class)
                        : words_class(diff_side_of(p->input, class->state)->symbols, diff_class_shown(class)));
    (void)fputc('\n', p->out);
}

static void print_classes(const struct printer *p)
{
    const struct diff *diff = p->input->diff;

    if (diff->classes_by.same != diff->class_count)
        head(p, "Classes");
    for (size_t i = 0; i < diff->class_count; i++)
        if (diff->classes[i]->state != DIFF_SAME)
            print_class(p, diff->classes[i]);
    if (diff->renamed_count != 0)
        head(p, "The same classes by other names");
    for (size_t i = 0; i < diff->class_count; i++) {
        const struct diff_class *class = diff->classes[i];

        if (!class->renamed)
            continue;
        (void)fputs("    ", p->out);
        say(p, class->old->name);
        (void)fputs(" is now ", p->out);
        say(p, class->new->name);
        (void)fputc('\n', p->out);
    }
}

static bool print(FILE *out, const struct diff_input *input)
{
    const struct printer p = { out, input };

    print_top(&p);
    print_findings(&p);
    print_edges(&p);
    print_classes(&p);
    if (input->note_count != 0)
        head(&p, "Not certain");
    for (size_t i = 0; i < input->note_count; i++) {
        (void)fputs("    ", out);
        say(&p, input->notes[i]);
        (void)fputc('\n', out);
    }
    if (input->diff->left_out != 0)
        (void)fprintf(out,
                      "\n%zu edge%s left out: nothing is known of their classes, since lines of the record are lost\n",
                      input->diff->left_out, input->diff->left_out == 1 ? " is" : "s are");
    return true;
}

const struct diff_form diff_form_text = {
    .name = "text",
    .summary = "for people",
    .print = print,
};
