/* SPDX-License-Identifier: MIT */
/* The first entry that matches is named, as the library does it: files in their order, what is built in behind them. */

#define _GNU_SOURCE
#include "suppress/apply.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "engine/suppress.h"
#include "suppress/entries.h"

struct suppress_files {
    size_t count;
    struct entries **files;
    char *paths;   /* the entries have theirs from here */
    size_t *uses;  /* of each entry, those of the first file first */
    bool built_in; /* the last one */
};

static void add(struct suppress_files *files, struct entries *entries)
{
    files->files = cli_realloc(files->files, files->count + 1, sizeof(struct entries *));
    files->files[files->count++] = entries;
}

static bool read_all(struct suppress_files *files, const char *paths)
{
    char *rest = files->paths = cli_strdup(paths), *path;
    bool ok = true;

    while (ok && (path = strsep(&rest, ",")) != NULL) {
        struct entries *entries = *path != '\0' ? entries_read(path) : NULL;

        ok = *path == '\0' || entries != NULL;
        if (entries != NULL)
            add(files, entries);
    }
    return ok;
}

struct suppress_files *suppress_open(const char *paths, bool built_in)
{
    struct suppress_files *files = cli_alloc(1, sizeof(*files));
    size_t entries = 0;

    if (paths != NULL && !read_all(files, paths)) {
        suppress_close(files);
        return NULL;
    }
    files->built_in = built_in;
    if (built_in)
        add(files, entries_of("built in", lv_suppress_builtin, strlen(lv_suppress_builtin)));
    for (size_t i = 0; i < files->count; i++)
        entries += files->files[i]->count;
    files->uses = cli_alloc(entries + 1, sizeof(*files->uses));
    return files;
}

void suppress_close(struct suppress_files *files)
{
    if (files == NULL)
        return;
    for (size_t i = 0; i < files->count; i++)
        entries_free(files->files[i]);
    free(files->files);
    free(files->paths);
    free(files->uses);
    free(files);
}

static void suppress(struct rec_finding *finding, const struct entry *entry, struct rec_pool *pool)
{
    finding->counts = false;
    finding->suppressed_by = rec_pool_text(pool, entry->text);
    finding->suppressed_from = rec_pool_text(pool, entry->from->from);
    finding->suppressed_line = entry->line;
    finding->suppressed_reason = rec_pool_text(pool, entry->from->reason);
}

size_t suppress_apply(struct suppress_files *files, struct rec_finding *const *findings, size_t count,
                      struct rec_pool *pool)
{
    size_t suppressed = 0;

    for (size_t i = 0; i < count; i++) {
        size_t number = 0;

        for (size_t j = 0; j < files->count; number += files->files[j++]->count) {
            for (size_t k = 0; k < files->files[j]->count && findings[i]->suppressed_by[0] == '\0'; k++) {
                if (!entry_matches(&files->files[j]->entries[k], findings[i]))
                    continue;
                suppress(findings[i], &files->files[j]->entries[k], pool);
                files->uses[number + k]++;
                suppressed++;
            }
        }
    }
    return suppressed;
}

void suppress_say_unused(const struct suppress_files *files, FILE *out)
{
    size_t number = 0;

    for (size_t i = 0; i + files->built_in < files->count; number += files->files[i++]->count)
        for (size_t j = 0; j < files->files[i]->count; j++)
            if (files->uses[number + j] == 0)
                (void)fprintf(out, "lockval: %s:%u: unused: %s\n", files->files[i]->entries[j].from->from,
                              files->files[i]->entries[j].line, files->files[i]->entries[j].text);
}
