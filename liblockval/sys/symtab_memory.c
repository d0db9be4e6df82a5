/* SPDX-License-Identifier: MIT */
/* The symbols of a loaded module whose file is gone, out of its memory. The module may be unloaded at any moment, so every
 * read goes through the kernel (lv_os_read_memory), and what is kept is a copy. */

#include "sys/symtab_internal.h"

#include <errno.h>
#include <string.h>

#include "sys/os.h"

/* What is needed of a dynamic section; addresses are those in memory. */
struct dynamic {
    uintptr_t symbols;
    uintptr_t names;
    uint64_t names_size;
    uintptr_t hash;
    uintptr_t gnu_hash;
};

static bool memory_read(const struct lv_symtab_memory *memory, uintptr_t at, void *to, size_t size)
{
    return at >= memory->start && at <= memory->end && size <= memory->end - at && lv_os_read_memory(at, to, size) == 0;
}

/* The loader adds the load address to these pointers, but not in the vdso, and not on every machine. */
static uintptr_t relocated(const struct lv_symtab_memory *memory, uintptr_t pointer)
{
    return pointer >= memory->start && pointer < memory->end ? pointer : pointer + memory->bias;
}

static int read_dynamic(const struct lv_symtab_memory *memory, struct dynamic *ret_dynamic)
{
    struct dynamic dynamic = { 0 };
    uintptr_t at = memory->dynamic;
    elf_dynamic entry;

    for (;; at += sizeof(entry)) {
        if (!memory_read(memory, at, &entry, sizeof(entry)))
            return -EFAULT;
        if (entry.d_tag == DT_NULL)
            break;
        if (entry.d_tag == DT_SYMTAB)
            dynamic.symbols = relocated(memory, entry.d_un.d_ptr);
        else if (entry.d_tag == DT_STRTAB)
            dynamic.names = relocated(memory, entry.d_un.d_ptr);
        else if (entry.d_tag == DT_STRSZ)
            dynamic.names_size = entry.d_un.d_val;
        else if (entry.d_tag == DT_HASH)
            dynamic.hash = relocated(memory, entry.d_un.d_ptr);
        else if (entry.d_tag == DT_GNU_HASH)
            dynamic.gnu_hash = relocated(memory, entry.d_un.d_ptr);
        else if (entry.d_tag == DT_SYMENT && entry.d_un.d_val != sizeof(elf_symbol))
            return -ENOEXEC;
    }
    if (!dynamic.symbols || !dynamic.names || !dynamic.names_size)
        return -ENODATA;
    if (dynamic.names_size > memory->end - memory->start)
        return -ENOEXEC;
    *ret_dynamic = dynamic;
    return 0;
}

/*
 * A dynamic section does not say how many symbols there are. The old hash table does, as the length of its chains. In
 * the GNU one the symbols are sorted by bucket, so the last of all ends the chain that starts highest; the lowest bit
 * of a hash marks the end of a chain.
 */
static int count_symbols(const struct lv_symtab_memory *memory, const struct dynamic *dynamic, size_t *ret_count)
{
    uint32_t header[4]; /* DT_HASH: buckets, chains; DT_GNU_HASH: buckets, first symbol, words of the filter, shift */
    uintptr_t buckets, chains;
    uint32_t highest = 0, hash = 0;

    if (dynamic->hash) {
        if (!memory_read(memory, dynamic->hash, header, 2 * sizeof(header[0])))
            return -EFAULT;
        *ret_count = header[1];
        return 0;
    }
    if (!dynamic->gnu_hash)
        return -ENODATA;
    if (!memory_read(memory, dynamic->gnu_hash, header, sizeof(header)))
        return -EFAULT;
    buckets = dynamic->gnu_hash + sizeof(header) + (uintptr_t)header[2] * sizeof(uintptr_t);
    chains = buckets + (uintptr_t)header[0] * sizeof(uint32_t);
    for (uint32_t i = 0; i < header[0];) {
        uint32_t some[256];
        uint32_t n = header[0] - i < LV_ARRAY_SIZE(some) ? header[0] - i : (uint32_t)LV_ARRAY_SIZE(some);

        if (!memory_read(memory, buckets + (uintptr_t)i * sizeof(some[0]), some, n * sizeof(some[0])))
            return -EFAULT;
        for (uint32_t k = 0; k < n; k++)
            highest = some[k] > highest ? some[k] : highest;
        i += n;
    }
    if (highest < header[1])
        return -ENODATA;
    for (; !(hash & 1); highest++) {
        if (!memory_read(memory, chains + (uintptr_t)(highest - header[1]) * sizeof(hash), &hash, sizeof(hash)))
            return -EFAULT;
    }
    *ret_count = highest;
    return 0;
}

int lv_symtab_read_memory(struct lv_symtab *table, const struct lv_symtab_memory *memory)
{
    struct dynamic dynamic;
    struct raw_symbols raw;
    size_t count, symbols_size, size;
    char *copy;
    int ret;

    *table = (struct lv_symtab){ 0 };
    ret = read_dynamic(memory, &dynamic);
    if (ret < 0)
        return ret;
    ret = count_symbols(memory, &dynamic, &count);
    if (ret < 0)
        return ret;
    if (count == 0)
        return -ENODATA;
    if (count > (memory->end - memory->start) / sizeof(elf_symbol))
        return -ENOEXEC;

    /* Names and symbols into one mapping: the module may be unloaded while the names are still used. */
    symbols_size = count * sizeof(elf_symbol);
    size = (size_t)dynamic.names_size + symbols_size;
    copy = lv_os_map(size);
    if (!copy)
        return -ENOMEM;
    if (!memory_read(memory, dynamic.names, copy + symbols_size, (size_t)dynamic.names_size) ||
        !memory_read(memory, dynamic.symbols, copy, symbols_size)) {
        lv_os_unmap(copy, size);
        return -EFAULT;
    }
    raw = (struct raw_symbols){
        .symbols = copy,
        .count = count,
        .names = copy + symbols_size,
        .names_size = (size_t)dynamic.names_size,
    };
    ret = lv_symtab_index(table, &raw);
    if (ret < 0) {
        lv_os_unmap(copy, size);
        return ret;
    }
    table->mapping = copy;
    table->mapping_size = size;
    return 0;
}
