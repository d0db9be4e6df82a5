/* SPDX-License-Identifier: MIT */
/*
 * Owns the reading of ELF symbol tables from files and the index over them (symtab_memory.c reads loaded modules). A table
 * is filled once, under its owner's lock, and is constant then.
 *
 * The file is mapped, not read: names are looked at in place, so that only the pages of the few that are printed come
 * into memory. That a mapped file may shrink is no new danger: the module's code is mapped from the same file. Data is
 * copied out of the image before use (memcpy), because nothing says that a damaged file is aligned.
 *
 * The index keeps for each entry the nearest earlier one that reaches behind its start. Symbols may enclose or overlap
 * others (labels in assembly, aliases of different size); from the last entry that starts before an address, that
 * chain meets every other one that can cover it.
 * Format: the System V ABI, chapters 4 and 5 (https://www.sco.com/developers/gabi/latest/contents.html).
 */

#include "sys/symtab_internal.h"

#include <errno.h>
#include <string.h>

#include "sys/os.h"

struct lv_elf_image {
    const char *data;
    size_t size;
    elf_header header;
    size_t sections; /* that fit into the image */
};

/* ---- the image ---- */

static bool image_has(const struct lv_elf_image *image, uint64_t offset, uint64_t size)
{
    return offset <= image->size && size <= image->size - offset;
}

static bool image_read(const struct lv_elf_image *image, uint64_t offset, void *to, size_t size)
{
    if (!image_has(image, offset, size))
        return false;
    memcpy(to, image->data + offset, size);
    return true;
}

static bool image_section(const struct lv_elf_image *image, size_t index, elf_section *ret_section)
{
    return index < image->sections &&
           image_read(image, image->header.e_shoff + index * sizeof(elf_section), ret_section, sizeof(*ret_section));
}

static int image_init(struct lv_elf_image *image, const void *data, size_t size)
{
    elf_header *header = &image->header;
    elf_section first;
    uint64_t room;

    *image = (struct lv_elf_image){ .data = data, .size = size };
    if (!image_read(image, 0, header, sizeof(*header)) || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_ident[EI_CLASS] != ELF_CLASS || header->e_ident[EI_DATA] != ELF_DATA)
        return -ENOEXEC;
    if (header->e_shoff == 0 || header->e_shentsize != sizeof(elf_section) || header->e_shoff > size)
        return 0;

    room = (size - header->e_shoff) / sizeof(elf_section);
    image->sections = header->e_shnum;
    /* More sections than the header can count: the number stands in section 0. */
    if (header->e_shnum == 0 && image_read(image, header->e_shoff, &first, sizeof(first)))
        image->sections = first.sh_size < room ? (size_t)first.sh_size : (size_t)room;
    if (image->sections > room)
        image->sections = (size_t)room;
    return 0;
}

/* ---- is it the file that the module was loaded from? ---- */

const uint8_t *lv_symtab_note_build_id(const void *notes, size_t size, size_t align, size_t *ret_size)
{
    const char *at = notes;
    size_t left = size;
    uint64_t mask = align == 8 ? 7 : 3;

    while (left >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) note;
        uint64_t descriptor, next;

        memcpy(&note, at, sizeof(note));
        descriptor = (sizeof(note) + (uint64_t)note.n_namesz + mask) & ~mask;
        next = (descriptor + note.n_descsz + mask) & ~mask;
        if (descriptor > left || note.n_descsz > left - descriptor)
            break;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && memcmp(at + sizeof(note), "GNU", 4) == 0 &&
            note.n_descsz > 0) {
            *ret_size = note.n_descsz;
            return (const uint8_t *)at + descriptor;
        }
        if (next >= left)
            break;
        at += next;
        left -= (size_t)next;
    }
    return NULL;
}

static const uint8_t *image_build_id(const struct lv_elf_image *image, size_t *ret_size)
{
    if (image->header.e_phentsize != sizeof(elf_segment))
        return NULL;
    for (size_t i = 0; i < image->header.e_phnum; i++) {
        elf_segment segment;
        const uint8_t *id;

        if (!image_read(image, image->header.e_phoff + i * sizeof(segment), &segment, sizeof(segment)))
            break;
        if (segment.p_type != PT_NOTE || !image_has(image, segment.p_offset, segment.p_filesz))
            continue;
        id = lv_symtab_note_build_id(image->data + segment.p_offset, (size_t)segment.p_filesz, (size_t)segment.p_align,
                                     ret_size);
        if (id)
            return id;
    }
    return NULL;
}

