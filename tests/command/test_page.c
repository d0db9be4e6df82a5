/* SPDX-License-Identifier: MIT */
/* Parts of the page (tools/lockval/page): texts made harmless, what is in a circle and what follows from what, the interleaving, layouts; and
 * the page of records that are nonsense, under sanitizers. */

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/random.h"
#include "../unit/unit.h"
#include "base/types.h"
#include "page/graph.h"
#include "page/layout.h"
#include "page/page.h"
#include "page/scenario.h"
#include "page/text.h"

#define HEAD(type) "{\"t\":\"" type "\",\"pid\":7,\"run\":\"0000000a\","

static char *printed(void (*print)(FILE *, const char *), const char *text)
{
    char *result = NULL;
    size_t len;
    FILE *out = open_memstream(&result, &len);

    print(out, text);
    (void)fclose(out);
    return result;
}

static void text_becomes(const char *text, const char *html, const char *json, size_t width)
{
    char *got = printed(page_text, text);

    ck_assert_str_eq(got, html);
    free(got);
    got = printed(page_json, text);
    ck_assert_str_eq(got, json);
    free(got);
    ck_assert_uint_eq(page_text_width(text), width);
}

START_TEST(texts)
{
    text_becomes("plain \u00e4\u20ac\U0001f512", "plain \u00e4\u20ac\U0001f512", "\"plain \u00e4\u20ac\U0001f512\"", 9);
    text_becomes("<a b='c' d=\"e\">&", "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;",
                 "\"\\u003ca b='c' d=\\\"e\\\"\\u003e\\u0026\"", 16);
    text_becomes("</script>\\", "&lt;/script&gt;\\", "\"\\u003c/script\\u003e\\\\\"", 10);
    text_becomes("\x01\x7f", "\\x01\\x7f", "\"\\\\x01\\\\x7f\"", 8);
    text_becomes("a\nb\tc", "a\nb\tc", "\"a\\u000ab\\u0009c\"", 5);
    text_becomes("\uf780\uf7ff", "\\x80\\xff", "\"\\\\x80\\\\xff\"", 8);
    text_becomes("\u202ea\u2066\u200f\u2028\xc2\x85", "\\u202ea\\u2066\\u200f\\u2028\\u0085",
                 "\"\\\\u202ea\\\\u2066\\\\u200f\\\\u2028\\\\u0085\"", 31);
    /* What is no UTF-8: torn, too long a form, a half of a pair, beyond the last, a lonely follower, an end in the middle. */
    text_becomes("\xc3(", "\\xc3(", "\"\\\\xc3(\"", 5);
    text_becomes("\xc0\xaf", "\\xc0\\xaf", "\"\\\\xc0\\\\xaf\"", 8);
    text_becomes("\xed\xa0\x80", "\\xed\\xa0\\x80", "\"\\\\xed\\\\xa0\\\\x80\"", 12);
    text_becomes("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\"\\\\xf4\\\\x90\\\\x80\\\\x80\"", 16);
    text_becomes("\xf8\x88", "\\xf8\\x88", "\"\\\\xf8\\\\x88\"", 8);
    text_becomes("\xe2\x82", "\\xe2\\x82", "\"\\\\xe2\\\\x82\"", 8);
    text_becomes("", "", "\"\"", 0);
}
END_TEST

START_TEST(short_texts)
{
    static const char *const wanted[][2] = {
        { "abcdefghij", "abcdefghij" },
        { "abcdefghijk", "abcde\u2026hijk" },
        { "\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc",
          "\u00e4\u00f6\u00fc\u00e4\u00f6\u2026\u00fc\u00e4\u00f6\u00fc" }
    };

    for (size_t i = 0; i < LV_ARRAY_SIZE(wanted); i++) {
        char *got = page_text_short(wanted[i][0], 10);

        ck_assert_str_eq(got, wanted[i][1]);
        free(got);
    }
    for (size_t width = 8; width < 40; width++) { /* escapes are not cut in two, and nothing is wider than asked for */
        char *got = page_text_short("\x01\x02\x03\x04\x05\uf780\uf781\uf782<\"&>\u202eabcdefghijklmnop", width);

        ck_assert_uint_le(page_text_width(got), width);
        free(got);
    }
}
END_TEST

