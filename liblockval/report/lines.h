/* SPDX-License-Identifier: MIT */
#ifndef LV_REPORT_LINES_H
#define LV_REPORT_LINES_H

/* The lines that all kinds of reports are made of; private to the text report, and defined in text.c. */

#include "report/report.h"

/* "NAME/TID" */
void lv_put_thread(struct lv_text *out, const struct lv_report_thread *thread);

/* "0xADDRESS (NAME){USAGE}-{OUTER:INNER}, at: @at" and the end of the line. */
void lv_put_lock_at(struct lv_text *out, const struct lv_report_lock *lock, const char *at);

/* In which signal handler that was, if it was in one. */
void lv_put_handler(struct lv_text *out, const struct lv_report *report);

/* Frame @i of @stack, or a word for that there is none. */
const char *lv_frame_at(const struct lv_report_stack *stack, uint32_t i);

/* One frame a line, @indent blanks before each; or the line that says that there is none. */
void lv_put_stack(struct lv_text *out, size_t indent, const struct lv_report_stack *stack);

/* "(NAME){USAGE}-{OUTER:INNER}" */
void lv_put_class(struct lv_text *out, const struct lv_report_lock *lock);

/* The same between the lock's address and where it was taken, and the end of the line. */
void lv_put_lock(struct lv_text *out, const struct lv_report_lock *lock);

/* "-> #i": how class @i of a cycle came to follow the class before it, with both stacks and the thread. */
void lv_put_chain_entry(struct lv_text *out, const struct lv_report *report, uint32_t i);

#endif
