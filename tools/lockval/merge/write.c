/* SPDX-License-Identifier: MIT */
/*
 * A union as a merged record, in one order only: everything is sorted by what it is, and numbered in that order. Runs, threads and stacks that no edge, use or
 * finding refers to are not written. Modules all are: which of their paths is the smallest is not to depend on whose stacks are kept.
 */

#define _GNU_SOURCE
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/sort.h"
#include "merge/content.h"

struct writer {
    struct un_union *all;
    FILE *out;
    struct un_witness **witnesses; /* sorted by their texts; equal ones have one number */
    size_t witness_count;
    bool failed;
};

/* ---- lines --------------------------------------------------------------------------------------------------------- */

static json_t *line_of(const char *type)
{
    json_t *line = json_object();

    (void)json_object_set_new(line, "t", json_string(type));
    (void)json_object_set_new(line, "pid", json_integer(0));
    (void)json_object_set_new(line, "run", json_string("merged"));
    return line;
}

static void set_text(json_t *object, const char *member, const char *text)
{
    (void)json_object_set_new(object, member, json_string(text));
}

static void set_number(json_t *object, const char *member, uint64_t number)
{
    (void)json_object_set_new(object, member, json_integer((json_int_t)number));
}

static void set_flag(json_t *object, const char *member, bool flag)
{
    (void)json_object_set_new(object, member, json_boolean(flag));
}

static void set_hex(json_t *object, const char *member, uint64_t number)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "0x%" PRIx64, number);
    set_text(object, member, text);
}

static void write_line(struct writer *w, json_t *line)
{
    if (json_dumpf(line, w->out, JSON_COMPACT) != 0 || fputc('\n', w->out) == EOF)
        w->failed = true;
    json_decref(line);
}

/* ---- order --------------------------------------------------------------------------------------------------------- */

#define DEFINE_BY(type, member)                                      \
    static int by_##member##_of_##type(const void *a, const void *b) \
    {                                                                \
        const struct un_##type *const *one = a, *const *other = b;   \
                                                                     \
        return strcmp((*one)->member, (*other)->member);             \
    }

DEFINE_BY(module, key)
DEFINE_BY(stack, key)
DEFINE_BY(thread, key)
DEFINE_BY(class, identity)
DEFINE_BY(use, key)
DEFINE_BY(finding, fingerprint)
DEFINE_BY(witness, text)

static int by_hash_of_run(const void *a, const void *b)
{
    const struct un_run *const *one = a, *const *other = b;

    return (*one)->hash < (*other)->hash ? -1 : (*one)->hash > (*other)->hash;
}

