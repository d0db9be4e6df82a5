/* SPDX-License-Identifier: MIT */
/* Each acquisition is a box with two columns, what was held and what was wanted; on a narrow screen one below the other. */

#include "page/evidence.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    MADE_MOST = 4 /* runs that made one finding that are named beside the first */
};

static void put_box(struct page *page, const char *title, const struct rec_lock *lock)
{
    page_put(page, "<div class=\"half\"><h5>%s ", title);
    page_lock(page, lock, false);
    page_put(page, "</h5><p class=\"facts\">");
    page_lock(page, lock, true);
    page_put(page, "</p>\n");
    page_stack(page, lock->stack, lock->earlier);
    page_put(page, "</div>\n");
}

/* ---- orders ---- */

static const char *held_words(enum rec_step_kind kind)
{
    switch (kind) {
    case REC_STEP_COMPLETE:
        return "then completes";
    case REC_STEP_END:
        return "then ends:";
    case REC_STEP_INTERRUPT:
        return "is interrupted while it holds";
    default:
        return "holds";
    }
}

static const char *wanted_words(enum rec_step_kind kind)
{
    switch (kind) {
    case REC_STEP_WAIT:
        return "and waits for";
    case REC_STEP_COMPLETE:
    case REC_STEP_END:
        return "first takes";
    case REC_STEP_INTERRUPT:
        return "and the handler takes";
    default:
        return "and takes";
    }
}

static void put_counts(struct page *page, const struct rec_finding *finding, const struct rec_step *step)
{
    const struct rec_edge *edge = step->held.class != NULL && step->wanted.class != NULL
                                      ? rec_edge(finding->process, step->held.class, step->wanted.class)
                                      : NULL;

    if (edge != NULL && edge->acquisitions != 0)
        page_put(page,
                 " <span class=\"more\">\u00b7 this order was seen %" PRIu64 " time%s, in %" PRIu64 " chain%s</span>",
                 edge->acquisitions, page_plural(edge->acquisitions), edge->chains, page_plural(edge->chains));
}

/* In which run of a merged record that was. */
static void put_run(struct page *page, const struct rec_run *run)
{
    char *words;

    if (run == NULL)
        return;
    words = rec_run_words(run);
    page_put(page, " <span class=\"more run\">\u00b7 in the run ");
    page_say(page, words);
    page_put(page, "</span>");
    free(words);
}

static void put_step(struct page *page, const struct rec_finding *finding, const struct rec_step *step, size_t number,
                     const char *note)
{
    bool first_wanted = step->kind == REC_STEP_COMPLETE || step->kind == REC_STEP_END;

    page_put(page, "<section class=\"acquisition\"><h5 class=\"bar\"><span class=\"number\">%zu</span> ", number);
    page_thread(page, step->thread);
    page_put(page, "%s", note);
    put_counts(page, finding, step);
    if (finding->run == NULL)
        put_run(page, step->run);
    page_put(page, "</h5>\n<div class=\"halves\">\n");
    if (first_wanted)
        put_box(page, wanted_words(step->kind), &step->wanted);
    put_box(page, held_words(step->kind), &step->held);
    if (!first_wanted)
        put_box(page, wanted_words(step->kind), &step->wanted);
    page_put(page, "</div></section>\n");
}

static void put_order(struct page *page, const struct rec_finding *finding)
{
    bool fewer = finding->acquisitions != finding->edges && finding->acquisition_count != finding->edge_count;

    if (finding->edge_count == 1)
        page_put(page, "<section><h4>The acquisition, with stacks</h4>\n");
    else
        page_put(page, "<section><h4>The %zu steps of the circle, with stacks</h4>\n", finding->edge_count);
    for (size_t i = 1; i < finding->edge_count; i++)
        put_step(page, finding, &finding->edges[i], i, "");
    put_step(page, finding, &finding->edges[0], finding->edge_count,
             finding->edge_count > 1 ? " <span class=\"more\">\u00b7 closed the circle</span>" : "");
    page_put(page, "</section>\n");
    if (!fewer)
        return;
    page_put(page, "<details><summary>The %zu acquisition%s that close it</summary>\n", finding->acquisition_count,
             page_plural(finding->acquisition_count));
    for (size_t i = 0; i < finding->acquisition_count; i++)
        put_step(page, finding, &finding->acquisitions[(i + 1) % finding->acquisition_count], i + 1, "");
    page_put(page, "</details>\n");
}

/* ---- threads that are stuck ---- */

static void put_wait(struct page *page, const struct rec_stuck *stuck)
{
    page_put(page, "waits for ");
    if (stuck->joined != NULL) {
        page_put(page, "the end of ");
        page_thread(page, stuck->joined);
    } else {
        if (strcmp(stuck->waits, "lock") != 0) {
            page_say(page, stuck->waits);
            page_put(page, " ");
        }
        page_lock(page, &stuck->wanted, true);
    }
    if (stuck->has_with) {
        page_put(page, ", and then for ");
        page_lock(page, &stuck->with, false);
    }
    if (stuck->waited_ms >= 0)
        page_put(page, ", for %.3f s", (double)stuck->waited_ms / 1000);
    page_put(page, stuck->timed ? ", with a time limit" : "");
}

static void put_held(struct page *page, const struct rec_lock *held, size_t count, uint32_t left_out)
{
    for (size_t i = count; i-- > 0;)
        put_box(page, "holds", &held[i]);
    if (left_out != 0)
        page_put(page, "<p class=\"none\">and %" PRIu32 " older lock%s</p>\n", left_out, page_plural(left_out));
    if (count == 0 && left_out == 0)
        page_put(page, "<div class=\"half\"><p class=\"none\">holds nothing</p></div>\n");
}

