/* SPDX-License-Identifier: MIT */
#ifndef SIM_FS_PAGE_CACHE_H
#define SIM_FS_PAGE_CACHE_H

/*
 * page_cache.h: which pages of a file are in memory: a tree from page index to page, which readers walk under
 * rcu_read_lock and writers change under tree_lock. The tree holds one reference to each of its pages.
 *
 * A page that a reader found may leave the tree and even be freed at once; the reader must either only look at its
 * counts or take a reference by page_cache_get().
 *
 * Slots can carry one tag, which says that a sealer has found the page pinned.
 */

#include <stdatomic.h>
#include <stdbool.h>

#include "kernel/spinlock.h"

struct cache_node;
struct page;
struct page_audit;

/* The highest index that the tree takes. */
#define PAGE_CACHE_MAX_INDEX ((1ul << 24) - 1)

struct address_space {
    spinlock_t tree_lock;
    struct cache_node *root;    /* rcu; written under tree_lock */
    struct cache_node *retired; /* tree_lock; nodes taken out of the tree, to be freed after a grace period */
    unsigned long nr_pages;     /* tree_lock */
    atomic_int i_mmap_writable; /* atomic; writable mappings, or -1 while new ones are denied */
};

void page_cache_init(struct address_space *mapping);

/* Empties the tree and frees what it is made of. Nobody may use the mapping any more. May block. */
void page_cache_destroy(struct address_space *mapping);

/* Puts @page at @index with a reference of its own. Returns: 0; -EEXIST when there is a page. Context: no spinlock
 * held. */
int page_cache_add(struct address_space *mapping, struct page *page, unsigned long index);

/* Returns: the page at @index with a reference for the caller, or null. Context: any thread registered with liburcu. */
struct page *page_cache_get(struct address_space *mapping, unsigned long index);

/* Takes all pages from @from on out of the tree and drops its references. Context: no spinlock held. */
void page_cache_truncate(struct address_space *mapping, unsigned long from);

/* Frees the nodes that left the tree before the call. Waits for a grace period: no lock may be held. */
void page_cache_reap(struct address_space *mapping);

/*
 * Returns: the page at the lowest index >= *@index, or the lowest one that is tagged, and its index in *@index; null
 * when there is none. No reference is taken. Context: under rcu_read_lock.
 */
struct page *page_cache_next(struct address_space *mapping, unsigned long *index, bool tagged);

/* Sets or clears the tag of the page at @index, if there is a page. Context: no spinlock held. */
void page_cache_set_tag(struct address_space *mapping, unsigned long index, bool tag);

/* Is any page tagged? */
bool page_cache_tagged(struct address_space *mapping);

/* Enters the references of the tree into @audit. Context: the machine is at rest. */
void page_cache_audit(struct address_space *mapping, struct page_audit *audit);

#endif
