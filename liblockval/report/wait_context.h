/* SPDX-License-Identifier: MIT */
#ifndef LV_REPORT_WAIT_CONTEXT_H
#define LV_REPORT_WAIT_CONTEXT_H

#include "report/lines.h"

/* The headline and the body of a finding of the kind wait-context. Private to the text report. */
extern const char lv_wait_context_headline[];
void lv_wait_context_text(const struct lv_report *report, struct lv_text *out);

#endif
