/* SPDX-License-Identifier: MIT */
/*
 * A comment for a pull request: a line with all that counts, the findings and edges as tables, the rest folded. What a reviewer must not miss comes
 * first, so that it is what is left out last.
 */

#define _GNU_SOURCE
#include "diff/words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "diff/comment.h"
#include "symbol/frames.h"

enum {
    NAME_WIDTH = 80,
    LINE_WIDTH = 160,
    TESTS_SHOWN = 2,
    FRAMES_SHOWN = 6
};

/* @text as code; it is freed. */
static char *code(char *text, size_t width)
{
    char *shown = comment_code(text, width);

    free(text);
    return shown;
}

static char *code_of(const char *text, size_t width)
{
    return comment_code(text, width);
}

/* A row made by cli_printf(). */
static void row_and_free(struct comment *comment, char *row)
{
    comment_row(comment, row);
    free(row);
}

/* ---- the top ---- */

static void say_top(struct comment *comment, const struct diff_input *input)
{
    char *summary = diff_summary(input->diff), *old = code(diff_paths(&input->old), NAME_WIDTH),
         *new = code(diff_paths(&input->new), NAME_WIDTH), *old_extent = diff_extent(&input->old),
         *new_extent = diff_extent(&input->new);
    char *text =
        cli_printf("**Lock order:** %s\n\n%s (%s) \u2192 %s (%s)\n", summary, old, old_extent, new, new_extent);

    comment_say(comment, text);
    free(text);
    free(summary);
    free(old);
    free(new);
    free(old_extent);
    free(new_extent);
}

/* ---- findings ---- */

static void say_finding(struct comment *comment, const struct diff_finding *finding)
{
    static const char *const words[] = { "", "new", "gone", "changed" };
    const struct rec_finding *shown = diff_finding_shown(finding);
    char *about = code(words_about(shown), LINE_WIDTH), *run = code(words_run(shown->run), NAME_WIDTH);
    char *verdict = code_of(shown->verdict_name, NAME_WIDTH), *kind = code_of(shown->kind, NAME_WIDTH);
    char *before = code_of(finding->state == DIFF_CHANGED ? finding->old->verdict_name : "", NAME_WIDTH);

    row_and_free(comment, cli_printf("| %s%s | %s%s%s | %s | %s | %s |\n", words[finding->state],
                                     *shown->suppressed_by != '\0' ? ", suppressed" : "", before,
                                     *before != '\0' ? " \u2192 " : "", verdict, kind, about, run));
    free(about);
    free(run);
    free(verdict);
    free(kind);
    free(before);
}

static void say_findings(struct comment *comment, const struct diff *diff)
{
    comment_section(comment, "\n| finding | verdict | kind | about | seen in |\n|---|---|---|---|---|\n", "");
    for (size_t i = 0; i < diff->finding_count; i++)
        if (diff->findings[i]->state != DIFF_SAME)
            say_finding(comment, diff->findings[i]);
    comment_end_section(comment);
}

/* ---- edges ---- */

static char *places(const struct diff_input *input, const struct diff_edge *edge)
{
    const struct diff_side *side = diff_side_of(input, edge->state);
    const struct rec_evidence *evidence = words_evidence(diff_edge_shown(edge));
    char *held = NULL, *wanted = NULL, *held_code, *wanted_code, *both;

    if (evidence == NULL)
        return cli_strdup("");
    free(words_place(side->symbols, words_held(evidence)->stack, &held));
    free(words_place(side->symbols, evidence->witness->wanted.stack, &wanted));
    held_code = code(held, NAME_WIDTH);
    wanted_code = code(wanted, NAME_WIDTH);
    both = cli_printf("%s%s%s", held_code, *held_code != '\0' && *wanted_code != '\0' ? " \u2192 " : "", wanted_code);
    free(held_code);
    free(wanted_code);
    return both;
}

