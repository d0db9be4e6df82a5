/* SPDX-License-Identifier: MIT */
/* Modules and names: the program, libc, the vdso, and a small library that comes, changes and goes. */

#include "sys/modules.h"

#include "tiny_elf.h"
#include "unit.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/mman.h>

/* One for each test: checks run in processes of their own. */
struct fixture {
    struct lv_arena arena;
    struct lv_modules modules;
    struct lv_symbol symbol;
    char folder[64];
    char path[80];
};

static struct fixture f;

static void setup(void)
{
    memset(&f, 0, sizeof(f));
    lv_modules_init(&f.modules, &f.arena);
    strcpy(f.folder, "/tmp/lockval-modules-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(f.folder));
    snprintf(f.path, sizeof(f.path), "%s/libtiny.so", f.folder);
}

static void teardown(void)
{
    unlink(f.path);
    rmdir(f.folder);
}

static const struct lv_symbol *name(uintptr_t address)
{
    lv_modules_name(&f.modules, address, &f.symbol);
    return &f.symbol;
}

/* ---- the modules that are always there ---- */

static long a_static_object[4];

__attribute__((noinline)) static int a_static_function(void)
{
    __asm__ volatile("" ::: "memory");
    return 1;
}

START_TEST(the_program)
{
    const struct lv_module *m = lv_modules_find(&f.modules, (uintptr_t)&a_static_function);
    char path[4096] = "";

    ck_assert_ptr_nonnull(m);
    ck_assert_int_gt(readlink("/proc/self/exe", path, sizeof(path) - 1), 0);
    ck_assert(m->is_program);
    ck_assert_str_eq(m->path, path);
    ck_assert_str_eq(m->name, strrchr(path, '/') + 1);
    ck_assert_uint_eq(m->died, 0);
    ck_assert_uint_le(m->start, (uintptr_t)&a_static_function);
    ck_assert_uint_gt(m->end, (uintptr_t)&a_static_object);
    ck_assert_ptr_eq(lv_modules_find(&f.modules, (uintptr_t)&a_static_object), m);
    ck_assert_ptr_eq(f.modules.head, m);
    ck_assert_ptr_null(m->next);
}
END_TEST

START_TEST(static_function_and_object)
{
    uintptr_t address = (uintptr_t)&a_static_function;

    ck_assert_int_eq(a_static_function(), 1);
    ck_assert_str_eq(name(address)->symbol, "a_static_function");
    ck_assert_uint_eq(f.symbol.offset, 0);
    ck_assert_uint_eq(f.symbol.module_offset, address - f.symbol.module->bias);
    ck_assert_str_eq(name(address + 1)->symbol, "a_static_function");
    ck_assert_uint_eq(f.symbol.offset, 1);

    address = (uintptr_t)&a_static_object[1];
    ck_assert_str_eq(name(address)->symbol, "a_static_object");
    ck_assert_uint_eq(f.symbol.offset, sizeof(long));
    a_static_object[0] = 1;
}
END_TEST

START_TEST(libc)
{
    uintptr_t address = (uintptr_t)dlsym(RTLD_DEFAULT, "getpagesize");

    ck_assert_str_eq(name(address)->symbol, "getpagesize");
    ck_assert_uint_eq(f.symbol.offset, 0);
    ck_assert(!f.symbol.module->is_program);
    ck_assert_int_eq(f.symbol.module->path[0], '/');
    ck_assert_ptr_nonnull(strstr(f.symbol.module->name, "libc"));
}
END_TEST

START_TEST(vdso)
{
    uintptr_t start = (uintptr_t)getauxval(AT_SYSINFO_EHDR);
    void *handle = dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD);
    void *function = handle ? dlsym(handle, "__vdso_clock_gettime") : NULL;

    /* Not every machine has one, and valgrind hides it. */
    if (!start || !function)
        return;
    ck_assert_str_eq(name((uintptr_t)function)->module->name, "linux-vdso.so.1");
    ck_assert_ptr_nonnull(f.symbol.symbol);
    ck_assert_ptr_nonnull(strstr(f.symbol.symbol, "clock_gettime"));
    ck_assert_uint_eq(f.symbol.offset, 0);
    ck_assert_uint_eq(f.symbol.module->start, start);
}
END_TEST

