/* SPDX-License-Identifier: MIT */
/*
 * The XML that CI systems show as test results. A process is a suite, since findings are counted for each; a finding is a case,
 * which fails if it counts. A process without findings has one case that passes, so that a clean run is seen to have been one.
 */

#define _GNU_SOURCE
#include "formats/format.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "formats/place.h"
#include "formats/sites.h"
#include "formats/text.h"

/* ---- XML ---- */

/* How many bytes of UTF-8 the character at @text has; 0: it is none. */
static size_t length_of(const unsigned char *text)
{
    size_t len = text[0] < 0x80   ? 1
                 : text[0] < 0xc2 ? 0
                 : text[0] < 0xe0 ? 2
                 : text[0] < 0xf0 ? 3
                 : text[0] < 0xf5 ? 4
                                  : 0;

    for (size_t i = 1; i < len; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] >= 0xa0) || /* too long, half of a pair */
        (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] >= 0x90))
        return 0;
    return len;
}

/* How many bytes at @text XML 1.0 cannot hold in any form; 0: it can. Names in a program's file need not be UTF-8. */
static size_t impossible(const unsigned char *text)
{
    size_t len = length_of(text);

    if (len == 0 || (text[0] < 0x20 && text[0] != '\t' && text[0] != '\n' && text[0] != '\r'))
        return 1;
    if (len == 3 && text[0] == 0xef && text[1] == 0xbf && text[2] >= 0xbe)
        return 3;
    return 0;
}

/* As text or as the value of an attribute, where a parser would make blanks of line ends. */
static void put_escaped(FILE *out, const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        size_t skipped = impossible(at);

        if (skipped != 0) {
            (void)fputs("\xef\xbf\xbd", out);
            at += skipped - 1;
            continue;
        }
        if (*at >= 0x80) {
            size_t len = length_of(at);

            (void)fwrite(at, 1, len, out);
            at += len - 1;
            continue;
        }
        switch (*at) {
        case '&':
            (void)fputs("&amp;", out);
            break;
        case '<':
            (void)fputs("&lt;", out);
            break;
        case '>':
            (void)fputs("&gt;", out);
            break;
        case '"':
            (void)fputs("&quot;", out);
            break;
        case '\n':
        case '\t':
        case '\r':
            (void)fprintf(out, "&#%d;", *at);
            break;
        default:
            (void)fputc(*at, out);
        }
    }
}

static void put_attribute(FILE *out, const char *name, const char *value)
{
    (void)fprintf(out, " %s=\"", name);
    put_escaped(out, value);
    (void)fputc('"', out);
}

/* A report: its lines stay lines. */
static void put_lines(FILE *out, const char *text)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        char *line = strndup(text, len);

        if (line != NULL)
            put_escaped(out, line);
        free(line);
        if (text[len] == '\n')
            (void)fputc('\n', out);
        text += len + (text[len] == '\n');
    }
}

/* ---- a process ---- */

struct tally {
    size_t tests, failures, skipped;
};

static bool is_suppressed(const struct rec_finding *finding)
{
    return finding->suppressed_by[0] != '\0';
}

static bool is_failure(const struct rec_finding *finding)
{
    return finding->counts && !is_suppressed(finding);
}

static bool is_of(const struct format_input *input, size_t i, const struct rec_process *process)
{
    return input->findings[i]->process == process;
}

static struct tally tally_of(const struct format_input *input, const struct rec_process *process)
{
    struct tally tally = { 0 };

    for (size_t i = 0; i < input->finding_count; i++) {
        if (!is_of(input, i, process))
            continue;
        tally.tests++;
        if (is_failure(input->findings[i]))
            tally.failures++;
        if (is_suppressed(input->findings[i]))
            tally.skipped++;
    }
    if (process->finding_count == 0)
        tally.tests = 1;
    return tally;
}

/* A line for each place, in the form in which compilers complain: so editors and CI systems find it. */
static void put_places(FILE *out, const struct format_input *input, const struct sites *sites)
{
    for (size_t i = 0; i < sites->count; i++) {
        struct places places = places_of(input, sites->list[i].stack);
        char *where = place_text(places_best(&places));

        put_escaped(out, where);
        (void)fputs(where[0] != '\0' ? ": " : "", out);
        put_escaped(out, sites->list[i].text);
        (void)fputc('\n', out);
        free(where);
        places_free(&places);
    }
}

/* Where it was made, for systems that lead there. */
static void put_file(FILE *out, const struct format_input *input, const struct rec_stack *stack)
{
    struct places places = places_of(input, stack);
    const struct place *place = places_best(&places);

    if (place->inside && place->line != 0) {
        put_attribute(out, "file", place->inside);
        (void)fprintf(out, " line=\"%d\"", place->line);
    }
    places_free(&places);
}