/* ---- graphs ---- */

static void read_line(struct rec_set *set, char *line)
{
    ck_assert(rec_read_line(set, "here", line, strlen(line)));
    free(line);
}

static char *line_of(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *line_of(const char *format, ...)
{
    va_list args;
    char *line;

    va_start(args, format);
    ck_assert_int_ge(vasprintf(&line, format, args), 0);
    va_end(args);
    return line;
}

/* Classes a, b, ... and an edge for each two letters of @edges. */
static struct rec_set *set_of(unsigned classes, const char *edges)
{
    struct rec_set *set = rec_open();

    read_line(set, line_of(HEAD("meta") "\"format\":1,\"program\":\"p\"}"));
    for (unsigned i = 0; i < classes; i++)
        read_line(set, line_of(HEAD("class") "\"id\":%u,\"key\":\"static:aa+0x%x\",\"stable\":\"static:m%u.so:%c\","
                                             "\"name\":\"%c\",\"usage\":\"....\"}",
                               i + 1, i, i / 3, 'a' + (int)i, 'a' + (int)i));
    for (; *edges != '\0'; edges += edges[2] == ' ' ? 3 : 2)
        read_line(set, line_of(HEAD("edge") "\"from\":%d,\"to\":%d,\"modes\":[\"EN\"],\"witness\":0,\"held\":0}",
                               edges[0] - 'a' + 1, edges[1] - 'a' + 1));
    return set;
}

/* The edges that are called implied, in the form of set_of(). */
static void is_implied(unsigned classes, const char *edges, const char *wanted, size_t circles)
{
    struct rec_set *set = set_of(classes, edges);
    struct graph *graph = graph_of(set, NULL, 0);
    char got[64] = "";

    for (size_t i = 0; i < graph->arrow_count; i++)
        if (graph->arrows[i]->implied)
            (void)snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s%s", *got != '\0' ? " " : "",
                           graph->arrows[i]->from->name, graph->arrows[i]->to->name);
    ck_assert_msg(strcmp(got, wanted) == 0, "%s: wanted '%s', got '%s'", edges, wanted, got);
    ck_assert_uint_eq(graph->circle_count, circles);
    graph_free(graph);
    rec_close(set);
}

START_TEST(implied_edges)
{
    is_implied(3, "ab bc ac", "ac", 0);
    is_implied(3, "ac bc ab", "ac", 0);
    is_implied(4, "ab bc cd ac ad bd", "ac ad bd", 0);
    is_implied(4, "ab ac bd cd", "", 0);
    is_implied(3, "ab bc", "", 0);
    is_implied(2, "ab ba", "", 1);
    is_implied(3, "ab bc ca ac", "", 1);         /* within a circle nothing is */
    is_implied(4, "ab ba ac bc cd ad", "ad", 1); /* both ways out of a circle to one class are as near */
    is_implied(5, "ab bc cb cd de bd ae", "ae", 1);
    is_implied(1, "aa", "", 1);
    is_implied(2, "", "", 0);
}
END_TEST

START_TEST(modules_are_groups)
{
    struct rec_set *set = set_of(7, "ab bc");
    struct graph *graph = graph_of(set, NULL, 0);

    ck_assert_uint_eq(graph->group_count, 3);
    ck_assert_str_eq(graph->groups[0], "m0.so");
    ck_assert_uint_eq(graph->nodes[5]->group, 1);
    ck_assert_uint_eq(graph->nodes[1]->in_count, 1);
    ck_assert_uint_eq(graph->nodes[1]->out_count, 1);
    graph_free(graph);
    rec_close(set);
}
END_TEST

