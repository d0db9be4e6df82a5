/* SPDX-License-Identifier: MIT */
/* See memory.h. */

#define _GNU_SOURCE
#include "common/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/command.h"

static void *checked(void *memory)
{
    if (memory == NULL) {
        cli_complain("there is no memory left");
        exit(CLI_FAILED);
    }
    return memory;
}

void *cli_alloc(size_t count, size_t size)
{
    return checked(calloc(count != 0 ? count : 1, size != 0 ? size : 1));
}

void *cli_realloc(void *old, size_t count, size_t size)
{
    return checked(reallocarray(old, count != 0 ? count : 1, size != 0 ? size : 1));
}

char *cli_strdup(const char *text)
{
    return checked(strdup(text));
}

char *cli_printf(const char *format, ...)
{
    va_list args;
    char *text = NULL;
    int len;

    va_start(args, format);
    len = vasprintf(&text, format, args);
    va_end(args);
    return checked(len >= 0 ? text : NULL);
}
