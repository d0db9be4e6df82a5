/* SPDX-License-Identifier: MIT */
/*
 * Who takes A before B. The rows of an edge say who, when and how often; where it stands in the source comes from the part that had it
 * last, which is read once for all its edges.
 */

#define _GNU_SOURCE
#include "store/query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/memory.h"
#include "symbol/frames.h"

enum {
    SHOWN = 4 /* names of tests and programs in a line of text */
};

/* The part that was read last. */
struct place {
    int64_t part;
    struct rec_set *set;
    struct sym_session *session;
};

const char *db_time(uint64_t ms, char text[32])
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts;

    *text = '\0';
    if (ms != 0 && gmtime_r(&seconds, &parts) != NULL)
        (void)strftime(text, 32, "%F %T", &parts);
    return text;
}

json_t *db_list(struct db *db, sqlite3_stmt *rows)
{
    json_t *list = json_array();

    while (db_row(db, rows))
        (void)json_array_append_new(list, json_string(db_text(rows, 0)));
    return list;
}

/* ---- where it stands ---- */

static void place_close(struct place *place)
{
    if (place->session != NULL)
        sym_close(place->session);
    if (place->set != NULL)
        rec_close(place->set);
    *place = (struct place){ 0 };
}

static const struct rec_edge *edge_in(struct db *db, struct place *place, int64_t part, const char *from,
                                      const char *to)
{
    if (place->part != part) {
        place_close(place);
        place->part = part;
        place->set = db_part_read(db, part);
        if (place->set != NULL)
            place->session = sym_open(&(struct sym_options){ .set = place->set });
    }
    for (size_t i = 0; place->set != NULL && i < place->set->processes[0]->edge_count; i++) {
        const struct rec_edge *edge = place->set->processes[0]->edges[i];

        if (strcmp(un_identity(edge->from), from) == 0 && strcmp(un_identity(edge->to), to) == 0)
            return edge;
    }
    return NULL;
}

/* "function() at file:line", or as much as is known; empty: nothing. Memory to free. */
static char *place_words(struct sym_session *session, const struct rec_stack *stack)
{
    struct sym_stack top = sym_top_of(session, stack);
    const struct sym_line *line = top.count != 0 ? &top.lines[0] : NULL;
    char *words;

    if (line == NULL)
        words = cli_strdup("");
    else if (*line->function == '\0')
        words = cli_strdup(line->frame != NULL ? line->frame->name : "");
    else if (*line->file == '\0')
        words = cli_printf("%s()", line->function);
    else
        words = cli_printf("%s() at %s:%d", line->function, line->file, line->line);
    sym_stack_free(&top);
    return words;
}

static void set_text(json_t *object, const char *member, char *text)
{
    (void)json_object_set_new(object, member, json_string(text));
    free(text);
}

static json_t *witness_of(struct db *db, struct place *place, int64_t part, const char *from, const char *to)
{
    const struct rec_edge *edge = edge_in(db, place, part, from, to);
    const struct rec_evidence *evidence = edge != NULL && edge->evidence_count != 0 ? &edge->evidence[0] : NULL;
    json_t *json;

    if (evidence == NULL || evidence->held >= evidence->witness->held_count)
        return json_null();
    json = json_object();
    set_text(json, "held", place_words(place->session, evidence->witness->held[evidence->held].stack));
    set_text(json, "wanted", place_words(place->session, evidence->witness->wanted.stack));
    if (evidence->witness->run != NULL)
        set_text(json, "run", rec_run_words(evidence->witness->run));
    return json;
}

/* ---- an edge ---- */

static const char edges[] =
    "SELECT e.id, a.name, b.name, a.key, b.key, a.identity, b.identity, e.first_ms, e.first_commit, e.last_ms,"
    " e.last_commit, e.last_part, e.forgotten,"
    " (SELECT sum(u.runs) FROM edge_run u JOIN temp.chosen o ON o.id = u.run WHERE u.edge = e.id),"
    " (SELECT max(u.acquisitions) FROM edge_run u JOIN temp.chosen o ON o.id = u.run WHERE u.edge = e.id)"
    " FROM edge e JOIN class a ON a.id = e.from_class JOIN class b ON b.id = e.to_class"
    " WHERE e.from_class IN (SELECT id FROM class WHERE ?1 IS NULL OR name = ?1 OR key = ?1 OR name GLOB ?1 OR key "
    "GLOB ?1)"
    " AND e.to_class IN (SELECT id FROM class WHERE ?2 IS NULL OR name = ?2 OR key = ?2 OR name GLOB ?2 OR key GLOB ?2)"
    " AND (?3 OR EXISTS (SELECT 1 FROM edge_run u JOIN temp.chosen o ON o.id = u.run WHERE u.edge = e.id))"
    " ORDER BY a.name, b.name, a.key, b.key";

static const char tests[] =
    "SELECT DISTINCT r.test FROM edge_run u JOIN temp.chosen o ON o.id = u.run JOIN run r ON r.id = u.run"
    " WHERE u.edge = ? AND r.test <> '' ORDER BY 1";
