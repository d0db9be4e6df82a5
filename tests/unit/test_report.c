/* SPDX-License-Identifier: MIT */
/* The text report against its golden files (golden.h). */

#include "golden.h"

static const char *const backtrace_frames[] = { "audit_append+0x2f (transfer)", "post_entry+0x77 (transfer)", MAIN };

/* What every report has. */
static struct lv_report report_of(enum lv_finding_kind kind, enum lv_verdict verdict)
{
    return (struct lv_report){
        .kind = kind,
        .verdict = verdict,
        .fingerprint = "0123456789abcdef",
        .version = "0.1.0",
        .program = "transfer",
        .pid = 48213,
        .thread = { "teller-2", 48216 },
        .backtrace = { LV_ARRAY_SIZE(backtrace_frames), backtrace_frames },
    };
}

static void set_edges(struct lv_report *report, const struct lv_report_edge *edges, size_t count)
{
    report->edges = edges;
    report->edge_count = (uint32_t)count;
    report->held = &edges[0].held;
    report->held_count = 1;
    report->thread = edges[0].thread;
}

static void set_classes(struct lv_report *report, const struct lv_report_class *const *classes, size_t count)
{
    report->classes = classes;
    report->class_count = (uint32_t)count;
}

static void set_reasons(struct lv_report *report, const char *const *reasons, size_t count)
{
    report->reasons = reasons;
    report->reason_count = (uint32_t)count;
}

static const struct lv_report_class ledger = { "ledger_lock", "static (transfer)", "+.+.", 0, 4, LV_KIND_MUTEX };
static const struct lv_report_class audit = { "&acct->audit", "init at acct_new+0x33 (transfer)", "+.+.", 0, 4,
                                              LV_KIND_MUTEX };
static const struct lv_report_class table = { "&db->table",  "init at db_open+0x1c (transfer)", "++++", 4, 4,
                                              LV_KIND_RWLOCK };
static const struct lv_report_class node = { "&node->lock", "init at node_new+0x20 (transfer)", "+.+.", 0, 4,
                                             LV_KIND_MUTEX };

/* The classic: one thread takes audit, then ledger; another, now, the other way round. */
static const struct lv_report_edge abba_edges[] = {
    { .thread = { "teller-2", 48216 },
      .held = LOCK(0x55d0c41a7060, &ledger, LV_WRITE, 0, "post_entry+0x41 (transfer)", MAIN),
      .wanted = LOCK(0x55d0c41a70c8, &audit, LV_WRITE, 0, "audit_append+0x2f (transfer)", "post_entry+0x77 (transfer)",
                     MAIN) },
    { .thread = { "teller-1", 48215 },
      .held =
          LOCK(0x55d0c41a70c8, &audit, LV_WRITE, 0, "audit_begin+0x1d (transfer)", "close_day+0x52 (transfer)", MAIN),
      .wanted =
          LOCK(0x55d0c41a7060, &ledger, LV_WRITE, 0, "post_entry+0x41 (transfer)", "close_day+0x88 (transfer)", MAIN) },
};
static const struct lv_report_class *const abba_classes[] = { &audit, &ledger };
static const char *const abba_reasons[] = { "2 acquisitions by 2 threads, the same two locks, no lock in common",
                                            "not ordered by thread create or join" };

static struct lv_report abba_report(void)
{
    struct lv_report report = report_of(LV_FINDING_CIRCULAR, LV_VERDICT_FEASIBLE);

    set_edges(&report, abba_edges, LV_ARRAY_SIZE(abba_edges));
    set_classes(&report, abba_classes, LV_ARRAY_SIZE(abba_classes));
    set_reasons(&report, abba_reasons, LV_ARRAY_SIZE(abba_reasons));
    return report;
}

START_TEST(two_locks)
{
    struct lv_report report = abba_report();

    expect_golden("two_locks", &report);
}
END_TEST

/* The same in a signal handler. */
START_TEST(two_locks_in_handler)
{
    struct lv_report report = abba_report();

    report.handler = (struct lv_report_handler){ 10, "SIGUSR1", "main+0x4d (transfer)" };
    expect_golden("two_locks_in_handler", &report);
}
END_TEST

/* Readers, a trylock, and two threads of one name, which need their ids in the drawing. */
/* The same, made earlier and found by a third thread. */
START_TEST(two_locks_late)
{
    const char *const frames[] = { "close_books+0x1f (transfer)", MAIN };
    struct lv_report report = abba_report();

    report.late = true;
    report.thread = (struct lv_report_thread){ "closer", 48217 };
    report.backtrace = (struct lv_report_stack){ LV_ARRAY_SIZE(frames), frames };
    expect_golden("two_locks_late", &report);
}
END_TEST

