/* SPDX-License-Identifier: MIT */
#ifndef LV_TESTS_COMMAND_CONTRACT_H
#define LV_TESTS_COMMAND_CONTRACT_H

/* For tests of files of the lock order: merged records, and what is made of them. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/unit.h"
#include "common/memory.h"
#include "contract/draft.h"

#define ALL "\"pid\":0,\"run\":\"merged\""
#define META "{\"t\":\"meta\"," ALL ",\"format\":1,\"merged\":true,\"runs\":1,\"runs_exact\":true}"
#define CLASS(id, stable, more)                                                                                    \
    "{\"t\":\"class\"," ALL ",\"id\":" #id ",\"key\":\"key:" #id "\",\"stable\":\"" stable "\",\"name\":\"" stable \
    "\",\"kind\":\"mutex\"" more "}"
#define EDGE(from, to, mode, more) \
    "{\"t\":\"edge\"," ALL ",\"from\":" #from ",\"to\":" #to ",\"modes\":[\"" mode "\"]" more "}"

#define LOCK(class, instance, more) "{\"class\":" #class ",\"instance\":" #instance ",\"mode\":\"write\"" more "}"

/* A record that is read, and what it says. */
struct said {
    struct rec_set *set;
    struct contract_steps *steps;
};

static inline struct said said_open(void)
{
    return (struct said){ .set = rec_open() };
}

static inline void said_line(struct said *said, const char *line)
{
    ck_assert_msg(rec_read_line(said->set, "test", line, strlen(line)), "%s", line);
}

static inline void said_end(struct said *said)
{
    ck_assert_uint_eq(said->set->process_count, 1);
    said->steps = contract_steps_of(said->set->processes[0]);
}

static inline struct said said_of(const char *const *lines)
{
    struct said said = said_open();

    said_line(&said, META);
    for (size_t i = 0; lines[i] != NULL; i++)
        said_line(&said, lines[i]);
    said_end(&said);
    return said;
}

static inline void said_close(struct said *said)
{
    contract_steps_free(said->steps);
    rec_close(said->set);
}

/* The file with the text @text (null: none) after @said. @ret_changes may be null. Memory to free. */
static inline char *updated(const char *text, const struct said *said, const struct contract_update *update,
                            struct contract_changes *ret_changes)
{
    struct contract_changes changes = { 0 };
    size_t size;
    char *after = contract_updated(update != NULL ? update : &(struct contract_update){ 0 }, "test.order", text,
                                   text != NULL ? strlen(text) : 0, said->steps, &changes, &size);

    if (after != NULL)
        ck_assert_uint_eq(strlen(after), size);
    if (ret_changes != NULL)
        *ret_changes = changes;
    else
        contract_changes_free(&changes);
    return after;
}

#endif
