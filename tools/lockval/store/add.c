/* SPDX-License-Identifier: MIT */
/*
 * Adding. Each process is first made a merged record of its own, outside of any transaction; then one transaction takes all of them: a
 * row for each, and for each of its classes, edges and findings; and the union of each part that they belong to, which is read once,
 * joined, and written once.
 *
 * A run is known by its hash. What a run gave is known by a digest, so that a run that was added before costs a look. A run that
 * was added while it ran, and has more now, is joined with what it had: joining is idempotent.
 *
 * A merged record is a row like a run, and a part of its own: it does not say which run did what.
 */

#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "store/file.h"
#include "symbol/symbols.h"

/* A process that is to be added. */
struct item {
    const struct rec_process *process; /* as it was read */
    bool known;                        /* nothing in it is new */
    struct rec_set *set;               /* what it becomes: one merged process; null: it is known */
    char hash[18], digest[17];
    const char *test, *commit, *host; /* as it says, or the labels */
    int64_t part;
};

/* A part that is being changed. */
struct change {
    int64_t part;
    struct un_union *all;
};

struct adding {
    struct db *db;
    struct sym_session *symbols;
    bool fresh; /* something is new */
    size_t item_count, change_count;
    struct item *items;
    struct change *changes;
    struct db_added added;
};

/* FNV-1a. */
static uint64_t digest_of(const char *text, size_t size)
{
    uint64_t hash = 0xcbf29ce484222325U;

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3U;
    return hash;
}

static const char *said(const char *text, const char *label)
{
    return *text != '\0' || label == NULL ? text : label;
}

/* @all as it is written, in memory to free. */
static char *text_of(const struct un_union *all, size_t *ret_size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, ret_size);

    (void)__fsetlocking(out, FSETLOCKING_BYCALLER);
    (void)un_write(all, out);
    (void)fclose(out);
    return text;
}

/* Was all of it added before? */
static bool is_known(struct db *db, const struct item *item, bool *ret_known)
{
    sqlite3_stmt *row = db_ask(db, "SELECT digest FROM run WHERE hash = ?", "t", item->hash);
    bool there = db_row(db, row);

    *ret_known = there && strcmp(db_text(row, 0), item->digest) == 0;
    if (row != NULL)
        (void)sqlite3_reset(row);
    return there;
}

/* A label fills in what the record does not say, also in the runs that its witnesses are of. The digest is that of the record: places in
 * the source are looked up behind it, and may be found once and not another time. */
static void prepare(const struct adding *adding, struct item *item, const struct rec_process *process,
                    const struct db_labels *labels)
{
    struct rec_process labelled = *process;
    struct un_union *one = un_open();
    char *text;
    size_t size = 0;

    if (!process->merged) {
        labelled.test = said(process->test, labels->test);
        labelled.commit = said(process->commit, labels->commit);
        labelled.host = said(process->host, labels->host);
        un_run_hash(&labelled, item->hash);
    }
    un_add(one, &labelled);
    text = text_of(one, &size);
    (void)snprintf(item->digest, sizeof(item->digest), "%016" PRIx64, digest_of(text, size));
    if (process->merged)
        (void)snprintf(item->hash, sizeof(item->hash), "m%s", item->digest);
    item->process = process;
    item->test = process->merged ? "" : labelled.test;
    item->commit = process->merged ? "" : labelled.commit;
    item->host = process->merged ? "" : labelled.host;
    free(text);
    (void)is_known(adding->db, item, &item->known);
    if (!item->known) {
        un_look_up(one, adding->symbols);
        text = text_of(one, &size);
        item->set = db_set_of(text, size);
        free(text);
    }
    un_close(one);
}

/* ---- a row for the run ---- */

static int64_t part_of(struct db *db, const struct item *item)
{
    const char *program = item->process->merged ? "" : item->process->program;
    const char *merged = item->process->merged ? item->hash : "";
    sqlite3_stmt *row;
    int64_t part;

    (void)db_do(db, "INSERT OR IGNORE INTO part (program, test, commit_id, merged) VALUES (?, ?, ?, ?)", "tttt",
                program, item->test, item->commit, merged);
    row = db_ask(db, "SELECT id FROM part WHERE program = ? AND test = ? AND commit_id = ? AND merged = ?", "tttt",
                 program, item->test, item->commit, merged);
    part = db_row(db, row) ? sqlite3_column_int64(row, 0) : 0;
    if (row != NULL)
        (void)sqlite3_reset(row);
    return part;
}

static char *arguments_of(const struct rec_process *process)
{
    json_t *list = json_array();
    char *text;

    for (size_t i = 0; i < process->argc; i++)
        (void)json_array_append_new(list, json_string(process->argv[i]));
    text = json_dumps(list, JSON_COMPACT);
    json_decref(list);
    return text;
}

