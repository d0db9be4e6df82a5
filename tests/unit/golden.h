/* SPDX-License-Identifier: MIT */
#ifndef LV_TESTS_UNIT_GOLDEN_H
#define LV_TESTS_UNIT_GOLDEN_H

/*
 * Reports against golden files: a test builds a finding by hand, as plain data, and compares the rendering with
 * golden/NAME.txt byte by byte. With LOCKVAL_BLESS=1 in the environment the golden files are rewritten instead; read the
 * difference before it goes in.
 */

#include "report/report.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPORT_SIZE 65536

/* Stacks and locks, written as they are read. */
/* clang-format off */
#define FRAMES(...) ((const char *const[]){ __VA_ARGS__ })
#define STACK(...) { sizeof(FRAMES(__VA_ARGS__)) / sizeof(char *), FRAMES(__VA_ARGS__) }
#define LOCK(address, class, mode, flags, ...) { (address), (class), (mode), (flags), STACK(__VA_ARGS__), false, NULL }
#define LOCK_ONLY(address, class) { (address), (class), LV_WRITE, 0, { 0, NULL }, false, NULL }
/* clang-format on */

/* The outer end of most stacks. */
#define MAIN "worker_main+0x13a (transfer)", "start_thread+0x2f3 (libc.so.6)"

static inline void golden_path(char *path, size_t size, const char *name)
{
    const char *dir = getenv("LOCKVAL_TEST_DATA");

    snprintf(path, size, "%s/golden/%s.txt", dir ? dir : "tests/unit", name);
}

static inline void golden_bless(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    ck_assert_msg(file != NULL, "cannot write %s", path);
    fputs(text, file);
    ck_assert_msg(fclose(file) == 0, "cannot write %s", path);
}

static inline void golden_compare(const char *path, const char *got)
{
    char *want = calloc(1, REPORT_SIZE);
    FILE *file = fopen(path, "r");

    ck_assert_msg(file != NULL, "no golden file %s: LOCKVAL_BLESS=1 writes it", path);
    ck_assert_uint_lt(fread(want, 1, REPORT_SIZE - 1, file), REPORT_SIZE - 1);
    fclose(file);
    ck_assert_msg(strcmp(got, want) == 0, "the report differs from %s; it is now:\n%s", path, got);
    free(want);
}

static inline void expect_golden(const char *name, const struct lv_report *report)
{
    char path[4096];
    char *got = malloc(REPORT_SIZE);
    struct lv_text out;

    lv_text_init(&out, got, REPORT_SIZE);
    lv_report_text(report, &out);
    ck_assert(!out.cut);
    ck_assert_uint_eq(strlen(got), out.len);

    golden_path(path, sizeof(path), name);
    if (getenv("LOCKVAL_BLESS"))
        golden_bless(path, got);
    else
        golden_compare(path, got);
    free(got);
}

#endif
