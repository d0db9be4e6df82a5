/* SPDX-License-Identifier: MIT */
/*
 * Every number that comes from the other process is taken for what it is: a number. Lists are walked no further than a bound
 * that does not come from there, arrays of chunks are reached through a copy whose size was checked.
 *
 * While the process runs, a thread's held stack changes under the reading. It is read between two looks at its depth, a few
 * times; what still changes then is shown as it was last seen.
 */

#define _GNU_SOURCE
#include "threads/books.h"

#include <elf.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum {
    HEADERS = 64,         /* program headers of a module */
    NOTES = 64 * 1024,    /* bytes of notes of a module */
    THREADS_MAX = 100000, /* states that are walked */
    HELD_MAX = 4096,      /* held locks of a thread: the youngest */
    LOOKS = 3,
    HELD_IN_ALL = 1000000,
    MODULES_MAX = 2000,
    FRAMES_MAX = 256
};

/* ---- the anchor ---- */

/* Where the note in @notes, which lies at @address there, says that the anchor is; 0: there is none. */
static uintptr_t find_note(const unsigned char *notes, size_t size, uintptr_t address)
{
    size_t at = 0;

    while (size - at >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) note;
        size_t name, text, next;
        int32_t distance;

        memcpy(&note, notes + at, sizeof(note));
        name = at + sizeof(note);
        if (note.n_namesz > size - name)
            return 0;
        text = name + ((note.n_namesz + 3) & ~(size_t)3);
        if (text > size || note.n_descsz > size - text)
            return 0;
        if (note.n_type == LV_ANCHOR_NOTE_TYPE && note.n_namesz == sizeof(LV_ANCHOR_NOTE) &&
            memcmp(notes + name, LV_ANCHOR_NOTE, sizeof(LV_ANCHOR_NOTE)) == 0 && note.n_descsz == sizeof(distance)) {
            memcpy(&distance, notes + text, sizeof(distance));
            return address + text + (uintptr_t)(intptr_t)distance;
        }
        next = text + ((note.n_descsz + 3) & ~(size_t)3);
        if (next > size)
            return 0;
        at = next;
    }
    return 0;
}

/* The same of all notes of the module whose first mapping begins at @start. */
static uintptr_t find_in_module(const struct cli_victim *victim, uintptr_t start)
{
    ElfW(Phdr) headers[HEADERS];
    ElfW(Ehdr) header;
    unsigned char *notes;
    uintptr_t bias = start, found = 0;
    bool loads = false;

    if (!cli_victim_read(victim, start, &header, sizeof(header)) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) || header.e_phnum > HEADERS ||
        header.e_phentsize != sizeof(headers[0]) ||
        !cli_victim_read(victim, start + header.e_phoff, headers, header.e_phnum * sizeof(headers[0])))
        return 0;
    for (unsigned i = 0; i < header.e_phnum; i++) {
        if (headers[i].p_type == PT_LOAD && !loads) {
            bias = start - (headers[i].p_vaddr - headers[i].p_offset);
            loads = true;
        }
    }
    for (unsigned i = 0; i < header.e_phnum && found == 0; i++) {
        if (headers[i].p_type != PT_NOTE || headers[i].p_memsz > NOTES)
            continue;
        notes = cli_alloc(headers[i].p_memsz, 1);
        if (cli_victim_read(victim, bias + headers[i].p_vaddr, notes, headers[i].p_memsz))
            found = find_note(notes, headers[i].p_memsz, bias + headers[i].p_vaddr);
        free(notes);
    }
    return found;
}

static enum cli_books check_anchor(struct cli_books_of *books, const struct lv_anchor *anchor)
{
    static const uint64_t expected[] = LV_ANCHOR_LAYOUT;

