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
    uint32_t uid; /* of the instance */
    lv_class_id class;
    lv_stack_id stack; /* of its acquisition; for an event, of its wait or completion */
    uint8_t mode;      /* enum lv_mode */
    uint8_t flags;     /* enum lv_acquire_flag */
    uint8_t level;     /* context nesting it was taken in */
    uint8_t kind : 4;  /* enum lv_kind */
    bool earlier : 1;  /* .stack is that of an earlier acquisition from the same site */
};

_Static_assert(LV_KIND__COUNT <= 16, "a kind has four bits");
_Static_assert(sizeof(uintptr_t) != 8 || sizeof(struct lv_held_record) == 24, "there are many of them");

struct lv_witness {
    lv_thread_id thread;
    uint32_t segment;  /* of the thread: a node of the order (graph/order.h); 0: not known */
    uint32_t held_key; /* stands for the locks that were held, with their modes; those that are left out too */
    uint16_t held_count;
    bool left_out; /* locks were held that are not among these: the evidence is incomplete */
    struct lv_held_record wanted;
    struct lv_held_record held[]; /* oldest first */
};

/* One more held lock in a key of held locks, which does not depend on their order. */
static inline uint64_t lv_witness_held_key(uint64_t key, uint64_t uid, unsigned mode)
{
    return key + lv_hash_mix(uid, mode + 1);
}

/* The same as witnesses keep it. */
static inline uint32_t lv_witness_fold_key(uint64_t key)
{
    return (uint32_t)(key ^ key >> 32);
}

enum {
    LV_WITNESS_HELD = 32, /* held locks that a witness keeps; a thread that holds ten thousand would fill the memory */
    LV_WITNESS_UNIT = 8,  /* bytes: a witness begins at one, and is known by its number */
    LV_WITNESS_BITS = 11  /* of that number are the unit in its block */
};

/* Memory for witnesses, one after another. */
struct lv_witness_block {
    char *memory;
    uint32_t used; /* units */
};

struct lv_witnesses {
    struct lv_arena *arena;
    struct lv_vec blocks; /* struct lv_witness_block; only the last has room */
    uint32_t count;       /* witnesses, with those that were dropped */
    uint32_t
        dropped[LV_WITNESS_HELD + 1]; /* by their held locks: first dropped one, used again; 0: none; owner's lock */
};

void lv_witnesses_init(struct lv_witnesses *witnesses, struct lv_arena *arena);

/* A new witness with room for @held_count held locks, LV_WITNESS_HELD at most, to be filled in by the caller before the lock is
 * dropped; null without memory. Context: owner's lock held. */
struct lv_witness *lv_witnesses_add(struct lv_witnesses *witnesses, uint32_t held_count,
                                    lv_witness_id *ret_id) LV_MUST_CHECK;

/* Nobody will ask for the witness @id any more: it is used again. Context: owner's lock held. */
void lv_witnesses_drop(struct lv_witnesses *witnesses, lv_witness_id id);

/* What they take of the arena. Context: owner's lock held. */
size_t lv_witnesses_bytes(const struct lv_witnesses *witnesses);

static inline struct lv_witness *lv_witnesses_at(const struct lv_witnesses *witnesses, lv_witness_id id)
{
    const struct lv_witness_block *block = lv_vec_at(&witnesses->blocks, id.v >> LV_WITNESS_BITS);

    return (struct lv_witness *)(void *)(block->memory +
                                         (id.v & ((1u << LV_WITNESS_BITS) - 1)) * (size_t)LV_WITNESS_UNIT);
}

static inline const struct lv_witness *lv_witnesses_get(const struct lv_witnesses *witnesses, lv_witness_id id)
{
    return lv_witnesses_at(witnesses, id);
}

/* All numbers of witnesses are below this. */
static inline uint32_t lv_witnesses_end(const struct lv_witnesses *witnesses)
{
    return witnesses->blocks.count << LV_WITNESS_BITS;
}

/* The one after @id, dropped ones too; after 0 the first. 0: there are no more. Context: owner's lock held. */
lv_witness_id lv_witnesses_next(const struct lv_witnesses *witnesses, lv_witness_id id);

#endif
