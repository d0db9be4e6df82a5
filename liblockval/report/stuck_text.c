/* SPDX-License-Identifier: MIT */
/* In lockdep's words where it has some: a lock is tried to acquire, and locks are held by somebody. What it would not print is
 * the stack of each acquisition, which is what one looks for when a program hangs. */

#include "report/stuck_text.h"

#include "report/lines.h"
#include "report/scenario.h"

#include <string.h>

#define INDENT_STACK 2u
#define INDENT_HELD 7u

#define MS_SHOWN 10000 /* longer waits are shown in seconds */

static bool is_read(enum lv_mode mode)
{
    return mode != LV_WRITE;
}

const char *lv_stuck_verb(const struct lv_report_stuck *stuck)
{
    switch (stuck->wait) {
    case LV_WAITS_JOIN:
        return "join";
    case LV_WAITS_COND:
        return "cond_wait";
    case LV_WAITS_SEM:
        return "sem_wait";
    case LV_WAITS_BARRIER:
        return "barrier_wait";
    case LV_WAITS_EVENT:
        return "wait";
    case LV_WAITS_LOCK:
    case LV_WAITS_NOT:
        break;
    }
    if ((stuck->wanted.flags & LV_SYNC) != 0)
        return "sync";
    return is_read(stuck->wanted.mode) ? "rlock" : "lock";
}

void lv_stuck_name(const struct lv_report_stuck *stuck, struct lv_text *out)
{
    if (stuck->wait == LV_WAITS_JOIN)
        lv_text_puts(out, lv_scenario_word(stuck->joined.name));
    else if (stuck->wanted.class != NULL)
        lv_text_puts(out, lv_scenario_class(&stuck->wanted));
    else if (stuck->wanted.address != 0)
        lv_text_printf(out, "0x%lx", (unsigned long)stuck->wanted.address);
    else
        lv_text_putc(out, '?');
}

/* For how long it has been waiting. */
static void put_since(const struct lv_report_stuck *stuck, struct lv_text *out)
{
    if (stuck->waited_ms >= MS_SHOWN)
        lv_text_printf(out, ", for %llu s", (unsigned long long)stuck->waited_ms / 1000);
    else if (stuck->waited_ms >= 0)
        lv_text_printf(out, ", for %u ms", (unsigned)stuck->waited_ms);
    lv_text_puts(out, stuck->timed ? ", until a time is up:\n" : ":\n");
}

static const char *does(const struct lv_report_stuck *stuck)
{
    switch (stuck->wait) {
    case LV_WAITS_NOT:
        break;
    case LV_WAITS_LOCK:
        if ((stuck->wanted.flags & LV_SYNC) != 0)
            return " waits until nobody holds lock";
        return is_read(stuck->wanted.mode) ? " is trying to acquire lock for reading" : " is trying to acquire lock";
    case LV_WAITS_JOIN:
        return " waits for the end of ";
    case LV_WAITS_COND:
        return " waits on condition variable";
    case LV_WAITS_SEM:
        return " waits for semaphore";
    case LV_WAITS_BARRIER:
        return " waits at barrier";
    case LV_WAITS_EVENT:
        return " waits for event";
    }
    return "";
}

/* The object itself, if it is not the end of a thread. */
static void put_object(const struct lv_report_lock *object, struct lv_text *out)
{
    if (object->class != NULL)
        lv_put_lock(out, object);
    else if (object->address != 0)
        lv_text_printf(out, "0x%lx, at: %s\n", (unsigned long)object->address, lv_frame_at(&object->stack, 0));
}

static void put_wait(const struct lv_report_stuck *stuck, struct lv_text *out)
{
    lv_put_thread(out, &stuck->thread);
    if (stuck->foreign)
        lv_text_puts(out, ", of another process,");
    lv_text_puts(out, does(stuck));
    if (stuck->wait == LV_WAITS_JOIN && stuck->joined.name != NULL)
        lv_put_thread(out, &stuck->joined);
    else if (stuck->wait == LV_WAITS_JOIN)
        lv_text_puts(out, "a thread");
    put_since(stuck, out);
    if (stuck->wait != LV_WAITS_JOIN)
        put_object(&stuck->wanted, out);
    if (stuck->wanted.earlier)
        lv_text_puts(out, "called at (first acquisition from this site):\n");
    if (!stuck->foreign)
        lv_put_stack(out, INDENT_STACK, &stuck->wanted.stack);
    if (stuck->with.class != NULL) {
        lv_text_puts(out, stuck->wait == LV_WAITS_COND ? "and takes this lock again when it is woken:\n"
                                                       : "and needs this lock before it can go on:\n");
        lv_put_lock(out, &stuck->with);
    }
}

/* What the one that it waits for has to do with it. Of a join that was said already. */
static void put_blocker(const struct lv_report_stuck *all, const struct lv_report_stuck *stuck, struct lv_text *out)
{
    const struct lv_report_stuck *blocker = &all[stuck->blocker];
    const char *before = "kept from that by ", *after = "";

    if (stuck->wait == LV_WAITS_JOIN)
        return;
    if (stuck->blocker_queued) {
        before = "behind ";
        after = ", which waits for it as a writer";
    } else if (stuck->wait == LV_WAITS_LOCK || stuck->with.class != NULL) {
        before = "which is held by ";
        after = is_read(stuck->blocker_mode) ? " for reading" : "";
    }
    lv_text_puts(out, before);
    lv_put_thread(out, &blocker->thread);
    lv_text_printf(out, "%s%s\n", after, blocker == stuck ? ", which is this thread itself" : "");
}

