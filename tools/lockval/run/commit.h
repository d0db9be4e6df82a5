/* SPDX-License-Identifier: MIT */
#ifndef CLI_RUN_COMMIT_H
#define CLI_RUN_COMMIT_H

/*
 * Of which commit is this a run? CI systems say so in the environment of a job.
 */

/* As the environment says, which keeps it; null: it does not, or says what is no value of an option. */
const char *run_commit(void);

#endif