static void put_report(FILE *out, const struct format_input *input, const struct rec_finding *finding)
{
    const struct text_style style = { .colours = false };
    char *text = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&text, &len);

    if (stream != NULL)
        text_finding(stream, &style, input, finding);
    if (stream != NULL)
        text_made(stream, finding);
    if (stream != NULL && fclose(stream) == 0)
        put_lines(out, text);
    else
        put_lines(out, finding->text);
    free(text);
}

/* What became of the case, and the report. */
static void put_outcome(FILE *out, const struct format_input *input, const struct rec_finding *finding,
                        const struct sites *sites)
{
    bool failure = is_failure(finding);
    char *reasons = sites_reasons(finding);

    if (is_suppressed(finding)) {
        (void)fputs("      <skipped message=\"suppressed by ", out);
        put_escaped(out, finding->suppressed_by);
        (void)fputs(finding->suppressed_reason[0] != '\0' ? ": " : "", out);
        put_escaped(out, finding->suppressed_reason);
        (void)fputs("\"/>\n", out);
    }
    if (failure) {
        (void)fputs("      <failure message=\"", out);
        put_escaped(out, finding->verdict_name);
        (void)fputs(": ", out);
        put_escaped(out, reasons[0] != '\0' ? reasons : sites->summary);
        (void)fputc('"', out);
        put_attribute(out, "type", finding->kind);
        (void)fputc('>', out);
    } else {
        (void)fputs("      <system-out>", out);
        put_escaped(out, finding->verdict_name);
        (void)fputs(", does not count\n", out);
    }
    put_places(out, input, sites);
    put_report(out, input, finding);
    (void)fputs(failure ? "</failure>\n" : "</system-out>\n", out);
    free(reasons);
}

static void put_case(FILE *out, const struct format_input *input, const struct rec_finding *finding,
                     const char *program)
{
    struct sites sites;

    sites_init(&sites, finding);
    (void)fputs("    <testcase", out);
    put_attribute(out, "classname", program);
    (void)fprintf(out, " name=\"");
    put_escaped(out, finding->kind);
    (void)fputs(": ", out);
    put_escaped(out, sites.summary);
    (void)fputs(" [", out);
    put_escaped(out, finding->fingerprint);
    (void)fputs("]\"", out);
    if (sites.count != 0)
        put_file(out, input, sites.list[sites.main].stack);
    (void)fputs(" time=\"0\">\n", out);

    put_outcome(out, input, finding, &sites);
    (void)fputs("    </testcase>\n", out);
    sites_free(&sites);
}

static void put_process(FILE *out, const struct format_input *input, const struct rec_process *process)
{
    const char *program = process->merged ? "all runs" : process->program[0] != '\0' ? process->program : "unknown";
    struct tally tally = tally_of(input, process);

    if (tally.tests == 0)
        return; /* it has findings, and none of them was chosen */
    (void)fputs("  <testsuite name=\"", out);
    put_escaped(out, program);
    (void)fprintf(out, "[%" PRId64 "]\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\"", process->pid,
                  tally.tests, tally.failures, tally.skipped);
    if (process->has_meta && process->start_ms != 0) {
        time_t started = (time_t)(process->start_ms / 1000);
        struct tm parts;
        char text[64];

        if (gmtime_r(&started, &parts) != NULL && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts) != 0)
            put_attribute(out, "timestamp", text);
    }
    if (process->end != NULL) {
        json_int_t ms = json_integer_value(json_object_get(process->end, "ms"));

        (void)fprintf(out, " time=\"%lld.%03lld\"", (long long)(ms / 1000), (long long)(ms % 1000));
    }
    (void)fputs(">\n", out);
    for (size_t i = 0; i < input->finding_count; i++) {
        if (is_of(input, i, process))
            put_case(out, input, input->findings[i], program);
    }
    if (process->finding_count == 0) {
        (void)fputs("    <testcase", out);
        put_attribute(out, "classname", program);
        (void)fputs(" name=\"no findings\"/>\n", out);
    }
    (void)fputs("  </testsuite>\n", out);
}

static bool print(FILE *out, const struct format_input *input)
{
    struct tally all = { 0 };

    for (size_t i = 0; i < input->set->process_count; i++) {
        struct tally tally = tally_of(input, input->set->processes[i]);

        all.tests += tally.tests;
        all.failures += tally.failures;
    }
    (void)fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
    (void)fprintf(out, "<testsuites name=\"lockval\" tests=\"%zu\" failures=\"%zu\" errors=\"0\">\n", all.tests,
                  all.failures);
    for (size_t i = 0; i < input->set->process_count; i++)
        put_process(out, input, input->set->processes[i]);
    (void)fputs("</testsuites>\n", out);
    return true;
}

const struct format format_junit = {
    .name = "junit",
    .summary = "XML that CI systems show as test results: a finding that counts is a failure",
    .print = print,
};
