/* SPDX-License-Identifier: MIT */

/*
 * The text report. Wording, order, bars and blank lines are lockdep's (kernel 6.x), because kernel engineers know
 * them by heart; the verdict with its reasons, both stacks of every edge and the wide scenario are lockval's own.
 * The file owns nothing and looks nothing up: what it prints stands in the struct lv_report. It runs in the middle
 * of the program's lock call, so it does not allocate, and takes text memory from the caller.
 *
 * Every name, frame and stack may be missing: evidence is dropped before a report is. "?" and "(no stack)" say so.
 */

#include "report/deadlock_text.h"
#include "report/report.h"
#include "report/scenario.h"
#include "report/usage_text.h"
#include "report/wait_context.h"

#include <string.h>

#define CHAIN_WIDTH 100u
#define CLASS_PAD_MAX 48u

#define INDENT_ENTRY 7u /* of frames below "-> #n" */
#define INDENT_STACK 2u /* of frames below "taken at:" in the head of a report */
#define INDENT_TRACE 1u /* of frames below "stack backtrace:" */

static const char nest_headline[] = "WARNING: Nested lock was not taken";
static const char cut_note[] = "\n(the report is cut here: its buffer is full)\n";

static const char *headline_of(enum lv_finding_kind kind)
{
    switch (kind) {
    case LV_FINDING_CIRCULAR:
    case LV_FINDING_EVENT:
        return "WARNING: possible circular locking dependency detected";
    case LV_FINDING_RECURSIVE:
        return "WARNING: possible recursive locking detected";
    case LV_FINDING_UNLOCK:
        return "WARNING: bad unlock balance detected!";
    case LV_FINDING_LIFETIME:
        return "WARNING: held lock destroyed, freed or lost!";
    case LV_FINDING_COND:
        return "WARNING: bad wait on a condition variable!";
    case LV_FINDING_FORK:
        return "WARNING: lock held by a thread that a forked child does not have!";
    case LV_FINDING_ASSERT:
        return "WARNING: lock assertion failed";
    case LV_FINDING_WAIT_CONTEXT:
        return lv_wait_context_headline;
    case LV_FINDING_ORDER:
        return "WARNING: acquisition against the expected lock order";
    case LV_FINDING_SIGNAL: /* these have their own */
    case LV_FINDING_DEADLOCK:
    case LV_FINDING__COUNT:
        break;
    }
    return "WARNING: finding of an unknown kind";
}

void lv_put_thread(struct lv_text *out, const struct lv_report_thread *thread)
{
    lv_text_printf(out, "%s/%d", lv_scenario_word(thread->name), thread->tid);
}

const char *lv_frame_at(const struct lv_report_stack *stack, uint32_t i)
{
    if (stack->count == 0)
        return "(no stack)";
    return lv_scenario_word(stack->frames ? stack->frames[i] : NULL);
}

/* One frame a line, or the line that says that there is none. */
static void put_stack(struct lv_text *out, size_t indent, const struct lv_report_stack *stack)
{
    uint32_t i = 0;

    do {
        lv_text_repeat(out, ' ', indent);
        lv_text_puts(out, lv_frame_at(stack, i));
        lv_text_putc(out, '\n');
    } while (++i < stack->count);
}

/* "(NAME){USAGE}-{OUTER:INNER}" */
static void put_class(struct lv_text *out, const struct lv_report_lock *lock)
{
    const struct lv_report_class *class = lock->class;
    unsigned inner = class ? class->wait_inner : 0;
    unsigned outer = class && class->wait_outer ? class->wait_outer : inner;

    lv_text_printf(out, "(%s%s%s){%.*s}-{%u:%u}", lv_scenario_class(lock), lock->note ? " " : "",
                   lock->note ? lock->note : "", 4, class && class->usage[0] ? class->usage : "....", outer, inner);
}

void lv_put_lock_at(struct lv_text *out, const struct lv_report_lock *lock, const char *at)
{
    lv_text_printf(out, "0x%lx ", (unsigned long)lock->address);
    put_class(out, lock);
    lv_text_printf(out, ", at: %s\n", at);
}

/* The same, at the first frame of its own stack. */
static void put_lock(struct lv_text *out, const struct lv_report_lock *lock)
{
    lv_put_lock_at(out, lock, lv_frame_at(&lock->stack, 0));
}

