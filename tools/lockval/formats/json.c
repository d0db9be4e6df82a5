/* SPDX-License-Identifier: MIT */
/*
 * One JSON document of all that was read: findings with their stacks in place, classes and edges by name. A record is for
 * programs that follow a run, line by line; this is for those that want to look at the result, and have no numbers to connect.
 */

#include "formats/format.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/memory.h"
#include "symbol/frames.h"

static json_t *hex(uint64_t number)
{
    return json_sprintf("0x%" PRIx64, number);
}

static void put(json_t *object, const char *member, json_t *value)
{
    (void)json_object_set_new(object, member, value);
}

static void put_text(json_t *object, const char *member, const char *text)
{
    if (text[0] != '\0')
        put(object, member, json_string(text));
}

static json_t *json_of_line(const struct sym_line *line)
{
    const struct rec_module *module = line->frame->module;
    json_t *json = json_object();

    put_text(json, "function", line->function);
    put_text(json, "name", line->frame->name);
    put_text(json, "file", line->file);
    if (line->line != 0)
        put(json, "line", json_integer(line->line));
    if (line->inlined)
        put(json, "inlined", json_true());
    if (module != NULL) {
        put_text(json, "module", module->name);
        put_text(json, "build_id", module->build_id);
    }
    put(json, "offset", hex(line->frame->offset));
    return json;
}

static void put_stack(struct sym_session *symbols, json_t *object, const char *member, const struct rec_stack *stack)
{
    struct sym_stack lines;
    json_t *frames;

    if (stack == NULL || !stack->known)
        return;
    lines = sym_stack_of(symbols, stack);
    frames = json_array();
    for (size_t i = 0; i < lines.count; i++)
        (void)json_array_append_new(frames, json_of_line(&lines.lines[i]));
    put(object, member, frames);
    sym_stack_free(&lines);
}

static json_t *json_of_thread(const struct rec_thread *thread)
{
    json_t *json = json_object();

    if (thread == NULL)
        return json;
    put_text(json, "name", thread->name);
    put(json, "tid", json_integer(thread->tid));
    put_text(json, "start", thread->start);
    return json;
}

static json_t *flags_of(unsigned flags)
{
    static const char *const words[] = { "try", "timed", "unchecked", "sync" };
    json_t *array = json_array();

    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if ((flags & 1u << i) != 0)
            (void)json_array_append_new(array, json_string(words[i]));
    return array;
}

static json_t *json_of_lock(struct sym_session *symbols, const struct rec_lock *lock)
{
    json_t *json = json_object();

    put_text(json, "class", rec_lock_name(lock));
    put_text(json, "key", rec_lock_key(lock));
    if (lock->class != NULL)
        put_text(json, "kind", lock->class->kind);
    put(json, "instance", json_integer((json_int_t)lock->instance));
    put(json, "address", hex(lock->address));
    put(json, "mode", json_string(rec_mode_name(lock->mode)));
    if (lock->flags != 0)
        put(json, "flags", flags_of(lock->flags));
    if (lock->earlier)
        put(json, "earlier", json_true());
    put_stack(symbols, json, "stack", lock->stack);
    return json;
}

static json_t *json_of_locks(struct sym_session *symbols, const struct rec_lock *locks, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(array, json_of_lock(symbols, &locks[i]));
    return array;
}

/* Of merged records: in which run something was seen. */
static json_t *json_of_run(const struct rec_run *run)
{
    json_t *json = json_object(), *argv = json_array();

    put_text(json, "of", run->of);
    put_text(json, "hash", run->hash);
    put_text(json, "program", run->program);
    put_text(json, "path", run->path);
    for (size_t i = 0; i < run->argc; i++)
        (void)json_array_append_new(argv, json_string(run->argv[i]));
    put(json, "argv", argv);
    put_text(json, "test", run->test);
    put_text(json, "commit", run->commit);
    put_text(json, "host", run->host);
    put(json, "start_ms", json_integer((json_int_t)run->start_ms));
    return json;
}

static void put_run(json_t *json, const struct rec_run *run)
{
    if (run != NULL)
        put(json, "run", json_of_run(run));
}

