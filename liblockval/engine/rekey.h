/* SPDX-License-Identifier: MIT */
#ifndef LV_ENGINE_REKEY_H
#define LV_ENGINE_REKEY_H

#include "engine/identity.h"

/* What a held lock is from now on. */
struct lv_rekey {
    lv_class_id base;
    lv_class_id class; /* with the subclass */
    uint32_t uid;      /* 0: the instance that it is */
    bool unchecked;    /* its order is not judged any more */
};

/*
 * The lock that @t holds at @address is of another class from here on: the held stack is built anew from it on, which learns
 * the edges of the new class and may make findings, at @site (kernel: lock_set_class()). Locks that were taken in a context
 * that is not the present one keep the edges that they have.
 * False: the thread does not hold it. Context: guard not held. Cost: linear in the locks taken after it.
 */
bool lv_rekey_held(struct lv_context *ctx, struct lv_thread *t, uintptr_t address, const struct lv_rekey *to,
                   uintptr_t site);

/* The class of the locks of @class's base when they are taken with @subclass; 0 without memory. Context: guard not held. */
lv_class_id lv_rekey_subclass(struct lv_context *ctx, struct lv_thread *t, lv_class_id class, unsigned subclass);

#endif
