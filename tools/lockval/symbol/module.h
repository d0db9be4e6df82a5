/* SPDX-License-Identifier: MIT */
#ifndef CLI_SYMBOL_MODULE_H
#define CLI_SYMBOL_MODULE_H

/*
 * One file that ran, opened for questions: between the session and elfutils.
 */

#include <elfutils/libdwfl.h>
#include <time.h>

#include "record/pool.h"
#include "symbol/symbols.h"

struct sym_span;

struct sym_module {
    Dwfl *dwfl;
    Dwfl_Module *module;    /* null: there is nothing to ask */
    const char *problem;    /* then why */
    time_t changed;         /* when the file was written last */
    struct rec_index known; /* offset and kind -> struct sym_frames */
    size_t span_count;      /* of addresses and units, sorted; made when it is asked first */
    struct sym_span *spans;
    bool has_spans;
};

/* Open the file of @module, or its debug file; *debug_path is as sym_options has it. Never fails: what is wrong is in .problem. */
void sym_module_open(struct sym_module *ret, const struct rec_module *module, char **debug_path);
void sym_module_close(struct sym_module *module);

/* What stands at @address of the file. */
struct sym_frames *sym_module_look(struct sym_module *module, uint64_t address, struct rec_pool *pool);

#endif
