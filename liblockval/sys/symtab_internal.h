/* SPDX-License-Identifier: MIT */
#ifndef LV_SYS_SYMTAB_INTERNAL_H
#define LV_SYS_SYMTAB_INTERNAL_H

/* What the readers of symbols share: the words of this machine's ELF, and the way into the index. */

#include <elf.h>
#include <link.h>

#include "sys/symtab.h"

typedef ElfW(Ehdr) elf_header;
typedef ElfW(Phdr) elf_segment;
typedef ElfW(Shdr) elf_section;
typedef ElfW(Sym) elf_symbol;
typedef ElfW(Dyn) elf_dynamic;

/* ELF32_ST_TYPE and ELF64_ST_TYPE are the same. */
#define SYMBOL_TYPE(info) ((info)&0xf)
#define SYMBOL_BINDING(info) ((info) >> 4)

#if __SIZEOF_POINTER__ == 8
#define ELF_CLASS ELFCLASS64
#else
#define ELF_CLASS ELFCLASS32
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ELF_DATA ELFDATA2LSB
#else
#define ELF_DATA ELFDATA2MSB
#endif

struct lv_elf_image; /* a file (symtab.c) */

/* A symbol table before it is indexed. */
struct raw_symbols {
    const char *symbols;
    size_t count;
    const char *names;
    size_t names_size;
    const struct lv_elf_image *image; /* null: no section headers at hand */
};

/* Make the index. The table's mapping is set by the caller. Returns 0, -ENODATA, -ENOEXEC or -ENOMEM. */
int lv_symtab_index(struct lv_symtab *table, struct raw_symbols *raw) LV_MUST_CHECK;

#endif