START_TEST(no_module)
{
    int on_the_stack;
    void *on_the_heap = malloc(1);

    ck_assert_ptr_null(name((uintptr_t)&on_the_stack)->module);
    ck_assert_ptr_null(f.symbol.symbol);
    ck_assert_ptr_null(name((uintptr_t)on_the_heap)->module);
    ck_assert_ptr_null(name(0)->module);
    ck_assert_ptr_null(name(1)->module);
    ck_assert_ptr_null(name(UINTPTR_MAX)->module);
    ck_assert_ptr_null(f.modules.head);
    free(on_the_heap);
}
END_TEST

START_TEST(no_memory)
{
    f.arena.limit = 1;
    ck_assert_ptr_null(lv_modules_find(&f.modules, (uintptr_t)&a_static_function));
    ck_assert_ptr_null(name((uintptr_t)&a_static_function)->module);
    ck_assert_ptr_null(f.symbol.symbol);
}
END_TEST

/* ---- a small library ---- */

static void write_tiny(const struct tiny_elf *elf)
{
    tiny_write(f.path, elf, sizeof(*elf));
}

/* Load the file. Returns the handle and the address of its text. */
static void *load(uintptr_t *ret_text)
{
    void *handle = dlopen(f.path, RTLD_NOW | RTLD_LOCAL);

    ck_assert_msg(handle != NULL, "%s", dlerror());
    *ret_text = (uintptr_t)dlsym(handle, "tiny_entry");
    ck_assert_uint_ne(*ret_text, 0);
    return handle;
}

static void *write_and_load(uint8_t id, uintptr_t *ret_text)
{
    struct tiny_elf elf;

    tiny_elf_init(&elf, id);
    write_tiny(&elf);
    return load(ret_text);
}

static void check_id(const struct lv_module *module, uint8_t id)
{
    uint8_t wanted[TINY_ID_SIZE];

    memset(wanted, id, sizeof(wanted));
    ck_assert_uint_eq(module->build_id_size, TINY_ID_SIZE);
    ck_assert_mem_eq(module->build_id, wanted, TINY_ID_SIZE);
}

START_TEST(library)
{
    uintptr_t text;
    void *handle = write_and_load(7, &text);

    ck_assert_str_eq(name(text + 5)->symbol, "tiny_entry");
    ck_assert_uint_eq(f.symbol.offset, 5);
    ck_assert_uint_eq(f.symbol.module_offset, offsetof(struct tiny_elf, text) + 5);
    ck_assert_str_eq(f.symbol.module->path, f.path);
    ck_assert_str_eq(f.symbol.module->name, "libtiny.so");
    check_id(f.symbol.module, 7);

    ck_assert_str_eq(name(text + TINY_LOCAL_AT)->symbol, "tiny_local");
    ck_assert_str_eq(name(text + TINY_DATA_AT + 31)->symbol, "tiny_data");
    ck_assert_uint_eq(f.symbol.offset, 31);

    ck_assert_ptr_null(name(text + TINY_DATA_AT + 32)->symbol);
    ck_assert_ptr_nonnull(f.symbol.module);
    ck_assert_uint_eq(f.symbol.offset, text + TINY_DATA_AT + 32 - f.symbol.module->start);
    dlclose(handle);
}
END_TEST

/* What dlclose does, and the looks around it. */
static void unload(void *handle)
{
    uintptr_t where = lv_modules_begin_unload(&f.modules, handle);

    ck_assert_uint_ne(where, 0);
    ck_assert_int_eq(dlclose(handle), 0);
    lv_modules_end_unload(&f.modules, where);
}

/* What an address was called in the module that was born then. */
static const struct lv_symbol *name_then(uintptr_t address, uint32_t born)
{
    lv_modules_name_in(lv_modules_at(&f.modules, address, born), address, &f.symbol);
    return &f.symbol;
}

START_TEST(unloaded_library_keeps_its_record)
{
    uintptr_t text;
    void *handle = write_and_load(7, &text);
    const struct lv_module *m = lv_modules_find(&f.modules, text);

    ck_assert_ptr_nonnull(m);
    ck_assert_uint_eq(m->born, 0);
    unload(handle);
    ck_assert_uint_eq(m->died, lv_modules_now(&f.modules));
    /* Nothing lies there now. */
    ck_assert_ptr_null(lv_modules_find(&f.modules, text));
    ck_assert_ptr_null(name(text)->module);
    ck_assert_ptr_eq(name_then(text + TINY_LOCAL_AT, 0)->module, m);
    ck_assert_str_eq(f.symbol.symbol, "tiny_local");
    ck_assert_ptr_null(lv_modules_at(&f.modules, text, 1));
    ck_assert_ptr_null(lv_modules_at(&f.modules, text, LV_BORN_NONE));
}
END_TEST

