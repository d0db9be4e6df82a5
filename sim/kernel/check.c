/* SPDX-License-Identifier: MIT */
/*
 * check.c: the end of a program whose invariants do not hold. Owns no data.
 *
 * It leaves by _exit() and not by exit(): other threads run on, and exit handlers must not work on
 * broken data beside them.
 */
#include "kernel/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void sim_check_failed(const char *file, int line, const char *condition, const char *format, ...)
{
    char message[512];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    fflush(stdout);
    fprintf(stderr, "%s:%d: check failed: %s (%s)\n", file, line, message, condition);
    _exit(1);
}

void *sim_alloc(size_t count, size_t size)
{
    void *memory = calloc(count, size);

    SIM_CHECK(memory, "out of memory: %zu objects of %zu bytes", count, size);
    return memory;
}
