/* SPDX-License-Identifier: MIT */
#ifndef CLI_FORMATS_TEXT_FRAMES_H
#define CLI_FORMATS_TEXT_FRAMES_H

/*
 * The frames that a report of the library names, found again in the record, and said in the words of the symbols.
 */

#include "formats/text.h"

struct text_frames;

/* For one finding. Never null. */
struct text_frames *text_frames_open(const struct text_style *style, const struct format_input *input,
                                     const struct rec_finding *finding);
void text_frames_close(struct text_frames *frames);

/* Is the line nothing but a frame, behind blanks? */
bool text_frames_is_one(const char *line, size_t len);

/* Lines in a row that are frames behind the same blanks: a stack. Prints them with their places, as they are if they are not known. */
void text_frames_stack(struct text_frames *frames, FILE *out, char *const *lines, size_t count);

/* A line with the places in it said as files and lines. */
void text_frames_line(struct text_frames *frames, FILE *out, const char *line);

/* "file.c:123" of the innermost frame of @stack that is not a wrapper, memory to free; null: it is not known. */
char *text_frames_site(const struct format_input *input, const struct rec_stack *stack);

#endif
