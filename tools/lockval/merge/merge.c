/* SPDX-License-Identifier: MIT */
/*
 * lockval merge: records of many runs become one. Records are read one at a time, and given back before the next. With several jobs each
 * has a part of the names, and this process puts what they wrote together: the same bytes, since merging is associative.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/command.h"
#include "common/memory.h"
#include "common/output.h"
#include "common/progress.h"
#include "merge/union.h"
#include "record/names.h"
#include "record/pool.h"
#include "symbol/symbols.h"

enum {
    JOBS_MAX = 256
};

struct request {
    const char *output, *list;
    bool zeros, keep_going, no_symbols;
    unsigned jobs;
    char **names; /* of records */
    size_t count;
};

/* ---- merging ------------------------------------------------------------------------------------------------------- */

/* Add the records from number @first on, every @step. Returns CLI_OK, or CLI_FAILED if one could not be read. */
static int add_records(const struct request *request, size_t first, size_t step, struct un_union *all)
{
    struct cli_progress progress;
    int status = CLI_OK;

    cli_progress_begin(&progress, "merging", (request->count - first + step - 1) / step, CLI_PROGRESS_STEPS);
    for (size_t i = first; i < request->count; i += step) {
        struct rec_set *set = rec_open();

        if (rec_read(set, request->names[i]))
            un_add_set(all, set);
        else
            status = CLI_FAILED;
        rec_close(set);
        cli_progress_add(&progress, 1);
        if (status != CLI_OK && !request->keep_going)
            break;
    }
    cli_progress_end(&progress);
    return status;
}

/* Write @all to @path so that either all of it is there or what was there before. */
static int write_whole(const struct un_union *all, const char *path)
{
    struct cli_output output;

    return cli_output_begin(&output, path) && cli_output_end(&output, un_write(all, output.file)) ? CLI_OK : CLI_FAILED;
}

/* Where a job leaves what it merged: a file that has no name any more. */
static FILE *part_of(void)
{
    FILE *part = tmpfile();

    if (part == NULL)
        cli_complain("cannot make a temporary file: %s", strerror(errno));
    return part;
}

/* One job: a process that merges its part of the names. */
static pid_t begin_job(const struct request *request, size_t number, FILE *part)
{
    pid_t pid = fork();
    struct un_union *all;
    int status;

    if (pid < 0)
        cli_complain("cannot start a process: %s", strerror(errno));
    if (pid != 0)
        return pid;
    if (number != 0)
        cli_progress_quiet();
    all = un_open();
    status = add_records(request, number, request->jobs, all);
    if (!un_write(all, part)) {
        cli_complain("cannot write a temporary file: %s", strerror(errno));
        status = CLI_FAILED;
    }
    _exit(status);
}

/* Add what a job wrote. */
static void add_part(struct un_union *all, FILE *part)
{
    struct rec_set *set = rec_open();
    char *line = NULL;
    size_t size = 0;
    ssize_t len;

    rewind(part);
    while ((len = getline(&line, &size, part)) > 0)
        (void)rec_read_line(set, "merged", line, (size_t)len);
    free(line);
    un_add_set(all, set);
    rec_close(set);
}

static int run_jobs(struct request *request, struct un_union *all)
{
    pid_t *pids = cli_alloc(request->jobs, sizeof(*pids));
    FILE **parts = cli_alloc(request->jobs, sizeof(*parts));
    int status = CLI_OK;

    for (unsigned i = 0; i < request->jobs; i++) {
        parts[i] = part_of();
        pids[i] = parts[i] != NULL ? begin_job(request, i, parts[i]) : -1;
    }
    for (unsigned i = 0; i < request->jobs; i++) {
        int ended = -1;

        if (pids[i] < 0 || waitpid(pids[i], &ended, 0) != pids[i] || ended != 0)
            status = CLI_FAILED;
        if (pids[i] > 0 && WIFSIGNALED(ended))
            cli_complain("a process that merged a part ended with signal %d", WTERMSIG(ended));
        if (parts[i] == NULL)
            continue;
        add_part(all, parts[i]);
        (void)fclose(parts[i]);
    }
    free(pids);
    free(parts);
    return status;
}

