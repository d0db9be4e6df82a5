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
#include "symbol/linked.h"
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
    const struct rec_set *set;
    char *wrappers;          /* patterns of all processes */
    size_t wrappers_read;    /* of so many processes */
    char *folder;            /* the current one, with a slash behind; null: not known */
    struct rec_index stored; /* by lines of the record -> the same as struct sym_frames */
    struct sym_frames nothing;
};

struct sym_session *sym_open(const struct sym_options *options)
{
    struct sym_session *session = cli_alloc(1, sizeof(*session));
    char *folder = getcwd(NULL, 0);

    session->pool = rec_pool_open();
    session->sources = sym_sources_open(options->source_dirs);
    session->set = options->set;
    session->wrappers = cli_strdup("");
    if (options->debug_path != NULL)
        session->debug_path = cli_strdup(options->debug_path);
    if (folder != NULL)
        session->folder = cli_printf("%s/", folder);
    free(folder);
    /* A server that does not answer would let a user wait for a minute and a half for each file. */
    (void)setenv("DEBUGINFOD_TIMEOUT", "10", 0);
    if (isatty(STDERR_FILENO)) /* that it loads is said, and how far it is */
        (void)setenv("DEBUGINFOD_PROGRESS", "1", 0);
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
    rec_index_free(&session->stored);
    sym_sources_close(session->sources);
    rec_pool_close(session->pool);
    free(session->wrappers);
    free(session->debug_path);
    free(session->folder);
    free(session);
}

/* When the process that loaded @module began, rounded up: files have times of their own clock. 0: not known. */
static time_t start_of(const struct sym_session *session, const struct rec_module *module)
{
    for (size_t i = 0; session->set != NULL && i < session->set->process_count; i++) {
        const struct rec_process *process = session->set->processes[i];

        for (size_t j = 0; process->has_meta && j < process->module_count; j++)
            if (process->modules[j] == module)
                return (time_t)(process->start_ms / 1000 + 1);
    }
    return 0;
}

static struct sym_module *open_module(struct sym_session *session, const struct rec_module *module)
{
    bool is_slow = false;
    struct sym_wanted wanted = { .module = module, .debug_path = &session->debug_path, .ret_is_slow = &is_slow };
    char *name;
    struct sym_module *found;
    void **place;

    if (*module->build_id == '\0')
        wanted.started = start_of(session, module);
    name = cli_printf("%s %lld %s", module->build_id, (long long)wanted.started, module->path);
    place = rec_index_at(&session->modules, (uint64_t)(uintptr_t)rec_pool_text(session->pool, name));
    found = *place;
    free(name);
    if (found != NULL)
        return found;
    found = *place = cli_alloc(1, sizeof(*found));
    sym_module_open(found, &wanted);
    if (is_slow)
        (void)unsetenv("DEBUGINFOD_URLS");
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

/* The option of all processes that were read so far. */
static const char *wrappers_of(struct sym_session *session)
{
    for (; session->set != NULL && session->wrappers_read < session->set->process_count; session->wrappers_read++) {
        const json_t *options = session->set->processes[session->wrappers_read]->options;
        const char *more = json_string_value(json_object_get(options, "wrappers"));
        char *old = session->wrappers;

        if (more == NULL || *more == '\0')
            continue;
        session->wrappers = cli_printf("%s%s%s", old, *old != '\0' ? "," : "", more);
        free(old);
    }
    return session->wrappers;
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
    frames = *place = sym_module_look(opened, offset - (kind == SYM_CALL), wrappers_of(session), session->pool);
    if (kind == SYM_CALL && frames->count != 0 && *frames->frames[frames->count - 1].symbol != '\0')
        frames->offset++; /* of the return address, as reports have it */
    return frames;
}

const struct sym_frames *sym_look_stored(struct sym_session *session, const struct rec_source *lines, size_t count)
{
    void **place = rec_index_at(&session->stored, (uint64_t)(uintptr_t)lines);
    struct sym_frame *frames;
    struct sym_frames *ret;

    if (*place != NULL)
        return *place;
    ret = *place = rec_pool_take(session->pool, 1, sizeof(*ret));
    frames = rec_pool_take(session->pool, count, sizeof(*frames));
    for (size_t i = 0; i < count; i++) {
        frames[i] = (struct sym_frame){ .function = rec_pool_text(session->pool, lines[i].function),
                                        .symbol = "",
                                        .file = rec_pool_text(session->pool, lines[i].file),
                                        .line = lines[i].line,
                                        .inlined = i + 1 != count };
        sym_module_judge(wrappers_of(session), &frames[i], frames[i].function);
    }
    ret->frames = frames;
    ret->count = count;
    return ret;
}

const struct sym_frames *sym_look_frame(struct sym_session *session, const struct rec_frame *frame)
{
    const struct sym_frames *found = sym_look(session, frame->module, frame->offset, SYM_CALL);

    if (frame->line_count == 0 || (found->count != 0 && *found->frames[0].file != '\0'))
        return found;
    return sym_look_stored(session, frame->lines, frame->line_count);
}

struct sym_linked sym_look_linked(struct sym_session *session, const struct rec_module *module, uint64_t offset)
{
    struct sym_module *opened = module != NULL ? module_of(session, module) : NULL;

    if (opened == NULL || opened->module == NULL)
        return (struct sym_linked){ "", "" };
    sym_module_ask(opened);
    return sym_linked_at(&opened->table, offset, session->pool);
}

/* Copies that were inlined elsewhere are no other calls, nor is what another function has that was inlined beside it. */
bool sym_calls_again(struct sym_session *session, const struct rec_module *module, uint64_t offset)
{
    struct sym_module *opened = module != NULL ? module_of(session, module) : NULL;
    const struct sym_frame *own, *other;
    Dwarf_Addr calls[64];
    size_t count;

    if (opened == NULL || opened->module == NULL)
        return false;
    sym_module_ask(opened);
    own = sym_main(sym_look(session, module, offset, SYM_CALL));
    count = sym_linked_calls(opened, offset, calls, sizeof(calls) / sizeof(calls[0]));
    for (size_t i = 0; i < count; i++) {
        other = sym_main(sym_look(session, module, calls[i], SYM_CALL));
        if (own == NULL || other == NULL || own->line == 0 ||
            (strcmp(own->function, other->function) == 0 && own->line != other->line))
            return true;
    }
    return false;
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

const struct sym_frame *sym_main(const struct sym_frames *frames)
{
    for (size_t i = 0; i < frames->count; i++)
        if (!frames->frames[i].wrapper)
            return &frames->frames[i];
    return NULL;
}

bool sym_is_runtime(const struct rec_module *module)
{
    static const char *const names[] = { "libc.so",      "libpthread.so", "ld-linux",     "ld-musl",
                                         "libstdc++.so", "libc++.so",     "libc++abi.so", "liblockval.so" };

    for (size_t i = 0; module != NULL && i < sizeof(names) / sizeof(names[0]); i++)
        if (strncmp(module->name, names[i], strlen(names[i])) == 0)
            return true;
    return false;
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
