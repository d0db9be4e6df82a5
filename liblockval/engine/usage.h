/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_USAGE_H
#define LV_ENGINE_USAGE_H

#include "base/hash.h"
#include "engine/thread.h"

/*
 * Contexts: code that can interrupt other code of the same thread. The thread's context word goes into every chain key,
 * so that a chain walked in another context is another chain, and marks of usage are only made when a chain is new.
 */
enum lv_context_word {
    LV_IN_HARD = 1, /* a context of the hard level is entered */
    LV_IN_SOFT = 2,
    LV_HARD_OFF = 4, /* a context of the hard level cannot interrupt now */
    LV_SOFT_OFF = 8,
    LV_CONTEXT_NEST = 256 /* times the number of contexts entered */
};

static inline uint8_t lv_context_nesting(uint16_t word)
{
    return (uint8_t)(word / LV_CONTEXT_NEST);
}

/* The key of the empty chain in the context entered last. What kind of context it is goes into the key with each lock. */
static inline uint64_t lv_context_first_key(unsigned nesting)
{
    return nesting != 0 ? lv_hash_mix(nesting, UINT64_C(0xc0de)) : 0;
}

/* The usage bits that an acquisition in @mode under the context word @word sets. */
uint8_t lv_usage_bits(uint16_t word, enum lv_mode mode);

/* The usage bits that an acquisition with @flags may set: what only waits for others is not held while something could
 * interrupt. */
static inline uint8_t lv_usage_of_flags(unsigned flags)
{
    const unsigned in = LV_USED_IN | LV_USED_IN_READ;

    return (flags & LV_SYNC) != 0 ? (uint8_t)(in | in << LV_USAGE_LEVEL_BITS) : UINT8_MAX;
}

/* lockdep's four characters: hard write, hard read, soft write, soft read. `.` neither, `-` taken inside such a context,
 * `+` held while one could interrupt, `?` both. */
void lv_usage_chars(uint8_t usage, char ret[5]);

/* Returns the new context's number, or -1. Context: guard held. */
int lv_context_declare(struct lv_context *ctx, const char *name, uint8_t level);

/* The thread enters or leaves a declared context, or keeps it from interrupting. Numbers that were never declared are
 * ignored. */
void lv_context_enter(struct lv_context *ctx, struct lv_thread *t, int context);
void lv_context_exit(struct lv_context *ctx, struct lv_thread *t, int context);
void lv_context_disable(struct lv_context *ctx, struct lv_thread *t, int context);
void lv_context_enable(struct lv_context *ctx, struct lv_thread *t, int context);

#endif
