/* SPDX-License-Identifier: MIT */
#ifndef LV_TESTS_UNIT_TINY_ELF_H
#define LV_TESTS_UNIT_TINY_ELF_H

/*
 * A shared object small enough to be written by hand: one segment that the loader accepts, a build-id, one function and
 * one variable in .dynsym, and a local function more in .symtab. Tests change its parts, write it to a file, load it,
 * or damage it. No code in it is ever run.
 */

#include <check.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

enum {
    TINY_ENTRY = 1, /* index in dynsym */
    TINY_DATA,
    TINY_DYNSYMS,
    TINY_LOCAL = TINY_DYNSYMS, /* index in symtab, which holds the others first */
    TINY_SYMS
};

enum {
    TINY_SECTION_NONE,
    TINY_SECTION_TEXT,
    TINY_SECTION_SYMTAB,
    TINY_SECTION_STRTAB,
    TINY_SECTION_DYNSYM,
    TINY_SECTION_DYNSTR,
    TINY_SECTIONS
};

#define TINY_ENTRY_SIZE 64
#define TINY_LOCAL_AT 64 /* in text */
#define TINY_DATA_AT 128
#define TINY_ID_SIZE 20

struct tiny_elf {
    ElfW(Ehdr) header;
    ElfW(Phdr) segments[4];
    struct {
        ElfW(Nhdr) header;
        char name[4];
        uint8_t id[TINY_ID_SIZE];
    } note;
    struct {
        uint32_t buckets, first, filter_words, shift;
        ElfW(Addr) filter[1];
        uint32_t bucket[1];
        uint32_t chain[TINY_DYNSYMS - TINY_ENTRY];
    } gnu_hash;
    struct {
        uint32_t buckets, chains;
        uint32_t bucket[1];
        uint32_t chain[TINY_DYNSYMS];
    } hash;
    ElfW(Dyn) dynamic[8];
    ElfW(Sym) dynsym[TINY_DYNSYMS];
    char dynstr[64];
    char text[256];
    /* What follows is not looked at by the loader. */
    ElfW(Sym) symtab[TINY_SYMS];
    char strtab[64];
    ElfW(Shdr) sections[TINY_SECTIONS];
};

/* The test program's own header, which the linker names so: the loader wants the same machine. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

static inline uint32_t tiny_gnu_hash(const char *name)
{
    uint32_t h = 5381;

    for (; *name; name++)
        h = h * 33 + (unsigned char)*name;
    return h;
}

static inline void tiny_section(struct tiny_elf *elf, int index, uint32_t type, size_t at, size_t size, size_t entry,
                                uint32_t link)
{
    elf->sections[index] = (ElfW(Shdr)){
        .sh_type = type,
        .sh_flags = type == SHT_PROGBITS || index >= TINY_SECTION_DYNSYM ? SHF_ALLOC : 0,
        .sh_addr = at,
        .sh_offset = at,
        .sh_size = size,
        .sh_entsize = entry,
        .sh_link = link,
    };
}

/* Names are offsets into dynstr and strtab, which start alike: "\0tiny_entry\0tiny_data\0tiny_local". */
static inline ElfW(Sym) tiny_symbol(uint32_t name, int binding, int type, size_t at, size_t size)
{
    return (ElfW(Sym)){
        .st_name = name,
        .st_info = (unsigned char)((binding << 4) | type),
        .st_shndx = TINY_SECTION_TEXT,
        .st_value = offsetof(struct tiny_elf, text) + at,
        .st_size = size,
    };
}

