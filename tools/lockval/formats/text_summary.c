/* SPDX-License-Identifier: MIT */
/* The last thing on the terminal: what there is, in a line for each, worst first. */

#define _GNU_SOURCE
#include "formats/text.h"

#include <stdlib.h>
#include <string.h>

#include "base/types.h"
#include "common/memory.h"
#include "common/terminal.h"
#include "common/visible.h"
#include "formats/text_advice.h"
#include "formats/text_frames.h"
#include "symbol/demangle.h"

enum {
    SITES = 4, /* of one finding */
    VERDICTS = REC_DEADLOCK + 1,
    CYCLE_MAX = 48, /* characters of a column of cycles: longer ones push what is behind them */
};

/* What the finding is about: a cycle of locks, what the threads wait for, or one lock. Memory to free. */
static char *raw_about(const struct rec_finding *finding)
{
    char *text = rec_cycle(finding);

    if (*text != '\0')
        return text;
    free(text);
    text = cli_strdup("");
    for (size_t i = 0; i < finding->stuck_count && i <= finding->circle; i++) {
        const struct rec_stuck *stuck = &finding->stuck[finding->circle != 0 ? i % finding->circle : i];
        const char *name = stuck->joined != NULL ? stuck->joined->name : rec_lock_name(&stuck->wanted);
        bool plain = strcmp(stuck->waits, "lock") == 0 || strcmp(stuck->waits, "event") == 0;
        char *longer = cli_printf("%s%s%s%s%s%s", text, i != 0 ? " -> " : "", plain ? "" : stuck->waits,
                                  plain ? "" : "(", name[0] != '\0' ? name : "?", plain ? "" : ")");

        free(text);
        text = longer;
    }
    if (*text == '\0' && finding->has_subject) {
        free(text);
        text = cli_strdup(rec_lock_name(&finding->subject));
    }
    return text;
}

static char *about(const struct rec_finding *finding)
{
    char *raw = raw_about(finding), *visible = cli_visible(raw), *readable = sym_readable(visible);

    free(raw);
    free(visible);
    return readable;
}

struct places {
    char *list[SITES];
    size_t count;
    bool more;
};

static void add_place(struct places *places, const struct format_input *input, const struct rec_stack *stack)
{
    char *site = text_frames_site(input, stack);

    if (site == NULL)
        return;
    for (size_t i = 0; i < places->count; i++) {
        if (strcmp(places->list[i], site) == 0) {
            free(site);
            return;
        }
    }
    if (places->count == SITES) {
        places->more = true;
        free(site);
        return;
    }
    places->list[places->count++] = site;
}

/* Where what is wrong is done, in the order of the cycle. */
static char *places_of(const struct format_input *input, const struct rec_finding *finding)
{
    struct places places = { .count = 0 };
    char *text = cli_strdup("");

    for (size_t i = 0; i < finding->acquisition_count; i++)
        add_place(&places, input, finding->acquisitions[i].wanted.stack);
    for (size_t i = 0; i < finding->stuck_count; i++)
        add_place(&places, input, finding->stuck[i].wanted.stack);
    if (places.count == 0)
        add_place(&places, input, finding->stack);
    for (size_t i = 0; i < places.count; i++) {
        char *longer = cli_printf("%s%s%s%s", text, i != 0 ? ", " : "", places.list[i],
                                  i + 1 == places.count && places.more ? ", ..." : "");

        free(text);
        free(places.list[i]);
        text = longer;
    }
    return text;
}

