/* SPDX-License-Identifier: MIT */

/*
 * Three layouts, lockdep's, for what contexts make unsafe: one lock that contradicts itself, a new dependency between a
 * safe and an unsafe lock, and a lock that became one of these while a dependency was there already. Words that lockdep
 * has for its two kinds of interrupts are said with the name of the signal or of the declared context.
 * lockdep shows a class's whole usage at length; here each side is one acquisition, with its thread, its stack, and where
 * the handler was installed.
 */

#include "report/usage_text.h"

#include "report/lines.h"
#include "report/scenario.h"

#define INDENT_STATE 2u /* of frames below "state was registered at:" and its like */

static const char *state_of(const struct lv_report *report)
{
    return lv_scenario_word(report->usage.state);
}

/* "SIGUSR1", "SIGUSR1-READ" */
static void put_state(struct lv_text *out, const struct lv_report *report, const struct lv_report_use *use)
{
    lv_text_printf(out, "%s%s", state_of(report), use->lock.mode != LV_WRITE ? "-READ" : "");
}

/* "{IN-SIGUSR1-W}", "{SIGUSR1-ON-R}" */
static void put_mark(struct lv_text *out, const struct lv_report *report, bool inside)
{
    const struct lv_report_use *use = inside ? &report->usage.inside : &report->usage.open;

    lv_text_printf(out, inside ? "{IN-%s-%c}" : "{%s-ON-%c}", state_of(report), use->lock.mode != LV_WRITE ? 'R' : 'W');
}

const char *lv_usage_headline(const struct lv_report *report, char buf[USAGE_HEADLINE])
{
    struct lv_text text;

    if (report->edge_count <= 1)
        return "WARNING: inconsistent lock state";
    if (report->usage.news != LV_NEWS_EDGE)
        return "WARNING: possible irq lock inversion dependency detected";
    lv_text_init(&text, buf, USAGE_HEADLINE);
    lv_text_puts(&text, "WARNING: ");
    put_state(&text, report, &report->usage.inside);
    lv_text_puts(&text, "-safe -> ");
    put_state(&text, report, &report->usage.open);
    lv_text_puts(&text, "-unsafe lock order detected");
    return buf;
}

static const char *earlier_of(const struct lv_report_use *use)
{
    return use->lock.earlier ? " (first acquisition from this site)" : "";
}

static void put_by(struct lv_text *out, const struct lv_report_use *use)
{
    lv_text_puts(out, "     by ");
    lv_put_thread(out, &use->thread);
}

/* Who took the lock in the context, and how that comes to run. */
static void put_inside(struct lv_text *out, const struct lv_report *report)
{
    const struct lv_report_use *use = &report->usage.inside;

    lv_put_stack(out, INDENT_STATE, &use->lock.stack);
    put_by(out, use);
    if (!report->usage.is_signal)
        lv_text_printf(out, ", in the context %s\n", state_of(report));
    else if (use->site != NULL)
        lv_text_printf(out, ", in the handler of signal %s, installed at %s\n", state_of(report), use->site);
    else
        lv_text_printf(out, ", in the handler of signal %s\n", state_of(report));
}

/* Who held the lock while the context could interrupt, and since when it could. */
static void put_open(struct lv_text *out, const struct lv_report *report)
{
    const struct lv_report_use *use = &report->usage.open;

    lv_put_stack(out, INDENT_STATE, &use->lock.stack);
    put_by(out, use);
    if (use->at.count == 0) {
        lv_text_printf(out, ", which %s could interrupt\n", state_of(report));
    } else {
        lv_text_printf(out, ", which %s could interrupt since it called:\n", state_of(report));
        lv_put_stack(out, INDENT_STATE, &use->at);
    }
}

static void put_side(struct lv_text *out, const struct lv_report *report, bool inside)
{
    if (inside)
        put_inside(out, report);
    else
        put_open(out, report);
}

/* " (NAME){USAGE}", and in which way it became safe or unsafe. */
static void put_end(struct lv_text *out, const struct lv_report *report, bool inside)
{
    const struct lv_report_use *use = inside ? &report->usage.inside : &report->usage.open;

    lv_text_putc(out, ' ');
    lv_put_class(out, &use->lock);
    lv_text_puts(out, "\n\n... which became ");
    put_state(out, report, use);
    lv_text_printf(out, "-%s at%s:\n", inside ? "safe" : "unsafe", earlier_of(use));
    put_side(out, report, inside);
}

static void put_thread_and_lock(struct lv_text *out, const struct lv_report *report, const char *does,
                                const struct lv_report_lock *lock)
{
    lv_put_thread(out, &report->thread);
    lv_text_puts(out, does);
    lv_put_lock(out, lock);
    lv_put_handler(out, report);
}

