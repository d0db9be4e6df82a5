/* SPDX-License-Identifier: MIT */
/* Chunks of memory, a table of texts, and tables of numbers. A record of a large program has a hundred thousand lines that
 * repeat the same few thousand texts. */

#include "record/pool.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum {
    CHUNK_BYTES = 1 << 18,
    ALIGNMENT = sizeof(uint64_t)
};

struct chunk {
    struct chunk *next;
    uint64_t bytes[];
};

struct text_entry {
    uint64_t hash;
    const char *text;
};

struct rec_pool {
    struct chunk *chunks;
    char *at; /* free memory of the newest chunk */
    size_t left;
    size_t taken; /* bytes of all chunks */
    size_t text_count, text_size;
    struct text_entry *texts; /* a table with open addressing; size: a power of two */
};

struct rec_pool *rec_pool_open(void)
{
    struct rec_pool *pool = cli_alloc(1, sizeof(*pool));

    pool->text_size = 1024;
    pool->texts = cli_alloc(pool->text_size, sizeof(*pool->texts));
    return pool;
}

void rec_pool_close(struct rec_pool *pool)
{
    struct chunk *chunk = pool->chunks, *next;

    for (; chunk != NULL; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    free(pool->texts);
    free(pool);
}

size_t rec_pool_size(const struct rec_pool *pool)
{
    return pool->taken;
}

void *rec_pool_take(struct rec_pool *pool, size_t count, size_t size)
{
    size_t bytes = (count * size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct chunk *chunk;
    void *taken;

    if (bytes == 0)
        bytes = ALIGNMENT;
    if (bytes > pool->left) {
        size_t room = bytes > CHUNK_BYTES / 8 ? bytes : CHUNK_BYTES;

        chunk = cli_alloc(1, sizeof(*chunk) + room);
        pool->taken += room;
        chunk->next = pool->chunks;
        pool->chunks = chunk;
        if (room == bytes) /* a big one of its own: what is left of the chunk before stays in use */
            return chunk->bytes;
        pool->at = (char *)chunk->bytes;
        pool->left = room;
    }
    taken = pool->at;
    pool->at += bytes;
    pool->left -= bytes;
    return taken;
}

/* FNV-1a. */
static uint64_t hash_of(const char *text, size_t *ret_len)
{
    uint64_t hash = 0xcbf29ce484222325u;
    const char *at = text;

    for (; *at != '\0'; at++)
        hash = (hash ^ (unsigned char)*at) * 0x100000001b3u;
    *ret_len = (size_t)(at - text);
    return hash;
}

static void grow_texts(struct rec_pool *pool)
{
    struct text_entry *old = pool->texts;
    size_t old_size = pool->text_size;

    pool->text_size = old_size * 2;
    pool->texts = cli_alloc(pool->text_size, sizeof(*pool->texts));
    for (size_t i = 0; i < old_size; i++) {
        size_t at = (size_t)old[i].hash & (pool->text_size - 1);

        if (old[i].text == NULL)
            continue;
        while (pool->texts[at].text != NULL)
            at = (at + 1) & (pool->text_size - 1);
        pool->texts[at] = old[i];
    }
    free(old);
}

const char *rec_pool_text(struct rec_pool *pool, const char *text)
{
    size_t len, at;
    uint64_t hash;
    char *copy;

    if (text == NULL || *text == '\0')
        return "";
    hash = hash_of(text, &len);
    for (at = (size_t)hash & (pool->text_size - 1); pool->texts[at].text != NULL; at = (at + 1) & (pool->text_size - 1))
        if (pool->texts[at].hash == hash && strcmp(pool->texts[at].text, text) == 0)
            return pool->texts[at].text;
    copy = rec_pool_take(pool, len + 1, 1);
    memcpy(copy, text, len + 1);
    pool->texts[at] = (struct text_entry){ hash, copy };
    if (++pool->text_count * 2 > pool->text_size)
        grow_texts(pool);
    return copy;
}

struct rec_index_entry {
    uint64_t key;
    void *value; /* null: free */
};

static size_t slot_of(const struct rec_index *index, uint64_t key)
{
    size_t at = (size_t)((key * 0x9e3779b97f4a7c15u) >> 20) & (index->size - 1);

    while (index->entries[at].value != NULL && index->entries[at].key != key)
        at = (at + 1) & (index->size - 1);
    return at;
}

void *rec_index_find(const struct rec_index *index, uint64_t key)
{
    return index->size == 0 ? NULL : index->entries[slot_of(index, key)].value;
}

static void grow_index(struct rec_index *index)
{
    struct rec_index old = *index;

    index->size = old.size == 0 ? 16 : old.size * 2;
    index->entries = cli_alloc(index->size, sizeof(*index->entries));
    for (size_t i = 0; i < old.size; i++)
        if (old.entries[i].value != NULL)
            index->entries[slot_of(index, old.entries[i].key)] = old.entries[i];
    free(old.entries);
}

void **rec_index_at(struct rec_index *index, uint64_t key)
{
    struct rec_index_entry *entry;

    if ((index->used + 1) * 2 > index->size)
        grow_index(index);
    entry = &index->entries[slot_of(index, key)];
    if (entry->value == NULL) {
        entry->key = key;
        index->used++; /* who asks puts a pointer in */
    }
    return &entry->value;
}

void rec_index_free(struct rec_index *index)
{
    free(index->entries);
    *index = (struct rec_index){ 0 };
}

/* The list grows when its count is a power of two. */
void rec_append(void *list, size_t *count, void *item)
{
    void **items;

    memcpy(&items, list, sizeof(items));
    if ((*count & (*count - 1)) == 0)
        items = cli_realloc(items, *count == 0 ? 1 : *count * 2, sizeof(*items));
    items[(*count)++] = item;
    memcpy(list, &items, sizeof(items));
}
