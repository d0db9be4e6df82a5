# SPDX-License-Identifier: MIT
"""What the player printed against what the oracle expects."""

import collections
import re

import oracle

Finding = collections.namedtuple("Finding", "step kind verdict edges subject")

EDGE = re.compile(r"([A-Z]+\d*)(?:/(\d))?\.([wrR])(t?)>([A-Z]+\d*)(?:/(\d))?\.([wrR])(t?)$")


class Mismatch(Exception):
    pass


def parse_finding(line):
    step, kind, verdict, *rest = line.split(" ")
    edges, subject = [], None
    for word in rest:
        if word.startswith("["):
            subject = word[1:-1]
            continue
        match = EDGE.match(word)
        if not match:
            raise Mismatch(f"no edge: {word}")
        edges.append(tuple(oracle.Lock(name, (oracle.base_of(name), int(sub or 0)), mode, bool(timed))
                           for name, sub, mode, timed in (match.groups()[:4], match.groups()[4:])))
    return Finding(int(step), kind, verdict, edges, subject)


def is_one_class(finding):
    return all(lock.name != other.name and lock.node[0] == other.node[0] for lock, other in finding.edges)


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
        expected = {entry.key: entry for entry in expected}
        for finding in findings:
            entry = expected.pop(self.key_of(finding), None)
            if entry is None:
                raise Mismatch(f"not expected: {finding}")
            if finding.verdict != entry.verdict:
                raise Mismatch(f"{entry.verdict} expected: {finding}")
            identity = self.identity_of(finding)
            if (len(finding.edges), identity) not in entry.cycles:
                raise Mismatch(f"another one expected, {sorted(entry.cycles, key=repr)}: {finding}")
            if identity in self.made:
                raise Mismatch(f"made before: {finding}")
            self.made.add(identity)
            self.check_cycle(finding)
        for entry in expected.values():
            if not entry.optional and not any(identity in self.made for _, identity in entry.cycles):
                raise Mismatch(f"missing: {entry}")

    def is_nesting(self, finding):
        """By the rule for two locks of a class, not by the order of instances."""
        return self.oracle.has_class_rule(finding.edges[0][0].node)

    def key_of(self, finding):
        if not finding.edges:
            return finding.kind, finding.subject
        held, wanted = finding.edges[0]
        if finding.kind == "recursive" and (held.name == wanted.name or self.is_nesting(finding)):
            return finding.kind, held.name, wanted.name
        start, end = (held.name, wanted.name) if finding.kind == "recursive" else (held.node, wanted.node)
        return "order", start, end, oracle.dependency(held.mode, wanted)

    def identity_of(self, finding):
        if not finding.edges:
            return finding.kind, finding.subject
        held, wanted = finding.edges[0]
        if finding.kind == "recursive":
            if held.name == wanted.name:
                return "same", held.node, finding.verdict
            if self.is_nesting(finding):
                return "nested", held.node, finding.verdict
            return "instances", held.node, finding.verdict
        nodes = [edge[0].node for edge in finding.edges]
        return oracle.cycle_identity(finding.kind, nodes, finding.verdict)

    def check_cycle(self, finding):
        """It is closed and strong, and made of what was seen."""
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
            if wanted.timed and finding.verdict != "guarded":
                raise Mismatch(f"timed, and not guarded: {finding}")
