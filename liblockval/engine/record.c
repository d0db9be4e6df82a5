/* SPDX-License-Identifier: MIT */
/*
 * A thing gets its number when it is written for the first time. Numbers lie with the things (classes, threads) or in tables
 * of the recorder. Frames are named only if their module's symbols are known: to read them for that would be dear, and tools
 * can do it later.
 */

#include "engine/record.h"

#include "base/hash.h"
#include "check/wait.h"
#include "engine/resolve.h"
#include "engine/symbols.h"
#include "engine/usage.h"

static const char *build_id(struct lv_batch *batch, const struct lv_module *module)
{
    struct lv_text text = lv_batch_begin_text(batch);

    for (unsigned i = 0; i < module->build_id_size; i++)
        lv_text_printf(&text, "%02x", (unsigned)module->build_id[i]);
    return lv_batch_text(batch, &text);
}

/* 0: @module is null, or memory ran out. */
static uint32_t record_module(struct lv_context *ctx, struct lv_batch *batch, const struct lv_module *module)
{
    struct lv_recorder *recorder = &ctx->recorder;
    uint64_t key = lv_hash_mix((uintptr_t)module, recorder->generation) | 1;
    uint32_t number = module != NULL ? lv_table_get(&recorder->modules, key) : 0;
    struct lv_batch_mark mark = lv_batch_mark(batch);
    struct lv_record_module line;

    if (module == NULL || number != 0)
        return number;
    line = (struct lv_record_module){ .id = lv_record_next(&recorder->module_numbers),
                                      .path = module->path,
                                      .name = module->name,
                                      .build_id = build_id(batch, module),
                                      .load = module->bias,
                                      .start = module->start,
                                      .end = module->end,
                                      .is_program = module->is_program };
    if (lv_table_insert(&recorder->modules, key, line.id) < 0)
        return 0;
    LV_BATCH_LINE(ctx, batch, lv_record_put_module, &line);
    lv_batch_forget(batch, mark);
    return line.id;
}

static const char *standing_word(enum lv_class_standing standing)
{
    return standing == LV_CLASS_IS_LOCK ? "lock" : standing == LV_CLASS_IS_CANDIDATE ? "candidate" : "event";
}

static void put_class(struct lv_context *ctx, struct lv_batch *batch, struct lv_class *class, uint32_t base)
{
    struct lv_batch_mark mark = lv_batch_mark(batch);
    const struct lv_wait wait = lv_wait_of(class);
    struct lv_record_class line = {
        .id = class->record.number,
        .base = base,
        .subclass = class->subclass,
        .kind = class->key.kind,
        .named = class->explicit_key,
        .wait_outer = wait.outer,
        .wait_inner = wait.inner,
        .standing = standing_word((enum lv_class_standing) class->record.standing),
    };
    struct lv_text text = lv_batch_begin_text(batch);

    lv_class_run_key(class, &text);
    line.key = lv_batch_text(batch, &text);
    text = lv_batch_begin_text(batch);
    lv_class_stable_key(ctx, class, &text);
    line.stable = lv_batch_text(batch, &text);
    text = lv_batch_begin_text(batch);
    lv_class_name(class, &text);
    line.name = lv_batch_text(batch, &text);
    text = lv_batch_begin_text(batch);
    lv_class_origin(ctx, class, &text);
    line.origin = lv_batch_text(batch, &text);
    lv_usage_chars(class->record.usage, line.usage);
    LV_BATCH_LINE(ctx, batch, lv_record_put_class, &line);
    lv_batch_forget(batch, mark);
}

uint32_t lv_record_class(struct lv_context *ctx, struct lv_batch **batch, lv_class_id id)
{
    struct lv_recorder *recorder = &ctx->recorder;
    struct lv_class *class;
    uint8_t standing;
    uint32_t base;
    bool written;

    if (id.v == 0 || !__atomic_load_n(&recorder->on, __ATOMIC_RELAXED))
        return 0;
    class = lv_classes_get(&ctx->classes, id);
    standing = (uint8_t)lv_class_standing(&ctx->classes, class->base);
    written = lv_record_is_written(&recorder->class_numbers, class->record.number);
    if (written && class->record.usage == class->usage && class->record.standing == standing)
        return class->record.number;
    if (!lv_batch_need(ctx, batch))
        return 0;
    base = class->subclass != 0 ? lv_record_class(ctx, batch, class->base) : 0;
    if (!written)
        class->record.number = lv_record_next(&recorder->class_numbers);
    class->record.usage = class->usage;
    class->record.standing = standing;
    put_class(ctx, *batch, class, base);
    return class->record.number;
}

void lv_record_classes_of(struct lv_context *ctx, struct lv_batch **batch, lv_class_id base)
{
    const struct lv_class *class = lv_classes_get(&ctx->classes, base);

    for (unsigned i = 0; i < LV_SUBCLASSES; i++)
        (void)lv_record_class(ctx, batch, class->subclasses[i]);
}

