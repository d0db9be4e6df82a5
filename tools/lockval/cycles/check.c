/* SPDX-License-Identifier: MIT */
/* lockval check, lockval baseline: the findings of many runs together. */

#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/types.h"
#include "common/command.h"
#include "common/memory.h"
#include "common/output.h"
#include "contract/against.h"
#include "cycles/circles.h"
#include "cycles/result.h"
#include "formats/baseline.h"
#include "formats/format.h"
#include "orders/orders.h"
#include "record/reader.h"
#include "suppress/apply.h"
#include "symbol/readable.h"

enum {
    FINDINGS = 66 /* the exit status of a program with findings */
};

struct request {
    const struct cli_command *command;
    const struct format *format;
    const char *output;       /* null: stdout */
    const char *baseline;     /* null: none */
    const char *expect;       /* the same */
    const char *suppressions; /* files; null: none but what is built in */
    bool known_findings;      /* not even that */
    struct cy_options look;
    struct or_options load;
    bool no_symbols;
    const char *debug_path;
    char *root;
    size_t source_count;
    const char **sources;
};

enum {
    OPTION_FORMAT = 'f',
    OPTION_OUTPUT = 'o',
    OPTION_FAIL_ON = 256,
    OPTION_BASELINE,
    OPTION_EXPECT,
    OPTION_MOST,
    OPTION_PROGRAM,
    OPTION_TEST,
    OPTION_COMMIT,
    OPTION_RENAMES,
    OPTION_NO_MATCH,
    OPTION_SOURCE,
    OPTION_DEBUG_PATH,
    OPTION_NO_SYMBOLS,
    OPTION_SUPPRESSIONS,
    OPTION_KNOWN
};

#define LOADING                                                                                                       \
    { "program", required_argument, NULL, OPTION_PROGRAM }, { "test", required_argument, NULL, OPTION_TEST },         \
        { "commit", required_argument, NULL, OPTION_COMMIT }, { "renames", required_argument, NULL, OPTION_RENAMES }, \
        { "no-match", no_argument, NULL, OPTION_NO_MATCH }, { "output", required_argument, NULL, OPTION_OUTPUT },     \
        { "fail-on", required_argument, NULL, OPTION_FAIL_ON }, { "expect", required_argument, NULL, OPTION_EXPECT }, \
        { "suppressions", required_argument, NULL, OPTION_SUPPRESSIONS },                                             \
        { "known-findings", no_argument, NULL, OPTION_KNOWN },                                                        \
    {                                                                                                                 \
        "most", required_argument, NULL, OPTION_MOST                                                                  \
    }

static const struct option check_options[] = {
    LOADING,
    { "format", required_argument, NULL, OPTION_FORMAT },
    { "baseline", required_argument, NULL, OPTION_BASELINE },
    { "source", required_argument, NULL, OPTION_SOURCE },
    { "debug-path", required_argument, NULL, OPTION_DEBUG_PATH },
    { "no-symbols", no_argument, NULL, OPTION_NO_SYMBOLS },
    { 0 },
};

static const struct option baseline_options[] = { LOADING, { 0 } };

/* ---- arguments ---- */

static int take_fail_on(struct request *request, const char *word)
{
    request->look.never = strcmp(word, "never") == 0;
    if (request->look.never)
        return 0;
    request->look.fail_on = rec_verdict_of(word);
    if (request->look.fail_on == REC_VERDICT_OTHER)
        return cli_usage_error(request->command, "there is no verdict '%s'", word);
    return 0;
}

static int take_most(struct request *request, const char *text)
{
    char *end;

    errno = 0;
    request->look.most = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0)
        return cli_usage_error(request->command, "--most takes a number; 0 is all");
    return 0;
}

