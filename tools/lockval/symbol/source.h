/* SPDX-License-Identifier: MIT */
#ifndef CLI_SYMBOL_SOURCE_H
#define CLI_SYMBOL_SOURCE_H

/*
 * Source files, read once each.
 */

#include <time.h>

#include "record/pool.h"

struct sym_sources;

/* @folders: further places to look in; null ends them, and may be null itself. */
struct sym_sources *sym_sources_open(const char *const *folders);
void sym_sources_close(struct sym_sources *sources);

/* The line @line of @file without blanks around; null: it is not there, or was changed after @built. @file is a text of a pool, the same
 * pointer whenever it is the same text. */
const char *sym_sources_line(struct sym_sources *sources, const char *file, int line, time_t built);

#endif
