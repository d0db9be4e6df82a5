/* SPDX-License-Identifier: MIT */
/*
 * A program's file: what of it the library will see, and what a report of it will be like. Read with libelf and libdw; nothing is
 * run, and nothing is asked of the network.
 */

#define _GNU_SOURCE
#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/types.h"
#include "common/memory.h"
#include "common/target.h"
#include "doctor/checks.h"

/* What the sections of a file say. */
struct facts {
    bool calls_locks; /* it asks libc for a lock's function itself */
    bool annotated;   /* it calls lockval.h's */
    bool linked;      /* it needs liblockval */
    bool go, rust, absl, unwindable, symbols;
    const char *sanitizer;  /* "TSan": its runtime is inside; null: none */
    bool sanitizer_library; /* and it is a shared one */
};

/* Names that give something away: @begins at the beginning of a symbol's name. */
static const char *const lock_calls[] = {
    "pthread_mutex_", "pthread_rwlock_", "pthread_spin_", "pthread_cond_", "pthread_barrier_",
    "sem_wait",       "sem_post",        "mtx_",          "cnd_"
};

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static void see_symbol(struct facts *facts, const char *name, bool undefined)
{
    static const struct {
        const char *begins, *is;
    } runtimes[] = {
        { "__tsan_init", "TSan" }, { "__asan_init", "ASan" }, { "__msan_init", "MSan" }, { "__hwasan_init", "HWASan" }
    };

    for (size_t i = 0; i < LV_ARRAY_SIZE(lock_calls); i++)
        facts->calls_locks |= undefined && begins(name, lock_calls[i]);
    facts->annotated |= undefined && begins(name, "lockval_");
    facts->rust |= begins(name, "rust_eh_personality") || begins(name, "__rust_alloc");
    facts->go |= strcmp(name, "runtime.gopark") == 0;
    facts->absl |= begins(name, "_ZN4absl") && strstr(name, "5Mutex4LockEv") != NULL;
    for (size_t i = 0; i < LV_ARRAY_SIZE(runtimes); i++)
        if (begins(name, runtimes[i].begins))
            facts->sanitizer = runtimes[i].is;
}

static void see_needed(struct facts *facts, const char *name)
{
    static const struct {
        const char *begins, *is;
    } libraries[] = { { "libtsan.", "TSan" },
                      { "libclang_rt.tsan", "TSan" },
                      { "libasan.", "ASan" },
                      { "libclang_rt.asan", "ASan" },
                      { "libhwasan.", "HWASan" } };

    facts->linked |= begins(name, "liblockval.so");
    facts->absl |= begins(name, "libabsl_synchronization");
    facts->rust |= begins(name, "libstd-");
    for (size_t i = 0; i < LV_ARRAY_SIZE(libraries); i++) {
        if (begins(name, libraries[i].begins)) {
            facts->sanitizer = libraries[i].is;
            facts->sanitizer_library = true;
        }
    }
}

static void read_symbols(struct facts *facts, Elf *elf, Elf_Data *data, const GElf_Shdr *header)
{
    GElf_Sym symbol;
    const char *name;

    for (int i = 1; data != NULL && gelf_getsym(data, i, &symbol) != NULL; i++) {
        name = elf_strptr(elf, header->sh_link, symbol.st_name);
        if (name != NULL)
            see_symbol(facts, name, symbol.st_shndx == SHN_UNDEF);
    }
}

static void read_dynamic(struct facts *facts, Elf *elf, Elf_Data *data, const GElf_Shdr *header)
{
    GElf_Dyn entry;
    const char *name;

    for (int i = 0; data != NULL && gelf_getdyn(data, i, &entry) != NULL && entry.d_tag != DT_NULL; i++) {
        name = entry.d_tag == DT_NEEDED ? elf_strptr(elf, header->sh_link, entry.d_un.d_val) : NULL;
        if (name != NULL)
            see_needed(facts, name);
    }
}

/* Compilers sign what they made. */
static void read_comment(struct facts *facts, const Elf_Data *data)
{
    if (data != NULL && data->d_buf != NULL && memmem(data->d_buf, data->d_size, "rustc version", 13) != NULL)
        facts->rust = true;
}