static json_t *json_of_steps(struct sym_session *symbols, const struct rec_step *steps, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++) {
        json_t *json = json_object();

        put(json, "kind", json_string(rec_step_kind_name(steps[i].kind)));
        put(json, "thread", json_of_thread(steps[i].thread));
        put(json, "held", json_of_lock(symbols, &steps[i].held));
        put(json, "wanted", json_of_lock(symbols, &steps[i].wanted));
        put_run(json, steps[i].run);
        (void)json_array_append_new(array, json);
    }
    return array;
}

static json_t *json_of_side(struct sym_session *symbols, const struct rec_side *side)
{
    json_t *json = json_object();

    put(json, "thread", json_of_thread(side->thread));
    put(json, "lock", json_of_lock(symbols, &side->lock));
    put_run(json, side->run);
    return json;
}

static json_t *json_of_stuck(struct sym_session *symbols, const struct rec_stuck *stuck)
{
    json_t *json = json_object();

    put(json, "thread", json_of_thread(stuck->thread));
    put(json, "waits", json_string(stuck->waits));
    if (stuck->waited_ms >= 0)
        put(json, "waited_ms", json_integer(stuck->waited_ms));
    put(json, "wanted", json_of_lock(symbols, &stuck->wanted));
    if (stuck->has_with)
        put(json, "with", json_of_lock(symbols, &stuck->with));
    if (stuck->joined != NULL)
        put(json, "joined", json_of_thread(stuck->joined));
    put(json, "blocker", json_integer(stuck->blocker));
    put(json, "held", json_of_locks(symbols, stuck->held, stuck->held_count));
    return json;
}

static void put_stuck(struct sym_session *symbols, json_t *json, const struct rec_finding *finding)
{
    json_t *array = json_array();

    for (size_t i = 0; i < finding->stuck_count; i++)
        (void)json_array_append_new(array, json_of_stuck(symbols, &finding->stuck[i]));
    put(json, "stuck", array);
    put(json, "circle", json_integer((json_int_t)finding->circle));
    put_text(json, "predicted_by", finding->predicted_fingerprint);
}

static json_t *json_of_finding(struct sym_session *symbols, const struct rec_finding *finding)
{
    json_t *json = json_object(), *reasons = json_array();
    char *cycle = rec_cycle(finding);

    put(json, "kind", json_string(finding->kind));
    put(json, "verdict", json_string(finding->verdict_name));
    for (size_t i = 0; i < finding->reason_count; i++)
        (void)json_array_append_new(reasons, json_string(finding->reasons[i]));
    put(json, "reasons", reasons);
    put(json, "fingerprint", json_string(finding->fingerprint));
    put(json, "counts", json_boolean(finding->counts));
    put(json, "program", json_string(finding->process->program));
    put(json, "pid", json_integer(finding->process->pid));
    put(json, "thread", json_of_thread(finding->thread));
    put_run(json, finding->run);
    if (finding->seen.runs != 0) {
        json_t *tests = json_array();

        put(json, "runs", json_integer((json_int_t)finding->seen.runs));
        for (size_t i = 0; i < finding->seen.test_count; i++)
            (void)json_array_append_new(tests, json_string(finding->seen.tests[i]));
        put(json, "tests", tests);
    }
    if (finding->also_count != 0) {
        json_t *also = json_array();

        for (size_t i = 0; i < finding->also_count; i++)
            (void)json_array_append_new(also, json_of_run(finding->also[i]));
        put(json, "also", also);
    }
    put_text(json, "cycle", cycle);
    free(cycle);
    if (finding->edge_count != 0) {
        put(json, "edges", json_of_steps(symbols, finding->edges, finding->edge_count));
        put(json, "acquisitions", json_of_steps(symbols, finding->acquisitions, finding->acquisition_count));
    }
    if (finding->has_subject)
        put(json, "subject", json_of_lock(symbols, &finding->subject));
    put_text(json, "detail", finding->detail);
    if (finding->against[0] != '\0')
        put(json, "against",
            json_pack("{s:s, s:I}", "file", finding->against, "line", (json_int_t)finding->against_line));
    if (finding->holder.thread != NULL)
        put(json, "holder", json_of_side(symbols, &finding->holder));
    if (finding->usage_state[0] != '\0') {
        put(json, "state", json_string(finding->usage_state));
        put(json, "inside", json_of_side(symbols, &finding->usage_inside));
        put(json, "open", json_of_side(symbols, &finding->usage_open));
    }
    if (finding->stuck_count != 0)
        put_stuck(symbols, json, finding);
    put(json, "held", json_of_locks(symbols, finding->held, finding->held_count));
    put_stack(symbols, json, "stack", finding->stack);
    if (finding->suppressed_by[0] != '\0') {
        put(json, "suppressed_by", json_string(finding->suppressed_by));
        put_text(json, "suppressed_reason", finding->suppressed_reason);
    }
    put_text(json, "text", finding->text);
    return json;
}

