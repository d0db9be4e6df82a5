/* SPDX-License-Identifier: MIT */
#ifndef CLI_SYMBOL_READABLE_H
#define CLI_SYMBOL_READABLE_H

/*
 * Names of locks as a C++ programmer knows them, for what people read. The library has them as the linker does, and so they stand in
 * records, in files of suppressions and orders, and in what programs read.
 */

#include "record/model.h"

/* Rename all classes of the set's records, and the locks of their findings. For a command that only prints from here on. */
void sym_readable_names(struct rec_set *set);

#endif
