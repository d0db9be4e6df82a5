/* SPDX-License-Identifier: MIT */
#ifndef CLI_STOP_H
#define CLI_STOP_H

/*
 * All threads of a process stopped for a moment, and what their stacks are walked with afterwards, while they run again:
 * their registers and a copy of what lies on their stacks.
 *
 * They are stopped by ptrace, without a signal, whatever they block. As with a debugger, or SIGSTOP, some system calls end
 * with EINTR by it: epoll_wait, semop, sigtimedwait, and reads of inotify (signal(7) lists them); a wait for a lock does not.
 */

#include "threads/victim.h"

enum {
    CLI_REGISTERS_MAX = 33
};

/* A thread as it was. */
struct cli_snapshot {
    pid_t tid;
    bool stopped;                          /* it did stop; else the rest is empty */
    uint64_t registers[CLI_REGISTERS_MAX]; /* by their DWARF numbers */
    unsigned register_count;               /* 0: not known on this processor */
    uint64_t pc, sp;
    bool call_known;      /* it is known whether it was in a system call: */
    bool in_call;         /* it was, */
    long call;            /* in this one, */
    uint64_t call_arg;    /* and that is its first argument */
    unsigned char *stack; /* copy of the memory from .sp on */
    size_t stack_size;
    int signal; /* that it was about to get; 0: none */
    bool attached;
};

struct cli_stop {
    struct cli_snapshot *threads; /* by tid */
    size_t count;
    int error;          /* of errno: why none was stopped; 0: they were, or some of them */
    int64_t stopped_us; /* for how long the first one was */
};

/*
 * Stop the threads of @victim, read registers and stacks, call @meanwhile(@arg) while they stand still, and let them go. It
 * takes milliseconds, and is given up after a quarter of a second: threads that did not stop by then, since they sleep in the
 * kernel where nothing reaches them, have no stack. Also when nothing was stopped, @meanwhile is called.
 */
void cli_stop(struct cli_stop *stop, const struct cli_victim *victim, void (*meanwhile)(void *arg), void *arg);

struct cli_snapshot *cli_stop_find(const struct cli_stop *stop, pid_t tid);

/* Let go whoever stopped only after cli_stop() had given it up. To be called now and then until cli_stop_free(). */
void cli_stop_release(struct cli_stop *stop);

void cli_stop_free(struct cli_stop *stop);

#endif
