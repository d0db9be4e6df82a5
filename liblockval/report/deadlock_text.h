/* SPDX-License-Identifier: MIT */
#ifndef LV_REPORT_DEADLOCK_TEXT_H
#define LV_REPORT_DEADLOCK_TEXT_H

/* The part of the text report that is about threads that are stuck. Private to the text report. */

#include "report/report.h"

const char *lv_deadlock_headline(const struct lv_report *report);

/* What comes between the head and the verdict. */
void lv_deadlock_text(const struct lv_report *report, struct lv_text *out);

/* The line that says whether it was said before. Comes after the verdict. */
void lv_deadlock_prediction(const struct lv_report *report, struct lv_text *out);

#endif
