/* SPDX-License-Identifier: MIT */
/*
 * What is known of libraries and programs that many have: findings that were met in them, looked at, and cannot hang, or say nothing.
 * Only what was seen is here, and each entry names the module as well, so that no function of the same name elsewhere is meant.
 * docs/suppressions.md says the same; tests/programs/judged.py has more, of single programs.
 */

#include "engine/suppress.h"

const char lv_suppress_builtin[] =
    "circular:libdbus-1.so.3+* & mutex@libdbus-1.so.3+* & dbus_threads_init # libdbus makes all its mutexes in one "
    "function without a symbol, so that they are one class; these are the list of shutdown functions and a server's "
    "lock\n"
    "lifetime:mutex@_Z10mutex_initv+* & libjvm.so & _ZN5Mutex4lockEv # Java's VM thread ends with the lock of the "
    "list of threads, so that nobody begins or ends while the process does\n"
    "circular:mutex@mariadbd+* & rwlock@mariadbd+* & _ZN8ha_maria6repair* & _ZN7handler12ha_write_row* # Aria: the "
    "metadata lock of the table, a lock of SQL's own, keeps inserts and repairs apart\n";
