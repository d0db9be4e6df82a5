/* SPDX-License-Identifier: MIT */
/* Reports about threads that are stuck, against their golden files (golden.h). */

#include "golden.h"

static const struct lv_report_class ledger = { "ledger_lock", "static (transfer)", "+.+.", 0, 4, LV_KIND_MUTEX };
static const struct lv_report_class audit = { "&acct->audit", "init at acct_new+0x33 (transfer)", "+.+.", 0, 4,
                                              LV_KIND_MUTEX };
static const struct lv_report_class table = { "&db->table",  "init at db_open+0x1c (transfer)", "++++", 4, 4,
                                              LV_KIND_RWLOCK };
static const struct lv_report_class fork_class = { "&table->fork", "init at table_new+0x33 (dinner)", "+.+.", 0, 4,
                                                   LV_KIND_MUTEX };
static const struct lv_report_class done = { "(complete)&req.done", "named by lockval.h", "+.+.", 0, 0, LV_KIND_EVENT };

static const char *const happened[] = { "each of them holds what the one before it waits for: seen in this run" };

static struct lv_report report_of(const struct lv_report_stuck *stuck, uint32_t count, uint32_t circle)
{
    return (struct lv_report){
        .kind = LV_FINDING_DEADLOCK,
        .verdict = LV_VERDICT_DEADLOCK,
        .reason_count = LV_ARRAY_SIZE(happened),
        .reasons = happened,
        .fingerprint = "0123456789abcdef",
        .version = "0.1.0",
        .program = "transfer",
        .pid = 48213,
        .thread = stuck[0].thread,
        .stuck = stuck,
        .stuck_count = count,
        .circle_count = circle,
    };
}

#define TELLER_1          \
    {                     \
        "teller-1", 48215 \
    }
#define TELLER_2          \
    {                     \
        "teller-2", 48216 \
    }
#define LEDGER_HELD LOCK(0x55d0c41a7060, &ledger, LV_WRITE, 0, "post_entry+0x41 (transfer)", MAIN)
#define LEDGER_WANTED \
    LOCK(0x55d0c41a7060, &ledger, LV_WRITE, 0, "post_entry+0x41 (transfer)", "close_day+0x88 (transfer)", MAIN)
#define AUDIT_HELD \
    LOCK(0x55d0c41a70c8, &audit, LV_WRITE, 0, "audit_begin+0x1d (transfer)", "close_day+0x52 (transfer)", MAIN)
#define AUDIT_WANTED \
    LOCK(0x55d0c41a70c8, &audit, LV_WRITE, 0, "audit_append+0x2f (transfer)", "post_entry+0x77 (transfer)", MAIN)

static const struct lv_report_lock ledger_held = LEDGER_HELD;
static const struct lv_report_lock ledger_wanted = LEDGER_WANTED;
static const struct lv_report_lock audit_held = AUDIT_HELD;
static const struct lv_report_lock fork_held = LOCK(0x7000, &fork_class, LV_WRITE, 0, "take_left+0x11 (dinner)");

/* The classic, which an order said before. */
START_TEST(two_threads)
{
    const struct lv_report_class *const classes[] = { &audit, &ledger };
    const struct lv_report_stuck stuck[] = {
        { .thread = TELLER_2,
          .wait = LV_WAITS_LOCK,
          .last = true,
          .waited_ms = 3,
          .wanted = AUDIT_WANTED,
          .blocker = 1,
          .held_count = 1,
          .held = &ledger_held },
        { .thread = TELLER_1,
          .wait = LV_WAITS_LOCK,
          .waited_ms = 12345,
          .wanted = LEDGER_WANTED,
          .blocker = 0,
          .held_count = 1,
          .held = &audit_held },
    };
    struct lv_report report = report_of(stuck, 2, 2);

    report.classes = classes;
    report.class_count = LV_ARRAY_SIZE(classes);
    report.prediction = (struct lv_report_prediction){ "fedcba9876543210", LV_FINDING_CIRCULAR, LV_VERDICT_FEASIBLE };
    expect_golden("deadlock_two_threads", &report);
}
END_TEST

/* A lock that its own holder takes again, in a signal handler. */
START_TEST(one_thread)
{
    const struct lv_report_stuck stuck[] = {
        { .thread = TELLER_2,
          .wait = LV_WAITS_LOCK,
          .last = true,
          .waited_ms = 0,
          .wanted = LEDGER_WANTED,
          .blocker = 0,
          .held_count = 1,
          .held = &ledger_held },
    };
    struct lv_report report = report_of(stuck, 1, 1);

    report.handler = (struct lv_report_handler){ 10, "SIGUSR1", "main+0x4d (transfer)" };
    expect_golden("deadlock_one_thread", &report);
}
END_TEST