    memcpy(books->version, anchor->version, sizeof(books->version) - 1);
    for (char *c = books->version; *c != '\0'; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    if (strcmp(books->version, LOCKVAL_VERSION_TEXT) != 0 || anchor->layout_count != LV_ARRAY_SIZE(expected) ||
        memcmp(anchor->layout, expected, sizeof(expected)) != 0)
        return CLI_BOOKS_OTHER;
    return CLI_BOOKS_GOOD;
}

static enum cli_books read_context(struct cli_books_of *books)
{
    if (!cli_victim_read(books->victim, books->at, books->context, sizeof(*books->context)))
        return CLI_BOOKS_BROKEN;
    books->state = books->context->state;
    if (books->state == LV_STATE_OFF)
        return CLI_BOOKS_OFF;
    return books->state > LV_STATE_OFF ? CLI_BOOKS_BROKEN : CLI_BOOKS_GOOD;
}

enum cli_books cli_books_open(struct cli_books_of *books, const struct cli_victim *victim)
{
    struct lv_anchor anchor;
    enum cli_books result;

    *books = (struct cli_books_of){ .victim = victim };
    for (size_t i = 0; i < victim->map_count; i++) {
        const struct cli_map *map = &victim->maps[i];
        uintptr_t at;

        if (map->offset != 0 || !map->readable || map->path[0] == '\0')
            continue;
        at = find_in_module(victim, map->start);
        if (at == 0 || !cli_victim_read(victim, at, &anchor, sizeof(anchor)) || anchor.magic != LV_ANCHOR_MAGIC)
            continue;
        result = check_anchor(books, &anchor);
        if (result != CLI_BOOKS_GOOD)
            return result;
        books->at = (uintptr_t)anchor.context;
        books->context = cli_alloc(1, sizeof(*books->context));
        return read_context(books);
    }
    return CLI_BOOKS_NONE;
}

void cli_books_close(struct cli_books_of *books)
{
    for (size_t i = 0; i < books->thread_count; i++)
        free(books->threads[i].held);
    free(books->threads);
    free(books->context);
    *books = (struct cli_books_of){ 0 };
}

/* ---- single things ---- */

/* A bool of the other process may be any byte. */
static bool is_set(const bool *field)
{
    unsigned char byte;

    memcpy(&byte, field, sizeof(byte));
    return byte != 0;
}

/* Copy the element @index, of @size bytes, of the vector @vec, itself a copy. Number 0 is never one. */
static bool read_element(const struct cli_books_of *books, const struct lv_vec *vec, uint32_t index, void *ret,
                         size_t size)
{
    uint32_t shifted = index + (1u << LV_VEC_FIRST_BITS), bits;
    uintptr_t chunk;

    if (index == 0 || index >= vec->count || shifted < index || vec->elem_size != size)
        return false;
    bits = 31u - (uint32_t)__builtin_clz(shifted);
    if (bits - LV_VEC_FIRST_BITS >= LV_VEC_CHUNKS)
        return false;
    chunk = (uintptr_t)vec->chunk[bits - LV_VEC_FIRST_BITS];
    return chunk != 0 && cli_victim_read(books->victim, chunk + (uintptr_t)(shifted - (1u << bits)) * size, ret, size);
}

bool cli_books_class(const struct cli_books_of *books, uint32_t number, struct lv_class *ret)
{
    return read_element(books, &books->context->classes.all, number, ret, sizeof(*ret)) && ret->id.v == number &&
           (unsigned)ret->key.origin <= LV_CLASS_JOIN && (unsigned)ret->key.kind < LV_KIND__COUNT;
}

bool cli_books_module(const struct cli_books_of *books, const struct lv_module *there, struct lv_module *ret)
{
    return there != NULL && cli_victim_read(books->victim, (uintptr_t)there, ret, sizeof(*ret));
}

/* Does a loaded module of that number lie at @address? */
static bool is_loaded(const struct cli_books_of *books, uintptr_t address, uint32_t born)
{
    const struct lv_module *there = books->context->modules.head;
    struct lv_module module;

    for (unsigned i = 0; i < MODULES_MAX && cli_books_module(books, there, &module); i++, there = module.next)
        if (address >= module.start && address < module.end)
            return module.born == born;
    return false;
}

size_t cli_books_stack(const struct cli_books_of *books, lv_stack_id id, uintptr_t *frames, size_t max)
{
    uint32_t born[FRAMES_MAX] = { 0 };
    struct lv_stack head;
    uintptr_t at;
    size_t count;

    if (!read_element(books, &books->context->stacks.all, id.v, &at, sizeof(at)) ||
        !cli_victim_read(books->victim, at, &head, sizeof(head)))
        return 0;
    count = head.count < FRAMES_MAX ? head.count : FRAMES_MAX;
    at += offsetof(struct lv_stack, frames);
    if (is_set(&head.has_born) &&
        !cli_victim_read(books->victim, at + (uintptr_t)head.count * sizeof(*frames), born, count * sizeof(born[0])))
        return 0;
    count = count < max ? count : max;
    if (!cli_victim_read(books->victim, at, frames, count * sizeof(*frames)))
        return 0;
    for (size_t i = 0; i < count; i++)
        if (is_set(&head.has_born) && !is_loaded(books, frames[i] - 1, born[i]))
            frames[i] = 0;
    return count;
}

/* ---- threads ---- */

/* Can anything be made of @record? */
static bool is_sound(const struct cli_books_of *books, const struct lv_held_record *record)
{
    return record->address != 0 && record->class.v < books->context->classes.all.count &&
           record->kind < LV_KIND__COUNT && record->mode < LV_MODE__COUNT;
}

static void read_held(const struct cli_books_of *books, const struct lv_thread *t, struct cli_book_thread *ret)
{
    uint32_t depth = t->depth, skipped = depth > HELD_MAX ? depth - HELD_MAX : 0, count = depth - skipped;
    struct lv_held *held = cli_alloc(count + 1, sizeof(*held));
    size_t got = cli_victim_read_some(books->victim, (uintptr_t)t->held + (uintptr_t)skipped * sizeof(*held), held,
                                      (count + (depth < t->capacity)) * sizeof(*held)) /
                 sizeof(*held);

    free(ret->held);
    ret->held = cli_alloc(count, sizeof(*ret->held));
    ret->held_count = 0;
    ret->left_out = skipped;
    for (size_t i = 0; i < count && i < got; i++) {
        struct lv_held_record record = lv_held_record_of(&held[i]);

        if (is_sound(books, &record) && record.class.v != 0)
            ret->held[ret->held_count++] =
                (struct cli_book_held){ record, held[i].again, held[i].nested == LV_NESTED_MERGED };
    }
    ret->taking = (struct lv_held_record){ 0 };
    if (got > count) {
        struct lv_held_record record = lv_held_record_of(&held[count]);

        if (is_sound(books, &record) && record.class.v != 0)
            ret->taking = record;
    }
    free(held);
}

/* Milliseconds since the count @ticks, which the process took; -1: not known. */
static int64_t waited_ms(const struct cli_books_of *books, uint64_t ticks)
{
    struct lv_clock now = lv_clock_now(), start = books->context->clock;

    /* It is the same counter, but the numbers may be anything. */
    if (ticks == 0 || ticks > now.ticks || start.ticks >= now.ticks || start.ms < 0 || start.ms > now.ms)
        return -1;
    return lv_clock_since(&start, &now, ticks);
}

/* Whose end is waited for. Its life may be another thread's by now. */
static void read_joined(const struct cli_books_of *books, const struct lv_blocked *blocked, struct cli_book_thread *ret)
{
    struct lv_life life;
    struct lv_thread joined;

    if (blocked->life == NULL || !cli_victim_read(books->victim, (uintptr_t)blocked->life, &life, sizeof(life)) ||
        life.uid != blocked->life_uid)
        return;
    ret->joined_life = (uintptr_t)blocked->life;
    if (life.t != NULL && cli_victim_read(books->victim, (uintptr_t)life.t, &joined, sizeof(joined)))
        ret->joined_tid = joined.tid;
    else
        ret->joined_tid = life.about.tid;
}

static void read_wait(const struct cli_books_of *books, const struct lv_blocked *blocked, struct cli_book_thread *ret)
{
    if (blocked->wait == LV_WAITS_NOT || blocked->wait > LV_WAITS_EVENT)
        return;
    ret->wait = blocked->wait;
    ret->number = blocked->number;
    ret->timed = is_set(&blocked->timed);
    ret->shared = is_set(&blocked->shared);
    ret->waited_ms = waited_ms(books, blocked->since);
    ret->wanted = blocked->wanted;
    if (!is_sound(books, &ret->wanted)) /* it waits for something: at least say where that is */
        ret->wanted = (struct lv_held_record){ .address = blocked->wanted.address };
    if (blocked->wait == LV_WAITS_COND && is_sound(books, &blocked->with))
        ret->with = blocked->with;
    if (blocked->wait == LV_WAITS_JOIN)
        read_joined(books, blocked, ret);
}

/* The first annotated lock that the thread said it is about to have; it may be waiting for it by whatever means. */
static void read_pending(const struct cli_books_of *books, const struct lv_thread *t, struct cli_book_thread *ret)
{
    for (size_t i = 0; i < LV_PENDING && ret->taking.address == 0; i++) {
        const struct lv_acquisition *a = &t->pending[i];
        struct lv_held_record record = { .address = a->address,
                                         .uid = a->uid,
                                         .class = a->class,
                                         .stack = a->stack,
                                         .mode = a->mode,
                                         .flags = a->flags,
                                         .kind = a->kind & 15u };

        if (is_sound(books, &record) && record.class.v != 0)
            ret->taking = record;
    }
}

/* False: no thread has this state. */
static bool read_thread(const struct cli_books_of *books, uintptr_t at, struct lv_thread *t,
                        struct cli_book_thread *ret)
{
    struct lv_thread_info info;