/* @id fills the build-id. */
static inline void tiny_elf_init(struct tiny_elf *elf, uint8_t id)
{
    static const char names[] = "\0tiny_entry\0tiny_data\0tiny_local";

    memset(elf, 0, sizeof(*elf));
    memcpy(elf->header.e_ident, ELFMAG, SELFMAG);
    elf->header.e_ident[EI_CLASS] = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;
    elf->header.e_ident[EI_DATA] = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
    elf->header.e_ident[EI_VERSION] = EV_CURRENT;
    elf->header.e_type = ET_DYN;
    elf->header.e_machine = __ehdr_start.e_machine;
    elf->header.e_flags = __ehdr_start.e_flags;
    elf->header.e_version = EV_CURRENT;
    elf->header.e_ehsize = sizeof(elf->header);
    elf->header.e_phoff = offsetof(struct tiny_elf, segments);
    elf->header.e_phentsize = sizeof(elf->segments[0]);
    elf->header.e_phnum = 4;
    elf->header.e_shoff = offsetof(struct tiny_elf, sections);
    elf->header.e_shentsize = sizeof(elf->sections[0]);
    elf->header.e_shnum = TINY_SECTIONS;

    elf->segments[0] = (ElfW(Phdr)){
        .p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_filesz = sizeof(*elf), .p_memsz = sizeof(*elf), .p_align = 0x1000
    };
    elf->segments[1] = (ElfW(Phdr)){ .p_type = PT_DYNAMIC,
                                     .p_flags = PF_R | PF_W,
                                     .p_offset = offsetof(struct tiny_elf, dynamic),
                                     .p_vaddr = offsetof(struct tiny_elf, dynamic),
                                     .p_filesz = sizeof(elf->dynamic),
                                     .p_memsz = sizeof(elf->dynamic) };
    elf->segments[2] = (ElfW(Phdr)){ .p_type = PT_NOTE,
                                     .p_flags = PF_R,
                                     .p_align = 4,
                                     .p_offset = offsetof(struct tiny_elf, note),
                                     .p_vaddr = offsetof(struct tiny_elf, note),
                                     .p_filesz = sizeof(elf->note),
                                     .p_memsz = sizeof(elf->note) };
    elf->segments[3] = (ElfW(Phdr)){ .p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W };

    elf->note.header = (ElfW(Nhdr)){ .n_namesz = 4, .n_descsz = TINY_ID_SIZE, .n_type = NT_GNU_BUILD_ID };
    memcpy(elf->note.name, "GNU", 4);
    memset(elf->note.id, id, TINY_ID_SIZE);

    memcpy(elf->dynstr, names, sizeof(names));
    memcpy(elf->strtab, names, sizeof(names));
    elf->dynsym[TINY_ENTRY] = tiny_symbol(1, STB_GLOBAL, STT_FUNC, 0, TINY_ENTRY_SIZE);
    elf->dynsym[TINY_DATA] = tiny_symbol(12, STB_GLOBAL, STT_OBJECT, TINY_DATA_AT, 32);
    memcpy(elf->symtab, elf->dynsym, sizeof(elf->dynsym));
    elf->symtab[TINY_LOCAL] = tiny_symbol(22, STB_LOCAL, STT_FUNC, TINY_LOCAL_AT, 16);

    elf->gnu_hash.buckets = 1;
    elf->gnu_hash.first = TINY_ENTRY;
    elf->gnu_hash.filter_words = 1;
    elf->gnu_hash.filter[0] = ~(ElfW(Addr))0;
    elf->gnu_hash.bucket[0] = TINY_ENTRY;
    elf->gnu_hash.chain[0] = tiny_gnu_hash("tiny_entry") & ~1u;
    elf->gnu_hash.chain[1] = tiny_gnu_hash("tiny_data") | 1u;
    elf->hash.buckets = 1;
    elf->hash.chains = TINY_DYNSYMS;
    elf->hash.bucket[0] = TINY_ENTRY;
    elf->hash.chain[TINY_ENTRY] = TINY_DATA;

    elf->dynamic[0] = (ElfW(Dyn)){ .d_tag = DT_SYMTAB, .d_un.d_ptr = offsetof(struct tiny_elf, dynsym) };
    elf->dynamic[1] = (ElfW(Dyn)){ .d_tag = DT_STRTAB, .d_un.d_ptr = offsetof(struct tiny_elf, dynstr) };
    elf->dynamic[2] = (ElfW(Dyn)){ .d_tag = DT_STRSZ, .d_un.d_val = sizeof(names) };
    elf->dynamic[3] = (ElfW(Dyn)){ .d_tag = DT_SYMENT, .d_un.d_val = sizeof(ElfW(Sym)) };
    elf->dynamic[4] = (ElfW(Dyn)){ .d_tag = DT_GNU_HASH, .d_un.d_ptr = offsetof(struct tiny_elf, gnu_hash) };

    tiny_section(elf, TINY_SECTION_TEXT, SHT_PROGBITS, offsetof(struct tiny_elf, text), sizeof(elf->text), 0, 0);
    tiny_section(elf, TINY_SECTION_SYMTAB, SHT_SYMTAB, offsetof(struct tiny_elf, symtab), sizeof(elf->symtab),
                 sizeof(ElfW(Sym)), TINY_SECTION_STRTAB);
    tiny_section(elf, TINY_SECTION_STRTAB, SHT_STRTAB, offsetof(struct tiny_elf, strtab), sizeof(elf->strtab), 0, 0);
    tiny_section(elf, TINY_SECTION_DYNSYM, SHT_DYNSYM, offsetof(struct tiny_elf, dynsym), sizeof(elf->dynsym),
                 sizeof(ElfW(Sym)), TINY_SECTION_DYNSTR);
    tiny_section(elf, TINY_SECTION_DYNSTR, SHT_STRTAB, offsetof(struct tiny_elf, dynstr), sizeof(elf->dynstr), 0, 0);
}

/* Use the old hash table, and only that. */
static inline void tiny_elf_use_old_hash(struct tiny_elf *elf)
{
    elf->dynamic[4] = (ElfW(Dyn)){ .d_tag = DT_HASH, .d_un.d_ptr = offsetof(struct tiny_elf, hash) };
}

static inline void tiny_elf_remove_build_id(struct tiny_elf *elf)
{
    elf->segments[2].p_type = PT_NULL;
}

/* As linkers do it: a new file in the old one's place. Whoever mapped the old one keeps it. */
static inline void tiny_write(const char *path, const void *data, size_t size)
{
    int fd;

    unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, data, size), (ssize_t)size);
    ck_assert_int_eq(close(fd), 0);
}

#endif
