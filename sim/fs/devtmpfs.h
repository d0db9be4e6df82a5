/* SPDX-License-Identifier: MIT */
#ifndef SIM_FS_DEVTMPFS_H
#define SIM_FS_DEVTMPFS_H

/*
 * devtmpfs.h: the file system of device nodes, which the kernel itself keeps up to date. Nodes are made and removed
 * by one thread, "kdevtmpfs", on request; the task that asks waits until it is done. Whatever that task holds while it
 * waits therefore comes before all locks that the thread takes: a dependency that no list of held locks shows.
 */

#include <stdbool.h>

struct super_block;

/* Mounts devtmpfs and starts its thread. @wait_first: the thread takes up a request only when somebody waits for
 * it, so that each run of a scenario shows the same dependencies. */
void devtmpfs_boot(bool wait_first);
void devtmpfs_exit(void);

struct super_block *devtmpfs_mount(void);

/* Makes the node at @path, and the directories on the way. Returns: 0 or -EEXIST. May block. */
int devtmpfs_create_node(const char *path);

/* Removes it, and the directories that become empty. Returns: 0 or -ENOENT. May block. */
int devtmpfs_delete_node(const char *path);

/*
 * For a scenario that wants all to meet: kdevtmpfs stops before it serves the next request, with nothing held, until it may go
 * on. It yields meanwhile, and looks at a plain atomic.
 */
void devtmpfs_stop_before_next(void);
bool devtmpfs_is_stopped(void);
void devtmpfs_go_on(void);

#endif
