/* SPDX-License-Identifier: MIT */

/*
 * Draws how a cycle hangs. Owns nothing and keeps nothing: all state is on the stack of the call.
 *
 * lockdep draws two columns whatever the length of the cycle, which misleads: the reader looks for two threads
 * where seven are needed. Here every step has its column, in the order of the cycle. Time runs downwards in phases
 * (scenario.h). For the edges of a cycle, which begins with the holder of the new lock and ends with the thread that made the
 * finding, the phases are:
 *   HOLD      every thread takes the lock it will hold. The completer of an event holds nothing that matters;
 *   WANT      every thread asks for the next lock, or waits for the event, and does not get it;
 *   COMPLETE  the calls that would complete an event, which are never reached.
 * A row holds one entry, so nothing can overwrite anything. The width of the columns still follows the longest
 * entry, so that each entry ends before the next column starts and the eye can tell to whom it belongs.
 */

#include "report/scenario.h"

#include <string.h>

#define BAND_COLUMNS 4u
#define BAND_WIDTH 160u /* of a line, above which a band gets fewer columns */
#define COLUMN_WIDTH 24u
#define COLUMN_GAP 2u

/* lockdep's: entries of the first column stand left of its heading. */
#define HEADING_INDENT 7u
#define FIRST_INDENT 2u
#define CONTEXT_INDENT 2u /* of what a context takes, behind what it interrupts */

/* Who draws what. */
struct drawing {
    lv_scenario_column_fn column_at;
    const void *arg;
    uint32_t count;
};

/* Is the thread's name also another thread's? Then only name and id together say who it is. */
static bool name_is_shared(const struct drawing *d, const struct lv_report_thread *thread)
{
    const char *name = lv_scenario_word(thread->name);
    struct lv_scenario_column column;

    for (uint32_t i = 0; i < d->count; i++) {
        d->column_at(d->arg, i, &column);
        if (column.thread->tid != thread->tid && strcmp(lv_scenario_word(column.thread->name), name) == 0)
            return true;
    }
    return false;
}

/* Print the heading of a column; with a null @out only measure it. Returns: its length. */
static size_t put_heading(const struct drawing *d, const struct lv_scenario_column *column, struct lv_text *out)
{
    char buf[64];
    struct lv_text heading;

    lv_text_init(&heading, buf, sizeof(buf));
    lv_text_puts(&heading, lv_scenario_word(column->thread->name));
    if (name_is_shared(d, column->thread))
        lv_text_printf(&heading, "/%d", column->thread->tid);
    if (out)
        lv_text_puts(out, buf);
    return heading.len;
}

/* Print "lock(NAME);"; with a null @out only measure it. Returns: its length. */
static size_t put_entry(const struct lv_scenario_entry *entry, struct lv_text *out)
{
    char address[2 + 2 * sizeof(uintptr_t) + 2];
    struct lv_text text;

    lv_text_init(&text, address, sizeof(address));
    if (entry->address != 0)
        lv_text_printf(&text, " 0x%lx", (unsigned long)entry->address);
    if (entry->name == NULL) {
        if (out)
            lv_text_printf(out, "%s;", entry->verb);
        return strlen(entry->verb) + 1;
    }
    if (out)
        lv_text_printf(out, "%s(%s%s);", entry->verb, entry->name, address);
    return strlen(entry->verb) + 1 + strlen(entry->name) + text.len + 2;
}

static size_t column_width(const struct drawing *d)
{
    struct lv_scenario_column column;
    size_t longest = 0;

    for (uint32_t i = 0; i < d->count; i++) {
        size_t len;

        d->column_at(d->arg, i, &column);
        len = put_heading(d, &column, NULL);
        if (len > longest)
            longest = len;
        for (int phase = 0; phase < LV_PHASE__COUNT; phase++) {
            len = column.entry[phase].verb ? put_entry(&column.entry[phase], NULL) : 0;
            if (len > longest)
                longest = len;
        }
    }
    longest += COLUMN_GAP;
    return longest > COLUMN_WIDTH ? longest : COLUMN_WIDTH;
}

static void draw_headings(const struct drawing *d, uint32_t first, uint32_t end, size_t width, struct lv_text *out)
{
    for (int underline = 0; underline < 2; underline++) {
        lv_text_repeat(out, ' ', HEADING_INDENT);
        for (uint32_t i = first; i < end; i++) {
            struct lv_scenario_column column;
            size_t len;

            d->column_at(d->arg, i, &column);
            len = put_heading(d, &column, underline ? NULL : out);
            if (underline)
                lv_text_repeat(out, '-', len);
            if (i + 1 < end)
                lv_text_repeat(out, ' ', width - len);
        }
        lv_text_putc(out, '\n');
    }
}

