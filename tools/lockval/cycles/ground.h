/* SPDX-License-Identifier: MIT */
#ifndef CLI_CYCLES_GROUND_H
#define CLI_CYCLES_GROUND_H

/*
 * A lock order as the library's own rules read it (graph/, check/): made from a merged record, without an engine. Classes are
 * nodes, edges carry the dependency bits of all runs, and each acquisition that is kept is a witness.
 *
 * What a witness of the library knows by number leads back to the record: the stack number of a lock is that of a place here.
 * Instances of different runs have nothing to do with each other. So all locks of one class count as one, where that matters:
 * who wants to know whether a lock could keep two acquisitions from meeting asks whether both hold one of its class.
 */

#include "check/circular.h"
#include "graph/uses.h"
#include "record/model.h"
#include "record/pool.h"

/* A lock as some run took it. */
struct cy_place {
    const struct rec_lock *lock;
    struct rec_thread *thread;
    struct rec_run *run;
    struct rec_stack *at; /* of a use: the call that let the context interrupt */
};

struct cy_ground {
    const struct rec_process *process;
    struct lv_arena arena;
    struct lv_classes classes;
    struct lv_digraph graph;
    struct lv_witnesses witnesses;
    struct lv_uses uses;
    struct rec_class **class_of;   /* by the library's number; 0: none */
    const struct rec_edge **edges; /* all that count, in the order of their classes' keys */
    uint32_t *edge_numbers;        /* of these in the graph */
    size_t edge_count;
    size_t place_count;
    struct cy_place *places;        /* by number; 0: nothing is known */
    struct rec_index class_numbers; /* struct rec_class -> its number */
};

/* Null after a complaint: memory ran out. */
struct cy_ground *cy_ground_of(const struct rec_process *process);
void cy_ground_free(struct cy_ground *ground);

/* The number of @class; 0: it has none. */
lv_class_id cy_class(const struct cy_ground *ground, const struct rec_class *class);

/* Is the order of its locks judged? */
bool cy_is_judged(const struct rec_class *class);

/* What the rules read. @strict: by the order of classes alone. */
struct lv_check cy_check(struct cy_ground *ground, bool strict);

/* A new place for a lock that @thread took in @run. Returns its number. */
uint32_t cy_place_new(struct cy_ground *ground, const struct rec_lock *lock, struct rec_thread *thread,
                      struct rec_run *run);

/* The lock as a witness has it. */
struct lv_held_record cy_record_of(struct cy_ground *ground, const struct rec_lock *lock, uint32_t place);

static inline const struct cy_place *cy_place_of(const struct cy_ground *ground, const struct lv_held_record *record)
{
    return &ground->places[record->stack.v < ground->place_count ? record->stack.v : 0];
}

#endif
