/* SPDX-License-Identifier: MIT */
#ifndef SIM_FS_NAMEI_H
#define SIM_FS_NAMEI_H

/*
 * namei.h: paths: directories and what is done to their entries. A path is relative to the root of its mount, without a
 * slash at either end: "cpu/0/msr".
 */

struct inode;
struct super_block;

enum {
    NAME_LENGTH = 31 /* of one component; longer ones are refused with -ENAMETOOLONG */
};

/* The place of a directory entry: its directory, locked, and its name. */
struct path_entry {
    struct inode *dir;
    char name[NAME_LENGTH + 1];
};

/* Returns: 0 and the inode with a reference, or -ENOENT, -ENOTDIR, -ENAMETOOLONG. May block. */
int path_lookup(struct super_block *sb, const char *path, struct inode **ret_inode);

/*
 * The beginning of creating something: announces a write to @sb, then locks the parent directory (level
 * I_MUTEX_PARENT). done_path_create() ends both. Returns: 0; -EEXIST when there is such an entry, or as
 * path_lookup(); then nothing is held.
 */
int kern_path_create(struct super_block *sb, const char *path, struct path_entry *ret_entry);
void done_path_create(struct path_entry *entry);

/* Makes the inode and its entry. @mode is S_IFDIR, S_IFREG or S_IFCHR and permissions. Returns: the inode with a
 * reference. Context: between kern_path_create() and done_path_create(). */
struct inode *vfs_create(struct path_entry *entry, unsigned mode);

/* Removes the file or the empty directory at @path. As the kernel's devtmpfs does it, without announcing a write.
 * Returns: 0, -ENOTEMPTY, or as path_lookup(). May block. */
int kern_path_remove(struct super_block *sb, const char *path);

/* Drops all entries below @dir, for the end of a mount. Nobody may use the file system any more. */
void namei_drop_tree(struct inode *dir);

#endif
