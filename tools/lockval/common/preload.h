/* SPDX-License-Identifier: MIT */
#ifndef CLI_PRELOAD_H
#define CLI_PRELOAD_H

/*
 * The library that goes with this command, and the environment of a program that is to run under it.
 */

#include <stdbool.h>
#include <stddef.h>

/*
 * The path of liblockval.so.0: in the build tree that the command lies in, else where it is installed, as seen from the
 * command. Returns memory to free, or null after a complaint.
 */
char *cli_library_path(void);

/* @old, a value of LD_PRELOAD or null, with @library in it. A sanitizer's runtime stays in front, since it insists; of a
 * liblockval that is there already @library takes the place. Returns memory to free. */
char *cli_preload_value(const char *old, const char *library);

/* @old, a value of LOCKVAL_OPTIONS or null, with @more ("key=value:key=value", may be empty) behind it: what comes later
 * holds. Returns memory to free. */
char *cli_options_value(const char *old, const char *more);

/* Add "key=value" to the options in *@options (memory to free, or null), with quotes where they are needed. False: the value
 * has both kinds of quotes and a colon, which no option can have. */
bool cli_options_add(char **options, const char *key, const char *value);

/* Is @argument "--key=value" of an option of the library? 0: it was added to *@options; paths of files that are read are whole then. Else a
 * complaint was made and it is CLI_USAGE; @name is of the command that was called. */
int cli_options_take(char **options, const char *name, const char *argument);

/* Set LD_PRELOAD and LOCKVAL_OPTIONS of the calling process, with what it had kept. Returns false after a complaint. */
bool cli_preload_environment(const char *library, const char *options);

/* Print all options of the library that can be given, with their defaults. */
void cli_options_print(void);

#endif
