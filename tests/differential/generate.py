# SPDX-License-Identifier: MIT
"""Random programs that could run: a lock is only taken if no other thread has it in a way that excludes, a thread that
waits for an event does nothing else, and what a context took is released before it is left.

The number of a program is its seed. Which features it has is drawn first, so that each is met alone, too.
"""

import random

CLASSES = "ABCDEFGH"
THREADS = 4


class Lock:
    def __init__(self, name, mode, level):
        self.name, self.mode, self.level, self.again = name, mode, level, 0


class Generator:
    def __init__(self, seed):
        self.random = rng = random.Random(seed)
        self.lines = [f"program {seed} " + rng.choice(["identity=auto", "identity=table"])]
        if rng.random() < 0.1:
            self.lines[0] += ":strict=1"
        self.classes = CLASSES[: rng.randint(1, 6)]
        self.instances = rng.choice([1, 1, 2, 3])
        self.threads = [str(i) for i in range(1, rng.randint(1, THREADS) + 1)]
        self.lives = rng.choice([0, 0, 0.1])  # threads that are made and joined
        if self.lives:
            del self.threads[2:]
        self.made = []
        self.next_thread = 10
        self.readers = rng.choice([0, 0, 0.3, 0.6, 0.9])
        self.tries = rng.choice([0, 0, 0.1, 0.3])
        self.timed = rng.choice([0, 0, 0.1, 0.3])
        self.unchecked = rng.choice([0, 0, 0, 0.1])
        self.subclasses = rng.choice([0, 0, 0, 0.4])
        self.nests = rng.choice([0, 0, 0, 0.4])
        self.wants = rng.choice([0, 0, 0.1])
        self.contexts = rng.choice([0, 0, 0.15])
        self.signals = rng.choice([0, 0, 0.2])
        self.events = rng.choice([0, 0, 0.2])
        self.odd = rng.choice([0, 0, 0.05])  # releases of what is not held, locks taken by their holder
        self.lines += [f"class {name}" for name in self.classes + "XY" if rng.random() < 0.3]
        if rng.random() < 0.5:
            self.lines.append("forget")
        self.held = {thread: [] for thread in self.threads}
        self.entered = {thread: [] for thread in self.threads}
        self.disabled = {thread: [] for thread in self.threads}
        self.waiting = {}  # thread -> event
        self.handled = []
        self.masks = {thread: set() for thread in self.threads}

    def life(self, thread):
        """Makes a thread, or joins one that is done."""
        if len(self.threads) < THREADS and self.next_thread < 20 and self.chance(0.5):
            child = str(self.next_thread)
            self.next_thread += 1
            self.say(thread, "create", child)
            self.threads.append(child)
            self.held[child], self.entered[child], self.disabled[child] = [], [], []
            self.masks[child] = set()
            self.made.append(child)
            return
        done = [child for child in self.made if child != thread and child in self.threads and
                not self.held[child] and not self.entered[child] and child not in self.waiting]
        if done:
            child = self.random.choice(done)
            self.say(thread, "join", child)
            self.threads.remove(child)

    def say(self, thread, *words):
        self.lines.append(" ".join((thread,) + words))

    def chance(self, probability):
        return probability and self.random.random() < probability

    def is_free(self, name, mode, thread):
        """Could the thread get it now?"""
        for other, locks in self.held.items():
            for lock in locks:
                if lock.name == name and other != thread and (mode == "w" or lock.mode == "w"):
                    return False
        return True

    def mine(self, thread, name):
        return next((lock for lock in self.held[thread] if lock.name == name), None)

    def pick(self, thread):
        rng = self.random
        name = rng.choice(self.classes) + str(rng.randrange(self.instances))
        mode = rng.choice("rR") if self.chance(self.readers) else "w"
        options = []
        if self.chance(self.tries):
            options.append("try")
        elif self.chance(self.timed):
            options.append("timed")
        if self.chance(self.unchecked):
            options.append("unchecked")
        if self.chance(self.subclasses):
            options.append(f"sub={rng.randint(1, 2)}")
        if self.chance(self.nests):
            held = [lock.name for lock in self.held[thread]]
            options.append("nest=" + (rng.choice(held) if held and self.chance(0.8) else rng.choice(self.classes) + "0"))
        if self.chance(0.3):
            options.append(f"site={rng.randrange(3)}")
        return name, mode, options

    def take(self, thread):
        name, mode, options = self.pick(thread)
        level = len(self.entered[thread])
        mine = self.mine(thread, name)
        if self.chance(self.wants) and not mine:
            self.say(thread, "want", name, mode, *options, *(() if {"timed", "try"} & set(options) else ["timed"]))
            return
        if mine:
            if mode != "R" or mine.mode == "w":
                if self.chance(0.3):
                    options, mode = ["again"], "w"
                elif not self.chance(self.odd * 3):
                    return
            self.say(thread, "lock", name, mode, *options)
            mine.again += 1
            return
        if self.is_free(name, mode, thread):
            self.say(thread, "lock", name, mode, *options)
            self.held[thread].append(Lock(name, mode, level))

    def release(self, thread):
        locks = self.held[thread]
        if not locks:
            return
        lock = locks[-1]
        if self.chance(0.3):
            lock = self.random.choice(locks)
        if self.entered[thread] and lock.level != len(self.entered[thread]):
            return
        if lock.mode == "w" and self.chance(0.05):
            self.say(thread, "downgrade", lock.name)
            lock.mode = "r"
            return
        self.say(thread, "unlock", lock.name)
        if lock.again:
            lock.again -= 1
        else:
            locks.remove(lock)

    def context(self, thread):
        entered, disabled = self.entered[thread], self.disabled[thread]
        number = self.random.randrange(2)
        what = self.random.randrange(3)
        if entered and self.chance(0.5):
            self.leave(thread)
        elif what == 0 and len(entered) < 3 and not disabled and not {0, number} & {state for state, _ in entered}:
            self.say(thread, "enter", str(number))
            entered.append((number, None))
        elif what == 1 and len(disabled) < 3:
            self.say(thread, "disable", str(number))
            disabled.append(number)
        elif what == 2 and disabled:
            self.say(thread, "enable", str(disabled.pop()))

    def leave(self, thread):
        entered = self.entered[thread]
        for lock in list(reversed(self.held[thread])):
            if lock.level == len(entered):
                for _ in range(lock.again + 1):
                    self.say(thread, "unlock", lock.name)
                self.held[thread].remove(lock)
        state, mask = entered.pop()
        if mask is None:
            self.say(thread, "exit", str(state))
        else:
            self.say(thread, "return", state)
            self.masks[thread] = mask

    def signal(self, thread):
        """A handler is installed or removed, a mask changes, a signal comes, or its handler returns."""
        entered, mask = self.entered[thread], self.masks[thread]
        number = self.random.choice(["10", "10", "12", "11"])
        what = self.random.randrange(6)
        if entered and self.chance(0.5):
            self.leave(thread)
        elif what == 0 and number in self.handled and not entered:
            self.say(thread, "unhandle", number)
            self.handled.remove(number)
        elif what <= 1 and number not in self.handled:
            self.say(thread, "handle", number)
            self.handled.append(number)
        elif what <= 3 and number != "11":
            self.masks[thread] = mask ^ {number}
            self.say_mask(thread)
        elif number in self.handled and number not in mask and len(entered) < 3:
            self.say(thread, "signal", number)
            entered.append((number, set(mask)))
            if number != "11" or self.chance(0.5):
                self.masks[thread] = mask | {number} | ({"12"} if self.chance(0.3) else set())
                self.say_mask(thread)

    def say_mask(self, thread):
        self.say(thread, "mask", ",".join(sorted(self.masks[thread])) or "-")

    def event(self, thread):
        name = self.random.choice("XY") + "0"
        what = self.random.randrange(8)
        if what < 3 and len(self.threads) - len(self.waiting) > 1 and not self.entered[thread]:
            self.say(thread, "wait", name)
            self.waiting[thread] = name
        elif what == 3:
            self.say(thread, "cut")
        else:
            self.say(thread, "complete", name)
            for waiter in [waiter for waiter, event in self.waiting.items() if event == name]:
                if self.chance(0.8):
                    self.say(waiter, "woken", name)
                    del self.waiting[waiter]

    def odd_step(self, thread):
        name = self.random.choice(self.classes) + "0"
        if not self.mine(thread, name):
            self.say(thread, "unlock", name)

    def step(self):
        thread = self.random.choice([thread for thread in self.threads if thread not in self.waiting])
        if self.chance(self.lives):
            self.life(thread)
        elif self.chance(self.contexts):
            self.context(thread)
        elif self.chance(self.signals):
            self.signal(thread)
        elif self.chance(self.events):
            self.event(thread)
        elif self.chance(self.odd):
            self.odd_step(thread)
        elif len(self.held[thread]) < 5 and self.chance(0.55):
            self.take(thread)
        else:
            self.release(thread)

    def program(self):
        for _ in range(self.random.choice([15, 40, 100])):
            self.step()
        return self.lines + ["end"]


