/* SPDX-License-Identifier: MIT */
/* The expected lock order: which lock a class is, and what is said of an acquisition. */

#include <string.h>

#include "expect.h"

/* ---- which lock a class is ---- */

static uint32_t find(enum lv_kind kind, unsigned subclass, const char *run, const char *stable)
{
    const char *const keys[] = { run, stable };

    return lv_expect_find(&expect, &(struct lv_expect_class){ kind, subclass, keys, 2 }, NULL);
}

static const char *found(enum lv_kind kind, unsigned subclass, const char *run, const char *stable)
{
    uint32_t number = find(kind, subclass, run, stable);

    return number != 0 ? lv_expect_lock(&expect, number)->name : "(none)";
}

START_TEST(classes_are_found_by_keys)
{
    read_file("lockval-order 1\n"
              "lock a = static:p:a\n"
              "lock b rwlock = static:p:b | name:b\n"
              "lock c = static:0123+0x10\n"
              "lock c1 = static:p:c/1\n"
              "lock rest = static:p:*_lock\n"
              "lock first = static:p:x*\n"
              "lock last = static:p:*\n"
              "lock star = \"static:q:*\"\n");
    ck_assert_str_eq(found(LV_KIND_MUTEX, 0, "static:ff+0x1", "static:p:a"), "a");
    ck_assert_str_eq(found(LV_KIND_RWLOCK, 0, "static:ff+0x2", "static:p:b"), "b");
    ck_assert_str_eq(found(LV_KIND_RWLOCK, 0, "name:b", "name:b:p:key_b"), "b");
    ck_assert_str_eq(found(LV_KIND_MUTEX, 0, "name:b", "name:b"), "(none)");
    ck_assert_str_eq(found(LV_KIND_MUTEX, 0, "static:ff+0x2", "static:p:b"), "last");
    ck_assert_str_eq(found(LV_KIND_MUTEX, 0, "static:0123+0x10", "static:p:a"), "c");
    ck_assert_str_eq(found(LV_KIND_MUTEX, 0, "static:ff+0x3", "static:p:y_lock"), "rest");
    ck_assert_str_eq(found(LV_KIND_MUTEX, 0, "static:ff+0x3", "static:p:xyz"), "first");
    ck_assert_str_eq(found(LV_KIND_MUTEX, 0, "static:ff+0x3", "static:q:xyz"), "(none)");
    ck_assert_str_eq(found(LV_KIND_MUTEX, 0, "static:ff+0x3", "static:q:*"), "star");
}
END_TEST

START_TEST(subclasses)
{
    read_file("lockval-order 1\nlock a = static:p:a\nlock b = static:p:b\nlock b1 = static:p:b/1\n");
    ck_assert_str_eq(found(LV_KIND_MUTEX, 1, "static:ff+0x1/1", "static:p:a/1"), "a");
    ck_assert_str_eq(found(LV_KIND_MUTEX, 1, "static:ff+0x2/1", "static:p:b/1"), "b1");
    ck_assert_str_eq(found(LV_KIND_MUTEX, 2, "static:ff+0x2/2", "static:p:b/2"), "b");
    ck_assert_str_eq(found(LV_KIND_MUTEX, 0, "name:a/1", "static:p:a/1"), "(none)");
}
END_TEST

START_TEST(what_was_met)
{
    read_file("lockval-order 1\nlock a = name:a\nlock b = name:b\nallow a -> b\nleaf b\n");
    ck_assert_uint_ne(find(LV_KIND_MAP, 0, "name:a", "name:a"), 0);
    ck_assert(lock("a")->met);
    ck_assert(!lock("b")->met);
}
END_TEST

/* ---- what is said of an acquisition ---- */

static struct lv_expect_answer answer;

static bool ask(const struct lv_expect_asked *asked)
{
    answer = (struct lv_expect_answer){ 0 };
    return lv_expect_judge(&expect, asked, &answer);
}

static struct lv_expect_asked pair(const char *from, const char *to, uint8_t bits)
{
    return (struct lv_expect_asked){ .from = { from != NULL ? lv_expect_named(&expect, from) : 0, false },
                                     .to = { to != NULL ? lv_expect_named(&expect, to) : 0, false },
                                     .bits = bits,
                                     .same_class = from != NULL && to != NULL && strcmp(from, to) == 0 };
}

