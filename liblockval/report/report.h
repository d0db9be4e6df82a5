/* SPDX-License-Identifier: MIT */
#ifndef LV_REPORT_REPORT_H
#define LV_REPORT_REPORT_H

/*
 * A finding with every id resolved to what a reader sees: plain data, no table behind it. A sink (text.c) renders it and
 * never looks anything up. All pointers stay valid during the rendering.
 */

#include "base/text.h"
#include "base/types.h"
#include "sys/options.h"

enum lv_finding_kind {
    LV_FINDING_CIRCULAR,
    LV_FINDING_RECURSIVE,
    LV_FINDING_EVENT,
    LV_FINDING_SIGNAL,
    LV_FINDING_UNLOCK,
    LV_FINDING_LIFETIME,
    LV_FINDING_COND,
    LV_FINDING_FORK,
    LV_FINDING_ASSERT,
    LV_FINDING_WAIT_CONTEXT,
    LV_FINDING_ORDER,
    LV_FINDING_DEADLOCK,
    LV_FINDING__COUNT
};

/* "circular", ...; "guarded", ...: the words of report text, record and suppressions. */
const char *lv_finding_kind_name(enum lv_finding_kind kind);
const char *lv_verdict_name(enum lv_verdict verdict);

/* "mutex", "rwlock", ...: the words of the record. */
const char *lv_kind_name(enum lv_kind kind);

/* "SIGUSR1", "SIGRTMIN+3"; "99" when it has no name. */
void lv_signal_name(int number, struct lv_text *out);

struct lv_report_class {
    const char *name;   /* as printed: "sb_writers#2", "&pipe->mutex/1" */
    const char *origin; /* "static (transfer)", "init at acct_new+0x33 (transfer)", "named by lockval.h" */
    char usage[5];      /* usage characters, "+.+." */
    uint8_t wait_outer; /* lockdep's wait types; 0 unchecked */
    uint8_t wait_inner;
    enum lv_kind kind;
};

struct lv_report_stack {
    uint32_t count;
    const char *const *frames; /* "post_entry+0x41 (transfer)", innermost first */
};

struct lv_report_thread {
    const char *name;
    int tid;
};

/* The signal handler in which the finding was made. */
struct lv_report_handler {
    int signal;       /* 0: none */
    const char *name; /* "SIGUSR1", "SIGRTMIN+3" */
    const char *site; /* the call that installed it: "main+0x41 (transfer)" */
};

struct lv_report_lock {
    uintptr_t address; /* of the lock object */
    const struct lv_report_class *class;
    enum lv_mode mode;
    unsigned flags;               /* enum lv_acquire_flag */
    struct lv_report_stack stack; /* of its acquisition; frames[0] is "at:" */
    bool earlier;     /* the stack is that of the first acquisition from this site: its callers may differ */
    const char *note; /* what the program says of this lock; null: nothing */
};

/* What kind of step an edge is. */
enum lv_report_edge_kind {
    LV_REPORT_EDGE_LOCK,      /* .wanted was taken while .held was held */
    LV_REPORT_EDGE_WAIT,      /* .wanted is an event, waited for while .held was held */
    LV_REPORT_EDGE_INTERRUPT, /* .wanted is taken in a context, which can interrupt .thread while it holds .held */
    LV_REPORT_EDGE_COMPLETE, /* .held is an event: .thread took .wanted after a wait for it began, and then completed it;
                               held.stack is the call that completed it */
    LV_REPORT_EDGE_END /* .held is the end of .thread, which a join waits for: it took .wanted before that; held.stack
                               is the join */
};

struct lv_report_edge {
    enum lv_report_edge_kind kind;
    struct lv_report_thread thread;
    struct lv_report_lock held;
    struct lv_report_lock wanted;
};

/* What made a finding of the kind signal. */
enum lv_report_news {
    LV_NEWS_INSIDE, /* a class was taken in a context for the first time, */
    LV_NEWS_OPEN,   /* or held while that could interrupt, */
    LV_NEWS_EDGE    /* or a dependency connects such classes */
};

/* One side of a finding of the kind signal. */
struct lv_report_use {
    struct lv_report_thread thread;
    struct lv_report_lock lock;
    struct lv_report_stack
        at;           /* of the call that let the context interrupt, with the lock held; empty: the acquisition */
    const char *site; /* the call that installed the handler; null: no handler, or not known */
};

struct lv_report_usage {
    const char *state; /* the context: "SIGUSR1", or its declared name */
    bool is_signal;
    enum lv_report_news news;
    uint32_t new_edge;           /* LV_NEWS_EDGE: which of the edges */
    struct lv_report_use inside; /* taken in the context */
    struct lv_report_use open;   /* held while the context could interrupt */
};

