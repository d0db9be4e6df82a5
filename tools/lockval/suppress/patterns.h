/* SPDX-License-Identifier: MIT */
#ifndef CLI_SUPPRESS_PATTERNS_H
#define CLI_SUPPRESS_PATTERNS_H

/*
 * The pattern of an entry for a finding: by what stays the same when the program is built anew, and so narrow that it is this finding and
 * none of its neighbours.
 */

#include "record/model.h"

/* "a & b", for behind the colon of an entry (check/suppress.h). Memory to free. */
char *patterns_of(const struct rec_finding *finding);

#endif
