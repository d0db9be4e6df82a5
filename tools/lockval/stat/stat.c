/* SPDX-License-Identifier: MIT */
/* lockval stat: what lock_stat=1 counted. */

#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/types.h"
#include "stat/forms.h"
#include "symbol/readable.h"

enum form {
    FORM_TABLE,
    FORM_LOCK_STAT,
    FORM_JSON
};

static const char *const forms[] = { "table", "lock_stat", "json" };

/* ---- orders ---- */

static uint64_t wait_total(const struct stat_class *class)
{
    return class->all.wait.total;
}

static uint64_t wait_max(const struct stat_class *class)
{
    return class->all.wait.max;
}

static uint64_t wait_average(const struct stat_class *class)
{
    return stat_average(&class->all.wait);
}

static uint64_t contentions(const struct stat_class *class)
{
    return class->all.wait.count;
}

static uint64_t acquisitions(const struct stat_class *class)
{
    return class->all.acquisitions;
}

static uint64_t failed(const struct stat_class *class)
{
    return class->all.failed;
}

static uint64_t hold_total(const struct stat_class *class)
{
    return class->all.hold.total;
}

static uint64_t hold_max(const struct stat_class *class)
{
    return class->all.hold.max;
}

static uint64_t hold_average(const struct stat_class *class)
{
    return stat_average(&class->all.hold);
}

/* The name is no number. */
static uint64_t nothing(const struct stat_class *class)
{
    (void)class;
    return 0;
}

static const struct order {
    const char *name;
    uint64_t (*number)(const struct stat_class *class);
} orders[] = {
    { "wait", wait_total },           { "wait-max", wait_max },
    { "wait-avg", wait_average },     { "contentions", contentions },
    { "acquisitions", acquisitions }, { "failed", failed },
    { "hold", hold_total },           { "hold-max", hold_max },
    { "hold-avg", hold_average },     { "name", nothing },
};

static int compare(const void *a, const void *b, void *order)
{
    const struct stat_class *x = *(struct stat_class *const *)a, *y = *(struct stat_class *const *)b;
    const struct order *by = order;
    uint64_t m = by->number(x), n = by->number(y);

    if (m != n)
        return m > n ? -1 : 1;
    if (by->number != nothing && contentions(x) != contentions(y))
        return contentions(x) > contentions(y) ? -1 : 1;
    if (by->number != nothing && acquisitions(x) != acquisitions(y))
        return acquisitions(x) > acquisitions(y) ? -1 : 1;
    return strcmp(x->name, y->name) != 0 ? strcmp(x->name, y->name) : strcmp(x->key, y->key);
}

/* ---- the command ---- */

struct request {
    enum form form;
    const struct order *order;
    size_t top;
    bool no_symbols;
};

enum {
    OPTION_FORMAT = 'f',
    OPTION_SORT = 's',
    OPTION_TOP = 't',
    OPTION_NO_SYMBOLS = 256
};

static int take_option(struct request *request, int option)
{
    char *end;

    switch (option) {
    case OPTION_FORMAT:
        for (size_t i = 0; i < LV_ARRAY_SIZE(forms); i++) {
            if (strcmp(forms[i], optarg) == 0) {
                request->form = (enum form)i;
                return 0;
            }
        }
        return cli_usage_error(&cli_stat, "there is no format '%s'", optarg);
    case OPTION_SORT:
        for (size_t i = 0; i < LV_ARRAY_SIZE(orders); i++) {
            if (strcmp(orders[i].name, optarg) == 0) {
                request->order = &orders[i];
                return 0;
            }
        }
        return cli_usage_error(&cli_stat, "there is no order '%s'", optarg);
    case OPTION_TOP:
        errno = 0;
        request->top = strtoul(optarg, &end, 10);
        if (*optarg < '0' || *optarg > '9' || *end != '\0' || errno != 0)
            return cli_usage_error(&cli_stat, "--top takes a number of classes");
        return 0;
    case OPTION_NO_SYMBOLS:
        request->no_symbols = true;
        return 0;
    default:
        return cli_usage_error(&cli_stat, "the options are not understood");
    }
}

static bool print(const struct request *request, const struct rec_set *set)
{
    struct sym_session *symbols = request->no_symbols ? NULL : sym_open(&(struct sym_options){ .set = set });
    struct stat_sums *sums = stat_sums_of(set, symbols);
    size_t count = sums->class_count < request->top ? sums->class_count : request->top;
    bool any = sums->class_count != 0;

    if (any)
        qsort_r(sums->classes, sums->class_count, sizeof(struct stat_class *), compare,
                (void *)(uintptr_t)request->order);
    if (!any)
        cli_complain("the record has no lock statistics: they are counted with the option lock_stat=1, and written "
                     "when the process ends");
    else if (request->form == FORM_TABLE)
        stat_print_table(sums, count);
    else if (request->form == FORM_LOCK_STAT)
        stat_print_lock_stat(sums, count);
    else
        stat_print_as_json(sums, count, symbols);
    stat_sums_free(sums);
    if (symbols != NULL)
        sym_close(symbols);
    return any;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        { "format", required_argument, NULL, OPTION_FORMAT },
        { "sort", required_argument, NULL, OPTION_SORT },
        { "top", required_argument, NULL, OPTION_TOP },
        { "no-symbols", no_argument, NULL, OPTION_NO_SYMBOLS },
        { 0 },
    };
    struct request request = { .order = &orders[0], .top = SIZE_MAX };
    struct rec_set *set;
    int option, status;

    opterr = 0;
    while ((option = getopt_long(argc, argv, "f:s:t:", options, NULL)) != -1) {
        status = take_option(&request, option);
        if (status != CLI_OK)
            return status;
    }
    set = stat_read(&cli_stat, argc - optind, argv + optind, &status);
    if (set == NULL)
        return status;
    if (!request.no_symbols && request.form != FORM_JSON)
        sym_readable_names(set);
    if (!print(&request, set))
        status = CLI_FAILED;
    rec_close(set);
    return cli_finish(status);
}

const struct cli_command cli_stat = {
    .name = "stat",
    .arguments = "[--format=FORMAT] [--sort=KEY] [--top=N] RECORD ...",
    .summary = "how often and how long locks were waited for and held",
    .help =
        "Reads records of processes that ran with the option lock_stat=1 (- is stdin), adds up all processes, and "
        "prints for\n"
        "each class of locks how often it was acquired and found taken, how long it was waited for and held, and at "
        "which\n"
        "calls: who waited, and where those had taken the lock who were waited for.\n\n"
        "  -f, --format=FORMAT   table; lock_stat, the layout of the kernel's /proc/lock_stat, in microseconds, where\n"
        "                        bounces between processors are dashes, as they are not known; or json, in "
        "nanoseconds\n"
        "  -s, --sort=KEY        largest first: wait (the time waited in all), wait-max, wait-avg, contentions,\n"
        "                        acquisitions, failed, hold, hold-max, hold-avg; or name\n"
        "  -t, --top=N           only so many classes\n"
        "      --no-symbols      names as the library knew them; no file is read but the record\n\n"
        "The exit status is 1 if a record cannot be read or has no statistics.\n",
    .run = run,
};
