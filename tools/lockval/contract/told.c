/* SPDX-License-Identifier: MIT */
/* A change is shown by one run, the first whose witness there is: who wants to know all asks lockval check or lockval db query. */

#include "contract/told.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/command.h"
#include "common/memory.h"
#include "common/visible.h"
#include "formats/place.h"

/* Where the acquisition was, as far as it is known: "function at file:line". */
static char *where(const struct rec_witness *witness, struct sym_session *symbols)
{
    const struct format_input input = { .symbols = symbols };
    struct places places = places_of(&input, witness->wanted.stack);
    const struct place *best = places_best(&places);
    const struct rec_frame *frame = places.count != 0 ? best->frame : NULL;
    char *text;

    if (best->line != 0)
        text = cli_printf("%s at %s:%d", best->function,
                          symbols != NULL ? sym_short_file(symbols, best->file) : best->file, best->line);
    else if (frame != NULL && frame->line_count != 0 && frame->lines[0].line != 0)
        text = cli_printf("%s at %s:%d", frame->lines[0].function, frame->lines[0].file, frame->lines[0].line);
    else
        text = cli_strdup(best->function);
    places_free(&places);
    return text;
}

char *contract_shown_by(const struct contract_step *step, const struct rec_process *process,
                        struct sym_session *symbols)
{
    const struct rec_witness *witness = step != NULL ? step->witness : NULL;
    const struct rec_run *run = witness != NULL ? witness->run : NULL;
    const char *program = run != NULL ? run->program : process->program;
    const char *test = run != NULL ? run->test : process->test;
    char *place = witness != NULL && witness->known ? where(witness, symbols) : cli_strdup(""), *text;

    text = cli_printf("%s%s%s%s%s", program, *test != '\0' ? ", test " : "", test,
                      *place != '\0' && (*program != '\0' || *test != '\0') ? ": " : "", place);
    free(place);
    return text;
}

static void print_change(FILE *out, const struct contract_change *change, const struct rec_process *process,
                         struct sym_session *symbols)
{
    char *by = change->step != NULL ? contract_shown_by(change->step, process, symbols) : cli_strdup("");
    char *line = cli_printf("%c %s%s%s", change->mark, change->text, *by != '\0' ? "    # " : "", by);
    char *shown;

    shown = cli_visible(line);
    (void)fputs(shown, out);
    free(shown);
    (void)fputc('\n', out);
    free(line);
    free(by);
}

/* How many lines of each sort there are in a new file. */
static void tell_new(const struct contract_changes *changes, const char *path)
{
    static const struct {
        const char *begin, *one, *many;
    } sorts[] = { { "lock ", "lock", "locks" },
                  { "allow ", "allowed edge", "allowed edges" },
                  { "leaf ", "leaf", "leaves" },
                  { "nest ", "that nests", "that nest" } };
    const char *before = "";

    (void)printf("%s: ", path);
    for (size_t i = 0; i < LV_ARRAY_SIZE(sorts); i++) {
        size_t count = 0;

        for (size_t j = 0; j < changes->count; j++)
            count += changes->list[j].mark == '+' &&
                     strncmp(changes->list[j].text, sorts[i].begin, strlen(sorts[i].begin)) == 0;
        if (count == 0 && i >= 2)
            continue;
        (void)printf("%s%zu %s", before, count, count == 1 ? sorts[i].one : sorts[i].many);
        before = ", ";
    }
    (void)putchar('\n');
}

void contract_tell(const struct contract_changes *changes, const struct rec_set *set,
                   const struct contract_steps *steps, const char *path, bool quiet, bool fresh)
{
    struct sym_session *symbols = changes->count != 0 ? sym_open(&(struct sym_options){ .set = set }) : NULL;

    if (path != NULL && !quiet && fresh)
        tell_new(changes, path);
    for (size_t i = 0; i < changes->count; i++) {
        const struct contract_change *change = &changes->list[i];

        if (change->mark == '!') {
            (void)fflush(stdout);
            print_change(stderr, change, steps->process, symbols);
        } else if (path != NULL && !quiet && !fresh) {
            print_change(stdout, change, steps->process, symbols);
        }
    }
    if (symbols != NULL)
        sym_close(symbols);
}