/* Its names are read while it is there, and after that the file may be what it will. */
START_TEST(unloaded_library_needs_no_file)
{
    uintptr_t text;
    void *handle = write_and_load(7, &text);

    ck_assert_ptr_nonnull(lv_modules_find(&f.modules, text));
    unload(handle);
    ck_assert_int_eq(truncate(f.path, 0), 0);
    ck_assert_str_eq(name_then(text + TINY_LOCAL_AT, 0)->symbol, "tiny_local");
}
END_TEST

/* The same without a call that tells beforehand: what the file had was read when the unloading was noticed. */
START_TEST(unnoticed_unloading_is_swept)
{
    uintptr_t text;
    void *handle = write_and_load(7, &text);
    const struct lv_module *m = lv_modules_find(&f.modules, text);
    uint32_t before = lv_modules_now(&f.modules);

    ck_assert_int_eq(dlclose(handle), 0);
    ck_assert_ptr_null(lv_modules_find(&f.modules, text));
    lv_modules_sweep(&f.modules);
    ck_assert_uint_eq(lv_modules_now(&f.modules), before + 1);
    ck_assert_uint_ne(m->died, 0);
    ck_assert_int_eq(truncate(f.path, 0), 0);
    ck_assert_str_eq(name_then(text, 0)->symbol, "tiny_entry");
}
END_TEST

START_TEST(sweep_leaves_what_is_loaded)
{
    uintptr_t text;
    void *handle = write_and_load(7, &text);
    const struct lv_module *m = lv_modules_find(&f.modules, text);
    uint32_t before;

    ck_assert_ptr_nonnull(lv_modules_find(&f.modules, (uintptr_t)&a_static_function));
    ck_assert_ptr_nonnull(lv_modules_find(&f.modules, (uintptr_t)dlsym(RTLD_DEFAULT, "getpagesize")));
    before = lv_modules_now(&f.modules);
    lv_modules_sweep(&f.modules);
    ck_assert_uint_eq(lv_modules_now(&f.modules), before);
    ck_assert_ptr_null(f.modules.dead);
    ck_assert_uint_eq(m->died, 0);
    unload(handle);
}
END_TEST

START_TEST(deleted_library_has_the_names_of_its_memory)
{
    uintptr_t text;
    void *handle = write_and_load(7, &text);
    const struct lv_module *m = lv_modules_find(&f.modules, text);

    ck_assert_int_eq(unlink(f.path), 0);
    unload(handle);
    ck_assert_ptr_eq(name_then(text, 0)->module, m);
    ck_assert_str_eq(f.symbol.symbol, "tiny_entry");
    ck_assert_ptr_null(name_then(text + TINY_LOCAL_AT, 0)->symbol);
}
END_TEST

START_TEST(names_outlive_the_library)
{
    uintptr_t text;
    void *handle = write_and_load(7, &text);

    ck_assert_int_eq(unlink(f.path), 0);
    ck_assert_str_eq(name(text)->symbol, "tiny_entry");
    unload(handle);
    ck_assert_str_eq(name_then(text, 0)->symbol, "tiny_entry");
}
END_TEST

/* The loader gives the second library the first one's addresses as a rule; where it does not, the first one is only
 * found dead by a sweep. */
static void check_reloaded(const struct lv_module *old, const struct lv_module *new)
{
    bool overlaps = old->start < new->end &&new->start < old->end;

    ck_assert_ptr_ne(old, new);
    ck_assert_int_eq(old->died != 0, overlaps);
    if (overlaps)
        ck_assert_uint_gt(new->born, old->born);
    ck_assert_uint_eq(new->died, 0);
    ck_assert_ptr_eq(f.modules.head, new);
}

