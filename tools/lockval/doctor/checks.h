/* SPDX-License-Identifier: MIT */
#ifndef CLI_CHECKS_H
#define CLI_CHECKS_H

/*
 * What lockval doctor looked at: a list of checks, each with what was found and, where something is missing, what to do. The
 * files of this folder add to it, doctor.c prints it.
 */

#include <stddef.h>

enum doctor_state {
    DOCTOR_OK,
    DOCTOR_WARN, /* something does less than it could */
    DOCTOR_BAD   /* it does not work: the exit status is 1 */
};

struct doctor_check {
    enum doctor_state state;
    const char *name; /* one word */
    char *text;       /* what was found: one line */
    char *advice;     /* what to do: one line; null: nothing */
};

struct doctor_checks {
    struct doctor_check *all;
    size_t count;
};

/* Add one. @name is kept as it is. */
void doctor_add(struct doctor_checks *checks, enum doctor_state state, const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* What to do about the last one that was added. */
void doctor_advise(struct doctor_checks *checks, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The processor, the kernel, libc, /proc, the environment, room for records. */
void doctor_machine(struct doctor_checks *checks);

/* The library is there, is of this version, gets into a program, and can be read in it from outside. */
void doctor_library(struct doctor_checks *checks);

/* Graphviz, gdb, debuginfod. */
void doctor_tools(struct doctor_checks *checks);

/* The program @name, looked for in PATH: can it be watched, and what will its report be like? It is not run. */
void doctor_program(struct doctor_checks *checks, const char *name);

#endif
