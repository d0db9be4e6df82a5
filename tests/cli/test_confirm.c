/* SPDX-License-Identifier: MIT */
/* lockval confirm without a program: what is read of a record, the plans that come of it, and which deadlock is the one. */

#include <string.h>
#include <unistd.h>

#include "../unit/unit.h"
#include "common/memory.h"
#include "confirm/judge.h"
#include "confirm/plan.h"
#include "confirm/replay.h"
#include "engine/plan.h"
#include "sys/arena.h"

static struct confirm_record record, run;

/* Read @text as a record. */
static void read_into(struct confirm_record *into, const char *text)
{
    FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");

    ck_assert_ptr_nonnull(file);
    confirm_record_read(into, file);
    (void)fclose(file);
}

static void free_all(void)
{
    confirm_record_free(&record);
    confirm_record_free(&run);
    record = run = (struct confirm_record){ .count = 0 };
}

/* A lock as findings have it. */
#define L(name) \
    "{\"class\":1,\"instance\":7,\"key\":\"name:" name "\",\"name\":\"" name "\",\"site\":\"ab+0x" name "\"}"
#define STEP(kind, held, wanted) \
    "{\"kind\":\"" kind "\",\"thread\":{\"name\":\"t\"},\"held\":" L(held) ",\"wanted\":" L(wanted) "}"
#define FINDING(kind, verdict, print, more)                                                   \
    "{\"t\":\"finding\",\"pid\":1,\"run\":\"r\",\"kind\":\"" kind "\",\"verdict\":\"" verdict \
    "\",\"fingerprint\":\"" print "\",\"reasons\":[]," more "}\n"
#define ORDER(print, more) FINDING("circular", "potential", print, more)
#define ABBA "\"edges\":[" STEP("lock", "b", "a") "," STEP("lock", "a", "b") "]"
#define RING3 "\"edges\":[" STEP("lock", "c", "a") "," STEP("lock", "a", "b") "," STEP("lock", "b", "c") "]"
/* A stuck thread: what it holds, and wants. */
#define STUCK(held, wanted) \
    "{\"thread\":{\"name\":\"t\"},\"waits\":\"lock\",\"wanted\":" L(wanted) ",\"held\":[" held "]}"
#define DEADLOCK(circle, stuck) FINDING("deadlock", "deadlock", "dead", "\"circle\":" circle ",\"stuck\":[" stuck "]")

static bool is_it(const char *reported, const char *deadlock)
{
    bool is;

    read_into(&record, reported);
    read_into(&run, deadlock);
    ck_assert_uint_eq(record.count, 1);
    ck_assert_uint_eq(run.count, 1);
    is = confirm_is_it(&record.findings[0], &run.findings[0]);
    free_all();
    return is;
}

/* ---- the record ---- */

START_TEST(findings_of_a_record)
{
    read_into(&record,
              "{\"t\":\"meta\",\"pid\":1,\"run\":\"r\",\"format\":1,\"options\":{\"events\":\"join\"}}\n"
              "{\"t\":\"class\",\"pid\":1,\"run\":\"r\",\"id\":1}\n" ORDER("01", ABBA)
                  FINDING("unlock", "misuse", "02",
                          "\"subject\":" L("x")) "{\"t\":\"finding\",\"pid\":1,\"run\":\"r\",\"kind\":\"circular\","
                                                 "\"verdict\":\"feasible\",\"before\":\"potential\","
                                                 "\"fingerprint\":\"01\"," ABBA "}\n"
                                                 "{\"t\":\"finding\",\"kind\":\"circ");
    ck_assert(record.any);
    ck_assert_str_eq(json_string_value(json_object_get(record.options, "events")), "join");
    ck_assert_uint_eq(record.count, 2); /* misuse comes first */
    ck_assert_uint_eq(record.findings[1].number, 2);
    ck_assert_str_eq(record.findings[1].verdict, "feasible");
    ck_assert(confirm_is_order(&record.findings[1]));
    ck_assert_uint_eq(record.findings[1].edge_count, 2);
    ck_assert_str_eq(record.findings[1].edges[1].wanted.key, "name:b");
    ck_assert_uint_eq(record.findings[0].number, 1);
    ck_assert(!confirm_is_order(&record.findings[0]));
    free_all();
}
END_TEST

