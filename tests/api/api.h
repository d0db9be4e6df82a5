/* SPDX-License-Identifier: MIT */
#ifndef TESTS_API_H
#define TESTS_API_H

/*
 * What the programs of tests/api share: the choice of a case, a thread to run something in, and short forms of the calls
 * on maps. A program links nothing of the library; run.py runs each case without it and with it preloaded.
 *
 * Every finding is written to stderr as "[finding KIND VERDICT FINGERPRINT]", from the report callback. What run.py
 * expects of a case stands in the program's source:
 *
 *     expect CASE: clean
 *     expect CASE: circular potential
 *     expect CASE [events=none]: clean                  (with these options)
 *     expect CASE: assert misuse | is pinned            (and stderr matches this regular expression)
 *     expect CASE: unlock misuse, unlock misuse         (two findings, in this order)
 */

#include <lockval.h>

struct api_case {
    const char *name;
    void (*run)(void);
};

/* Run the case that the command line names, print its name, end the program. Returns: the exit status. */
int api_main(int argc, char **argv, const struct api_case *cases, unsigned count);

/* The report callback that every program begins with. */
void api_say_finding(const struct lockval_report *report, void *arg);

/* Is the library there? */
int api_is_watched(void);

/* Under the library @condition must hold, else the program says @what and ends with status 1. */
void api_require(int condition, const char *what);

/* Run @fn in a thread and wait for its end. */
void api_in_thread(void (*fn)(void));

#define take(map) take_as(map, LOCKVAL_WRITE)

static inline void take_with(struct lockval_map *map, enum lockval_mode mode, unsigned subclass, unsigned flags,
                             const void *nest)
{
    lockval_acquire_map(map, mode, subclass, flags, nest);
    lockval_acquired_map(map);
    (void)map;
    (void)mode;
    (void)subclass;
    (void)flags;
    (void)nest;
}

static inline void take_as(struct lockval_map *map, enum lockval_mode mode)
{
    take_with(map, mode, 0, 0, 0);
}

static inline void drop(struct lockval_map *map)
{
    lockval_release_map(map);
    (void)map;
}

/* @first, then @second inside of it. */
static inline void nest(struct lockval_map *first, struct lockval_map *second)
{
    take(first);
    take(second);
    drop(second);
    drop(first);
}

#endif