START_TEST(another_build_at_the_same_place)
{
    uintptr_t text, again;
    void *handle = write_and_load(7, &text);
    const struct lv_module *old = lv_modules_find(&f.modules, text);
    const struct lv_module *new;

    ck_assert_int_eq(dlclose(handle), 0);
    handle = write_and_load(8, &again);
    new = lv_modules_find(&f.modules, again);
    check_reloaded(old, new);
    ck_assert_ptr_eq(old->first, old);
    ck_assert_ptr_eq(new->first, new);
    check_id(old, 7);
    check_id(new, 8);
    ck_assert_ptr_eq(name(again)->module, new);
    ck_assert_str_eq(f.symbol.symbol, "tiny_entry");
    ck_assert_ptr_eq(lv_modules_find(&f.modules, again), new);
    ck_assert_ptr_eq(lv_modules_at(&f.modules, text, old->born), old);
    ck_assert_ptr_eq(lv_modules_at(&f.modules, again, new->born), new);
    dlclose(handle);
}
END_TEST

START_TEST(another_library_at_the_same_place)
{
    uintptr_t text, again;
    void *handle = write_and_load(7, &text);
    const struct lv_module *old = lv_modules_find(&f.modules, text);
    char first[sizeof(f.path)];

    strcpy(first, f.path);
    ck_assert_int_eq(dlclose(handle), 0);
    snprintf(f.path, sizeof(f.path), "%s/libtinx.so", f.folder);
    handle = write_and_load(7, &again);
    check_reloaded(old, lv_modules_find(&f.modules, again));
    ck_assert_str_eq(name(again)->module->name, "libtinx.so");
    ck_assert_str_eq(name_then(text, old->born)->module->name, "libtiny.so");
    dlclose(handle);
    unlink(first);
}
END_TEST

/* Two libraries that take turns at one place need two records, however often they come. */
START_TEST(two_libraries_take_turns)
{
    char path[2][sizeof(f.path)];
    const struct lv_module *record[2] = { NULL, NULL };
    struct tiny_elf elf;
    uintptr_t place = 0, text;

    for (int i = 0; i < 2; i++) {
        snprintf(path[i], sizeof(path[i]), "%s/libturn%d.so", f.folder, i);
        tiny_elf_init(&elf, (uint8_t)(7 + i));
        tiny_write(path[i], &elf, sizeof(elf));
    }
    for (int i = 0; i < 20; i++) {
        const struct lv_module *m;
        void *handle;

        strcpy(f.path, path[i % 2]);
        handle = load(&text);
        m = lv_modules_find(&f.modules, text);
        ck_assert_ptr_nonnull(m);
        check_id(m, (uint8_t)(7 + i % 2));
        if (i < 2) {
            record[i] = m;
            place = i == 0 ? text : place;
        } else if (text == place && record[i % 2]->start == m->start) {
            ck_assert_ptr_eq(m, record[i % 2]);
        }
        ck_assert_ptr_eq(m->first, record[i % 2]);
        ck_assert_uint_eq(m->died, 0);
        unload(handle);
    }
    unlink(path[0]);
    unlink(path[1]);
}
END_TEST

