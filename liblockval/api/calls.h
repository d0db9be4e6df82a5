/* SPDX-License-Identifier: MIT */
#ifndef LV_API_CALLS_H
#define LV_API_CALLS_H

/* What the public calls share: the annotated objects as the engine knows them. */

#include <lockval.h>

#include "process/layout.h"
#include "process/self.h"

_Static_assert(sizeof(unsigned long) == sizeof(uint64_t), "the words of a map hold an identity");
_Static_assert((int)LOCKVAL_WRITE == (int)LV_WRITE && (int)LOCKVAL_READ == (int)LV_READ &&
                   (int)LOCKVAL_READ_RECURSIVE == (int)LV_READ_RECURSIVE,
               "modes are the engine's");
_Static_assert((int)LOCKVAL_TRY == (int)LV_TRY && (int)LOCKVAL_TIMED == (int)LV_TIMED, "flags are the engine's");

/* There are no more than LV_SUBCLASSES levels: what is beyond counts as the last. */
static inline unsigned lv_api_subclass(unsigned subclass)
{
    return subclass < LV_SUBCLASSES ? subclass : LV_SUBCLASSES - 1;
}

/* The map as a lock object; its two words hold the identity. */
static inline struct lv_object lv_map_object(struct lockval_map *map, enum lv_kind kind)
{
    uint64_t *words = (uint64_t *)(void *)map->lockval_identity;

    return (struct lv_object){ (uintptr_t)map, kind, &words[0], &words[1] };
}

/* The class key that @key and @name ask for; at least one of them is given. */
struct lv_class_key lv_api_key(struct lv_context *ctx, struct lv_thread *t, const struct lockval_key *key,
                               const char *name, enum lv_kind kind);

/* Do both name the same key of the program? */
bool lv_key_is(const struct lv_class_key *a, const struct lv_class_key *b);

/* The map's identity, made now if it was initialised statically. 0: none. */
uint64_t lv_map_identity(struct lv_thread *t, struct lockval_map *map, enum lv_kind kind);

/* A pthread lock as a lock object. */
struct lv_object lv_pthread_object(void *lock, enum lockval_kind kind);

#endif
