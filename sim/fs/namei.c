/* SPDX-License-Identifier: MIT */
/*
 * namei.c: owns the directory entries. A directory's entries are protected by its i_rwsem: read to look up, write to
 * change. Each entry is one user of its inode. There is no cache of names: it would need no lock that the scenarios
 * are about.
 *
 * The order of kern_path_create() is the kernel's and matters: the parent is looked up with nothing held, then
 * s_writers is taken, then the parent's lock. In between the parent may have been removed; i_dead tells.
 */
#include "fs/namei.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fs/inode.h"
#include "fs/super.h"
#include "kernel/check.h"

struct dir_entry {
    struct cds_list_head list;  /* the directory's i_rwsem */
    struct inode *inode;        /* constant */
    char name[NAME_LENGTH + 1]; /* constant */
};

/* Context: the directory's i_rwsem held. */
static struct dir_entry *find_entry(struct inode *dir, const char *name)
{
    struct dir_entry *entry;

    cds_list_for_each_entry (entry, &dir->i_entries, list) {
        if (strcmp(entry->name, name) == 0)
            return entry;
    }
    return NULL;
}

/* Copies the first component of *@path and moves *@path behind it and its slash. */
static int next_component(const char **path, char name[NAME_LENGTH + 1])
{
    size_t length = strcspn(*path, "/");

    if (length > NAME_LENGTH)
        return -ENAMETOOLONG;
    memcpy(name, *path, length);
    name[length] = '\0';
    *path += length;
    if (**path == '/')
        ++*path;
    return 0;
}

/* Walks to the directory of the last component. Returns: 0 and the directory with a reference, and the last name. */
static int lookup_parent(struct super_block *sb, const char *path, struct path_entry *ret_entry)
{
    struct inode *dir = igrab(sb->s_root);
    int err = next_component(&path, ret_entry->name);

    while (!err && *path != '\0') {
        struct dir_entry *entry;
        struct inode *next = NULL;

        inode_lock_shared(dir);
        entry = find_entry(dir, ret_entry->name);
        if (!entry)
            err = -ENOENT;
        else if (!S_ISDIR(entry->inode->i_mode))
            err = -ENOTDIR;
        else
            next = igrab(entry->inode);
        inode_unlock_shared(dir);
        if (next) {
            iput(dir);
            dir = next;
            err = next_component(&path, ret_entry->name);
        }
    }
    if (err)
        iput(dir);
    else
        ret_entry->dir = dir;
    return err;
}

int path_lookup(struct super_block *sb, const char *path, struct inode **ret_inode)
{
    struct path_entry at;
    struct dir_entry *entry;
    int err = lookup_parent(sb, path, &at);

    if (err)
        return err;
    inode_lock_shared(at.dir);
    entry = find_entry(at.dir, at.name);
    if (entry)
        *ret_inode = igrab(entry->inode);
    else
        err = -ENOENT;
    inode_unlock_shared(at.dir);
    iput(at.dir);
    return err;
}

int kern_path_create(struct super_block *sb, const char *path, struct path_entry *ret_entry)
{
    int err = lookup_parent(sb, path, ret_entry);

    if (err)
        return err;
    sb_start_write(sb);
    inode_lock_nested(ret_entry->dir, I_MUTEX_PARENT);
    if (ret_entry->dir->i_dead)
        err = -ENOENT;
    else if (find_entry(ret_entry->dir, ret_entry->name))
        err = -EEXIST;
    if (err)
        done_path_create(ret_entry);
    return err;
}

void done_path_create(struct path_entry *entry)
{
    struct super_block *sb = entry->dir->i_sb;

    inode_unlock(entry->dir);
    sb_end_write(sb);
    iput(entry->dir);
}

struct inode *vfs_create(struct path_entry *entry, unsigned mode)
{
    struct dir_entry *new_entry = sim_alloc(1, sizeof(*new_entry));

    memcpy(new_entry->name, entry->name, sizeof(new_entry->name));
    new_entry->inode = new_inode(entry->dir->i_sb, mode);
    cds_list_add_tail(&new_entry->list, &entry->dir->i_entries);
    return igrab(new_entry->inode);
}

/* Context: the directory's i_rwsem held for writing. Returns: the entry, taken out, with its use of the inode; or
 * an error. */
static int unlink_entry(struct inode *dir, const char *name, struct dir_entry **ret_entry)
{
    struct dir_entry *entry = find_entry(dir, name);
    int err = 0;

    if (!entry)
        return -ENOENT;
    inode_lock(entry->inode);
    if (cds_list_empty(&entry->inode->i_entries)) {
        entry->inode->i_dead = true;
        cds_list_del(&entry->list);
        *ret_entry = entry;
    } else {
        err = -ENOTEMPTY;
    }
    inode_unlock(entry->inode);
    return err;
}

int kern_path_remove(struct super_block *sb, const char *path)
{
    struct path_entry at;
    struct dir_entry *entry = NULL;
    int err = lookup_parent(sb, path, &at);

    if (err)
        return err;
    inode_lock_nested(at.dir, I_MUTEX_PARENT);
    err = unlink_entry(at.dir, at.name, &entry);
    inode_unlock(at.dir);
    iput(at.dir);
    if (entry) {
        iput(entry->inode);
        free(entry);
    }
    return err;
}

void namei_drop_tree(struct inode *dir)
{
    struct dir_entry *entry;
    struct dir_entry *next;

    cds_list_for_each_entry_safe (entry, next, &dir->i_entries, list) {
        namei_drop_tree(entry->inode);
        cds_list_del(&entry->list);
        iput(entry->inode);
        free(entry);
    }
}
