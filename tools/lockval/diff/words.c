/* SPDX-License-Identifier: MIT */
/* Texts are put together in a stream of memory. What comes from programs stays as it is: each form escapes in its own way. */

#define _GNU_SOURCE
#include "diff/words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/types.h"
#include "common/memory.h"
#include "symbol/frames.h"

struct text {
    FILE *out;
    char *text;
    size_t len;
};

static void begin(struct text *text)
{
    text->text = NULL;
    text->out = open_memstream(&text->text, &text->len);
    if (text->out == NULL)
        abort(); /* there is no memory, as in cli_alloc() */
}

static char *end(struct text *text)
{
    (void)fclose(text->out);
    return text->text;
}

/* @separator where something stands before. */
static void separate(struct text *text, const char *separator)
{
    if (ftell(text->out) > 0)
        (void)fputs(separator, text->out);
}

char diff_sign(enum diff_state state)
{
    return " +-~"[state];
}

/* ---- the whole ---- */

static void add_counts(struct text *text, const struct diff_counts *counts, const char *one, const char *many,
                       const char *const words[3])
{
    const size_t numbers[] = { counts->added, counts->removed, counts->changed };
    bool named = false;

    for (size_t i = 0; i < 3; i++) {
        if (numbers[i] == 0)
            continue;
        if (named)
            (void)fprintf(text->out, ", %zu %s", numbers[i], words[i]);
        else
            (void)fprintf(text->out, "%s%zu %s %s", ftell(text->out) > 0 ? "; " : "", numbers[i],
                          numbers[i] == 1 ? one : many, words[i]);
        named = true;
    }
}

char *diff_summary(const struct diff *diff)
{
    static const char *const of_findings[] = { "new", "gone", "of another verdict" };
    static const char *const of_edges[] = { "added", "removed", "of other modes" };
    static const char *const of_classes[] = { "added", "removed", "changed" };
    struct text text;

    begin(&text);
    add_counts(&text, &diff->findings_by, "finding", "findings", of_findings);
    add_counts(&text, &diff->edges_by, "edge", "edges", of_edges);
    add_counts(&text, &diff->classes_by, "class", "classes", of_classes);
    if (ftell(text.out) == 0)
        (void)fputs("no difference", text.out);
    return end(&text);
}

char *diff_paths(const struct diff_side *side)
{
    enum {
        MOST = 3
    };
    struct text text;

    begin(&text);
    for (size_t i = 0; i < side->path_count && (i < MOST || side->path_count == MOST + 1); i++) {
        separate(&text, ", ");
        (void)fputs(side->paths[i], text.out);
    }
    if (side->path_count > MOST + 1)
        (void)fprintf(text.out, " and %zu more", side->path_count - MOST);
    return end(&text);
}

static void add_number(struct text *text, uint64_t number, const char *one, const char *many)
{
    separate(text, ", ");
    (void)fprintf(text->out, "%" PRIu64 " %s", number, number == 1 ? one : many);
}

char *diff_extent(const struct diff_side *side)
{
    const struct rec_process *process = side->process;
    struct text text;

    begin(&text);
    if (process->merged && !process->merged_runs_exact)
        (void)fprintf(text.out, "about ");
    if (process->merged)
        (void)fprintf(text.out, "%" PRIu64 " run%s", process->merged_runs, process->merged_runs == 1 ? "" : "s");
    add_number(&text, process->class_count, "class", "classes");
    add_number(&text, process->edge_count, "edge", "edges");
    add_number(&text, process->finding_count, "finding", "findings");
    return end(&text);
}

/* ---- classes and edges ---- */

static void add_modes(struct text *text, unsigned modes, const char *before)
{
    static const char *const words[] = { "ER", "EN", "SR", "SN", "ERt", "ENt", "SRt", "SNt" };

    for (size_t i = 0; i < LV_ARRAY_SIZE(words); i++)
        if ((modes >> i & 1) != 0) {
            separate(text, *before != '\0' ? " " : ",");
            (void)fprintf(text->out, "%s%s", before, words[i]);
        }
}

char *diff_modes(unsigned modes)
{
    struct text text;

    begin(&text);
    add_modes(&text, modes, "");
    return end(&text);
}

char *diff_mode_changes(const struct diff_edge *edge)
{
    struct text text;

    begin(&text);
    add_modes(&text, edge->new_modes & ~edge->old_modes, "+");
    add_modes(&text, edge->old_modes & ~edge->new_modes, "-");
    return end(&text);
}

const char *diff_standing(enum rec_standing standing)
{
    return standing == REC_IS_LOCK ? "lock" : standing == REC_IS_CANDIDATE ? "candidate" : "event";
}

static void add_change(struct text *text, const char *what, const char *old, const char *new)
{
    separate(text, ", ");
    (void)fprintf(text->out, "%s %s -> %s", what, old, new);
}