/* Five philosophers and one who waits for his neighbour's fork: one class, more columns than fit side by side. */
START_TEST(philosophers)
{
    const struct lv_report_stack left = STACK("take_left+0x11 (dinner)");
    const struct lv_report_stack right = STACK("take_right+0x11 (dinner)");
    struct lv_report_lock held[5];
    struct lv_report_stuck stuck[6] = { 0 };
    struct lv_report report;

    for (uint32_t i = 0; i < 5; i++) {
        held[i] = (struct lv_report_lock){ .address = 0x7000 + 64 * i, .class = &fork_class, .stack = left };
        stuck[i] = (struct lv_report_stuck){
            .thread = { "philosopher", 100 + (int)i },
            .wait = LV_WAITS_LOCK,
            .last = i == 2,
            .waited_ms = -1,
            .wanted = { .address = 0x7000 + 64 * ((i + 1) % 5), .class = &fork_class, .stack = right },
            .blocker = (i + 1) % 5,
            .held_count = 1,
            .held = &held[i],
        };
    }
    held[4].earlier = true;
    stuck[5] = (struct lv_report_stuck){ .thread = { "waiter", 105 },
                                         .wait = LV_WAITS_LOCK,
                                         .waited_ms = 250,
                                         .timed = true,
                                         .wanted = LOCK(0x7000, &fork_class, LV_WRITE, 0, "clean+0x11 (dinner)"),
                                         .blocker = 0 };
    report = report_of(stuck, 6, 5);
    expect_golden("deadlock_philosophers", &report);
}
END_TEST

/* A reader behind a writer that waits for another reader, the same one. */
START_TEST(reader_behind_a_writer)
{
    const struct lv_report_lock read = LOCK(0x7f0010, &table, LV_READ, 0, "scan+0x11 (transfer)", MAIN);
    const struct lv_report_stuck stuck[] = {
        { .thread = TELLER_2,
          .wait = LV_WAITS_LOCK,
          .last = true,
          .waited_ms = 1,
          .wanted = LOCK(0x7f0010, &table, LV_READ, 0, "lookup+0x9 (transfer)", MAIN),
          .blocker = 1,
          .blocker_queued = true,
          .held_count = 1,
          .held = &read },
        { .thread = { "writer", 48220 },
          .wait = LV_WAITS_LOCK,
          .waited_ms = 2,
          .wanted = LOCK(0x7f0010, &table, LV_WRITE, 0, "resize+0x9 (transfer)", MAIN),
          .blocker = 0,
          .blocker_mode = LV_READ },
    };
    struct lv_report report = report_of(stuck, 2, 2);

    expect_golden("deadlock_reader_behind_a_writer", &report);
}
END_TEST

/* A join, an event and a condition variable in one circle with a lock. */
START_TEST(mixed)
{
    const struct lv_report_stuck stuck[] = {
        { .thread = { "main", 48213 },
          .wait = LV_WAITS_JOIN,
          .waited_ms = 40,
          .wanted = { .stack = STACK("stop+0x20 (transfer)", "main+0x99 (transfer)") },
          .joined = TELLER_1,
          .blocker = 1,
          .held_count = 1,
          .held = &ledger_held },
        { .thread = TELLER_1,
          .wait = LV_WAITS_EVENT,
          .waited_ms = 30,
          .wanted = LOCK(0x600400, &done, LV_WRITE, 0, "wait_for_completion+0x8 (transfer)", MAIN),
          .blocker = 2,
          .held_count = 1,
          .left_out = 3,
          .held = &fork_held },
        { .thread = TELLER_2,
          .wait = LV_WAITS_COND,
          .waited_ms = 20,
          .wanted = { .address = 0x602000, .stack = STACK("wait_for_work+0x41 (transfer)", MAIN) },
          .with = LOCK(0x55d0c41a70c8, &audit, LV_WRITE, 0, "wait_for_work+0x31 (transfer)", MAIN),
          .blocker = 3 },
        { .thread = { "closer", 48217 },
          .wait = LV_WAITS_LOCK,
          .last = true,
          .waited_ms = 10,
          .wanted = LEDGER_WANTED,
          .blocker = 0,
          .held_count = 1,
          .held = &audit_held },
    };
    struct lv_report report = report_of(stuck, 4, 4);

    expect_golden("deadlock_mixed", &report);
}
END_TEST

