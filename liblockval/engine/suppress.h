/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_SUPPRESS_H
#define LV_ENGINE_SUPPRESS_H

#include "check/suppress.h"
#include "engine/context.h"

/*
 * Which findings are not shown (check/suppress.h): from the files that the option names, and those that come with the library.
 */

/* The entries that are built in, as a text of their form. */
extern const char lv_suppress_builtin[];

/* Read the files of the option `suppressions`, and the set that is built in. Once, at start. Complaints go to @complaints. */
void lv_suppress_load(struct lv_context *ctx, struct lv_text *complaints);

/* The entry that suppresses @finding, which is shown as @report; null: none. It is counted. Context: lock held. */
const struct lv_suppression *lv_suppress_find(struct lv_context *ctx, const struct lv_finding *finding,
                                              const struct lv_report *report);

/* In a forked child: nothing was matched yet. Context: lock held. */
void lv_suppress_after_fork(struct lv_context *ctx);

/* For stats=1, said in the log: how often each entry of a file matched, and those that never did. */
void lv_suppress_stats(struct lv_context *ctx);

#endif
