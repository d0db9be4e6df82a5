/* SPDX-License-Identifier: MIT */
/* RTLD_NEXT asks the objects behind this library, so that another preloaded library keeps its place in the row. dlsym is
 * called here only, before the program runs threads of its own. */

#define _GNU_SOURCE
#include "process/real.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

struct lv_real lv_real;

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

void lv_real_resolve(void)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        void *found = table[i].version != NULL ? dlvsym(RTLD_NEXT, table[i].name, table[i].version) : NULL;

        if (found == NULL)
            found = dlsym(RTLD_NEXT, table[i].name);
        memcpy((char *)&lv_real + table[i].offset, &found, sizeof(found));
    }
}