static void read_sections(struct facts *facts, Elf *elf)
{
    Elf_Scn *section = NULL;
    GElf_Shdr header;
    size_t names;

    if (elf_getshdrstrndx(elf, &names) != 0)
        return;
    while ((section = elf_nextscn(elf, section)) != NULL) {
        const char *name = gelf_getshdr(section, &header) != NULL ? elf_strptr(elf, names, header.sh_name) : NULL;
        Elf_Data *data = header.sh_type != SHT_NOBITS ? elf_getdata(section, NULL) : NULL;

        if (name == NULL)
            continue;
        facts->go |= strcmp(name, ".go.buildinfo") == 0 || strcmp(name, ".gopclntab") == 0;
        facts->unwindable |= strcmp(name, ".eh_frame") == 0 || strcmp(name, ".debug_frame") == 0;
        facts->symbols |= header.sh_type == SHT_SYMTAB;
        if (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM)
            read_symbols(facts, elf, data, &header);
        else if (header.sh_type == SHT_DYNAMIC)
            read_dynamic(facts, elf, data, &header);
        else if (strcmp(name, ".comment") == 0)
            read_comment(facts, data);
    }
}

/* ---- what it means ---- */

static void judge_locks(struct doctor_checks *checks, const struct facts *facts)
{
    if (facts->go) {
        doctor_add(checks, DOCTOR_WARN, "locks",
                   "Go is in it: its mutexes and channels are made of futexes, and are not seen");
        doctor_advise(checks, "only locks of C code that it calls are watched");
    } else if (facts->rust) {
        doctor_add(checks, DOCTOR_WARN, "locks",
                   "Rust is in it: the locks of its std and of parking_lot are made of futexes, and are "
                   "not seen");
        doctor_advise(checks, "only locks of libc, such as those of C libraries, are watched");
    } else if (facts->absl) {
        doctor_add(checks, DOCTOR_WARN, "locks", "absl::Mutex is in it, which is made of futexes, and not seen");
        doctor_advise(checks, "annotate it (lockval.h), or look at absl's own EnableMutexInvariantDebugging");
    } else if (facts->calls_locks) {
        doctor_add(checks, DOCTOR_OK, "locks", "calls libc's locks");
    } else {
        doctor_add(checks, DOCTOR_OK, "locks", "calls no lock of libc's itself; its libraries may");
    }
    if (facts->annotated)
        doctor_add(checks, DOCTOR_OK, "annotations", "calls lockval.h%s",
                   facts->linked ? ", and is linked with the library" : "");
}

static void judge_sanitizer(struct doctor_checks *checks, const struct facts *facts)
{
    if (facts->sanitizer == NULL)
        return;
    if (strcmp(facts->sanitizer, "TSan") == 0 || strcmp(facts->sanitizer, "MSan") == 0) {
        doctor_add(checks, DOCTOR_BAD, "sanitizer", "%s is in it, which has hooks of its own: not supported",
                   facts->sanitizer);
        doctor_advise(checks, "build it once more without");
    } else if (facts->sanitizer_library) {
        doctor_add(checks, DOCTOR_WARN, "sanitizer",
                   "%s is in it, which ends a program in which it is not loaded first", facts->sanitizer);
        doctor_advise(
            checks,
            "set ASAN_OPTIONS=verify_asan_link_order=0, or put its runtime into LD_PRELOAD, before which the library "
            "does not come");
    } else {
        doctor_add(checks, DOCTOR_OK, "sanitizer", "%s is in it, and stays in front", facts->sanitizer);
    }
}

static void judge_build_id(struct doctor_checks *checks, Elf *elf)
{
    const void *bits;
    ssize_t len = dwelf_elf_gnu_build_id(elf, &bits);
    char text[2 * 64 + 1] = "";

    for (ssize_t i = 0; i < len && i < 64; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", ((const unsigned char *)bits)[i]);
    if (len > 0) {
        doctor_add(checks, DOCTOR_OK, "build-id", "%s", text);
    } else {
        doctor_add(checks, DOCTOR_WARN, "build-id", "none: whether a record is of this very file cannot be told");
        doctor_advise(checks, "link with -Wl,--build-id");
    }
}

/* Where its debug info is. Searched for as the report will, but for debuginfod, which would ask the network. */
static void judge_debug_info(struct doctor_checks *checks, const char *path, const struct facts *facts)
{
    static const Dwfl_Callbacks callbacks = { .find_elf = dwfl_build_id_find_elf,
                                              .find_debuginfo = dwfl_standard_find_debuginfo };
    char *urls = getenv("DEBUGINFOD_URLS");
    const char *main_file = NULL, *debug_file = NULL;
    Dwfl_Module *module;
    GElf_Addr bias;
    Dwfl *dwfl = dwfl_begin(&callbacks);
    Dwarf_Off offset = 0, next;
    size_t header_size;
    bool found;

    urls = urls != NULL ? cli_strdup(urls) : NULL;
    (void)unsetenv("DEBUGINFOD_URLS");
    module = dwfl != NULL ? dwfl_report_offline(dwfl, path, path, -1) : NULL;
    if (dwfl != NULL)
        (void)dwfl_report_end(dwfl, NULL, NULL);
    found = module != NULL && dwfl_module_getdwarf(module, &bias) != NULL &&
            dwarf_nextcu(dwfl_module_getdwarf(module, &bias), offset, &next, &header_size, NULL, NULL, NULL) == 0;
    if (module != NULL)
        (void)dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, &main_file, &debug_file);
    if (found) {
        doctor_add(checks, DOCTOR_OK, "debug-info", "%s", debug_file != NULL ? debug_file : "in the file");
    } else {
        doctor_add(checks, DOCTOR_WARN, "debug-info", "none found: reports have %s, and no lines",
                   facts->symbols ? "names of functions" : "names of exported functions only");
        doctor_advise(checks, "%s",
                      urls != NULL && *urls != '\0'
                          ? "debuginfod will be asked; or compile with -g, or install its debug package"
                          : "compile with -g, or install its debug package (-dbgsym, -debuginfo)");
    }
    if (dwfl != NULL)
        dwfl_end(dwfl);
    if (urls != NULL)
        (void)setenv("DEBUGINFOD_URLS", urls, 1);
    free(urls);
}