static void draw_band(const struct drawing *d, uint32_t first, uint32_t end, size_t width, struct lv_text *out)
{
    draw_headings(d, first, end, width, out);
    for (int phase = 0; phase < LV_PHASE__COUNT; phase++) {
        for (uint32_t i = first; i < end; i++) {
            size_t indent = i == first ? FIRST_INDENT : HEADING_INDENT + (i - first) * width;
            struct lv_scenario_column column;

            d->column_at(d->arg, i, &column);
            if (!column.entry[phase].verb)
                continue;
            if (phase == LV_PHASE_WANT && column.interrupt) {
                lv_text_repeat(out, ' ', indent);
                lv_text_printf(out, "<%s>\n", column.interrupt);
                indent += CONTEXT_INDENT;
            }
            lv_text_repeat(out, ' ', indent);
            put_entry(&column.entry[phase], out);
            lv_text_putc(out, '\n');
        }
    }
    lv_text_putc(out, '\n');
}

void lv_scenario_draw_columns(lv_scenario_column_fn column_at, const void *arg, uint32_t count, struct lv_text *out)
{
    const struct drawing d = { column_at, arg, count };
    size_t width = column_width(&d);
    size_t fit = (BAND_WIDTH - HEADING_INDENT) / width;
    uint32_t columns = fit == 0 ? 1 : fit < BAND_COLUMNS ? (uint32_t)fit : BAND_COLUMNS;

    if (count > columns)
        lv_text_printf(out,
                       " (%u columns, %u side by side: every column takes its first lock before any asks for the "
                       "next)\n\n",
                       count, columns);
    for (uint32_t first = 0; first < count; first += columns) {
        uint32_t left = count - first;

        draw_band(&d, first, first + (left < columns ? left : columns), width, out);
    }
}

/* ---- the edges of a cycle ---- */

static const char *verb_of(const struct lv_report_lock *lock)
{
    bool try = (lock->flags & LV_TRY) != 0;

    if ((lock->flags & LV_SYNC) != 0)
        return "sync";
    if (lock->mode == LV_WRITE)
        return try ? "trylock" : "lock";
    return try ? "tryrlock" : "rlock";
}

static struct lv_scenario_entry entry_of(const struct lv_report *report, const char *verb,
                                         const struct lv_report_lock *lock)
{
    return (struct lv_scenario_entry){ verb, lv_scenario_class(lock),
                                       lv_scenario_in_one_class(report) ? lock->address : 0 };
}

/* Column 0 is the edge that leaves the new lock, the last column the new edge. */
static void column_of_edge(const void *arg, uint32_t i, struct lv_scenario_column *ret)
{
    const struct lv_report *report = arg;
    const struct lv_report_edge *edge = &report->edges[(i + 1) % report->edge_count];
    const char *wanted = edge->kind == LV_REPORT_EDGE_WAIT ? "wait" : verb_of(&edge->wanted);
    bool ends = edge->kind == LV_REPORT_EDGE_END;

    *ret = (struct lv_scenario_column){ .thread = &edge->thread };
    if (edge->kind == LV_REPORT_EDGE_INTERRUPT)
        ret->interrupt = lv_scenario_word(report->usage.state);
    if (ends || edge->kind == LV_REPORT_EDGE_COMPLETE)
        ret->entry[LV_PHASE_COMPLETE] = entry_of(report, ends ? "end" : "complete", &edge->held);
    else
        ret->entry[LV_PHASE_HOLD] = entry_of(report, verb_of(&edge->held), &edge->held);
    ret->entry[LV_PHASE_WANT] = entry_of(report, wanted, &edge->wanted);
}

void lv_scenario_draw(const struct lv_report *report, struct lv_text *out)
{
    lv_text_printf(out, " Possible %sunsafe locking scenario:\n\n",
                   report->kind == LV_FINDING_SIGNAL && report->edge_count > 1 ? "interrupt " : "");
    lv_scenario_draw_columns(column_of_edge, report, report->edge_count, out);
    lv_text_puts(out, report->verdict == LV_VERDICT_GUARDED ? " *** no DEADLOCK: see the verdict ***\n"
                                                            : " *** DEADLOCK ***\n");
}
