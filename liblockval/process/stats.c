/* SPDX-License-Identifier: MIT */
/* One line a counter, name first, so that a script can read them. */

#include "process/stats.h"

#include "engine/thread.h"
#include "sys/unwind.h"

void lv_stats_say(struct lv_context *ctx)
{
    char buf[2048];
    struct lv_text text;
    struct lv_locked locked = lv_context_lock(ctx);
    uint32_t threads = 0;
    uint64_t frees = 0;

    for (const struct lv_thread *t = ctx->threads; t != NULL; t = t->next) {
        threads++;
        frees += t->frees;
    }
    lv_text_init(&text, buf, sizeof(buf));
    lv_text_printf(&text, "lockval: stats of %s[%d]\n", ctx->program, (int)lv_os_pid());
    lv_text_printf(&text, "  classes            %u\n", ctx->classes.all.count - 1);
    lv_text_printf(&text, "  edges              %u\n", ctx->graph.edges.count - 1);
    lv_text_printf(&text, "  chains             %u\n", ctx->chains.count);
    lv_text_printf(&text, "  pairs              %u\n", ctx->nesting.pairs.count);
    lv_text_printf(&text, "  pairs-forgotten    %u\n", ctx->nesting.forgotten);
    lv_text_printf(&text, "  stacks             %u\n", ctx->stacks.all.count - 1);
    lv_text_printf(&text, "  stacks-short       %llu\n", (unsigned long long)lv_unwind_short_count());
    lv_text_printf(&text, "  witnesses          %u\n", ctx->witnesses.all.count - 1);
    lv_text_printf(&text, "  instances-made     %u\n", ctx->next_uid);
    lv_text_printf(&text, "  instances-in-table %u\n", ctx->instance_of.live);
    lv_text_printf(&text, "  instances-retired  %llu\n", (unsigned long long)ctx->counters.retired);
    lv_text_printf(&text, "  frees-looked-at    %llu\n", (unsigned long long)frees);
    lv_text_printf(&text, "  threads-at-once    %u\n", threads);
    lv_text_printf(&text, "  slow-walks         %llu\n", (unsigned long long)ctx->counters.slow_walks);
    lv_text_printf(&text, "  locked-walks       %llu\n", (unsigned long long)ctx->counters.locked_walks);
    lv_text_printf(&text, "  dropped            %llu\n", (unsigned long long)ctx->counters.dropped);
    lv_text_printf(&text, "  findings           %u\n", ctx->findings);
    lv_text_printf(&text, "  findings-again     %llu\n", (unsigned long long)ctx->counters.suppressed_dups);
    lv_text_printf(&text, "  memory-kib         %zu\n", ctx->arena.total / 1024);
    lv_context_unlock(ctx, &locked);
    lv_context_say(ctx, buf, text.len);
}