    *ret = (struct cli_book_thread){ .address = at, .waited_ms = -1 };
    for (int look = 0; look < LOOKS; look++) {
        uint32_t before = t->depth;
        uintptr_t held = (uintptr_t)t->held;

        if (!is_set(&t->used) || t->tid <= 0)
            break;
        read_held(books, t, ret);
        if (!cli_victim_read(books->victim, at, t, sizeof(*t)))
            break;
        if (t->depth == before && (uintptr_t)t->held == held)
            break;
    }
    if (!is_set(&t->used) || t->tid <= 0) {
        free(ret->held);
        return false;
    }
    ret->tid = t->tid;
    ret->inside = t->guard > t->off;
    ret->off = t->off != 0;
    if (read_element(books, &books->context->thread_infos, t->info.v, &info, sizeof(info))) {
        memcpy(ret->name, info.name, sizeof(ret->name) - 1);
        for (char *c = ret->name; *c != '\0'; c++)
            if ((unsigned char)*c < ' ' || *c == 0x7f)
                *c = '?';
        ret->start = info.start;
    }
    read_pending(books, t, ret);
    read_wait(books, &t->blocked_on, ret);
    return true;
}

enum cli_books cli_books_read(struct cli_books_of *books)
{
    const struct cli_victim *victim = books->victim;
    struct lv_thread *t = cli_alloc(1, sizeof(*t));
    struct cli_book_thread thread;
    enum cli_books result = read_context(books);
    size_t room = 0, held = 0;
    uintptr_t at, mark = 0; /* one of the states before: a list that comes to it again is a circle */

    for (size_t i = 0; i < books->thread_count; i++)
        free(books->threads[i].held);
    books->thread_count = 0;
    at = result == CLI_BOOKS_GOOD ? (uintptr_t)books->context->threads : 0;
    for (unsigned i = 0; i < THREADS_MAX && held < HELD_IN_ALL && at != 0 && at != mark; i++, at = (uintptr_t)t->next) {
        if ((i & (i - 1)) == 0)
            mark = at;
        if (!cli_victim_read(victim, at, t, sizeof(*t)))
            break;
        if (!read_thread(books, at, t, &thread))
            continue;
        held += thread.held_count;
        if (books->thread_count == room) {
            room = room != 0 ? 2 * room : 16;
            books->threads = cli_realloc(books->threads, room, sizeof(thread));
        }
        books->threads[books->thread_count++] = thread;
    }
    free(t);
    return at == 0 ? result : CLI_BOOKS_BROKEN;
}

const struct cli_book_thread *cli_books_find(const struct cli_books_of *books, int tid)
{
    for (size_t i = 0; books != NULL && i < books->thread_count; i++)
        if (books->threads[i].tid == tid)
            return &books->threads[i];
    return NULL;
}
