/* SPDX-License-Identifier: MIT */
/*
 * Calls that install signal handlers. Each hands the handler's trampoline to the real call and the program's handler
 * back to the program; what is installed, with which flags and mask, is between the real call and the kernel. libc's
 * own functions call each other past the hooks, so each has one. siginterrupt
 * and sigignore need none: they change the flags of what is installed, or take it away.
 */

#define _GNU_SOURCE
#include "interpose/hook.h"
#include "process/signals.h"

/* Not declared by every version of the header. */
int __sigaction(int number, const struct sigaction *new, struct sigaction *ret_old);
sighandler_t bsd_signal(int number, sighandler_t handler);
sighandler_t ssignal(int number, sighandler_t handler);
sighandler_t sysv_signal(int number, sighandler_t handler);
sighandler_t __sysv_signal(int number, sighandler_t handler);
sighandler_t sigset(int number, sighandler_t handler);

typedef int (*sigaction_fn)(int number, const struct sigaction *new, struct sigaction *ret_old);

/* @new and @ret_old may be the same. Of @ret_old only the handler is written here: of the mask the real call writes no more
 * than it knows. */
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
    if (r == 0 && ret_old != NULL)
        ret_old->sa_handler = lv_signals_unwrap(ret_old->sa_handler);
    return r;
}

#define SET_ACTION(name)                                                     \
    do {                                                                     \
        if (lv_real.name == NULL)                                            \
            lv_process_start();                                              \
        return set_action(lv_real.name, number, new, ret_old, LV_CALL_SITE); \
    } while (0)

#define SET_HANDLER(name)                                                                       \
    do {                                                                                        \
        if (lv_real.name == NULL)                                                               \
            lv_process_start();                                                                 \
        return lv_signals_unwrap(lv_real.name(number, lv_signals_wrap(handler, LV_CALL_SITE))); \
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

LV_EXPORT sighandler_t sigset(int number, sighandler_t handler)
{
    SET_HANDLER(sigset);
}
