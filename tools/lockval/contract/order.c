/* SPDX-License-Identifier: MIT */
/*
 * lockval order: the order of locks as a file, written or brought up to date.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/command.h"
#include "common/memory.h"
#include "contract/draft.h"
#include "contract/read.h"
#include "contract/told.h"
#include "orders/orders.h"

struct request {
    const char *output; /* null: stdout */
    bool check, prune, relevel, quiet;
    struct or_options options;
};

/* ---- the file ---- */

/* Write to a file beside it, which takes its place: who reads it meanwhile has the old one or the new one. A link stays a link. */
static bool write_file(const char *path, const char *text, size_t size)
{
    char *real = realpath(path, NULL), *beside = cli_printf("%s.XXXXXX", real != NULL ? real : path);
    struct stat before = { .st_mode = 0 };
    mode_t mask = umask(0);
    int fd;
    bool ok;

    (void)umask(mask);
    if (real != NULL)
        (void)stat(real, &before);
    fd = mkostemp(beside, O_CLOEXEC);
    ok = fd >= 0 && fchmod(fd, real != NULL ? before.st_mode & 07777 : 0666 & ~mask) == 0;
    for (size_t at = 0; ok && at < size;) {
        ssize_t got = write(fd, text + at, size - at);

        ok = got >= 0 || errno == EINTR;
        at += got > 0 ? (size_t)got : 0;
    }
    ok = (fd < 0 || close(fd) == 0) && ok;
    ok = ok && rename(beside, real != NULL ? real : path) == 0;
    if (!ok) {
        cli_complain("cannot write %s: %s", path, strerror(errno));
        if (fd >= 0)
            (void)unlink(beside);
    }
    free(beside);
    free(real);
    return ok;
}

/* ---- the command ---- */

/* What there was to say of the changes goes to stdout, unless the file does. */
static int finish(const struct request *request, const struct contract_changes *changes, const char *before,
                  size_t before_size, const char *after, size_t size)
{
    bool same = before != NULL && before_size == size && memcmp(before, after, size) == 0;
    int status = changes->against != 0 ? CLI_FAILED : CLI_OK;

    if (request->output == NULL) {
        (void)fwrite(after, 1, size, stdout);
        return status;
    }
    if (request->check)
        return same ? status : CLI_FAILED;
    return same || write_file(request->output, after, size) ? status : CLI_FAILED;
}

static int work(const struct request *request, const struct or_order *order)
{
    const struct contract_update update = { request->prune, request->relevel };
    struct contract_changes changes = { 0 };
    struct contract_steps *steps;
    size_t before_size = 0, size;
    char *before = NULL, *after;
    bool there = false;
    int status = CLI_FAILED;

    if (request->output != NULL)
        before = contract_read(request->output, &before_size, &there);
    if (there && before == NULL)
        return CLI_FAILED;
    if (before != NULL && before_size == 0) { /* an empty file is a new one */
        free(before);
        before = NULL;
    }
    steps = contract_steps_of(order->process);
    after = contract_updated(&update, request->output != NULL ? request->output : "(new)", before, before_size, steps,
                             &changes, &size);
    if (after != NULL) {
        contract_tell(&changes, order->set, steps, request->output, request->quiet, before == NULL);
        status = finish(request, &changes, before, before_size, after, size);
    }
    free(after);
    free(before);
    contract_steps_free(steps);
    contract_changes_free(&changes);
    return status;
}

enum {
    OPTION_CHECK = 256,
    OPTION_PRUNE,
    OPTION_RELEVEL,
    OPTION_PROGRAM,
    OPTION_TEST,
    OPTION_COMMIT,
    OPTION_RENAMES,
    OPTION_NO_MATCH
};

static int take_option(struct request *request, int option)
{
    switch (option) {
    case 'o':
        request->output = strcmp(optarg, "-") == 0 ? NULL : optarg;
        return CLI_OK;
    case 'q':
        request->quiet = true;
        return CLI_OK;
    case OPTION_CHECK:
        request->check = true;
        return CLI_OK;
    case OPTION_PRUNE:
        request->prune = true;
        return CLI_OK;
    case OPTION_RELEVEL:
        request->relevel = true;
        return CLI_OK;
    case OPTION_PROGRAM:
        request->options.program = optarg;
        return CLI_OK;
    case OPTION_TEST:
        request->options.test = optarg;
        return CLI_OK;
    case OPTION_COMMIT:
        request->options.commit = optarg;
        return CLI_OK;
    case OPTION_RENAMES:
        request->options.renames = optarg;
        return CLI_OK;
    case OPTION_NO_MATCH:
        request->options.no_match = true;
        return CLI_OK;
    default:
        return cli_usage_error(&cli_order, "the options are not understood");
    }
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        { "output", required_argument, NULL, 'o' },
        { "quiet", no_argument, NULL, 'q' },
        { "check", no_argument, NULL, OPTION_CHECK },
        { "prune", no_argument, NULL, OPTION_PRUNE },
        { "relevel", no_argument, NULL, OPTION_RELEVEL },
        { "program", required_argument, NULL, OPTION_PROGRAM },
        { "test", required_argument, NULL, OPTION_TEST },
        { "commit", required_argument, NULL, OPTION_COMMIT },
        { "renames", required_argument, NULL, OPTION_RENAMES },
        { "no-match", no_argument, NULL, OPTION_NO_MATCH },
        { 0 },
    };
    struct request request = { 0 };
    struct or_order *order;
    int option, status;

    opterr = 0;
    while ((option = getopt_long(argc, argv, "o:q", options, NULL)) != -1)
        if (take_option(&request, option) != CLI_OK)
            return CLI_USAGE;
    if (optind == argc)
        return cli_usage_error(&cli_order, "a store or a record is missing");
    if (request.check && request.output == NULL)
        return cli_usage_error(&cli_order, "--check needs the file that is checked, with -o");
    order = or_load(&request.options, (const char *const *)argv + optind, (size_t)(argc - optind));
    if (order == NULL)
        return CLI_FAILED;
    or_say_notes(order, 8);
    status = work(&request, order);
    or_close(order);
    return cli_finish(status);
}

const struct cli_command cli_order = {
    .name = "order",
    .arguments = "[-o FILE] [--check] [--prune] [--relevel] STORE|RECORD ...",
    .summary = "write the lock order as a file that is reviewed, or bring one up to date",
    .help =
        "Reads stores, merged records and records (- is stdin), and writes the order of locks that they show, as a "
        "file\n"
        "for the option expect= and for lockval check --expect=FILE. If FILE is there, what it says stays, with its "
        "comments,\n"
        "and what is missing is added: locks, allow lines, nest lines. Each change is said, with the run that shows "
        "it.\n"
        "What is against a line that forbids it, a leaf or a list of modes is said, and not added.\n\n"
        "  -o, --output=FILE   the file; without it, a new one goes to stdout\n"
        "      --check         change nothing; the status is 1 if the file would change\n"
        "      --prune         take out what no run shows, but for lines with a comment\n"
        "      --relevel       put all locks on the levels that they would have in a new file\n"
        "      --program=GLOB  only runs of such programs,\n"
        "      --test=GLOB     of such tests,\n"
        "      --commit=GLOB   and of such commits\n"
        "      --renames=FILE  rules for what was renamed or moved between builds\n"
        "      --no-match      classes of different builds are different\n"
        "  -q, --quiet         say nothing of what is added\n\n"
        "The exit status is 0; 1 if something cannot be read or written, is against the file, or, with --check, "
        "missing "
        "in it;\n"
        "2 for wrong arguments.\n",
    .run = run,
};
