/* SPDX-License-Identifier: MIT */
#ifndef CLI_MEMORY_H
#define CLI_MEMORY_H

/*
 * Memory that is there or the command ends, with a complaint: it has nothing to put in order.
 */

#include <stddef.h>

/* @count times @size bytes, zeroed. */
void *cli_alloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));

/* The same memory with room for @count times @size bytes. */
void *cli_realloc(void *old, size_t count, size_t size) __attribute__((returns_nonnull));

char *cli_strdup(const char *text) __attribute__((malloc, returns_nonnull));

/* What printf would print. */
char *cli_printf(const char *format, ...) __attribute__((format(printf, 1, 2), malloc, returns_nonnull));

#endif
