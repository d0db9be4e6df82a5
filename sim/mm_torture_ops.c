/* SPDX-License-Identifier: MIT */
/*
 * mm_torture_ops.c: what a torture worker does. The files are in slots that all workers share. A worker takes a
 * reference to the slot's inode under the slot's lock and then works without it, so any file can be truncated, sealed
 * or replaced while others use it. The rest of a worker is its own.
 *
 * What is checked on the way: a page's content says which file and index it was written for, and is never seen
 * elsewhere; a sealed file takes no write.
 */
#include "mm_torture.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fs/devtmpfs.h"
#include "fs/inode.h"
#include "fs/namei.h"
#include "fs/pipe.h"
#include "fs/shmem.h"
#include "kernel/check.h"
#include "kernel/percpu.h"
#include "mm/lru.h"
#include "mm/page.h"
#include "mm/page_alloc.h"
#include "mm/swap.h"

enum {
    FILE_PAGES = 48,   /* the longest file */
    CONTENT_SHIFT = 24 /* content: inode number, then index in 24 bits */
};

static const struct {
    const char *name;
    unsigned weight; /* of 1000 */
} ops[NR_OPS] = {
    [OP_WRITE] = { "write", 330 },
    [OP_READ] = { "read", 260 },
    [OP_MAP] = { "map", 60 },
    [OP_MAP_WRITE] = { "map and write", 20 },
    [OP_PIN] = { "pin", 10 },
    [OP_LRU_HINT] = { "LRU hint", 180 },
    [OP_SPLICE] = { "splice", 60 },
    [OP_TRUNCATE] = { "truncate", 25 },
    [OP_SEAL_SIZE] = { "seal the size", 5 },
    [OP_SEAL_WRITE] = { "seal", 5 },
    [OP_REPLACE] = { "new file", 15 },
    [OP_DRAIN_LRU] = { "drain pagevecs", 10 },
    [OP_DRAIN_PAGES] = { "drain free lists", 5 },
    [OP_PERCPU] = { "per-CPU memory", 15 },
};

/* ---- files ------------------------------------------------------------------------------------------------------- */

static unsigned long content_of(const struct inode *inode, unsigned long index)
{
    return inode->i_ino << CONTENT_SHIFT | index;
}

/* Pages that came by a splice have content 0: a pipe does not know where its pages will go. */
static void check_content(const struct inode *inode, unsigned long index, unsigned long content)
{
    SIM_CHECK(content == 0 || content == content_of(inode, index), "page %lu of file %lu has the content %#lx", index,
              inode->i_ino, content);
}

static struct file *open_slot(struct slot *slot)
{
    struct inode *inode;
    struct file *file;

    spin_lock(&slot->lock);
    inode = igrab(slot->inode);
    spin_unlock(&slot->lock);
    file = file_open(inode, true);
    iput(inode);
    return file;
}

static void replace_slot(struct slot *slot)
{
    struct file *file = shmem_memfd_create(true);
    struct inode *old;

    spin_lock(&slot->lock);
    old = slot->inode;
    slot->inode = igrab(file->inode);
    spin_unlock(&slot->lock);
    file_close(file);
    if (old)
        iput(old);
}

static void fill_dev_slot(struct slot *slot)
{
    struct path_entry entry;
    int err = kern_path_create(devtmpfs_mount(), "torture", &entry);

    SIM_CHECK(!err, "cannot create a file in devtmpfs: %d", err);
    slot->inode = vfs_create(&entry, S_IFREG | 0600);
    done_path_create(&entry);
}

/* ---- operations -------------------------------------------------------------------------------------------------- */

static int op_read(struct file *file, unsigned long index)
{
    unsigned long content;

    if (shmem_read(file, index, &content) == 0)
        check_content(file->inode, index, content);
    return 0;
}

static int op_map(struct file *file, unsigned long index)
{
    struct page *page = shmem_map(file, index);

    if (page) {
        check_content(file->inode, index, atomic_load(&page->content));
        shmem_unmap(page);
    }
    return 0;
}

/* Gives up the pinned page, and sometimes pins another: files that have one cannot be sealed meanwhile. */
static int op_pin(struct worker *worker, struct file *file, unsigned long index)
{
    if (worker->pinned)
        put_page(worker->pinned);
    worker->pinned = index % 2 ? page_cache_get(&file->inode->i_data, index) : NULL;
    return 0;
}

static int op_lru_hint(struct worker *worker, struct file *file, unsigned long index)
{
    static void (*const hints[])(struct page * page) = {
        rotate_reclaimable_page, deactivate_file_page, mark_page_lazyfree, activate_page, mark_page_accessed,
    };
    struct page *page = page_cache_get(&file->inode->i_data, index);

    if (page) {
        if (sim_rng_below(&worker->rng, 4) == 0)
            page_clear(page, PG_DIRTY); /* written back */
        hints[sim_rng_below(&worker->rng, sizeof(hints) / sizeof(hints[0]))](page);
        put_page(page);
    }
    return 0;
}

