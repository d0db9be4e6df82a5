/* SPDX-License-Identifier: MIT */
/*
 * How much one repetition does is found by doubling until it lasts long enough, so that a tool that is a thousand times as
 * slow has a thousandth of the work. That is the warm-up, too. Many short repetitions, not one long: on a machine with other
 * work, some of them are not disturbed.
 */

#include "bench.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

enum {
    MAX_REPS = 1000
};

static const struct bench_workload *find(const struct bench_workload *all, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(all[i].name, name) == 0)
            return &all[i];
    }
    return NULL;
}

static struct bench_run once(const struct bench_workload *workload, uint64_t ops)
{
    struct bench_run run = { .ns = 0, .ops = ops, .share = -1 };

    workload->run(ops, &run);
    BENCH_MUST(run.ops > 0);
    return run;
}

static uint64_t enough_ops(const struct bench_workload *workload, uint64_t ns)
{
    uint64_t ops = workload->least_ops > 0 ? workload->least_ops : 1;

    once(workload, ops);
    for (;;) {
        struct bench_run run = once(workload, ops);

        if (run.ns >= ns)
            return ops;
        /* Not more than is known to be needed: the last doubling may be the one that lasts. */
        ops = run.ns < ns / 4 ? ops * 2 : ops * ns / (run.ns + 1) + 1;
    }
}

static int by_value(const void *a, const void *b)
{
    double first = *(const double *)a, second = *(const double *)b;

    return (first > second) - (first < second);
}

static double middle(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), by_value);
    return count % 2 != 0 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static void measure(const struct bench_workload *workload, uint64_t ms, size_t reps)
{
    static double ns[MAX_REPS], share[MAX_REPS];
    uint64_t ops = enough_ops(workload, ms * 1000000);
    double median;
    bool competes = false;

    for (size_t i = 0; i < reps; i++) {
        struct bench_run run = once(workload, ops);

        ns[i] = (double)run.ns / (double)run.ops;
        share[i] = run.share;
        competes = run.share >= 0;
    }
    median = middle(ns, reps);
    printf("ns %.4f\nleast %.4f\nmiddle %.4f\nreps %zu\nops %" PRIu64 "\n",
           workload->pick == BENCH_LEAST ? ns[0] : median, ns[0], median, reps, ops);
    if (competes)
        printf("share %.4f\n", middle(share, reps));
}

static uint64_t number(const char *text)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || value == 0) {
        fprintf(stderr, "not a number from 1 on: %s\n", text);
        exit(2);
    }
    return value;
}

int bench_main(int argc, char **argv, const struct bench_workload *all, size_t count)
{
    const struct bench_workload *workload;
    uint64_t ms = 4, reps = 25, locks;

    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        for (size_t i = 0; i < count; i++)
            puts(all[i].name);
        return 0;
    }
    workload = argc >= 2 ? find(all, count, argv[1]) : NULL;
    if (workload == NULL || argc % 2 != 0) {
        fprintf(stderr, "usage: %s WORKLOAD [--ms M] [--reps R] [--locks N] | --list\n", argv[0]);
        return 2;
    }
    locks = workload->locks;
    for (int i = 2; i < argc; i += 2) {
        if (strcmp(argv[i], "--ms") == 0) {
            ms = number(argv[i + 1]);
        } else if (strcmp(argv[i], "--reps") == 0) {
            reps = number(argv[i + 1]);
        } else if (strcmp(argv[i], "--locks") == 0) {
            locks = number(argv[i + 1]);
        } else {
            fprintf(stderr, "%s: unknown option %s\n", argv[0], argv[i]);
            return 2;
        }
    }
    if (reps > MAX_REPS)
        reps = MAX_REPS;
    if (workload->prepare != NULL)
        workload->prepare(locks);
    measure(workload, ms, reps);
    return 0;
}
