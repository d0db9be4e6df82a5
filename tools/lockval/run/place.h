/* SPDX-License-Identifier: MIT */
#ifndef CLI_RUN_PLACE_H
#define CLI_RUN_PLACE_H

/*
 * Where the record of a run lies, if the user does not say: a file that only he can read and write, in a folder of his own.
 */

#include <sys/types.h>

/*
 * Make an empty file for the record of @program, which runs as @pid: PROGRAM.PID.jsonl in $XDG_RUNTIME_DIR/lockval, or, where that
 * cannot be, in lockval-UID in $TMPDIR or /tmp. Returns its path, memory to free; null: there is none, and *ret_why says why in
 * a line, memory to free.
 */
char *run_place_make(const char *program, pid_t pid, char **ret_why);

#endif
