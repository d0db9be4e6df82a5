/* SPDX-License-Identifier: MIT */
/*
 * The path is made absolute at start, since a program may change its folder, and %p is expanded anew in a forked child. The
 * child writes meta with its first other line: most children only call exec.
 */

#include "engine/recorder.h"

#include <string.h>

#include "engine/chaintree.h"
#include "engine/counts.h"
#include "engine/lockstat_sum.h"
#include "engine/record.h"

enum {
    PATH_SIZE = 2 * LV_OPTION_PATH_MAX + 64,
    ARGUMENTS = 64 * 1024
};

struct lv_record_by lv_recorder_by(const struct lv_context *ctx)
{
    return (struct lv_record_by){ ctx->recorder.pid, ctx->recorder.run };
}

int64_t lv_recorder_ms(const struct lv_context *ctx)
{
    return lv_os_now_ms() - ctx->recorder.started;
}

/* ---- where it goes --------------------------------------------------------------------------------------------------- */

/* The option's path with the folder in front of it, if it needs one; null without memory. Percent signs of the folder are
 * none of the option's. */
static const char *absolute(struct lv_context *ctx)
{
    char folder[LV_OPTION_PATH_MAX];
    char *memory = lv_arena_alloc(&ctx->arena, PATH_SIZE);
    struct lv_text text;

    if (memory == NULL)
        return NULL;
    lv_text_init(&text, memory, PATH_SIZE);
    if (ctx->options.record[0] != '/' && lv_os_read_link("/proc/self/cwd", folder, sizeof(folder)) > 0) {
        for (const char *c = folder; *c != '\0'; c++)
            lv_text_puts(&text, *c == '%' ? "%%" : (char[2]){ *c, '\0' });
        lv_text_putc(&text, '/');
    }
    lv_text_puts(&text, ctx->options.record);
    return memory;
}

/* Is it one file for all processes? */
static bool is_one_file(const char *pattern)
{
    for (; *pattern != '\0'; pattern++) {
        if (*pattern != '%')
            continue;
        if (pattern[1] == 'p' || pattern[1] == 'e')
            return false;
        pattern += pattern[1] == '%';
    }
    return true;
}

/* What differs from process to process. */
static bool settle_process(struct lv_context *ctx)
{
    struct lv_recorder *recorder = &ctx->recorder;
    char *memory = lv_arena_alloc(&ctx->arena, PATH_SIZE);
    struct lv_text text;

    if (memory == NULL)
        return false;
    recorder->pid = lv_os_pid();
    recorder->start_ms = lv_os_wall_ms();
    recorder->started = lv_os_now_ms();
    recorder->generation++;
    lv_text_init(&text, recorder->run, sizeof(recorder->run));
    lv_text_printf(&text, "%08x", (unsigned)lv_os_random());
    lv_text_init(&text, memory, PATH_SIZE);
    lv_options_expand(recorder->pattern, recorder->pid, ctx->program, &text);
    recorder->path = memory;
    return true;
}

static struct lv_record_numbers *numbers_at(struct lv_recorder *recorder, unsigned i)
{
    struct lv_record_numbers *const all[] = { &recorder->class_numbers, &recorder->thread_numbers,
                                              &recorder->module_numbers, &recorder->witness_numbers };

    return i < LV_ARRAY_SIZE(all) ? all[i] : NULL;
}

static void begin_numbers(struct lv_recorder *recorder)
{
    struct lv_record_numbers *numbers;

    for (unsigned i = 0; (numbers = numbers_at(recorder, i)) != NULL; i++)
        numbers->first = numbers->last + 1;
}

void lv_recorder_start(struct lv_context *ctx)
{
    struct lv_recorder *recorder = &ctx->recorder;
    struct lv_batch *batch = NULL;
    struct lv_locked locked;

    if (ctx->options.record[0] == '\0' || strcmp(ctx->options.record, "none") == 0)
        return;
    lv_vec_init(&recorder->stacks, &ctx->arena, sizeof(uint32_t));
    lv_table_init(&recorder->modules, &ctx->arena);
    lv_os_host(recorder->host);
    recorder->pattern = absolute(ctx);
    if (lv_chaintree_init(ctx) < 0 || recorder->pattern == NULL || !settle_process(ctx))
        return;
    recorder->found = ctx->options.told_by[0] != '\0' && is_one_file(recorder->pattern);
    begin_numbers(recorder);
    recorder->on = true;
    locked = lv_context_lock(ctx);
    (void)lv_batch_need(ctx, &batch);
    lv_context_unlock(ctx, &locked);
    lv_batch_send(ctx, &batch);
}

void lv_recorder_after_fork(struct lv_context *ctx)
{
    struct lv_recorder *recorder = &ctx->recorder;

    if (!recorder->on)
        return;
    recorder->begun = recorder->ended = false;
    recorder->forked = true;
    recorder->lost = 0;
    begin_numbers(recorder);
    recorder->on = settle_process(ctx);
}

/* ---- the first line -------------------------------------------------------------------------------------------------- */

static const struct lv_record_option *options_of(struct lv_context *ctx, struct lv_batch *batch, uint32_t *ret_count)
{
    uint32_t count = lv_options_count();
    struct lv_record_option *options = lv_batch_alloc(batch, count * sizeof(*options));

    *ret_count = options != NULL ? count : 0;
    for (uint32_t i = 0; i < *ret_count; i++) {
        struct lv_text text = lv_batch_begin_text(batch);

        options[i].name = lv_options_show(&ctx->options, i, &text);
        options[i].value = lv_batch_text(batch, &text);
    }
    return options;
}

