/* SPDX-License-Identifier: MIT */
#ifndef LV_SYS_MODULES_H
#define LV_SYS_MODULES_H

/*
 * Which module (program or shared object) an address lies in, and what symbol. A snapshot of our own: the loader's lock
 * is never taken (dlopen holds it while constructors run), so dladdr, dlsym and dl_iterate_phdr are out. Modules are
 * found with _dl_find_object (glibc 2.35, lock-free and async-signal-safe) and added to the snapshot the first time an
 * address in them is asked for; a module's record survives its unloading. Symbols are read from the module's file
 * (.symtab, else .dynsym) by a reader of our own the first time they are needed.
 */

#include "base/types.h"
#include "sys/arena.h"

#define LV_BUILD_ID_MAX 20

struct lv_module {
    uintptr_t start, end; /* address range of the mapping */
    uintptr_t bias;       /* load address to add to the file's symbol values */
    const char *path;     /* as the loader knows it; the program's own path is resolved through /proc/self/exe */
    const char *name;     /* the last part of path */
    uint8_t build_id[LV_BUILD_ID_MAX];
    uint8_t build_id_size; /* 0: none */
    bool is_program;
    bool gone;     /* another module was loaded over its range */
    void *symbols; /* private to modules.c; read lazily */
    struct lv_module *next;
};

struct lv_modules {
    struct lv_module *head; /* atomic pointer; records are never freed */
    struct lv_arena *arena;
};

/* What an address is called. @symbol is null where no symbol covers it, @module is null outside of all modules. */
struct lv_symbol {
    const struct lv_module *module;
    const char *symbol;
    uintptr_t offset;        /* from the symbol's start, or from the module's start when there is no symbol */
    uintptr_t module_offset; /* address minus the module's bias: what record and keys use */
};

/* Context: the owner's lock held, guard held; no malloc, no loader lock. */
void lv_modules_init(struct lv_modules *modules, struct lv_arena *arena);

/* The module that @address lies in (code or data), or null. Cost: a walk over the modules seen so far. */
const struct lv_module *lv_modules_find(struct lv_modules *modules, uintptr_t address);

/* The same without the owner's lock: true with the answer in @ret, false when only lv_modules_find() can tell. */
bool lv_modules_peek(const struct lv_modules *modules, uintptr_t address, const struct lv_module **ret);

/* Name @address. For a return address pass it less one and add one to the offset shown. */
void lv_modules_name(struct lv_modules *modules, uintptr_t address, struct lv_symbol *ret);

/* Name @address, which lies in @module (or in none: null), loaded or not. */
void lv_modules_name_in(const struct lv_module *module, uintptr_t address, struct lv_symbol *ret);

#endif
