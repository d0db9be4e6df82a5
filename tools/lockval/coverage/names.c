/* SPDX-License-Identifier: MIT */
/* Words that all forms share. */

#define _GNU_SOURCE
#include "coverage/forms.h"

#include <stdlib.h>

#include "common/memory.h"
#include "formats/words.h"

char *cover_names(const struct cover_tests *tests, size_t most)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL)
        abort(); /* there is no memory, as in cli_alloc() */
    for (size_t i = 0; i < tests->count && (i < most || tests->count == most + 1); i++)
        (void)fprintf(out, "%s%s", i == 0 ? "" : ", ", tests->list[i]->name);
    if (tests->more)
        (void)fputs(tests->count != 0 ? " and others" : "several", out);
    else if (tests->count > most + 1)
        (void)fprintf(out, " and %zu more", tests->count - most);
    (void)fclose(out);
    return text;
}

char *cover_places(const struct cover_input *input, const struct rec_edge *edge)
{
    const struct rec_evidence *evidence = words_evidence(edge);
    char *held, *wanted, *both;

    if (evidence == NULL)
        return cli_strdup("");
    free(words_place(input->symbols, words_held(evidence)->stack, &held));
    free(words_place(input->symbols, evidence->witness->wanted.stack, &wanted));
    both = *held == '\0' && *wanted == '\0'
               ? cli_strdup("")
               : cli_printf("%s -> %s", *held != '\0' ? held : "?", *wanted != '\0' ? wanted : "?");
    free(held);
    free(wanted);
    return both;
}
