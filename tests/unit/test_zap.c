/* SPDX-License-Identifier: MIT */
/* Classes whose key goes away: what is forgotten, what is kept, when numbers are used again. */

#include "engine/zap.h"

#include "engine.h"

#define KEY_A ((uintptr_t)0x521000000000)
#define KEY_B ((uintptr_t)0x521000000100)
#define KEY_CHURN ((uintptr_t)0x521000000200)
#define POTENTIAL LV_VERDICT_POTENTIAL

static struct lv_class_key key_at(uintptr_t place)
{
    return (struct lv_class_key){ .origin = LV_CLASS_NAME, .kind = LV_KIND_MUTEX, .place = place, .name = "named" };
}

/* The lock is made anew, of the class of the key at @place. */
static void give(const char *lock, uintptr_t place)
{
    const struct lv_class_key key = key_at(place);

    lv_identity_set(&s->ctx, scenario_thread(s, 1), scenario_object(s, lock, LV_KIND_MUTEX), &key, 0);
}

static void zap(uintptr_t place)
{
    const struct lv_class_key key = key_at(place);

    lv_zap_key(&s->ctx, &key);
}

static lv_class_id find(uintptr_t place)
{
    const struct lv_class_key key = key_at(place);

    return lv_classes_find(&s->ctx.classes, &key);
}

/* @times keys that each have a lock which is taken under another one. */
static void churn(unsigned times, const char *under)
{
    for (unsigned i = 0; i < times; i++) {
        give("X", KEY_CHURN);
        write_lock(2, under);
        write_lock(2, "X");
        unlock(2, "X");
        unlock(2, under);
        zap(KEY_CHURN);
    }
}

START_TEST(found_no_more)
{
    lv_class_id first;

    give("A", KEY_A);
    first = find(KEY_A);
    ck_assert_uint_ne(first.v, 0);
    zap(KEY_A);
    ck_assert_uint_eq(find(KEY_A).v, 0);
    ck_assert(lv_classes_get(&s->ctx.classes, first)->zapped);
    give("A", KEY_A);
    ck_assert_uint_ne(find(KEY_A).v, 0);
    ck_assert_uint_ne(find(KEY_A).v, first.v);
    ck_assert_uint_eq(lv_classes_get(&s->ctx.classes, find(KEY_A))->version, 1);
}
END_TEST

START_TEST(unknown_key)
{
    zap(KEY_A);
    zap(KEY_A);
    ck_assert_uint_eq(s->ctx.classes.zapped_count, 0);
}
END_TEST

START_TEST(edges_go)
{
    give("A", KEY_A);
    scenario_chain(s, 1, "B A C");
    ck_assert_uint_eq(s->ctx.graph.live, 2);
    zap(KEY_A);
    ck_assert_uint_eq(s->ctx.graph.live, 0);
    give("A", KEY_A);
    scenario_chain(s, 1, "C A B");
    scenario_expect_clean(s);
    scenario_chain(s, 1, "B C");
    scenario_expect(s, LV_FINDING_CIRCULAR, POTENTIAL);
}
END_TEST

START_TEST(subclasses_go)
{
    give("A", KEY_A);
    scenario_lock_sub(s, 1, "A", 3);
    write_lock(1, "B");
    unlock(1, "B");
    unlock(1, "A");
    zap(KEY_A);
    ck_assert_uint_eq(s->ctx.classes.zapped_count, 2);
    ck_assert_uint_eq(s->ctx.graph.live, 0);
}
END_TEST

/* Numbers wait for a batch, and then no more are taken than one batch needs. */
START_TEST(numbers_are_used_again)
{
    uint32_t count;

    churn(LV_CLASSES_BATCH - 1, "B");
    count = s->ctx.classes.all.count;
    ck_assert_uint_ge(count, LV_CLASSES_BATCH);
    ck_assert_uint_eq(s->ctx.classes.zapped_count, LV_CLASSES_BATCH - 1);
    churn(3 * LV_CLASSES_BATCH, "B");
    ck_assert_uint_le(s->ctx.classes.all.count, count + 1);
}
END_TEST

START_TEST(witnesses_are_used_again)
{
    uint32_t count, edges;

    churn(2 * LV_CLASSES_BATCH, "B");
    count = s->ctx.witnesses.count;
    edges = s->ctx.graph.edges.count;
    churn(4 * LV_CLASSES_BATCH, "B");
    ck_assert_uint_le(s->ctx.witnesses.count, count);
    ck_assert_uint_le(s->ctx.graph.edges.count, edges);
}
END_TEST

/* The evidence of what stays is not swept up with the rest. */
START_TEST(evidence_of_others_stays)
{
    scenario_chain(s, 1, "C D E");
    churn(2 * LV_CLASSES_BATCH, "B");
    scenario_chain(s, 2, "E C");
    scenario_expect_cycle(s, LV_FINDING_CIRCULAR, LV_VERDICT_FEASIBLE, "E>C C>D D>E");
}
END_TEST

