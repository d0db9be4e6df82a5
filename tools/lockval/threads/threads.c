/* SPDX-License-Identifier: MIT */
/*
 * lockval threads: what the threads of a running, or hung, process hold and wait for, and where they are. Nothing of the
 * process has to work for it: its memory is read from outside.
 *
 * In this order: the process and its library are looked up; its threads are stopped, for the milliseconds that it takes to
 * copy registers, stacks and the library's books, and let go; names are looked up, stacks walked, and all is printed.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/command.h"
#include "common/memory.h"
#include "threads/listing.h"

enum {
    FRAMES_MAX = 256
};

struct request {
    pid_t pid;
    bool no_stacks, json, locks;
};

/* 0, or an exit status after a complaint. */
static int parse(struct request *request, int argc, char **argv)
{
    const char *pid = NULL;
    char *end;
    long number;

    *request = (struct request){ 0 };
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--no-stacks") == 0)
            request->no_stacks = true;
        else if (strcmp(argv[i], "--json") == 0)
            request->json = true;
        else if (strcmp(argv[i], "--locks") == 0)
            request->locks = true;
        else if (argv[i][0] == '-')
            return cli_usage_error(&cli_threads, "there is no option '%s'", argv[i]);
        else if (pid != NULL)
            return cli_usage_error(&cli_threads, "only one process at a time");
        else
            pid = argv[i];
    }
    if (pid == NULL)
        return cli_usage_error(&cli_threads, "the number of a process is missing");
    errno = 0;
    number = strtol(pid, &end, 10);
    if (errno != 0 || *end != '\0' || pid[0] < '0' || pid[0] > '9' || number <= 0 || number > INT_MAX)
        return cli_usage_error(&cli_threads, "'%s' is not the number of a process", pid);
    request->pid = (pid_t)number;
    return 0;
}

/* What is to be copied while the threads stand still. */
struct moment {
    struct cli_victim *victim;
    struct cli_books_of *books; /* null: there are none */
    enum cli_books found;
};

static void copy_books(void *arg)
{
    struct moment *moment = arg;

    if (moment->books != NULL)
        moment->found = cli_books_read(moment->books);
}

static void complain_of_books(const struct cli_victim *victim, const struct cli_books_of *books, enum cli_books found)
{
    int pid = (int)victim->pid;

    switch (found) {
    case CLI_BOOKS_GOOD:
        break;
    case CLI_BOOKS_NONE:
        cli_complain(victim->same_word
                         ? "process %d does not have liblockval: nothing is known of its locks"
                         : "process %d has another word size than this command: nothing is known of its locks",
                     pid);
        break;
    case CLI_BOOKS_OTHER:
        cli_complain("the liblockval of process %d is another build (%s) than this command (%s), which cannot read it",
                     pid, books->version, LOCKVAL_VERSION_TEXT);
        break;
    case CLI_BOOKS_BROKEN:
        cli_complain("what liblockval has in the memory of process %d cannot be read", pid);
        break;
    case CLI_BOOKS_OFF:
        cli_complain("liblockval does not watch process %d: nothing is known of its locks", pid);
        break;
    }
}

static void complain_of_stop(const struct cli_victim *victim, int error)
{
    if (victim->tracer != 0)
        cli_complain("process %d is traced by process %d already, so there are no stacks", (int)victim->pid,
                     (int)victim->tracer);
    else if (error == EPERM || error == EACCES)
        cli_complain("the threads of process %d may not be traced, so there are no stacks", (int)victim->pid);
    else if (error != ESRCH)
        cli_complain("the threads of process %d cannot be traced, so there are no stacks: %s", (int)victim->pid,
                     strerror(error));
}

/* What /proc said of system calls was before the stop. */
static void correct_calls(const struct cli_victim *victim, const struct cli_stop *stop)
{
    for (size_t i = 0; i < stop->count; i++) {
        const struct cli_snapshot *thread = &stop->threads[i];
        struct cli_task *task = cli_victim_task(victim, thread->tid);

        if (task == NULL || !thread->stopped || !thread->call_known)
            continue;
        task->in_call = thread->in_call;
        task->call = thread->call;
        task->call_arg = thread->call_arg;
    }
}

