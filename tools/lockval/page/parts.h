/* SPDX-License-Identifier: MIT */
#ifndef CLI_PAGE_PARTS_H
#define CLI_PAGE_PARTS_H

/*
 * The small parts that the page is put together from: threads, locks, stacks.
 */

#include "page/graph.h"
#include "page/page.h"
#include "page/text.h"

enum {
    PAGE_COLOURS = 8
};

struct page {
    FILE *out;
    const struct rec_set *set;
    struct sym_session *symbols; /* may be null */
    const struct page_options *options;
    struct graph *graph;
    const char *no_drawings; /* why there are none; null: there are */

    /* Of the finding that is printed: the same lock has the same colour in all its parts. */
    bool by_address; /* its locks are told apart by address, since they are of one class */
    size_t colour_count;
    uintptr_t coloured[PAGE_COLOURS];
};

/* Raw text of the page itself, as printf. */
void page_put(const struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A text that comes from elsewhere. */
void page_say(const struct page *page, const char *text);

/* Begin with a finding: which locks will need a colour. */
void page_begin_colours(struct page *page, const struct rec_finding *finding);
/* From 0 on. */
unsigned page_colour(struct page *page, const struct rec_lock *lock);

/* "worker/123" */
void page_thread(const struct page *page, const struct rec_thread *thread);
/* The same as plain text, memory to free. */
char *page_thread_text(const struct rec_thread *thread);

/* The lock's name as a small box, with what is known of the lock behind it in words when @more. */
void page_lock(struct page *page, const struct rec_lock *lock, bool more);
/* "lock", "rlock", "trylock", ...: how it was taken. */
const char *page_verb(const struct rec_lock *lock);

/* All frames; those behind the first few are folded. @earlier: it is that of an earlier acquisition from the same place. */
void page_stack(struct page *page, const struct rec_stack *stack, bool earlier);

/* "file.c:12", or what else is known of the innermost frame of @stack in one of its own modules; memory to free. */
char *page_site(struct page *page, const struct rec_stack *stack);

/* "static", "init", ... "1 lock", "2 locks" */
const char *page_plural(size_t count);

#endif
