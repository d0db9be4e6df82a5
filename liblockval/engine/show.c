/* SPDX-License-Identifier: MIT */
/*
 * The text is made under the internal lock, so that no state goes to another thread meanwhile, and written after it was
 * dropped. Entries of other threads may change while they are read: one that is not the same lock before and after is left
 * out, and every field of an entry that is a mixture of two is a valid id.
 * One mapping has all: what is resolved of one thread, and the text of all of them.
 */

#include "engine/show.h"

#include "engine/holder.h"
#include "engine/resolve.h"

enum {
    SHOW_POOL = 1024 * 1024, /* for one thread */
    SHOW_TEXT = 1024 * 1024,
    SHOW_RECORDS = 4096 /* of one thread; the oldest are shown */
};

struct show {
    struct lv_held_record records[SHOW_RECORDS];
    char pool[SHOW_POOL];
    char text[SHOW_TEXT];
};

/* Copies of what @t holds. Returns how many. */
static uint32_t copy_held(const struct lv_context *ctx, const struct lv_thread *t, struct lv_held_record *ret)
{
    uint32_t depth = __atomic_load_n(&t->depth, __ATOMIC_ACQUIRE), count = 0;

    for (uint32_t i = 0; i < depth && count < SHOW_RECORDS; i++)
        if (lv_holder_copy(t, i, &ret[count]) && ret[count].class.v < ctx->classes.all.count)
            count++;
    return count;
}

/* Context: lock held. */
static void put_thread(struct lv_context *ctx, const struct lv_thread *t, bool empty_too, struct show *show,
                       struct lv_text *out)
{
    uint32_t count = copy_held(ctx, t, show->records);
    struct lv_report report;

    if (count == 0 && !empty_too)
        return;
    lv_resolve_held(ctx, t->info, show->records, count, show->pool, sizeof(show->pool), &report);
    lv_report_held_text(&report, out);
    if (count == SHOW_RECORDS)
        lv_text_printf(out, " (it may hold more: %u are shown)\n", count);
}

/* @only: of this thread; null: of all. */
static void show(struct lv_context *ctx, const struct lv_thread *only)
{
    static const char cut[] = "\n(not all is shown: there is too much of it)\n";
    struct show *memory = lv_os_map(sizeof(*memory));
    struct lv_locked locked;
    struct lv_text out;

    if (memory == NULL)
        return;
    lv_text_init(&out, memory->text, sizeof(memory->text));
    locked = lv_context_lock(ctx);
    if (only != NULL) {
        put_thread(ctx, only, true, memory, &out);
    } else {
        lv_text_puts(&out, "\nShowing all locks held in the program:\n");
        for (const struct lv_thread *t = ctx->threads; t != NULL; t = t->next)
            if (t->used)
                put_thread(ctx, t, false, memory, &out);
        lv_text_puts(&out, "\n=============================================\n");
    }
    lv_context_unlock(ctx, &locked);
    lv_context_say(ctx, out.buf, out.len);
    if (out.cut)
        lv_context_say(ctx, cut, sizeof(cut) - 1);
    lv_os_unmap(memory, sizeof(*memory));
}

void lv_show_held(struct lv_context *ctx, const struct lv_thread *t)
{
    show(ctx, t);
}

void lv_show_all_held(struct lv_context *ctx)
{
    show(ctx, NULL);
}
