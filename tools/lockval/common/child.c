/* SPDX-License-Identifier: MIT */
/*
 * Owns the descriptor through which the command's own signals are read. One thread does all of this.
 *
 * A process group is killed while its leader is not reaped yet: until then nobody else can get its number.
 */

#define _GNU_SOURCE
#include "common/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/types.h"
#include "common/command.h"
#include "common/memory.h"
#include "common/preload.h"

static const int passed_on[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static int signals = -1;     /* signalfd of these */
static sigset_t mask_before; /* of the command, which its children get */
static int last_signal;      /* the last one that came; 0: none */

bool cli_children_begin(void)
{
    sigset_t set;

    if (signals >= 0)
        return true;
    (void)sigemptyset(&set);
    for (size_t i = 0; i < LV_ARRAY_SIZE(passed_on); i++)
        (void)sigaddset(&set, passed_on[i]);
    (void)sigprocmask(SIG_BLOCK, &set, &mask_before);
    signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0) {
        cli_complain("cannot follow signals: %s", strerror(errno));
        (void)sigprocmask(SIG_SETMASK, &mask_before, NULL);
        return false;
    }
    return true;
}

/* ---- in the child, between fork and exec ---- */

/* Make @from, or /dev/null, the descriptor @to. */
static bool become(int from, int to)
{
    int opened;

    if (from == CLI_CHILD_SAME || from == to)
        return from == CLI_CHILD_SAME || fcntl(to, F_SETFD, 0) == 0;
    if (from != CLI_CHILD_NULL)
        return dup2(from, to) >= 0;
    opened = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (opened < 0)
        return false;
    return opened == to ? fcntl(to, F_SETFD, 0) == 0 : dup2(opened, to) >= 0;
}

static void run_child(const struct cli_child_how *how, char *const argv[], pid_t parent, int report)
{
    int error;

    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(CLI_CANNOT_RUN); /* it died in between */
    (void)sigprocmask(SIG_SETMASK, &mask_before, NULL);
    if (become(how->in, STDIN_FILENO) && become(how->out, STDOUT_FILENO) && become(how->err, STDERR_FILENO) &&
        (how->library == NULL || cli_preload_environment(how->library, how->options)))
        (void)execvp(argv[0], argv);
    error = errno;
    (void)!write(report, &error, sizeof(error));
    _exit(CLI_CANNOT_RUN);
}

/* ---- in the command ---- */

/* What the child wrote when its exec failed; 0: it did not. */
static int read_error(int pipe)
{
    int error = 0;
    ssize_t got;

    do
        got = read(pipe, &error, sizeof(error));
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof(error) ? error : 0;
}

int cli_child_start(struct cli_child *child, const struct cli_child_how *how, char *const argv[])
{
    pid_t parent = getpid();
    int report[2], error;

    *child = (struct cli_child){ .pidfd = -1 };
    if (pipe2(report, O_CLOEXEC) != 0)
        return errno;
    child->pid = fork();
    if (child->pid == 0)
        run_child(how, argv, parent, report[1]);
    error = errno;
    (void)close(report[1]);
    if (child->pid < 0) {
        child->pid = 0;
        (void)close(report[0]);
        return error;
    }
    /* Both do it, so that it is done whoever is first. */
    (void)setpgid(child->pid, child->pid);
    error = read_error(report[0]);
    (void)close(report[0]);
    child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
    if (error == 0 && child->pidfd < 0)
        error = errno;
    if (error != 0)
        cli_child_end(child);
    return error;
}

static int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A signal of the command's own, passed on to all of them; 0: none came. */
static int pass_on(const struct cli_child *children, unsigned count)
{
    struct signalfd_siginfo info;

    if (signals < 0 || read(signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return 0;
    last_signal = (int)info.ssi_signo;
    for (unsigned i = 0; i < count; i++)
        if (children[i].pid != 0 && !children[i].ended)
            (void)kill(-children[i].pid, last_signal);
    return last_signal;
}

/* Did it end? It is not reaped yet. */
static bool look(struct cli_child *child)
{
    siginfo_t info = { 0 };

    if (child->pid == 0 || child->ended || waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        info.si_pid != child->pid)
        return false;
    child->ended = true;
    /* As waitpid() has it. */
    child->status = info.si_code == CLD_EXITED ? (info.si_status & 0xff) << 8
                                               : (info.si_status & 0x7f) | (info.si_code == CLD_DUMPED ? 0x80 : 0);
    return true;
}

enum cli_child_wait cli_child_wait(struct cli_child *children, unsigned count, int timeout_ms, int *ret_which)
{
    struct pollfd *polled = cli_alloc(count + 1, sizeof(*polled));
    int64_t until = now_ms() + timeout_ms;
    enum cli_child_wait result = CLI_CHILD_TIMEOUT;

    for (;;) {
        int64_t left = timeout_ms < 0 ? -1 : until - now_ms();
        unsigned waiting = 0;

        for (unsigned i = 0; i < count; i++) {
            if (look(&children[i])) {
                *ret_which = (int)i;
                result = CLI_CHILD_ENDED;
                goto out;
            }
            if (children[i].pid != 0 && !children[i].ended)
                polled[waiting++] = (struct pollfd){ .fd = children[i].pidfd, .events = POLLIN };
        }
        *ret_which = pass_on(children, count);
        if (*ret_which != 0) {
            result = CLI_CHILD_SIGNAL;
            goto out;
        }
        if (waiting == 0 || (timeout_ms >= 0 && left <= 0))
            goto out;
        polled[waiting] = (struct pollfd){ .fd = signals, .events = POLLIN };
        (void)poll(polled, waiting + 1, (int)left);
    }
out:
    free(polled);
    return result;
}

void cli_child_end(struct cli_child *child)
{
    int status;

    if (child->pid == 0)
        return;
    (void)look(child);
    (void)kill(-child->pid, SIGKILL);
    if (!child->ended)
        (void)kill(child->pid, SIGKILL); /* it may not have got as far as to its group */
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (!child->ended)
        child->status = status;
    child->ended = true;
    if (child->pidfd >= 0)
        (void)close(child->pidfd);
    child->pidfd = -1;
    child->pid = 0;
}

int cli_children_signal(void)
{
    return last_signal;
}

void cli_children_die(int number)
{
    sigset_t set;

    (void)signal(number, SIG_DFL);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, number);
    (void)raise(number);
    (void)sigprocmask(SIG_UNBLOCK, &set, NULL);
    _exit(128 + number);
}
