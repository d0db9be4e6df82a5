# SPDX-License-Identifier: MIT
"""The commands. What stands in the way of one is a message of one line; nothing of a process is changed."""

import fnmatch

import gdb

from . import books as b
from . import layout
from .listing import SLEEPS, TAKES, Listing
from .memory import Memory, Trouble
from .names import Names

WAITS = {TAKES: "is just taking ", b.LOCK: "waits for ", b.JOIN: "waits for the end of a thread",
         b.COND: "waits on the condition variable ", b.SEM: "waits for the semaphore ", b.BARRIER: "waits at the barrier ",
         b.EVENT: "waits for the event ", SLEEPS: "sleeps on "}
MODES = ("write", "read", "recursive read")


def _answer(function, *arguments):
    """@function's result; what it stumbles over becomes a message."""
    try:
        return function(*arguments)
    except (Trouble, gdb.error) as trouble:
        raise gdb.GdbError(str(trouble)) from None
    except RecursionError:
        raise gdb.GdbError("what liblockval has in memory makes no sense") from None


def _open():
    """The books of the selected process, and names for what is in them."""
    books = b.Books(layout.find(Memory()))
    return books, Names(books)


def address_of(expression):
    """Of the lock that a gdb.Value is, or leads to."""
    value = expression
    kind = value.type.strip_typedefs()
    if kind.code in (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF):
        value = value.referenced_value()
        kind = value.type.strip_typedefs()
    if kind.code in (gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_INT, gdb.TYPE_CODE_ENUM):
        # A pthread_spinlock_t is a number itself.
        if kind.sizeof < 8 and value.address is not None:
            return int(value.address)
        return int(value) & ((1 << 64) - 1)
    if value.address is None:
        raise Trouble("this is a value, and lies nowhere: the address of a lock is wanted")
    return int(value.address)


# ---- words ----


def _lock(names, use):
    """(class), kind at 0x1234; without a class the variable's name, if it is one."""
    if use.class_id:
        return "(%s), %s at 0x%x" % (names.class_name(use.class_id), b.KINDS[use.kind], use.address)
    variable = names.variable(use.address)
    return ("(%s), " % variable if variable else "") + "at 0x%x" % use.address


def _mode(use):
    return ", " + MODES[use.mode] if use.mode != b.WRITE or use.kind == b.RWLOCK else ""


def _times(use):
    return ", %d times" % (use.again + 1) if use.again else ""


def _taken(names, use):
    """Where in the program it was taken."""
    place = names.caller(names.books.stack(use.stack)) if use.stack else None
    return ", taken at " + place if place else ""


def _who(thread):
    number = " (thread %d)" % thread.task.number if thread.task else ", which gdb does not show"
    return thread.who + number


def _blocker_lines(thread):
    for blocker in thread.blockers:
        if thread.wait == b.JOIN:
            text = "which is "
        elif blocker.queued:
            text = "behind the writer "
        else:
            text = "which it has to take again from " if thread.wait == b.COND else "which is held by "
        text += _who(blocker.thread) if blocker.thread else "thread %d of another process, or one that ended" % blocker.tid
        text += " (%s)" % MODES[blocker.mode] if blocker.mode != b.WRITE else ""
        yield "  " + text + (", as the lock itself says" if blocker.by_word else "")
    if not thread.blockers and thread.wait == b.LOCK:
        yield "  nobody is known to hold it"


def _wait_lines(names, thread):
    if thread.wait == b.NOT:
        return
    text = WAITS[thread.wait]
    if thread.wait != b.JOIN:
        text += _lock(names, thread.wanted) + _mode(thread.wanted)
    if thread.book and thread.book.wait != b.NOT:
        text += ", no longer than it is told to" if thread.book.timed else ""
        text += "; it is shared between processes" if thread.book.shared else ""
    yield text
    if thread.wait == b.COND and thread.book.mutex is not None:
        yield "  with " + _lock(names, thread.book.mutex)
    yield from _blocker_lines(thread)


