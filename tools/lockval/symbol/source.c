/* SPDX-License-Identifier: MIT */
/* A file is read whole and cut into lines. What is larger than a source ever is, is none. */

#define _GNU_SOURCE
#include "symbol/source.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/memory.h"

enum {
    SOURCE_MOST = 64 << 20
};

struct source {
    struct source *next;
    char *text;   /* null: it is not there */
    char **lines; /* from 0 on */
    size_t count;
    time_t changed;
};

struct sym_sources {
    const char *const *folders;
    struct rec_index files; /* by the text's pointer -> struct source */
    struct source *all;
};

struct sym_sources *sym_sources_open(const char *const *folders)
{
    struct sym_sources *sources = cli_alloc(1, sizeof(*sources));

    sources->folders = folders;
    return sources;
}

void sym_sources_close(struct sym_sources *sources)
{
    struct source *source = sources->all, *next;

    for (; source != NULL; source = next) {
        next = source->next;
        free(source->text);
        free(source->lines);
        free(source);
    }
    rec_index_free(&sources->files);
    free(sources);
}

/* @file itself, or, without more and more of its first folders, below one of the given ones. */
static FILE *open_source(const struct sym_sources *sources, const char *file)
{
    FILE *found = fopen(file, "re");

    for (const char *const *folder = sources->folders; found == NULL && folder != NULL && *folder != NULL; folder++) {
        for (const char *rest = file; found == NULL && rest != NULL; rest = strchr(rest, '/')) {
            char *path;

            rest += *rest == '/';
            path = cli_printf("%s/%s", *folder, rest);
            found = fopen(path, "re");
            free(path);
        }
    }
    return found;
}

static void cut(struct source *source, size_t size)
{
    for (char *at = source->text; at < source->text + size;) {
        char *end = memchr(at, '\n', (size_t)(source->text + size - at));

        if (end == NULL)
            end = source->text + size;
        *end = '\0';
        if ((source->count & (source->count - 1)) == 0)
            source->lines =
                cli_realloc(source->lines, source->count == 0 ? 1 : source->count * 2, sizeof(*source->lines));
        source->lines[source->count++] = at;
        at = end + 1;
    }
}

static void read_source(struct source *source, FILE *file)
{
    struct stat st;
    size_t size;

    if (fstat(fileno(file), &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > SOURCE_MOST)
        return;
    source->changed = st.st_mtime;
    source->text = cli_alloc((size_t)st.st_size + 1, 1);
    size = fread(source->text, 1, (size_t)st.st_size, file);
    cut(source, size);
}

static struct source *source_of(struct sym_sources *sources, const char *file)
{
    void **place = rec_index_at(&sources->files, (uint64_t)(uintptr_t)file);
    struct source *source = *place;
    FILE *opened;

    if (source != NULL)
        return source;
    source = *place = cli_alloc(1, sizeof(*source));
    source->next = sources->all;
    sources->all = source;
    opened = open_source(sources, file);
    if (opened != NULL) {
        read_source(source, opened);
        (void)fclose(opened);
    }
    return source;
}

const char *sym_sources_line(struct sym_sources *sources, const char *file, int line, time_t built)
{
    struct source *source;
    char *text, *end;

    if (*file == '\0' || line <= 0)
        return NULL;
    source = source_of(sources, file);
    if ((size_t)line > source->count || source->changed > built)
        return NULL;
    text = source->lines[line - 1];
    while (isspace((unsigned char)*text))
        text++;
    for (end = text + strlen(text); end > text && isspace((unsigned char)end[-1]);)
        *--end = '\0';
    return text;
}
