/* SPDX-License-Identifier: MIT */
/* Suppressions: what a file of them says, and what an entry matches. */

#include <fnmatch.h>
#include <string.h>

#include "check/suppress.h"
#include "random.h"
#include "unit.h"

static struct lv_arena arena;
static struct lv_suppressions all;
static char said[2048];

static void parse(const char *text)
{
    struct lv_text complaints;

    all = (struct lv_suppressions){ 0 };
    lv_text_init(&complaints, said, sizeof(said));
    lv_suppressions_parse(&all, "file", text, strlen(text), &arena, &complaints);
}

static unsigned count(void)
{
    unsigned n = 0;

    for (const struct lv_suppression *entry = all.first; entry != NULL; entry = entry->next)
        n++;
    return n;
}

static const char *pattern_at(const struct lv_suppression *entry, unsigned number)
{
    const char *pattern = lv_suppression_next(entry, NULL);

    while (number-- != 0 && pattern != NULL)
        pattern = lv_suppression_next(entry, pattern);
    return pattern;
}

START_TEST(lines)
{
    parse("# a comment\n\n   \t\r\ncircular:journal_* # kept apart by a queue\r\n  *:&sb->s_type#2 # two # "
          "signs\nevent: x y \t# z");
    ck_assert_str_eq(said, "");
    ck_assert_uint_eq(count(), 3);
    ck_assert_str_eq(all.first->text, "circular:journal_*");
    ck_assert_str_eq(pattern_at(all.first, 0), "journal_*");
    ck_assert_uint_eq(all.first->pattern_count, 1);
    ck_assert_str_eq(all.first->reason, "kept apart by a queue");
    ck_assert_uint_eq(all.first->line, 4);
    ck_assert_str_eq(pattern_at(all.first->next, 0), "&sb->s_type#2");
    ck_assert_str_eq(all.first->next->reason, "two # signs");
    ck_assert_str_eq(pattern_at(all.last, 0), "x y");
    ck_assert_uint_eq(all.last->line, 6);
}
END_TEST

START_TEST(several_patterns)
{
    static const char *const wrong[] = { "circular:a & # x", "circular: & a # x", "circular:a &  & b # x",
                                         "circular:& a # x", "circular: & # x" };

    parse("circular: a  &\t&b&c & operator&( & d&  # all of them");
    ck_assert_str_eq(said, "");
    ck_assert_uint_eq(all.first->pattern_count, 4);
    ck_assert_str_eq(pattern_at(all.first, 0), "a");
    ck_assert_str_eq(pattern_at(all.first, 1), "&b&c");
    ck_assert_str_eq(pattern_at(all.first, 2), "operator&(");
    ck_assert_str_eq(pattern_at(all.first, 3), "d&");
    ck_assert_ptr_null(pattern_at(all.first, 4));
    ck_assert_str_eq(all.first->reason, "all of them");
    ck_assert_str_eq(all.first->text, "circular: a  &\t&b&c & operator&( & d&");
    for (size_t i = 0; i < LV_ARRAY_SIZE(wrong); i++) {
        parse(wrong[i]);
        ck_assert_msg(strstr(said, "has no pattern") != NULL && count() == 0, "%s: %s", wrong[i], said);
    }
}
END_TEST

/* Of very many bad lines some are named, and the others counted; the good ones among them are taken. */
START_TEST(many_bad_lines)
{
    static char text[64 * 1024];
    struct lv_text file;

    lv_text_init(&file, text, sizeof(text));
    for (unsigned i = 0; i < 1000; i++)
        lv_text_puts(&file, i % 2 == 0 ? "nonsense\n" : "circular:a # x\n");
    parse(text);
    ck_assert_uint_eq(count(), 500);
    ck_assert_ptr_nonnull(strstr(said, "lockval: file:31: the line has no colon"));
    ck_assert_ptr_null(strstr(said, "file:33"));
    ck_assert_ptr_nonnull(strstr(said, "lockval: file: 484 more lines are not understood, or have no reason\n"));
}
END_TEST

