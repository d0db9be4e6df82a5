/* SPDX-License-Identifier: MIT */
#ifndef LV_PROCESS_MASKS_H
#define LV_PROCESS_MASKS_H

/*
 * The calling thread's signal mask, known without asking the kernel for each lock. It is read once, when the thread gets
 * its state; from then on every call that changes it says here what it is now. What changes it in another way (a system
 * call of the program's own, a context of ucontext.h that ends) is noticed on the slow way of an acquisition, where the
 * kernel is asked before anything is learned (lv_masks_settle()).
 *
 * Context of all calls: any thread, any handler. errno stays.
 */

#include <signal.h>

#include "process/self.h"

/* The kernel's part of a set: bit 0 for signal 1. */
static inline uint64_t lv_masks_bits(const sigset_t *set)
{
    uint64_t bits;

    _Static_assert(sizeof(*set) >= sizeof(bits), "the kernel's part");
    __builtin_memcpy(&bits, set, sizeof(bits));
    return bits;
}

/* The state of the calling thread, if its mask is followed now: null before it has one, and inside the library, which
 * puts back what it changes. */
struct lv_thread *lv_masks_thread(void);

/* The thread's mask is, or is about to become, @blocked. @t may be null. Nothing happens in a child of vfork, which has a mask
 * of its own and its parent's memory. */
void lv_masks_set(struct lv_thread *t, uint64_t blocked);

/* The thread got its state, or its mask is not known any more: ask the kernel. @t may be null. Cost: a system call. */
void lv_masks_ask(struct lv_thread *t);

/* A call that has another mask while it waits. */
struct lv_mask_wait {
    struct lv_thread *t; /* null: it has none, or nobody follows it */
    uint64_t before;
    bool told; /* of the mask meanwhile */
    bool over; /* the call returned */
};

/* The mask is @mask until the end. That matters to what the thread holds: it takes nothing meanwhile, and its handlers know
 * their own mask. */
void lv_masks_wait_under(struct lv_mask_wait *wait, uint64_t mask);

/* The end. Where a cancelled thread unwinds, it comes with .over not set, and the mask that the wait had stays. */
void lv_masks_wait_end(struct lv_mask_wait *wait);

/* Does the thread's state say what is true of its mask and its handlers? What does not is put right, and true is returned:
 * what was worked out from it has to be worked out anew. Asked before anything is learned; @t's guard is not held. Cost: a
 * system call where signals have handlers. */
bool lv_masks_settle(struct lv_context *ctx, struct lv_thread *t);

#endif
