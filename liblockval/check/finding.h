/* SPDX-License-Identifier: MIT */
#ifndef LV_CHECK_FINDING_H
#define LV_CHECK_FINDING_H

/*
 * What a rule found, as plain data with ids. Rules fill it in; engine/resolve.c makes a report of it; nobody prints here.
 */

#include "check/stuck.h"
#include "graph/uses.h"
#include "report/report.h"

enum {
    LV_FINDING_REASONS = 8
};

/* Why a verdict is what it is; lv_reason_text() says it in words. */
struct lv_reason {
    enum {
        LV_REASON_ACQUISITIONS,        /* a acquisitions by b threads */
        LV_REASON_ONE_THREAD,          /* all a acquisitions by one thread */
        LV_REASON_DIFFERENT_INSTANCES, /* a of b classes met in different instances */
        LV_REASON_SAME_INSTANCES,
        LV_REASON_MEET,           /* a acquisitions by a threads meet in the same locks, and hold none in common */
        LV_REASON_UNORDERED,      /* no create or join orders them */
        LV_REASON_FEW_THREADS,    /* only b threads for a acquisitions */
        LV_REASON_NO_WRITER,      /* a reader waits for a reader, behind a writer that was not seen */
        LV_REASON_FORKED,         /* one side was in the process that was forked */
        LV_REASON_GATE,           /* two of b acquisitions hold a lock of class a */
        LV_REASON_CREATED,        /* thread a's acquisition came before thread b was made */
        LV_REASON_JOINED,         /* thread a was joined before thread b's acquisition */
        LV_REASON_JOINED_CREATED, /* thread a was joined before thread b was made */
        LV_REASON_CREATED_JOINED, /* thread a's acquisition came before thread b's: it made a thread that was joined */
        LV_REASON_LOST,           /* evidence is incomplete: more witnesses than are kept */
        LV_REASON_LEFT_OUT,       /* witnesses with more than a held locks */
        LV_REASON_GATE_CLASS,     /* the gate's class has more than one lock */
        LV_REASON_CUT,            /* not all choices were tried */
        LV_REASON_STRICT,         /* strict=1 */
        LV_REASON_ONE_TIMED,      /* one of the acquisitions has a timeout */
        LV_REASON_TIMED,          /* the cycle passes through an acquisition with a timeout */
        LV_REASON_EVENT,          /* it passes through a wait for an event */
        LV_REASON_JOIN,      /* the event is the end of a thread; said instead of the other when the report is made */
        LV_REASON_SEMAPHORE, /* it passes through a semaphore that is used as a lock */
        LV_REASON_SAME_LOCK, /* the thread holds the very lock that it waits for */
        LV_REASON_RETURNS_ERROR,  /* the call returns EDEADLK instead of waiting */
        LV_REASON_ONE_CLASS,      /* two locks of one class, nested without a rule that orders them */
        LV_REASON_READER_AGAIN,   /* a non-recursive reader again: stuck as soon as a writer comes between */
        LV_REASON_INSTANCE_CYCLE, /* the locks of one class were taken in a circle */
        LV_REASON_FORGOTTEN,      /* pairs of the class were forgotten a times */
        LV_REASON_ORPHAN,         /* who holds it is a thread that a forked child does not have */
        LV_REASON_GIVES_UP,       /* the call waits no longer than it is told to */
        LV_REASON_COMPARED,       /* the class's comparison function returned a, which is no order */
        LV_REASON_WAIT_TYPES,     /* the wait types of a lock and of what it is taken under */
        LV_REASON_IN_ONE_THREAD,  /* one thread ran the context, and held the lock while it could interrupt */
        LV_REASON_IN_TWO_THREADS, /* two threads did */
        LV_REASON_IN_SAME_LOCKS,  /* every class met in one lock */
        LV_REASON_STUCK,          /* a threads wait for each other in a circle */
        LV_REASON_ALL_WAIT,       /* all a threads of the process wait, and nothing is left that could wake one */
        LV_REASON_EXPECTED,       /* it is against the lock order that is expected */
        LV_REASON_MISUSE
    } what;
    uint32_t a, b;
};