/* Null: a lock that the file does not name. */
static bool fits(const char *from, const char *to)
{
    const struct lv_expect_asked asked = pair(from, to, LV_DEP_EN);

    return ask(&asked);
}

static bool fits_between(const char *from, const char *to)
{
    struct lv_expect_asked asked = pair(from, to, LV_DEP_EN);

    asked.indirect = true;
    return ask(&asked);
}

static bool fits_in(const char *from, const char *to, uint8_t bits)
{
    const struct lv_expect_asked asked = pair(from, to, bits);

    return ask(&asked);
}

static const char *words(void)
{
    static char buf[512];
    struct lv_text text;

    lv_text_init(&text, buf, sizeof(buf));
    lv_expect_put_answer(&expect, &answer, &text);
    return buf;
}

#define FOUR "lock a = name:a\nlock b = name:b\nlock c = name:c\nlock d = name:d\n"

START_TEST(edges_that_are_listed)
{
    read_file("lockval-order 1\nrule edges\n" FOUR "allow a -> b\nallow b -> c\n");
    ck_assert(fits("a", "b"));
    ck_assert(fits("b", "c"));
    ck_assert(fits(NULL, "a"));
    ck_assert(fits("a", NULL));
    ck_assert(fits(NULL, NULL));
    ck_assert(fits("a", "a"));
    ck_assert(!fits("a", "c"));
    ck_assert_str_eq(words(), "file:2: no line allows a -> c");
    ck_assert(!fits("b", "a"));
    ck_assert_int_eq((int)answer.why, LV_EXPECT_UNLISTED);
    ck_assert(fits_between("a", "c"));
    ck_assert(lv_expect_term(&expect, 1)->met);
}
END_TEST

START_TEST(levels_and_what_is_listed)
{
    static const char text[] =
        "lockval-order 1\nrule levels\nlock x = name:x\nlevel 1\nlock a = name:a\nlock a2 = name:a2\n"
        "level 3\nlock b = name:b\nallow b -> a2\nallow a -> x\n";

    read_file(text);
    ck_assert(fits("a", "b"));
    ck_assert(!fits("b", "a"));
    ck_assert_str_eq(words(),
                     "file:8: b is of level 3 (line 8), and a is of level 1 (line 5): lower levels come first");
    ck_assert(fits("b", "a2"));
    ck_assert(!fits("a", "a2"));
    ck_assert_int_eq((int)answer.why, LV_EXPECT_UNLISTED);
    ck_assert(fits("a", "x"));
    ck_assert(!fits("x", "a"));
    ck_assert_int_eq((int)answer.why, LV_EXPECT_UNLISTED);
    ck_assert(!fits_between("b", "a"));
    ck_assert(fits_between("b", "a2"));
    ck_assert(fits_between("a", "a2"));
    ck_assert(fits_between("x", "a"));
}
END_TEST

START_TEST(levels_do_not_allow_by_themselves)
{
    read_file("lockval-order 1\nrule edges\nlevel 1\nlock a = name:a\nlevel 2\nlock b = name:b\nallow a -> b [SR]\n");
    ck_assert(fits_in("a", "b", LV_DEP_SR));
    ck_assert(!fits("b", "a"));
    ck_assert_int_eq((int)answer.why, LV_EXPECT_DOWN);
}
END_TEST

START_TEST(leaves)
{
    read_file(
        "lockval-order 1\nrule levels\nlevel 1\nlock a = name:a\nlevel 2\nlock b = name:b\nleaf a # it is short\n");
    ck_assert(!fits("a", "b"));
    ck_assert_str_eq(words(), "file:7: leaf a: nothing is taken while it is held # it is short");
    ck_assert(!fits("a", NULL));
    ck_assert(!fits("a", "a"));
    ck_assert(!fits_between("a", "b"));
    ck_assert(fits(NULL, "a"));
    read_file("lockval-order 1\nlock a = name:a\nleaf a\nnest a\n");
    ck_assert(fits("a", "a"));
    ck_assert(!fits("a", NULL));
}
END_TEST

