/* SPDX-License-Identifier: MIT */
#ifndef CLI_RECORD_NAMES_H
#define CLI_RECORD_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* Append the names in the file @list, "-" is stdin, to *@names, which has *@count: one a line, or, with @zeros, each with a zero byte
 * behind it. Returns false after a complaint. */
bool rec_names_read(const char *list, bool zeros, char ***names, size_t *count);

/* Append a copy of @name. */
void rec_names_add(const char *name, char ***names, size_t *count);

void rec_names_free(char **names, size_t count);

#endif
