/* SPDX-License-Identifier: MIT */
#ifndef LV_REPORT_SCENARIO_H
#define LV_REPORT_SCENARIO_H

/*
 * The drawing under "Possible unsafe locking scenario:": one column a step of the cycle, time running downwards.
 * Private to the text report.
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

/*
 * Draw title, columns and " *** DEADLOCK ***" for the edges of @report into @out. At most four columns stand side by
 * side; a longer cycle, or one of long names, is drawn in bands below each other. Context: any thread, signal-safe.
 * Cost: quadratic in the edges at worst (thread names are compared).
 */
void lv_scenario_draw(const struct lv_report *report, struct lv_text *out);

#endif