static void walk_stacks(struct cli_listing *listing, struct cli_stop *stop)
{
    for (size_t i = 0; i < listing->count; i++) {
        struct cli_listed *thread = &listing->threads[i];

        cli_stop_release(stop);
        thread->frames = cli_alloc(FRAMES_MAX, sizeof(*thread->frames));
        thread->frame_count =
            cli_symbols_unwind(listing->symbols, thread->task->tid, thread->frames, FRAMES_MAX, &thread->more_frames);
    }
}

/* Threads that were in a circle at different moments were in none. */
static void look_again(struct cli_listing *listing)
{
    struct cli_victim now = *listing->victim; /* with threads of its own */
    struct cli_books_of again;

    if (listing->circle_count == 0 || listing->books == NULL)
        return;
    now.tasks = NULL;
    now.task_count = 0;
    (void)cli_victim_read_tasks(&now);
    if (cli_books_open(&again, listing->victim) == CLI_BOOKS_GOOD)
        (void)cli_books_read(&again);
    cli_listing_look_again(listing, &now, &again);
    cli_books_close(&again);
    free(now.tasks);
}

static void print(const struct request *request, struct cli_listing *listing)
{
    if (request->json)
        cli_listing_json(listing, request->locks, stdout);
    else
        cli_listing_text(listing, request->locks, stdout);
}

static int list(const struct request *request, struct cli_victim *victim)
{
    bool with_stacks = !request->no_stacks && !request->locks && victim->same_word;
    struct cli_books_of books;
    struct moment moment = { .victim = victim, .found = cli_books_open(&books, victim) };
    struct cli_stop stop = { 0 };
    struct cli_listing listing;
    int status = CLI_OK;

    moment.books = moment.found == CLI_BOOKS_GOOD ? &books : NULL;
    /* Also without stacks: so that the books of all threads are of one moment. */
    if (request->no_stacks || !victim->same_word)
        copy_books(&moment);
    else
        cli_stop(&stop, victim, copy_books, &moment);
    if (!cli_victim_is_alive(victim)) {
        cli_victim_complain(victim->pid, ESRCH);
        status = CLI_FAILED;
        goto out;
    }
    if (with_stacks && stop.error != 0) {
        complain_of_stop(victim, stop.error);
        with_stacks = false;
    }
    if (moment.found != CLI_BOOKS_GOOD) {
        complain_of_books(victim, &books, moment.found);
        status = CLI_FAILED;
        if (!with_stacks && moment.books == NULL && moment.found != CLI_BOOKS_NONE)
            goto out;
    }
    listing = (struct cli_listing){ .victim = victim, .books = moment.books, .with_stacks = with_stacks };
    listing.stopped_us = stop.count != 0 ? stop.stopped_us : 0;
    correct_calls(victim, &stop);
    listing.symbols = cli_symbols_open(victim, with_stacks ? &stop : NULL);
    listing.names = cli_names_open(moment.books, listing.symbols);
    cli_listing_make(&listing);
    if (stop.count == 0 || stop.error != 0)
        look_again(&listing);
    if (with_stacks)
        walk_stacks(&listing, &stop);
    print(request, &listing);
    cli_names_close(listing.names);
    cli_symbols_close(listing.symbols);
    cli_listing_free(&listing);
out:
    cli_stop_free(&stop);
    cli_books_close(&books);
    return status;
}

static int run(int argc, char **argv)
{
    struct request request;
    struct cli_victim victim;
    int status = parse(&request, argc, argv);

    if (status != 0)
        return status;
    if (!cli_victim_open(&victim, request.pid))
        return CLI_FAILED;
    status = list(&request, &victim);
    cli_victim_close(&victim);
    return cli_finish(status);
}

const struct cli_command cli_threads = {
    .name = "threads",
    .arguments = "[--no-stacks] [--json] [--locks] PID",
    .summary = "what the threads of a running process hold, wait for, and where they are",
    .help =
        "Lists all threads of a process that runs under the library, also when it hangs: what each waits for and who "
        "has\n"
        "that, what it holds, its stack; and who waits for each other in a circle. The process is stopped for some\n"
        "milliseconds and goes on; as with a debugger, a few system calls of it may end with EINTR by that.\n\n"
        "  --no-stacks  do not stop it: no stacks, and what is shown of each thread may be of another moment\n"
        "  --json       one object of JSON\n"
        "  --locks      lock by lock: who holds it, who waits for it; no stacks\n\n"
        "The exit status is 0, or 1 if there is no such process, if it may not be looked at, or if it does not have "
        "the\n"
        "library of this very build; of such a process the stacks alone are shown.\n",
    .run = run,
};
