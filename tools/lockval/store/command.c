/* SPDX-License-Identifier: MIT */
/*
 * lockval db: a store and what can be done with it, each a word of its own behind `db`.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/types.h"
#include "common/command.h"
#include "common/memory.h"
#include "common/output.h"
#include "common/progress.h"
#include "record/names.h"
#include "record/pool.h"
#include "store/query.h"

enum {
    BATCH = 32, /* records that one transaction takes */
    MS_A_DAY = 24 * 3600 * 1000
};

/* What the words take, and the words. */
enum {
    TAKES_LABELS = 1,
    TAKES_FILTER = 2,
    TAKES_FORMAT = 4,
    TAKES_OUTPUT = 8,
    TAKES_GC = 16,
    TAKES_RECORDS = 32
};

struct request {
    const char *path;
    char **names;
    size_t count;
    struct db_filter filter; /* with --test, --commit, --host of `add`: the labels */
    bool json, zeros, keep_going, quiet;
    const char *output, *list;
    unsigned wait_ms;
    struct db_gc gc;
};

/* ---- add ---- */

/* What became of it, for people. */
static void say_added(const struct request *request, const struct db_added *added)
{
    if (request->quiet)
        return;
    (void)printf("%s: %zu added, %zu completed, %zu known before\n", request->path, added->fresh, added->completed,
                 added->known);
    if (added->merged != 0)
        cli_complain(
            "%zu of these are merged records: kept whole, but not by program, test, commit or host, and not as runs",
            added->merged);
}

static int add_batch(const struct request *request, struct db *db, size_t from, size_t to, struct db_added *added)
{
    const struct db_labels labels = { request->filter.test, request->filter.commit, request->filter.host };
    struct rec_set *set = rec_open();
    int status = CLI_OK;

    for (size_t i = from; i < to; i++)
        if (!rec_read(set, request->names[i]))
            status = CLI_FAILED;
    if ((status == CLI_OK || request->keep_going) && !db_add(db, set, &labels, added))
        status = CLI_FAILED;
    rec_close(set);
    return status;
}

static int add(struct request *request)
{
    struct db_added added = { 0 };
    struct cli_progress progress;
    struct db *db;
    int status = CLI_OK;

    if (request->list != NULL && !rec_names_read(request->list, request->zeros, &request->names, &request->count))
        return CLI_FAILED;
    if (request->count == 0)
        return cli_usage_error(&cli_db, "the records are missing");
    db = db_open(request->path, request->wait_ms);
    if (db == NULL)
        return CLI_FAILED;
    cli_progress_begin(&progress, "adding", request->count, CLI_PROGRESS_STEPS);
    for (size_t i = 0; i < request->count && (status == CLI_OK || request->keep_going) && !db->failed; i += BATCH) {
        size_t end = i + BATCH < request->count ? i + BATCH : request->count;
        int batch = add_batch(request, db, i, end, &added);

        if (batch != CLI_OK)
            status = batch;
        cli_progress_add(&progress, end - i);
    }
    cli_progress_end(&progress);
    db_close(db);
    say_added(request, &added);
    return cli_finish(status);
}

/* ---- the others ---- */

static struct db *open_for(const struct request *request, enum db_mode mode)
{
    struct db *db = db_open_as(request->path, mode, request->wait_ms);

    /* One view of the store, whatever others write meanwhile. */
    if (db != NULL && mode == DB_READ && !db_run(db, "BEGIN")) {
        db_close(db);
        return NULL;
    }
    return db;
}

static int query(struct request *request)
{
    struct db *db = open_for(request, DB_READ);
    size_t count = 0;
    bool good;

    if (db == NULL)
        return CLI_FAILED;
    good = db_query(db, &request->filter, request->count > 0 ? request->names[0] : NULL,
                    request->count > 1 ? request->names[1] : NULL, request->json, &count);
    db_close(db);
    if (good && count == 0 && !request->json)
        cli_complain("no such order was seen");
    return cli_finish(good ? CLI_OK : CLI_FAILED);
}

static int runs(struct request *request)
{
    struct db *db = open_for(request, DB_READ);
    bool good = db != NULL && db_print_runs(db, &request->filter, request->json);

    db_close(db);
    return cli_finish(good ? CLI_OK : CLI_FAILED);
}

static int info(struct request *request)
{
    struct db *db = open_for(request, DB_READ);
    bool good = db != NULL && db_print_info(db, request->json);

    db_close(db);
    return cli_finish(good ? CLI_OK : CLI_FAILED);
}

/* As a whole or not at all: the union is there before the file is opened. */
static int export(struct request *request)
{
    struct un_union *all;
    struct cli_output output;
    int status = CLI_FAILED;

    if (request->output == NULL)
        return cli_usage_error(&cli_db, "-o is missing: where the record goes; - is stdout");
    all = un_open();
    if (db_load(request->path, &request->filter, all) && cli_output_begin(&output, request->output) &&
        cli_output_end(&output, un_write(all, output.file)))
        status = CLI_OK;
    un_close(all);
    return cli_finish(status);
}

