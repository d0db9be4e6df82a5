/* SPDX-License-Identifier: MIT */
/*
 * The session: modules by build-id (or path, for those without), so that many processes of one program open its file once.
 */

#define _GNU_SOURCE
#include "symbol/symbols.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/memory.h"
#include "symbol/module.h"
#include "symbol/source.h"

struct sym_session {
    struct rec_pool *pool;
    char *debug_path;
    struct rec_index modules;    /* by a text that names the file -> struct sym_module */
    struct rec_index by_pointer; /* by the record's module -> the same */
    size_t count;
    struct sym_module **all;
    struct sym_sources *sources;
    char *folder; /* the current one, with a slash behind; null: not known */
    struct sym_frames nothing;
};

struct sym_session *sym_open(const struct sym_options *options)
{
    struct sym_session *session = cli_alloc(1, sizeof(*session));
    char *folder = getcwd(NULL, 0);

    session->pool = rec_pool_open();
    session->sources = sym_sources_open(options->source_dirs);
    if (options->debug_path != NULL)
        session->debug_path = cli_strdup(options->debug_path);
    if (folder != NULL)
        session->folder = cli_printf("%s/", folder);
    free(folder);
    /* A server that does not answer would let a user wait for a minute and a half for each file. */
    (void)setenv("DEBUGINFOD_TIMEOUT", "10", 0);
    return session;
}

void sym_close(struct sym_session *session)
{
    for (size_t i = 0; i < session->count; i++) {
        sym_module_close(session->all[i]);
        free(session->all[i]);
    }
    free(session->all);
    rec_index_free(&session->modules);
    rec_index_free(&session->by_pointer);
    sym_sources_close(session->sources);
    rec_pool_close(session->pool);
    free(session->debug_path);
    free(session->folder);
    free(session);
}

static struct sym_module *open_module(struct sym_session *session, const struct rec_module *module)
{
    char *name = cli_printf("%s %s", module->build_id, module->path);
    void **place = rec_index_at(&session->modules, (uint64_t)(uintptr_t)rec_pool_text(session->pool, name));
    struct sym_module *found = *place;

    free(name);
    if (found != NULL)
        return found;
    found = *place = cli_alloc(1, sizeof(*found));
    sym_module_open(found, module, &session->debug_path);
    session->all = cli_realloc(session->all, session->count + 1, sizeof(struct sym_module *));
    session->all[session->count++] = found;
    return found;
}

static struct sym_module *module_of(struct sym_session *session, const struct rec_module *module)
{
    void **place = rec_index_at(&session->by_pointer, (uint64_t)(uintptr_t)module);

    if (*place == NULL)
        *place = open_module(session, module);
    return *place;
}

const struct sym_frames *sym_look(struct sym_session *session, const struct rec_module *module, uint64_t offset,
                                  enum sym_kind kind)
{
    struct sym_module *opened;
    struct sym_frames *frames;
    void **place;

    if (module == NULL || offset == 0)
        return &session->nothing;
    opened = module_of(session, module);
    if (opened->module == NULL)
        return &session->nothing;
    place = rec_index_at(&opened->known, offset << 1 | (kind == SYM_CALL));
    if (*place != NULL)
        return *place;
    frames = *place = sym_module_look(opened, offset - (kind == SYM_CALL), session->pool);
    if (kind == SYM_CALL && frames->size != 0)
        frames->offset++; /* of the return address, as reports have it */
    return frames;
}

const struct sym_frames *sym_look_place(struct sym_session *session, const struct rec_process *process,
                                        const char *place, enum sym_kind kind)
{
    const char *plus = strrchr(place, '+');
    size_t len = plus != NULL ? (size_t)(plus - place) : 0;

    for (size_t i = 0; len != 0 && i < process->module_count; i++) {
        const struct rec_module *module = process->modules[i];
        const char *name = *module->build_id != '\0' ? module->build_id : module->name;

        if (strncmp(name, place, len) == 0 && name[len] == '\0')
            return sym_look(session, module, strtoull(plus + 1, NULL, 16), kind);
    }
    return &session->nothing;
}

const char *sym_problem(struct sym_session *session, const struct rec_module *module)
{
    return module == NULL ? "it is in no module" : module_of(session, module)->problem;
}

const char *sym_source(struct sym_session *session, const struct rec_module *module, const char *file, int line)
{
    return module == NULL ? NULL : sym_sources_line(session->sources, file, line, module_of(session, module)->changed);
}

const char *sym_short_file(struct sym_session *session, const char *file)
{
    size_t len = session->folder != NULL ? strlen(session->folder) : 0;

    return len != 0 && strncmp(file, session->folder, len) == 0 ? file + len : file;
}
