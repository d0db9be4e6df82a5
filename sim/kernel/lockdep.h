/* SPDX-License-Identifier: MIT */
#ifndef SIM_KERNEL_LOCKDEP_H
#define SIM_KERNEL_LOCKDEP_H

/*
 * lockdep.h: how the simulator names its lock classes.
 *
 * As in the kernel, a class belongs to the place where a lock is initialised: the init macros below
 * put one static key at each such place and call the class by the text of the macro's argument, so
 * that `mutex_init(&pipe->mutex)` makes the class "&pipe->mutex". Two places with the same text are
 * two classes (shown as name and name#2). Where a class belongs to something else, a file system
 * type for example, the *_key() variants take the key and the name.
 *
 * Nothing here has data of its own, and nothing here decides what the simulator does: without the
 * library all of it is a test of a null pointer.
 */

#include "lockval.h"

/* Call init(object, name, key) with a key of its own for each place in the source where this macro
 * stands. */
#define LOCKDEP_INIT_HERE(init, object, name)                           \
    do {                                                                \
        static struct lockval_key lockdep_key_here_ = LOCKVAL_KEY_INIT; \
        init((object), (name), &lockdep_key_here_);                     \
    } while (0)

/* From here on the thread counts as holding @map; nothing is waited for. For bare maps. */
static inline void lockdep_map_acquire(struct lockval_map *map)
{
    lockval_acquire_map(map, LOCKVAL_WRITE, 0, 0, (const void *)0);
    lockval_acquired_map(map);
}

/* The same as a reader that passes waiting writers. */
static inline void lockdep_map_acquire_read(struct lockval_map *map)
{
    lockval_acquire_map(map, LOCKVAL_READ_RECURSIVE, 0, 0, (const void *)0);
    lockval_acquired_map(map);
}

static inline void lockdep_map_release(struct lockval_map *map)
{
    lockval_release_map(map);
}

/* Take and give up @map at once: says that the thread depends on whoever holds @map, without
 * holding it itself. */
static inline void lockdep_map_touch(struct lockval_map *map)
{
    lockdep_map_acquire(map);
    lockdep_map_release(map);
}

#endif
