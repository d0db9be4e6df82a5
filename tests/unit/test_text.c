/* SPDX-License-Identifier: MIT */
/* The text buffer, the formatter and the glob. The formatter is compared with snprintf where both know a conversion. */

#include "base/mangled.h"
#include "base/text.h"

#include "unit.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

START_TEST(starts_empty)
{
    char buf[8] = "garbage";
    struct lv_text t;

    lv_text_init(&t, buf, sizeof(buf));
    ck_assert_str_eq(buf, "");
    ck_assert_uint_eq(t.len, 0);
    ck_assert(!t.cut);
}
END_TEST

START_TEST(appends)
{
    char buf[32];
    struct lv_text t;

    lv_text_init(&t, buf, sizeof(buf));
    lv_text_puts(&t, "ab");
    lv_text_putc(&t, 'c');
    lv_text_repeat(&t, '-', 3);
    lv_text_repeat(&t, '!', 0);
    lv_text_puts(&t, "");
    lv_text_printf(&t, "<%d>", 7);
    ck_assert_str_eq(buf, "abc---<7>");
    ck_assert_uint_eq(t.len, strlen(buf));
    ck_assert(!t.cut);
}
END_TEST

/* All ways to fill a buffer of 8: what fits exactly is whole, one more is cut, and nothing is written behind it. */
START_TEST(is_cut_at_the_end)
{
    char buf[9];
    struct lv_text t;

    for (int how = 0; how < 4; how++) {
        for (size_t n = 6; n <= 9; n++) {
            static const char text[] = "xxxxxxxxx";

            memset(buf, '#', sizeof(buf));
            lv_text_init(&t, buf, 8);
            if (how == 0)
                lv_text_puts(&t, text + 9 - n);
            else if (how == 1)
                lv_text_repeat(&t, 'x', n);
            else if (how == 2)
                lv_text_printf(&t, "%.*s", (int)n, text);
            else
                for (size_t i = 0; i < n; i++)
                    lv_text_putc(&t, 'x');
            ck_assert_uint_eq(t.len, n < 7 ? n : 7);
            ck_assert_uint_eq(strlen(buf), t.len);
            ck_assert_int_eq(t.cut, n > 7);
            ck_assert_int_eq(buf[8], '#');
        }
    }
}
END_TEST

START_TEST(stays_cut)
{
    char buf[6];
    struct lv_text t;

    lv_text_init(&t, buf, sizeof(buf));
    lv_text_printf(&t, "%s", "long text");
    ck_assert_str_eq(buf, "long ");
    lv_text_puts(&t, "");
    lv_text_putc(&t, 'x');
    lv_text_printf(&t, "%5d|%-5s", 1, "y");
    lv_text_repeat(&t, 'x', SIZE_MAX);
    ck_assert_str_eq(buf, "long ");
    ck_assert(t.cut);
}
END_TEST

START_TEST(has_no_room_at_all)
{
    char one = '#';
    struct lv_text t;

    lv_text_init(&t, NULL, 0);
    lv_text_printf(&t, "%d", 1);
    ck_assert(t.cut);
    ck_assert_uint_eq(t.len, 0);

    lv_text_init(&t, &one, 1);
    lv_text_putc(&t, 'x');
    ck_assert(t.cut);
    ck_assert_int_eq(one, '\0');
}
END_TEST

/* Format with both, compare. */
#define SAME(...)                                      \
    do {                                               \
        char wanted[256], got[256];                    \
        struct lv_text text;                           \
        snprintf(wanted, sizeof(wanted), __VA_ARGS__); \
        lv_text_init(&text, got, sizeof(got));         \
        lv_text_printf(&text, __VA_ARGS__);            \
        ck_assert_str_eq(got, wanted);                 \
        ck_assert_uint_eq(text.len, strlen(wanted));   \
        ck_assert(!text.cut);                          \
    } while (0)

