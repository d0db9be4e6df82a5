/* SPDX-License-Identifier: MIT */
/* Texts are put together in a stream of memory. */

#define _GNU_SOURCE
#include "formats/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/types.h"
#include "common/memory.h"
#include "symbol/frames.h"

struct text {
    FILE *out;
    char *text;
    size_t len;
};

static void begin(struct text *text)
{
    text->text = NULL;
    text->out = open_memstream(&text->text, &text->len);
    if (text->out == NULL)
        abort(); /* there is no memory, as in cli_alloc() */
}

static char *end(struct text *text)
{
    (void)fclose(text->out);
    return text->text;
}

/* @separator where something stands before. */
static void separate(struct text *text, const char *separator)
{
    if (ftell(text->out) > 0)
        (void)fputs(separator, text->out);
}

/* ---- classes and edges ---- */

char *words_modes(unsigned modes)
{
    static const char *const words[] = { "ER", "EN", "SR", "SN", "ERt", "ENt", "SRt", "SNt" };
    struct text text;

    begin(&text);
    for (size_t i = 0; i < LV_ARRAY_SIZE(words); i++)
        if ((modes >> i & 1) != 0) {
            separate(&text, ",");
            (void)fputs(words[i], text.out);
        }
    return end(&text);
}

const char *words_standing(enum rec_standing standing)
{
    return standing == REC_IS_LOCK ? "lock" : standing == REC_IS_CANDIDATE ? "candidate" : "event";
}

char *words_class(struct sym_session *symbols, const struct rec_class *class)
{
    const char *file = class->source.file;
    struct text text;

    begin(&text);
    (void)fputs(class->kind, text.out);
    if (class->standing != REC_IS_LOCK) {
        separate(&text, ", ");
        (void)fputs(words_standing(class->standing), text.out);
    }
    if (file != NULL && *file != '\0') {
        separate(&text, ", ");
        (void)fputs(symbols != NULL ? sym_short_file(symbols, file) : file, text.out);
        if (class->source.line > 0)
            (void)fprintf(text.out, ":%d", class->source.line);
    }
    return end(&text);
}

/* ---- evidence ---- */

const struct rec_lock *words_held(const struct rec_evidence *evidence)
{
    static const struct rec_lock nothing = { .key = "", .name = "", .site = "" };

    return evidence->held < evidence->witness->held_count ? &evidence->witness->held[evidence->held] : &nothing;
}

static bool is_known(const struct rec_stack *stack)
{
    return stack != NULL && stack->known && stack->count != 0;
}

static unsigned worth(const struct rec_evidence *evidence)
{
    if (!evidence->witness->known)
        return 0;
    return 1u + 2u * is_known(evidence->witness->wanted.stack) + 2u * is_known(words_held(evidence)->stack) +
           (evidence->witness->run != NULL);
}

const struct rec_evidence *words_evidence(const struct rec_edge *edge)
{
    const struct rec_evidence *best = NULL;
    unsigned most = 0;

    for (size_t i = 0; i < edge->evidence_count; i++)
        if (worth(&edge->evidence[i]) > most) {
            best = &edge->evidence[i];
            most = worth(best);
        }
    return best;
}

static const char *module_of(const struct rec_frame *frame)
{
    return frame->module == NULL ? "" : *frame->module->name != '\0' ? frame->module->name : "?";
}

/* Of a place without a line. "flush+0x12 (server)" */
static char *record_place(const struct sym_line *line, char **ret_short)
{
    const struct rec_frame *frame = line->frame;
    const char *name = *line->function != '\0' ? line->function : frame->name;

    *ret_short = *name != '\0' ? cli_strdup(name) : cli_printf("%s+0x%" PRIx64, module_of(frame), frame->offset);
    if (*name != '\0' && frame->module != NULL)
        return cli_printf("%s (%s)", name, module_of(frame));
    return cli_strdup(*ret_short);
}

char *words_place(struct sym_session *symbols, const struct rec_stack *stack, char **ret_short)
{
    struct sym_stack top = sym_top_of(symbols, stack);
    char *place, *shorter;

    if (top.count == 0) {
        place = cli_strdup("");
        shorter = cli_strdup("");
    } else if (*top.lines[0].file != '\0') {
        shorter = top.lines[0].line != 0 ? cli_printf("%s:%d", top.lines[0].file, top.lines[0].line)
                                         : cli_strdup(top.lines[0].file);
        place = *top.lines[0].function != '\0' ? cli_printf("%s in %s", shorter, top.lines[0].function)
                                               : cli_strdup(shorter);
    } else {
        place = record_place(&top.lines[0], &shorter);
    }
    sym_stack_free(&top);
    if (ret_short != NULL)
        *ret_short = shorter;
    else
        free(shorter);
    return place;
}

/* "server[123]" */
static void add_program(struct text *text, const struct rec_run *run)
{
    if (*run->program == '\0')
        return;
    separate(text, ", ");
    (void)fprintf(text->out, "%s[%.*s]", run->program, (int)strcspn(run->of, "/"), run->of);
}

char *words_run(const struct rec_run *run)
{
    struct text text;

    begin(&text);
    if (run != NULL && run->known) {
        if (*run->test != '\0')
            (void)fprintf(text.out, "test %s", run->test);
        add_program(&text, run);
        if (*run->commit != '\0') {
            separate(&text, ", ");
            (void)fprintf(text.out, "commit %s", run->commit);
        }
    }
    return end(&text);
}

char *words_tests(const struct rec_seen *seen, size_t most)
{
    struct text text;

    begin(&text);
    for (size_t i = 0; i < seen->test_count && i < most; i++) {
        separate(&text, ", ");
        (void)fputs(seen->tests[i], text.out);
    }
    if (seen->more_tests)
        (void)fputs(" and others", text.out);
    else if (seen->test_count > most)
        (void)fprintf(text.out, " and %zu more", seen->test_count - most);
    return end(&text);
}

char *words_about(const struct rec_finding *finding)
{
    char *cycle = rec_cycle(finding);

    if (*cycle != '\0' || !finding->has_subject)
        return cycle;
    free(cycle);
    return cli_strdup(rec_lock_name(&finding->subject));
}
