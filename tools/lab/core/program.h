/* SPDX-License-Identifier: MIT */
#ifndef LAB_PROGRAM_H
#define LAB_PROGRAM_H

/*
 * The little language of the lock lab: a program is threads, each a list of steps.
 *
 *     mutex A B                 # locks; who takes an unknown name takes a mutex, who reads one a rwlock
 *     T1: lock A; lock B; unlock B; unlock A
 *     T2: lock B; lock A; unlock A; unlock B
 *     run: T1 T2                # the first run: T1 to its end, then T2
 *
 * Declarations
 *     mutex, recursive, rwlock, strict, queued, event, cond, flag NAMES
 *                               strict: a rwlock whose readers wait behind a waiting writer; queued: only those that are in
 *                               no context do; cond: a condition variable
 *     keyed NAMES               classes with a key of their own, for which the kernel's rule of nesting holds
 *     context NAME [soft]       a declared context; soft ones do not interrupt others
 *     on NAME: STEPS            what the context does when it interrupts a thread, once in each
 *     NAME: STEPS               a thread; there is one line or more for each
 *     run: NAMES                the first run: at each moment the first thread of the list that can go on does; where the list
 *                               has C/T, the context C interrupts the thread T as soon as it can
 * Steps, with ; between them
 *     lock X, read X, try X, tryread X, timed X, unlock X       X.2 is another lock of the class X
 *     spin X                    tries again and again until it has it: lockval sees a trylock
 *     lock X/1                  as subclass 1
 *     lock X nest Y             orderly, since Y is held
 *     wait E, complete E        an event
 *     wait C with M             a condition variable, in the loop that a program has around it: M is given up until a signal
 *                               comes, and taken again; a signal that came before lets it pass
 *     signal C, broadcast C     one such wait may pass; all may, from now on
 *     set F, await F            a plain variable, by which threads come one after another: lockval knows nothing of it
 *     mask C, unmask C          keep the context C from interrupting
 *     enter C, leave C          what lies between is done in C
 *     create T, join T          T begins with that, or is waited for
 *     init X                    X is made anew
 *
 * Everything from # on is a remark; in the middle of a word it is a part of the name.
 */

#include "base/types.h"

enum {
    LAB_THREADS = 8,
    LAB_CONTEXTS = 4,
    LAB_SEQUENCES = LAB_THREADS + LAB_CONTEXTS,
    LAB_LOCKS = 32,
    LAB_STEPS = 96, /* of one thread */
    LAB_NAME = 32,
    LAB_RUNS = 64, /* names in lines "run" */
    LAB_NONE = 255
};

enum lab_code {
    LAB_TAKE,
    LAB_RELEASE,
    LAB_WAIT,
    LAB_COMPLETE,
    LAB_MASK,
    LAB_UNMASK,
    LAB_ENTER,
    LAB_LEAVE,
    LAB_CREATE,
    LAB_JOIN,
    LAB_INIT,
    LAB_COND_WAIT, /* with the mutex .nest */
    LAB_SIGNAL,
    LAB_BROADCAST,
    LAB_SET,
    LAB_AWAIT
};

enum lab_kind {
    LAB_MUTEX,
    LAB_RECURSIVE,
    LAB_RWLOCK,
    LAB_STRICT,
    LAB_QUEUED,
    LAB_EVENT, /* from here on they are no locks */
    LAB_COND,
    LAB_FLAG
};

/* What a thread may do next. */
enum lab_what {
    LAB_GO,       /* take the next step, or go on after a wait */
    LAB_TIME_OUT, /* stop waiting */
    LAB_INTERRUPT /* plus the number of the context that comes */
};

struct lab_choice {
    uint8_t thread;
    uint8_t what;
};

struct lab_step {
    uint8_t code;
    bool read, try, timed;
    bool spin; /* the core is told of a try, which succeeds in the end */
    uint8_t subclass;
    uint8_t what;      /* number of the lock, context or thread */
    uint8_t nest;      /* a lock that orders this one, or that is waited with; or LAB_NONE */
    uint16_t from, to; /* where it stands in the text */
};

/* What a thread or a context does. */
struct lab_sequence {
    char name[LAB_NAME];
    bool made; /* by a step "create" of another */
    uint8_t count;
    struct lab_step steps[LAB_STEPS];
};

struct lab_lock {
    char name[LAB_NAME];
    char class[LAB_NAME];
    enum lab_kind kind;
    bool declared; /* .kind was said, not guessed */
    bool used;
    bool keyed;
};

struct lab_context {
    char name[LAB_NAME];
    bool soft;
    bool interrupts; /* it has steps of its own: .sequence */
    uint8_t sequence;
};

struct lab_program {
    uint8_t thread_count, context_count, lock_count, run_count;
    struct lab_sequence sequences[LAB_SEQUENCES]; /* the threads', then the contexts' */
    struct lab_context contexts[LAB_CONTEXTS];
    struct lab_lock locks[LAB_LOCKS];
    struct lab_choice runs[LAB_RUNS]; /* none given: each thread once, in order */
};

/* Read @text. False: @ret_complaint, which holds @size bytes, says what is wrong, and *ret_line in which line (from 1). */
bool lab_program_read(struct lab_program *program, const char *text, char *ret_complaint, size_t size,
                      unsigned *ret_line);

/* The text of @step, of no more than @size bytes, as the program has it. */
void lab_step_text(const char *text, const struct lab_step *step, char *ret, size_t size);

#endif
