# SPDX-License-Identifier: MIT
"""Findings that somebody looked at, and what they are: "real" could hang, "benign" cannot and why, "limit" is the library's
own fault. Programs of Debian are stripped, so classes are named by module and offset, and frames tell them apart."""

from findings import Judged

JUDGED = [
    Judged("mariadb", "recursive", ["mutex@mariadbd+*"], "benign",
           "Aria's log has a ring of 8 buffers, each with a mutex. Only the thread that holds the current buffer takes the "
           "next one, and then drops the current: there is one such thread at a time, and the circle cannot close.",
           says=["8 locks of one class were taken in a circle"]),
    Judged("mariadb", "circular", ["mutex@mariadbd+*", "rwlock@mariadbd+*"], "benign",
           "An insert takes an index's root_lock, then the table's intern_lock; OPTIMIZE and REPAIR take them the other way. "
           "The metadata lock of the table, a lock of SQL's own, keeps the two apart.",
           frames=["_ZN8ha_maria6repair*", "_ZN7handler12ha_write_row*"]),
    Judged("glib", "circular", ["mutex@libdbus-1.so.3+*", "libdbus-1.so.3+*"], "limit",
           "libdbus makes every mutex in one function that has no symbol, so all its locks are one class. What is taken under "
           "the lock of dbus_threads_init is the list of shutdown functions, and what is held around that lock is a server's: "
           "the report says that they are different instances.",
           frames=["dbus_threads_init+* (libdbus-1.so.3)"], verdict="potential", says=["different instances: "]),
    Judged("java*", "lifetime", ["mutex@_Z10mutex_initv+*"], "benign",
           "The VM's thread ends at a safepoint, for which it took the lock of the list of threads; it never releases it, so "
           "that nobody can begin or end while the process does.",
           frames=["_ZN5Mutex4lockEv+* (libjvm.so)"], says=["VM Thread/", "is held while its thread ends"]),
    Judged("python", "circular", ["semaphore@python3.11+*"], "benign",
           "faulthandler makes two locks at its start, of which the main thread keeps one to wake its watchdog. The watchdog "
           "takes no other lock, so a thread that waits for one of the two, whatever it holds, is let go.",
           frames=["PyThread_acquire_lock+* (python3.11)"], says=["one thread", "different instances: "]),
    Judged("python", "circular", ["semaphore@python3.11+*"], "benign",
           "The same two locks of faulthandler, met under the interpreter's lock as a gate.",
           frames=["PyThread_acquire_lock+* (python3.11)"], says=["gate lock: "]),
    Judged("python", "circular", ["semaphore@python3.11+*", "semaphore@_PyThread_at_fork_reinit+*"], "limit",
           "All locks of Python programs are made at one place in C, so they are one class, and those that were made anew after "
           "a fork are another. The report says that different instances met.",
           says=["different instances: "], verdict="potential"),
]
