/* SPDX-License-Identifier: MIT */
#ifndef CLI_FORMATS_LOCKDEP_PARTS_H
#define CLI_FORMATS_LOCKDEP_PARTS_H

/*
 * The parts that all reports in the kernel's layout are made of.
 */

#include "formats/format.h"

struct lockdep {
    FILE *out;
    const struct format_input *input;
};

/* An empty line, a bar of @bar signs, @title, the version, another bar. */
void lockdep_headline(struct lockdep *to, const struct rec_finding *finding, int bar, const char *title);

/* "worker/123". */
void lockdep_task(struct lockdep *to, const struct rec_thread *thread);

/* "name){+.+.}-{4:4}": who calls has printed the bracket. */
void lockdep_class(struct lockdep *to, const struct rec_lock *lock);

/* The line of a lock. */
void lockdep_lock(struct lockdep *to, const struct rec_lock *lock);

/* One frame a line, behind @blanks. */
void lockdep_stack(struct lockdep *to, const struct rec_stack *stack, int blanks);
void lockdep_first_frame(struct lockdep *to, const struct rec_stack *stack);

/* What the thread of @finding held; what @thread holds. */
void lockdep_held(struct lockdep *to, const struct rec_finding *finding);
void lockdep_held_by(struct lockdep *to, const struct rec_thread *thread, const struct rec_lock *held, size_t count);

/* The last block: where the thread was. */
void lockdep_backtrace(struct lockdep *to, const struct rec_finding *finding);

#endif
