/* SPDX-License-Identifier: MIT */
/*
 * A stack shows, for each frame, the function, where in the source, and the line itself where the source is at hand. Frames of
 * the C library's start are folded away with the rest.
 */

#include "page/parts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "symbol/frames.h"

enum {
    FRAMES_OPEN = 5, /* that are shown without being asked for */
};

void page_put(const struct page *page, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vfprintf(page->out, format, args);
    va_end(args);
}

void page_say(const struct page *page, const char *text)
{
    page_text(page->out, text);
}

const char *page_plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* ---- colours ---- */

static uintptr_t identity_of(const struct page *page, const struct rec_lock *lock)
{
    if (page->by_address)
        return (uintptr_t)lock->address;
    if (lock->class != NULL)
        return (uintptr_t)lock->class;
    return *rec_lock_name(lock) != '\0' ? (uintptr_t)rec_lock_name(lock) : (uintptr_t)lock->address;
}

unsigned page_colour(struct page *page, const struct rec_lock *lock)
{
    uintptr_t identity = identity_of(page, lock);

    for (size_t i = 0; i < page->colour_count; i++)
        if (page->coloured[i] == identity)
            return (unsigned)i;
    if (page->colour_count == PAGE_COLOURS)
        return PAGE_COLOURS; /* grey */
    page->coloured[page->colour_count] = identity;
    return (unsigned)page->colour_count++;
}

void page_begin_colours(struct page *page, const struct rec_finding *finding)
{
    page->colour_count = 0;
    page->by_address = strcmp(finding->kind, "recursive") == 0 && finding->edge_count > 1;
    for (size_t i = 0; i < finding->edge_count; i++)
        (void)page_colour(page, &finding->edges[i].held);
    for (size_t i = 0; i < finding->circle; i++)
        (void)page_colour(page, &finding->stuck[i].wanted);
    if (finding->has_subject)
        (void)page_colour(page, &finding->subject);
}

/* ---- threads and locks ---- */

char *page_thread_text(const struct rec_thread *thread)
{
    if (thread == NULL)
        return cli_strdup("?");
    return cli_printf("%s/%" PRId64, *thread->name != '\0' ? thread->name : "?", thread->tid);
}

void page_thread(const struct page *page, const struct rec_thread *thread)
{
    char *text = page_thread_text(thread);

    page_put(page, "<span class=\"thread\">");
    page_say(page, text);
    page_put(page, "</span>");
    free(text);
}

const char *page_verb(const struct rec_lock *lock)
{
    bool tries = (lock->flags & REC_TRY) != 0;

    if ((lock->flags & REC_SYNC) != 0)
        return "sync";
    if (lock->mode == REC_WRITE)
        return tries ? "trylock" : "lock";
    return tries ? "tryrlock" : "rlock";
}

static void put_more(const struct page *page, const struct rec_lock *lock)
{
    page_put(page, " <span class=\"more\">");
    if (lock->class != NULL && *lock->class->kind != '\0') {
        page_say(page, lock->class->kind);
        page_put(page, " ");
    }
    if (lock->address != 0)
        page_put(page, "at 0x%" PRIx64, lock->address);
    page_put(page, lock->mode == REC_WRITE  ? ""
                   : lock->mode == REC_READ ? ", for reading"
                                            : ", for reading, recursively");
    if ((lock->flags & REC_TRY) != 0)
        page_put(page, ", by a try");
    if ((lock->flags & REC_TIMED) != 0)
        page_put(page, ", with a time limit");
    if (lock->class != NULL && *lock->class->usage != '\0') {
        page_put(page, " <span class=\"usage\" title=\"usage in contexts\">{");
        page_say(page, lock->class->usage);
        page_put(page, "}</span>");
    }
    page_put(page, "</span>");
}

void page_lock(struct page *page, const struct rec_lock *lock, bool more)
{
    const struct graph_node *node = graph_node_of(page->graph, lock);
    const char *name = rec_lock_name(lock);

    page_put(page, "<span class=\"lock c%u\"", page_colour(page, lock));
    if (node != NULL)
        page_put(page, " data-class=\"%zu\"", node->number);
    if (*rec_lock_key(lock) != '\0') {
        page_put(page, " title=\"");
        page_say(page, rec_lock_key(lock));
        page_put(page, "\"");
    }
    page_put(page, ">");
    if (*name != '\0')
        page_say(page, name);
    else
        page_put(page, "0x%" PRIx64, lock->address);
    if (page->by_address && *name != '\0')
        page_put(page, " <small>\u2026%03" PRIx64 "</small>", lock->address & 0xfff);
    page_put(page, "</span>");
    if (more)
        put_more(page, lock);
}

