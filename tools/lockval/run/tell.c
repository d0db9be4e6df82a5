/* SPDX-License-Identifier: MIT */
/* What belongs together is made in memory and written by one call: the program may write to the same place meanwhile. */

#define _GNU_SOURCE
#include "run/tell.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/memory.h"
#include "common/target.h"
#include "symbol/symbols.h"

/* Which finding it is, however often the record is read. Memory to free. */
static char *name_of(const struct rec_finding *finding)
{
    return cli_printf("%lld/%s/%u", (long long)finding->process->pid, finding->process->run, finding->number);
}

static bool is_told(const struct run_tell *tell, const struct rec_finding *finding)
{
    char *name = name_of(finding);
    bool told = false;

    for (size_t i = 0; i < tell->told_count && !told; i++)
        told = strcmp(tell->told[i], name) == 0;
    free(name);
    return told;
}

static void note(struct run_tell *tell, const struct rec_finding *finding)
{
    tell->told = cli_realloc(tell->told, tell->told_count + 1, sizeof(char *));
    tell->told[tell->told_count++] = name_of(finding);
}

/* Nobody can be told that stderr cannot be written. */
static void write_out(const char *text, size_t len)
{
    while (len != 0) {
        ssize_t wrote = write(STDERR_FILENO, text, len);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return;
        text += wrote;
        len -= (size_t)wrote;
    }
}

/* The findings of @input that are not told yet; what is told of them is noted. */
static void put_findings(struct run_tell *tell, const struct format_input *input, bool deadlocks, FILE *out)
{
    struct format_input left = *input;
    struct rec_finding **findings = cli_alloc(input->finding_count + 1, sizeof(struct rec_finding *));

    left.findings = findings;
    left.finding_count = 0;
    for (size_t i = 0; i < input->finding_count; i++) {
        if ((deadlocks && input->findings[i]->verdict != REC_DEADLOCK) || is_told(tell, input->findings[i]))
            continue;
        findings[left.finding_count++] = input->findings[i];
        note(tell, input->findings[i]);
    }
    if (!tell->quiet && !tell->printed)
        text_findings(out, &tell->style, &left);
    free(findings);
}

size_t run_tell_count(const struct rec_set *set)
{
    size_t count = 0;

    for (size_t i = 0; i < set->process_count; i++)
        for (size_t j = 0; j < set->processes[i]->finding_count; j++)
            count += text_is_shown(set->processes[i]->findings[j]);
    return count;
}

/* Can a deadlock of the finding be made to happen? */
static bool can_be_tried(const struct rec_finding *finding)
{
    return text_is_shown(finding) && finding->edge_count != 0 && strcmp(finding->kind, "circular") == 0 &&
           (finding->verdict == REC_FEASIBLE || finding->verdict == REC_POTENTIAL);
}

/* What else can be done with the record. */
static void put_hints(FILE *out, const struct format_input *input, const char *record)
{
    char *found = cli_target_find("lockval");
    const char *self = found != NULL ? "lockval" : program_invocation_name; /* what can be typed */

    free(found);
    text_explain(out, input, self);
    (void)fprintf(out, "page: %s report --format=html --output=page.html %s\n", self, record);
    for (size_t i = 0; i < input->finding_count; i++) {
        const struct rec_finding *finding = input->findings[i];

        if (!can_be_tried(finding))
            continue;
        (void)fprintf(out, "make it happen: %s confirm %s -- %s%s\n", self, record,
                      finding->process->argc != 0 ? finding->process->argv[0] : finding->process->path,
                      finding->process->argc > 1 ? " ..." : "");
        break;
    }
}

static void put(struct run_tell *tell, const struct rec_set *set, bool deadlocks, bool summary, const char *record)
{
    struct format_input input = { .set = set, .record = record };
    size_t count, len = 0;
    struct rec_finding **findings = rec_sorted_findings(set, &count);
    char *text = NULL;
    FILE *out;

    out = run_tell_count(set) != 0 ? open_memstream(&text, &len) : NULL;
    if (out != NULL) {
        input.findings = findings;
        input.finding_count = count;
        input.symbols = sym_open(&(struct sym_options){ .set = set });
        put_findings(tell, &input, deadlocks, out);
        if (summary)
            text_summary(out, &tell->style, &input, record);
        if (summary && record != NULL && !tell->quiet)
            put_hints(out, &input, record);
        sym_close(input.symbols);
        if (fclose(out) == 0)
            write_out(text, len);
        free(text);
    }
    free(findings);
}

void run_tell_now(struct run_tell *tell, const struct rec_set *set, bool deadlocks)
{
    put(tell, set, deadlocks, false, NULL);
}

void run_tell_all(struct run_tell *tell, const struct rec_set *set, const char *record)
{
    put(tell, set, false, true, record);
}

void run_tell_close(struct run_tell *tell)
{
    for (size_t i = 0; i < tell->told_count; i++)
        free(tell->told[i]);
    free(tell->told);
}
