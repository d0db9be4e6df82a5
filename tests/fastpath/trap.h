/* SPDX-License-Identifier: MIT */
#ifndef TRAP_H
#define TRAP_H

/*
 * Take from the process the right to write to its memory, or to touch it, and see what does. Left out are the program's own
 * data and the stacks of threads, which the caller names: what is meant is the memory of the libraries, of malloc, and of all
 * that was mapped. Everything here makes its system calls itself, and its signal handlers are the kernel's: a preloaded
 * library that hooks the calls has no part in it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inside.h"

enum {
    TRAP_LINE = 64 /* bytes of a cache line */
};

/* Once, before all else: read where memory is mapped. What is mapped later is not seen. */
void trap_begin(void);

/* The pages of @range stay as they are. Before the memory is closed. */
void trap_leave_out(const struct range *range);

/* From here on a write ends the process, with a line on stdout that says which; reads are allowed. */
void trap_writes(void);

/* A line of memory that was touched. */
struct touch {
    uintptr_t line;
    bool written;
};

/* From here on each access is caught, noted, and then made. A write outside of @own ends the process as above. One thread
 * runs meanwhile. */
void trap_all(const struct range *own, size_t count);

/* Open the memory again. After trap_all() gives the lines that were touched, as constant memory that the next call of it
 * uses again. */
size_t trap_end(const struct touch **ret);

/* From here on a system call of the calling thread ends the process; but it may write to stdout, and end. */
void trap_system_calls(void);

/* End the process, as trap_system_calls() allows it. @text is put on stdout with the number. */
void trap_exit(const char *text, uint64_t number, int status) __attribute__((noreturn));

#endif
