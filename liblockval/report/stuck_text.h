/* SPDX-License-Identifier: MIT */
#ifndef LV_REPORT_STUCK_TEXT_H
#define LV_REPORT_STUCK_TEXT_H

/* One thread that waits, in words: the same in a report and in a listing. Private to the text report. */

#include "report/report.h"

/* What number @i of the @count threads of @all waits for and holds, with all stacks. */
void lv_stuck_block(const struct lv_report_stuck *all, uint32_t count, uint32_t i, struct lv_text *out);

/* The name of what @stuck waits for: that of a class, an address, a thread. */
void lv_stuck_name(const struct lv_report_stuck *stuck, struct lv_text *out);

/* "join", "cond", "sem", "barrier", "wait", "lock", "rlock" */
const char *lv_stuck_verb(const struct lv_report_stuck *stuck);

#endif
