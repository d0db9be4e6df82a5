/* SPDX-License-Identifier: MIT */
/* What main.c has for the parts of the command, for tests that take some of them without it. */

#include <stdarg.h>
#include <stdio.h>

#include "common/command.h"

void cli_complain(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
}
