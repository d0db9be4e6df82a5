/* SPDX-License-Identifier: MIT */
/* lockval coverage: which tests exercise which lock orders. */

#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/command.h"
#include "common/memory.h"
#include "coverage/forms.h"
#include "orders/orders.h"
#include "symbol/readable.h"

static const struct {
    const char *name;
    bool (*print)(FILE *out, const struct cover_input *input);
} forms[] = { { "text", cover_print_text }, { "json", cover_print_json }, { "html", cover_print_html } };

struct request {
    size_t form;
    const char *output; /* null: stdout */
    struct or_options load;
    size_t top;
    bool no_symbols;
};

enum {
    OPTION_PROGRAM = 256,
    OPTION_TEST,
    OPTION_COMMIT,
    OPTION_RENAMES,
    OPTION_NO_MATCH,
    OPTION_NO_SYMBOLS,
    TOP = 20
};

static int take_form(struct request *request, const char *name)
{
    for (request->form = 0; request->form < sizeof(forms) / sizeof(forms[0]); request->form++)
        if (strcmp(forms[request->form].name, name) == 0)
            return CLI_OK;
    return cli_usage_error(&cli_coverage, "there is no format '%s'", name);
}

static int take_option(struct request *request, int option)
{
    char *end;

    switch (option) {
    case 'f':
        return take_form(request, optarg);
    case 'o':
        request->output = strcmp(optarg, "-") == 0 ? NULL : optarg;
        return CLI_OK;
    case 't':
        request->top = strtoul(optarg, &end, 10);
        if (*optarg >= '0' && *optarg <= '9' && *end == '\0')
            return CLI_OK;
        return cli_usage_error(&cli_coverage, "--top takes a number; 0 is all");
    case OPTION_PROGRAM:
        request->load.program = optarg;
        return CLI_OK;
    case OPTION_TEST:
        request->load.test = optarg;
        return CLI_OK;
    case OPTION_COMMIT:
        request->load.commit = optarg;
        return CLI_OK;
    case OPTION_RENAMES:
        request->load.renames = optarg;
        return CLI_OK;
    case OPTION_NO_MATCH:
        request->load.no_match = true;
        return CLI_OK;
    case OPTION_NO_SYMBOLS:
        request->no_symbols = true;
        return CLI_OK;
    default:
        return cli_usage_error(&cli_coverage, "the options are not understood");
    }
}

static bool print_to(FILE *out, const struct request *request, const struct or_order *order, const char *const *paths,
                     size_t count)
{
    const char **notes = cli_alloc(order->note_count + 1, sizeof(*notes));
    struct cover *cover = cover_of(order->process);
    struct cover_input input = {
        .cover = cover,
        .symbols = request->no_symbols ? NULL : sym_open(&(struct sym_options){ .set = order->set }),
        .top = request->top,
        .note_count = order->note_count,
        .notes = notes,
        .path_count = count,
        .paths = paths,
    };
    bool good;

    for (size_t i = 0; i < order->note_count; i++)
        notes[i] = order->notes[i].text;
    good = forms[request->form].print(out, &input);
    if (input.symbols != NULL)
        sym_close(input.symbols);
    cover_free(cover);
    free(notes);
    return good;
}

static int print(const struct request *request, const struct or_order *order, const char *const *paths, size_t count)
{
    FILE *out = request->output != NULL ? fopen(request->output, "we") : stdout;
    bool good;

    if (out == NULL) {
        cli_complain("cannot write %s: %s", request->output, strerror(errno));
        return CLI_FAILED;
    }
    good = print_to(out, request, order, paths, count);
    if (out == stdout)
        return cli_finish(good ? CLI_OK : CLI_FAILED);
    if (ferror(out) != 0 || fclose(out) != 0) {
        cli_complain("cannot write %s: %s", request->output, strerror(errno));
        return CLI_FAILED;
    }
    return good ? CLI_OK : CLI_FAILED;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        { "format", required_argument, NULL, 'f' },
        { "output", required_argument, NULL, 'o' },
        { "top", required_argument, NULL, 't' },
        { "program", required_argument, NULL, OPTION_PROGRAM },
        { "test", required_argument, NULL, OPTION_TEST },
        { "commit", required_argument, NULL, OPTION_COMMIT },
        { "renames", required_argument, NULL, OPTION_RENAMES },
        { "no-match", no_argument, NULL, OPTION_NO_MATCH },
        { "no-symbols", no_argument, NULL, OPTION_NO_SYMBOLS },
        { 0 },
    };
    struct request request = { .top = TOP };
    int option, status = CLI_OK;
    struct or_order *order;

    opterr = 0;
    while (status == CLI_OK && (option = getopt_long(argc, argv, "f:o:", options, NULL)) != -1)
        status = take_option(&request, option);
    if (status != CLI_OK)
        return status;
    if (optind == argc)
        return cli_usage_error(&cli_coverage, "the records are missing");
    order = or_load(&request.load, (const char *const *)argv + optind, (size_t)(argc - optind));
    if (order == NULL)
        return CLI_FAILED;
    if (!request.no_symbols && forms[request.form].print != cover_print_json)
        sym_readable_names(order->set);
    status = print(&request, order, (const char *const *)argv + optind, (size_t)(argc - optind));
    or_close(order);
    return status;
}

const struct cli_command cli_coverage = {
    .name = "coverage",
    .arguments = "[OPTIONS] STORE|RECORD ...",
    .summary = "show which tests exercise which lock orders",
    .help = "Edges that one test only makes, or none; classes that never meet; tests that add nothing; the few that "
            "make all edges. Without names of tests it is about runs.\n\n"
            "  -f, --format=FORM   text, json, html (one page of tables, which can be sorted)\n"
            "  -o, --output=FILE   print there\n"
            "      --top=N         rows of each list of the text; 0 is all\n"
            "      --program=GLOB  only runs of such programs\n"
            "      --test=GLOB     only runs of such tests\n"
            "      --commit=GLOB   only runs of such commits\n"
            "      --renames=FILE  what was renamed or moved between builds\n"
            "      --no-match      classes of different builds are different\n"
            "      --no-symbols    do not look for places in the source\n\n"
            "The exit status is 0, 1 if something cannot be read or written, 2 for wrong arguments.\n",
    .run = run,
};
