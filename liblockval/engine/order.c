/* SPDX-License-Identifier: MIT */
/* A segment is its thread's own, and read by others only when that has ended; nodes are made under the lock. */

#include "engine/order.h"

struct lv_segment lv_order_make_thread(struct lv_thread *t)
{
    struct lv_segment child = lv_order_create(&t->segment);

    lv_thread_empty_cache(t);
    return child;
}

void lv_order_follow(struct lv_context *ctx, struct lv_thread *t, const struct lv_segment *ended)
{
    if (lv_order_join(&ctx->order, &t->segment, ended) < 0)
        ctx->counters.dropped++;
    lv_thread_empty_cache(t);
}

bool lv_order_stamp(struct lv_context *ctx, struct lv_thread *t, struct lv_witness *witness)
{
    witness->segment = lv_order_node(&ctx->order, &t->segment);
    witness->thread = t->info;
    t->witnessed = true;
    return witness->segment != 0;
}