/* A thread that waits, or one of a listing. */
struct lv_report_stuck {
    struct lv_report_thread thread;
    enum lv_wait_kind wait;
    bool foreign;      /* of another process */
    bool timed;        /* it waits no longer than it is told to */
    bool last;         /* its wait closed the circle */
    int64_t waited_ms; /* -1: not known */
    struct lv_report_lock
        wanted; /* the lock or event; else the object that is waited on, whose class may be null, or nothing, but
                                     the stack of the call that waits */
    struct lv_report_lock with;     /* LV_WAITS_COND, LV_WAITS_EVENT: a lock that it has to get, too, before it goes on;
                                   class null: none is known */
    struct lv_report_thread joined; /* LV_WAITS_JOIN: whose end; name null: not known */
    uint32_t blocker; /* number of the thread in the same array that it waits for; LV_STUCK_NOBODY: none of them */
    enum lv_mode blocker_mode; /* how that one holds the lock that is waited for, or .with, */
    bool blocker_queued;       /* or: it waits for it as a writer, which readers do not pass */
    uint32_t held_count;       /* what it holds, oldest first, */
    uint32_t left_out;         /* and so many older ones, which are not here */
    const struct lv_report_lock *held;
};

/* What said before that the circle of a deadlock can come to be. */
struct lv_report_prediction {
    const char *fingerprint; /* of that finding; null: none did */
    enum lv_finding_kind kind;
    enum lv_verdict verdict; /* as it is by now */
};

struct lv_report {
    enum lv_finding_kind kind;
    enum lv_verdict verdict;
    uint32_t reason_count;
    const char *const *reasons; /* why this verdict; one line each */
    const char *fingerprint;    /* 16 hex digits */

    const char *version; /* of the library */
    const char *program;
    int pid;

    struct lv_report_thread thread;   /* that made the finding */
    struct lv_report_handler handler; /* the innermost that .thread runs */

    /* circular, event: edges[0] is the new one, held -> new lock; edges[i] leads from class i-1 to class i, where class 0
     * is the new lock and the last class the held one. recursive: edges[0] only, held and wanted of one class; in a cycle
     * of instances within one class, edges as for circular. */
    uint32_t edge_count;
    const struct lv_report_edge *edges;

    /* order: edges[0] is against the lock order that is expected, and detail is the line of the file that says so. It was made
     * earlier if .late is set. */

    /* unlock, lifetime, cond, fork, assert, wait-context: the lock (address 0: there is none, as the thread itself is meant), and one sentence that says what is wrong with it ("is being released, but this
     * thread does not hold it"); detail may be null otherwise. */
    struct lv_report_lock subject;
    const char *detail;

    /* recursive: the class's comparison function was asked for the held and the wanted lock, and returned this. */
    bool compared;
    int comparison;

    /* wait-context: how it may be waited in the contexts that the thread is in; 5: in every way. */
    uint8_t wait_context;

    /* assert: the subject is about to be taken under this nest lock, which is not held. Address 0: it is about something else;
     * the name may be null. */
    uintptr_t nest;
    const char *nest_name;

    /* circular, recursive: edges[0] was made earlier, by edges[0].thread. Since .thread, now, posts a semaphore of the
     * cycle, that one is known to be a lock. */
    bool late;

    /* Another thread's side, where there is one: the lock as that thread holds it. With holder_waits it has let it go, and
     * waits on the condition variable that .thread waits on with the subject. holder_thread.name is null: no such side. */
    struct lv_report_lock holder;
    struct lv_report_thread holder_thread;
    bool holder_waits;

    /* signal: edges[0] is the one that a context makes, from the class held while it could interrupt to the one taken in
     * it; the rest lead back, as for circular. One edge: both are one class. .subject is the lock of the acquisition that
     * brought the news. */
    struct lv_report_usage usage;

    /* deadlock: the threads that are stuck. The first .circle_count of them wait for each other in a circle, each for the
     * next and the last for the first; 0: there is no circle, but nothing can wake any thread of the process. */
    uint32_t stuck_count;
    uint32_t circle_count;
    bool stuck_more; /* more of them are stuck, and not here */
    const struct lv_report_stuck *stuck;
    struct lv_report_prediction prediction;

    uint32_t held_count; /* what .thread holds, oldest first */
    const struct lv_report_lock *held;

    uint32_t class_count; /* the distinct classes of the finding, for the "classes:" block */
    const struct lv_report_class *const *classes;

    uint32_t advice_count; /* what to change, one line each; three at most */
    const char *const *advice;

    struct lv_report_stack backtrace; /* of .thread, now */
};

/* Render what is said when the finding's verdict is higher than it was, @before: a few lines (upgrade.c). */
void lv_report_upgrade(const struct lv_report *report, enum lv_verdict before, struct lv_text *out);

/* Render the text report into @out (text.c). Cost: linear in the report. */
void lv_report_text(const struct lv_report *report, struct lv_text *out);

/* What the threads that are stuck wait for, in one line: "a -> join(worker) -> a"; without a circle the first few different
 * things, "cond_wait(&queue->more), join(worker)". Its size is at most the second, for a report with such threads. */
void lv_report_stuck_cycle(const struct lv_report *report, struct lv_text *out);
size_t lv_report_stuck_cycle_size(const struct lv_report *report);

/* Only a listing of the threads in .stuck, each as in a report, between two lines; @why says on what occasion ("SIGTERM"),
 * null: none. */
void lv_report_threads_text(const struct lv_report *report, const char *why, struct lv_text *out);

/* Only the block of what .thread holds: .thread, .held_count and .held are all that is looked at. */
void lv_report_held_text(const struct lv_report *report, struct lv_text *out);

#endif