START_TEST(chains_are_learned_anew)
{
    give("A", KEY_A);
    scenario_chain(s, 1, "A B");
    zap(KEY_A);
    churn(2 * LV_CLASSES_BATCH, "D");
    for (unsigned i = 0; i < LV_CLASSES_BATCH; i++) {
        give("A", KEY_A + 0x1000 + i * 16);
        scenario_chain(s, 1, "A B");
    }
    scenario_expect_clean(s);
    scenario_chain(s, 1, "B A");
    scenario_expect(s, LV_FINDING_CIRCULAR, POTENTIAL);
}
END_TEST

START_TEST(what_a_finding_names_is_kept)
{
    lv_class_id a;
    uint32_t edge;

    give("A", KEY_A);
    scenario_chain(s, 1, "A B");
    a = find(KEY_A);
    edge = lv_digraph_find(&s->ctx.graph, a.v, lv_digraph_edge(&s->ctx.graph, 1)->to);
    scenario_chain(s, 1, "B A");
    scenario_expect(s, LV_FINDING_CIRCULAR, POTENTIAL);
    zap(KEY_A);
    churn(2 * LV_CLASSES_BATCH, "D");
    ck_assert(lv_classes_get(&s->ctx.classes, a)->zapped);
    ck_assert_uint_eq(lv_digraph_edge(&s->ctx.graph, edge)->from, a.v);
    ck_assert_uint_ne(lv_digraph_edge(&s->ctx.graph, edge)->witness_count, 0);
    scenario_chain(s, 1, "B D");
    scenario_expect_clean(s);
}
END_TEST

/* ---- locks that outlive their class -------------------------------------------------------------------------------- */

START_TEST(held_makes_no_edges)
{
    give("A", KEY_A);
    write_lock(1, "A");
    zap(KEY_A);
    scenario_chain(s, 1, "B C");
    unlock(1, "A");
    ck_assert_uint_eq(scenario_thread(s, 1)->depth, 0);
    ck_assert_uint_eq(s->ctx.graph.live, 1);
    scenario_chain(s, 1, "C B");
    scenario_expect(s, LV_FINDING_CIRCULAR, POTENTIAL);
}
END_TEST

START_TEST(taken_after)
{
    const struct scenario_report *report;

    give("A", KEY_A);
    give("B", KEY_B);
    zap(KEY_A);
    write_lock(1, "A");
    report = scenario_expect(s, LV_FINDING_LIFETIME, LV_VERDICT_MISUSE);
    ck_assert_str_eq(report->subject, "A");
    write_lock(1, "B");
    unlock(1, "B");
    unlock(1, "A");
    ck_assert_uint_eq(s->ctx.graph.live, 0);
}
END_TEST

/* Its number is another class's by now: nothing is learned of that one. */
START_TEST(taken_after_its_number_went)
{
    give("A", KEY_A);
    zap(KEY_A);
    churn(2 * LV_CLASSES_BATCH, "D");
    for (unsigned i = 0; i < LV_CLASSES_BATCH; i++)
        give("C", KEY_B + i * 16);
    write_lock(1, "A");
    scenario_expect(s, LV_FINDING_LIFETIME, LV_VERDICT_MISUSE);
    write_lock(1, "B");
    unlock(1, "B");
    unlock(1, "A");
    ck_assert_uint_eq(s->ctx.graph.live, 0);
    give("A", KEY_A);
    scenario_chain(s, 1, "A B");
    scenario_expect_clean(s);
}
END_TEST

START_TEST(range)
{
    give("A", KEY_A);
    give("B", KEY_B);
    lv_zap_range(&s->ctx, KEY_A + 1, KEY_B);
    ck_assert_uint_eq(s->ctx.classes.zapped_count, 0);
    lv_zap_range(&s->ctx, KEY_A, KEY_B);
    ck_assert_uint_eq(s->ctx.classes.zapped_count, 1);
    ck_assert_uint_eq(find(KEY_A).v, 0);
    ck_assert_uint_ne(find(KEY_B).v, 0);
}
END_TEST

START_TEST(keys)
{
    ck_assert(!lv_key_is_registered(&s->ctx, KEY_A));
    ck_assert_int_eq(lv_key_register(&s->ctx, KEY_A), 0);
    ck_assert_int_eq(lv_key_register(&s->ctx, KEY_A), 1);
    ck_assert(lv_key_is_registered(&s->ctx, KEY_A));
    ck_assert(lv_key_unregister(&s->ctx, KEY_A));
    ck_assert(!lv_key_unregister(&s->ctx, KEY_A));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        found_no_more,
        unknown_key,
        edges_go,
        subclasses_go,
        numbers_are_used_again,
        witnesses_are_used_again,
        evidence_of_others_stays,
        chains_are_learned_anew,
        what_a_finding_names_is_kept,
        held_makes_no_edges,
        taken_after,
        taken_after_its_number_went,
        range,
        keys,
    };

    return engine_run("zap", tests, LV_ARRAY_SIZE(tests));
}
