/* SPDX-License-Identifier: MIT */
/*
 * super.c: owns the mounts. s_writers is what the kernel calls the freeze protection: every change holds it as
 * reader, so that freezing, its only writer, waits for the changes under way and keeps new ones out. The kernel does not freeze
 * tmpfs and devtmpfs, which have no such operation; that alone keeps the reported circle open there. The validator does not know
 * that, and here a scenario may do it.
 */
#include "fs/super.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "fs/inode.h"
#include "fs/namei.h"
#include "kernel/check.h"
#include "mm/audit.h"

struct super_block *mount_fs(struct file_system_type *type)
{
    struct super_block *sb = sim_alloc(1, sizeof(*sb));

    sb->s_type = type;
    percpu_init_rwsem_key(&sb->s_writers, "sb_writers", &type->s_writers_key);
    spin_lock_init(&sb->s_inode_list_lock);
    CDS_INIT_LIST_HEAD(&sb->s_inodes);
    sb->s_root = new_inode(sb, S_IFDIR | 0755);
    return sb;
}

void umount_fs(struct super_block *sb)
{
    namei_drop_tree(sb->s_root);
    iput(sb->s_root);
    SIM_CHECK(cds_list_empty(&sb->s_inodes), "%s is unmounted with an inode in use", sb->s_type->name);
    spin_lock_destroy(&sb->s_inode_list_lock);
    percpu_free_rwsem(&sb->s_writers);
    free(sb);
}

void freeze_super(struct super_block *sb)
{
    percpu_down_write(&sb->s_writers);
}

void thaw_super(struct super_block *sb)
{
    percpu_up_write(&sb->s_writers);
}

void super_audit(struct super_block *sb, struct page_audit *audit)
{
    struct inode *inode;

    cds_list_for_each_entry (inode, &sb->s_inodes, i_sb_list)
        page_cache_audit(&inode->i_data, audit);
}
