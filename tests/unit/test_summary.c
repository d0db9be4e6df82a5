/* SPDX-License-Identifier: MIT */
/* How often edges were made, advice, and the summary at exit. */

#include <stdio.h>

#include "engine.h"
#include "engine/advise.h"
#include "engine/summary.h"

#define CIRCULAR LV_FINDING_CIRCULAR
#define POTENTIAL LV_VERDICT_POTENTIAL

enum {
    TEXT = 65536
};
static char text_buf[TEXT];

static uint32_t class_of_lock(const char *name)
{
    struct lv_object *object = scenario_object(s, name, LV_KIND_MUTEX);

    return lv_identity_class(lv_identity_find(&s->ctx, scenario_thread(s, 0), object, 0x1000)).v;
}

static struct lv_edge_count count_of(const char *from, const char *to)
{
    struct lv_edge_count count = { .from = class_of_lock(from), .to = class_of_lock(to) };

    lv_counts_collect(&s->ctx, &count, 1);
    return count;
}

static void chain_from(uintptr_t site, unsigned thread, const char *names, unsigned times)
{
    s->site = site;
    for (unsigned i = 0; i < times; i++)
        scenario_chain(s, thread, names);
    s->site = 0;
}

static const char *summary(void)
{
    struct lv_text text;

    lv_text_init(&text, text_buf, sizeof(text_buf));
    lv_summary_text(&s->ctx, true, &text);
    ck_assert(!text.cut);
    return text_buf;
}

static void expect_in(const char *wanted, const char *text)
{
    ck_assert_msg(strstr(text, wanted) != NULL, "no '%s' in:\n%s", wanted, text);
}

/* A finding was made, of whatever verdict. */
static const struct scenario_report *found(enum lv_finding_kind kind)
{
    ck_assert_uint_lt(s->report_read, s->report_count);
    return scenario_expect(s, kind, s->reports[s->report_read].verdict);
}

/* ---- counts -------------------------------------------------------------------------------------------------------- */

START_TEST(edges_are_counted_by_thread_and_site)
{
    struct lv_edge_count count;

    chain_from(0x1000, 1, "A B", 100);
    chain_from(0x1000, 2, "A B", 50);
    chain_from(0x2000, 1, "X A B", 7);
    count = count_of("A", "B");
    ck_assert_uint_eq(count.hits, 157);
    ck_assert_uint_eq(count.sites, 2);
    ck_assert(!count.more_sites);
    ck_assert_uint_eq(count_of("B", "A").hits, 0);
    ck_assert_uint_eq(count_of("X", "A").hits, 7);
    /* X -> B follows from the two others. */
    ck_assert_uint_eq(count_of("X", "B").hits, 0);
}
END_TEST

START_TEST(a_thread_that_ended_still_counts)
{
    chain_from(0x1000, 1, "A B", 10);
    lv_thread_free(&s->ctx, s->threads[1]);
    s->threads[1] = NULL;
    chain_from(0x1000, 2, "A B", 5);
    ck_assert_uint_eq(count_of("A", "B").hits, 15);
}
END_TEST

/* A cache that was emptied, and one whose entries push each other out, lose no count. */
START_TEST(evicted_entries_still_count)
{
    enum {
        CLASSES = 1500
    };
    char names[32];

    for (unsigned round = 0; round < 5; round++) {
        for (unsigned i = 0; i < CLASSES; i++) {
            (void)snprintf(names, sizeof(names), "A %c%c%c", 'B' + i % 16, 'B' + i / 16 % 16, 'B' + i / 256);
            chain_from(0x1000, 1, names, 1 + round);
        }
        lv_thread_empty_cache(s->threads[1]);
    }
    ck_assert_uint_gt(s->ctx.counts.places.count, CLASSES);
    for (unsigned i = 0; i < CLASSES; i += 17) {
        (void)snprintf(names, sizeof(names), "%c%c%c", 'B' + i % 16, 'B' + i / 16 % 16, 'B' + i / 256);
        ck_assert_uint_eq(count_of("A", names).hits, 15);
    }
}
END_TEST

