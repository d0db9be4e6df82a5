/* SPDX-License-Identifier: MIT */
#ifndef CLI_SYMBOL_DEMANGLE_H
#define CLI_SYMBOL_DEMANGLE_H

/* The name that a C++ programmer knows of the linker's name @symbol: memory to free, or null if it is no such name. */
char *sym_demangle(const char *symbol);

/* @text with all such names in it replaced: memory to free. */
char *sym_readable(const char *text);

#endif
