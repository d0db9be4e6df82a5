/* SPDX-License-Identifier: MIT */
#ifndef LAB_WATCH_H
#define LAB_WATCH_H

/*
 * lockval's own core, told of each step of a program as its hooks tell it of calls: before a thread may wait, when it has the lock,
 * before it gives it up.
 */

#include "core/machine.h"
#include "engine/context.h"

enum {
    LAB_FINDINGS = 24,
    LAB_CHAINS = 64,
    LAB_CHAIN_DEPTH = 12,
    LAB_TEXTS = 192 * 1024
};

struct lab_finding {
    enum lv_finding_kind kind;
    enum lv_verdict verdict;
    char fingerprint[20];
    const char *reasons; /* a line each */
    const char *cycle;   /* "A -> B -> A"; empty: it is no order */
    const char *text;    /* the report */
    const char *upgrade; /* what was said when the verdict rose; null: it did not */
};

/* Locks that a thread held, and the one that it then took. */
struct lab_chain {
    uint8_t count;
    uint8_t classes[LAB_CHAIN_DEPTH]; /* numbers of classes */
    uint32_t walks;
};

struct lab_watch {
    struct lv_context ctx;
    struct lv_thread *threads[LAB_THREADS]; /* null: it has not begun */
    uint32_t chain_count;
    struct lab_chain chains[LAB_CHAINS];
    uint32_t last_chain; /* that the last step walked, plus one; 0: it took nothing */
    bool last_was_known; /* and it was in the chain cache: nothing was looked at */
    bool failed;         /* no memory for the validator */
    uint32_t finding_count, finding_more;
    struct lab_finding findings[LAB_FINDINGS];
};

/* Begin with @p, whose text is @text; @options as in LOCKVAL_OPTIONS. What was watched before is forgotten. */
void lab_watch_begin(const struct lab_program *p, const char *text, const char *options);

/* @choice is about to be, and was, carried out: both with the state before it, the second with what lab_do() said, too. */
void lab_watch_before(const struct lab_program *p, const struct lab_state *state, struct lab_choice choice);
void lab_watch_after(const struct lab_program *p, const struct lab_state *before, struct lab_choice choice,
                     const struct lab_did *did);

/* What is known now. */
const struct lab_watch *lab_watch_now(void);

#endif
