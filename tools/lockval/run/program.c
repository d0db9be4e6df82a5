/* SPDX-License-Identifier: MIT */
/*
 * Owns the descriptor through which all signals of the command are read, and what they were before. One thread.
 *
 * Which signals have to be passed on? Those that a terminal makes come to the whole process group, so the program has them.
 * All others may have been sent to the command alone, or to the group: run/group.h tells them apart. Timers of the command
 * are older than the program, which would have them if there were no command.
 *
 * If the command is killed by what it cannot pass on, the program dies with it, as it would if there were no command.
 */

#define _GNU_SOURCE
#include "run/program.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/command.h"
#include "common/memory.h"
#include "common/preload.h"
#include "run/group.h"

enum {
    TWICE_MS = 2000, /* between two interrupts that mean more than one */
    COMPLAINED = -1, /* what the child says in the place of an errno */
};

static int signals = -1;             /* signalfd of all */
static sigset_t mask_before;         /* of the command, which the program gets */
static struct sigaction chld_before; /* how SIGCHLD was handled */
static int64_t interrupted_ms;       /* when SIGINT came last; 0: never */

static int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- descriptors ---- */

/* Nothing that the command opens becomes the program's stdin, stdout or stderr, nor its own. exec closes these again. */
static void fill_holes(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)open("/dev/null", O_RDWR | O_CLOEXEC);
}

/* The descriptors from 3 on that the command was given; memory to free. */
static int *given_descriptors(size_t *ret_count)
{
    DIR *folder = opendir("/proc/self/fd");
    int *given = NULL;

    *ret_count = 0;
    if (folder == NULL)
        return NULL;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        int fd = atoi(entry->d_name);

        if (fd <= STDERR_FILENO || fd == dirfd(folder))
            continue;
        given = cli_realloc(given, *ret_count + 1, sizeof(*given));
        given[(*ret_count)++] = fd;
    }
    (void)closedir(folder);
    return given;
}

/* They are the program's: who waits for the other end of a pipe waits for the program to close it, not for the command. */
static void let_go(const int *given, size_t count)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null >= 0) {
        (void)dup3(null, STDIN_FILENO, O_CLOEXEC);
        (void)dup3(null, STDOUT_FILENO, O_CLOEXEC);
        (void)close(null);
    }
    for (size_t i = 0; i < count; i++)
        (void)close(given[i]);
}

/* ---- in the child, before it becomes the program ---- */

/* The options, which come when its number is known. Empty: the command died, or cannot go on. */
static char *read_options(int fd)
{
    size_t len = 0, size = 4096;
    char *text = cli_alloc(size, 1);
    ssize_t got;

    while ((got = read(fd, text + len, size - len - 1)) > 0 || (got < 0 && errno == EINTR)) {
        len += got > 0 ? (size_t)got : 0;
        if (len + 1 == size) {
            size *= 2;
            text = cli_realloc(text, size, 1);
        }
    }
    text[len] = '\0';
    return text;
}

/* As execvp(), which gives what the kernel does not know to the shell, but only texts. Returns the error. */
static int become(const struct run_how *how)
{
    int error;

    (void)execv(how->path, how->argv);
    error = errno;
    if (error != ENOEXEC || !how->shell)
        return error;
    (void)execvp(how->name, how->argv);
    return errno;
}

static void run_child(const struct run_program *program, int go, int said, pid_t parent)
{
    char *options;
    int error = COMPLAINED;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    options = read_options(go);
    if (getppid() != parent || *options == '\0')
        _exit(CLI_CANNOT_RUN);
    if (cli_preload_environment(program->how->library, options + 1)) {
        (void)sigaction(SIGCHLD, &chld_before, NULL);
        (void)sigprocmask(SIG_SETMASK, &mask_before, NULL);
        error = become(program->how);
    }
    (void)!write(said, &error, sizeof(error));
    _exit(CLI_CANNOT_RUN);
}

/* ---- in the command ---- */

static bool follow_signals(void)
{
    const struct sigaction plain = { .sa_handler = SIG_DFL };
    sigset_t all;

    (void)sigfillset(&all);
    (void)sigprocmask(SIG_BLOCK, &all, &mask_before);
    /* Where ends of children are ignored there is nothing to wait for. */
    (void)sigaction(SIGCHLD, &plain, &chld_before);
    signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    return signals >= 0;
}

bool run_program_begin(struct run_program *program, const struct run_how *how)
{
    pid_t parent = getpid();
    int go[2] = { -1, -1 }, said[2] = { -1, -1 }, *given;
    size_t count;

    fill_holes();
    given = given_descriptors(&count);
    *program = (struct run_program){ .how = how, .go = -1, .error = -1 };
    if (!follow_signals() || pipe2(go, O_CLOEXEC) != 0 || pipe2(said, O_CLOEXEC) != 0) {
        cli_complain("cannot follow the program: %s", strerror(errno));
        return false;
    }
    (void)fflush(NULL);
    run_group_begin();
    program->pid = fork();
    if (program->pid == 0) {
        (void)close(go[1]);
        (void)close(said[0]);
        run_child(program, go[0], said[1], parent);
    }
    if (program->pid < 0) {
        cli_complain("cannot start the program: %s", strerror(errno));
        return false;
    }
    (void)close(go[0]);
    (void)close(said[1]);
    let_go(given, count);
    free(given);
    program->go = go[1];
    program->error = said[0];
    return true;
}

static void reap(struct run_program *program)
{
    while (waitpid(program->pid, &program->status, 0) < 0 && errno == EINTR)
        ;
}

