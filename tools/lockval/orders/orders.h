/* SPDX-License-Identifier: MIT */
#ifndef CLI_ORDERS_ORDERS_H
#define CLI_ORDERS_ORDERS_H

/*
 * The lock order that several commands look at: from records, merged records and stores, whatever their paths name, as one
 * merged process in which a class is a class over runs and builds.
 *
 *     struct or_options options = { 0 };
 *     struct or_order *order = or_load(&options, paths, count);
 *
 *     if (order == NULL)
 *         return CLI_FAILED;
 *     look_at(order->process);
 *     or_close(order);
 */

#include <stdbool.h>
#include <stddef.h>

#include "record/model.h"

struct or_options {
    const char *program, *test, *commit; /* globs of the runs that count; null: all */
    const char *renames;                 /* file of rules for what was renamed or moved; null: none */
    bool no_match;                       /* classes of different builds are different */
};

/* Something that is to be said of the classes of different builds: two that may be the same, or cannot be told apart. */
struct or_note {
    const char *text; /* whole sentence, no newline */
};

struct or_order {
    struct rec_set *set;         /* has one process: */
    struct rec_process *process; /* merged, never null */
    size_t note_count;
    struct or_note *notes;
};

/* Null after a complaint: a path cannot be read, or is neither a record nor a store. */
struct or_order *or_load(const struct or_options *options, const char *const *paths, size_t count);
void or_close(struct or_order *order);

/* Say the notes on stderr, at most @most (0: all), and how many more there are. */
void or_say_notes(const struct or_order *order, size_t most);

#endif
