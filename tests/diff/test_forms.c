/* SPDX-License-Identifier: MIT */
/* Differences as text, Markdown, DOT, JSON and HTML: as they should be (golden/), with hostile names, and bounded. */

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/unit.h"
#include "base/types.h"
#include "diff/comment.h"
#include "diff/words.h"
#include "orders.h"

#define OLD                                                                                                    \
    "journal:mutex:+.+. cache pool stats:mutex queue:semaphore:....:candidate gone journal>cache@store/flush " \
    "cache>pool@store/flush,store/sync journal>stats:SN,ER@log gone>stats pool>gone !potential=pool,gone"
#define NEW                                                                                                       \
    "journal:mutex:+.+. cache pool:rwlock:+.+. stats queue:semaphore:....:event fresh journal>cache@store/flush " \
    "cache>pool@store/flush,store/sync journal>stats:SN,EN@log journal>pool@store/all cache>stats@store/sync "    \
    "pool>journal:EN@net/close,net/open,x,y "                                                                     \
    "fresh>stats@store/flush !feasible=pool,journal !guarded=cache,pool"

struct made {
    struct rec_process *old, *new;
    struct diff *diff;
    struct diff_input input;
};

static const char *const old_paths[] = { "main.db" }, *const new_paths[] = { "a.jsonl", "b.jsonl" };
static const char *const notes[] = { "twin_1 and twin_2 of the new build cannot be told apart" };

static struct made make(const char *old, const char *new)
{
    struct made made = { .old = orders_of("b00001", old), .new = orders_of("b00001", new) };

    made.diff = diff_of(made.old, made.new, NULL);
    made.input = (struct diff_input){ .diff = made.diff,
                                      .old = { .process = made.old, .path_count = 1, .paths = old_paths },
                                      .new = { .process = made.new, .path_count = 2, .paths = new_paths },
                                      .note_count = 1,
                                      .notes = notes,
                                      .limit = 65536 };
    return made;
}

static void unmake(struct made *made)
{
    diff_free(made->diff);
    rec_close(made->old->set);
    rec_close(made->new->set);
}

static char *printed(const struct diff_form *form, const struct diff_input *input)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    ck_assert(form->print(out, input));
    (void)fclose(out);
    return text;
}

static char *file_text(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 65536);

    ck_assert_msg(file != NULL, "no golden file %s: LOCKVAL_BLESS=1 writes it", path);
    ck_assert_uint_lt(fread(text, 1, 65535, file), 65535);
    (void)fclose(file);
    return text;
}

static void is_golden(const char *name, const char *text)
{
    char path[4096];

    (void)snprintf(path, sizeof(path), "%s/golden/%s", DIFF_TEST_DATA, name);
    if (getenv("LOCKVAL_BLESS") != NULL) {
        FILE *file = fopen(path, "w");

        ck_assert_ptr_nonnull(file);
        ck_assert_int_ge(fputs(text, file), 0);
        ck_assert_int_eq(fclose(file), 0);
    } else {
        char *wanted = file_text(path);

        ck_assert_msg(strcmp(wanted, text) == 0, "it differs from %s; it is now:\n%s", path, text);
        free(wanted);
    }
}

static void form_is_golden(const struct diff_form *form, const char *name)
{
    struct made made = make(OLD, NEW);
    char *text = printed(form, &made.input);

    is_golden(name, text);
    free(text);
    unmake(&made);
}

START_TEST(golden_text)
{
    form_is_golden(&diff_form_text, "diff.txt");
}
END_TEST

START_TEST(golden_markdown)
{
    form_is_golden(&diff_form_markdown, "diff.md");
}
END_TEST

START_TEST(golden_dot)
{
    form_is_golden(&diff_form_dot, "diff.dot");
}
END_TEST

START_TEST(no_difference)
{
    struct made made = make(OLD, OLD);
    char *text;

    made.input.note_count = 0;
    text = printed(&diff_form_text, &made.input);
    ck_assert_str_eq(text, "--- main.db: 2 runs, 6 classes, 5 edges, 1 finding\n"
                           "+++ a.jsonl, b.jsonl: 2 runs, 6 classes, 5 edges, 1 finding\nno difference\n");
    free(text);
    text = printed(&diff_form_markdown, &made.input);
    ck_assert_ptr_eq(strstr(text, "**Lock order:** no difference\n"), text);
    ck_assert_ptr_null(strchr(text, '|'));
    free(text);
    unmake(&made);
}
END_TEST

/* ---- json ---- */

static size_t size_of(const json_t *json, const char *part, const char *list)
{
    return json_array_size(json_object_get(json_object_get(json, part), list));
}

static const char *text_at(const json_t *json, const char *member)
{
    const char *text = json_string_value(json_object_get(json, member));

    return text != NULL ? text : "";
}

START_TEST(as_json)
{
    struct made made = make(OLD, NEW);
    char *text = printed(&diff_form_json, &made.input);
    json_t *json = json_loads(text, 0, NULL);
    const json_t *edge, *witness;

    ck_assert_ptr_nonnull(json);
    ck_assert(json_is_false(json_object_get(json, "equal")));
    ck_assert_uint_eq(size_of(json, "edges", "added"), made.diff->edges_by.added);
    ck_assert_uint_eq(size_of(json, "edges", "removed"), made.diff->edges_by.removed);
    ck_assert_uint_eq(size_of(json, "edges", "changed"), 1);
    ck_assert_uint_eq(size_of(json, "classes", "changed"), 2);
    ck_assert_uint_eq(size_of(json, "findings", "new"), 2);
    ck_assert_uint_eq(size_of(json, "findings", "gone"), 1);
    edge = json_array_get(json_object_get(json_object_get(json, "edges"), "added"), 2);
    ck_assert_str_eq(text_at(edge, "from"), "journal");
    ck_assert_str_eq(text_at(edge, "to"), "pool");
    ck_assert(json_is_true(json_object_get(edge, "implied")));
    witness = json_object_get(edge, "witness");
    ck_assert_str_eq(text_at(json_object_get(witness, "run"), "test"), "store/all");
    ck_assert_str_eq(text_at(json_object_get(witness, "held"), "place"), "hold_journal+0x1 (prog)");
    ck_assert_uint_eq(json_array_size(json_object_get(json_object_get(witness, "wanted"), "stack")), 1);
    ck_assert_uint_eq(json_array_size(json_object_get(json, "notes")), 1);
    json_decref(json);
    free(text);
    unmake(&made);
}
END_TEST

