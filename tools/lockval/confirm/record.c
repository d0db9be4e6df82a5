/* SPDX-License-Identifier: MIT */
/*
 * What is kept of a record: the lines of findings and named classes, and the first line of each process. All texts are jansson's, and
 * live as long as the lines. Lines may refer to later ones, so findings are made of them at the end.
 */

#define _GNU_SOURCE
#include "confirm/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/types.h"
#include "common/memory.h"
#include "engine/plan.h"

static const char *text_of(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));

    return text != NULL ? text : "";
}

static bool has_flag(const json_t *flags, const char *wanted)
{
    const json_t *flag;
    size_t i;

    json_array_foreach(flags, i, flag)
    {
        if (json_is_string(flag) && strcmp(json_string_value(flag), wanted) == 0)
            return true;
    }
    return false;
}

/* A record as it is read. @line: that of a finding. */
struct reading {
    struct confirm_record *record;
    json_t *line;
};

/* Which class of which process. */
static char *class_place(const json_t *line, json_int_t class)
{
    return cli_printf("%lld/%s/%lld", (long long)json_integer_value(json_object_get(line, "pid")), text_of(line, "run"),
                      (long long)class);
}

static const char *key_of(const struct reading *reading, const json_t *object)
{
    char *place = class_place(reading->line, json_integer_value(json_object_get(object, "class")));
    const char *stable = json_string_value(json_object_get(reading->record->stable, place));

    free(place);
    return stable != NULL ? stable : text_of(object, "key");
}

static void note_class(struct confirm_record *record, const json_t *line)
{
    char *place = class_place(line, json_integer_value(json_object_get(line, "id")));

    if (strncmp(text_of(line, "key"), "name:", 5) == 0 && *text_of(line, "stable") != '\0')
        (void)json_object_set(record->stable, place, json_object_get(line, "stable"));
    free(place);
}

static struct confirm_lock lock_of(const struct reading *reading, const json_t *object)
{
    return (struct confirm_lock){
        .key = key_of(reading, object),
        .name = text_of(object, "name"),
        .site = text_of(object, "site"),
        .mode = text_of(object, "mode"),
        .kind = text_of(object, "kind"),
        .instance = json_integer_value(json_object_get(object, "instance")),
        .timed = has_flag(json_object_get(object, "flags"), "timed"),
    };
}

static enum confirm_kind kind_of(const char *word)
{
    static const char *const words[] = { "lock", "wait", "interrupt", "complete", "end" };

    for (size_t i = 0; i < LV_ARRAY_SIZE(words); i++)
        if (strcmp(word, words[i]) == 0)
            return (enum confirm_kind)i;
    return CONFIRM_LOCK;
}

static struct confirm_step *steps_of(const struct reading *reading, const json_t *array, size_t *ret_count)
{
    size_t count = json_array_size(array);
    struct confirm_step *steps = cli_alloc(count + 1, sizeof(*steps));

    for (size_t i = 0; i < count; i++) {
        const json_t *step = json_array_get(array, i);

        steps[i] = (struct confirm_step){ .kind = kind_of(text_of(step, "kind")),
                                          .thread = text_of(json_object_get(step, "thread"), "name"),
                                          .held = lock_of(reading, json_object_get(step, "held")),
                                          .wanted = lock_of(reading, json_object_get(step, "wanted")) };
    }
    *ret_count = count;
    return steps;
}

/* What a stuck thread waits for, as a class's key. */
static char *wanted_key(const struct reading *reading, const json_t *stuck)
{
    const char *key = key_of(reading, json_object_get(stuck, "wanted"));
    const char *start = text_of(json_object_get(stuck, "joined"), "start");

    if (strcmp(text_of(stuck, "waits"), "join") == 0 && *start != '\0')
        return cli_printf("join:%s", start);
    return cli_strdup(key);
}

