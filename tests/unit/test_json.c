/* SPDX-License-Identifier: MIT */
/* JSON: commas, numbers, and texts of any bytes. What UTF-8 is, is said once more here, from code points. */

#include "report/json.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

static char buf[65536];
static struct lv_text out;

static struct lv_json begin(void)
{
    struct lv_json json;

    lv_text_init(&out, buf, sizeof(buf));
    lv_json_init(&json, &out);
    return json;
}

START_TEST(commas_come_by_themselves)
{
    struct lv_json json = begin();

    lv_json_begin_object(&json, NULL);
    lv_json_begin_list(&json, "empty");
    lv_json_end_list(&json);
    lv_json_begin_list(&json, "list");
    lv_json_int(&json, NULL, 1);
    lv_json_begin_object(&json, NULL);
    lv_json_end_object(&json);
    lv_json_text(&json, NULL, "x");
    lv_json_begin_list(&json, NULL);
    lv_json_null(&json, NULL);
    lv_json_end_list(&json);
    lv_json_end_list(&json);
    lv_json_begin_object(&json, "object");
    lv_json_bool(&json, "yes", true);
    lv_json_bool(&json, "no", false);
    lv_json_end_object(&json);
    lv_json_null(&json, "nothing");
    lv_json_end_object(&json);
    ck_assert_str_eq(
        buf, "{\"empty\":[],\"list\":[1,{},\"x\",[null]],\"object\":{\"yes\":true,\"no\":false},\"nothing\":null}");
}
END_TEST

START_TEST(numbers)
{
    struct lv_json json = begin();

    lv_json_begin_list(&json, NULL);
    lv_json_int(&json, NULL, 0);
    lv_json_int(&json, NULL, INT64_MAX);
    lv_json_int(&json, NULL, INT64_MIN);
    lv_json_hex(&json, NULL, 0);
    lv_json_hex(&json, NULL, UINT64_MAX);
    lv_json_end_list(&json);
    ck_assert_str_eq(buf, "[0,9223372036854775807,-9223372036854775808,\"0x0\",\"0xffffffffffffffff\"]");
}
END_TEST

static void expect(const char *bytes, size_t len, const char *wanted)
{
    struct lv_json json = begin();

    lv_json_bytes(&json, NULL, bytes, len);
    ck_assert_str_eq(buf, wanted);
}

START_TEST(each_byte_alone)
{
    for (unsigned c = 0; c < 256; c++) {
        char byte = (char)c, wanted[16];

        if (c == '"' || c == '\\')
            (void)snprintf(wanted, sizeof(wanted), "\"\\%c\"", (char)c);
        else if (c >= 0x80)
            (void)snprintf(wanted, sizeof(wanted), "\"\\uf7%02x\"", c);
        else if (c >= ' ' && c != 0x7f)
            (void)snprintf(wanted, sizeof(wanted), "\"%c\"", (char)c);
        else if (c == 0x7f)
            continue; /* may be either; see below */
        else if (strchr("\b\t\n\f\r", (int)c) != NULL && c != 0)
            (void)snprintf(wanted, sizeof(wanted), "\"\\%c\"", "btn?fr"[c - '\b']);
        else
            (void)snprintf(wanted, sizeof(wanted), "\"\\u%04x\"", c);
        expect(&byte, 1, wanted);
    }
    expect("\x7f", 1, "\"\x7f\"");
}
END_TEST

START_TEST(a_null_text_is_empty)
{
    struct lv_json json = begin();

    lv_json_begin_object(&json, NULL);
    lv_json_text(&json, "a", NULL);
    lv_json_text(&json, "b", "");
    lv_json_end_object(&json);
    ck_assert_str_eq(buf, "{\"a\":\"\",\"b\":\"\"}");
}
END_TEST

