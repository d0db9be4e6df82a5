/* SPDX-License-Identifier: MIT */
#ifndef LV_REPORT_RECORD_LINE_H
#define LV_REPORT_RECORD_LINE_H

/* What the lines of the record have in common; private to record.c and record_finding.c, and defined in record.c. */

#include "report/json.h"
#include "report/record.h"

/* The line's beginning: {"t":"@what","pid":...,"run":... */
void lv_record_begin(struct lv_json *json, struct lv_text *out, const char *what, struct lv_record_by by);
void lv_record_end(struct lv_json *json);

const char *lv_record_mode(enum lv_mode mode);

/* The members of the object that is open. */
void lv_record_members_of_thread(struct lv_json *json, const struct lv_record_thread *thread);

void lv_record_lock(struct lv_json *json, const char *name, const struct lv_record_lock *lock);
void lv_record_locks(struct lv_json *json, const char *name, const struct lv_record_lock *locks, uint32_t count);

#endif
