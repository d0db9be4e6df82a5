/* SPDX-License-Identifier: MIT */
#ifndef CLI_FORMATS_TEXT_ADVICE_H
#define CLI_FORMATS_TEXT_ADVICE_H

/*
 * What could be changed, by the counts at the end of a process: the same that the library's own summary says.
 */

#include "formats/text.h"

/* A line about the step of the finding's cycle that is the odd one out; nothing if there is none. */
void text_advice_odd(FILE *out, const struct format_input *input, const struct rec_finding *finding);

/* For each process with several cycles, a line with the fewest steps to change, so that none is left. */
void text_advice_smallest(FILE *out, const struct format_input *input);

#endif