START_TEST(what_is_forbidden)
{
    read_file(
        "lockval-order 1\nrule levels\nlevel 1\nlock a = name:a\nlevel 2\nlock b = name:b\nforbid a -> b # slow\n");
    ck_assert(!fits("a", "b"));
    ck_assert_str_eq(words(), "file:7: forbid a -> b # slow");
    ck_assert(!fits_between("a", "b"));
    ck_assert(lv_expect_term(&expect, 1)->met);
}
END_TEST

START_TEST(any_lock)
{
    read_file("lockval-order 1\n" FOUR "allow * -> d\nforbid a -> *\nallow a -> b\nforbid * -> c\nallow b -> *\n");
    ck_assert(fits("b", "d"));
    ck_assert(fits(NULL, "d"));
    ck_assert(!fits("a", "d"));
    ck_assert_str_eq(words(), "file:7: forbid a -> *");
    ck_assert(!fits("a", NULL));
    ck_assert(fits("a", "b"));
    ck_assert(!fits("b", "c"));
    ck_assert_str_eq(words(), "file:9: forbid * -> c");
    ck_assert(!fits("c", "c"));
    ck_assert(fits("b", "a"));
    ck_assert(!fits("d", "a"));
}
END_TEST

START_TEST(modes)
{
    read_file("lockval-order 1\n" FOUR "allow a -> b [SR, ERt]\nforbid c -> d [EN]\nallow c -> d [SR,SN]\n");
    ck_assert(fits_in("a", "b", LV_DEP_SR));
    ck_assert(fits_in("a", "b", LV_DEP_SR << 4));
    ck_assert(fits_in("a", "b", LV_DEP_ER << 4));
    ck_assert(!fits_in("a", "b", LV_DEP_ER));
    ck_assert_str_eq(words(), "file:6: allow a -> b [ERt, SR], and this is [ER]");
    ck_assert(!fits_in("a", "b", LV_DEP_SR | LV_DEP_SN));
    ck_assert_str_eq(words(), "file:6: allow a -> b [ERt, SR], and this is [SN]");
    ck_assert(!fits_in("c", "d", LV_DEP_EN << 4));
    ck_assert_int_eq((int)answer.why, LV_EXPECT_FORBIDDEN);
    ck_assert(fits_in("c", "d", LV_DEP_SN | LV_DEP_SR));
    ck_assert(!fits_in("c", "d", LV_DEP_ER));
}
END_TEST

START_TEST(locks_that_are_not_named)
{
    read_file("lockval-order 1\nrule levels\nothers forbidden\nlock a = name:a\nallow a -> *\n");
    ck_assert(fits("a", NULL));
    ck_assert(!fits(NULL, "a"));
    ck_assert_str_eq(words(), "file:3: others are forbidden, and no line names the one that is held");
    ck_assert(!fits(NULL, NULL));
    ck_assert_str_eq(words(), "file:3: others are forbidden, and no line names either lock");
    ck_assert(fits_between(NULL, "a"));
}
END_TEST

START_TEST(nesting)
{
    read_file("lockval-order 1\nnesting forbidden\n" FOUR "nest a\nallow b -> b [SR]\nforbid c -> c\n");
    ck_assert(fits("a", "a"));
    ck_assert(fits_in("b", "b", LV_DEP_SR));
    ck_assert(!fits("b", "b"));
    ck_assert_int_eq((int)answer.why, LV_EXPECT_MODE);
    ck_assert(!fits("c", "c"));
    ck_assert_int_eq((int)answer.why, LV_EXPECT_FORBIDDEN);
    ck_assert(!fits("d", "d"));
    ck_assert_str_eq(words(), "file:2: no line lets two locks of d nest");
    ck_assert(fits(NULL, NULL));
}
END_TEST

/* Two classes of one pattern are two locks of one. */
START_TEST(groups)
{
    struct lv_expect_asked asked;

    read_file("lockval-order 1\nlock g = static:p:g_*\nlock h = static:p:h_*\nforbid h -> h\n");
    asked = pair("g", "g", LV_DEP_EN);
    asked.same_class = false;
    ck_assert(ask(&asked));
    asked = pair("h", "h", LV_DEP_EN);
    asked.same_class = false;
    ck_assert(!ask(&asked));
}
END_TEST

