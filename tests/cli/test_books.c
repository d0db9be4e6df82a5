/* SPDX-License-Identifier: MIT */
/*
 * The library's books, read from a memory that is nonsense (tools/lockval/threads/books.h).
 *
 * The memory is that of a real program that hangs under the library, copied to a file at its own addresses: what the
 * command reads from a process it reads from a file in the same way. Then bytes of it are changed at random, all over or
 * in the structs that the reading begins with. The reading must end, soon, and hand out nothing but what is in range; what can
 * be said of it must be printed.
 *
 *     test_books PROGRAM CASE LIBRARY [ROUNDS [SEED]]
 */

#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../unit/random.h"
#include "common/child.h"
#include "common/memory.h"
#include "threads/listing.h"

enum {
    COPY_MAX = 64 * 1024 * 1024, /* of a mapping */
    CHANGES = 8,                 /* bytes a round, at most */
    CLASSES = 64,                /* names that are asked for a round */
    SECONDS = 240
};

/* A byte that was changed, and what it was. */
struct change {
    uintptr_t at;
    unsigned char old;
};

static bool writable(const struct cli_map *map)
{
    return map->readable && map->end - map->start <= COPY_MAX && strstr(map->path, "[v") == NULL;
}

/* Do all threads sleep, in a call that nothing ends? Then the memory stays as it is while it is copied. */
static bool is_hung(struct cli_victim *victim)
{
    size_t asleep = 0;

    (void)cli_victim_read_tasks(victim);
    for (size_t i = 0; i < victim->task_count; i++)
        asleep +=
            victim->tasks[i].in_call && (victim->tasks[i].call == SYS_futex || victim->tasks[i].call == SYS_pause);
    return asleep > 1 && asleep == victim->task_count;
}

/* The memory of @victim from now on is a copy in a file, which nobody changes but this test. */
static void freeze(struct cli_victim *victim)
{
    int file = memfd_create("memory", MFD_CLOEXEC);
    size_t total = 0;

    for (size_t i = 0; i < victim->map_count; i++) {
        const struct cli_map *map = &victim->maps[i];
        size_t size = map->end - map->start, got;
        char *copy;

        if (!writable(map))
            continue;
        copy = cli_alloc(size, 1);
        got = cli_victim_read_some(victim, map->start, copy, size);
        if (pwrite(file, copy, got, (off_t)map->start) != (ssize_t)got) {
            (void)fprintf(stderr, "cannot copy %zu bytes: %s\n", got, strerror(errno));
            exit(77);
        }
        total += got;
        free(copy);
    }
    (void)close(victim->memory);
    victim->memory = file;
    (void)printf("# %zu bytes of memory in %zu mappings\n", total, victim->map_count);
}

static void change_byte(const struct cli_victim *victim, uintptr_t at, unsigned char new, struct change *ret)
{
    ret->at = at;
    ret->old = 0;
    (void)cli_victim_read(victim, at, &ret->old, 1);
    (void)!pwrite(victim->memory, &new, 1, (off_t)at);
}

/* Somewhere in [@start, @start + @size). */
static uintptr_t somewhere(struct random *random, uintptr_t start, size_t size)
{
    return start + below(random, (unsigned)(size < UINT32_MAX ? size : UINT32_MAX));
}

/* Where a change matters: in the validator, in the state of a thread, in what a thread holds, in the whole mapping that these are in. */
static uintptr_t interesting(struct random *random, const struct cli_victim *victim, const struct cli_books_of *books)
{
    uintptr_t context = books->at, thread = 0;
    const struct cli_map *map;

    if (books->thread_count != 0)
        thread = books->threads[below(random, (unsigned)books->thread_count)].address;
    switch (below(random, 6)) {
    case 0:
        return somewhere(random, context, sizeof(struct lv_context));
    case 1:
        return somewhere(random, context + offsetof(struct lv_context, classes), sizeof(struct lv_classes));
    case 2:
        return somewhere(random, context + offsetof(struct lv_context, threads), 16);
    case 3:
        return thread != 0 ? somewhere(random, thread, sizeof(struct lv_thread)) : context;
    case 4:
        return thread != 0 ? somewhere(random, thread + offsetof(struct lv_thread, depth), 32) : context;
    default:
        map = cli_victim_map(victim, thread != 0 ? thread : context);
        return map != NULL ? somewhere(random, map->start, map->end - map->start) : context;
    }
}

