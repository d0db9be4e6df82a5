/* SPDX-License-Identifier: MIT */
#ifndef LV_REPORT_SCENARIO_H
#define LV_REPORT_SCENARIO_H

/*
 * The drawing under "Possible unsafe locking scenario:", and of threads that are stuck: one column a step of the cycle, time
 * running downwards. Private to the text report.
 */

#include "report/report.h"

/* What is printed for a name that nobody gave. */
static inline const char *lv_scenario_word(const char *word)
{
    return word ? word : "?";
}

static inline const char *lv_scenario_class(const struct lv_report_lock *lock)
{
    return lv_scenario_word(lock->class ? lock->class->name : NULL);
}

/* Does the cycle run through instances of one class, so that only addresses tell its locks apart? */
static inline bool lv_scenario_in_one_class(const struct lv_report *report)
{
    return report->kind == LV_FINDING_RECURSIVE && report->edge_count > 1;
}

/* What a column's thread does, in the order of time. */
enum lv_scenario_phase {
    LV_PHASE_HOLD,     /* it takes what it will hold, */
    LV_PHASE_QUEUE,    /* waits as a writer, before those readers come that do not pass it, */
    LV_PHASE_WANT,     /* waits for the next lock, */
    LV_PHASE_COMPLETE, /* and does not come to do what another waits for */
    LV_PHASE__COUNT
};

/* "lock(NAME);", "lock(NAME 0xADDRESS);", "end;" */
struct lv_scenario_entry {
    const char *verb;  /* null: the column is empty in this phase */
    const char *name;  /* null: the verb is all */
    uintptr_t address; /* 0: not shown */
};

struct lv_scenario_column {
    const struct lv_report_thread *thread;
    const char
        *interrupt; /* the context that the entry of LV_PHASE_WANT is made in; null: the thread itself makes it */
    struct lv_scenario_entry entry[LV_PHASE__COUNT];
    char word[2][64]; /* room for names that have to be made */
};

typedef void (*lv_scenario_column_fn)(const void *arg, uint32_t i, struct lv_scenario_column *ret);

/*
 * Draw @count columns, which @column_at gives. At most four stand side by side; more, or those of long names, are drawn in
 * bands below each other. Context: any thread, signal-safe. Cost: quadratic in the columns (thread names are compared).
 */
void lv_scenario_draw_columns(lv_scenario_column_fn column_at, const void *arg, uint32_t count, struct lv_text *out);

/*
 * Draw title, columns and " *** DEADLOCK ***" for the edges of @report into @out. Context and cost as above.
 */
void lv_scenario_draw(const struct lv_report *report, struct lv_text *out);

#endif