char *diff_class_changes(const struct diff_class *class)
{
    struct text text;

    begin(&text);
    if ((class->changed & DIFF_KIND) != 0)
        add_change(&text, "kind", class->old->kind, class->new->kind);
    if ((class->changed & DIFF_STANDING) != 0)
        add_change(&text, "standing", diff_standing(class->old->standing), diff_standing(class->new->standing));
    if ((class->changed & DIFF_USAGE) != 0)
        add_change(&text, "usage", class->old->usage, class->new->usage);
    if ((class->changed & DIFF_WAIT) != 0) {
        separate(&text, ", ");
        (void)fprintf(text.out, "wait types %u,%u -> %u,%u", class->old->wait_outer, class->old->wait_inner,
                      class->new->wait_outer, class->new->wait_inner);
    }
    return end(&text);
}

char *diff_class_facts(const struct diff_side *side, const struct rec_class *class)
{
    const char *file = class->source.file;
    struct text text;

    begin(&text);
    (void)fputs(class->kind, text.out);
    if (class->standing != REC_IS_LOCK) {
        separate(&text, ", ");
        (void)fputs(diff_standing(class->standing), text.out);
    }
    if (file != NULL && *file != '\0') {
        separate(&text, ", ");
        (void)fputs(side->symbols != NULL ? sym_short_file(side->symbols, file) : file, text.out);
        if (class->source.line > 0)
            (void)fprintf(text.out, ":%d", class->source.line);
    }
    return end(&text);
}

/* ---- evidence ---- */

const struct rec_lock *diff_held(const struct rec_evidence *evidence)
{
    static const struct rec_lock nothing = { .key = "", .name = "", .site = "" };

    return evidence->held < evidence->witness->held_count ? &evidence->witness->held[evidence->held] : &nothing;
}

static bool is_known(const struct rec_stack *stack)
{
    return stack != NULL && stack->known && stack->count != 0;
}

static unsigned worth(const struct rec_evidence *evidence)
{
    if (!evidence->witness->known)
        return 0;
    return 1u + 2u * is_known(evidence->witness->wanted.stack) + 2u * is_known(diff_held(evidence)->stack) +
           (evidence->witness->run != NULL);
}

const struct rec_evidence *diff_evidence(const struct rec_edge *edge)
{
    const struct rec_evidence *best = NULL;
    unsigned most = 0;

    for (size_t i = 0; i < edge->evidence_count; i++)
        if (worth(&edge->evidence[i]) > most) {
            best = &edge->evidence[i];
            most = worth(best);
        }
    return best;
}

static const char *module_of(const struct rec_frame *frame)
{
    return frame->module == NULL ? "" : *frame->module->name != '\0' ? frame->module->name : "?";
}

/* Of a place without a line. "flush+0x12 (server)" */
static char *record_place(const struct sym_line *line, char **ret_short)
{
    const struct rec_frame *frame = line->frame;
    const char *name = *line->function != '\0' ? line->function : frame->name;

    *ret_short = *name != '\0' ? cli_strdup(name) : cli_printf("%s+0x%" PRIx64, module_of(frame), frame->offset);
    if (*name != '\0' && frame->module != NULL)
        return cli_printf("%s (%s)", name, module_of(frame));
    return cli_strdup(*ret_short);
}

char *diff_place(const struct diff_side *side, const struct rec_stack *stack, char **ret_short)
{
    struct sym_stack top = sym_top_of(side->symbols, stack);
    char *place, *shorter;

    if (top.count == 0) {
        place = cli_strdup("");
        shorter = cli_strdup("");
    } else if (*top.lines[0].file != '\0') {
        shorter = top.lines[0].line != 0 ? cli_printf("%s:%d", top.lines[0].file, top.lines[0].line)
                                         : cli_strdup(top.lines[0].file);
        place = *top.lines[0].function != '\0' ? cli_printf("%s in %s", shorter, top.lines[0].function)
                                               : cli_strdup(shorter);
    } else {
        place = record_place(&top.lines[0], &shorter);
    }
    sym_stack_free(&top);
    if (ret_short != NULL)
        *ret_short = shorter;
    else
        free(shorter);
    return place;
}

/* "server[123]" */
static void add_program(struct text *text, const struct rec_run *run)
{
    if (*run->program == '\0')
        return;
    separate(text, ", ");
    (void)fprintf(text->out, "%s[%.*s]", run->program, (int)strcspn(run->of, "/"), run->of);
}

char *diff_run(const struct rec_run *run)
{
    struct text text;

    begin(&text);
    if (run != NULL && run->known) {
        if (*run->test != '\0')
            (void)fprintf(text.out, "test %s", run->test);
        add_program(&text, run);
        if (*run->commit != '\0') {
            separate(&text, ", ");
            (void)fprintf(text.out, "commit %s", run->commit);
        }
    }
    return end(&text);
}

char *diff_tests(const struct rec_seen *seen, size_t most)
{
    struct text text;

    begin(&text);
    for (size_t i = 0; i < seen->test_count && i < most; i++) {
        separate(&text, ", ");
        (void)fputs(seen->tests[i], text.out);
    }
    if (seen->more_tests)
        (void)fputs(" and others", text.out);
    else if (seen->test_count > most)
        (void)fprintf(text.out, " and %zu more", seen->test_count - most);
    return end(&text);
}

char *diff_about(const struct rec_finding *finding)
{
    char *cycle = rec_cycle(finding);

    if (*cycle != '\0' || !finding->has_subject)
        return cycle;
    free(cycle);
    return cli_strdup(rec_lock_name(&finding->subject));
}