START_TEST(no_record)
{
    read_into(&record, "This is no record.\n[1,2]\n\n");
    ck_assert(!record.any);
    ck_assert_uint_eq(record.count, 0);
    free_all();
}
END_TEST

START_TEST(a_cycle_in_words)
{
    char *cycle;

    read_into(&record, ORDER("01", RING3));
    cycle = confirm_cycle(&record.findings[0]);
    ck_assert_str_eq(cycle, "c -> a -> b -> c");
    free(cycle);
    free_all();
}
END_TEST

/* Fewer acquisitions than edges: each is a thread. */
START_TEST(acquisitions)
{
    read_into(&record, ORDER("01", RING3 ",\"acquisitions\":[" STEP("lock", "c", "a") "," STEP("lock", "a", "c") "]"));
    ck_assert_uint_eq(record.findings[0].edge_count, 3);
    ck_assert_uint_eq(record.findings[0].step_count, 2);
    ck_assert_str_eq(record.findings[0].steps[1].wanted.key, "name:c");
    free_all();
}
END_TEST

START_TEST(what_cannot_be_steered)
{
    static const char timed[] =
        ORDER("01", "\"edges\":[" STEP("lock", "b", "a") ",{\"kind\":\"lock\",\"thread\":{},\"held\":" L(
                        "a") ",\"wanted\":"
                             "{\"key\":\"name:b\",\"flags\":[\"timed\"]}}]");

    read_into(&record, ORDER("01", ABBA));
    ck_assert_ptr_null(confirm_cannot(&record.findings[0]));
    free_all();
    read_into(&record, timed);
    ck_assert_str_eq(confirm_cannot(&record.findings[0]), "the cycle passes through a wait that ends by itself");
    free_all();
    read_into(&record, ORDER("01", "\"edges\":[" STEP("lock", "b", "a") "," STEP("interrupt", "a", "b") "]"));
    ck_assert_ptr_nonnull(confirm_cannot(&record.findings[0]));
    free_all();
    read_into(&record, ORDER("01", "\"edges\":[{\"kind\":\"lock\"},{\"kind\":\"lock\"}]"));
    ck_assert_ptr_nonnull(confirm_cannot(&record.findings[0]));
    free_all();
}
END_TEST

/* Of classes with one name it is by chance which is the second. */
START_TEST(named_classes)
{
    static const char class[] =
        "{\"t\":\"class\",\"pid\":1,\"run\":\"r\",\"id\":%d,\"key\":\"%s\",\"stable\":\"%s\"}\n";
    static const char more[] =
        "{\"t\":\"finding\",\"pid\":1,\"run\":\"%s\",\"kind\":\"circular\",\"verdict\":\"potential\","
        "\"fingerprint\":\"%s\",\"edges\":[{\"kind\":\"lock\",\"held\":{\"class\":2,\"key\":\"name:a#2\"},"
        "\"wanted\":{\"class\":3,\"key\":\"static:ab+0x1\"}}]}\n";
    char text[2048];
    int len = snprintf(text, sizeof(text), more, "r", "01");

    len += snprintf(text + len, sizeof(text) - (size_t)len, more, "other", "02");
    len += snprintf(text + len, sizeof(text) - (size_t)len, class, 2, "name:a#2", "name:a:prog:key_b");
    (void)snprintf(text + len, sizeof(text) - (size_t)len, class, 3, "static:ab+0x1", "static:prog:b");
    read_into(&record, text);
    ck_assert_uint_eq(record.count, 2);
    ck_assert_str_eq(record.findings[0].edges[0].held.key, "name:a:prog:key_b");
    ck_assert_str_eq(record.findings[0].edges[0].wanted.key, "static:ab+0x1");
    ck_assert_str_eq(record.findings[1].edges[0].held.key, "name:a#2");
    free_all();
}
END_TEST

/* ---- plans ---- */

/* The plan of try @number is one that the library takes. */
static struct lv_plan plan_of(unsigned number)
{
    static struct lv_arena arena;
    struct lv_plan plan;
    uint32_t line;
    struct confirm_way way = confirm_way(&record.findings[0], number, "/tmp/report");
    const char *wrong = lv_plan_parse(&plan, way.plan, strlen(way.plan), &arena, &line);

    ck_assert_msg(wrong == NULL, "line %u %s:\n%s", line, wrong, way.plan);
    ck_assert_str_eq(plan.report, "/tmp/report");
    free(way.plan);
    free(way.words);
    return plan;
}

