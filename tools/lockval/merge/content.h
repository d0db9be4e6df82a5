/* SPDX-License-Identifier: MIT */
#ifndef CLI_MERGE_CONTENT_H
#define CLI_MERGE_CONTENT_H

/*
 * Between the files of a union: what it is made of. Each part is joined with another of its kind by an operation that is associative,
 * commutative and idempotent, so that the whole is, too (docs/adr/0042-merged-records.md):
 *
 *     the smaller, the larger, either of two flags, the union of two sets, the smallest few of a set
 *
 * Texts are the pool's: equal texts are the same pointer, and the empty text is joined as if it were larger than all others: what is
 * known wins. Everything lies in the pool, and what is replaced stays there until the union is made anew (union.c).
 */

#include <stdint.h>

#include "merge/union.h"
#include "record/pool.h"

/* The smallest of a set of numbers, in order. */
struct un_sample {
    uint32_t count;
    bool more; /* there were others */
    uint64_t numbers[UN_RUNS];
};

/* The same with texts, by their hashes. */
struct un_texts {
    uint32_t count;
    bool more;
    uint64_t hashes[UN_TESTS];
    const char *texts[UN_TESTS];
};

struct un_seen {
    uint64_t first_ms, last_ms; /* 0 and 0: nothing was added yet */
    struct un_sample runs;
    struct un_texts tests;
};

struct un_module {
    const char *key; /* build-id, or path without one */
    const char *path, *name, *build_id;
    bool program;
    uint32_t number; /* these are given by the writer */
};

struct un_frame {
    struct un_module *module; /* null: outside of all */
    uint64_t offset;
    const char *name;
    size_t line_count;
    const struct rec_source *lines;
    const char *lines_text; /* the same in one, to compare */
};

struct un_stack {
    const char *key; /* its frames in one text, but for their lines */
    size_t count;
    struct un_frame **frames;
    uint32_t number;
};

struct un_run {
    uint64_t hash;
    const char *of, *program, *path, *test, *commit, *host;
    const char *argv_text; /* the arguments as JSON, to compare */
    size_t argc;
    const char **argv;
    uint64_t start_ms;
    bool forked;
    uint32_t number;
};

struct un_thread {
    const char *key;
    int64_t tid;
    const char *name, *start;
    uint32_t number;
};

struct un_class {
    const char *identity;
    uint64_t hash; /* of that */
    const char *key, *name, *kind, *origin;
    struct un_texts stables;  /* no more than UN_STABLES of them */
    struct un_texts keys;     /* where classes of other builds were found to be this one */
    struct un_module *module; /* that the key's place is in; null: none, or not known */
    struct un_class *base;    /* null: it is no class of a subclass */
    unsigned subclass;
    bool named, nests;
    unsigned wait_outer, wait_inner;
    unsigned usage[4]; /* a bit for '-', one for '+' */
    enum rec_standing standing;
    struct rec_source source;
    const char *source_text;
    struct un_seen seen;
    uint32_t number;
};

struct un_lock {
    struct un_class *class;
    uint64_t instance, address;
    enum rec_mode mode;
    unsigned flags;
    bool earlier;
    struct un_stack *stack; /* null: none */
};

/* An acquisition, as evidence of one edge. */
struct un_witness {
    uint64_t shape;
    struct un_run *run;
    struct un_thread *thread;
    struct un_lock wanted;
    size_t held_count;
    struct un_lock *held;
    size_t at; /* the one of .held that the edge leads from */
    bool left_out;
    const char *text; /* all of it but .at; null until it is asked for */
    uint32_t number;
};

struct un_edge {
    struct un_class *from, *to;
    unsigned modes;
    uint64_t acquisitions, chains;
    struct un_seen seen;
    uint32_t witness_count; /* ordered by .shape */
    struct un_witness *witnesses[UN_SHAPES];
    bool left_out;
};

struct un_use {
    const char *key; /* class, side, strength, contexts */
    struct un_class *class;
    bool inside, weak;
    size_t context_count;
    const struct rec_context *contexts;
    struct un_run *run;
    struct un_thread *thread;
    struct un_lock lock;
    struct un_stack *at;
    const char *text; /* of the last three */
};