/* An edge that leads to an event or from one, found late. */
START_TEST(event_late)
{
    struct lv_report_edge edges[] = { abba_edges[0], abba_edges[1] };
    struct lv_report report = abba_report();

    set_edges(&report, edges, LV_ARRAY_SIZE(edges));
    report.late = true;
    report.kind = LV_FINDING_EVENT;
    edges[0].kind = LV_REPORT_EDGE_WAIT;
    expect_golden("event_late_by_wait", &report);
    edges[0].kind = LV_REPORT_EDGE_COMPLETE;
    expect_golden("event_late_by_complete", &report);
}
END_TEST

START_TEST(three_locks_with_readers)
{
    struct lv_report report = report_of(LV_FINDING_CIRCULAR, LV_VERDICT_POTENTIAL);
    const struct lv_report_edge edges[] = {
        { .thread = { "worker", 702 },
          .held = LOCK(0x7f0010, &table, LV_READ_RECURSIVE, 0, "scan+0x11 (transfer)", MAIN),
          .wanted = LOCK(0x7f0020, &audit, LV_WRITE, 0, "audit_append+0x2f (transfer)", MAIN) },
        { .thread = { "worker", 701 },
          .held = LOCK(0x7f0020, &audit, LV_WRITE, LV_TRY, "audit_try+0x1d (transfer)", MAIN),
          .wanted = LOCK(0x7f0030, &ledger, LV_WRITE, 0, "post_entry+0x41 (transfer)", MAIN) },
        { .thread = { "main", 700 },
          .held = LOCK(0x7f0030, &ledger, LV_WRITE, 0, "post_entry+0x41 (transfer)", "main+0x88 (transfer)"),
          .wanted = LOCK(0x7f0010, &table, LV_READ, 0, "lookup+0x9 (transfer)", "main+0x90 (transfer)") },
    };
    const struct lv_report_class *const classes[] = { &audit, &ledger, &table };
    const char *const reasons[] = { "no writer seen of &db->table" };

    set_edges(&report, edges, LV_ARRAY_SIZE(edges));
    set_classes(&report, classes, LV_ARRAY_SIZE(classes));
    set_reasons(&report, reasons, LV_ARRAY_SIZE(reasons));
    expect_golden("three_locks_with_readers", &report);
}
END_TEST

/* The kernel's cycle of 2017: seven classes, one of them an event. Rotated, it is also found on another edge. */
static const struct lv_report_class hotplug = {
    "cpu_hotplug_lock.rw_sem", "static (mm_sim)", "++++", 0, 4, LV_KIND_MAP
};
static const struct lv_report_class state_mutex = { "cpuhp_state_mutex", "static (mm_sim)", "+.+.", 0, 4, LV_KIND_MAP };
static const struct lv_report_class state = { "cpuhp_state", "named by lockval.h", "+.+.", 0, 0, LV_KIND_MAP };
static const struct lv_report_class done = { "(complete)&req.done", "named by lockval.h", "+.+.", 0, 0, LV_KIND_EVENT };
static const struct lv_report_class writers = { "sb_writers#2", "named by lockval.h", ".+.+", 0, 0, LV_KIND_MAP };
static const struct lv_report_class pipe_mutex = { "&pipe->mutex/1", "named by lockval.h", "+.+.", 0, 4, LV_KIND_MAP };
static const struct lv_report_class inode = {
    "&sb->s_type->i_mutex_key#9", "named by lockval.h", "++++", 0, 4, LV_KIND_MAP
};

