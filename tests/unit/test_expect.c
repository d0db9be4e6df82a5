/* SPDX-License-Identifier: MIT */
/* The expected lock order: what a file of it says, and what is wrong with one. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "expect.h"
#include "random.h"

START_TEST(all_lines)
{
    read_file("# the order of the server\n"
              "\n"
              "lockval-order 1\n"
              "rule levels\n"
              "others forbidden\n"
              "nesting forbidden   # two of a kind\n"
              "program server\n"
              "level 1\n"
              "  lock journal = static:server:journal # first of all\n"
              "level 20\r\n"
              "\tlock pool mutex = init:server:pool_new:mutex:1 | name:pool\n"
              "  lock \"a b\" = \"static:server:f(int, char)::x\"\n"
              "leaf pool # nothing below\n"
              "allow journal -> pool [ER, SNt]\n"
              "forbid \"a b\" -> journal\n"
              "nest journal");
    ck_assert_int_eq((int)expect.rule, LV_EXPECT_LEVELS);
    ck_assert(expect.others_forbidden);
    ck_assert(expect.nesting_forbidden);
    ck_assert_uint_eq(expect.rule_line, 4);
    ck_assert_uint_eq(expect.locks.count, 4);
    ck_assert_int_eq(lock("journal")->level, 1);
    ck_assert_uint_eq(lock("journal")->line, 9);
    ck_assert_str_eq(lock("journal")->comment, "first of all");
    ck_assert_int_eq(lock("journal")->kind, LV_EXPECT_ANY_KIND);
    ck_assert_int_eq(lock("pool")->level, 20);
    ck_assert_int_eq(lock("pool")->kind, LV_KIND_MUTEX);
    ck_assert_uint_eq(lock("pool")->key_count, 2);
    ck_assert_str_eq(key(lock("pool"), 1), "name:pool");
    ck_assert_str_eq(key(lock("a b"), 0), "static:server:f(int, char)::x");
    ck_assert_uint_ne(lock("pool")->leaf, 0);
    ck_assert_str_eq(lv_expect_term(&expect, lock("pool")->leaf)->comment, "nothing below");
    ck_assert_uint_ne(lock("journal")->nest, 0);
    ck_assert_uint_eq(lv_expect_term(&expect, 2)->modes, LV_DEP_ER | LV_DEP_ER << 4 | LV_DEP_SN << 4);
    ck_assert(lv_expect_is_for(&expect, "server"));
    ck_assert(!lv_expect_is_for(&expect, "client"));
}
END_TEST

START_TEST(defaults)
{
    read_file("lockval-order 1");
    ck_assert_int_eq((int)expect.rule, LV_EXPECT_EDGES);
    ck_assert(!expect.others_forbidden);
    ck_assert(!expect.nesting_forbidden);
    ck_assert(lv_expect_is_for(&expect, "whatever"));
    read_file("lockval-order 1\nprogram a*\nprogram b");
    ck_assert(lv_expect_is_for(&expect, "abc"));
    ck_assert(lv_expect_is_for(&expect, "b"));
    ck_assert(!lv_expect_is_for(&expect, "cab"));
}
END_TEST

START_TEST(names_in_any_order)
{
    read_file("lockval-order 1\nallow a -> b\nlock b = name:b\nlock a = name:a\n");
    ck_assert_uint_eq(lv_expect_term(&expect, 1)->from, lv_expect_named(&expect, "a"));
    ck_assert_uint_eq(lv_expect_term(&expect, 1)->to, lv_expect_named(&expect, "b"));
}
END_TEST

START_TEST(words_in_quotes)
{
    read_file("lockval-order 1\n"
              "lock \"say \\\"a\\\\b\\\"\" = \"name:\\x01#\" # \"c\"\n"
              "lock sb#2 = name:sb#2\n"
              "lock \"*\" = \"name:*\"\n"
              "lock operator== = static:p:operator==\n"
              "allow \"*\" -> *\n");
    ck_assert_str_eq(lock("say \"a\\b\"")->comment, "\"c\"");
    ck_assert_str_eq(key(lock("say \"a\\b\""), 0), "name:\001#");
    ck_assert_str_eq(key(lock("sb#2"), 0), "name:sb#2");
    ck_assert(!lv_expect_key(&expect, lock("*")->first_key)->pattern);
    ck_assert_uint_eq(lv_expect_term(&expect, 1)->from, lv_expect_named(&expect, "*"));
    ck_assert_uint_eq(lv_expect_term(&expect, 1)->to, LV_EXPECT_ANY);
}
END_TEST

/* What is wrong with a file, and where. */
static const struct {
    const char *text;
    const char *says;
} bad[] = {
    { "", "file:1: the file is empty: its first line should be: lockval-order 1\n" },
    { "# only this\n", "file:1: the file is empty: its first line should be: lockval-order 1\n" },
    { "\177ELF\nlock a\n", "file:1: this is no lock order: the first line should be: lockval-order 1\n" },
    { "{\"t\":\"meta\"}\n", "file:1: this is no lock order: the first line should be: lockval-order 1\n" },
    { "\nlockval-order 2\n", "file:2: this is a lock order of version 2, and 1 is the one that is known\n" },
    { "lockval-order 1\nlockval-order 1\n", "file:2: the line begins with 'lockval-order', where one of these should "
                                            "stand: rule, others, nesting, program, level, "
                                            "lock, leaf, nest, allow, forbid\n" },
    { "lockval-order 1\nrule edge\n", "file:2: the line should be: rule edges, or: rule levels\n" },
    { "lockval-order 1\nrule edges\nrule levels\n", "file:3: 'rule' stands in line 2 already\n" },
    { "lockval-order 1\nothers\n", "file:2: the line should be: others allowed, or: others forbidden\n" },
    { "lockval-order 1\nnesting allowed twice\n",
      "file:2: the line should be: nesting allowed, or: nesting forbidden\n" },
    { "lockval-order 1\nprogram\n", "file:2: the line should be: program NAME\n" },
    { "lockval-order 1\nlevel one\n", "file:2: 'one' is no level: levels are numbers from 0 to 1000000\n" },
    { "lockval-order 1\nlevel 1000001\n", "file:2: '1000001' is no level: levels are numbers from 0 to 1000000\n" },
    { "lockval-order 1\nlevel 99999999999999999999\n",
      "file:2: '99999999999999999999' is no level: levels are numbers from 0 to 1000000\n" },
    { "lockval-order 1\nlevel\n", "file:2: the line should be: level NUMBER\n" },
    { "lockval-order 1\nlevel 2\nlevel 2\n",
      "file:3: level 2 stands behind level 2: levels come in their order, each once\n" },
    { "lockval-order 1\nlevel 2\nlevel 1\n",
      "file:3: level 1 stands behind level 2: levels come in their order, each once\n" },
    { "lockval-order 1\nlock a\n", "file:2: the line should be: lock NAME = KEY, or: lock NAME KIND = KEY | KEY\n" },
    { "lockval-order 1\nlock a =\n", "file:2: the line should be: lock NAME = KEY, or: lock NAME KIND = KEY | KEY\n" },
    { "lockval-order 1\nlock = name:a\n",
      "file:2: the line should be: lock NAME = KEY, or: lock NAME KIND = KEY | KEY\n" },
    { "lockval-order 1\nlock a pthread = name:a\n", "file:2: 'pthread' is no kind of locks: one is mutex, rwlock, "
                                                    "spinlock, semaphore, once, guard, file, map, event\n" },
    { "lockval-order 1\nlock * = name:a\n", "file:2: a lock that is called * has to stand in quotes\n" },
    { "lockval-order 1\nlock a = name:a\nlock a = name:b\n",
      "file:3: 'a' is named in line 2 already: another lock of that name needs another one here\n" },
    { "lockval-order 1\nlock a = name:a\nlock b = name:b | name:a\n",
      "file:3: the key name:a is one of 'a' already, in line 2\n" },
    { "lockval-order 1\nlock a = name:a |\n", "file:2: a key should stand before and behind each |\n" },
    { "lockval-order 1\nlock a = | name:a\n", "file:2: a key should stand before and behind each |\n" },
    { "lockval-order 1\nlock a = name:a b\n",
      "file:2: 'b' stands behind a key: a | separates keys, and quotes hold one with blanks together\n" },
    { "lockval-order 1\nlock \"a = name:a\n", "file:2: the line has a quote that is not closed\n" },
    { "lockval-order 1\nlock \"a\\n\" = name:a\n",
      "file:2: the line has a backslash in quotes that no \", \\ or xHH follows\n" },
    { "lockval-order 1\nlock \"a\\x00\" = name:a\n",
      "file:2: the line has a backslash in quotes that no \", \\ or xHH follows\n" },
    { "lockval-order 1\nlock \"a\\x4", "file:2: the line has a backslash in quotes that no \", \\ or xHH follows\n" },
    { "lockval-order 1\nlock \"a\"b = name:a\n", "file:2: the line has a quote that ends in the middle of a word\n" },
    { "lockval-order 1\nlock \"\" = name:a\n", "file:2: the line has a word with nothing in it\n" },
    { "lockval-order 1\nallow a b\n",
      "file:2: the line should be: allow NAME -> NAME, or: allow NAME -> NAME [MODE, MODE]\n" },
    { "lockval-order 1\nforbid a ->\n",
      "file:2: the line should be: forbid NAME -> NAME, or: forbid NAME -> NAME [MODE, MODE]\n" },
    { "lockval-order 1\nlock a = name:a\nallow a -> a [EX]\n",
      "file:3: 'EX' is no mode: one is ER, EN, SR, SN, or ERt, ENt, SRt, SNt with a time limit\n" },
    { "lockval-order 1\nlock a = name:a\nallow a -> a []\n",
      "file:3: the list of modes is empty: without one it is all modes\n" },
    { "lockval-order 1\nlock a = name:a\nallow a -> a EN\n",
      "file:3: 'EN' stands behind the lock: a list of modes is [ER, SN]\n" },
    { "lockval-order 1\nlock a = name:a\nallow a -> a [EN\n",
      "file:3: '[EN' stands behind the lock: a list of modes is [ER, SN]\n" },
    { "lockval-order 1\nlock a = name:a\nallow a -> b\n", "file:3: no line names a lock 'b'\n" },
    { "lockval-order 1\nleaf c # ok\n", "file:2: no line names a lock 'c'\n" },
    { "lockval-order 1\nleaf c d\n", "file:2: the line should be: leaf NAME\n" },
    { "lockval-order 1\nnest\n", "file:2: the line should be: nest NAME\n" },
    { "lockval-order 1\nlock a = name:a\nleaf a\nleaf a\n", "file:4: the same stands in line 3 already\n" },
    { "lockval-order 1\nlock a = name:a\nlock b = name:b\nallow a -> b\nallow a -> b [EN]\n",
      "file:5: the same stands in line 4 already\n" },
    { "lockval-order 1\nlock a = name:a\nlock b = name:b\nallow a -> b\nforbid a -> b [ENt]\n",
      "file:5: line 4 says the opposite\n" },
    { "lockval-order 1\nlock a = name:a\nlock b = name:b\nallow a -> b\nleaf a\n",
      "file:4: line 5 says that 'a' is a leaf, under which nothing is taken\n" },
    { "lockval-order 1\nlock a = name:a\nnest a\nforbid a -> a\n", "file:4: line 3 says the opposite\n" },
    { "lockval-order 1\nlokc a = name:a\nrule x\n",
      "file:2: the line begins with 'lokc', where one of these should stand: rule, others, nesting, program, level, "
      "lock, leaf, "
      "nest, allow, forbid\nlockval: file:3: the line should be: rule edges, or: rule levels\n" },
};

