/* SPDX-License-Identifier: MIT */
/*
 * From lines to structs: a function for each type of line. Lines may come before those that they refer to, so a number that is met makes a
 * struct, which its own line fills in.
 */

#define _GNU_SOURCE
#include "record/reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/types.h"
#include "common/command.h"
#include "common/memory.h"
#include "common/progress.h"

/* ---- members ---- */

const char *rec_text_member(const struct rec_line *line, const json_t *object, const char *member)
{
    return rec_pool_text(line->pool, json_string_value(json_object_get(object, member)));
}

uint64_t rec_number_member(const json_t *object, const char *member)
{
    json_int_t number = json_integer_value(json_object_get(object, member));

    return number > 0 ? (uint64_t)number : 0;
}

uint64_t rec_address_member(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));

    return text != NULL ? strtoull(text, NULL, 16) : 0;
}

bool rec_bool_member(const json_t *object, const char *member)
{
    return json_is_true(json_object_get(object, member));
}

static int64_t signed_member(const json_t *object, const char *member)
{
    return (int64_t)json_integer_value(json_object_get(object, member));
}

/* ---- structs by number ---- */

#define DEFINE_AT(type, plural)                                                  \
    struct rec_##type *rec_##type##_at(const struct rec_line *line, uint64_t id) \
    {                                                                            \
        void **place;                                                            \
        struct rec_##type *found;                                                \
                                                                                 \
        if (id == 0 || id > UINT32_MAX)                                          \
            return NULL;                                                         \
        place = rec_index_at(&line->process->indexes->plural, id);               \
        if (*place != NULL)                                                      \
            return *place;                                                       \
        found = *place = new_##type(line);                                       \
        found->id = (uint32_t)id;                                                \
        rec_append(&line->process->plural, &line->process->type##_count, found); \
        return found;                                                            \
    }

static struct rec_module *new_module(const struct rec_line *line)
{
    struct rec_module *module = rec_pool_take(line->pool, 1, sizeof(*module));

    module->path = module->name = module->build_id = "";
    return module;
}

static struct rec_class *new_class(const struct rec_line *line)
{
    struct rec_class *class = rec_pool_take(line->pool, 1, sizeof(*class));

    class->process = line->process;
    class->key = class->stable = class->name = class->kind = class->origin = class->usage = "";
    class->source = (struct rec_source){ .function = "", .file = "", .from = -1 };
    return class;
}

static struct rec_thread *new_thread(const struct rec_line *line)
{
    struct rec_thread *thread = rec_pool_take(line->pool, 1, sizeof(*thread));

    thread->name = thread->shown = thread->start = "";
    return thread;
}

static struct rec_stack *new_stack(const struct rec_line *line)
{
    return rec_pool_take(line->pool, 1, sizeof(struct rec_stack));
}

static struct rec_witness *new_witness(const struct rec_line *line)
{
    struct rec_witness *witness = rec_pool_take(line->pool, 1, sizeof(*witness));

    witness->wanted.key = witness->wanted.name = witness->wanted.site = "";
    return witness;
}

DEFINE_AT(module, modules)
DEFINE_AT(class, classes)
DEFINE_AT(thread, threads)
DEFINE_AT(stack, stacks)
DEFINE_AT(witness, witnesses)

static struct rec_edge *edge_at(const struct rec_line *line)
{
    struct rec_class *from = rec_class_at(line, rec_number_member(line->json, "from"));
    struct rec_class *to = rec_class_at(line, rec_number_member(line->json, "to"));
    struct rec_process *process = line->process;
    struct rec_edge *edge;
    void **place;

    if (from == NULL || to == NULL)
        return NULL;
    place = rec_index_at(&process->indexes->edges, (uint64_t)from->id << 32 | to->id);
    if (*place != NULL)
        return *place;
    edge = *place = rec_pool_take(line->pool, 1, sizeof(*edge));
    edge->from = from;
    edge->to = to;
    rec_append(&process->edges, &process->edge_count, edge);
    return edge;
}

/* ---- locks and threads ---- */

unsigned rec_flags_of(const json_t *array)
{
    static const char *const words[] = { "try", "timed", "unchecked", "sync" };
    unsigned flags = 0;
    const json_t *flag;
    size_t i;

    json_array_foreach(array, i, flag)
    {
        for (size_t word = 0; word < LV_ARRAY_SIZE(words); word++)
            if (json_is_string(flag) && strcmp(json_string_value(flag), words[word]) == 0)
                flags |= 1u << word;
    }
    return flags;
}

struct rec_lock rec_lock_of(const struct rec_line *line, const json_t *json)
{
    const char *mode = json_string_value(json_object_get(json, "mode"));

    return (struct rec_lock){
        .class = rec_class_at(line, rec_number_member(json, "class")),
        .instance = rec_number_member(json, "instance"),
        .address = rec_address_member(json, "address"),
        .mode = rec_mode_of(mode != NULL ? mode : ""),
        .flags = rec_flags_of(json_object_get(json, "flags")),
        .stack = rec_stack_at(line, rec_number_member(json, "stack")),
        .earlier = rec_bool_member(json, "earlier"),
        .key = rec_text_member(line, json, "key"),
        .name = rec_text_member(line, json, "name"),
        .site = rec_text_member(line, json, "site"),
    };
}

struct rec_lock *rec_locks_of(const struct rec_line *line, const json_t *array, size_t *ret_count)
{
    size_t count = json_array_size(array);
    struct rec_lock *locks = rec_pool_take(line->pool, count, sizeof(*locks));

    for (size_t i = 0; i < count; i++)
        locks[i] = rec_lock_of(line, json_array_get(array, i));
    *ret_count = count;
    return locks;
}

struct rec_thread *rec_thread_of(const struct rec_line *line, const json_t *json)
{
    struct rec_thread *thread = rec_thread_at(line, rec_number_member(json, "id"));

    if (thread == NULL)
        return NULL;
    thread->shown = rec_text_member(line, json, "name");
    if (thread->known)
        return thread;
    thread->known = true;
    thread->tid = signed_member(json, "tid");
    thread->name = rec_text_member(line, json, "name");
    thread->start = rec_text_member(line, json, "start");
    return thread;
}

/* ---- lines ---- */

static void read_meta(const struct rec_line *line)
{
    struct rec_process *process = line->process;
    const json_t *argv = json_object_get(line->json, "argv");

    if (process->has_meta)
        return;
    process->has_meta = true;
    process->format = (unsigned)rec_number_member(line->json, "format");
    if (process->format > process->set->newest_format)
        process->set->newest_format = process->format;
    process->version = rec_text_member(line, line->json, "version");
    process->program = rec_text_member(line, line->json, "program");
    process->path = rec_text_member(line, line->json, "path");
    process->cwd = rec_text_member(line, line->json, "cwd");
    process->argc = json_array_size(argv);
    process->argv = rec_pool_take(line->pool, process->argc, sizeof(*process->argv));
    for (size_t i = 0; i < process->argc; i++)
        process->argv[i] = rec_pool_text(line->pool, json_string_value(json_array_get(argv, i)));
    process->argv_cut = rec_bool_member(line->json, "argv_cut");
    process->ppid = signed_member(line->json, "ppid");
    process->forked = rec_bool_member(line->json, "forked");
    process->start_ms = rec_number_member(line->json, "start_ms");
    process->host = rec_text_member(line, line->json, "host");
    process->options = json_incref(json_object_get(line->json, "options"));
    process->test = rec_text_member(line, process->options, "test");
    process->commit = rec_text_member(line, process->options, "commit");
    rec_read_merged_meta(line);
}

static void read_module(const struct rec_line *line)
{
    struct rec_module *module = rec_module_at(line, rec_number_member(line->json, "id"));

    if (module == NULL)
        return;
    module->known = true;
    module->path = rec_text_member(line, line->json, "path");
    module->name = rec_text_member(line, line->json, "name");
    module->build_id = rec_text_member(line, line->json, "build_id");
    module->load = rec_address_member(line->json, "load");
    module->start = rec_address_member(line->json, "start");
    module->end = rec_address_member(line->json, "end");
    module->program = rec_bool_member(line->json, "program");
}

static enum rec_standing standing_of(const char *word)
{
    return strcmp(word, "event") == 0 ? REC_IS_EVENT : strcmp(word, "candidate") == 0 ? REC_IS_CANDIDATE : REC_IS_LOCK;
}

static void read_class(const struct rec_line *line)
{
    struct rec_class *class = rec_class_at(line, rec_number_member(line->json, "id"));
    const json_t *wait = json_object_get(line->json, "wait");

    if (class == NULL)
        return;
    class->known = true;
    class->key = rec_text_member(line, line->json, "key");
    class->stable = rec_text_member(line, line->json, "stable");
    class->name = rec_text_member(line, line->json, "name");
    class->kind = rec_text_member(line, line->json, "kind");
    class->origin = rec_text_member(line, line->json, "origin");
    class->base = rec_class_at(line, rec_number_member(line->json, "base"));
    class->subclass = (unsigned)rec_number_member(line->json, "subclass");
    class->named = rec_bool_member(line->json, "named");
    class->wait_outer = (unsigned)json_integer_value(json_array_get(wait, 0));
    class->wait_inner = (unsigned)json_integer_value(json_array_get(wait, 1));
    class->usage = rec_text_member(line, line->json, "usage");
    class->standing = standing_of(rec_text_member(line, line->json, "standing"));
    rec_read_merged_class(line, class);
}

static void read_thread(const struct rec_line *line)
{
    struct rec_thread *thread = rec_thread_at(line, rec_number_member(line->json, "id"));

    if (thread == NULL)
        return;
    thread->known = true;
    thread->tid = signed_member(line->json, "tid");
    thread->name = rec_text_member(line, line->json, "name");
    thread->start = rec_text_member(line, line->json, "start");
}

struct rec_frame rec_frame_of(const struct rec_line *line, const json_t *json)
{
    struct rec_frame frame = { .module = rec_module_at(line, rec_number_member(json, "module")),
                               .offset = rec_address_member(json, "offset"),
                               .name = rec_text_member(line, json, "name") };

    frame.lines = rec_sources_of(line, json_object_get(json, "lines"), &frame.line_count);
    return frame;
}

static void read_stack(const struct rec_line *line)
{
    struct rec_stack *stack = rec_stack_at(line, rec_number_member(line->json, "id"));
    const json_t *frames = json_object_get(line->json, "frames");

    if (stack == NULL || stack->known)
        return;
    stack->known = true;
    stack->count = json_array_size(frames);
    stack->frames = rec_pool_take(line->pool, stack->count, sizeof(*stack->frames));
    for (size_t i = 0; i < stack->count; i++)
        stack->frames[i] = rec_frame_of(line, json_array_get(frames, i));
}

static void read_witness(const struct rec_line *line)
{
    struct rec_witness *witness = rec_witness_at(line, rec_number_member(line->json, "id"));

    if (witness == NULL || witness->known)
        return;
    witness->known = true;
    witness->thread = rec_thread_at(line, rec_number_member(line->json, "thread"));
    witness->wanted = rec_lock_of(line, json_object_get(line->json, "wanted"));
    witness->held = rec_locks_of(line, json_object_get(line->json, "held"), &witness->held_count);
    witness->left_out = rec_bool_member(line->json, "left_out");
    witness->run = rec_run_at(line, rec_number_member(line->json, "of"));
}

static unsigned mode_bit(const char *word)
{
    static const char *const words[] = { "ER", "EN", "SR", "SN" };

    for (size_t i = 0; i < LV_ARRAY_SIZE(words); i++)
        if (strncmp(word, words[i], 2) == 0)
            return 1u << i << (word[2] == 't' ? REC_TIMED_SHIFT : 0);
    return 0;
}

static void add_evidence(const struct rec_line *line, struct rec_edge *edge, struct rec_evidence evidence)
{
    size_t count = edge->evidence_count;
    struct rec_evidence *grown;

    for (size_t i = 0; i < count; i++)
        if (edge->evidence[i].witness == evidence.witness && edge->evidence[i].held == evidence.held)
            return;
    if ((count & (count - 1)) == 0) {
        grown = rec_pool_take(line->pool, count == 0 ? 1 : count * 2, sizeof(*grown));
        if (count != 0)
            memcpy(grown, edge->evidence, count * sizeof(*grown));
        edge->evidence = grown;
    }
    edge->evidence[edge->evidence_count++] = evidence;
}

static void read_edge(const struct rec_line *line)
{
    struct rec_edge *edge = edge_at(line);
    const json_t *mode;
    struct rec_evidence evidence;
    size_t i;

    if (edge == NULL)
        return;
    json_array_foreach(json_object_get(line->json, "modes"), i, mode)
    {
        if (json_is_string(mode))
            edge->modes |= mode_bit(json_string_value(mode));
    }
    rec_read_seen(line, &edge->seen);
    evidence.witness = rec_witness_at(line, rec_number_member(line->json, "witness"));
    evidence.held = (size_t)rec_number_member(line->json, "held");
    if (evidence.witness != NULL)
        add_evidence(line, edge, evidence);
}

static void read_stat(const struct rec_line *line)
{
    struct rec_edge *edge = edge_at(line);

    if (edge == NULL)
        return;
    edge->acquisitions = rec_number_member(line->json, "acquisitions");
    edge->chains = rec_number_member(line->json, "chains");
}

static void read_end(const struct rec_line *line)
{
    if (line->process->end == NULL)
        line->process->end = json_incref(line->json);
}

static const struct {
    const char *type;
    void (*read)(const struct rec_line *line);
} readers[] = {
    { "edge", read_edge },           { "witness", read_witness },
    { "stack", read_stack },         { "stat", read_stat },
    { "class", read_class },         { "thread", read_thread },
    { "finding", rec_read_finding }, { "module", read_module },
    { "meta", read_meta },           { "end", read_end },
    { "chain", rec_read_chain },     { "lock_stat", rec_read_lock_stat },
    { "run", rec_read_run },         { "use", rec_read_use },
};

/* ---- processes ---- */

static struct rec_process *process_at(struct rec_set *set, const char *file, const json_t *json)
{
    json_int_t pid = json_integer_value(json_object_get(json, "pid"));
    const char *run = json_string_value(json_object_get(json, "run"));
    struct rec_process *process;
    char *name;
    void **place;

    name = cli_printf("%lld/%s", (long long)pid, run != NULL ? run : "");
    place = rec_index_at(&set->books->processes, (uint64_t)(uintptr_t)rec_pool_text(set->books->pool, name));
    free(name);
    if (*place != NULL)
        return *place;
    process = *place = rec_pool_take(set->books->pool, 1, sizeof(*process));
    process->set = set;
    process->file = rec_pool_text(set->books->pool, file);
    process->pid = (int64_t)pid;
    process->run = rec_pool_text(set->books->pool, run);
    process->version = process->program = process->path = process->cwd = "";
    process->test = process->commit = process->host = "";
    process->indexes = rec_pool_take(set->books->pool, 1, sizeof(*process->indexes));
    rec_append(&set->processes, &set->process_count, process);
    return process;
}

bool rec_read_line(struct rec_set *set, const char *file, const char *text, size_t len)
{
    json_t *json = json_loadb(text, len, 0, NULL);
    const char *type = json_string_value(json_object_get(json, "t"));
    struct rec_line line;

    if (type == NULL || !json_is_integer(json_object_get(json, "pid"))) {
        json_decref(json);
        set->bad_lines++;
        return false;
    }
    set->lines++;
    line = (struct rec_line){ process_at(set, file, json), set->books->pool, json };
    for (size_t i = 0; i < LV_ARRAY_SIZE(readers); i++) {
        if (strcmp(type, readers[i].type) == 0) {
            readers[i].read(&line);
            json_decref(json);
            return true;
        }
    }
    set->unknown_lines++;
    json_decref(json);
    return true;
}

bool rec_read(struct rec_set *set, const char *path)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "re");
    size_t before = set->lines, size = 0;
    struct cli_progress progress;
    struct stat st;
    char *text = NULL;
    ssize_t len;
    int error = 0;

    if (file == NULL) {
        cli_complain("cannot read %s: %s", path, strerror(errno));
        return false;
    }
    cli_progress_begin(&progress, path, fstat(fileno(file), &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0,
                       CLI_PROGRESS_BYTES);
    errno = 0;
    while ((len = getline(&text, &size, file)) > 0) {
        (void)rec_read_line(set, path, text, (size_t)len);
        cli_progress_add(&progress, (uint64_t)len);
    }
    cli_progress_end(&progress);
    if (ferror(file))
        error = errno;
    free(text);
    if (!is_stdin)
        (void)fclose(file);
    if (error != 0)
        cli_complain("cannot read %s: %s", path, strerror(error));
    else if (set->lines == before)
        cli_complain("%s is no record: it has no line that lockval wrote", path);
    return error == 0 && set->lines != before;
}