#define SEVEN 7
static const struct lv_report_edge seven_edges[SEVEN] = {
    { .thread = { "seal", 907 },
      .held = LOCK(0x600700, &inode, LV_WRITE, 0, "inode_lock+0x9 (mm_sim)", "shmem_add_seals+0x40 (mm_sim)"),
      .wanted = LOCK(0x600100, &hotplug, LV_READ, 0, "get_online_cpus+0x12 (mm_sim)", "lru_add_drain_all+0xe (mm_sim)",
                     "shmem_add_seals+0x97 (mm_sim)") },
    { .thread = { "modprobe", 901 },
      .held = LOCK(0x600100, &hotplug, LV_READ, 0, "cpus_read_lock+0x12 (mm_sim)", "msr_init+0x30 (mm_sim)"),
      .wanted =
          LOCK(0x600200, &state_mutex, LV_WRITE, 0, "__cpuhp_setup_state+0x55 (mm_sim)", "msr_init+0x38 (mm_sim)") },
    { .thread = { "modprobe", 901 },
      .held = LOCK(0x600200, &state_mutex, LV_WRITE, 0, "__cpuhp_setup_state+0x55 (mm_sim)", "msr_init+0x38 (mm_sim)"),
      .wanted = LOCK(0x600300, &state, LV_WRITE, 0, "cpuhp_issue_call+0x21 (mm_sim)", "msr_init+0x38 (mm_sim)") },
    { .kind = LV_REPORT_EDGE_WAIT,
      .thread = { "cpuhp/1", 903 },
      .held = LOCK(0x600300, &state, LV_WRITE, 0, "cpuhp_thread_fun+0x44 (mm_sim)"),
      .wanted = LOCK(0x600400, &done, LV_WRITE, 0, "wait_for_completion+0x8 (mm_sim)",
                     "devtmpfs_create_node+0x61 (mm_sim)", "msr_device_create+0x1f (mm_sim)") },
    { .kind = LV_REPORT_EDGE_COMPLETE,
      .thread = { "kdevtmpfs", 904 },
      .held = LOCK(0x600400, &done, LV_WRITE, 0, "complete+0x19 (mm_sim)", "devtmpfsd+0x77 (mm_sim)"),
      .wanted = LOCK(0x600500, &writers, LV_READ, 0, "mnt_want_write+0x1d (mm_sim)", "handle_create+0x2c (mm_sim)",
                     "devtmpfsd+0x66 (mm_sim)") },
    { .thread = { "splice", 905 },
      .held = LOCK(0x600500, &writers, LV_READ, 0, "file_start_write+0x9 (mm_sim)", "do_splice+0x50 (mm_sim)"),
      .wanted = LOCK(0x600600, &pipe_mutex, LV_WRITE, 0, "pipe_lock+0xc (mm_sim)", "do_splice+0x61 (mm_sim)") },
    { .thread = { "splice", 905 },
      .held = LOCK(0x600600, &pipe_mutex, LV_WRITE, 0, "pipe_lock+0xc (mm_sim)", "do_splice+0x61 (mm_sim)"),
      .wanted = LOCK(0x600710, &inode, LV_WRITE, 0, "inode_lock+0x9 (mm_sim)", "generic_file_write_iter+0x2a (mm_sim)",
                     "do_splice+0x7f (mm_sim)") },
};

/* Report the cycle as if the edge @newest had been the last to be seen. */
static void expect_seven(const char *name, size_t newest)
{
    struct lv_report report = report_of(LV_FINDING_EVENT, LV_VERDICT_POTENTIAL);
    const struct lv_report_class *const classes[SEVEN] = { &hotplug, &state_mutex, &state, &done,
                                                           &writers, &pipe_mutex,  &inode };
    const char *const reasons[] = { "the cycle passes through an event: (complete)&req.done",
                                    "different instances of &sb->s_type->i_mutex_key#9: 0x600700, 0x600710" };
    struct lv_report_edge edges[SEVEN];

    for (size_t i = 0; i < SEVEN; i++)
        edges[i] = seven_edges[(i + newest) % SEVEN];
    set_edges(&report, edges, SEVEN);
    set_classes(&report, classes, SEVEN);
    set_reasons(&report, reasons, LV_ARRAY_SIZE(reasons));
    if (edges[0].kind == LV_REPORT_EDGE_COMPLETE)
        report.held_count = 0;
    report.program = "mm_sim";
    report.backtrace = edges[0].wanted.stack;
    expect_golden(name, &report);
}

START_TEST(seven_classes)
{
    expect_seven("seven_classes", 0);
}
END_TEST

START_TEST(seven_classes_by_wait)
{
    expect_seven("seven_classes_by_wait", 3);
}
END_TEST

START_TEST(seven_classes_by_complete)
{
    expect_seven("seven_classes_by_complete", 4);
}
END_TEST

