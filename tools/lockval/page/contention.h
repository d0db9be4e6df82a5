/* SPDX-License-Identifier: MIT */
#ifndef CLI_PAGE_CONTENTION_H
#define CLI_PAGE_CONTENTION_H

/*
 * What the option lock_stat counted: how often and how long locks were waited for and held, by class and by call.
 */

#include "page/parts.h"

/* Nothing where no process was measured. */
void contention_put(struct page *page);

#endif
