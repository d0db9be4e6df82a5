/* SPDX-License-Identifier: MIT */
/*
 * Owns the algorithm of the library's lock: states 0 (free), 1 (held), 2 (held, and somebody may sleep). The word is
 * only changed by atomic operations.
 *
 * Why three states: a drop needs the kernel only when it finds 2. Whoever has slept once takes the lock as 2, because
 * it cannot know whether others still sleep; the price is at most one wake-up for nothing.
 * Idea: Ulrich Drepper, "Futexes Are Tricky", section 5 (https://www.akkadia.org/drepper/futex.pdf).
 */

#include "sys/lock.h"

#include "sys/os.h"

enum {
    LOCK_FREE,
    LOCK_HELD,
    LOCK_AWAITED
};

/* Tells the processor that this is a waiting loop. */
#if defined(__x86_64__) || defined(__i386__)
#define RELAX() __builtin_ia32_pause()
#else
#define RELAX() __atomic_signal_fence(__ATOMIC_SEQ_CST)
#endif

/* How often a held lock is looked at before sleeping. Who learns a chain holds the lock for two microseconds or so; to sleep and be
 * woken costs more than two of them, for both sides. */
#define SPINS 200

bool lv_lock_try(struct lv_lock *lock)
{
    uint32_t expected = LOCK_FREE;

    return __atomic_compare_exchange_n(&lock->word, &expected, LOCK_HELD, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void lv_lock_take(struct lv_lock *lock)
{
    for (int i = 0; i < SPINS; i++) {
        if (__atomic_load_n(&lock->word, __ATOMIC_RELAXED) == LOCK_FREE && lv_lock_try(lock))
            return;
        RELAX();
    }
    /* A wake-up may be spurious, or late: only the exchange tells whether the lock was free. */
    while (__atomic_exchange_n(&lock->word, LOCK_AWAITED, __ATOMIC_ACQUIRE) != LOCK_FREE)
        lv_os_futex_wait(&lock->word, LOCK_AWAITED);
}

void lv_lock_drop(struct lv_lock *lock)
{
    if (__atomic_exchange_n(&lock->word, LOCK_FREE, __ATOMIC_RELEASE) == LOCK_AWAITED)
        lv_os_futex_wake(&lock->word);
}
