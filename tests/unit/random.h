/* SPDX-License-Identifier: MIT */
#ifndef LV_TESTS_UNIT_RANDOM_H
#define LV_TESTS_UNIT_RANDOM_H

/* Random tests: numbers that are the same for the same seed everywhere, and how many of them the environment asks for. */

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/hash.h"

struct random {
    uint64_t state;
};

/* A number below @limit. */
static inline unsigned below(struct random *random, unsigned limit)
{
    random->state += UINT64_C(0x9e3779b97f4a7c15);
    return (unsigned)(lv_hash_mix(random->state, 0) >> 33) % limit;
}

static inline bool chance(struct random *random, unsigned percent)
{
    return below(random, 100) < percent;
}

/* The number in the environment variable @name, else @otherwise. */
static inline unsigned long number_of(const char *name, unsigned long otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? strtoul(text, NULL, 0) : otherwise;
}

#endif