static int take_source(struct request *request, const char *folder)
{
    if (request->root == NULL)
        request->root = realpath(folder, NULL);
    if (request->root == NULL)
        return cli_usage_error(request->command, "--source=%s: %s", folder, strerror(errno));
    request->sources = cli_realloc(request->sources, request->source_count + 2, sizeof(*request->sources));
    request->sources[request->source_count++] = folder;
    request->sources[request->source_count] = NULL;
    return 0;
}

/* Returns 0, or CLI_USAGE after a complaint. */
static int take_option(struct request *request, int option)
{
    switch (option) {
    case OPTION_FORMAT:
        request->format = format_find(optarg);
        return request->format != NULL ? 0 : cli_usage_error(request->command, "there is no format '%s'", optarg);
    case OPTION_OUTPUT:
        request->output = strcmp(optarg, "-") == 0 ? NULL : optarg;
        return 0;
    case OPTION_FAIL_ON:
        return take_fail_on(request, optarg);
    case OPTION_BASELINE:
        request->baseline = optarg;
        return 0;
    case OPTION_EXPECT:
        request->expect = optarg;
        return 0;
    case OPTION_SUPPRESSIONS:
        request->suppressions = optarg;
        return 0;
    case OPTION_KNOWN:
        request->known_findings = true;
        return 0;
    case OPTION_MOST:
        return take_most(request, optarg);
    case OPTION_PROGRAM:
        request->load.program = optarg;
        return 0;
    case OPTION_TEST:
        request->load.test = optarg;
        return 0;
    case OPTION_COMMIT:
        request->load.commit = optarg;
        return 0;
    case OPTION_RENAMES:
        request->load.renames = optarg;
        return 0;
    case OPTION_NO_MATCH:
        request->load.no_match = true;
        return 0;
    case OPTION_SOURCE:
        return take_source(request, optarg);
    case OPTION_DEBUG_PATH:
        request->debug_path = optarg;
        return 0;
    case OPTION_NO_SYMBOLS:
        request->no_symbols = true;
        return 0;
    default:
        return cli_usage_error(request->command, "the options are not understood");
    }
}

static int take_arguments(struct request *request, int argc, char **argv, const struct option *options)
{
    int option, status = CLI_OK;

    request->look = (struct cy_options){ .most = CY_MOST, .fail_on = REC_POTENTIAL };
    opterr = 0;
    while (status == CLI_OK && (option = getopt_long(argc, argv, "f:o:", options, NULL)) != -1)
        status = take_option(request, option);
    if (status == CLI_OK && optind == argc)
        status = cli_usage_error(request->command, "the record, or the store, is missing");
    if (request->root == NULL)
        request->root = realpath(".", NULL);
    return status;
}

/* ---- output ---- */

typedef bool put_fn(FILE *out, void *arg);

/* To stdout, or to a file that appears under its name when it is whole. Returns false after a complaint. */
static bool put(const char *path, put_fn *fn, void *arg)
{
    struct cli_output output;

    return cli_output_begin(&output, path) && cli_output_end(&output, fn(output.file, arg));
}

struct printing {
    const struct request *request;
    const struct rec_process *process;
};

static bool print(FILE *out, void *arg)
{
    const struct printing *printing = arg;
    const struct request *request = printing->request;
    struct format_input input = { .set = printing->process->set, .root = request->root };
    struct rec_finding **findings = rec_sorted_findings(printing->process->set, &input.finding_count);
    bool done;

    input.findings = findings;
    if (!request->no_symbols)
        input.symbols = sym_open(&(struct sym_options){
            .source_dirs = request->sources, .debug_path = request->debug_path, .set = printing->process->set });
    done = request->format->print(out, &input);
    if (input.symbols != NULL)
        sym_close(input.symbols);
    free(findings);
    return done;
}

/* What no run saw whole, no run could hold against the suppressions that it knew. */
static bool suppress(const struct request *request, const struct or_order *order)
{
    struct suppress_files *files = suppress_open(request->suppressions, !request->known_findings);

    if (files == NULL)
        return false;
    (void)suppress_apply(files, order->process->findings, order->process->finding_count, order->set->books->pool);
    suppress_say_unused(files, stderr);
    suppress_close(files);
    return true;
}