#define NUMBERED \
    "lock a = init:p:f:mutex:1\nlock b = init:p:f:mutex:2\nlock c = init:p:f:mutex:3/1\nlock d = init:p:g:mutex:1\n"

START_TEST(keys_with_numbers)
{
    ck_assert(lv_expect_is_numbered("init:p:f:mutex:1"));
    ck_assert(lv_expect_is_numbered("lock:p:f:mutex:12/1"));
    ck_assert(!lv_expect_is_numbered("static:p:f:1"));
    ck_assert(!lv_expect_is_numbered("init:p:f:mutex:"));
    ck_assert(!lv_expect_is_numbered("init:0123+0x10"));
    ck_assert(!lv_expect_is_numbered("lock:"));
    ck_assert(!lv_expect_is_numbered(""));
}
END_TEST

/* What a run numbers otherwise fits if any of the locks does that its key may mean. */
START_TEST(twins)
{
    struct lv_expect_asked asked;

    read_file("lockval-order 1\n" NUMBERED "allow a -> b\nallow b -> d\n");
    ck_assert_uint_eq(lock("a")->twin, lv_expect_named(&expect, "b"));
    ck_assert_uint_eq(lock("b")->twin, lv_expect_named(&expect, "a"));
    ck_assert_uint_eq(lock("c")->twin, lv_expect_named(&expect, "c"));
    ck_assert_uint_eq(lock("d")->twin, lv_expect_named(&expect, "d"));
    ck_assert(!fits("b", "a"));
    asked = pair("b", "a", LV_DEP_EN);
    asked.from.doubt = asked.to.doubt = true;
    ck_assert(ask(&asked));
    asked = pair("a", "d", LV_DEP_EN);
    ck_assert(!ask(&asked));
    asked.from.doubt = true;
    ck_assert(ask(&asked));
    asked = pair("d", "a", LV_DEP_EN);
    asked.to.doubt = true;
    ck_assert(!ask(&asked));
    ck_assert_int_eq((int)answer.why, LV_EXPECT_UNLISTED);
    ck_assert_uint_eq(answer.to, lv_expect_named(&expect, "a"));
    asked = pair("d", "d", LV_DEP_EN);
    asked.from.doubt = asked.to.doubt = true;
    ck_assert(ask(&asked));
}
END_TEST

/* Locks with the same pattern: which of them one is, is never known. */
START_TEST(vague_locks)
{
    struct lv_expect_asked asked;

    read_file(
        "lockval-order 1\nnesting forbidden\nlock a = init:p:f:mutex:*\nlock b = init:p:f:mutex:*\nlock c = name:c\n"
        "allow b -> c\nallow a -> b\n");
    ck_assert(lock("a")->vague && lock("b")->vague && !lock("c")->vague);
    ck_assert(fits("a", "c"));
    ck_assert(!fits("c", "a"));
    asked = pair("a", "a", LV_DEP_EN);
    ck_assert(!ask(&asked));
    asked.same_class = false;
    ck_assert(ask(&asked));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("expect_judge");
    TCase *c = tcase_create("expect_judge");

    tcase_add_test(c, classes_are_found_by_keys);
    tcase_add_test(c, subclasses);
    tcase_add_test(c, what_was_met);
    tcase_add_test(c, edges_that_are_listed);
    tcase_add_test(c, levels_and_what_is_listed);
    tcase_add_test(c, levels_do_not_allow_by_themselves);
    tcase_add_test(c, leaves);
    tcase_add_test(c, what_is_forbidden);
    tcase_add_test(c, any_lock);
    tcase_add_test(c, modes);
    tcase_add_test(c, locks_that_are_not_named);
    tcase_add_test(c, nesting);
    tcase_add_test(c, groups);
    tcase_add_test(c, keys_with_numbers);
    tcase_add_test(c, twins);
    tcase_add_test(c, vague_locks);
    suite_add_tcase(suite, c);
    return unit_run(suite);
}