static void put_stuck(struct page *page, const struct rec_finding *finding, size_t i)
{
    const struct rec_stuck *stuck = &finding->stuck[i];

    page_put(page, "<section class=\"acquisition%s\"><h5 class=\"bar\"><span class=\"number\">%zu</span> ",
             i < finding->circle ? " in-circle" : "", i + 1);
    page_thread(page, stuck->thread);
    if (stuck->last)
        page_put(page, " <span class=\"more\">\u00b7 was the last%s</span>",
                 finding->circle != 0 ? ", and closed the circle" : "");
    page_put(page, "</h5>\n<p class=\"facts\">");
    put_wait(page, stuck);
    if (stuck->blocker >= 0) {
        page_put(page, stuck->blocker_queued ? " \u2014 behind " : " \u2014 which is up to ");
        page_thread(page, finding->stuck[stuck->blocker].thread);
    }
    page_put(page, "</p>\n<div class=\"halves\"><div class=\"half\"><h5>waits here</h5>\n");
    page_stack(page, stuck->wanted.stack, stuck->wanted.earlier);
    page_put(page, "</div>\n");
    put_held(page, stuck->held, stuck->held_count, stuck->left_out);
    page_put(page, "</div></section>\n");
}

static void put_all_stuck(struct page *page, const struct rec_finding *finding)
{
    page_put(page, "<section><h4>%zu thread%s wait%s", finding->stuck_count, page_plural(finding->stuck_count),
             finding->stuck_count == 1 ? "s" : "");
    if (finding->circle != 0 && finding->circle != finding->stuck_count)
        page_put(page, ", %zu of them in the circle", finding->circle);
    page_put(page, "</h4>\n");
    for (size_t i = 0; i < finding->stuck_count; i++)
        put_stuck(page, finding, i);
    page_put(page, "</section>\n");
}

/* ---- the others ---- */

static void put_side(struct page *page, const char *title, const struct rec_side *side)
{
    page_put(page, "<div class=\"half\"><h5>%s</h5>\n<p class=\"facts\">", title);
    page_thread(page, side->thread);
    page_put(page, side->waits ? " let go, to wait on a condition variable: " : " took ");
    page_lock(page, &side->lock, true);
    put_run(page, side->run);
    page_put(page, "</p>\n");
    page_stack(page, side->lock.stack, side->lock.earlier);
    page_put(page, "</div>\n");
}

static void put_usage(struct page *page, const struct rec_finding *finding)
{
    page_put(page, "<section><h4>The handler and the thread that it interrupts</h4>\n<div class=\"acquisition\">"
                   "<h5 class=\"bar\">");
    page_say(page, finding->usage_state);
    page_put(page, "</h5><div class=\"halves\">\n");
    put_side(page, "in the handler", &finding->usage_inside);
    put_side(page, "held where it can come", &finding->usage_open);
    page_put(page, "</div></div></section>\n");
}

static void put_subject(struct page *page, const struct rec_finding *finding)
{
    page_put(page,
             "<section><h4>Where</h4>\n<div class=\"acquisition\"><div class=\"halves\">\n<div class=\"half\"><h5>"
             "the call</h5>\n<p class=\"facts\">");
    page_thread(page, finding->thread);
    if (finding->has_subject) {
        page_put(page, ": ");
        page_lock(page, &finding->subject, true);
    }
    page_put(page, "</p>\n");
    page_stack(page, finding->stack, false);
    page_put(page, "</div>\n");
    if (finding->has_subject && finding->subject.stack != NULL && finding->subject.stack != finding->stack)
        put_box(page, "taken here:", &finding->subject);
    if (finding->holder.thread != NULL)
        put_side(page, "the other thread", &finding->holder);
    page_put(page, "</div></div></section>\n");
}

static void put_own_locks(struct page *page, const struct rec_finding *finding)
{
    if (finding->held_count == 0)
        return;
    page_put(page, "<details><summary>%zu lock%s held by ", finding->held_count, page_plural(finding->held_count));
    page_thread(page, finding->thread);
    page_put(page, " then</summary>\n<div class=\"acquisition\"><div class=\"halves\">\n");
    put_held(page, finding->held, finding->held_count, 0);
    page_put(page, "</div></div></details>\n");
}

/* The runs that made the finding by themselves. */
static void put_made(struct page *page, const struct rec_finding *finding)
{
    uint64_t others;

    if (finding->run == NULL)
        return;
    page_put(page, "<p class=\"facts\">");
    put_run(page, finding->run);
    for (size_t i = 0; i < finding->also_count && i < MADE_MOST; i++)
        put_run(page, finding->also[i]);
    others = rec_more_runs(finding, MADE_MOST);
    if (others != 0)
        page_put(page, " \u00b7 and in %s%" PRIu64 " more",
                 finding->seen.runs_exact || finding->seen.runs == 0 ? "" : "about ", others);
    page_put(page, "</p>\n");
}

void evidence_put(struct page *page, const struct rec_finding *finding)
{
    put_made(page, finding);
    if (finding->usage_state[0] != '\0')
        put_usage(page, finding);
    if (finding->stuck_count != 0)
        put_all_stuck(page, finding);
    else if (finding->edge_count != 0)
        put_order(page, finding);
    else
        put_subject(page, finding);
    put_own_locks(page, finding);
}
