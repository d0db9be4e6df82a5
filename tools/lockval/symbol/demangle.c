/* SPDX-License-Identifier: MIT */
/* By the C++ runtime, whose interface for this is a C function. */

#include "symbol/demangle.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

char *__cxa_demangle(const char *name, char *buffer, size_t *size, int *ret_status);

char *sym_demangle(const char *symbol)
{
    int status;

    if (strncmp(symbol, "_Z", 2) != 0)
        return NULL;
    return __cxa_demangle(symbol, NULL, NULL, &status);
}

/* How long the name at @text is, if it is one of the linker's for C++; else 0. */
static size_t symbol_len(const char *text, const char *begin)
{
    size_t len = 0;

    if (strncmp(text, "_Z", 2) != 0 || (text > begin && (isalnum((unsigned char)text[-1]) || text[-1] == '_')))
        return 0;
    while (isalnum((unsigned char)text[len]) || text[len] == '_')
        len++;
    return len;
}

char *sym_readable(const char *text)
{
    char *result = cli_strdup("");

    for (const char *at = text; *at != '\0';) {
        size_t len = symbol_len(at, text), rest = 1;
        char *symbol = len != 0 ? cli_printf("%.*s", (int)len, at) : NULL;
        char *readable = symbol != NULL ? sym_demangle(symbol) : NULL, *longer;

        if (readable == NULL) {
            while (at[rest] != '\0' && at[rest] != '_')
                rest++;
            len = len > rest ? len : rest;
        }
        longer = cli_printf("%s%.*s", result, (int)(readable != NULL ? strlen(readable) : len),
                            readable != NULL ? readable : at);
        free(result);
        free(symbol);
        free(readable);
        result = longer;
        at += len;
    }
    return result;
}
