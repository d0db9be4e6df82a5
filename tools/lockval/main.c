/* SPDX-License-Identifier: MIT */
/*
 * The command lockval: the table of subcommands, and what is common to all of them.
 */

#include "common/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/types.h"

static const struct cli_command *const commands[] = {
    &cli_baseline, &cli_chains, &cli_check,  &cli_classes,  &cli_complete, &cli_confirm, &cli_coverage,
    &cli_db,       &cli_diff,   &cli_doctor, &cli_edges,    &cli_explain,  &cli_merge,   &cli_order,
    &cli_report,   &cli_run,    &cli_stat,   &cli_suppress, &cli_threads,
};

static const struct cli_command *find(const char *name)
{
    for (size_t i = 0; i < LV_ARRAY_SIZE(commands); i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

const struct cli_command *cli_command_at(size_t i)
{
    return i < LV_ARRAY_SIZE(commands) ? commands[i] : NULL;
}

void cli_complain(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)fflush(stdout);
    (void)fputs("lockval: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
}

int cli_usage_error(const struct cli_command *command, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)fflush(stdout);
    (void)fprintf(stderr, "lockval %s: ", command->name);
    (void)vfprintf(stderr, format, args);
    (void)fprintf(stderr, " (see: lockval help %s)\n", command->name);
    va_end(args);
    return CLI_USAGE;
}

int cli_finish(int status)
{
    bool failed = ferror(stdout) != 0;

    if (fflush(stdout) != 0 || failed) {
        cli_complain("cannot write the output: %s", strerror(errno));
        return status == CLI_OK ? CLI_FAILED : status;
    }
    return status;
}

static void print_usage(FILE *out, const struct cli_command *command)
{
    (void)fprintf(out, "usage: lockval %s %s\n", command->name, command->arguments);
}

static int help(int argc, char **argv)
{
    const struct cli_command *command;

    if (argc > 2) {
        cli_complain("help takes the name of one command");
        return CLI_USAGE;
    }
    if (argc == 2) {
        command = find(argv[1]);
        if (command == NULL) {
            cli_complain("there is no command '%s' (lockval help lists them)", argv[1]);
            return CLI_USAGE;
        }
        print_usage(stdout, command);
        (void)printf("\n%s", command->help);
        if (command->more_help != NULL)
            command->more_help();
        return cli_finish(CLI_OK);
    }
    (void)printf("usage: lockval COMMAND ...\n\n");
    for (size_t i = 0; i < LV_ARRAY_SIZE(commands); i++)
        if (commands[i]->summary != NULL)
            (void)printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
    (void)printf("  %-10s %s\n", "help", "this list, or what is to be known of one command: lockval help COMMAND");
    (void)printf("\nlockval --version prints the version.\n");
    return cli_finish(CLI_OK);
}

int main(int argc, char **argv)
{
    const struct cli_command *command;

    if (argc < 2) {
        cli_complain("a command is missing (lockval help lists them)");
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)printf("lockval %s\n", LOCKVAL_VERSION_TEXT);
        return cli_finish(CLI_OK);
    }
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return help(argc - 1, argv + 1);
    command = find(argv[1]);
    if (command == NULL) {
        cli_complain("there is no command '%s' (lockval help lists them)", argv[1]);
        return CLI_USAGE;
    }
    if (argc == 3 && strcmp(argv[2], "--help") == 0)
        return help(2, argv);
    return command->run(argc - 1, argv + 1);
}
