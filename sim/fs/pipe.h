/* SPDX-License-Identifier: MIT */
#ifndef SIM_FS_PIPE_H
#define SIM_FS_PIPE_H

/*
 * pipe.h: pipes of 16 buffers, and splice, which moves a pipe's content to a file. Neither end waits: a full or empty
 * pipe is an error, as with O_NONBLOCK.
 */

#include "kernel/mutex.h"

struct file;
struct page;
struct page_audit;

enum {
    PIPE_BUFFERS = 16
};

struct pipe_inode_info {
    struct mutex mutex;
    unsigned first;                   /* mutex; index of the oldest buffer */
    unsigned nr_buffers;              /* mutex */
    struct page *pages[PIPE_BUFFERS]; /* mutex; a ring; each with a reference */
};

struct pipe_inode_info *pipe_create(void);

/* Drops what is in the pipe. Nobody may use it any more. */
void pipe_destroy(struct pipe_inode_info *pipe);

/* Puts one page with @content into @pipe. Returns: 0, -EAGAIN when it is full, -ENOMEM. May block. */
int pipe_write(struct pipe_inode_info *pipe, unsigned long content);

/*
 * Moves what is in @pipe to @file, one page each from @index on. Returns: the number of pages moved, or, when it is
 * none, -EAGAIN (the pipe is empty) or the error of the file. What the file did not take stays in the pipe. May
 * block.
 */
int splice_to_file(struct pipe_inode_info *pipe, struct file *file, unsigned long index);

/* Enters the pages in @pipe into @audit. Context: the machine is at rest. */
void pipe_audit(struct pipe_inode_info *pipe, struct page_audit *audit);

#endif
