/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_SITE_H
#define LV_ENGINE_SITE_H

#include "engine/identity.h"
#include "engine/unload.h"

/*
 * From a call stack to the class key of an unannotated lock. The site is the caller of the init or lock function; thin
 * wrappers (libstdc++, boost, Qt, absl, OpenSSL and other libraries with locks of their own, functions called *mutex_init*
 * and the like, constructors and lock methods of classes called like a mutex, and what the option wrappers names) are
 * stepped over, so that one wrapper does not fold a program into one class.
 */
/*
 * The class of a lock of @kind that the call at @site initialised (@origin INIT) or took first (LOCK), added if it is new.
 * 0 without memory. Takes the internal lock for a new site. Context: guard held. Cost: what the thread made or took at
 * @site before is in its state; else a look-up, and a short unwinding each time when @site lies in a wrapper.
 */
lv_class_id lv_site_class_slow(struct lv_context *ctx, struct lv_thread *t, enum lv_class_origin origin,
                               enum lv_kind kind, uintptr_t site);

/* Where the thread keeps what it knows of @site, and what tells it from other calls. */
static inline struct lv_known_site *lv_site_known(struct lv_thread *t, uintptr_t site, enum lv_kind kind)
{
    return &t->sites[(site ^ site >> 4 ^ kind) % LV_KNOWN_SITES];
}

static inline uint32_t lv_site_what(enum lv_class_origin origin, enum lv_kind kind)
{
    return (uint32_t)origin << 8 | (uint32_t)kind;
}

static inline lv_class_id lv_site_class(struct lv_context *ctx, struct lv_thread *t, enum lv_class_origin origin,
                                        enum lv_kind kind, uintptr_t site)
{
    const struct lv_known_site *known = lv_site_known(t, site, kind);

    if (LV_LIKELY(known->site == site && known->what == lv_site_what(origin, kind) &&
                  known->born == lv_module_born(ctx, site)))
        return known->class;
    return lv_site_class_slow(ctx, t, origin, kind, site);
}

/* The module that @address lies in, or null. Takes the internal lock for a module that is new. Context: guard held. */
const struct lv_module *lv_site_module(struct lv_context *ctx, uintptr_t address);

/* Does the lock lie in a module's data, so that its address names it? Fills in the key of its class. Context: guard
 * held. */
bool lv_site_is_static(struct lv_context *ctx, const struct lv_object *object, struct lv_class_key *ret_key);

#endif