static int collect(struct request *request)
{
    struct db *db;
    bool good;

    if (request->gc.before_ms == 0 && request->gc.keep_runs < 0 && !request->gc.edges)
        return cli_usage_error(&cli_db, "what is to go? --older-than, --keep-runs, or --unseen-edges");
    db = open_for(request, DB_WRITE);
    good = db != NULL && db_collect(db, &request->gc);
    db_close(db);
    return cli_finish(good ? CLI_OK : CLI_FAILED);
}

/* ---- arguments ---- */

static const struct word {
    const char *name;
    unsigned takes;
    size_t most; /* arguments behind the store */
    int (*run)(struct request *request);
} words[] = {
    { "add", TAKES_LABELS | TAKES_RECORDS, SIZE_MAX, add },
    { "query", TAKES_LABELS | TAKES_FILTER | TAKES_FORMAT, 2, query },
    { "runs", TAKES_LABELS | TAKES_FILTER | TAKES_FORMAT, 0, runs },
    { "info", TAKES_FORMAT, 0, info },
    { "export", TAKES_LABELS | TAKES_FILTER | TAKES_OUTPUT, 0, export },
    { "gc", TAKES_GC, 0, collect },
};

/* A number of @least to @most, or -1. */
static int64_t number_of(const char *text, int64_t least, int64_t most)
{
    char *end;
    long long number;

    errno = 0;
    number = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && number >= least && number <= most ? number : -1;
}

/* "2026-11-29", with " 05:04" or " 05:04:01", in UTC; or milliseconds since 1970 as "@MS". */
static bool time_of(const char *text, uint64_t *ret_ms)
{
    static const char *const forms[] = { "%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S" };

    if (*text == '@') {
        int64_t ms = number_of(text + 1, 1, INT64_MAX);

        *ret_ms = (uint64_t)ms;
        return ms > 0;
    }
    for (size_t i = 0; i < LV_ARRAY_SIZE(forms); i++) {
        struct tm parts = { 0 };
        const char *end = strptime(text, forms[i], &parts);
        time_t seconds = end != NULL && *end == '\0' ? timegm(&parts) : -1;

        if (seconds > 0) {
            *ret_ms = (uint64_t)seconds * 1000;
            return true;
        }
    }
    return false;
}

static const struct {
    struct option option;
    unsigned takes;
} options[] = {
    { { "test", required_argument, NULL, 't' }, TAKES_LABELS },
    { { "commit", required_argument, NULL, 'c' }, TAKES_LABELS },
    { { "host", required_argument, NULL, 'h' }, TAKES_LABELS },
    { { "program", required_argument, NULL, 'p' }, TAKES_FILTER },
    { { "since", required_argument, NULL, 's' }, TAKES_FILTER },
    { { "format", required_argument, NULL, 'f' }, TAKES_FORMAT },
    { { "output", required_argument, NULL, 'o' }, TAKES_OUTPUT },
    { { "from-file", required_argument, NULL, 'l' }, TAKES_RECORDS },
    { { "null", no_argument, NULL, '0' }, TAKES_RECORDS },
    { { "keep-going", no_argument, NULL, 'k' }, TAKES_RECORDS },
    { { "quiet", no_argument, NULL, 'q' }, TAKES_RECORDS },
    { { "older-than", required_argument, NULL, 'd' }, TAKES_GC },
    { { "keep-runs", required_argument, NULL, 'n' }, TAKES_GC },
    { { "unseen-edges", no_argument, NULL, 'e' }, TAKES_GC },
    { { "dry-run", no_argument, NULL, 'y' }, TAKES_GC },
    { { "wait", required_argument, NULL, 'w' }, UINT32_MAX },
};

static int take_wait(struct request *request)
{
    int64_t seconds = number_of(optarg, 0, INT32_MAX / 1000);

    if (seconds < 0)
        return cli_usage_error(&cli_db, "--wait is a number of seconds");
    request->wait_ms = (unsigned)seconds * 1000;
    return CLI_OK;
}

static int take_age(struct request *request)
{
    int64_t days = number_of(optarg, 0, 1000000);
    uint64_t now = (uint64_t)time(NULL) * 1000;

    if (days < 0)
        return cli_usage_error(&cli_db, "--older-than is a number of days");
    request->gc.before_ms = now > (uint64_t)days * MS_A_DAY ? now - (uint64_t)days * MS_A_DAY : 0;
    return CLI_OK;
}

