/* SPDX-License-Identifier: MIT */
#ifndef CLI_PAGE_STEPS_H
#define CLI_PAGE_STEPS_H

/*
 * The interleaving of a finding: a table that is whole without a script, and that the script walks through.
 */

#include "page/parts.h"

/* Nothing for findings of which there is none. */
void steps_put(struct page *page, const struct rec_finding *finding, size_t number);

#endif
