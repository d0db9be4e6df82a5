/* SPDX-License-Identifier: MIT */
/*
 * shmem.c: owns the tmpfs of the memfds, and what is done to files that live in the page cache. The inode lock
 * (i_rwsem) of a file protects its size and seals, and is held for each change of the content; readers and mappings
 * do without.
 *
 * shmem_wait_for_pins() is where the reported deadlock begins: it runs under the inode lock, and the drain of all
 * CPUs that it asks for took the hotplug lock. It cannot just be left out: a page that was only just written still
 * has a reference in a pagevec of the CPU it was written on, and nothing but a drain makes that go.
 */
#include "fs/shmem.h"

#include <errno.h>
#include <sys/stat.h>
#include <time.h>
#include <urcu/urcu-memb.h>

#include "fs/inode.h"
#include "fs/page_cache.h"
#include "mm/lru.h"
#include "mm/page.h"
#include "mm/page_alloc.h"
#include "mm/swap.h"

enum {
    LAST_SCAN = 4, /* the sealer looks at pinned pages so many times more */
    RCU_BATCH = 64 /* pages that are looked at in one read side section */
};

static struct file_system_type shmem_fs_type = { .name = "tmpfs" };

static struct {
    struct super_block *mount;  /* constant after boot */
    struct shmem_config config; /* constant after boot */
} shmem;

void shmem_boot(const struct shmem_config *config)
{
    shmem.config = *config;
    shmem.mount = mount_fs(&shmem_fs_type);
}

void shmem_exit(void)
{
    umount_fs(shmem.mount);
    shmem.mount = NULL;
}

struct super_block *shmem_mount(void)
{
    return shmem.mount;
}

struct file *shmem_memfd_create(bool allow_sealing)
{
    struct inode *inode = new_inode(shmem.mount, S_IFREG | 0777);
    struct file *file;

    if (allow_sealing)
        inode->i_seals = 0;
    file = file_open(inode, true);
    iput(inode);
    return file;
}

/* ---- writable mappings ------------------------------------------------------------------------------------------- */

/* A writable mapping of the file begins, or ends. Returns: 0, or -EPERM while they are denied. */
static int mapping_map_writable(struct address_space *mapping)
{
    int count = atomic_load(&mapping->i_mmap_writable);

    do {
        if (count < 0)
            return -EPERM;
    } while (!atomic_compare_exchange_weak(&mapping->i_mmap_writable, &count, count + 1));
    return 0;
}

static void mapping_unmap_writable(struct address_space *mapping)
{
    atomic_fetch_sub(&mapping->i_mmap_writable, 1);
}

/* Denies writable mappings, and allows them again. Returns: 0, or -EBUSY while there are some. */
static int mapping_deny_writable(struct address_space *mapping)
{
    int count = atomic_load(&mapping->i_mmap_writable);

    do {
        if (count > 0)
            return -EBUSY;
    } while (!atomic_compare_exchange_weak(&mapping->i_mmap_writable, &count, count - 1));
    return 0;
}

static void mapping_allow_writable(struct address_space *mapping)
{
    atomic_fetch_add(&mapping->i_mmap_writable, 1);
}

/* ---- content ----------------------------------------------------------------------------------------------------- */

/* Context: the inode lock held. */
static int write_page(struct inode *inode, unsigned long index, unsigned long content)
{
    struct page *page = page_cache_get(&inode->i_data, index);

    if (!page) {
        page = alloc_page(GFP_KERNEL);
        if (!page)
            return -ENOMEM;
        page_set(page, PG_SWAPBACKED);
        atomic_store(&page->content, content);
        /* With the inode locked nobody else adds a page here. */
        (void)page_cache_add(&inode->i_data, page, index);
        lru_cache_add(page);
    } else {
        atomic_store(&page->content, content);
    }
    page_set(page, PG_DIRTY);
    mark_page_accessed(page);
    put_page(page);
    return 0;
}

int shmem_write(struct file *file, unsigned long index, unsigned long content)
{
    struct inode *inode = file->inode;
    int err = 0;

    if (!file->writable)
        return -EBADF;
    inode_lock(inode);
    if ((inode->i_seals & SEAL_WRITE) || (index >= inode->i_pages && (inode->i_seals & SEAL_GROW)))
        err = -EPERM;
    else
        err = write_page(inode, index, content);
    if (!err && index >= inode->i_pages)
        inode->i_pages = index + 1;
    inode_unlock(inode);
    return err;
}

int vfs_write(struct file *file, unsigned long index, unsigned long content)
{
    int err;

    file_start_write(file);
    err = shmem_write(file, index, content);
    file_end_write(file);
    return err;
}

int shmem_read(struct file *file, unsigned long index, unsigned long *ret_content)
{
    struct page *page = page_cache_get(&file->inode->i_data, index);

    if (!page)
        return -ENOENT;
    *ret_content = atomic_load(&page->content);
    mark_page_accessed(page);
    put_page(page);
    return 0;
}