static void put_head(struct lv_text *out, const struct lv_report *report)
{
    char words[USAGE_HEADLINE];
    const char *headline = report->nest != 0                     ? nest_headline
                           : report->kind == LV_FINDING_SIGNAL   ? lv_usage_headline(report, words)
                           : report->kind == LV_FINDING_DEADLOCK ? lv_deadlock_headline(report)
                                                                 : headline_of(report->kind);
    size_t bar = strlen(headline);

    lv_text_putc(out, '\n');
    lv_text_repeat(out, '=', bar);
    lv_text_printf(out, "\n%s\nlockval %s  %s[%d]\n", headline, lv_scenario_word(report->version),
                   lv_scenario_word(report->program), report->pid);
    lv_text_repeat(out, '-', bar);
    lv_text_putc(out, '\n');
}

/* The line that says in which signal handler the thread does what the lines before say. */
void lv_put_handler(struct lv_text *out, const struct lv_report *report)
{
    if (report->handler.signal != 0)
        lv_text_printf(out, "in the handler of signal %s, installed at %s\n", lv_scenario_word(report->handler.name),
                       lv_scenario_word(report->handler.site));
}

/* What the thread is about to do, and what it holds: the new edge. */
static void put_new_edge(struct lv_text *out, const struct lv_report *report)
{
    const struct lv_report_edge *edge = &report->edges[0];
    const char *wanted = " is trying to acquire lock:\n";
    const char *held = "\nbut thread is already holding lock:\n";

    if (edge->kind == LV_REPORT_EDGE_WAIT) {
        wanted = " is about to wait for:\n";
    } else if (edge->kind == LV_REPORT_EDGE_COMPLETE) {
        wanted = " is completing an event, and took this lock since a wait for it began:\n";
        held = "\nand the event that it is completing is:\n";
    } else if (edge->kind == LV_REPORT_EDGE_END) {
        held = "\nand its end is what is waited for:\n";
    }
    lv_put_thread(out, &report->thread);
    lv_text_puts(out, wanted);
    put_lock(out, &edge->wanted);
    if (edge->kind != LV_REPORT_EDGE_COMPLETE)
        lv_put_handler(out, report);
    lv_text_puts(out, held);
    put_lock(out, &edge->held);
    if (report->compared)
        lv_text_printf(out, "and the lock comparison function returns %d:\n", report->comparison);
    if (edge->kind == LV_REPORT_EDGE_COMPLETE)
        lv_put_handler(out, report);
}

/* The same for an edge that was made earlier: it had to wait until a semaphore was known to be a lock. */
static void put_late_edge(struct lv_text *out, const struct lv_report *report)
{
    const struct lv_report_edge *edge = &report->edges[0];
    const char *wanted = " tried earlier to acquire lock:\n";
    const char *held = "\nwhile it was holding lock:\n";

    if (edge->kind == LV_REPORT_EDGE_WAIT) {
        wanted = " waited earlier for:\n";
    } else if (edge->kind == LV_REPORT_EDGE_COMPLETE) {
        wanted = " completed an event earlier, and had taken this lock since a wait for it began:\n";
        held = "\nand the event that it completed is:\n";
    } else if (edge->kind == LV_REPORT_EDGE_END) {
        held = "\nand its end is what was waited for:\n";
    }
    lv_put_thread(out, &edge->thread);
    lv_text_puts(out, wanted);
    put_lock(out, &edge->wanted);
    lv_text_puts(out, held);
    put_lock(out, &edge->held);
}

static void put_why_late(struct lv_text *out, const struct lv_report *report)
{
    lv_text_puts(out, "\nThis counts from now on, as ");
    lv_put_thread(out, &report->thread);
    lv_text_puts(out, " posts a semaphore that it had waited for: it is used as a lock.\n");
}

static const char *depends_line(enum lv_report_edge_kind kind)
{
    switch (kind) {
    case LV_REPORT_EDGE_WAIT:
        return "which lock already depends on the event.\n";
    case LV_REPORT_EDGE_COMPLETE:
        return "which event already depends on the new lock.\n";
    case LV_REPORT_EDGE_END:
        return "which join already depends on the new lock.\n";
    case LV_REPORT_EDGE_LOCK:
    case LV_REPORT_EDGE_INTERRUPT:
        break;
    }
    return "which lock already depends on the new lock.\n";
}

