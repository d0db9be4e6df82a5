/* SPDX-License-Identifier: MIT */
/*
 * Who blocks whom, by the rules of engine/circle.h. A writer waits for all who hold the lock, a reader for a writer; where
 * only readers hold it, a reader waits for a writer that came before it. A join waits for the joined thread, a wait on a
 * condition variable also for who holds the mutex that it has to take again. Who else could end a wait is not known.
 */

#define _GNU_SOURCE
#include "threads/listing.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

/* One who holds a lock. The list of all is sorted, so that each wait is looked up in it. */
struct holding {
    uintptr_t address;
    size_t thread;
    const struct cli_book_held *held;
};

struct holdings {
    struct holding *all;
    size_t count;
};

static int by_address(const void *a, const void *b)
{
    const struct holding *left = a, *right = b;

    if (left->address != right->address)
        return left->address < right->address ? -1 : 1;
    return (left->thread > right->thread) - (left->thread < right->thread);
}

static struct holdings make_holdings(const struct cli_listing *listing)
{
    struct holdings holdings = { 0 };
    size_t room = 0;

    for (size_t i = 0; i < listing->count; i++)
        room += listing->threads[i].book != NULL ? listing->threads[i].book->held_count : 0;
    holdings.all = cli_alloc(room, sizeof(*holdings.all));
    for (size_t i = 0; i < listing->count; i++) {
        const struct cli_book_thread *book = listing->threads[i].book;

        for (size_t k = 0; book != NULL && k < book->held_count; k++)
            holdings.all[holdings.count++] = (struct holding){ book->held[k].record.address, i, &book->held[k] };
    }
    qsort(holdings.all, holdings.count, sizeof(*holdings.all), by_address);
    return holdings;
}

