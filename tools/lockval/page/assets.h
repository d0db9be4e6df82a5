/* SPDX-License-Identifier: MIT */
#ifndef CLI_PAGE_ASSETS_H
#define CLI_PAGE_ASSETS_H

/*
 * The style sheet and the scripts as they go into the page, from page.css and *.js, by embed.py; and their hashes (SHA-256 in
 * base64) as a Content-Security-Policy has them.
 */

#include <stddef.h>

extern const char page_style[];
extern const size_t page_style_len;
extern const char page_style_hash[];

extern const char page_first[];
extern const size_t page_first_len;
extern const char page_first_hash[];

extern const char page_script[];
extern const size_t page_script_len;
extern const char page_script_hash[];

extern const char page_sheet[]; /* the script of pages of tables */
extern const size_t page_sheet_len;
extern const char page_sheet_hash[];

#endif
