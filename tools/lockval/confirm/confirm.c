/* SPDX-License-Identifier: MIT */
/*
 * lockval confirm: run the program again and again, steered into a reported order, until the deadlock forms or there were
 * tries enough. What counts is a deadlock that the library found in such a run, and nothing else.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/command.h"
#include "common/memory.h"
#include "common/preload.h"
#include "common/progress.h"
#include "common/target.h"
#include "confirm/replay.h"
#include "confirm/result.h"

enum {
    TRIES = 20,
    TIMEOUT_S = 10,
    JOBS_MAX = 64,
    PROGRESS_MS = 200
};

/* What was asked for. */
struct request {
    const char *record;
    const char *finding; /* number or fingerprint; null: all */
    const char *replay;
    const char *save; /* folder of replay files */
    unsigned tries, timeout_s, jobs;
    bool list, json;
    const struct confirm_record *from; /* what was read of the record */
    struct confirm_setup setup;
};

/* ---- tries of one finding ---- */

struct runs {
    const struct request *request;
    const struct confirm_finding *finding;
    const char *plan; /* the same for each try; null: they take turns */
    struct confirm_result *result;
    struct confirm_try tries[JOBS_MAX];
    struct cli_child children[JOBS_MAX];
    unsigned begun;
    int64_t begun_ms;
    struct cli_progress progress; /* not while the program prints, too */
    int error;                    /* of a program that cannot be run */
    bool unwatched;
};

static bool begin_one(struct runs *runs, unsigned slot)
{
    struct confirm_way way;

    if (runs->plan != NULL)
        way = (struct confirm_way){ cli_strdup(runs->plan), cli_strdup("as in the replay file") };
    else
        way = confirm_way(runs->finding, runs->begun + 1, "-");
    runs->error = confirm_try_begin(&runs->tries[slot], &runs->children[slot], &runs->request->setup, way,
                                    runs->begun + 1, (int)runs->request->timeout_s * 1000);
    if (runs->error != 0)
        return false;
    runs->begun++;
    return true;
}

/* Keep what led into the deadlock. */
static void save(struct runs *runs, const char *plan)
{
    const struct request *request = runs->request;
    int error;

    if (request->save == NULL || *request->save == '\0')
        return;
    runs->result->saved = cli_printf("%s/lockval-%s.replay", request->save, runs->finding->fingerprint);
    error = confirm_replay_save(runs->result->saved, request->from, runs->finding, plan, request->setup.program);
    if (error == 0)
        return;
    cli_complain("cannot write %s: %s", runs->result->saved, strerror(error));
    free(runs->result->saved);
    runs->result->saved = NULL;
}

static void end_one(struct runs *runs, unsigned slot, bool timed_out)
{
    struct confirm_try *try = &runs->tries[slot];
    char *plan = cli_strdup(try->way.plan), *words = cli_strdup(try->way.words);
    struct confirm_outcome outcome;
    unsigned number = try->number;

    confirm_try_end(try, &runs->children[slot], runs->finding, timed_out, &outcome);
    confirm_result_add(runs->result, runs->finding, &outcome, number, words);
    runs->unwatched |= !outcome.watched;
    if (outcome.deadlock != NULL && runs->plan == NULL)
        save(runs, plan);
    confirm_outcome_free(&outcome);
    free(plan);
    free(words);
}

/* The slot whose time is up first; -1: nothing runs. @ret_ms: for how long to wait. */
static int next_slot(const struct runs *runs, int *ret_ms)
{
    int64_t now = confirm_now_ms(), left;
    int next = -1;

    for (unsigned i = 0; i < runs->request->jobs; i++)
        if (runs->tries[i].number != 0 && (next < 0 || runs->tries[i].until_ms < runs->tries[next].until_ms))
            next = (int)i;
    left = next >= 0 ? runs->tries[next].until_ms - now : 0;
    if (runs->progress.on && left > PROGRESS_MS)
        left = PROGRESS_MS;
    *ret_ms = left > 0 ? (int)left : 0;
    return next;
}