static bool image_is_expected(const struct lv_elf_image *image, const struct lv_symtab_expect *expect)
{
    size_t size = 0;
    const uint8_t *id = image_build_id(image, &size);

    if (expect->build_id_size > 0)
        return id && size >= expect->build_id_size && memcmp(id, expect->build_id, expect->build_id_size) == 0;
    return !id && image_has(image, 0, expect->header_size) &&
           memcmp(image->data, expect->header, expect->header_size) == 0;
}

/* ---- the index ---- */

static bool symbol_is_wanted(const struct raw_symbols *raw, const elf_symbol *symbol)
{
    int type = SYMBOL_TYPE(symbol->st_info);

    if (type != STT_FUNC && type != STT_OBJECT && type != STT_GNU_IFUNC)
        return false;
    if (symbol->st_shndx == SHN_UNDEF || symbol->st_shndx == SHN_ABS || symbol->st_shndx == SHN_COMMON)
        return false;
    return symbol->st_name < raw->names_size && raw->names[symbol->st_name] != '\0';
}

/*
 * How good a name is, while the table is sorted (in .outer): the larger the better. A symbol that says its size beats
 * one that does not, a public one a local one; getpagesize beats __getpagesize, although libc has the former weak.
 */
enum {
    RANK_GLOBAL = 1,
    RANK_PLAIN = 2,
    RANK_PUBLIC = 4,
    RANK_SIZED = 8
};

static uint32_t symbol_rank(const elf_symbol *symbol, const char *name)
{
    uint32_t rank = 0;

    if (SYMBOL_BINDING(symbol->st_info) != STB_WEAK)
        rank |= RANK_GLOBAL;
    if (name[0] != '_')
        rank |= RANK_PLAIN;
    if (SYMBOL_BINDING(symbol->st_info) != STB_LOCAL)
        rank |= RANK_PUBLIC;
    if (symbol->st_size > 0)
        rank |= RANK_SIZED;
    return rank;
}

/* The order of the table; of entries with one start the best is the last, since it is found first. */
static bool entry_is_before(const struct lv_symtab *table, const struct lv_symtab_entry *a,
                            const struct lv_symtab_entry *b)
{
    size_t a_len, b_len;

    if (a->start != b->start)
        return a->start < b->start;
    if ((a->outer ^ b->outer) & RANK_SIZED)
        return a->outer < b->outer;
    if (a->end != b->end)
        return a->end > b->end;
    if (a->outer != b->outer)
        return a->outer < b->outer;
    a_len = strlen(table->names + a->name);
    b_len = strlen(table->names + b->name);
    if (a_len != b_len)
        return a_len > b_len;
    return a->name > b->name;
}

static void sift_down(const struct lv_symtab *table, struct lv_symtab_entry *e, size_t root, size_t count)
{
    struct lv_symtab_entry moved = e[root];

    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && entry_is_before(table, &e[child], &e[child + 1]))
            child++;
        if (!entry_is_before(table, &moved, &e[child]))
            break;
        e[root] = e[child];
    }
    e[root] = moved;
}

/* Heapsort: in place, O(n log n) at worst, no recursion. libc's qsort may allocate. */
static void sort_some(const struct lv_symtab *table, struct lv_symtab_entry *e, size_t count)
{
    for (size_t i = count / 2; i-- > 0;)
        sift_down(table, e, i, count);
    for (size_t n = count; n > 1; n--) {
        struct lv_symtab_entry last = e[n - 1];

        e[n - 1] = e[0];
        e[0] = last;
        sift_down(table, e, 0, n - 1);
    }
}

/* Entries of one start, which are few mostly, are sorted among themselves. */
static void sort_ties(const struct lv_symtab *table)
{
    struct lv_symtab_entry *e = table->entries;

    for (size_t i = 0, end; i < table->count; i = end) {
        for (end = i + 1; end < table->count && e[end].start == e[i].start;)
            end++;
        if (end - i > 1)
            sort_some(table, e + i, end - i);
    }
}

enum {
    DIGIT_BITS = 8, /* as many places are written to in turn as the processor's caches like */
    DIGITS = 1 << DIGIT_BITS
};

