/* SPDX-License-Identifier: MIT */
/*
 * lockval diff: what two lock orders differ in. Both are loaded, and both together, where classes of different builds are matched; and
 * their circles are looked for, so that a change that closes one over several runs is seen as a new finding.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/command.h"
#include "common/memory.h"
#include "common/terminal.h"
#include "cycles/result.h"
#include "diff/words.h"
#include "orders/orders.h"
#include "record/pool.h"
#include "symbol/readable.h"

enum {
    DIFFERENT = 1, /* exit statuses, as diff(1) has them */
    TROUBLE = 2,
    COMMENT_BYTES = 65536
};

static const struct diff_form *const forms[] = { &diff_form_text, &diff_form_json, &diff_form_markdown,
                                                 &diff_form_dot,  &diff_form_svg,  &diff_form_html };

struct paths {
    size_t count;
    const char **list;
};

struct request {
    const struct diff_form *form;
    const char *output; /* null: stdout */
    struct or_options load;
    struct paths old, new;
    size_t limit;
    bool no_symbols;
    enum cli_when colours;
};

enum {
    OPTION_OLD = 256,
    OPTION_NEW,
    OPTION_PROGRAM,
    OPTION_TEST,
    OPTION_RENAMES,
    OPTION_NO_MATCH,
    OPTION_NO_SYMBOLS,
    OPTION_LIMIT,
    OPTION_COLOUR
};

/* ---- arguments ----------------------------------------------------------------------------------------------------- */

static int trouble(int status)
{
    return status == CLI_OK ? CLI_OK : TROUBLE;
}

static int take_form(struct request *request, const char *name)
{
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (strcmp(forms[i]->name, name) == 0) {
            request->form = forms[i];
            return CLI_OK;
        }
    }
    return cli_usage_error(&cli_diff, "there is no format '%s'", name);
}

static int take_limit(struct request *request, const char *text)
{
    char *end;

    request->limit = strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && request->limit >= 2000
               ? CLI_OK
               : cli_usage_error(&cli_diff, "--limit takes a number of bytes, 2000 at least");
}

static int take_option(struct request *request, int option)
{
    switch (option) {
    case 'f':
        return take_form(request, optarg);
    case 'o':
        request->output = strcmp(optarg, "-") == 0 ? NULL : optarg;
        return CLI_OK;
    case OPTION_OLD:
        rec_append(&request->old.list, &request->old.count, optarg);
        return CLI_OK;
    case OPTION_NEW:
        rec_append(&request->new.list, &request->new.count, optarg);
        return CLI_OK;
    case OPTION_PROGRAM:
        request->load.program = optarg;
        return CLI_OK;
    case OPTION_TEST:
        request->load.test = optarg;
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
    case OPTION_LIMIT:
        return take_limit(request, optarg);
    case OPTION_COLOUR:
        return cli_when_of(optarg, &request->colours) ? CLI_OK
                                                      : cli_usage_error(&cli_diff, "--color is auto, always or never");
    default:
        return cli_usage_error(&cli_diff, "the options are not understood");
    }
}

static int take_arguments(struct request *request, int argc, char **argv)
{
    static const struct option options[] = {
        { "format", required_argument, NULL, 'f' },
        { "output", required_argument, NULL, 'o' },
        { "old", required_argument, NULL, OPTION_OLD },
        { "new", required_argument, NULL, OPTION_NEW },
        { "program", required_argument, NULL, OPTION_PROGRAM },
        { "test", required_argument, NULL, OPTION_TEST },
        { "renames", required_argument, NULL, OPTION_RENAMES },
        { "no-match", no_argument, NULL, OPTION_NO_MATCH },
        { "no-symbols", no_argument, NULL, OPTION_NO_SYMBOLS },
        { "limit", required_argument, NULL, OPTION_LIMIT },
        { "color", required_argument, NULL, OPTION_COLOUR },
        { 0 },
    };
    int option, status = CLI_OK;

    opterr = 0;
    while (status == CLI_OK && (option = getopt_long(argc, argv, "f:o:", options, NULL)) != -1)
        status = take_option(request, option);
    if (status != CLI_OK)
        return status;
    if (argc - optind == 2 && request->old.count == 0 && request->new.count == 0) {
        rec_append(&request->old.list, &request->old.count, argv[optind]);
        rec_append(&request->new.list, &request->new.count, argv[optind + 1]);
    } else if (argc != optind || request->old.count == 0 || request->new.count == 0) {
        return cli_usage_error(&cli_diff, "what is compared is two paths, or --old= and --new= once each or more");
    }
    return CLI_OK;
}

/* ---- the work ------------------------------------------------------------------------------------------------------ */

struct loaded {
    struct or_order *old, *new, *both;
};

/* The circles of all its runs are findings of an order. */
static struct or_order *load(const struct or_options *options, const struct paths *paths)
{
    const struct cy_options look = { .most = 1000, .fail_on = REC_POTENTIAL };
    struct or_order *order = or_load(options, paths->list, paths->count);
    struct cy_result result;