static bool wants_more(const struct runs *runs)
{
    return runs->error == 0 && !runs->unwatched && runs->result->verdict != CONFIRM_CONFIRMED &&
           cli_children_signal() == 0;
}

static void drop_all(struct runs *runs)
{
    for (unsigned i = 0; i < runs->request->jobs; i++)
        if (runs->tries[i].number != 0)
            confirm_try_drop(&runs->tries[i], &runs->children[i]);
}

/* Returns CLI_OK, or the status that the command ends with. */
static int try_finding(const struct request *request, const struct confirm_finding *finding, const char *plan,
                       struct confirm_result *result)
{
    struct runs runs = { .request = request, .finding = finding, .plan = plan, .result = result };
    int slot, left_ms, which;

    runs.begun_ms = confirm_now_ms();
    cli_progress_begin(&runs.progress, "try", request->tries, CLI_PROGRESS_STEPS);
    runs.progress.on &= !request->setup.show;
    while (wants_more(&runs)) {
        for (unsigned i = 0; i < request->jobs && wants_more(&runs); i++)
            if (runs.tries[i].number == 0 && runs.begun < request->tries && !begin_one(&runs, i))
                break;
        slot = next_slot(&runs, &left_ms);
        if (slot < 0)
            break;
        cli_progress_at(&runs.progress, runs.begun);
        switch (cli_child_wait(runs.children, request->jobs, left_ms, &which)) {
        case CLI_CHILD_ENDED:
            end_one(&runs, (unsigned)which, false);
            break;
        case CLI_CHILD_TIMEOUT:
            if (confirm_now_ms() >= runs.tries[slot].until_ms)
                end_one(&runs, (unsigned)slot, true);
            break;
        case CLI_CHILD_SIGNAL:
            break;
        }
    }
    drop_all(&runs);
    cli_progress_end(&runs.progress);
    result->seconds = (double)(confirm_now_ms() - runs.begun_ms) / 1000;
    confirm_result_finish(result, finding);
    if (cli_children_signal() != 0)
        cli_children_die(cli_children_signal());
    if (runs.error != 0)
        return runs.error == ENOENT ? CLI_NOT_FOUND : CLI_CANNOT_RUN;
    if (!runs.unwatched || result->verdict == CONFIRM_CONFIRMED)
        return CLI_OK;
    cli_complain("%s was not watched: the library wrote no record", request->setup.program[0]);
    return CLI_CANNOT_RUN;
}

/* ---- findings ---- */

/* Returns whether the finding was confirmed; @ret_status is not CLI_OK when the command has to end. */
static bool confirm_one(const struct request *request, const struct confirm_finding *finding, const char *plan,
                        int *ret_status)
{
    struct confirm_result result = { .verdict = CONFIRM_NOT_REPRODUCED };
    bool confirmed;

    if (!request->json)
        confirm_print_finding(finding);
    (void)fflush(stdout);
    if (confirm_cannot(finding) != NULL)
        result.verdict = CONFIRM_NOT_STEERED;
    else
        *ret_status = try_finding(request, finding, plan, &result);
    if (*ret_status == CLI_OK && request->json)
        confirm_print_json(finding, &result);
    else if (*ret_status == CLI_OK)
        confirm_print_result(finding, &result);
    confirmed = *ret_status == CLI_OK && result.verdict == CONFIRM_CONFIRMED;
    confirm_result_free(&result);
    return confirmed;
}

static bool is_asked_for(const struct request *request, const struct confirm_finding *finding)
{
    char number[16];

    if (!confirm_is_order(finding))
        return false;
    if (request->finding == NULL)
        return *finding->from->suppressed_by == '\0';
    (void)snprintf(number, sizeof(number), "%u", finding->number);
    return strcmp(request->finding, number) == 0 || strcmp(request->finding, finding->fingerprint) == 0;
}