/* At another place it is another record, but the same file: classes are keyed by the first. */
START_TEST(same_library_at_another_place)
{
    uintptr_t text, again;
    void *handle = write_and_load(7, &text), *blocker;
    const struct lv_module *old = lv_modules_find(&f.modules, text), *new;
    size_t size = old->end - old->start;

    unload(handle);
    blocker = mmap((void *)(old->start & ~(uintptr_t)4095), (size + 4095) & ~(size_t)4095, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    ck_assert(blocker != MAP_FAILED || errno == EEXIST); /* something else lies there already: as good */
    handle = load(&again);
    ck_assert_uint_ne(again, text);
    new = lv_modules_find(&f.modules, again);
    ck_assert_ptr_ne(new, old);
    ck_assert_ptr_eq(new->first, old);
    ck_assert_ptr_eq(new->path, old->path);
    ck_assert_str_eq(name(again + TINY_LOCAL_AT)->symbol, "tiny_local");
    ck_assert_uint_eq(f.symbol.module_offset, offsetof(struct tiny_elf, text) + TINY_LOCAL_AT);
    unload(handle);
    if (blocker != MAP_FAILED)
        munmap(blocker, (size + 4095) & ~(size_t)4095);
}
END_TEST

START_TEST(same_library_again)
{
    uintptr_t text, again;
    void *handle = write_and_load(7, &text);
    const struct lv_module *old = lv_modules_find(&f.modules, text);
    const struct lv_module *new;

    unload(handle);
    handle = load(&again);
    new = lv_modules_find(&f.modules, again);
    /* It need not get the same place. */
    if (again == text)
        ck_assert_ptr_eq(new, old);
    ck_assert_ptr_eq(new->first, old);
    check_id(new, 7);
    ck_assert_str_eq(name(again + TINY_LOCAL_AT)->symbol, "tiny_local");
    dlclose(handle);
}
END_TEST

/* The file is another build by the time that names are wanted: its .symtab must not be believed. */
START_TEST(replaced_file)
{
    uintptr_t text;
    void *handle = write_and_load(7, &text);
    struct tiny_elf other;

    tiny_elf_init(&other, 8);
    memcpy(other.strtab, "\0other_text", 12);
    write_tiny(&other);
    ck_assert_str_eq(name(text)->symbol, "tiny_entry");
    ck_assert_ptr_null(name(text + TINY_LOCAL_AT)->symbol);
    check_id(f.symbol.module, 7);
    dlclose(handle);
}
END_TEST

START_TEST(replaced_file_without_build_ids)
{
    struct tiny_elf elf;
    uintptr_t text;
    void *handle;

    tiny_elf_init(&elf, 0);
    tiny_elf_remove_build_id(&elf);
    tiny_elf_use_old_hash(&elf);
    write_tiny(&elf);
    handle = load(&text);
    ck_assert_uint_eq(lv_modules_find(&f.modules, text)->build_id_size, 0);
    elf.header.e_entry = 1;
    write_tiny(&elf);
    ck_assert_str_eq(name(text)->symbol, "tiny_entry");
    ck_assert_ptr_null(name(text + TINY_LOCAL_AT)->symbol);
    dlclose(handle);
}
END_TEST

START_TEST(library_without_build_id)
{
    struct tiny_elf elf;
    uintptr_t text;
    void *handle;

    tiny_elf_init(&elf, 0);
    tiny_elf_remove_build_id(&elf);
    write_tiny(&elf);
    handle = load(&text);
    ck_assert_str_eq(name(text + TINY_LOCAL_AT)->symbol, "tiny_local");
    dlclose(handle);
}
END_TEST

/* The start of the module cannot be read, which must cost no more than the build-id and the names. */
START_TEST(unreadable_header)
{
    struct tiny_elf elf;
    uintptr_t text;
    void *handle;
    char *file;
    const size_t shift = 0x1000;

    /* The segment starts at the file's second page, so the header is not mapped at all. */
    tiny_elf_init(&elf, 7);
    file = calloc(1, sizeof(elf) + shift);
    elf.segments[0].p_offset = shift;
    memcpy(file, &elf, sizeof(elf));
    memcpy(file + shift + offsetof(struct tiny_elf, note), (char *)&elf + offsetof(struct tiny_elf, note),
           sizeof(elf) - offsetof(struct tiny_elf, note));
    tiny_write(f.path, file, sizeof(elf) + shift);
    free(file);
    handle = load(&text);
    ck_assert_str_eq(name(text)->symbol, "tiny_entry");
    ck_assert_uint_eq(f.symbol.module->build_id_size, 0);
    ck_assert_ptr_null(name(text + TINY_LOCAL_AT)->symbol);
    dlclose(handle);
}
END_TEST

static void add_case(Suite *suite, const char *case_name, const TTest *const *tests, size_t count)
{
    TCase *tcase = tcase_create(case_name);

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 30);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
}

int main(void)
{
    const TTest *const present[] = {
        the_program, static_function_and_object, libc, vdso, no_module, no_memory,
    };
    const TTest *const loaded[] = {
        library,
        unloaded_library_keeps_its_record,
        unloaded_library_needs_no_file,
        unnoticed_unloading_is_swept,
        sweep_leaves_what_is_loaded,
        deleted_library_has_the_names_of_its_memory,
        names_outlive_the_library,
        another_build_at_the_same_place,
        another_library_at_the_same_place,
        two_libraries_take_turns,
        same_library_at_another_place,
        same_library_again,
        replaced_file,
        replaced_file_without_build_ids,
        library_without_build_id,
        unreadable_header,
    };
    Suite *suite = suite_create("modules");

    add_case(suite, "present", present, LV_ARRAY_SIZE(present));
    add_case(suite, "loaded", loaded, LV_ARRAY_SIZE(loaded));
    return unit_run(suite);
}
