/* SPDX-License-Identifier: MIT */
/* lockval report: read records, choose findings, print them in a form. */

#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/types.h"
#include "common/command.h"
#include "common/memory.h"
#include "common/output.h"
#include "formats/baseline.h"
#include "formats/format.h"
#include "record/reader.h"
#include "suppress/apply.h"
#include "symbol/readable.h"

static const struct format *const formats[] = {
    &format_text, &format_json, &format_html, &format_dot, &format_svg, &format_lockdep, &format_sarif, &format_junit,
};

const struct format *format_find(const char *name)
{
    for (size_t i = 0; i < LV_ARRAY_SIZE(formats); i++)
        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
    return NULL;
}

const struct format *format_at(size_t i)
{
    return i < LV_ARRAY_SIZE(formats) ? formats[i] : NULL;
}

struct request {
    const struct format *format;
    const char *output;      /* null: stdout */
    const char *record;      /* the only one; null: several, or stdin */
    unsigned long number;    /* of the finding, from 1 on; 0: all */
    enum rec_verdict lowest; /* verdict that is printed */
    const char *fingerprint; /* null: any */
    char *root;              /* of the sources, as in struct format_input; null: where we are */
    const char *baseline;    /* file of findings that are known; null: none */
    const char *suppressed;  /* files of suppressions; null: none */
    bool no_symbols;         /* names are those of the record */
    const char *debug_path;  /* folders of debug files; null: the usual */
    size_t source_count;
    const char **sources; /* folders of sources; a null behind them */
};

enum {
    OPTION_FORMAT = 'f',
    OPTION_OUTPUT = 'o',
    OPTION_FINDING = 'n',
    OPTION_VERDICT = 256,
    OPTION_SOURCE,
    OPTION_DEBUG_PATH,
    OPTION_NO_SYMBOLS,
    OPTION_BASELINE,
    OPTION_SUPPRESSIONS
};

static const struct option options[] = {
    { "format", required_argument, NULL, OPTION_FORMAT },
    { "output", required_argument, NULL, OPTION_OUTPUT },
    { "finding", required_argument, NULL, OPTION_FINDING },
    { "verdict", required_argument, NULL, OPTION_VERDICT },
    { "source", required_argument, NULL, OPTION_SOURCE },
    { "debug-path", required_argument, NULL, OPTION_DEBUG_PATH },
    { "no-symbols", no_argument, NULL, OPTION_NO_SYMBOLS },
    { "baseline", required_argument, NULL, OPTION_BASELINE },
    { "suppressions", required_argument, NULL, OPTION_SUPPRESSIONS },
    { 0 },
};

static bool is_number(const char *text, unsigned long *ret)
{
    char *end;

    errno = 0;
    *ret = strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0;
}

/* Returns 0, or CLI_USAGE after a complaint. */
static int take_option(struct request *request, int option)
{
    switch (option) {
    case OPTION_FORMAT:
        request->format = format_find(optarg);
        if (request->format == NULL)
            return cli_usage_error(&cli_report, "there is no format '%s'", optarg);
        return 0;
    case OPTION_OUTPUT:
        request->output = strcmp(optarg, "-") == 0 ? NULL : optarg;
        return 0;
    case OPTION_FINDING: /* a number, or a fingerprint: which may be all digits, and then has 16 */
        if (strlen(optarg) == 16)
            request->fingerprint = optarg;
        else if (!is_number(optarg, &request->number) || request->number == 0)
            return cli_usage_error(&cli_report, "--finding takes a number from 1 on, or a fingerprint");
        return 0;
    case OPTION_VERDICT:
        request->lowest = rec_verdict_of(optarg);
        if (request->lowest == REC_VERDICT_OTHER)
            return cli_usage_error(&cli_report, "there is no verdict '%s'", optarg);
        return 0;
    case OPTION_SOURCE:
        if (request->root == NULL)
            request->root = realpath(optarg, NULL);
        if (request->root == NULL)
            return cli_usage_error(&cli_report, "--source=%s: %s", optarg, strerror(errno));
        request->sources = cli_realloc(request->sources, request->source_count + 2, sizeof(*request->sources));
        request->sources[request->source_count++] = optarg;
        request->sources[request->source_count] = NULL;
        return 0;
    case OPTION_DEBUG_PATH:
        request->debug_path = optarg;
        return 0;
    case OPTION_NO_SYMBOLS:
        request->no_symbols = true;
        return 0;
    case OPTION_BASELINE:
        request->baseline = optarg;
        return 0;
    case OPTION_SUPPRESSIONS:
        request->suppressed = optarg;
        return 0;
    default:
        return cli_usage_error(&cli_report, "the options are not understood");
    }
}

static bool is_wanted(const struct request *request, const struct rec_finding *finding, size_t number)
{
    if (request->number != 0)
        return number == request->number;
    if (request->fingerprint != NULL)
        return strcmp(finding->fingerprint, request->fingerprint) == 0;
    return finding->verdict >= request->lowest;
}

