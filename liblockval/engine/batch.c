/* SPDX-License-Identifier: MIT */
/*
 * Both the lines and the other memory are lists of mappings. The first one has some of each and is kept when the batch was
 * written: the next one that is made takes it, so that learning costs no mapping. There is one such spare in a process,
 * taken and given back with an exchange.
 *
 * The file is opened for each batch: a descriptor that stays open could be closed by the program, which then gets its number
 * for a file of its own.
 */

#include "engine/batch.h"

#include <errno.h>
#include <string.h>

#include "engine/context.h"

struct block {
    struct block *next; /* the one before it */
    size_t size;        /* of the mapping that it has for itself; 0: it lies in the batch's first */
    size_t room;        /* bytes of @memory */
    size_t used;
    char memory[] __attribute__((aligned(16)));
};

struct lv_batch {
    struct block *lines; /* the last one */
    struct block *pool;  /* the last one */
    struct lv_batch_witness witness;
};

enum {
    FIRST = 256 * 1024, /* pages that are not touched cost nothing */
    POOL = 96 * 1024    /* of these */
};

static void reset(struct lv_batch *batch)
{
    char *memory = (char *)batch;
    struct block *pool = (struct block *)(void *)(memory + 64), *lines = (struct block *)(void *)(memory + POOL);

    _Static_assert(sizeof(struct lv_batch) <= 64, "the pool comes behind it");
    *pool = (struct block){ .room = POOL - 64 - sizeof(*pool) };
    *lines = (struct block){ .room = FIRST - POOL - sizeof(*lines) };
    *batch = (struct lv_batch){ .lines = lines, .pool = pool };
}

bool lv_batch_need(struct lv_context *ctx, struct lv_batch **batch)
{
    struct lv_recorder *recorder = &ctx->recorder;
    struct lv_batch *new;

    if (*batch != NULL)
        return true;
    if (!__atomic_load_n(&recorder->on, __ATOMIC_RELAXED) || lv_os_pid() != recorder->pid)
        return false;
    new = __atomic_exchange_n(&recorder->spare, NULL, __ATOMIC_ACQUIRE);
    if (new == NULL)
        new = lv_os_map(FIRST);
    if (new == NULL) {
        __atomic_fetch_add(&recorder->lost, 1, __ATOMIC_RELAXED);
        return false;
    }
    reset(new);
    *batch = new;
    if (!recorder->begun)
        lv_recorder_begin(ctx, new);
    return true;
}

/* Another block before @last, with at least @room bytes; null without memory. */
static struct block *add_block(struct block *last, size_t room)
{
    size_t size = (sizeof(struct block) + room + 4095) & ~(size_t)4095;
    struct block *block = lv_os_map(size);

    if (block != NULL)
        *block = (struct block){ .next = last, .size = size, .room = size - sizeof(*block) };
    return block;
}

/* Unmap blocks from @last on down to @stop. */
static void drop_blocks(struct block *last, const struct block *stop)
{
    while (last != stop) {
        struct block *next = last->next;

        if (last->size != 0)
            lv_os_unmap(last, last->size);
        last = next;
    }
}

static void *take(struct lv_batch *batch, size_t size)
{
    struct block *block = batch->pool;
    void *at;

    size = (size + 15) & ~(size_t)15;
    if (size > block->room - block->used) {
        block = add_block(block, size > POOL ? size : POOL);
        if (block == NULL)
            return NULL;
        batch->pool = block;
    }
    at = block->memory + block->used;
    block->used += size;
    return at;
}

struct lv_batch_witness *lv_batch_witness(struct lv_batch *batch)
{
    return &batch->witness;
}

void *lv_batch_alloc(struct lv_batch *batch, size_t size)
{
    void *at = take(batch, size);

    return at != NULL ? memset(at, 0, size) : NULL;
}

struct lv_batch_mark lv_batch_mark(const struct lv_batch *batch)
{
    return (struct lv_batch_mark){ batch->pool, batch->pool->used };
}

void lv_batch_forget(struct lv_batch *batch, struct lv_batch_mark mark)
{
    drop_blocks(batch->pool, mark.block);
    batch->pool = mark.block;
    batch->pool->used = mark.used;
}

struct lv_text lv_batch_begin_text(struct lv_batch *batch)
{
    struct lv_text text;
    char *memory = take(batch, LV_BATCH_TEXT);