static int by_ends_of_edge(const void *a, const void *b)
{
    const struct un_edge *const *one = a, *const *other = b;

    if ((*one)->from != (*other)->from)
        return (*one)->from->number < (*other)->from->number ? -1 : 1;
    return (*one)->to->number < (*other)->to->number ? -1 : (*one)->to->number > (*other)->to->number;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort(void *array, size_t count, int (*compare)(const void *, const void *))
{
    if (count != 0)
        cli_sort(array, count, sizeof(void *), compare);
}

/* ---- what is referred to ------------------------------------------------------------------------------------------- */

static void mark_stack(struct un_stack *stack)
{
    if (stack == NULL || stack->number != 0)
        return;
    stack->number = 1;
}

static void mark_by(struct un_run *run, struct un_thread *thread)
{
    if (run != NULL)
        run->number = 1;
    if (thread != NULL)
        thread->number = 1;
}

static void mark_witness(struct writer *w, struct un_witness *witness)
{
    (void)un_witness_text(w->all, witness);
    rec_append(&w->witnesses, &w->witness_count, witness);
    mark_by(witness->run, witness->thread);
    mark_stack(witness->wanted.stack);
    for (size_t i = 0; i < witness->held_count; i++)
        mark_stack(witness->held[i].stack);
}

/* The texts in a finding that stand for stacks and threads. */
static void mark_json(struct writer *w, const json_t *json)
{
    const char *member, *text;
    json_t *value;
    size_t i;

    if (json_is_array(json)) {
        json_array_foreach(json, i, value) mark_json(w, value);
        return;
    }
    if (!json_is_object(json))
        return;
    text = json_string_value(json_object_get(json, "stack"));
    if (text != NULL)
        mark_stack(un_stack_find(w->all, rec_pool_text(w->all->pool, text)));
    text = json_string_value(json_object_get(json, "id"));
    if (text != NULL)
        mark_by(NULL, un_thread_find(w->all, rec_pool_text(w->all->pool, text)));
    json_object_foreach((json_t *)json, member, value) mark_json(w, value);
}

/* Number those that are marked, in order. */
#define DEFINE_NUMBER(type)                                           \
    static void number_##type(struct un_##type **array, size_t count) \
    {                                                                 \
        uint32_t number = 0;                                          \
                                                                      \
        for (size_t i = 0; i < count; i++)                            \
            if (array[i]->number != 0)                                \
                array[i]->number = ++number;                          \
    }

DEFINE_NUMBER(run)
DEFINE_NUMBER(stack)
DEFINE_NUMBER(thread)

#define CLEAR(array, count)              \
    for (size_t i = 0; i < (count); i++) \
    (array)[i]->number = 0

static void number_all(struct writer *w)
{
    struct un_union *all = w->all;

    CLEAR(all->all_runs, all->run_count);
    CLEAR(all->stacks, all->stack_count);
    CLEAR(all->threads, all->thread_count);
    sort(all->classes, all->class_count, by_identity_of_class);
    for (size_t i = 0; i < all->class_count; i++)
        all->classes[i]->number = (uint32_t)i + 1;
    sort(all->edges, all->edge_count, by_ends_of_edge);
    sort(all->uses, all->use_count, by_key_of_use);
    sort(all->findings, all->finding_count, by_fingerprint_of_finding);
    for (size_t i = 0; i < all->edge_count; i++)
        for (uint32_t k = 0; k < all->edges[i]->witness_count; k++)
            mark_witness(w, all->edges[i]->witnesses[k]);
    for (size_t i = 0; i < all->use_count; i++) {
        mark_by(all->uses[i]->run, all->uses[i]->thread);
        mark_stack(all->uses[i]->lock.stack);
        mark_stack(all->uses[i]->at);
    }
    for (size_t i = 0; i < all->finding_count; i++) {
        mark_by(all->findings[i]->run, NULL);
        mark_json(w, all->findings[i]->json);
    }
    sort(all->all_runs, all->run_count, by_hash_of_run);
    sort(all->modules, all->module_count, by_key_of_module);
    sort(all->stacks, all->stack_count, by_key_of_stack);
    sort(all->threads, all->thread_count, by_key_of_thread);
    number_run(all->all_runs, all->run_count);
    for (size_t i = 0; i < all->module_count; i++)
        all->modules[i]->number = (uint32_t)i + 1;
    number_stack(all->stacks, all->stack_count);
    number_thread(all->threads, all->thread_count);
    sort(w->witnesses, w->witness_count, by_text_of_witness);
    for (size_t i = 0; i < w->witness_count; i++)
        w->witnesses[i]->number = i == 0 ? 1
                                  : w->witnesses[i]->text == w->witnesses[i - 1]->text
                                      ? w->witnesses[i - 1]->number
                                      : w->witnesses[i - 1]->number + 1;
}

/* ---- parts --------------------------------------------------------------------------------------------------------- */

static json_t *texts_of(const char *const *texts, size_t count)
{
    const char **sorted = cli_alloc(count + 1, sizeof(*sorted));
    json_t *array = json_array();

    memcpy(sorted, texts, count * sizeof(*sorted));
    sort(sorted, count, by_text);
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(array, json_string(sorted[i]));
    free(sorted);
    return array;
}

static json_t *sample_of(const struct un_sample *sample)
{
    json_t *array = json_array();
    char text[17];

    for (uint32_t i = 0; i < sample->count; i++) {
        (void)snprintf(text, sizeof(text), "%016" PRIx64, sample->numbers[i]);
        (void)json_array_append_new(array, json_string(text));
    }
    return array;
}

static json_t *seen_of(const struct un_seen *seen, bool left_out)
{
    json_t *object = json_object();

    set_number(object, "first", seen->first_ms);
    set_number(object, "last", seen->last_ms);
    set_number(object, "runs", un_sample_estimate(&seen->runs));
    set_flag(object, "runs_exact", !seen->runs.more);
    (void)json_object_set_new(object, "sample", sample_of(&seen->runs));
    (void)json_object_set_new(object, "tests", texts_of(seen->tests.texts, seen->tests.count));
    set_flag(object, "more_tests", seen->tests.more);
    set_flag(object, "left_out", left_out);
    return object;
}

static json_t *source_of(const struct rec_source *source, bool with_from)
{
    json_t *object = json_object();

    set_text(object, "function", source->function);
    set_text(object, "file", source->file);
    set_number(object, "line", (uint64_t)source->line);
    if (with_from)
        (void)json_object_set_new(object, "from", json_integer(source->from));
    if (source->more)
        set_flag(object, "more", true);
    return object;
}

static json_t *lock_json(const struct un_lock *lock)
{
    static const char *const words[] = { "try", "timed", "unchecked", "sync" };
    json_t *object = json_object(), *flags = json_array();

    for (unsigned i = 0; i < 4; i++)
        if ((lock->flags & 1u << i) != 0)
            (void)json_array_append_new(flags, json_string(words[i]));
    set_number(object, "class", lock->class != NULL ? lock->class->number : 0);
    set_number(object, "instance", lock->instance);
    set_hex(object, "address", lock->address);
    set_text(object, "mode", rec_mode_name(lock->mode));
    (void)json_object_set_new(object, "flags", flags);
    set_number(object, "stack", lock->stack != NULL ? lock->stack->number : 0);
    set_flag(object, "earlier", lock->earlier);
    return object;
}

/* ---- the types of lines -------------------------------------------------------------------------------------------- */

static void write_meta(struct writer *w)
{
    json_t *line = line_of("meta");

    set_number(line, "format", 1);
    set_text(line, "version", LOCKVAL_VERSION_TEXT);
    set_flag(line, "merged", true);
    set_number(line, "runs", un_sample_estimate(&w->all->runs));
    set_flag(line, "runs_exact", !w->all->runs.more);
    (void)json_object_set_new(line, "sample", sample_of(&w->all->runs));
    write_line(w, line);
}

static void write_run(struct writer *w, const struct un_run *run)
{
    json_t *line = line_of("run"), *argv = json_array();
    char hash[17];

    for (size_t i = 0; i < run->argc; i++)
        (void)json_array_append_new(argv, json_string(run->argv[i]));
    (void)snprintf(hash, sizeof(hash), "%016" PRIx64, run->hash);
    set_number(line, "id", run->number);
    set_text(line, "of", run->of);
    set_text(line, "hash", hash);
    set_text(line, "program", run->program);
    set_text(line, "path", run->path);
    (void)json_object_set_new(line, "argv", argv);
    set_text(line, "test", run->test);
    set_text(line, "commit", run->commit);
    set_text(line, "host", run->host);
    set_number(line, "start_ms", run->start_ms);
    set_flag(line, "forked", run->forked);
    write_line(w, line);
}

static void write_module(struct writer *w, const struct un_module *module)
{
    json_t *line = line_of("module");

    set_number(line, "id", module->number);
    set_text(line, "path", module->path);
    set_text(line, "name", module->name);
    set_text(line, "build_id", module->build_id);
    set_text(line, "load", "0x0");
    set_text(line, "start", "0x0");
    set_text(line, "end", "0x0");
    set_flag(line, "program", module->program);
    write_line(w, line);
}

static void write_class(struct writer *w, const struct un_class *class)
{
    static const char *const standings[] = { "lock", "candidate", "event" };
    json_t *line = line_of("class");
    char usage[5] = "";

    for (size_t i = 0; i < 4; i++)
        usage[i] = ".-+?"[class->usage[i]];
    set_number(line, "id", class->number);
    set_text(line, "key", class->key);
    set_text(line, "stable", class->stables.count != 0 ? class->stables.texts[0] : "");
    set_text(line, "name", class->name);
    set_text(line, "kind", class->kind);
    set_text(line, "origin", class->origin);
    set_number(line, "base", class->base != NULL ? class->base->number : 0);
    set_number(line, "subclass", class->subclass);
    set_flag(line, "named", class->named);
    (void)json_object_set_new(line, "wait", json_pack("[ii]", (int)class->wait_outer, (int)class->wait_inner));
    set_text(line, "usage", usage);
    set_text(line, "standing", standings[class->standing]);
    if (class->keys.count > 1)
        (void)json_object_set_new(line, "keys", texts_of(class->keys.texts, class->keys.count));
    (void)json_object_set_new(line, "stables", texts_of(class->stables.texts, class->stables.count));
    if (class->nests)
        set_flag(line, "nests", true);
    if (*class->source_text != '\0')
        (void)json_object_set_new(line, "source", source_of(&class->source, true));
    (void)json_object_set_new(line, "seen", seen_of(&class->seen, false));
    write_line(w, line);
}

static void write_thread(struct writer *w, const struct un_thread *thread)
{
    json_t *line = line_of("thread");

    set_number(line, "id", thread->number);
    (void)json_object_set_new(line, "tid", json_integer(thread->tid));
    set_text(line, "name", thread->name);
    set_text(line, "start", thread->start);
    write_line(w, line);
}

static void write_stack(struct writer *w, const struct un_stack *stack)
{
    json_t *line = line_of("stack"), *frames = json_array();

    for (size_t i = 0; i < stack->count; i++) {
        const struct un_frame *frame = stack->frames[i];
        json_t *object = json_object(), *lines = json_array();

        set_number(object, "module", frame->module != NULL ? frame->module->number : 0);
        set_hex(object, "offset", frame->offset);
        if (*frame->name != '\0')
            set_text(object, "name", frame->name);
        for (size_t k = 0; k < frame->line_count; k++)
            (void)json_array_append_new(lines, source_of(&frame->lines[k], false));
        if (frame->line_count != 0)
            (void)json_object_set(object, "lines", lines);
        json_decref(lines);
        (void)json_array_append_new(frames, object);
    }
    set_number(line, "id", stack->number);
    (void)json_object_set_new(line, "frames", frames);
    write_line(w, line);
}

static void write_witness(struct writer *w, const struct un_witness *witness)
{
    json_t *line = line_of("witness"), *held = json_array();

    for (size_t i = 0; i < witness->held_count; i++)
        (void)json_array_append_new(held, lock_json(&witness->held[i]));
    set_number(line, "id", witness->number);
    if (witness->run != NULL)
        set_number(line, "of", witness->run->number);
    set_number(line, "thread", witness->thread != NULL ? witness->thread->number : 0);
    (void)json_object_set_new(line, "wanted", lock_json(&witness->wanted));
    (void)json_object_set_new(line, "held", held);
    set_flag(line, "left_out", witness->left_out);
    write_line(w, line);
}

static json_t *modes_of(unsigned modes)
{
    static const char *const words[] = { "ER", "EN", "SR", "SN", "ERt", "ENt", "SRt", "SNt" };
    json_t *array = json_array();

    for (unsigned i = 0; i < 8; i++)
        if ((modes & 1u << i) != 0)
            (void)json_array_append_new(array, json_string(words[i]));
    return array;
}

static void write_edge(struct writer *w, const struct un_edge *edge)
{
    json_t *line;

    for (uint32_t i = 0; i == 0 || i < edge->witness_count; i++) {
        const struct un_witness *witness = i < edge->witness_count ? edge->witnesses[i] : NULL;

        line = line_of("edge");
        set_number(line, "from", edge->from->number);
        set_number(line, "to", edge->to->number);
        (void)json_object_set_new(line, "modes", modes_of(edge->modes));
        set_number(line, "witness", witness != NULL ? witness->number : 0);
        set_number(line, "held", witness != NULL ? witness->at : 0);
        if (i == 0)
            (void)json_object_set_new(line, "seen", seen_of(&edge->seen, edge->left_out));
        write_line(w, line);
    }
    line = line_of("stat");
    set_number(line, "from", edge->from->number);
    set_number(line, "to", edge->to->number);
    set_number(line, "acquisitions", edge->acquisitions);
    set_number(line, "chains", edge->chains);
    write_line(w, line);
}

static void write_use(struct writer *w, const struct un_use *use)
{
    json_t *line = line_of("use"), *contexts = json_array();

    for (size_t i = 0; i < use->context_count; i++)
        (void)json_array_append_new(
            contexts, json_pack("{ssss}", "name", use->contexts[i].name, "handler", use->contexts[i].handler));
    set_number(line, "class", use->class->number);
    set_text(line, "side", use->inside ? "inside" : "open");
    set_flag(line, "weak", use->weak);
    (void)json_object_set_new(line, "contexts", contexts);
    set_number(line, "thread", use->thread != NULL ? use->thread->number : 0);
    (void)json_object_set_new(line, "lock", lock_json(&use->lock));
    set_number(line, "at", use->at != NULL ? use->at->number : 0);
    if (use->run != NULL)
        set_number(line, "of", use->run->number);
    write_line(w, line);
}

static uint32_t number_of_class(const struct writer *w, const char *identity)
{
    const struct un_class *class =
        rec_index_find(&w->all->class_of, (uint64_t)(uintptr_t)rec_pool_text(w->all->pool, identity));

    return class != NULL ? class->number : 0;
}

/* Numbers in place of texts again. */
static void number_json(struct writer *w, json_t *json)
{
    const char *member, *text;
    json_t *value;
    size_t i;

    if (json_is_array(json)) {
        json_array_foreach(json, i, value) number_json(w, value);
        return;
    }
    if (!json_is_object(json))
        return;
    text = json_string_value(json_object_get(json, "class"));
    if (text != NULL)
        set_number(json, "class", number_of_class(w, text));
    text = json_string_value(json_object_get(json, "stack"));
    if (text != NULL) {
        const struct un_stack *stack = un_stack_find(w->all, rec_pool_text(w->all->pool, text));

        set_number(json, "stack", stack != NULL ? stack->number : 0);
    }
    text = json_string_value(json_object_get(json, "id"));
    if (text != NULL) {
        const struct un_thread *thread = un_thread_find(w->all, rec_pool_text(w->all->pool, text));

        set_number(json, "id", thread != NULL ? thread->number : 0);
    }
    json_object_foreach(json, member, value) number_json(w, value);
}

/* In order of the members' names: in which order they came is nobody's business. */
static json_t *sorted(const json_t *json)
{
    const char **members, *member;
    json_t *made, *value;
    size_t count = 0, i;

    if (json_is_array(json)) {
        made = json_array();
        json_array_foreach(json, i, value)(void) json_array_append_new(made, sorted(value));
        return made;
    }
    if (!json_is_object(json))
        return json_deep_copy(json);
    members = cli_alloc(json_object_size(json) + 1, sizeof(*members));
    json_object_foreach((json_t *)json, member, value) members[count++] = member;
    sort(members, count, by_text);
    made = json_object();
    for (i = 0; i < count; i++)
        (void)json_object_set_new(made, members[i], sorted(json_object_get(json, members[i])));
    free(members);
    return made;
}

static void write_finding(struct writer *w, const struct un_finding *finding)
{
    json_t *line = line_of("finding"), *content = sorted(finding->json);

    number_json(w, content);
    if (finding->run != NULL)
        set_number(line, "of", finding->run->number);
    if (finding->seen.runs.count != 0)
        (void)json_object_set_new(line, "seen", seen_of(&finding->seen, false));
    (void)json_object_update_missing(line, content);
    json_decref(content);
    write_line(w, line);
}

bool un_write(const struct un_union *all, FILE *out)
{
    struct writer w = { .all = (struct un_union *)all, .out = out }; /* numbers and order are the writer's */

    number_all(&w);
    write_meta(&w);
    for (size_t i = 0; i < all->run_count; i++)
        if (all->all_runs[i]->number != 0)
            write_run(&w, all->all_runs[i]);
    for (size_t i = 0; i < all->module_count; i++)
        write_module(&w, all->modules[i]);
    for (size_t i = 0; i < all->class_count; i++)
        write_class(&w, all->classes[i]);
    for (size_t i = 0; i < all->thread_count; i++)
        if (all->threads[i]->number != 0)
            write_thread(&w, all->threads[i]);
    for (size_t i = 0; i < all->stack_count; i++)
        if (all->stacks[i]->number != 0)
            write_stack(&w, all->stacks[i]);
    for (size_t i = 0; i < w.witness_count; i++)
        if (i == 0 || w.witnesses[i]->number != w.witnesses[i - 1]->number)
            write_witness(&w, w.witnesses[i]);
    for (size_t i = 0; i < all->edge_count; i++)
        write_edge(&w, all->edges[i]);
    for (size_t i = 0; i < all->use_count; i++)
        write_use(&w, all->uses[i]);
    for (size_t i = 0; i < all->finding_count; i++)
        write_finding(&w, all->findings[i]);
    free(w.witnesses);
    return !w.failed && fflush(out) == 0 && !ferror(out);
}
