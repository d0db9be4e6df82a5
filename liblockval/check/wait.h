/* SPDX-License-Identifier: MIT */
#ifndef LV_CHECK_WAIT_H
#define LV_CHECK_WAIT_H

#include "graph/classes.h"

/*
 * Wait types: how a lock is waited for (outer), and what may be waited for while it is held (inner). A spinning lock's
 * holder must not sleep, so a sleeping lock must not be taken under it, nor in a context that cannot sleep. The numbers are
 * lockdep's: 1 free, 2 spin, 3 config, 4 sleep; 0 is not judged, and 5 stands for no limit.
 *
 * A class has the types of its kind, until the program says something else. Whether types that nobody stated are judged is
 * for the caller to say (docs/adr/0022-wait-types.md).
 */
enum {
    LV_WAIT_UNCHECKED = 0,
    LV_WAIT_SPIN = 2,
    LV_WAIT_CONFIG = 3,
    LV_WAIT_SLEEP = 4,
    LV_WAIT_ANY = 5
};

struct lv_wait {
    uint8_t outer, inner;
    bool stated;   /* by the program */
    bool override; /* while it is held, .inner counts alone, whatever was taken before */
};

/* The types of @class. Context: owner's lock held, or what they are is not decisive. */
struct lv_wait lv_wait_of(const struct lv_class *class);

/* What limits waits at a place. */
struct lv_wait_limit {
    uint8_t allowed; /* the longest way of waiting */
    enum {
        LV_WAIT_BY_NOTHING,
        LV_WAIT_BY_LOCK,
        LV_WAIT_BY_CONTEXT
    } by;
    uint32_t number; /* of the held lock or declared context */
};

static inline struct lv_wait_limit lv_wait_no_limit(void)
{
    return (struct lv_wait_limit){ LV_WAIT_ANY, LV_WAIT_BY_NOTHING, 0 };
}

/* Something allows waits up to @allowed only (0: it says nothing). */
static inline void lv_wait_lower(struct lv_wait_limit *limit, uint8_t allowed, struct lv_wait_limit by)
{
    if (allowed == LV_WAIT_UNCHECKED || allowed >= limit->allowed)
        return;
    *limit = by;
    limit->allowed = allowed;
}

/* "sleep", "spin", ... */
const char *lv_wait_word(uint8_t type);

#endif
