/* SPDX-License-Identifier: MIT */
/*
 * lockval suppress: entries for what records have, or what the entries of a file are good for.
 */

#define _GNU_SOURCE
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "common/command.h"
#include "common/memory.h"
#include "record/model.h"
#include "suppress/entries.h"
#include "suppress/patterns.h"

struct request {
    const char *check;       /* a file of entries; null: write some */
    const char *reason;      /* null: none is known */
    const char *finding;     /* number or fingerprint; null: all */
    enum rec_verdict lowest; /* only from this verdict on */
};

/* ---- writing ---- */

/* What the finding is about, for who reads the file. */
static char *title_of(const struct rec_finding *finding)
{
    char *cycle = rec_cycle(finding), *title;

    if (*cycle == '\0') {
        free(cycle);
        cycle = cli_strdup(finding->has_subject ? rec_lock_name(&finding->subject) : "");
    }
    title = cli_printf("%s, %s, %s: %s", finding->process->program, finding->verdict_name, finding->fingerprint, cycle);
    free(cycle);
    return title;
}

/* Without a reason the entry is complained of whenever it is read, until it has one. */
static void write_entry(const struct rec_finding *finding, const char *reason)
{
    char *pattern = patterns_of(finding), *title = title_of(finding);

    for (char *at = title; *at != '\0'; at++)
        if ((unsigned char)*at < ' ')
            *at = '?';
    (void)printf("# %s\n%s:%s #%s%s\n", title, finding->kind, pattern, reason != NULL ? " " : "",
                 reason != NULL ? reason : "");
    free(title);
    free(pattern);
}

/* ---- checking ---- */

static void check_entry(const struct entry *entry, struct rec_finding *const *findings, size_t count, bool *seen)
{
    size_t matched = 0;

    for (size_t i = 0; i < count; i++) {
        if (!entry_matches(entry, findings[i]))
            continue;
        if (matched++ == 0)
            (void)printf("%s (line %u)\n", entry->text, entry->line);
        (void)printf("  %s %s %s\n", findings[i]->verdict_name, findings[i]->kind, findings[i]->fingerprint);
        seen[i] = true;
    }
    if (matched == 0)
        (void)printf("%s (line %u)\n  unused\n", entry->text, entry->line);
}

/* Those that the library knew by itself: no entry of the file has to be for them. */
static void list_built_in(struct rec_finding *const *findings, size_t count, bool *seen)
{
    for (size_t i = 0; i < count; i++) {
        if (seen[i] || strcmp(findings[i]->suppressed_from, "built in") != 0)
            continue;
        (void)printf("%s (built in)\n  %s %s %s\n", findings[i]->suppressed_by, findings[i]->verdict_name,
                     findings[i]->kind, findings[i]->fingerprint);
        seen[i] = true;
    }
}

/* The findings that no entry is for. */
static void list_others(struct rec_finding *const *findings, size_t count, const bool *seen)
{
    for (size_t i = 0; i < count; i++) {
        char *title;

        if (seen[i])
            continue;
        title = title_of(findings[i]);
        (void)printf("  not: %zu, %s, %s\n", i + 1, findings[i]->kind, title);
        free(title);
    }
}

static int check(const char *path, struct rec_finding *const *findings, size_t count)
{
    struct entries *entries = entries_read(path);
    bool *seen = cli_alloc(count + 1, sizeof(*seen));
    size_t suppressed = 0;
    int status = CLI_FAILED;

    if (entries != NULL) {
        for (size_t i = 0; i < entries->count; i++)
            check_entry(&entries->entries[i], findings, count, seen);
        list_built_in(findings, count, seen);
        for (size_t i = 0; i < count; i++)
            suppressed += seen[i];
        (void)printf("%zu of %zu %s\n", suppressed, count,
                     count == 1 ? "finding is suppressed" : "findings are suppressed");
        list_others(findings, count, seen);
        status = entries->wrong ? CLI_FAILED : CLI_OK;
        entries_free(entries);
    }
    free(seen);
    return status;
}

