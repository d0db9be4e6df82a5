# SPDX-License-Identifier: MIT
"""All threads of a process: what gdb says of them and what is on the books, put together; who blocks whom, and the circles of those.

The rules are those of tools/lockval/threads/listing.c and circles.c, which a test compares: a writer waits for all who hold the
lock, a reader for a writer; where only readers hold it, a reader waits for a writer that came before it. A join waits for the joined
thread, a wait on a condition variable also for who holds the mutex that it has to take again.
"""

from .books import (BARRIER, COND, EVENT, JOIN, LOCK, MAP, MUTEX, NOT, READ, RWLOCK, SEM, SPIN, TIMED, TRY, WRITE, Use)
from .memory import tasks

TAKES, SLEEPS = "takes", "sleeps"  # further waits: has just found it free; is known only by what gdb says
MUTEX_SIZE, RWLOCK_SIZE = 40, 56  # of glibc, as are the offsets of words in them
MUTEX_OWNER, RWLOCK_WRITER = 8, 24
CIRCLES_MAX = 256


class Blocker:
    """Somebody who has to do something before a wait ends."""

    def __init__(self, thread, tid, mode=WRITE, queued=False, by_word=False):
        self.thread = thread  # None: one that is not listed
        self.tid, self.mode = tid, mode
        self.queued = queued  # it does not hold the lock, but is a writer that waits for it, which comes first
        self.by_word = by_word  # the lock itself names it, not the books


class Listed:
    """A thread."""

    def __init__(self, task, book, name):
        self.task, self.book, self.name = task, book, name
        self.tid = task.tid if task else book.tid
        self.wait, self.wanted = NOT, None
        self.blockers = []

    @property
    def inner_tid(self):
        """As the process itself sees it."""
        return self.book.tid if self.book else self.task.inner_tid

    @property
    def who(self):
        """NAME/TID"""
        return "%s/%d" % (self.name, self.tid)

    @property
    def asleep(self):
        """Does it sleep for another thread, as far as gdb knows?"""
        return self.task is not None and self.task.asleep

    @property
    def wants_lock(self):
        """Is it a lock that it waits for, and nothing else?"""
        return self.wait in (LOCK, TAKES, SLEEPS)

    @property
    def gives_up(self):
        """Does its wait end by itself? One on a condition variable is over only when its mutex was taken again."""
        return self.wait != COND and bool((self.book and self.book.timed) or
                                          (self.wanted and self.wanted.flags & (TRY | TIMED)))

    @property
    def stuck(self):
        """Who does not sleep may just have got what it waited for; but spinlocks are waited for awake, and a program may wait in any
        way for what it annotates."""
        return self.asleep or self.comes_to_wait or (self.wait == LOCK and self.wanted.kind in (SPIN, MAP))

    @property
    def comes_to_wait(self):
        """Is it in the library, before its wait? What it wants another one has: a lock is off the books before it is released. So stands
        the thread that closes a circle, when the library aborts the process for that."""
        return not self.asleep and self.wait == LOCK and self.book is not None and self.book.inside and not self.task_runs

    @property
    def task_runs(self):
        """Is it not even stopped, so that all of this may be over?"""
        return self.task is not None and self.task.running


