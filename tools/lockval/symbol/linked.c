/* SPDX-License-Identifier: MIT */
/*
 * A symbol that only its own source file sees stands behind the name of that file. Compilers number the static variables of
 * functions ("lock.3"), and an inserted variable changes the number: such a name means something only where no other one is like it.
 *
 * Calls are found by their bytes: four bytes that lead, from just there, to the very target are no chance.
 */

#include "symbol/linked.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

/* How long is @name without the number behind it? */
static size_t bare_len(const char *name)
{
    size_t len = strlen(name), digits = len;

    while (digits != 0 && isdigit((unsigned char)name[digits - 1]))
        digits--;
    return digits != len && digits > 1 && name[digits - 1] == '.' ? digits - 1 : len;
}

/* Does the same file have another symbol that is called like @entry without its number? */
static bool has_namesake(const struct sym_table *table, const struct sym_entry *entry)
{
    size_t len = bare_len(entry->name);

    for (size_t i = 0; i < table->count; i++) {
        const struct sym_entry *other = &table->entries[i];

        if (strncmp(other->name, entry->name, len) == 0 && other->start != entry->start && other->source != NULL &&
            bare_len(other->name) == len && strcmp(other->source, entry->source) == 0)
            return true;
    }
    return false;
}

struct sym_linked sym_linked_at(const struct sym_table *table, Dwarf_Addr address, struct rec_pool *pool)
{
    const struct sym_entry *entry = sym_table_find(table, address);
    struct sym_linked ret = { "", "" };
    char *name;

    if (entry == NULL || (entry->source != NULL && has_namesake(table, entry)))
        return ret;
    name = cli_printf("%.*s", (int)(entry->source != NULL ? bare_len(entry->name) : strlen(entry->name)), entry->name);
    ret.name = rec_pool_text(pool, name);
    free(name);
    /* Of what was compiled as a whole program the file is one that the compiler made. */
    if (entry->source != NULL && strchr(entry->source, '<') == NULL && strstr(entry->source, "ltrans") == NULL)
        ret.file = rec_pool_text(pool, entry->source);
    return ret;
}

/* ---- calls --------------------------------------------------------------------------------------------------------- */

struct code {
    const unsigned char *bytes;
    Dwarf_Addr start, end;
};

static bool code_of(struct sym_module *module, const struct sym_entry *entry, struct code *ret)
{
    GElf_Addr bias;
    Elf *elf = dwfl_module_getelf(module->module, &bias);
    GElf_Ehdr header;
    Elf_Scn *section = NULL;

    if (elf == NULL || gelf_getehdr(elf, &header) == NULL || header.e_machine != EM_X86_64)
        return false;
    while ((section = elf_nextscn(elf, section)) != NULL) {
        GElf_Shdr memory, *s = gelf_getshdr(section, &memory);
        Elf_Data *data;

        if (s == NULL || s->sh_type != SHT_PROGBITS || entry->start < s->sh_addr + bias ||
            entry->end > s->sh_addr + bias + s->sh_size)
            continue;
        data = elf_rawdata(section, NULL);
        if (data == NULL || data->d_buf == NULL || data->d_size < s->sh_size)
            return false;
        *ret = (struct code){ (const unsigned char *)data->d_buf + (entry->start - s->sh_addr - bias), entry->start,
                              entry->end };
        return true;
    }
    return false;
}

/* Where the four bytes before @at lead. */
static Dwarf_Addr led_to(const struct code *code, Dwarf_Addr at)
{
    int32_t distance;

    memcpy(&distance, code->bytes + (at - 4 - code->start), sizeof(distance));
    return at + (Dwarf_Addr)(int64_t)distance;
}

/* Is there a call, or a jump in its place, that ends at @at? By a pointer in memory, @ret_indirect. */
static bool is_call(const struct code *code, Dwarf_Addr at, bool *ret_indirect)
{
    const unsigned char *before = code->bytes + (at - code->start);

    *ret_indirect = at - code->start >= 6 && before[-6] == 0xff && (before[-5] == 0x15 || before[-5] == 0x25);
    return *ret_indirect || before[-5] == 0xe8 || before[-5] == 0xe9;
}

size_t sym_linked_calls(struct sym_module *module, Dwarf_Addr address, Dwarf_Addr *ret_calls, size_t size)
{
    const struct sym_entry *entry = sym_table_find(&module->table, address - 1);
    bool indirect, is_indirect;
    struct code code;
    size_t count = 0;

    if (entry == NULL || entry->size == 0 || !code_of(module, entry, &code) || address < code.start + 5 ||
        address > code.end || !is_call(&code, address, &indirect))
        return 0;
    for (Dwarf_Addr at = code.start + 5; at <= code.end && count < size; at++)
        if (at != address && is_call(&code, at, &is_indirect) && is_indirect == indirect &&
            led_to(&code, at) == led_to(&code, address))
            ret_calls[count++] = at;
    return count;
}