/* Read all there is, and print it. Returns the number of threads. */
static size_t read_all(const struct cli_victim *victim, struct cli_symbols *symbols, FILE *out)
{
    struct cli_books_of books;
    enum cli_books found = cli_books_open(&books, victim);
    struct cli_listing listing = { .victim = victim, .symbols = symbols };
    size_t count = 0;

    if (found == CLI_BOOKS_GOOD)
        found = cli_books_read(&books);
    if (books.context != NULL) {
        listing.books = &books;
        listing.names = cli_names_open(&books, symbols);
        cli_listing_make(&listing);
        cli_listing_text(&listing, false, out);
        cli_listing_text(&listing, true, out);
        cli_listing_json(&listing, false, out);
        for (uint32_t i = 0; i < CLASSES; i++)
            (void)cli_names_class(listing.names, i);
        count = books.thread_count;
        for (size_t i = 0; i < count; i++) {
            for (size_t k = 0; k < books.threads[i].held_count; k++) {
                const struct lv_held_record *record = &books.threads[i].held[k].record;

                if (record->kind >= LV_KIND__COUNT || record->mode >= LV_MODE__COUNT || record->class.v == 0 ||
                    record->class.v >= books.context->classes.all.count)
                    abort();
            }
        }
        cli_names_close(listing.names);
        cli_listing_free(&listing);
    }
    cli_books_close(&books);
    return count;
}

static void play(const struct cli_victim *victim, unsigned rounds, uint64_t seed)
{
    struct cli_symbols *symbols = cli_symbols_open(victim, NULL);
    struct random random = { seed };
    FILE *out = fopen("/dev/null", "we");
    struct cli_books_of books;
    size_t threads = 0, changed = 0;

    if (out == NULL || cli_books_open(&books, victim) != CLI_BOOKS_GOOD || cli_books_read(&books) != CLI_BOOKS_GOOD ||
        books.thread_count < 2) {
        (void)printf("not ok 1 - the books as they are\n1..1\n");
        exit(EXIT_FAILURE);
    }
    (void)printf("ok 1 - the books as they are\n");
    for (unsigned round = 0; round < rounds; round++) {
        struct change changes[CHANGES];
        unsigned count = 1 + below(&random, CHANGES);
        size_t found;

        for (unsigned i = 0; i < count; i++)
            change_byte(victim, interesting(&random, victim, &books), (unsigned char)below(&random, 256), &changes[i]);
        found = read_all(victim, symbols, out);
        threads += found;
        changed += found != books.thread_count;
        for (unsigned i = count; i-- > 0;)
            (void)!pwrite(victim->memory, &changes[i].old, 1, (off_t)changes[i].at);
    }
    (void)printf("# %u rounds, %zu of them with another number of threads, %zu threads in all\n", rounds, changed,
                 threads);
    (void)printf("%s 2 - all again, when the memory is as it was\n",
                 read_all(victim, symbols, out) == books.thread_count ? "ok" : "not ok");
    (void)printf("%s 3 - what was changed was seen\n1..3\n", changed != 0 && threads != 0 ? "ok" : "not ok");
    cli_books_close(&books);
    cli_symbols_close(symbols);
    (void)fclose(out);
}

int main(int argc, char **argv)
{
    char *const program[] = { argc > 2 ? argv[1] : NULL, argc > 2 ? argv[2] : NULL, NULL };
    struct cli_child_how how = { .in = CLI_CHILD_NULL, .err = CLI_CHILD_SAME };
    struct cli_child child;
    struct cli_victim victim;
    int out[2];
    char c = 0;

    if (argc < 4 || pipe(out) != 0)
        return 2;
    (void)alarm(SECONDS); /* ends the test, and the child with it */
    how.library = argv[3];
    how.options = "log=none";
    how.out = out[1];
    if (cli_child_start(&child, &how, program) != 0)
        return EXIT_FAILURE;
    while (c != '\n' && read(out[0], &c, 1) == 1)
        continue;
    if (!cli_victim_open(&victim, child.pid))
        return EXIT_FAILURE;
    while (!is_hung(&victim))
        (void)usleep(1000);
    cli_victim_close(&victim); /* it did not have all its mappings */
    if (!cli_victim_open(&victim, child.pid))
        return EXIT_FAILURE;
    freeze(&victim);
    cli_child_end(&child);
    play(&victim, argc > 4 ? (unsigned)atoi(argv[4]) : 2000, argc > 5 ? strtoull(argv[5], NULL, 0) : 1);
    cli_victim_close(&victim);
    return EXIT_SUCCESS;
}