static char *seen_in(const struct diff_edge *edge)
{
    const struct rec_edge *shown = diff_edge_shown(edge);
    const struct rec_evidence *evidence = words_evidence(shown);
    char *tests = words_tests(&shown->seen, TESTS_SHOWN);

    if (*tests != '\0')
        return code(tests, NAME_WIDTH);
    free(tests);
    return evidence != NULL ? code(words_run(evidence->witness->run), NAME_WIDTH) : cli_strdup("");
}

static void say_edge(struct comment *comment, const struct diff_input *input, const struct diff_edge *edge)
{
    static const char *const words[] = { "", "**+**", "**\u2212**", "**~**" };
    char *from = code_of(edge->from->name, NAME_WIDTH), *to = code_of(edge->to->name, NAME_WIDTH);
    char *modes =
        edge->state == DIFF_CHANGED ? diff_mode_changes(edge) : words_modes(edge->old_modes | edge->new_modes);
    char *where = places(input, edge), *seen = seen_in(edge);
    const char *circle = edge->finding_count == 0 ? "" : edge->state == DIFF_REMOVED ? ", circle gone" : ", **circle**";

    row_and_free(comment, cli_printf("| %s%s | %s | %s | %s | %s | %s |\n", words[edge->state], circle, from, to, modes,
                                     where, seen));
    free(from);
    free(to);
    free(modes);
    free(where);
    free(seen);
}

/* Others lead from one to the other in both orders, and no finding came or went with it. */
static bool is_minor(const struct diff_edge *edge)
{
    return edge->implied && edge->finding_count == 0;
}

static void say_edges(struct comment *comment, const struct diff_input *input, enum diff_state state, bool minor)
{
    for (size_t i = 0; i < input->diff->edge_count; i++)
        if (input->diff->edges[i]->state == state && is_minor(input->diff->edges[i]) == minor)
            say_edge(comment, input, input->diff->edges[i]);
}

#define EDGE_HEAD "| | held | then taken | modes | at | seen in |\n|---|---|---|---|---|---|\n"

static void say_all_edges(struct comment *comment, const struct diff_input *input)
{
    comment_section(comment, "\n" EDGE_HEAD, "");
    say_edges(comment, input, DIFF_ADDED, false);
    say_edges(comment, input, DIFF_CHANGED, false);
    say_edges(comment, input, DIFF_REMOVED, false);
    comment_end_section(comment);
    comment_section(comment,
                    "\n<details><summary>Edges that change no order: others lead from one to the other before and "
                    "after</summary>\n\n" EDGE_HEAD,
                    "\n</details>\n");
    say_edges(comment, input, DIFF_ADDED, true);
    say_edges(comment, input, DIFF_REMOVED, true);
    comment_end_section(comment);
}

/* ---- folded ---- */

static void add_stack(FILE *out, const struct diff_side *side, const char *what, const struct rec_lock *lock)
{
    struct sym_stack stack = sym_stack_of(side->symbols, lock->stack);
    size_t shown = 0;

    if (stack.count != 0)
        (void)fprintf(out, "    %s at\n", what);
    for (size_t i = 0; i < stack.count && shown < FRAMES_SHOWN; i++) {
        const struct sym_line *line = &stack.lines[i];
        char *text, *plain;

        if (line->wrapper || line->outer)
            continue;
        if (*line->file != '\0')
            text = cli_printf("%s (%s:%d)", line->function, line->file, line->line);
        else if (*line->frame->name != '\0')
            text = cli_strdup(line->frame->name);
        else
            text = cli_printf("%s+0x%" PRIx64, line->frame->module != NULL ? line->frame->module->name : "",
                              line->frame->offset);
        plain = comment_plain(text, LINE_WIDTH);
        (void)fprintf(out, "      %s\n", plain);
        free(plain);
        free(text);
        shown++;
    }
    sym_stack_free(&stack);
}