static json_t *json_of_class(const struct rec_class *class)
{
    json_t *json = json_object();

    put(json, "name", json_string(class->name));
    put_text(json, "key", class->key);
    put_text(json, "stable", class->stable);
    put_text(json, "kind", class->kind);
    put_text(json, "usage", class->usage);
    if (class->standing != REC_IS_LOCK)
        put(json, "standing", json_string(class->standing == REC_IS_EVENT ? "event" : "candidate"));
    return json;
}

static json_t *modes_of(unsigned modes)
{
    static const char *const words[] = { "ER", "EN", "SR", "SN", "ERt", "ENt", "SRt", "SNt" };
    json_t *array = json_array();

    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if ((modes & 1u << i) != 0)
            (void)json_array_append_new(array, json_string(words[i]));
    return array;
}

static json_t *json_of_process(const struct rec_process *process)
{
    json_t *json = json_object(), *argv = json_array(), *classes = json_array(), *edges = json_array();

    put(json, "pid", json_integer(process->pid));
    put(json, "run", json_string(process->run));
    put_text(json, "program", process->program);
    put_text(json, "path", process->path);
    for (size_t i = 0; i < process->argc; i++)
        (void)json_array_append_new(argv, json_string(process->argv[i]));
    put(json, "argv", argv);
    put_text(json, "version", process->version);
    if (process->options != NULL)
        put(json, "options", json_incref(process->options));
    put(json, "ended", json_boolean(process->end != NULL));
    if (process->end != NULL)
        put(json, "status", json_incref(json_object_get(process->end, "status")));
    for (size_t i = 0; i < process->class_count; i++)
        (void)json_array_append_new(classes, json_of_class(process->classes[i]));
    put(json, "classes", classes);
    for (size_t i = 0; i < process->edge_count; i++) {
        const struct rec_edge *edge = process->edges[i];
        json_t *item = json_object();

        put(item, "from", json_string(edge->from->name));
        put(item, "to", json_string(edge->to->name));
        put(item, "modes", modes_of(edge->modes));
        put(item, "acquisitions", json_integer((json_int_t)edge->acquisitions));
        put(item, "chains", json_integer((json_int_t)edge->chains));
        (void)json_array_append_new(edges, item);
    }
    put(json, "edges", edges);
    return json;
}

static bool print(FILE *out, const struct format_input *input)
{
    json_t *json = json_object(), *findings = json_array(), *processes = json_array();

    put(json, "lockval", json_string(LOCKVAL_VERSION_TEXT));
    put(json, "format", json_integer(1));
    for (size_t i = 0; i < input->finding_count; i++)
        (void)json_array_append_new(findings, json_of_finding(input->symbols, input->findings[i]));
    put(json, "findings", findings);
    for (size_t i = 0; i < input->set->process_count; i++)
        (void)json_array_append_new(processes, json_of_process(input->set->processes[i]));
    put(json, "processes", processes);
    (void)json_dumpf(json, out, JSON_INDENT(1));
    (void)fputc('\n', out);
    json_decref(json);
    return true;
}

const struct format format_json = {
    .name = "json",
    .summary = "one JSON document: findings with their stacks, classes and edges by name",
    .print = print,
    .exact = true,
};
