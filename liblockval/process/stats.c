/* SPDX-License-Identifier: MIT */
/*
 * One line a counter, name first, so that a script can read them. The lines of memory say what each kind of thing takes of
 * the arena, with the tables that lead to it and the room that they have for more; memory-kib is the arena, all of it.
 */

#include "process/stats.h"

#include "engine/expect.h"
#include "engine/life.h"
#include "engine/mint.h"
#include "engine/steer.h"
#include "engine/suppress.h"
#include "sys/unwind.h"

/* An array that grew by doubling, the outgrown ones included. */
static size_t grown_bytes(size_t first, size_t size, size_t element)
{
    return (2 * size - first) * element;
}

static size_t thread_bytes(const struct lv_context *ctx)
{
    size_t bytes = lv_vec_bytes(&ctx->thread_infos) + lv_vec_bytes(&ctx->lives) + ctx->life_of.bytes + ctx->ends.bytes +
                   ctx->life_chunks * sizeof(struct lv_life_chunk);

    for (const struct lv_thread *t = ctx->threads; t != NULL; t = t->next) {
        bytes += sizeof(*t) + grown_bytes(LV_HELD_FIRST, t->capacity, sizeof(*t->held)) +
                 grown_bytes(LV_CACHE_FIRST, t->cache_mask + 1, sizeof(*t->cache)) +
                 grown_bytes(LV_KNOWN_FIRST, t->known_mask + 1, sizeof(*t->known));
        if (t->history != NULL)
            bytes += LV_HISTORY * sizeof(*t->history);
    }
    return bytes;
}

static size_t graph_bytes(const struct lv_digraph *g)
{
    return lv_vec_bytes(&g->nodes) + lv_vec_bytes(&g->edges) + g->blocks.bytes + g->by_ends.bytes;
}

static void say_memory(const struct lv_context *ctx, struct lv_text *text)
{
    const struct {
        const char *of;
        size_t bytes;
    } lines[] = {
        { "classes", lv_vec_bytes(&ctx->classes.all) + ctx->classes.by_key.bytes + ctx->classes.names.bytes +
                         ctx->sites.bytes + lv_vec_bytes(&ctx->uses.all) },
        { "edges", graph_bytes(&ctx->graph) },
        { "chains", ctx->chains.known.bytes + lv_counts_bytes(&ctx->counts) },
        { "pairs", lv_pairs_bytes(&ctx->pairs) },
        { "stacks", lv_vec_bytes(&ctx->stacks.all) + ctx->stacks.by_hash.bytes + ctx->stacks.bytes },
        { "witnesses", lv_witnesses_bytes(&ctx->witnesses) },
        { "instances", lv_vec_bytes(&ctx->instances) + ctx->instance_of.bytes },
        { "threads", thread_bytes(ctx) },
    };

    for (size_t i = 0; i < LV_ARRAY_SIZE(lines); i++)
        lv_text_printf(text, "  memory-%s-kib %zu\n", lines[i].of, (lines[i].bytes + 1023) / 1024);
    lv_text_printf(text, "  memory-kib         %zu\n", ctx->arena.total / 1024);
}

void lv_stats_say(struct lv_context *ctx)
{
    char buf[4096];
    struct lv_text text;
    struct lv_locked locked = lv_context_lock(ctx);
    uint64_t frees = 0;

    for (const struct lv_thread *t = ctx->threads; t != NULL; t = t->next)
        frees += t->frees;
    lv_text_init(&text, buf, sizeof(buf));
    lv_text_printf(&text, "lockval: stats of %s[%d]\n", ctx->program, (int)lv_os_pid());
    lv_text_printf(&text, "  classes            %u\n", ctx->classes.all.count - 1);
    lv_text_printf(&text, "  edges              %u\n", ctx->graph.edges.count - 1);
    lv_text_printf(&text, "  chains             %u\n", ctx->chains.count);
    lv_text_printf(&text, "  pairs              %u\n", ctx->pairs.order.live);
    lv_text_printf(&text, "  pairs-forgotten    %u\n", ctx->pairs.forgotten);
    lv_text_printf(&text, "  pairs-retired      %llu\n", (unsigned long long)ctx->pairs.retired);
    lv_text_printf(&text, "  stacks             %u\n", ctx->stacks.all.count - 1);
    lv_text_printf(&text, "  stacks-short       %llu\n", (unsigned long long)lv_unwind_short_count());
    lv_text_printf(&text, "  witnesses          %u\n", ctx->witnesses.count);
    lv_text_printf(&text, "  instances-made     %u\n", lv_mint_count(ctx));
    lv_text_printf(&text, "  instances-in-table %u\n", ctx->instance_of.live);
    lv_text_printf(&text, "  instances-retired  %llu\n", (unsigned long long)ctx->counters.retired);
    lv_text_printf(&text, "  frees-looked-at    %llu\n", (unsigned long long)frees);
    lv_text_printf(&text, "  threads-at-once    %u\n", ctx->thread_count);
    lv_text_printf(&text, "  slow-walks         %llu\n", (unsigned long long)ctx->counters.slow_walks);
    lv_text_printf(&text, "  locked-walks       %llu\n", (unsigned long long)ctx->counters.locked_walks);
    lv_text_printf(&text, "  dropped            %llu\n", (unsigned long long)ctx->counters.dropped);
    lv_text_printf(&text, "  findings           %u\n", ctx->findings);
    lv_text_printf(&text, "  suppressed         %u\n", ctx->suppressed);
    lv_text_printf(&text, "  findings-again     %llu\n", (unsigned long long)ctx->counters.suppressed_dups);
    lv_text_printf(&text, "  looks-asked        %llu\n",
                   (unsigned long long)__atomic_load_n(&ctx->counters.looks_asked, __ATOMIC_RELAXED));
    lv_text_printf(&text, "  looks-paused       %llu\n",
                   (unsigned long long)__atomic_load_n(&ctx->counters.looks_paused, __ATOMIC_RELAXED));
    lv_text_printf(&text, "  handlers-unwatched %llu\n",
                   (unsigned long long)__atomic_load_n(&ctx->counters.handlers_unwatched, __ATOMIC_RELAXED));
    lv_text_printf(&text, "  handlers-unknown   %llu\n",
                   (unsigned long long)__atomic_load_n(&ctx->counters.handlers_unknown, __ATOMIC_RELAXED));
    lv_text_printf(&text, "  handlers-changing  %llu\n",
                   (unsigned long long)__atomic_load_n(&ctx->counters.handlers_changing, __ATOMIC_RELAXED));
    lv_steer_stats(ctx, &text);
    say_memory(ctx, &text);
    lv_context_unlock(ctx, &locked);
    lv_context_say(ctx, buf, text.len);
    lv_suppress_stats(ctx);
    lv_expect_stats(ctx);
}
