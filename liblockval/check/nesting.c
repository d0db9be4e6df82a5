/* SPDX-License-Identifier: MIT */
/* Protected by the owner's lock. Nodes of the instance graph are numbers given out as uids turn up, so that a process
 * with a million locks pays only for those that were nested in their own class. Witnesses of pairs have one held lock each
 * and lie in a pool, so that they can be forgotten together (docs/adr/0010-pairs-forgotten.md). */

#include "check/nesting.h"

#include <errno.h>

#include "base/hash.h"

enum {
    PAIR_SIZE = sizeof(struct lv_witness) + sizeof(struct lv_held_record) /* a witness of one held lock */
};

int lv_nesting_init(struct lv_nesting *nesting, struct lv_arena *arena)
{
    int r;

    lv_table_init(&nesting->node_of, arena);
    lv_vec_init(&nesting->pool, arena, PAIR_SIZE);
    lv_chains_init(&nesting->pairs, arena);
    nesting->pairs_max = LV_NESTING_PAIRS;
    nesting->forgotten = 0;
    r = lv_digraph_init(&nesting->order, arena);
    return r == 0 ? lv_witnesses_init(&nesting->witnesses, arena) : r;
}

int lv_nesting_walk(struct lv_nesting *nesting, uint64_t chain)
{
    if (nesting->pairs.count >= LV_NESTING_CHAINS * nesting->pairs_max)
        lv_chains_clear(&nesting->pairs);
    return lv_chains_walk(&nesting->pairs, chain);
}

static int forget(struct lv_nesting *nesting)
{
    uint32_t unused;

    nesting->forgotten++;
    lv_table_clear(&nesting->node_of);
    lv_chains_clear(&nesting->pairs);
    lv_vec_clear(&nesting->pool);
    lv_vec_clear(&nesting->witnesses.all);
    if (lv_vec_add(&nesting->witnesses.all, &unused) == NULL)
        return -ENOMEM;
    return lv_digraph_clear(&nesting->order);
}

/* Record the pair as a witness. False without memory. */
static bool witness_pair(struct lv_nesting *nesting, lv_thread_id thread, const struct lv_held_record *held,
                         const struct lv_held_record *wanted, struct lv_edge_witness *ret)
{
    uint32_t unused;
    struct lv_witness *witness = lv_vec_add(&nesting->pool, &unused);
    struct lv_witness **place = witness != NULL ? lv_vec_add(&nesting->witnesses.all, &ret->id.v) : NULL;

    if (place == NULL)
        return false;
    witness->thread = thread;
    witness->held_count = 1;
    witness->wanted = *wanted;
    witness->held[0] = *held;
    *place = witness;
    ret->held = 0;
    return true;
}

static void fill(struct lv_finding *ret, struct lv_finding_edge *edge, const struct lv_held_record *held,
                 const struct lv_held_record *wanted, lv_thread_id thread)
{
    *edge = (struct lv_finding_edge){ .kind = LV_REPORT_EDGE_LOCK, .thread = thread, .held = *held, .wanted = *wanted };
    *ret = (struct lv_finding){ .kind = LV_FINDING_RECURSIVE, .edge_count = 1, .edges = edge };
}

bool lv_check_same_lock(const struct lv_held_record *held, const struct lv_held_record *wanted, lv_thread_id thread,
                        struct lv_finding_edge *edge, struct lv_finding *ret)
{
    bool both_read = held->mode != LV_WRITE && wanted->mode != LV_WRITE;

