/* SPDX-License-Identifier: MIT */
/*
 * Owns the formatting of all text that the library writes. It holds no state: every byte goes into the caller's buffer.
 *
 * It is its own, because snprintf may allocate, takes the locale's lock and is not safe in a signal handler. It knows
 * only what the reports need; the compiler checks the formats (attribute format), so an unknown conversion is a
 * programming error. What follows one is printed as it stands: its arguments cannot be told apart any more.
 */

#include "base/text.h"

#include <stdarg.h>
#include <string.h>

enum length {
    LENGTH_INT,
    LENGTH_LONG,
    LENGTH_LONG_LONG,
    LENGTH_SIZE
};

/* One conversion, as it was written in the format. */
struct spec {
    bool left;
    bool zero;
    size_t width;
    size_t precision; /* SIZE_MAX: none */
    enum length length;
    char conversion;
};

void lv_text_init(struct lv_text *t, char *buf, size_t size)
{
    t->buf = buf;
    t->size = size;
    t->len = 0;
    t->cut = false;
    if (size > 0)
        buf[0] = '\0';
}

/* Append as much of the @n bytes as fits. Once cut, a text stays as it is, even if something shorter would fit. */
static void append(struct lv_text *t, const char *s, size_t n)
{
    size_t room;

    if (n == 0 || t->cut)
        return;
    room = t->size > 0 ? t->size - 1 - t->len : 0;
    if (n > room) {
        t->cut = true;
        n = room;
    }
    if (n == 0)
        return;
    memcpy(t->buf + t->len, s, n);
    t->len += n;
    t->buf[t->len] = '\0';
}

void lv_text_append(struct lv_text *t, const char *s, size_t n)
{
    append(t, s, n);
}

void lv_text_puts(struct lv_text *t, const char *s)
{
    append(t, s, strlen(s));
}

void lv_text_putc(struct lv_text *t, char c)
{
    append(t, &c, 1);
}

void lv_text_repeat(struct lv_text *t, char c, size_t n)
{
    while (n-- > 0 && !t->cut)
        append(t, &c, 1);
}

/* @prefix (a sign, or 0x) and @body, padded to the width. Zeros go between the two, blanks outside of them. */
static void pad(struct lv_text *t, const struct spec *spec, const char *prefix, const char *body, size_t body_len)
{
    size_t used = strlen(prefix) + body_len;
    size_t fill = spec->width > used ? spec->width - used : 0;
    bool zero = spec->zero && !spec->left;

    if (!spec->left && !zero)
        lv_text_repeat(t, ' ', fill);
    lv_text_puts(t, prefix);
    if (zero)
        lv_text_repeat(t, '0', fill);
    append(t, body, body_len);
    if (spec->left)
        lv_text_repeat(t, ' ', fill);
}

static void put_number(struct lv_text *t, const struct spec *spec, const char *prefix, uint64_t value, unsigned base)
{
    char digits[20]; /* 2^64 - 1 has 20 decimal digits */
    size_t at = sizeof(digits);

    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    pad(t, spec, prefix, digits + at, sizeof(digits) - at);
}

static uint64_t take_unsigned(va_list *args, enum length length)
{
    switch (length) {
    case LENGTH_LONG:
        return va_arg(*args, unsigned long);
    case LENGTH_LONG_LONG:
        return va_arg(*args, unsigned long long);
    case LENGTH_SIZE:
        return va_arg(*args, size_t);
    case LENGTH_INT:
        break;
    }
    return va_arg(*args, unsigned);
}

static int64_t take_signed(va_list *args, enum length length)
{
    switch (length) {
    case LENGTH_LONG:
        return va_arg(*args, long);
    case LENGTH_LONG_LONG:
        return va_arg(*args, long long);
    case LENGTH_SIZE:
        return va_arg(*args, ptrdiff_t);
    case LENGTH_INT:
        break;
    }
    return va_arg(*args, int);
}

