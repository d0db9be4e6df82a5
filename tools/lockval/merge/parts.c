/* SPDX-License-Identifier: MIT */
/* Runs, modules, stacks, threads and classes: what evidence refers to. */

#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "common/memory.h"
#include "merge/content.h"

#define KEY(text) ((uint64_t)(uintptr_t)(text))

const char *un_smaller(const char *a, const char *b)
{
    if (*a == '\0' || *b == '\0')
        return *a == '\0' ? b : a;
    return strcmp(a, b) <= 0 ? a : b;
}

static const char *keep(struct un_union *all, const char *text)
{
    return rec_pool_text(all->pool, text);
}

/* The pool's copy of @text, which is given back. */
static const char *keep_made(struct un_union *all, char *text)
{
    const char *kept = keep(all, text);

    free(text);
    return kept;
}

/* ---- runs ---------------------------------------------------------------------------------------------------------- */

static const char *argv_text(size_t argc, const char *const *argv)
{
    json_t *array = json_array();
    char *text;

    for (size_t i = 0; i < argc; i++)
        (void)json_array_append_new(array, json_string(argv[i]));
    text = json_dumps(array, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(array);
    return text;
}

static void keep_argv(struct un_union *all, struct un_run *run, size_t argc, const char *const *argv)
{
    char *made = (char *)argv_text(argc, argv);
    const char *text = keep_made(all, made);

    if (run->argv != NULL && un_smaller(text, run->argv_text) == run->argv_text)
        return;
    run->argv_text = text;
    run->argc = argc;
    run->argv = rec_pool_take(all->pool, argc, sizeof(*run->argv));
    for (size_t i = 0; i < argc; i++)
        run->argv[i] = keep(all, argv[i]);
}

static void join_run(struct un_union *all, struct un_run *run, const struct rec_run *other)
{
    run->of = un_smaller(run->of, keep(all, other->of));
    run->program = un_smaller(run->program, keep(all, other->program));
    run->path = un_smaller(run->path, keep(all, other->path));
    run->test = un_smaller(run->test, keep(all, other->test));
    run->commit = un_smaller(run->commit, keep(all, other->commit));
    run->host = un_smaller(run->host, keep(all, other->host));
    run->start_ms = other->start_ms > run->start_ms ? other->start_ms : run->start_ms;
    run->forked |= other->forked;
    keep_argv(all, run, other->argc, other->argv);
}

static struct un_run *run_at(struct un_union *all, uint64_t hash)
{
    void **place = rec_index_at(&all->run_of, hash);
    struct un_run *run = *place;

    if (run != NULL)
        return run;
    run = *place = rec_pool_take(all->pool, 1, sizeof(*run));
    run->hash = hash;
    run->of = run->program = run->path = run->test = run->commit = run->host = run->argv_text = "";
    rec_append(&all->all_runs, &all->run_count, run);
    return run;
}

struct un_run *un_run_of(struct un_adding *adding, const struct rec_run *run)
{
    void **place;

    if (run == NULL)
        return adding->run;
    place = rec_index_at(&adding->runs, KEY(run));
    if (*place == NULL) {
        *place = run_at(adding->all, strtoull(run->hash, NULL, 16));
        join_run(adding->all, *place, run);
    }
    return *place;
}

void un_run_hash(const struct rec_process *process, char ret_hash[17])
{
    char *text = cli_printf("%s\n%" PRId64 "/%s\n%" PRIu64 "\n%s", process->host, process->pid, process->run,
                            process->start_ms, process->program);

    (void)snprintf(ret_hash, 17, "%016" PRIx64, un_hash(text));
    free(text);
}

struct un_run *un_run_of_process(struct un_adding *adding)
{
    const struct rec_process *p = adding->process;
    char hash[17];
    char *of = cli_printf("%" PRId64 "/%s", p->pid, p->run);
    const struct rec_run run = { .of = of,
                                 .program = p->program,
                                 .path = p->path,
                                 .test = p->test,
                                 .commit = p->commit,
                                 .host = p->host,
                                 .argc = p->argc,
                                 .argv = p->argv,
                                 .start_ms = p->start_ms,
                                 .forked = p->forked };
    struct un_run *made;

    un_run_hash(p, hash);
    made = run_at(adding->all, strtoull(hash, NULL, 16));
    join_run(adding->all, made, &run);
    free(of);
    return made;
}

/* ---- modules, frames, stacks --------------------------------------------------------------------------------------- */

struct un_module *un_module_of(struct un_adding *adding, const struct rec_module *module)
{
    struct un_union *all = adding->all;
    struct un_module *joined;
    void **place, **seen;

    if (module == NULL || (*module->build_id == '\0' && *module->path == '\0'))
        return NULL;
    seen = rec_index_at(&adding->modules, KEY(module));
    if (*seen != NULL)
        return *seen;
    place = rec_index_at(&all->module_of, KEY(keep(all, *module->build_id != '\0' ? module->build_id : module->path)));
    joined = *place;
    if (joined == NULL) {
        joined = *place = rec_pool_take(all->pool, 1, sizeof(*joined));
        joined->key = keep(all, *module->build_id != '\0' ? module->build_id : module->path);
        joined->path = joined->name = joined->build_id = "";
        rec_append(&all->modules, &all->module_count, joined);
    }
    joined->path = un_smaller(joined->path, keep(all, module->path));
    joined->name = un_smaller(joined->name, keep(all, module->name));
    joined->build_id = un_smaller(joined->build_id, keep(all, module->build_id));
    joined->program |= module->program;
    *seen = joined;
    return joined;
}

struct un_module *un_module_find(const struct un_union *all, const char *key)
{
    return rec_index_find(&all->module_of, KEY(key));
}

const char *un_lines_text(struct un_union *all, size_t count, const struct rec_source *lines)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    for (size_t i = 0; i < count; i++)
        (void)fprintf(out, "%s\n%s\n%d\n%d %d\n", lines[i].function, lines[i].file, lines[i].line, lines[i].from,
                      lines[i].more);
    (void)fclose(out);
    return keep_made(all, text);
}