START_TEST(many_sites_of_one_edge)
{
    struct lv_edge_count count;

    for (unsigned i = 0; i < 40; i++)
        chain_from(0x1000 + 16 * i, 1, "A B", 2);
    count = count_of("A", "B");
    ck_assert_uint_eq(count.hits, 80);
    ck_assert_uint_eq(count.sites, LV_COUNT_SITES);
    ck_assert(count.more_sites);
}
END_TEST

/* ---- advice -------------------------------------------------------------------------------------------------------- */

static struct lv_advice advice_on(uint32_t finding)
{
    const struct lv_made *made = lv_vec_at(&s->ctx.made, finding);
    struct lv_counted counted = lv_advise_collect(&s->ctx, &made->finding);
    struct lv_advice advice;

    lv_advise(&s->ctx, &made->finding, &counted, &advice);
    lv_advise_release(&counted);
    ck_assert_uint_le(advice.count, LV_ADVICE_LINES);
    return advice;
}

START_TEST(the_odd_edge_is_named)
{
    struct lv_advice advice;

    chain_from(0x1000, 1, "A B", 100);
    chain_from(0x2000, 2, "A B", 11);
    chain_from(0x3000, 2, "B A", 1);
    (void)found(CIRCULAR);
    advice = advice_on(0);
    ck_assert_uint_eq(advice.count, 3);
    expect_in("was seen 2 times from 1 site (0x3000),", advice.line[0]);
    expect_in("the other way 111 times from 2 sites: the odd one is 0x3000", advice.line[1]);
    expect_in("if that order must stay: a trylock of ", advice.line[2]);
}
END_TEST

/* Once each: nobody knows which is wrong. */
START_TEST(no_odd_edge_no_advice)
{
    scenario_chain(s, 1, "A B");
    scenario_chain(s, 2, "B A");
    (void)found(CIRCULAR);
    ck_assert_uint_eq(advice_on(0).count, 0);
    ck_assert_ptr_null(strstr(summary(), "odd one"));
}
END_TEST

START_TEST(a_gate_that_is_nearly_there)
{
    struct lv_advice advice;

    scenario_chain(s, 1, "G A B");
    scenario_chain(s, 2, "B A");
    (void)found(CIRCULAR);
    advice = advice_on(0);
    ck_assert_uint_eq(advice.count, 1);
    expect_in(" is held for ", advice.line[0]);
    expect_in(" too, it is a gate", advice.line[0]);
    /* In a longer cycle it is the odd step that should take it. */
    chain_from(0x1000, 1, "H C D", 50);
    chain_from(0x2000, 2, "D E", 50);
    chain_from(0x3000, 3, "E C", 1);
    (void)found(CIRCULAR);
    advice = advice_on(1);
    ck_assert_uint_eq(advice.count, 3);
    expect_in("(0x3000)", advice.line[0]);
    expect_in("every other step 50 times or more: the odd one is 0x3000", advice.line[1]);
    expect_in(" too, it is a gate", advice.line[2]);
}
END_TEST

/* Held as a reader, or not always, or on both sides already: it is no gate, or one that is there. */
START_TEST(what_is_no_gate)
{
    read_lock(1, "H");
    scenario_chain(s, 1, "D E");
    unlock(1, "H");
    scenario_chain(s, 2, "E D");
    (void)found(CIRCULAR);
    ck_assert_uint_eq(advice_on(0).count, 0);
    scenario_chain(s, 1, "I J K");
    scenario_chain(s, 1, "J K");
    scenario_chain(s, 2, "K J");
    (void)found(CIRCULAR);
    ck_assert_uint_eq(advice_on(1).count, 0);
    scenario_chain(s, 1, "G A B");
    scenario_chain(s, 2, "G B A");
    (void)scenario_expect(s, CIRCULAR, LV_VERDICT_GUARDED);
    ck_assert_uint_eq(advice_on(2).count, 0);
}
END_TEST

/* Whoever posts a semaphore may be another: it keeps nobody out. */
START_TEST(a_semaphore_is_no_gate)
{
    scenario_sem_wait(s, 1, "S", 0);
    scenario_chain(s, 1, "A B");
    scenario_sem_post(s, 1, "S");
    scenario_chain(s, 2, "B A");
    (void)found(CIRCULAR);
    ck_assert_uint_eq(advice_on(0).count, 0);
}
END_TEST

