/* SPDX-License-Identifier: MIT */
#ifndef LAB_LAB_H
#define LAB_LAB_H

/*
 * The lab as its page, and the tests, call it: a program is read, played step by step, and explored. All that is said is JSON,
 * which lies in one buffer until the next call.
 */

#include <stdint.h>

enum {
    LAB_TEXT = 65536 /* bytes of a program's text, with its end */
};

/* Where the caller puts the program's text, and the options, which end in a zero byte each. */
char *lab_text(void);
char *lab_options(void);

/* Read the program, and begin. {"ok":true, ...} or {"ok":false,"line":3,"complaint":"..."}. */
const char *lab_load(void);

/* Begin anew with the same program. */
const char *lab_restart(void);

/* Thread @thread takes its next step (@what 0), stops waiting (1), or is interrupted by context @what - 2. What cannot happen
 * changes nothing. */
const char *lab_play(unsigned thread, unsigned what);

/* All that there is to see now. */
const char *lab_view(void);

/* Whether the program can hang, by all interleavings. What is played is left alone. In pieces of @count states: "done" says whether
 * that was the last one. */
const char *lab_explore(unsigned count);

/* The same from the beginning on, in one piece. */
const char *lab_explore_all(void);

#endif
