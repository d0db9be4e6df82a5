/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_RECORDER_H
#define LV_ENGINE_RECORDER_H

/*
 * The record of this process (option record, docs/record-format.md): where it goes, what of it is written. What is learned
 * is put into a batch (engine/batch.h) by the calls of engine/record.h.
 *
 * The record has numbers of its own for classes, threads, modules and witnesses, since those of the tables are given out
 * again. A forked child begins anew: what it needs of what its parent had written is written once more. Its numbers go on
 * from the parent's, so that one comparison says whether a thing stands in the record of this process.
 */

#include "graph/table.h"
#include "graph/vec.h"
#include "report/record.h"

struct lv_batch;
struct lv_context;

/* Numbers that the record gives out. */
struct lv_record_numbers {
    uint32_t first; /* of this process: lower ones are the parent's, and 0 none. Lock */
    uint32_t last;  /* that was given out. Lock */
};

struct lv_recorder {
    bool on;                  /* atomic: false: no record, or it cannot be written any more */
    bool begun;               /* lock: meta is in a batch */
    bool found;               /* the file was there, made by who tells findings: it is never made anew. Constant */
    bool forked;              /* constant but for a forked child's first thread, as are the next ones */
    bool ended;               /* atomic */
    int pid;                  /* who else runs this (a child of vfork) writes nothing */
    char host[65];            /* constant after start: the machine's name */
    char run[9];              /* 8 hexadecimal digits, different in each process */
    int64_t start_ms;         /* since 1970 */
    int64_t started;          /* of lv_os_now_ms() */
    const char *pattern;      /* constant after start: the option's path, made absolute */
    const char *path;         /* of this process */
    uint32_t generation;      /* how many forks lie between this process and the first, plus one */
    uint64_t lost;            /* atomic: lines for which there was no memory */
    struct lv_batch *spare;   /* atomic: a batch that is not in use, or null */
    struct lv_vec stacks;     /* lock: by the stack's number, the generation in which it was written */
    struct lv_table modules;  /* lock: module and generation -> number */
    struct lv_vec chains;     /* lock: struct lv_chaintree_node; number 0 is the empty chain */
    struct lv_table chain_of; /* lock: a chain's key -> its number in .chains */
    struct lv_record_numbers class_numbers, thread_numbers, module_numbers, witness_numbers;
};

/* Begin the record if the option asks for one. Once, at start, before there are other threads. */
void lv_recorder_start(struct lv_context *ctx);

/* In a forked child: its record is another one. Context: lock held, one thread. */
void lv_recorder_after_fork(struct lv_context *ctx);

/* The process ends with @status (-1: not known): counts, and the last line. Only the first call does something.
 * Context: lock not held, guard held. */
void lv_recorder_end(struct lv_context *ctx, int status);

/* Who writes the lines. */
struct lv_record_by lv_recorder_by(const struct lv_context *ctx);

/* The first line of the process's record, before any other. Context: lock held. */
void lv_recorder_begin(struct lv_context *ctx, struct lv_batch *batch);

/* Milliseconds since the process was met. Context: any thread. */
int64_t lv_recorder_ms(const struct lv_context *ctx);

static inline uint32_t lv_record_next(struct lv_record_numbers *numbers)
{
    return ++numbers->last;
}

/* Does what has this number stand in this process's record? */
static inline bool lv_record_is_written(const struct lv_record_numbers *numbers, uint32_t number)
{
    return number >= numbers->first;
}

#endif
