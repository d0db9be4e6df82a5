/* SPDX-License-Identifier: MIT */
#ifndef CLI_CONFIRM_REPLAY_H
#define CLI_CONFIRM_REPLAY_H

#include "confirm/record.h"

/*
 * A replay file: a JSON object with the finding as it stood in the record, the plan that led into the deadlock, the program with its
 * arguments, and the options of the recorded run.
 */
struct confirm_replay {
    struct confirm_record record; /* with one finding */
    json_t *all;                  /* what the texts are of */
    const char *plan;
    json_t *options;
    char **program; /* with a null at its end */
};

/* Write the file. Returns 0 or an errno. */
int confirm_replay_save(const char *path, const struct confirm_record *record, const struct confirm_finding *finding,
                        const char *plan, char *const *program);

/* Returns false after a complaint. */
bool confirm_replay_load(const char *path, struct confirm_replay *ret);
void confirm_replay_free(struct confirm_replay *replay);

#endif