static void read_stuck(const struct reading *reading, struct confirm_finding *finding, const json_t *array)
{
    finding->stuck_count = json_array_size(array);
    finding->stuck = cli_alloc(finding->stuck_count + 1, sizeof(*finding->stuck));
    for (size_t i = 0; i < finding->stuck_count; i++) {
        const json_t *object = json_array_get(array, i), *thread = json_object_get(object, "thread");
        const json_t *held = json_object_get(object, "held");
        struct confirm_stuck *stuck = &finding->stuck[i];

        *stuck = (struct confirm_stuck){ .thread = text_of(thread, "name"),
                                         .tid = json_integer_value(json_object_get(thread, "tid")),
                                         .waits = text_of(object, "waits"),
                                         .wanted = wanted_key(reading, object),
                                         .wanted_name = text_of(json_object_get(object, "wanted"), "name"),
                                         .behind_writer = json_is_true(json_object_get(object, "blocker_queued")),
                                         .held_count = json_array_size(held) };
        stuck->held = cli_alloc(stuck->held_count + 1, sizeof(*stuck->held));
        for (size_t j = 0; j < stuck->held_count; j++)
            stuck->held[j] = lock_of(reading, json_array_get(held, j));
    }
}

static void free_finding(struct confirm_finding *finding)
{
    for (size_t i = 0; i < finding->stuck_count; i++) {
        free(finding->stuck[i].wanted);
        free(finding->stuck[i].held);
    }
    free(finding->stuck);
    if (finding->steps != finding->edges)
        free(finding->steps);
    free(finding->edges);
}

/* A nesting in one class has one edge: two threads that nest two of its locks this way and that are its deadlock. */
static void double_nesting(struct confirm_finding *finding)
{
    if (finding->edge_count != 1 || finding->edges[0].held.instance == finding->edges[0].wanted.instance)
        return;
    finding->edges = cli_realloc(finding->edges, 2, sizeof(*finding->edges));
    finding->edges[1] = finding->edges[0];
    finding->edge_count = 2;
}

static void read_finding(const struct reading *reading, struct confirm_finding *finding)
{
    json_t *line = reading->line;
    const json_t *circle = json_object_get(line, "circle");
    size_t count;

    finding->line = line;
    finding->kind = text_of(line, "kind");
    finding->verdict = text_of(line, "verdict");
    finding->fingerprint = text_of(line, "fingerprint");
    finding->text = text_of(line, "text");
    finding->reasons = json_object_get(line, "reasons");
    finding->edges = steps_of(reading, json_object_get(line, "edges"), &finding->edge_count);
    double_nesting(finding);
    finding->steps = steps_of(reading, json_object_get(line, "acquisitions"), &count);
    if (count < 2) {
        free(finding->steps);
        finding->steps = finding->edges;
        count = finding->edge_count;
    }
    finding->step_count = count;
    read_stuck(reading, finding, json_object_get(line, "stuck"));
    finding->circle = json_is_integer(circle) ? (size_t)json_integer_value(circle) : 0;
    if (finding->circle > finding->stuck_count)
        finding->circle = 0;
}

/* The place of the finding that @line is about: a new one, or that of one that it says more of. */
static struct confirm_finding *place_of(struct confirm_record *record, const json_t *line)
{
    const char *fingerprint = text_of(line, "fingerprint");
    bool upgrades = json_is_string(json_object_get(line, "before"));
    struct confirm_finding *finding;

    for (size_t i = 0; i < record->count; i++) {
        finding = &record->findings[i];
        if (strcmp(finding->fingerprint, fingerprint) != 0 || strcmp(finding->kind, text_of(line, "kind")) != 0)
            continue;
        if (!upgrades && finding->stuck_count != 0)
            continue;
        free_finding(finding);
        *finding = (struct confirm_finding){ .number = finding->number };
        return finding;
    }
    record->findings = cli_realloc(record->findings, record->count + 1, sizeof(*record->findings));
    finding = &record->findings[record->count++];
    *finding = (struct confirm_finding){ .number = (unsigned)record->count };
    return finding;
}

