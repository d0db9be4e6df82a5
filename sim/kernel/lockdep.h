/* SPDX-License-Identifier: MIT */
#ifndef SIM_KERNEL_LOCKDEP_H
#define SIM_KERNEL_LOCKDEP_H

/*
 * lockdep.h: how the simulator names its lock classes, and where it announces its locks.
 *
 * As in the kernel, a class belongs to the place where a lock is initialised: the init macros below
 * put one static key at each such place and call the class by the text of the macro's argument, so
 * that `mutex_init(&pipe->mutex)` makes the class "&pipe->mutex". Two places with the same text are
 * two classes (shown as name and name#2). Where a class belongs to something else, a file system
 * type for example, the *_key() variants take the key and the name.
 *
 * A report tells call sites apart: one stack is kept for each place that announces an acquisition.
 * In a function mutex_lock() that place would be the same for all callers, and the report would show
 * the stack of whichever came first. So everything that announces something stands inline in its
 * caller, down to the call that lockval sees (SIM_INLINE); what does the work, where that is more
 * than one call, is a function. The kernel has its reports name the caller in the same way.
 *
 * Nothing here has data of its own, and nothing here decides what the simulator does: without the
 * library all of it is a test of a null pointer.
 */

#include <stddef.h>

#include "lockval.h"

/* A function that calls lockval for its caller. Inline at every level of optimisation, -fno-inline
 * included. */
#define SIM_INLINE static inline __attribute__((always_inline))

/* Call init(object, name, key) with a key of its own for each place in the source where this macro
 * stands. */
#define LOCKDEP_INIT_HERE(init, object, name)                           \
    do {                                                                \
        static struct lockval_key lockdep_key_here_ = LOCKVAL_KEY_INIT; \
        init((object), (name), &lockdep_key_here_);                     \
    } while (0)

/* From here on the thread counts as holding @map; nothing is waited for. For bare maps. */
SIM_INLINE void lockdep_map_acquire(struct lockval_map *map)
{
    lockval_acquire_map(map, LOCKVAL_WRITE, 0, 0, NULL);
    lockval_acquired_map(map);
}

/* The same as a reader that passes waiting writers. */
SIM_INLINE void lockdep_map_acquire_read(struct lockval_map *map)
{
    lockval_acquire_map(map, LOCKVAL_READ_RECURSIVE, 0, 0, NULL);
    lockval_acquired_map(map);
}

SIM_INLINE void lockdep_map_release(struct lockval_map *map)
{
    lockval_release_map(map);
}

/* Take and give up @map at once: says that the thread depends on whoever holds @map, without
 * holding it itself. */
SIM_INLINE void lockdep_map_touch(struct lockval_map *map)
{
    lockdep_map_acquire(map);
    lockdep_map_release(map);
}

#endif
