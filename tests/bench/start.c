/* SPDX-License-Identifier: MIT */
/*
 * start [--set NAME=VALUE]... [--reps R] COMMAND...: start COMMAND some times and print what it took of a processor from its
 * start to its end, in the form of the other programs of workloads; "ns" is the median. What --set says is in COMMAND's
 * environment only, so that a preloaded library is in COMMAND and not here.
 */

#include "bench.h"

#include <spawn.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum {
    MAX_REPS = 10000,
    MAX_ENV = 1000
};

extern char **environ;

static uint64_t nanoseconds(struct timeval t)
{
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_usec * 1000u;
}

static uint64_t once(char **command, char **env)
{
    struct rusage used;
    pid_t pid;
    int status;

    BENCH_MUST(posix_spawnp(&pid, command[0], NULL, NULL, command, env) == 0);
    BENCH_MUST(wait4(pid, &status, 0, &used) == pid);
    BENCH_MUST(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return nanoseconds(used.ru_utime) + nanoseconds(used.ru_stime);
}

static int by_value(const void *a, const void *b)
{
    uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;

    return (first > second) - (first < second);
}

int main(int argc, char **argv)
{
    static uint64_t ns[MAX_REPS];
    char *env[MAX_ENV];
    size_t variables = 0, reps = 100;
    int i = 1;

    for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
        if (strcmp(argv[i], "--set") == 0) {
            BENCH_MUST(variables < MAX_ENV);
            env[variables++] = argv[i + 1];
        } else if (strcmp(argv[i], "--reps") == 0) {
            reps = strtoul(argv[i + 1], NULL, 10);
        } else {
            break;
        }
    }
    if (i >= argc || strncmp(argv[i], "--", 2) == 0 || reps == 0 || reps > MAX_REPS) {
        fprintf(stderr, "usage: %s [--set NAME=VALUE]... [--reps R] COMMAND...\n", argv[0]);
        return 2;
    }
    /* What was set comes first, and so is what is found. */
    for (char **one = environ; *one != NULL; one++) {
        BENCH_MUST(variables < MAX_ENV - 1);
        env[variables++] = *one;
    }
    env[variables] = NULL;
    once(&argv[i], env);
    for (size_t rep = 0; rep < reps; rep++)
        ns[rep] = once(&argv[i], env);
    qsort(ns, reps, sizeof(ns[0]), by_value);
    printf("ns %lu\nleast %lu\nmiddle %lu\nreps %zu\nops 1\n", ns[reps / 2], ns[0], ns[reps / 2], reps);
    return 0;
}