static void judge_file(struct doctor_checks *checks, const char *path, Elf *elf)
{
    struct facts facts = { 0 };
    GElf_Ehdr header;

    read_sections(&facts, elf);
    judge_locks(checks, &facts);
    judge_sanitizer(checks, &facts);
    if (gelf_getehdr(elf, &header) != NULL && header.e_type == ET_EXEC && !facts.linked && !facts.annotated) {
        doctor_add(checks, DOCTOR_OK, "position",
                   "position-dependent: were it annotated, it would have to be linked with the library");
    }
    judge_build_id(checks, elf);
    judge_debug_info(checks, path, &facts);
    if (facts.unwindable) {
        doctor_add(checks, DOCTOR_OK, "stacks", "tables for unwinding are there; frame pointers are not needed");
    } else {
        doctor_add(checks, DOCTOR_WARN, "stacks", "no tables for unwinding: stacks end early");
        doctor_advise(checks, "compile with -fasynchronous-unwind-tables");
    }
}

/* Is it a program that the library gets into? */
static void judge_target(struct doctor_checks *checks, enum cli_target target, const char *path)
{
    switch (target) {
    case CLI_TARGET_FINE:
        doctor_add(checks, DOCTOR_OK, "program", "%s: the library can be preloaded", path);
        break;
    case CLI_TARGET_STATIC:
        doctor_add(checks, DOCTOR_BAD, "program", "%s is linked statically: nothing can be preloaded", path);
        doctor_advise(checks, "link it dynamically");
        break;
    case CLI_TARGET_PRIVILEGED:
        doctor_add(checks, DOCTOR_BAD, "program",
                   "%s runs with more rights than its caller's: the loader preloads nothing", path);
        doctor_advise(checks, "run a copy without set-uid, set-gid and capabilities, or become its owner");
        break;
    case CLI_TARGET_FOREIGN:
        doctor_add(checks, DOCTOR_BAD, "program", "%s is of another architecture than the library", path);
        doctor_advise(checks, "use the library that is built for it");
        break;
    }
}

static void look_at(struct doctor_checks *checks, const char *path, enum cli_target target)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    Elf *elf;

    if (fd < 0) {
        doctor_add(checks, DOCTOR_BAD, "program", "%s cannot be read: %s", path, strerror(errno));
        return;
    }
    (void)elf_version(EV_CURRENT);
    elf = elf_begin(fd, ELF_C_READ, NULL);
    if (elf == NULL || elf_kind(elf) != ELF_K_ELF) {
        doctor_add(checks, DOCTOR_BAD, "program", "%s is no program", path);
        doctor_advise(checks, "name the program itself, or a script whose first line names what interprets it");
    } else {
        judge_target(checks, target, path);
        if (target != CLI_TARGET_FOREIGN)
            judge_file(checks, path, elf);
    }
    (void)elf_end(elf);
    (void)close(fd);
}

void doctor_program(struct doctor_checks *checks, const char *name)
{
    char *path = cli_target_find(name), *program = NULL;
    enum cli_target target;

    if (path == NULL) {
        doctor_add(checks, DOCTOR_BAD, "program", "there is no program '%s'", name);
        return;
    }
    target = cli_target_look(path, &program);
    if (strcmp(path, program) != 0)
        doctor_add(checks, DOCTOR_OK, "script", "%s is a script, for %s", path, program);
    else if (access(path, X_OK) != 0)
        doctor_add(checks, DOCTOR_WARN, "program", "%s may not be executed", path);
    look_at(checks, program, target);
    free(program);
    free(path);
}
