/* SPDX-License-Identifier: MIT */
#ifndef SIM_FS_INODE_H
#define SIM_FS_INODE_H

/*
 * inode.h: inodes and open files.
 *
 * Lock order of the file systems, outermost first: s_writers, pipe->mutex, i_rwsem of a directory, i_rwsem of a file,
 * then the spinlocks.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <urcu/list.h>

#include "fs/page_cache.h"
#include "fs/super.h"
#include "kernel/rwsem.h"

/* Levels of i_rwsem, and of pipe->mutex: the same numbers as in the kernel. */
enum {
    I_MUTEX_NORMAL = 0,
    I_MUTEX_PARENT = 1
};

struct inode {
    struct super_block *i_sb;       /* constant */
    unsigned long i_ino;            /* constant */
    unsigned i_mode;                /* type: constant; permissions: i_rwsem */
    struct rw_semaphore i_rwsem;    /* the inode's content and its attributes */
    atomic_uint i_count;            /* atomic; who uses the inode: open files, directory entries, threads */
    struct address_space i_data;    /* its page cache */
    unsigned long i_pages;          /* i_rwsem; the file's size in pages */
    bool i_dead;                    /* i_rwsem; removed from its directory */
    unsigned i_seals;               /* i_rwsem; F_SEAL_* of a memfd */
    struct cds_list_head i_entries; /* i_rwsem; a directory's entries */
    struct cds_list_head i_sb_list; /* s_inode_list_lock */
};

/* Makes an inode with one user, the caller. @mode is S_IFDIR, S_IFREG or S_IFCHR and permissions. */
struct inode *new_inode(struct super_block *sb, unsigned mode);

/* One more user, or one less. The last one truncates the file and frees the inode: no spinlock held, may block. */
struct inode *igrab(struct inode *inode);
void iput(struct inode *inode);

SIM_INLINE void inode_lock(struct inode *inode)
{
    down_write(&inode->i_rwsem);
}

SIM_INLINE void inode_lock_nested(struct inode *inode, unsigned subclass)
{
    down_write_nested(&inode->i_rwsem, subclass);
}

SIM_INLINE void inode_unlock(struct inode *inode)
{
    up_write(&inode->i_rwsem);
}

SIM_INLINE void inode_lock_shared(struct inode *inode)
{
    down_read(&inode->i_rwsem);
}

SIM_INLINE void inode_unlock_shared(struct inode *inode)
{
    up_read(&inode->i_rwsem);
}

/* An open file. */
struct file {
    struct inode *inode; /* constant; the file is one of its users */
    bool writable;       /* constant */
};

struct file *file_open(struct inode *inode, bool writable);
void file_close(struct file *file);

/* sb_start_write() for the file's mount. */
SIM_INLINE void file_start_write(struct file *file)
{
    if (S_ISREG(file->inode->i_mode))
        sb_start_write(file->inode->i_sb);
}

SIM_INLINE void file_end_write(struct file *file)
{
    if (S_ISREG(file->inode->i_mode))
        sb_end_write(file->inode->i_sb);
}

#endif