    lv_text_init(&text, memory, memory != NULL ? LV_BATCH_TEXT : 0);
    return text;
}

const char *lv_batch_text(struct lv_batch *batch, const struct lv_text *text)
{
    struct block *block = batch->pool;

    if (text->buf == NULL)
        return "";
    block->used = ((size_t)(text->buf - block->memory) + text->len + 1 + 15) & ~(size_t)15;
    return text->buf;
}

struct lv_text lv_batch_begin_line(struct lv_batch *batch)
{
    struct block *block = batch->lines;
    struct lv_text text;

    lv_text_init(&text, block->memory + block->used, block->room - block->used);
    return text;
}

/* A null buffer says that this line is done with, for better or worse. */
void lv_batch_end_line(struct lv_context *ctx, struct lv_batch *batch, struct lv_text *text)
{
    struct block *block = batch->lines;

    if (!text->cut) {
        block->used += text->len;
        text->buf = NULL;
        return;
    }
    block = add_block(block, block->used == 0 && block->room >= FIRST ? 2 * block->room : FIRST);
    if (block == NULL) {
        __atomic_fetch_add(&ctx->recorder.lost, 1, __ATOMIC_RELAXED);
        text->buf = NULL;
        return;
    }
    batch->lines = block;
    *text = lv_batch_begin_line(batch);
}

/* The oldest block first. Their number is small, but may be large for a record's end: no recursion. */
static int write_lines(int fd, struct block *last)
{
    struct block *ordered = NULL;
    int r = fd < 0 ? fd : 0;

    while (last != NULL) {
        struct block *next = last->next;

        last->next = ordered;
        ordered = last;
        last = next;
    }
    while (ordered != NULL) {
        struct block *next = ordered->next;

        if (r == 0 && ordered->used != 0)
            r = lv_os_write_all(fd, ordered->memory, ordered->used);
        if (ordered->size != 0)
            lv_os_unmap(ordered, ordered->size);
        ordered = next;
    }
    return r;
}

static const char *error_words(int error)
{
    switch (error) {
    case -ENOENT:
    case -ENOTDIR:
        return "there is no such folder";
    case -EACCES:
    case -EPERM:
    case -EROFS:
        return "it is not allowed";
    case -EISDIR:
        return "it is a folder";
    case -ENOSPC:
    case -EDQUOT:
        return "the disk is full";
    case -EFBIG:
        return "the limit for the size of files is reached";
    case -EMFILE:
    case -ENFILE:
        return "too many files are open";
    case -ENXIO:
    case -EPIPE:
        return "nobody reads the pipe";
    case -EAGAIN:
        return "the reader of the pipe does not go on";
    default:
        return NULL;
    }
}

/* Once: from now on this process writes no record. Out of line, as its text would lie on every writer's stack. */
static LV_NOINLINE void give_up(struct lv_context *ctx, int error)
{
    char buf[2048];
    struct lv_text text;

    if (!__atomic_exchange_n(&ctx->recorder.on, false, __ATOMIC_RELAXED))
        return;
    /* Who tells has told, and taken the record away: what this process finds from now on goes to the log. */
    if (ctx->recorder.found && error == -ENOENT)
        return;
    lv_text_init(&text, buf, sizeof(buf));
    lv_text_printf(&text, "lockval: the record %s cannot be written: ", ctx->recorder.path);
    if (error_words(error) != NULL)
        lv_text_puts(&text, error_words(error));
    else
        lv_text_printf(&text, "error %d", -error);
    lv_text_puts(&text, "; nothing more of this process is recorded\n");
    lv_context_say(ctx, buf, text.len);
}

void lv_batch_send(struct lv_context *ctx, struct lv_batch **batch)
{
    struct lv_batch *sent = *batch;
    struct lv_os_sigmask mask;
    int fd, r;

    if (sent == NULL)
        return;
    *batch = NULL;
    lv_os_block_signals(&mask);
    drop_blocks(sent->pool, NULL);
    fd = lv_os_open_record(ctx->recorder.path, !ctx->recorder.found);
    r = write_lines(fd, sent->lines);
    if (fd >= 0)
        lv_os_close(fd);
    sent = __atomic_exchange_n(&ctx->recorder.spare, sent, __ATOMIC_RELEASE);
    if (sent != NULL)
        lv_os_unmap(sent, FIRST);
    lv_os_restore_signals(&mask);
    if (r < 0)
        give_up(ctx, r);
}
