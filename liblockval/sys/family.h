/* SPDX-License-Identifier: MIT */
#ifndef LV_SYS_FAMILY_H
#define LV_SYS_FAMILY_H

/*
 * Threads of other processes, as far as they meet this one in shared memory and the kernel lets this process look at them
 * (the same user; where ptrace is restricted, its own children only).
 * Context: any thread, signal-safe. Cost: the maps of two processes are read.
 */

#include "base/types.h"

/* Does the thread @tid of another process sleep, without a timeout, in a futex wait for a word of memory that this process
 * has too? Then @ret_address is where it is here. */
bool lv_family_waits(int tid, uintptr_t *ret_address);

/* The name of the thread @tid, at most 16 bytes with the terminator; empty: not known. */
void lv_family_name(int tid, char name[16]);

#endif
