/* SPDX-License-Identifier: MIT */
/*
 * The report that the library wrote is the measure: it has more to say than the members of a finding, and its words are known.
 * So it is taken line by line, and only places are said anew. A finding whose verdict was raised later has the first
 * report, with the verdict that it has in the end and what raised it.
 */

#define _GNU_SOURCE
#include "formats/text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/memory.h"
#include "common/progress.h"
#include "common/terminal.h"
#include "common/visible.h"
#include "formats/text_frames.h"

enum {
    MADE_MOST = 4 /* runs that made one finding that are named beside the first */
};

/* ---- lines ---- */

struct lines {
    char *text; /* the lines lie in it */
    char **line;
    size_t count;
    bool ended; /* the last one, too, by a newline */
};

static struct lines split(const char *text)
{
    struct lines lines = { .text = cli_visible(text) };
    size_t len = strlen(lines.text);

    lines.ended = len != 0 && lines.text[len - 1] == '\n';
    for (char *at = lines.text, *next; at != NULL && (*at != '\0' || at == lines.text); at = next) {
        next = strchr(at, '\n');
        if (next != NULL)
            *next++ = '\0';
        lines.line = cli_realloc(lines.line, lines.count + 1, sizeof(*lines.line));
        lines.line[lines.count++] = at;
    }
    return lines;
}

