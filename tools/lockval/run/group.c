/* SPDX-License-Identifier: MIT */
/*
 * The second process has a signal pending that it was sent with the group: it looks when it is asked, and takes it. It asks
 * nobody else, has no descriptor but the socket, and is killed by the kernel when the command dies.
 *
 * A signal to a group is sent to one member after the other. The command may be the first, and ask before the other one has it; but the
 * kernel sends under a lock of all processes, which setpgid() waits for.
 */

#define _GNU_SOURCE
#include "run/group.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 200 /* it may be stopped, and nobody else goes on then */
};

static pid_t second;     /* 0: there is none */
static int socket_ = -1; /* to it */

/* Close all descriptors but @but. */
static void close_others(int but)
{
    DIR *folder;

    if ((but == 0 || syscall(SYS_close_range, 0U, (unsigned)but - 1, 0U) == 0) &&
        syscall(SYS_close_range, (unsigned)but + 1, ~0U, 0U) == 0)
        return;
    folder = opendir("/proc/self/fd"); /* an old kernel, or one that is told to refuse it */
    if (folder == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (entry->d_name[0] != '.' && atoi(entry->d_name) != but && atoi(entry->d_name) != dirfd(folder))
            (void)close(atoi(entry->d_name));
    (void)closedir(folder);
}

static void answer(int from, pid_t parent)
{
    const struct timespec none = { 0 };
    int number;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)prctl(PR_SET_NAME, "lockval-group");
    close_others(from);
    if (getppid() != parent)
        _exit(0);
    while (read(from, &number, sizeof(number)) == (ssize_t)sizeof(number)) {
        sigset_t set;
        char got;

        (void)sigemptyset(&set);
        (void)sigaddset(&set, number);
        got = sigtimedwait(&set, NULL, &none) == number;
        if (write(from, &got, 1) != 1)
            break;
    }
    _exit(0);
}

void run_group_begin(void)
{
    pid_t parent = getpid();
    int both[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both) != 0)
        return;
    second = fork();
    if (second == 0)
        answer(both[1], parent);
    (void)close(both[1]);
    if (second < 0) {
        second = 0;
        (void)close(both[0]);
        return;
    }
    socket_ = both[0];
}

void run_group_end(void)
{
    if (second == 0)
        return;
    (void)close(socket_);
    (void)kill(second, SIGKILL);
    while (waitpid(second, NULL, 0) < 0 && errno == EINTR)
        ;
    second = 0;
}

bool run_group_got(int number)
{
    struct pollfd polled = { .fd = socket_, .events = POLLIN };
    char got;

    if (second == 0)
        return false;
    (void)setpgid(0, getpgrp());
    if (send(socket_, &number, sizeof(number), MSG_NOSIGNAL) == (ssize_t)sizeof(number) &&
        poll(&polled, 1, PATIENCE_MS) == 1 && read(socket_, &got, 1) == 1)
        return got != 0;
    /* It is gone, or stopped. For this signal nothing is known; the next one finds another. */
    run_group_end();
    run_group_begin();
    return false;
}
