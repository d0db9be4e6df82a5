/* SPDX-License-Identifier: MIT */
/* lockval explain: a finding, or a word of lockval, in plain words. */

#define _GNU_SOURCE
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/command.h"
#include "common/memory.h"
#include "common/visible.h"
#include "explain/words.h"
#include "formats/words.h"
#include "symbol/frames.h"
#include "symbol/readable.h"

enum {
    WIDTH = 96
};

struct request {
    const char *finding; /* null: the first */
    bool no_symbols;
};

/* ---- text ---------------------------------------------------------------------------------------------------------- */

/* Print @text in lines of no more than WIDTH columns, if its words allow: the first behind @indent, the others as deep. */
static void say(const char *indent, const char *text)
{
    char *visible = cli_visible(text);
    size_t depth = strlen(indent), column = 0;

    (void)printf("%s", indent);
    for (const char *at = visible; *at != '\0';) {
        size_t len = strcspn(at, " ");

        if (column != 0 && column + 1 + len > WIDTH - depth) {
            (void)printf("\n%*s", (int)depth, "");
            column = 0;
        }
        (void)printf("%s%.*s", column == 0 ? "" : " ", (int)len, at);
        column += len + (column != 0);
        at += len + (at[len] == ' ');
    }
    (void)putchar('\n');
    free(visible);
}

static void say_and_free(const char *indent, char *text)
{
    say(indent, text);
    free(text);
}

static void say_lesson(const struct explain_word *word)
{
    say_and_free("  ", cli_printf("Lesson: docs/lessons/%s", word->lesson));
}

static void explain_word(const struct explain_word *word)
{
    say("", word->name);
    say("  ", word->means);
    if (word->first != NULL)
        say_and_free("  ", cli_printf("Look at first: %s", word->first));
    say_lesson(word);
}

/* ---- a finding ----------------------------------------------------------------------------------------------------- */

static const char *thread_name(const struct rec_thread *thread)
{
    if (thread == NULL)
        return "a thread";
    return *thread->shown != '\0' ? thread->shown : *thread->name != '\0' ? thread->name : "a thread";
}

/* "a lock (server.c:41 in flush)", in memory to free. */
static char *lock_at(struct sym_session *symbols, const struct rec_lock *lock)
{
    char *place = words_place(symbols, lock->stack, NULL);
    char *text = *place != '\0' ? cli_printf("%s (%s)", rec_lock_name(lock), place) : cli_strdup(rec_lock_name(lock));

    free(place);
    return text;
}

/* What each acquisition of the circle did. */
static void say_steps(struct sym_session *symbols, const struct rec_finding *finding)
{
    for (size_t i = 0; i < finding->acquisition_count; i++) {
        const struct rec_step *step = &finding->acquisitions[i];
        char *held = lock_at(symbols, &step->held), *wanted = lock_at(symbols, &step->wanted), *text = NULL;

        switch (step->kind) {
        case REC_STEP_LOCK:
            text = cli_printf("%s held %s, and wanted %s.", thread_name(step->thread), held, wanted);
            break;
        case REC_STEP_WAIT:
            text = cli_printf("%s held %s, and waited for %s.", thread_name(step->thread), held, wanted);
            break;
        case REC_STEP_INTERRUPT:
            text = cli_printf("%s held %s; a handler that can come then wants %s.", thread_name(step->thread), held,
                              wanted);
            break;
        case REC_STEP_COMPLETE:
            text = cli_printf("%s took %s, before it brought about %s.", thread_name(step->thread), wanted, held);
            break;
        case REC_STEP_END:
            text = cli_printf("%s took %s, before its end, which is %s.", thread_name(step->thread), wanted, held);
            break;
        }
        say_and_free("  - ", text);
        free(held);
        free(wanted);
    }
}

/* How it would hang: each has what it holds, the one that closed the circle comes last, and all want what the next one has. */
static void say_hang(const struct rec_finding *finding)
{
    size_t count = finding->acquisition_count;

    if (count < 2 || finding->verdict == REC_GUARDED)
        return;
    (void)printf("\nHow it would hang\n");
    for (size_t i = 0; i < count; i++) {
        const struct rec_step *step = &finding->acquisitions[(i + 1) % count];
        const char *held = rec_lock_name(&step->held), *thread = thread_name(step->thread);
        char *indent = cli_printf("  %zu. ", i + 1);

        if (step->kind == REC_STEP_COMPLETE || step->kind == REC_STEP_END)
            say_and_free(indent, cli_printf("%s has not come to %s yet.", thread, held));
        else
            say_and_free(indent, cli_printf("%s has %s.", thread, held));
        free(indent);
    }
    say_and_free("     ", cli_printf("Now each wants what the next one has, and nobody lets go: %s wants %s.",
                                     thread_name(finding->acquisitions[0].thread),
                                     rec_lock_name(&finding->acquisitions[0].wanted)));
}

