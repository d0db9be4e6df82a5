/* SPDX-License-Identifier: MIT */
/* Findings about threads that are stuck, from ids to the world: what was said before, once each, sizes, the summary. */

#include <stdio.h>

#include "engine.h"
#include "engine/here.h"
#include "engine/predicted.h"
#include "engine/resolve_stuck.h"
#include "engine/summary.h"

#define DEADLOCK LV_FINDING_DEADLOCK

enum {
    TEXT = 4 * 1024 * 1024,
    MANY = 100
};

static struct lv_stuck stuck[MANY];
static char text_buf[TEXT];
static uint32_t texts;
static uint32_t stuck_resolved;
static uint32_t classes_resolved;

/* The report in the middle of its publication. */
static void keep_text(struct lv_context *ctx, const struct lv_report *report, const char *text, size_t len)
{
    (void)ctx;
    ck_assert_uint_lt(len, sizeof(text_buf));
    memcpy(text_buf, text, len + 1);
    stuck_resolved = report->stuck_count;
    classes_resolved = report->class_count;
    texts++;
}

static struct lv_held_record record_of(const char *name, enum lv_mode mode, uintptr_t site)
{
    struct lv_object *object = scenario_object(s, name, LV_KIND_MUTEX);
    uint64_t identity = lv_identity_find(&s->ctx, scenario_thread(s, 0), object, 0x1000);
    struct lv_held_record record = { .address = object->address,
                                     .class = lv_identity_class(identity),
                                     .uid = lv_identity_uid(identity),
                                     .mode = (uint8_t)mode };
    struct lv_locked locked = lv_context_lock(&s->ctx);

    record.stack = lv_stack_here(&s->ctx, site);
    lv_context_unlock(&s->ctx, &locked);
    return record;
}

/* Thread number @i of @count waits for the lock @wanted, and holds @held. */
static void set(uint32_t i, uint32_t count, const char *wanted, const char *held)
{
    stuck[i] = (struct lv_stuck){
        .thread = scenario_thread(s, 1 + i % (SCENARIO_THREADS - 1))->info,
        .wait = LV_WAITS_LOCK,
        .last = i == 0,
        .waited_ms = 7,
        .wanted = record_of(wanted, LV_WRITE, 0x2000),
        .blocker = (i + 1) % count,
        .held_count = 1,
    };
    stuck[i].held[0] = record_of(held, LV_WRITE, 0x3000);
}

static struct lv_finding finding_of(uint32_t count, uint32_t circle)
{
    return (struct lv_finding){
        .kind = DEADLOCK, .verdict = LV_VERDICT_DEADLOCK, .stuck = stuck, .stuck_count = count, .circle_count = circle
    };
}

/* Published by thread 1. Returns the text, or null: it was made before. */
static const char *publish(uint32_t count, uint32_t circle)
{
    struct lv_finding finding = finding_of(count, circle);
    uint32_t before = texts;

    s->ctx.sink = keep_text;
    lv_finding_publish(&s->ctx, scenario_thread(s, 1), &finding, 0x4000);
    return texts != before ? text_buf : NULL;
}

static void expect_in(const char *wanted, const char *text)
{
    ck_assert_ptr_nonnull(text);
    ck_assert_msg(strstr(text, wanted) != NULL, "no '%s' in:\n%s", wanted, text);
}

static const struct scenario_report *found(enum lv_finding_kind kind)
{
    ck_assert_uint_lt(s->report_read, s->report_count);
    return scenario_expect(s, kind, s->reports[s->report_read].verdict);
}

static bool is_predicted(uint32_t circle)
{
    struct lv_finding finding = finding_of(circle, circle);

    return lv_predicted(&s->ctx, &finding) != NULL;
}

/* Two threads with one lock each of @a and @b. */
static void set_two(const char *a, const char *b)
{
    set(0, 2, a, b);
    set(1, 2, b, a);
}

/* ---- what was said before ------------------------------------------------------------------------------------------ */

