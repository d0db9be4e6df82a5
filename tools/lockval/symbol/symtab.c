/* SPDX-License-Identifier: MIT */
/*
 * Symbols overlap: a function has several names, and labels within. From the last one that begins at or before an address the
 * search goes back, and ends where none before reaches the address.
 */

#include "symbol/symtab.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

static bool has_place(const GElf_Sym *symbol, GElf_Word section, const char *name)
{
    int type = GELF_ST_TYPE(symbol->st_info);

    if (name == NULL || *name == '\0' || *name == '$' || section == SHN_UNDEF)
        return false;
    return type == STT_NOTYPE || type == STT_OBJECT || type == STT_FUNC || type == STT_GNU_IFUNC;
}

/* A global name is the one that people know, and one without underscores in front. */
static unsigned rank_of(const GElf_Sym *symbol, const char *name)
{
    unsigned rank = (unsigned)strspn(name, "_");

    if (strncmp(name, "_Z", 2) == 0)
        rank = 0;
    else if (strncmp(name, "__GI_", 5) == 0) /* libc's own way to a function of the same name */
        rank += 32;
    if (GELF_ST_BIND(symbol->st_info) == STB_LOCAL)
        rank += 16;
    if (symbol->st_size == 0)
        rank += 64;
    if (GELF_ST_TYPE(symbol->st_info) == STT_NOTYPE)
        rank += 32;
    return rank;
}

static int compare(const void *a, const void *b)
{
    const struct sym_entry *left = a, *right = b;
    size_t left_len, right_len;

    if (left->start != right->start)
        return left->start < right->start ? -1 : 1;
    if (left->rank != right->rank) /* the best one last: it is met first */
        return left->rank > right->rank ? -1 : 1;
    left_len = strlen(left->name);
    right_len = strlen(right->name);
    if (left_len != right_len)
        return left_len > right_len ? -1 : 1;
    return strcmp(right->name, left->name);
}

/* The address behind the section that @entry lies in. */
static Dwarf_Addr section_end(Elf *elf, GElf_Word section, GElf_Addr bias)
{
    GElf_Shdr memory;
    const GElf_Shdr *header = section < SHN_LORESERVE ? gelf_getshdr(elf_getscn(elf, section), &memory) : NULL;

    return header != NULL && (header->sh_flags & SHF_ALLOC) != 0 ? header->sh_addr + bias + header->sh_size : 0;
}

/* Those without a size end where the next begins. */
static void finish(struct sym_table *table)
{
    Dwarf_Addr reach = 0, next = UINT64_MAX;

    for (size_t i = table->count; i-- > 0;) {
        struct sym_entry *entry = &table->entries[i];

        if (entry->size == 0 && entry->end > next)
            entry->end = next;
        if (i != 0 && table->entries[i - 1].start != entry->start)
            next = entry->start;
    }
    for (size_t i = 0; i < table->count; i++) {
        if (table->entries[i].end > reach)
            reach = table->entries[i].end;
        table->entries[i].reach = reach;
    }
}

void sym_table_read(struct sym_table *ret, Dwfl_Module *module)
{
    int count = dwfl_module_getsymtab(module);
    const char *source = ""; /* local symbols stand behind their file */

    *ret = (struct sym_table){ 0 };
    if (count <= 0)
        return;
    ret->entries = cli_alloc((size_t)count, sizeof(*ret->entries));
    for (int i = 0; i < count; i++) {
        GElf_Sym symbol;
        GElf_Addr address, bias;
        GElf_Word section;
        Elf *elf;
        const char *name = dwfl_module_getsym_info(module, i, &symbol, &address, &section, &elf, &bias);
        Dwarf_Addr end;

        if (name != NULL && GELF_ST_TYPE(symbol.st_info) == STT_FILE)
            source = name;
        if (!has_place(&symbol, section, name))
            continue;
        end = symbol.st_size != 0 ? address + symbol.st_size : section_end(elf, section, bias);
        if (end <= address)
            continue;
        ret->entries[ret->count++] =
            (struct sym_entry){ .start = address,
                                .end = end,
                                .size = symbol.st_size,
                                .name = name,
                                .source = GELF_ST_BIND(symbol.st_info) == STB_LOCAL ? source : NULL,
                                .rank = rank_of(&symbol, name) };
    }
    if (ret->count != 0)
        qsort(ret->entries, ret->count, sizeof(*ret->entries), compare);
    finish(ret);
}

void sym_table_free(struct sym_table *table)
{
    free(table->entries);
    *table = (struct sym_table){ 0 };
}

const struct sym_entry *sym_table_find(const struct sym_table *table, Dwarf_Addr address)
{
    size_t low = 0, high = table->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (table->entries[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t i = low; i-- > 0 && table->entries[i].reach > address;)
        if (table->entries[i].end > address)
            return &table->entries[i];
    return NULL;
}
