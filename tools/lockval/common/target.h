/* SPDX-License-Identifier: MIT */
#ifndef CLI_TARGET_H
#define CLI_TARGET_H

/*
 * Can the library be preloaded into a program at all? Looked up in its file, before it is started.
 */

enum cli_target {
    CLI_TARGET_FINE,
    CLI_TARGET_STATIC,     /* no loader takes part, so LD_PRELOAD means nothing */
    CLI_TARGET_PRIVILEGED, /* it gets rights of its file's: the loader ignores LD_PRELOAD */
    CLI_TARGET_FOREIGN     /* of another architecture or word size than the library */
};

/* Where execvp() finds the program @name: memory to free, or null. */
char *cli_target_find(const char *name);

/*
 * Look at the program @path; of a script, at what interprets it. *ret_path is the file that the answer is about, memory to
 * free. What cannot be read, or is no program at all, is fine: exec will say.
 */
enum cli_target cli_target_look(const char *path, char **ret_path);

#endif