START_TEST(the_order_said_so)
{
    char line[128];

    scenario_chain(s, 1, "A B");
    scenario_chain(s, 2, "B A");
    (void)snprintf(line, sizeof(line), "\npredicted: finding [%s] (circular, feasible) said so before it happened\n",
                   found(LV_FINDING_CIRCULAR)->fingerprint);
    set_two("A", "B");
    expect_in(line, publish(2, 2));
}
END_TEST

START_TEST(nothing_said_so)
{
    scenario_chain(s, 1, "A B");
    set_two("A", "B");
    expect_in("\nnot predicted: no finding before it has all steps of the circle\n", publish(2, 2));
    set(0, 3, "A", "B");
    expect_in("\nnot predicted: it is no circle, and only circles are\n", publish(3, 0));
}
END_TEST

/* A cycle of order goes through all that a thread holds; the circle of threads need not. But all of the circle's steps must be in it,
 * in their order. */
START_TEST(steps_along_a_cycle)
{
    scenario_chain(s, 1, "A B C");
    scenario_chain(s, 2, "C D");
    scenario_chain(s, 3, "D A");
    (void)found(LV_FINDING_CIRCULAR);
    set(0, 3, "A", "D");
    set(1, 3, "C", "A");
    set(2, 3, "D", "C");
    ck_assert(is_predicted(3));
    set_two("A", "C"); /* A -> C and C -> D -> A */
    ck_assert(is_predicted(2));
    /* The other way round. */
    set(0, 3, "A", "C");
    set(1, 3, "D", "A");
    set(2, 3, "C", "D");
    ck_assert(!is_predicted(3));
    set_two("A", "E");
    ck_assert(!is_predicted(2));
    set(0, 1, "A", "A");
    ck_assert(!is_predicted(1));
}
END_TEST

START_TEST(one_lock_taken_again)
{
    write_lock(1, "A");
    write_lock(1, "A");
    (void)scenario_expect(s, LV_FINDING_RECURSIVE, LV_VERDICT_DEADLOCK);
    set(0, 1, "A", "A");
    ck_assert(is_predicted(1));
    set(0, 1, "B", "B");
    ck_assert(!is_predicted(1));
    set_two("A1", "A2");
    ck_assert(!is_predicted(2));
}
END_TEST

/* Locks of one class are told apart where their order was learned by instance. */
START_TEST(instances_of_one_class)
{
    scenario_chain(s, 1, "A1 A2");
    scenario_chain(s, 2, "A2 A1");
    (void)found(LV_FINDING_RECURSIVE);
    set_two("A1", "A2");
    ck_assert(is_predicted(2));
    set_two("A1", "A3");
    ck_assert(!is_predicted(2));
    set(0, 1, "A1", "A1");
    ck_assert(!is_predicted(1));
}
END_TEST

/* With a rule for the class any two of it will do. */
START_TEST(a_class_with_a_rule)
{
    scenario_class(s, "E", SCENARIO_EXPLICIT);
    scenario_chain(s, 1, "E1 E2");
    (void)found(LV_FINDING_RECURSIVE);
    set_two("E3", "E4");
    ck_assert(is_predicted(2));
    set(0, 1, "E1", "E1");
    ck_assert(!is_predicted(1));
}
END_TEST

/* A wait of another kind is not in an order of locks. */
START_TEST(other_waits)
{
    scenario_chain(s, 1, "A B");
    scenario_chain(s, 2, "B A");
    (void)found(LV_FINDING_CIRCULAR);
    set_two("A", "B");
    stuck[1].wait = LV_WAITS_JOIN;
    stuck[1].wanted.class.v = 0;
    ck_assert(!is_predicted(2));
    stuck[1].wait = LV_WAITS_COND;
    ck_assert(!is_predicted(2));
}
END_TEST