const struct rec_source *un_keep_lines(struct un_union *all, size_t count, const struct rec_source *lines)
{
    struct rec_source *kept = rec_pool_take(all->pool, count, sizeof(*kept));

    for (size_t i = 0; i < count; i++)
        kept[i] = (struct rec_source){ .function = keep(all, lines[i].function),
                                       .file = keep(all, lines[i].file),
                                       .line = lines[i].line,
                                       .from = lines[i].from,
                                       .more = lines[i].more };
    return kept;
}

/* A frame in one text, but for its lines. Its name is part of what it is: joined with other names of the place it would depend on stacks
 * that are not kept. */
static char *frame_text(struct un_adding *adding, const struct rec_frame *frame)
{
    const struct un_module *module = un_module_of(adding, frame->module);

    return cli_printf("%s+%" PRIx64 " %s", module != NULL ? module->key : "", frame->offset, frame->name);
}

static struct un_frame *frame_of(struct un_adding *adding, const struct rec_frame *frame)
{
    struct un_union *all = adding->all;
    struct un_module *module = un_module_of(adding, frame->module);
    void **place = rec_index_at(&all->frame_of, KEY(keep_made(all, frame_text(adding, frame))));
    struct un_frame *joined = *place;
    const char *text;

    if (joined == NULL) {
        joined = *place = rec_pool_take(all->pool, 1, sizeof(*joined));
        *joined = (struct un_frame){
            .module = module, .offset = frame->offset, .name = keep(all, frame->name), .lines_text = ""
        };
    }
    if (frame->line_count == 0)
        return joined;
    text = un_lines_text(all, frame->line_count, frame->lines);
    if (text != joined->lines_text && un_smaller(text, joined->lines_text) == text) {
        joined->lines_text = text;
        joined->line_count = frame->line_count;
        joined->lines = un_keep_lines(all, frame->line_count, frame->lines);
    }
    return joined;
}

struct un_stack *un_stack_find(const struct un_union *all, const char *key)
{
    return rec_index_find(&all->stack_of, KEY(key));
}

struct un_stack *un_stack_of(struct un_adding *adding, const struct rec_stack *stack)
{
    struct un_union *all = adding->all;
    struct un_stack *joined;
    char *text = NULL;
    const char *key;
    size_t size = 0;
    void **place, **seen;
    FILE *out;

    if (stack == NULL || !stack->known || stack->count == 0)
        return NULL;
    seen = rec_index_at(&adding->stacks, KEY(stack));
    if (*seen != NULL)
        return *seen;
    out = open_memstream(&text, &size);
    for (size_t i = 0; i < stack->count; i++) {
        char *frame = frame_text(adding, &stack->frames[i]);

        (void)fprintf(out, "%s\n", frame);
        free(frame);
    }
    (void)fclose(out);
    key = keep_made(all, text);
    place = rec_index_at(&all->stack_of, KEY(key));
    joined = *place;
    if (joined == NULL) {
        joined = *place = rec_pool_take(all->pool, 1, sizeof(*joined));
        joined->key = key;
        joined->count = stack->count;
        joined->frames = rec_pool_take(all->pool, stack->count, sizeof(*joined->frames));
        rec_append(&all->stacks, &all->stack_count, joined);
    }
    for (size_t i = 0; i < stack->count; i++)
        joined->frames[i] = frame_of(adding, &stack->frames[i]);
    *seen = joined;
    return joined;
}

/* ---- threads ------------------------------------------------------------------------------------------------------- */

struct un_thread *un_thread_find(const struct un_union *all, const char *key)
{
    return rec_index_find(&all->thread_of, KEY(key));
}

struct un_thread *un_thread_of(struct un_adding *adding, const struct rec_thread *thread, const struct un_run *run)
{
    struct un_union *all = adding->all;
    struct un_thread *joined;
    void **place;
    const char *key;

    if (thread == NULL || !thread->known)
        return NULL;
    key = keep_made(all, cli_printf("%016" PRIx64 "/%" PRId64 "/%s/%s", run != NULL ? run->hash : 0, thread->tid,
                                    thread->start, thread->name));
    place = rec_index_at(&all->thread_of, KEY(key));
    joined = *place;
    if (joined == NULL) {
        joined = *place = rec_pool_take(all->pool, 1, sizeof(*joined));
        *joined = (struct un_thread){
            .key = key, .tid = thread->tid, .name = keep(all, thread->name), .start = keep(all, thread->start)
        };
        rec_append(&all->threads, &all->thread_count, joined);
    }
    return joined;
}

