/* SPDX-License-Identifier: MIT */
#ifndef CLI_LISTING_H
#define CLI_LISTING_H

/*
 * All threads of a process: what the system says of them and what the library has on its books, put together; who has what
 * they wait for; and who waits for each other in a circle.
 */

#include <stdio.h>

#include "threads/names.h"

/* What a thread waits for, as far as anybody knows. */
enum cli_wait {
    CLI_WAIT_NONE,
    CLI_WAIT_TAKES, /* it is about to take the lock, or has just got it: nobody was seen to have it */
    CLI_WAIT_LOCK,
    CLI_WAIT_JOIN,
    CLI_WAIT_COND,
    CLI_WAIT_SEM,
    CLI_WAIT_BARRIER,
    CLI_WAIT_EVENT,
    CLI_WAIT_FUTEX /* the library says nothing; the system says that it sleeps on a word in a lock that another one holds */
};

/* Somebody who has to do something before the wait ends. */
struct cli_blocker {
    size_t thread; /* number in the listing; CLI_NOBODY: one that is not in it */
    pid_t tid;     /* 0: not known */
    enum lv_mode mode;
    bool queued;  /* it does not hold the lock, but is a writer that waits for it, which comes first */
    bool by_word; /* the lock itself names it, not the books */
};

#define CLI_NOBODY SIZE_MAX

struct cli_listed {
    const struct cli_task *task;
    const struct cli_book_thread *book; /* null: the library does not know it, or it is not watched */
    char *name;
    enum cli_wait wait;
    struct lv_held_record wanted; /* .address of what is waited for, 0: not known; .class 0: it has none */
    struct cli_blocker *blockers;
    size_t blocker_count;
    struct cli_frame *frames;
    unsigned frame_count;
    bool more_frames;
    bool seen; /* while circles are looked for */
};

/* Threads that wait for each other, each for the next and the last for the first; numbers in the listing. */
struct cli_circle {
    size_t *threads;
    size_t count;
};

struct cli_listing {
    const struct cli_victim *victim;
    const struct cli_books_of *books; /* null: none */
    struct cli_names *names;
    struct cli_symbols *symbols;
    struct cli_listed *threads; /* by tid */
    size_t count;
    struct cli_circle *circles;
    size_t circle_count;
    bool with_stacks;
    int64_t stopped_us; /* for how long the threads stood still; 0: they did not */
};

/* Does its wait end by itself? */
bool cli_listed_gives_up(const struct cli_listed *thread);

/* Once it is known who blocks whom; called by cli_listing_make(). */
void cli_listing_find_circles(struct cli_listing *listing);

/* Put it together. Stacks are added by who has them. */
void cli_listing_make(struct cli_listing *listing);

/* The books were read while the process ran, so the threads of a circle may have been in it at different moments. @tasks is the
 * process as it was after that, and @again the same books, read after that: circles of threads that went on in between are dropped. */
void cli_listing_look_again(struct cli_listing *listing, const struct cli_victim *tasks,
                            const struct cli_books_of *again);

void cli_listing_free(struct cli_listing *listing);

/* Print it: thread by thread, or lock by lock; as text, or as an object of JSON. */
void cli_listing_text(struct cli_listing *listing, bool by_lock, FILE *out);
void cli_listing_json(struct cli_listing *listing, bool by_lock, FILE *out);

/* Call @visit for each lock that somebody holds or waits for, by address, with the threads (numbers in the listing) that hold
 * it and that wait for it. */
struct cli_listed_lock {
    struct lv_held_record record; /* of one of them */
    const size_t *holders;
    const struct cli_book_held **held; /* how each of them does */
    size_t holder_count;
    const size_t *waiters;
    size_t waiter_count;
};
void cli_listing_each_lock(const struct cli_listing *listing,
                           void (*visit)(const struct cli_listed_lock *lock, void *arg), void *arg);

/* Words for a wait: "lock", "join", ... */
const char *cli_wait_word(enum cli_wait wait);

#endif
