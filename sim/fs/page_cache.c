/* SPDX-License-Identifier: MIT */
/*
 * page_cache.c: owns the trees of the page cache. A node has 16 slots and covers 16^(level+1) indices; the tree grows
 * by a new root above the old one, and never gets lower before it is empty.
 *
 * Writers hold tree_lock. Readers hold only rcu_read_lock, so
 *   - a node is filled before it is linked in (rcu_assign_pointer), and freed a grace period after it was taken out:
 *     taken out under tree_lock, it waits on mapping->retired until somebody without locks can wait for the grace
 *     period;
 *   - a page is not protected at all. page_cache_get() takes a reference unless the count is 0, then looks whether the
 *     slot still has this page: if not, it was freed and perhaps became another file's page in between, and the reader
 *     starts again. Page frames never go away, so looking is always safe.
 *
 * Tags are kept in each node on the way down, so that a search for tagged pages skips what has none. They are set,
 * cleared and searched only under the inode lock of the file, so they do not change under a search.
 */
#include "fs/page_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <urcu/urcu-memb.h>

#include "kernel/check.h"
#include "mm/audit.h"
#include "mm/lru.h"
#include "mm/page.h"
#include "mm/pagevec.h"
#include "mm/swap.h"

enum {
    NODE_SHIFT = 4,
    NODE_SLOTS = 1 << NODE_SHIFT,
    TREE_LEVELS = 6 /* 16^6 > PAGE_CACHE_MAX_INDEX */
};

struct cache_node {
    void *slots[NODE_SLOTS]; /* rcu; written under tree_lock; pages at level 0, else nodes */
    atomic_uint tags;        /* written under tree_lock; a bit for each slot with a tag in or below it */
    unsigned count;          /* tree_lock; slots in use */
    unsigned level;          /* constant once linked */
    struct cache_node *next; /* tree_lock; in mapping->retired, or in a list of spare nodes */
};

/* The nodes from the root down to level 0 for one index. */
struct cache_path {
    struct cache_node *nodes[TREE_LEVELS]; /* by level */
};

static unsigned slot_of(unsigned long index, unsigned level)
{
    return (unsigned)(index >> (level * NODE_SHIFT)) & (NODE_SLOTS - 1);
}

static bool covers(const struct cache_node *node, unsigned long index)
{
    return index >> ((node->level + 1) * NODE_SHIFT) == 0;
}

void page_cache_init(struct address_space *mapping)
{
    spin_lock_init(&mapping->tree_lock);
    mapping->root = NULL;
    mapping->retired = NULL;
    mapping->nr_pages = 0;
    atomic_init(&mapping->i_mmap_writable, 0);
}

void page_cache_destroy(struct address_space *mapping)
{
    page_cache_truncate(mapping, 0);
    page_cache_reap(mapping);
    spin_lock_destroy(&mapping->tree_lock);
}

/* ---- writers ----------------------------------------------------------------------------------------------------- */

/* Walks to the slot of @index. Returns: false when the way ends before. Context: tree_lock held. */
static bool find_path(struct address_space *mapping, unsigned long index, struct cache_path *ret_path)
{
    struct cache_node *node = mapping->root;

    if (!node || !covers(node, index))
        return false;
    for (;;) {
        ret_path->nodes[node->level] = node;
        if (node->level == 0)
            return node->slots[slot_of(index, 0)] != NULL;
        node = node->slots[slot_of(index, node->level)];
        if (!node)
            return false;
    }
}

static struct cache_node *take_spare(struct cache_node **spares, unsigned level)
{
    struct cache_node *node = *spares;

    if (node) {
        *spares = node->next;
        node->next = NULL;
        node->level = level;
    }
    return node;
}

static void link_node(struct cache_node *parent, unsigned slot, struct cache_node *child)
{
    parent->count++;
    rcu_assign_pointer(parent->slots[slot], child);
}

static unsigned level_for(unsigned long index)
{
    unsigned level = 0;

    while (index >> ((level + 1) * NODE_SHIFT) != 0)
        level++;
    return level;
}

