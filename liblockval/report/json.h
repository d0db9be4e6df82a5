/* SPDX-License-Identifier: MIT */
#ifndef LV_REPORT_JSON_H
#define LV_REPORT_JSON_H

#include "base/text.h"

/*
 * JSON into a text, without malloc. Members and elements follow one another, and the commas between them come by
 * themselves. In an object each has a @name, in a list it is null; names are words of our own and are not escaped. A text
 * that was cut (struct lv_text) is no JSON and must be thrown away.
 * Context: any thread, signal-safe, for all functions here.
 */
struct lv_json {
    struct lv_text *out;
    bool comma; /* something stands before the next member */
};

static inline void lv_json_init(struct lv_json *json, struct lv_text *out)
{
    *json = (struct lv_json){ .out = out };
}

void lv_json_begin_object(struct lv_json *json, const char *name);
void lv_json_end_object(struct lv_json *json);
void lv_json_begin_list(struct lv_json *json, const char *name);
void lv_json_end_list(struct lv_json *json);

/*
 * A text of any bytes. What is UTF-8 stays what it is; a byte that is no part of it becomes the character U+F700 plus the
 * byte, so that two texts that differ stay different. @text may be null: the empty text.
 */
void lv_json_text(struct lv_json *json, const char *name, const char *text);
void lv_json_bytes(struct lv_json *json, const char *name, const char *bytes, size_t len);

void lv_json_bool(struct lv_json *json, const char *name, bool value);
void lv_json_int(struct lv_json *json, const char *name, int64_t value);
void lv_json_null(struct lv_json *json, const char *name);

/* "0x4a10" */
void lv_json_hex(struct lv_json *json, const char *name, uint64_t value);

#endif
