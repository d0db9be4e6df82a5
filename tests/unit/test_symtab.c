/* SPDX-License-Identifier: MIT */
/*
 * The reader of symbol tables: which symbol an address gets, which file is believed, and that a damaged file does no
 * harm. Damaged images end at a page that cannot be read, so that one byte too far is a crash.
 */

#include "sys/symtab.h"

#include "tiny_elf.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

#define TEXT_AT offsetof(struct tiny_elf, text)

/* ---- which symbol ---- */

/* A symbol of a table that a test makes; start is counted from the text. */
struct wanted_symbol {
    unsigned start, size;
    const char *name;
    int binding, type;
};

/* Put the symbols into an image's .symtab, which is moved behind it. Returns the image's size. */
static size_t make_image(char *image, size_t max, const struct wanted_symbol *symbols, size_t count)
{
    struct tiny_elf *elf = (struct tiny_elf *)image;
    ElfW(Sym) *to = (ElfW(Sym) *)(image + sizeof(*elf));
    char *names = (char *)(to + count);
    size_t names_size = 1;

    memset(image, 0, max);
    tiny_elf_init(elf, 1);
    for (size_t i = 0; i < count; i++) {
        to[i] =
            tiny_symbol((uint32_t)names_size, symbols[i].binding, symbols[i].type, symbols[i].start, symbols[i].size);
        strcpy(names + names_size, symbols[i].name);
        names_size += strlen(symbols[i].name) + 1;
    }
    elf->sections[TINY_SECTION_SYMTAB].sh_offset = sizeof(*elf);
    elf->sections[TINY_SECTION_SYMTAB].sh_size = count * sizeof(*to);
    elf->sections[TINY_SECTION_STRTAB].sh_offset = (size_t)(names - image);
    elf->sections[TINY_SECTION_STRTAB].sh_size = names_size;
    ck_assert_uint_le((size_t)(names - image) + names_size, max);
    return (size_t)(names - image) + names_size;
}

/* What covers @at, as "name+offset"; "-" for nothing. Valid until the next call. */
static const char *name_at(const struct lv_symtab *table, uint64_t at)
{
    static char text[128];
    uint64_t offset = 0;
    const char *name = lv_symtab_find(table, at, &offset);

    if (!name)
        return "-";
    snprintf(text, sizeof(text), "%s+%llu", name, (unsigned long long)offset);
    return text;
}

static _Alignas(16) char image[1 << 16];

#define FUNC(name, start, size)                 \
    {                                           \
        start, size, name, STB_GLOBAL, STT_FUNC \
    }
#define LOCAL(name, start, size)               \
    {                                          \
        start, size, name, STB_LOCAL, STT_FUNC \
    }

/* Index @symbols, and look up @at in the text. */
static const char *look_up(const struct wanted_symbol *symbols, size_t count, unsigned at)
{
    struct lv_symtab table;
    size_t size = make_image(image, sizeof(image), symbols, count);
    const char *ret;

    ck_assert_int_eq(lv_symtab_read_image(&table, image, size, NULL), 0);
    ret = name_at(&table, TEXT_AT + at);
    lv_symtab_fini(&table);
    return ret;
}

#define CHECK(symbols, at, wanted) ck_assert_str_eq(look_up(symbols, LV_ARRAY_SIZE(symbols), at), wanted)

START_TEST(sized_symbols)
{
    /* Not sorted, with a gap. */
    static const struct wanted_symbol s[] = { FUNC("b", 40, 8), FUNC("a", 0, 20), FUNC("c", 48, 1) };

    CHECK(s, 0, "a+0");
    CHECK(s, 19, "a+19");
    CHECK(s, 20, "-");
    CHECK(s, 39, "-");
    CHECK(s, 40, "b+0");
    CHECK(s, 47, "b+7");
    CHECK(s, 48, "c+0");
    CHECK(s, 49, "-");
}
END_TEST

