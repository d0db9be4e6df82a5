/* SPDX-License-Identifier: MIT */
/*
 * What is known of libraries that many programs have: findings that were met in them, looked at, and cannot hang, or say nothing.
 * Only what was seen is here; tests/programs/judged.py has more, of single programs.
 */

#include "engine/suppress.h"

const char lv_suppress_builtin[] = "circular:dbus_threads_init # libdbus makes all its mutexes in one function without "
                                   "a symbol, so that they are one class; "
                                   "these are the list of shutdown functions and a server's lock\n"
                                   "lifetime:mutex@_Z10mutex_initv+* # Java's VM thread ends with the lock of the list "
                                   "of threads, so that nobody begins or ends "
                                   "while the process does\n"
                                   "circular:_ZN8ha_maria6repair* # Aria: the metadata lock of the table, a lock of "
                                   "SQL's own, keeps inserts and repairs apart\n";
