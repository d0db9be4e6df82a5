/* SPDX-License-Identifier: MIT */
#ifndef LV_BASE_TEXT_H
#define LV_BASE_TEXT_H

#include "base/types.h"

/*
 * A text that grows in memory the caller gives, without malloc or stdio. When it is full it stops growing and remembers
 * that it was cut; nothing is ever written outside the buffer, and the text is always terminated.
 */
struct lv_text {
    char *buf;
    size_t size; /* of buf, terminator included */
    size_t len;
    bool cut; /* something did not fit */
};

/* Context: any thread, signal-safe, for all functions here. */
void lv_text_init(struct lv_text *t, char *buf, size_t size);
void lv_text_puts(struct lv_text *t, const char *s);
void lv_text_putc(struct lv_text *t, char c);
void lv_text_append(struct lv_text *t, const char *s, size_t n); /* @n bytes, whatever they are */
void lv_text_repeat(struct lv_text *t, char c, size_t n);

/*
 * A subset of printf: %s %c %d %u %x %p %%, the lengths l, ll and z, a width (with - and 0, or *), and %.*s or %.5s. %p
 * is always 0x and digits, a null %s is "(null)". Other flags, lengths and precisions of numbers are not known.
 */
void lv_text_printf(struct lv_text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Does @text match the shell pattern @glob (* ? only)? Cost: O(|text| * |glob|) at worst. */
bool lv_text_glob(const char *glob, const char *text);

#endif
