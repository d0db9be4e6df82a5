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

static const struct link_map *module_of(uintptr_t code)
{
    struct dl_find_object object;

    return code != 0 && _dl_find_object((void *)code, &object) == 0 ? object.dlfo_link_map : NULL;
}

/* malloc_usable_size of one allocator knows nothing of another's blocks: it counts if it comes from where free does. No
 * block is made to try it: this may run in the middle of the allocator's first call. */
static void resolve_sizes(void)
{
    uintptr_t size = lv_real_code("malloc_usable_size");
    const struct link_map *allocator = module_of((uintptr_t)lv_real.free);

    if (allocator == NULL)
        return;
    if (module_of(size) == allocator)
        memcpy(&lv_real_usable_size, &size, sizeof(size));
#if defined(__GLIBC__) && defined(__x86_64__)
    lv_real_header = module_of(lv_real_code("gnu_get_libc_version")) == allocator;
#endif
}

uintptr_t lv_real_code(const char *name)
{
    return (uintptr_t)dlsym(RTLD_NEXT, name);
}

void lv_real_resolve(void)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        void *found = table[i].version != NULL ? dlvsym(RTLD_NEXT, table[i].name, table[i].version) : NULL;

        if (found == NULL)
            found = dlsym(RTLD_NEXT, table[i].name);
        memcpy((char *)&lv_real + table[i].offset, &found, sizeof(found));
    }
    resolve_sizes();
}
