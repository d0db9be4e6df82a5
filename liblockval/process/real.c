/* SPDX-License-Identifier: MIT */
/* RTLD_NEXT asks the objects behind this library, so that another preloaded library keeps its place in the row. dlsym is
 * called here only, before the program runs threads of its own. */

#define _GNU_SOURCE
#include "process/real.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

struct lv_real lv_real;
size_t (*lv_real_usable_size)(void *);
bool lv_real_header;

struct wanted {
    const char *name;
    const char *version;
    size_t offset; /* of the pointer in struct lv_real */
};

static const struct wanted table[] = {
#define LV_HOOK(ret, name, parameters, version) { #name, version, offsetof(struct lv_real, name) },
#define LV_HOOK_OLD(ret, name, parameters, version) { #name, version, offsetof(struct lv_real, name##_old) },
#include "process/symbols.def"
#undef LV_HOOK
};

static const struct link_map *module_of(void *code)
{
    struct dl_find_object object;

    return code != NULL && _dl_find_object(code, &object) == 0 ? object.dlfo_link_map : NULL;
}

/* A function of its own name only, so that it is libc's. */
static const struct link_map *libc(void)
{
    return module_of(dlsym(RTLD_NEXT, "gnu_get_libc_version"));
}

/* dlvsym passes by libraries that give their functions no version, as most that are preloaded, and finds libc's behind them;
 * dlsym passes by functions that have only an old version, as those of libc_malloc_debug. */
static void *find(const char *name, const char *version)
{
    void *versioned = version != NULL ? dlvsym(RTLD_NEXT, name, version) : NULL;
    void *plain = dlsym(RTLD_NEXT, name);

    if (versioned == NULL || (plain != NULL && module_of(plain) != libc() && module_of(versioned) == libc()))
        return plain;
    return versioned;
}

/* malloc_usable_size of one allocator knows nothing of another's blocks: it counts if it comes from where free does. No
 * block is made to try it: this may run in the middle of the allocator's first call. */
static void resolve_sizes(void)
{
    void *size = find("malloc_usable_size", "GLIBC_2.2.5");
    const struct link_map *allocator = module_of((void *)(uintptr_t)lv_real.free);

    if (allocator == NULL)
        return;
    if (module_of(size) == allocator)
        memcpy(&lv_real_usable_size, &size, sizeof(size));
#if defined(__GLIBC__) && defined(__x86_64__)
    lv_real_header = libc() == allocator;
#endif
}

uintptr_t lv_real_code(const char *name)
{
    return (uintptr_t)dlsym(RTLD_NEXT, name);
}

void lv_real_resolve(void)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        void *found = find(table[i].name, table[i].version);

        memcpy((char *)&lv_real + table[i].offset, &found, sizeof(found));
    }
    resolve_sizes();
    /* What was not found is nobody's error but ours. */
    (void)dlerror();
}
