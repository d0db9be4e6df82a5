/* SPDX-License-Identifier: MIT */
/* The rules own nothing; the pair store does. A circle of instances is one of the circular rule, in another graph. */

#include "check/nesting.h"

#include <errno.h>

#include "base/hash.h"

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

bool lv_check_compared(const struct lv_held_record *held, const struct lv_held_record *wanted, lv_thread_id thread,
                       int result, struct lv_finding_edge *edge, struct lv_finding *ret)
{
    bool both_read = wanted->mode == LV_READ_RECURSIVE && held->mode != LV_WRITE;

    if (result < 0 || (wanted->flags & LV_TRY) != 0 || both_read)
        return false;
    fill(ret, edge, held, wanted, thread);
    ret->compared = true;
    ret->comparison = result;
    ret->verdict = (wanted->flags & LV_TIMED) != 0 ? LV_VERDICT_GUARDED : LV_VERDICT_POTENTIAL;
    lv_finding_add_reason(ret, (struct lv_reason){ LV_REASON_COMPARED, (uint32_t)result, 0 });
    if (ret->verdict == LV_VERDICT_GUARDED)
        lv_finding_add_reason(ret, (struct lv_reason){ LV_REASON_TIMED, 0, 0 });
    ret->identity = lv_hash_mix(held->class.v, UINT64_C(0x4000) + (uint64_t)ret->verdict);
    return true;
}

struct lv_check lv_check_instances(const struct lv_check *classes, struct lv_pairs *pairs, lv_class_id class)
{
    struct lv_check check = *classes;

    check.graph = &pairs->order;
    check.witnesses = &pairs->witnesses;
    check.instances = true;
    check.forgotten = lv_pairs_forgotten(pairs, class);
    return check;
}

/* The circle of classes that was found is one of instances, of @class. */
static void make_instance_cycle(struct lv_finding *ret, lv_class_id class)
{
    ret->kind = LV_FINDING_RECURSIVE;
    ret->identity = lv_hash_mix(class.v, UINT64_C(0x3000) + !ret->timed);
}

int lv_check_instance_order(const struct lv_check *classes, struct lv_pairs *pairs, const struct lv_pair_seen *nested,
                            struct lv_finding *ret)
{
    lv_class_id class = nested->whole->held[nested->held].class;
    struct lv_pair pair;
    int r = lv_pairs_learn(pairs, nested, &pair);

    if (r > 0) {
        const struct lv_check instances = lv_check_instances(classes, pairs, class);

        r = lv_check_circular(&instances, pair.edge, pair.bit, pair.at, ret);
    }
    if (r > 0)
        make_instance_cycle(ret, class);
    return r;
}

int lv_check_keep_order(struct lv_pairs *pairs, const struct lv_pair_seen *nested)
{
    struct lv_pair unused;
    int r = lv_pairs_learn(pairs, nested, &unused);

    return r < 0 ? r : 0;
}

int lv_check_kept_order(const struct lv_check *classes, struct lv_pairs *pairs, uint32_t pair, lv_class_id class,
                        bool class_rule, struct lv_finding *ret)
{
    const struct lv_check instances = lv_check_instances(classes, pairs, class);
    const struct lv_edge *edge = lv_digraph_edge(&pairs->order, pair);
    const struct lv_witness *witness;
    struct lv_finding_edge *shown;
    int r;

    if (edge->witness_count == 0)
        return 0;
    witness = lv_witnesses_get(&pairs->witnesses, lv_edge_witness(edge, 0)->id);
    if (witness->wanted.class.v != class.v)
        return 0;
    if (!class_rule) {
        r = lv_check_kept_edge(&instances, pair, ret);
        if (r > 0)
            make_instance_cycle(ret, class);
        return r;
    }
    shown = lv_arena_alloc(pairs->arena, sizeof(*shown));
    if (shown == NULL)
        return -ENOMEM;
    if (!lv_check_same_class(&witness->held[lv_edge_witness(edge, 0)->held], &witness->wanted, witness->thread, shown,
                             ret))
        return 0;
    ret->late = true;
    return 1;
}