/* ---- classes ------------------------------------------------------------------------------------------------------- */

/* Of a name, which is "#2" depends on the run, and the stable key has the name's symbol. All other keys are places of a build. */
const char *un_identity(const struct rec_class *class)
{
    if (*class->key == '\0' || strncmp(class->key, "name:", 5) == 0)
        return class->stable;
    return class->key;
}

/* The module that the place in a key is in, "static:BUILD-ID+0x10". */
static struct un_module *module_of_key(struct un_union *all, const char *key)
{
    const char *place = strchr(key, ':'), *plus = strrchr(key, '+');
    struct un_module *module;
    char *name;

    if (place == NULL || plus == NULL || plus < place || strncmp(key, "name:", 5) == 0)
        return NULL;
    name = cli_printf("%.*s", (int)(plus - place - 1), place + 1);
    module = un_module_find(all, keep(all, name));
    free(name);
    return module;
}

static int rank_of(enum rec_standing standing)
{
    return standing == REC_IS_EVENT ? 2 : standing == REC_IS_LOCK ? 1 : 0;
}

static unsigned usage_bits(char c)
{
    return c == '-' ? 1 : c == '+' ? 2 : c == '?' ? 3 : 0;
}

static void join_class(struct un_adding *adding, struct un_class *joined, const struct rec_class *class)
{
    struct un_union *all = adding->all;

    joined->key = un_smaller(joined->key, keep(all, class->key));
    joined->name = un_smaller(joined->name, keep(all, class->name));
    joined->kind = un_smaller(joined->kind, keep(all, class->kind));
    joined->origin = un_smaller(joined->origin, keep(all, class->origin));
    if (joined->module == NULL)
        joined->module = module_of_key(all, class->key);
    if (adding->same != NULL)
        un_texts_add(&joined->keys, UN_TESTS, keep(all, class->key));
    for (size_t i = 0; i < class->key_count; i++)
        un_texts_add(&joined->keys, UN_TESTS, keep(all, class->keys[i]));
    un_texts_add(&joined->stables, UN_STABLES, keep(all, class->stable));
    for (size_t i = 0; i < class->stable_count; i++)
        un_texts_add(&joined->stables, UN_STABLES, keep(all, class->stables[i]));
    joined->subclass = class->subclass > joined->subclass ? class->subclass : joined->subclass;
    joined->named |= class->named;
    joined->nests |= class->nests;
    joined->wait_outer = class->wait_outer > joined->wait_outer ? class->wait_outer : joined->wait_outer;
    joined->wait_inner = class->wait_inner > joined->wait_inner ? class->wait_inner : joined->wait_inner;
    for (size_t i = 0; i < 4 && strlen(class->usage) == 4; i++)
        joined->usage[i] |= usage_bits(class->usage[i]);
    if (rank_of(class->standing) > rank_of(joined->standing))
        joined->standing = class->standing;
    if (*class->source.function != '\0' || *class->source.file != '\0') {
        const char *text = un_lines_text(all, 1, &class->source);

        if (text != joined->source_text && un_smaller(text, joined->source_text) == text) {
            joined->source_text = text;
            joined->source = *un_keep_lines(all, 1, &class->source);
        }
    }
    if (adding->run != NULL)
        un_seen_add(all, &joined->seen, UN_SAMPLE, adding->run);
    else
        un_seen_join(all, &joined->seen, UN_SAMPLE, &class->seen);
}

struct un_class *un_class_of(struct un_adding *adding, const struct rec_class *class)
{
    struct un_union *all = adding->all;
    struct un_class *joined, *base;
    const struct rec_class *other;
    const char *identity;
    void **place, **seen;

    if (class == NULL || !class->known || *un_identity(class) == '\0')
        return NULL;
    seen = rec_index_at(&adding->classes, KEY(class));
    if (*seen != NULL)
        return *seen;
    other = adding->same != NULL ? rec_index_find(adding->same, KEY(class)) : NULL;
    identity = keep(all, un_identity(other != NULL ? other : class));
    place = rec_index_at(&all->class_of, KEY(identity));
    joined = *place;
    if (joined == NULL) {
        joined = *place = rec_pool_take(all->pool, 1, sizeof(*joined));
        joined->identity = identity;
        joined->hash = lv_hash_text(0, identity);
        joined->key = joined->name = joined->kind = joined->origin = joined->source_text = "";
        joined->source = (struct rec_source){ .function = "", .file = "", .from = -1 };
        joined->standing = REC_IS_CANDIDATE;
        rec_append(&all->classes, &all->class_count, joined);
    }
    *seen = joined;
    join_class(adding, joined, class);
    base = un_class_of(adding, class->base);
    if (base != NULL && (joined->base == NULL || strcmp(base->identity, joined->base->identity) < 0))
        joined->base = base;
    return joined;
}