/* A run that ended stays so, though an older copy of its record comes later. Returns the row's number. */
static int64_t write_run(struct db *db, struct item *item)
{
    const struct rec_process *process = item->process, *merged = item->set->processes[0];
    const json_t *status = json_object_get(process->end, "status");
    char *argv = arguments_of(process), *name = cli_printf("%lld/%s", (long long)process->pid, process->run);
    char *code = json_is_integer(status) ? cli_printf("%lld", (long long)json_integer_value(status)) : NULL;
    sqlite3_stmt *row;
    int64_t run;

    item->part = part_of(db, item);
    row = db_ask(
        db,
        "INSERT INTO run (hash, part, process, program, path, argv, test, commit_id, host, start_ms, forked, ended,"
        " status, findings, runs, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (hash) DO UPDATE SET ended = max(ended, excluded.ended),"
        " status = coalesce(excluded.status, status), findings = max(findings, excluded.findings),"
        " digest = excluded.digest RETURNING id, part",
        "titttttttiiitiit", item->hash, item->part, process->merged ? "merged" : name, process->program, process->path,
        argv != NULL ? argv : "[]", item->test, item->commit, item->host, (int64_t)process->start_ms,
        (int64_t)process->forked, (int64_t)(process->end != NULL), code, (int64_t)merged->finding_count,
        (int64_t)(process->merged ? process->merged_runs : 1), item->digest);
    run = db_row(db, row) ? sqlite3_column_int64(row, 0) : 0;
    if (run != 0)
        item->part = sqlite3_column_int64(row, 1);
    while (run != 0 && db_row(db, row))
        continue;
    free(argv);
    free(name);
    free(code);
    return run;
}

/* ---- rows for what it learned ---- */

static int64_t write_class(struct db *db, const struct rec_class *class)
{
    sqlite3_stmt *row =
        db_ask(db,
               "INSERT INTO class (identity, key, name, kind, function, file, line, first_ms, last_ms)"
               " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (identity) DO UPDATE SET"
               " function = CASE WHEN function = '' THEN excluded.function ELSE function END,"
               " file = CASE WHEN file = '' THEN excluded.file ELSE file END,"
               " line = CASE WHEN line = 0 THEN excluded.line ELSE line END,"
               " first_ms = min(first_ms, excluded.first_ms), last_ms = max(last_ms, excluded.last_ms) RETURNING id",
               "ttttttiii", un_identity(class), class->key, class->name, class->kind, class->source.function,
               class->source.file, (int64_t) class->source.line, (int64_t) class->seen.first_ms,
               (int64_t) class->seen.last_ms);
    int64_t id = db_row(db, row) ? sqlite3_column_int64(row, 0) : 0;

    while (id != 0 && db_row(db, row))
        continue;
    return id;
}

static void write_edge(struct db *db, const struct item *item, int64_t run, const struct rec_edge *edge, int64_t from,
                       int64_t to)
{
    sqlite3_stmt *row = db_ask(
        db,
        "INSERT INTO edge (from_class, to_class, modes, first_ms, first_commit, last_ms, last_commit, last_part)"
        " VALUES (?1, ?2, ?3, ?4, ?6, ?5, ?6, ?7) ON CONFLICT (from_class, to_class) DO UPDATE SET"
        " modes = modes | excluded.modes,"
        " first_commit = CASE WHEN excluded.first_ms < first_ms THEN excluded.first_commit ELSE first_commit END,"
        " last_commit = CASE WHEN excluded.last_ms >= last_ms THEN excluded.last_commit ELSE last_commit END,"
        " last_part = CASE WHEN excluded.last_ms >= last_ms THEN excluded.last_part ELSE last_part END,"
        " first_ms = min(first_ms, excluded.first_ms), last_ms = max(last_ms, excluded.last_ms) RETURNING id",
        "iiiiiti", from, to, (int64_t)edge->modes, (int64_t)edge->seen.first_ms, (int64_t)edge->seen.last_ms,
        item->commit, item->part);
    int64_t id = db_row(db, row) ? sqlite3_column_int64(row, 0) : 0;

    while (id != 0 && db_row(db, row))
        continue;
    if (id != 0)
        (void)db_do(db,
                    "INSERT INTO edge_run (edge, run, runs, acquisitions, chains) VALUES (?, ?, ?, ?, ?)"
                    " ON CONFLICT (edge, run) DO UPDATE SET acquisitions = max(acquisitions, excluded.acquisitions),"
                    " chains = max(chains, excluded.chains)",
                    "iiiii", id, run, (int64_t)edge->seen.runs, (int64_t)edge->acquisitions, (int64_t)edge->chains);
}

static void write_learned(struct db *db, const struct item *item, int64_t run)
{
    const struct rec_process *process = item->set->processes[0];
    struct rec_index ids = { 0 };

    for (size_t i = 0; i < process->class_count && !db->failed; i++) {
        const struct rec_class *class = process->classes[i];
        int64_t id = write_class(db, class);

        *rec_index_at(&ids, class->id) = (void *)(intptr_t)id;
        (void)db_do(db, "INSERT OR IGNORE INTO class_run (class, run, runs) VALUES (?, ?, ?)", "iii", id, run,
                    (int64_t) class->seen.runs);
    }
    for (size_t i = 0; i < process->edge_count && !db->failed; i++) {
        const struct rec_edge *edge = process->edges[i];
        int64_t from = (intptr_t)rec_index_find(&ids, edge->from->id),
                to = (intptr_t)rec_index_find(&ids, edge->to->id);

        if (from != 0 && to != 0)
            write_edge(db, item, run, edge, from, to);
    }
    rec_index_free(&ids);
    db_add_findings(db, run, process);
}

