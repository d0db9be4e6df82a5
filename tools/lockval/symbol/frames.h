/* SPDX-License-Identifier: MIT */
#ifndef CLI_SYMBOL_FRAMES_H
#define CLI_SYMBOL_FRAMES_H

/*
 * The stacks of a record as a reader wants them: a line for each function, with those that are inlined.
 */

#include "symbol/symbols.h"

/* A line of a stack. Texts are never null. */
struct sym_line {
    const char *function;  /* empty: not known; then .frame says what is */
    const char *file;      /* of the source, short; empty: not known */
    const char *source;    /* the line of the source; empty: not there */
    int line, column;      /* 0: not known */
    bool inlined;          /* into the function of the next line */
    bool library;          /* of the C++ library, wherever it stands */
    bool wrapper;          /* that, or one of the innermost, which only stand between the program and the lock */
    bool outer;            /* one of those that begin a thread or the program, which lie below all of its own */
    uint64_t offset, size; /* into the function, and of that; size 0: not known */
    const struct rec_frame *frame; /* what the record says; the same for all that are inlined there */
};

/* A stack, innermost first. */
struct sym_stack {
    size_t count;
    struct sym_line *lines;
};

/* The lines of @stack, which may be null. Without @session they say what the record does. Give back with sym_stack_free(). */
struct sym_stack sym_stack_of(struct sym_session *session, const struct rec_stack *stack);
void sym_stack_free(struct sym_stack *stack);

/* Only the innermost line that is no wrapper, or the innermost if all are; count 0: there is none. */
struct sym_stack sym_top_of(struct sym_session *session, const struct rec_stack *stack);

#endif
