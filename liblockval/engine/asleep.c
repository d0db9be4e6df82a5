/* SPDX-License-Identifier: MIT */
/*
 * A wait ends when its word is changed and the thread is woken, so the address of the word tells whether the thread sleeps in
 * the wait that it speaks of. A thread that has been woken from a condition variable, and finds the mutex taken, sleeps too; but
 * that ends with the mutex, which is another matter.
 */

#include "engine/asleep.h"

enum {
    COND_SIZE = 48,    /* of a condition variable, */
    BARRIER_SIZE = 32, /* a barrier, */
    DESCRIPTOR = 4096  /* and a thread's descriptor, at its handle, at most */
};

/* Where in what is waited for the words lie that libc waits on: so many bytes from its start. A stream's lock lies elsewhere. */
static size_t words_of(const struct lv_blocked *on)
{
    switch ((enum lv_wait_kind)on->wait) {
    case LV_WAITS_JOIN:
        return DESCRIPTOR;
    case LV_WAITS_COND:
        return COND_SIZE;
    case LV_WAITS_BARRIER:
        return BARRIER_SIZE;
    default:
        break;
    }
    switch (on->wanted.kind) {
    case LV_KIND_RWLOCK:
        return 24;
    case LV_KIND_SEM:
        return 16;
    case LV_KIND_FILE:
        return SIZE_MAX;
    default:
        return sizeof(int);
    }
}

enum lv_asleep lv_asleep_look(const struct lv_context *ctx, int tid, const struct lv_blocked *on,
                              struct lv_task_sleep *ret)
{
    const struct lv_held_record *wanted = &on->wanted;

    *ret = (struct lv_task_sleep){ .sleeps = false };
    if (ctx->task == NULL || ctx->task(tid, ret) < 0 || wanted->kind == LV_KIND_SPIN)
        return LV_ASLEEP_UNKNOWN;
    if (wanted->kind == LV_KIND_MAP || wanted->kind == LV_KIND_EVENT)
        return ret->sleeps && !ret->timed ? LV_ASLEEP_YES : LV_ASLEEP_UNKNOWN;
    if (!ret->futex)
        return LV_ASLEEP_NO;
    /* What a wait on a condition variable sleeps for may give up; the mutex is waited for without limit. */
    if (on->wait == LV_WAITS_COND && ret->address == on->with.address)
        return LV_ASLEEP_ON_LOCK;
    return (on->wait == LV_WAITS_COND || !ret->timed) && ret->address - wanted->address < words_of(on) ? LV_ASLEEP_YES
                                                                                                       : LV_ASLEEP_NO;
}