struct un_finding {
    const char *fingerprint;
    enum rec_verdict verdict;
    struct un_run *run;
    struct un_seen seen; /* which runs gave it this verdict */
    json_t *json;        /* the line; classes, stacks and threads are texts that say which */
    char *text;          /* the same, to compare */
};

struct un_union {
    struct rec_pool *pool;
    size_t compact_at; /* the pool is made anew when it is larger */
    struct un_sample runs;
    struct rec_index module_of, frame_of, stack_of, run_of, thread_of, class_of, edge_of, use_of,
        finding_of; /* by the pool's texts, or hashes of these */
    size_t module_count, stack_count, run_count, thread_count, class_count, edge_count, use_count, finding_count;
    struct un_module **modules;
    struct un_stack **stacks;
    struct un_run **all_runs;
    struct un_thread **threads;
    struct un_class **classes;
    struct un_edge **edges;
    struct un_use **uses;
    struct un_finding **findings;
};

/* A process that is being added, and what its parts became. */
struct un_adding {
    struct un_union *all;
    const struct rec_process *process;
    struct un_run *run;           /* null: it is a merged one */
    const struct rec_index *same; /* by classes: the one that stands for them; null: each is its own */
    struct rec_index modules, stacks, threads, classes, runs; /* by pointers of the record */
};

/* ---- sketch.c ---- */

uint64_t un_hash(const char *text);

void un_sample_add(struct un_sample *sample, uint32_t room, uint64_t number);
void un_sample_join(struct un_sample *sample, uint32_t room, const struct un_sample *other);
/* How many there were, estimated from how dense the smallest lie where there were more than are kept. */
uint64_t un_sample_estimate(const struct un_sample *sample);

void un_texts_add(struct un_texts *texts, uint32_t room, const char *text);

/* Was it seen in @run; or, of a merged record, as @seen says. */
void un_seen_add(struct un_union *all, struct un_seen *seen, uint32_t room, const struct un_run *run);
void un_seen_join(struct un_union *all, struct un_seen *seen, uint32_t room, const struct rec_seen *other);
void un_seen_unite(struct un_seen *seen, uint32_t room, const struct un_seen *other);

/* ---- parts.c ---- */

/* The smaller of two texts; an empty one is larger than all. */
const char *un_smaller(const char *a, const char *b);

/* What became of a part of the record; made if it is met for the first time. Null for null, for classes and modules that are not known,
 * and for stacks without frames. */
struct un_run *un_run_of(struct un_adding *adding, const struct rec_run *run);
struct un_stack *un_stack_of(struct un_adding *adding, const struct rec_stack *stack);
struct un_thread *un_thread_of(struct un_adding *adding, const struct rec_thread *thread, const struct un_run *run);
struct un_class *un_class_of(struct un_adding *adding, const struct rec_class *class);

/* A stack by its key. */
struct un_stack *un_stack_find(const struct un_union *all, const char *key);
struct un_thread *un_thread_find(const struct un_union *all, const char *key);

/* The run of a process that is none of a merged record. */
struct un_run *un_run_of_process(struct un_adding *adding);

struct un_module *un_module_of(struct un_adding *adding, const struct rec_module *module);
/* The module of this key, or null. */
struct un_module *un_module_find(const struct un_union *all, const char *key);

/* Keep the lines of a place in the source in the pool. The text is for comparing. */
const char *un_lines_text(struct un_union *all, size_t count, const struct rec_source *lines);
const struct rec_source *un_keep_lines(struct un_union *all, size_t count, const struct rec_source *lines);

/* ---- evidence.c ---- */

void un_add_edges(struct un_adding *adding);
void un_add_uses(struct un_adding *adding);

/* All of a witness in one text, but for the edge it is evidence of. */
const char *un_witness_text(struct un_union *all, struct un_witness *witness);

/* ---- findings.c ---- */

void un_add_findings(struct un_adding *adding);

#endif