START_TEST(formats_integers)
{
    static const long long values[] = {
        0, 1, -1, 9, 10, -10, 255, 256, 65535, INT_MAX, INT_MIN, UINT_MAX, LLONG_MAX, LLONG_MIN, 1234567890123456789LL,
    };

    for (size_t i = 0; i < LV_ARRAY_SIZE(values); i++) {
        long long v = values[i];

        SAME("%d|%u|%x", (int)v, (unsigned)v, (unsigned)v);
        SAME("%ld|%lu|%lx", (long)v, (unsigned long)v, (unsigned long)v);
        SAME("%lld|%llu|%llx", v, (unsigned long long)v, (unsigned long long)v);
        SAME("%zu|%zx|%zd", (size_t)v, (size_t)v, (ssize_t)v);
        SAME("%5d|%-5d|%05d|%25lld|%-25lld|%025lld", (int)v, (int)v, (int)v, v, v, v);
        SAME("%2x|%08x|%-8x|%016llx|%20llu", (unsigned)v, (unsigned)v, (unsigned)v, (unsigned long long)v,
             (unsigned long long)v);
        SAME("%*d|%*d|%0*d", 12, (int)v, -12, (int)v, 12, (int)v);
    }
    SAME("%llu %llx", ULLONG_MAX, ULLONG_MAX);
}
END_TEST

START_TEST(formats_text)
{
    const char unterminated[3] = { 'a', 'b', 'c' };

    SAME("plain");
    SAME("%s", "");
    SAME("%s %s", "one", "two");
    SAME("[%8s][%-8s][%2s]", "abc", "abc", "abc");
    SAME("[%.2s][%8.2s][%-8.2s][%.0s]", "abc", "abc", "abc", "abc");
    SAME("[%.*s][%*.*s]", 2, "abc", 6, 1, "abc");
    SAME("[%.*s]", -1, "abc");
    SAME("[%.*s]", 3, unterminated);
    SAME("[%c][%3c][%-3c]", 'x', 'y', 'z');
    SAME("100%%");
    SAME("%d%%%s", 1, "%d");
    SAME("%p", (void *)0x1234abcd);
    SAME("[%20p][%-20p]", (void *)0x1234abcd, (void *)0x1234abcd);
}
END_TEST

START_TEST(formats_null_pointers)
{
    const char *volatile none = NULL; /* volatile: the compiler would warn */
    char buf[16];
    struct lv_text t;

    lv_text_init(&t, buf, sizeof(buf));
    lv_text_printf(&t, "%p %s", (void *)NULL, none);
    ck_assert_str_eq(buf, "0x0 (null)");
}
END_TEST

START_TEST(shows_what_it_does_not_know)
{
    static const char *const formats[][2] = {
        { "a %q b", "a %q b" }, { "a %", "a %" }, { "%l", "%l" }, { "%5", "%5" }, { "%-", "%-" }, { "%lld%z", "0%z" },
    };

    for (size_t i = 0; i < LV_ARRAY_SIZE(formats); i++) {
        /* The compiler must not look into these. */
        void (*volatile printf_unchecked)(struct lv_text *, const char *, ...) = lv_text_printf;
        char buf[32];
        struct lv_text t;

        lv_text_init(&t, buf, sizeof(buf));
        printf_unchecked(&t, formats[i][0], 0LL, 0LL);
        ck_assert_str_eq(buf, formats[i][1]);
    }
}
END_TEST

START_TEST(cuts_wide_conversions)
{
    char buf[8];
    struct lv_text t;

    lv_text_init(&t, buf, sizeof(buf));
    lv_text_printf(&t, "%999999999d", 5);
    ck_assert_str_eq(buf, "       ");
    ck_assert(t.cut);

    lv_text_init(&t, buf, sizeof(buf));
    lv_text_printf(&t, "%010d", -5);
    ck_assert_str_eq(buf, "-000000");
    ck_assert(t.cut);
}
END_TEST

