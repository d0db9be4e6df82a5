/* SPDX-License-Identifier: MIT */
#ifndef LV_CHECK_NESTING_H
#define LV_CHECK_NESTING_H

#include "check/circular.h"
#include "graph/table.h"

/*
 * The rules for locks of one class, taken while another of the class is held.
 *
 * A class whose locks carry an explicit key follows the kernel: nesting needs a subclass or a nest lock. Other classes
 * were guessed from a call site, and to nest them is common and often right (by address, parent before child); so the
 * order of *instances* is learned, in a graph of its own, and only a circle of instances is reported.
 */
struct lv_nesting {
    struct lv_digraph order; /* instances; owner's lock */
    struct lv_table node_of; /* uid -> node; owner's lock for writing */
};

int lv_nesting_init(struct lv_nesting *nesting, struct lv_arena *arena) LV_MUST_CHECK;

/*
 * A thread wants a lock while it holds the very same one, in the modes given. @fails says that the call returns an error
 * instead of waiting.
 * Fills in @ret (kind recursive) and returns true, unless this is legal: a recursive reader after a reader, a try.
 */
bool lv_check_same_lock(const struct lv_held_record *held, const struct lv_held_record *wanted, lv_thread_id thread,
                        struct lv_finding_edge *edge, struct lv_finding *ret);

/* A thread wants a lock while it holds another one of the class, and the class wants a rule (explicit key, strict=1). */
bool lv_check_same_class(const struct lv_held_record *held, const struct lv_held_record *wanted, lv_thread_id thread,
                         struct lv_finding_edge *edge, struct lv_finding *ret);

/* Was the second lock taken under the first before, in these modes? Then there is nothing to learn. */
bool lv_nesting_is_known(const struct lv_nesting *nesting, const struct lv_held_record *held,
                         const struct lv_held_record *wanted);

/*
 * The same for a class without an explicit key: learn the order of the two instances and look for a circle.
 * Returns 1 when there is a finding, 0 when not, -ENOMEM.
 */
int lv_check_instance_order(const struct lv_check *check, struct lv_nesting *nesting, struct lv_edge_witness at,
                            struct lv_finding *ret) LV_MUST_CHECK;

#endif