static void put_held(const struct lv_report_stuck *stuck, struct lv_text *out)
{
    uint32_t count = stuck->held_count + stuck->left_out;

    if (stuck->foreign) {
        lv_text_puts(out, "what else it holds is not known here.\n");
        return;
    }
    if (count == 0) {
        lv_text_puts(out, "no locks held by ");
        lv_put_thread(out, &stuck->thread);
        lv_text_puts(out, ".\n");
        return;
    }
    lv_text_printf(out, "%u %s held by ", count, count == 1 ? "lock" : "locks");
    lv_put_thread(out, &stuck->thread);
    lv_text_puts(out, ":\n");
    if (stuck->left_out != 0)
        lv_text_printf(out, " (%u of them, the oldest, %s not shown)\n", stuck->left_out,
                       stuck->left_out == 1 ? "is" : "are");
    for (uint32_t i = 0; i < stuck->held_count; i++) {
        const struct lv_report_lock *lock = &stuck->held[i];

        lv_text_printf(out, " #%u: ", stuck->left_out + i);
        lv_put_lock(out, lock);
        if (lock->earlier)
            lv_text_puts(out, "     taken at (first acquisition from this site):\n");
        lv_put_stack(out, INDENT_HELD, &lock->stack);
    }
}

void lv_stuck_block(const struct lv_report_stuck *all, uint32_t count, uint32_t i, struct lv_text *out)
{
    const struct lv_report_stuck *stuck = &all[i];

    lv_text_putc(out, '\n');
    if (stuck->wait != LV_WAITS_NOT) {
        put_wait(stuck, out);
        if (stuck->blocker < count)
            put_blocker(all, stuck, out);
    }
    put_held(stuck, out);
}

/* ---- a listing ---- */

void lv_report_threads_text(const struct lv_report *report, const char *why, struct lv_text *out)
{
    lv_text_printf(out, "\nShowing all threads of %s[%d]", lv_scenario_word(report->program), report->pid);
    if (why != NULL)
        lv_text_printf(out, ", at %s", why);
    lv_text_puts(out, ":\n");
    for (uint32_t i = 0; i < report->stuck_count; i++)
        lv_stuck_block(report->stuck, report->stuck_count, i, out);
    lv_text_puts(out, "\n=============================================\n");
}

/* ---- one line ---- */

#define SHOWN 4u     /* things that are waited for, where there is no circle */
#define VERB_MAX 32u /* and what stands between them */

static void put_short(const struct lv_report_stuck *stuck, struct lv_text *out)
{
    bool plain = stuck->wait == LV_WAITS_LOCK || stuck->wait == LV_WAITS_EVENT;

    if (!plain)
        lv_text_printf(out, "%s(", lv_stuck_verb(stuck));
    lv_stuck_name(stuck, out);
    lv_text_puts(out, plain ? "" : ")");
}

static bool is_same(const struct lv_report_stuck *a, const struct lv_report_stuck *b)
{
    return a->wait == b->wait && a->wanted.class == b->wanted.class &&
           (a->wanted.class != NULL || a->wanted.address == b->wanted.address);
}

/* Does an earlier thread wait for the same? */
static bool is_again(const struct lv_report *report, uint32_t i)
{
    for (uint32_t j = 0; j < i; j++)
        if (is_same(&report->stuck[j], &report->stuck[i]))
            return true;
    return false;
}

static void put_all(const struct lv_report *report, struct lv_text *out)
{
    uint32_t shown = 0, more = 0;

    for (uint32_t i = 0; i < report->stuck_count; i++) {
        if (is_again(report, i))
            continue;
        if (shown == SHOWN) {
            more++;
            continue;
        }
        lv_text_puts(out, shown++ != 0 ? ", " : "");
        put_short(&report->stuck[i], out);
    }
    if (more != 0)
        lv_text_printf(out, " and %u more", more);
}

void lv_report_stuck_cycle(const struct lv_report *report, struct lv_text *out)
{
    if (report->circle_count == 0) {
        put_all(report, out);
        return;
    }
    for (uint32_t i = 0; i <= report->circle_count; i++) {
        lv_text_puts(out, i != 0 ? " -> " : "");
        put_short(&report->stuck[i % report->circle_count], out);
    }
}

size_t lv_report_stuck_cycle_size(const struct lv_report *report)
{
    size_t size = 1;

    for (uint32_t i = 0; i <= report->stuck_count; i++) {
        const struct lv_report_stuck *stuck = &report->stuck[i % report->stuck_count];
        const char *name =
            stuck->wait == LV_WAITS_JOIN ? lv_scenario_word(stuck->joined.name) : lv_scenario_class(&stuck->wanted);

        size += VERB_MAX + strlen(name);
    }
    return size;
}