/* Builds the missing nodes on the way to @index. Returns: the node of level 0; null when @spares ran out, and what was
 * built until then is of use to the next try. Context: tree_lock held. */
static struct cache_node *build_path(struct address_space *mapping, unsigned long index, struct cache_node **spares)
{
    struct cache_node *node = mapping->root;

    while (!node || !covers(node, index)) {
        struct cache_node *root = take_spare(spares, node ? node->level + 1 : level_for(index));

        if (!root)
            return NULL;
        if (node) {
            if (atomic_load_explicit(&node->tags, memory_order_relaxed) != 0)
                atomic_store_explicit(&root->tags, 1u, memory_order_relaxed);
            link_node(root, 0, node);
        }
        rcu_assign_pointer(mapping->root, root);
        node = root;
    }
    while (node->level > 0) {
        struct cache_node *child = node->slots[slot_of(index, node->level)];

        if (!child) {
            child = take_spare(spares, node->level - 1);
            if (!child)
                return NULL;
            link_node(node, slot_of(index, node->level), child);
        }
        node = child;
    }
    return node;
}

int page_cache_add(struct address_space *mapping, struct page *page, unsigned long index)
{
    struct cache_node *spares = NULL;
    int err = 0;

    SIM_CHECK(index <= PAGE_CACHE_MAX_INDEX, "page index %lu is too large", index);
    get_page(page);
    for (;;) {
        struct cache_node *node;

        spin_lock(&mapping->tree_lock);
        node = build_path(mapping, index, &spares);
        if (node) {
            if (node->slots[slot_of(index, 0)]) {
                err = -EEXIST;
            } else {
                page->mapping = mapping;
                page->index = index;
                mapping->nr_pages++;
                node->count++;
                rcu_assign_pointer(node->slots[slot_of(index, 0)], page);
            }
            spin_unlock(&mapping->tree_lock);
            break;
        }
        spin_unlock(&mapping->tree_lock);
        /* Memory is got without the spinlock, one node a round: rounds are few. */
        spares = sim_alloc(1, sizeof(*spares));
    }
    free(spares);
    if (err)
        put_page(page);
    return err;
}

/* Context: tree_lock held. */
static void tag_path(const struct cache_path *path, const struct cache_node *root, unsigned long index, bool tag)
{
    for (unsigned level = 0; level <= root->level; level++) {
        struct cache_node *node = path->nodes[level];
        unsigned bit = 1u << slot_of(index, level);
        unsigned tags = atomic_load_explicit(&node->tags, memory_order_relaxed);

        tags = tag ? tags | bit : tags & ~bit;
        atomic_store_explicit(&node->tags, tags, memory_order_release);
        if (!tag && tags != 0)
            break;
    }
}

void page_cache_set_tag(struct address_space *mapping, unsigned long index, bool tag)
{
    struct cache_path path;

    spin_lock(&mapping->tree_lock);
    if (find_path(mapping, index, &path))
        tag_path(&path, mapping->root, index, tag);
    spin_unlock(&mapping->tree_lock);
}

/* Takes the page at @index out, and the nodes that become empty. The tree's reference goes to the caller.
 * Context: tree_lock held. */
static struct page *remove_page(struct address_space *mapping, unsigned long index)
{
    struct cache_path path;
    struct page *page;
    unsigned top;

    if (!find_path(mapping, index, &path))
        return NULL;
    top = mapping->root->level;
    page = path.nodes[0]->slots[slot_of(index, 0)];
    tag_path(&path, mapping->root, index, false);
    for (unsigned level = 0; level <= top; level++) {
        struct cache_node *node = path.nodes[level];

        rcu_assign_pointer(node->slots[slot_of(index, level)], NULL);
        if (--node->count > 0)
            break;
        node->next = mapping->retired;
        mapping->retired = node;
        if (level == top)
            rcu_assign_pointer(mapping->root, NULL);
    }
    page->mapping = NULL;
    mapping->nr_pages--;
    return page;
}