/* That the run with @hash, or number @run, made the finding. */
static void link_finding(struct db *db, int64_t finding, int64_t run, const char *hash)
{
    if (run != 0)
        (void)db_do(db, "INSERT OR IGNORE INTO finding_run (finding, run) VALUES (?, ?)", "ii", finding, run);
    else if (hash != NULL)
        (void)db_do(db, "INSERT OR IGNORE INTO finding_run (finding, run) SELECT ?, id FROM run WHERE hash = ?", "it",
                    finding, hash);
}

void db_add_findings(struct db *db, int64_t run, const struct rec_process *process)
{
    for (size_t i = 0; i < process->finding_count && !db->failed; i++) {
        const struct rec_finding *finding = process->findings[i];
        char *cycle = rec_cycle(finding);
        const char *classes = *cycle == '\0' && finding->has_subject ? rec_lock_name(&finding->subject) : cycle;
        sqlite3_stmt *row = db_ask(
            db,
            "INSERT INTO finding (fingerprint, kind, verdict, classes, first_ms, last_ms)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (fingerprint) DO UPDATE SET"
            " verdict = CASE WHEN excluded.last_ms >= last_ms THEN excluded.verdict ELSE verdict END,"
            " first_ms = min(first_ms, excluded.first_ms), last_ms = max(last_ms, excluded.last_ms) RETURNING id",
            "ttttii", finding->fingerprint, finding->kind, finding->verdict_name, classes,
            (int64_t)finding->seen.first_ms, (int64_t)finding->seen.last_ms);
        int64_t id = db_row(db, row) ? sqlite3_column_int64(row, 0) : 0;

        while (id != 0 && db_row(db, row))
            continue;
        free(cycle);
        if (id == 0)
            continue;
        link_finding(db, id, run, finding->run != NULL ? finding->run->hash : NULL);
        for (size_t j = 0; j < finding->also_count; j++)
            link_finding(db, id, run, finding->also[j]->hash);
    }
}

/* ---- all of it ---- */

static struct un_union *change_of(struct adding *adding, int64_t part)
{
    struct change *change;
    struct rec_set *set;

    for (size_t i = 0; i < adding->change_count; i++)
        if (adding->changes[i].part == part)
            return adding->changes[i].all;
    adding->changes = cli_realloc(adding->changes, adding->change_count + 1, sizeof(*adding->changes));
    change = &adding->changes[adding->change_count++];
    change->part = part;
    change->all = un_open();
    set = db_part_read(adding->db, part);
    if (set != NULL) {
        un_add_set(change->all, set);
        rec_close(set);
    }
    return change->all;
}

static void add_item(struct adding *adding, struct item *item)
{
    bool there = is_known(adding->db, item, &item->known);
    int64_t run;

    /* One that was known before the lock was there, and is not now, was dropped behind this. */
    if (item->known || item->set == NULL) {
        adding->added.known++;
        return;
    }
    if (item->set->process_count != 1 || (run = write_run(adding->db, item)) == 0)
        return;
    write_learned(adding->db, item, run);
    un_add_set(change_of(adding, item->part), item->set);
    if (there)
        adding->added.completed++;
    else
        adding->added.fresh++;
    adding->added.merged += item->process->merged;
}

bool db_add(struct db *db, const struct rec_set *set, const struct db_labels *labels, struct db_added *added)
{
    struct adding adding = { .db = db, .item_count = set->process_count };
    const struct sym_options no_options = { 0 };

    adding.symbols = sym_open(&no_options);
    adding.items = cli_alloc(set->process_count + 1, sizeof(*adding.items));
    for (size_t i = 0; i < set->process_count; i++)
        prepare(&adding, &adding.items[i], set->processes[i], labels);
    sym_close(adding.symbols);
    for (size_t i = 0; i < adding.item_count; i++)
        adding.fresh |= !adding.items[i].known;
    if (!adding.fresh) {
        adding.added.known = adding.item_count;
    } else if (db_begin(db)) {
        for (size_t i = 0; i < adding.item_count && !db->failed; i++)
            add_item(&adding, &adding.items[i]);
        for (size_t i = 0; i < adding.change_count && !db->failed; i++)
            (void)db_part_write(db, adding.changes[i].part, adding.changes[i].all);
        (void)db_end(db);
    }
    for (size_t i = 0; i < adding.item_count; i++)
        if (adding.items[i].set != NULL)
            rec_close(adding.items[i].set);
    for (size_t i = 0; i < adding.change_count; i++)
        un_close(adding.changes[i].all);
    free(adding.items);
    free(adding.changes);
    if (db->failed)
        return false;
    added->fresh += adding.added.fresh;
    added->completed += adding.added.completed;
    added->known += adding.added.known;
    added->merged += adding.added.merged;
    return true;
}
