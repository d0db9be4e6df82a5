/* SPDX-License-Identifier: MIT */
/* The lines of the record but the findings, which are in record_finding.c. Keeps nothing. */

#include "report/record.h"

#include <string.h>

#include "report/json.h"
#include "report/record_line.h"

void lv_record_begin(struct lv_json *json, struct lv_text *out, const char *what, struct lv_record_by by)
{
    lv_json_init(json, out);
    lv_json_begin_object(json, NULL);
    lv_json_text(json, "t", what);
    lv_json_int(json, "pid", by.pid);
    lv_json_text(json, "run", by.run);
}

void lv_record_end(struct lv_json *json)
{
    lv_json_end_object(json);
    lv_text_putc(json->out, '\n');
}

static void put_argv(struct lv_json *json, const struct lv_record_meta *meta)
{
    lv_json_begin_list(json, "argv");
    for (size_t i = 0; i < meta->argv_len;) {
        size_t len = strnlen(meta->argv + i, meta->argv_len - i);

        lv_json_bytes(json, NULL, meta->argv + i, len);
        i += len + 1;
    }
    lv_json_end_list(json);
    lv_json_bool(json, "argv_cut", meta->argv_cut);
}

void lv_record_put_meta(const struct lv_record_meta *meta, struct lv_record_by by, struct lv_text *out)
{
    struct lv_json json;

    lv_record_begin(&json, out, "meta", by);
    lv_json_int(&json, "format", LV_RECORD_FORMAT);
    lv_json_text(&json, "version", meta->version);
    lv_json_text(&json, "program", meta->program);
    lv_json_text(&json, "path", meta->path);
    put_argv(&json, meta);
    lv_json_text(&json, "cwd", meta->cwd);
    lv_json_int(&json, "ppid", meta->ppid);
    lv_json_bool(&json, "forked", meta->forked);
    lv_json_int(&json, "start_ms", meta->start_ms);
    lv_json_text(&json, "host", meta->host);
    lv_json_begin_object(&json, "options");
    for (uint32_t i = 0; i < meta->option_count; i++)
        lv_json_text(&json, meta->options[i].name, meta->options[i].value);
    lv_json_end_object(&json);
    lv_record_end(&json);
}

void lv_record_put_module(const struct lv_record_module *module, struct lv_record_by by, struct lv_text *out)
{
    struct lv_json json;

    lv_record_begin(&json, out, "module", by);
    lv_json_int(&json, "id", module->id);
    lv_json_text(&json, "path", module->path);
    lv_json_text(&json, "name", module->name);
    lv_json_text(&json, "build_id", module->build_id);
    lv_json_hex(&json, "load", module->load);
    lv_json_hex(&json, "start", module->start);
    lv_json_hex(&json, "end", module->end);
    lv_json_bool(&json, "program", module->is_program);
    lv_record_end(&json);
}

void lv_record_put_class(const struct lv_record_class *class, struct lv_record_by by, struct lv_text *out)
{
    struct lv_json json;

    lv_record_begin(&json, out, "class", by);
    lv_json_int(&json, "id", class->id);
    lv_json_text(&json, "key", class->key);
    lv_json_text(&json, "stable", class->stable);
    lv_json_text(&json, "name", class->name);
    lv_json_text(&json, "kind", lv_kind_name(class->kind));
    lv_json_text(&json, "origin", class->origin);
    lv_json_int(&json, "base", class->base);
    lv_json_int(&json, "subclass", class->subclass);
    lv_json_bool(&json, "named", class->named);
    lv_json_begin_list(&json, "wait");
    lv_json_int(&json, NULL, class->wait_outer);
    lv_json_int(&json, NULL, class->wait_inner);
    lv_json_end_list(&json);
    lv_json_text(&json, "usage", class->usage);
    lv_json_text(&json, "standing", class->standing);
    lv_record_end(&json);
}

void lv_record_members_of_thread(struct lv_json *json, const struct lv_record_thread *thread)
{
    lv_json_int(json, "id", thread->id);
    lv_json_int(json, "tid", thread->tid);
    lv_json_text(json, "name", thread->name);
    lv_json_text(json, "start", thread->start);
}

void lv_record_put_thread(const struct lv_record_thread *thread, struct lv_record_by by, struct lv_text *out)
{
    struct lv_json json;

    lv_record_begin(&json, out, "thread", by);
    lv_record_members_of_thread(&json, thread);
    lv_record_end(&json);
}

