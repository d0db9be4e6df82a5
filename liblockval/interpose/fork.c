/* SPDX-License-Identifier: MIT */
/*
 * _Fork runs no handlers, so its child may find the internal lock taken by a thread that it does not have. The child is
 * not watched. fork needs no hook: its handlers do the work (process/self.c).
 *
 * They are to be the first that are registered, so that no others run while the internal lock is held: others take locks,
 * and whoever has one of these may wait for the internal lock. A library's constructor may come before ours; so
 * registering is a hook (pthread_atfork is a few lines inside each module, which call this function).
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#include "interpose/hook.h"

int __register_atfork(void (*before)(void), void (*in_parent)(void), void (*in_child)(void), void *module);

/* Our own handlers come this way too, before the real functions are looked up. */
LV_EXPORT int __register_atfork(void (*before)(void), void (*in_parent)(void), void (*in_child)(void), void *module)
{
    __typeof__(lv_real.__register_atfork) real;
    void *found;

    lv_process_start();
    real = lv_real.__register_atfork;
    if (real == NULL) {
        found = dlsym(RTLD_NEXT, "__register_atfork");
        if (found == NULL)
            return ENOMEM;
        memcpy(&real, &found, sizeof(real));
    }
    return real(before, in_parent, in_child, module);
}

LV_EXPORT pid_t _Fork(void)
{
    pid_t pid;

    if (lv_real._Fork == NULL)
        lv_process_start();
    pid = lv_real._Fork();
    if (pid == 0)
        lv_process_stop_watching();
    return pid;
}
