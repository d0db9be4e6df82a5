/* SPDX-License-Identifier: MIT */
/*
 * Calls that change the thread's signal mask, or have another one while they wait. What becomes open is told before the
 * real call, since a signal that is pending is handled inside it; what becomes blocked, after it. Calls that say what the
 * mask was are asked for it, so that each tells the truth and not what it was thought to be.
 *
 * sigwait and its kin wait with the mask as it is. So does whatever libc does inside other calls (system, posix_spawn,
 * pthread_create, abort): it puts back what it changes.
 */

#define _GNU_SOURCE
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include "engine/usage.h"
#include "interpose/hook.h"
#include "process/masks.h"
#include "sys/rawcall.h"

/* Not declared by every version of the headers, or given another name by them. */
int sigblock(int mask);
int sigsetmask(int mask);
int sighold(int number);
int sigrelse(int number);
int __sigsuspend(const sigset_t *mask);
int __sigpause(int number_or_mask, int is_number);
int __xpg_sigpause(int number);
int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *limit, const sigset_t *mask, size_t length);
extern int lv_sigpause(int mask) __asm__("sigpause");

/* Look the real functions up, if that was not done yet. */
#define RESOLVE(name)                          \
    do {                                       \
        if (LV_UNLIKELY(lv_real.name == NULL)) \
            lv_process_start();                \
    } while (0)

typedef int (*mask_fn)(int how, const sigset_t *set, sigset_t *ret_old);

/* What @mask becomes. */
static uint64_t changed(uint64_t mask, int how, uint64_t bits)
{
    return how == SIG_BLOCK ? mask | bits : how == SIG_UNBLOCK ? mask & ~bits : how == SIG_SETMASK ? bits : mask;
}

static int change(mask_fn real, int how, const sigset_t *set, sigset_t *ret_old)
{
    struct lv_thread *t = set != NULL ? lv_masks_thread() : NULL;
    uint64_t bits, now;
    sigset_t old;
    int r;

    if (LV_UNLIKELY(real == NULL)) /* an allocator, called while the real functions are looked up */
        return (int)LV_SYSCALL(SYS_rt_sigprocmask, how, set, ret_old, sizeof(uint64_t));
    if (t == NULL)
        return real(how, set, ret_old);
    bits = lv_masks_bits(set);
    now = t->blocked;
    lv_masks_set(t, now & changed(now, how, bits)); /* with what is opened */
    if (ret_old == NULL)
        ret_old = &old;
    r = real(how, set, ret_old);
    if (r == 0)
        lv_masks_set(t, changed(lv_masks_bits(ret_old), how, bits));
    else
        lv_masks_ask(t);
    return r;
}

LV_EXPORT int pthread_sigmask(int how, const sigset_t *restrict set, sigset_t *restrict ret_old)
{
    RESOLVE(pthread_sigmask);
    return change(lv_real.pthread_sigmask, how, set, ret_old);
}

LV_EXPORT int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict ret_old)
{
    RESOLVE(sigprocmask);
    return change(lv_real.sigprocmask, how, set, ret_old);
}

/* Old ways to do the same. They are rare, and the kernel may be asked. */
#define CHANGE(call)                     \
    do {                                 \
        int r_ = (call);                 \
                                         \
        lv_masks_ask(lv_masks_thread()); \
        return r_;                       \
    } while (0)

LV_EXPORT int sigblock(int mask)
{
    RESOLVE(sigblock);
    CHANGE(lv_real.sigblock(mask));
}

LV_EXPORT int sigsetmask(int mask)
{
    RESOLVE(sigsetmask);
    CHANGE(lv_real.sigsetmask(mask));
}

LV_EXPORT int sighold(int number)
{
    RESOLVE(sighold);
    CHANGE(lv_real.sighold(number));
}

LV_EXPORT int sigrelse(int number)
{
    RESOLVE(sigrelse);
    CHANGE(lv_real.sigrelse(number));
}

