/* SPDX-License-Identifier: MIT */
/* The options: defaults, parser, complaints, help, path expansion. Each option of options.def is met by its own row. */

#include "sys/options.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

/* Options after parsing, and the complaints. */
struct parsed {
    struct lv_options o;
    char complaints[2048];
};

static struct parsed parse(const char *text)
{
    struct parsed p;
    struct lv_text t;

    lv_text_init(&t, p.complaints, sizeof(p.complaints));
    lv_options_default(&p.o);
    lv_options_parse(&p.o, text, &t);
    ck_assert(!t.cut);
    return p;
}

/* @text must give exactly the complaint @wanted, and change nothing. */
static void check_complaint(const char *text, const char *wanted)
{
    struct parsed p = parse(text);
    struct lv_options defaults;

    lv_options_default(&defaults);
    ck_assert_str_eq(p.complaints, wanted);
    ck_assert_mem_eq(&p.o, &defaults, sizeof(defaults));
}

START_TEST(defaults)
{
    struct lv_options o;

    memset(&o, 0xff, sizeof(o));
    lv_options_default(&o);
#define LV_OPTION_INT(name, def, min, max, help) ck_assert_int_eq(o.name, def);
#define LV_OPTION_BOOL(name, def, help) ck_assert_int_eq(o.name, def);
#define LV_OPTION_TEXT(name, def, help) ck_assert_str_eq(o.name, def);
#define LV_OPTION_ENUM(name, type, def, choices, help) ck_assert_int_eq((int)o.name, def);
#define LV_OPTION_BITS(name, def, choices, help) ck_assert_uint_eq(o.name, def);
#include "sys/options.def"
}
END_TEST

START_TEST(nothing_to_parse)
{
    check_complaint(NULL, "");
    check_complaint("", "");
    check_complaint(":", "");
    check_complaint(":::", "");
}
END_TEST

