# SPDX-License-Identifier: MIT
"""What the player printed against what the oracle expects."""

import collections
import re

import oracle

Finding = collections.namedtuple("Finding", "step kind verdict edges subject use")
Use = collections.namedtuple("Use", "news state inside open new_edge")

LOCK = re.compile(r"([A-Z]+[\d?]*)(?:/(\d))?\.([wrR])(t?)$")
STATES = {"hard": "0", "soft": "1", "SIGUSR1": "S10", "SIGSEGV": "S11", "SIGUSR2": "S12"}


class Mismatch(Exception):
    pass


def parse_lock(word):
    match = LOCK.match(word)
    if not match:
        raise Mismatch(f"no lock: {word}")
    name, sub, mode, timed = match.groups()
    return oracle.Lock(name, (oracle.base_of(name), int(sub or 0)), mode, bool(timed))


def parse_finding(line):
    step, kind, verdict, *rest = line.split(" ")
    edges, subject, use = [], None, None
    for word in rest:
        if word.startswith("["):
            subject = word[1:-1]
        elif word.startswith("{"):
            news, state, inside, is_open, new_edge = word[1:-1].split(":")
            use = Use(news, STATES[state], parse_lock(inside), parse_lock(is_open), int(new_edge) - 1)
        else:
            edges.append(tuple(map(parse_lock, word.split(">"))))
    if use:
        if edges[0] != (use.open, use.inside):
            raise Mismatch(f"the first edge is not the context's: {line}")
        edges = edges[1:]
    return Finding(int(step), kind, verdict, edges, subject, use)