/* The body of a hook that waits under the mask @bits, which is looked at if @has_mask and the thread holds locks. */
#define WAIT_UNDER(has_mask, bits, call)                                                                  \
    do {                                                                                                  \
        struct lv_mask_wait wait_                                                                         \
            __attribute__((cleanup(lv_masks_wait_end))) = { .t = (has_mask) ? lv_masks_thread() : NULL }; \
        int r_;                                                                                           \
                                                                                                          \
        if (wait_.t != NULL && wait_.t->depth != 0)                                                       \
            lv_masks_wait_under(&wait_, (bits));                                                          \
        r_ = (call);                                                                                      \
        wait_.over = true;                                                                                \
        return r_;                                                                                        \
    } while (0)

static uint64_t bit_of(int number)
{
    return number > 0 && number <= LV_SIGNALS ? lv_signal_bit(number) : 0;
}

/* What the thread's mask would be without @bits. Context: the thread has a state. */
static uint64_t without(uint64_t bits)
{
    return lv_self_state->blocked & ~bits;
}

LV_EXPORT int sigsuspend(const sigset_t *mask)
{
    RESOLVE(sigsuspend);
    WAIT_UNDER(true, lv_masks_bits(mask), lv_real.sigsuspend(mask));
}

LV_EXPORT int __sigsuspend(const sigset_t *mask)
{
    RESOLVE(__sigsuspend);
    WAIT_UNDER(true, lv_masks_bits(mask), lv_real.__sigsuspend(mask));
}

/* A mask of 32 bits, as BSD had it; the header's sigpause, which takes a signal out of the mask, is the next but one. */
LV_EXPORT int lv_sigpause(int mask)
{
    RESOLVE(sigpause);
    WAIT_UNDER(true, (uint32_t)mask, (lv_real.sigpause)(mask));
}

LV_EXPORT int __sigpause(int number_or_mask, int is_number)
{
    RESOLVE(__sigpause);
    WAIT_UNDER(true, is_number != 0 ? without(bit_of(number_or_mask)) : (uint32_t)number_or_mask,
               lv_real.__sigpause(number_or_mask, is_number));
}

LV_EXPORT int __xpg_sigpause(int number)
{
    RESOLVE(__xpg_sigpause);
    WAIT_UNDER(true, without(bit_of(number)), lv_real.__xpg_sigpause(number));
}

LV_EXPORT int pselect(int count, fd_set *restrict in, fd_set *restrict out, fd_set *restrict other,
                      const struct timespec *restrict limit, const sigset_t *restrict mask)
{
    RESOLVE(pselect);
    WAIT_UNDER(mask != NULL, lv_masks_bits(mask), lv_real.pselect(count, in, out, other, limit, mask));
}

LV_EXPORT int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *limit, const sigset_t *mask)
{
    RESOLVE(ppoll);
    WAIT_UNDER(mask != NULL, lv_masks_bits(mask), lv_real.ppoll(fds, count, limit, mask));
}

LV_EXPORT int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *limit, const sigset_t *mask,
                          size_t length)
{
    RESOLVE(__ppoll_chk);
    WAIT_UNDER(mask != NULL, lv_masks_bits(mask), lv_real.__ppoll_chk(fds, count, limit, mask, length));
}

LV_EXPORT int epoll_pwait(int epoll, struct epoll_event *events, int count, int limit, const sigset_t *mask)
{
    RESOLVE(epoll_pwait);
    WAIT_UNDER(mask != NULL, lv_masks_bits(mask), lv_real.epoll_pwait(epoll, events, count, limit, mask));
}

LV_EXPORT int epoll_pwait2(int epoll, struct epoll_event *events, int count, const struct timespec *limit,
                           const sigset_t *mask)
{
    RESOLVE(epoll_pwait2);
    WAIT_UNDER(mask != NULL, lv_masks_bits(mask), lv_real.epoll_pwait2(epoll, events, count, limit, mask));
}
