/* SPDX-License-Identifier: MIT */
#ifndef CLI_VICTIM_H
#define CLI_VICTIM_H

/*
 * A running process, seen from outside: what /proc says of it, and its memory. Nothing here stops it. Whatever is read may be
 * nonsense and may change at any time; the process may end, or become another program, at any time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cli_map {
    uintptr_t start, end;
    uint64_t offset;
    bool readable;
    char *path; /* never null; "" for memory without a file */
};

/* A thread as the system has it. */
struct cli_task {
    pid_t tid;
    pid_t inner_tid;   /* as the process itself sees it: another number in a container */
    char name[32];     /* printable */
    char state;        /* of /proc/PID/stat: R, S, D, T, t, ...; 0: not known */
    bool in_call;      /* it sleeps in a system call: */
    long call;         /* its number, */
    uint64_t call_arg; /* and its first argument */
};

struct cli_victim {
    pid_t pid;
    pid_t tracer;         /* who traces it; 0: nobody */
    char *program;        /* path of its executable, as /proc has it */
    int memory;           /* /proc/PID/mem: of this very program, also if the process becomes another one */
    bool same_word;       /* its words are as large as ours */
    struct cli_map *maps; /* by address */
    size_t map_count;
    struct cli_task *tasks; /* by tid */
    size_t task_count;
};

/*
 * Open the process with the number @pid; of a thread's number, its process. Returns false after a complaint of one line: there
 * is none, it ended, it may not be looked at (and what to do about that).
 */
bool cli_victim_open(struct cli_victim *victim, pid_t pid);
void cli_victim_close(struct cli_victim *victim);

/* Look at its threads once more. False: it has none, which means that it ended. */
bool cli_victim_read_tasks(struct cli_victim *victim);

/* The thread with the number @tid, or null. */
struct cli_task *cli_victim_task(const struct cli_victim *victim, pid_t tid);

/* Does it sleep in a wait for another thread, as all locks but spinlocks have it? */
bool cli_task_sleeps(const struct cli_task *task);

/* The mapping that @address lies in, or null. */
const struct cli_map *cli_victim_map(const struct cli_victim *victim, uintptr_t address);

/* Read @size bytes at @address. False: not all of them can be read. */
bool cli_victim_read(const struct cli_victim *victim, uintptr_t address, void *buf, size_t size);

/* Read as much of that as there is. Returns the number of bytes. */
size_t cli_victim_read_some(const struct cli_victim *victim, uintptr_t address, void *buf, size_t size);

/* The text at @address, of at most 511 characters, with ? for what is not printable. Memory to free, or null. */
char *cli_victim_text(const struct cli_victim *victim, uintptr_t address);

/* Is it there still, and no zombie? */
bool cli_victim_is_alive(const struct cli_victim *victim);

/* Complain of @error, a number of errno, that looking at the process @pid came to: with what can be done about it. */
void cli_victim_complain(pid_t pid, int error);

#endif
