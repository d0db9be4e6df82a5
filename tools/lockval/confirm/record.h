/* SPDX-License-Identifier: MIT */
#ifndef CLI_CONFIRM_RECORD_H
#define CLI_CONFIRM_RECORD_H

/*
 * The findings of a record (docs/record-format.md), as `lockval confirm` needs them: of a reported order the acquisitions
 * that close it, of a deadlock the threads that are in it.
 */

#include <stdbool.h>
#include <stdio.h>

#include "record/model.h"

/* A lock in a finding. Texts are never null; a key that is empty is not known. Of a class that the program named it is the one
 * that is the same in another build: several of one name are numbered in the order in which they come, which a steered run may change. */
struct confirm_lock {
    const char *key;
    const char *name;
    const char *site; /* place of the call that took it; empty: not known */
    const char *mode;
    uint64_t instance;
    bool timed; /* it gives up in time */
};

struct confirm_step {
    enum rec_step_kind kind;
    const char *thread; /* its name */
    struct confirm_lock held, wanted;
};

/* A thread that is stuck. */
struct confirm_stuck {
    const char *thread;
    int64_t tid;
    const char *waits;
    char *wanted; /* key of what it waits for: of a lock, an event, the end of a thread; empty: not known */
    const char *wanted_name;
    bool behind_writer; /* who blocks it does not have the lock, but waits for it, as a writer */
    size_t held_count;
    struct confirm_lock *held;
};

struct confirm_finding {
    unsigned number; /* as `lockval report` counts them, from 1 on */
    const char *kind;
    const char *verdict;
    const char *fingerprint;
    const char *text;
    const struct rec_finding *from;

    size_t edge_count; /* of an order: a ring, in which each wants what the next holds */
    struct confirm_step *edges;
    size_t step_count; /* the same with as few acquisitions as close it: a thread each */
    struct confirm_step *steps;

    size_t stuck_count; /* of a deadlock */
    struct confirm_stuck *stuck;
    size_t circle;
};

struct confirm_record {
    struct rec_set *set; /* all that the texts are of */
    size_t count;
    struct confirm_finding *findings; /* worst verdict first */
    json_t *options;                  /* of the first process, an object; null: there was none */
    bool any;                         /* there is a line that was understood */
};

/* Read @file. Lines that are not understood are skipped. Never fails: a record may be empty. */
void confirm_record_read(struct confirm_record *record, FILE *file);
/* The same with one finding, and an array of the lines of its process's classes. */
void confirm_record_take(struct confirm_record *record, json_t *finding, json_t *classes);

/* Lines of the named classes of @finding's process, with what confirm_record_take() needs of them: a new array. */
json_t *confirm_classes(const struct confirm_finding *finding);

void confirm_record_free(struct confirm_record *record);

/* Is it an order of locks, which can be tried? */
bool confirm_is_order(const struct confirm_finding *finding);

/* Why it is no use to steer into @finding; null: it can be done. */
const char *confirm_cannot(const struct confirm_finding *finding);

/* "account -> journal -> account": memory to free. */
char *confirm_cycle(const struct confirm_finding *finding);

#endif
