# SPDX-License-Identifier: MIT
"""How far a cycle is from a hang, by brute force over all acquisitions of the program.

A *choice* of acquisitions goes round the cycle: each holds what its stretch of the cycle begins with and wants what the next
one's begins with. It shows that the cycle can hang if they are two at least, by as many threads; if what each wants is held by
the next as the same lock, in a mode that excludes it; if no two hold one lock in modes that exclude each other; if none comes
before another by the making and joining of threads; and if none gives up after a time.

The library sees less: a thread's later walks of a chain that it knows are not looked at until its next create or join. So
    what it calls feasible must have such a choice among all acquisitions;
    what it calls guarded must not have a choice that nothing keeps from meeting, also with other threads and other locks;
    where such a choice is among those that it looked at, it must say feasible.
"""

import itertools

# That the library keeps of an edge between classes, and between locks of one; beyond, it may miss a choice.
MOST_WITNESSES, MOST_WITNESSES_OF_PAIRS = 16, 4


class Acquisition:
    def __init__(self, thread, held, lock, direct, visible, nested):
        self.thread, self.clock = thread, dict(thread.clock)
        self.held = [(entry.lock, "unchecked" in entry.flags) for entry in held]
        self.lock = lock
        self.direct = direct  # the held locks from which it made edges
        held = [entry for entry in held if entry.level == thread.level and "unchecked" not in entry.flags]
        self.at_level = [entry.lock for entry in held]
        self.visible = visible
        self.nested = nested  # under a nest lock: what is held of the class says nothing of the order of its locks

    def before(self, other):
        return self.thread != other.thread and other.clock.get(self.thread, -1) >= self.clock[self.thread]


def share_gate(one, other):
    return any(lock.name == gate.name and "w" in (lock.mode, gate.mode)
               for lock, _ in one.held for gate, _ in other.held)


def can_meet(one, other):
    return not (one.before(other) or other.before(one) or share_gate(one, other))


def waits_for(wanted, held):
    """Not even behind a writer does a recursive reader wait for a reader."""
    return wanted.mode != "R" or held.mode == "w"


def excludes(wanted, held):
    return wanted.name == held.name and "w" in (wanted.mode, held.mode)


class Cycle:
    """The nodes of a cycle: classes, or the locks of one class."""

    def __init__(self, nodes, one_class):
        self.nodes, self.one_class = nodes, one_class
        self.key = (lambda lock: lock.name) if one_class else (lambda lock: lock.node)

    def stretches(self):
        """Every way to cut it into two stretches or more, each (position, position)."""
        count = len(self.nodes)
        for size in range(2, count + 1):
            for cuts in itertools.combinations(range(count), size):
                yield [(cuts[i], cuts[(i + 1) % size]) for i in range(size)]

    def candidates(self, stretch, acquisitions, exact):
        """(acquisition, the held lock) that may stand for the stretch: it holds what the last edge leaves, too. With @exact
        those only that made this edge: a younger lock may have linked it."""
        begin, end = self.nodes[stretch[0]], self.nodes[stretch[1]]
        last = self.nodes[stretch[1] - 1]
        for one in acquisitions:
            made = one.direct if exact else one.at_level
            if self.one_class and one.nested:
                continue
            if self.one_class:
                made = [lock for lock in made if lock.node == one.lock.node]  # another level makes an edge between classes
            if self.key(one.lock) != end or last not in map(self.key, made):
                continue
            for lock, unchecked in one.held:
                if self.key(lock) == begin and not unchecked:
                    yield one, lock

    def has_choice(self, acquisitions, meets, compatible, exact=False, only=None):
        """Is there a choice in which each wanted and held lock satisfy @meets and every two acquisitions @compatible? @only
        is the one acquisition that may stand for the first edge alone."""
        for stretches in self.stretches():
            candidates = [list(self.candidates(stretch, acquisitions, exact)) for stretch in stretches]
            if only:
                candidates = [[each for each in found if stretch != (0, 1 % len(self.nodes)) or each[0] is only]
                              for stretch, found in zip(stretches, candidates)]
            if all(candidates) and self._choose(candidates, [], meets, compatible):
                return True
        return False

    def _choose(self, candidates, chosen, meets, compatible):
        if len(chosen) == len(candidates):
            return meets(chosen[-1][0].lock, chosen[0][1])
        for one, held in candidates[len(chosen)]:
            if chosen and not meets(chosen[-1][0].lock, held):
                continue
            if all(compatible(one, other) for other, _ in chosen) and \
                    self._choose(candidates, chosen + [(one, held)], meets, compatible):
                return True
        return False

    def is_crowded(self, acquisitions):
        """Has an edge more witnesses than are kept?"""
        pairs = zip(self.nodes, self.nodes[1:] + self.nodes[:1])
        most = MOST_WITNESSES_OF_PAIRS if self.one_class else MOST_WITNESSES
        return any(sum(self.key(one.lock) == end and start in map(self.key, one.direct) for one in acquisitions) > most
                   for start, end in pairs)


def allowed(cycle, acquisitions, only=None):
    """The verdicts that the library may give."""
    untimed = [one for one in acquisitions if not one.lock.timed]

    def threads_meet(one, other):
        return one.thread != other.thread and can_meet(one, other)

    def gates_meet(one, other):
        return one is not other and can_meet(one, other)

    visible = [one for one in untimed if one.visible]
    if cycle.has_choice(visible, excludes, threads_meet, True, only) and not cycle.is_crowded(acquisitions):
        return {"feasible"}
    if cycle.has_choice(untimed, excludes, threads_meet, False, only):
        return {"feasible", "potential"}
    if cycle.has_choice(untimed, waits_for, gates_meet, False, only):
        return {"potential"}
    return {"potential", "guarded"}