/* All entries to @to, by the digit of their starts above @low that is @shift bits up; what has the same stays in order. */
static void sort_by_digit(const struct lv_symtab *table, struct lv_symtab_entry *to, uint64_t low, unsigned shift)
{
    uint32_t next[DIGITS] = { 0 }, at = 0; /* where the next entry with that digit goes */

    for (uint32_t i = 0; i < table->count; i++)
        next[(table->entries[i].start - low) >> shift & (DIGITS - 1)]++;
    for (uint32_t digit = 0; digit < DIGITS; digit++) {
        uint32_t n = next[digit];

        next[digit] = at;
        at += n;
    }
    for (uint32_t i = 0; i < table->count; i++)
        to[next[(table->entries[i].start - low) >> shift & (DIGITS - 1)]++] = table->entries[i];
}

/*
 * By start, digit by digit: a large program's half a million symbols take a tenth of what comparisons take, and a thread that
 * waits for the first name waits for all of it. False without memory.
 */
static bool sort_by_start(struct lv_symtab *table)
{
    struct lv_symtab_entry *to = lv_os_map(table->entries_size);
    uint64_t low = UINT64_MAX, high = 0;

    if (to == NULL)
        return false;
    for (uint32_t i = 0; i < table->count; i++) {
        low = table->entries[i].start < low ? table->entries[i].start : low;
        high = table->entries[i].start > high ? table->entries[i].start : high;
    }
    for (unsigned shift = 0; shift < 64 && (high - low) >> shift != 0; shift += DIGIT_BITS) {
        struct lv_symtab_entry *from = table->entries;

        sort_by_digit(table, to, low, shift);
        table->entries = to;
        to = from;
    }
    lv_os_unmap(to, table->entries_size);
    return true;
}

static void sort_entries(struct lv_symtab *table)
{
    if (table->count >= DIGITS && sort_by_start(table))
        sort_ties(table);
    else
        sort_some(table, table->entries, table->count);
}

/* A symbol without a size reaches to the next one, but not out of its section. */
static void set_open_ends(struct lv_symtab *table)
{
    uint64_t next = UINT64_MAX; /* the lowest start that is higher than the entry's */
    uint64_t above = UINT64_MAX;

    for (size_t i = table->count; i-- > 0;) {
        struct lv_symtab_entry *entry = &table->entries[i];

        if (entry->start < above) {
            next = above;
            above = entry->start;
        }
        if (!(entry->outer & RANK_SIZED) && entry->end > next)
            entry->end = next;
        if (entry->end == UINT64_MAX)
            entry->end = entry->start + 1;
    }
}

static void set_outer(struct lv_symtab *table)
{
    struct lv_symtab_entry *e = table->entries;

    for (uint32_t i = 0; i < table->count; i++) {
        uint32_t outer = i;

        while (outer > 0 && e[outer - 1].end <= e[i].start)
            outer = e[outer - 1].outer;
        e[i].outer = outer;
    }
}

/* Where a symbol without a size ends at the latest. */
static uint64_t section_end(const struct lv_elf_image *image, const elf_symbol *symbol)
{
    elf_section section;

    if (image && image_section(image, symbol->st_shndx, &section) && (section.sh_flags & SHF_ALLOC) &&
        symbol->st_value >= section.sh_addr && symbol->st_value - section.sh_addr < section.sh_size &&
        section.sh_addr + section.sh_size > section.sh_addr)
        return section.sh_addr + section.sh_size;
    return UINT64_MAX;
}

/* Fill @entries, which has room for all. Returns how many are wanted. */
static uint32_t collect(const struct raw_symbols *raw, struct lv_symtab_entry *entries)
{
    uint32_t count = 0;

    for (size_t i = 0; i < raw->count; i++) {
        elf_symbol symbol;
        struct lv_symtab_entry entry;

        memcpy(&symbol, raw->symbols + i * sizeof(symbol), sizeof(symbol));
        if (!symbol_is_wanted(raw, &symbol))
            continue;
        entry.start = symbol.st_value;
        entry.end = symbol.st_size > 0 ? entry.start + symbol.st_size : section_end(raw->image, &symbol);
        if (entry.end <= entry.start)
            continue;
        entry.name = symbol.st_name;
        entry.outer = symbol_rank(&symbol, raw->names + symbol.st_name);
        entries[count++] = entry;
    }
    return count;
}