START_TEST(what_is_wrong)
{
    char expected[1024];

    ck_assert_int_gt(parse(bad[_i].text), 0);
    (void)snprintf(expected, sizeof(expected), "lockval: %s", bad[_i].says);
    ck_assert_str_eq(said, expected);
}
END_TEST

START_TEST(zero_bytes)
{
    static const char text[] = "lockval-order 1\nlock a = name:\0a\n";

    ck_assert_int_eq(parse_bytes(text, sizeof(text) - 1), 1);
    ck_assert_str_eq(said, "lockval: file:2: the line has a zero byte\n");
}
END_TEST

START_TEST(many_wrong_lines_are_counted)
{
    char text[4096] = "lockval-order 1\n";

    for (int i = 0; i < 100; i++)
        strcat(text, "leaf nowhere\n");
    ck_assert_int_eq(parse(text), 100);
    ck_assert_ptr_nonnull(strstr(said, "file:17: "));
    ck_assert_ptr_null(strstr(said, "file:18: "));
    ck_assert_ptr_nonnull(strstr(said, "lockval: file: 84 more things are wrong\n"));
}
END_TEST

START_TEST(very_many_words)
{
    char text[2048] = "lockval-order 1\nlock a =";

    for (int i = 0; i < 126; i++)
        (void)snprintf(text + strlen(text), 32, "%s k%d", i ? " |" : "", i);
    read_file(text);
    ck_assert_uint_eq(lock("a")->key_count, 126);
    strcat(text, " | x | y");
    ck_assert_int_eq(parse(text), 1);
    ck_assert_str_eq(said, "lockval: file:2: the line has more than 256 words\n");
}
END_TEST