/* The graph against a plain search, on random graphs. */
START_TEST(implied_edges_at_random)
{
    struct random random = { 7 };

    for (unsigned round = 0; round < 300; round++) {
        unsigned classes = 2 + below(&random, 10), edges = below(&random, 30);
        char text[128] = "", *at = text;
        bool reach[26][26] = { 0 };
        struct rec_set *set;
        struct graph *graph;

        for (unsigned i = 0; i < edges; i++) {
            unsigned from = below(&random, classes), to = below(&random, classes);

            *at++ = (char)('a' + from);
            *at++ = (char)('a' + to);
            *at++ = i + 1 < edges ? ' ' : '\0';
            reach[from][to] = true;
        }
        for (unsigned k = 0; k < classes; k++)
            for (unsigned i = 0; i < classes; i++)
                for (unsigned j = 0; j < classes; j++)
                    reach[i][j] = reach[i][j] || (reach[i][k] && reach[k][j]);
        set = set_of(classes, text);
        graph = graph_of(set, NULL, 0);
        for (size_t i = 0; i < graph->node_count; i++)
            ck_assert_int_eq(graph->nodes[i]->circle != 0, reach[i][i]);
        for (size_t i = 0; i < graph->arrow_count; i++) {
            size_t from = graph->arrows[i]->from->number, to = graph->arrows[i]->to->number;
            bool longer = false;

            for (unsigned k = 0; k < classes; k++)
                longer = longer || (reach[from][k] && reach[k][to] && !(reach[k][from] || k == from) &&
                                    !(reach[to][k] || k == to));
            ck_assert_msg(graph->arrows[i]->implied == (longer && !reach[to][from]), "%s: %c%c", text, 'a' + (int)from,
                          'a' + (int)to);
        }
        graph_free(graph);
        rec_close(set);
    }
}
END_TEST

/* ---- interleavings ---- */

#define THREAD(id) "{\"id\":" id ",\"tid\":10" id ",\"name\":\"t" id "\",\"start\":\"\"}"
#define LOCK(name, mode) \
    "{\"class\":0,\"address\":\"0x1\",\"mode\":\"" mode "\",\"flags\":[],\"stack\":0,\"name\":\"" name "\"}"
#define STEP(kind, id, held, held_mode, wanted, wanted_mode) \
    "{\"kind\":\"" kind                                      \
    "\",\"thread\":" THREAD(id) ",\"held\":" LOCK(held, held_mode) ",\"wanted\":" LOCK(wanted, wanted_mode) "}"
#define FINDING(kind, verdict, more) \
    HEAD("finding") "\"kind\":\"" kind "\",\"verdict\":\"" verdict "\",\"fingerprint\":\"f\",\"reasons\":[]," more "}"

/* "t1:lock(a) ..." of the scenario of a finding. */
static void scenario_is(const char *line, const char *wanted, bool happened, bool can_hang)
{
    struct rec_set *set = rec_open();
    struct scenario scenario;
    char got[512] = "";

    ck_assert(rec_read_line(set, "here", line, strlen(line)));
    scenario = scenario_of(set->processes[0]->findings[0]);
    for (size_t i = 0; i < scenario.step_count; i++) {
        const struct scenario_step *step = &scenario.steps[i];

        (void)snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s:%s%s%s%s(%s)", i == 0 ? "" : " ",
                       scenario.columns[step->column]->name,
                       step->does == SCENARIO_TAKES   ? ""
                       : step->does == SCENARIO_WAITS ? "?"
                                                      : "!",
                       step->interrupt, *step->interrupt != '\0' ? "/" : "", step->verb,
                       step->lock != NULL ? rec_lock_name(step->lock) : step->object);
    }
    ck_assert_str_eq(got, wanted);
    ck_assert_int_eq(scenario.happened, happened);
    ck_assert_int_eq(scenario.can_hang, can_hang);
    scenario_free(&scenario);
    rec_close(set);
}