/* ---- the command ---- */

static bool is_wanted(const struct request *request, const struct rec_finding *finding, size_t number)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%zu", number);
    if (request->finding != NULL)
        return strcmp(request->finding, text) == 0 || strcmp(request->finding, finding->fingerprint) == 0;
    return finding->verdict >= request->lowest;
}

static int work(const struct request *request, const struct rec_set *set)
{
    size_t count, written = 0;
    struct rec_finding **findings = rec_sorted_findings(set, &count);
    int status = CLI_OK;

    if (request->check != NULL) {
        status = check(request->check, findings, count);
        free(findings);
        return status;
    }
    for (size_t i = 0; i < count; i++) {
        bool before = *findings[i]->suppressed_by != '\0';

        for (size_t j = 0; j < i && !before; j++) /* in another process */
            before = strcmp(findings[j]->fingerprint, findings[i]->fingerprint) == 0 &&
                     findings[j]->kind == findings[i]->kind;
        if (before || !is_wanted(request, findings[i], i + 1))
            continue;
        write_entry(findings[i], request->reason);
        written++;
    }
    if (written == 0 && request->finding != NULL) {
        cli_complain("there is no such finding that is not suppressed yet (there are %zu)", count);
        status = CLI_FAILED;
    }
    free(findings);
    return status;
}

static int take_option(struct request *request, int option)
{
    switch (option) {
    case 'c':
        request->check = optarg;
        return CLI_OK;
    case 'r':
        if (strchr(optarg, '\n') != NULL)
            return cli_usage_error(&cli_suppress, "a reason is one line");
        request->reason = optarg;
        return CLI_OK;
    case 'n':
        request->finding = optarg;
        return CLI_OK;
    case 'v':
        request->lowest = rec_verdict_of(optarg);
        return request->lowest != REC_VERDICT_OTHER
                   ? CLI_OK
                   : cli_usage_error(&cli_suppress, "there is no verdict '%s'", optarg);
    default:
        return cli_usage_error(&cli_suppress, "the options are not understood");
    }
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        { "check", required_argument, NULL, 'c' },
        { "reason", required_argument, NULL, 'r' },
        { "finding", required_argument, NULL, 'n' },
        { "verdict", required_argument, NULL, 'v' },
        { 0 },
    };
    struct request request = { 0 };
    struct rec_set *set;
    int option, status = CLI_OK, worked;

    opterr = 0;
    while ((option = getopt_long(argc, argv, "n:", options, NULL)) != -1)
        if (take_option(&request, option) != CLI_OK)
            return CLI_USAGE;
    if (optind == argc)
        return cli_usage_error(&cli_suppress, "the record is missing");
    set = rec_open();
    for (int i = optind; i < argc; i++)
        if (!rec_read(set, argv[i]))
            status = CLI_FAILED;
    if (set->process_count != 0) {
        worked = work(&request, set);
        status = status == CLI_OK ? worked : status;
    }
    rec_close(set);
    return cli_finish(status);
}

const struct cli_command cli_suppress = {
    .name = "suppress",
    .arguments = "[--finding=N] [--verdict=V] [--reason=TEXT] RECORD ... | --check=FILE RECORD ...",
    .summary = "write suppressions for what records have, or try a file of them",
    .help =
        "Prints an entry for each finding, for a file that the option suppressions= names. Write a reason behind "
        "each.\n\n"
        "  -n, --finding=N     only one: its number as lockval report counts them, or its fingerprint\n"
        "      --verdict=V     only from this verdict on\n"
        "      --reason=TEXT   the reason to write\n"
        "      --check=FILE    instead say which findings the entries of a file match, and which entries match none\n\n"
        "The exit status is 0, 1 if a record or the file cannot be read, 2 for wrong arguments.\n",
    .run = run,
};
