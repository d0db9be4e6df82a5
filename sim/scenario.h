/* SPDX-License-Identifier: MIT */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

/*
 * scenario.h: what mm_sim and hotplug_sim share as programs: the command line, the table of
 * scenarios, threads that take turns, random numbers. Checks are in kernel/check.h.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/check.h"

/* ---- command line ---------------------------------------------------------------------------- */

/* The options that a scenario takes besides --cpus. Giving another is an error. */
enum sim_takes {
    SIM_TAKES_SECONDS = 1u << 0,
    SIM_TAKES_SEED = 1u << 1,
    SIM_TAKES_PAGES = 1u << 2,
    SIM_TAKES_ORDER = 1u << 3,
    SIM_TAKES_WRITERS = 1u << 4,
    SIM_TAKES_FOREVER = 1u << 5
};

struct sim_options {
    unsigned cpus;    /* --cpus, scenario's min_cpus to NR_CPUS */
    unsigned seconds; /* --seconds, 1 to 86400 */
    uint64_t seed;    /* --seed */
    unsigned pages;   /* --pages, 64 to 1048576 */
    char order[4];    /* --order, some of 1, 2, 3, each once; empty when not given */
    bool freezer;     /* --freezer */
    bool hotplug;     /* --hotplug */
    bool forever;     /* --forever */
};

struct scenario {
    const char *name;
    const char *runs;     /* one line: what runs */
    const char *expected; /* what lockval says: "clean", or kind and verdict: "event, potential" */
    unsigned min_cpus;    /* fewer are refused */
    unsigned takes;       /* bits of enum sim_takes */
    int (*run)(const struct sim_options *options); /* Returns: the exit status of the program */
};

struct sim_program {
    const char *name;
    const char *purpose; /* one line for --help */
    const struct scenario *scenarios;
    size_t nr_scenarios; /* the first one is the default */
};

/*
 * All of main(): reads the command line, runs one scenario. Returns: the exit status: what the
 * scenario returned; 0 after --help and --list; 2 after a message on stderr when the command line
 * is wrong. The calling thread is registered with liburcu (flavour memb) while the scenario runs.
 */
int sim_main(int argc, char **argv, const struct sim_program *program);

/* ---- threads that take turns ----------------------------------------------------------------- */

struct sim_task {
    const char *name;      /* of the thread, at most 15 characters */
    unsigned cpu;          /* that it runs on at the start */
    int (*run)(void *arg); /* Returns: 0, or anything else for a failure */
    void *arg;
};

/*
 * Run each of @tasks in a thread of its own, one after another in the order of the array. All
 * threads are made before the first one runs and live until the last one has run; turns are passed
 * by plain atomics. So the way in which threads were created and joined says nothing about who runs
 * when.
 * Returns: the first result that is not 0, or 0.
 */
int sim_run_in_turns(const struct sim_task *tasks, size_t nr_tasks);

struct sim_late_task {
    struct sim_task task;
    bool must_wait; /* for the one before it, however long that takes */
};

/*
 * Run each of @tasks in a thread of its own. Each begins when the one before it in the array has ended, or @limit_us microseconds after
 * that one began, if it need not wait: so one runs after another, unless somebody is held up.
 * Returns: the first result that is not 0, or 0.
 */
int sim_run_one_by_one(const struct sim_late_task *tasks, size_t nr_tasks, unsigned limit_us);

/* ---- random numbers -------------------------------------------------------------------------- */

/* xorshift64*: small, fast, good enough to choose what a torture thread does next. One a thread. */
struct sim_rng {
    uint64_t state;
};

/* Each @stream of one @seed gives other numbers. */
void sim_rng_init(struct sim_rng *rng, uint64_t seed, uint64_t stream);
uint64_t sim_rng_next(struct sim_rng *rng);

/* Returns: a number below @bound, which is not 0. */
unsigned sim_rng_below(struct sim_rng *rng, unsigned bound);

/* ---- torture --------------------------------------------------------------------------------- */

/* Sleep for @seconds: how long the main thread lets the others run. */
void sim_sleep_seconds(unsigned seconds);

/* Returns: nanoseconds of a clock that only goes forward. */
uint64_t sim_clock_ns(void);

#endif