/* A reader and the writer before it are one step; a condition variable stands for its mutex. */
START_TEST(waits_that_are_no_steps)
{
    scenario_chain(s, 1, "A B");
    scenario_chain(s, 2, "B A");
    (void)found(LV_FINDING_CIRCULAR);
    set(0, 3, "A", "B");
    set(1, 3, "A", "C");
    set(2, 3, "B", "A");
    ck_assert(!is_predicted(3));
    stuck[0].blocker_queued = true;
    ck_assert(is_predicted(3));
    set_two("A", "B");
    stuck[1].with = stuck[1].wanted;
    stuck[1].wanted = (struct lv_held_record){ .address = 0x1230 };
    ck_assert(!is_predicted(2));
    stuck[1].wait = LV_WAITS_COND;
    ck_assert(is_predicted(2));
}
END_TEST

/* ---- once each ----------------------------------------------------------------------------------------------------- */

START_TEST(once_whoever_is_stuck)
{
    set_two("A", "B");
    ck_assert_ptr_nonnull(publish(2, 2));
    ck_assert_ptr_null(publish(2, 2));
    set_two("B", "A");
    ck_assert_ptr_null(publish(2, 2));
    set_two("A", "C");
    ck_assert_ptr_nonnull(publish(2, 2));
    set_two("A", "B");
    set(2, 3, "C", "D"); /* behind them */
    ck_assert_ptr_null(publish(3, 2));
    ck_assert_ptr_nonnull(publish(3, 0));
    set(0, 3, "C", "D");
    set(2, 3, "A", "B");
    ck_assert_ptr_null(publish(3, 0));
    ck_assert_uint_eq(s->ctx.findings, 3);
}
END_TEST

/* Another order of the same things is another circle; where it begins says nothing. */
START_TEST(identities)
{
    uint64_t first;

    set(0, 3, "A", "C");
    set(1, 3, "B", "A");
    set(2, 3, "C", "B");
    first = lv_stuck_identity(stuck, 3, 3);
    set(0, 3, "B", "A");
    set(1, 3, "C", "B");
    set(2, 3, "A", "C");
    ck_assert_uint_eq(lv_stuck_identity(stuck, 3, 3), first);
    set(0, 3, "C", "B");
    set(1, 3, "B", "A");
    ck_assert_uint_ne(lv_stuck_identity(stuck, 3, 3), first);
    ck_assert_uint_ne(lv_stuck_identity(stuck, 3, 0), first);
    stuck[0].wait = LV_WAITS_COND;
    ck_assert_uint_ne(lv_stuck_identity(stuck, 3, 3), first);
    /* Idle workers count once. */
    first = lv_stuck_identity(stuck, 3, 0);
    stuck[3] = stuck[1];
    ck_assert_uint_eq(lv_stuck_identity(stuck, 4, 0), first);
    /* Without a class, the call that waits is what tells them apart. */
    stuck[0].wanted.class.v = 0;
    first = lv_stuck_identity(stuck, 3, 0);
    stuck[0].wanted.stack.v++;
    ck_assert_uint_ne(lv_stuck_identity(stuck, 3, 0), first);
}
END_TEST

static void fingerprint_of(uint32_t count, uint32_t circle, char ret[20])
{
    const struct lv_made *made;

    ck_assert_ptr_nonnull(publish(count, circle));
    made = lv_vec_at(&s->ctx.made, s->ctx.made.count - 1);
    memcpy(ret, made->fingerprint, 20);
}

START_TEST(fingerprints_in_another_process)
{
    const char *const names[] = { "A", "B", "C" };
    char first[20], other[20];

    for (unsigned i = 0; i < 3; i++)
        scenario_class(s, names[i], SCENARIO_EXPLICIT);
    set_two("A", "B");
    fingerprint_of(2, 2, first);
    ck_assert_uint_eq(strlen(first), 16);
    scenario_restart(s, NULL);
    for (unsigned i = 3; i-- > 0;)
        scenario_class(s, names[i], SCENARIO_EXPLICIT);
    set_two("B", "C");
    fingerprint_of(2, 2, other);
    ck_assert_str_ne(other, first);
    set_two("B", "A");
    fingerprint_of(2, 2, other);
    ck_assert_str_eq(other, first);
}
END_TEST

