/* SPDX-License-Identifier: MIT */
#ifndef CLI_SYMBOL_UNITS_H
#define CLI_SYMBOL_UNITS_H

/*
 * The debug information of a file by address: which unit, which function, and what is inlined there.
 */

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stddef.h>

struct sym_units;

/* What debug information has at an address. */
struct sym_scopes {
    Dwarf_Die unit;     /* that has the lines */
    Dwarf_Die inner;    /* that has the functions: the same one, or of a file of its own (-gsplit-dwarf) */
    Dwarf_Addr address; /* as the unit counts it */
    size_t count;       /* 0: no function is known there */
    const Dwarf_Die
        *scopes; /* the functions, outermost first: all but the first are inlined. Valid until the next search */
};

/* Never null. */
struct sym_units *sym_units_open(Dwfl_Module *module);
void sym_units_close(struct sym_units *units);

/* False: no unit covers @address. Cost: the first time in a file, a walk over its units; the first time in a unit, over its
 * functions. */
bool sym_units_find(struct sym_units *units, Dwarf_Addr address, struct sym_scopes *ret);

#endif
