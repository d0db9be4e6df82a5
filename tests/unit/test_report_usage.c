/* SPDX-License-Identifier: MIT */
/* The layouts of findings of the kind signal against their golden files. */

#include "golden.h"

static const struct lv_report_class queue = { "&job->queue", "init at job_new+0x33 (transfer)", "?.+.", 0, 4,
                                              LV_KIND_MUTEX };
static const struct lv_report_class stats = { "stats_lock", "static (transfer)", "-.+.", 0, 4, LV_KIND_MUTEX };
static const struct lv_report_class table = { "&db->table",  "init at db_open+0x1c (transfer)", "++++", 4, 4,
                                              LV_KIND_RWLOCK };
static const struct lv_report_class ledger = { "ledger_lock", "static (transfer)", "+.+.", 0, 4, LV_KIND_MUTEX };

static const char *const reasons[] = { "the first reason", "the second" };

#define IN_HANDLER "on_usr1+0x2c (transfer)", "libc.so.6+0x3c050", "poll_jobs+0x91 (transfer)", MAIN

static const struct lv_report_lock queue_inside =
    LOCK(0x55d0c41a7060, &queue, LV_WRITE, 0, "queue_put+0x1d (transfer)", IN_HANDLER);
static const struct lv_report_lock queue_open =
    LOCK(0x55d0c41a7060, &queue, LV_WRITE, 0, "queue_put+0x1d (transfer)", "take_job+0x5e (transfer)", MAIN);
static const struct lv_report_lock stats_inside =
    LOCK(0x55d0c41a70c8, &stats, LV_WRITE, 0, "stats_add+0x22 (transfer)", IN_HANDLER);
static const struct lv_report_lock stats_held =
    LOCK(0x55d0c41a70c8, &stats, LV_WRITE, 0, "stats_dump+0x14 (transfer)", MAIN);
static const struct lv_report_lock table_wanted =
    LOCK(0x55d0c41a7100, &table, LV_READ_RECURSIVE, 0, "db_read+0x40 (transfer)", "stats_dump+0x5b (transfer)", MAIN);
static const struct lv_report_lock table_written =
    LOCK(0x55d0c41a7100, &table, LV_WRITE, 0, "db_write+0x3a (transfer)", "stats_dump+0x5b (transfer)", MAIN);
static const struct lv_report_lock table_held =
    LOCK(0x55d0c41a7100, &table, LV_WRITE, 0, "db_write+0x3a (transfer)", MAIN);
static const struct lv_report_lock ledger_wanted =
    LOCK(0x55d0c41a7180, &ledger, LV_WRITE, 0, "post_entry+0x41 (transfer)", "db_write+0x71 (transfer)", MAIN);
static const struct lv_report_lock ledger_open =
    LOCK(0x55d0c41a7180, &ledger, LV_WRITE, 0, "post_entry+0x41 (transfer)", "close_day+0x88 (transfer)", MAIN);
static const struct lv_report_lock table_open =
    LOCK(0x55d0c41a7100, &table, LV_READ, 0, "db_read+0x40 (transfer)", "close_day+0x9c (transfer)", MAIN);

static struct lv_report report_of(enum lv_report_news news, struct lv_report_stack backtrace)
{
    return (struct lv_report){
        .kind = LV_FINDING_SIGNAL,
        .verdict = LV_VERDICT_POTENTIAL,
        .reason_count = LV_ARRAY_SIZE(reasons),
        .reasons = reasons,
        .fingerprint = "0123456789abcdef",
        .version = "0.1.0",
        .program = "transfer",
        .pid = 48213,
        .thread = { "worker-2", 48216 },
        .usage = { .state = "SIGUSR1", .is_signal = true, .news = news },
        .backtrace = backtrace,
    };
}

static void set_sides(struct lv_report *report, const struct lv_report_lock *inside, const struct lv_report_lock *open)
{
    report->usage.inside = (struct lv_report_use){
        .thread = { "worker-2", 48216 },
        .lock = *inside,
        .site = report->usage.is_signal ? "main+0x5f (transfer)" : NULL,
    };
    report->usage.open = (struct lv_report_use){ .thread = { "worker-1", 48215 }, .lock = *open };
}

static const struct lv_report_class *const one_class[] = { &queue };

/* The handler takes what others hold with the signal open. */
START_TEST(one_lock)
{
    struct lv_report report = report_of(LV_NEWS_INSIDE, queue_inside.stack);
    const struct lv_report_edge edge = { LV_REPORT_EDGE_INTERRUPT, { "worker-1", 48215 }, queue_open, queue_inside };

    set_sides(&report, &queue_inside, &queue_open);
    report.edge_count = 1;
    report.edges = &edge;
    report.subject = queue_inside;
    report.handler = (struct lv_report_handler){ 10, "SIGUSR1", "main+0x5f (transfer)" };
    report.class_count = 1;
    report.classes = one_class;
    expect_golden("usage_one_lock", &report);
}
END_TEST

