/* SPDX-License-Identifier: MIT */
/* Both ends of Graphviz are files without a name: it reads all before it writes, and a pipe could fill meanwhile. */

#define _GNU_SOURCE
#include "common/graphviz.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/memory.h"

extern char **environ;

static bool write_all(int fd, const char *text, size_t len)
{
    while (len != 0) {
        ssize_t done = write(fd, text, len);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        text += done;
        len -= (size_t)done;
    }
    return lseek(fd, 0, SEEK_SET) == 0;
}

static char *read_all(int fd, size_t *ret_len)
{
    off_t size = lseek(fd, 0, SEEK_END);
    char *text;
    ssize_t got;

    if (size <= 0)
        return NULL;
    text = cli_alloc((size_t)size + 1, 1);
    *ret_len = 0;
    while (*ret_len < (size_t)size) {
        got = pread(fd, text + *ret_len, (size_t)size - *ret_len, (off_t)*ret_len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        *ret_len += (size_t)got;
    }
    return text;
}

/* Returns 0, or the errno of the start. */
static int start(const char *engine, const char *form, int in, int out, pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    char *option = cli_printf("-T%s", form), *name = cli_strdup(engine);
    char *argv[] = { name, option, NULL };
    int error = posix_spawn_file_actions_init(&actions);

    if (error == 0) {
        (void)posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
        (void)posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
        (void)posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        error = posix_spawnp(ret_pid, engine, &actions, NULL, argv, environ);
        (void)posix_spawn_file_actions_destroy(&actions);
    }
    free(option);
    free(name);
    return error;
}

/* Did the child end in time, and well? */
static bool ended_well(pid_t pid, unsigned timeout_s)
{
    struct pollfd ended = { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
    int status;

    if (ended.fd >= 0) {
        if (poll(&ended, 1, (int)timeout_s * 1000) == 0)
            (void)kill(pid, SIGKILL);
        (void)close(ended.fd);
    }
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

char *cli_graphviz(const char *engine, const char *form, const char *text, size_t len, unsigned timeout_s,
                   size_t *ret_len, bool *ret_missing)
{
    int in = memfd_create("lockval-dot", MFD_CLOEXEC), out = memfd_create("lockval-layout", MFD_CLOEXEC);
    char *result = NULL;
    pid_t pid;
    int error;

    *ret_missing = false;
    if (in >= 0 && out >= 0 && write_all(in, text, len)) {
        error = start(engine, form, in, out, &pid);
        *ret_missing = error == ENOENT;
        if (error == 0 && ended_well(pid, timeout_s))
            result = read_all(out, ret_len);
    }
    if (in >= 0)
        (void)close(in);
    if (out >= 0)
        (void)close(out);
    return result;
}