static int op_splice(struct worker *worker, struct file *file, unsigned long index)
{
    int err = 0;

    for (unsigned i = sim_rng_below(&worker->rng, PIPE_BUFFERS); i > 0 && !err; i--)
        err = pipe_write(worker->pipe, 0);
    if (err != -ENOMEM)
        err = splice_to_file(worker->pipe, file, index);
    return err;
}

static int op_seal_write(struct worker *worker, struct file *file)
{
    int err = shmem_add_seals(file, SEAL_WRITE);

    if (err == -EBUSY) {
        worker->busy++;
    } else if (!err) {
        worker->sealed++;
        err = vfs_write(file, 0, content_of(file->inode, 0));
        SIM_CHECK(err == -EPERM, "a sealed file took a write: %d", err);
    }
    return err;
}

static int op_percpu(struct worker *worker)
{
    struct pcpu_area *area = &worker->areas[sim_rng_below(&worker->rng, AREAS)];

    if (!area->chunk)
        return pcpu_alloc(area);
    pcpu_free(area);
    return 0;
}

static int do_op(struct worker *worker, enum op op, struct slot *slot, struct file *file)
{
    unsigned long index = sim_rng_below(&worker->rng, FILE_PAGES);

    switch (op) {
    case OP_WRITE:
        return vfs_write(file, index, content_of(file->inode, index));
    case OP_READ:
        return op_read(file, index);
    case OP_MAP:
        return op_map(file, index);
    case OP_MAP_WRITE:
        return shmem_mmap_write(file, index, content_of(file->inode, index));
    case OP_PIN:
        return op_pin(worker, file, index);
    case OP_LRU_HINT:
        return op_lru_hint(worker, file, index);
    case OP_SPLICE:
        return op_splice(worker, file, index);
    case OP_TRUNCATE:
        return shmem_truncate(file, index);
    case OP_SEAL_SIZE:
        return shmem_add_seals(file, index % 2 ? SEAL_SHRINK : SEAL_GROW);
    case OP_SEAL_WRITE:
        return op_seal_write(worker, file);
    case OP_REPLACE:
        if (slot != &worker->torture->slots[0])
            replace_slot(slot);
        return 0;
    case OP_DRAIN_LRU:
        lru_add_drain_all();
        return 0;
    case OP_DRAIN_PAGES:
        drain_all_pages();
        return 0;
    default:
        return op_percpu(worker);
    }
}

/* Somebody must, when an allocation failed. Where a seal forbids to truncate the file, the file itself goes. */
static void give_back_memory(struct worker *worker, struct slot *slot, struct file *file)
{
    if (shmem_truncate(file, 0) != 0 && slot != &worker->torture->slots[0])
        replace_slot(slot);
    pipe_destroy(worker->pipe);
    worker->pipe = pipe_create();
}

static enum op choose_op(struct sim_rng *rng)
{
    unsigned total = 0;
    unsigned at;
    unsigned op;

    for (op = 0; op < NR_OPS; op++)
        total += ops[op].weight;
    at = sim_rng_below(rng, total);
    for (op = 0; at >= ops[op].weight; op++)
        at -= ops[op].weight;
    return (enum op)op;
}

void torture_do_one(struct worker *worker)
{
    struct torture *torture = worker->torture;
    enum op op = choose_op(&worker->rng);
    struct slot *slot = &torture->slots[sim_rng_below(&worker->rng, NR_SLOTS)];
    struct file *file = open_slot(slot);

    set_current_cpu(sim_rng_below(&worker->rng, nr_cpu_ids));
    if (do_op(worker, op, slot, file) == -ENOMEM) {
        worker->no_memory++;
        give_back_memory(worker, slot, file);
    }
    worker->done[op]++;
    file_close(file);
}

const char *torture_op_name(enum op op)
{
    return ops[op].name;
}

/* ---- start and end ----------------------------------------------------------------------------------------------- */

void torture_fill_slots(struct torture *torture)
{
    for (unsigned i = 0; i < NR_SLOTS; i++) {
        spin_lock_init(&torture->slots[i].lock);
        if (i == 0)
            fill_dev_slot(&torture->slots[i]);
        else
            replace_slot(&torture->slots[i]);
    }
}

void torture_empty_slots(struct torture *torture)
{
    for (unsigned i = 0; i < NR_SLOTS; i++) {
        iput(torture->slots[i].inode);
        spin_lock_destroy(&torture->slots[i].lock);
    }
}

void torture_init_worker(struct worker *worker, struct torture *torture, unsigned number)
{
    worker->torture = torture;
    worker->pipe = pipe_create();
    sim_rng_init(&worker->rng, torture->seed, number);
}

void torture_release_worker(struct worker *worker)
{
    pipe_destroy(worker->pipe);
    if (worker->pinned)
        put_page(worker->pinned);
    for (unsigned i = 0; i < AREAS; i++) {
        if (worker->areas[i].chunk)
            pcpu_free(&worker->areas[i]);
    }
}
