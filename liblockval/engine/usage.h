/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_USAGE_H
#define LV_ENGINE_USAGE_H

#include "base/hash.h"
#include "engine/thread.h"

/*
 * Contexts: code that can interrupt other code of the same thread, handlers of signals and what the program declares
 * (base/states.h). A thread knows which of them it runs inside of, and which could interrupt it now. Both are hashed into
 * its context_key, which goes into the key of every acquisition: what was taken under other circumstances is another
 * chain, and marks of usage are only made when a chain is new.
 *
 * A context begins a chain of its own, at the next level: it did not take its locks because of those that the code which
 * it interrupted holds. The handler of a synchronous signal goes on in the chain: the very code that holds them called it.
 *
 * Context of all calls that change what a thread is in: its own thread, in or out of signal handlers, guard held or not.
 * A handler that comes anywhere in between, and returns, leaves everything as it was.
 */

/* Signals that the thread's own code raises by a fault: they can come at any time, and are never counted as open. */
uint64_t lv_context_synchronous(void);

/* The usage bits (enum lv_usage) of an acquisition by @t, now, in @mode with @flags. */
uint8_t lv_usage_bits(struct lv_context *ctx, const struct lv_thread *t, enum lv_mode mode, unsigned flags);

/* lockdep's four characters: write and read of signals and hard contexts, of soft contexts. `.` neither, `-` taken inside
 * such a context, `+` held while one could interrupt, `?` both. */
void lv_usage_chars(uint8_t usage, char ret[5]);

/* Returns the new context's number, or -1. Context: guard held. */
int lv_context_declare(struct lv_context *ctx, const char *name, uint8_t level);

/* The thread enters or leaves a declared context, or keeps it from interrupting. Numbers that were never declared are
 * ignored. */
void lv_context_enter(struct lv_context *ctx, struct lv_thread *t, int context);
void lv_context_exit(struct lv_context *ctx, struct lv_thread *t, int context);
void lv_context_disable(struct lv_context *ctx, struct lv_thread *t, int context);
void lv_context_enable(struct lv_context *ctx, struct lv_thread *t, int context);

/* Is the declared @context entered by @t; could it interrupt it now? */
static inline bool lv_context_is_entered(const struct lv_thread *t, int context)
{
    return lv_states_have(t->in, lv_state_of_context(context));
}

bool lv_context_is_open(struct lv_context *ctx, struct lv_thread *t, int context);

/* The thread runs the handler of @signal from now on, or has returned from it: then its mask is again what it was when the
 * handler was entered. Until lv_context_set_mask() says what the mask in the handler is, it is the one before. */
void lv_context_enter_signal(struct lv_context *ctx, struct lv_thread *t, int signal);
void lv_context_exit_signal(struct lv_context *ctx, struct lv_thread *t, int signal);

/* The thread's signal mask is now @blocked (bit s is signal s + 1). What it holds while a handled signal becomes open is
 * marked, and judged. */
void lv_context_set_mask(struct lv_context *ctx, struct lv_thread *t, uint64_t blocked);

/* @signal has a handler from now on, which the call at @site installed; or it has none any more. For the whole process: a
 * newly handled signal empties the caches of all threads, and each sees what is open now when it next comes the slow way.
 * What @t (may be null) holds is marked at once. */
void lv_context_set_handled(struct lv_context *ctx, struct lv_thread *t, int signal, bool handled, uintptr_t site);

/* @signal has another handler from now on, of which nothing is known yet: what was seen with the last one does not count. */
void lv_context_forget_signal(struct lv_context *ctx, int signal);

/* How many contexts are entered; and back to where it was @nesting, after a jump out of the rest. The mask stays what it
 * is. What was taken inside and is still held counts as taken outside. */
static inline uint32_t lv_context_nesting(const struct lv_thread *t)
{
    return t->nesting;
}

void lv_context_unwind(struct lv_context *ctx, struct lv_thread *t, uint32_t nesting);

/* On the slow way: see what can interrupt the thread now. Returns whether it has to be looked up again what it does. */
bool lv_context_refresh(struct lv_context *ctx, struct lv_thread *t);

#endif
