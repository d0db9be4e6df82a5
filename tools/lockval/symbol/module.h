/* SPDX-License-Identifier: MIT */
#ifndef CLI_SYMBOL_MODULE_H
#define CLI_SYMBOL_MODULE_H

/*
 * One file that ran, opened for questions: between the session and elfutils.
 */

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <time.h>

#include "record/pool.h"
#include "symbol/symbols.h"
#include "symbol/symtab.h"
#include "symbol/units.h"

struct sym_module {
    Dwfl_Callbacks callbacks; /* of .dwfl */
    Dwfl *dwfl;
    Dwfl_Module *module; /* null: there is nothing to ask */
    char *problem;       /* then why */
    time_t changed;      /* when the file was written last */
    bool asked;          /* .table and .units are there */
    struct sym_table table;
    struct sym_units *units;
    struct rec_index known; /* offset and kind -> struct sym_frames */
};

/* What is to be known to open the file of a module. */
struct sym_wanted {
    const struct rec_module *module;
    char **debug_path; /* as sym_options has it; it must live as long as the module */
    time_t started;    /* when the process began; 0: not known */
    bool *ret_is_slow; /* set to true when a debuginfod server was waited for in vain */
};

/* Open the file of @wanted, or another one with its build-id. Never fails: what is wrong is in .problem. @ret must stay where it is. */
void sym_module_open(struct sym_module *ret, const struct sym_wanted *wanted);
void sym_module_close(struct sym_module *module);

/* Set .library and .wrapper of @frame, whose linker's name, or what there is, is @symbol. */
void sym_module_judge(const char *wrappers, struct sym_frame *frame, const char *symbol);

/* Have .table and .units there. The file must be one that can be asked. */
void sym_module_ask(struct sym_module *module);

/* What stands at @address of the file, in @pool. @wrappers: patterns of functions that count as wrappers as well. */
struct sym_frames *sym_module_look(struct sym_module *module, uint64_t address, const char *wrappers,
                                   struct rec_pool *pool);

#endif