    if ((wanted->flags & LV_TRY) != 0 || (both_read && wanted->mode == LV_READ_RECURSIVE))
        return false;
    fill(ret, edge, held, wanted, thread);
    if (held->kind == LV_KIND_RWLOCK && held->mode == LV_WRITE) {
        /* POSIX leaves it open; glibc returns EDEADLK to the writer itself. */
        ret->verdict = LV_VERDICT_MISUSE;
        lv_finding_add_reason(ret, (struct lv_reason){ LV_REASON_RETURNS_ERROR, 0, 0 });
    } else if ((wanted->flags & LV_TIMED) != 0) {
        ret->verdict = LV_VERDICT_GUARDED;
        lv_finding_add_reason(ret, (struct lv_reason){ LV_REASON_TIMED, 0, 0 });
    } else {
        ret->verdict = both_read ? LV_VERDICT_POTENTIAL : LV_VERDICT_DEADLOCK;
    }
    lv_finding_add_reason(ret, (struct lv_reason){ both_read ? LV_REASON_READER_AGAIN : LV_REASON_SAME_LOCK, 0, 0 });
    ret->identity = lv_hash_mix(held->class.v, UINT64_C(0x1000) + (uint64_t)ret->verdict);
    return true;
}

bool lv_check_refused(const struct lv_held_record *held, const struct lv_held_record *wanted, lv_thread_id thread,
                      struct lv_finding_edge *edge, struct lv_finding *ret)
{
    if ((wanted->flags & LV_TRY) != 0)
        return false;
    fill(ret, edge, held, wanted, thread);
    ret->verdict = LV_VERDICT_MISUSE;
    lv_finding_add_reason(ret, (struct lv_reason){ LV_REASON_RETURNS_ERROR, 0, 0 });
    lv_finding_add_reason(ret, (struct lv_reason){ LV_REASON_SAME_LOCK, 0, 0 });
    ret->identity = lv_hash_mix(held->class.v, UINT64_C(0x1000) + (uint64_t)ret->verdict);
    return true;
}

bool lv_check_same_class(const struct lv_held_record *held, const struct lv_held_record *wanted, lv_thread_id thread,
                         struct lv_finding_edge *edge, struct lv_finding *ret)
{
    if ((wanted->flags & LV_TRY) != 0 || (wanted->mode == LV_READ_RECURSIVE && held->mode != LV_WRITE))
        return false;
    fill(ret, edge, held, wanted, thread);
    ret->verdict = (wanted->flags & LV_TIMED) != 0 ? LV_VERDICT_GUARDED : LV_VERDICT_POTENTIAL;
    lv_finding_add_reason(ret, (struct lv_reason){ LV_REASON_ONE_CLASS, 0, 0 });
    if (held->kind == LV_KIND_SEM)
        lv_finding_add_reason(ret, (struct lv_reason){ LV_REASON_SEMAPHORE, 0, 0 });
    if (ret->verdict == LV_VERDICT_GUARDED)
        lv_finding_add_reason(ret, (struct lv_reason){ LV_REASON_TIMED, 0, 0 });
    ret->identity = lv_hash_mix(held->class.v, UINT64_C(0x2000) + (uint64_t)ret->verdict);
    return true;
}

/* The node of the instance @uid. Returns 0 or -ENOMEM. */
static int node_of(struct lv_nesting *nesting, uint64_t uid, uint32_t *ret_node)
{
    uint32_t node = lv_table_find(&nesting->node_of, uid);
    int r;

    if (node == 0) {
        node = nesting->order.nodes.count != 0 ? nesting->order.nodes.count : 1;
        r = lv_digraph_need_node(&nesting->order, node);
        if (r == 0)
            r = lv_table_insert(&nesting->node_of, uid, node);
        if (r < 0)
            return r;
    }
    *ret_node = node;
    return 0;
}

/* A pair of instances nested: its edge, the dependency bit and the witness. */
struct pair {
    uint32_t edge;
    uint8_t bit;
    struct lv_edge_witness at;
};