const char *lv_record_place(struct lv_context *ctx, struct lv_batch *batch, uintptr_t address, bool returns,
                            uint32_t born)
{
    const struct lv_module *module = lv_modules_at(&ctx->modules, address - returns, born);
    struct lv_text text = lv_batch_begin_text(batch);

    if (module == NULL)
        lv_text_puts(&text, "?");
    else if (module->build_id_size == 0)
        lv_text_puts(&text, module->name);
    for (unsigned i = 0; module != NULL && i < module->build_id_size; i++)
        lv_text_printf(&text, "%02x", (unsigned)module->build_id[i]);
    lv_text_printf(&text, "+0x%llx", (unsigned long long)(address - (module != NULL ? module->bias : 0)));
    return lv_batch_text(batch, &text);
}

const char *lv_record_start(struct lv_context *ctx, struct lv_batch *batch, const struct lv_thread_info *info)
{
    return info->start != 0 ? lv_record_place(ctx, batch, info->start, false, info->start_born) : "";
}

static uint32_t hash_name(const struct lv_thread_info *info)
{
    return (uint32_t)lv_hash_text(0, info->name) | 1;
}

static void put_thread(struct lv_context *ctx, struct lv_batch *batch, struct lv_thread_info *info)
{
    struct lv_batch_mark mark = lv_batch_mark(batch);
    const struct lv_record_thread line = { info->record, info->tid, info->name, lv_record_start(ctx, batch, info) };

    info->record_name = hash_name(info);
    LV_BATCH_LINE(ctx, batch, lv_record_put_thread, &line);
    lv_batch_forget(batch, mark);
}

uint32_t lv_record_thread(struct lv_context *ctx, struct lv_batch **batch, lv_thread_id id)
{
    struct lv_recorder *recorder = &ctx->recorder;
    struct lv_thread_info *info;
    bool written;

    if (id.v == 0 || !__atomic_load_n(&recorder->on, __ATOMIC_RELAXED))
        return 0;
    info = lv_vec_at(&ctx->thread_infos, id.v);
    written = lv_record_is_written(&recorder->thread_numbers, info->record);
    if (written && info->record_name == hash_name(info))
        return info->record;
    if (!lv_batch_need(ctx, batch))
        return 0;
    if (!written)
        info->record = lv_record_next(&recorder->thread_numbers);
    put_thread(ctx, *batch, info);
    return info->record;
}

void lv_record_name(struct lv_context *ctx, struct lv_batch **batch, lv_thread_id id)
{
    const struct lv_thread_info *info = lv_vec_at(&ctx->thread_infos, id.v);

    if (lv_record_is_written(&ctx->recorder.thread_numbers, info->record))
        (void)lv_record_thread(ctx, batch, id);
}

static void fill_frame(struct lv_context *ctx, struct lv_batch *batch, uintptr_t frame, uint32_t born,
                       struct lv_record_frame *ret)
{
    const struct lv_module *module = lv_modules_at(&ctx->modules, frame - 1, born);
    struct lv_symbol symbol;
    struct lv_text text;

    ret->module = record_module(ctx, batch, module);
    ret->offset = frame - (ret->module != 0 ? module->bias : 0);
    if (ret->module == 0 || !lv_modules_is_named(module))
        return;
    lv_modules_name_in(module, frame - 1, &symbol);
    if (symbol.symbol == NULL)
        return;
    text = lv_batch_begin_text(batch);
    lv_text_printf(&text, "%s+0x%llx", symbol.symbol, (unsigned long long)symbol.offset + 1);
    ret->name = lv_batch_text(batch, &text);
}

void lv_record_site(struct lv_context *ctx, struct lv_batch *batch, uintptr_t site, uint32_t born,
                    struct lv_record_frame *ret)
{
    *ret = (struct lv_record_frame){ 0 };
    if (site != 0)
        fill_frame(ctx, batch, site, born, ret);
}

static bool put_stack(struct lv_context *ctx, struct lv_batch *batch, lv_stack_id id)
{
    const struct lv_stack *stack = lv_stacks_get(&ctx->stacks, id);
    struct lv_batch_mark mark = lv_batch_mark(batch);
    struct lv_record_frame *frames = lv_batch_alloc(batch, stack->count * sizeof(*frames));
    const struct lv_record_stack line = { id.v, stack->count, frames };

    if (frames == NULL)
        return false;
    for (uint32_t i = 0; i < stack->count; i++)
        fill_frame(ctx, batch, stack->frames[i], lv_stack_born(stack, i), &frames[i]);
    LV_BATCH_LINE(ctx, batch, lv_record_put_stack, &line);
    lv_batch_forget(batch, mark);
    return true;
}

/* Where the generation in which the stack @id was written is kept; null without memory. */
static uint32_t *stack_written(struct lv_recorder *recorder, lv_stack_id id)
{
    uint32_t unused;

    while (recorder->stacks.count <= id.v)
        if (lv_vec_add(&recorder->stacks, &unused) == NULL)
            return NULL;
    return lv_vec_at(&recorder->stacks, id.v);
}