void page_cache_truncate(struct address_space *mapping, unsigned long from)
{
    unsigned long index = from;
    struct page *page;

    do {
        struct pagevec pvec;

        pagevec_init(&pvec);
        do {
            urcu_memb_read_lock();
            page = page_cache_next(mapping, &index, false);
            urcu_memb_read_unlock();
            if (!page)
                break;
            spin_lock(&mapping->tree_lock);
            page = remove_page(mapping, index);
            spin_unlock(&mapping->tree_lock);
            index++;
        } while (!page || pagevec_add(&pvec, page) > 0);
        /* Most of these pages wait in this CPU's pagevecs: flushed first, their last reference goes right here. */
        lru_add_drain();
        release_pages(pvec.pages, pagevec_count(&pvec));
    } while (page);
}

void page_cache_reap(struct address_space *mapping)
{
    struct cache_node *node;

    spin_lock(&mapping->tree_lock);
    node = mapping->retired;
    mapping->retired = NULL;
    spin_unlock(&mapping->tree_lock);
    if (!node)
        return;
    urcu_memb_synchronize_rcu();
    while (node) {
        struct cache_node *next = node->next;

        free(node);
        node = next;
    }
}

/* ---- readers ----------------------------------------------------------------------------------------------------- */

static struct page *lookup(struct address_space *mapping, unsigned long index)
{
    struct cache_node *node = rcu_dereference(mapping->root);

    if (!node || !covers(node, index))
        return NULL;
    while (node && node->level > 0)
        node = rcu_dereference(node->slots[slot_of(index, node->level)]);
    return node ? rcu_dereference(node->slots[slot_of(index, 0)]) : NULL;
}

struct page *page_cache_get(struct address_space *mapping, unsigned long index)
{
    struct page *page;

    urcu_memb_read_lock();
    for (;;) {
        page = lookup(mapping, index);
        if (!page)
            break;
        if (!get_page_unless_zero(page))
            continue;
        if (lookup(mapping, index) == page)
            break;
        put_page(page);
    }
    urcu_memb_read_unlock();
    return page;
}

struct page *page_cache_next(struct address_space *mapping, unsigned long *index, bool tagged)
{
    unsigned long at = *index;
    struct cache_node *root = rcu_dereference(mapping->root);

    while (root && covers(root, at)) {
        struct cache_node *node = root;

        /* Down as far as there is something; where there is nothing, on to the next slot of that node. */
        for (;;) {
            unsigned slot = slot_of(at, node->level);
            void *entry = rcu_dereference(node->slots[slot]);

            if (tagged && (atomic_load_explicit(&node->tags, memory_order_acquire) >> slot & 1) == 0)
                entry = NULL;
            if (entry && node->level == 0) {
                *index = at;
                return entry;
            }
            if (!entry) {
                unsigned shift = node->level * NODE_SHIFT;

                at = ((at >> shift) + 1) << shift;
                break;
            }
            node = entry;
        }
    }
    return NULL;
}

bool page_cache_tagged(struct address_space *mapping)
{
    unsigned long index = 0;
    struct page *page;

    urcu_memb_read_lock();
    page = page_cache_next(mapping, &index, true);
    urcu_memb_read_unlock();
    return page != NULL;
}

/* ---- checks ------------------------------------------------------------------------------------------------------ */

void page_cache_audit(struct address_space *mapping, struct page_audit *audit)
{
    unsigned long index = 0;
    unsigned long nr_pages = 0;
    struct page *page;

    while ((page = page_cache_next(mapping, &index, false)) != NULL) {
        SIM_CHECK(page->mapping == mapping && page->index == index, "page %u is in a file where it does not belong",
                  page_to_pfn(page));
        audit_reference(audit, page);
        for (int mapped = page_mapcount(page); mapped > 0; mapped--)
            audit_reference(audit, page);
        nr_pages++;
        index++;
    }
    SIM_CHECK(nr_pages == mapping->nr_pages, "a file has %lu pages in its tree, but counts %lu", nr_pages,
              mapping->nr_pages);
}