START_TEST(instances_are_told_to_keep_an_order)
{
    scenario_chain(s, 1, "A1 A2");
    scenario_chain(s, 2, "A2 A1");
    (void)found(LV_FINDING_RECURSIVE);
    expect_in("in one order everywhere", advice_on(0).line[0]);
}
END_TEST

START_TEST(findings_without_a_cycle_have_no_advice)
{
    write_lock(1, "A");
    write_lock(1, "A");
    (void)scenario_expect(s, LV_FINDING_RECURSIVE, LV_VERDICT_DEADLOCK);
    unlock(2, "A");
    (void)scenario_expect(s, LV_FINDING_UNLOCK, LV_VERDICT_MISUSE);
    ck_assert_uint_eq(advice_on(0).count, 0);
    ck_assert_uint_eq(advice_on(1).count, 0);
}
END_TEST

/* ---- the summary --------------------------------------------------------------------------------------------------- */

START_TEST(findings_by_verdict)
{
    const char *text;
    char line[128];

    scenario_class(s, "A", SCENARIO_EXPLICIT);
    scenario_class(s, "B", SCENARIO_EXPLICIT);
    scenario_chain(s, 1, "A B");
    scenario_chain(s, 1, "B A");
    (void)snprintf(line, sizeof(line), "  potential circular  A -> B -> A  [%s]\n",
                   scenario_expect(s, CIRCULAR, POTENTIAL)->fingerprint);
    unlock(2, "A");
    (void)scenario_expect(s, LV_FINDING_UNLOCK, LV_VERDICT_MISUSE);
    write_lock(1, "B");
    write_lock(1, "B");
    (void)scenario_expect(s, LV_FINDING_RECURSIVE, LV_VERDICT_DEADLOCK);
    text = summary();
    expect_in("\nlockval: 3 findings: 1 deadlock, 1 misuse, 1 potential\n", text);
    expect_in(line, text);
    expect_in("  misuse    unlock    A  [", text);
    expect_in("  deadlock  recursive B -> B  [", text);
    ck_assert_ptr_null(strstr(text, "\nverdict: "));
    ck_assert_ptr_null(strstr(text, "\nWARNING"));
    ck_assert_ptr_null(strstr(text, "change"));
}
END_TEST

/* A shared edge is the smallest change of three cycles; the summary counts to the end. */
START_TEST(the_smallest_change)
{
    const char *text;

    for (unsigned i = 0; i < 4; i++) {
        const char class[2] = { (char)('A' + i), '\0' };

        scenario_class(s, class, SCENARIO_EXPLICIT);
    }
    chain_from(0x1000, 1, "A B", 3);
    scenario_chain(s, 1, "B C");
    scenario_chain(s, 1, "B D");
    scenario_chain(s, 1, "B A");
    (void)found(CIRCULAR);
    scenario_chain(s, 1, "C A");
    (void)found(CIRCULAR);
    scenario_chain(s, 1, "D A");
    (void)found(CIRCULAR);
    chain_from(0x1000, 1, "A B", 97);
    text = summary();
    expect_in("  smallest change: 1 of 6 edges: A -> B (0x1000)\n", text);
    expect_in("the other way 100 times: the odd one\n", text);
}
END_TEST

START_TEST(said_once_and_only_if_there_is_something)
{
    lv_summary_say(&s->ctx, false);
    ck_assert(!s->ctx.summary_said);
    scenario_chain(s, 1, "A B");
    scenario_chain(s, 1, "B A");
    (void)found(CIRCULAR);
    lv_made_after_fork(&s->ctx);
    ck_assert_uint_eq(s->ctx.made.count, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        edges_are_counted_by_thread_and_site,
        a_thread_that_ended_still_counts,
        evicted_entries_still_count,
        many_sites_of_one_edge,
        the_odd_edge_is_named,
        no_odd_edge_no_advice,
        a_gate_that_is_nearly_there,
        what_is_no_gate,
        a_semaphore_is_no_gate,
        instances_are_told_to_keep_an_order,
        findings_without_a_cycle_have_no_advice,
        findings_by_verdict,
        the_smallest_change,
        said_once_and_only_if_there_is_something,
    };

    return engine_run("summary", tests, LV_ARRAY_SIZE(tests));
}
