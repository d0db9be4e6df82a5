# SPDX-License-Identifier: MIT
"""Which paths in a graph of dependencies can deadlock, worked out from the definition.

A dependency is one way in which "b was waited for while a was held" happened:

    shared     a was held by a reader
    recursive  b was taken by a recursive reader, who passes a waiting writer
    timed      the wait for b ends by itself

A recursive reader does not wait for another reader. So a path is strong if nowhere a dependency that is recursive is
followed by one that is shared; a closed path, also around its seam. Only strong ones can deadlock.
"""

SHARED, RECURSIVE, TIMED = 1, 2, 4

ALL = range(8)
UNTIMED = range(4)


def follows(before, after):
    """Is a path strong where @after comes behind @before?"""
    return not (before & RECURSIVE and after & SHARED)


class Graph:
    """Nodes are any values that can be hashed; between two of them, the set of dependencies, as a mask of 1 << dependency."""

    def __init__(self):
        self.out = {}

    def add(self, start, end, dependency):
        """Returns whether it is new."""
        ends = self.out.setdefault(start, {})
        known = ends.get(end, 0)
        ends[end] = known | 1 << dependency
        return not known >> dependency & 1

    def shortest(self, start, end, dependency, allowed=ALL):
        """The shortest strong closed paths that begin with the dependency given and go on by those of @allowed, as lists of
        their nodes, beginning with @start and @end. They may pass a node twice: once after a recursive reader, once not."""
        first = (end, bool(dependency & RECURSIVE))
        level, before = [first], {first: []}
        while level:
            found, reached = [], {}
            for state in level:
                for node, mask in self.out.get(state[0], {}).items():
                    for kind in allowed:
                        if not mask >> kind & 1 or (state[1] and kind & SHARED):
                            continue
                        there = (node, bool(kind & RECURSIVE))
                        if there not in before:
                            reached.setdefault(there, set()).add(state)
                            if node == start and follows(kind, dependency):
                                found.append(there)
            before.update((there, sorted(states)) for there, states in reached.items())
            if found:
                return [[start] + path[:-1] for there in dict.fromkeys(found) for path in self._back(there, first, before)]
            level = list(reached)
        return []

    def forwards(self, start, after_recursive, allowed=ALL):
        """What strong paths lead to from @start, which a recursive reader took or not: level by level of distance, sets of
        (node, taken by a recursive reader)."""
        level = {(start, after_recursive)}
        seen = set(level)
        while level:
            yield level
            level = {(end, bool(kind & RECURSIVE)) for node, blocked in level for end, mask in self.out.get(node, {}).items()
                     for kind in allowed if mask >> kind & 1 and not (blocked and kind & SHARED)} - seen
            seen |= level

    def backwards(self, end, before_shared, allowed=ALL):
        """What strong paths lead from to @end, which is held shared by who goes on or not: level by level of distance, sets of
        (node, held shared)."""
        level = {(end, before_shared)}
        seen = set(level)
        while level:
            yield level
            level = {(start, bool(kind & SHARED)) for start, ends in self.out.items() for node, blocked in level
                     for kind in allowed if ends.get(node, 0) >> kind & 1 and not (blocked and kind & RECURSIVE)} - seen
            seen |= level

    def reach(self, start, after_recursive, allowed=ALL):
        """Where strong paths lead to from @start, reached itself by a recursive reader or not: (node, by a recursive
        reader). What is reached in the blocking way counts as reached in the other, too, which leads to less."""
        seen, todo = set(), [(start, after_recursive)]
        while todo:
            node, blocked = todo.pop()
            for end, mask in self.out.get(node, {}).items():
                for kind in allowed:
                    there = (end, bool(kind & RECURSIVE))
                    if mask >> kind & 1 and not (blocked and kind & SHARED) and there not in seen:
                        seen.add(there)
                        todo.append(there)
        return seen | {(node, True) for node, _ in seen}

    def reaches_as(self, other):
        """Do strong paths lead from the same to the same as in @other?"""
        return all(self.reach(node, recursive, allowed) == other.reach(node, recursive, allowed)
                   for node in set(self.out) | set(other.out) for recursive in (False, True) for allowed in (UNTIMED, ALL))

    def _back(self, state, first, before):
        if state == first:
            return [[state[0]]]
        return [path + [state[0]] for earlier in before[state] for path in self._back(earlier, first, before)]
