/* SPDX-License-Identifier: MIT */
#ifndef CLI_SYMBOL_LINKED_H
#define CLI_SYMBOL_LINKED_H

/*
 * What a file's symbols and instructions say without debug information.
 */

#include "symbol/module.h"

/* The symbol that covers @address, in @pool. Cost: for the numbered variables of functions, a walk over all symbols. */
struct sym_linked sym_linked_at(const struct sym_table *table, Dwarf_Addr address, struct rec_pool *pool);

/* Where the calls of the function around the return address @address go to the same place as its own: up to @size return addresses
 * besides it. Returns how many. Nothing on machines other than x86-64. */
size_t sym_linked_calls(struct sym_module *module, Dwarf_Addr address, Dwarf_Addr *ret_calls, size_t size);

#endif