/* Nobody is left who could wake anybody, and there is no circle. */
START_TEST(no_circle)
{
    const char *const reasons[] = { "every thread of the process waits without a time limit" };
    const struct lv_report_stuck stuck[] = {
        { .thread = { "main", 48213 },
          .wait = LV_WAITS_JOIN,
          .waited_ms = 40,
          .wanted = { .stack = STACK("stop+0x20 (transfer)", "main+0x99 (transfer)") },
          .blocker = LV_STUCK_NOBODY },
        { .thread = TELLER_1,
          .wait = LV_WAITS_COND,
          .last = true,
          .waited_ms = 30,
          .wanted = { .address = 0x602000, .stack = STACK("wait_for_work+0x41 (transfer)", MAIN) },
          .with = LOCK(0x55d0c41a70c8, &audit, LV_WRITE, 0, "wait_for_work+0x31 (transfer)", MAIN),
          .blocker = LV_STUCK_NOBODY },
        { .thread = TELLER_2,
          .wait = LV_WAITS_SEM,
          .waited_ms = 30,
          .wanted = { .address = 0x602040, .stack = STACK("pop+0x41 (transfer)", MAIN) },
          .blocker = LV_STUCK_NOBODY },
        { .thread = { "closer", 48217 },
          .wait = LV_WAITS_BARRIER,
          .waited_ms = 30,
          .wanted = { .address = 0x602080, .stack = STACK("meet+0x41 (transfer)", MAIN) },
          .blocker = 0 },
    };
    struct lv_report report = report_of(stuck, 4, 0);

    report.reasons = reasons;
    expect_golden("deadlock_no_circle", &report);
}
END_TEST

/* ---- the line of the summary ---- */

static const char *cycle_of(const struct lv_report_stuck *stuck, uint32_t count, uint32_t circle)
{
    const struct lv_report report = report_of(stuck, count, circle);
    static char buf[4096];
    struct lv_text out;

    lv_text_init(&out, buf, sizeof(buf));
    lv_report_stuck_cycle(&report, &out);
    ck_assert_uint_lt(out.len, lv_report_stuck_cycle_size(&report));
    return buf;
}

START_TEST(cycle_in_one_line)
{
    struct lv_report_stuck stuck[8] = {
        { .wait = LV_WAITS_LOCK, .wanted = LOCK_ONLY(0x1, &ledger) },
        { .wait = LV_WAITS_JOIN, .joined = TELLER_1 },
        { .wait = LV_WAITS_COND, .wanted = { .address = 0xffffffffffffffff } },
    };

    ck_assert_str_eq(cycle_of(stuck, 1, 1), "ledger_lock -> ledger_lock");
    ck_assert_str_eq(cycle_of(stuck, 2, 2), "ledger_lock -> join(teller-1) -> ledger_lock");
    ck_assert_str_eq(cycle_of(stuck, 3, 2), "ledger_lock -> join(teller-1) -> ledger_lock");
    ck_assert_str_eq(cycle_of(stuck, 3, 0), "ledger_lock, join(teller-1), cond_wait(0xffffffffffffffff)");
    for (uint32_t i = 3; i < 8; i++)
        stuck[i] = stuck[2];
    ck_assert_str_eq(cycle_of(stuck, 8, 0), "ledger_lock, join(teller-1), cond_wait(0xffffffffffffffff)");
    for (uint32_t i = 3; i < 8; i++)
        stuck[i].wanted.address = i;
    ck_assert_str_eq(cycle_of(stuck, 8, 0),
                     "ledger_lock, join(teller-1), cond_wait(0xffffffffffffffff), cond_wait(0x3) and 4 more");
}
END_TEST

/* ---- robustness ---- */