START_TEST(symbols_without_size)
{
    static const struct wanted_symbol s[] = { FUNC("a", 0, 0), FUNC("b", 40, 8), FUNC("c", 100, 0), FUNC("d", 100, 0) };

    CHECK(s, 0, "a+0");
    CHECK(s, 39, "a+39");
    CHECK(s, 40, "b+0");
    CHECK(s, 48, "-");
    CHECK(s, 255, "c+155"); /* to the end of its section */
    CHECK(s, 256, "-");
}
END_TEST

START_TEST(symbols_inside_of_others)
{
    static const struct wanted_symbol s[] = {
        FUNC("outer", 0, 100), FUNC("in1", 10, 10), FUNC("in2", 30, 30), FUNC("in3", 40, 5), FUNC("over", 90, 30),
    };

    CHECK(s, 5, "outer+5");
    CHECK(s, 10, "in1+0");
    CHECK(s, 20, "outer+20");
    CHECK(s, 35, "in2+5");
    CHECK(s, 44, "in3+4");
    CHECK(s, 45, "in2+15");
    CHECK(s, 60, "outer+60");
    CHECK(s, 95, "over+5");
    CHECK(s, 110, "over+20");
    CHECK(s, 120, "-");
}
END_TEST

START_TEST(aliases)
{
    static const struct wanted_symbol sized[] = { FUNC("nosize", 0, 0), LOCAL("local", 0, 10) };
    static const struct wanted_symbol global[] = { LOCAL("local", 0, 10), FUNC("global", 0, 10) };
    static const struct wanted_symbol plain[] = { FUNC("__lock", 0, 10), FUNC("lock", 0, 10), FUNC("_lock", 0, 10) };
    static const struct wanted_symbol shorter[] = { FUNC("name@@V1", 0, 10), FUNC("name", 0, 10) };
    static const struct wanted_symbol weak[] = { { 0, 10, "w", STB_WEAK, STT_FUNC }, FUNC("g", 0, 10) };
    static const struct wanted_symbol weak_plain[] = { FUNC("_g", 0, 10), { 0, 10, "g", STB_WEAK, STT_FUNC } };
    static const struct wanted_symbol longer[] = { FUNC("small", 0, 4), FUNC("large", 0, 10) };

    CHECK(sized, 3, "local+3");
    CHECK(global, 3, "global+3");
    CHECK(plain, 3, "lock+3");
    CHECK(shorter, 3, "name+3");
    CHECK(weak, 3, "g+3");
    CHECK(weak_plain, 3, "g+3");
    CHECK(longer, 3, "small+3");
    CHECK(longer, 4, "large+4");
}
END_TEST

START_TEST(types)
{
    static const struct wanted_symbol s[] = {
        { 0, 8, "func", STB_GLOBAL, STT_FUNC },        { 8, 8, "object", STB_GLOBAL, STT_OBJECT },
        { 16, 8, "ifunc", STB_GLOBAL, STT_GNU_IFUNC }, { 24, 8, "notype", STB_GLOBAL, STT_NOTYPE },
        { 32, 8, "section", STB_LOCAL, STT_SECTION },  { 40, 8, "file", STB_LOCAL, STT_FILE },
        { 48, 8, "tls", STB_GLOBAL, STT_TLS },         { 56, 8, "", STB_GLOBAL, STT_FUNC },
    };

    CHECK(s, 0, "func+0");
    CHECK(s, 8, "object+0");
    CHECK(s, 16, "ifunc+0");
    for (unsigned at = 24; at < 64; at += 8)
        CHECK(s, at, "-");
}
END_TEST