/* Every option takes the values of its type and refuses others. */
START_TEST(every_option_of_its_type)
{
    char text[256];
    struct parsed p;

#define SET(format, ...) (snprintf(text, sizeof(text), format, __VA_ARGS__), p = parse(text))
#define REFUSED(name_, value_)   \
    SET("%s=%s", name_, value_); \
    ck_assert_ptr_nonnull(strstr(p.complaints, "lockval: option '" name_ "': '"))
#define LV_OPTION_INT(name, def, min, max, help)                         \
    SET("%s=%d", #name, min);                                            \
    ck_assert_int_eq(p.o.name, min);                                     \
    SET("%s=%d", #name, max);                                            \
    ck_assert_int_eq(p.o.name, max);                                     \
    ck_assert_str_eq(p.complaints, "");                                  \
    REFUSED(#name, "-1");                                                \
    SET("%s=%d", #name, (max) + 1);                                      \
    ck_assert_int_eq(p.o.name, def);                                     \
    ck_assert_ptr_nonnull(strstr(p.complaints, "is not a number from")); \
    REFUSED(#name, "");                                                  \
    REFUSED(#name, "1x");                                                \
    REFUSED(#name, "99999999999999999999999");
#define LV_OPTION_BOOL(name, def, help)                                                            \
    for (int value = 0; value < 2; value++) {                                                      \
        static const char *const words[2][3] = { { "0", "no", "false" }, { "1", "yes", "true" } }; \
        for (int i = 0; i < 3; i++) {                                                              \
            SET("%s=%s", #name, words[value][i]);                                                  \
            ck_assert_int_eq(p.o.name, value);                                                     \
            ck_assert_str_eq(p.complaints, "");                                                    \
        }                                                                                          \
    }                                                                                              \
    REFUSED(#name, "2");                                                                           \
    REFUSED(#name, "maybe");                                                                       \
    REFUSED(#name, "");
#define LV_OPTION_TEXT(name, def, help)            \
    SET("%s=%s", #name, "/tmp/a b,c=d.%p");        \
    ck_assert_str_eq(p.o.name, "/tmp/a b,c=d.%p"); \
    ck_assert_str_eq(p.complaints, "");            \
    SET("%s=", #name);                             \
    ck_assert_str_eq(p.o.name, "");
#define LV_OPTION_ENUM(name, type, def, choices, help) \
    REFUSED(#name, "nonsense");                        \
    REFUSED(#name, "");                                \
    ck_assert_int_eq((int)p.o.name, def);
#define LV_OPTION_BITS(name, def, choices, help) \
    REFUSED(#name, "nonsense");                  \
    REFUSED(#name, "");                          \
    ck_assert_uint_eq(p.o.name, def);
#include "sys/options.def"
}
END_TEST

static const struct {
    const char *word;
    enum lv_verdict value;
} verdicts[] = {
    { "guarded", LV_VERDICT_GUARDED }, { "potential", LV_VERDICT_POTENTIAL }, { "feasible", LV_VERDICT_FEASIBLE },
    { "misuse", LV_VERDICT_MISUSE },   { "deadlock", LV_VERDICT_DEADLOCK },   { "never", LV_VERDICT_NEVER },
};

START_TEST(words)
{
    for (size_t i = 0; i < LV_ARRAY_SIZE(verdicts); i++) {
        char text[64];

        snprintf(text, sizeof(text), "fail_on=%s", verdicts[i].word);
        ck_assert_int_eq((int)parse(text).o.fail_on, (int)verdicts[i].value);
    }
    ck_assert_int_eq((int)parse("identity=auto").o.identity, LV_IDENTITY_AUTO);
    ck_assert_int_eq((int)parse("identity=table").o.identity, LV_IDENTITY_TABLE);
}
END_TEST

START_TEST(lists)
{
    ck_assert_uint_eq(parse("events=annotated").o.events, LV_EVENTS_ANNOTATED);
    ck_assert_uint_eq(parse("events=none").o.events, 0);
    ck_assert_uint_eq(parse("events=all").o.events, LV_EVENTS_ALL);
    ck_assert_uint_eq(parse("events=cond,sem").o.events, LV_EVENTS_COND | LV_EVENTS_SEM);
    ck_assert_uint_eq(parse("events=barrier").o.events, LV_EVENTS_BARRIER);
    ck_assert_uint_eq(parse("events=join").o.events, LV_EVENTS_JOIN);
    ck_assert_uint_eq(parse("").o.events, LV_EVENTS_ANNOTATED | LV_EVENTS_JOIN);
    ck_assert_uint_eq(parse("events=none,annotated").o.events, LV_EVENTS_ANNOTATED);
    ck_assert_uint_eq(parse("events=none,none").o.events, 0);
    check_complaint("events=annotated,", "lockval: option 'events': 'annotated,' is not a list (with commas) of "
                                         "annotated, join, cond, sem, barrier, none, all\n");
    check_complaint("events=none,x", "lockval: option 'events': 'none,x' is not a list (with commas) of annotated, "
                                     "join, cond, sem, barrier, none, all\n");
    check_complaint("events=,", "lockval: option 'events': ',' is not a list (with commas) of annotated, join, cond, "
                                "sem, barrier, none, all\n");
}
END_TEST

START_TEST(several)
{
    struct parsed p = parse("log=/tmp/x:exitcode=3::strict=1:exitcode=4:");

    ck_assert_str_eq(p.complaints, "");
    ck_assert_str_eq(p.o.log, "/tmp/x");
    ck_assert_int_eq(p.o.exitcode, 4);
    ck_assert(p.o.strict);
}
END_TEST

START_TEST(the_rest_is_applied)
{
    struct parsed p = parse("exitocde=1:strict=1:exitcode=999:stats=yes:fail_on=x:stack_depth=8");

    ck_assert_str_eq(p.complaints, "lockval: option 'exitocde': no such option (help=1 lists them)\n"
                                   "lockval: option 'exitcode': '999' is not a number from 0 to 255\n"
                                   "lockval: option 'fail_on': 'x' is not one of "
                                   "guarded, potential, feasible, misuse, deadlock, never\n");
    ck_assert(p.o.strict);
    ck_assert(p.o.stats);
    ck_assert_int_eq(p.o.stack_depth, 8);
    ck_assert_int_eq(p.o.exitcode, 66);
}
END_TEST

START_TEST(keys)
{
    check_complaint("exit=1", "lockval: option 'exit': no such option (help=1 lists them)\n");
    check_complaint("exitcodes=1", "lockval: option 'exitcodes': no such option (help=1 lists them)\n");
    check_complaint("EXITCODE=1", "lockval: option 'EXITCODE': no such option (help=1 lists them)\n");
    check_complaint(" exitcode=1", "lockval: option ' exitcode': no such option (help=1 lists them)\n");
    check_complaint("=1", "lockval: option '': no such option (help=1 lists them)\n");
    check_complaint("strict", "lockval: option 'strict': no value (key=value is wanted)\n");
    check_complaint("strict=2", "lockval: option 'strict': '2' is not one of 0, 1, no, yes, false, true\n");
}
END_TEST

START_TEST(quotes)
{
    struct parsed p = parse("log='C:/a:b':wrappers=\"x:'y\":strict='1'");

    ck_assert_str_eq(p.complaints, "");
    ck_assert_str_eq(p.o.log, "C:/a:b");
    ck_assert_str_eq(p.o.wrappers, "x:'y");
    ck_assert(p.o.strict);

    ck_assert_str_eq(parse("log=''").o.log, "");
    ck_assert_str_eq(parse("log=a'b'").o.log, "a'b'");
    check_complaint("log='a:strict=1", "lockval: option 'log': the quote is not closed\n");
    check_complaint("log='", "lockval: option 'log': the quote is not closed\n");
    p = parse("log='a'b:strict=1");
    ck_assert_str_eq(p.complaints, "lockval: option 'log': text follows the closing quote\n");
    ck_assert_str_eq(p.o.log, "stderr");
    ck_assert(p.o.strict);
}
END_TEST

START_TEST(too_long)
{
    char text[LV_OPTION_PATH_MAX + 8] = "log=";
    struct parsed p;

    memset(text + 4, 'x', LV_OPTION_PATH_MAX - 1);
    p = parse(text);
    ck_assert_str_eq(p.complaints, "");
    ck_assert_str_eq(p.o.log, text + 4);

    text[4 + LV_OPTION_PATH_MAX - 1] = 'x';
    check_complaint(text, "lockval: option 'log': 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...' "
                          "is longer than 511 bytes\n");
}
END_TEST

START_TEST(complaints_are_one_line)
{
    check_complaint("a\nb\033[2J=1", "lockval: option 'a?b?[2J': no such option (help=1 lists them)\n");
    check_complaint("exitcode=1\n", "lockval: option 'exitcode': '1?' is not a number from 0 to 255\n");
}
END_TEST

START_TEST(complaints_may_be_cut)
{
    struct lv_options o;
    struct lv_text t;
    char buf[20];

    lv_options_default(&o);
    lv_text_init(&t, buf, sizeof(buf));
    lv_options_parse(&o, "nonsense=1:strict=1", &t);
    ck_assert(t.cut);
    ck_assert_str_eq(buf, "lockval: option 'no");
    ck_assert(o.strict);
}
END_TEST

/* Any bytes: no crash, and the struct stays valid. */
START_TEST(any_text)
{
    static const char alphabet[] = "=:'\",%exitcode=1log=strict\n\x80";
    uint32_t seed = 1;

    for (int round = 0; round < 20000; round++) {
        char text[40];
        struct parsed p;
        size_t len = (size_t)round % sizeof(text);

        for (size_t i = 0; i < len; i++) {
            seed = seed * 1664525u + 1013904223u;
            text[i] = alphabet[(seed >> 16) % (sizeof(alphabet) - 1)];
        }
        text[len] = '\0';
        p = parse(text);
        ck_assert_int_ge(p.o.exitcode, 0);
        ck_assert_int_le(p.o.exitcode, 255);
        ck_assert_uint_lt(strnlen(p.o.log, sizeof(p.o.log)), sizeof(p.o.log));
    }
}
END_TEST

START_TEST(help)
{
    struct parsed p = parse("exitcode=5:log=/tmp/y:events=none:strict=1:fail_on=never");
    struct lv_text t;
    char buf[4096];

    lv_text_init(&t, buf, sizeof(buf));
    lv_options_help(&p.o, &t);
    ck_assert(!t.cut);
#define NAMED(name_, help_) ck_assert_msg(strstr(buf, "\n  " name_ " ") && strstr(buf, help_), "no help for " name_);
#define LV_OPTION_INT(name, def, min, max, help) NAMED(#name, help)
#define LV_OPTION_BOOL(name, def, help) NAMED(#name, help)
#define LV_OPTION_TEXT(name, def, help) NAMED(#name, help)
#define LV_OPTION_ENUM(name, type, def, choices, help) NAMED(#name, help)
#define LV_OPTION_BITS(name, def, choices, help) NAMED(#name, help)
#include "sys/options.def"
    ck_assert_ptr_nonnull(strstr(buf, "(0 to 255; default 66; now 5)"));
    ck_assert_ptr_nonnull(strstr(buf, "(default stderr; now /tmp/y)"));
    ck_assert_ptr_nonnull(strstr(buf, "(default ''; now '')"));
    ck_assert_ptr_nonnull(
        strstr(buf, "(annotated, join, cond, sem, barrier, none, all; default annotated,join; now none)"));
    ck_assert_ptr_nonnull(strstr(buf, "(0 or 1; default 0; now 1)"));
    ck_assert_ptr_nonnull(strstr(buf, "never; default potential; now never)"));
}
END_TEST

static const struct {
    const char *path, *wanted;
} paths[] = {
    { "", "" },         { "plain", "plain" }, { "/tmp/%e.%p.log", "/tmp/prog.42.log" },
    { "%p%p", "4242" }, { "100%%", "100%" },  { "%%p", "%p" },
    { "%x%", "%x%" },   { "%", "%" },         { "%%%e", "%prog" },
};

START_TEST(expand)
{
    struct lv_text t;
    char buf[64];

    lv_text_init(&t, buf, sizeof(buf));
    lv_options_expand(paths[_i].path, 42, "prog", &t);
    ck_assert_str_eq(buf, paths[_i].wanted);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("options");
    TCase *parser = tcase_create("parser");
    TCase *output = tcase_create("output");

    tcase_add_test(parser, defaults);
    tcase_add_test(parser, nothing_to_parse);
    tcase_add_test(parser, every_option_of_its_type);
    tcase_add_test(parser, words);
    tcase_add_test(parser, lists);
    tcase_add_test(parser, several);
    tcase_add_test(parser, the_rest_is_applied);
    tcase_add_test(parser, keys);
    tcase_add_test(parser, quotes);
    tcase_add_test(parser, too_long);
    tcase_add_test(parser, complaints_are_one_line);
    tcase_add_test(parser, complaints_may_be_cut);
    tcase_add_test(parser, any_text);
    suite_add_tcase(suite, parser);

    tcase_add_test(output, help);
    tcase_add_loop_test(output, expand, 0, (int)LV_ARRAY_SIZE(paths));
    suite_add_tcase(suite, output);
    return unit_run(suite);
}