START_TEST(plans_take_turns)
{
    struct lv_plan plan;
    unsigned early, delays, sites;

    read_into(&record, ORDER("01", RING3));
    for (unsigned round = 0; round < 2; round++) {
        early = delays = sites = 0;
        for (unsigned i = 1; i <= 5; i++) {
            plan = plan_of(round * 5 + i);
            ck_assert_uint_eq(plan.role_count, 3);
            for (uint32_t r = 0; r < 3; r++) {
                ck_assert_ptr_nonnull(plan.roles[r].held);
                ck_assert_str_eq(plan.roles[r].wanted, plan.roles[(r + 1) % 3].held);
                early += plan.roles[r].early;
                sites += plan.roles[r].wanted_at != NULL;
            }
            delays += plan.delay_us != 0;
        }
        ck_assert_uint_eq(early, 3);
        ck_assert_uint_eq(delays, 1);
        ck_assert_uint_eq(sites, round * 15);
    }
    ck_assert_uint_lt(plan_of(1).pause_ms, plan_of(6).pause_ms);
    ck_assert_uint_lt(plan_of(100000).pause_ms, 60000);
    free_all();
}
END_TEST

/* Who completes an event holds nothing, and is known by the call. */
START_TEST(plan_of_an_event)
{
    struct lv_plan plan;

    read_into(&record, ORDER("01", "\"edges\":[" STEP("wait", "a", "e") "," STEP("complete", "e", "a") "]"));
    for (unsigned i = 1; i <= 6; i++) {
        plan = plan_of(i);
        ck_assert_ptr_null(plan.roles[1].held);
        ck_assert_str_eq(plan.roles[1].wanted_at, "ab+0xa");
        ck_assert(!plan.roles[1].early);
    }
    free_all();
}
END_TEST

START_TEST(a_plan_again)
{
    char *plan = confirm_plan_again("lockval-plan 1\nreport -\nseed 3\n", "/tmp/x y/report");

    ck_assert_str_eq(plan, "lockval-plan 1\nreport /tmp/x y/report\nseed 3\n");
    free(plan);
}
END_TEST

/* ---- which deadlock ---- */

START_TEST(the_deadlock_of_two)
{
    ck_assert(is_it(ORDER("01", ABBA), DEADLOCK("2", STUCK(L("a"), "b") "," STUCK(L("b"), "a"))));
    ck_assert(is_it(ORDER("01", ABBA), DEADLOCK("2", STUCK(L("b"), "a") "," STUCK(L("x") "," L("a"), "b"))));
    /* Others that wait for them change nothing. */
    ck_assert(
        is_it(ORDER("01", ABBA), DEADLOCK("2", STUCK(L("b"), "a") "," STUCK(L("a"), "b") "," STUCK(L("c"), "b"))));
}
END_TEST

START_TEST(other_deadlocks)
{
    ck_assert(!is_it(ORDER("01", ABBA), DEADLOCK("2", STUCK(L("c"), "d") "," STUCK(L("d"), "c"))));
    ck_assert(!is_it(ORDER("01", ABBA), DEADLOCK("2", STUCK(L("a"), "c") "," STUCK(L("c"), "a"))));
    ck_assert(!is_it(ORDER("01", ABBA), DEADLOCK("1", STUCK(L("a"), "a"))));
    /* Through a third class. */
    ck_assert(
        !is_it(ORDER("01", ABBA), DEADLOCK("3", STUCK(L("a"), "b") "," STUCK(L("b"), "c") "," STUCK(L("c"), "a"))));
    /* Not a deadlock at all, whatever its locks are. */
    ck_assert(!is_it(ORDER("01", ABBA), FINDING("circular", "feasible", "02", ABBA)));
    ck_assert(!is_it(ORDER("01", ABBA), DEADLOCK("0", "")));
    ck_assert(
        !is_it(ORDER("01", ABBA), FINDING("deadlock", "potential", "dead",
                                          "\"circle\":2,\"stuck\":[" STUCK(L("a"), "b") "," STUCK(L("b"), "a") "]")));
}
END_TEST

