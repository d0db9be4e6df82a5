/* SPDX-License-Identifier: MIT */
/*
 * inode.c: owns the life of inodes. An inode is alive while i_count is not 0; nobody can find one that is not,
 * because every way to it (a directory entry, an open file) is itself a user. The mount's list of all inodes is no
 * such way: it is only walked while the machine is at rest.
 */
#include "fs/inode.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "fs/shmem.h"
#include "fs/super.h"
#include "kernel/check.h"

struct inode *new_inode(struct super_block *sb, unsigned mode)
{
    struct inode *inode = sim_alloc(1, sizeof(*inode));

    inode->i_sb = sb;
    inode->i_mode = mode;
    if (S_ISDIR(mode))
        init_rwsem_key(&inode->i_rwsem, "&type->i_mutex_dir_key", &sb->s_type->i_mutex_dir_key);
    else
        init_rwsem_key(&inode->i_rwsem, "&sb->s_type->i_mutex_key", &sb->s_type->i_mutex_key);
    atomic_init(&inode->i_count, 1);
    page_cache_init(&inode->i_data);
    inode->i_seals = SEAL_SEAL;
    CDS_INIT_LIST_HEAD(&inode->i_entries);
    spin_lock(&sb->s_inode_list_lock);
    inode->i_ino = ++sb->s_next_ino;
    cds_list_add(&inode->i_sb_list, &sb->s_inodes);
    spin_unlock(&sb->s_inode_list_lock);
    return inode;
}

struct inode *igrab(struct inode *inode)
{
    unsigned old = atomic_fetch_add_explicit(&inode->i_count, 1, memory_order_relaxed);

    SIM_CHECK(old > 0, "inode %lu is used after its end", inode->i_ino);
    return inode;
}

void iput(struct inode *inode)
{
    unsigned old = atomic_fetch_sub_explicit(&inode->i_count, 1, memory_order_acq_rel);

    SIM_CHECK(old > 0, "inode %lu is put once too often", inode->i_ino);
    if (old > 1)
        return;
    SIM_CHECK(cds_list_empty(&inode->i_entries), "directory %lu ends with entries", inode->i_ino);
    spin_lock(&inode->i_sb->s_inode_list_lock);
    cds_list_del(&inode->i_sb_list);
    spin_unlock(&inode->i_sb->s_inode_list_lock);
    page_cache_destroy(&inode->i_data);
    destroy_rwsem(&inode->i_rwsem);
    free(inode);
}

struct file *file_open(struct inode *inode, bool writable)
{
    struct file *file = sim_alloc(1, sizeof(*file));

    file->inode = igrab(inode);
    file->writable = writable;
    return file;
}

void file_close(struct file *file)
{
    iput(file->inode);
    free(file);
}
