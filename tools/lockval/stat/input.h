/* SPDX-License-Identifier: MIT */
#ifndef CLI_STAT_INPUT_H
#define CLI_STAT_INPUT_H

/*
 * What stat, classes, edges and chains have in common: records that are read, and how places are called.
 */

#include "common/command.h"
#include "record/model.h"
#include "symbol/symbols.h"

/* The records at @paths. Null after a complaint, if none has anything; else *ret_status is CLI_FAILED if one could not be read. */
struct rec_set *stat_read(const struct cli_command *command, int count, char *const *paths, int *ret_status);

/*
 * The arguments of a command that takes --json alone: reads the records and calls @print. Returns the exit status.
 */
int stat_main(const struct cli_command *command, int argc, char **argv,
              void (*print)(const struct rec_set *set, bool json));

/* Print @json, with an end of line, and be rid of it. */
void stat_print_json(json_t *json);

/* A text for JSON: what is no UTF-8 is replaced. */
json_t *stat_json_text(const char *text);

/*
 * Where a call is: "function+0x1b (module) file.c:31" as far as it is known. A function that is inlined from a header of the system is
 * passed over for who calls it. Memory to free.
 */
char *stat_site_text(struct sym_session *symbols, const struct rec_frame *site);
const struct sym_frame *stat_site_frame(struct sym_session *symbols, const struct rec_frame *site);

/* Is the place known at all? */
static inline bool stat_site_is_known(const struct rec_frame *site)
{
    return site->module != NULL || site->offset != 0;
}

#endif
