/* SPDX-License-Identifier: MIT */
#ifndef LV_GRAPH_WITNESS_H
#define LV_GRAPH_WITNESS_H

#include "base/hash.h"
#include "graph/vec.h"

/*
 * Witnesses: acquisitions kept whole, as evidence for the edges that they made. An edge says "B after A happened"; only
 * the whole acquisition (which thread, which instances, what else was held) tells later whether two such edges can meet
 * in one deadlock. Never changed once added.
 */
struct lv_held_record {
    uintptr_t address;
    uint64_t uid; /* of the instance */
    lv_class_id class;
    lv_stack_id stack; /* of its acquisition; for an event, of its wait or completion */
    uint8_t mode;      /* enum lv_mode */
    uint8_t flags;     /* enum lv_acquire_flag */
    uint8_t kind;      /* enum lv_kind */
    uint8_t level;     /* context nesting it was taken in */
    bool earlier;      /* .stack is that of an earlier acquisition from the same site */
};

struct lv_witness {
    lv_thread_id thread;
    uint32_t segment;  /* of the thread: a node of the order (graph/order.h); 0: not known */
    uint64_t held_key; /* stands for the locks that were held, with their modes; those that are left out too */
    uint32_t held_count;
    uint32_t left_out; /* locks that were held too, but are not among these: the evidence is incomplete */
    struct lv_held_record wanted;
    struct lv_held_record held[]; /* oldest first */
};

/* One more held lock in a key of held locks, which does not depend on their order. */
static inline uint64_t lv_witness_held_key(uint64_t key, uint64_t uid, unsigned mode)
{
    return key + lv_hash_mix(uid, mode + 1);
}

enum {
    LV_WITNESS_HELD = 32 /* held locks that a witness keeps; a thread that holds ten thousand would fill the memory */
};

struct lv_witnesses {
    struct lv_arena *arena;
    struct lv_vec all; /* struct lv_witness *; number 0 is none */
    size_t bytes;      /* of the witnesses themselves; owner's lock */
    uint32_t
        dropped[LV_WITNESS_HELD + 1]; /* by their held locks: first dropped one, used again; 0: none; owner's lock */
};

int lv_witnesses_init(struct lv_witnesses *witnesses, struct lv_arena *arena) LV_MUST_CHECK;

/* A new witness with room for @held_count held locks, to be filled in by the caller before the lock is dropped; null
 * without memory. Context: owner's lock held. */
struct lv_witness *lv_witnesses_add(struct lv_witnesses *witnesses, uint32_t held_count,
                                    lv_witness_id *ret_id) LV_MUST_CHECK;

/* Nobody will ask for the witness @id any more: it is used again. Context: owner's lock held. */
void lv_witnesses_drop(struct lv_witnesses *witnesses, lv_witness_id id);

static inline const struct lv_witness *lv_witnesses_get(const struct lv_witnesses *witnesses, lv_witness_id id)
{
    return *(struct lv_witness **)lv_vec_at(&witnesses->all, id.v);
}

#endif