static const char *link_at(struct lv_batch *batch, const char *path)
{
    char *memory = lv_batch_alloc(batch, LV_BATCH_TEXT);

    return memory != NULL && lv_os_read_link(path, memory, LV_BATCH_TEXT) > 0 ? memory : "";
}

void lv_recorder_begin(struct lv_context *ctx, struct lv_batch *batch)
{
    struct lv_recorder *recorder = &ctx->recorder;
    struct lv_batch_mark mark = lv_batch_mark(batch);
    char *arguments = lv_batch_alloc(batch, ARGUMENTS);
    int len = arguments != NULL ? lv_os_read_text("/proc/self/cmdline", arguments, ARGUMENTS) : -1;
    struct lv_record_meta line = { .version = ctx->version,
                                   .program = ctx->program,
                                   .path = link_at(batch, "/proc/self/exe"),
                                   .cwd = link_at(batch, "/proc/self/cwd"),
                                   .argv = arguments,
                                   .argv_len = len > 0 ? (size_t)len : 0,
                                   .argv_cut = len == ARGUMENTS - 1,
                                   .ppid = lv_os_parent(),
                                   .forked = recorder->forked,
                                   .start_ms = recorder->start_ms,
                                   .host = recorder->host };

    recorder->begun = true;
    if (recorder->forked)
        lv_chaintree_begin(ctx);
    line.options = options_of(ctx, batch, &line.option_count);
    LV_BATCH_LINE(ctx, batch, lv_record_put_meta, &line);
    lv_batch_forget(batch, mark);
}

/* ---- the last lines -------------------------------------------------------------------------------------------------- */

static void put_names(struct lv_context *ctx, struct lv_batch **batch)
{
    for (uint32_t i = 1; i < ctx->thread_infos.count; i++)
        lv_record_name(ctx, batch, (lv_thread_id){ i });
}

/* Edges whose classes stand in the record: of what a forked child found there, the others are its parent's to tell. */
static void put_stats(struct lv_context *ctx, struct lv_batch *batch)
{
    struct lv_edge_sum *sums = lv_os_map(ctx->graph.edges.count * sizeof(*sums));

    if (sums == NULL) {
        __atomic_fetch_add(&ctx->recorder.lost, 1, __ATOMIC_RELAXED);
        return;
    }
    lv_counts_sum(ctx, sums);
    for (uint32_t i = 1; i < ctx->graph.edges.count; i++) {
        const struct lv_edge *edge = lv_digraph_edge(&ctx->graph, i);
        struct lv_record_stat line = { .acquisitions = sums[i].hits, .chains = sums[i].chains };

        if (edge->from == 0)
            continue;
        line.from = lv_classes_get(&ctx->classes, (lv_class_id){ edge->from })->record.number;
        line.to = lv_classes_get(&ctx->classes, (lv_class_id){ edge->to })->record.number;
        if (lv_record_is_written(&ctx->recorder.class_numbers, line.from) &&
            lv_record_is_written(&ctx->recorder.class_numbers, line.to))
            LV_BATCH_LINE(ctx, batch, lv_record_put_stat, &line);
    }
    lv_os_unmap(sums, ctx->graph.edges.count * sizeof(*sums));
}

static void put_end(struct lv_context *ctx, struct lv_batch *batch, int status)
{
    const struct lv_record_end line = {
        .status = status,
        .ms = lv_recorder_ms(ctx),
        .findings = __atomic_load_n(&ctx->findings, __ATOMIC_RELAXED),
        .suppressed = __atomic_load_n(&ctx->suppressed, __ATOMIC_RELAXED),
        .counted = __atomic_load_n(&ctx->counted, __ATOMIC_RELAXED),
        .classes = ctx->classes.all.count - 1,
        .edges = ctx->graph.live,
        .chains = ctx->chains.count,
        .stacks = ctx->stacks.all.count - 1,
        .witnesses = ctx->witnesses.count,
        .threads = ctx->thread_infos.count - 1,
        .walks = __atomic_load_n(&ctx->counters.slow_walks, __ATOMIC_RELAXED),
        .dropped = ctx->counters.dropped,
        .lost = __atomic_load_n(&ctx->recorder.lost, __ATOMIC_RELAXED),
    };

    LV_BATCH_LINE(ctx, batch, lv_record_put_end, &line);
}

void lv_recorder_end(struct lv_context *ctx, int status)
{
    struct lv_batch *batch = NULL;
    struct lv_locked locked;

    if (!__atomic_load_n(&ctx->recorder.on, __ATOMIC_RELAXED) || lv_os_pid() != ctx->recorder.pid ||
        __atomic_exchange_n(&ctx->recorder.ended, true, __ATOMIC_RELAXED))
        return;
    locked = lv_context_lock(ctx);
    if (lv_batch_need(ctx, &batch)) {
        put_names(ctx, &batch);
        put_stats(ctx, batch);
        lv_chaintree_record(ctx, &batch);
        lv_lockstat_record(ctx, &batch);
        put_end(ctx, batch, status);
    }
    lv_context_unlock(ctx, &locked);
    lv_batch_send(ctx, &batch);
}
