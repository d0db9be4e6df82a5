/* SPDX-License-Identifier: MIT */
/* Ten thousand names are too many for a command line. */

#define _GNU_SOURCE
#include "record/names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/command.h"
#include "common/memory.h"
#include "record/pool.h"

void rec_names_add(const char *name, char ***names, size_t *count)
{
    rec_append(names, count, cli_strdup(name));
}

void rec_names_free(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

bool rec_names_read(const char *list, bool zeros, char ***names, size_t *count)
{
    bool is_stdin = strcmp(list, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(list, "re");
    char *line = NULL;
    size_t size = 0;
    ssize_t len;

    if (file == NULL) {
        cli_complain("cannot read %s: %s", list, strerror(errno));
        return false;
    }
    while ((len = getdelim(&line, &size, zeros ? '\0' : '\n', file)) > 0) {
        if (line[len - 1] == '\n' || line[len - 1] == '\0')
            line[len - 1] = '\0';
        if (*line != '\0')
            rec_names_add(line, names, count);
    }
    free(line);
    if (!is_stdin)
        (void)fclose(file);
    return true;
}