static void explain_finding(struct sym_session *symbols, const struct rec_finding *finding)
{
    const struct explain_word *kind = explain_kind(finding->kind), *verdict = explain_verdict(finding->verdict_name);
    char *about = words_about(finding);

    say_and_free("", cli_printf("%s %s: %s  [%s]", finding->verdict_name, finding->kind, about, finding->fingerprint));
    free(about);
    (void)printf("\nWhat it is\n");
    if (kind != NULL)
        say("  ", kind->means);
    (void)printf("\nWhat was seen\n");
    say_steps(symbols, finding);
    if (finding->acquisition_count == 0 && finding->has_subject) {
        char *subject = lock_at(symbols, &finding->subject);

        say_and_free("  - ", cli_printf("%s: %s %s", thread_name(finding->thread), subject, finding->detail));
        free(subject);
    }
    for (size_t i = 0; i < finding->stuck_count; i++)
        say_and_free("  - ", cli_printf("%s waits (%s) for %s, and holds %zu locks.",
                                        thread_name(finding->stuck[i].thread), finding->stuck[i].waits,
                                        rec_lock_name(&finding->stuck[i].wanted), finding->stuck[i].held_count));
    if (strcmp(finding->kind, "circular") == 0 || strcmp(finding->kind, "event") == 0 ||
        strcmp(finding->kind, "recursive") == 0)
        say_hang(finding);
    (void)printf("\nHow sure it is\n");
    if (verdict != NULL)
        say("  ", verdict->means);
    for (size_t i = 0; i < finding->reason_count; i++)
        say("  - ", finding->reasons[i]);
    (void)printf("\nWhat to look at first\n");
    if (kind != NULL) {
        say("  ", kind->first);
        say_lesson(kind);
    }
}

/* The findings as lockval report numbers them. */
static int explain_record(const struct request *request, const char *path)
{
    struct rec_set *set = rec_open();
    struct sym_session *symbols = NULL;
    struct rec_finding **findings = NULL;
    size_t count = 0;
    int status = CLI_FAILED;

    if (rec_read(set, path)) {
        char *end;
        unsigned long number = request->finding != NULL ? strtoul(request->finding, &end, 10) : 1;
        const struct rec_finding *chosen = NULL;

        findings = rec_sorted_findings(set, &count);
        for (size_t i = 0; i < count; i++)
            if (request->finding != NULL ? strcmp(findings[i]->fingerprint, request->finding) == 0 || i + 1 == number
                                         : i == 0)
                chosen = findings[i];
        if (chosen == NULL) {
            cli_complain(count == 0 ? "%s has no findings" : "%s has no such finding", path);
        } else {
            if (!request->no_symbols)
                sym_readable_names(set);
            if (!request->no_symbols)
                symbols = sym_open(&(struct sym_options){ .set = set });
            explain_finding(symbols, chosen);
            if (request->finding == NULL && count > 1)
                (void)printf("\nThere are %zu more: --finding=2 and so on.\n", count - 1);
            status = CLI_OK;
        }
        if (symbols != NULL)
            sym_close(symbols);
        free(findings);
    }
    rec_close(set);
    return status;
}

/* ---- the command --------------------------------------------------------------------------------------------------- */

static void list_words(void)
{
    (void)printf("Words:");
    for (size_t i = 0; explain_word_at(i) != NULL; i++)
        if (strcmp(explain_word_at(i)->name, "deadlock") != 0 || explain_kind("deadlock") == explain_word_at(i))
            (void)printf(" %s", explain_word_at(i)->name);
    (void)printf("\n");
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        { "finding", required_argument, NULL, 'n' },
        { "no-symbols", no_argument, NULL, 's' },
        { 0 },
    };
    struct request request = { NULL, false };
    const struct explain_word *kind, *verdict;
    int option;

    opterr = 0;
    while ((option = getopt_long(argc, argv, "n:", options, NULL)) != -1) {
        if (option == 'n')
            request.finding = optarg;
        else if (option == 's')
            request.no_symbols = true;
        else
            return cli_usage_error(&cli_explain, "the options are not understood");
    }
    if (argc - optind != 1)
        return cli_usage_error(&cli_explain, "a record, a kind of findings or a verdict is missing");
    kind = explain_kind(argv[optind]);
    verdict = explain_verdict(argv[optind]);
    if (kind == NULL && verdict == NULL)
        return cli_finish(explain_record(&request, argv[optind]));
    if (kind != NULL)
        explain_word(kind);
    if (verdict != NULL && kind == NULL)
        explain_word(verdict);
    return cli_finish(CLI_OK);
}

const struct cli_command cli_explain = {
    .name = "explain",
    .arguments = "[--finding=N] RECORD | KIND | VERDICT",
    .summary = "say in plain words what a finding, a kind or a verdict means",
    .help = "Walks through a finding of a record: what was seen, how it would hang, how sure it is, what to look at "
            "first, and which lesson has more.\n\n"
            "  -n, --finding=N     which: its number as lockval report counts them, or its fingerprint; 1 by default\n"
            "      --no-symbols    do not look for places in the source\n\n",
    .more_help = list_words,
    .run = run,
};