static int confirm_all(struct request *request, const struct confirm_record *record)
{
    unsigned tried = 0, confirmed = 0, suppressed = 0;
    int status = CLI_OK;

    request->setup.options = record->options;
    request->from = record;
    for (size_t i = 0; i < record->count && status == CLI_OK; i++) {
        if (!is_asked_for(request, &record->findings[i])) {
            suppressed += confirm_is_order(&record->findings[i]) && *record->findings[i].from->suppressed_by != '\0';
            continue;
        }
        tried++;
        if (request->list)
            confirm_print_finding(&record->findings[i]);
        else
            confirmed += confirm_one(request, &record->findings[i], NULL, &status);
    }
    if (status != CLI_OK)
        return status;
    if (tried == 0 && request->finding != NULL) {
        cli_complain("the record has no finding %s about an order of locks", request->finding);
        return CLI_FAILED;
    }
    if (suppressed != 0 && request->finding == NULL)
        cli_complain("%u %s; --finding tries one all the same", suppressed,
                     suppressed == 1 ? "finding is suppressed" : "findings are suppressed");
    if (request->list)
        return CLI_OK;
    if (!request->json)
        (void)printf("%u of %u findings confirmed\n", confirmed, tried);
    return confirmed != 0 ? CLI_OK : CLI_FAILED;
}

static int confirm_record(struct request *request)
{
    struct confirm_record record;
    FILE *file = fopen(request->record, "re");
    int status;

    if (file == NULL) {
        cli_complain("cannot read %s: %s", request->record, strerror(errno));
        return CLI_FAILED;
    }
    confirm_record_read(&record, file);
    (void)fclose(file);
    if (record.any) {
        status = confirm_all(request, &record);
    } else {
        cli_complain("%s is no record of lockval", request->record);
        status = CLI_FAILED;
    }
    confirm_record_free(&record);
    return status;
}

static int confirm_replay(struct request *request)
{
    struct confirm_replay replay;
    int status = CLI_OK;
    bool confirmed;

    if (!confirm_replay_load(request->replay, &replay))
        return CLI_FAILED;
    if (request->setup.program[0] == NULL)
        request->setup.program = replay.program;
    request->setup.options = replay.options;
    if (request->setup.program[0] == NULL) {
        cli_complain("%s names no program", request->replay);
        status = CLI_USAGE;
    } else {
        confirmed = confirm_one(request, &replay.record.findings[0], replay.plan, &status);
        if (status == CLI_OK)
            status = confirmed ? CLI_OK : CLI_FAILED;
    }
    confirm_replay_free(&replay);
    return status;
}

/* ---- the command line ---- */

/* A number from 1 up to @max; false after a complaint. */
static bool take_number(const char *name, const char *text, unsigned max, unsigned *ret)
{
    char *end;
    unsigned long number;

    errno = 0;
    number = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || number < 1 || number > max) {
        (void)cli_usage_error(&cli_confirm, "--%s: '%s' is not a number from 1 to %u", name, text, max);
        return false;
    }
    *ret = (unsigned)number;
    return true;
}