struct lv_choice;

struct lv_finding_edge {
    enum lv_report_edge_kind kind;
    lv_thread_id thread;
    struct lv_held_record held;
    struct lv_held_record wanted;
};

struct lv_finding {
    enum lv_finding_kind kind;
    enum lv_verdict verdict;
    uint32_t reason_count;
    struct lv_reason reasons[LV_FINDING_REASONS];
    uint32_t edge_count; /* as in struct lv_report */
    struct lv_finding_edge *edges;
    uint32_t *edge_numbers;     /* of a cycle: of each edge in its graph; 0 or null: not known */
    uint32_t acquisition_count; /* of a cycle: 0, or fewer than edges: each stands for one edge or more in a row, */
    struct lv_finding_edge *acquisitions; /* the first of them for edges[0] */
    struct lv_choice *chosen;             /* of check/verdict.c */
    bool timed;                    /* of a cycle: every way round it passes through an acquisition with a timeout */
    struct lv_held_record subject; /* without edges: the lock, as it was taken if it is held */
    lv_stack_id at;                /* without edges, or late: the call that made the finding */
    struct lv_held_record holder;  /* another thread's side: its acquisition. Class 0: there is none */
    lv_thread_id holder_thread;
    bool holder_waits; /* it does not hold that lock, but waits with it on the same condition variable */
    const char *detail;

    /* signal: edges[0] is the one that the context .state makes, from the class held while it could interrupt to the one
     * taken in it. .subject and .at are the acquisition, or the call, that brought the news. */
    uint8_t state; /* base/states.h */
    enum lv_report_news news;
    uint32_t new_edge; /* LV_NEWS_EDGE: which of the edges */
    struct lv_use inside;
    struct lv_use open;

    struct {
        const char *file;
        uint32_t line;
    } against;     /* order: where what edges[0] is against stands */
    bool late;     /* edges[0] was made earlier: until @at one of its classes was not known to be a lock */
    bool compared; /* recursive: the class has a comparison function, which returned .comparison */
    int comparison;
    const char *note_held; /* what the class's print function says of the two locks of edges[0]; null: nothing */
    const char *note_wanted;
    uintptr_t nest;       /* assert: address of the nest lock that is not held; 0: it is about something else */
    uint8_t wait_context; /* wait-context: how it may be waited in the contexts that are entered */
    lv_class_id limit;    /* wait-context: of the lock that allows no more; 0: it is a context */

    /* deadlock: the threads that are stuck. The first .circle_count of them wait for each other in a circle, each for the
     * next and the last for the first; 0: there is no circle, but every thread of the process waits for good. The array is
     * the caller's, and is not looked at after the publication. */
    struct lv_stuck *stuck;
    uint32_t stuck_count;
    uint32_t circle_count;
    bool stuck_more; /* there are more behind them than the array has room for */

    uint64_t identity; /* the same for the same finding in this process: what makes it one finding */
};

/* Add a reason that is not there yet, if there is room. */
void lv_finding_add_reason(struct lv_finding *finding, struct lv_reason reason);

/* By how many threads are these edges, or acquisitions? */
uint32_t lv_finding_count_threads(const struct lv_finding_edge *edges, uint32_t count);

/* What the numbers a and b of a reason name. */
enum lv_reason_names {
    LV_REASON_NAMES_NOTHING,
    LV_REASON_NAMES_CLASS,  /* a is a class */
    LV_REASON_NAMES_THREADS /* a and b are threads */
};
enum lv_reason_names lv_reason_names(const struct lv_reason *reason);

/* The reason in words, one line. @a and @b are what its numbers name, or null. */
void lv_reason_text(const struct lv_reason *reason, const char *a, const char *b, struct lv_text *out);

#endif