int lv_symtab_index(struct lv_symtab *table, struct raw_symbols *raw)
{
    /* Every name ends inside of the names. */
    while (raw->names_size > 0 && raw->names[raw->names_size - 1] != '\0')
        raw->names_size--;
    if (raw->count >= UINT32_MAX)
        return -ENOEXEC;
    if (raw->count == 0)
        return -ENODATA;

    /* Room for all; what is not used is never touched. */
    table->entries_size = raw->count * sizeof(table->entries[0]);
    table->entries = lv_os_map(table->entries_size);
    if (!table->entries)
        return -ENOMEM;
    table->names = raw->names;
    table->names_size = raw->names_size;
    table->count = collect(raw, table->entries);
    if (table->count == 0) {
        lv_os_unmap(table->entries, table->entries_size);
        *table = (struct lv_symtab){ 0 };
        return -ENODATA;
    }

    sort_entries(table);
    set_open_ends(table);
    set_outer(table);
    return 0;
}

/* ---- sources ---- */

static int index_section(struct lv_symtab *table, const struct lv_elf_image *image, unsigned type)
{
    for (size_t i = 0; i < image->sections; i++) {
        elf_section symbols, names;
        struct raw_symbols raw;

        if (!image_section(image, i, &symbols) || symbols.sh_type != type || symbols.sh_entsize != sizeof(elf_symbol) ||
            !image_has(image, symbols.sh_offset, symbols.sh_size) || !image_section(image, symbols.sh_link, &names) ||
            names.sh_type != SHT_STRTAB || !image_has(image, names.sh_offset, names.sh_size))
            continue;
        raw = (struct raw_symbols){
            .symbols = image->data + symbols.sh_offset,
            .count = (size_t)(symbols.sh_size / sizeof(elf_symbol)),
            .names = image->data + names.sh_offset,
            .names_size = (size_t)names.sh_size,
            .image = image,
        };
        return lv_symtab_index(table, &raw);
    }
    return -ENODATA;
}

int lv_symtab_read_image(struct lv_symtab *table, const void *data, size_t size, const struct lv_symtab_expect *expect)
{
    struct lv_elf_image image;
    int ret;

    *table = (struct lv_symtab){ 0 };
    ret = image_init(&image, data, size);
    if (ret < 0)
        return ret;
    if (expect && !image_is_expected(&image, expect))
        return -ESTALE;
    ret = index_section(table, &image, SHT_SYMTAB);
    if (ret == -ENODATA)
        ret = index_section(table, &image, SHT_DYNSYM);
    return ret;
}

int lv_symtab_read_file(struct lv_symtab *table, const char *path, const struct lv_symtab_expect *expect)
{
    const void *data;
    int64_t size;
    int ret;

    *table = (struct lv_symtab){ 0 };
    size = lv_os_map_file(path, &data);
    if (size <= 0)
        return size < 0 ? (int)size : -ENOEXEC;
    ret = lv_symtab_read_image(table, data, (size_t)size, expect);
    if (ret < 0) {
        lv_os_unmap((void *)(uintptr_t)data, (size_t)size);
        return ret;
    }
    table->mapping = data;
    table->mapping_size = (size_t)size;
    return 0;
}

/* ---- use ---- */

const struct lv_symtab_entry *lv_symtab_entry_at(const struct lv_symtab *table, uint64_t address)
{
    uint32_t low = 0, high = table->count; /* low: how many entries start at or before the address */

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (table->entries[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    while (low > 0 && table->entries[low - 1].end <= address)
        low = table->entries[low - 1].outer;
    return low != 0 ? &table->entries[low - 1] : NULL;
}

const char *lv_symtab_find(const struct lv_symtab *table, uint64_t address, uint64_t *ret_offset)
{
    const struct lv_symtab_entry *entry = lv_symtab_entry_at(table, address);

    if (entry == NULL)
        return NULL;
    *ret_offset = address - entry->start;
    return table->names + entry->name;
}

void lv_symtab_keep(struct lv_symtab *table)
{
    char *copy;

    if (table->mapping == NULL || table->mapping == table->names)
        return;
    copy = lv_os_map(table->names_size);
    if (copy == NULL) {
        lv_symtab_fini(table);
        return;
    }
    memcpy(copy, table->names, table->names_size);
    lv_os_unmap((void *)(uintptr_t)table->mapping, table->mapping_size);
    table->names = copy;
    table->mapping = copy;
    table->mapping_size = table->names_size;
}

void lv_symtab_fini(struct lv_symtab *table)
{
    if (table->entries)
        lv_os_unmap(table->entries, table->entries_size);
    if (table->mapping)
        lv_os_unmap((void *)(uintptr_t)table->mapping, table->mapping_size);
    *table = (struct lv_symtab){ 0 };
}
