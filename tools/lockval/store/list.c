/* SPDX-License-Identifier: MIT */
/*
 * The runs of a store, and what there is of everything.
 */

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/command.h"
#include "store/query.h"

static const char runs[] =
    "SELECT process, program, path, argv, test, commit_id, host, start_ms, forked, ended, status, findings, runs, hash,"
    " (SELECT count(*) FROM class_run WHERE run = r.id), (SELECT count(*) FROM edge_run WHERE run = r.id)"
    " FROM run r WHERE id IN (SELECT id FROM temp.chosen) ORDER BY start_ms, hash";

static json_t *run_json(sqlite3_stmt *row)
{
    static const char *const texts[] = { "process", "program", "path", NULL, "test", "commit", "host" };
    json_t *json = json_object(), *argv = json_loads(db_text(row, 3), 0, NULL);
    char text[32];

    for (int i = 0; i < 7; i++)
        if (texts[i] != NULL)
            (void)json_object_set_new(json, texts[i], json_string(db_text(row, i)));
    (void)json_object_set_new(json, "argv", argv != NULL ? argv : json_array());
    (void)json_object_set_new(json, "start_ms", json_integer(sqlite3_column_int64(row, 7)));
    (void)json_object_set_new(json, "time", json_string(db_time((uint64_t)sqlite3_column_int64(row, 7), text)));
    (void)json_object_set_new(json, "forked", json_boolean(sqlite3_column_int(row, 8) != 0));
    (void)json_object_set_new(json, "ended", json_boolean(sqlite3_column_int(row, 9) != 0));
    (void)json_object_set_new(
        json, "status",
        sqlite3_column_type(row, 10) == SQLITE_NULL ? json_null() : json_integer(sqlite3_column_int64(row, 10)));
    (void)json_object_set_new(json, "findings", json_integer(sqlite3_column_int64(row, 11)));
    (void)json_object_set_new(json, "runs", json_integer(sqlite3_column_int64(row, 12)));
    (void)json_object_set_new(json, "hash", json_string(db_text(row, 13)));
    (void)json_object_set_new(json, "classes", json_integer(sqlite3_column_int64(row, 14)));
    (void)json_object_set_new(json, "edges", json_integer(sqlite3_column_int64(row, 15)));
    return json;
}

static void print_run(sqlite3_stmt *row)
{
    char text[32];
    int64_t many = sqlite3_column_int64(row, 12);

    (void)printf("%-19s  ", db_time((uint64_t)sqlite3_column_int64(row, 7), text));
    if (strcmp(db_text(row, 0), "merged") == 0)
        (void)printf("(a merged record of %lld runs)", (long long)many);
    else
        (void)printf("%s[%s]", db_text(row, 1), db_text(row, 0));
    if (*db_text(row, 4) != '\0')
        (void)printf(", test %s", db_text(row, 4));
    if (*db_text(row, 5) != '\0')
        (void)printf(", commit %s", db_text(row, 5));
    if (*db_text(row, 6) != '\0')
        (void)printf(", on %s", db_text(row, 6));
    (void)printf(": %lld classes, %lld edges, %lld findings", (long long)sqlite3_column_int64(row, 14),
                 (long long)sqlite3_column_int64(row, 15), (long long)sqlite3_column_int64(row, 11));
    if (sqlite3_column_type(row, 10) != SQLITE_NULL)
        (void)printf(", status %lld", (long long)sqlite3_column_int64(row, 10));
    else if (sqlite3_column_int(row, 9) == 0 && strcmp(db_text(row, 0), "merged") != 0)
        (void)printf(", no end");
    (void)printf("\n");
}

bool db_print_runs(struct db *db, const struct db_filter *filter, bool json)
{
    json_t *list = json_array();
    sqlite3_stmt *rows;

    (void)db_choose(db, filter);
    rows = db_ask(db, runs, "");
    while (db_row(db, rows)) {
        if (json)
            (void)json_array_append_new(list, run_json(rows));
        else
            print_run(rows);
    }
    if (json && !db->failed) {
        (void)json_dumpf(list, stdout, JSON_INDENT(2));
        (void)printf("\n");
    }
    json_decref(list);
    return !db->failed;
}

/* SQLite looks at its pages and rows, and each part is unpacked. */
static bool look_over(struct db *db)
{
    sqlite3_stmt *rows = db_ask(db, "PRAGMA integrity_check(1)", "");
    bool good = true;

    while (db_row(db, rows)) {
        if (strcmp(db_text(rows, 0), "ok") == 0)
            continue;
        cli_complain("%s: the store is damaged: %s", db->path, db_text(rows, 0));
        good = false;
    }
    if (!good)
        db->failed = true;
    rows = db_ask(db, "SELECT id FROM part", "");
    while (db_row(db, rows)) {
        struct rec_set *set = db_part_read(db, sqlite3_column_int64(rows, 0));

        if (set != NULL)
            rec_close(set);
    }
    return !db->failed;
}

bool db_print_info(struct db *db, bool json)
{
    static const struct {
        const char *label, *sql;
    } counts[] = {
        { "version", "PRAGMA user_version" },
        { "runs", "SELECT count(*) FROM run WHERE process <> 'merged'" },
        { "merged records", "SELECT count(*) FROM run WHERE process = 'merged'" },
        { "programs", "SELECT count(DISTINCT program) FROM run WHERE process <> 'merged'" },
        { "tests", "SELECT count(DISTINCT test) FROM run WHERE test <> ''" },
        { "commits", "SELECT count(DISTINCT commit_id) FROM run WHERE commit_id <> ''" },
        { "hosts", "SELECT count(DISTINCT host) FROM run WHERE host <> ''" },
        { "classes", "SELECT count(*) FROM class" },
        { "edges", "SELECT count(*) FROM edge" },
        { "findings", "SELECT count(*) FROM finding" },
        { "parts", "SELECT count(*) FROM part" },
    };
    json_t *object = json_object();
    struct stat file;
    char text[32];
    int64_t first, last;

    if (look_over(db)) {
        for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
            (void)json_object_set_new(object, counts[i].label, json_integer(db_number(db, counts[i].sql, 0)));
        (void)json_object_set_new(object, "bytes",
                                  json_integer(stat(db->path, &file) == 0 ? (json_int_t)file.st_size : 0));
        first = db_number(db, "SELECT coalesce(min(start_ms), 0) FROM run WHERE start_ms > 0", 0);
        last = db_number(db, "SELECT coalesce(max(start_ms), 0) FROM run", 0);
        (void)json_object_set_new(object, "first run", json_string(db_time((uint64_t)first, text)));
        (void)json_object_set_new(object, "last run", json_string(db_time((uint64_t)last, text)));
    }
    if (!db->failed && json) {
        (void)json_dumpf(object, stdout, JSON_INDENT(2));
        (void)printf("\n");
    } else if (!db->failed) {
        const char *label;
        json_t *value;

        json_object_foreach(object, label, value)
        {
            if (json_is_integer(value))
                (void)printf("%-15s %lld\n", label, (long long)json_integer_value(value));
            else if (*json_string_value(value) != '\0')
                (void)printf("%-15s %s\n", label, json_string_value(value));
        }
    }
    json_decref(object);
    return !db->failed;
}
