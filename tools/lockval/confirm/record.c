/* SPDX-License-Identifier: MIT */
/* The findings of a record, as confirm needs them. All texts are the record's. */

#define _GNU_SOURCE
#include "confirm/record.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "engine/plan.h"

/* The name of a class that the program named is the same in every build; its key may be another one in a steered run. */
static const char *key_of(const struct rec_lock *lock)
{
    const struct rec_class *class = lock->class;
    const char *key = rec_lock_key(lock);

    return class != NULL && strncmp(class->key, "name:", 5) == 0 && *class->stable != '\0' ? class->stable : key;
}

static struct confirm_lock lock_of(const struct rec_lock *lock)
{
    return (struct confirm_lock){ .key = key_of(lock),
                                  .name = rec_lock_name(lock),
                                  .site = lock->site,
                                  .mode = rec_mode_name(lock->mode),
                                  .instance = lock->instance,
                                  .timed = (lock->flags & REC_TIMED) != 0 };
}

static struct confirm_step *steps_of(const struct rec_step *from, size_t count)
{
    struct confirm_step *steps = cli_alloc(count + 1, sizeof(*steps));

    for (size_t i = 0; i < count; i++)
        steps[i] = (struct confirm_step){ .kind = from[i].kind,
                                          .thread = from[i].thread != NULL ? from[i].thread->name : "",
                                          .held = lock_of(&from[i].held),
                                          .wanted = lock_of(&from[i].wanted) };
    return steps;
}

/* What a stuck thread waits for, as a class's key. */
static char *wanted_key(const struct rec_stuck *stuck)
{
    if (strcmp(stuck->waits, "join") == 0 && stuck->joined != NULL && *stuck->joined->start != '\0')
        return cli_printf("join:%s", stuck->joined->start);
    return cli_strdup(key_of(&stuck->wanted));
}

static void take_stuck(struct confirm_finding *finding, const struct rec_finding *from)
{
    finding->stuck_count = from->stuck_count;
    finding->stuck = cli_alloc(from->stuck_count + 1, sizeof(*finding->stuck));
    finding->circle = from->circle;
    for (size_t i = 0; i < from->stuck_count; i++) {
        const struct rec_stuck *other = &from->stuck[i];
        struct confirm_stuck *stuck = &finding->stuck[i];

        *stuck = (struct confirm_stuck){ .thread = other->thread != NULL ? other->thread->name : "",
                                         .tid = other->thread != NULL ? other->thread->tid : 0,
                                         .waits = other->waits,
                                         .wanted = wanted_key(other),
                                         .wanted_name = rec_lock_name(&other->wanted),
                                         .behind_writer = other->blocker_queued,
                                         .held_count = other->held_count };
        stuck->held = cli_alloc(stuck->held_count + 1, sizeof(*stuck->held));
        for (size_t j = 0; j < stuck->held_count; j++)
            stuck->held[j] = lock_of(&other->held[j]);
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

static void take_finding(struct confirm_finding *finding, const struct rec_finding *from)
{
    *finding = (struct confirm_finding){ .kind = from->kind,
                                         .verdict = from->verdict_name,
                                         .fingerprint = from->fingerprint,
                                         .text = from->text,
                                         .from = from,
                                         .edge_count = from->edge_count,
                                         .edges = steps_of(from->edges, from->edge_count) };
    double_nesting(finding);
    finding->steps = finding->edges;
    finding->step_count = finding->edge_count;
    if (from->acquisitions != from->edges && from->acquisition_count >= 2) {
        finding->steps = steps_of(from->acquisitions, from->acquisition_count);
        finding->step_count = from->acquisition_count;
    }
    take_stuck(finding, from);
}

/* The findings of what was read. */
static void connect(struct confirm_record *record)
{
    struct rec_finding **sorted = rec_sorted_findings(record->set, &record->count);

    record->findings = cli_alloc(record->count + 1, sizeof(*record->findings));
    for (size_t i = 0; i < record->count; i++) {
        take_finding(&record->findings[i], sorted[i]);
        record->findings[i].number = (unsigned)i + 1;
    }
    free(sorted);
    record->any = record->set->lines != 0;
    for (size_t i = 0; i < record->set->process_count && record->options == NULL; i++)
        record->options = record->set->processes[i]->options;
}

void confirm_record_read(struct confirm_record *record, FILE *file)
{
    char *text = NULL;
    size_t size = 0;
    ssize_t len;

    *record = (struct confirm_record){ .set = rec_open() };
    while ((len = getline(&text, &size, file)) > 0)
        (void)rec_read_line(record->set, "", text, (size_t)len);
    free(text);
    connect(record);
}

static void take_line(struct rec_set *set, const json_t *line)
{
    char *text = json_dumps(line, JSON_COMPACT);

    if (text != NULL)
        (void)rec_read_line(set, "", text, strlen(text));
    free(text);
}

void confirm_record_take(struct confirm_record *record, json_t *finding, json_t *classes)
{
    json_t *line;
    size_t i;

    *record = (struct confirm_record){ .set = rec_open() };
    json_array_foreach(classes, i, line)
    {
        take_line(record->set, line);
    }
    take_line(record->set, finding);
    connect(record);
}

void confirm_record_free(struct confirm_record *record)
{
    for (size_t i = 0; i < record->count; i++)
        free_finding(&record->findings[i]);
    free(record->findings);
    if (record->set != NULL)
        rec_close(record->set);
}

json_t *confirm_classes(const struct confirm_finding *finding)
{
    const struct rec_process *process = finding->from->process;
    json_t *classes = json_array();

    for (size_t i = 0; i < process->class_count; i++) {
        const struct rec_class *class = process->classes[i];

        if (strncmp(class->key, "name:", 5) == 0 && *class->stable != '\0')
            (void)json_array_append_new(classes,
                                        json_pack("{s:s, s:I, s:s, s:i, s:s, s:s, s:s}", "t", "class", "pid",
                                                  (json_int_t)process->pid, "run", process->run, "id", (int)class->id,
                                                  "key", class->key, "stable", class->stable, "name", class->name));
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

        if (step->kind == REC_STEP_INTERRUPT)
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
    return rec_cycle(finding->from);
}
