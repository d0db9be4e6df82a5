/* SPDX-License-Identifier: MIT */
#ifndef CLI_SYMBOLS_H
#define CLI_SYMBOLS_H

/*
 * What addresses of another process are called, and its threads' stacks, by elfutils: symbol tables, debug information, call
 * frame information of the files that it has loaded, as far as they can be read.
 */

#include "threads/stop.h"

/* All texts are the session's, or null: not known. */
struct cli_symbol {
    const char *function; /* or variable; by its linker's name */
    uint64_t offset;      /* from its start; without one, from the module's load address */
    const char *module;   /* the last part of its path */
    const char *file;     /* of the source */
    int line;
};

struct cli_symbols;

/* Never null. Without @stop there are no stacks. Both must live longer. */
struct cli_symbols *cli_symbols_open(const struct cli_victim *victim, struct cli_stop *stop);
void cli_symbols_close(struct cli_symbols *symbols);

/* What @address is called: of a return address @is_call is true, and what it returns to is named by the call before it, with
 * the offset of the address itself. */
void cli_symbols_name(struct cli_symbols *symbols, uint64_t address, bool is_call, struct cli_symbol *ret);

struct cli_frame {
    uint64_t address;
    bool is_call; /* a return address; the innermost frame, and one that a signal interrupted, are not */
};

/* The stack of the thread @tid as it was stopped, innermost first. Returns how many frames, at most @max; 0: not known. *ret_more:
 * there are more of them. */
unsigned cli_symbols_unwind(struct cli_symbols *symbols, pid_t tid, struct cli_frame *frames, unsigned max,
                            bool *ret_more);

#endif
