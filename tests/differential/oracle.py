# SPDX-License-Identifier: MIT
"""What a program ought to make the library find, from the rules; plain, and sharing nothing with the library.

A program is a list of lines, as play.c reads them. Oracle.step() takes one and returns the findings that may be made by it,
each an Expected: what makes it this finding, and what is left open (which of several shortest cycles is shown).
"""

import collections

import paths
import usage
import verdict

Lock = collections.namedtuple("Lock", "name node mode timed")

TRY, TIMED, UNCHECKED = "try", "timed", "unchecked"


class Held:
    """One entry of a thread's held stack. Locks of one class that were taken one after the other under a nest lock are one
    entry, merged, which is named by the first, as long as that is held; which the others are is not known."""

    def __init__(self, lock, flags, nested, level):
        self.lock, self.flags, self.nested, self.level = lock, flags, nested, level
        self.again = 0
        self.merged = False

    def takes_in(self, lock, flags, level):
        return (self.lock.node, self.lock.mode, self.flags, self.level) == (lock.node, lock.mode, flags, level)

    def release(self, name):
        """One of several."""
        self.again -= 1
        if self.merged and self.lock.name == name:
            self.lock = self.lock._replace(name=base_of(name) + "?")
        elif self.merged and not self.again and not self.lock.name.endswith("?"):
            self.merged = False

    def links(self):
        """Does it link older locks to what is taken after it? Not if nothing waits for it without limit, if its order is not
        judged, or if a path may not go on behind it (a recursive reader)."""
        return not self.flags & {TRY, TIMED, UNCHECKED} and self.lock.mode != "R"


class Thread:
    def __init__(self):
        self.held = []
        self.now = usage.Circumstances()
        self.history = []  # (generation, level, lock) of acquisitions
        self.clock = {self: 0}  # by thread: up to which of its segments all comes before what is done now
        self.walked = set()  # chains, in this segment

    @property
    def level(self):
        return self.now.level()

    def find(self, name):
        for held in reversed(self.held):
            if held.lock.name == name:
                return held
        return None

    def find_merged(self, base=None):
        return next((held for held in reversed(self.held) if held.merged and base in (None, held.lock.node[0])), None)


class Expected:
    """A finding that ought to be made. @key says which edge makes it; @cycles are those that may be shown, as the number of
    edges and what makes a finding the same as one made before; @optional: it may be left out. The verdict of a cycle
    without timed acquisitions depends on which is shown: None, see Oracle.verdicts()."""

    def __init__(self, key, word, cycles, optional=False):
        self.key, self.verdict, self.cycles, self.optional = key, word, cycles, optional

    def __repr__(self):
        return f"{self.key} {self.verdict} {sorted(self.cycles, key=repr)}"


def base_of(name):
    return name.rstrip("0123456789?")


def dependency(held_mode, lock):
    return ((paths.SHARED if held_mode != "w" else 0) | (paths.RECURSIVE if lock.mode == "R" else 0) |
            (paths.TIMED if lock.timed else 0))


def cycle_identity(kind, nodes, timed):
    """The classes of a cycle in their order, wherever it begins."""
    pairs = collections.Counter(zip(nodes, nodes[1:] + nodes[:1]))
    return kind, frozenset(pairs.items()), timed


