/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_ZAP_H
#define LV_ENGINE_ZAP_H

#include "check/finding.h"
#include "engine/thread.h"

/*
 * Keys that go away, and with them their classes: edges, usage and evidence of a class are forgotten at once, its number is
 * used again after some time (docs/adr/0021-dynamic-keys.md). A lock of such a class that is still held makes no more edges; to
 * take one is a finding (lifetime).
 */

/* The key at @address, which lies in no module's data, names classes from now on. Returns 0, 1 when it does already, -ENOMEM.
 * Context of these three: guard held, lock not held. */
int lv_key_register(struct lv_context *ctx, uintptr_t address);
bool lv_key_is_registered(struct lv_context *ctx, uintptr_t address);

/* It does no more. Returns false when it did not. */
bool lv_key_unregister(struct lv_context *ctx, uintptr_t address);

/* Zap the class of @key and its subclasses, if there is one. Cost: its edges; and now and then, once for many classes, the
 * whole graph. Context: guard held, lock not held. */
void lv_zap_key(struct lv_context *ctx, const struct lv_class_key *key);

/* The same for all classes of keys, and of static locks, that lie in [@start, @end). Cost: linear in all classes. */
void lv_zap_range(struct lv_context *ctx, uintptr_t start, uintptr_t end);

/* A finding names these classes: their numbers stay theirs. Context: lock held. */
void lv_zap_keep(struct lv_context *ctx, const struct lv_finding *finding);

/* Is the class of a lock that @t holds gone? Then its chain is not to be remembered. Context: any. */
bool lv_zap_any_gone(const struct lv_context *ctx, const struct lv_thread *t);

/* Is @a's class gone? Then its order cannot be judged, and a finding is made. Context: lock not held. */
bool lv_zap_is_gone(struct lv_context *ctx, struct lv_thread *t, const struct lv_acquisition *a);

#endif