/* Returns CLI_OK, or CLI_USAGE after a complaint. */
static int take_options(int argc, char **argv, struct request *request)
{
    enum {
        FINDING = 256,
        NUMBER_TRIES,
        NUMBER_TIMEOUT,
        NUMBER_JOBS,
        REPLAY,
        SAVE,
        LIST,
        JSON,
        SHOW
    };
    static const struct option options[] = {
        { "finding", required_argument, NULL, FINDING },
        { "tries", required_argument, NULL, NUMBER_TRIES },
        { "timeout", required_argument, NULL, NUMBER_TIMEOUT },
        { "jobs", required_argument, NULL, NUMBER_JOBS },
        { "replay", required_argument, NULL, REPLAY },
        { "save", required_argument, NULL, SAVE },
        { "list", no_argument, NULL, LIST },
        { "json", no_argument, NULL, JSON },
        { "show", no_argument, NULL, SHOW },
        { NULL, 0, NULL, 0 },
    };
    bool fine = true;
    int option;

    opterr = 0;
    optind = 1;
    while (fine && (option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
        switch (option) {
        case FINDING:
            request->finding = optarg;
            break;
        case NUMBER_TRIES:
            fine = take_number("tries", optarg, 100000, &request->tries);
            break;
        case NUMBER_TIMEOUT:
            fine = take_number("timeout", optarg, 86400, &request->timeout_s);
            break;
        case NUMBER_JOBS:
            fine = take_number("jobs", optarg, JOBS_MAX, &request->jobs);
            break;
        case REPLAY:
            request->replay = optarg;
            break;
        case SAVE:
            request->save = optarg;
            break;
        case LIST:
            request->list = true;
            break;
        case JSON:
            request->json = true;
            break;
        case SHOW:
            request->setup.show = true;
            break;
        default:
            return cli_usage_error(&cli_confirm, "'%s' is no option, or has no value", argv[optind - 1]);
        }
    }
    return fine ? CLI_OK : CLI_USAGE;
}

/* What is behind the options: the record, and, after it or after "--", the program. */
static int take_rest(char **rest, struct request *request)
{
    static const char end[] = "--";
    bool after_end = rest[-1] != NULL && strcmp(rest[-1], end) == 0;

    if (request->replay == NULL) {
        if (after_end || rest[0] == NULL)
            return cli_usage_error(&cli_confirm, "the record is missing");
        request->record = rest[0];
        rest++;
    }
    if (rest[0] != NULL && strcmp(rest[0], end) == 0)
        rest++;
    request->setup.program = rest;
    if (request->replay != NULL && (request->list || request->finding != NULL))
        return cli_usage_error(&cli_confirm, "a replay file has one finding");
    if (request->replay == NULL && !request->list && rest[0] == NULL)
        return cli_usage_error(&cli_confirm, "the program is missing");
    return CLI_OK;
}

static int confirm(int argc, char **argv)
{
    struct request request = { .tries = TRIES, .timeout_s = TIMEOUT_S, .jobs = 1, .save = "." };
    char *library;
    int status = take_options(argc, argv, &request);

    if (status == CLI_OK)
        status = take_rest(argv + optind, &request);
    if (status != CLI_OK)
        return status;
    library = cli_library_path();
    if (library == NULL || !cli_children_begin())
        return CLI_CANNOT_RUN;
    request.setup.library = library;
    status = request.replay != NULL ? confirm_replay(&request) : confirm_record(&request);
    free(library);
    return cli_finish(status);
}

const struct cli_command cli_confirm = {
    .name = "confirm",
    .arguments = "[OPTION ...] RECORD -- PROGRAM [ARGUMENT ...]",
    .summary = "make a deadlock of a reported order happen, or say how far it got",
    .help =
        "Runs the program again and again, and steers its threads so that the order of locks that RECORD (option\n"
        "record of the library) reports becomes a deadlock. Only a deadlock that the library finds in such a run\n"
        "confirms anything. Of each finding it says\n\n"
        "  confirmed        the report of the deadlock, who was held where, and a file to make it happen again\n"
        "  not reproduced   in so many tries, and how far they got\n"
        "  ordered          not reproduced, and a gate lock, create or join was seen to keep the threads apart\n"
        "  not steered      the cycle is of a kind that cannot be steered into\n\n"
        "  --finding N      only this one, by its number (as lockval report counts them) or its fingerprint\n"
        "  --tries N        runs for each finding, 20 if not said\n"
        "  --timeout S      seconds that a run may take, 10 if not said; then it is ended\n"
        "  --jobs N         runs at once, 1 if not said\n"
        "  --save FOLDER    where lockval-FINGERPRINT.replay is written, . if not said; '' for nowhere\n"
        "  --replay FILE    run what such a file says, instead of a record; the program may be left out\n"
        "  --list           print the findings that can be asked for, and run nothing\n"
        "  --json           print an object a line for each finding\n"
        "  --show           let the program print; its input is empty in any case\n\n"
        "The exit status is 0 if a finding was confirmed, 1 if none was, 2 if it was called in a wrong way, 126 or\n"
        "127 if the program cannot be run or watched. Programs are ended with all that they started.\n",
    .run = confirm,
};
