/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_CACHE_H
#define LV_ENGINE_CACHE_H

/*
 * A thread's private cache of validated chains, beyond the one look of the fast path (lv_cache_hit()). An entry lies at the
 * place that its tag says, or at one of the places beside it: chains of one place would throw each other out at every
 * acquisition, for as long as the thread lives.
 */

#include "engine/thread.h"

/* The chain was not found at its place: is it beside it? Then as lv_cache_hit(). The cache grows if that happens often.
 * Context: guard not held. */
bool lv_cache_hit_beside(struct lv_context *ctx, struct lv_thread *t, uint64_t tag, lv_stack_id *ret_stack,
                         uint64_t *ret_key);

/* Is there an entry with @tag? Context: the guard is held, or the answer may be old. */
bool lv_cache_has(const struct lv_thread *t, uint64_t tag);

/* Add an entry at its place; one hit is counted. What was there moves aside, and what has no room is dropped. An entry that is
 * there already counts on. Context: guard held. */
void lv_cache_add(struct lv_context *ctx, struct lv_thread *t, uint64_t tag, uint64_t key_after, lv_stack_id stack);

#endif