START_TEST(three_threads_or_two)
{
    ck_assert(
        is_it(ORDER("01", RING3), DEADLOCK("3", STUCK(L("a"), "b") "," STUCK(L("b"), "c") "," STUCK(L("c"), "a"))));
    /* One thread holds two of them. */
    ck_assert(is_it(ORDER("01", RING3), DEADLOCK("2", STUCK(L("c"), "a") "," STUCK(L("a") "," L("b"), "c"))));
    /* It does not, so this is another cycle. */
    ck_assert(!is_it(ORDER("01", RING3), DEADLOCK("2", STUCK(L("c"), "a") "," STUCK(L("a"), "c"))));
    /* The other way round. */
    ck_assert(
        !is_it(ORDER("01", RING3), DEADLOCK("3", STUCK(L("b"), "a") "," STUCK(L("a"), "c") "," STUCK(L("c"), "b"))));
}
END_TEST

START_TEST(instances_of_one_class)
{
    static const char nested[] =
        FINDING("recursive", "feasible", "01", "\"edges\":[" STEP("lock", "a", "a") "," STEP("lock", "a", "a") "]");

    ck_assert(is_it(nested, DEADLOCK("2", STUCK(L("a"), "a") "," STUCK(L("a"), "a"))));
    ck_assert(is_it(nested, DEADLOCK("3", STUCK(L("a"), "a") "," STUCK(L("a"), "a") "," STUCK(L("a"), "a"))));
    ck_assert(!is_it(nested, DEADLOCK("2", STUCK(L("a"), "b") "," STUCK(L("b"), "a"))));
    ck_assert(!is_it(nested, DEADLOCK("0", STUCK(L("a"), "a") "," STUCK(L("a"), "a"))));
}
END_TEST

/* A writer between two readers holds nothing of the circle. */
START_TEST(writers_between)
{
    static const char again[] = FINDING("recursive", "potential", "01", "\"edges\":[" STEP("lock", "a", "a") "]");
    static const char behind[] =
        "{\"thread\":{},\"waits\":\"lock\",\"blocker_queued\":true,\"wanted\":" L("a") ",\"held\":[" L("a") "]}";
    static const char behind_b[] =
        "{\"thread\":{},\"waits\":\"lock\",\"blocker_queued\":true,\"wanted\":" L("a") ",\"held\":[" L("b") "]}";
    char deadlock[2048];

    (void)snprintf(deadlock, sizeof(deadlock), DEADLOCK("2", "%s," STUCK("", "a")), behind);
    ck_assert(is_it(again, deadlock));
    (void)snprintf(deadlock, sizeof(deadlock), DEADLOCK("2", STUCK("", "a") ",%s"), behind);
    ck_assert(is_it(again, deadlock));
    ck_assert(!is_it(again, DEADLOCK("2", STUCK(L("a"), "a") "," STUCK("", "a"))));
    (void)snprintf(deadlock, sizeof(deadlock), DEADLOCK("3", "%s," STUCK("", "a") "," STUCK(L("a"), "b")), behind_b);
    ck_assert(is_it(ORDER("01", ABBA), deadlock));
    (void)snprintf(deadlock, sizeof(deadlock), DEADLOCK("3", STUCK("", "a") "," STUCK(L("a"), "b") ",%s"), behind_b);
    ck_assert(is_it(ORDER("01", ABBA), deadlock));
    (void)snprintf(deadlock, sizeof(deadlock), DEADLOCK("3", "%s," STUCK("", "c") "," STUCK(L("a"), "b")), behind_b);
    ck_assert(!is_it(ORDER("01", ABBA), deadlock));
}
END_TEST

/* The thread that is joined holds its own end. */
START_TEST(join)
{
    static const char edges[] = ORDER(
        "01",
        "\"edges\":[{\"kind\":\"wait\",\"thread\":{},\"held\":" L(
            "a") ",\"wanted\":{\"key\":\"join:ab+0x10\","
                 "\"name\":\"join of "
                 "f\"}},{\"kind\":\"end\",\"thread\":{},\"held\":{\"key\":\"join:ab+0x10\"},\"wanted\":" L("a") "}]");

    ck_assert(is_it(
        edges,
        DEADLOCK("2", "{\"thread\":{},\"waits\":\"join\",\"wanted\":{},\"joined\":{\"id\":4,\"start\":\"ab+0x10\"},"
                      "\"held\":[" L("a") "]}," STUCK("", "a"))));
    ck_assert(!is_it(
        edges,
        DEADLOCK("2", "{\"thread\":{},\"waits\":\"join\",\"wanted\":{},\"joined\":{\"id\":4,\"start\":\"ab+0x20\"},"
                      "\"held\":[" L("a") "]}," STUCK("", "a"))));
}
END_TEST