def _thread_lines(names, thread):
    yield from _wait_lines(names, thread)
    book = thread.book
    if book is None:
        yield "(the library knows nothing of it: it took no lock yet, or is not watched)"
        return
    if book.left_out:
        yield "holds %d older ones, which are not shown" % book.left_out
    for use in book.held:
        yield "holds " + _lock(names, use) + _mode(use) + _times(use) + _taken(names, use)
    if book.inside:
        yield "(it is inside the library, whose books of it may be half way)"
    if book.off:
        yield "(it is told not to be watched now)"


def _print(text):
    gdb.write(text + "\n")


# ---- info locks ----


def _choose(threads, argument):
    """Those that are asked for: by gdb's number, by the system's, or by name."""
    if argument.startswith("$"):
        argument = str(int(gdb.parse_and_eval(argument)))
    chosen = [thread for thread in threads if thread.task and str(thread.task.number) == argument]
    chosen = chosen or [thread for thread in threads if argument in (str(thread.tid), thread.name, thread.who)]
    if not chosen:
        raise Trouble("there is no thread %s" % argument)
    return chosen


def _show_locks(argument):
    books, names = _open()
    listing = Listing(books, names)
    chosen = _choose(listing.threads, argument) if argument else listing.threads
    selected = gdb.selected_thread()
    count = len(listing.threads)
    _print("liblockval %s, %d thread%s%s" % (books.layout.version, count, "" if count == 1 else "s",
                                             ", out of memory: new locks are not known" if books.state == b.DEGRADED else ""))
    for thread in chosen:
        mark = "*" if thread.task and selected is not None and thread.task.thread.num == selected.num else " "
        number = str(thread.task.number) if thread.task else "-"
        state = " runs" if thread.task and thread.task.running else "" if thread.task else ", which gdb does not show"
        _print("\n%s %-3s %s%s" % (mark, number, thread.who, state))
        for line in _thread_lines(names, thread):
            _print("      " + line)
    for circle in listing.circles:
        if not any(thread in circle for thread in chosen):
            continue
        text = "This thread waits" if len(circle) == 1 else "These %d threads wait" % len(circle)
        other = "itself" if len(circle) == 1 else "each other"
        late = [thread.who for thread in circle if thread.comes_to_wait]
        _print("\n%s for %s: %s%s" % (text, other, " -> ".join(thread.who for thread in circle + circle[:1]),
                                     " (%s is about to wait)" % ", ".join(late) if late else ""))
    if not listing.whole:
        _print("\nThe library's list of threads makes no sense from here on, or is very long: there may be more.")


class InfoLocks(gdb.Command):
    """What the threads of a program under liblockval hold and wait for.

Usage: info locks [THREAD]

Each thread with what it waits for, who has that, what it holds and where it was taken; and who waits for each
other in a circle. THREAD is a number of gdb's, a convenience variable that has one, a number of the system's, or a name.
Works in a live process and in a core. The stacks are in: thread apply all bt"""

    def __init__(self):
        super().__init__("info locks", gdb.COMMAND_STATUS)

    def invoke(self, argument, _from_tty):
        """As gdb calls it."""
        _answer(_show_locks, argument.strip())


# ---- info lock ----


def _show_lock(argument):
    if not argument:
        raise Trouble("the address of a lock is missing, or an expression that is one")
    books, names = _open()
    address = address_of(gdb.parse_and_eval(argument))
    listing = Listing(books, names)
    holders, waiters = listing.holders(address), listing.waiters(address)
    use = next((use for _, use in holders if use), None) or next((thread.wanted for thread in waiters), None)
    lock = books.lock_at(address)
    if lock is None and use is not None:
        lock = use
    if lock is None:
        raise Trouble("liblockval knows no lock at 0x%x: it was not taken yet, is gone, or is none" % address)
    _print(_lock(names, lock) + (", instance %d" % lock.uid if lock.uid else ""))
    found = books.class_at(lock.class_id) if lock.class_id else None
    if found is not None:
        standing = {None: "", "candidate": "; it is not known whether it is used as a lock", "event": "; it is no lock"}
        _print("  usage %s, class %d%s" % (names.usage(found), lock.class_id, standing[names.standing(found)]))
    for thread, how in holders:
        if how is None:
            _print("  held by %s, as the lock itself says" % _who(thread))
        else:
            other = ", as (%s)" % names.class_name(how.class_id) if how.class_id != lock.class_id else ""
            _print("  held by " + _who(thread) + other + _mode(how) + _times(how) + _taken(names, how))
    for thread in waiters:
        _print("  waited for by " + _who(thread) + _mode(thread.wanted))
    for thread in listing.threads:
        if thread.wait == TAKES and thread.wanted.address == address:
            _print("  just taken by " + _who(thread) + _mode(thread.wanted))
        if thread.wait == b.COND and thread.book.mutex is not None and thread.book.mutex.address == address:
            _print("  given up by %s, in a wait on a condition variable" % _who(thread))
    if not holders and lock.class_id:
        _print("  nobody is known to hold it")