class Comparison:
    """One program, step by step."""

    def __init__(self, lines):
        words = lines[0].split()
        self.number = int(words[1])
        self.options = words[2] if len(words) > 2 else ""
        self.oracle = oracle.Oracle(strict="strict=1" in self.options)
        self.made = set()  # identities of findings
        self.forget = "forget" in lines
        self.oracle.explicit = {line.split()[1] for line in lines if line.startswith("class ")}
        self.steps = [line for line in lines if line[0].isdigit()]

    def run(self, printed):
        findings = collections.defaultdict(list)
        for line in printed:
            finding = parse_finding(line)
            findings[finding.step].append(finding)
        for number, line in enumerate(self.steps):
            if self.forget:
                self.made.clear()
            try:
                self.compare(self.oracle.step(line.split()), findings[number])
            except Mismatch as mismatch:
                raise Mismatch(f"step {number} ({line}): {mismatch}") from None

        if not self.oracle.direct_edges_suffice():
            raise Mismatch("the edges that are made lead to less than all edges would")

    def compare(self, expected, findings):
        expected = list(expected)
        for finding in findings:
            entry, identity = self.find_entry(expected, finding)
            expected.remove(entry)
            right = self.verdicts_for(entry, finding)
            if finding.verdict not in right:
                raise Mismatch(f"{' or '.join(sorted(right))} expected: {finding}")
            if identity in self.made:
                raise Mismatch(f"made before: {finding}")
            self.made.add(identity)
            self.check_cycle(finding)
        for entry in expected:
            if not entry.optional and not any(identity in self.made for _, identity in entry.cycles):
                raise Mismatch(f"missing: {entry}")

    def find_entry(self, expected, finding):
        """One for the same edge or lock, and if there are several, one that agrees; and what makes the finding one."""
        key = self.key_of(finding)
        entries = [entry for entry in expected if entry.key == key]
        if key[0] == "order":
            # What is shown may be another held lock of the class, in another mode.
            entries += [entry for entry in expected if entry.key[:3] == key[:3] and entry.key != key]
            entries.sort(key=lambda entry: len(entry.cycles))
        if not entries:
            raise Mismatch(f"not expected: {finding}")
        if finding.kind == "assert":
            return entries[0], min(entries[0].cycles)[1]  # the place of the call belongs to it
        agreeing = [(entry, identity) for entry in entries for identity in self.identities_of(finding)
                    if (len(finding.edges), identity) in entry.cycles]
        for entry, identity in agreeing:
            if len(agreeing) == 1 or finding.verdict in self.verdicts_for(entry, finding):
                return entry, identity
        if agreeing:
            return agreeing[0]
        raise Mismatch(f"another one expected, {entries}: {finding}")

    def verdicts_for(self, entry, finding):
        return {entry.verdict} if entry.verdict else self.verdicts_of(finding)

    def verdicts_of(self, finding):
        if finding.kind == "recursive":
            return self.oracle.verdicts(finding.kind, [held.name for held, _ in finding.edges], True)
        return self.oracle.verdicts(finding.kind, [held.node for held, _ in finding.edges], False)

    def is_nesting(self, finding):
        """By the rule for two locks of a class, not by the order of instances."""
        return self.oracle.has_class_rule(finding.edges[0][0].node)

    def key_of(self, finding):
        use = finding.use
        if use and use.news == "edge":
            held, wanted = finding.edges[use.new_edge]
            return "use", "edge", held.node, wanted.node, oracle.dependency(held.mode, wanted), use.state
        if use:
            return "use", use.news, (use.inside if use.news == "inside" else use.open).node, use.state
        if not finding.edges:
            return finding.kind, finding.subject
        held, wanted = finding.edges[0]
        if finding.kind == "recursive" and (held.name == wanted.name or self.is_nesting(finding)):
            return finding.kind, held.name, wanted.name
        start, end = (held.name, wanted.name) if finding.kind == "recursive" else (held.node, wanted.node)
        return "order", start, end, oracle.dependency(held.mode, wanted)

    def identities_of(self, finding):
        """Whether a cycle is one of timed acquisitions cannot be seen from those that are shown."""
        if finding.use:
            return [("signal", finding.use.inside.node, finding.use.open.node, finding.use.state)]
        if not finding.edges:
            return [(finding.kind, finding.subject)]
        held, wanted = finding.edges[0]
        if finding.kind == "recursive" and held.name == wanted.name:
            return [("same", held.node, finding.verdict)]
        if finding.kind == "recursive" and self.is_nesting(finding):
            return [("nested", held.node, finding.verdict)]
        if finding.kind == "recursive":
            return [("instances", held.node, timed) for timed in (False, True)]
        nodes = [edge[0].node for edge in finding.edges]
        return [oracle.cycle_identity(finding.kind, nodes, timed) for timed in (False, True)]

    def check_cycle(self, finding):
        """It is closed and strong, and made of what was seen."""
        if finding.use:
            self.check_use(finding)
            return
        for number, (held, wanted) in enumerate(finding.edges):
            if (held, wanted) not in self.oracle.seen_edges:
                raise Mismatch(f"edge {number} was never seen: {finding}")
            if len(finding.edges) == 1:
                break
            after = finding.edges[(number + 1) % len(finding.edges)][0]
            same = wanted.name == after.name if finding.kind == "recursive" else wanted.node == after.node
            if not same:
                raise Mismatch(f"open after edge {number}: {finding}")
            if wanted.mode == "R" and after.mode != "w":
                raise Mismatch(f"not strong after edge {number}: {finding}")
            if wanted.timed and finding.verdict == "feasible":
                raise Mismatch(f"timed, and feasible: {finding}")

    def check_use(self, finding):
        """The path leads from the lock taken inside to the one held open, and what closes it is strong."""
        use, edges = finding.use, finding.edges
        ends = [use.inside] + [wanted for _, wanted in edges]
        starts = [held for held, _ in edges] + [use.open]
        for number, (end, start) in enumerate(zip(ends, starts)):
            if end.node != start.node or (end.mode == "R" and start.mode != "w"):
                raise Mismatch(f"open or not strong before edge {number}: {finding}")
        if any(edge not in self.oracle.seen_edges or edge[1].timed for edge in edges):
            raise Mismatch(f"an edge was never seen, or is timed: {finding}")
        marks = self.oracle.marks
        if not marks.get(use.inside.node, use.state) & 3 or not marks.get(use.open.node, use.state) & 12:
            raise Mismatch(f"never used so: {finding}")