/* Learn the pair. Returns 1 when it is new in its kind of dependency, 0 when not, -ENOMEM. */
static int learn_pair(const struct lv_check *instances, struct lv_nesting *nesting, lv_thread_id thread,
                      const struct lv_held_record *held, const struct lv_held_record *wanted, struct pair *ret)
{
    uint32_t from, to;
    int r = nesting->order.edges.count > nesting->pairs_max ? forget(nesting) : 0;

    ret->bit = lv_dep_bit((enum lv_mode)held->mode, (enum lv_mode)wanted->mode, (wanted->flags & LV_TIMED) != 0);

    if (r == 0)
        r = node_of(nesting, held->uid, &from);
    if (r == 0)
        r = node_of(nesting, wanted->uid, &to);
    if (r == 0)
        r = lv_digraph_add(&nesting->order, from, to, ret->bit, &ret->edge);
    if (r <= 0)
        return r;
    if (!witness_pair(nesting, thread, held, wanted, &ret->at))
        return -ENOMEM;
    lv_check_keep_witness(instances, lv_digraph_edge(&nesting->order, ret->edge), ret->at, true);
    return 1;
}

/* The circle of classes that was found is one of instances, of the class of @held. */
static void make_instance_cycle(struct lv_finding *ret, const struct lv_held_record *held)
{
    ret->kind = LV_FINDING_RECURSIVE;
    ret->reason_count = 0;
    lv_finding_add_reason(ret, (struct lv_reason){ LV_REASON_INSTANCE_CYCLE, ret->edge_count, 0 });
    if (held->kind == LV_KIND_SEM)
        lv_finding_add_reason(ret, (struct lv_reason){ LV_REASON_SEMAPHORE, 0, 0 });
    if (ret->verdict == LV_VERDICT_GUARDED)
        lv_finding_add_reason(ret, (struct lv_reason){ LV_REASON_TIMED, 0, 0 });
    ret->identity = lv_hash_mix(held->class.v, UINT64_C(0x3000) + (uint64_t)ret->verdict);
}

int lv_check_instance_order(struct lv_arena *arena, struct lv_nesting *nesting, lv_thread_id thread,
                            const struct lv_held_record *held, const struct lv_held_record *wanted,
                            struct lv_finding *ret)
{
    const struct lv_check instances = { arena, &nesting->order, &nesting->witnesses };
    struct pair pair;
    int r = learn_pair(&instances, nesting, thread, held, wanted, &pair);

    if (r > 0)
        r = lv_check_circular(&instances, pair.edge, pair.bit, pair.at, ret);
    if (r > 0)
        make_instance_cycle(ret, held);
    return r;
}

int lv_check_keep_order(struct lv_arena *arena, struct lv_nesting *nesting, lv_thread_id thread,
                        const struct lv_held_record *held, const struct lv_held_record *wanted)
{
    const struct lv_check instances = { arena, &nesting->order, &nesting->witnesses };
    struct pair unused;
    int r = learn_pair(&instances, nesting, thread, held, wanted, &unused);

    return r < 0 ? r : 0;
}

int lv_check_kept_order(struct lv_arena *arena, struct lv_nesting *nesting, uint32_t pair, lv_class_id class,
                        bool class_rule, struct lv_finding *ret)
{
    const struct lv_check instances = { arena, &nesting->order, &nesting->witnesses };
    const struct lv_edge *edge = lv_digraph_edge(&nesting->order, pair);
    const struct lv_witness *witness;
    struct lv_finding_edge *shown;
    int r;

    if (edge->witness_count == 0)
        return 0;
    witness = lv_witnesses_get(&nesting->witnesses, edge->witness[0].id);
    if (witness->wanted.class.v != class.v)
        return 0;
    if (!class_rule) {
        r = lv_check_kept_edge(&instances, pair, ret);
        if (r > 0)
            make_instance_cycle(ret, &witness->held[0]);
        return r;
    }
    shown = lv_arena_alloc(arena, sizeof(*shown));
    if (shown == NULL)
        return -ENOMEM;
    if (!lv_check_same_class(&witness->held[0], &witness->wanted, witness->thread, shown, ret))
        return 0;
    ret->late = true;
    return 1;
}