    if (order == NULL || cy_look(order->process, &look, &result))
        return order;
    or_close(order);
    return NULL;
}

static bool load_all(struct request *request, struct loaded *ret)
{
    struct paths both = { 0, NULL };

    for (size_t i = 0; i < request->old.count; i++)
        rec_append(&both.list, &both.count, (void *)request->old.list[i]);
    for (size_t i = 0; i < request->new.count; i++)
        rec_append(&both.list, &both.count, (void *)request->new.list[i]);
    ret->old = load(&request->load, &request->old);
    ret->new = ret->old != NULL ? load(&request->load, &request->new) : NULL;
    ret->both = ret->new != NULL ? or_load(&request->load, both.list, both.count) : NULL;
    free(both.list);
    return ret->both != NULL;
}

static void close_all(struct loaded *loaded)
{
    if (loaded->old != NULL)
        or_close(loaded->old);
    if (loaded->new != NULL)
        or_close(loaded->new);
    if (loaded->both != NULL)
        or_close(loaded->both);
}

static void make_readable(const struct loaded *loaded)
{
    sym_readable_names(loaded->old->set);
    sym_readable_names(loaded->new->set);
    sym_readable_names(loaded->both->set);
}

static struct sym_session *symbols_of(const struct request *request, const struct or_order *order)
{
    return request->no_symbols ? NULL : sym_open(&(struct sym_options){ .set = order->set });
}

static bool print_to(FILE *out, const struct request *request, const struct loaded *loaded, const struct diff *diff)
{
    const char **notes = cli_alloc(loaded->both->note_count + 1, sizeof(*notes));
    struct diff_input input = {
        .diff = diff,
        .old = { loaded->old->process, symbols_of(request, loaded->old), request->old.count, request->old.list },
        .new = { loaded->new->process, symbols_of(request, loaded->new), request->new.count, request->new.list },
        .note_count = loaded->both->note_count,
        .notes = notes,
        .colours = request->output == NULL &&cli_colours(request->colours, STDOUT_FILENO),
        .limit = request->limit,
    };
    bool good;

    for (size_t i = 0; i < input.note_count; i++)
        notes[i] = loaded->both->notes[i].text;
    good = request->form->print(out, &input);
    if (input.old.symbols != NULL) {
        sym_close(input.old.symbols);
        sym_close(input.new.symbols);
    }
    free(notes);
    return good;
}

static int print(const struct request *request, const struct loaded *loaded, const struct diff *diff)
{
    FILE *out = request->output != NULL ? fopen(request->output, "we") : stdout;
    bool good;

    if (out == NULL) {
        cli_complain("cannot write %s: %s", request->output, strerror(errno));
        return TROUBLE;
    }
    good = print_to(out, request, loaded, diff);
    if (out == stdout)
        return good ? trouble(cli_finish(CLI_OK)) : TROUBLE;
    if (ferror(out) != 0 || fclose(out) != 0) {
        cli_complain("cannot write %s: %s", request->output, strerror(errno));
        return TROUBLE;
    }
    return good ? CLI_OK : TROUBLE;
}

static int run(int argc, char **argv)
{
    struct request request = { .form = &diff_form_text, .limit = COMMENT_BYTES };
    struct loaded loaded = { NULL, NULL, NULL };
    int status = take_arguments(&request, argc, argv);

    if (status == CLI_OK) {
        status = TROUBLE;
        if (load_all(&request, &loaded)) {
            struct diff *diff;

            if (!request.no_symbols && request.form != &diff_form_json)
                make_readable(&loaded);
            diff = diff_of(loaded.old->process, loaded.new->process, loaded.both->process);
            status = print(&request, &loaded, diff);
            if (status == CLI_OK && !diff_is_empty(diff))
                status = DIFFERENT;
            diff_free(diff);
        }
        close_all(&loaded);
    }
    free(request.old.list);
    free(request.new.list);
    return status;
}

const struct cli_command cli_diff = {
    .name = "diff",
    .arguments = "[OPTIONS] OLD NEW",
    .summary = "show what two lock orders differ in",
    .help = "OLD and NEW are records, merged records or stores. Classes, edges and findings that came, went or "
            "changed; findings are also the circles over several runs.\n\n"
            "  -f, --format=FORM   text, json, markdown (a comment for a pull request), dot, svg, html\n"
            "  -o, --output=FILE   print there\n"
            "      --old=PATH      one of several that are the old order; any number\n"
            "      --new=PATH      the same of the new one\n"
            "      --program=GLOB  only runs of such programs\n"
            "      --test=GLOB     only runs of such tests\n"
            "      --renames=FILE  what was renamed or moved between builds\n"
            "      --no-match      classes of different builds are different\n"
            "      --limit=BYTES   of a comment; 65536 is what code hosts take\n"
            "      --no-symbols    do not look for places in the source\n"
            "      --color=WHEN    auto, always or never\n\n"
            "The exit status is that of diff: 0 no difference, 1 there is one, 2 trouble.\n",
    .run = run,
};