static const struct {
    const char *glob, *text;
    bool matches;
} globs[] = {
    { "", "", true },
    { "", "a", false },
    { "a", "", false },
    { "a", "a", true },
    { "a", "b", false },
    { "a", "ab", false },
    { "?", "a", true },
    { "?", "", false },
    { "a?c", "abc", true },
    { "*", "", true },
    { "*", "anything", true },
    { "**", "x", true },
    { "a*", "a", true },
    { "a*", "abc", true },
    { "a*", "ba", false },
    { "*c", "abc", true },
    { "*c", "abcd", false },
    { "a*c", "ac", true },
    { "a*c", "abbbc", true },
    { "a*c", "abcb", false },
    { "*mutex_init*", "my_mutex_init_ex", true },
    { "*ab*ab", "ababab", true },
    { "*ab*abc", "ababab", false },
    { "*a*b*c*", "xxaxxbxxcxx", true },
    { "*a*b*c*", "xxaxxcxxbxx", false },
    { "&pipe->mutex/?", "&pipe->mutex/1", true },
    { "[a]", "a", false },
    { "[a]", "[a]", true },
    { "a\\*", "a*", false },
    { "?*", "", false },
    { "*?", "a", true },
};

START_TEST(globs_match)
{
    ck_assert_msg(lv_text_glob(globs[_i].glob, globs[_i].text) == globs[_i].matches, "'%s' against '%s'",
                  globs[_i].glob, globs[_i].text);
}
END_TEST

/* A matcher that tries every split for every star would not come back from this. */
START_TEST(glob_is_not_exponential)
{
    char text[2001];

    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    ck_assert(!lv_text_glob("*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
    ck_assert(lv_text_glob("*a*a*a*a*a*a*a*a*a*a*a*a*", text));
}
END_TEST

static const struct {
    const char *symbol, *name; /* null: not read */
} guards[] = {
    { "_ZGVZ3appvE4pool", "app::pool" },
    { "_ZGVZL5retryPFibEbE7retried", "retry::retried" },
    { "_ZGVZN3app4PoolC1EvE5empty", "app::Pool::...::empty" },
    { "_ZGVZN3app4Pool3getEiE5empty_0", "app::Pool::get::empty" },
    { "_ZGVZNK3app4Pool3getERKSsE5empty__12_", "app::Pool::get::empty" },
    { "_ZGVZN12_GLOBAL__N_13getEvE1x", "(anonymous namespace)::get::x" },
    { "_ZGVZN3appL3getIiEEvvE1x", "app::get::...::x" },
    { "_ZGVZZ4mainENKUlvE_clEvE1x", "...::x" },
    { "_ZGVN3app4poolE", "app::pool" },
    { "_ZGV4pool", "pool" },
    { "_ZGVZ3appvE", NULL },
    { "_ZGVZ3appvE9pool", NULL },
    { "_ZGVZ99999999999999999999vE4pool", "...::pool" },
    { "_ZGV", NULL },
    { "_ZZ3appvE4pool", NULL },
    { "pool", NULL },
};

START_TEST(guards_are_called_after_variables)
{
    char buf[64];
    struct lv_text text;
    bool read;

    lv_text_init(&text, buf, sizeof(buf));
    read = lv_mangled_guard(guards[_i].symbol, &text);
    ck_assert_int_eq(read, guards[_i].name != NULL);
    ck_assert_str_eq(buf, read ? guards[_i].name : "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("text");
    TCase *buffer = tcase_create("buffer");
    TCase *format = tcase_create("format");
    TCase *glob = tcase_create("glob");
    TCase *mangled = tcase_create("mangled");

    tcase_add_test(buffer, starts_empty);
    tcase_add_test(buffer, appends);
    tcase_add_test(buffer, is_cut_at_the_end);
    tcase_add_test(buffer, stays_cut);
    tcase_add_test(buffer, has_no_room_at_all);
    suite_add_tcase(suite, buffer);

    tcase_add_test(format, formats_integers);
    tcase_add_test(format, formats_text);
    tcase_add_test(format, formats_null_pointers);
    tcase_add_test(format, shows_what_it_does_not_know);
    tcase_add_test(format, cuts_wide_conversions);
    suite_add_tcase(suite, format);

    tcase_add_loop_test(glob, globs_match, 0, (int)LV_ARRAY_SIZE(globs));
    tcase_add_test(glob, glob_is_not_exponential);
    suite_add_tcase(suite, glob);

    tcase_add_loop_test(mangled, guards_are_called_after_variables, 0, (int)LV_ARRAY_SIZE(guards));
    suite_add_tcase(suite, mangled);
    return unit_run(suite);
}