class Listing:
    """.threads by gdb's numbers, those that gdb does not show behind them; .circles are lists of them; .whole: nothing of the books was
    left out."""

    def __init__(self, books, names):
        self.books, self.names = books, names
        known, self.whole = books.threads()
        by_tid = {book.tid: book for book in known}
        self.threads = []
        for task in tasks(books.memory):
            book = by_tid.pop(task.inner_tid, None)
            self.threads.append(Listed(task, book, names.thread(book) if book else task.name))
        self.threads += [Listed(None, book, names.thread(book)) for _, book in sorted(by_tid.items())]
        self.holdings = {}  # address -> [(thread, Use)]
        for thread in self.threads:
            for use in thread.book.held if thread.book else ():
                self.holdings.setdefault(use.address, []).append((thread, use))
        self._by_inner = {thread.inner_tid: thread for thread in self.threads}
        for thread in self.threads:
            self._set_wait(thread)
        for thread in self.threads:
            self._find_blockers(thread)
        self.circles = self._find_circles()

    # ---- what each waits for ----

    def _set_wait(self, thread):
        book = thread.book
        if book is not None:
            thread.wait, thread.wanted = book.wait, book.wanted
            if thread.wait == NOT and book.taking is not None:
                thread.wait, thread.wanted = TAKES, book.taking
        if thread.wait == NOT and thread.asleep:
            self._look_at_word(thread)

    def _look_at_word(self, thread):
        """The library says nothing of a wait. Does the thread sleep on a word in a lock that another one holds?"""
        word = thread.task.word
        for address in range(word - word % 4, max(word - RWLOCK_SIZE, 0), -4):
            for holder, use in self.holdings.get(address, ()):
                size = {MUTEX: MUTEX_SIZE, RWLOCK: RWLOCK_SIZE}.get(use.kind, 0)
                if holder is not thread and word - address < size:
                    thread.wait = SLEEPS
                    thread.wanted = Use(address, use.class_id, use.uid, kind=use.kind)
                    return

    # ---- who blocks whom ----

    def _owner_by_word(self, lock):
        """Who holds the lock by its own word. 0: nobody, or it does not say."""
        memory = self.books.memory
        if lock.kind == MUTEX:
            owner = memory.number(lock.address + MUTEX_OWNER, 4) if memory.number(lock.address, 4) else 0
        elif lock.kind == RWLOCK:
            owner = memory.number(lock.address + RWLOCK_WRITER, 4)
        else:
            owner = 0
        return owner or 0

    def _find_lock_blockers(self, thread, lock):
        """@lock is what the thread waits for, or the mutex that it takes again when its wait is over."""
        holdings = self.holdings.get(lock.address, ())
        for holder, use in holdings:
            same = not use.merged and (use.uid == lock.uid or lock.class_id == 0)
            # A lock that it has itself keeps it where it sleeps for it: else it is recursive, or was told that it has it already.
            if same and (holder is not thread or thread.asleep) and WRITE in (use.mode, lock.mode):
                thread.blockers.append(Blocker(holder, holder.tid, use.mode))
        if not thread.blockers and holdings and lock.mode == READ:
            thread.blockers += [Blocker(other, other.tid, queued=True) for other in self.threads
                                if other is not thread and other.wants_lock and other.wanted.address == lock.address
                                and other.wanted.mode == WRITE and not other.gives_up]
        owner = self._owner_by_word(lock) if not holdings and thread.wait == LOCK else 0
        if owner == thread.inner_tid:
            thread.wait = TAKES  # it has it, and is not so far as to say so
        elif owner:
            found = self._by_inner.get(owner)
            thread.blockers.append(Blocker(found, found.tid if found else owner, by_word=True))

    def _find_blockers(self, thread):
        if thread.wants_lock and thread.wanted.address:
            self._find_lock_blockers(thread, thread.wanted)
            if thread.wait == TAKES and thread.blockers and not thread.wanted.flags & TRY:
                thread.wait = LOCK
            elif thread.wait == LOCK and not thread.blockers and not (thread.book and thread.book.since):
                thread.wait = TAKES
        if thread.wait == COND and thread.book.mutex is not None:
            self._find_lock_blockers(thread, thread.book.mutex)
        if thread.wait == JOIN and thread.book.joined_tid:
            found = self._by_inner.get(thread.book.joined_tid)
            if found is not None:
                thread.blockers.append(Blocker(found, found.tid))

    def _find_circles(self):
        """Walk from each thread along its blockers, depth first: whoever is met again on the way closes a circle. A thread is left for
        good when all its blockers were followed, so this ends."""
        circles, sets, seen = [], set(), set()
        for start in self.threads:
            if start in seen:
                continue
            seen.add(start)
            way, rest = [start], [iter(start.blockers)]
            while way:
                at = way[-1]
                blocker = next(rest[-1], None) if at.stuck and not at.gives_up else None
                if blocker is None:
                    way.pop()
                    rest.pop()
                elif blocker.thread in way:
                    circle = way[way.index(blocker.thread):]
                    if frozenset(circle) not in sets and len(circles) < CIRCLES_MAX:
                        sets.add(frozenset(circle))
                        circles.append(circle)
                elif blocker.thread is not None and blocker.thread not in seen:
                    seen.add(blocker.thread)
                    way.append(blocker.thread)
                    rest.append(iter(blocker.thread.blockers))
        return circles

    # ---- one lock ----

    def holders(self, address):
        """Who holds the lock there: (thread, how). By the books, or else by the lock's own word as its waiters see it."""
        found = [(thread, use) for thread, use in self.holdings.get(address, ()) if not use.merged]
        if not found:
            found = [(blocker.thread, None) for thread in self.waiters(address) for blocker in thread.blockers
                     if blocker.by_word and blocker.thread is not None][:1]
        return found

    def owner(self, lock):
        """The thread that the lock's own word names, or None."""
        return self._by_inner.get(self._owner_by_word(lock))

    def waiters(self, address):
        """Who waits for it."""
        return [thread for thread in self.threads if thread.wait in (LOCK, SLEEPS, COND, SEM, BARRIER, EVENT)
                and thread.wanted.address == address and address]
