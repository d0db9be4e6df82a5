/* SPDX-License-Identifier: MIT */
/*
 * Records are recycled but stay what they are (type-stable): a thread's cache compares the word, which changes with every
 * instance, so that a stale entry only misses. A parked record's word is inverted, which no identity's word ever equals, so
 * the caches miss too.
 *
 * A page's records are a list, linked both ways by their numbers; the table of pages has the first. Page number 0 would be
 * no key, so pages are counted from 1.
 */

#include "engine/instances.h"

static uint64_t page_of(uintptr_t address)
{
    return (address >> LV_PAGE_SHIFT) + 1;
}

static struct lv_instance *get(const struct lv_context *ctx, uint32_t number)
{
    return lv_vec_at(&ctx->instances, number);
}

static uint32_t record_new(struct lv_context *ctx)
{
    uint32_t number = ctx->free_instance;

    if (number != 0)
        ctx->free_instance = (uint32_t)get(ctx, number)->address;
    else if (lv_vec_add(&ctx->instances, &number) == NULL)
        return 0;
    return number;
}

static void record_free(struct lv_context *ctx, uint32_t number)
{
    struct lv_instance *record = get(ctx, number);

    __atomic_store_n(&record->word, 0, __ATOMIC_RELEASE);
    lv_pairs_retire(&ctx->pairs, record->address);
    record->address = ctx->free_instance;
    ctx->free_instance = number;
}

/* Into the list of the page and the table. */
static int attach(struct lv_context *ctx, uint32_t number)
{
    struct lv_instance *record = get(ctx, number);
    uint32_t first = lv_table_find(&ctx->pages.first, page_of(record->address));

    if (lv_table_insert(&ctx->instance_of, record->address, number) < 0)
        return -1;
    if (lv_table_insert(&ctx->pages.first, page_of(record->address), number) < 0) {
        lv_table_remove(&ctx->instance_of, record->address);
        return -1;
    }
    record->prev = 0;
    record->next = first;
    if (first != 0)
        get(ctx, first)->prev = number;
    return 0;
}

static void detach(struct lv_context *ctx, uint32_t number)
{
    struct lv_instance *record = get(ctx, number);
    uint64_t page = page_of(record->address);

    lv_table_remove(&ctx->instance_of, record->address);
    if (record->next != 0)
        get(ctx, record->next)->prev = record->prev;
    if (record->prev != 0)
        get(ctx, record->prev)->next = record->next;
    else if (record->next == 0)
        lv_table_remove(&ctx->pages.first, page);
    else
        (void)!lv_table_insert(&ctx->pages.first, page, record->next); /* the key is there: nothing can fail */
}

uint32_t lv_instances_find_or_add(struct lv_context *ctx, uintptr_t address)
{
    uint32_t number = lv_table_find(&ctx->instance_of, address);

    if (number != 0)
        return number;
    number = record_new(ctx);
    if (number == 0)
        return 0;
    get(ctx, number)->address = address;
    if (attach(ctx, number) < 0) {
        record_free(ctx, number);
        return 0;
    }
    return number;
}

void lv_instances_forget(struct lv_context *ctx, uintptr_t address)
{
    uint32_t number = lv_table_find(&ctx->instance_of, address);

    if (number == 0)
        return;
    detach(ctx, number);
    record_free(ctx, number);
    ctx->counters.retired++;
}

static void park(struct lv_context *ctx, uint32_t number, uint32_t *list)
{
    struct lv_instance *record = get(ctx, number);

    detach(ctx, number);
    __atomic_store_n(&record->word, ~record->word, __ATOMIC_RELEASE);
    record->next = *list;
    *list = number;
}

static void park_page(struct lv_context *ctx, uintptr_t page, uintptr_t start, uintptr_t end, uint32_t *list)
{
    for (uint32_t number = lv_table_find(&ctx->pages.first, page + 1), next; number != 0; number = next) {
        const struct lv_instance *record = get(ctx, number);

        next = record->next;
        if (record->address >= start && record->address < end)
            park(ctx, number, list);
    }
}

uint32_t lv_instances_park(struct lv_context *ctx, uintptr_t start, uintptr_t end)
{
    uintptr_t first = start >> LV_PAGE_SHIFT, last = (end - 1) >> LV_PAGE_SHIFT;
    uint32_t list = 0;

    if (end <= start || ctx->instance_of.live == 0)
        return 0;
    if (last - first < ctx->instances.count) {
        for (uintptr_t page = first; page <= last; page++)
            park_page(ctx, page, start, end, &list);
        return list;
    }
    for (uint32_t number = 1; number < ctx->instances.count; number++) {
        uintptr_t address = get(ctx, number)->address;

        /* A record that is free, or parked by another thread, is not in the table. */
        if (address >= start && address < end && lv_table_find(&ctx->instance_of, address) == number)
            park(ctx, number, &list);
    }
    return list;
}

uint64_t lv_instances_parked_word(const struct lv_instance *record)
{
    return ~record->word;
}

void lv_instances_unpark(struct lv_context *ctx, uint32_t first, uintptr_t start, uintptr_t end)
{
    for (uint32_t number = first, next; number != 0; number = next) {
        struct lv_instance *record = get(ctx, number);
        bool gone = record->address >= start && record->address < end;

        next = record->next;
        if (!gone && attach(ctx, number) == 0) {
            __atomic_store_n(&record->word, ~record->word, __ATOMIC_RELEASE);
            continue;
        }
        record_free(ctx, number);
        ctx->counters.retired++;
    }
}
