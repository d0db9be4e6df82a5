/* SPDX-License-Identifier: MIT */
#ifndef CLI_TESTS_UNIONS_H
#define CLI_TESTS_UNIONS_H

/* Merged records, told acquisition by acquisition, as runs would have it merged; and what comes of them. One at a time. */

#include "cycles/circles.h"
#include "cycles/result.h"

enum {
    CLASSES = 32,
    NESTED = 8
};

struct lock {
    char name[16];
    const char *mode;
    const char *flag; /* empty: none */
    unsigned class;
};

extern struct rec_set *set;
extern struct cy_result result; /* of look() */
extern unsigned class_count;
extern unsigned edge_modes[CLASSES][CLASSES]; /* of the classes numbered from 1 on */

void begin(void);
void end(void);

/* The class @name; a new one gets what it is from its first letter: S is a semaphore, Q one that is not known yet, V one that is an
 * event, E an event, J the end of a thread. "A/1" is a subclass of A. */
unsigned class_of(const char *name);

/* "A:r!try": r a reader, R a recursive one. */
struct lock lock_of(const char *word);

/* In @run a thread wanted the last of these locks while it held the others. */
void takes(unsigned run, const char *text);
void takes_these(unsigned run, const struct lock *locks, unsigned count);

/* @run found the circle of these classes by itself. */
void finds(unsigned run, const char *verdict, const char *text);

/* The same in runs up to @last, too, of which nothing else is known. */
void find_all(unsigned run, unsigned last, const char *verdict, const char *text);

/* @side: "inside" or "open". */
void uses(unsigned run, const char *side, const char *word, const char *context, const char *handler);

void look(void);
bool has_edge(const struct rec_finding *finding, unsigned from, unsigned to);

#endif
