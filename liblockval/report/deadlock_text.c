/* SPDX-License-Identifier: MIT */
/*
 * Threads that are stuck: who they are, a block for each with what it waits for and what it holds, and how they hang
 * together, drawn. Nothing of this is a possibility, so the words differ from those about orders.
 *
 * In the drawing thread number i holds what the thread before it waits for, and waits for what the next one holds. Where a
 * thread does not hold it, but would have to do something for it (complete, post, end), that stands at the end of its
 * column. A writer that is waited for before it has the lock stands between: it came before the reader that does not pass it.
 */

#include "report/deadlock_text.h"

#include "report/lines.h"
#include "report/scenario.h"
#include "report/stuck_text.h"

const char *lv_deadlock_headline(const struct lv_report *report)
{
    return report->stuck_count != 0 && report->circle_count == 0
               ? "WARNING: all threads wait, and nothing can wake them!"
               : "WARNING: threads are deadlocked!";
}

static void put_behind(const struct lv_report *report, struct lv_text *out)
{
    uint32_t count = report->stuck_count - report->circle_count;

    if (report->stuck_more)
        lv_text_printf(out, "; others wait behind them, of which %u %s shown", count, count == 1 ? "is" : "are");
    else if (count != 0)
        lv_text_printf(out, "; %u more %s behind them", count, count == 1 ? "waits" : "wait");
}

/* What happened, in a sentence or two. */
static void put_summary(const struct lv_report *report, struct lv_text *out)
{
    const struct lv_report_stuck *stuck = report->stuck;
    uint32_t circle = report->circle_count;

    if (circle == 0 && report->stuck_count == 1) {
        lv_text_puts(out, "1 thread waits: the only one of the process, and nothing is left that could wake it.\n");
    } else if (circle == 0) {
        if (report->stuck_more)
            lv_text_printf(out, "All threads of the process wait, of which %u are shown", report->stuck_count);
        else
            lv_text_printf(out, "%u threads wait: all of the process", report->stuck_count);
        lv_text_puts(out, ", and nothing is left that could wake them.\n");
    } else if (circle == 1) {
        lv_put_thread(out, &stuck->thread);
        lv_text_puts(out, " waits for itself");
        put_behind(report, out);
        lv_text_puts(out, ".\n");
    } else {
        lv_text_printf(out, "%u threads wait for each other in a circle", circle);
        put_behind(report, out);
        lv_text_puts(out, ".\n");
    }
    for (uint32_t i = 0; circle > 1 && i < circle; i++) {
        if (!stuck[i].last)
            continue;
        lv_put_thread(out, &stuck[i].thread);
        lv_text_puts(out, " was the last of them, and closed it.\n");
        break;
    }
    lv_put_handler(out, report);
}

/* ---- the drawing ---- */

struct drawing {
    const struct lv_report *report;
    bool addresses; /* there are several locks of one class */
};

/* The lock that the next thread holds; null: it is something else that it waits for. */
static const struct lv_report_lock *awaited_lock(const struct lv_report_stuck *stuck)
{
    if (stuck->wait == LV_WAITS_LOCK)
        return &stuck->wanted;
    return stuck->with.class != NULL ? &stuck->with : NULL;
}

static struct lv_scenario_entry entry_of(const struct drawing *d, const char *verb, const struct lv_report_stuck *stuck,
                                         char word[64])
{
    struct lv_scenario_entry entry = { .verb = verb };
    struct lv_text text;

    if (stuck->wait == LV_WAITS_JOIN || stuck->wanted.class == NULL) {
        lv_text_init(&text, word, 64);
        lv_stuck_name(stuck, &text);
        entry.name = word;
    } else {
        entry.name = lv_scenario_class(&stuck->wanted);
        entry.address = d->addresses ? stuck->wanted.address : 0;
    }
    return entry;
}

/* What would end the wait of @stuck, and is not reached. */
static struct lv_scenario_entry never_of(const struct drawing *d, const struct lv_report_stuck *stuck, char word[64])
{
    switch (stuck->wait) {
    case LV_WAITS_JOIN:
        return (struct lv_scenario_entry){ .verb = "end" };
    case LV_WAITS_COND:
        return entry_of(d, "signal", stuck, word);
    case LV_WAITS_SEM:
        return entry_of(d, "post", stuck, word);
    case LV_WAITS_BARRIER:
        return entry_of(d, "barrier_wait", stuck, word);
    case LV_WAITS_EVENT:
        return entry_of(d, "complete", stuck, word);
    case LV_WAITS_LOCK:
    case LV_WAITS_NOT:
        break;
    }
    return (struct lv_scenario_entry){ .verb = NULL };
}

static void column_of_thread(const void *arg, uint32_t i, struct lv_scenario_column *ret)
{
    const struct drawing *d = arg;
    uint32_t count = d->report->circle_count;
    const struct lv_report_stuck *stuck = &d->report->stuck[i];
    const struct lv_report_stuck *before = &d->report->stuck[(i + count - 1) % count];
    const struct lv_report_lock *held = awaited_lock(before);
    bool queued = held != NULL && before->blocker_queued;

    *ret = (struct lv_scenario_column){ .thread = &stuck->thread };
    if (held == NULL)
        ret->entry[LV_PHASE_COMPLETE] = never_of(d, before, ret->word[0]);
    else if (!queued)
        ret->entry[LV_PHASE_HOLD] =
            (struct lv_scenario_entry){ before->blocker_mode != LV_WRITE ? "rlock" : "lock", lv_scenario_class(held),
                                        d->addresses ? held->address : 0 };
    ret->entry[queued ? LV_PHASE_QUEUE : LV_PHASE_WANT] = entry_of(d, lv_stuck_verb(stuck), stuck, ret->word[1]);
}

/* Does the circle go through two locks of one class? */
static bool need_addresses(const struct lv_report *report)
{
    for (uint32_t i = 0; i < report->circle_count; i++) {
        const struct lv_report_lock *lock = awaited_lock(&report->stuck[i]);

        for (uint32_t j = 0; lock != NULL && j < i; j++) {
            const struct lv_report_lock *other = awaited_lock(&report->stuck[j]);

            if (other != NULL && lock->class != NULL && other->class == lock->class && other->address != lock->address)
                return true;
        }
    }
    return false;
}

void lv_deadlock_text(const struct lv_report *report, struct lv_text *out)
{
    const struct drawing drawing = { report, need_addresses(report) };

    if (report->stuck_count == 0) {
        lv_text_puts(out, "(the threads are not known)\n");
        lv_put_handler(out, report);
        return;
    }
    put_summary(report, out);
    for (uint32_t i = 0; i < report->stuck_count; i++)
        lv_stuck_block(report->stuck, report->stuck_count, i, out);
    if (report->circle_count == 0)
        return;
    lv_text_puts(out, "\nHow they are stuck:\n\n");
    lv_scenario_draw_columns(column_of_thread, &drawing, report->circle_count, out);
    lv_text_puts(out, " *** DEADLOCK ***\n");
}

void lv_deadlock_prediction(const struct lv_report *report, struct lv_text *out)
{
    const struct lv_report_prediction *prediction = &report->prediction;

    if (prediction->fingerprint != NULL)
        lv_text_printf(out, "predicted: finding [%s] (%s, %s) said so before it happened\n", prediction->fingerprint,
                       lv_finding_kind_name(prediction->kind), lv_verdict_name(prediction->verdict));
    else if (report->circle_count != 0)
        lv_text_puts(out, "not predicted: no finding before it has all steps of the circle\n");
    else
        lv_text_puts(out, "not predicted: it is no circle, and only circles are\n");
}
