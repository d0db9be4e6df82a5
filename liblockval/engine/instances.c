/* SPDX-License-Identifier: MIT */
/*
 * Records are recycled but stay what they are (type-stable): a thread's cache compares the word, which changes with every
 * instance, so that a stale entry only misses. A parked record's word is inverted, which no identity's word ever equals, so
 * the caches miss too.
 *
 * A page's records are a list, linked both ways by their numbers; the table of pages has the first. Page number 0 would be
 * no key, so pages are counted from 1.
 *
 * Memory that is given back mostly has no lock of the table, although its page has. So the lists are read without the
 * lock, too: by a version, which is odd while they change, the reader sees whether it read one whole state. If not, it does
 * not try again: then the lock decides. What it follows meanwhile may lead anywhere, but only to records.
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

enum {
    LOOKED_AT = 256, /* records of a list that are read without the lock */
    PAGES_LOOKED_AT = 16
};

/* The lists change from here, to there. */
static void begin_change(struct lv_context *ctx)
{
    __atomic_store_n(&ctx->pages.version, ctx->pages.version + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

static void end_change(struct lv_context *ctx)
{
    __atomic_store_n(&ctx->pages.version, ctx->pages.version + 1, __ATOMIC_RELEASE);
}

/* Fields that are read without the lock, too. */
static void set_next(struct lv_instance *record, uint32_t next)
{
    __atomic_store_n(&record->next, next, __ATOMIC_RELAXED);
}

static void set_address(struct lv_instance *record, uintptr_t address)
{
    __atomic_store_n(&record->address, address, __ATOMIC_RELAXED);
}

static bool may_be_on(struct lv_context *ctx, uintptr_t page, uintptr_t start, uintptr_t end)
{
    uint32_t number = lv_table_find(&ctx->pages.first, page + 1);

    for (int i = 0; number != 0; i++) {
        const struct lv_instance *record = get(ctx, number);
        uintptr_t address = __atomic_load_n(&record->address, __ATOMIC_RELAXED);

        if (i == LOOKED_AT || (address >= start && address < end))
            return true;
        number = __atomic_load_n(&record->next, __ATOMIC_RELAXED);
    }
    return false;
}

bool lv_instances_may_be_in(struct lv_context *ctx, uintptr_t start, uintptr_t end)
{
    uintptr_t first = start >> LV_PAGE_SHIFT, last = (end - 1) >> LV_PAGE_SHIFT;
    uint32_t version = __atomic_load_n(&ctx->pages.version, __ATOMIC_ACQUIRE);

    if (end <= start)
        return false;
    if (version % 2 != 0 || last - first >= PAGES_LOOKED_AT)
        return true;
    for (uintptr_t page = first; page <= last; page++)
        if (may_be_on(ctx, page, start, end))
            return true;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return __atomic_load_n(&ctx->pages.version, __ATOMIC_RELAXED) != version;
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
    set_address(record, ctx->free_instance);
    ctx->free_instance = number;
}

/* Into the list of the page and the table. */
static int attach(struct lv_context *ctx, uint32_t number)
{
    struct lv_instance *record = get(ctx, number);
    uint32_t first = lv_table_find(&ctx->pages.first, page_of(record->address));

    if (lv_table_insert(&ctx->instance_of, record->address, number) < 0)
        return -1;
    record->prev = 0;
    set_next(record, first);
    if (lv_table_insert(&ctx->pages.first, page_of(record->address), number) < 0) {
        lv_table_remove(&ctx->instance_of, record->address);
        return -1;
    }
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
        set_next(get(ctx, record->prev), record->next);
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
    begin_change(ctx);
    set_address(get(ctx, number), address);
    if (attach(ctx, number) < 0) {
        record_free(ctx, number);
        number = 0;
    }
    end_change(ctx);
    return number;
}

void lv_instances_forget(struct lv_context *ctx, uintptr_t address)
{
    uint32_t number = lv_table_find(&ctx->instance_of, address);

    if (number == 0)
        return;
    begin_change(ctx);
    detach(ctx, number);
    record_free(ctx, number);
    end_change(ctx);
    ctx->counters.retired++;
}

static void park(struct lv_context *ctx, uint32_t number, uint32_t *list)
{
    struct lv_instance *record = get(ctx, number);

    begin_change(ctx);
    detach(ctx, number);
    __atomic_store_n(&record->word, ~record->word, __ATOMIC_RELEASE);
    set_next(record, *list);
    end_change(ctx);
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
    if (first == 0)
        return;
    begin_change(ctx);
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
    end_change(ctx);
}
