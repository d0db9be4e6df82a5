/* SPDX-License-Identifier: MIT */
/* The types of kinds, and the words. */

#include "check/wait.h"

static uint8_t type_of_kind(enum lv_kind kind)
{
    switch (kind) {
    case LV_KIND_MUTEX:
    case LV_KIND_RWLOCK:
    case LV_KIND_SEM:
    case LV_KIND_ONCE:
    case LV_KIND_GUARD:
    case LV_KIND_FILE:
        return LV_WAIT_SLEEP;
    case LV_KIND_SPIN:
        return LV_WAIT_SPIN;
    default:
        return LV_WAIT_UNCHECKED;
    }
}

struct lv_wait lv_wait_of(const struct lv_class *class)
{
    struct lv_wait wait = { class->wait_outer, class->wait_inner, class->wait_stated, class->wait_override };

    if (!wait.stated)
        wait.outer = wait.inner = type_of_kind(class->key.kind);
    if (wait.outer == LV_WAIT_UNCHECKED && !wait.override)
        wait.outer = wait.inner;
    return wait;
}

const char *lv_wait_word(uint8_t type)
{
    switch (type) {
    case LV_WAIT_UNCHECKED:
        return "unchecked";
    case LV_WAIT_SPIN - 1:
        return "free";
    case LV_WAIT_SPIN:
        return "spin";
    case LV_WAIT_CONFIG:
        return "config";
    case LV_WAIT_SLEEP:
        return "sleep";
    default:
        return "any";
    }
}