/* Each line begins with blanks, so that none can end the block. */
static void say_evidence(struct comment *comment, const struct diff_input *input, const struct diff_edge *edge)
{
    const struct diff_side *side = diff_side_of(input, edge->state);
    const struct rec_evidence *evidence = words_evidence(diff_edge_shown(edge));
    char *from = comment_plain(edge->from->name, NAME_WIDTH), *to = comment_plain(edge->to->name, NAME_WIDTH),
         *text = NULL;
    size_t len;
    FILE *out = evidence != NULL ? open_memstream(&text, &len) : NULL;

    if (out != NULL) {
        char *run = words_run(evidence->witness->run), *plain = comment_plain(run, LINE_WIDTH);

        (void)fprintf(out, "\n```text\n    %s -> %s%s%s\n", from, to, *plain != '\0' ? ", " : "", plain);
        add_stack(out, side, "held, taken", words_held(evidence));
        add_stack(out, side, "wanted", &evidence->witness->wanted);
        (void)fputs("```\n", out);
        (void)fclose(out);
        comment_row(comment, text);
        free(run);
        free(plain);
        free(text);
    }
    free(from);
    free(to);
}

static void say_all_evidence(struct comment *comment, const struct diff_input *input)
{
    comment_section(comment, "\n<details><summary>Stacks of new edges</summary>\n", "\n</details>\n");
    for (size_t i = 0; i < input->diff->edge_count; i++)
        if (input->diff->edges[i]->state == DIFF_ADDED && !is_minor(input->diff->edges[i]))
            say_evidence(comment, input, input->diff->edges[i]);
    comment_end_section(comment);
}

static void say_classes(struct comment *comment, const struct diff_input *input)
{
    static const char *const words[] = { "", "**+**", "**\u2212**", "**~**" };

    comment_section(comment, "\n<details><summary>Classes</summary>\n\n| | class | |\n|---|---|---|\n",
                    "\n</details>\n");
    for (size_t i = 0; i < input->diff->class_count; i++) {
        const struct diff_class *class = input->diff->classes[i];
        char *name, *facts;

        if (class->state == DIFF_SAME && !class->renamed)
            continue;
        name = code_of(class->name, NAME_WIDTH);
        facts =
            class->state == DIFF_CHANGED ? code(diff_class_changes(class), NAME_WIDTH)
            : class->renamed
                ? code(cli_printf("was %s", class->old->name), NAME_WIDTH)
                : code(words_class(diff_side_of(input, class->state)->symbols, diff_class_shown(class)), NAME_WIDTH);
        row_and_free(comment, cli_printf("| %s | %s | %s |\n", class->state == DIFF_SAME ? "=" : words[class->state],
                                         name, facts));
        free(name);
        free(facts);
    }
    comment_end_section(comment);
}

static void say_note(struct comment *comment, const char *note)
{
    char *text = code_of(note, 2 * LINE_WIDTH);

    row_and_free(comment, cli_printf("- %s\n", text));
    free(text);
}

static void say_notes(struct comment *comment, const struct diff_input *input)
{
    comment_section(comment, "\n<details><summary>Not certain</summary>\n\n", "\n</details>\n");
    for (size_t i = 0; i < input->note_count; i++)
        say_note(comment, input->notes[i]);
    if (input->diff->left_out != 0)
        row_and_free(comment,
                     cli_printf("- edges of classes that the record lost, left out: %zu\n", input->diff->left_out));
    comment_end_section(comment);
}

static bool print(FILE *out, const struct diff_input *input)
{
    struct comment comment;

    comment_begin(&comment, out, input->limit);
    say_top(&comment, input);
    say_findings(&comment, input->diff);
    say_all_edges(&comment, input);
    say_all_evidence(&comment, input);
    say_classes(&comment, input);
    say_notes(&comment, input);
    comment_end(&comment);
    return true;
}

const struct diff_form diff_form_markdown = {
    .name = "markdown",
    .summary = "a comment for a pull request, no longer than code hosts take",
    .print = print,
};
