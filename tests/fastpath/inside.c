/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "inside.h"

#include <link.h>
#include <string.h>

struct search {
    uintptr_t context, self;
    struct inside *found;
};

static int look(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct search *search = arg;
    const char *name = strrchr(info->dlpi_name, '/');

    (void)size;
    if (name == NULL || strncmp(name + 1, "liblockval.so", strlen("liblockval.so")) != 0)
        return 0;
    search->found->base = info->dlpi_addr;
    search->found->context = (const void *)(info->dlpi_addr + search->context);
    search->found->self = (const void *)((uintptr_t)info->dlpi_tls_data + search->self);
    return 1;
}

bool inside_find(uintptr_t context, uintptr_t self, struct inside *ret)
{
    struct search search = { context, self, ret };

    return dl_iterate_phdr(look, &search) != 0;
}

static struct range array(const void *start, size_t count, size_t size)
{
    return (struct range){ (uintptr_t)start, (uintptr_t)start + count * size };
}

size_t inside_own(const struct lv_thread *t, struct range own[INSIDE_OWN])
{
    size_t n = 0;

    own[n++] = array(t, 1, sizeof(*t));
    own[n++] = array(t->held, t->capacity + 1, sizeof(*t->held));
    own[n++] = array(t->cache, t->cache_mask + 1, sizeof(*t->cache));
    own[n++] = array(t->known, t->known_mask + 1, sizeof(*t->known));
    if (t->history != NULL)
        own[n++] = array(t->history, LV_HISTORY, sizeof(*t->history));
    return n;
}