static void put_frame(struct lv_json *json, const char *name, const struct lv_record_frame *frame)
{
    lv_json_begin_object(json, name);
    lv_json_int(json, "module", frame->module);
    lv_json_hex(json, "offset", frame->offset);
    if (frame->name != NULL)
        lv_json_text(json, "name", frame->name);
    lv_json_end_object(json);
}

void lv_record_put_stack(const struct lv_record_stack *stack, struct lv_record_by by, struct lv_text *out)
{
    struct lv_json json;

    lv_record_begin(&json, out, "stack", by);
    lv_json_int(&json, "id", stack->id);
    lv_json_begin_list(&json, "frames");
    for (uint32_t i = 0; i < stack->count; i++)
        put_frame(&json, NULL, &stack->frames[i]);
    lv_json_end_list(&json);
    lv_record_end(&json);
}

void lv_record_put_edge(const struct lv_record_edge *edge, struct lv_record_by by, struct lv_text *out)
{
    static const char *const words[] = { "ER", "EN", "SR", "SN", "ERt", "ENt", "SRt", "SNt" };
    struct lv_json json;

    lv_record_begin(&json, out, "edge", by);
    lv_json_int(&json, "from", edge->from);
    lv_json_int(&json, "to", edge->to);
    lv_json_begin_list(&json, "modes");
    for (size_t i = 0; i < LV_ARRAY_SIZE(words); i++)
        if ((edge->bits >> i & 1) != 0)
            lv_json_text(&json, NULL, words[i]);
    lv_json_end_list(&json);
    lv_json_int(&json, "witness", edge->witness);
    lv_json_int(&json, "held", edge->held);
    lv_record_end(&json);
}

const char *lv_record_mode(enum lv_mode mode)
{
    return mode == LV_WRITE ? "write" : mode == LV_READ ? "read" : "read-recursive";
}

static void put_flags(struct lv_json *json, const char *name, unsigned set)
{
    static const struct {
        unsigned flag;
        const char *word;
    } flags[] = { { LV_TRY, "try" }, { LV_TIMED, "timed" }, { LV_UNCHECKED, "unchecked" }, { LV_SYNC, "sync" } };

    lv_json_begin_list(json, name);
    for (size_t i = 0; i < LV_ARRAY_SIZE(flags); i++)
        if ((set & flags[i].flag) != 0)
            lv_json_text(json, NULL, flags[i].word);
    lv_json_end_list(json);
}

void lv_record_lock(struct lv_json *json, const char *name, const struct lv_record_lock *lock)
{
    lv_json_begin_object(json, name);
    lv_json_int(json, "class", lock->class);
    lv_json_int(json, "instance", lock->instance);
    lv_json_hex(json, "address", lock->address);
    lv_json_text(json, "mode", lv_record_mode(lock->mode));
    put_flags(json, "flags", lock->flags);
    lv_json_int(json, "stack", lock->stack);
    lv_json_bool(json, "earlier", lock->earlier);
    if (lock->key != NULL) {
        lv_json_text(json, "key", lock->key);
        lv_json_text(json, "name", lock->name);
        lv_json_text(json, "site", lock->site);
    }
    lv_json_end_object(json);
}

void lv_record_locks(struct lv_json *json, const char *name, const struct lv_record_lock *locks, uint32_t count)
{
    lv_json_begin_list(json, name);
    for (uint32_t i = 0; i < count; i++)
        lv_record_lock(json, NULL, &locks[i]);
    lv_json_end_list(json);
}

void lv_record_put_witness(const struct lv_record_witness *witness, struct lv_record_by by, struct lv_text *out)
{
    struct lv_json json;

    lv_record_begin(&json, out, "witness", by);
    lv_json_int(&json, "id", witness->id);
    lv_json_int(&json, "thread", witness->thread);
    lv_record_lock(&json, "wanted", &witness->wanted);
    lv_record_locks(&json, "held", witness->held, witness->held_count);
    lv_json_bool(&json, "left_out", witness->left_out);
    lv_record_end(&json);
}

void lv_record_put_use(const struct lv_record_use *use, struct lv_record_by by, struct lv_text *out)
{
    struct lv_json json;

    lv_record_begin(&json, out, "use", by);
    lv_json_int(&json, "class", use->class);
    lv_json_text(&json, "side", use->inside ? "inside" : "open");
    lv_json_bool(&json, "weak", use->weak);
    lv_json_begin_list(&json, "contexts");
    for (uint32_t i = 0; i < use->context_count; i++) {
        lv_json_begin_object(&json, NULL);
        lv_json_text(&json, "name", use->contexts[i].name);
        lv_json_text(&json, "handler", use->contexts[i].handler);
        lv_json_end_object(&json);
    }
    lv_json_end_list(&json);
    lv_json_int(&json, "thread", use->thread);
    lv_record_lock(&json, "lock", &use->lock);
    lv_json_int(&json, "at", use->at);
    lv_record_end(&json);
}

