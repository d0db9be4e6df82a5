/* SPDX-License-Identifier: MIT */
#ifndef LV_REPORT_RECORD_H
#define LV_REPORT_RECORD_H

/*
 * The lines of the record, as plain data, and their rendering: docs/record-format.md says what each means. Nothing is looked
 * up here. Numbers are the record's own; a text that may be null says so.
 */

#include "report/lockstat.h"
#include "report/report.h"

enum {
    LV_RECORD_FORMAT = 1
};

/* Whose line it is. */
struct lv_record_by {
    int pid;
    const char *run; /* 8 hexadecimal digits */
};

struct lv_record_option {
    const char *name, *value;
};

struct lv_record_meta {
    const char *version, *program, *path, *cwd;
    const char *argv; /* the arguments, each with a terminator */
    size_t argv_len;
    bool argv_cut;
    int ppid;
    bool forked;
    int64_t start_ms;
    const char *host;
    uint32_t option_count;
    const struct lv_record_option *options;
};

struct lv_record_module {
    uint32_t id;
    const char *path, *name, *build_id;
    uintptr_t load, start, end;
    bool is_program;
};

struct lv_record_class {
    uint32_t id, base;
    uint8_t subclass;
    const char *key, *stable, *name, *origin;
    enum lv_kind kind;
    bool named;
    uint8_t wait_outer, wait_inner;
    char usage[5];
    const char *standing; /* "lock", "candidate", "event" */
};

struct lv_record_thread {
    uint32_t id;
    int tid;
    const char *name;
    const char *start; /* a place, or "" */
};

struct lv_record_frame {
    uint32_t module; /* 0: none */
    uintptr_t offset;
    const char *name; /* null: not at hand */
};

struct lv_record_stack {
    uint32_t id, count;
    const struct lv_record_frame *frames;
};

struct lv_record_edge {
    uint32_t from, to;
    uint8_t bits; /* 1 ER, 2 EN, 4 SR, 8 SN, and the same four with a time limit: those of graph/digraph.h */
    uint32_t witness, held;
};

struct lv_record_lock {
    uint32_t class, instance, stack;
    uintptr_t address;
    enum lv_mode mode;
    unsigned flags; /* enum lv_acquire_flag */
    bool earlier;
    const char *key, *name, *site; /* null in a witness */
};

struct lv_record_witness {
    uint32_t id, thread;
    struct lv_record_lock wanted;
    uint32_t held_count;
    const struct lv_record_lock *held;
    bool left_out;
};

struct lv_record_step {
    enum lv_report_edge_kind kind;
    struct lv_record_thread thread;
    struct lv_record_lock held, wanted;
};

struct lv_record_side {
    struct lv_record_thread thread;
    struct lv_record_lock lock;
};

struct lv_record_stuck {
    struct lv_record_thread thread;
    const char *waits; /* "lock", "join", ... */
    bool timed, last;
    int64_t waited_ms;
    struct lv_record_lock wanted;
    const struct lv_record_lock *with;     /* null: none */
    const struct lv_record_thread *joined; /* null: none */
    int blocker;                           /* -1: none of them */
    enum lv_mode blocker_mode;
    bool blocker_queued;
    uint32_t held_count;
    const struct lv_record_lock *held;
    uint32_t left_out;
};

struct lv_record_finding {
    enum lv_finding_kind kind;
    enum lv_verdict verdict;
    const enum lv_verdict *before; /* null: it is new */
    uint32_t reason_count;
    const char *const *reasons;
    const char *fingerprint;
    bool counts;
    int64_t ms;
    struct lv_record_thread thread;
    uint32_t step_count;
    const struct lv_record_step *steps;
    uint32_t acquisition_count;
    const struct lv_record_step *acquisitions;
    uint32_t held_count; /* what .thread holds */
    const struct lv_record_lock *held;
    const struct lv_record_lock *subject; /* null: none */
    const char *detail;                   /* null: none */
    uint32_t stack;
    const struct lv_record_side *holder; /* null: none */
    bool holder_waits;
    const char *state; /* null: it is about no context */
    struct lv_record_side inside, open;
    uint32_t stuck_count, circle;
    const struct lv_record_stuck *stuck;
    const struct lv_report_prediction *prediction; /* null, or without a fingerprint: there was none */
    const char
        *against; /* the file of the expected order that it is against, and the line; null: it is no such finding */
    uint32_t against_line;
    const char *suppressed_by, *suppressed_from, *suppressed_reason; /* null: it is shown */
    uint32_t suppressed_line;
    const char *text;
};