/* ---- names that mean something ---- */

START_TEST(codes)
{
    static const struct {
        const char *text, *code;
    } cases[] = {
        { "", "" },
        { "a_b*c", "`a_b*c`" },
        { "<b>@you #1", "`<b>@you #1`" },
        { "two\nlines\there", "`two lines here`" },
        { "a|b", "<code>a&#124;b</code>" },
        { "`a` <b>", "<code>&#96;a&#96; &#60;b&#62;</code>" },
        { "\\", "<code>&#92;</code>" },
        { "turned \u202e", "<code>turned &#92;u202e</code>" },
        { "\u00e9", "`\u00e9`" },
    };

    for (size_t i = 0; i < LV_ARRAY_SIZE(cases); i++) {
        char *code = comment_code(cases[i].text, 80);

        ck_assert_str_eq(code, cases[i].code);
        free(code);
    }
}
END_TEST

/* Names of a program, in all forms: a line of Markdown's tables has the bars of its cells, and nothing has them raw. */
START_TEST(hostile)
{
    static const char text[] =
        "{\"t\":\"class\",\"pid\":0,\"run\":\"merged\",\"id\":1,\"key\":\"init:b00001+0xa\","
        "\"name\":\"</td><script>x|`\\\\\\\"\\u001b[31m\\n| - |\",\"kind\":\"mutex\",\"usage\":\"....\"}";
    static const struct diff_form *const forms[] = { &diff_form_text, &diff_form_markdown, &diff_form_dot,
                                                     &diff_form_json, &diff_form_html };
    struct made made = make("a b", "a>b b>a !potential=a,b");

    ck_assert(rec_read_line(made.old->set, "made", text, strlen(text)));
    ck_assert(rec_read_line(made.new->set, "made", text, strlen(text)));
    diff_free(made.diff);
    made.diff = diff_of(made.old, made.new, NULL);
    made.input.diff = made.diff;
    for (size_t i = 0; i < LV_ARRAY_SIZE(forms); i++) {
        char *got = printed(forms[i], &made.input), *copy = got, *line;

        ck_assert_ptr_null(strchr(got, '\x1b'));
        if (forms[i] == &diff_form_html)
            ck_assert_ptr_null(strstr(got, "<script>x"));
        while (forms[i] == &diff_form_markdown && (line = strsep(&copy, "\n")) != NULL) {
            size_t bars = 0;

            if (strncmp(line, "    ", 4) == 0) /* within a block of code */
                continue;
            for (const char *at = line; *at != '\0'; at++)
                bars += *at == '|';
            ck_assert_msg(bars == 0 || bars == 6 || bars == 7 || bars == 4, "%zu bars: %s", bars, line);
        }
        free(got);
    }
    unmake(&made);
}
END_TEST

/* ---- length ---- */

static char *many(unsigned classes)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    for (unsigned i = 0; i + 1 < classes; i++)
        (void)fprintf(out, "l%u>l%u@some/quite/long/name/of/a/test ", i, i + 1);
    (void)fputs("!potential=l0,l1", out);
    (void)fclose(out);
    return text;
}

/* Whatever the limit, the comment keeps to it, has its first line and its last, and closes what it opened. */
START_TEST(bounded)
{
    static const size_t limits[] = { 0, COMMENT_LEAST, 2500, 3000, 4000, 5000, 8000, 16000, 65536 };
    char *words = many(60);
    struct made made = make("", words);

    for (size_t i = 0; i < LV_ARRAY_SIZE(limits); i++) {
        char *text;
        size_t open = 0, closed = 0;

        made.input.limit = limits[i];
        text = printed(&diff_form_markdown, &made.input);
        ck_assert_uint_le(strlen(text), limits[i] < COMMENT_LEAST ? COMMENT_LEAST : limits[i]);
        ck_assert_ptr_eq(strstr(text, "**Lock order:** 1 finding new; 59 edges added; 60 classes added\n"), text);
        ck_assert_ptr_nonnull(strstr(text, "<!-- lockval diff -->\n"));
        ck_assert_int_eq(strstr(text, " left out, since") != NULL, limits[i] < 30000);
        for (const char *at = text; (at = strstr(at, "<details>")) != NULL; at++)
            open++;
        for (const char *at = text; (at = strstr(at, "</details>")) != NULL; at++)
            closed++;
        ck_assert_uint_eq(open, closed);
        free(text);
    }
    free(words);
    unmake(&made);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("Forms of differences");
    TCase *tests = tcase_create("forms");

    tcase_add_test(tests, golden_text);
    tcase_add_test(tests, golden_markdown);
    tcase_add_test(tests, golden_dot);
    tcase_add_test(tests, no_difference);
    tcase_add_test(tests, as_json);
    tcase_add_test(tests, codes);
    tcase_add_test(tests, hostile);
    tcase_add_test(tests, bounded);
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
