/* SPDX-License-Identifier: MIT */
#ifndef LV_SYS_MODULES_H
#define LV_SYS_MODULES_H

/*
 * Which module (program or shared object) an address lies in, and what symbol. A snapshot of our own: the loader's lock
 * is never taken (dlopen holds it while constructors run), so dladdr, dlsym and dl_iterate_phdr are out. Modules are
 * found with _dl_find_object (glibc 2.35, lock-free and async-signal-safe) and added to the snapshot the first time an
 * address in them is asked for; a module's record survives its unloading. Symbols are read from the module's file
 * (.symtab, else .dynsym) by a reader of our own the first time they are needed.
 *
 * An address is no identity: when a module is unloaded, the next one often gets its addresses. So there is a sequence
 * number that grows with every unloading that is noticed, and a record keeps the number of the time when it was made.
 * Of the records that cover one address each was made after the one before it was found unloaded: so an address together
 * with that number (.born) says which module lay there, for ever.
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
    uint32_t born;               /* the sequence number when it was first met; 0: before the first unloading */
    uint32_t died;               /* that of its unloading; 0: it is loaded. Owner's lock */
    struct lv_module *first;     /* the first record of this very file (path and build-id): class keys name that one */
    void *symbols;               /* private to modules.c; read lazily */
    struct lv_module *next;      /* of the loaded ones; atomic */
    struct lv_module *next_dead; /* of the unloaded ones, the last to die first; owner's lock */
};

/* Stands for .born where an address lies in no module. */
#define LV_BORN_NONE UINT32_MAX

struct lv_modules {
    struct lv_module *head; /* atomic pointer: the loaded ones, as far as is known; records are never freed */
    struct lv_module *dead; /* owner's lock */
    uint32_t sequence;      /* atomic, written under the owner's lock; 0: dlclose was never called */
    struct lv_arena *arena;
};

/* What an address is called. @symbol is null where no symbol covers it, @module is null outside of all modules. */
struct lv_symbol {
    const struct lv_module *module;
    const char *symbol;
    uintptr_t offset;        /* from the symbol's start, or from the module's start when there is no symbol */
    uintptr_t size;          /* of the symbol; 0: there is none */
    uintptr_t module_offset; /* address minus the module's bias: what record and keys use */
};

/* Context: the owner's lock held, guard held; no malloc, no loader lock. */
void lv_modules_init(struct lv_modules *modules, struct lv_arena *arena);

/*
 * The loaded module that @address lies in (code or data), or null. It must not be unloaded meanwhile: the calling thread
 * runs in it, or uses a lock in it. Cost: a walk over the loaded modules seen so far.
 */
const struct lv_module *lv_modules_find(struct lv_modules *modules, uintptr_t address);

/* The same without the owner's lock: true with the answer in @ret, false when only lv_modules_find() can tell. */
bool lv_modules_peek(const struct lv_modules *modules, uintptr_t address, const struct lv_module **ret);

/* The sequence number of this moment. Context: any thread. */
static inline uint32_t lv_modules_now(const struct lv_modules *modules)
{
    return __atomic_load_n(&modules->sequence, __ATOMIC_ACQUIRE);
}

/*
 * dlclose(@handle) is about to be called: from here on the sequence number is not 0, and the names of that module are
 * read, since its file may be gone already. Returns an address in it, for lv_modules_end_unload().
 */
uintptr_t lv_modules_begin_unload(struct lv_modules *modules, const void *handle);

/* dlclose came back: if the module at @where was unloaded, the sequence number grows, and others are looked for. */
void lv_modules_end_unload(struct lv_modules *modules, uintptr_t where);

/* Look which modules were unloaded, by dlclose or otherwise. Cost: about a microsecond a module. */
void lv_modules_sweep(struct lv_modules *modules);

/* The record that covers @address and was born then, loaded or not; null for LV_BORN_NONE. */
const struct lv_module *lv_modules_at(const struct lv_modules *modules, uintptr_t address, uint32_t born);

/* The same of those that are loaded, without the owner's lock. */
const struct lv_module *lv_modules_loaded_at(const struct lv_modules *modules, uintptr_t address, uint32_t born);

/*
 * To read a module's symbols takes some ten milliseconds for a large program. So that nobody has to wait for the owner's lock
 * so long, a thread that is going to need them reads them before it takes the lock, and hands them over under it:
 * lv_modules_read_ahead() returns whether it did; false also when they are known, or another thread reads them now.
 * Context: any thread, guard held; the handing over with the owner's lock held.
 */
bool lv_modules_is_named(const struct lv_module *module);
bool lv_modules_read_ahead(const struct lv_module *module);
void lv_modules_hand_over(const struct lv_module *module);

/* Name @address, which is in use now. For a return address pass it less one and add one to the offset shown. */
void lv_modules_name(struct lv_modules *modules, uintptr_t address, struct lv_symbol *ret);

/* Name @address, which lies in @module (or in none: null), loaded or not. */
void lv_modules_name_in(const struct lv_module *module, uintptr_t address, struct lv_symbol *ret);

#endif