/* Is it a line that is kept? */
static bool is_kept(struct confirm_record *record, const json_t *line)
{
    const char *type = text_of(line, "t");

    record->any |= *type != '\0';
    if (strcmp(type, "meta") == 0 && record->options == NULL)
        record->options = json_object_get(line, "options");
    else if (strcmp(type, "class") == 0)
        note_class(record, line);
    else
        return strcmp(type, "finding") == 0;
    return true;
}

/* The findings of the lines that are kept. */
static void connect(struct confirm_record *record)
{
    json_t *line;
    size_t i;

    json_array_foreach(record->lines, i, line)
    {
        const struct reading reading = { record, line };

        if (strcmp(text_of(line, "t"), "finding") == 0)
            read_finding(&reading, place_of(record, line));
    }
}

void confirm_record_read(struct confirm_record *record, FILE *file)
{
    char *text = NULL;
    size_t size = 0;
    ssize_t len;

    *record = (struct confirm_record){ .lines = json_array(), .stable = json_object() };
    while ((len = getline(&text, &size, file)) > 0) {
        json_t *line = json_loadb(text, (size_t)len, 0, NULL);

        if (is_kept(record, line))
            (void)json_array_append(record->lines, line);
        json_decref(line);
    }
    free(text);
    connect(record);
}

void confirm_record_take(struct confirm_record *record, json_t *finding, json_t *classes)
{
    json_t *line;
    size_t i;

    *record = (struct confirm_record){ .lines = json_array(), .stable = json_object(), .any = true };
    json_array_foreach(classes, i, line)
    {
        if (is_kept(record, line))
            (void)json_array_append(record->lines, line);
    }
    (void)json_array_append(record->lines, finding);
    connect(record);
}

void confirm_record_free(struct confirm_record *record)
{
    for (size_t i = 0; i < record->count; i++)
        free_finding(&record->findings[i]);
    free(record->findings);
    json_decref(record->lines);
    json_decref(record->stable);
}

json_t *confirm_classes(const struct confirm_record *record, const struct confirm_finding *finding)
{
    json_t *classes = json_array(), *line;
    size_t i;

    json_array_foreach(record->lines, i, line)
    {
        if (strcmp(text_of(line, "t"), "class") == 0 &&
            json_equal(json_object_get(line, "pid"), json_object_get(finding->line, "pid")) &&
            strcmp(text_of(line, "run"), text_of(finding->line, "run")) == 0)
            (void)json_array_append(classes, line);
    }
    return classes;
}

bool confirm_is_order(const struct confirm_finding *finding)
{
    return finding->edge_count != 0 && (strcmp(finding->kind, "circular") == 0 ||
                                        strcmp(finding->kind, "recursive") == 0 || strcmp(finding->kind, "event") == 0);
}

const char *confirm_cannot(const struct confirm_finding *finding)
{
    for (size_t i = 0; i < finding->step_count; i++) {
        const struct confirm_step *step = &finding->steps[i];

        if (step->kind == CONFIRM_INTERRUPT)
            return "the cycle passes through a signal handler or another context";
        if (step->wanted.timed)
            return "the cycle passes through a wait that ends by itself";
        if (*step->wanted.key == '\0')
            return "the record does not say of which class a lock of the cycle is";
    }
    return finding->step_count > LV_PLAN_ROLES ? "the cycle is too long" : NULL;
}

char *confirm_cycle(const struct confirm_finding *finding)
{
    char *cycle, *longer;

    if (finding->edge_count == 0)
        return cli_strdup("");
    cycle = cli_strdup(finding->edges[0].held.name);
    for (size_t i = 0; i < finding->edge_count; i++) {
        longer = cli_printf("%s -> %s", cycle, finding->edges[i].wanted.name);
        free(cycle);
        cycle = longer;
    }
    return cycle;
}
