/* SPDX-License-Identifier: MIT */
/*
 * Findings of two orders are the same if they are of one kind and about the same classes: of a circle in the same sequence, wherever it begins.
 * Fingerprints would do within one build; of other builds, classes were matched that stable keys tell apart. What is about no class that is
 * known has only its fingerprint.
 */

#include "diff/compare.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/sort.h"

/* The class's number and one; 0: nothing is known of it. */
static size_t number_of(const struct diff *diff, const struct rec_lock *lock)
{
    const struct diff_class *class = diff_class_of(diff, lock->class);

    return class == NULL ? 0 : class->number + 1;
}

static char *longer(char *text, const char *word, size_t number)
{
    char *both = cli_printf("%s%s%zu", text, word, number);

    free(text);
    return both;
}

/* Is the circle that begins with number @a before the one that begins with @b? */
static bool is_before(const size_t *numbers, size_t count, size_t a, size_t b)
{
    for (size_t i = 0; i < count; i++)
        if (numbers[(a + i) % count] != numbers[(b + i) % count])
            return numbers[(a + i) % count] < numbers[(b + i) % count];
    return false;
}

static char *circle_text(char *text, const size_t *numbers, size_t count)
{
    size_t first = 0;

    for (size_t i = 1; i < count; i++)
        if (is_before(numbers, count, i, first))
            first = i;
    for (size_t i = 0; i < count; i++)
        text = longer(text, i == 0 ? " " : ",", numbers[(first + i) % count]);
    return text;
}

/* What the finding is about, in memory to free; null: no class is known. */
static char *subject_text(const struct diff *diff, const struct rec_finding *finding)
{
    size_t count = finding->edge_count != 0 ? finding->edge_count : finding->circle;
    size_t *numbers = cli_alloc(count + 1, sizeof(*numbers));
    char *text = cli_printf("%s", finding->kind);
    bool known = true;

    for (size_t i = 0; i < count; i++) {
        numbers[i] = number_of(diff, finding->edge_count != 0 ? &finding->edges[i].wanted : &finding->stuck[i].wanted);
        known = known && numbers[i] != 0;
    }
    if (count != 0) {
        text = circle_text(text, numbers, count);
    } else if (*finding->usage_state != '\0') {
        size_t inside = number_of(diff, &finding->usage_inside.lock), open = number_of(diff, &finding->usage_open.lock);

        known = inside != 0 && open != 0;
        text = longer(longer(text, " in ", inside), " over ", open);
    } else {
        size_t subject = finding->has_subject ? number_of(diff, &finding->subject) : 0;

        known = subject != 0;
        text = longer(text, " of ", subject);
    }
    free(numbers);
    if (known)
        return text;
    free(text);
    return NULL;
}

/* What tells apart findings about one class: a mutex can be released by another thread and destroyed. */
static char *identity_of(const struct diff *diff, const struct rec_finding *finding)
{
    char *subject = subject_text(diff, finding), *identity;

    if (subject == NULL)
        return cli_printf("%s %s", finding->kind, finding->fingerprint);
    identity = cli_printf("%s %s", subject, finding->usage_state);
    free(subject);
    return identity;
}

static void add(struct diff *diff, struct rec_index *known, const struct rec_finding *finding, bool is_new)
{
    char *identity = identity_of(diff, finding);
    void **place = rec_index_at(known, (uint64_t)(uintptr_t)rec_pool_text(diff->pool, identity));
    struct diff_finding *at = *place;
    const struct rec_finding **side;

    free(identity);
    if (at == NULL) {
        at = *place = rec_pool_take(diff->pool, 1, sizeof(*at));
        rec_append(&diff->findings, &diff->finding_count, at);
    }
    side = is_new ? &at->new : &at->old;
    if (*side == NULL || finding->verdict > (*side)->verdict)
        *side = finding;
}

static void judge(struct diff_finding *finding)
{
    if (finding->old == NULL || finding->new == NULL)
        finding->state = finding->old == NULL ? DIFF_ADDED : DIFF_REMOVED;
    else
        finding->state = strcmp(finding->old->verdict_name, finding->new->verdict_name) != 0 ? DIFF_CHANGED : DIFF_SAME;
}

/* The edges of the circle of a finding that is new, or gone, that came or went with it. */
static void mark_edges(struct diff *diff, const struct diff_finding *finding)
{
    const struct rec_finding *shown = diff_finding_shown(finding);

    if (finding->state != DIFF_ADDED && finding->state != DIFF_REMOVED)
        return;
    for (size_t i = 0; i < shown->edge_count; i++) {
        struct diff_edge *edge = diff_edge_of(diff, shown->edges[i].held.class, shown->edges[i].wanted.class);

        if (edge != NULL && (edge->state == finding->state || edge->state == DIFF_CHANGED))
            edge->finding_count++;
    }
}

static int rank(const struct diff_finding *finding)
{
    static const int ranks[] = { [DIFF_ADDED] = 0, [DIFF_CHANGED] = 1, [DIFF_REMOVED] = 2, [DIFF_SAME] = 3 };

    return ranks[finding->state];
}

static int compare(const void *a, const void *b)
{
    const struct diff_finding *left = *(struct diff_finding *const *)a, *right = *(struct diff_finding *const *)b;
    const struct rec_finding *x = diff_finding_shown(left), *y = diff_finding_shown(right);

    if (rank(left) != rank(right))
        return rank(left) < rank(right) ? -1 : 1;
    if (x->verdict != y->verdict)
        return x->verdict > y->verdict ? -1 : 1;
    return strcmp(x->fingerprint, y->fingerprint);
}

void diff_compare_findings(struct diff *diff)
{
    struct rec_index known = { 0 };

    for (size_t i = 0; i < diff->old->finding_count; i++)
        add(diff, &known, diff->old->findings[i], false);
    for (size_t i = 0; i < diff->new->finding_count; i++)
        add(diff, &known, diff->new->findings[i], true);
    rec_index_free(&known);
    for (size_t i = 0; i < diff->finding_count; i++) {
        judge(diff->findings[i]);
        mark_edges(diff, diff->findings[i]);
    }
    if (diff->finding_count != 0)
        cli_sort(diff->findings, diff->finding_count, sizeof(struct diff_finding *), compare);
}