/* "-> #n": how class n came to follow class n-1. */
static void put_chain_entry(struct lv_text *out, const struct lv_report *report, uint32_t i)
{
    const struct lv_report_edge *edge = &report->edges[i];
    bool addresses = lv_scenario_in_one_class(report);
    bool completes = edge->kind == LV_REPORT_EDGE_COMPLETE;
    bool ends = edge->kind == LV_REPORT_EDGE_END;

    lv_text_printf(out, "\n-> #%u ", i);
    if (addresses)
        lv_text_printf(out, "0x%lx ", (unsigned long)edge->wanted.address);
    put_class(out, &edge->wanted);
    lv_text_puts(out, ":\n");
    put_stack(out, INDENT_ENTRY, &edge->wanted.stack);

    lv_text_puts(out, completes ? "     after a wait for "
                      : ends    ? "     before the end that "
                                : "     while holding ");
    if (addresses)
        lv_text_printf(out, "0x%lx ", (unsigned long)edge->held.address);
    lv_text_printf(out, "(%s)%s\n", lv_scenario_class(&edge->held),
                   completes            ? " began, which was completed at:"
                   : ends               ? " waits for, at:"
                   : edge->held.earlier ? ", taken at (first acquisition from this site):"
                                        : ", taken at:");
    put_stack(out, INDENT_ENTRY, &edge->held.stack);

    lv_text_puts(out, "     by ");
    lv_put_thread(out, &edge->thread);
    lv_text_putc(out, '\n');
}

/*
 * The whole cycle by names, from the new lock round to itself. lockdep prints three names whatever the length; it
 * prints none for two locks, which the entries above show as clearly, and so do we.
 */
static void put_chain_names(struct lv_text *out, const struct lv_report *report)
{
    bool addresses = lv_scenario_in_one_class(report);
    size_t column = 2;

    if (report->edge_count <= 2)
        return;
    lv_text_puts(out, "Chain exists of:\n  ");
    for (uint32_t i = 0; i <= report->edge_count; i++) {
        const struct lv_report_lock *lock = &report->edges[i % report->edge_count].wanted;
        const char *name = lv_scenario_class(lock);
        char address[2 + 2 * sizeof(uintptr_t) + 2];
        struct lv_text text;
        size_t len;

        lv_text_init(&text, address, sizeof(address));
        if (addresses)
            lv_text_printf(&text, " 0x%lx", (unsigned long)lock->address);
        len = strlen(name) + text.len + (i ? strlen(" --> ") : 0);
        if (i && column + len > CHAIN_WIDTH) {
            lv_text_puts(out, "\n   ");
            column = 3;
        }
        lv_text_printf(out, "%s%s%s", i ? " --> " : "", name, address);
        column += len;
    }
    lv_text_puts(out, "\n\n");
}

static void put_circular(struct lv_text *out, const struct lv_report *report)
{
    if (report->late)
        put_late_edge(out, report);
    else
        put_new_edge(out, report);
    lv_text_putc(out, '\n');
    lv_text_puts(out, depends_line(report->edges[0].kind));
    if (report->late)
        put_why_late(out, report);
    lv_text_puts(out, "\n\nthe existing dependency chain (in reverse order) is:\n");
    for (uint32_t i = report->edge_count; i-- > 0;)
        put_chain_entry(out, report, i);
    lv_text_puts(out, "\nother info that might help us debug this:\n\n");
    put_chain_names(out, report);
    lv_scenario_draw(report, out);
}

static void put_recursive(struct lv_text *out, const struct lv_report *report)
{
    const struct lv_report_edge *edge = &report->edges[0];

    if (report->late)
        put_late_edge(out, report);
    else
        put_new_edge(out, report);
    lv_text_puts(out, edge->held.earlier ? "\nwhich lock was taken at (first acquisition from this site):\n"
                                         : "\nwhich lock was taken at:\n");
    put_stack(out, INDENT_STACK, &edge->held.stack);
    if (report->late)
        put_why_late(out, report);
    lv_text_puts(out, "\nother info that might help us debug this:\n");
    lv_scenario_draw(report, out);
    if (report->compared)
        lv_text_puts(out, "\n The program orders the locks of this class, and this is not that order\n");
    else if (edge->held.address != edge->wanted.address)
        lv_text_puts(out, "\n May be due to missing lock nesting notation\n");
    else if (report->verdict == LV_VERDICT_DEADLOCK)
        lv_text_puts(out, "\n The lock is held by the thread itself: the thread will wait for ever.\n");
    else
        lv_text_puts(out, "\n The lock is held by the thread itself.\n");
}

