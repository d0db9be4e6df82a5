/* SPDX-License-Identifier: MIT */
#ifndef CLI_STAT_FORMS_H
#define CLI_STAT_FORMS_H

/* The forms of `lockval stat`: each prints the first @count classes of @sums. */

#include "stat/sums.h"

void stat_print_table(const struct stat_sums *sums, size_t count);
void stat_print_lock_stat(const struct stat_sums *sums, size_t count);
void stat_print_as_json(const struct stat_sums *sums, size_t count, struct sym_session *symbols);

#endif
