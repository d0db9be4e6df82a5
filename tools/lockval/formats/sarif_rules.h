/* SPDX-License-Identifier: MIT */
#ifndef CLI_FORMATS_SARIF_RULES_H
#define CLI_FORMATS_SARIF_RULES_H

/*
 * The kinds of findings as rules of SARIF, with the help that a reader sees beside a finding.
 */

#include <jansson.h>

#include "record/model.h"

/* All rules, an array of reportingDescriptor objects. The caller owns it. */
json_t *sarif_rules(void);

/* The place of @kind among them; -1: the command does not know it. */
int sarif_rule_index(const char *kind);

/* How loud a finding of @verdict is: "error", "warning" or "note". */
const char *sarif_level(enum rec_verdict verdict);

#endif