/* ---- stacks ---- */

static void put_place(const struct page *page, const struct rec_module *module, const struct sym_frame *at)
{
    const char *source;

    if (*at->file == '\0')
        return;
    page_put(page, " <span class=\"at\" title=\"");
    page_say(page, at->file);
    page_put(page, "\">");
    page_say(page, sym_short_file(page->symbols, at->file));
    if (at->line != 0)
        page_put(page, ":%d", at->line);
    page_put(page, "</span>");
    source = at->line != 0 ? sym_source(page->symbols, module, at->file, at->line) : NULL;
    if (source != NULL && *source != '\0') {
        page_put(page, "<code class=\"source\">");
        page_say(page, source);
        page_put(page, "</code>");
    }
}

static void put_module(const struct page *page, const struct rec_frame *frame, const struct sym_frame *at)
{
    if (frame->module == NULL || (at != NULL && *at->file != '\0'))
        return;
    page_put(page, " <span class=\"module\" title=\"");
    page_say(page, frame->module->path);
    page_put(page, "\">");
    page_say(page, frame->module->name);
    page_put(page, "+0x%" PRIx64 "</span>", frame->offset);
}

static void put_frame(const struct page *page, const struct rec_frame *frame)
{
    const struct sym_frames *found = page->symbols != NULL ? sym_look_frame(page->symbols, frame) : NULL;

    for (size_t i = 0; found != NULL && i < found->count; i++) {
        const struct sym_frame *at = &found->frames[i];
        bool last = i + 1 == found->count;

        page_put(page, "<li%s><span class=\"function\">", at->library ? " class=\"library\"" : "");
        page_say(page, *at->function != '\0' ? at->function : *frame->name != '\0' && last ? frame->name : "?");
        page_put(page, "</span>%s", at->inlined ? " <span class=\"inlined\">inlined</span>" : "");
        put_place(page, frame->module, at);
        if (last)
            put_module(page, frame, at);
        page_put(page, "</li>\n");
    }
    if (found != NULL && found->count != 0)
        return;
    page_put(page, "<li><span class=\"function\">");
    if (*frame->name != '\0')
        page_say(page, frame->name);
    else
        page_put(page, "0x%" PRIx64, frame->offset);
    page_put(page, "</span>");
    put_module(page, frame, NULL);
    page_put(page, "</li>\n");
}

void page_stack(struct page *page, const struct rec_stack *stack, bool earlier)
{
    size_t open;

    if (stack == NULL || !stack->known || stack->count == 0) {
        page_put(page, "<p class=\"none\">no stack was kept</p>\n");
        return;
    }
    if (earlier)
        page_put(
            page,
            "<p class=\"earlier\">first acquisition from this site: the callers are those of an earlier one</p>\n");
    open = stack->count <= FRAMES_OPEN + 1 ? stack->count : FRAMES_OPEN;
    page_put(page, "<ol class=\"stack\">\n");
    for (size_t i = 0; i < open; i++)
        put_frame(page, &stack->frames[i]);
    page_put(page, "</ol>\n");
    if (open == stack->count)
        return;
    page_put(page, "<details class=\"rest\"><summary>%zu more frames</summary><ol class=\"stack\">\n",
             stack->count - open);
    for (size_t i = open; i < stack->count; i++)
        put_frame(page, &stack->frames[i]);
    page_put(page, "</ol></details>\n");
}

char *page_site(struct page *page, const struct rec_stack *stack)
{
    struct sym_stack top = sym_top_of(page->symbols, stack);
    const struct sym_line *line = top.count != 0 ? &top.lines[0] : NULL;
    char *site;

    if (line == NULL) {
        site = cli_strdup("");
    } else if (*line->file == '\0') {
        site = cli_strdup(line->frame->name);
    } else {
        const char *slash = strrchr(line->file, '/');

        site = cli_printf("%s:%d", slash != NULL ? slash + 1 : line->file, line->line);
    }
    sym_stack_free(&top);
    return site;
}
