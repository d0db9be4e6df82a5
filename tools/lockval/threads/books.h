/* SPDX-License-Identifier: MIT */
#ifndef CLI_BOOKS_H
#define CLI_BOOKS_H

/*
 * What the library in another process has on its books: its threads, what they hold, what they wait for. Read from that
 * process's memory by the library's own headers, as engine/anchor.h says. All that is handed out is checked: numbers are in
 * range, arrays have an end.
 */

#include "engine/anchor.h"
#include "threads/victim.h"

struct cli_book_held {
    struct lv_held_record record; /* .class is a number below that of classes, .kind and .mode are known */
    uint32_t again;               /* further times that the holder took it */
    bool merged;                  /* it stands for several locks, which it does not name */
};

/* A thread, as the library has it. */
struct cli_book_thread {
    uintptr_t address; /* of its state, there */
    int tid;           /* as the process sees it */
    char name[16];     /* printable */
    uintptr_t start;   /* the function it began with; 0: not known */
    bool inside;       /* it is inside the library, whose books of it may be half way */
    bool off;          /* it was told not to be watched */

    struct cli_book_held *held; /* oldest first */
    size_t held_count;
    size_t left_out; /* older ones */

    /* The lock that it is about to take, found free, or the annotated lock that it said it is about to have. .address 0: none. */
    struct lv_held_record taking;
    enum lv_wait_kind wait; /* LV_WAITS_NOT: it says nothing of waiting */
    uint32_t number;        /* of the wait: another one for each */
    bool timed, shared;
    int64_t waited_ms; /* -1: not known */
    struct lv_held_record wanted;
    struct lv_held_record with; /* LV_WAITS_COND: the mutex; .address 0: not known */
    uint64_t joined_life;       /* LV_WAITS_JOIN: where the joined thread's life is; 0: not known */
    int joined_tid;             /* and its tid as the process sees it; 0: not known, or it has not begun */
};

enum cli_books {
    CLI_BOOKS_GOOD,
    CLI_BOOKS_NONE,   /* the process has no library */
    CLI_BOOKS_OTHER,  /* the library is of another version than this command; *ret_version says of which */
    CLI_BOOKS_BROKEN, /* what is there makes no sense, or could not be read */
    CLI_BOOKS_OFF     /* the library is there and watches nothing */
};

struct cli_books_of {
    const struct cli_victim *victim;
    char version[24]; /* of the library */
    enum lv_state state;
    uintptr_t at;               /* where the validator is, there */
    struct lv_context *context; /* a copy of it, as old as the last call of those below */
    struct cli_book_thread *threads;
    size_t thread_count;
};

/* Find the library of @victim, and copy what is common to all. */
enum cli_books cli_books_open(struct cli_books_of *books, const struct cli_victim *victim);

/* Read the threads, in no order. May be called while the process is stopped, or runs. */
enum cli_books cli_books_read(struct cli_books_of *books);

/* The thread with the number @tid, as the process sees it; null: there is none. @books may be null. */
const struct cli_book_thread *cli_books_find(const struct cli_books_of *books, int tid);

void cli_books_close(struct cli_books_of *books);

/* Copies of single things, false if there are none that make sense. */
bool cli_books_class(const struct cli_books_of *books, uint32_t number, struct lv_class *ret);
bool cli_books_module(const struct cli_books_of *books, const struct lv_module *there, struct lv_module *ret);

/* The frames of a stack of the library's, innermost first. Returns how many, at most @max; those whose module is not the one
 * that lies there now are 0. */
size_t cli_books_stack(const struct cli_books_of *books, lv_stack_id id, uintptr_t *frames, size_t max);

#endif
