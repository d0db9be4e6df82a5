/* SPDX-License-Identifier: MIT */
#ifndef LV_SYS_LOCK_H
#define LV_SYS_LOCK_H

#include "base/types.h"

/*
 * The library's own lock: three states on a futex (0 free, 1 held, 2 held with waiters), after "Futexes Are Tricky"
 * (Drepper). It is not a pthread lock, so it can be taken inside a hook of one. Whoever takes it blocks signals first
 * (engine/context.h does both), so that no handler finds its own thread holding it.
 */
struct lv_lock {
    uint32_t word; /* atomic */
};
#define LV_LOCK_INIT \
    {                \
        0            \
    }

void lv_lock_take(struct lv_lock *lock);
bool lv_lock_try(struct lv_lock *lock);
void lv_lock_drop(struct lv_lock *lock);

#endif
