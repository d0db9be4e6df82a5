/* SPDX-License-Identifier: MIT */
/*
 * lockval run: set the environment and become the program. So whatever it is given, and whatever becomes of it, is as it
 * would be without us: descriptors, process group, exit status, signals.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/command.h"
#include "common/preload.h"
#include "common/target.h"

/* Say what keeps the library out of the program. It is run all the same: what it starts may be watched. */
static enum cli_target look(const char *program)
{
    char *path;
    enum cli_target found = cli_target_look(program, &path);

    switch (found) {
    case CLI_TARGET_STATIC:
        cli_complain("%s is linked statically: it runs, and is not watched", path);
        break;
    case CLI_TARGET_PRIVILEGED:
        cli_complain("%s runs with more rights than its caller's, so nothing can be preloaded: it is not watched",
                     path);
        break;
    case CLI_TARGET_FOREIGN:
        cli_complain("%s is of another architecture than the library: it is not watched", path);
        break;
    case CLI_TARGET_FINE:
        break;
    }
    free(path);
    return found;
}

/* As execvp(), which gives what the kernel does not know to the shell, but only texts. Returns the error. */
static int become(const char *name, char **argv)
{
    char *program = cli_target_find(name);
    enum cli_target found;
    int error;

    if (program == NULL)
        return ENOENT;
    found = look(program);
    (void)execv(program, argv);
    error = errno;
    free(program);
    if (error != ENOEXEC || found == CLI_TARGET_FOREIGN)
        return error;
    (void)execvp(name, argv);
    return errno;
}

static int run(int argc, char **argv)
{
    char *options = NULL, *library;
    int at = 1, error;

    for (; at < argc && argv[at][0] == '-'; at++) {
        if (strcmp(argv[at], "--") == 0) {
            at++;
            break;
        }
        if (cli_options_take(&options, "run", argv[at]) != 0) {
            free(options);
            return CLI_USAGE;
        }
    }
    if (at == argc) {
        free(options);
        return cli_usage_error(&cli_run, "the program is missing");
    }
    library = cli_library_path();
    if (library == NULL || !cli_preload_environment(library, options))
        return CLI_CANNOT_RUN;
    free(library);
    free(options);
    error = become(argv[at], argv + at);
    cli_complain("cannot run %s: %s", argv[at], strerror(error));
    return error == ENOENT ? CLI_NOT_FOUND : CLI_CANNOT_RUN;
}

const struct cli_command cli_run = {
    .name = "run",
    .arguments = "[--KEY=VALUE ...] [--] PROGRAM [ARGUMENT ...]",
    .summary = "run a program under the library",
    .help = "Becomes the program, with the library preloaded. What is in LD_PRELOAD and LOCKVAL_OPTIONS stays; options "
            "given\n"
            "here come behind, so they hold. A program that the library cannot be loaded into (linked statically, "
            "set-uid, of\n"
            "another architecture) is named, and runs. The exit status is the program's, 66 after a finding that "
            "counts, 127 if\n"
            "there is no such program, 126 if it cannot be run, 2 if an option is not known.\n\n",
    .more_help = cli_options_print,
    .run = run,
};
