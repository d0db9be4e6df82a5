/* SPDX-License-Identifier: MIT */
/*
 * The environment is changed where it lies, once, before main: what the program hands on later, by whatever call, is
 * then without us. Hooks on exec would not see what libc's own system, popen and posix_spawn hand on.
 */

#define _GNU_SOURCE
#include "process/environment.h"

#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

static const char options_key[] = "LOCKVAL_OPTIONS=";
static const char preload_key[] = "LD_PRELOAD=";
static const char library_name[] = "liblockval.so";
static const char separators[] = ": "; /* between the entries of LD_PRELOAD */

static bool has_key(const char *variable, const char *key)
{
    return strncmp(variable, key, strlen(key)) == 0;
}

const char *lv_environment_options(void)
{
    if (getauxval(AT_SECURE) != 0 || environ == NULL)
        return NULL;
    for (char **e = environ; *e != NULL; e++)
        if (has_key(*e, options_key))
            return *e + sizeof(options_key) - 1;
    return NULL;
}

/* Is the entry of @len characters this library, by whatever path and version? */
static bool is_library(const char *entry, size_t len)
{
    size_t name = len;

    while (name != 0 && entry[name - 1] != '/')
        name--;
    return len - name >= sizeof(library_name) - 1 && strncmp(entry + name, library_name, sizeof(library_name) - 1) == 0;
}

/* Take this library out of @list; returns whether anything is left. */
static bool shorten(char *list)
{
    char *from = list, *to = list;

    while (*from != '\0') {
        size_t len = strcspn(from, separators);
        size_t gap = strspn(from + len, separators);

        if (!is_library(from, len)) {
            memmove(to, from, len + gap);
            to += len + gap;
        }
        from += len + gap;
    }
    while (to != list && strchr(separators, to[-1]) != NULL)
        to--;
    *to = '\0';
    return to != list;
}

void lv_environment_hide(void)
{
    char **to = environ;

    if (to == NULL)
        return;
    for (char **e = environ; *e != NULL; e++) {
        if (has_key(*e, options_key) || (has_key(*e, preload_key) && !shorten(*e + sizeof(preload_key) - 1)))
            continue;
        *to++ = *e;
    }
    *to = NULL;
}