/* The lock was taken with the signal blocked, which is opened too early. */
START_TEST(let_in)
{
    static const char *const frames[] = { "pthread_sigmask+0x44 (libc.so.6)", "take_job+0x77 (transfer)", MAIN };
    const struct lv_report_stack call = { LV_ARRAY_SIZE(frames), frames };
    struct lv_report report = report_of(LV_NEWS_OPEN, call);
    const struct lv_report_edge edge = { LV_REPORT_EDGE_INTERRUPT, { "worker-1", 48215 }, queue_open, queue_inside };

    set_sides(&report, &queue_inside, &queue_open);
    report.usage.open.at = call;
    report.thread = report.usage.open.thread;
    report.edge_count = 1;
    report.edges = &edge;
    report.subject = queue_open;
    report.held = &queue_open;
    report.held_count = 1;
    report.class_count = 1;
    report.classes = one_class;
    expect_golden("usage_let_in", &report);
}
END_TEST

static const struct lv_report_class *const chain_classes[] = { &stats, &ledger, &table };

/* stats is taken in the handler, ledger is held with the signal open, table lies between. */
START_TEST(safe_to_unsafe)
{
    struct lv_report report = report_of(LV_NEWS_EDGE, table_wanted.stack);
    const struct lv_report_edge edges[] = {
        { LV_REPORT_EDGE_INTERRUPT, { "worker-1", 48215 }, ledger_open, stats_inside },
        { LV_REPORT_EDGE_LOCK, { "worker-2", 48216 }, stats_held, table_wanted },
        { LV_REPORT_EDGE_LOCK, { "worker-3", 48217 }, table_held, ledger_wanted },
    };

    set_sides(&report, &stats_inside, &ledger_open);
    report.usage.new_edge = 1;
    report.edge_count = LV_ARRAY_SIZE(edges);
    report.edges = edges;
    report.subject = table_wanted;
    report.held = &stats_held;
    report.held_count = 1;
    report.class_count = LV_ARRAY_SIZE(chain_classes);
    report.classes = chain_classes;
    expect_golden("usage_safe_to_unsafe", &report);
}
END_TEST

static const struct lv_report_class *const inversion_classes[] = { &stats, &table };

/* A declared context, and a reader whom it may interrupt. */
START_TEST(inversion)
{
    struct lv_report report = report_of(LV_NEWS_INSIDE, stats_inside.stack);
    const struct lv_report_edge edges[] = {
        { LV_REPORT_EDGE_INTERRUPT, { "worker-1", 48215 }, table_open, stats_inside },
        { LV_REPORT_EDGE_LOCK, { "worker-2", 48216 }, stats_held, table_written },
    };

    report.usage.state = "timer";
    report.usage.is_signal = false;
    set_sides(&report, &stats_inside, &table_open);
    report.edge_count = LV_ARRAY_SIZE(edges);
    report.edges = edges;
    report.subject = stats_inside;
    report.class_count = LV_ARRAY_SIZE(inversion_classes);
    report.classes = inversion_classes;
    expect_golden("usage_inversion", &report);
}
END_TEST

/* The same from the other end: the class that is held open is the new one. */
START_TEST(inversion_from_the_other_end)
{
    struct lv_report report = report_of(LV_NEWS_OPEN, table_open.stack);
    const struct lv_report_edge edges[] = {
        { LV_REPORT_EDGE_INTERRUPT, { "worker-1", 48215 }, table_open, stats_inside },
        { LV_REPORT_EDGE_LOCK, { "worker-2", 48216 }, stats_held, table_written },
    };

    set_sides(&report, &stats_inside, &table_open);
    report.usage.open.lock.earlier = true;
    report.thread = report.usage.open.thread;
    report.edge_count = LV_ARRAY_SIZE(edges);
    report.edges = edges;
    report.subject = table_open;
    report.class_count = LV_ARRAY_SIZE(inversion_classes);
    report.classes = inversion_classes;
    expect_golden("usage_inversion_by_open", &report);
}
END_TEST

/* Evidence that was dropped leaves holes, and nothing else. */
START_TEST(nothing_is_known)
{
    const struct lv_report empty = { .kind = LV_FINDING_SIGNAL };
    const struct lv_report_edge edge = { .kind = LV_REPORT_EDGE_INTERRUPT };
    struct lv_report report = { .kind = LV_FINDING_SIGNAL, .edge_count = 1, .edges = &edge };
    char buf[8192];
    struct lv_text out;

    lv_text_init(&out, buf, sizeof(buf));
    lv_report_text(&empty, &out);
    ck_assert_ptr_nonnull(strstr(buf, "(no dependency is known)"));
    lv_text_init(&out, buf, sizeof(buf));
    lv_report_text(&report, &out);
    ck_assert_ptr_nonnull(strstr(buf, "inconsistent {?-ON-W} -> {IN-?-W} usage."));
    ck_assert_ptr_nonnull(strstr(buf, "(no stack)"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report_usage");
    TCase *tcase = tcase_create("golden");

    tcase_add_test(tcase, one_lock);
    tcase_add_test(tcase, let_in);
    tcase_add_test(tcase, safe_to_unsafe);
    tcase_add_test(tcase, inversion);
    tcase_add_test(tcase, inversion_from_the_other_end);
    tcase_add_test(tcase, nothing_is_known);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