/* What the expected order says is made first: so it counts, and is counted, as what runs said themselves. */
static bool look(const struct request *request, struct or_order *order, struct cy_result *ret)
{
    return (request->expect == NULL || contract_check(order->process, request->expect) >= 0) &&
           cy_look(order->process, &request->look, ret) && suppress(request, order);
}

/* ---- lockval check ---- */

static void say_left_out(const struct request *request, const struct cy_result *result)
{
    if (result->left_out != 0)
        cli_complain(
            "%zu more edges close circles in parts of the order of which %zu circles are shown; these were not "
            "judged (--most=N shows more)",
            result->left_out, request->look.most);
}

/* Not mixed into what a program reads on stdout. */
static FILE *said_on(const struct request *request)
{
    return request->output == NULL && request->format == &format_text ? stdout : stderr;
}

/* What was left out was not judged, and may be as bad as anything that no run saw whole. */
static int exit_status(const struct request *request, const struct rec_process *process, const struct cy_result *result)
{
    if (result->left_out != 0 && !request->look.never && request->look.fail_on <= REC_POTENTIAL)
        return FINDINGS;
    for (size_t i = 0; i < process->finding_count; i++)
        if (process->findings[i]->counts)
            return FINDINGS;
    return CLI_OK;
}

static int look_and_print(const struct request *request, struct or_order *order)
{
    struct baseline *baseline = NULL;
    struct baseline_score score = { 0, 0 };
    struct printing printing = { request, order->process };
    struct cy_result result;
    int status;

    if (request->baseline != NULL && (baseline = baseline_read(request->baseline, false)) == NULL)
        return CLI_FAILED;
    if (!look(request, order, &result)) {
        baseline_close(baseline);
        return CLI_FAILED;
    }
    if (baseline != NULL)
        score =
            baseline_apply(baseline, order->process->findings, order->process->finding_count, order->set->books->pool);
    status = exit_status(request, order->process, &result);
    if (!request->no_symbols && !request->format->exact)
        sym_readable_names(order->set);
    if (!put(request->output, print, &printing))
        status = CLI_FAILED;
    if (baseline != NULL) {
        baseline_say_known(baseline, score, said_on(request));
        baseline_say_missed(baseline, said_on(request));
    }
    say_left_out(request, &result);
    baseline_close(baseline);
    return status;
}

static void drop(struct request *request)
{
    free(request->sources);
    free(request->root);
}

static int run_check(int argc, char **argv)
{
    struct request request = { .command = &cli_check, .format = &format_text };
    int status = take_arguments(&request, argc, argv, check_options);
    struct or_order *order;

    if (status == CLI_OK) {
        order = or_load(&request.load, (const char *const *)argv + optind, (size_t)(argc - optind));
        status = order != NULL ? look_and_print(&request, order) : CLI_FAILED;
        if (order != NULL) {
            or_say_notes(order, 10);
            or_close(order);
        }
        status = cli_finish(status);
    }
    drop(&request);
    return status;
}

/* ---- lockval baseline ---- */

struct writing {
    struct baseline *old;
    const struct cy_result *result;
};

static bool write_baseline(FILE *out, void *arg)
{
    struct writing *writing = arg;

    baseline_write(writing->old, writing->result->findings, writing->result->count, out);
    return true;
}

static int look_and_write(const struct request *request, struct or_order *order)
{
    struct cy_result result;
    struct writing writing = { .result = &result };
    int status;

    if (request->output != NULL && (writing.old = baseline_read(request->output, true)) == NULL)
        return CLI_FAILED;
    status = look(request, order, &result) && put(request->output, write_baseline, &writing) ? CLI_OK : CLI_FAILED;
    if (status == CLI_OK && writing.old != NULL)
        baseline_say_missed(writing.old, stderr);
    if (status == CLI_OK)
        say_left_out(request, &result);
    baseline_close(writing.old);
    return status;
}