/* Nothing is known of any thread: each way to wait prints something, and no null pointer is read. */
START_TEST(nothing_known)
{
    char *buf = malloc(REPORT_SIZE);

    for (int wait = LV_WAITS_NOT; wait <= LV_WAITS_EVENT; wait++) {
        for (uint32_t circle = 0; circle <= 3; circle++) {
            struct lv_report_stuck stuck[3] = { 0 };
            struct lv_report report;
            struct lv_text out;

            for (uint32_t i = 0; i < 3; i++)
                stuck[i] = (struct lv_report_stuck){ .wait = (enum lv_wait_kind)wait,
                                                     .blocker = circle != 0 ? (i + 1) % circle : LV_STUCK_NOBODY,
                                                     .left_out = i };
            report = report_of(stuck, 3, circle);
            lv_text_init(&out, buf, REPORT_SIZE);
            lv_report_text(&report, &out);
            ck_assert(!out.cut);
            ck_assert(strstr(buf, "(null)") == NULL);
            ck_assert(strstr(buf, "no locks held by ?/0.") != NULL);
            ck_assert(strstr(buf, " (2 of them, the oldest, are not shown)\n") != NULL);
            ck_assert((strstr(buf, "*** DEADLOCK ***") != NULL) == (circle != 0));
            ck_assert((strstr(buf, "(no stack)") != NULL) == (wait != LV_WAITS_NOT));
        }
    }
    free(buf);
}
END_TEST

/* More threads than the report has: it does not say how many they are, and that all are there. */
START_TEST(more_than_are_shown)
{
    const struct lv_report_stuck stuck[3] = { { .wait = LV_WAITS_LOCK, .blocker = 0 } };
    char *buf = malloc(REPORT_SIZE);

    for (uint32_t circle = 0; circle <= 3; circle++) {
        struct lv_report report = report_of(stuck, 3, circle);
        struct lv_text out;

        report.stuck_more = true;
        lv_text_init(&out, buf, REPORT_SIZE);
        lv_report_text(&report, &out);
        ck_assert(strstr(buf, circle == 0   ? "All threads of the process wait, of which 3 are shown, and"
                              : circle == 1 ? "?/0 waits for itself; others wait behind them, of which 2 are shown.\n"
                              : circle == 2 ? "in a circle; others wait behind them, of which 1 is shown.\n"
                                            : "in a circle; others wait behind them, of which 0 are shown.\n") != NULL);
        ck_assert(strstr(buf, " more wait") == NULL);
    }
    free(buf);
}
END_TEST

/* A hundred threads, in buffers of many sizes: nothing outside is touched, and what was cut says so. */
START_TEST(hundred_threads_cut)
{
    static const char note[] = "\n(the report is cut here: its buffer is full)\n";
    struct lv_report_stuck stuck[100] = { 0 };
    struct lv_report report;
    const size_t most = (size_t)1024 * 1024;
    char *whole = malloc(most);
    struct lv_text out;

    for (uint32_t i = 0; i < 100; i++)
        stuck[i] = (struct lv_report_stuck){ .thread = { "worker", 1000 + (int)i },
                                             .wait = LV_WAITS_LOCK,
                                             .waited_ms = i,
                                             .wanted = ledger_wanted,
                                             .blocker = (i + 1) % 100,
                                             .held_count = 1,
                                             .held = &audit_held };
    report = report_of(stuck, 100, 100);
    lv_text_init(&out, whole, most);
    lv_report_text(&report, &out);
    ck_assert(!out.cut);
    ck_assert(strstr(whole, "worker/1099 is trying to acquire lock, for 99 ms:\n") != NULL);
    ck_assert(strstr(whole, " (100 columns, 4 side by side") != NULL);
    for (size_t size = 1; size <= out.len; size += size < 2048 ? 1 : 997) {
        char *buf = malloc(size);
        struct lv_text text;

        lv_text_init(&text, buf, size);
        lv_report_text(&report, &text);
        ck_assert(text.cut);
        ck_assert_uint_eq(strlen(buf), size - 1);
        if (size > sizeof(note))
            ck_assert_str_eq(buf + size - sizeof(note), note);
        free(buf);
    }
    free(whole);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report_deadlock");
    TCase *golden = tcase_create("golden");
    TCase *rest = tcase_create("robustness");

    tcase_add_test(golden, two_threads);
    tcase_add_test(golden, one_thread);
    tcase_add_test(golden, philosophers);
    tcase_add_test(golden, reader_behind_a_writer);
    tcase_add_test(golden, mixed);
    tcase_add_test(golden, no_circle);
    tcase_add_test(rest, cycle_in_one_line);
    tcase_add_test(rest, nothing_known);
    tcase_add_test(rest, more_than_are_shown);
    tcase_add_test(rest, hundred_threads_cut);
    suite_add_tcase(suite, golden);
    suite_add_tcase(suite, rest);
    return unit_run(suite);
}
