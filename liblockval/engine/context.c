/* SPDX-License-Identifier: MIT */
/* Building the validator, its lock, and its voice. */

#include "engine/context.h"

#include <errno.h>
#include <string.h>

#include "engine/life.h"
#include "engine/orphan.h"
#include "engine/publish.h"
#include "engine/summary.h"
#include "engine/wake.h"
#include "engine/watch.h"
#include "sys/memcheck.h"

int lv_context_init(struct lv_context *ctx, const struct lv_options *options)
{
    uint32_t unused;
    int r;

    ctx->options = *options;
    ctx->secret[0] = lv_os_random();
    ctx->secret[1] = lv_os_random();
    ctx->clock = lv_clock_now();
    ctx->began_ns = lv_clock_ns();
    ctx->memcheck = lv_memcheck_is_there();
    ctx->events_in_use = (options->events & LV_EVENTS_GUESSED) != 0;
    if (ctx->version == NULL)
        ctx->version = "";
    if (ctx->program == NULL)
        ctx->program = "";
    if (ctx->sink == NULL)
        ctx->sink = lv_context_write_log;
    if (ctx->upgraded == NULL)
        ctx->upgraded = lv_context_write_log;
    lv_modules_init(&ctx->modules, &ctx->arena);
    r = lv_classes_init(&ctx->classes, &ctx->arena);
    if (r == 0)
        r = lv_digraph_init(&ctx->graph, &ctx->arena);
    if (r == 0)
        r = lv_pairs_init(&ctx->pairs, &ctx->arena);
    if (r == 0)
        r = lv_stacks_init(&ctx->stacks, &ctx->arena);
    if (r == 0)
        r = lv_counts_init(&ctx->counts, &ctx->arena);
    if (r == 0)
        r = lv_uses_init(&ctx->uses, &ctx->arena);
    if (r == 0)
        r = lv_order_init(&ctx->order, &ctx->arena);
    ctx->scratch = lv_arena_alloc(&ctx->arena, sizeof(*ctx->scratch) + LV_WITNESS_HELD * sizeof(ctx->scratch->held[0]));
    if (r == 0 && ctx->scratch == NULL)
        r = -ENOMEM;
    if (r < 0)
        return r;
    lv_witnesses_init(&ctx->witnesses, &ctx->arena);
    lv_chains_init(&ctx->chains, &ctx->arena);
    lv_table_init(&ctx->instance_of, &ctx->arena);
    lv_pages_init(&ctx->pages, &ctx->arena);
    lv_table_init(&ctx->sites, &ctx->arena);
    lv_lives_init(ctx);
    lv_wakes_init(ctx);
    lv_orphans_init(ctx);
    lv_made_init(ctx);
    lv_watch_init(ctx);
    lv_table_init(&ctx->found, &ctx->arena);
    lv_table_init(&ctx->keys, &ctx->arena);
    ctx->classes.uids = &ctx->next_uid;
    lv_vec_init(&ctx->thread_infos, &ctx->arena, sizeof(struct lv_thread_info));
    lv_vec_init(&ctx->instances, &ctx->arena, sizeof(struct lv_instance));
    if (lv_vec_add(&ctx->thread_infos, &unused) == NULL || lv_vec_add(&ctx->instances, &unused) == NULL)
        return -ENOMEM;
    return 0;
}

static struct lv_locked prepare_to_lock(struct lv_context *ctx)
{
    struct lv_locked locked;

    /* Blocked signals are not enough: libunwind changes the mask through libc, which never blocks its own signal for
     * cancellation. Signals are blocked for longer: a handler that jumps away must not leave the thread in
     * another state of cancellation than it was. */
    lv_os_block_signals(&locked.mask);
    locked.cancel = ctx->hold_cancel != NULL ? ctx->hold_cancel() : 0;
    return locked;
}

static void after_lock(struct lv_context *ctx, struct lv_locked *locked, bool failed)
{
    if (ctx->allow_cancel != NULL)
        ctx->allow_cancel(locked->cancel);
    lv_os_restore_signals(&locked->mask);
    /* Before this thread goes on: what could not be stored may be all that makes the next acquisition a right one. */
    if (LV_UNLIKELY(failed))
        lv_context_degrade(ctx);
    if (ctx->cancel_at_once != NULL)
        ctx->cancel_at_once(locked->cancel);
}

struct lv_locked lv_context_lock(struct lv_context *ctx)
{
    struct lv_locked locked = prepare_to_lock(ctx);

    lv_lock_take(&ctx->lock);
    return locked;
}

bool lv_context_try_lock(struct lv_context *ctx, unsigned patience, struct lv_locked *ret)
{
    *ret = prepare_to_lock(ctx);
    for (unsigned i = 0; !lv_lock_try(&ctx->lock); i++) {
        if (i == patience) {
            after_lock(ctx, ret, false);
            return false;
        }
        lv_os_pause();
    }
    return true;
}

void lv_context_unlock(struct lv_context *ctx, struct lv_locked *locked)
{
    bool failed = ctx->arena.failed;

    lv_lock_drop(&ctx->lock);
    after_lock(ctx, locked, failed);
}

void lv_context_say(struct lv_context *ctx, const char *text, size_t len)
{
    char path[LV_OPTION_PATH_MAX + 64];
    struct lv_text expanded;
    int fd;

    if (strcmp(ctx->options.log, "none") == 0)
        return;
    if (strcmp(ctx->options.log, "stderr") == 0) {
        (void)lv_os_write_all(2, text, len);
        return;
    }
    lv_text_init(&expanded, path, sizeof(path));
    lv_options_expand(ctx->options.log, lv_os_pid(), ctx->program, &expanded);
    fd = lv_os_open_append(path);
    if (fd < 0) {
        (void)lv_os_write_all(2, text, len);
        return;
    }
    (void)lv_os_write_all(fd, text, len);
    lv_os_close(fd);
}

void lv_context_write_log(struct lv_context *ctx, const struct lv_report *report, const char *text, size_t len)
{
    (void)report;
    if (!lv_context_is_told(ctx))
        lv_context_say(ctx, text, len);
}

/* What stands in the record is read by who prints it. The record is written before the log, so what it could not take is said here. */
bool lv_context_is_told(const struct lv_context *ctx)
{
    return ctx->options.told_by[0] != '\0' && __atomic_load_n(&ctx->recorder.on, __ATOMIC_RELAXED) &&
           lv_os_pid() == ctx->recorder.pid;
}

void lv_context_degrade(struct lv_context *ctx)
{
    static const char said[] = "lockval: out of memory: new lock orders are no longer learned, what is known is still "
                               "checked\n";
    enum lv_state on = LV_STATE_ON;

    if (__atomic_compare_exchange_n(&ctx->state, &on, LV_STATE_DEGRADED, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        lv_context_say(ctx, said, sizeof(said) - 1);
}