static void put_taken(struct lv_text *out, const char *what, const struct lv_report_lock *lock)
{
    lv_text_printf(out, "\n%s%s:\n", what, lock->earlier ? " (first acquisition from this site)" : "");
    put_stack(out, INDENT_STACK, &lock->stack);
}

/* What is against the lock order that the program is expected to keep. The backtrace has the other side. */
static void put_order(struct lv_text *out, const struct lv_report *report)
{
    const struct lv_report_edge *edge = &report->edges[0];

    if (report->late)
        put_late_edge(out, report);
    else
        put_new_edge(out, report);
    lv_text_printf(out, "\nwhich is against the lock order that is expected:\n  %s\n",
                   lv_scenario_word(report->detail));
    if (edge->kind == LV_REPORT_EDGE_END && !report->late)
        put_taken(out, "the end is waited for at", &edge->held);
    else if (edge->kind == LV_REPORT_EDGE_END || edge->kind == LV_REPORT_EDGE_COMPLETE)
        put_taken(out, "the lock was taken at", &edge->wanted);
    else
        put_taken(out, "the held lock was taken at", &edge->held);
    if (report->late && (edge->kind == LV_REPORT_EDGE_LOCK || edge->kind == LV_REPORT_EDGE_WAIT))
        put_taken(out, "and the other one at", &edge->wanted);
}

/* The lock is about to be taken under a nest lock that is not held. */
static void put_nest(struct lv_text *out, const struct lv_report *report)
{
    lv_text_puts(out, " is trying to lock:\n");
    lv_put_lock_at(out, &report->subject, lv_frame_at(&report->backtrace, 0));
    lv_put_handler(out, report);
    lv_text_printf(out, "\nbut this thread is not holding:\n0x%lx", (unsigned long)report->nest);
    if (report->nest_name != NULL)
        lv_text_printf(out, " (%s)", report->nest_name);
    lv_text_printf(out, "\nunder which it is to be taken\n");
}

/* A finding about one lock: the lock and the detail read as one sentence. A claim about something else has no lock: thread
 * and detail do. */
static void put_subject(struct lv_text *out, const struct lv_report *report)
{
    const struct lv_report_lock *lock = &report->subject;

    lv_put_thread(out, &report->thread);
    if (report->nest != 0) {
        put_nest(out, report);
        return;
    }
    if (lock->address == 0) {
        lv_text_printf(out, "\n%s\n", lv_scenario_word(report->detail));
        lv_put_handler(out, report);
        return;
    }
    lv_text_printf(out, ": lock\n0x%lx ", (unsigned long)lock->address);
    put_class(out, lock);
    if (lock->stack.count)
        lv_text_printf(out, ", at: %s", lv_frame_at(&lock->stack, 0));
    lv_text_printf(out, "\n%s\n", lv_scenario_word(report->detail));
    lv_put_handler(out, report);
    if (lock->stack.count) {
        lv_text_puts(out, lock->earlier ? "\nthe lock was taken at (first acquisition from this site):\n"
                                        : "\nthe lock was taken at:\n");
        put_stack(out, INDENT_STACK, &lock->stack);
    }
}

/* The other thread's side of a finding about one lock. */
static void put_holder(struct lv_text *out, const struct lv_report *report)
{
    const struct lv_report_lock *lock = &report->holder;

    if (report->holder_thread.name == NULL)
        return;
    lv_text_puts(out, report->holder_waits ? "\nwhere " : "\nwhich is held by ");
    lv_put_thread(out, &report->holder_thread);
    if (report->holder_waits) {
        lv_text_printf(out, " waits with lock\n0x%lx ", (unsigned long)lock->address);
        put_class(out, lock);
    }
    lv_text_puts(out, report->holder_waits ? ", at" : ", taken at");
    lv_text_puts(out, lock->earlier ? " (first acquisition from this site):\n" : ":\n");
    put_stack(out, INDENT_STACK, &lock->stack);
}