/* Names as C++ makes them: the columns grow, and fewer stand side by side. */
START_TEST(long_names)
{
    struct lv_report report = report_of(LV_FINDING_CIRCULAR, LV_VERDICT_GUARDED);
    const struct lv_report_class cache = { "store::detail::sharded_cache<std::string, store::row>::shard::lock_",
                                           "init at store::detail::shard_new+0x1f (libstore.so)",
                                           "+.+.",
                                           0,
                                           4,
                                           LV_KIND_MUTEX };
    const struct lv_report_edge edges[] = {
        { .thread = { "teller-2", 48216 },
          .held = LOCK(0x10, &cache, LV_WRITE, 0, "find+0x41 (libstore.so)", MAIN),
          .wanted = LOCK(0x20, &audit, LV_WRITE, 0, "audit_append+0x2f (transfer)", MAIN) },
        { .thread = { "teller-1", 48215 },
          .held = LOCK(0x20, &audit, LV_WRITE, 0, "audit_begin+0x1d (transfer)", MAIN),
          .wanted = LOCK(0x30, &ledger, LV_WRITE, 0, "post_entry+0x41 (transfer)", MAIN) },
        { .thread = { "teller-1", 48215 },
          .held = LOCK(0x30, &ledger, LV_WRITE, 0, "post_entry+0x41 (transfer)", MAIN),
          .wanted = LOCK(0x10, &cache, LV_WRITE, 0, "find+0x41 (libstore.so)", MAIN) },
    };
    const struct lv_report_class *const classes[] = { &audit, &ledger, &cache };
    const char *const reasons[] = { "gate: config_lock is held for every acquisition" };

    set_edges(&report, edges, LV_ARRAY_SIZE(edges));
    set_classes(&report, classes, LV_ARRAY_SIZE(classes));
    set_reasons(&report, reasons, LV_ARRAY_SIZE(reasons));
    expect_golden("long_names", &report);
}
END_TEST

static void expect_recursive(const char *name, enum lv_verdict verdict, uintptr_t held, uintptr_t wanted)
{
    struct lv_report report = report_of(LV_FINDING_RECURSIVE, verdict);
    const struct lv_report_edge edge = {
        .thread = { "teller-2", 48216 },
        .held = LOCK(held, &node, LV_WRITE, 0, "tree_insert+0x41 (transfer)", MAIN),
        .wanted = LOCK(wanted, &node, LV_WRITE, 0, "tree_rotate+0x2f (transfer)", "tree_insert+0x77 (transfer)", MAIN),
    };
    const struct lv_report_class *const classes[] = { &node };

    set_edges(&report, &edge, 1);
    set_classes(&report, classes, 1);
    expect_golden(name, &report);
}

START_TEST(recursive_same_instance)
{
    expect_recursive("recursive_same_instance", LV_VERDICT_DEADLOCK, 0x7f0010, 0x7f0010);
}
END_TEST

START_TEST(recursive_other_instance)
{
    expect_recursive("recursive_other_instance", LV_VERDICT_POTENTIAL, 0x7f0010, 0x7f0060);
}
END_TEST

START_TEST(instances_of_one_class)
{
    struct lv_report report = report_of(LV_FINDING_RECURSIVE, LV_VERDICT_FEASIBLE);
    const struct lv_report_edge edges[] = {
        { .thread = { "walker-2", 48219 },
          .held = LOCK(0x7f00a0, &node, LV_WRITE, 0, "swap+0x41 (transfer)", MAIN),
          .wanted = LOCK(0x7f0060, &node, LV_WRITE, 0, "swap+0x4f (transfer)", MAIN) },
        { .thread = { "walker-1", 48218 },
          .held = LOCK(0x7f0060, &node, LV_WRITE, 0, "swap+0x41 (transfer)", MAIN),
          .wanted = LOCK(0x7f0080, &node, LV_WRITE, 0, "swap+0x4f (transfer)", MAIN) },
        { .thread = { "walker-0", 48217 },
          .held = LOCK(0x7f0080, &node, LV_WRITE, 0, "swap+0x41 (transfer)", MAIN),
          .wanted = LOCK(0x7f00a0, &node, LV_WRITE, 0, "swap+0x4f (transfer)", MAIN) },
    };
    const struct lv_report_class *const classes[] = { &node };

    set_edges(&report, edges, LV_ARRAY_SIZE(edges));
    set_classes(&report, classes, 1);
    expect_golden("instances_of_one_class", &report);
}
END_TEST

