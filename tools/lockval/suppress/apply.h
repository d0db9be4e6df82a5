/* SPDX-License-Identifier: MIT */
#ifndef CLI_SUPPRESS_APPLY_H
#define CLI_SUPPRESS_APPLY_H

/*
 * Suppressions for findings that are made or looked at when the program is gone: of several runs together, or of a run that did not
 * know the file yet. What the run itself suppressed stays so.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "record/model.h"
#include "record/pool.h"

struct suppress_files;

/* Read the files @paths, which commas separate; null: none. @built_in: what comes with the library is taken as well. What is wrong with a
 * line is complained of; null, after a complaint, if a file cannot be read. */
struct suppress_files *suppress_open(const char *paths, bool built_in);
void suppress_close(struct suppress_files *files);

/* Findings that an entry is for count no more, and are shown as suppressed by it. @pool lives as long as they do. Returns how many. */
size_t suppress_apply(struct suppress_files *files, struct rec_finding *const *findings, size_t count,
                      struct rec_pool *pool);

/* List the entries of files that were for none. */
void suppress_say_unused(const struct suppress_files *files, FILE *out);

#endif