START_TEST(without_memory)
{
    static const char text[] =
        "lockval-order 1\nprogram p\nlock a = name:a\nlock b = init:p:f:mutex:1\nallow a -> b\nleaf b\n";
    bool fits = false;

    for (uint32_t i = 1; !fits; i++) {
        struct lv_arena small = { .fail_from = i, .fail_to = i + 1 };
        struct lv_text complaints;
        int r;

        lv_text_init(&complaints, said, sizeof(said));
        r = lv_expect_parse(&expect, "file", text, sizeof(text) - 1, &small, &complaints);
        ck_assert_msg(r == 0 || r == -ENOMEM, "%d with allocation %u", r, i);
        fits = small.count < i;
        ck_assert_int_eq(r, fits ? 0 : -ENOMEM);
    }
}
END_TEST

/* ---- writing ---- */

START_TEST(written_words_are_read_again)
{
    static const char *const names[] = { "a",  "sb#2",    "#a",       "a b", "*",        "->",  "=",  "|",
                                         "\"", "a\\b\"c", "\t\n\001", "[x",  "x]",       "?",   "a*", "[]",
                                         "&p", "a->b",    "==",       "\\",  "\xc3\xa9", "\xff" };

    for (size_t i = 0; i < LV_ARRAY_SIZE(names); i++) {
        char buf[256];
        struct lv_text text;

        lv_text_init(&text, buf, sizeof(buf));
        lv_text_puts(&text, "lockval-order 1\nlock ");
        lv_expect_put_word(&text, names[i]);
        lv_text_puts(&text, " = ");
        lv_expect_put_word(&text, names[i]);
        lv_text_puts(&text, "\nallow ");
        lv_expect_put_word(&text, names[i]);
        lv_text_puts(&text, " -> ");
        lv_expect_put_word(&text, names[i]);
        read_file(buf);
        ck_assert_str_eq(key(lock(names[i]), 0), names[i]);
        ck_assert(!lv_expect_key(&expect, lock(names[i])->first_key)->pattern);
    }
}
END_TEST

