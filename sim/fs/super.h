/* SPDX-License-Identifier: MIT */
#ifndef SIM_FS_SUPER_H
#define SIM_FS_SUPER_H

/*
 * super.h: file system types and mounted file systems.
 *
 * The lock classes of a file system belong to its type: all inodes of all mounts of a type share the class
 * "&sb->s_type->i_mutex_key", their directories "&type->i_mutex_dir_key", the mounts "sb_writers". Two types have two
 * classes of each name, which reports tell apart by "#2".
 */

#include <urcu/list.h>

#include "kernel/lockdep.h"
#include "kernel/percpu_rwsem.h"
#include "kernel/spinlock.h"

struct inode;
struct page_audit;

struct file_system_type {
    const char *name;
    struct lockval_key s_writers_key;
    struct lockval_key i_mutex_key;
    struct lockval_key i_mutex_dir_key;
};

struct super_block {
    struct file_system_type *s_type;      /* constant after mount */
    struct inode *s_root;                 /* constant after mount */
    struct percpu_rw_semaphore s_writers; /* held as reader by whoever changes the file system; a freeze writes it */
    spinlock_t s_inode_list_lock;
    struct cds_list_head s_inodes; /* s_inode_list_lock; all inodes of this mount */
    unsigned long s_next_ino;      /* s_inode_list_lock */
};

/* Mounts an empty file system of @type. Ends the program when there is no memory. */
struct super_block *mount_fs(struct file_system_type *type);

/* Nothing may use the file system any more: drops the root, and checks that no inode stays. */
void umount_fs(struct super_block *sb);

/* The caller changes the file system until the matching sb_end_write(). May sleep. Inline, as all that takes a lock on
 * behalf of many: see kernel/lockdep.h. */
SIM_INLINE void sb_start_write(struct super_block *sb)
{
    percpu_down_read(&sb->s_writers);
}

SIM_INLINE void sb_end_write(struct super_block *sb)
{
    percpu_up_read(&sb->s_writers);
}

/* Waits for all changes under way, and keeps new ones out until thaw_super(). May sleep. */
void freeze_super(struct super_block *sb);
void thaw_super(struct super_block *sb);

/* Enters all pages of the page cache of all files into @audit. Context: the machine is at rest. */
void super_audit(struct super_block *sb, struct page_audit *audit);

#endif
