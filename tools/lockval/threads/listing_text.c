/* SPDX-License-Identifier: MIT */
/* A listing as text. */

#define _GNU_SOURCE
#include <inttypes.h>
#include <stdlib.h>

#include "threads/listing.h"

static void put_place(FILE *out, struct cli_listing *listing, uint64_t address, bool is_call)
{
    struct cli_symbol symbol;
    char *place;

    cli_symbols_name(listing->symbols, address, is_call, &symbol);
    place = cli_names_place(&symbol);
    (void)fputs(place, out);
    free(place);
    if (symbol.file != NULL)
        (void)fprintf(out, " %s:%d", symbol.file, symbol.line);
}

/* "NAME/TID" */
static void put_who(FILE *out, const struct cli_listing *listing, size_t number)
{
    (void)fprintf(out, "%s/%d", listing->threads[number].name, (int)listing->threads[number].task->tid);
}

/* "(class), kind at 0x1234"; without a class the variable's name, if it is one. */
static void put_lock(FILE *out, struct cli_listing *listing, const struct lv_held_record *record)
{
    struct cli_symbol symbol = { 0 };

    if (record->class.v != 0) {
        (void)fprintf(out, "(%s), %s at 0x%lx", cli_names_class(listing->names, record->class.v),
                      cli_names_kind((enum lv_kind)record->kind), (unsigned long)record->address);
        return;
    }
    cli_symbols_name(listing->symbols, record->address, false, &symbol);
    if (symbol.function != NULL && symbol.offset == 0)
        (void)fprintf(out, "(%s), ", symbol.function);
    (void)fprintf(out, "at 0x%lx", (unsigned long)record->address);
}

static void put_mode(FILE *out, const struct lv_held_record *record)
{
    if (record->mode != LV_WRITE || record->kind == LV_KIND_RWLOCK)
        (void)fprintf(out, ", %s", cli_names_mode((enum lv_mode)record->mode));
}

/* Where in the program it was taken. */
static void put_taken(FILE *out, struct cli_listing *listing, const struct lv_held_record *record)
{
    uintptr_t frame;

    if (record->stack.v == 0 || cli_books_stack(listing->books, record->stack, &frame, 1) == 0 || frame == 0)
        return;
    (void)fputs(", taken at ", out);
    put_place(out, listing, frame, true);
}

static void put_held(FILE *out, struct cli_listing *listing, const struct cli_book_thread *book)
{
    if (book->left_out != 0)
        (void)fprintf(out, "  holds %zu older ones, which are not shown\n", book->left_out);
    for (size_t i = 0; i < book->held_count; i++) {
        const struct cli_book_held *held = &book->held[i];

        (void)fputs("  holds ", out);
        put_lock(out, listing, &held->record);
        put_mode(out, &held->record);
        if (held->again != 0)
            (void)fprintf(out, ", %" PRIu32 " times", held->again + 1);
        put_taken(out, listing, &held->record);
        (void)fputc('\n', out);
    }
}

static void put_time(FILE *out, int64_t ms)
{
    if (ms >= 0)
        (void)fprintf(out, ", for %" PRId64 ".%" PRId64 " s", ms / 1000, ms % 1000 / 100);
}

static void put_blockers(FILE *out, struct cli_listing *listing, const struct cli_listed *thread)
{
    for (size_t i = 0; i < thread->blocker_count; i++) {
        const struct cli_blocker *blocker = &thread->blockers[i];

        if (thread->wait == CLI_WAIT_JOIN)
            (void)fputs("    which is ", out);
        else if (blocker->queued)
            (void)fputs("    behind the writer ", out);
        else
            (void)fputs(
                thread->wait == CLI_WAIT_COND ? "    which it has to take again from " : "    which is held by ", out);
        if (blocker->thread != CLI_NOBODY)
            put_who(out, listing, blocker->thread);
        else
            (void)fprintf(out, "thread %d of another process, or one that ended", (int)blocker->tid);
        if (blocker->mode != LV_WRITE)
            (void)fprintf(out, " (%s)", cli_names_mode(blocker->mode));
        if (blocker->by_word)
            (void)fputs(", as the lock itself says", out);
        (void)fputc('\n', out);
    }
    if (thread->blocker_count == 0 && thread->wait == CLI_WAIT_LOCK)
        (void)fputs("    nobody is known to hold it\n", out);
}

static void put_wait(FILE *out, struct cli_listing *listing, const struct cli_listed *thread)
{
    static const char *const before[] = {
        [CLI_WAIT_TAKES] = "is just taking ",
        [CLI_WAIT_LOCK] = "waits for ",
        [CLI_WAIT_JOIN] = "waits for the end of a thread",
        [CLI_WAIT_COND] = "waits on the condition variable ",
        [CLI_WAIT_SEM] = "waits for the semaphore ",
        [CLI_WAIT_BARRIER] = "waits at the barrier ",
        [CLI_WAIT_EVENT] = "waits for the event ",
        [CLI_WAIT_FUTEX] = "sleeps on ",
    };
    const struct cli_book_thread *book = thread->book;

    if (thread->wait == CLI_WAIT_NONE)
        return;
    (void)fprintf(out, "  %s", before[thread->wait]);
    if (thread->wait != CLI_WAIT_JOIN) {
        put_lock(out, listing, &thread->wanted);
        put_mode(out, &thread->wanted);
    }
    if (book != NULL && book->wait != LV_WAITS_NOT) {
        put_time(out, book->waited_ms);
        if (book->timed)
            (void)fputs(", no longer than it is told to", out);
        if (book->shared)
            (void)fputs("; it is shared between processes", out);
    }
    (void)fputc('\n', out);
    if (thread->wait == CLI_WAIT_COND && book->with.address != 0) {
        (void)fputs("    with ", out);
        put_lock(out, listing, &book->with);
        (void)fputc('\n', out);
    }
    put_blockers(out, listing, thread);
}