/* Many symbols in no order, against a search without an index. */
START_TEST(many_symbols)
{
    enum {
        COUNT = 500,
        SPAN = 4096
    };
    static struct wanted_symbol s[COUNT];
    static char names[COUNT][8];
    struct lv_symtab table;
    uint32_t seed = 7;
    size_t size;

    for (unsigned i = 0; i < COUNT; i++) {
        seed = seed * 1664525u + 1013904223u;
        snprintf(names[i], sizeof(names[i]), "f%u", i);
        s[i] = (struct wanted_symbol){ (seed >> 8) % SPAN, 1 + (seed >> 20) % 40, names[i], STB_GLOBAL, STT_FUNC };
    }
    size = make_image(image, sizeof(image), s, COUNT);
    ck_assert_int_eq(lv_symtab_read_image(&table, image, size, NULL), 0);
    for (unsigned at = 0; at < SPAN + 50; at++) {
        uint64_t offset = 0;
        const char *got = lv_symtab_find(&table, TEXT_AT + at, &offset);
        unsigned nearest = 0, covers = 0;

        for (unsigned i = 0; i < COUNT; i++) {
            if (s[i].start <= at && at < s[i].start + s[i].size) {
                nearest = !covers || s[i].start > nearest ? s[i].start : nearest;
                covers = 1;
            }
        }
        ck_assert_int_eq(got != NULL, (int)covers);
        if (covers)
            ck_assert_uint_eq(offset, at - nearest);
    }
    lv_symtab_fini(&table);
}
END_TEST

/* ---- which table ---- */

START_TEST(dynsym_where_there_is_no_symtab)
{
    struct tiny_elf elf;
    struct lv_symtab table;

    tiny_elf_init(&elf, 1);
    ck_assert_int_eq(lv_symtab_read_image(&table, &elf, sizeof(elf), NULL), 0);
    ck_assert_str_eq(name_at(&table, TEXT_AT + TINY_LOCAL_AT), "tiny_local+0");
    lv_symtab_fini(&table);

    elf.sections[TINY_SECTION_SYMTAB].sh_type = SHT_NULL;
    ck_assert_int_eq(lv_symtab_read_image(&table, &elf, sizeof(elf), NULL), 0);
    ck_assert_str_eq(name_at(&table, TEXT_AT), "tiny_entry+0");
    ck_assert_str_eq(name_at(&table, TEXT_AT + TINY_LOCAL_AT), "-");
    lv_symtab_fini(&table);

    elf.sections[TINY_SECTION_DYNSYM].sh_type = SHT_NULL;
    ck_assert_int_eq(lv_symtab_read_image(&table, &elf, sizeof(elf), NULL), -ENODATA);
    ck_assert_str_eq(name_at(&table, TEXT_AT), "-");
    lv_symtab_fini(&table);
}
END_TEST

START_TEST(number_of_sections_in_section_0)
{
    struct tiny_elf elf;
    struct lv_symtab table;

    tiny_elf_init(&elf, 1);
    elf.header.e_shnum = 0;
    elf.sections[0].sh_size = TINY_SECTIONS;
    ck_assert_int_eq(lv_symtab_read_image(&table, &elf, sizeof(elf), NULL), 0);
    lv_symtab_fini(&table);
    elf.sections[0].sh_size = SIZE_MAX;
    ck_assert_int_eq(lv_symtab_read_image(&table, &elf, sizeof(elf), NULL), 0);
    lv_symtab_fini(&table);
}
END_TEST

START_TEST(no_elf_file)
{
    struct tiny_elf elf;
    struct lv_symtab table;

    ck_assert_int_eq(lv_symtab_read_image(&table, "", 0, NULL), -ENOEXEC);
    ck_assert_int_eq(lv_symtab_read_image(&table, "#!/bin/sh\n", 10, NULL), -ENOEXEC);
    tiny_elf_init(&elf, 1);
    elf.header.e_ident[EI_CLASS] = ELFCLASSNONE;
    ck_assert_int_eq(lv_symtab_read_image(&table, &elf, sizeof(elf), NULL), -ENOEXEC);
    ck_assert_int_eq(lv_symtab_read_file(&table, "/nonexistent/file", NULL), -ENOENT);
    ck_assert_int_lt(lv_symtab_read_file(&table, "/", NULL), 0);
    ck_assert_int_lt(lv_symtab_read_file(&table, "/dev/null", NULL), 0);
    lv_symtab_fini(&table);
}
END_TEST

/* ---- which file is believed ---- */

