/* SPDX-License-Identifier: MIT */
#ifndef CLI_PAGE_EVIDENCE_H
#define CLI_PAGE_EVIDENCE_H

/*
 * Where in the program a finding comes from: stacks of what was held and wanted, by whom.
 */

#include "page/parts.h"

void evidence_put(struct page *page, const struct rec_finding *finding);

#endif