static void look_up(struct un_union *all)
{
    struct sym_session *symbols = sym_open(&(struct sym_options){ 0 });

    un_look_up(all, symbols);
    sym_close(symbols);
}

static int merge(struct request *request)
{
    struct un_union *all = un_open();
    int status, written;

    if (request->jobs > request->count)
        request->jobs = (unsigned)request->count;
    status = request->jobs > 1 ? run_jobs(request, all) : add_records(request, 0, 1, all);
    if (status == CLI_OK || request->keep_going) {
        if (!request->no_symbols)
            look_up(all);
        if (strcmp(request->output, "-") == 0)
            (void)un_write(all, stdout);
        else if ((written = write_whole(all, request->output)) != CLI_OK)
            status = written;
    }
    un_close(all);
    return cli_finish(status);
}

/* ---- the command --------------------------------------------------------------------------------------------------- */

static int take_option(struct request *request, int option)
{
    char *end;

    switch (option) {
    case 'o':
        request->output = optarg;
        return CLI_OK;
    case 'f':
        request->list = optarg;
        return CLI_OK;
    case '0':
        request->zeros = true;
        return CLI_OK;
    case 'k':
        request->keep_going = true;
        return CLI_OK;
    case 'n':
        request->no_symbols = true;
        return CLI_OK;
    case 'j':
        request->jobs = (unsigned)strtoul(optarg, &end, 10);
        if (*end == '\0' && request->jobs >= 1 && request->jobs <= JOBS_MAX)
            return CLI_OK;
        return cli_usage_error(&cli_merge, "--jobs is a number from 1 to %d", JOBS_MAX);
    default:
        return cli_usage_error(&cli_merge, "the options are not understood");
    }
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        { "output", required_argument, NULL, 'o' },
        { "from-file", required_argument, NULL, 'f' },
        { "null", no_argument, NULL, '0' },
        { "keep-going", no_argument, NULL, 'k' },
        { "no-symbols", no_argument, NULL, 'n' },
        { "jobs", required_argument, NULL, 'j' },
        { 0 },
    };
    struct request request = { .jobs = 1 };
    int option, status = CLI_OK;

    opterr = 0;
    while (status == CLI_OK && (option = getopt_long(argc, argv, "o:0kj:", options, NULL)) != -1)
        status = take_option(&request, option);
    if (status != CLI_OK)
        return status;
    if (request.output == NULL)
        return cli_usage_error(&cli_merge, "-o is missing: where the merged record goes; - is stdout");
    for (int i = optind; i < argc; i++)
        rec_names_add(argv[i], &request.names, &request.count);
    if (request.list != NULL && !rec_names_read(request.list, request.zeros, &request.names, &request.count))
        return CLI_FAILED;
    status = request.count == 0 ? cli_usage_error(&cli_merge, "the records are missing") : merge(&request);
    rec_names_free(request.names, request.count);
    return status;
}

const struct cli_command cli_merge = {
    .name = "merge",
    .arguments = "[OPTIONS] RECORD ... -o RECORD",
    .summary = "put the records of many runs together",
    .help = "Writes one record that has what all the runs learned: classes, edges, a few witnesses of each, findings. "
            "It is read like any "
            "other, and may itself be merged: in whatever order, however often, the result is the same.\n\n"
            "  -o, --output=FILE   where it goes, at once when it is whole; - is stdout. May be one of the records\n"
            "      --from-file=F   also the records that the file F names, one a line; - is stdin\n"
            "  -0, --null          names in that file end with a zero byte\n"
            "  -j, --jobs=N        N processes\n"
            "  -k, --keep-going    leave out what cannot be read, and end with status 1\n"
            "      --no-symbols    do not note where in the source the places of its stacks and classes are\n\n"
            "The exit status is 0, 1 if a record cannot be read or the result not be written, 2 for wrong arguments.\n",
    .run = run,
};