START_TEST(scenarios)
{
    scenario_is(FINDING("circular", "potential",
                        "\"edges\":[" STEP("lock", "1", "a", "write", "b",
                                           "write") "," STEP("lock", "2", "b", "read", "a", "read-recursive") "]"),
                "t2:rlock(b) t1:lock(a) t2:?rlock(a) t1:?lock(b)", false, true);
    scenario_is(FINDING("event", "guarded",
                        "\"edges\":[" STEP("wait", "1", "a", "write", "e",
                                           "write") "," STEP("complete", "2", "e", "write", "a", "write") "]"),
                "t1:lock(a) t2:?lock(a) t1:?wait(e) t2:!complete(e)", false, false);
    scenario_is(FINDING("circular", "feasible",
                        "\"edges\":[" STEP("lock", "1", "a", "write", "end",
                                           "write") "," STEP("end", "2", "end", "write", "a", "write") "]"),
                "t1:lock(a) t2:?lock(a) t1:?lock(end) t2:!end()", false, true);
    scenario_is(
        FINDING("signal", "potential",
                "\"usage\":{\"state\":\"SIGUSR1\"},\"edges\":[" STEP("interrupt", "1", "a", "write", "a", "write") "]"),
        "t1:lock(a) t1:?SIGUSR1/lock(a)", false, true);
    scenario_is(FINDING("recursive", "deadlock", "\"edges\":[" STEP("lock", "1", "a", "write", "a", "write") "]"),
                "t1:lock(a) t1:?lock(a)", true, true);
    /* Of two edges one acquisition stands for, the columns are those of the acquisitions. */
    scenario_is(
        FINDING("circular", "feasible",
                "\"edges\":[" STEP("lock", "1", "a", "write", "b", "write") "," STEP(
                    "lock", "2", "b", "write", "c",
                    "write") "," STEP("lock", "2", "c", "write", "a",
                                      "write") "],"
                                               "\"acquisitions\":[" STEP("lock", "1", "a", "write", "b",
                                                                         "write") "," STEP("lock", "2", "b", "write",
                                                                                           "a", "write") "]"),
        "t2:lock(b) t1:lock(a) t2:?lock(a) t1:?lock(b)", false, true);
    scenario_is(FINDING("unlock", "misuse", "\"subject\":" LOCK("a", "write")), "", false, true);
}
END_TEST

START_TEST(scenarios_of_stuck_threads)
{
    scenario_is(FINDING("deadlock", "deadlock",
                        "\"circle\":2,\"stuck\":[{\"thread\":" THREAD("1") ",\"waits\":\"lock\",\"wanted\":" LOCK(
                            "b", "write") ",\"blocker\":1,\"blocker_mode\":\"write\",\"held\":[]},"
                                          "{\"thread\":" THREAD("2") ",\"waits\":\"join\",\"wanted\":" LOCK(
                                              "", "write") ",\"joined\":" THREAD("1") ",\"blocker\":0,\"held\":[]}]"),
                "t2:lock(b) t1:?lock(b) t2:?join(t1/101) t1:!end()", true, true);
    scenario_is(FINDING("deadlock", "deadlock",
                        "\"circle\":0,\"stuck\":[{\"thread\":" THREAD("1") ",\"waits\":\"cond\",\"wanted\":" LOCK(
                            "c", "write") ",\"blocker\":-1,\"held\":[]}]"),
                "", true, true);
}
END_TEST

/* ---- layouts ---- */

START_TEST(layouts)
{
    struct layout graphs[2] = { layout_new(3, 3), layout_new(1, 1) };
    enum layout_result result;

    for (size_t i = 0; i < 3; i++) {
        graphs[0].nodes[i] = (struct layout_node){ .width = 72, .height = 36 };
        graphs[0].arrows[i] = (struct layout_arrow){ .from = i == 2 ? 0 : i, .to = i == 2 ? 1 : i + 1, .label = i };
    }
    graphs[1].nodes[0] = (struct layout_node){ .width = 72, .height = 36 };
    result = layout_run(graphs, 2, "dot", "", 30);
    if (result == LAYOUT_DONE) {
        ck_assert_double_gt(graphs[0].width, 71);
        ck_assert_double_lt(graphs[0].nodes[0].y, graphs[0].nodes[1].y); /* from the top down */
        for (size_t i = 0; i < 3; i++) {
            ck_assert_uint_ge(graphs[0].arrows[i].point_count, 4); /* also of the two between the same nodes */
            ck_assert_uint_eq(graphs[0].arrows[i].point_count % 3, 1);
            ck_assert(i == 0 || graphs[0].arrows[i].label_x > 0);
        }
        ck_assert_uint_ge(graphs[1].arrows[0].point_count, 4); /* from a node to itself */
    } else {
        ck_assert_int_eq(result, LAYOUT_MISSING);
    }
    ck_assert_int_eq(layout_run(graphs, 2, "no-such-engine", "", 30), LAYOUT_MISSING);
    ck_assert(result == LAYOUT_MISSING || layout_run(graphs, 2, "dot", "this is no attribute {", 30) == LAYOUT_FAILED);
    layout_free(&graphs[0]);
    layout_free(&graphs[1]);
}
END_TEST

