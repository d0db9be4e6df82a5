/* SPDX-License-Identifier: MIT */
#ifndef CLI_SYMBOL_SYMTAB_H
#define CLI_SYMBOL_SYMTAB_H

/*
 * The linker's symbols of a file and of its debug file, sorted: elfutils compares an address with each of them.
 */

#include <elfutils/libdwfl.h>
#include <stddef.h>

struct sym_entry {
    Dwarf_Addr start, end; /* what it covers: of one without a size, all up to the next or to its section's end */
    Dwarf_Addr reach;      /* the greatest .end of this one and those before it */
    Dwarf_Addr size;       /* 0: not known */
    const char *name;      /* the file's */
    const char *source; /* of a symbol that other files do not see: the source file that it is of; null: all see it */
    unsigned rank;      /* of those with the same start: the lower, the better its name is known */
};

struct sym_table {
    size_t count;
    struct sym_entry *entries; /* by .start */
};

/* Read the symbols of @module. Cost: once over all of them. */
void sym_table_read(struct sym_table *ret, Dwfl_Module *module);
void sym_table_free(struct sym_table *table);

/* The symbol that covers @address and begins last, or null. */
const struct sym_entry *sym_table_find(const struct sym_table *table, Dwarf_Addr address);

#endif
