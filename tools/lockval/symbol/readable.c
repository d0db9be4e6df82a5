/* SPDX-License-Identifier: MIT */
/* Most names are C's, and stay as they are. */

#define _GNU_SOURCE
#include "symbol/readable.h"

#include <stdlib.h>
#include <string.h>

#include "record/reader.h"
#include "symbol/demangle.h"

static const char *readable(struct rec_set *set, const char *name)
{
    const char *kept = name;
    char *text;

    if (name == NULL || strstr(name, "_Z") == NULL)
        return name;
    text = sym_readable(name);
    kept = rec_pool_text(set->books->pool, text);
    free(text);
    return kept;
}

static void rename_locks(struct rec_set *set, struct rec_lock *locks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        locks[i].name = readable(set, locks[i].name);
}

static void rename_steps(struct rec_set *set, struct rec_step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        rename_locks(set, &steps[i].held, 1);
        rename_locks(set, &steps[i].wanted, 1);
    }
}

static void rename_finding(struct rec_set *set, struct rec_finding *finding)
{
    rename_steps(set, finding->edges, finding->edge_count);
    rename_steps(set, finding->acquisitions, finding->acquisition_count);
    rename_locks(set, finding->held, finding->held_count);
    rename_locks(set, &finding->subject, 1);
    rename_locks(set, &finding->holder.lock, 1);
    rename_locks(set, &finding->usage_inside.lock, 1);
    rename_locks(set, &finding->usage_open.lock, 1);
    for (size_t i = 0; i < finding->stuck_count; i++) {
        rename_locks(set, &finding->stuck[i].wanted, 1);
        rename_locks(set, &finding->stuck[i].with, 1);
        rename_locks(set, finding->stuck[i].held, finding->stuck[i].held_count);
    }
}

void sym_readable_names(struct rec_set *set)
{
    for (size_t i = 0; i < set->process_count; i++) {
        struct rec_process *process = set->processes[i];

        for (size_t j = 0; j < process->class_count; j++)
            process->classes[j]->name = readable(set, process->classes[j]->name);
        for (size_t j = 0; j < process->finding_count; j++)
            rename_finding(set, process->findings[j]);
    }
}
