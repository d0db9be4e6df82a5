/* SPDX-License-Identifier: MIT */
#ifndef CLI_MATCH_MATCH_H
#define CLI_MATCH_MATCH_H

/*
 * Which classes of different builds are the same (docs/identity.md). It is asked when a lock order is looked at, and changes nothing
 * of what is kept: rules may become better. A false match would make circles that no program has, so what cannot be told apart is
 * said, and kept apart.
 */

#include <stdbool.h>
#include <stddef.h>

#include "record/model.h"
#include "record/pool.h"

struct mt_renames;

/* The rules in the file @path: `function OLD -> NEW`, `file`, `module`, `class` likewise, one a line, # begins a remark. Null after a
 * complaint. */
struct mt_renames *mt_renames_read(const char *path);
void mt_renames_free(struct mt_renames *renames);

/* What @text, a "function", "file", "module" or "class", is called now. */
const char *mt_renamed(const struct mt_renames *renames, const char *what, const char *text);

struct mt_result {
    struct rec_index same; /* by classes of the process: the one that stands for them, where that is another */
    size_t matched;        /* classes for which another one stands */
    size_t note_count;
    char **notes; /* sentences */
};

/* Match the classes of @process; @renames may be null. */
void mt_match(const struct rec_process *process, const struct mt_renames *renames, struct mt_result *ret);
void mt_free(struct mt_result *result);

#endif
