/* SPDX-License-Identifier: MIT */
#ifndef LAB_VIEW_H
#define LAB_VIEW_H

/* What is to be seen, as JSON: keys are those of the record (docs/record-format.md) where it has them. */

#include "core/explore.h"
#include "core/watch.h"
#include "report/json.h"

/* The program: its threads and their steps, locks and contexts. */
void lab_view_program(struct lv_json *json, const struct lab_program *p, const char *text);

/* The state of threads and locks, and what can happen next. */
void lab_view_state(struct lv_json *json, const struct lab_program *p, const struct lab_state *state);

/* What the validator knows: classes, edges, chains, findings. */
void lab_view_watch(struct lv_json *json, struct lab_watch *watch);

void lab_view_found(struct lv_json *json, const struct lab_found *found);

#endif
