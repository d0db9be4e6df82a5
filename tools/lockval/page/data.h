/* SPDX-License-Identifier: MIT */
#ifndef CLI_PAGE_DATA_H
#define CLI_PAGE_DATA_H

/*
 * What the scripts of the page work on: the graph with its layout and one witness for each edge, as JSON in a script element.
 * Arrays with fixed places rather than objects, since there are thousands; data.js gives the places names.
 */

#include "page/map.h"
#include "page/parts.h"

void data_put(struct page *page, const struct map *map);

#endif
