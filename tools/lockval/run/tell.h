/* SPDX-License-Identifier: MIT */
#ifndef CLI_RUN_TELL_H
#define CLI_RUN_TELL_H

/*
 * What `lockval run` prints of a record, on stderr: findings while the program runs, and at the end the others and a summary.
 */

#include "formats/text.h"
#include "run/back.h"

struct run_tell {
    struct text_style style;
    bool quiet;   /* the summary only */
    bool printed; /* by the library, as they came: the summary only, too */
    char **told;  /* the findings that were printed, each as a text */
    size_t told_count;
};

/* Print the findings of @set that were not printed yet; only threads that are stuck, if @deadlocks. Nothing if there are none. */
void run_tell_now(struct run_tell *tell, const struct rec_set *set, bool deadlocks);

/* How many findings of @set are shown: not suppressed. */
size_t run_tell_count(const struct rec_set *set);

/* Print what is left, and the summary. @record: where the record stays; null: it goes. Nothing if no finding is shown. */
void run_tell_all(struct run_tell *tell, const struct rec_set *set, const char *record);

void run_tell_close(struct run_tell *tell);

#endif