static void expect_misuse(const char *name, enum lv_finding_kind kind, const struct lv_report_lock *subject,
                          const char *detail, uint32_t held_count)
{
    struct lv_report report = report_of(kind, LV_VERDICT_MISUSE);
    const struct lv_report_lock held[] = { *subject, LOCK_ONLY(0x55d0c41a7100, &table) };
    const struct lv_report_class *const classes[] = { &ledger };

    report.subject = *subject;
    report.detail = detail;
    report.held = held;
    report.held_count = held_count;
    set_classes(&report, classes, 1);
    expect_golden(name, &report);
}

START_TEST(recursive_late)
{
    struct lv_report report = report_of(LV_FINDING_RECURSIVE, LV_VERDICT_POTENTIAL);
    const struct lv_report_edge edge = {
        .thread = { "teller-2", 48216 },
        .held = LOCK(0x7f0010, &node, LV_WRITE, 0, "tree_insert+0x41 (transfer)", MAIN),
        .wanted = LOCK(0x7f0060, &node, LV_WRITE, 0, "tree_rotate+0x2f (transfer)", MAIN),
    };

    set_edges(&report, &edge, 1);
    report.late = true;
    expect_golden("recursive_late", &report);
}
END_TEST

START_TEST(unlock)
{
    const struct lv_report_lock lock = LOCK_ONLY(0x55d0c41a7060, &ledger);

    expect_misuse("unlock", LV_FINDING_UNLOCK, &lock, "is being released, but this thread does not hold it", 0);
}
END_TEST

START_TEST(lifetime)
{
    const struct lv_report_lock lock = LOCK(0x55d0c41a7060, &ledger, LV_WRITE, 0, "post_entry+0x41 (transfer)", MAIN);

    expect_misuse("lifetime", LV_FINDING_LIFETIME, &lock, "is being destroyed while this thread holds it", 2);
}
END_TEST

START_TEST(assertion)
{
    const struct lv_report_lock lock = LOCK_ONLY(0x55d0c41a7060, &ledger);

    expect_misuse("assert", LV_FINDING_ASSERT, &lock, "is not held for writing, as the program claims here", 0);
}
END_TEST

/* Another thread's side: what it holds, or what it waits with. */
static void expect_both_sides(const char *name, enum lv_finding_kind kind, const char *detail,
                              const struct lv_report_lock *other, bool waits)
{
    struct lv_report report = report_of(kind, LV_VERDICT_MISUSE);
    const struct lv_report_class *const classes[] = { &ledger, &table };

    report.subject = (struct lv_report_lock)LOCK_ONLY(0x55d0c41a7060, &ledger);
    report.detail = detail;
    report.holder = *other;
    report.holder_thread = (struct lv_report_thread){ "teller-1", 48215 };
    report.holder_waits = waits;
    set_classes(&report, classes, waits ? 2 : 1);
    expect_golden(name, &report);
}

START_TEST(unlock_of_anothers)
{
    struct lv_report_lock lock = LOCK(0x55d0c41a7060, &ledger, LV_WRITE, 0, "post_entry+0x41 (transfer)", MAIN);

    expect_both_sides("unlock_of_anothers", LV_FINDING_UNLOCK, "is being released, but this thread does not hold it",
                      &lock, false);
    lock.earlier = true;
    expect_both_sides("fork", LV_FINDING_FORK,
                      "is about to be taken in a forked child, but a thread of the parent held it at the fork", &lock,
                      false);
}
END_TEST

START_TEST(cond_with_two_mutexes)
{
    const struct lv_report_lock lock = LOCK(0x55d0c41a7100, &table, LV_WRITE, 0, "wait_for_work+0x41 (transfer)", MAIN);

    expect_both_sides("cond_with_two_mutexes", LV_FINDING_COND,
                      "is waited with, while another thread waits on the same condition variable with another lock",
                      &lock, true);
}
END_TEST

/* Nothing is known: every kind must still print something, and read no null pointer. */
START_TEST(nothing_known)
{
    const struct lv_report_edge edges[3] = { { .kind = LV_REPORT_EDGE_LOCK },
                                             { .kind = LV_REPORT_EDGE_WAIT },
                                             { .kind = LV_REPORT_EDGE_COMPLETE } };
    const struct lv_report_class nameless = { .kind = LV_KIND_MUTEX };
    const struct lv_report_class *const classes[] = { &nameless };
    const char *const reasons[] = { NULL };
    char *buf = malloc(REPORT_SIZE);

    for (int kind = 0; kind < LV_FINDING__COUNT; kind++) {
        for (uint32_t count = 0; count <= LV_ARRAY_SIZE(edges); count++) {
            struct lv_report report = { .kind = (enum lv_finding_kind)kind, .edge_count = count, .edges = edges };
            struct lv_text out;

            set_classes(&report, classes, 1);
            set_reasons(&report, reasons, 1);
            report.held = &edges[0].held;
            report.held_count = 1;
            lv_text_init(&out, buf, REPORT_SIZE);
            lv_report_text(&report, &out);
            ck_assert(strstr(buf, "(no stack)") != NULL);
            ck_assert(strstr(buf, "lockval ?  ?[0]\n") != NULL);
            ck_assert(strstr(buf, "(null)") == NULL);
        }
    }
    free(buf);
}
END_TEST

