/* SPDX-License-Identifier: MIT */
#ifndef LAB_MACHINE_H
#define LAB_MACHINE_H

/*
 * What a program of the lab can do: its states, and which thread can take which step. It knows locks as they are, and nothing of
 * orders and findings: whether a program can hang is seen here, by trying.
 *
 * A step that finds its lock taken begins to wait; that is a step of its own, and the thread goes on when it has the lock. A
 * context may interrupt a thread between two of its steps, once in each. Who waits on a condition variable gives its mutex up with
 * the first of these steps, and goes on when there is a signal and the mutex is free.
 *
 * A state is plain memory: two states are the same if their bytes are.
 */

#include "core/program.h"

enum {
    LAB_FRAMES = 1 + LAB_CONTEXTS,
    LAB_ALL = 255,
    LAB_CHOICES = LAB_THREADS * (2 + LAB_CONTEXTS)
};

struct lab_frame {
    uint8_t sequence, next; /* number of the step that comes */
};

struct lab_thread_state {
    struct lab_frame frames[LAB_FRAMES]; /* the last one runs */
    uint8_t depth;                       /* of these; 0: the thread has ended */
    bool waits;                          /* it has begun the step, and does not have what it wants */
    bool begun;                          /* it runs, or has run */
    uint8_t masked[LAB_CONTEXTS];        /* how often each context is kept out */
    uint8_t inside;                      /* a bit for each context that it is in, */
    uint8_t came;                        /* and that interrupted it already */
    uint32_t missed;                     /* a bit for each lock that it tried for in vain */
};

struct lab_lock_state {
    uint8_t writer; /* the thread's number plus one; 0: none */
    uint8_t again;  /* how often it has a recursive mutex besides */
    uint8_t readers[LAB_THREADS];
    uint8_t completed; /* no lock: how many waits may pass; LAB_ALL: each one */
};

struct lab_state {
    struct lab_thread_state threads[LAB_THREADS];
    struct lab_lock_state locks[LAB_LOCKS];
};

/* What a choice did. */
enum lab_done {
    LAB_DONE_STEP,    /* the whole step */
    LAB_DONE_BEGUN,   /* it waits */
    LAB_DONE_GOT,     /* it waited before, and has it now */
    LAB_DONE_FAILED,  /* it tried in vain, or the time is over */
    LAB_DONE_AGAIN,   /* it took a recursive mutex again, or gave one of these back */
    LAB_DONE_STRANGE, /* it released what it does not hold */
    LAB_DONE_ENTERED  /* a context interrupts it */
};

struct lab_did {
    enum lab_done done;
    const struct lab_step *step; /* null: a context came */
    uint8_t ended[LAB_FRAMES];   /* contexts that ended with the step, innermost first */
    uint8_t ended_count;
    bool over; /* the thread has ended */
};

void lab_begin(const struct lab_program *p, struct lab_state *state);

/* All that can happen next, in a fixed order. Returns how many. */
unsigned lab_choices(const struct lab_program *p, const struct lab_state *state, struct lab_choice ret[LAB_CHOICES]);

bool lab_can(const struct lab_program *p, const struct lab_state *state, struct lab_choice choice);

/* Let it happen. Context: lab_can(). */
struct lab_did lab_do(const struct lab_program *p, struct lab_state *state, struct lab_choice choice);

/* Does a reader of @lock, that @thread is now, pass writers that wait? */
bool lab_reads_recursively(const struct lab_program *p, const struct lab_state *state, unsigned thread, unsigned lock);

/* The step that @thread comes to, or waits in; null: it has ended, or has not begun. */
const struct lab_step *lab_next_step(const struct lab_program *p, const struct lab_state *state, unsigned thread);

/* Has every thread ended? */
bool lab_is_over(const struct lab_program *p, const struct lab_state *state);

#endif
