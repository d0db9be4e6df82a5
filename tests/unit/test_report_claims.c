/* SPDX-License-Identifier: MIT */
/* The layouts of what only annotated programs are told: wait types, nest locks, orders, claims about no lock. */

#include "golden.h"

static const struct lv_report_class ring = { "ring_lock", "named by lockval.h", "+.+.", 2, 2, LV_KIND_SPIN };
static const struct lv_report_class files = { "files_lock", "named by lockval.h", "+.+.", 4, 4, LV_KIND_MUTEX };
static const struct lv_report_class grace = { "grace", "named by lockval.h", "..+.", 0, 0, LV_KIND_MAP };

static const char *const reasons[] = { "the first reason", "the second" };
static const char *const frames[] = { "file_open+0x41 (player)", "worker_main+0x13a (player)" };

static const struct lv_report_lock ring_held =
    LOCK(0x55d0c41a7060, &ring, LV_WRITE, 0, "ring_lock+0x12 (player)", "worker_main+0x11 (player)");
static const struct lv_report_lock files_wanted =
    LOCK(0x55d0c41a70c8, &files, LV_WRITE, 0, "file_open+0x41 (player)", "worker_main+0x13a (player)");

static struct lv_report report_of(enum lv_finding_kind kind, enum lv_verdict verdict)
{
    return (struct lv_report){
        .kind = kind,
        .verdict = verdict,
        .reason_count = LV_ARRAY_SIZE(reasons),
        .reasons = reasons,
        .fingerprint = "0123456789abcdef",
        .version = "0.1.0",
        .program = "player",
        .pid = 48213,
        .thread = { "worker-2", 48216 },
        .backtrace = { LV_ARRAY_SIZE(frames), frames },
    };
}

static const struct lv_report_class *const two_classes[] = { &files, &ring };

START_TEST(wait_context)
{
    struct lv_report report = report_of(LV_FINDING_WAIT_CONTEXT, LV_VERDICT_POTENTIAL);

    report.subject = files_wanted;
    report.detail = "which waits by type 4 (sleep), where no more than 2 (spin) is allowed: lock #0 is held";
    report.wait_context = 5;
    report.held = &ring_held;
    report.held_count = 1;
    report.classes = two_classes;
    report.class_count = 2;
    expect_golden("wait_context", &report);
}
END_TEST

START_TEST(nest_not_held)
{
    struct lv_report report = report_of(LV_FINDING_ASSERT, LV_VERDICT_MISUSE);

    report.subject = (struct lv_report_lock)LOCK_ONLY(0x55d0c41a70c8, &files);
    report.nest = 0x55d0c41a7200;
    report.nest_name = "rename_lock";
    report.classes = two_classes;
    report.class_count = 1;
    expect_golden("nest_not_held", &report);
}
END_TEST

START_TEST(claim_without_a_lock)
{
    struct lv_report report = report_of(LV_FINDING_ASSERT, LV_VERDICT_MISUSE);

    report.detail = "context 'audio' is not entered, though the program asserts it";
    expect_golden("assert_no_lock", &report);
}
END_TEST

START_TEST(compared)
{
    struct lv_report report = report_of(LV_FINDING_RECURSIVE, LV_VERDICT_POTENTIAL);
    struct lv_report_edge edge = { LV_REPORT_EDGE_LOCK, { "worker-2", 48216 }, ring_held, ring_held };

    edge.wanted.address += 0x40;
    edge.held.note = "no. 2";
    edge.wanted.note = "no. 1";
    report.compared = true;
    report.comparison = 1;
    report.edges = &edge;
    report.edge_count = 1;
    report.held = &ring_held;
    report.held_count = 1;
    report.classes = &two_classes[1];
    report.class_count = 1;
    expect_golden("recursive_compared", &report);
}
END_TEST

START_TEST(sync)
{
    struct lv_report report = report_of(LV_FINDING_CIRCULAR, LV_VERDICT_POTENTIAL);
    const struct lv_report_class *const classes[] = { &grace, &files };
    const struct lv_report_lock grace_read =
        LOCK(0x55d0c41a7300, &grace, LV_READ_RECURSIVE, 0, "read_begin+0x12 (player)", "worker_main+0x11 (player)");
    const struct lv_report_lock grace_sync =
        LOCK(0x55d0c41a7300, &grace, LV_WRITE, LV_SYNC, "wait_for_readers+0x19 (player)", "worker_main+0x80 (player)");
    const struct lv_report_edge edges[] = {
        { LV_REPORT_EDGE_LOCK, { "worker-2", 48216 }, files_wanted, grace_sync },
        { LV_REPORT_EDGE_LOCK, { "worker-1", 48215 }, grace_read, files_wanted },
    };

    report.edges = edges;
    report.edge_count = LV_ARRAY_SIZE(edges);
    report.held = &files_wanted;
    report.held_count = 1;
    report.classes = classes;
    report.class_count = 2;
    expect_golden("sync", &report);
}
END_TEST

/* The block of held locks by itself. */
START_TEST(held_locks)
{
    const struct lv_report_lock held[] = { ring_held, files_wanted };
    struct lv_report report = { .thread = { "worker-2", 48216 }, .held = held, .held_count = 2 };
    char buf[1024];
    struct lv_text out;

    lv_text_init(&out, buf, sizeof(buf));
    lv_report_held_text(&report, &out);
    ck_assert_str_eq(buf, "\n2 locks held by worker-2/48216:\n"
                          " #0: 0x55d0c41a7060 (ring_lock){+.+.}-{2:2}, at: ring_lock+0x12 (player)\n"
                          " #1: 0x55d0c41a70c8 (files_lock){+.+.}-{4:4}, at: file_open+0x41 (player)\n");
    report.held_count = 0;
    lv_text_init(&out, buf, sizeof(buf));
    lv_report_held_text(&report, &out);
    ck_assert_str_eq(buf, "\nno locks held by worker-2/48216.\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report-claims");
    TCase *golden = tcase_create("golden");

    tcase_add_test(golden, wait_context);
    tcase_add_test(golden, nest_not_held);
    tcase_add_test(golden, claim_without_a_lock);
    tcase_add_test(golden, compared);
    tcase_add_test(golden, sync);
    tcase_add_test(golden, held_locks);
    suite_add_tcase(suite, golden);
    return unit_run(suite);
}
