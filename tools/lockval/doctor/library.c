/* SPDX-License-Identifier: MIT */
/*
 * The library, tried out: a program that does nothing writes a record under it, and one that waits for its input is looked at from
 * outside, as lockval threads does it. Neither waits longer than some seconds, and both are gone afterwards.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/child.h"
#include "common/command.h"
#include "common/memory.h"
#include "common/preload.h"
#include "common/target.h"
#include "doctor/checks.h"
#include "threads/books.h"
#include "threads/stop.h"

enum {
    TIMEOUT_MS = 20000 /* for a program that does nothing, on a machine that is busy */
};

/* ---- a record of nothing ---- */

/* What was written to the file @fd, its first line only. Memory to free. */
static char *first_line(int fd)
{
    static const size_t size = 65536;
    char *text = cli_alloc(size, 1);
    ssize_t got = pread(fd, text, size - 1, 0);

    text[got > 0 ? got : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return text;
}

/* The library's version, from the first line of a record; memory to free, or null. */
static char *version_of(int record)
{
    char *line = first_line(record), *version = NULL;
    json_t *meta = json_loads(line, 0, NULL);
    const char *kind = json_string_value(json_object_get(meta, "t"));
    const char *text = json_string_value(json_object_get(meta, "version"));

    if (kind != NULL && strcmp(kind, "meta") == 0 && text != NULL)
        version = cli_strdup(text);
    json_decref(meta);
    free(line);
    return version;
}

/* How a child ended: memory to free. */
static char *end_of(const struct cli_child *child)
{
    if (WIFSIGNALED(child->status))
        return cli_printf("it died by the signal %d (%s)", WTERMSIG(child->status), strsignal(WTERMSIG(child->status)));
    return cli_printf("it ended with the status %d", WEXITSTATUS(child->status));
}

static void judge_record(struct doctor_checks *checks, const char *program, int record, int said,
                         const struct cli_child *child, bool ended)
{
    char *version = version_of(record), *line = first_line(said), *end = end_of(child);

    if (!ended) {
        doctor_add(checks, DOCTOR_BAD, "preload", "%s does not end under the library", program);
        doctor_advise(checks, "this is a fault of the library: please report it");
    } else if (version == NULL) {
        doctor_add(checks, DOCTOR_BAD, "preload", "the library does not get into %s: %s", program,
                   *line != '\0' ? line : end);
        doctor_advise(checks, "does the loader refuse it? LD_DEBUG=libs lockval run %s", program);
    } else if (!WIFEXITED(child->status) || WEXITSTATUS(child->status) != 0) {
        doctor_add(checks, DOCTOR_BAD, "preload", "%s does not run under the library: %s", program, end);
        doctor_advise(checks, "this is a fault of the library: please report it");
    } else if (strcmp(version, LOCKVAL_VERSION_TEXT) != 0) {
        doctor_add(checks, DOCTOR_BAD, "preload", "the library is of version %s, this command of %s", version,
                   LOCKVAL_VERSION_TEXT);
        doctor_advise(checks, "install both from one build");
    } else {
        doctor_add(checks, DOCTOR_OK, "preload", "the library gets into %s, and writes a record", program);
    }
    free(version);
    free(line);
    free(end);
}

static void check_preload(struct doctor_checks *checks, const char *library)
{
    struct cli_child child = { 0 };
    struct cli_child_how how = { .library = library, .in = CLI_CHILD_NULL, .out = CLI_CHILD_NULL };
    char *program = cli_target_find("true"), *options = NULL, path[64];
    char *argv[] = { program, NULL };
    int record = memfd_create("record", MFD_CLOEXEC), which, error;
    bool ended;

    how.err = memfd_create("said", MFD_CLOEXEC);
    if (program == NULL || record < 0 || how.err < 0) {
        doctor_add(checks, DOCTOR_WARN, "preload", "not tried: %s",
                   program == NULL ? "there is no program 'true'" : strerror(errno));
        goto out;
    }
    /* The child opens the record by its path, which is one of this process. */
    (void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(), record);
    (void)cli_options_add(&options, "record", path);
    (void)cli_options_add(&options, "log", "stderr");
    (void)cli_options_add(&options, "exitcode", "0");
    how.options = options;
    error = cli_child_start(&child, &how, argv);
    if (error != 0) {
        doctor_add(checks, DOCTOR_BAD, "preload", "cannot run %s: %s", program, strerror(error));
        goto out;
    }
    ended = cli_child_wait(&child, 1, TIMEOUT_MS, &which) == CLI_CHILD_ENDED;
    cli_child_end(&child);
    judge_record(checks, program, record, how.err, &child, ended);
out:
    if (record >= 0)
        (void)close(record);
    if (how.err >= 0)
        (void)close(how.err);
    free(options);
    free(program);
}

/* ---- looking from outside ---- */

struct moment {
    struct cli_books_of *books;
    enum cli_books found;
};

static void read_books(void *arg)
{
    struct moment *moment = arg;

    moment->found = cli_books_read(moment->books);
}

static void look_at(struct doctor_checks *checks, const struct cli_victim *victim)
{
    struct cli_books_of books;
    struct cli_stop stop = { 0 };
    struct moment moment = { .books = &books, .found = cli_books_open(&books, victim) };

    if (moment.found == CLI_BOOKS_OTHER) {
        doctor_add(checks, DOCTOR_BAD, "threads", "the library is another build (%s) than this command (%s)",
                   books.version, LOCKVAL_VERSION_TEXT);
        doctor_advise(checks, "install both from one build");
        return;
    }
    if (moment.found != CLI_BOOKS_GOOD) {
        doctor_add(checks, DOCTOR_BAD, "threads", "the library is not found in the memory of a process under it");
        return;
    }
    cli_stop(&stop, victim, read_books, &moment);
    if (moment.found != CLI_BOOKS_GOOD || books.thread_count == 0) {
        doctor_add(checks, DOCTOR_BAD, "threads", "what the library has in memory cannot be read");
    } else if (stop.error != 0) {
        doctor_add(checks, DOCTOR_WARN, "threads", "a process cannot be stopped for its stacks: %s",
                   strerror(stop.error));
        doctor_advise(checks, "allow ptrace (in containers: the right SYS_PTRACE), or use lockval threads --no-stacks");
    } else {
        doctor_add(checks, DOCTOR_OK, "threads", "a process is read from outside, and was stopped for %.1f ms",
                   (double)stop.stopped_us / 1000);
    }
    cli_stop_release(&stop);
    cli_stop_free(&stop);
    cli_books_close(&books);
}

/* Is the child in its main function? It answers what it is told. */
static bool is_running(int to, int from)
{
    struct pollfd polled = { .fd = from, .events = POLLIN };
    char c = '\n';

    return write(to, &c, 1) == 1 && poll(&polled, 1, TIMEOUT_MS) == 1 && read(from, &c, 1) == 1;
}

/* May its memory be read at all? Else cli_victim_open() complains by itself. */
static bool may_look(pid_t pid)
{
    char path[64];
    int fd;

    (void)snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

static void check_threads(struct doctor_checks *checks, const char *library)
{
    struct cli_child_how how = { .library = library, .options = "log=none:record=none", .err = CLI_CHILD_NULL };
    struct cli_child child = { 0 };
    struct cli_victim victim;
    char *program = cli_target_find("cat"), *argv[] = { program, NULL };
    int in[2] = { -1, -1 }, out[2] = { -1, -1 };

    if (program == NULL || pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) {
        doctor_add(checks, DOCTOR_WARN, "threads", "not tried: %s",
                   program == NULL ? "there is no program 'cat'" : strerror(errno));
        goto out;
    }
    how.in = in[0];
    how.out = out[1];
    if (cli_child_start(&child, &how, argv) != 0 || !is_running(in[1], out[0])) {
        doctor_add(checks, DOCTOR_WARN, "threads", "not tried: %s does not answer", program);
    } else if (!may_look(child.pid)) {
        doctor_add(checks, DOCTOR_WARN, "threads", "the memory of another process cannot be read: %s", strerror(errno));
        doctor_advise(checks, "lockval threads needs to be allowed ptrace (in containers: the right SYS_PTRACE)");
    } else if (!cli_victim_open(&victim, child.pid)) {
        doctor_add(checks, DOCTOR_WARN, "threads", "another process cannot be looked at");
    } else {
        look_at(checks, &victim);
        cli_victim_close(&victim);
    }
    cli_child_end(&child);
out:
    for (int i = 0; i < 2; i++) {
        if (in[i] >= 0)
            (void)close(in[i]);
        if (out[i] >= 0)
            (void)close(out[i]);
    }
    free(program);
}

void doctor_library(struct doctor_checks *checks)
{
    char *library = cli_library_path();

    if (library == NULL) {
        doctor_add(checks, DOCTOR_BAD, "library", "liblockval.so.0 is not found");
        doctor_advise(
            checks,
            "leave the command and the library in the folders that they were installed to, or move all of them");
        return;
    }
    if (strpbrk(library, " :") != NULL) {
        doctor_add(checks, DOCTOR_BAD, "library", "%s", library);
        doctor_advise(checks, "move it: LD_PRELOAD cannot hold a path with a space or a colon");
        free(library);
        return;
    }
    doctor_add(checks, DOCTOR_OK, "library", "%s", library);
    if (cli_children_begin()) {
        check_preload(checks, library);
        check_threads(checks, library);
        if (cli_children_signal() != 0)
            cli_children_die(cli_children_signal());
    }
    free(library);
}
