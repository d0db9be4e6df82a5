/* SPDX-License-Identifier: MIT */
#ifndef LV_SYS_OPTIONS_H
#define LV_SYS_OPTIONS_H

/*
 * LOCKVAL_OPTIONS="key=value:key=value", the sanitizers' form. options.def is the one table that makes this struct, the
 * parser, help=1 and the check of the documentation.
 */

#include "base/text.h"
#include "base/types.h"

enum lv_verdict {
    LV_VERDICT_GUARDED,
    LV_VERDICT_POTENTIAL,
    LV_VERDICT_FEASIBLE,
    LV_VERDICT_MISUSE,
    LV_VERDICT_DEADLOCK,
    LV_VERDICT_NEVER /* only as the value of fail_on */
};

enum lv_identity {
    LV_IDENTITY_AUTO,
    LV_IDENTITY_TABLE
};

/* What is done when threads are stuck for good. */
enum lv_on_deadlock {
    LV_DEADLOCK_REPORT, /* and keep waiting */
    LV_DEADLOCK_EXIT,   /* with the status exitcode */
    LV_DEADLOCK_ABORT,
    LV_DEADLOCK_BREAK /* the last locker gets EDEADLK */
};

/* bits of the option events */
enum lv_event_source {
    LV_EVENTS_ANNOTATED = 1,
    LV_EVENTS_JOIN = 2,
    LV_EVENTS_COND = 4,
    LV_EVENTS_SEM = 8,
    LV_EVENTS_BARRIER = 16,
    LV_EVENTS_GUESSED = LV_EVENTS_COND | LV_EVENTS_SEM | LV_EVENTS_BARRIER, /* who wakes next time is a guess */
    LV_EVENTS_ALL = LV_EVENTS_ANNOTATED | LV_EVENTS_JOIN | LV_EVENTS_GUESSED
};

#define LV_OPTION_PATH_MAX 512

struct lv_options {
#define LV_OPTION_INT(name, def, min, max, help) int name;
#define LV_OPTION_BOOL(name, def, help) bool name;
#define LV_OPTION_TEXT(name, def, help) char name[LV_OPTION_PATH_MAX];
#define LV_OPTION_ENUM(name, type, def, choices, help) enum type name;
#define LV_OPTION_BITS(name, def, choices, help) unsigned name;
#include "sys/options.def"
};

/* Every option at its default. */
void lv_options_default(struct lv_options *options);

/*
 * Apply @text (null: nothing). An unknown key, a bad value, or a value out of range is named in @complaints, one line
 * each, and left at what it was; the rest is applied. Values may be quoted with ' or " to hold a colon.
 */
void lv_options_parse(struct lv_options *options, const char *text, struct lv_text *complaints);

/* The help=1 text: every option with default, range and meaning, and its present value. */
void lv_options_help(const struct lv_options *options, struct lv_text *out);

/* How many options there are; and the name of option @i and, as an option would be given it, its value, which @out is
 * appended. */
uint32_t lv_options_count(void);
const char *lv_options_show(const struct lv_options *options, uint32_t i, struct lv_text *out);

/* Of option @i, for who writes about it or completes it: what it means; the values that there are ("0 to 255", "auto, table"), of
 * which texts have none; and word @n of those that its value may be, null behind the last. */
const char *lv_options_meaning(uint32_t i);
void lv_options_range(uint32_t i, struct lv_text *out);
const char *lv_options_word(uint32_t i, uint32_t n);

/* Expand %p (pid) and %e (program's name) of a path; %% is a percent sign. */
void lv_options_expand(const char *path, int pid, const char *program, struct lv_text *out);

#endif