/* Print the chosen findings of @set to @out. Returns the exit status. */
static int print(const struct request *request, const struct rec_set *set, FILE *out)
{
    size_t count, chosen = 0;
    struct rec_finding **findings = rec_sorted_findings(set, &count);
    struct format_input input = { .set = set, .findings = findings, .root = request->root, .record = request->record };
    bool done;

    for (size_t i = 0; i < count; i++)
        if (is_wanted(request, findings[i], i + 1))
            findings[chosen++] = findings[i];
    input.finding_count = chosen;
    input.chosen = chosen != count;
    if (chosen == 0 && (request->number != 0 || request->fingerprint != NULL)) {
        cli_complain("there is no such finding (there are %zu)", count);
        free(findings);
        return CLI_FAILED;
    }
    if (!request->no_symbols)
        input.symbols = sym_open(
            &(struct sym_options){ .source_dirs = request->sources, .debug_path = request->debug_path, .set = set });
    done = request->format->print(out, &input);
    if (input.symbols != NULL)
        sym_close(input.symbols);
    free(findings);
    return done ? CLI_OK : CLI_FAILED;
}

/* To a file: it appears under its name when it is whole. */
static int print_to_file(const struct request *request, const struct rec_set *set)
{
    struct cli_output output;

    if (!cli_output_begin(&output, request->output))
        return CLI_FAILED;
    return cli_output_end(&output, print(request, set, output.file) == CLI_OK) ? CLI_OK : CLI_FAILED;
}

/* Hold the findings of @set against the baseline, if one is given. Returns false after a complaint. */
static bool apply_baseline(const struct request *request, struct rec_set *set)
{
    struct baseline *baseline;
    struct rec_finding **findings;
    size_t count;

    if (request->baseline == NULL)
        return true;
    baseline = baseline_read(request->baseline, false);
    if (baseline == NULL)
        return false;
    findings = rec_sorted_findings(set, &count);
    (void)baseline_apply(baseline, findings, count, set->books->pool);
    free(findings);
    baseline_close(baseline);
    return true;
}

/* The same with files of suppressions. What is built in was known to the runs. */
static bool apply_suppressions(const struct request *request, struct rec_set *set)
{
    struct suppress_files *files;
    struct rec_finding **findings;
    size_t count;

    if (request->suppressed == NULL)
        return true;
    files = suppress_open(request->suppressed, false);
    if (files == NULL)
        return false;
    findings = rec_sorted_findings(set, &count);
    (void)suppress_apply(files, findings, count, set->books->pool);
    free(findings);
    suppress_say_unused(files, stderr);
    suppress_close(files);
    return true;
}

/* Read the @count records at @paths and print. Returns the exit status. */
static int read_and_print(const struct request *request, int count, char *const *paths)
{
    struct rec_set *set = rec_open();
    int status = CLI_OK;

    for (int i = 0; i < count; i++)
        if (!rec_read(set, paths[i]))
            status = CLI_FAILED;
    if (!apply_suppressions(request, set) || !apply_baseline(request, set)) {
        status = CLI_FAILED;
    } else if (set->process_count != 0) {
        int printed;

        if (!request->no_symbols && !request->format->exact)
            sym_readable_names(set);
        printed = request->output != NULL ? print_to_file(request, set) : print(request, set, stdout);

        status = status == CLI_OK ? printed : status;
    }
    rec_close(set);
    return cli_finish(status);
}

static int run(int argc, char **argv)
{
    struct request request = { .format = &format_text };
    int option, status = CLI_OK;

    opterr = 0;
    while (status == CLI_OK && (option = getopt_long(argc, argv, "f:o:n:", options, NULL)) != -1)
        status = take_option(&request, option);
    if (request.root == NULL)
        request.root = realpath(".", NULL);
    request.record = optind + 1 == argc && strcmp(argv[optind], "-") != 0 ? argv[optind] : NULL;
    if (status == CLI_OK)
        status = optind == argc ? cli_usage_error(&cli_report, "the record is missing")
                                : read_and_print(&request, argc - optind, argv + optind);
    free(request.sources);
    free(request.root);
    return status;
}

static void print_formats(void)
{
    for (size_t i = 0; i < LV_ARRAY_SIZE(formats); i++)
        (void)printf("  %-8s  %s\n", formats[i]->name, formats[i]->summary);
}

const struct cli_command cli_report = {
    .name = "report",
    .arguments = "[--format=FORMAT] [--output=FILE] [--finding=N] [--verdict=V] [--source=DIR] RECORD ...",
    .summary = "print what records say, for people and tools",
    .help = "Reads records (docs/record-format.md; - is stdin) of one or many processes and prints their findings, "
            "worst verdict first.\n\n"
            "  -f, --format=FORMAT   one of those below\n"
            "  -o, --output=FILE     into a file, which appears when it is whole\n"
            "  -n, --finding=N       only one: its number in the order of verdicts, or its fingerprint\n"
            "      --verdict=V       only from this verdict on: guarded, potential, feasible, misuse, deadlock\n"
            "      --source=DIR      the root of the sources, to which sarif writes paths (the current folder);\n"
            "                        sources are looked for below it, too. May be given again\n"
            "      --debug-path=DIRS where separate debug files lie (:.debug:/usr/lib/debug)\n"
            "      --no-symbols      names as the library knew them; no file is read but the record\n"
            "      --baseline=FILE   findings that this file has are shown as suppressed (lockval help baseline)\n"
            "      --suppressions=FILE\n"
            "                        so are those that its entries are for (docs/suppressions.md); files, with commas "
            "between\n\n"
            "The exit status is 0, whatever the findings; 1 if a record cannot be read or the output cannot be "
            "written; 2 for wrong arguments.\n\n"
            "Formats:\n",
    .more_help = print_formats,
    .run = run,
};
