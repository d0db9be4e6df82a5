/* SPDX-License-Identifier: MIT */
/* By the C++ runtime, whose interface for this is a C function. */

#include "symbol/demangle.h"

#include <stddef.h>
#include <string.h>

char *__cxa_demangle(const char *name, char *buffer, size_t *size, int *ret_status);

char *sym_demangle(const char *symbol)
{
    int status;

    if (strncmp(symbol, "_Z", 2) != 0)
        return NULL;
    return __cxa_demangle(symbol, NULL, NULL, &status);
}
