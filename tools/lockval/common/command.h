/* SPDX-License-Identifier: MIT */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

/*
 * A subcommand of lockval: `lockval NAME ...`. Each has a file of its own, which ends with its struct cli_command; main.c has
 * the table of all. The command is an ordinary program, outside of what is watched: malloc and stdio are fine here.
 */

#include <stdbool.h>
#include <stddef.h>

/* Exit statuses that are the command's own. */
enum {
    CLI_OK = 0,
    CLI_FAILED = 1,       /* it could not do what it was asked for */
    CLI_USAGE = 2,        /* it was called in a way that means nothing */
    CLI_CANNOT_RUN = 126, /* as shells: the program is there, and cannot be run */
    CLI_NOT_FOUND = 127   /* as shells: there is no such program */
};

struct cli_command {
    const char *name;
    const char *arguments;   /* behind the name, in a line of usage */
    const char *summary;     /* in the list of commands; begins with a small letter, no full stop; null: not for people */
    const char *help;        /* what `lockval help NAME` prints behind the usage; whole lines */
    void (*more_help)(void); /* prints what help text cannot hold; null: nothing */
    int (*run)(int argc,
               char **argv); /* argv[0] is the command's name, a null follows the last. Returns the exit status */
};

extern const struct cli_command cli_baseline;
extern const struct cli_command cli_chains;
extern const struct cli_command cli_check;
extern const struct cli_command cli_classes;
extern const struct cli_command cli_complete;
extern const struct cli_command cli_confirm;
extern const struct cli_command cli_db;
extern const struct cli_command cli_coverage;
extern const struct cli_command cli_diff;
extern const struct cli_command cli_doctor;
extern const struct cli_command cli_edges;
extern const struct cli_command cli_merge;
extern const struct cli_command cli_order;
extern const struct cli_command cli_explain;
extern const struct cli_command cli_report;
extern const struct cli_command cli_run;
extern const struct cli_command cli_stat;
extern const struct cli_command cli_suppress;
extern const struct cli_command cli_threads;

/* Command number @i, null behind the last. */
const struct cli_command *cli_command_at(size_t i);

/* Print one line "lockval: ..." on stderr. */
void cli_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same with "(lockval help COMMAND)" behind it, which says where more is to be read. Returns CLI_USAGE. */
int cli_usage_error(const struct cli_command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Flush stdout. What could not be written is complained of, and makes the status CLI_FAILED if @status is CLI_OK. */
int cli_finish(int status);

#endif