static const char *state_word(char state)
{
    switch (state) {
    case 'R':
        return "runs";
    case 'S':
        return "sleeps";
    case 'D':
        return "sleeps in the kernel, and cannot be woken";
    case 'T':
        return "is stopped";
    case 't':
        return "is stopped by a debugger";
    default:
        return "is there";
    }
}

static void put_stack(FILE *out, struct cli_listing *listing, const struct cli_listed *thread)
{
    if (!listing->with_stacks)
        return;
    if (thread->frame_count == 0)
        (void)fputs("  its stack could not be read: it did not stop, or a debugger has it\n", out);
    for (unsigned i = 0; i < thread->frame_count; i++) {
        (void)fprintf(out, "  #%-2u ", i);
        put_place(out, listing, thread->frames[i].address, thread->frames[i].is_call);
        (void)fputc('\n', out);
    }
    if (thread->more_frames)
        (void)fputs("  ... and more\n", out);
}

static void put_thread(FILE *out, struct cli_listing *listing, size_t number)
{
    const struct cli_listed *thread = &listing->threads[number];

    (void)fputc('\n', out);
    put_who(out, listing, number);
    (void)fprintf(out, " %s\n", state_word(thread->task->state));
    if (thread->book != NULL) {
        put_wait(out, listing, thread);
        put_held(out, listing, thread->book);
        if (thread->book->inside)
            (void)fputs("  (it is inside the library, whose books of it may be half way)\n", out);
        if (thread->book->off)
            (void)fputs("  (it is told not to be watched now)\n", out);
    } else if (listing->books != NULL) {
        put_wait(out, listing, thread);
        (void)fputs("  (the library knows nothing of it: it took no lock yet, or is not watched)\n", out);
    }
    put_stack(out, listing, thread);
}

static void put_lock_lines(const struct cli_listed_lock *lock, void *arg)
{
    struct cli_listing *listing = ((void **)arg)[0];
    FILE *out = ((void **)arg)[1];

    (void)fputc('\n', out);
    put_lock(out, listing, &lock->record);
    (void)fputc('\n', out);
    for (size_t i = 0; i < lock->holder_count; i++) {
        (void)fputs("  held by ", out);
        put_who(out, listing, lock->holders[i]);
        put_mode(out, &lock->held[i]->record);
        put_taken(out, listing, &lock->held[i]->record);
        (void)fputc('\n', out);
    }
    for (size_t i = 0; i < lock->waiter_count; i++) {
        const struct cli_listed *thread = &listing->threads[lock->waiters[i]];

        (void)fputs(thread->wait == CLI_WAIT_TAKES ? "  just taken by " : "  waited for by ", out);
        put_who(out, listing, lock->waiters[i]);
        put_mode(out, &thread->wanted);
        if (thread->book != NULL)
            put_time(out, thread->book->waited_ms);
        (void)fputc('\n', out);
        if (lock->holder_count == 0)
            put_blockers(out, listing, thread);
    }
}

static void put_circles(FILE *out, struct cli_listing *listing)
{
    for (size_t i = 0; i < listing->circle_count; i++) {
        const struct cli_circle *circle = &listing->circles[i];

        if (circle->count == 1)
            (void)fputs("\nThis thread waits for itself: ", out);
        else
            (void)fprintf(out, "\nThese %zu threads wait for each other: ", circle->count);
        for (size_t k = 0; k <= circle->count; k++) {
            (void)fputs(k != 0 ? " -> " : "", out);
            put_who(out, listing, circle->threads[k % circle->count]);
        }
        (void)fputc('\n', out);
    }
}

void cli_listing_text(struct cli_listing *listing, bool by_lock, FILE *out)
{
    void *both[] = { listing, out };

    (void)fprintf(out, "process %d (%s): %zu thread%s", (int)listing->victim->pid, listing->victim->program,
                  listing->count, listing->count == 1 ? "" : "s");
    if (listing->books != NULL)
        (void)fprintf(out, ", liblockval %s%s", listing->books->version,
                      listing->books->state == LV_STATE_DEGRADED ? ", out of memory: new locks are not known" : "");
    if (listing->stopped_us != 0)
        (void)fprintf(out, ", stopped for %" PRId64 ".%" PRId64 " ms", listing->stopped_us / 1000,
                      listing->stopped_us % 1000 / 100);
    (void)fputc('\n', out);
    if (by_lock) {
        cli_listing_each_lock(listing, put_lock_lines, both);
    } else {
        for (size_t i = 0; i < listing->count; i++)
            put_thread(out, listing, i);
    }
    put_circles(out, listing);
}