int run_program_go(struct run_program *program, const char *options)
{
    char *text = cli_printf("=%s", options);
    size_t len = strlen(text);
    int error = 0;
    ssize_t got;

    for (size_t done = 0; done < len;) {
        ssize_t wrote = write(program->go, text + done, len - done);

        if (wrote <= 0)
            break; /* it was killed: there is no error from it, and its status says so */
        done += (size_t)wrote;
    }
    free(text);
    (void)close(program->go);
    got = read(program->error, &error, sizeof(error));
    (void)close(program->error);
    program->go = program->error = -1;
    if (got != (ssize_t)sizeof(error))
        return 0;
    reap(program);
    run_group_end();
    return error;
}

/* ---- signals ---- */

static bool is_of_terminal(const struct signalfd_siginfo *info)
{
    switch (info->ssi_signo) {
    case SIGINT:
    case SIGQUIT:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
    case SIGHUP:
    case SIGCONT:
    case SIGWINCH:
        return info->ssi_code == SI_KERNEL;
    default:
        return false;
    }
}

/* SIGPIPE and the like of what the command does itself. */
static bool is_own(const struct signalfd_siginfo *info)
{
    return info->ssi_code <= 0 && info->ssi_pid == (uint32_t)getpid();
}

static void pass_on(const struct run_program *program, const struct signalfd_siginfo *info)
{
    int number = (int)info->ssi_signo;

    /* It is asked in any case: what it has pending would be taken for a later one. */
    if (run_group_got(number) || is_of_terminal(info) || is_own(info))
        return;
    if (info->ssi_code == SI_QUEUE) {
        siginfo_t queued = { 0 };

        queued.si_code = SI_QUEUE;
        queued.si_pid = (pid_t)info->ssi_pid;
        queued.si_uid = info->ssi_uid;
        queued.si_value.sival_ptr = (void *)(uintptr_t)info->ssi_ptr;
        (void)syscall(SYS_rt_sigqueueinfo, program->pid, number, &queued);
    } else {
        (void)kill(program->pid, number);
    }
}

/*
 * The program was stopped by @number: so is the command, and whoever waits for it sees that. Not by SIGSTOP: who sends that
 * to the program alone sends it SIGCONT as well, which the command would never learn.
 */
static void stop_too(int number)
{
    const struct sigaction plain = { .sa_handler = SIG_DFL };
    struct sigaction before;
    sigset_t set;

    if (number != SIGTSTP && number != SIGTTIN && number != SIGTTOU)
        return;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, number);
    (void)sigaction(number, &plain, &before);
    (void)raise(number);
    (void)sigprocmask(SIG_UNBLOCK, &set, NULL); /* here it stops, until SIGCONT comes */
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    (void)sigaction(number, &before, NULL);
}

/* Has it ended? The command may be the first process of a container, and then is given others' children. */
static bool look(struct run_program *program)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
        if (pid != program->pid)
            continue;
        if (WIFSTOPPED(status)) {
            stop_too(WSTOPSIG(status));
            continue;
        }
        program->status = status;
        return true;
    }
    return false;
}

/* What was read from the descriptor of signals. */
static bool take_signals(struct run_program *program, bool *ret_ended)
{
    struct signalfd_siginfo info;
    bool twice = false;

    *ret_ended = false;
    while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGCHLD) {
            *ret_ended |= look(program); /* one that somebody sent may stand for the kernel's, too */
            if (info.ssi_code > 0)
                continue;
        }
        if (*ret_ended)
            continue;
        if (info.ssi_signo == SIGINT) {
            int64_t now = now_ms();

            twice |= interrupted_ms != 0 && now - interrupted_ms <= TWICE_MS;
            interrupted_ms = now;
        }
        pass_on(program, &info);
    }
    return twice;
}

enum run_event run_program_wait(struct run_program *program, int fd, int timeout_ms)
{
    int64_t until = now_ms() + timeout_ms;

    for (;;) {
        struct pollfd polled[2] = { { .fd = signals, .events = POLLIN }, { .fd = fd, .events = POLLIN } };
        int64_t left = timeout_ms < 0 ? -1 : until - now_ms();
        bool ended, twice;
        int count = poll(polled, 2, left < 0 && timeout_ms >= 0 ? 0 : (int)left);

        if (count == 0)
            return RUN_TIMEOUT;
        if (count < 0)
            continue;
        twice = take_signals(program, &ended);
        if (ended)
            return RUN_ENDED;
        if (twice)
            return RUN_INTERRUPTED;
        if (polled[1].revents != 0)
            return RUN_READABLE;
    }
}

void run_program_leave(void)
{
    struct signalfd_siginfo info;

    run_group_end();
    /* What the program died of, too, from a terminal. */
    while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
        ;
    /* The report may have nobody who reads it; the status is the program's all the same. */
    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigprocmask(SIG_SETMASK, &mask_before, NULL);
}

int run_program_end(const struct run_program *program)
{
    const struct sigaction plain = { .sa_handler = SIG_DFL };
    const struct rlimit none = { 0, 0 };
    sigset_t set;
    int number;

    if (!WIFSIGNALED(program->status))
        return WEXITSTATUS(program->status);
    number = WTERMSIG(program->status);
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)fflush(NULL);
    (void)sigaction(number, &plain, NULL);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, number);
    (void)sigprocmask(SIG_UNBLOCK, &set, NULL);
    (void)raise(number);
    return 128 + number; /* nothing kills the first process of a container */
}
