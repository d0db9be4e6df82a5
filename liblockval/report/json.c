/* SPDX-License-Identifier: MIT */
/* Owns the escaping of texts. Keeps nothing. */

#include "report/json.h"

#include <string.h>

enum {
    ODD_BYTE = 0xf700 /* of the private use area: plus a byte that is no UTF-8 */
};

static void begin(struct lv_json *json, const char *name)
{
    if (json->comma)
        lv_text_putc(json->out, ',');
    json->comma = true;
    if (name != NULL)
        lv_text_printf(json->out, "\"%s\":", name);
}

void lv_json_begin_object(struct lv_json *json, const char *name)
{
    begin(json, name);
    lv_text_putc(json->out, '{');
    json->comma = false;
}

void lv_json_end_object(struct lv_json *json)
{
    lv_text_putc(json->out, '}');
    json->comma = true;
}

void lv_json_begin_list(struct lv_json *json, const char *name)
{
    begin(json, name);
    lv_text_putc(json->out, '[');
    json->comma = false;
}

void lv_json_end_list(struct lv_json *json)
{
    lv_text_putc(json->out, ']');
    json->comma = true;
}

static bool follows(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

/*
 * The length of the character at @s, of which @len bytes are there; 0: they are no UTF-8. Not allowed are forms that are
 * longer than they must be, halves of pairs (U+D800 to U+DFFF) and what lies beyond U+10FFFF: the second byte tells.
 */
static size_t character(const unsigned char *s, size_t len)
{
    unsigned char first = s[0], low = 0x80, high = 0xbf;
    size_t size;

    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (first == 0xe0)
        low = 0xa0;
    else if (first == 0xed)
        high = 0x9f;
    else if (first == 0xf0)
        low = 0x90;
    else if (first == 0xf4)
        high = 0x8f;
    if (len < size || s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < size; i++)
        if (!follows(s[i]))
            return 0;
    return size;
}

static bool is_plain(unsigned char c)
{
    return c >= ' ' && c < 0x80 && c != '"' && c != '\\';
}

static void put_special(struct lv_text *out, unsigned char c)
{
    static const char short_of[] = "\b\t\n\f\r\"\\";
    static const char letter[] = "btnfr\"\\";
    const char *at = c != 0 ? strchr(short_of, c) : NULL;

    if (at != NULL) {
        lv_text_putc(out, '\\');
        lv_text_putc(out, letter[at - short_of]);
    } else {
        lv_text_printf(out, "\\u%04x", c < 0x80 ? (unsigned)c : ODD_BYTE + (unsigned)c);
    }
}

void lv_json_bytes(struct lv_json *json, const char *name, const char *bytes, size_t len)
{
    const unsigned char *s = (const unsigned char *)bytes;
    size_t i = 0, run = 0; /* what is put as it stands begins at run */

    begin(json, name);
    lv_text_putc(json->out, '"');
    while (i < len) {
        size_t size = is_plain(s[i]) ? 1 : s[i] >= 0x80 ? character(s + i, len - i) : 0;

        if (size != 0) {
            i += size;
            continue;
        }
        lv_text_append(json->out, bytes + run, i - run);
        put_special(json->out, s[i]);
        run = ++i;
    }
    lv_text_append(json->out, bytes + run, len - run);
    lv_text_putc(json->out, '"');
}

void lv_json_text(struct lv_json *json, const char *name, const char *text)
{
    lv_json_bytes(json, name, text != NULL ? text : "", text != NULL ? strlen(text) : 0);
}

void lv_json_bool(struct lv_json *json, const char *name, bool value)
{
    begin(json, name);
    lv_text_puts(json->out, value ? "true" : "false");
}

void lv_json_int(struct lv_json *json, const char *name, int64_t value)
{
    begin(json, name);
    lv_text_printf(json->out, "%lld", (long long)value);
}

void lv_json_null(struct lv_json *json, const char *name)
{
    begin(json, name);
    lv_text_puts(json->out, "null");
}

void lv_json_hex(struct lv_json *json, const char *name, uint64_t value)
{
    begin(json, name);
    lv_text_printf(json->out, "\"0x%llx\"", (unsigned long long)value);
}