/* The bytes of @point in a form of @size bytes, also where that is not the right one. */
static void encode(uint32_t point, size_t size, char ret[5])
{
    static const unsigned char first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

    memset(ret, 0, 5);
    for (size_t i = size; i-- > 1;) {
        ret[i] = (char)(0x80 | (point & 0x3f));
        point >>= 6;
    }
    ret[0] = size == 1 ? (char)point : (char)(first[size] | point);
}

static size_t size_of(uint32_t point)
{
    return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}

static void expect_all_odd(const char *bytes, size_t len)
{
    char wanted[64] = "\"";

    for (size_t i = 0; i < len; i++)
        (void)snprintf(wanted + strlen(wanted), 8, "\\uf7%02x", (unsigned)(unsigned char)bytes[i]);
    (void)strcat(wanted, "\"");
    expect(bytes, len, wanted);
}

/* Every code point there is, and the halves of pairs, which are none. */
START_TEST(every_code_point)
{
    for (uint32_t point = 0x80; point < 0x110000; point++) {
        char bytes[5], wanted[8];

        encode(point, size_of(point), bytes);
        if (point >= 0xd800 && point < 0xe000) {
            expect_all_odd(bytes, 3);
            continue;
        }
        (void)snprintf(wanted, sizeof(wanted), "\"%s\"", bytes);
        expect(bytes, size_of(point), wanted);
    }
}
END_TEST

/* All forms of two bytes more than needed, and what lies beyond the last code point. */
START_TEST(what_is_no_code_point)
{
    char bytes[5];

    for (size_t size = 2; size <= 4; size++) {
        uint32_t end = size == 2 ? 0x80 : size == 3 ? 0x800 : 0x10000;

        for (uint32_t point = size == 2 ? 0x80 - 64 : end - 4096 < end ? end - 512 : 0; point < end; point++) {
            size_t low = 0;

            encode(point, size, bytes);
            while (low < size && (bytes[low] & 0x80) != 0)
                low++;
            ck_assert_uint_eq(low, size);
            expect_all_odd(bytes, size);
        }
    }
    for (uint32_t point = 0x110000; point < 0x110000 + 4096; point++) {
        encode(point, 4, bytes);
        expect_all_odd(bytes, 4);
    }
    expect_all_odd("\xf5\x80\x80\x80", 4);
    expect_all_odd("\xff\xfe", 2);
}
END_TEST

START_TEST(characters_that_stop_short)
{
    expect("\xe2\x82", 2, "\"\\uf7e2\\uf782\"");
    expect("\xe2\x82x", 3, "\"\\uf7e2\\uf782x\"");
    expect("\xc3\xc3\xa9", 3, "\"\\uf7c3\xc3\xa9\"");
    expect("\xf0\x9f\x94\xf0\x9f\x94\x92", 7, "\"\\uf7f0\\uf79f\\uf794\xf0\x9f\x94\x92\"");
    /* What follows the text in memory is none of it. */
    expect("\xe2\x82\xac", 2, "\"\\uf7e2\\uf782\"");
    expect("a\0b", 3, "\"a\\u0000b\"");
}
END_TEST

START_TEST(a_text_that_does_not_fit_is_cut)
{
    char small[8];
    struct lv_text text;
    struct lv_json json;

    lv_text_init(&text, small, sizeof(small));
    lv_json_init(&json, &text);
    lv_json_text(&json, NULL, "12345");
    ck_assert(!text.cut);
    ck_assert_str_eq(small, "\"12345\"");
    lv_text_init(&text, small, sizeof(small));
    lv_json_init(&json, &text);
    lv_json_text(&json, NULL, "1234\n");
    ck_assert(text.cut);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        commas_come_by_themselves,
        numbers,
        each_byte_alone,
        a_null_text_is_empty,
        every_code_point,
        what_is_no_code_point,
        characters_that_stop_short,
        a_text_that_does_not_fit_is_cut,
    };
    Suite *suite = suite_create("json");
    TCase *tcase = tcase_create("json");

    tcase_set_timeout(tcase, 60);
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
