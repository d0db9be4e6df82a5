/* SPDX-License-Identifier: MIT */
/* A file of the lock order as it is. */

#include "contract/read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/command.h"
#include "common/memory.h"

char *contract_read(const char *path, size_t *ret_size, bool *ret_there)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t room = 0, got;

    *ret_size = 0;
    if (ret_there != NULL)
        *ret_there = file != NULL || errno != ENOENT;
    if (file == NULL) {
        if (ret_there == NULL || *ret_there)
            cli_complain("cannot read %s: %s", path, strerror(errno));
        return NULL;
    }
    do {
        room = room == 0 ? 4096 : room * 2;
        text = cli_realloc(text, room + 1, 1);
        got = fread(text + *ret_size, 1, room - *ret_size, file);
        *ret_size += got;
    } while (*ret_size == room);
    text[*ret_size] = '\0';
    if (ferror(file)) {
        cli_complain("cannot read %s: %s", path, strerror(errno));
        free(text);
        text = NULL;
    }
    (void)fclose(file);
    return text;
}
