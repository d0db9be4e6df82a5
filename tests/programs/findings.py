# SPDX-License-Identifier: MIT
"""What the library wrote in a run, and how findings are judged.

A judged finding (judged.py) is known by the program, its kind, and globs over the names of its classes and over the
functions and modules in its stacks. Debian's programs have no symbols of their own, so names often end in an offset that
changes with the next version of a package: globs and stacks last longer than a fingerprint.
"""

import dataclasses
import fnmatch
import re

JUDGEMENTS = ("real", "benign", "limit")

# Headlines, as report/text.c has them; one that is not here stands for itself.
HEADLINES = {
    "possible circular locking dependency": "circular",
    "possible recursive locking": "recursive",
    "inconsistent lock state": "signal",
    "possible irq lock inversion dependency": "signal",
    "-unsafe lock order detected": "signal",
    "bad unlock balance": "unlock",
    "held lock destroyed, freed or lost": "lifetime",
    "bad wait on a condition variable": "cond",
    "lock held by a thread that a forked child": "fork",
    "lock assertion failed": "assert",
    "[ BUG: Invalid wait context ]": "wait-context",
    "Nested lock was not taken": "assert",
}
BAR = re.compile(r"^={10,}\n(?:WARNING: )?(.+)\nlockval \S+  (.+)\[(\d+)\]\n-{10,}$", re.MULTILINE)
VERDICT = re.compile(r"^verdict: (\w+)$", re.MULTILINE)
FINGERPRINT = re.compile(r"^fingerprint: ([0-9a-f?]+)$", re.MULTILINE)
CLASSES = re.compile(r"^classes: ((?:.+\n)(?: {9}.+\n)*)", re.MULTILINE)
FRAME = re.compile(r"^ +(?:#\d+ )?(\S+ \([^()]+\))$", re.MULTILINE)
EXPECTED = re.compile(r"lockval: (?:stats of |\d+ findings?: |finding [0-9a-f?]+ is upgraded: )")
STATS = re.compile(r"^lockval: stats of (.+)\[(\d+)\]\n((?:  \S+ +\d+\n)+)", re.MULTILINE)


@dataclasses.dataclass
class Finding:
    """A report of the library."""
    kind: str
    verdict: str
    classes: list       # names
    fingerprint: str
    program: str        # the process's name
    frames: set         # "function+0x10 (module)" of all stacks
    text: str

    def headline(self):
        return f"{self.kind}/{self.verdict}: {', '.join(self.classes)} [{self.fingerprint}]"


@dataclasses.dataclass
class Judged:
    """A finding that somebody looked at. Globs; every one of @classes must match a class of the finding and every class
    must be matched, every one of @frames must match a frame."""
    program: str
    kind: str
    classes: list
    judgement: str      # one of JUDGEMENTS
    reason: str
    frames: list = dataclasses.field(default_factory=list)
    says: list = dataclasses.field(default_factory=list)    # texts that stand in the report
    verdict: str = "*"

    def matches(self, program, finding):
        return (fnmatch.fnmatchcase(program, self.program) and finding.kind == self.kind
                and fnmatch.fnmatchcase(finding.verdict, self.verdict)
                and all(any(fnmatch.fnmatchcase(name, glob) for glob in self.classes) for name in finding.classes)
                and all(any(fnmatch.fnmatchcase(name, glob) for name in finding.classes) for glob in self.classes)
                and all(text in finding.text for text in self.says)
                and all(any(fnmatch.fnmatchcase(frame, glob) for frame in finding.frames) for glob in self.frames))


@dataclasses.dataclass
class Said:
    """All that the library wrote in a run."""
    findings: list
    notices: list       # lines that are neither a report nor counters
    processes: int      # that told their counters
    silent: int         # that began a log and did not come to its end: killed, or exec'ed another program
    locks: int          # lock instances met
    slow: int           # walks over the slow path


def kind_of(headline):
    return next((kind for known, kind in HEADLINES.items() if known in headline), headline)


def read_text(text, into):
    """Add what stands in one log to @into."""
    heads = list(BAR.finditer(text))
    for number, head in enumerate(heads):
        end = heads[number + 1].start() if number + 1 < len(heads) else len(text)
        part = text[head.start():end]
        stats = STATS.search(part)
        part = part[:stats.start()] if stats else part
        verdict, mark, names = VERDICT.search(part), FINGERPRINT.search(part), CLASSES.search(part)
        classes = []
        if names:
            for line in names.group(1).splitlines():
                classes.append(re.split(r" {3,}", line.strip(), maxsplit=1)[0])
        into.findings.append(Finding(kind_of(head.group(1)), verdict.group(1) if verdict else "?", classes,
                                     mark.group(1) if mark else "?", head.group(2), set(FRAME.findall(part)), part))
    found = list(STATS.finditer(text))
    for match in found:
        counters = dict((key, int(value)) for key, value in (line.split() for line in match.group(3).splitlines()))
        into.processes += 1
        into.locks += counters.get("instances-made", 0) + counters.get("instances-in-table", 0)
        into.slow += counters.get("slow-walks", 0)
    into.silent += not found
    into.notices += [line for line in text.splitlines()
                     if line.startswith("lockval: ") and not EXPECTED.match(line)]


def read_folder(folder):
    said = Said([], [], 0, 0, 0, 0)
    for path in sorted(folder.iterdir()):
        read_text(path.read_text(encoding="utf-8", errors="replace"), said)
    return said


def judge(program, said, judged):
    """[(finding, judgement or None)], equal findings of several processes once."""
    seen, result = set(), []
    for finding in said.findings:
        key = (finding.kind, finding.verdict, finding.fingerprint)
        if key in seen:
            continue
        seen.add(key)
        result.append((finding, next((one for one in judged if one.matches(program, finding)), None)))
    return result