/* Every kind of finding says in which handler it was made, once, and only then. */
START_TEST(handler_line)
{
    static const char line[] = "\nin the handler of signal SIGUSR1, installed at ?\n";
    const struct lv_report_edge edges[2] = { { .kind = LV_REPORT_EDGE_LOCK }, { .kind = LV_REPORT_EDGE_WAIT } };
    const struct lv_report_edge completing[2] = { { .kind = LV_REPORT_EDGE_COMPLETE },
                                                  { .kind = LV_REPORT_EDGE_WAIT } };
    char *buf = malloc(REPORT_SIZE);

    for (int i = 0; i < 4 * LV_FINDING__COUNT; i++) {
        struct lv_report report = { .kind = (enum lv_finding_kind)(i / 4),
                                    .edge_count = 1 + (uint32_t)i % 2,
                                    .edges = i % 4 < 2 ? edges : completing };
        struct lv_text out;
        const char *found;

        lv_text_init(&out, buf, REPORT_SIZE);
        lv_report_text(&report, &out);
        ck_assert(strstr(buf, "handler") == NULL);
        report.handler = (struct lv_report_handler){ 10, "SIGUSR1", NULL };
        lv_text_init(&out, buf, REPORT_SIZE);
        lv_report_text(&report, &out);
        found = strstr(buf, line);
        ck_assert(found != NULL);
        ck_assert(strstr(found + 1, line) == NULL);
    }
    free(buf);
}
END_TEST

/* Whatever the size of the buffer: nothing outside is touched, and a text that was cut says so where there is room. */
START_TEST(cut)
{
    static const char note[] = "\n(the report is cut here: its buffer is full)\n";
    struct lv_report report = abba_report();
    char *whole = malloc(REPORT_SIZE);
    struct lv_text out;

    lv_text_init(&out, whole, REPORT_SIZE);
    lv_report_text(&report, &out);
    for (size_t size = 1; size <= out.len + 1; size++) {
        char *buf = malloc(size); /* exact, so that a sanitizer sees one byte too many */
        struct lv_text text;
        size_t kept = size - 1;

        lv_text_init(&text, buf, size);
        lv_report_text(&report, &text);
        ck_assert_uint_eq(strlen(buf), text.len);
        ck_assert_uint_eq(text.len, size - 1);
        ck_assert_int_eq(text.cut, size <= out.len);
        if (text.cut && size > strlen(note)) {
            kept -= strlen(note);
            ck_assert_str_eq(buf + kept, note);
        }
        ck_assert(memcmp(buf, whole, kept) == 0);
        free(buf);
    }
    free(whole);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report");
    TCase *golden = tcase_create("golden");
    TCase *rest = tcase_create("robustness");

    tcase_add_test(golden, two_locks);
    tcase_add_test(golden, two_locks_late);
    tcase_add_test(golden, event_late);
    tcase_add_test(golden, two_locks_in_handler);
    tcase_add_test(golden, three_locks_with_readers);
    tcase_add_test(golden, seven_classes);
    tcase_add_test(golden, seven_classes_by_wait);
    tcase_add_test(golden, seven_classes_by_complete);
    tcase_add_test(golden, long_names);
    tcase_add_test(golden, recursive_same_instance);
    tcase_add_test(golden, recursive_other_instance);
    tcase_add_test(golden, instances_of_one_class);
    tcase_add_test(golden, recursive_late);
    tcase_add_test(golden, unlock);
    tcase_add_test(golden, lifetime);
    tcase_add_test(golden, assertion);
    tcase_add_test(golden, unlock_of_anothers);
    tcase_add_test(golden, cond_with_two_mutexes);
    suite_add_tcase(suite, golden);
    tcase_add_test(rest, nothing_known);
    tcase_add_test(rest, handler_line);
    tcase_add_test(rest, cut);
    suite_add_tcase(suite, rest);
    return unit_run(suite);
}
