/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_LEARN_H
#define LV_ENGINE_LEARN_H

#include "engine/acquire.h"

/*
 * What is learned from an acquisition whose chain its thread walks for the first time: stack, edges, witnesses, findings.
 * The way there is engine/acquire.h's.
 */

/* What is learned from. */
struct lv_lesson {
    uint64_t chain;   /* key of the chain with the acquisition */
    uint64_t at;      /* lv_counts_place() of what the chain is without its context, and the call site */
    uint32_t walkers; /* of the chain, when it was last looked at */
    bool gone;        /* the class of a held lock is gone: the chain is not what its key says */
    bool watched;     /* the chain is known, and it is looked at all the same: engine/watch.h */
};

/* Look at the chain of @a. Context: guard held. */
void lv_lesson_look(const struct lv_context *ctx, const struct lv_acquisition *a, struct lv_lesson *lesson);

/* Is there nothing to learn from the chain any more, and did somebody come from this call site? Then take the stack from
 * there. Context: guard held. */
bool lv_learned(const struct lv_context *ctx, struct lv_acquisition *a, const struct lv_lesson *lesson);

/* Is it known enough that nothing but evidence about one more thread comes from it? Context: guard held. */
bool lv_learned_mostly(const struct lv_context *ctx, const struct lv_lesson *lesson);

/* Learn all that there is, if others have not meanwhile, and publish what is found. Context: guard held, lock not. */
void lv_learn(struct lv_context *ctx, struct lv_thread *t, struct lv_acquisition *a, struct lv_lesson *lesson);

#endif