static const char programs[] =
    "SELECT DISTINCT r.program FROM edge_run u JOIN temp.chosen o ON o.id = u.run JOIN run r ON r.id = u.run"
    " WHERE u.edge = ? AND r.process <> 'merged' ORDER BY 1";

static json_t *time_json(uint64_t ms, const char *commit)
{
    char text[32];
    json_t *json = json_object();

    (void)json_object_set_new(json, "ms", json_integer((json_int_t)ms));
    (void)json_object_set_new(json, "time", json_string(db_time(ms, text)));
    (void)json_object_set_new(json, "commit", json_string(commit));
    return json;
}

static json_t *class_json(const char *name, const char *key)
{
    return json_pack("{s:s, s:s}", "name", name, "key", key);
}

static json_t *edge_json(struct db *db, struct place *place, sqlite3_stmt *row)
{
    int64_t id = sqlite3_column_int64(row, 0);
    json_t *json = json_object();

    (void)json_object_set_new(json, "from", class_json(db_text(row, 1), db_text(row, 3)));
    (void)json_object_set_new(json, "to", class_json(db_text(row, 2), db_text(row, 4)));
    (void)json_object_set_new(json, "runs", json_integer(sqlite3_column_int64(row, 13)));
    (void)json_object_set_new(json, "dropped_runs", json_integer(sqlite3_column_int64(row, 12)));
    (void)json_object_set_new(json, "most_acquisitions", json_integer(sqlite3_column_int64(row, 14)));
    (void)json_object_set_new(json, "first", time_json((uint64_t)sqlite3_column_int64(row, 7), db_text(row, 8)));
    (void)json_object_set_new(json, "last", time_json((uint64_t)sqlite3_column_int64(row, 9), db_text(row, 10)));
    (void)json_object_set_new(json, "tests", db_list(db, db_ask(db, tests, "i", id)));
    (void)json_object_set_new(json, "programs", db_list(db, db_ask(db, programs, "i", id)));
    (void)json_object_set_new(json, "witness",
                              witness_of(db, place, sqlite3_column_int64(row, 11), db_text(row, 5), db_text(row, 6)));
    return json;
}

/* ---- as text ---- */

static const char *text_at(const json_t *json, const char *member)
{
    const char *text = json_string_value(json_object_get(json, member));

    return text != NULL ? text : "";
}

static void print_list(const char *label, const json_t *list)
{
    size_t count = json_array_size(list);

    if (count == 0)
        return;
    (void)printf("    %-10s ", label);
    for (size_t i = 0; i < count && i < SHOWN; i++)
        (void)printf("%s%s", i == 0 ? "" : ", ", json_string_value(json_array_get(list, i)));
    if (count > SHOWN)
        (void)printf(" and %zu more", count - SHOWN);
    (void)printf("\n");
}

static void print_when(const char *label, const json_t *when)
{
    const char *commit = text_at(when, "commit"), *text = text_at(when, "time");

    (void)printf("    %-10s %s%s%s\n", label, *text != '\0' ? text : "at no known time",
                 *commit != '\0' ? ", commit " : "", commit);
}

static void print_edge(const json_t *json)
{
    const json_t *witness = json_object_get(json, "witness");
    json_int_t runs = json_integer_value(json_object_get(json, "runs")),
               dropped = json_integer_value(json_object_get(json, "dropped_runs"));

    (void)printf("%s -> %s: %lld %s", text_at(json_object_get(json, "from"), "name"),
                 text_at(json_object_get(json, "to"), "name"), (long long)runs, runs == 1 ? "run" : "runs");
    if (dropped != 0)
        (void)printf(", %lld more that were dropped", (long long)dropped);
    (void)printf("\n");
    print_when("first", json_object_get(json, "first"));
    print_when("last", json_object_get(json, "last"));
    print_list("tests", json_object_get(json, "tests"));
    print_list("programs", json_object_get(json, "programs"));
    if (*text_at(witness, "held") != '\0')
        (void)printf("    %-10s %s\n", "held", text_at(witness, "held"));
    if (*text_at(witness, "wanted") != '\0')
        (void)printf("    %-10s %s\n", "wanted", text_at(witness, "wanted"));
    if (*text_at(witness, "run") != '\0')
        (void)printf("    %-10s %s\n", "in", text_at(witness, "run"));
}

bool db_query(struct db *db, const struct db_filter *filter, const char *from, const char *to, bool json,
              size_t *ret_count)
{
    int64_t everything = db_choose(db, filter);
    sqlite3_stmt *rows = db_ask(db, edges, "tti", from, to, everything);
    struct place place = { 0 };
    json_t *list = json_array();

    *ret_count = 0;
    while (db_row(db, rows)) {
        json_t *edge = edge_json(db, &place, rows);

        if (json)
            (void)json_array_append(list, edge);
        else
            print_edge(edge);
        json_decref(edge);
        ++*ret_count;
    }
    place_close(&place);
    if (json && !db->failed) {
        (void)json_dumpf(list, stdout, JSON_INDENT(2));
        (void)printf("\n");
    }
    json_decref(list);
    return !db->failed;
}
