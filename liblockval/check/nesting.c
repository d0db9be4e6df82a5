/* SPDX-License-Identifier: MIT */
/* Protected by the owner's lock. Nodes of the instance graph are numbers given out as uids turn up, so that a process
 * with a million locks pays only for those that were nested in their own class. */

#include "check/nesting.h"

#include <errno.h>

#include "base/hash.h"

int lv_nesting_init(struct lv_nesting *nesting, struct lv_arena *arena)
{
    lv_table_init(&nesting->node_of, arena);
    return lv_digraph_init(&nesting->order, arena);
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

bool lv_check_same_class(const struct lv_held_record *held, const struct lv_held_record *wanted, lv_thread_id thread,
                         struct lv_finding_edge *edge, struct lv_finding *ret)
{
    if ((wanted->flags & LV_TRY) != 0 || (wanted->mode == LV_READ_RECURSIVE && held->mode != LV_WRITE))
        return false;
    fill(ret, edge, held, wanted, thread);
    ret->verdict = (wanted->flags & LV_TIMED) != 0 ? LV_VERDICT_GUARDED : LV_VERDICT_POTENTIAL;
    lv_finding_add_reason(ret, (struct lv_reason){ LV_REASON_ONE_CLASS, 0, 0 });
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

bool lv_nesting_is_known(const struct lv_nesting *nesting, const struct lv_held_record *held,
                         const struct lv_held_record *wanted)
{
    uint32_t from = lv_table_find(&nesting->node_of, held->uid);
    uint32_t to = lv_table_find(&nesting->node_of, wanted->uid);
    uint32_t edge = from != 0 && to != 0 ? lv_digraph_find(&nesting->order, from, to) : 0;
    uint8_t bit = lv_dep_bit((enum lv_mode)held->mode, (enum lv_mode)wanted->mode, (wanted->flags & LV_TIMED) != 0);

    return edge != 0 && (lv_digraph_edge(&nesting->order, edge)->bits & bit) != 0;
}

int lv_check_instance_order(const struct lv_check *check, struct lv_nesting *nesting, struct lv_edge_witness at,
                            struct lv_finding *ret)
{
    const struct lv_witness *witness = lv_witnesses_get(check->witnesses, at.id);
    const struct lv_held_record *held = &witness->held[at.held];
    const struct lv_held_record *wanted = &witness->wanted;
    uint8_t bit = lv_dep_bit(held->mode, wanted->mode, (wanted->flags & LV_TIMED) != 0);
    const struct lv_check instances = { check->arena, &nesting->order, check->witnesses };
    uint32_t from, to, number;
    struct lv_edge *edge;
    int r;

    r = node_of(nesting, held->uid, &from);
    if (r == 0)
        r = node_of(nesting, wanted->uid, &to);
    if (r == 0)
        r = lv_digraph_add(&nesting->order, from, to, bit, &number);
    if (r <= 0)
        return r;
    edge = lv_digraph_edge(&nesting->order, number);
    lv_check_keep_witness(check, edge, at, true);
    r = lv_check_circular(&instances, number, bit, at, ret);
    if (r <= 0)
        return r;
    ret->kind = LV_FINDING_RECURSIVE;
    ret->reason_count = 0;
    lv_finding_add_reason(ret, (struct lv_reason){ LV_REASON_INSTANCE_CYCLE, ret->edge_count, 0 });
    if (ret->verdict == LV_VERDICT_GUARDED)
        lv_finding_add_reason(ret, (struct lv_reason){ LV_REASON_TIMED, 0, 0 });
    ret->identity = lv_hash_mix(held->class.v, UINT64_C(0x3000) + (uint64_t)ret->verdict);
    return 1;
}