/* Does the news come from a call that let the context in, not from an acquisition? */
static bool is_let_in(const struct lv_report *report)
{
    return report->usage.news == LV_NEWS_OPEN && report->usage.open.at.count != 0;
}

static void put_one_lock(struct lv_text *out, const struct lv_report *report)
{
    bool inside_is_new = report->usage.news == LV_NEWS_INSIDE;

    lv_text_puts(out, "inconsistent ");
    put_mark(out, report, !inside_is_new);
    lv_text_puts(out, " -> ");
    put_mark(out, report, inside_is_new);
    lv_text_puts(out, " usage.\n");
    if (is_let_in(report)) {
        lv_put_thread(out, &report->thread);
        lv_text_printf(out, " can be interrupted by %s from now on, and holds:\n", state_of(report));
        lv_put_lock(out, &report->subject);
    } else {
        put_thread_and_lock(out, report, " takes:\n", &report->subject);
    }
    for (int new = 0; new < 2; new ++) {
        bool inside = new != 0 ? inside_is_new : !inside_is_new;

        put_mark(out, report, inside);
        lv_text_printf(out, " state %s at%s:\n", new != 0 ? "is new" : "was registered",
                       earlier_of(inside ? &report->usage.inside : &report->usage.open));
        put_side(out, report, inside);
    }
}

static void put_order(struct lv_text *out, const struct lv_report *report)
{
    const struct lv_report_edge *edge = &report->edges[report->usage.new_edge];

    put_thread_and_lock(out, report, " is trying to acquire:\n", &edge->wanted);
    lv_text_puts(out, "\nand this thread is already holding:\n");
    lv_put_lock(out, &edge->held);
    lv_text_puts(out, "which would create a new lock dependency:\n ");
    lv_put_class(out, &edge->held);
    lv_text_puts(out, " -> ");
    lv_put_class(out, &edge->wanted);
    lv_text_puts(out, "\n\nbut this new dependency connects a ");
    put_state(out, report, &report->usage.inside);
    lv_text_puts(out, "-safe lock:\n");
    put_end(out, report, true);
    lv_text_puts(out, "\nto a ");
    put_state(out, report, &report->usage.open);
    lv_text_puts(out, "-unsafe lock:\n");
    put_end(out, report, false);
}

static void put_inversion(struct lv_text *out, const struct lv_report *report)
{
    bool inside_is_new = report->usage.news == LV_NEWS_INSIDE;
    const struct lv_report_use *new = inside_is_new ? &report->usage.inside : &report->usage.open;

    put_thread_and_lock(out, report, " just changed the state of lock:\n", &report->subject);
    lv_text_puts(out, inside_is_new ? "but this lock took another, " : "but this lock was taken by another, ");
    put_state(out, report, inside_is_new ? &report->usage.open : &report->usage.inside);
    lv_text_printf(out, "-%s lock in the past:\n", inside_is_new ? "unsafe" : "safe");
    put_end(out, report, !inside_is_new);
    lv_text_printf(out, "\nand %s could create inverse lock ordering between them.\n",
                   report->usage.is_signal ? "signals" : "interrupts");
    lv_text_puts(out, "\nThe first lock became ");
    put_state(out, report, new);
    lv_text_printf(out, "-%s at%s:\n", inside_is_new ? "safe" : "unsafe", earlier_of(new));
    put_side(out, report, inside_is_new);
}

/* The names from the safe lock to the unsafe one. Two locks are seen as clearly in the entries. */
static void put_names(struct lv_text *out, const struct lv_report *report)
{
    if (report->edge_count <= 2)
        return;
    lv_text_puts(out, "Chain exists of:\n  ");
    for (uint32_t i = 0; i < report->edge_count; i++)
        lv_text_printf(out, "%s%s", i != 0 ? " --> " : "", lv_scenario_class(&report->edges[i].wanted));
    lv_text_puts(out, "\n\n");
}

/* The acquisitions that lead from the safe lock to the unsafe one, the last first. */
static void put_dependencies(struct lv_text *out, const struct lv_report *report)
{
    if (report->edge_count <= 1)
        return;
    lv_text_printf(out, "\nthe shortest dependencies between the %s-safe and the %s-unsafe lock:\n", state_of(report),
                   state_of(report));
    for (uint32_t i = report->edge_count; i-- > 1;)
        lv_put_chain_entry(out, report, i);
}

void lv_usage_text(const struct lv_report *report, struct lv_text *out)
{
    if (report->edge_count == 0) {
        lv_text_puts(out, "(no dependency is known)\n");
        return;
    }
    if (report->edge_count == 1)
        put_one_lock(out, report);
    else if (report->usage.news == LV_NEWS_EDGE)
        put_order(out, report);
    else
        put_inversion(out, report);
    lv_text_puts(out, "\nother info that might help us debug this:\n\n");
    put_names(out, report);
    lv_scenario_draw(report, out);
    put_dependencies(out, report);
}