static int take_option(struct request *request, int option)
{
    switch (option) {
    case 't':
        request->filter.test = optarg;
        return CLI_OK;
    case 'c':
        request->filter.commit = optarg;
        return CLI_OK;
    case 'h':
        request->filter.host = optarg;
        return CLI_OK;
    case 'p':
        request->filter.program = optarg;
        return CLI_OK;
    case 's':
        if (time_of(optarg, &request->filter.since_ms))
            return CLI_OK;
        return cli_usage_error(&cli_db, "--since is a time as 2026-11-29 or '2026-11-29 05:04:01', in UTC");
    case 'f':
        request->json = strcmp(optarg, "json") == 0;
        if (request->json || strcmp(optarg, "text") == 0)
            return CLI_OK;
        return cli_usage_error(&cli_db, "--format is text or json");
    case 'o':
        request->output = optarg;
        return CLI_OK;
    case 'l':
        request->list = optarg;
        return CLI_OK;
    case '0':
        request->zeros = true;
        return CLI_OK;
    case 'k':
        request->keep_going = true;
        return CLI_OK;
    case 'q':
        request->quiet = true;
        return CLI_OK;
    case 'd':
        return take_age(request);
    case 'n':
        request->gc.keep_runs = number_of(optarg, 0, INT64_MAX);
        return request->gc.keep_runs >= 0 ? CLI_OK : cli_usage_error(&cli_db, "--keep-runs is a number");
    case 'e':
        request->gc.edges = true;
        return CLI_OK;
    case 'y':
        request->gc.dry = true;
        return CLI_OK;
    case 'w':
        return take_wait(request);
    default:
        return cli_usage_error(&cli_db, "an option is not understood");
    }
}

/* The options that @word takes; what is left of the arguments are names. */
static int take_arguments(struct request *request, const struct word *word, int argc, char **argv)
{
    struct option taken[LV_ARRAY_SIZE(options) + 1] = { 0 };
    size_t count = 0;
    int option, status = CLI_OK;

    for (size_t i = 0; i < LV_ARRAY_SIZE(options); i++)
        if (options[i].takes & word->takes)
            taken[count++] = options[i].option;
    opterr = 0;
    optind = 1;
    while (status == CLI_OK && (option = getopt_long(argc, argv,
                                                     word->takes & TAKES_RECORDS  ? "0kq"
                                                     : word->takes & TAKES_OUTPUT ? "o:"
                                                                                  : "",
                                                     taken, NULL)) != -1)
        status = take_option(request, option);
    if (status != CLI_OK)
        return status;
    if (optind == argc)
        return cli_usage_error(&cli_db, "the store is missing");
    request->path = argv[optind++];
    for (; optind < argc; optind++)
        rec_names_add(argv[optind], &request->names, &request->count);
    if (request->count > word->most)
        return cli_usage_error(&cli_db, "lockval db %s takes no '%s'", word->name, request->names[word->most]);
    return CLI_OK;
}

static int run(int argc, char **argv)
{
    struct request request = { .wait_ms = DB_PATIENCE_MS, .gc.keep_runs = -1 };
    const struct word *word = NULL;
    int status;

    for (size_t i = 0; i < LV_ARRAY_SIZE(words) && argc > 1; i++)
        if (strcmp(words[i].name, argv[1]) == 0)
            word = &words[i];
    if (word == NULL)
        return cli_usage_error(&cli_db, argc > 1 ? "there is no 'db %s'" : "what is to be done? add, query, ...",
                               argv[1]);
    status = take_arguments(&request, word, argc - 1, argv + 1);
    if (status == CLI_OK)
        status = word->run(&request);
    rec_names_free(request.names, request.count);
    return status;
}

const struct cli_command cli_db = {
    .name = "db",
    .arguments = "add|query|runs|info|export|gc [OPTION ...] STORE [RECORD ... | A [B]]",
    .summary = "keep what many runs learned in one file, and ask it",
    .help =
        "  add STORE RECORD ...     add the runs of records; the store is made if it is not there. Many processes may "
        "at once\n"
        "  query STORE [A [B]]      who takes A before B: in which runs and tests, since when, where. A and B are "
        "names or\n"
        "                           keys of classes, or globs of these\n"
        "  runs STORE               the runs\n"
        "  info STORE               how much there is of what; looks the whole file over for damage\n"
        "  export STORE -o RECORD   a merged record of all runs, or of some\n"
        "  gc STORE                 drop runs; what they learned stays\n\n"
        "Which runs count, for query, runs and export; for add, what a record does not say of its runs:\n"
        "      --test=NAME          here and below, globs but for add\n"
        "      --commit=TEXT\n"
        "      --host=NAME\n"
        "      --program=NAME       not for add\n"
        "      --since=TIME         began then or later: 2026-11-29 or '2026-11-29 05:04:01', in UTC; not for add\n\n"
        "For query, runs and info:\n"
        "      --format=FORM        text or json\n\n"
        "For add:\n"
        "      --from-file=FILE     also the records that the file names, one a line; - is stdin\n"
        "  -0, --null               names in that file end with a zero byte\n"
        "  -k, --keep-going         leave out what cannot be read, and end with status 1\n"
        "  -q, --quiet              do not say what was added\n\n"
        "For export:\n"
        "  -o, --output=FILE        where it goes; - is stdout\n\n"
        "For gc:\n"
        "      --older-than=DAYS    runs that began before\n"
        "      --keep-runs=N        all but the newest N of each program and test\n"
        "      --unseen-edges       also classes, edges and findings that no run that is left had\n"
        "      --dry-run            only say what would go\n\n"
        "      --wait=SECONDS       how long to wait while others write; 600 if not said\n\n"
        "Adding twice is adding once; a run that was added while it ran is completed by adding its record again. The "
        "exit\n"
        "status is 0, 1 if it could not be done, 2 for wrong arguments.\n",
    .run = run,
};
