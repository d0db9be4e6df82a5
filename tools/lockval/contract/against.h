/* SPDX-License-Identifier: MIT */
#ifndef CLI_CONTRACT_AGAINST_H
#define CLI_CONTRACT_AGAINST_H

/*
 * Runs that are over, held against the order that is expected: what a run with the option expect= would have said.
 */

#include "record/model.h"

/*
 * Add a finding of the kind `order` to @process, merged or not, for each two classes that it took against the order in the file
 * @path: with the fingerprint that a run gives it, a report in the library's form, and the run that shows it. It counts. What is among the
 * findings of @process by that fingerprint is not added again.
 * Returns how many were added; -1 after complaints: the file cannot be read, or something is wrong with it.
 */
long contract_check(struct rec_process *process, const char *path);

#endif