class Oracle:
    def __init__(self, strict=False):
        self.strict = strict
        self.explicit = set()
        self.events = {}  # name -> [generation of the oldest wait, waiters]
        self.generation = 0
        self.threads = collections.defaultdict(Thread)
        self.classes = paths.Graph()
        self.instances = paths.Graph()
        self.all_classes = paths.Graph()  # with an edge from every held lock
        self.all_instances = paths.Graph()
        self.marks = usage.Marks(self.classes)
        self.handled = set()  # signals that have a handler
        self.acquisitions = []  # that made edges
        self.seen_edges = set()  # (held lock, wanted lock) as they may be shown
        self.nested_before = set()

    # ---- the steps ----

    def step(self, words):
        thread = self.threads[words[0]]
        return getattr(self, "step_" + words[1])(thread, *words[2:]) or []

    def lock_of(self, name, mode, options):
        sub = next((int(word[4:]) for word in options if word.startswith("sub=")), 0)
        return Lock(name, (base_of(name), sub), mode, TIMED in options)

    def step_lock(self, thread, name, mode, *options):
        return self.take(thread, name, mode, options, True)

    def step_want(self, thread, name, mode, *options):
        return self.take(thread, name, mode, options, False)

    def take(self, thread, name, mode, options, got):
        lock = self.lock_of(name, mode, options)
        flags = {word for word in options if word in (TRY, TIMED, UNCHECKED)}
        nest = next((word[5:] for word in options if word.startswith("nest=")), None)
        again = thread.find(name)
        if again:
            again.again += got
            return [] if "again" in options else self.same_lock(again, lock, flags)
        nested, found = False, []
        if nest is not None:
            nested = bool(thread.find(nest) or thread.find_merged())
            if not nested:
                site = next((word for word in options if word.startswith("site=")), name)
                found.append(Expected(("assert", name), "misuse", {(0, ("assert", lock.node, site))}))
        found += self.look_round(thread) + self.mark_taken(thread, lock, flags)
        if not flags & {TRY, UNCHECKED}:
            site = next((word for word in options if word.startswith("site=")), name)
            found += self.depend(thread, lock, nested, site)
        if got:
            last = thread.held[-1] if thread.held else None
            if nested and last and self.has_class_rule(lock.node) and last.takes_in(lock, flags, thread.level):
                last.again += 1
                last.merged = True
            else:
                thread.held.append(Held(lock, flags, nested, thread.level))
            if not flags & {TRY, UNCHECKED} and mode != "R":
                thread.history.append((self.generation, thread.level, lock))
        return found

    def step_unlock(self, thread, name):
        held = thread.find(name) or thread.find_merged(base_of(name))
        if not held:
            return [Expected(("unlock", name), "misuse", {(0, ("unlock", name))})]
        if held.again:
            held.release(name)
        else:
            thread.held.remove(held)
        return []

    def step_downgrade(self, thread, name):
        held = thread.find(name)
        if held and held.lock.mode == "w":
            held.lock = held.lock._replace(mode="r")

    def step_wait(self, thread, name):
        self.generation += 1
        event = self.events.setdefault(name, [0, 0])
        lock = Lock(name, (base_of(name), 0), "w", False)
        found = self.look_round(thread) + self.mark_taken(thread, lock, {"event"}) + self.depend(thread, lock, False, name)
        if not event[1]:
            event[0] = self.generation
        event[1] += 1
        return found

    def step_woken(self, _thread, name):
        event = self.events.get(name)
        if event and event[1]:
            event[1] -= 1

    def step_complete(self, thread, name):
        event = self.events.get(name, (0, 0))
        node = (base_of(name), 0)
        found = []
        for generation, level, lock in thread.history if event[1] else ():
            if generation >= event[0] and level == thread.level and lock.node != node:
                self.all_classes.add(node, lock.node, dependency("w", lock))
                self.order(self.classes, Lock(name, node, "w", False), lock, found, self.class_cycles)
        return found

    def step_create(self, thread, number):
        child = self.threads[number]
        child.clock.update(thread.clock)
        self.next_segment(thread)

    def step_join(self, thread, number):
        for other, segment in self.threads[number].clock.items():
            thread.clock[other] = max(thread.clock.get(other, -1), segment)
        self.next_segment(thread)

    @staticmethod
    def next_segment(thread):
        thread.clock[thread] += 1
        thread.walked.clear()

    def step_cut(self, thread):
        thread.history.clear()

    def step_enter(self, thread, state):
        found = self.look_round(thread)
        thread.now.enter(state)
        self.shut_some(thread)
        return found

    def step_exit(self, thread, state):
        found = self.look_round(thread)
        thread.now.leave(state)
        return found

    def step_signal(self, thread, number):
        return self.step_enter(thread, "S" + number)

    def step_return(self, thread, number):
        return self.step_exit(thread, "S" + number) + self.look_round(thread)

    def step_disable(self, thread, state):
        found = self.look_round(thread)
        thread.now.disabled.append(state)
        self.shut_some(thread)
        return found

    def step_enable(self, thread, state):
        if state in thread.now.disabled:
            thread.now.disabled.remove(state)
        return self.look_round(thread)

    def step_mask(self, thread, signals):
        found = self.look_round(thread)
        thread.now.blocked = frozenset("S" + number for number in signals.split(",") if number != "-")
        self.shut_some(thread)
        return found + self.look_round(thread)

    def step_handle(self, thread, number):
        if "S" + number in self.handled:
            return []
        self.handled.add("S" + number)
        return self.look_round(thread)

    def step_unhandle(self, thread, number):
        if "S" + number not in self.handled:
            return []
        self.handled.remove("S" + number)
        for other in self.threads.values():
            other.now.known &= other.now.open(self.handled)
        return self.look_round(thread)

    def verdicts(self, kind, nodes, one_class):
        """Those that are right for a cycle without timed acquisitions, made by the last acquisition."""
        if kind == "event" or self.strict:
            return {"potential"}
        cycle = verdict.Cycle(nodes, one_class)
        return verdict.allowed(cycle, self.acquisitions, self.acquisitions[-1])

    def direct_edges_suffice(self):
        """Do the edges that were made lead everywhere that an edge from every held lock would? (Of a rule, not of the
        library.)"""
        return self.classes.reaches_as(self.all_classes) and self.instances.reaches_as(self.all_instances)

    # ---- contexts ----

    def shut_some(self, thread):
        thread.now.known &= thread.now.open(self.handled)

    def look_round(self, thread):
        """What is held is held with all open that can interrupt now, and could not when it was looked at last."""
        is_open = thread.now.open(self.handled)
        opened, thread.now.known = is_open - thread.now.known, is_open
        found = []
        for held in thread.held if opened else ():
            if UNCHECKED not in held.flags:
                mark = usage.STRONG_OPEN if held.lock.mode == "w" else usage.WEAK_OPEN
                found += self.mark(held.lock, opened, mark)
        return found

    def mark_taken(self, thread, lock, flags):
        """@lock is taken now: inside of what is entered, if it waits without limit; and held while what is open can
        interrupt. An event is only waited for."""
        found = []
        if not flags & {TRY, TIMED, UNCHECKED}:
            mark = usage.WEAK_INSIDE if lock.mode == "R" else usage.STRONG_INSIDE
            found += self.mark(lock, thread.now.inside(), mark)
        if not flags & {UNCHECKED, "event"}:
            mark = usage.STRONG_OPEN if lock.mode == "w" else usage.WEAK_OPEN
            found += self.mark(lock, thread.now.known, mark)
        return found

    def mark(self, lock, states, mark):
        found = []
        for state in [state for state in sorted(set(states)) if self.marks.add(lock.node, state, mark)]:
            near = self.marks.judge_mark(lock.node, state, mark)
            if near:
                side = "inside" if mark & usage.INSIDE else "open"
                found.append(self.expect_use(("use", side, lock.node, state), state, near))
        return found

    @staticmethod
    def expect_use(key, state, near):
        return Expected(key, "potential", {(length, ("signal", safe, unsafe, state)) for length, safe, unsafe in near})

    # ---- the rules ----

    def same_lock(self, held, lock, flags):
        """A thread takes a lock that it holds. A reader passes its own reading if it is recursive; another is stuck as soon
        as a writer comes between; all else is stuck at once."""
        both_read = held.lock.mode != "w" and lock.mode != "w"
        if flags & {TRY, UNCHECKED} or (both_read and lock.mode == "R"):
            return []
        word = "guarded" if lock.timed else "potential" if both_read else "deadlock"
        self.seen_edges.add((held.lock, lock))
        return [Expected(("recursive", held.lock.name, lock.name), word, {(1, ("same", held.lock.node, word))})]

    def has_class_rule(self, node):
        return self.strict or node[0] in self.explicit

    def note(self, thread, lock, direct, site, nested):
        """The acquisition is evidence. The library looks at it if the thread did not walk its chain from there before."""
        chain = (tuple((held.lock.node, held.lock.mode, frozenset(held.flags)) for held in thread.held
                       if held.level == thread.level), lock.node, lock.mode, lock.timed, site, thread.level)
        visible = chain not in thread.walked
        thread.walked.add(chain)
        self.seen_edges.update((held.lock, lock) for held in thread.held)
        if thread.held:
            self.acquisitions.append(verdict.Acquisition(thread, thread.held, lock, direct, visible, nested))

    def depend(self, thread, lock, nested, site):
        """Edges from what is held, in the same context, to @lock; from the youngest on, but for those that a younger lock
        links to it: by an edge to that lock's class and one from it. Within one class it is the order of instances that
        links."""
        found, direct = [], []
        linking, own = set(), False
        self.note(thread, lock, direct, site, nested)
        for held in reversed(thread.held):
            if held.level != thread.level or UNCHECKED in held.flags:
                continue
            within = held.lock.node == lock.node
            if not within:
                self.all_classes.add(held.lock.node, lock.node, dependency(held.lock.mode, lock))
            elif not nested and not self.has_class_rule(lock.node):
                self.all_instances.add(held.lock.name, lock.name, dependency(held.lock.mode, lock))
            if within:
                if not nested and not own:
                    direct.append(held.lock)
                    self.same_class(held.lock, lock, found)
            elif not linking - {held.lock.node}:
                direct.append(held.lock)
                self.order(self.classes, held.lock, lock, found, self.class_cycles)
            if held.links() and within:
                own = own or not held.nested
            elif held.links():
                linking.add(held.lock.node)
        return found

    def same_class(self, held, lock, found):
        if not self.has_class_rule(lock.node):
            self.order(self.instances, held, lock, found, self.instance_cycles)
            return
        if held.mode != "w" and lock.mode == "R":
            return
        word = "guarded" if lock.timed else "potential"
        identity = ("nested", lock.node, word)
        self.seen_edges.add((held, lock))
        # A chain that is known is not judged again, so that a second time may be silent.
        found.append(Expected(("recursive", held.name, lock.name), word, {(1, identity)},
                              identity in self.nested_before))
        self.nested_before.add(identity)

    def order(self, graph, held, lock, found, cycles_of):
        """@held is held and @lock wanted. If that is new, does it close a strong path? If not without timed acquisitions,
        then with them."""
        start, end = (held.node, lock.node) if graph is self.classes else (held.name, lock.name)
        new = dependency(held.mode, lock)
        self.seen_edges.add((held, lock))
        if not graph.add(start, end, new):
            return
        ways = [] if new & paths.TIMED else graph.shortest(start, end, new, paths.UNTIMED)
        timed = not ways
        ways = ways or graph.shortest(start, end, new)
        if ways:
            key = ("order", start, end, new)
            found.append(Expected(key, "guarded" if timed else None, cycles_of(ways, held.node, timed)))
        if graph is self.classes:
            for state, near in self.marks.judge_edge(start, end, new).items():
                found.append(self.expect_use(("use", "edge", start, end, new, state), state, near))

    def class_cycles(self, ways, _node, timed):
        cycles = set()
        for nodes in ways:
            event = any(base_of(name) == node[0] for name in self.events for node in nodes)
            cycles.add((len(nodes), cycle_identity("event" if event else "circular", nodes, timed)))
        return cycles

    @staticmethod
    def instance_cycles(ways, node, timed):
        return {(len(nodes), ("instances", node, timed)) for nodes in ways}