START_TEST(expected_file)
{
    struct tiny_elf elf;
    struct lv_symtab table;
    uint8_t id[TINY_ID_SIZE];
    struct lv_symtab_expect expect = { .build_id = id, .build_id_size = sizeof(id) };
    struct lv_symtab_expect by_header = { .header = &elf, .header_size = sizeof(elf.header) };
    ElfW(Ehdr) header;

    tiny_elf_init(&elf, 1);
    memset(id, 1, sizeof(id));
    ck_assert_int_eq(lv_symtab_read_image(&table, &elf, sizeof(elf), &expect), 0);
    lv_symtab_fini(&table);
    id[19] = 2;
    ck_assert_int_eq(lv_symtab_read_image(&table, &elf, sizeof(elf), &expect), -ESTALE);
    /* The module had none, the file has one. */
    ck_assert_int_eq(lv_symtab_read_image(&table, &elf, sizeof(elf), &by_header), -ESTALE);

    tiny_elf_remove_build_id(&elf);
    ck_assert_int_eq(lv_symtab_read_image(&table, &elf, sizeof(elf), &expect), -ESTALE);
    ck_assert_int_eq(lv_symtab_read_image(&table, &elf, sizeof(elf), &by_header), 0);
    lv_symtab_fini(&table);
    header = elf.header;
    header.e_entry++;
    by_header.header = &header;
    ck_assert_int_eq(lv_symtab_read_image(&table, &elf, sizeof(elf), &by_header), -ESTALE);
}
END_TEST

START_TEST(notes)
{
    struct note {
        ElfW(Nhdr) header;
        char name[8];
        uint8_t data[8];
    } two[2] = {
        { { 5, 8, NT_GNU_BUILD_ID }, "Othr", { 1 } },
        { { 4, 5, NT_GNU_BUILD_ID }, "GNU", { 1, 2, 3, 4, 5 } },
    };
    char packed[64] = { 0 };
    size_t size = 0;
    const uint8_t *id;

    /* The second note's name takes 4 bytes, so that the data follows it at once. */
    memcpy(packed, &two[0], sizeof(two[0]));
    memcpy(packed + sizeof(two[0]), &two[1], 16);
    memcpy(packed + sizeof(two[0]) + 16, two[1].data, 5);
    id = lv_symtab_note_build_id(packed, sizeof(two[0]) + 21, 4, &size);
    ck_assert_ptr_eq(id, packed + sizeof(two[0]) + 16);
    ck_assert_uint_eq(size, 5);
    ck_assert_ptr_null(lv_symtab_note_build_id(packed, sizeof(two[0]) + 20, 4, &size));
    for (size_t cut = 0; cut < sizeof(two[0]) + 21; cut++)
        ck_assert_ptr_null(lv_symtab_note_build_id(packed, cut, 4, &size));
}
END_TEST

/* ---- a module in memory ---- */

static int read_memory(struct lv_symtab *table, const struct tiny_elf *elf, uintptr_t bias)
{
    struct lv_symtab_memory memory = {
        .start = (uintptr_t)elf,
        .end = (uintptr_t)(elf + 1),
        .bias = bias,
        .dynamic = (uintptr_t)elf->dynamic,
    };

    return lv_symtab_read_memory(table, &memory);
}

START_TEST(memory)
{
    for (int i = 0; i < 4; i++) {
        struct tiny_elf elf;
        struct lv_symtab table;

        tiny_elf_init(&elf, 1);
        if (i & 1)
            tiny_elf_use_old_hash(&elf);
        /* With and without the addresses that the loader adds. */
        for (int k = 0; (i & 2) && elf.dynamic[k].d_tag; k++) {
            if (elf.dynamic[k].d_tag != DT_STRSZ && elf.dynamic[k].d_tag != DT_SYMENT)
                elf.dynamic[k].d_un.d_ptr += (uintptr_t)&elf;
        }
        ck_assert_int_eq(read_memory(&table, &elf, (uintptr_t)&elf), 0);
        memset(&elf, 0, sizeof(elf)); /* it may be unloaded now */
        ck_assert_str_eq(name_at(&table, TEXT_AT + 1), "tiny_entry+1");
        ck_assert_str_eq(name_at(&table, TEXT_AT + TINY_DATA_AT), "tiny_data+0");
        ck_assert_uint_eq(table.count, 2);
        lv_symtab_fini(&table);
    }
}
END_TEST

