/* SPDX-License-Identifier: MIT */
#ifndef CLI_PAGE_TABLES_H
#define CLI_PAGE_TABLES_H

/*
 * Tables: classes and edges, and of the processes who ran. Of long ones the top is there without the script, which puts the rest and sorts.
 */

#include "page/parts.h"

void tables_put_statistics(struct page *page);
void tables_put_processes(struct page *page);

#endif
