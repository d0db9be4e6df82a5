/* SPDX-License-Identifier: MIT */
/*
 * PTRACE_SEIZE and PTRACE_INTERRUPT: no signal is sent, and a process that is stopped by job control stays so. A thread that
 * was about to get a signal when it stopped gets it when it is let go. If this command dies in between, the kernel lets all of them go.
 */

#define _GNU_SOURCE
#include "threads/stop.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>

#include "common/memory.h"

enum {
    ROUNDS = 16,          /* looks for threads that were made meanwhile */
    PATIENCE_US = 250000, /* for threads that do not stop */
    PAUSE_NS = 200000,
    STACK_MAX =
        256 * 1024, /* of a thread's stack is copied; what lies deeper is read later, where it does not change */
    RED_ZONE = 128  /* below the stack pointer, belongs to the function */
};

static int64_t now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct cli_snapshot *cli_stop_find(const struct cli_stop *stop, pid_t tid)
{
    for (size_t i = 0; i < stop->count; i++)
        if (stop->threads[i].tid == tid)
            return &stop->threads[i];
    return NULL;
}

/* Returns false if it is not possible, as *ret_error says. */
static bool seize(struct cli_stop *stop, pid_t tid, int *ret_error)
{
    struct cli_snapshot new = { .tid = tid };

    if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) != 0) {
        *ret_error = errno;
        return false;
    }
    new.attached = true;
    (void)ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
    stop->threads = cli_realloc(stop->threads, stop->count + 1, sizeof(new));
    stop->threads[stop->count++] = new;
    return true;
}

/* Attach to all threads that are there and are not attached. Returns whether there was a new one. */
static bool seize_all(struct cli_stop *stop, pid_t pid)
{
    char *path = cli_printf("/proc/%d/task", (int)pid);
    DIR *dir = opendir(path);
    struct dirent *entry;
    bool any = false;
    int error = ESRCH;

    free(path);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

        if (tid > 0 && cli_stop_find(stop, tid) == NULL && seize(stop, tid, &error))
            any = true;
    }
    if (dir != NULL)
        (void)closedir(dir);
    if (stop->count == 0)
        stop->error = error;
    return any;
}

/* Has it stopped? Notes what there is to note. */
static void look(struct cli_snapshot *thread)
{
    int status;
    pid_t got = waitpid(thread->tid, &status, __WALL | WNOHANG);

    if (got == 0)
        return;
    if (got < 0 || !WIFSTOPPED(status)) {
        thread->attached = false; /* it ended */
        return;
    }
    thread->stopped = true;
    /* A stop of ptrace's own has an event number; one without is for a signal that is about to be delivered. */
    if (status >> 16 == 0)
        thread->signal = WSTOPSIG(status);
}

static bool wait_for_all(struct cli_stop *stop, int64_t until)
{
    for (;;) {
        const struct timespec pause = { .tv_nsec = PAUSE_NS };
        bool waiting = false;

        for (size_t i = 0; i < stop->count; i++) {
            if (stop->threads[i].attached && !stop->threads[i].stopped) {
                look(&stop->threads[i]);
                waiting = waiting || (stop->threads[i].attached && !stop->threads[i].stopped);
            }
        }
        if (!waiting)
            return true;
        if (now_us() >= until)
            return false;
        (void)nanosleep(&pause, NULL);
    }
}

#if defined(__x86_64__)
static void set_registers(struct cli_snapshot *thread, const struct user_regs_struct *r)
{
    const uint64_t by_number[] = { r->rax, r->rdx, r->rcx, r->rbx, r->rsi, r->rdi, r->rbp, r->rsp, r->r8,
                                   r->r9,  r->r10, r->r11, r->r12, r->r13, r->r14, r->r15, r->rip };

    memcpy(thread->registers, by_number, sizeof(by_number));
    thread->register_count = sizeof(by_number) / sizeof(by_number[0]);
    thread->pc = r->rip;
    thread->sp = r->rsp;
    thread->call_known = true;
    thread->in_call = (long)r->orig_rax >= 0;
    thread->call = (long)r->orig_rax;
    thread->call_arg = r->rdi;
}
#elif defined(__aarch64__)
static void set_registers(struct cli_snapshot *thread, const struct user_regs_struct *r)
{
    memcpy(thread->registers, r->regs, sizeof(r->regs));
    thread->registers[31] = r->sp;
    thread->register_count = 32;
    thread->pc = r->pc;
    thread->sp = r->sp;
}
#else
static void set_registers(struct cli_snapshot *thread, const struct user_regs_struct *r)
{
    (void)thread;
    (void)r;
}
#endif

static void read_thread(struct cli_snapshot *thread, const struct cli_victim *victim)
{
    struct user_regs_struct registers;
    struct iovec vector = { &registers, sizeof(registers) };
    const struct cli_map *map;
    size_t size;

    if (ptrace(PTRACE_GETREGSET, thread->tid, (void *)NT_PRSTATUS, &vector) != 0 ||
        vector.iov_len != sizeof(registers)) {
        thread->stopped = false;
        return;
    }
    set_registers(thread, &registers);
    thread->sp -= RED_ZONE;
    map = cli_victim_map(victim, (uintptr_t)thread->sp);
    size =
        map != NULL ? map->end - (uintptr_t)thread->sp : STACK_MAX; /* null: it is new, and ends where reading does */
    size = size < STACK_MAX ? size : STACK_MAX;
    thread->stack = cli_alloc(size, 1);
    thread->stack_size = cli_victim_read_some(victim, (uintptr_t)thread->sp, thread->stack, size);
}

/* Those that did not stop in time cannot be let go before they do; if they never do, the end of this command does it. */
void cli_stop_release(struct cli_stop *stop)
{
    for (size_t i = 0; i < stop->count; i++) {
        struct cli_snapshot *thread = &stop->threads[i];

        if (thread->attached && !thread->stopped)
            look(thread);
        if (thread->attached && ptrace(PTRACE_DETACH, thread->tid, NULL, (void *)(intptr_t)thread->signal) == 0)
            thread->attached = false;
    }
}

void cli_stop(struct cli_stop *stop, const struct cli_victim *victim, void (*meanwhile)(void *arg), void *arg)
{
    int64_t began = now_us();

    *stop = (struct cli_stop){ 0 };
    for (int round = 0; round < ROUNDS && seize_all(stop, victim->pid); round++)
        if (!wait_for_all(stop, began + PATIENCE_US))
            break;
    if (stop->count != 0)
        stop->error = 0;
    for (size_t i = 0; i < stop->count; i++)
        if (stop->threads[i].stopped)
            read_thread(&stop->threads[i], victim);
    meanwhile(arg);
    cli_stop_release(stop);
    stop->stopped_us = now_us() - began;
}

void cli_stop_free(struct cli_stop *stop)
{
    for (size_t i = 0; i < stop->count; i++)
        free(stop->threads[i].stack);
    free(stop->threads);
    *stop = (struct cli_stop){ 0 };
}