START_TEST(memory_that_is_gone)
{
    struct tiny_elf *elf = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct lv_symtab table;

    ck_assert_ptr_ne(elf, MAP_FAILED);
    tiny_elf_init(elf, 1);
    ck_assert_int_eq(mprotect(elf, 8192, PROT_NONE), 0);
    ck_assert_int_eq(read_memory(&table, elf, (uintptr_t)elf), -EFAULT);
    ck_assert_int_eq(munmap(elf, 8192), 0);
    ck_assert_int_eq(read_memory(&table, elf, (uintptr_t)elf), -EFAULT);
}
END_TEST

/* ---- damage ---- */

/* Memory whose last byte is the last that can be read before a page that cannot. */
static char *before_a_wall(size_t size)
{
    size_t pages = (size + 4095) & ~(size_t)4095;
    char *p = mmap(NULL, pages + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(p, MAP_FAILED);
    ck_assert_int_eq(mprotect(p + pages, 4096, PROT_NONE), 0);
    return p + pages - size;
}

static size_t total; /* what was read, so that the compiler cannot leave out the reading */

static void use(struct lv_symtab *table, int ret)
{
    if (ret == 0) {
        for (uint64_t at = 0; at < 8192; at += 61)
            total += strlen(name_at(table, at));
        total += strlen(name_at(table, UINT64_MAX));
        for (uint32_t i = 0; i < table->count; i++) {
            ck_assert_uint_lt(table->entries[i].start, table->entries[i].end);
            ck_assert_uint_le(table->entries[i].outer, i);
            total += strlen(table->names + table->entries[i].name);
        }
    }
    lv_symtab_fini(table);
}

/* The parts of a damaged image that only say which file it is: they are looked at when a file is expected. */
#define IDENTITY_END offsetof(struct tiny_elf, gnu_hash)

static void read_damaged(const char *data, size_t size, size_t damaged_at)
{
    uint8_t id[TINY_ID_SIZE];
    const struct lv_symtab_expect expect = { .build_id = id, .build_id_size = sizeof(id) };
    struct lv_symtab table;

    memset(id, 1, sizeof(id));
    use(&table, lv_symtab_read_image(&table, data, size, NULL));
    if (damaged_at < IDENTITY_END)
        use(&table, lv_symtab_read_image(&table, data, size, &expect));
}

static const uint8_t bad_bytes[] = { 0x01, 0x80, 0xff };

START_TEST(any_byte_wrong)
{
    char *data = before_a_wall(sizeof(struct tiny_elf));
    struct tiny_elf good;

    tiny_elf_init(&good, 1);
    memcpy(data, &good, sizeof(good));
    for (size_t at = 0; at < sizeof(good); at++) {
        if (at >= TEXT_AT && at < offsetof(struct tiny_elf, symtab))
            continue;
        for (size_t i = 0; i < sizeof(bad_bytes); i++) {
            data[at] = (char)bad_bytes[i];
            read_damaged(data, sizeof(good), at);
        }
        data[at] = ((const char *)&good)[at];
    }
}
END_TEST

/* Whole fields, where single bytes make a number only a little wrong. */
START_TEST(any_word_wrong)
{
    static const uint64_t bad_words[] = { 0, 1, 0xffffffffu, UINT64_MAX, UINT64_MAX - 63, (uint64_t)1 << 63 };
    char *data = before_a_wall(sizeof(struct tiny_elf));
    struct tiny_elf good;

    tiny_elf_init(&good, 1);
    memcpy(data, &good, sizeof(good));
    for (size_t at = 0; at + 8 <= sizeof(good); at += 4) {
        for (size_t i = 0; i < LV_ARRAY_SIZE(bad_words); i++) {
            memcpy(data + at, &bad_words[i], 8);
            read_damaged(data, sizeof(good), at);
        }
        memcpy(data + at, (const char *)&good + at, 8);
    }
}
END_TEST

START_TEST(cut_anywhere)
{
    struct tiny_elf good;

    tiny_elf_init(&good, 1);
    /* Section headers at the front, so that a cut file still has some. */
    good.header.e_shoff = offsetof(struct tiny_elf, text);
    memcpy((char *)&good + good.header.e_shoff, good.sections, 256);
    for (size_t size = 0; size <= sizeof(good); size += size < 128 ? 1 : 13) {
        char *data = before_a_wall(size);

        memcpy(data, &good, size);
        read_damaged(data, size, 0);
    }
}
END_TEST

/* A real file, damaged in many places at once, through a file as well as in memory. */
START_TEST(a_real_file_damaged)
{
    char path[] = "/tmp/lockval-symtab-XXXXXX";
    int fd = mkstemp(path), self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    off_t size = lseek(self, 0, SEEK_END);
    const char *good = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, self, 0);
    char *data = before_a_wall((size_t)size);
    const ElfW(Ehdr) *header = (const void *)good;
    uint32_t seed = 3;

    ck_assert_int_ge(fd, 0);
    ck_assert_ptr_ne(good, MAP_FAILED);
    for (int round = 0; round < 120; round++) {
        struct lv_symtab table;

        memcpy(data, good, (size_t)size);
        for (int i = 0; i <= round; i++) {
            size_t at;

            /* Every other one among the section headers. */
            seed = seed * 1664525u + 1013904223u;
            at = i & 1 ? header->e_shoff + seed % ((size_t)size - header->e_shoff) : seed % (size_t)size;
            data[at] = (char)(seed >> 24);
        }
        memcpy(data, good, EI_NIDENT);
        read_damaged(data, (size_t)size, 0);
        if (round % 8 == 0) {
            tiny_write(path, data, (size_t)size);
            use(&table, lv_symtab_read_file(&table, path, NULL));
        }
    }
    close(fd);
    close(self);
    unlink(path);
}
END_TEST

