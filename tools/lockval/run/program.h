/* SPDX-License-Identifier: MIT */
#ifndef CLI_RUN_PROGRAM_H
#define CLI_RUN_PROGRAM_H

/*
 * The program that `lockval run` is the parent of, and stands in for: signals that are sent to the command go on to the
 * program, the command stops when the program stops, and ends as the program ended. The program is in the command's process
 * group, session and terminal, with the descriptors, signal mask and dispositions that the command was given, of which the
 * command keeps only stderr. There is one program in a process.
 *
 *     run_program_begin(&program, &how)              it has a number, and waits
 *     run_program_go(&program, options)              it is what @how says
 *     while (run_program_wait(&program, fd, -1) != RUN_ENDED)
 *         ...
 *     run_program_leave();                           signals are the command's own again
 *     return run_program_end(&program);
 */

#include <stdbool.h>
#include <sys/types.h>

struct run_how {
    const char *path; /* of the program */
    const char *name; /* as it was called */
    char **argv;
    bool shell; /* a text that the kernel does not know goes to the shell */
    const char *library;
};

struct run_program {
    const struct run_how *how;
    pid_t pid;
    int status;    /* of waitpid(), when it has ended */
    int go, error; /* pipes to it and from it, until it runs; -1: closed */
};

/* Returns false after a complaint. From here on signals wait for run_program_wait(). */
bool run_program_begin(struct run_program *program, const struct run_how *how);

/* Let it become the program, with @options behind those of LOCKVAL_OPTIONS. Returns 0, or the positive errno of its exec; -1 after a
 * complaint. Other than 0: it has ended. */
int run_program_go(struct run_program *program, const char *options);

enum run_event {
    RUN_ENDED,
    RUN_READABLE,    /* there is something to read from the descriptor */
    RUN_INTERRUPTED, /* SIGINT came again within two seconds, and the program is still there */
    RUN_TIMEOUT
};

/* Wait for the program, for @fd to be readable (-1: nothing), no longer than @timeout_ms (-1: for ever). Signals are passed
 * on meanwhile. */
enum run_event run_program_wait(struct run_program *program, int fd, int timeout_ms);

void run_program_leave(void);

/* Die by the signal that the program died of, without a core of the command's own; else return its exit status. */
int run_program_end(const struct run_program *program);

#endif
