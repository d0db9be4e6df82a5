/* SPDX-License-Identifier: MIT */
/* Texts are put together in a stream of memory. What comes from programs stays as it is: each form escapes in its own way. */

#define _GNU_SOURCE
#include "diff/words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/types.h"
#include "common/memory.h"

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

static void add_modes(struct text *text, unsigned modes, char sign)
{
    static const char *const words[] = { "ER", "EN", "SR", "SN", "ERt", "ENt", "SRt", "SNt" };

    for (size_t i = 0; i < LV_ARRAY_SIZE(words); i++)
        if ((modes >> i & 1) != 0) {
            separate(text, " ");
            (void)fprintf(text->out, "%c%s", sign, words[i]);
        }
}

char *diff_mode_changes(const struct diff_edge *edge)
{
    struct text text;

    begin(&text);
    add_modes(&text, edge->new_modes & ~edge->old_modes, '+');
    add_modes(&text, edge->old_modes & ~edge->new_modes, '-');
    return end(&text);
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
        add_change(&text, "standing", words_standing(class->old->standing), words_standing(class->new->standing));
    if ((class->changed & DIFF_USAGE) != 0)
        add_change(&text, "usage", class->old->usage, class->new->usage);
    if ((class->changed & DIFF_WAIT) != 0) {
        separate(&text, ", ");
        (void)fprintf(text.out, "wait types %u,%u -> %u,%u", class->old->wait_outer, class->old->wait_inner,
                      class->new->wait_outer, class->new->wait_inner);
    }
    return end(&text);
}