/* ---- sets ---- */

struct rec_set *rec_open(void)
{
    struct rec_set *set = cli_alloc(1, sizeof(*set));

    set->books = cli_alloc(1, sizeof(*set->books));
    set->books->pool = rec_pool_open();
    return set;
}

static void close_process(struct rec_process *process)
{
    struct rec_indexes *indexes = process->indexes;

    for (size_t i = 0; i < process->finding_count; i++)
        json_decref(process->findings[i]->line);
    json_decref(process->options);
    json_decref(process->end);
    rec_index_free(&indexes->modules);
    rec_index_free(&indexes->classes);
    rec_index_free(&indexes->threads);
    rec_index_free(&indexes->stacks);
    rec_index_free(&indexes->witnesses);
    rec_index_free(&indexes->edges);
    rec_index_free(&indexes->runs);
    rec_index_free(&indexes->findings);
    free(process->modules);
    free(process->classes);
    free(process->threads);
    free(process->stacks);
    free(process->witnesses);
    free(process->edges);
    free(process->runs);
    free(process->findings);
    free(process->uses);
    free(process->chains);
    free(process->lock_stats);
}

void rec_close(struct rec_set *set)
{
    for (size_t i = 0; i < set->process_count; i++)
        close_process(set->processes[i]);
    free(set->processes);
    rec_index_free(&set->books->processes);
    rec_pool_close(set->books->pool);
    free(set->books);
    free(set);
}