uint32_t lv_record_stack(struct lv_context *ctx, struct lv_batch **batch, lv_stack_id id)
{
    struct lv_recorder *recorder = &ctx->recorder;
    uint32_t *written;

    if (id.v == 0 || !__atomic_load_n(&recorder->on, __ATOMIC_RELAXED))
        return 0;
    written = stack_written(recorder, id);
    if (written == NULL || *written == recorder->generation)
        return written != NULL ? id.v : 0;
    if (!lv_batch_need(ctx, batch) || !put_stack(ctx, *batch, id))
        return 0;
    *written = recorder->generation;
    return id.v;
}

/* The place of the call by which the lock was taken. */
static const char *site_of(struct lv_context *ctx, struct lv_batch *batch, lv_stack_id id)
{
    const struct lv_stack *stack = lv_stacks_get(&ctx->stacks, id);

    if (stack == NULL || stack->count == 0)
        return "";
    return lv_record_place(ctx, batch, stack->frames[0], true, lv_stack_born(stack, 0));
}

struct lv_record_lock lv_record_lock_of(struct lv_context *ctx, struct lv_batch *batch,
                                        const struct lv_held_record *record, bool told)
{
    const struct lv_class *class = record->class.v != 0 ? lv_classes_get(&ctx->classes, record->class) : NULL;
    struct lv_record_lock ret = {
        .class = lv_record_class(ctx, &batch, record->class),
        .instance = record->uid,
        .stack = lv_record_stack(ctx, &batch, record->stack),
        .address = record->address,
        .mode = (enum lv_mode)record->mode,
        .flags = record->flags,
        .earlier = record->earlier,
    };
    struct lv_text text;

    if (!told)
        return ret;
    ret.key = ret.name = "";
    ret.site = site_of(ctx, batch, record->stack);
    if (class == NULL)
        return ret;
    text = lv_batch_begin_text(batch);
    lv_class_run_key(class, &text);
    ret.key = lv_batch_text(batch, &text);
    text = lv_batch_begin_text(batch);
    lv_class_name(class, &text);
    ret.name = lv_batch_text(batch, &text);
    return ret;
}

/* Its number; 0: no memory. An acquisition is a witness of several edges, one right after the other. */
static uint32_t record_witness(struct lv_context *ctx, struct lv_batch *batch, lv_witness_id id)
{
    struct lv_batch_witness *last = lv_batch_witness(batch);
    const struct lv_witness *witness = lv_witnesses_get(&ctx->witnesses, id);
    struct lv_batch_mark mark = lv_batch_mark(batch);
    struct lv_record_lock *held;
    struct lv_record_witness line;

    if (last->id == id.v)
        return last->number;
    held = lv_batch_alloc(batch, witness->held_count * sizeof(*held));
    if (held == NULL)
        return 0;
    line = (struct lv_record_witness){ .id = lv_record_next(&ctx->recorder.witness_numbers),
                                       .thread = lv_record_thread(ctx, &batch, witness->thread),
                                       .wanted = lv_record_lock_of(ctx, batch, &witness->wanted, false),
                                       .held_count = witness->held_count,
                                       .held = held,
                                       .left_out = witness->left_out };
    for (uint32_t i = 0; i < witness->held_count; i++)
        held[i] = lv_record_lock_of(ctx, batch, &witness->held[i], false);
    LV_BATCH_LINE(ctx, batch, lv_record_put_witness, &line);
    lv_batch_forget(batch, mark);
    *last = (struct lv_batch_witness){ id.v, line.id };
    return line.id;
}

void lv_record_edge(struct lv_context *ctx, struct lv_batch **batch, const struct lv_edge *edge,
                    const struct lv_edge_witness *witness)
{
    struct lv_record_edge line = { .bits = edge->bits };

    _Static_assert(LV_DEP_ER == 1 && LV_DEP_EN == 2 && LV_DEP_SR == 4 && LV_DEP_SN == 8, "as in report/record.h");
    if (!__atomic_load_n(&ctx->recorder.on, __ATOMIC_RELAXED) || !lv_batch_need(ctx, batch))
        return;
    line.from = lv_record_class(ctx, batch, (lv_class_id){ edge->from });
    line.to = lv_record_class(ctx, batch, (lv_class_id){ edge->to });
    if (witness != NULL) {
        line.witness = record_witness(ctx, *batch, witness->id);
        line.held = line.witness != 0 ? witness->held : 0;
    }
    LV_BATCH_LINE(ctx, *batch, lv_record_put_edge, &line);
}

void lv_record_prepare(struct lv_context *ctx, lv_class_id id)
{
    const struct lv_class *class;

    if (!__atomic_load_n(&ctx->recorder.on, __ATOMIC_RELAXED) || id.v == 0)
        return;
    class = lv_classes_get(&ctx->classes, id);
    /* What is looked at without the lock only says whether the look is worth it. */
    if (!lv_record_is_written(&ctx->recorder.class_numbers, __atomic_load_n(&class->record.number, __ATOMIC_RELAXED)))
        lv_symbols_prepare(ctx, class->key.module);
}