/* The first one at @address or behind it. */
static size_t first_at(const struct holdings *holdings, uintptr_t address)
{
    size_t low = 0, high = holdings->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (holdings->all[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- who blocks whom ---- */

static void add_blocker(struct cli_listed *thread, struct cli_blocker blocker)
{
    thread->blockers = cli_realloc(thread->blockers, thread->blocker_count + 1, sizeof(blocker));
    thread->blockers[thread->blocker_count++] = blocker;
}

static size_t find_inner(const struct cli_listing *listing, int inner_tid)
{
    for (size_t i = 0; i < listing->count; i++)
        if (listing->threads[i].task->inner_tid == inner_tid)
            return i;
    return CLI_NOBODY;
}

/* Who holds the lock by its own word, where glibc has one. 0: nobody, or it does not say. */
static int owner_by_word(const struct cli_victim *victim, const struct lv_held_record *lock)
{
    pthread_rwlock_t rwlock;
    pthread_mutex_t mutex;

    if (lock->kind == LV_KIND_MUTEX && cli_victim_read(victim, lock->address, &mutex, sizeof(mutex)))
        return mutex.__data.__lock != 0 ? mutex.__data.__owner : 0;
    if (lock->kind == LV_KIND_RWLOCK && cli_victim_read(victim, lock->address, &rwlock, sizeof(rwlock)))
        return rwlock.__data.__cur_writer;
    return 0;
}

static bool wants_lock(enum cli_wait wait)
{
    return wait == CLI_WAIT_TAKES || wait == CLI_WAIT_LOCK || wait == CLI_WAIT_FUTEX;
}

/* Writers that wait for the lock for which the reader @number waits. */
static void add_queued(struct cli_listing *listing, size_t number)
{
    const struct cli_listed *reader = &listing->threads[number];

    for (size_t i = 0; i < listing->count; i++) {
        const struct cli_listed *other = &listing->threads[i];

        if (i != number && wants_lock(other->wait) && other->wanted.address == reader->wanted.address &&
            other->wanted.mode == LV_WRITE && !cli_listed_gives_up(other))
            add_blocker(&listing->threads[number],
                        (struct cli_blocker){ .thread = i, .tid = other->task->tid, .queued = true });
    }
}

/* Does @holding keep the thread @number from the lock @wanted? A lock that it has itself does where it sleeps for it: else it is
 * a recursive one, or it was told that it has it already. */
static bool keeps(const struct cli_listing *listing, const struct holding *holding, size_t number,
                  const struct lv_held_record *wanted)
{
    const struct lv_held_record *record = &holding->held->record;
    const struct cli_task *task = listing->threads[number].task;

    if (holding->held->merged || (record->uid != wanted->uid && wanted->class.v != 0))
        return false;
    if (holding->thread == number && !cli_task_sleeps(task))
        return false;
    return record->mode == LV_WRITE || wanted->mode == LV_WRITE;
}

/* @lock is what the thread @number waits for, or the mutex that it takes again when its wait is over. */
static void find_lock_blockers(struct cli_listing *listing, const struct holdings *holdings, size_t number,
                               const struct lv_held_record *lock)
{
    struct cli_listed *thread = &listing->threads[number];
    bool held = false;
    int owner;

    for (size_t i = first_at(holdings, lock->address); i < holdings->count && holdings->all[i].address == lock->address;
         i++) {
        const struct holding *holding = &holdings->all[i];

        held = true;
        if (keeps(listing, holding, number, lock))
            add_blocker(thread, (struct cli_blocker){ .thread = holding->thread,
                                                      .tid = listing->threads[holding->thread].task->tid,
                                                      .mode = (enum lv_mode)holding->held->record.mode });
    }
    if (thread->blocker_count == 0 && held && lock->mode == LV_READ)
        add_queued(listing, number);
    owner = held || thread->wait != CLI_WAIT_LOCK ? 0 : owner_by_word(listing->victim, lock);
    if (owner == thread->task->inner_tid) {
        thread->wait = CLI_WAIT_TAKES; /* it has it, and is not so far as to say so */
    } else if (owner > 0) {
        size_t found = find_inner(listing, owner);

        add_blocker(thread,
                    (struct cli_blocker){ .thread = found,
                                          .tid = found != CLI_NOBODY ? listing->threads[found].task->tid : owner,
                                          .by_word = true });
    }
}

/* The library says nothing of a wait. Does the thread sleep on a futex that lies in a lock that another one holds? */
static void look_at_futex(struct cli_listed *thread, size_t number, const struct holdings *holdings)
{
    const size_t largest = sizeof(pthread_rwlock_t);
    uintptr_t word = (uintptr_t)thread->task->call_arg;

    if (!cli_task_sleeps(thread->task) || word < largest)
        return;
    for (size_t i = first_at(holdings, word - largest + 1); i < holdings->count && holdings->all[i].address <= word;
         i++) {
        const struct lv_held_record *record = &holdings->all[i].held->record;
        size_t size = record->kind == LV_KIND_MUTEX    ? sizeof(pthread_mutex_t)
                      : record->kind == LV_KIND_RWLOCK ? sizeof(pthread_rwlock_t)
                                                       : 0;

        if (holdings->all[i].thread == number || word - record->address >= size)
            continue;
        thread->wait = CLI_WAIT_FUTEX;
        thread->wanted = *record;
        thread->wanted.mode = LV_WRITE;
        thread->wanted.stack.v = 0;
    }
}

static void set_wait(struct cli_listed *thread)
{
    static const enum cli_wait waits[] = {
        [LV_WAITS_NOT] = CLI_WAIT_NONE,    [LV_WAITS_LOCK] = CLI_WAIT_LOCK, [LV_WAITS_JOIN] = CLI_WAIT_JOIN,
        [LV_WAITS_COND] = CLI_WAIT_COND,   [LV_WAITS_SEM] = CLI_WAIT_SEM,   [LV_WAITS_BARRIER] = CLI_WAIT_BARRIER,
        [LV_WAITS_EVENT] = CLI_WAIT_EVENT,
    };

    thread->wait = waits[thread->book->wait];
    thread->wanted = thread->book->wanted;
    if (thread->wait == CLI_WAIT_NONE && thread->book->taking.address != 0) {
        thread->wait = CLI_WAIT_TAKES;
        thread->wanted = thread->book->taking;
    }
}

static void find_blockers(struct cli_listing *listing, const struct holdings *holdings, size_t number)
{
    struct cli_listed *thread = &listing->threads[number];
    size_t found;

    if (wants_lock(thread->wait) && thread->wanted.address != 0) {
        find_lock_blockers(listing, holdings, number, &thread->wanted);
        /* It is published, and the fast path fills it in, before anybody knows whether it comes to a wait. */
        if (thread->wait == CLI_WAIT_TAKES && thread->blocker_count != 0 && (thread->wanted.flags & LV_TRY) == 0)
            thread->wait = CLI_WAIT_LOCK;
        else if (thread->wait == CLI_WAIT_LOCK && thread->blocker_count == 0 && thread->book->waited_ms < 0)
            thread->wait = CLI_WAIT_TAKES;
    }
    if (thread->wait == CLI_WAIT_COND && thread->book->with.address != 0)
        find_lock_blockers(listing, holdings, number, &thread->book->with);
    if (thread->wait == CLI_WAIT_JOIN && thread->book->joined_tid > 0) {
        found = find_inner(listing, thread->book->joined_tid);
        if (found != CLI_NOBODY)
            add_blocker(thread, (struct cli_blocker){ .thread = found, .tid = listing->threads[found].task->tid });
    }
}

/* ---- all of it ---- */

void cli_listing_make(struct cli_listing *listing)
{
    const struct cli_victim *victim = listing->victim;
    struct holdings holdings;

    listing->count = victim->task_count;
    listing->threads = cli_alloc(listing->count, sizeof(*listing->threads));
    for (size_t i = 0; i < listing->count; i++) {
        struct cli_listed *thread = &listing->threads[i];

        thread->task = &victim->tasks[i];
        thread->book = cli_books_find(listing->books, thread->task->inner_tid);
        thread->name =
            thread->book != NULL ? cli_names_thread(listing->names, thread->book) : cli_strdup(thread->task->name);
        if (thread->book != NULL)
            set_wait(thread);
    }
    holdings = make_holdings(listing);
    for (size_t i = 0; i < listing->count; i++)
        if (listing->threads[i].wait == CLI_WAIT_NONE)
            look_at_futex(&listing->threads[i], i, &holdings);
    for (size_t i = 0; i < listing->count; i++)
        find_blockers(listing, &holdings, i);
    free(holdings.all);
    cli_listing_find_circles(listing);
}

void cli_listing_free(struct cli_listing *listing)
{
    for (size_t i = 0; i < listing->count; i++) {
        free(listing->threads[i].name);
        free(listing->threads[i].blockers);
        free(listing->threads[i].frames);
    }
    for (size_t i = 0; i < listing->circle_count; i++)
        free(listing->circles[i].threads);
    free(listing->circles);
    free(listing->threads);
    *listing = (struct cli_listing){ 0 };
}

/* ---- lock by lock ---- */

void cli_listing_each_lock(const struct cli_listing *listing,
                           void (*visit)(const struct cli_listed_lock *lock, void *arg), void *arg)
{
    struct holdings all = make_holdings(listing);
    size_t *holders = cli_alloc(all.count, sizeof(*holders)), *waiters = cli_alloc(listing->count, sizeof(*waiters));
    const struct cli_book_held **held = cli_alloc(all.count, sizeof(const struct cli_book_held *));

    /* Those that are waited for and held by nobody come in as if held. */
    for (size_t i = 0; i < listing->count; i++) {
        if (listing->threads[i].wait == CLI_WAIT_NONE || listing->threads[i].wanted.address == 0)
            continue;
        all.all = cli_realloc(all.all, all.count + 1, sizeof(*all.all));
        all.all[all.count++] = (struct holding){ listing->threads[i].wanted.address, i, NULL };
    }
    qsort(all.all, all.count, sizeof(*all.all), by_address);
    for (size_t i = 0; i < all.count;) {
        struct cli_listed_lock lock = { .holders = holders, .held = held, .waiters = waiters };
        uintptr_t address = all.all[i].address;

        for (; i < all.count && all.all[i].address == address; i++) {
            if (all.all[i].held != NULL) {
                lock.record = all.all[i].held->record;
                held[lock.holder_count] = all.all[i].held;
                holders[lock.holder_count++] = all.all[i].thread;
            } else {
                if (lock.holder_count == 0)
                    lock.record = listing->threads[all.all[i].thread].wanted;
                waiters[lock.waiter_count++] = all.all[i].thread;
            }
        }
        visit(&lock, arg);
    }
    free(all.all);
    free(holders);
    free(waiters);
    free(held);
}

const char *cli_wait_word(enum cli_wait wait)
{
    static const char *const words[] = { "none",      "taking",  "lock",  "join", "condition",
                                         "semaphore", "barrier", "event", "lock" };

    return words[wait];
}
