/* SPDX-License-Identifier: MIT */
#ifndef LV_GRAPH_USES_H
#define LV_GRAPH_USES_H

#include "base/states.h"
#include "graph/classes.h"
#include "graph/witness.h"

/*
 * In which contexts classes were used, with the evidence: lockdep's usage bits. For each state (base/states.h) a class
 * has four bits, of two sides and two strengths:
 *
 *     INSIDE  taken in the context    strong: it waited for holders of every kind    weak: a recursive reader
 *     OPEN    held while the context  strong: exclusively                            weak: shared
 *             could interrupt
 *
 * These are the letters of a dependency's bits (graph/digraph.h), since a context makes one: from what is held where it
 * interrupts to what it takes. A weak INSIDE and a weak OPEN do no harm to each other.
 *
 * A class has a list of uses, each for all the bits that one acquisition was the first to set. Most classes are only ever
 * held while the same few signals are open, so the list has one entry or two, and a class that is used in no context at
 * all has none. Protected by the owner's lock.
 */
enum lv_side {
    LV_INSIDE,
    LV_OPEN
};

struct lv_use {
    uint32_t next; /* of the same class, the latest first; 0: none */
    uint8_t side;
    bool weak;
    struct lv_states states; /* for which it is the evidence */
    lv_thread_id thread;
    lv_stack_id
        at; /* OPEN: of the call that let the context interrupt while the lock was held; 0: the acquisition itself */
    uintptr_t site;               /* INSIDE, of a signal: the call that installed the handler */
    struct lv_held_record record; /* the acquisition */
};

struct lv_uses {
    struct lv_vec all;       /* struct lv_use; number 0 is not used */
    struct lv_states inside; /* those in which any class was taken */
    uint32_t removed;        /* first removed one, linked through .next; 0: none */
};

int lv_uses_init(struct lv_uses *uses, struct lv_arena *arena) LV_MUST_CHECK;

/* The states for which @class has a bit of @side; with @strong only strong ones. */
struct lv_states lv_uses_of(const struct lv_uses *uses, const struct lv_class *class, enum lv_side side, bool strong);

/* The states of which @class has just this bit. */
struct lv_states lv_uses_with(const struct lv_uses *uses, const struct lv_class *class, enum lv_side side, bool weak);

/* The evidence for a bit of @class and @state, a strong one if there is one; null: there is none. */
const struct lv_use *lv_uses_find(const struct lv_uses *uses, const struct lv_class *class, enum lv_side side,
                                  unsigned state, bool strong);

/* Add @use to @class. Returns 0 or -ENOMEM. */
int lv_uses_add(struct lv_uses *uses, struct lv_class *class, const struct lv_use *use) LV_MUST_CHECK;

/* Forget what is known of @state, of all classes. Cost: linear in them. */
void lv_uses_forget_state(struct lv_uses *uses, const struct lv_classes *classes, unsigned state);

/* Forget all uses of @class; their memory is used again. */
void lv_uses_forget(struct lv_uses *uses, struct lv_class *class);

#endif
