/* SPDX-License-Identifier: MIT */
#ifndef MASKS_H
#define MASKS_H

/* What the programs share that have signal handlers with locks. */

/* sighold and its kin are deprecated, and hooked all the same. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#include "program.h"

#include <signal.h>

static inline sigset_t set_of(int number)
{
    sigset_t set;

    MUST(sigemptyset(&set) == 0 && (number == 0 || sigaddset(&set, number) == 0));
    return set;
}

static inline void mask(int how, int number)
{
    sigset_t set = set_of(number);

    MUST(pthread_sigmask(how, &set, NULL) == 0);
}

static __attribute__((noinline, unused)) void install_with(int number, void (*handler)(int), int flags, int with)
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = flags, .sa_mask = set_of(with) };

    MUST(sigaction(number, &action, NULL) == 0);
}

#define install(number, handler) install_with(number, handler, 0, 0)

static __attribute__((noinline, unused)) void take(pthread_mutex_t *mutex)
{
    MUST(pthread_mutex_lock(mutex) == 0 && pthread_mutex_unlock(mutex) == 0);
}

#endif
