/* SPDX-License-Identifier: MIT */
/*
 * A loop whose acquisitions the thread made before, with a watch over what it does. The loop runs in threads of its own, all
 * at once or, for the trace, one after the other:
 *
 *   counter   how many acquisitions took the slow way, by the library's own count
 *   writes    with all memory read-only but the program's data, the stacks, and the pages of the threads' own states
 *   calls     with no system call allowed
 *   trace     with all that memory closed: each access is caught, and noted to the byte. A write must lie in the thread's own
 *             state, and no cache line that one thread writes may be touched by another
 *
 * "writes" and "calls" end the process at the first thing that is not so. What is said on stdout is for shape.py.
 *
 * Usage: shape WATCH[,WATCH...] CONTEXT SELF WORKLOAD THREADS WARM ROUNDS
 *        CONTEXT and SELF: values of the library's symbols lv_process_context and lv_self_state
 *        WARM: rounds before the watch
 */

#define _GNU_SOURCE
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inside.h"
#include "sys/rawcall.h"
#include "trap.h"
#include "workloads.h"

enum {
    MOST_THREADS = 2,
    MOST_LINES = 4096
};

static struct {
    bool counter, writes, calls, trace;
} watch;
static const struct workload *workload;
static unsigned *common; /* in memory of malloc's; all threads may write it in a trace */
static unsigned long warm, rounds;
static uintptr_t context_value, self_value;

/* One thread, and what it alone writes. */
static struct worker {
    struct locks locks;
    pthread_t thread;
    struct range stack;
    struct range own[INSIDE_OWN + 1]; /* the last is *common */
    size_t own_count;
    struct touch lines[MOST_LINES];
    size_t line_count;
} __attribute__((aligned(4096))) workers[MOST_THREADS];
static uint32_t threads;

static uint32_t ready;   /* threads that are warm; futex */
static uint32_t go;      /* threads that may run their rounds; futex */
static uint32_t running; /* threads that did not end theirs */
static struct inside inside;
static uint64_t slow_before;

/* What no fast path does, to show that it would be seen. */
static void loop_malloc(struct locks *l, unsigned long n)
{
    for (void *volatile p; n-- != 0; free(p))
        p = malloc(24);
    (void)l;
}

static void loop_common(struct locks *l, unsigned long n)
{
    while (n-- != 0)
        __atomic_fetch_add(common, 1, __ATOMIC_RELAXED);
    (void)l;
}

static void loop_call(struct locks *l, unsigned long n)
{
    while (n-- != 0)
        (void)getppid();
    (void)l;
}

static const struct workload misdeeds[] = {
    { "malloc", 1, loop_malloc, NULL, NULL },
    { "common", 1, loop_common, NULL, NULL },
    { "call", 1, loop_call, NULL, NULL },
};

static void stop(const char *why)
{
    fprintf(stderr, "shape: %s\n", why);
    exit(2);
}

static void wait_until(const uint32_t *word, uint32_t least)
{
    uint32_t now;

    while ((now = __atomic_load_n(word, __ATOMIC_ACQUIRE)) < least)
        (void)LV_SYSCALL(SYS_futex, word, FUTEX_WAIT_PRIVATE, now, NULL);
}

static void set(uint32_t *word, uint32_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
    (void)LV_SYSCALL(SYS_futex, word, FUTEX_WAKE_PRIVATE, MOST_THREADS + 1);
}

/* Of a thread that pthread_create() made: the stack, with its thread-local storage at the end of it. */
static struct range own_stack(void)
{
    pthread_attr_t attr;
    size_t size = 0;
    void *start = NULL;

    if (pthread_getattr_np(pthread_self(), &attr) != 0 || pthread_attr_getstack(&attr, &start, &size) != 0)
        stop("where is the stack?");
    pthread_attr_destroy(&attr);
    return (struct range){ (uintptr_t)start, (uintptr_t)start + size };
}

static void make_warm(struct worker *w)
{
    struct inside here;

    w->stack = own_stack();
    if (workload->before != NULL)
        workload->before(&w->locks);
    workload->run(&w->locks, warm);
    if (!inside_find(context_value, self_value, &here))
        stop("the library is not there");
    w->own_count = inside_own(*here.self, w->own);
    w->own[w->own_count++] = (struct range){ (uintptr_t)common, (uintptr_t)(common + 1) };
}

static void trace(struct worker *w)
{
    const struct touch *lines;

    trap_all(w->own, w->own_count);
    workload->run(&w->locks, rounds);
    w->line_count = trap_end(&lines);
    if (w->line_count > MOST_LINES)
        stop("too many lines");
    memcpy(w->lines, lines, w->line_count * sizeof(*lines));
}

