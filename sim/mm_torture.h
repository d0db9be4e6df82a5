/* SPDX-License-Identifier: MIT */
#ifndef SIM_MM_TORTURE_H
#define SIM_MM_TORTURE_H

/*
 * mm_torture.h: what the two halves of mm_sim's torture share: mm_torture.c has the threads and the rounds,
 * mm_torture_ops.c what a worker does.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernel/spinlock.h"
#include "mm/pcpu.h"
#include "scenario.h"

struct file;
struct inode;
struct kthread;
struct page;
struct pipe_inode_info;

enum {
    NR_SLOTS = 8, /* slot 0 has a file in devtmpfs, the others memfds */
    AREAS = 4     /* per-CPU areas that a worker keeps */
};

enum op {
    OP_WRITE,
    OP_READ,
    OP_MAP,
    OP_MAP_WRITE,
    OP_PIN,
    OP_LRU_HINT,
    OP_SPLICE,
    OP_TRUNCATE,
    OP_SEAL_SIZE,
    OP_SEAL_WRITE,
    OP_REPLACE,
    OP_DRAIN_LRU,
    OP_DRAIN_PAGES,
    OP_PERCPU,
    NR_OPS
};

struct slot {
    spinlock_t lock;
    struct inode *inode; /* lock; the slot is one of its users */
};

/* The state that all threads of a round share. */
struct torture {
    atomic_bool stop;
    struct slot slots[NR_SLOTS];
    atomic_ulong downs; /* CPUs taken down */
    atomic_ulong ups;   /* and brought up */
    atomic_ulong loads; /* of the driver */
    uint64_t seed;      /* constant */
    unsigned round;     /* main, between rounds */
};

/* A worker's own state: its thread's during a round, the main thread's between rounds. */
struct worker {
    struct torture *torture; /* constant */
    struct kthread *thread;  /* main */
    struct sim_rng rng;
    struct pipe_inode_info *pipe;
    struct page *pinned; /* with a reference, as if a device were to write to it; or null */
    struct pcpu_area areas[AREAS];
    unsigned long done[NR_OPS]; /* operations */
    unsigned long sealed;       /* files sealed */
    unsigned long busy;         /* seals that failed with EBUSY */
    unsigned long no_memory;    /* operations that failed with ENOMEM */
};

/* The files in all slots, made at the start and given up at the end. Context: the main thread, no worker runs. */
void torture_fill_slots(struct torture *torture);
void torture_empty_slots(struct torture *torture);

/* Gives @worker what it needs, and takes back all that it keeps. Context: as above. */
void torture_init_worker(struct worker *worker, struct torture *torture, unsigned number);
void torture_release_worker(struct worker *worker);

/* One operation, chosen by chance, on a file and a CPU chosen by chance. */
void torture_do_one(struct worker *worker);

/* What reports call @op. */
const char *torture_op_name(enum op op);

#endif
