/* SPDX-License-Identifier: MIT */
/*
 * Calls that install signal handlers. Each hands the handler's trampoline to the real call and the program's handler
 * back to the program; what is installed, with which flags and mask, is between the real call and the kernel. libc's
 * own functions call each other past the hooks, so each has one. siginterrupt
 * needs none: it changes a flag of what is installed.
 */

#define _GNU_SOURCE
#include "interpose/hook.h"
#include "process/dump.h"
#include "process/masks.h"
#include "process/signals.h"

/* Not declared by every version of the header. */
int __sigaction(int number, const struct sigaction *new, struct sigaction *ret_old);
sighandler_t bsd_signal(int number, sighandler_t handler);
sighandler_t ssignal(int number, sighandler_t handler);
sighandler_t sysv_signal(int number, sighandler_t handler);
sighandler_t __sysv_signal(int number, sighandler_t handler);
sighandler_t sigset(int number, sighandler_t handler);

typedef sighandler_t (*handler_fn)(int number, sighandler_t handler);
typedef int (*sigaction_fn)(int number, const struct sigaction *new, struct sigaction *ret_old);

/* @new and @ret_old may be the same. Of @ret_old only the handler is written here, mostly: of the mask the real call writes
 * no more than it knows. */
static int set_action(sigaction_fn real, int number, const struct sigaction *new, struct sigaction *ret_old,
                      uintptr_t site)
{
    struct sigaction wrapped;
    int r;

    if (new != NULL && number > 0 && number < NSIG) {
        wrapped = *new;
        wrapped.sa_handler = lv_signals_wrap(new->sa_handler, site);
        new = &wrapped;
    }
    r = real(number, new, ret_old);
    if (r == 0 && ret_old != NULL) {
        lv_dump_unwrap_action(number, ret_old);
        ret_old->sa_handler = lv_signals_unwrap(ret_old->sa_handler);
    }
    if (r == 0 && new != NULL)
        lv_signals_changed(number);
    return r;
}

#define SET_ACTION(name)                                                     \
    do {                                                                     \
        if (lv_real.name == NULL)                                            \
            lv_process_start();                                              \
        return set_action(lv_real.name, number, new, ret_old, LV_CALL_SITE); \
    } while (0)

static sighandler_t set_handler(handler_fn real, int number, sighandler_t handler, uintptr_t site)
{
    sighandler_t old = lv_signals_unwrap(real(number, lv_signals_wrap(handler, site)));

    if (old != SIG_ERR)
        lv_signals_changed(number);
    return old;
}

#define SET_HANDLER(name)                                                \
    do {                                                                 \
        if (lv_real.name == NULL)                                        \
            lv_process_start();                                          \
        return set_handler(lv_real.name, number, handler, LV_CALL_SITE); \
    } while (0)

LV_EXPORT int sigaction(int number, const struct sigaction *new, struct sigaction *ret_old)
{
    SET_ACTION(sigaction);
}

LV_EXPORT int __sigaction(int number, const struct sigaction *new, struct sigaction *ret_old)
{
    SET_ACTION(__sigaction);
}

LV_EXPORT sighandler_t signal(int number, sighandler_t handler)
{
    SET_HANDLER(signal);
}

LV_EXPORT sighandler_t bsd_signal(int number, sighandler_t handler)
{
    SET_HANDLER(bsd_signal);
}

LV_EXPORT sighandler_t ssignal(int number, sighandler_t handler)
{
    SET_HANDLER(ssignal);
}

LV_EXPORT sighandler_t sysv_signal(int number, sighandler_t handler)
{
    SET_HANDLER(sysv_signal);
}

LV_EXPORT sighandler_t __sysv_signal(int number, sighandler_t handler)
{
    SET_HANDLER(__sysv_signal);
}

/* Changes the mask, too: SIG_HOLD blocks the signal, all else opens it. */
LV_EXPORT sighandler_t sigset(int number, sighandler_t handler)
{
    sighandler_t old;

    if (lv_real.sigset == NULL)
        lv_process_start();
    old = set_handler(lv_real.sigset, number, handler, LV_CALL_SITE);
    lv_masks_ask(lv_masks_thread());
    return old;
}

LV_EXPORT int sigignore(int number)
{
    int r;

    if (lv_real.sigignore == NULL)
        lv_process_start();
    r = lv_real.sigignore(number);
    if (r == 0)
        lv_signals_changed(number);
    return r;
}