static void *work(void *arg)
{
    struct worker *w = arg;
    uint32_t number = (uint32_t)(w - workers);

    make_warm(w);
    set(&ready, number + 1);
    wait_until(&go, watch.trace ? number + 1 : 1);
    if (watch.calls)
        trap_system_calls();
    if (watch.trace)
        trace(w);
    else
        workload->run(&w->locks, rounds);
    if (__atomic_sub_fetch(&running, 1, __ATOMIC_ACQ_REL) == 0 && !watch.trace)
        trap_exit("slow", inside.context->counters.slow_walks - slow_before, 0);
    if (!watch.trace)
        (void)LV_SYSCALL(SYS_exit, 0); /* memory is not as pthread_exit() would need it */
    set(&go, number + 2);
    wait_until(&go, threads + 1); /* the end of a thread writes to much that is closed while another is traced */
    return NULL;
}

static void close_memory(void)
{
    uintptr_t self = (uintptr_t)__builtin_thread_pointer();

    trap_begin();
    trap_leave_out(&(struct range){ self, self + TRAP_LINE * 64 }); /* the kernel writes to this thread's, too */
    for (uint32_t i = 0; i < threads; i++) {
        trap_leave_out(&workers[i].stack);
        for (size_t j = 0; j + 1 < workers[i].own_count && !watch.trace; j++)
            trap_leave_out(&workers[i].own[j]);
    }
    if (watch.writes)
        trap_writes();
}

/* Lines that one thread wrote and another touched. */
static int compare(const struct worker *a, const struct worker *b)
{
    int shared = 0;

    for (size_t i = 0; i < a->line_count; i++) {
        for (size_t j = 0; j < b->line_count; j++) {
            if (a->lines[i].line != b->lines[j].line || !(a->lines[i].written || b->lines[j].written))
                continue;
            printf("shared line 0x%lx\n", (unsigned long)a->lines[i].line);
            shared++;
        }
    }
    return shared;
}

/* What belongs to a thread alone begins with a line, whichever of it this loop touched: so no line has two such, nor the end
 * of anything else. */
static int judge_own(const struct worker *w)
{
    int wrong = 0;

    for (size_t i = 0; i + 1 < w->own_count; i++) {
        if (w->own[i].start % TRAP_LINE == 0)
            continue;
        printf("begins inside of a line 0x%lx\n", (unsigned long)w->own[i].start);
        wrong++;
    }
    return wrong;
}

static int judge_trace(void)
{
    int wrong = 0;

    for (uint32_t i = 0; i < threads; i++) {
        size_t written = 0;

        for (size_t j = 0; j < workers[i].line_count; j++)
            written += workers[i].lines[j].written;
        printf("touched %zu\nwritten %zu\n", workers[i].line_count, written);
        wrong += judge_own(&workers[i]);
    }
    printf("slow %llu\n", (unsigned long long)(inside.context->counters.slow_walks - slow_before));
    if (threads == MOST_THREADS)
        wrong += compare(&workers[0], &workers[1]);
    return wrong != 0 ? 3 : 0;
}

static void read_watches(char *text)
{
    for (char *save = NULL, *word = strtok_r(text, ",", &save); word != NULL; word = strtok_r(NULL, ",", &save)) {
        bool *which = strcmp(word, "counter") == 0  ? &watch.counter
                      : strcmp(word, "writes") == 0 ? &watch.writes
                      : strcmp(word, "calls") == 0  ? &watch.calls
                      : strcmp(word, "trace") == 0  ? &watch.trace
                                                    : NULL;

        if (which == NULL)
            stop("which watch?");
        *which = true;
    }
    if (watch.trace && (watch.writes || watch.calls))
        stop("a trace is apart");
}

int main(int argc, char **argv)
{
    if (argc != 8)
        stop("usage: shape WATCH[,WATCH...] CONTEXT SELF WORKLOAD THREADS WARM ROUNDS");
    read_watches(argv[1]);
    context_value = strtoul(argv[2], NULL, 0);
    self_value = strtoul(argv[3], NULL, 0);
    workload = workload_find(argv[4]);
    for (size_t i = 0; i < sizeof(misdeeds) / sizeof(misdeeds[0]); i++)
        if (strcmp(argv[4], misdeeds[i].name) == 0)
            workload = &misdeeds[i];
    common = calloc(1, sizeof(*common));
    threads = (uint32_t)strtoul(argv[5], NULL, 0);
    warm = strtoul(argv[6], NULL, 0);
    rounds = strtoul(argv[7], NULL, 0);
    if (common == NULL || workload == NULL || threads == 0 || threads > MOST_THREADS ||
        !inside_find(context_value, self_value, &inside))
        stop("no such workload, so many threads, or no library");
    printf("base 0x%lx\ncontext 0x%lx\n", (unsigned long)inside.base, (unsigned long)(uintptr_t)inside.context);
    fflush(stdout);
    running = threads;
    for (uint32_t i = 0; i < threads; i++)
        locks_make(&workers[i].locks); /* a context that is declared is news to all threads: before they are warm */
    for (uint32_t i = 0; i < threads; i++) {
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            stop("no thread");
        wait_until(&ready, i + 1);
    }
    slow_before = inside.context->counters.slow_walks;
    close_memory();
    set(&go, 1);
    while (!watch.trace)
        (void)LV_SYSCALL(SYS_pause);
    wait_until(&go, threads + 1);
    for (uint32_t i = 0; i < threads; i++)
        pthread_join(workers[i].thread, NULL);
    return judge_trace();
}