/* Lines at random: every line is an entry, a complaint, or says nothing; an entry's own text and reason make the same entry. */
START_TEST(any_lines)
{
    struct random random = { number_of("LOCKVAL_TEST_SEED", 1) };
    unsigned long rounds = number_of("LOCKVAL_TEST_ROUNDS", 20000), entries = 0;
    static const char signs[] = "ab*: \t&&#\r\xff";

    for (unsigned long round = 0; round < rounds; round++) {
        char line[48] = "*:", again[128], before[128];
        size_t len = below(&random, 2) * 2, end = len + below(&random, 20);
        struct lv_text text;

        for (size_t i = len; i < end; i++)
            line[i] = signs[below(&random, sizeof(signs) - 1)];
        line[end] = '\0';
        parse(line);
        ck_assert_msg(count() <= 1 && (count() == 1 || said[0] != '\0' || line[strspn(line, " \t\r")] == '\0' ||
                                       line[strspn(line, " \t\r")] == '#'),
                      "'%s': %s", line, said);
        if (count() == 0)
            continue;
        entries++;
        lv_text_init(&text, again, sizeof(again));
        lv_text_printf(&text, " %s # %s\n", all.first->text, all.first->reason);
        lv_text_init(&text, before, sizeof(before));
        for (const char *pattern = NULL; (pattern = lv_suppression_next(all.first, pattern)) != NULL;) {
            ck_assert_msg(*pattern != '\0' && strchr(" \t", *pattern) == NULL, "'%s': '%s'", line, pattern);
            lv_text_printf(&text, "%s\n", pattern);
        }
        lv_text_printf(&text, "# %s", all.first->reason);
        parse(again);
        ck_assert_uint_eq(count(), 1);
        lv_text_init(&text, again, sizeof(again));
        for (const char *pattern = NULL; (pattern = lv_suppression_next(all.first, pattern)) != NULL;)
            lv_text_printf(&text, "%s\n", pattern);
        lv_text_printf(&text, "# %s", all.first->reason);
        ck_assert_str_eq(again, before);
    }
    ck_assert_uint_gt(entries, rounds / 100);
}
END_TEST

START_TEST(bad_lines)
{
    static const struct {
        const char *text, *word;
        unsigned entries;
    } cases[] = {
        { "circular", "no colon", 0 },          { "circle:a # why", "unknown kind", 0 },
        { "circular: # why", "no pattern", 0 }, { ":a # why", "unknown kind", 0 },
        { "circular:a", "has no reason", 1 },   { "x\ncircular:a # why\ny", "file:3", 1 },
    };

    for (size_t i = 0; i < LV_ARRAY_SIZE(cases); i++) {
        parse(cases[i].text);
        ck_assert_msg(strstr(said, cases[i].word) != NULL, "%s: %s", cases[i].text, said);
        ck_assert_uint_eq(count(), cases[i].entries);
    }
    {
        struct lv_text complaints;

        all = (struct lv_suppressions){ 0 };
        lv_text_init(&complaints, said, sizeof(said));
        lv_suppressions_parse(&all, "file", "circular:a\0b # why", 18, &arena, &complaints);
        ck_assert_uint_eq(count(), 0);
        ck_assert_ptr_nonnull(strstr(said, "zero byte"));
    }
}
END_TEST

START_TEST(kinds)
{
    parse("circular:a # x\n*:a # x\ndeadlock:a # x");
    ck_assert(lv_suppression_is_for(all.first, LV_FINDING_CIRCULAR, LV_VERDICT_FEASIBLE));
    ck_assert(!lv_suppression_is_for(all.first, LV_FINDING_EVENT, LV_VERDICT_FEASIBLE));
    for (int kind = 0; kind < LV_FINDING__COUNT; kind++) {
        ck_assert(lv_suppression_is_for(all.first->next, (enum lv_finding_kind)kind, LV_VERDICT_MISUSE));
        ck_assert(!lv_suppression_is_for(all.first->next, (enum lv_finding_kind)kind, LV_VERDICT_DEADLOCK));
    }
    ck_assert(lv_suppression_is_for(all.last, LV_FINDING_DEADLOCK, LV_VERDICT_DEADLOCK));
}
END_TEST