/* A context that can interrupt a thread. */
struct lv_record_context {
    const char *name;    /* of the signal, or as the program declared it */
    const char *handler; /* a place: the function that handles the signal; "": a declared context */
};

/* That a class was used in contexts, or held while they could interrupt. */
struct lv_record_use {
    uint32_t class, thread;
    bool inside, weak;
    uint32_t context_count;
    const struct lv_record_context *contexts;
    struct lv_record_lock lock;
    uint32_t at; /* the stack of the call that let the contexts interrupt; 0: the acquisition itself */
};

struct lv_record_stat {
    uint32_t from, to;
    uint64_t acquisitions, chains;
};

/* A lock of a chain. */
struct lv_record_link {
    uint32_t class;
    enum lv_mode mode;
    unsigned flags; /* enum lv_acquire_flag */
};

struct lv_record_chain {
    uint32_t id, count;
    const struct lv_record_link *links; /* oldest first */
    uint8_t level;
    uint64_t acquisitions;
};

/* Of a class, in one mode, at one call. */
struct lv_record_holder {
    struct lv_record_frame site; /* where who held the lock had taken it; offset 0: not known */
    uint64_t count, total;       /* waits, and how long: nanoseconds */
};

struct lv_record_lock_stat {
    uint32_t class;
    bool reads;
    struct lv_record_frame site;
    uint64_t acquisitions, failed;
    struct lv_times wait, hold;
    uint32_t holder_count;
    const struct lv_record_holder *holders;
};

struct lv_record_end {
    int status; /* -1: not known */
    int64_t ms;
    uint64_t findings, suppressed, counted, classes, edges, chains, stacks, witnesses, threads, walks, dropped, lost;
};

/*
 * Render a line of the process @by, its end included. When it did not fit, @out is cut and what it has is no line. Cost: linear
 * in what is rendered. Context: any thread.
 */
void lv_record_put_meta(const struct lv_record_meta *meta, struct lv_record_by by, struct lv_text *out);
void lv_record_put_module(const struct lv_record_module *module, struct lv_record_by by, struct lv_text *out);
void lv_record_put_class(const struct lv_record_class *class, struct lv_record_by by, struct lv_text *out);
void lv_record_put_thread(const struct lv_record_thread *thread, struct lv_record_by by, struct lv_text *out);
void lv_record_put_stack(const struct lv_record_stack *stack, struct lv_record_by by, struct lv_text *out);
void lv_record_put_edge(const struct lv_record_edge *edge, struct lv_record_by by, struct lv_text *out);
void lv_record_put_witness(const struct lv_record_witness *witness, struct lv_record_by by, struct lv_text *out);
void lv_record_put_use(const struct lv_record_use *use, struct lv_record_by by, struct lv_text *out);
void lv_record_put_finding(const struct lv_record_finding *finding, struct lv_record_by by, struct lv_text *out);
void lv_record_put_stat(const struct lv_record_stat *stat, struct lv_record_by by, struct lv_text *out);
void lv_record_put_chain(const struct lv_record_chain *chain, struct lv_record_by by, struct lv_text *out);
void lv_record_put_lock_stat(const struct lv_record_lock_stat *stat, struct lv_record_by by, struct lv_text *out);
void lv_record_put_end(const struct lv_record_end *end, struct lv_record_by by, struct lv_text *out);

#endif
