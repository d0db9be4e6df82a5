/* SPDX-License-Identifier: MIT */
/*
 * Linear probing over an array that is replaced whole when it fills. Readers find the array by its pointer and may
 * go on in an old one: what they miss there they look for again under the lock. Old arrays are not freed: their sizes
 * double, so that all of them together are smaller than the present one, and freeing would mean to wait for readers,
 * which a thread that holds locks of the program must not do.
 *
 * A removed slot keeps its key with value 0 and is taken again by the next key that probes over it. When too many of them
 * are left all the same, what is live moves to another array of the same size, and these two take turns from then on: so
 * addresses that come and go do not make the table grow. A reader may be in an array while it is cleared and filled
 * again. It only misses then: a reader that loaded a key and then the value of the slot's next owner would return a wrong
 * value, so it reads the key again after the value; and a slot's value is cleared before its key.
 */

#include "graph/table.h"

#include <errno.h>

#include "base/hash.h"

struct lv_slot {
    uint64_t key;   /* atomic; 0: never used. Written under the owner's lock, before the value */
    uint32_t value; /* atomic; 0: removed, or not yet written */
    uint32_t unused;
};

struct lv_slots {
    uint64_t mask; /* constant after init */
    struct lv_slot slot[];
};

enum {
    LV_TABLE_FIRST = 64
};

void lv_table_init(struct lv_table *table, struct lv_arena *arena)
{
    *table = (struct lv_table){ .arena = arena };
}

static uint64_t first_place(uint64_t key)
{
    return lv_hash_mix(key, UINT64_C(0x51ed270b9f1a3c25));
}

static inline uint32_t find_in(const struct lv_slots *slots, uint64_t key)
{
    for (uint64_t i = first_place(key); slots != NULL; i++) {
        const struct lv_slot *slot = &slots->slot[i & slots->mask];
        uint64_t seen = __atomic_load_n(&slot->key, __ATOMIC_ACQUIRE);

        if (seen == key) {
            uint32_t value = __atomic_load_n(&slot->value, __ATOMIC_ACQUIRE);

            return __atomic_load_n(&slot->key, __ATOMIC_RELAXED) == key ? value : 0;
        }
        if (seen == 0)
            break;
    }
    return 0;
}

uint32_t lv_table_find(const struct lv_table *table, uint64_t key)
{
    return find_in(__atomic_load_n(&table->slots, __ATOMIC_ACQUIRE), key);
}

uint32_t lv_table_get(const struct lv_table *table, uint64_t key)
{
    return find_in(table->slots, key);
}

/* The slot that has @key, else the slot where it belongs. */
static struct lv_slot *slot_for(struct lv_slots *slots, uint64_t key)
{
    struct lv_slot *removed = NULL;

    for (uint64_t i = first_place(key);; i++) {
        struct lv_slot *slot = &slots->slot[i & slots->mask];

        if (slot->key == key)
            return slot;
        if (slot->key == 0)
            return removed != NULL ? removed : slot;
        if (slot->value == 0 && removed == NULL)
            removed = slot;
    }
}

static void put(struct lv_slot *slot, uint64_t key, uint32_t value)
{
    if (slot->key != key)
        __atomic_store_n(&slot->key, key, __ATOMIC_RELEASE);
    __atomic_store_n(&slot->value, value, __ATOMIC_RELEASE);
}

static void clear(struct lv_slots *slots)
{
    for (uint64_t i = 0; i <= slots->mask; i++) {
        __atomic_store_n(&slots->slot[i].value, 0, __ATOMIC_RELEASE);
        __atomic_store_n(&slots->slot[i].key, 0, __ATOMIC_RELEASE);
    }
}

void lv_table_clear(struct lv_table *table)
{
    if (table->slots != NULL)
        clear(table->slots);
    table->live = table->used = 0;
}

static struct lv_slots *empty_array(struct lv_table *table, uint64_t size)
{
    struct lv_slots *slots = table->spare;

    if (slots == NULL || slots->mask != size - 1) {
        slots = lv_arena_alloc(table->arena, sizeof(*slots) + size * sizeof(struct lv_slot));
        if (slots == NULL)
            return NULL;
        slots->mask = size - 1;
        table->bytes += sizeof(*slots) + size * sizeof(struct lv_slot);
        return slots;
    }
    clear(slots);
    return slots;
}

static int make_room(struct lv_table *table)
{
    struct lv_slots *old = table->slots;
    uint64_t size = old != NULL ? old->mask + 1 : 0;
    uint64_t new_size;
    struct lv_slots *slots;

    if (size != 0 && (table->used + 1) * UINT64_C(4) <= size * 3)
        return 0;
    new_size = size == 0 ? LV_TABLE_FIRST : table->live * UINT64_C(2) >= size ? size * 2 : size;
    slots = empty_array(table, new_size);
    if (slots == NULL)
        return -ENOMEM;
    for (uint64_t i = 0; i < size; i++) {
        if (old->slot[i].value != 0)
            put(slot_for(slots, old->slot[i].key), old->slot[i].key, old->slot[i].value);
    }
    table->used = table->live;
    table->spare = new_size == size ? old : NULL;
    __atomic_store_n(&table->slots, slots, __ATOMIC_RELEASE);
    return 0;
}

int lv_table_insert(struct lv_table *table, uint64_t key, uint32_t value)
{
    struct lv_slot *slot;
    int r = make_room(table);

    if (r < 0)
        return r;
    slot = slot_for(table->slots, key);
    if (slot->key == 0)
        table->used++;
    if (slot->key != key || slot->value == 0)
        table->live++;
    put(slot, key, value);
    return 0;
}

void lv_table_remove(struct lv_table *table, uint64_t key)
{
    struct lv_slot *slot;

    if (table->slots == NULL)
        return;
    slot = slot_for(table->slots, key);
    if (slot->key == key && slot->value != 0) {
        __atomic_store_n(&slot->value, 0, __ATOMIC_RELEASE);
        table->live--;
    }
}
