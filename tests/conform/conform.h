/* SPDX-License-Identifier: MIT */
#ifndef CONFORM_H
#define CONFORM_H

/*
 * What the programs of this folder share. A program is a table of parts, a part is a list of checks, and a check prints
 * one line: what was called, what it returned, and errno where the call touched it. The runner compares the lines with
 * those of a run without the library. A check with a wanted result also fails by itself, so that a program cannot go
 * wrong in the same way twice and pass.
 *
 * Checks of other threads come out in a fixed order because threads take turns: each waits until the other really
 * sleeps where it should.
 */

#include "../preload/program.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum {
    ERRNO_BEFORE = 1234 /* no call sets it */
};

static struct conform {
    atomic_int count;
    atomic_int wrong;
} conform;

static inline void conform_line(const char *what, long got, int error, bool right)
{
    const char *name = error != ERRNO_BEFORE ? strerrorname_np(error) : "-";

    atomic_fetch_add(&conform.count, 1);
    if (!right)
        atomic_fetch_add(&conform.wrong, 1);
    printf("%s  %s: %ld %s\n", right ? "" : "WRONG", what, got, name != NULL ? name : "0");
}

/* What a call returns, whatever that is. */
#define SAME(call)                              \
    do {                                        \
        long got_;                              \
                                                \
        errno = ERRNO_BEFORE;                   \
        got_ = (long)(call);                    \
        conform_line(#call, got_, errno, true); \
    } while (0)

/* It returns @wanted. */
#define IS(wanted, call)                                          \
    do {                                                          \
        long got_;                                                \
                                                                  \
        errno = ERRNO_BEFORE;                                     \
        got_ = (long)(call);                                      \
        conform_line(#call, got_, errno, got_ == (long)(wanted)); \
    } while (0)

/* It returns -1, and says @error in errno. */
#define FAILS(error, call)                                                \
    do {                                                                  \
        long got_;                                                        \
                                                                          \
        errno = ERRNO_BEFORE;                                             \
        got_ = (long)(call);                                              \
        conform_line(#call, got_, errno, got_ == -1 && errno == (error)); \
    } while (0)

/* It is so. Leaves errno alone. */
#define YES(condition)                                    \
    do {                                                  \
        bool so_ = (condition);                           \
        int saved_ = errno;                               \
                                                          \
        conform_line(#condition, so_, ERRNO_BEFORE, so_); \
        errno = saved_;                                   \
    } while (0)

struct conform_part {
    const char *name;
    void (*run)(void);
};

#define CONFORM(...)                                                                 \
    int main(int argc, char **argv)                                                  \
    {                                                                                \
        static const struct conform_part parts_[] = { __VA_ARGS__ };                 \
                                                                                     \
        return conform_main(parts_, sizeof(parts_) / sizeof(parts_[0]), argc, argv); \
    }

static inline int conform_main(const struct conform_part *parts, size_t count, int argc, char **argv)
{
    /* By lines: a child that is forked has nothing to print a second time. */
    MUST(setvbuf(stdout, NULL, _IOLBF, BUFSIZ) == 0);
    for (size_t i = 0; i < count; i++) {
        if (argc > 1 && strcmp(argv[1], parts[i].name) != 0)
            continue;
        printf("%s\n", parts[i].name);
        parts[i].run();
    }
    printf("%d checks\n", atomic_load(&conform.count));
    return atomic_load(&conform.wrong) != 0;
}

/* ---- where another thread sleeps ---- */

/* The system call in which the thread @tid of the process @pid sleeps, and its first argument; -1: it runs. */
static inline long conform_call_of(pid_t pid, pid_t tid, uintptr_t *ret_argument)
{
    char path[64], text[256] = "";
    long number = -1;
    unsigned long argument = 0;
    int saved = errno, file;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", pid, tid);
    file = open(path, O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        if (read(file, text, sizeof(text) - 1) > 0 && sscanf(text, "%ld 0x%lx", &number, &argument) < 1)
            number = -1;
        close(file);
    }
    errno = saved;
    *ret_argument = argument;
    return number;
}

/* A thread that makes one call, and how far it is. */
struct job {
    pthread_t thread;
    int (*run)(void *);
    void *arg;
    atomic_int tid;
    atomic_bool done;
    int result;
};

static inline void *job_main(void *arg)
{
    struct job *job = arg;

    atomic_store(&job->tid, gettid());
    job->result = job->run(job->arg);
    atomic_store(&job->done, true);
    return job;
}

static inline void job_start(struct job *job, int (*run)(void *), void *arg)
{
    *job = (struct job){ .run = run, .arg = arg };
    MUST(pthread_create(&job->thread, NULL, job_main, job) == 0);
    while (atomic_load(&job->tid) == 0)
        sched_yield();
}

/* Wait until the job sleeps on a word of the @size bytes at @object. False: it came to its end instead. */
static inline bool job_sleeps_on(struct job *job, const void *object, size_t size)
{
    uintptr_t argument;

    while (!atomic_load(&job->done)) {
        if (conform_call_of(getpid(), atomic_load(&job->tid), &argument) == SYS_futex &&
            argument - (uintptr_t)object < size)
            return true;
        sched_yield();
    }
    return false;
}

#define SLEEPS_ON(job, object) job_sleeps_on(job, object, sizeof(*(object)))

/* Wait until the job sleeps in the system call @number; any but those that are made on the way, so no futex. */
static inline bool job_sleeps_in(struct job *job, long number)
{
    uintptr_t argument;

    while (!atomic_load(&job->done)) {
        if (conform_call_of(getpid(), atomic_load(&job->tid), &argument) == number)
            return true;
        sched_yield();
    }
    return false;
}

static inline int job_end(struct job *job)
{
    void *ret;

    MUST(pthread_join(job->thread, &ret) == 0);
    return ret == job ? job->result : -1;
}

/* The same in a thread of its own, and wait for it. */
static inline int elsewhere(int (*run)(void *), void *arg)
{
    struct job job;

    job_start(&job, run, arg);
    return job_end(&job);
}

/* ---- other processes ---- */

/* Wait until the child sleeps on the shared @object. False: it is gone. */
static inline bool child_sleeps_on(pid_t child, const void *object, size_t size)
{
    uintptr_t argument;

    while (waitid(P_PID, (id_t)child, &(siginfo_t){ 0 }, WEXITED | WNOHANG | WNOWAIT) == 0) {
        siginfo_t about = { 0 };

        if (conform_call_of(child, child, &argument) == SYS_futex && argument - (uintptr_t)object < size)
            return true;
        if (waitid(P_PID, (id_t)child, &about, WEXITED | WNOHANG | WNOWAIT) == 0 && about.si_pid == child)
            return false;
        sched_yield();
    }
    return false;
}

/* How a child ended: its status, or minus the signal. */
static inline int status_of(pid_t child)
{
    int status;

    if (child <= 0 || waitpid(child, &status, 0) != child)
        return -1000;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static inline void *shared_memory(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    MUST(memory != MAP_FAILED);
    return memory;
}

#endif
