/* SPDX-License-Identifier: MIT */
#ifndef LV_REPORT_USAGE_TEXT_H
#define LV_REPORT_USAGE_TEXT_H

/* The layouts of findings of the kind signal. Private to the text report. */

#include "report/report.h"

enum {
    USAGE_HEADLINE = 160 /* a declared name may be cut in it */
};

/* The headline of @report, in @buf where it is made up. */
const char *lv_usage_headline(const struct lv_report *report, char buf[USAGE_HEADLINE]);

/* What stands between the headline and the verdict. */
void lv_usage_text(const struct lv_report *report, struct lv_text *out);

#endif
