/* SPDX-License-Identifier: MIT */
#ifndef SIM_FS_SHMEM_H
#define SIM_FS_SHMEM_H

/*
 * shmem.h: files that live in the page cache only: tmpfs, of which memfds are unnamed files, and the operations that
 * devtmpfs borrows for its regular files. Offsets and sizes are in pages, and a page's content is one number.
 *
 * Sealing: a process that gives a memfd away can forbid changes of it for good. SEAL_WRITE may only be set when
 * nobody can still write by another way, and a page with an unexplained reference might be such a way (a device may
 * be writing to it). So the sealer waits for the references to go, and gives up with -EBUSY when they do not.
 */

#include <stdbool.h>

#include "fs/super.h"

struct file;
struct page;

/* The kernel's F_SEAL_* values. */
enum shmem_seal {
    SEAL_SEAL = 1u << 0,   /* no further seals */
    SEAL_SHRINK = 1u << 1, /* the file gets no shorter */
    SEAL_GROW = 1u << 2,   /* nor longer */
    SEAL_WRITE = 1u << 3   /* nor is its content changed */
};

struct shmem_config {
    bool pins_drain_all;  /* a sealer that finds pinned pages drains all CPUs; else it only waits */
    unsigned pin_wait_us; /* the sealer waits this << 1, << 2, << 3, << 4 microseconds; the kernel: 5000 */
};

/* Mounts the tmpfs for memfds. shmem_exit(): no file is open any more. */
void shmem_boot(const struct shmem_config *config);
void shmem_exit(void);

/* The mount of all memfds. */
struct super_block *shmem_mount(void);

/* A new unnamed file, open for writing. Like every file it begins with SEAL_SEAL, unless @allow_sealing. */
struct file *shmem_memfd_create(bool allow_sealing);

/*
 * Writes one page. The caller announced the write (file_start_write()). Takes the inode lock.
 * Returns: 0; -EBADF when @file is not open for writing; -EPERM when a seal forbids it; -ENOMEM. May block.
 */
int shmem_write(struct file *file, unsigned long index, unsigned long content);

/* shmem_write() with file_start_write() around it: the system call. */
int vfs_write(struct file *file, unsigned long index, unsigned long content);

/* Reads one page, without the inode lock. Returns: 0, or -ENOENT when there is none. */
int shmem_read(struct file *file, unsigned long index, unsigned long *ret_content);

/* Makes the file @nr_pages long. Returns: 0; -EBADF; -EPERM when a seal forbids it. May block; no lock may be held. */
int shmem_truncate(struct file *file, unsigned long nr_pages);

/* Maps a page for writing, writes to it, unmaps it. Returns: 0; -EBADF; -EPERM when writable mappings are denied;
 * -ENOENT when there is no page. Takes no lock. */
int shmem_mmap_write(struct file *file, unsigned long index, unsigned long content);

/* Maps a page into the process for reading. Returns: the page, or null when there is none. */
struct page *shmem_map(struct file *file, unsigned long index);
void shmem_unmap(struct page *page);

/*
 * fcntl(F_ADD_SEALS). Returns: 0; -EBADF when @file is not open for writing; -EPERM when it takes no more seals; -EBUSY
 * when SEAL_WRITE is wanted and there is a writable mapping, or a page stays pinned. May block.
 */
int shmem_add_seals(struct file *file, unsigned seals);

#endif
