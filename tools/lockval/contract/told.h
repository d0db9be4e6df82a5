/* SPDX-License-Identifier: MIT */
#ifndef CLI_CONTRACT_TOLD_H
#define CLI_CONTRACT_TOLD_H

/* What is said of the changes of a file of the lock order. */

#include "contract/draft.h"
#include "symbol/symbols.h"

/* Print them: changes on stdout, with the run that shows each; what is not done on stderr. @path is the file; null: it is what
 * goes to stdout, so that nothing else does. Of a new file (@fresh) there is one line only; @quiet: nothing but what is not done. */
void contract_tell(const struct contract_changes *changes, const struct rec_set *set,
                   const struct contract_steps *steps, const char *path, bool quiet, bool fresh);

/* "server, test login: take_both+0x1b at src/stuck.c:48" of the step, as far as it is known; memory to free. */
char *contract_shown_by(const struct contract_step *step, const struct rec_process *process,
                        struct sym_session *symbols);

#endif
