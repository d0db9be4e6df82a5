/* SPDX-License-Identifier: MIT */
#ifndef CLI_CHILD_H
#define CLI_CHILD_H

/*
 * Programs that the command starts for its own ends, unlike the one that `lockval run` stands in for. Each is the leader of a
 * process group of its own, so that all that it started goes with it, and is killed by the kernel if the command dies.
 *
 *     cli_children_begin();
 *     if (cli_child_start(&child, &how, argv) == 0) {
 *         switch (cli_child_wait(&child, 1, 60000, &which)) ...
 *         cli_child_end(&child);
 *     }
 *
 * While children are there, SIGINT, SIGTERM, SIGHUP and SIGQUIT do not end the command: cli_child_wait() passes them on
 * and says so.
 */

#include <stdbool.h>
#include <sys/types.h>

/* How a child is started. */
struct cli_child_how {
    const char *library; /* to preload; null: none */
    const char *options; /* behind those of LOCKVAL_OPTIONS; null: none */
    int in, out, err;    /* descriptors that become its stdin, stdout, stderr; -1: /dev/null, -2: the command's own */
};

enum {
    CLI_CHILD_NULL = -1,
    CLI_CHILD_SAME = -2
};

struct cli_child {
    pid_t pid;  /* 0: none; also of its process group */
    int pidfd;  /* becomes readable when it ends */
    bool ended; /* it ended, and .status is that of waitpid() */
    int status;
};

/* Begin to follow the signals that are passed on. Returns false after a complaint. May be called again. */
bool cli_children_begin(void);

/*
 * Start the program @argv[0], looked for in PATH, with @argv. Returns 0, or a positive errno of the call that failed, of the
 * child's exec too: ENOENT means that there is no such program. Nothing is printed.
 */
int cli_child_start(struct cli_child *child, const struct cli_child_how *how, char *const argv[]);

enum cli_child_wait {
    CLI_CHILD_ENDED, /* that one of *ret_which: .ended is true, .status is set. Its group may live on until cli_child_end() */
    CLI_CHILD_TIMEOUT, /* none did in time */
    CLI_CHILD_SIGNAL   /* the command got the signal *ret_which, which was passed on to all of these children */
};

/* Wait until one of @children that did not end before ends, no longer than @timeout_ms (negative: for ever). Entries whose pid is 0 are skipped;
 * when there is nothing to wait for it is CLI_CHILD_TIMEOUT at once. */
enum cli_child_wait cli_child_wait(struct cli_child *children, unsigned count, int timeout_ms, int *ret_which);

/* Is one end near? Kill the process group, all of it, and reap the child: afterwards .ended and .status are set. Its pid
 * is another process's from here on. */
void cli_child_end(struct cli_child *child);

/* The signal that the command got while it waited, 0: none. Who is done cleaning up should call cli_children_die(). */
int cli_children_signal(void);

/* End the command by the signal @number as if it had never been followed. */
void cli_children_die(int number) __attribute__((noreturn));

#endif
