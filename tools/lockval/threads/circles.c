/* SPDX-License-Identifier: MIT */
/*
 * Who waits for each other in a circle. All who block a thread have to let go before it goes on, so one of them in a circle is
 * enough. Where all threads stood still when the books were read, what is found is a deadlock: a lock is off the books
 * before it is released, what is waited for is on them before the wait, and the thread still sleeps.
 */

#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "threads/listing.h"

enum {
    CIRCLES_MAX = 256 /* that are shown; many readers and one writer make as many as there are readers */
};

/* Who does not sleep may just have got what it waited for. Spinlocks are waited for awake, and a program may wait in any way for
 * what it annotates. */
static bool is_stuck(const struct cli_listed *thread, const struct cli_task *task)
{
    bool awake =
        thread->wait == CLI_WAIT_LOCK && (thread->wanted.kind == LV_KIND_SPIN || thread->wanted.kind == LV_KIND_MAP);

    return awake || cli_task_sleeps(task);
}

/* A wait on a condition variable is over only when its mutex was taken again. */
bool cli_listed_gives_up(const struct cli_listed *thread)
{
    return thread->wait != CLI_WAIT_COND &&
           ((thread->book != NULL && thread->book->timed) || (thread->wanted.flags & (LV_TIMED | LV_TRY)) != 0);
}

static bool has_circle(const struct cli_listing *listing, const size_t *threads, size_t count)
{
    for (size_t i = 0; i < listing->circle_count; i++) {
        const struct cli_circle *circle = &listing->circles[i];
        size_t same = 0;

        for (size_t k = 0; k < count; k++)
            for (size_t m = 0; m < circle->count; m++)
                same += circle->threads[m] == threads[k];
        if (same == count && count == circle->count)
            return true;
    }
    return false;
}

static void add_circle(struct cli_listing *listing, const size_t *threads, size_t count)
{
    struct cli_circle circle = { cli_alloc(count, sizeof(*threads)), count };

    if (listing->circle_count == CIRCLES_MAX || has_circle(listing, threads, count)) {
        free(circle.threads);
        return;
    }
    memcpy(circle.threads, threads, count * sizeof(*threads));
    listing->circles = cli_realloc(listing->circles, listing->circle_count + 1, sizeof(circle));
    listing->circles[listing->circle_count++] = circle;
}

/*
 * Walk from each thread along its blockers, depth first: whoever is met again on the way closes a circle. A thread is left
 * for good when all its blockers were followed, so this ends, and each circle that there is has a thread that finds one.
 */
void cli_listing_find_circles(struct cli_listing *listing)
{
    size_t *way = cli_alloc(listing->count, sizeof(*way)), *next = cli_alloc(listing->count, sizeof(*next));
    size_t *place = cli_alloc(listing->count, sizeof(*place)); /* on the way, from 1 on; 0: not on it */

    for (size_t start = 0; start < listing->count; start++) {
        size_t depth = 0;

        if (listing->threads[start].seen)
            continue;
        way[depth++] = start;
        place[start] = depth;
        listing->threads[start].seen = true;
        while (depth != 0) {
            size_t at = way[depth - 1], to;
            const struct cli_listed *thread = &listing->threads[at];

            if (next[at] == thread->blocker_count || cli_listed_gives_up(thread) || !is_stuck(thread, thread->task)) {
                place[at] = 0;
                depth--;
                continue;
            }
            to = thread->blockers[next[at]++].thread;
            if (to == CLI_NOBODY)
                continue;
            if (place[to] != 0) {
                add_circle(listing, way + place[to] - 1, depth - place[to] + 1);
            } else if (!listing->threads[to].seen) {
                listing->threads[to].seen = true;
                way[depth++] = to;
                place[to] = depth;
            }
        }
    }
    free(way);
    free(next);
    free(place);
}

/* Is the thread of @circle with the number @number in the very same wait in @again, and asleep by what @tasks says, which was
 * read in between? */
static bool waits_still(const struct cli_listing *listing, size_t number, const struct cli_victim *tasks,
                        const struct cli_books_of *again)
{
    const struct cli_listed *thread = &listing->threads[number];
    const struct cli_book_thread *then = thread->book, *now = cli_books_find(again, thread->task->inner_tid);
    const struct cli_task *task = cli_victim_task(tasks, thread->task->tid);

    if (task == NULL || !is_stuck(thread, task))
        return false;
    if (then == NULL || now == NULL)
        return then == now;
    return now->address == then->address && now->wait == then->wait && now->number == then->number &&
           now->held_count == then->held_count && now->wanted.address == then->wanted.address &&
           now->taking.address == then->taking.address && now->taking.uid == then->taking.uid;
}

void cli_listing_look_again(struct cli_listing *listing, const struct cli_victim *tasks,
                            const struct cli_books_of *again)
{
    size_t kept = 0;

    for (size_t i = 0; i < listing->circle_count; i++) {
        struct cli_circle *circle = &listing->circles[i];
        bool still = true;

        for (size_t k = 0; k < circle->count; k++)
            still = still && waits_still(listing, circle->threads[k], tasks, again);
        if (still)
            listing->circles[kept++] = *circle;
        else
            free(circle->threads);
    }
    listing->circle_count = kept;
}