/* ---- the report ---------------------------------------------------------------------------------------------------- */

START_TEST(what_is_resolved)
{
    const char *text;

    scenario_class(s, "A", SCENARIO_EXPLICIT);
    scenario_class(s, "B", SCENARIO_EXPLICIT);
    set_two("A", "B");
    stuck[2] = (struct lv_stuck){ .thread = scenario_thread(s, 3)->info,
                                  .wait = LV_WAITS_JOIN,
                                  .waited_ms = -1,
                                  .joined = scenario_thread(s, 1)->info,
                                  .blocker = 0,
                                  .left_out = 2 };
    stuck[3] = (struct lv_stuck){ .thread = scenario_thread(s, 4)->info,
                                  .wait = LV_WAITS_COND,
                                  .waited_ms = 1,
                                  .wanted = { .address = 0x1230 },
                                  .with = record_of("C", LV_WRITE, 0x5000),
                                  .blocker = 77 /* there is no such thread */ };
    text = publish(4, 2);
    expect_in("\nWARNING: threads are deadlocked!\n", text);
    expect_in("2 threads wait for each other in a circle; 2 more wait behind them.\n", text);
    expect_in(" is trying to acquire lock, for 7 ms:\n0x", text);
    expect_in(" (A){", text);
    expect_in("\nwhich is held by ", text);
    expect_in("  0x2000\n", text);
    expect_in(" #0: 0x", text);
    expect_in("       0x3000\n", text);
    expect_in(" waits for the end of ", text);
    expect_in(" (2 of them, the oldest, are not shown)\n", text);
    expect_in(" waits on condition variable, for 1 ms:\n0x1230, at: (no stack)\n", text);
    expect_in("and takes this lock again when it is woken:\n0x", text);
    expect_in(" *** DEADLOCK ***\n\nverdict: deadlock\n", text);
    expect_in("\nclasses: A ", text);
    ck_assert_ptr_null(strstr(text, "stack backtrace:"));
    ck_assert_uint_eq(stuck_resolved, 4);
    ck_assert_uint_eq(classes_resolved, 3);
}
END_TEST

/* A hundred threads, each with as many held locks as are kept. */
START_TEST(a_hundred_threads)
{
    char name[16];

    for (uint32_t i = 0; i < MANY; i++) {
        (void)snprintf(name, sizeof(name), "%c%u", 'A' + i % 26, i);
        set(i, MANY, name, "Z");
        for (uint32_t j = 1; j < LV_STUCK_HELD; j++) {
            (void)snprintf(name, sizeof(name), "%c%c%u", 'A' + i % 26, 'A' + j % 26, i);
            stuck[i].held[stuck[i].held_count++] = record_of(name, LV_READ, 0x5000 + 16 * i);
        }
    }
    ck_assert_ptr_nonnull(publish(MANY, MANY));
    ck_assert_uint_eq(stuck_resolved, MANY);
    ck_assert_ptr_null(strstr(text_buf, "the report is cut here"));
    ck_assert_ptr_null(strstr(text_buf, "not shown"));
    expect_in("16 locks held by ", text_buf);
    expect_in("100 threads wait for each other in a circle.\n", text_buf);
    expect_in(" (100 columns, ", text_buf);
    ck_assert_uint_lt(lv_resolve_stuck_size(&s->ctx, stuck, MANY), 8 * 1024 * 1024);
    ck_assert_uint_eq(lv_resolve_stuck_size(&s->ctx, stuck, 0), 0);
}
END_TEST