START_TEST(written_terms_are_read_again)
{
    for (unsigned modes_of = 1; modes_of < 256; modes_of++) {
        struct lv_expect_term term = {
            .what = LV_EXPECT_ALLOW, .from = 1, .to = LV_EXPECT_ANY, .modes = (uint8_t)modes_of
        };
        char buf[256];
        struct lv_text text;

        /* An untimed mode comes with its timed one. */
        term.modes |= (uint8_t)((modes_of & LV_DEP_UNTIMED) << 4);
        read_file("lockval-order 1\nlock a = name:a\n");
        lv_text_init(&text, buf, sizeof(buf));
        lv_text_puts(&text, "lockval-order 1\nlock a = name:a\n");
        lv_expect_put_term(&expect, &term, &text);
        read_file(buf);
        ck_assert_uint_eq(lv_expect_term(&expect, 1)->modes, term.modes);
        ck_assert_uint_eq(lv_expect_term(&expect, 1)->to, LV_EXPECT_ANY);
    }
}
END_TEST

/* Files of any bytes: what is read holds together, and what is not says why. */
START_TEST(any_bytes)
{
    static const char *const parts[] = { "lockval-order 1\n",
                                         "lock ",
                                         "allow ",
                                         "forbid ",
                                         "leaf ",
                                         "nest ",
                                         "level ",
                                         "rule edges\n",
                                         "a ",
                                         "b ",
                                         "\"a ",
                                         "\" ",
                                         "= ",
                                         "-> ",
                                         "| ",
                                         "[EN] ",
                                         "[SR,",
                                         "]",
                                         "\\",
                                         "*",
                                         "name:a ",
                                         "init:p:f:mutex:1 ",
                                         "#",
                                         "\n",
                                         "\r\n",
                                         "1 ",
                                         "\t",
                                         "\xff",
                                         "others forbidden",
                                         "mutex " };
    struct random random = { 7 };

    for (int round = 0; round < 20000; round++) {
        char text[512];
        size_t size = 0, count = below(&random, 40);

        for (size_t i = 0; i < count && size + 32 < sizeof(text); i++) {
            const char *part = parts[i == 0 && round % 8 != 0 ? 0 : below(&random, LV_ARRAY_SIZE(parts))];

            memcpy(text + size, part, strlen(part));
            size += strlen(part);
        }
        if (parse_bytes(text, size) != 0) {
            ck_assert_str_ne(said, "");
            continue;
        }
        ck_assert_str_eq(said, "");
        for (uint32_t i = 1; i < expect.terms.count; i++) {
            const struct lv_expect_term *term = lv_expect_term(&expect, i);

            ck_assert_uint_ne(term->from, 0);
            ck_assert_uint_ne(term->to, 0);
            ck_assert_uint_ne(term->modes, 0);
        }
        for (uint32_t i = 1; i < expect.locks.count; i++)
            ck_assert_uint_ne(lv_expect_lock(&expect, i)->key_count, 0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("expect");
    TCase *c = tcase_create("expect");

    tcase_add_test(c, all_lines);
    tcase_add_test(c, defaults);
    tcase_add_test(c, names_in_any_order);
    tcase_add_test(c, words_in_quotes);
    tcase_add_loop_test(c, what_is_wrong, 0, (int)LV_ARRAY_SIZE(bad));
    tcase_add_test(c, zero_bytes);
    tcase_add_test(c, many_wrong_lines_are_counted);
    tcase_add_test(c, very_many_words);
    tcase_add_test(c, without_memory);
    tcase_add_test(c, written_words_are_read_again);
    tcase_add_test(c, written_terms_are_read_again);
    tcase_add_test(c, any_bytes);
    suite_add_tcase(suite, c);
    return unit_run(suite);
}