static int run_baseline(int argc, char **argv)
{
    struct request request = { .command = &cli_baseline };
    int status = take_arguments(&request, argc, argv, baseline_options);
    struct or_order *order;

    if (status == CLI_OK) {
        order = or_load(&request.load, (const char *const *)argv + optind, (size_t)(argc - optind));
        status = order != NULL ? look_and_write(&request, order) : CLI_FAILED;
        if (order != NULL)
            or_close(order);
        status = cli_finish(status);
    }
    drop(&request);
    return status;
}

#define LOADING_HELP                                                                                               \
    "      --program=GLOB    only runs of these programs\n"                                                        \
    "      --test=GLOB       only runs of these tests\n"                                                           \
    "      --commit=GLOB     only runs of these commits\n"                                                         \
    "      --expect=FILE     what is against this order of locks is a finding, too (lockval help order)\n"         \
    "      --suppressions=FILE\n"                                                                                  \
    "                        findings that its entries are for do not count (docs/suppressions.md); files,\n"      \
    "                        with commas between\n"                                                                \
    "      --known-findings  nor are those left out that lockval knows of libraries\n"                             \
    "      --renames=FILE    what was renamed or moved between builds\n"                                           \
    "      --no-match        classes of different builds are different\n"                                          \
    "      --most=N          circles that are shown of each part of the order in which all leads to all (1000);\n" \
    "                        0: all\n"

static void print_formats(void)
{
    for (size_t i = 0; format_at(i) != NULL; i++)
        (void)printf("  %-8s  %s\n", format_at(i)->name, format_at(i)->summary);
}

const struct cli_command cli_check = {
    .name = "check",
    .arguments =
        "[--format=FORMAT] [--output=FILE] [--fail-on=VERDICT] [--baseline=FILE] [--expect=FILE] STORE|RECORD ...",
    .summary = "what many runs come to together: circles that no run saw whole",
    .help = "Puts the lock orders of all runs together and looks for what can hang: one run takes A, then B, another "
            "one B, then A. Findings that runs made by themselves are shown, too, each once.\n\n"
            "  -f, --format=FORMAT   one of those below\n"
            "  -o, --output=FILE     into a file, which appears when it is whole\n"
            "      --fail-on=VERDICT from which verdict on a finding counts: guarded, potential (as it is), feasible,\n"
            "                        misuse, deadlock, never\n"
            "      --baseline=FILE   findings that this file has do not count (lockval help baseline)\n" LOADING_HELP
            "      --source=DIR      the root of the sources, as in lockval report\n"
            "      --debug-path=DIRS where separate debug files lie (:.debug:/usr/lib/debug)\n"
            "      --no-symbols      names as the library knew them\n\n"
            "The exit status is 66 if a finding counts, as that of a program under lockval run, and 0 if none does; 1 "
            "if something cannot be read or written; 2 for wrong arguments. See docs/check.md.\n\n"
            "Formats:\n",
    .more_help = print_formats,
    .run = run_check,
};

const struct cli_command cli_baseline = {
    .name = "baseline",
    .arguments = "[--output=FILE] [--fail-on=VERDICT] STORE|RECORD ...",
    .summary = "write down the findings that are known, for check --baseline",
    .help =
        "Writes the findings of lockval check that count into a file, so that a check with --baseline=FILE fails only "
        "for new ones. Of a file that is there already comments are kept, and entries that were not met are "
        "listed on stderr and left out.\n\n"
        "  -o, --output=FILE     the file; without it stdout\n"
        "      --fail-on=VERDICT from which verdict on (potential)\n" LOADING_HELP
        "\nThe exit status is 0 if it was written, 1 if not, 2 for wrong arguments. See docs/check.md.\n",
    .run = run_baseline,
};