/* Nobody knows who would complete the event: every thread waits, and each acquisition is one that a thread is in. */
START_TEST(event_without_a_circle)
{
    static const char edges[] = ORDER("01", "\"edges\":[" STEP("wait", "a", "e") "," STEP("complete", "e", "a") "]");

    ck_assert(is_it(edges, DEADLOCK("0", STUCK(L("a"), "e") "," STUCK("", "a") "," STUCK("", "x"))));
    ck_assert(!is_it(edges, DEADLOCK("0", STUCK(L("a"), "e") "," STUCK("", "x"))));
    ck_assert(!is_it(edges, DEADLOCK("0", STUCK("", "e") "," STUCK("", "a"))));
    /* A thread that has several of them, and waits for an event whose thread has the rest. */
    ck_assert(is_it(ORDER("01", "\"edges\":[" STEP("lock", "a", "b") "," STEP("lock", "b", "m") "," STEP(
                                    "wait", "m", "e") "," STEP("complete", "e", "a") "]"),
                    DEADLOCK("0", "{\"thread\":{},\"waits\":\"event\",\"wanted\":" L("x") ",\"held\":[" L("a") "," L(
                                      "b") "]}," STUCK(L("m"), "e") "," STUCK("", "a"))));
    ck_assert(!is_it(ORDER("01", "\"edges\":[" STEP("lock", "a", "b") "," STEP("lock", "b", "m") "," STEP(
                                     "wait", "m", "e") "," STEP("complete", "e", "a") "]"),
                     DEADLOCK("0", STUCK(L("a") "," L("b"), "x") "," STUCK(L("m"), "e") "," STUCK("", "a"))));
    /* Without an event the library would have seen the circle. */
    ck_assert(!is_it(ORDER("01", ABBA), DEADLOCK("0", STUCK(L("a"), "b") "," STUCK(L("b"), "a"))));
}
END_TEST

/* ---- replay files ---- */

START_TEST(replay_file)
{
    char path[] = "/tmp/lockval-test-XXXXXX", *program[] = { (char *)"prog", (char *)"-x", NULL };
    struct confirm_replay replay;
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    read_into(&record,
              "{\"t\":\"meta\",\"pid\":1,\"run\":\"r\",\"options\":{\"events\":\"none\"}}\n" ORDER("0123", RING3));
    ck_assert_int_eq(confirm_replay_save(path, &record, &record.findings[0], "lockval-plan 1\n", program), 0);
    free_all();
    ck_assert(confirm_replay_load(path, &replay));
    ck_assert_str_eq(replay.plan, "lockval-plan 1\n");
    ck_assert_str_eq(replay.program[1], "-x");
    ck_assert_ptr_null(replay.program[2]);
    ck_assert_str_eq(replay.record.findings[0].fingerprint, "0123");
    ck_assert_uint_eq(replay.record.findings[0].edge_count, 3);
    ck_assert_str_eq(json_string_value(json_object_get(replay.options, "events")), "none");
    confirm_replay_free(&replay);
    ck_assert_int_eq(ftruncate(fd, 10), 0);
    ck_assert(!confirm_replay_load(path, &replay));
    (void)close(fd);
    (void)unlink(path);
    ck_assert(!confirm_replay_load(path, &replay));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("confirm");
    TCase *all = tcase_create("all");

    tcase_add_test(all, findings_of_a_record);
    tcase_add_test(all, no_record);
    tcase_add_test(all, a_cycle_in_words);
    tcase_add_test(all, acquisitions);
    tcase_add_test(all, what_cannot_be_steered);
    tcase_add_test(all, named_classes);
    tcase_add_test(all, plans_take_turns);
    tcase_add_test(all, plan_of_an_event);
    tcase_add_test(all, a_plan_again);
    tcase_add_test(all, the_deadlock_of_two);
    tcase_add_test(all, other_deadlocks);
    tcase_add_test(all, three_threads_or_two);
    tcase_add_test(all, instances_of_one_class);
    tcase_add_test(all, writers_between);
    tcase_add_test(all, join);
    tcase_add_test(all, event_without_a_circle);
    tcase_add_test(all, replay_file);
    suite_add_tcase(suite, all);
    return unit_run(suite);
}
