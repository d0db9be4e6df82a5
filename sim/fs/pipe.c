/* SPDX-License-Identifier: MIT */
/*
 * pipe.c: owns the pages in pipes; pipe->mutex protects them. It is always taken at level I_MUTEX_PARENT, because a
 * splice takes the inode lock of a file below it; so its class shows as "&pipe->mutex/1".
 *
 * All pipes share that one class, whatever the files that they are spliced to. That is what joins a splice to a
 * devtmpfs file and one to a memfd into one path of the lock graph.
 */
#include "fs/pipe.h"

#include <errno.h>
#include <stdlib.h>

#include "fs/inode.h"
#include "fs/shmem.h"
#include "kernel/check.h"
#include "mm/audit.h"
#include "mm/lru.h"
#include "mm/page_alloc.h"

struct pipe_inode_info *pipe_create(void)
{
    struct pipe_inode_info *pipe = sim_alloc(1, sizeof(*pipe));

    mutex_init(&pipe->mutex);
    return pipe;
}

void pipe_destroy(struct pipe_inode_info *pipe)
{
    while (pipe->nr_buffers > 0)
        put_page(pipe->pages[(pipe->first + --pipe->nr_buffers) % PIPE_BUFFERS]);
    mutex_destroy(&pipe->mutex);
    free(pipe);
}

static void pipe_lock(struct pipe_inode_info *pipe)
{
    mutex_lock_nested(&pipe->mutex, I_MUTEX_PARENT);
}

static void pipe_unlock(struct pipe_inode_info *pipe)
{
    mutex_unlock(&pipe->mutex);
}

int pipe_write(struct pipe_inode_info *pipe, unsigned long content)
{
    int err = 0;

    pipe_lock(pipe);
    if (pipe->nr_buffers == PIPE_BUFFERS) {
        err = -EAGAIN;
    } else {
        struct page *page = alloc_page(GFP_KERNEL);

        if (page) {
            atomic_store(&page->content, content);
            pipe->pages[(pipe->first + pipe->nr_buffers++) % PIPE_BUFFERS] = page;
        } else {
            err = -ENOMEM;
        }
    }
    pipe_unlock(pipe);
    return err;
}

int splice_to_file(struct pipe_inode_info *pipe, struct file *file, unsigned long index)
{
    int moved = 0;
    int err = 0;

    file_start_write(file);
    pipe_lock(pipe);
    if (pipe->nr_buffers == 0)
        err = -EAGAIN;
    while (pipe->nr_buffers > 0) {
        struct page *page = pipe->pages[pipe->first];

        err = shmem_write(file, index, atomic_load(&page->content));
        if (err)
            break;
        put_page(page);
        pipe->first = (pipe->first + 1) % PIPE_BUFFERS;
        pipe->nr_buffers--;
        index++;
        moved++;
    }
    pipe_unlock(pipe);
    file_end_write(file);
    return moved > 0 ? moved : err;
}

void pipe_audit(struct pipe_inode_info *pipe, struct page_audit *audit)
{
    for (unsigned i = 0; i < pipe->nr_buffers; i++) {
        struct page *page = pipe->pages[(pipe->first + i) % PIPE_BUFFERS];

        audit_place(audit, page, "pipe");
        audit_reference(audit, page);
    }
}
