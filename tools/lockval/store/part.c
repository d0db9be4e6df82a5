/* SPDX-License-Identifier: MIT */
/*
 * The parts: each the text of a merged record, compressed. A part is changed as a whole: read, joined with what is new, written. The
 * checksum in the compressed text finds what SQLite itself, which keeps none of its pages, cannot.
 */

#define _GNU_SOURCE
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "common/command.h"
#include "common/memory.h"
#include "record/pool.h"
#include "store/file.h"

enum {
    SIZE_MAX_PART = 1 << 30 /* of a text; what says more is damaged */
};

struct rec_set *db_set_of(const char *text, size_t size)
{
    struct rec_set *set = rec_open();
    const char *end = text + size;

    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t len = newline != NULL ? (size_t)(newline - text) : (size_t)(end - text);

        (void)rec_read_line(set, "store", text, len);
        text += len + 1;
    }
    return set;
}

static void damaged(struct db *db, int64_t part)
{
    if (!db->failed)
        cli_complain("%s: the store is damaged: what is in part %lld cannot be read", db->path, (long long)part);
    db->failed = true;
}

static struct rec_set *inflate_part(struct db *db, int64_t part, const void *content, int length, int64_t size)
{
    uLongf got = (uLongf)size;
    char *text = size > 0 && size < SIZE_MAX_PART ? malloc((size_t)size) : NULL;
    struct rec_set *set = NULL;

    if (text != NULL && uncompress((Bytef *)text, &got, content, (uLong)length) == Z_OK && got == (uLongf)size)
        set = db_set_of(text, got);
    free(text);
    if (set != NULL && (set->process_count != 1 || !set->processes[0]->merged)) {
        rec_close(set);
        set = NULL;
    }
    if (set == NULL)
        damaged(db, part);
    return set;
}

struct rec_set *db_part_read(struct db *db, int64_t part)
{
    sqlite3_stmt *row = db_ask(db, "SELECT content, size FROM part WHERE id = ?", "i", part);
    struct rec_set *set = NULL;

    if (db_row(db, row) && sqlite3_column_type(row, 0) == SQLITE_BLOB)
        set = inflate_part(db, part, sqlite3_column_blob(row, 0), sqlite3_column_bytes(row, 0),
                           sqlite3_column_int64(row, 1));
    if (row != NULL)
        (void)sqlite3_reset(row);
    return set;
}

bool db_part_write(struct db *db, int64_t part, const struct un_union *all)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    sqlite3_stmt *row;
    Bytef *content;
    uLongf length;

    (void)__fsetlocking(out, FSETLOCKING_BYCALLER);
    (void)un_write(all, out);
    (void)fclose(out);
    length = compressBound(size);
    content = cli_alloc(length, 1);
    (void)compress2(content, &length, (const Bytef *)text, size, 6);
    row = db_ask(db, "UPDATE part SET size = ?, content = ? WHERE id = ?", "i", (int64_t)size);
    if (row != NULL) {
        (void)sqlite3_bind_blob64(row, 2, content, length, SQLITE_TRANSIENT);
        (void)sqlite3_bind_int64(row, 3, part);
        (void)db_row(db, row);
    }
    free(content);
    free(text);
    return !db->failed;
}

/* Is there a chosen run of @part with the class? */
static bool class_allowed(struct db *db, int64_t part, const struct rec_class *class)
{
    sqlite3_stmt *row =
        db_ask(db,
               "SELECT 1 FROM class c JOIN class_run u ON u.class = c.id JOIN temp.chosen o ON o.id = u.run"
               " WHERE c.identity = ? AND o.part = ? LIMIT 1",
               "ti", un_identity(class), part);
    bool found = db_row(db, row);

    if (row != NULL)
        (void)sqlite3_reset(row);
    return found;
}

static bool edge_allowed(struct db *db, int64_t part, const struct rec_edge *edge)
{
    sqlite3_stmt *row =
        db_ask(db,
               "SELECT 1 FROM class a JOIN class b JOIN edge e ON e.from_class = a.id AND e.to_class = b.id"
               " JOIN edge_run u ON u.edge = e.id JOIN temp.chosen o ON o.id = u.run"
               " WHERE a.identity = ? AND b.identity = ? AND o.part = ? LIMIT 1",
               "tti", un_identity(edge->from), un_identity(edge->to), part);
    bool found = db_row(db, row);

    if (row != NULL)
        (void)sqlite3_reset(row);
    return found;
}

static bool finding_allowed(struct db *db, int64_t part, const struct rec_finding *finding)
{
    sqlite3_stmt *row =
        db_ask(db,
               "SELECT 1 FROM finding f JOIN finding_run u ON u.finding = f.id JOIN temp.chosen o ON o.id = u.run"
               " WHERE f.fingerprint = ? AND o.part = ? LIMIT 1",
               "ti", finding->fingerprint, part);
    bool found = db_row(db, row);

    if (row != NULL)
        (void)sqlite3_reset(row);
    return found;
}

void db_add_allowed(struct db *db, int64_t part, const struct rec_process *process, struct un_union *all)
{
    struct rec_process some = *process;

    some.class_count = some.edge_count = some.finding_count = some.use_count = 0;
    some.classes = cli_alloc(process->class_count + 1, sizeof(*some.classes));
    some.edges = cli_alloc(process->edge_count + 1, sizeof(*some.edges));
    some.findings = cli_alloc(process->finding_count + 1, sizeof(*some.findings));
    some.uses = cli_alloc(process->use_count + 1, sizeof(*some.uses));
    for (size_t i = 0; i < process->class_count; i++)
        if (class_allowed(db, part, process->classes[i]))
            some.classes[some.class_count++] = process->classes[i];
    for (size_t i = 0; i < process->edge_count; i++)
        if (edge_allowed(db, part, process->edges[i]))
            some.edges[some.edge_count++] = process->edges[i];
    for (size_t i = 0; i < process->finding_count; i++)
        if (finding_allowed(db, part, process->findings[i]))
            some.findings[some.finding_count++] = process->findings[i];
    for (size_t i = 0; i < process->use_count; i++)
        if (class_allowed(db, part, process->uses[i]->class))
            some.uses[some.use_count++] = process->uses[i];
    if (!db->failed)
        un_add(all, &some);
    free(some.classes);
    free(some.edges);
    free(some.findings);
    free(some.uses);
}
