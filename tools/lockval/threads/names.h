/* SPDX-License-Identifier: MIT */
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

/*
 * What classes, kinds and modes are called, in the words of reports (engine/naming.c): from another process's books and the
 * symbols of its files.
 */

#include "threads/books.h"
#include "threads/symbols.h"

struct cli_names;

/* @books may be null: there are no classes then. All must live longer. */
struct cli_names *cli_names_open(const struct cli_books_of *books, struct cli_symbols *symbols);
void cli_names_close(struct cli_names *names);

/* The name of the class @number, "?" if there is none. Lives as long as @names. */
const char *cli_names_class(struct cli_names *names, uint32_t number);

const char *cli_names_kind(enum lv_kind kind);
const char *cli_names_mode(enum lv_mode mode);

/* "function+0x12 (module)", "module+0x1234" or "0x1234", as reports have it. Memory to free. */
char *cli_names_place(const struct cli_symbol *symbol);

/* The thread's name as reports have it. Memory to free. */
char *cli_names_thread(struct cli_names *names, const struct cli_book_thread *thread);

#endif
