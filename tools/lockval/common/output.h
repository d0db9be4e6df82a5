/* SPDX-License-Identifier: MIT */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

/*
 * Where a command prints to: stdout, or a file that appears under its name when it is whole. What is there and is no file (a pipe, a
 * terminal, /dev/null) stays, and is written to.
 *
 *     if (!cli_output_begin(&output, path))
 *         return CLI_FAILED;
 *     good = print(output.file);
 *     if (!cli_output_end(&output, good))
 *         return CLI_FAILED;
 */

#include <stdbool.h>
#include <stdio.h>

struct cli_output {
    FILE *file;
    const char *path; /* null: stdout */
    char *part;       /* its name meanwhile; null: it has its own */
};

/* @path: null and "-" are stdout. It must live until the end. Returns false after a complaint. */
bool cli_output_begin(struct cli_output *output, const char *path);

/* @good: all was printed; else the file is not made. Returns @good, or false after a complaint if it could not be written. */
bool cli_output_end(struct cli_output *output, bool good);

#endif
