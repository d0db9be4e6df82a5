/* SPDX-License-Identifier: MIT */
#ifndef LV_SYS_SYMTAB_H
#define LV_SYS_SYMTAB_H

/*
 * The function and object symbols of one ELF module, indexed by address. Used by modules.c and the unit tests only.
 *
 * Every offset and size in the input is checked against its length before it is used: a damaged or strange file gives
 * an error or fewer symbols, never a crash.
 * Context of all functions: guard held; no malloc, no libc state. A table is protected by its owner's lock.
 */

#include "base/types.h"

/* Sorted by address; entries may enclose others. */
struct lv_symtab_entry {
    uint64_t start; /* as in the file: without the load address */
    uint64_t end;
    uint32_t name;  /* offset in the names */
    uint32_t outer; /* one more than the index of the nearest earlier entry that ends behind our start; 0: none */
};

/* All zero is an empty table. */
struct lv_symtab {
    struct lv_symtab_entry *entries; /* constant once read, as all fields */
    uint32_t count;
    size_t entries_size; /* bytes mapped at entries */
    const char *names;   /* the last of names_size bytes is a 0 */
    size_t names_size;
    const void *mapping; /* what else belongs to the table: the file, or a copy of the names */
    size_t mapping_size;
};

/* What the module in memory looks like; a file that differs is another one, and its symbols would be lies. */
struct lv_symtab_expect {
    const uint8_t *build_id; /* or its first bytes */
    size_t build_id_size;    /* 0: the module has none, and then the file must have none either */
    const void *header;      /* the first header_size bytes of the module; compared where there is no build-id */
    size_t header_size;
};

/* Where a loaded module's dynamic section is. */
struct lv_symtab_memory {
    uintptr_t start, end; /* of the module's mapping */
    uintptr_t bias;
    uintptr_t dynamic;
};

/*
 * Read the symbols of the file at @path (.symtab, else .dynsym). @expect may be null: any file will do.
 * Returns 0, or: -ENOEXEC no ELF file of this machine, or damaged; -ESTALE not the expected file; -ENODATA no symbols
 * in it; -ENOMEM; what opening it gave.
 */
int lv_symtab_read_file(struct lv_symtab *table, const char *path, const struct lv_symtab_expect *expect) LV_MUST_CHECK;

/* The same for a file that is in memory already; @data must outlive the table. */
int lv_symtab_read_image(struct lv_symtab *table, const void *data, size_t size,
                         const struct lv_symtab_expect *expect) LV_MUST_CHECK;

/*
 * Read the dynamic symbols of a loaded module out of its memory; nothing of it is needed afterwards. The module may
 * vanish at any moment: then -EFAULT is returned. Other errors as above.
 */
int lv_symtab_read_memory(struct lv_symtab *table, const struct lv_symtab_memory *memory) LV_MUST_CHECK;

/* The innermost symbol that covers @address (without the load address), or null. Cost: O(log symbols). */
const struct lv_symtab_entry *lv_symtab_entry_at(const struct lv_symtab *table, uint64_t address);
const char *lv_symtab_find(const struct lv_symtab *table, uint64_t address, uint64_t *ret_offset);

/*
 * From here on nothing of the file is needed: the names are copied and its mapping is given back. A file that was let go
 * may be written over, and names would change or, where it got shorter, be gone. Without memory the table is empty then.
 */
void lv_symtab_keep(struct lv_symtab *table);

/* Give the memory back. */
void lv_symtab_fini(struct lv_symtab *table);

/*
 * The GNU build-id in a PT_NOTE segment of @size bytes whose alignment is @align: where it stands in @notes, or null.
 */
const uint8_t *lv_symtab_note_build_id(const void *notes, size_t size, size_t align, size_t *ret_size);

#endif