class Books:
    """Who holds what, step by step; for programs that were made shorter."""

    def __init__(self):
        self.held = {}  # (thread, lock) -> [modes]
        self.levels = {}  # thread -> [context, number of locks taken], for each that is entered
        self.waiting = {}  # thread -> event
        self.lives = {}  # of threads that are made: "lives", "joined"

    def step(self, thread, what, *rest):
        """Could the step happen now?"""
        if what in ("create", "join"):
            return self.life(what, rest[0])
        if int(thread) >= 10 and self.lives.get(thread) != "lives":
            return False
        if (self.waiting.get(thread) is None) == (what == "woken"):
            return False
        if what in ("wait", "woken"):
            if what == "woken" and self.waiting[thread] != rest[0]:
                return False
            self.waiting[thread] = rest[0] if what == "wait" else None
        elif what == "lock":
            return self.lock(thread, *rest)
        elif what == "unlock":
            self.unlock(thread, rest[0])
        elif what == "downgrade" and (thread, rest[0]) in self.held:
            self.held[thread, rest[0]][0] = "r"
        elif what in ("enter", "signal"):
            self.levels.setdefault(thread, []).append([rest[0], 0])
        elif what in ("exit", "return"):
            return bool(self.levels.get(thread)) and self.levels[thread].pop() == [rest[0], 0]
        return True

    def life(self, what, child):
        if what == "create":
            possible = child not in self.lives
            self.lives[child] = "lives"
            return possible
        possible = self.lives.get(child) == "lives" and not self.levels.get(child) and not self.waiting.get(child) and \
            all(thread != child for thread, _ in self.held)
        self.lives[child] = "joined"
        return possible

    def lock(self, thread, name, mode, *_options):
        for (other, held), modes in self.held.items():
            if held == name and other != thread and (mode == "w" or modes[0] == "w"):
                return False
        self.held.setdefault((thread, name), []).append(mode)
        if self.levels.get(thread):
            self.levels[thread][-1][1] += 1
        return True

    def unlock(self, thread, name):
        modes = self.held.get((thread, name))
        if modes:
            modes.pop()
            if not modes:
                del self.held[thread, name]
            if self.levels.get(thread):
                self.levels[thread][-1][1] -= 1


def is_possible(lines):
    """Could the program run as it stands?"""
    books = Books()
    return all(books.step(*line.split()) for line in lines if line[0].isdigit())


def program(seed):
    return Generator(seed).program()