void lv_record_put_stat(const struct lv_record_stat *stat, struct lv_record_by by, struct lv_text *out)
{
    struct lv_json json;

    lv_record_begin(&json, out, "stat", by);
    lv_json_int(&json, "from", stat->from);
    lv_json_int(&json, "to", stat->to);
    lv_json_int(&json, "acquisitions", (int64_t)stat->acquisitions);
    lv_json_int(&json, "chains", (int64_t)stat->chains);
    lv_record_end(&json);
}

void lv_record_put_chain(const struct lv_record_chain *chain, struct lv_record_by by, struct lv_text *out)
{
    struct lv_json json;
    bool flags = false;

    lv_record_begin(&json, out, "chain", by);
    lv_json_int(&json, "id", chain->id);
    lv_json_begin_list(&json, "classes");
    for (uint32_t i = 0; i < chain->count; i++)
        lv_json_int(&json, NULL, chain->links[i].class);
    lv_json_end_list(&json);
    lv_json_begin_list(&json, "modes");
    for (uint32_t i = 0; i < chain->count; i++) {
        lv_json_text(&json, NULL, lv_record_mode(chain->links[i].mode));
        flags |= chain->links[i].flags != 0;
    }
    lv_json_end_list(&json);
    if (flags) {
        lv_json_begin_list(&json, "flags");
        for (uint32_t i = 0; i < chain->count; i++)
            put_flags(&json, NULL, chain->links[i].flags);
        lv_json_end_list(&json);
    }
    lv_json_int(&json, "level", chain->level);
    lv_json_int(&json, "acquisitions", (int64_t)chain->acquisitions);
    lv_record_end(&json);
}

static void put_times(struct lv_json *json, const char *name, const struct lv_times *times)
{
    lv_json_begin_object(json, name);
    lv_json_int(json, "count", (int64_t)times->count);
    lv_json_int(json, "min", (int64_t)times->min);
    lv_json_int(json, "max", (int64_t)times->max);
    lv_json_int(json, "total", (int64_t)times->total);
    lv_json_end_object(json);
}

void lv_record_put_lock_stat(const struct lv_record_lock_stat *stat, struct lv_record_by by, struct lv_text *out)
{
    struct lv_json json;

    lv_record_begin(&json, out, "lock_stat", by);
    lv_json_int(&json, "class", stat->class);
    lv_json_text(&json, "mode", stat->reads ? "read" : "write");
    put_frame(&json, "site", &stat->site);
    lv_json_int(&json, "acquisitions", (int64_t)stat->acquisitions);
    lv_json_int(&json, "failed", (int64_t)stat->failed);
    put_times(&json, "wait", &stat->wait);
    put_times(&json, "hold", &stat->hold);
    lv_json_begin_list(&json, "holders");
    for (uint32_t i = 0; i < stat->holder_count; i++) {
        lv_json_begin_object(&json, NULL);
        put_frame(&json, "site", &stat->holders[i].site);
        lv_json_int(&json, "count", (int64_t)stat->holders[i].count);
        lv_json_int(&json, "total", (int64_t)stat->holders[i].total);
        lv_json_end_object(&json);
    }
    lv_json_end_list(&json);
    lv_record_end(&json);
}

void lv_record_put_end(const struct lv_record_end *end, struct lv_record_by by, struct lv_text *out)
{
    const struct {
        const char *name;
        uint64_t value;
    } counts[] = { { "findings", end->findings }, { "suppressed", end->suppressed }, { "counted", end->counted },
                   { "classes", end->classes },   { "edges", end->edges },           { "chains", end->chains },
                   { "stacks", end->stacks },     { "witnesses", end->witnesses },   { "threads", end->threads },
                   { "walks", end->walks },       { "dropped", end->dropped },       { "lost", end->lost } };
    struct lv_json json;

    lv_record_begin(&json, out, "end", by);
    if (end->status >= 0)
        lv_json_int(&json, "status", end->status);
    else
        lv_json_null(&json, "status");
    lv_json_int(&json, "ms", end->ms);
    for (size_t i = 0; i < LV_ARRAY_SIZE(counts); i++)
        lv_json_int(&json, counts[i].name, (int64_t)counts[i].value);
    lv_record_end(&json);
}