START_TEST(damaged_memory)
{
    char *data = before_a_wall(sizeof(struct tiny_elf));
    struct tiny_elf good;

    for (int old_hash = 0; old_hash < 2; old_hash++) {
        tiny_elf_init(&good, 1);
        if (old_hash)
            tiny_elf_use_old_hash(&good);
        memcpy(data, &good, sizeof(good));
        for (size_t at = offsetof(struct tiny_elf, gnu_hash); at < TEXT_AT; at++) {
            for (size_t i = 0; i < sizeof(bad_bytes); i++) {
                struct lv_symtab table;

                data[at] = (char)bad_bytes[i];
                use(&table, read_memory(&table, (const struct tiny_elf *)data, (uintptr_t)data));
            }
            data[at] = ((const char *)&good)[at];
        }
    }
}
END_TEST

static void add_case(Suite *suite, const char *case_name, const TTest *const *tests, size_t count)
{
    TCase *tcase = tcase_create(case_name);

    tcase_set_timeout(tcase, 50);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
}

int main(void)
{
    const TTest *const symbols[] = {
        sized_symbols, symbols_without_size, symbols_inside_of_others, aliases, types, many_symbols,
    };
    const TTest *const files[] = {
        dynsym_where_there_is_no_symtab, number_of_sections_in_section_0, no_elf_file, expected_file, notes,
    };
    const TTest *const loaded[] = { memory, memory_that_is_gone };
    const TTest *const damage[] = { any_byte_wrong, any_word_wrong, cut_anywhere, a_real_file_damaged, damaged_memory };
    Suite *suite = suite_create("symtab");

    add_case(suite, "symbols", symbols, LV_ARRAY_SIZE(symbols));
    add_case(suite, "files", files, LV_ARRAY_SIZE(files));
    add_case(suite, "loaded", loaded, LV_ARRAY_SIZE(loaded));
    add_case(suite, "damage", damage, LV_ARRAY_SIZE(damage));
    return unit_run(suite);
}