static void drop(struct lines *lines)
{
    free(lines->text);
    free(lines->line);
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* ---- colours ---- */

static enum cli_colour colour_of(enum rec_verdict verdict)
{
    switch (verdict) {
    case REC_DEADLOCK:
    case REC_MISUSE:
    case REC_FEASIBLE:
        return CLI_RED;
    case REC_POTENTIAL:
        return CLI_YELLOW;
    case REC_GUARDED:
        return CLI_GREEN;
    case REC_VERDICT_OTHER:
        break;
    }
    return CLI_BOLD;
}

static bool is_bar(const char *line)
{
    size_t len = strlen(line);

    return len >= 8 && (strspn(line, "=") == len || strspn(line, "-") == len);
}

static enum cli_colour colour_of_line(const struct rec_finding *finding, const char *line)
{
    if (begins(line, "WARNING: ") || begins(line, "verdict: "))
        return colour_of(finding->verdict);
    if (strcmp(line, " *** DEADLOCK ***") == 0)
        return CLI_RED;
    if (begins(line, "-> #"))
        return CLI_BOLD;
    return is_bar(line) ? CLI_FAINT : CLI_PLAIN;
}

/* ---- one finding ---- */

/* What the library said when the verdict was raised: the acquisitions behind it are the lines behind the reasons. */
static void put_raised(FILE *out, struct text_frames *frames, const struct rec_finding *finding)
{
    struct lines lines = split(finding->text);
    size_t at = 0;

    while (at < lines.count && !begins(lines.line[at], "lockval: finding "))
        at++;
    at += (finding->edge_count != 0 ? 2 : 1) + finding->reason_count;
    if (at < lines.count)
        (void)fputs("  these acquisitions raised it:\n", out);
    for (; at < lines.count; at++) {
        (void)fputs("  ", out);
        text_frames_line(frames, out, lines.line[at]);
        (void)fputc('\n', out);
    }
    drop(&lines);
}

static void put_verdict(FILE *out, const struct text_style *style, struct text_frames *frames,
                        const struct rec_finding *finding)
{
    enum cli_colour colour = colour_of(finding->verdict);

    (void)fprintf(out, "%sverdict: %s%s (at first: %s)\n", cli_colour_begin(style->colours, colour),
                  finding->verdict_name, cli_colour_end(style->colours, colour), finding->before);
    for (size_t i = 0; i < finding->reason_count; i++)
        (void)fprintf(out, "  %s\n", finding->reasons[i]);
    put_raised(out, frames, finding);
}

static size_t stack_at(const struct lines *lines, size_t at)
{
    size_t count = 0, indent = strspn(lines->line[at], " ");

    while (at + count < lines->count && strspn(lines->line[at + count], " ") == indent &&
           text_frames_is_one(lines->line[at + count], strlen(lines->line[at + count])))
        count++;
    return count;
}

static void put_line(FILE *out, const struct text_style *style, struct text_frames *frames,
                     const struct rec_finding *finding, const char *line, bool newline)
{
    enum cli_colour colour = colour_of_line(finding, line);

    (void)fputs(cli_colour_begin(style->colours, colour), out);
    text_frames_line(frames, out, line);
    (void)fprintf(out, "%s%s", cli_colour_end(style->colours, colour), newline ? "\n" : "");
}

void text_finding(FILE *out, const struct text_style *style, const struct format_input *input,
                  const struct rec_finding *finding)
{
    bool raised = finding->before[0] != '\0' && finding->report != finding->text;
    struct text_frames *frames = text_frames_open(style, input, finding);
    struct lines lines = split(finding->report);

    for (size_t at = 0; at < lines.count;) {
        size_t count = stack_at(&lines, at);

        if (count != 0 && (input->symbols != NULL || at + count < lines.count || lines.ended)) {
            text_frames_stack(frames, out, lines.line + at, count);
            at += count;
        } else if (raised && begins(lines.line[at], "verdict: ")) {
            put_verdict(out, style, frames, finding);
            for (at++; at < lines.count && begins(lines.line[at], "  "); at++)
                ;
            raised = false;
        } else {
            put_line(out, style, frames, finding, lines.line[at], at + 1 < lines.count || lines.ended);
            at++;
        }
    }
    drop(&lines);
    text_frames_close(frames);
}

/* ---- all of them ---- */

bool text_is_shown(const struct rec_finding *finding)
{
    return finding->suppressed_by[0] == '\0';
}

/* The same finding made by several processes, or by several runs of one program; threads that are stuck are others each time. */
bool text_is_again(const struct format_input *input, size_t i)
{
    const struct rec_finding *finding = input->findings[i];

    for (size_t j = 0; j < i; j++)
        if (input->findings[j]->stuck_count == 0 && input->findings[j]->process != finding->process &&
            input->findings[j]->verdict == finding->verdict &&
            strcmp(input->findings[j]->fingerprint, finding->fingerprint) == 0)
            return true;
    return false;
}

/* Who else made the finding number @i. */
static void put_others(FILE *out, const struct format_input *input, size_t i)
{
    const struct rec_finding *finding = input->findings[i];
    const char *before = "\nthe same in ";

    for (size_t j = i + 1; j < input->finding_count; j++) {
        const struct rec_finding *other = input->findings[j];

        if (finding->stuck_count != 0 || other->process == finding->process || other->verdict != finding->verdict ||
            strcmp(other->fingerprint, finding->fingerprint) != 0)
            continue;
        (void)fprintf(out, "%s%s[%lld]", before, other->process->program, (long long)other->process->pid);
        before = ", ";
    }
    if (before[0] == ',')
        (void)fputc('\n', out);
}

void text_made(FILE *out, const struct rec_finding *finding)
{
    uint64_t others;
    char *words;

    if (finding->run == NULL)
        return;
    words = rec_run_words(finding->run);
    (void)fprintf(out, "\nin the run: %s\n", words);
    free(words);
    for (size_t i = 0; i < finding->also_count && i < MADE_MOST; i++) {
        words = rec_run_words(finding->also[i]);
        (void)fprintf(out, "       and: %s\n", words);
        free(words);
    }
    others = rec_more_runs(finding, MADE_MOST);
    if (others != 0)
        (void)fprintf(out, "       and %s%llu more\n",
                      finding->seen.runs_exact || finding->seen.runs == 0 ? "" : "about ", (unsigned long long)others);
}

void text_findings(FILE *out, const struct text_style *style, const struct format_input *input)
{
    struct cli_progress progress;

    cli_progress_begin(&progress, "looking up symbols", input->finding_count, CLI_PROGRESS_STEPS);
    for (size_t i = 0; i < input->finding_count; i++) {
        char *text = NULL;
        size_t len = 0;
        FILE *one;

        cli_progress_at(&progress, i);
        if (!text_is_shown(input->findings[i]) || (input->findings[i]->verdict == REC_GUARDED && !style->notes) ||
            text_is_again(input, i))
            continue;
        one = open_memstream(&text, &len);
        if (one == NULL)
            break;
        text_finding(one, style, input, input->findings[i]);
        put_others(one, input, i);
        text_made(one, input->findings[i]);
        (void)fclose(one);
        cli_progress_clear(&progress); /* both may be the same terminal */
        (void)fwrite(text, 1, len, out);
        (void)(progress.on && fflush(out));
        free(text);
    }
    cli_progress_end(&progress);
}

/* ---- lockval report --format=text ---- */

static bool print(FILE *out, const struct format_input *input)
{
    const struct text_style style = { .colours = cli_colours(CLI_AUTO, fileno(out)), .notes = true };

    text_findings(out, &style, input);
    text_summary(out, &style, input, NULL);
    text_explain(out, input, "lockval");
    return true;
}

const struct format format_text = {
    .name = "text",
    .summary = "for reading: the reports with files and lines, and a summary",
    .print = print,
};