/* A width or precision: digits, or * for an argument. Too large ones stop at a million; the buffers are smaller. */
static const char *parse_count(const char *p, va_list *args, int *ret_value)
{
    int value = 0;

    if (*p == '*') {
        *ret_value = va_arg(*args, int);
        return p + 1;
    }
    for (; *p >= '0' && *p <= '9'; p++) {
        if (value < 100000)
            value = value * 10 + (*p - '0');
    }
    *ret_value = value;
    return p;
}

/* Read the conversion after a percent sign. Returns what follows it. */
static const char *parse_spec(const char *p, va_list *args, struct spec *ret_spec)
{
    struct spec spec = { .precision = SIZE_MAX };
    int count;

    for (; *p == '-' || *p == '0'; p++) {
        spec.left |= *p == '-';
        spec.zero |= *p == '0';
    }
    p = parse_count(p, args, &count);
    spec.left |= count < 0;
    spec.width = (size_t)(count < 0 ? -(int64_t)count : count);
    if (*p == '.') {
        p = parse_count(p + 1, args, &count);
        spec.precision = count < 0 ? SIZE_MAX : (size_t)count;
    }
    if (*p == 'l') {
        p++;
        spec.length = *p == 'l' ? LENGTH_LONG_LONG : LENGTH_LONG;
        p += *p == 'l';
    } else if (*p == 'z') {
        p++;
        spec.length = LENGTH_SIZE;
    }
    spec.conversion = *p;
    *ret_spec = spec;
    return *p ? p + 1 : p;
}

/* Print one argument. Returns false for a conversion that is not known. */
static bool convert(struct lv_text *t, struct spec *spec, va_list *args)
{
    const char *s;
    int64_t number;
    char c;

    switch (spec->conversion) {
    case 's':
        s = va_arg(*args, const char *);
        if (s == NULL)
            s = "(null)";
        spec->zero = false;
        pad(t, spec, "", s, spec->precision == SIZE_MAX ? strlen(s) : strnlen(s, spec->precision));
        return true;
    case 'c':
        c = (char)va_arg(*args, int);
        spec->zero = false;
        pad(t, spec, "", &c, 1);
        return true;
    case 'd':
        number = take_signed(args, spec->length);
        put_number(t, spec, number < 0 ? "-" : "", number < 0 ? -(uint64_t)number : (uint64_t)number, 10);
        return true;
    case 'u':
        put_number(t, spec, "", take_unsigned(args, spec->length), 10);
        return true;
    case 'x':
        put_number(t, spec, "", take_unsigned(args, spec->length), 16);
        return true;
    case 'p':
        put_number(t, spec, "0x", (uintptr_t)va_arg(*args, void *), 16);
        return true;
    case '%':
        lv_text_putc(t, '%');
        return true;
    default:
        return false;
    }
}

void lv_text_printf(struct lv_text *t, const char *format, ...)
{
    const char *p = format;
    va_list args;

    va_start(args, format);
    for (;;) {
        const char *percent = strchr(p, '%');
        struct spec spec;

        if (!percent) {
            lv_text_puts(t, p);
            break;
        }
        append(t, p, (size_t)(percent - p));
        p = parse_spec(percent + 1, &args, &spec);
        if (!convert(t, &spec, &args)) {
            lv_text_puts(t, percent);
            break;
        }
    }
    va_end(args);
}

bool lv_text_glob(const char *glob, const char *text)
{
    const char *star = NULL;  /* just behind the last star met */
    const char *again = NULL; /* where the text goes on if that star swallows one character more */

    /* Only the last star needs to be tried anew: whatever an earlier one could swallow, the last one can as well. */
    while (*text) {
        if (*glob == '*') {
            star = ++glob;
            again = text;
        } else if (*glob == '?' || (*glob != '\0' && *glob == *text)) {
            glob++;
            text++;
        } else if (star) {
            glob = star;
            text = ++again;
        } else {
            return false;
        }
    }
    while (*glob == '*')
        glob++;
    return *glob == '\0';
}
