/* SPDX-License-Identifier: MIT */
#ifndef CLI_RUN_BACK_H
#define CLI_RUN_BACK_H

/*
 * Reading back what the processes of a run write into their record, while they write it and afterwards. The record is one
 * file, or several, where %p or %e stand in its path; and other runs may write into the same.
 */

#include <stdbool.h>
#include <stddef.h>

#include "record/model.h"

struct run_back;

/*
 * @pattern: the path as the library is given it. @fresh: the file was made for this run; else what is in such files by now is of
 * others. @id: what the processes of this run have as the option told_by; null: all that comes is taken for this run's.
 * Returns null if there is something that cannot be read back, a pipe or a device.
 */
struct run_back *run_back_open(const char *pattern, bool fresh, const char *id);
void run_back_close(struct run_back *back);

/* Begin to watch what is written. Returns a descriptor that is readable when something was, from then on; -1: there is none,
 * look at the end. Cost: to end it takes the kernel up to 10 ms. */
int run_back_watch(struct run_back *back);

/* What was seen of the record so far: of other runs, too, where they write into the same. */
struct run_seen {
    size_t processes; /* lines meta */
    size_t findings;
    size_t deadlocks; /* of these */
};

/* Make the file, if it is one for all processes and not there, as the library would: it does not, for who reads it back. Returns false if
 * that cannot be, with errno. */
bool run_back_make(struct run_back *back);

/* Look at what was written since the last look. */
struct run_seen run_back_look(struct run_back *back);

/* All that the processes of this run wrote so far, connected. rec_close() it. */
struct rec_set *run_back_read(const struct run_back *back);

/* The files, with a blank between them: for a message. Memory to free. */
char *run_back_names(const struct run_back *back);

/* Delete the files, which must be this run's alone; those that were made and are empty. */
void run_back_delete(const struct run_back *back);
void run_back_delete_empty(const struct run_back *back);

#endif
