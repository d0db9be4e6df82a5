/* SPDX-License-Identifier: MIT */
#ifndef LV_CHECK_NESTING_H
#define LV_CHECK_NESTING_H

#include "check/pairs.h"

/*
 * The rules for locks of one class, taken while another of the class is held.
 *
 * A class whose locks carry an explicit key follows the kernel: nesting needs a subclass or a nest lock. Other classes
 * were guessed from a call site, and to nest them is common and often right (by address, parent before child); so the
 * order of *instances* is learned (check/pairs.h), and only a circle of instances is reported.
 */

/*
 * A thread wants a lock while it holds the very same one, in the modes given.
 * Fills in @ret (kind recursive) and returns true, unless this is legal: a recursive reader after a reader, a try.
 */
bool lv_check_same_lock(const struct lv_held_record *held, const struct lv_held_record *wanted, lv_thread_id thread,
                        struct lv_finding_edge *edge, struct lv_finding *ret);

/* The same when the call has returned an error to such a thread instead of waiting. False: the call does not wait. */
bool lv_check_refused(const struct lv_held_record *held, const struct lv_held_record *wanted, lv_thread_id thread,
                      struct lv_finding_edge *edge, struct lv_finding *ret);

/* A thread wants a lock while it holds another one of the class, and the class wants a rule (explicit key, strict=1). */
bool lv_check_same_class(const struct lv_held_record *held, const struct lv_held_record *wanted, lv_thread_id thread,
                         struct lv_finding_edge *edge, struct lv_finding *ret);

/* The same for a class with a comparison function, which returned @result for the held and the wanted lock. */
bool lv_check_compared(const struct lv_held_record *held, const struct lv_held_record *wanted, lv_thread_id thread,
                       int result, struct lv_finding_edge *edge, struct lv_finding *ret);

/* What the rules read of the instances of @class; @classes is what they read of classes. */
struct lv_check lv_check_instances(const struct lv_check *classes, struct lv_pairs *pairs, lv_class_id class);

/*
 * The same for a class without an explicit key: learn the order of the two instances and look for a circle. When
 * pairs of the class had to be forgotten, the finding says so. @classes: what the rules read for cycles of classes.
 * Returns 1 when there is a finding, 0 when not, -ENOMEM.
 */
int lv_check_instance_order(const struct lv_check *classes, struct lv_pairs *pairs, const struct lv_pair_seen *nested,
                            struct lv_finding *ret) LV_MUST_CHECK;

/* The order of the two instances is kept for later, without being judged: their class is not known to be one of locks.
 * Returns 0 or -ENOMEM. */
int lv_check_keep_order(struct lv_pairs *pairs, const struct lv_pair_seen *nested) LV_MUST_CHECK;

/*
 * Judge the order number @pair, from 1 to less than pairs->order.edges.count, if it is one within @class: by the kernel's rule
 * for nesting in one class (@class_rule), else by the order of instances.
 * Returns 1 when there is a finding (late), 0 when not, -ENOMEM.
 */
int lv_check_kept_order(const struct lv_check *classes, struct lv_pairs *pairs, uint32_t pair, lv_class_id class,
                        bool class_rule, struct lv_finding *ret) LV_MUST_CHECK;

#endif