static void put_head(FILE *out, const struct text_style *style, const struct format_input *input, const char *record)
{
    size_t counts[VERDICTS] = { 0 }, count = 0, suppressed = 0;
    const char *before = ": ";

    for (size_t i = 0; i < input->finding_count; i++) {
        if (!text_is_shown(input->findings[i]))
            suppressed++;
        if (!text_is_shown(input->findings[i]) || text_is_again(input, i))
            continue;
        counts[input->findings[i]->verdict]++;
        count++;
    }
    (void)fprintf(out, "\n%slockval: %zu %s%s", cli_colour_begin(style->colours, CLI_BOLD), count,
                  count == 1 ? "finding" : "findings", cli_colour_end(style->colours, CLI_BOLD));
    for (int verdict = VERDICTS; verdict-- > 0;) {
        if (counts[verdict] == 0)
            continue;
        (void)fprintf(out, "%s%zu %s%s", before, counts[verdict], rec_verdict_name((enum rec_verdict)verdict),
                      verdict != REC_GUARDED ? ""
                      : counts[verdict] == 1 ? " (note)"
                                             : " (notes)");
        before = ", ";
    }
    if (suppressed != 0)
        (void)fprintf(out, "%s%zu suppressed", before, suppressed);
    if (record != NULL)
        (void)fprintf(out, "      record: %s", record);
    (void)fputc('\n', out);
}

/* What keeps it from happening: other reasons may stand before that. */
static const char *guard_of(const struct rec_finding *finding)
{
    static const char *const guards[] = { "gate lock: ", "ordered by ", "timed: ", "the call returns " };

    for (size_t i = 0; i < finding->reason_count; i++)
        for (size_t j = 0; j < LV_ARRAY_SIZE(guards); j++)
            if (strncmp(finding->reasons[i], guards[j], strlen(guards[j])) == 0)
                return finding->reasons[i];
    return finding->reasons[0];
}

static void put_line(FILE *out, const struct text_style *style, const struct format_input *input,
                     const struct rec_finding *finding, size_t width)
{
    bool on = style->colours;
    enum cli_colour colour = finding->verdict == REC_GUARDED     ? CLI_GREEN
                             : finding->verdict == REC_POTENTIAL ? CLI_YELLOW
                                                                 : CLI_RED;
    char *cycle = about(finding), *places = places_of(input, finding);

    (void)fprintf(out, "  %s%-9s%s %-9s %-*s  [%s]", cli_colour_begin(on, colour), finding->verdict_name,
                  cli_colour_end(on, colour), finding->kind, (int)width, cycle, finding->fingerprint);
    if (finding->verdict == REC_GUARDED && finding->reason_count != 0)
        (void)fprintf(out, "  %s", guard_of(finding));
    else if (*places != '\0')
        (void)fprintf(out, "  %s%s%s", cli_colour_begin(on, CLI_CYAN), places, cli_colour_end(on, CLI_CYAN));
    (void)fputc('\n', out);
    text_advice_odd(out, input, finding);
    free(cycle);
    free(places);
}

void text_summary(FILE *out, const struct text_style *style, const struct format_input *input, const char *record)
{
    size_t width = 0;

    put_head(out, style, input, record);
    for (size_t i = 0; i < input->finding_count; i++) {
        char *cycle = about(input->findings[i]);
        size_t len = strlen(cycle);

        if (len > width && len <= CYCLE_MAX)
            width = len;
        free(cycle);
    }
    for (size_t i = 0; i < input->finding_count; i++)
        if (text_is_shown(input->findings[i]) && !text_is_again(input, i))
            put_line(out, style, input, input->findings[i], width);
    text_advice_smallest(out, input);
}

/* A finding that was chosen may not be the one that is explained if none is named. */
void text_explain(FILE *out, const struct format_input *input, const char *self)
{
    const struct rec_finding *first = NULL;

    for (size_t i = 0; first == NULL && i < input->finding_count; i++)
        first = text_is_shown(input->findings[i]) ? input->findings[i] : NULL;
    if (first == NULL)
        return;
    (void)fprintf(out, "in plain words: %s explain ", self);
    if (input->record == NULL)
        (void)fprintf(out, "%s\n", first->kind);
    else if (input->chosen)
        (void)fprintf(out, "--finding=%s %s\n", first->fingerprint, input->record);
    else
        (void)fprintf(out, "%s\n", input->record);
}