int shmem_truncate(struct file *file, unsigned long nr_pages)
{
    struct inode *inode = file->inode;
    int err = 0;

    if (!file->writable)
        return -EBADF;
    sb_start_write(inode->i_sb);
    inode_lock(inode);
    if ((nr_pages < inode->i_pages && (inode->i_seals & SEAL_SHRINK)) ||
        (nr_pages > inode->i_pages && (inode->i_seals & SEAL_GROW))) {
        err = -EPERM;
    } else {
        inode->i_pages = nr_pages;
        page_cache_truncate(&inode->i_data, nr_pages);
    }
    inode_unlock(inode);
    sb_end_write(inode->i_sb);
    page_cache_reap(&inode->i_data);
    return err;
}

struct page *shmem_map(struct file *file, unsigned long index)
{
    struct page *page = page_cache_get(&file->inode->i_data, index);

    if (page)
        page_add_mapping(page);
    return page;
}

void shmem_unmap(struct page *page)
{
    page_remove_mapping(page);
    put_page(page);
}

int shmem_mmap_write(struct file *file, unsigned long index, unsigned long content)
{
    struct address_space *mapping = &file->inode->i_data;
    struct page *page;
    int err;

    if (!file->writable)
        return -EBADF;
    err = mapping_map_writable(mapping);
    if (err)
        return err;
    page = shmem_map(file, index);
    if (page) {
        atomic_store(&page->content, content);
        page_set(page, PG_DIRTY);
        shmem_unmap(page);
    } else {
        err = -ENOENT;
    }
    mapping_unmap_writable(mapping);
    return err;
}

/* ---- seals ------------------------------------------------------------------------------------------------------- */

/* Is there a reference besides that of the page cache and those of the mappings? */
static bool page_is_pinned(struct page *page)
{
    return page_count(page) - page_mapcount(page) != 1;
}

typedef void (*visit_fn)(struct address_space *mapping, struct page *page, unsigned long index, void *arg);

/*
 * Looks at each page of @mapping, or each tagged one, and calls @visit for it. The page is not ours: @visit may only
 * look at its counts. Every so often the read side section ends, so that a grace period need not wait for a long
 * file.
 */
static void for_each_page(struct address_space *mapping, bool tagged, visit_fn visit, void *arg)
{
    unsigned long index = 0;
    bool more = true;

    while (more) {
        urcu_memb_read_lock();
        for (unsigned i = 0; i < RCU_BATCH && more; i++) {
            struct page *page = page_cache_next(mapping, &index, tagged);

            if (page)
                visit(mapping, page, index++, arg);
            else
                more = false;
        }
        urcu_memb_read_unlock();
    }
}

static void tag_if_pinned(struct address_space *mapping, struct page *page, unsigned long index, void *arg)
{
    (void)arg;
    if (page_is_pinned(page))
        page_cache_set_tag(mapping, index, true);
}

static void shmem_tag_pins(struct address_space *mapping)
{
    lru_add_drain();
    for_each_page(mapping, false, tag_if_pinned, NULL);
}

struct pin_scan {
    bool last; /* the tags go, whatever is found */
    int err;
};

static void untag_unless_pinned(struct address_space *mapping, struct page *page, unsigned long index, void *arg)
{
    struct pin_scan *scan = arg;

    if (page_is_pinned(page)) {
        if (!scan->last)
            return;
        scan->err = -EBUSY;
    }
    page_cache_set_tag(mapping, index, false);
}

static void wait_for_scan(unsigned scan)
{
    unsigned long us = (unsigned long)shmem.config.pin_wait_us << scan;
    struct timespec time = { .tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000 * 1000) };

    nanosleep(&time, NULL);
}

/* Returns: 0 when no page of @mapping is pinned, -EBUSY when one stays so. Context: the inode lock held. */
static int shmem_wait_for_pins(struct address_space *mapping)
{
    struct pin_scan pins = { .last = false, .err = 0 };

    shmem_tag_pins(mapping);
    for (unsigned scan = 0; scan <= LAST_SCAN && page_cache_tagged(mapping); scan++) {
        if (scan > 0)
            wait_for_scan(scan);
        else if (shmem.config.pins_drain_all)
            lru_add_drain_all();
        pins.last = scan == LAST_SCAN;
        for_each_page(mapping, true, untag_unless_pinned, &pins);
    }
    return pins.err;
}

int shmem_add_seals(struct file *file, unsigned seals)
{
    struct inode *inode = file->inode;
    int err = 0;

    if (!file->writable)
        return -EBADF;
    inode_lock(inode);
    if (inode->i_seals & SEAL_SEAL) {
        err = -EPERM;
    } else if ((seals & SEAL_WRITE) && !(inode->i_seals & SEAL_WRITE)) {
        err = mapping_deny_writable(&inode->i_data);
        if (!err) {
            err = shmem_wait_for_pins(&inode->i_data);
            if (err)
                mapping_allow_writable(&inode->i_data);
        }
    }
    if (!err)
        inode->i_seals |= seals;
    inode_unlock(inode);
    return err;
}
