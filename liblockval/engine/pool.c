/* SPDX-License-Identifier: MIT */
/* The memory is cut from the front; strings, stacks and classes of the report live in it. When it is full, what would not fit
 * is left out: a report with holes is better than none. */

#include "engine/pool.h"

#include <string.h>

#include "base/hash.h"
#include "check/wait.h"
#include "engine/resolve.h"
#include "engine/usage.h"

void *lv_pool_take(struct lv_pool *p, size_t size)
{
    char *at = (char *)(((uintptr_t)p->at + 15) & ~(uintptr_t)15);

    if (at > p->end || (size_t)(p->end - at) < size)
        return NULL;
    p->at = at + size;
    return at;
}

/* A text that grows at the pool's front; lv_pool_end_text() gives the rest back. */
struct lv_text lv_pool_text(struct lv_pool *p)
{
    struct lv_text text;

    if (p->at < p->end)
        lv_text_init(&text, p->at, (size_t)(p->end - p->at));
    else
        lv_text_init(&text, NULL, 0);
    return text;
}

const char *lv_pool_end_text(struct lv_pool *p, const struct lv_text *text)
{
    if (text->buf == NULL)
        return "?";
    p->at += text->len + 1;
    return text->buf;
}

void lv_pool_stack(struct lv_pool *p, lv_stack_id id, struct lv_report_stack *ret)
{
    const struct lv_stack *stack = lv_stacks_get(&p->ctx->stacks, id);
    const char **frames = stack != NULL ? lv_pool_take(p, stack->count * sizeof(*frames)) : NULL;

    *ret = (struct lv_report_stack){ 0, NULL };
    if (frames == NULL)
        return;
    for (uint32_t i = 0; i < stack->count; i++) {
        struct lv_text text = lv_pool_text(p);

        lv_frame_name(p->ctx, stack->frames[i], lv_stack_born(stack, i), &text);
        frames[i] = lv_pool_end_text(p, &text);
    }
    *ret = (struct lv_report_stack){ stack->count, frames };
}

const struct lv_report_class *lv_pool_class(struct lv_pool *p, lv_class_id id, enum lv_kind kind)
{
    struct lv_report_class *ret;
    const struct lv_class *class;
    struct lv_wait wait;
    struct lv_text text;

    for (uint32_t i = 0; i < p->class_count; i++)
        if (p->class_ids[i].v == id.v)
            return p->classes[i];
    if (id.v == 0 || p->class_count == p->class_room)
        return NULL;
    ret = lv_pool_take(p, sizeof(*ret));
    if (ret == NULL)
        return NULL;
    class = lv_classes_get(&p->ctx->classes, id);
    text = lv_pool_text(p);
    lv_class_name(class, &text);
    ret->name = lv_pool_end_text(p, &text);
    text = lv_pool_text(p);
    lv_class_origin(p->ctx, class, &text);
    ret->origin = lv_pool_end_text(p, &text);
    lv_usage_chars(class->usage, ret->usage);
    ret->kind = kind;
    wait = lv_wait_of(class);
    ret->wait_outer = wait.outer;
    ret->wait_inner = wait.inner;
    p->class_ids[p->class_count] = id;
    p->classes[p->class_count++] = ret;
    return ret;
}

void lv_pool_lock(struct lv_pool *p, const struct lv_held_record *record, struct lv_report_lock *ret)
{
    ret->address = record->address;
    ret->class = lv_pool_class(p, record->class, (enum lv_kind)record->kind);
    ret->mode = (enum lv_mode)record->mode;
    ret->flags = record->flags;
    ret->note = NULL;
    ret->earlier = record->earlier;
    lv_pool_stack(p, record->stack, &ret->stack);
}

/* A thread that lives may have got its name since it last came the slow way. */
static void refresh_name(struct lv_context *ctx, lv_thread_id id, struct lv_thread_info *info)
{
    char path[64], name[32];
    struct lv_text text;
    const struct lv_thread *t = ctx->threads;
    int len;

    while (t != NULL && !(t->used && t->info.v == id.v))
        t = t->next;
    if (t == NULL)
        return;
    lv_text_init(&text, path, sizeof(path));
    lv_text_printf(&text, "/proc/self/task/%d/comm", info->tid);
    len = lv_os_read_text(path, name, sizeof(name));
    for (int i = 0; i < len && i < 15 && name[i] != '\n'; i++) {
        info->name[i] = name[i];
        info->name[i + 1] = '\0';
    }
}

static const char *copy_of(struct lv_pool *p, const char *name)
{
    struct lv_text text = lv_pool_text(p);

    lv_text_puts(&text, name);
    return lv_pool_end_text(p, &text);
}

/* A thread that the program gave no name has its parent's; it is called by its start function then. */
struct lv_report_thread lv_pool_thread(struct lv_pool *p, lv_thread_id id)
{
    struct lv_thread_info *info = lv_vec_at(&p->ctx->thread_infos, id.v);
    struct lv_report_thread ret = { NULL, info->tid };

    refresh_name(p->ctx, id, info);
    ret.name = copy_of(p, info->name); /* it is rendered without the lock, and another report may refresh the name */
    if (info->start != 0 && strncmp(info->name, p->ctx->program, sizeof(info->name) - 1) == 0) {
        struct lv_symbol symbol;

        lv_modules_name_in(lv_modules_at(&p->ctx->modules, info->start, info->start_born), info->start, &symbol);
        if (symbol.symbol != NULL)
            ret.name = copy_of(p, symbol.symbol); /* the names of an unloaded module move */
    }
    return ret;
}

uint64_t lv_pool_stable_hash(struct lv_pool *p, lv_class_id id)
{
    char buf[512];
    struct lv_text text;

    lv_text_init(&text, buf, sizeof(buf));
    lv_class_stable_key(p->ctx, lv_classes_get(&p->ctx->classes, id), &text);
    return lv_hash_text(0, buf);
}

void lv_pool_room_for_classes(struct lv_pool *p, uint32_t count)
{
    p->class_room = count;
    p->classes = lv_pool_take(p, count * sizeof(*p->classes));
    p->class_ids = lv_pool_take(p, count * sizeof(*p->class_ids));
    if (p->classes == NULL || p->class_ids == NULL)
        p->class_room = 0;
}