static void put_body(struct lv_text *out, const struct lv_report *report)
{
    switch (report->kind) {
    case LV_FINDING_CIRCULAR:
    case LV_FINDING_EVENT:
    case LV_FINDING_RECURSIVE:
        if (report->edge_count == 0)
            lv_text_puts(out, "(no dependency is known)\n");
        else if (report->kind == LV_FINDING_RECURSIVE && report->edge_count == 1)
            put_recursive(out, report);
        else
            put_circular(out, report);
        break;
    case LV_FINDING_WAIT_CONTEXT:
        lv_wait_context_text(report, out);
        break;
    case LV_FINDING_ORDER:
        if (report->edge_count != 0)
            put_order(out, report);
        else
            lv_text_puts(out, "(no dependency is known)\n");
        break;
    case LV_FINDING_SIGNAL:
        lv_usage_text(report, out);
        break;
    case LV_FINDING_DEADLOCK:
        lv_deadlock_text(report, out);
        break;
    case LV_FINDING_UNLOCK:
    case LV_FINDING_LIFETIME:
    case LV_FINDING_COND:
    case LV_FINDING_FORK:
    case LV_FINDING_ASSERT:
    case LV_FINDING__COUNT:
        put_subject(out, report);
        put_holder(out, report);
        break;
    }
}

/* Names in one column, origins in the next; a very long name does not push the others' origins away. */
static void put_classes(struct lv_text *out, const struct lv_report *report)
{
    size_t pad = 0;

    for (uint32_t i = 0; i < report->class_count; i++) {
        size_t len = strlen(lv_scenario_word(report->classes[i]->name));

        if (len > pad && len <= CLASS_PAD_MAX)
            pad = len;
    }
    for (uint32_t i = 0; i < report->class_count; i++) {
        const char *name = lv_scenario_word(report->classes[i]->name);
        size_t len = strlen(name);

        lv_text_printf(out, "%s %s", i ? "        " : "classes:", name);
        lv_text_repeat(out, ' ', (len < pad ? pad - len : 0) + 3);
        lv_text_printf(out, "%s\n", lv_scenario_word(report->classes[i]->origin));
    }
}

static void put_verdict(struct lv_text *out, const struct lv_report *report)
{
    lv_text_printf(out, "\nverdict: %s\n", lv_verdict_name(report->verdict));
    for (uint32_t i = 0; i < report->reason_count; i++)
        lv_text_printf(out, "  %s\n", lv_scenario_word(report->reasons[i]));
    if (report->kind == LV_FINDING_DEADLOCK)
        lv_deadlock_prediction(report, out);
    put_classes(out, report);
    for (uint32_t i = 0; i < report->advice_count; i++)
        lv_text_printf(out, "%s %s\n", i ? "       " : "advice:", lv_scenario_word(report->advice[i]));
    lv_text_printf(out, "fingerprint: %s\n", lv_scenario_word(report->fingerprint));
}

static void put_held(struct lv_text *out, const struct lv_report *report)
{
    if (report->held_count == 0) {
        lv_text_puts(out, "\nno locks held by ");
        lv_put_thread(out, &report->thread);
        lv_text_puts(out, ".\n");
        return;
    }
    lv_text_printf(out, "\n%u %s held by ", report->held_count, report->held_count == 1 ? "lock" : "locks");
    lv_put_thread(out, &report->thread);
    lv_text_puts(out, ":\n");
    for (uint32_t i = 0; i < report->held_count; i++) {
        lv_text_printf(out, " #%u: ", i);
        put_lock(out, &report->held[i]);
    }
}

void lv_report_held_text(const struct lv_report *report, struct lv_text *out)
{
    put_held(out, report);
}

/* What did not fit is gone; the end of what did fit gives way to a line that says so. */
static void mark_cut(struct lv_text *out, size_t start)
{
    size_t note = sizeof(cut_note) - 1;

    if (!out->cut || out->len < start + note)
        return;
    memcpy(out->buf + out->len - note, cut_note, note);
}

void lv_report_text(const struct lv_report *report, struct lv_text *out)
{
    size_t start = out->len;

    put_head(out, report);
    put_body(out, report);
    put_verdict(out, report);
    if (report->stuck_count == 0) { /* else each of them has its block */
        put_held(out, report);
        lv_text_puts(out, "\nstack backtrace:\n");
        put_stack(out, INDENT_TRACE, &report->backtrace);
    }
    mark_cut(out, start);
}

/* ---- lines.h: the same for layouts in files of their own ---- */

void lv_put_stack(struct lv_text *out, size_t indent, const struct lv_report_stack *stack)
{
    put_stack(out, indent, stack);
}

void lv_put_class(struct lv_text *out, const struct lv_report_lock *lock)
{
    put_class(out, lock);
}

void lv_put_lock(struct lv_text *out, const struct lv_report_lock *lock)
{
    put_lock(out, lock);
}

void lv_put_chain_entry(struct lv_text *out, const struct lv_report *report, uint32_t i)
{
    put_chain_entry(out, report, i);
}
