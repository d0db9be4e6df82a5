# SPDX-License-Identifier: MIT
"""Contexts and usage: what ought to be found of locks that contexts and what they interrupt take.

A state is a context that can interrupt: a declared one (0 hard, 1 soft) or the handler of a signal ("S10"). A class is marked
    INSIDE  when it is taken in the context by a call that waits without limit; weakly by a recursive reader
    OPEN    when it is held while the context could interrupt; weakly by a reader
A context makes a dependency from what it may find held to what it takes. It closes a cycle
    with one class that has both marks, not both weak;
    with a strong path of dependencies without a limit, from a class taken inside to one held open. A class that has both is
    a finding of its own and begins no path.
"""

import paths

STRONG_INSIDE, WEAK_INSIDE, STRONG_OPEN, WEAK_OPEN = 1, 2, 4, 8
INSIDE, OPEN = 3, 12

HARD, SOFT = "0", "1"
SYNCHRONOUS = {"S11"}


def contradicts(marks):
    return bool(marks & STRONG_INSIDE and marks & OPEN or marks & INSIDE and marks & STRONG_OPEN)


class Circumstances:
    """What a thread is in, and what could interrupt it."""

    def __init__(self):
        self.nest = []  # (state, begins a chain, mask before)
        self.disabled = []
        self.blocked = frozenset()
        self.known = frozenset((HARD, SOFT))  # open, when what was held was last looked at

    def inside(self):
        return [state for state, _, _ in self.nest]

    def level(self):
        return sum(own for _, own, _ in self.nest)

    def open(self, handled):
        shut = set(self.inside()) | set(self.disabled)
        states = {signal for signal in handled if signal not in self.blocked and signal not in SYNCHRONOUS}
        if HARD not in {state for state in shut if state in (HARD, SOFT)}:
            states |= {HARD, SOFT} - shut
        return frozenset(states)

    def enter(self, state):
        self.nest.append((state, state not in SYNCHRONOUS, self.blocked))

    def leave(self, state):
        """Back to what it was; the mask, too, when it is a handler that returns."""
        if self.nest and self.nest[-1][0] == state:
            blocked = self.nest.pop()[2]
            if state.startswith("S"):
                self.blocked = blocked


class Marks:
    """Of classes, by state."""

    def __init__(self, classes):
        self.classes = classes  # the graph
        self.of = {}  # node -> {state: marks}

    def get(self, node, state):
        return self.of.get(node, {}).get(state, 0)

    def add(self, node, state, mark):
        """Returns whether it says something new: a weak one does not where there is a strong one."""
        known = self.get(node, state)
        if known & mark or (mark in (WEAK_INSIDE, WEAK_OPEN) and known & mark >> 1):
            return False
        self.of.setdefault(node, {})[state] = known | mark
        return True

    def is_safe(self, node, state, weak):
        marks = self.get(node, state)
        return bool(marks & (STRONG_INSIDE if weak else INSIDE)) and not contradicts(marks)

    def is_unsafe(self, node, state, weak):
        return bool(self.get(node, state) & (STRONG_OPEN if weak else OPEN))

    def nearest_unsafe(self, node, weak, state):
        return self._nearest(self.classes.forwards(node, weak, paths.UNTIMED),
                             lambda there, at, _: self.is_unsafe(there, state, at))

    def nearest_safe(self, node, weak, state, or_itself=False):
        def fits(there, at, distance):
            if or_itself and distance == 0:
                return bool(self.get(there, state) & (STRONG_INSIDE if at else INSIDE))
            return self.is_safe(there, state, at)
        return self._nearest(self.classes.backwards(node, weak, paths.UNTIMED), fits)

    @staticmethod
    def _nearest(levels, fits):
        """(distance, nodes) of the nearest that fit, or None."""
        for distance, level in enumerate(levels):
            found = {node for node, weak in level if fits(node, weak, distance)}
            if found:
                return distance, found
        return None

    def judge_mark(self, node, state, mark):
        """The findings that the new mark may make: as (length, safe class, unsafe class)."""
        if mark & INSIDE:
            near = self.nearest_unsafe(node, mark == WEAK_INSIDE, state)
            return {(near[0], node, other) for other in near[1]} if near else set()
        near = self.nearest_safe(node, mark == WEAK_OPEN, state, True)
        return {(near[0], other, node) for other in near[1]} if near else set()

    def judge_edge(self, start, end, dependency):
        """The same for a new dependency, by state."""
        states = {state for marks in self.of.values() for state in marks}
        found = {}
        for state in states if not dependency & paths.TIMED else ():
            before = self.nearest_safe(start, bool(dependency & paths.SHARED), state)
            behind = before and self.nearest_unsafe(end, bool(dependency & paths.RECURSIVE), state)
            if behind:
                found[state] = {(before[0] + 1 + behind[0], safe, unsafe) for safe in before[1] for unsafe in behind[1]}
        return found
