/* SPDX-License-Identifier: MIT */

/*
 * Draws how the cycle hangs. Owns nothing and keeps nothing: all state is on the stack of the call.
 *
 * lockdep draws two columns whatever the length of the cycle, which misleads: the reader looks for two threads
 * where seven are needed. Here every edge has its column, in the order of the cycle, beginning with the holder of
 * the new lock; the thread that made the finding is last. The rows are three phases:
 *   1. every thread takes the lock it will hold. The completer of an event holds nothing that matters;
 *   2. every thread asks for the next lock, or waits for the event, and does not get it;
 *   3. the calls that would complete an event, which are never reached.
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

enum phase {
    PHASE_HOLD,
    PHASE_WANT,
    PHASE_COMPLETE,
    PHASE__COUNT
};

struct entry {
    const char *verb; /* null: the column is empty in this phase */
    const struct lv_report_lock *lock;
};

static const char *verb_of(const struct lv_report_lock *lock)
{
    bool try = (lock->flags & LV_TRY) != 0;

    if ((lock->flags & LV_SYNC) != 0)
        return "sync";
    if (lock->mode == LV_WRITE)
        return try ? "trylock" : "lock";
    return try ? "tryrlock" : "rlock";
}

static struct entry entry_of(const struct lv_report_edge *edge, enum phase phase)
{
    struct entry entry = { NULL, NULL };
    bool ends = edge->kind == LV_REPORT_EDGE_END;
    bool completes = ends || edge->kind == LV_REPORT_EDGE_COMPLETE;

    switch (phase) {
    case PHASE_HOLD:
        if (!completes)
            entry = (struct entry){ verb_of(&edge->held), &edge->held };
        break;
    case PHASE_WANT:
        if (edge->kind == LV_REPORT_EDGE_WAIT)
            entry = (struct entry){ "wait", &edge->wanted };
        else
            entry = (struct entry){ verb_of(&edge->wanted), &edge->wanted };
        break;
    case PHASE_COMPLETE:
        if (completes)
            entry = (struct entry){ ends ? "end" : "complete", &edge->held };
        break;
    case PHASE__COUNT:
        break;
    }
    return entry;
}

/* Column 0 is the edge that leaves the new lock, the last column the new edge. */
static const struct lv_report_edge *edge_at(const struct lv_report *report, uint32_t column)
{
    return &report->edges[(column + 1) % report->edge_count];
}

/* Is the thread's name also another thread's? Then only name and id together say who it is. */
static bool name_is_shared(const struct lv_report *report, const struct lv_report_thread *thread)
{
    const char *name = lv_scenario_word(thread->name);

    for (uint32_t i = 0; i < report->edge_count; i++) {
        const struct lv_report_thread *other = &report->edges[i].thread;

        if (other->tid != thread->tid && strcmp(lv_scenario_word(other->name), name) == 0)
            return true;
    }
    return false;
}

/* Print the heading of a column; with a null @out only measure it. Returns: its length. */
static size_t put_heading(const struct lv_report *report, const struct lv_report_edge *edge, struct lv_text *out)
{
    char buf[64];
    struct lv_text heading;

    lv_text_init(&heading, buf, sizeof(buf));
    lv_text_puts(&heading, lv_scenario_word(edge->thread.name));
    if (name_is_shared(report, &edge->thread))
        lv_text_printf(&heading, "/%d", edge->thread.tid);
    if (out)
        lv_text_puts(out, buf);
    return heading.len;
}

/* Print "lock(NAME);"; with a null @out only measure it. Returns: its length. */
static size_t put_entry(const struct lv_report *report, struct entry entry, struct lv_text *out)
{
    const char *name = lv_scenario_class(entry.lock);
    char address[2 + 2 * sizeof(uintptr_t) + 2];
    struct lv_text text;

    lv_text_init(&text, address, sizeof(address));
    if (lv_scenario_in_one_class(report))
        lv_text_printf(&text, " 0x%lx", (unsigned long)entry.lock->address);
    if (out)
        lv_text_printf(out, "%s(%s%s);", entry.verb, name, address);
    return strlen(entry.verb) + 1 + strlen(name) + text.len + 2;
}

static size_t column_width(const struct lv_report *report)
{
    size_t longest = 0;

    for (uint32_t i = 0; i < report->edge_count; i++) {
        size_t len = put_heading(report, &report->edges[i], NULL);

        if (len > longest)
            longest = len;
        for (enum phase phase = PHASE_HOLD; phase < PHASE__COUNT; phase++) {
            struct entry entry = entry_of(&report->edges[i], phase);

            len = entry.verb ? put_entry(report, entry, NULL) : 0;
            if (len > longest)
                longest = len;
        }
    }
    longest += COLUMN_GAP;
    return longest > COLUMN_WIDTH ? longest : COLUMN_WIDTH;
}

static void draw_headings(const struct lv_report *report, uint32_t first, uint32_t end, size_t width,
                          struct lv_text *out)
{
    for (int underline = 0; underline < 2; underline++) {
        lv_text_repeat(out, ' ', HEADING_INDENT);
        for (uint32_t column = first; column < end; column++) {
            const struct lv_report_edge *edge = edge_at(report, column);
            size_t len = put_heading(report, edge, underline ? NULL : out);

            if (underline)
                lv_text_repeat(out, '-', len);
            if (column + 1 < end)
                lv_text_repeat(out, ' ', width - len);
        }
        lv_text_putc(out, '\n');
    }
}

static void draw_band(const struct lv_report *report, uint32_t first, uint32_t end, size_t width, struct lv_text *out)
{
    draw_headings(report, first, end, width, out);
    for (enum phase phase = PHASE_HOLD; phase < PHASE__COUNT; phase++) {
        for (uint32_t column = first; column < end; column++) {
            struct entry entry = entry_of(edge_at(report, column), phase);
            size_t indent = column == first ? FIRST_INDENT : HEADING_INDENT + (column - first) * width;

            if (!entry.verb)
                continue;
            if (phase == PHASE_WANT && edge_at(report, column)->kind == LV_REPORT_EDGE_INTERRUPT) {
                lv_text_repeat(out, ' ', indent);
                lv_text_printf(out, "<%s>\n", lv_scenario_word(report->usage.state));
                indent += CONTEXT_INDENT;
            }
            lv_text_repeat(out, ' ', indent);
            put_entry(report, entry, out);
            lv_text_putc(out, '\n');
        }
    }
    lv_text_putc(out, '\n');
}

void lv_scenario_draw(const struct lv_report *report, struct lv_text *out)
{
    size_t width = column_width(report);
    size_t fit = (BAND_WIDTH - HEADING_INDENT) / width;
    uint32_t columns = fit == 0 ? 1 : fit < BAND_COLUMNS ? (uint32_t)fit : BAND_COLUMNS;

    lv_text_printf(out, " Possible %sunsafe locking scenario:\n\n",
                   report->kind == LV_FINDING_SIGNAL && report->edge_count > 1 ? "interrupt " : "");
    if (report->edge_count > columns)
        lv_text_printf(out,
                       " (%u columns, %u side by side: every column takes its first lock before any asks for the "
                       "next)\n\n",
                       report->edge_count, columns);
    for (uint32_t first = 0; first < report->edge_count; first += columns) {
        uint32_t left = report->edge_count - first;

        draw_band(report, first, first + (left < columns ? left : columns), width, out);
    }
    lv_text_puts(out, report->verdict == LV_VERDICT_GUARDED ? " *** no DEADLOCK: see the verdict ***\n"
                                                            : " *** DEADLOCK ***\n");
}