/* In memory that is too small the circle is there, and what does not fit is left out. */
START_TEST(too_little_memory)
{
    struct lv_finding finding;
    struct lv_locked locked;

    set_two("A", "B");
    finding = finding_of(2, 2);
    for (size_t size = 0; size < 8192; size += 16) {
        char *memory = malloc(size + 1);
        struct lv_pool pool = { .ctx = &s->ctx, .at = memory, .end = memory + size };
        struct lv_report report = { .kind = DEADLOCK };
        char out_buf[8192];
        struct lv_text out;
        uint32_t unused;

        locked = lv_context_lock(&s->ctx);
        lv_pool_room_for_classes(&pool, lv_resolve_stuck_classes(&finding));
        lv_resolve_stuck(&pool, &finding, &report, &unused);
        (void)lv_resolve_stuck_hash(&pool, &finding);
        lv_context_unlock(&s->ctx, &locked);
        ck_assert(report.stuck_count == 0 || report.stuck_count == 2);
        lv_text_init(&out, out_buf, sizeof(out_buf));
        lv_report_text(&report, &out);
        ck_assert(!out.cut);
        ck_assert_ptr_null(strstr(out_buf, "(null)"));
        if (report.stuck_count != 0)
            expect_in(" *** DEADLOCK ***\n", out_buf);
        free(memory);
    }
}
END_TEST

/* ---- what stays ---------------------------------------------------------------------------------------------------- */

START_TEST(in_the_summary)
{
    const struct lv_made *made;
    struct lv_text text;

    scenario_class(s, "A", SCENARIO_EXPLICIT);
    scenario_class(s, "B", SCENARIO_EXPLICIT);
    scenario_chain(s, 1, "A B");
    scenario_chain(s, 2, "B A");
    (void)found(LV_FINDING_CIRCULAR);
    set_two("A", "B");
    ck_assert_ptr_nonnull(publish(2, 2));
    stuck[1].wait = LV_WAITS_JOIN;
    stuck[1].joined = scenario_thread(s, 1)->info;
    ck_assert_ptr_nonnull(publish(2, 0));
    memset(stuck, 0xff, sizeof(stuck)); /* nobody looks at it any more */
    for (uint32_t i = 1; i < 3; i++) {
        made = lv_vec_at(&s->ctx.made, i);
        ck_assert_ptr_null(made->finding.stuck);
        ck_assert_uint_eq(made->finding.stuck_count, 0);
        ck_assert(!made->open); /* nothing more can be learned of it */
    }
    lv_text_init(&text, text_buf, sizeof(text_buf));
    lv_summary_text(&s->ctx, true, &text);
    expect_in("\nlockval: 3 findings: 2 deadlock, 1 feasible\n", text_buf);
    expect_in("  deadlock  deadlock  A -> B -> A  [", text_buf);
    expect_in("  deadlock  deadlock  A, join(", text_buf);
    scenario_chain(s, 3, "A B");
    scenario_chain(s, 4, "B A");
    ck_assert_int_eq(lv_exit_status(&s->ctx, 0), 66);
}
END_TEST

/* The names of classes that a deadlock was reported with are not given to others. */
START_TEST(its_classes_are_kept)
{
    set_two("A", "B");
    stuck[1].with = record_of("C", LV_WRITE, 0x5000);
    ck_assert_ptr_nonnull(publish(2, 2));
    ck_assert(lv_classes_get(&s->ctx.classes, stuck[0].wanted.class)->kept);
    ck_assert(lv_classes_get(&s->ctx.classes, stuck[0].held[0].class)->kept);
    ck_assert(lv_classes_get(&s->ctx.classes, stuck[1].with.class)->kept);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_order_said_so,
        nothing_said_so,
        steps_along_a_cycle,
        one_lock_taken_again,
        instances_of_one_class,
        a_class_with_a_rule,
        other_waits,
        waits_that_are_no_steps,
        once_whoever_is_stuck,
        identities,
        fingerprints_in_another_process,
        what_is_resolved,
        a_hundred_threads,
        too_little_memory,
        in_the_summary,
        its_classes_are_kept,
    };

    return engine_run("stuck", tests, LV_ARRAY_SIZE(tests));
}
