/* SPDX-License-Identifier: MIT */
#ifndef LV_BASE_STATES_H
#define LV_BASE_STATES_H

/*
 * Usage states: what can interrupt a thread and take locks. State s, 0 to 63, is the handler of signal s + 1; states 64
 * to 71 are the contexts that the program declares.
 */

#include "base/types.h"

enum {
    LV_SIGNALS = 64,
    LV_CONTEXTS = 8, /* declared contexts */
    LV_STATES = LV_SIGNALS + LV_CONTEXTS
};

/* A set of states. */
struct lv_states {
    uint64_t signals;
    uint8_t declared;
};

static inline unsigned lv_state_of_signal(int signal)
{
    return (unsigned)signal - 1;
}

static inline unsigned lv_state_of_context(int context)
{
    return LV_SIGNALS + (unsigned)context;
}

static inline bool lv_state_is_signal(unsigned state)
{
    return state < LV_SIGNALS;
}

static inline uint64_t lv_signal_bit(int signal)
{
    return UINT64_C(1) << lv_state_of_signal(signal);
}

static inline struct lv_states lv_states_of(unsigned state)
{
    struct lv_states ret = { 0, 0 };

    if (lv_state_is_signal(state))
        ret.signals = UINT64_C(1) << state;
    else
        ret.declared = (uint8_t)(1u << (state - LV_SIGNALS));
    return ret;
}

static inline bool lv_states_any(struct lv_states s)
{
    return s.signals != 0 || s.declared != 0;
}

static inline struct lv_states lv_states_or(struct lv_states a, struct lv_states b)
{
    return (struct lv_states){ a.signals | b.signals, (uint8_t)(a.declared | b.declared) };
}

static inline struct lv_states lv_states_and(struct lv_states a, struct lv_states b)
{
    return (struct lv_states){ a.signals & b.signals, (uint8_t)(a.declared & b.declared) };
}

static inline struct lv_states lv_states_minus(struct lv_states a, struct lv_states b)
{
    return (struct lv_states){ a.signals & ~b.signals, (uint8_t)(a.declared & ~b.declared) };
}

static inline bool lv_states_have(struct lv_states s, unsigned state)
{
    return lv_states_any(lv_states_and(s, lv_states_of(state)));
}

/* The lowest state of @s, which has one. */
static inline unsigned lv_states_first(struct lv_states s)
{
    return s.signals != 0 ? (unsigned)__builtin_ctzll(s.signals) : LV_SIGNALS + (unsigned)__builtin_ctz(s.declared);
}

#endif