/* ---- whole pages ---- */

static char *page_of(const struct rec_set *set)
{
    char *html = NULL;
    size_t len, count;
    FILE *out = open_memstream(&html, &len);
    struct rec_finding **findings = rec_sorted_findings(set, &count);
    struct page_options options = { .findings = findings, .finding_count = count };

    ck_assert(page_write(out, set, NULL, &options));
    (void)fclose(out);
    free(findings);
    ck_assert_ptr_nonnull(strstr(html, "</html>"));
    return html;
}

/* Lines of findings with members left out and numbers of what is not there. */
START_TEST(pages_of_nonsense)
{
    static const char *const parts[] = {
        "\"edges\":[" STEP("lock", "1", "a", "write", "b", "write") "]",
        "\"edges\":[{},{}]",
        "\"acquisitions\":[{}]",
        "\"subject\":{\"class\":99,\"stack\":98}",
        "\"stack\":97",
        "\"circle\":1,\"stuck\":[{\"blocker\":0}]",
        "\"circle\":2,\"stuck\":[{},{\"blocker\":0,\"waits\":\"join\"},{\"blocker\":2}]",
        "\"usage\":{\"state\":\"S\"}",
        "\"holder\":{\"thread\":" THREAD("5") "}",
        "\"held\":[{},{\"class\":3}]",
        "\"verdict\":\"deadlock\"",
        "\"kind\":\"recursive\"",
        "\"suppressed\":{\"by\":\"circular:a*\",\"from\":\"f\",\"line\":3,\"reason\":\"r\"}",
        "\"predicted\":{\"fingerprint\":\"1\"}"
    };
    struct random random = { 11 };

    for (unsigned round = 0; round < 40; round++) {
        struct rec_set *set = set_of(below(&random, 4), "");
        char *html;

        for (unsigned i = 0; i < 4; i++) {
            char line[4096] = HEAD("finding") "\"reasons\":[]";

            for (unsigned part = 0; part < LV_ARRAY_SIZE(parts); part++)
                if (below(&random, 3) == 0)
                    (void)snprintf(line + strlen(line), sizeof(line) - strlen(line), ",%s", parts[part]);
            (void)snprintf(line + strlen(line), sizeof(line) - strlen(line), ",\"fingerprint\":\"%u\"}", i);
            ck_assert(rec_read_line(set, "here", line, strlen(line)));
            read_line(
                set,
                line_of(HEAD("lock_stat") "\"class\":%u,\"mode\":\"read\",\"site\":{\"module\":9,\"offset\":\"0x1\"},"
                                          "\"acquisitions\":%u,\"failed\":0,\"wait\":{\"count\":1,\"min\":2,\"max\":%u,"
                                          "\"total\":9},\"hold\":{}}",
                        below(&random, 5), i, below(&random, 3)));
            read_line(set, line_of(HEAD("chain") "\"id\":%u,\"classes\":[%u],\"modes\":[\"read\"],\"acquisitions\":7}",
                                   i + 1, 1 + below(&random, 5)));
        }
        html = page_of(set);
        free(html);
        rec_close(set);
    }
}
END_TEST

START_TEST(page_of_nothing)
{
    struct rec_set *set = rec_open();
    char *html = page_of(set);

    ck_assert_ptr_nonnull(strstr(html, "There are none"));
    free(html);
    rec_close(set);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("page");
    TCase *tcase = tcase_create("page");

    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, texts);
    tcase_add_test(tcase, short_texts);
    tcase_add_test(tcase, implied_edges);
    tcase_add_test(tcase, implied_edges_at_random);
    tcase_add_test(tcase, modules_are_groups);
    tcase_add_test(tcase, scenarios);
    tcase_add_test(tcase, scenarios_of_stuck_threads);
    tcase_add_test(tcase, layouts);
    tcase_add_test(tcase, pages_of_nonsense);
    tcase_add_test(tcase, page_of_nothing);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