static bool matches(const char *pattern, const struct lv_report *report)
{
    char line[256];
    struct lv_text text;

    lv_text_init(&text, line, sizeof(line));
    lv_text_printf(&text, "*:%s # why", pattern);
    parse(line);
    ck_assert_uint_eq(count(), 1);
    return lv_pattern_matches_report(pattern_at(all.first, 0), report);
}

START_TEST(reports)
{
    static const struct lv_report_class a = { .name = "first" }, b = { .name = "ns::second/1" };
    static const char *const frames[] = { "post+0x41 (libbank.so.2)", "libodd.so+0x99", "0x7f00",
                                          "operator+(int)+0x2 (prog)" };
    static const struct lv_report_edge edges[] = {
        { .held = { .class = &a, .stack = { 4, frames } }, .wanted = { .class = &b } },
        { .held = { .class = &b }, .wanted = { .class = &a } },
    };
    const struct lv_report report = { .edge_count = 2, .edges = edges };
    static const char *const yes[] = { "first",       "f?rst",          "ns::*", "*",        "post",
                                       "libbank.so*", "operator+(int)", "prog",  "libodd.so" };
    static const char *const no[] = { "irst",    "second", "post+0x41", "bank", "0x7f00",
                                      "libbank", "pos",    "(prog)",    "third" };

    for (size_t i = 0; i < LV_ARRAY_SIZE(yes); i++)
        ck_assert_msg(matches(yes[i], &report), "%s", yes[i]);
    for (size_t i = 0; i < LV_ARRAY_SIZE(no); i++)
        ck_assert_msg(!matches(no[i], &report), "%s", no[i]);
}
END_TEST

/* Each place where a report has a class or a stack is looked at. */
START_TEST(everywhere)
{
    static const struct lv_report_class class = { .name = "x" };
    static const char *const frames[] = { "x+0x1 (m)" };
    const struct lv_report_lock lock = { .class = &class };
    const struct lv_report_stack stack = { 1, frames };
    const struct lv_report_stuck stuck[] = { { .wanted = lock }, { .with = lock }, { .held_count = 1, .held = &lock } };
    const struct lv_report each[] = {
        { .subject = lock },
        { .holder = lock },
        { .usage.inside.lock = lock },
        { .usage.open.lock = lock },
        { .usage.inside.at = stack },
        { .usage.open.at = stack },
        { .backtrace = stack },
        { .stuck_count = 1, .stuck = &stuck[0] },
        { .stuck_count = 1, .stuck = &stuck[1] },
        { .stuck_count = 1, .stuck = &stuck[2] },
    };

    for (size_t i = 0; i < LV_ARRAY_SIZE(each); i++) {
        ck_assert_msg(matches("x", &each[i]), "%zu", i);
        ck_assert_msg(!matches("y", &each[i]), "%zu", i);
    }
}
END_TEST

/* The pattern is the shell's without its brackets. */
START_TEST(patterns)
{
    struct random random = { number_of("LOCKVAL_TEST_SEED", 1) };
    unsigned long rounds = number_of("LOCKVAL_TEST_ROUNDS", 20000), hits = 0;

    for (unsigned long round = 0; round < rounds; round++) {
        static const char signs[] = "aab*?:";
        char pattern[12] = "", name[12] = "";

        for (unsigned i = 0, len = 1 + below(&random, 9); i < len; i++)
            pattern[i] = signs[below(&random, 6)];
        for (unsigned i = 0, len = 1 + below(&random, 9); i < len; i++)
            name[i] = signs[below(&random, 3)];
        ck_assert_msg(lv_pattern_matches(pattern, name) == (fnmatch(pattern, name, 0) == 0), "%s %s", pattern, name);
        hits += lv_pattern_matches(pattern, name);
    }
    ck_assert_uint_gt(hits, rounds / 100);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("suppress");
    TCase *tcase = tcase_create("suppress");

    tcase_add_test(tcase, lines);
    tcase_add_test(tcase, several_patterns);
    tcase_add_test(tcase, many_bad_lines);
    tcase_add_test(tcase, any_lines);
    tcase_add_test(tcase, bad_lines);
    tcase_add_test(tcase, kinds);
    tcase_add_test(tcase, reports);
    tcase_add_test(tcase, everywhere);
    tcase_add_test(tcase, patterns);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
