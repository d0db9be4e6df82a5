/* SPDX-License-Identifier: MIT */
#ifndef CLI_EXPLAIN_WORDS_H
#define CLI_EXPLAIN_WORDS_H

/*
 * What kinds of findings and verdicts mean, in plain words, and which lesson has more (docs/lessons/).
 */

#include <stddef.h>

struct explain_word {
    const char *name;
    const char *means; /* whole sentences */
    const char *first; /* what to look at first; null: nothing is to be said */
    const char *lesson;
};

/* Of a kind, or of a verdict; null: there is none of this name. */
const struct explain_word *explain_kind(const char *name);
const struct explain_word *explain_verdict(const char *name);

/* Number @i of the kinds, then of the verdicts; null behind the last. */
const struct explain_word *explain_word_at(size_t i);

#endif
