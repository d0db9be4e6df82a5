/* SPDX-License-Identifier: MIT */
#ifndef LV_TESTS_SCENARIO_SCENARIO_H
#define LV_TESTS_SCENARIO_SCENARIO_H

/*
 * The vocabulary in which tests drive the engine: threads, locks by name, and the findings that are expected. One system
 * thread plays all threads, because a thread's state is a parameter of the engine; so every test is deterministic.
 *
 *     struct scenario *s = scenario_new(NULL);
 *
 *     scenario_lock(s, 1, "A", LV_WRITE, 0);
 *     scenario_lock(s, 1, "B", LV_WRITE, 0);
 *     ...
 *     scenario_expect(s, LV_FINDING_CIRCULAR, LV_VERDICT_POTENTIAL);
 *     scenario_expect_clean(s);
 *     scenario_free(s);
 *
 * A lock's name is its class, a letter or more, and a number for the instance ("A" is instance 0 of class A, "A2"
 * instance 2). Classes are guessed from a call site, unless scenario_class() says something else before the first use.
 * Check's assertions fail inside these functions, with the name of what was expected.
 */

#include "engine/event.h"
#include "engine/lifetime.h"
#include "engine/order.h"
#include "engine/publish.h"
#include "engine/sem.h"
#include "engine/usage.h"

enum {
    SCENARIO_THREADS = 32,
    SCENARIO_LOCKS = 4096,
    SCENARIO_REPORTS = 64,
    SCENARIO_EDGES = 16,
    SCENARIO_NAME = 32
};

enum scenario_class_kind {
    SCENARIO_GUESSED, /* as a lock of an unannotated program */
    SCENARIO_EXPLICIT /* with a key of lockval.h */
};

/* One edge of a report, copied. */
struct scenario_edge {
    enum lv_report_edge_kind kind;
    char held[SCENARIO_NAME]; /* names of the locks, as the test called them */
    char wanted[SCENARIO_NAME];
    enum lv_mode held_mode;
    enum lv_mode wanted_mode;
    unsigned wanted_flags;
    uintptr_t held_address;
    uintptr_t wanted_address;
};

/* A report, copied as far as tests look at it. */
struct scenario_report {
    enum lv_finding_kind kind;
    enum lv_verdict verdict;
    uint32_t edge_count;
    struct scenario_edge edges[SCENARIO_EDGES];
    char subject[SCENARIO_NAME];
    char holder[SCENARIO_NAME]; /* the lock on the other thread's side; empty: there is none */
    int holder_tid;
    bool holder_waits;
    char reasons[512];
    char detail[128];
    char fingerprint[20];
    char usage[5];             /* of the wanted lock's class in the first edge */
    char state[SCENARIO_NAME]; /* of kind signal: the context, */
    enum lv_report_news news;  /* what was new, */
    uint32_t new_edge;
    bool let_in;     /* by a call, while the lock was held, */
    char inside[64]; /* where the handler was installed, as it is shown; empty: not known */
    uint32_t held_count;
    size_t text_size;
};

struct scenario_lock_record {
    char name[SCENARIO_NAME];
    struct lv_object object;
    uint64_t words[2];
};

struct scenario {
    struct lv_context ctx;
    struct lv_thread *threads[SCENARIO_THREADS];
    bool table;          /* identities go to the table */
    uint64_t taken;      /* scenario_lock() was called; */
    uint64_t fast_locks; /* of these, so many went the fast path */
    uintptr_t site;      /* of the next acquisition; 0: one for each lock */
    char explicit_classes[64][SCENARIO_NAME];
    uint32_t explicit_count;
    struct scenario_lock_record locks[SCENARIO_LOCKS];
    uint32_t lock_count;
    struct scenario_report reports[SCENARIO_REPORTS];
    uint32_t report_count;           /* made */
    uint32_t report_read;            /* looked at by an expectation */
    uint32_t upgrade_count;          /* findings upgraded, */
    uint32_t upgrade_read;           /* looked at, */
    enum lv_verdict upgrade_verdict; /* and the last one's verdict and text */
    char upgrade_text[4096];
    char *memory; /* the arena's first block */
};

/* A validator with @options (as in LOCKVAL_OPTIONS; null for none). identity=table puts identities into the table. */
struct scenario *scenario_new(const char *options);
void scenario_free(struct scenario *s);

/* Back to the state of scenario_new(), the memory used again: for tests that run thousands of programs. */
void scenario_restart(struct scenario *s, const char *options);

/* How the locks of @class are classed, from their first use on. */
void scenario_class(struct scenario *s, const char *class, enum scenario_class_kind kind);

/* The state of thread number @thread, made when it is first asked for. */
struct lv_thread *scenario_thread(struct scenario *s, unsigned thread);

/* Thread @parent makes the new thread @child; @joiner has joined @ended, which does nothing more. */
void scenario_create(struct scenario *s, unsigned parent, unsigned child);
void scenario_join(struct scenario *s, unsigned joiner, unsigned ended);

/* The object of the lock @name, made (as by an init call) when it is first asked for. */
struct lv_object *scenario_object(struct scenario *s, const char *name, enum lv_kind kind);

/* An acquisition in two steps and in one. @flags is of enum lv_acquire_flag. */
struct lv_acquisition scenario_begin(struct scenario *s, unsigned thread, const char *name, enum lv_mode mode,
                                     unsigned flags);
void scenario_lock(struct scenario *s, unsigned thread, const char *name, enum lv_mode mode, unsigned flags);
void scenario_lock_reentrant(struct scenario *s, unsigned thread, const char *name);
void scenario_lock_sub(struct scenario *s, unsigned thread, const char *name, unsigned subclass);
void scenario_lock_nest(struct scenario *s, unsigned thread, const char *name, const char *nest);
void scenario_unlock(struct scenario *s, unsigned thread, const char *name);

/* A write lock of each name in @names ("A B C"), in that order, and their release in the opposite order. */
void scenario_chain(struct scenario *s, unsigned thread, const char *names);

/* Semaphores: @name is one that was made with the value 1. A wait in two steps and in one, and a post. */
struct lv_acquisition scenario_sem_begin(struct scenario *s, unsigned thread, const char *name, unsigned flags);
void scenario_sem_wait(struct scenario *s, unsigned thread, const char *name, unsigned flags);
void scenario_sem_post(struct scenario *s, unsigned thread, const char *name);

/* Events: @name is the event. */
void scenario_wait(struct scenario *s, unsigned thread, const char *name, lv_event_state *state);
void scenario_complete(struct scenario *s, unsigned thread, const char *name, const lv_event_state *state);

/* The next finding that was not looked at is this one; returns it. */
const struct scenario_report *scenario_expect(struct scenario *s, enum lv_finding_kind kind, enum lv_verdict verdict);

/* The same, and its edges are these, in this order: "B>A A>B" (held > wanted). */
const struct scenario_report *scenario_expect_cycle(struct scenario *s, enum lv_finding_kind kind,
                                                    enum lv_verdict verdict, const char *edges);

/* One finding was upgraded since the last call, to @verdict; returns what was said. None was. */
const char *scenario_expect_upgrade(struct scenario *s, enum lv_verdict verdict);
void scenario_expect_no_upgrade(struct scenario *s);

/* There is no finding that was not looked at. */
void scenario_expect_clean(struct scenario *s);

#endif