class InfoLock(gdb.Command):
    """What liblockval knows of one lock: its class, who holds it, who waits for it.

Usage: info lock ADDRESS-OR-EXPRESSION

The expression is a lock (a mutex, a std::mutex, a condition variable that is waited on, ...), a pointer to one, or a number."""

    def __init__(self):
        super().__init__("info lock", gdb.COMMAND_STATUS, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, _from_tty):
        """As gdb calls it."""
        _answer(_show_lock, argument.strip())


# ---- info lock-classes ----


def _show_classes(pattern):
    books, names = _open()
    if pattern and not any(c in pattern for c in "*?["):
        pattern = "*" + pattern + "*"
    shown = 0
    rows = []
    for number, found in books.elements(books.classes, "lv_class"):
        if not books.is_class(found, number):
            continue
        name = names.class_name(number)
        if pattern and not fnmatch.fnmatchcase(name, pattern):
            continue
        key = found.part("key", "lv_class_key")
        instances = found.number("instances")
        rows.append((str(number), b.KINDS[key.number("kind")], names.usage(found), str(instances) if instances < 2 else "many",
                     name, " (%s)" % names.standing(found) if names.standing(found) else
                     " (its key is gone)" if found.number("zapped") else ""))
        shown += 1
    _print("%-6s %-9s %-6s %-5s %s" % ("Num", "Kind", "Usage", "Locks", "Class"))
    for number, kind, usage, instances, name, more in rows:
        _print("%-6s %-9s %-6s %-5s %s%s" % (number, kind, usage, instances, name, more))
    _print("%d of %d classes" % (shown, max(books.classes.number("count") - 1, 0)))


class InfoLockClasses(gdb.Command):
    """The classes of locks that liblockval knows.

Usage: info lock-classes [PATTERN]

PATTERN is a part of the name, or a glob for all of it. Usage is as in the library's reports. A class with a subclass, NAME/1,
has no locks of its own."""

    def __init__(self):
        super().__init__("info lock-classes", gdb.COMMAND_STATUS)

    def invoke(self, argument, _from_tty):
        """As gdb calls it."""
        _answer(_show_classes, argument.strip())


# ---- $lockval_holder() ----


def _holder(lock):
    books, names = _open()
    listing = Listing(books, names)
    address = address_of(lock)
    holders = listing.holders(address)
    if not holders:
        # Where nobody waits for it, the lock's own word is all there is besides the books.
        known = books.lock_at(address)
        owner = listing.owner(known) if known is not None else None
        holders = [(owner, None)] if owner is not None else []
    return next((thread.task.number for thread, _ in holders if thread.task), 0)


class Holder(gdb.Function):
    """The number, of gdb's, of the thread that holds a lock under liblockval; 0: nobody is known to.

$lockval_holder(LOCK), where LOCK is one, a pointer to one, or an address. Of several readers it is the first.
    set $thread = $lockval_holder(&mutex)
    thread apply $thread bt"""

    def __init__(self):
        super().__init__("lockval_holder")

    def invoke(self, *locks):
        """As gdb calls it."""
        if len(locks) != 1:
            raise gdb.GdbError("$lockval_holder() has one argument, a lock or the address of one")
        return _answer(_holder, locks[0])


def register():
    """Make them known to gdb."""
    for command in (InfoLocks, InfoLock, InfoLockClasses, Holder):
        command()
