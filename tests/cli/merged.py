# SPDX-License-Identifier: MIT
"""Merged records made by hand (docs/record-format.md): what runs did is told acquisition by acquisition."""

import json

MASK = (1 << 64) - 1
TEXT_SEED = 0xcbf29ce484222325


def mix(a, b):
    """As base/hash.h."""
    product = (a ^ 0x9e3779b97f4a7c15) * (b ^ 0xd1b54a32d192ed03)
    return (product ^ (product >> 64)) & MASK


def hash_text(seed, text):
    value = seed ^ TEXT_SEED
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001b3) & MASK
    return value


def fingerprint(kind, stables):
    """As engine/resolve.c, of a circle."""
    hashes = [hash_text(0, stable) for stable in stables]
    first = hashes.index(min(hashes))
    value = hash_text(0, kind)
    for i in range(len(hashes)):
        value = mix(value, hashes[(first + i) % len(hashes)])
    return f"{value:016x}"


class Lock:
    """As an acquisition has it: a class by name, with "A:read" a mode, with "A!try" a flag."""

    def __init__(self, text):
        text, _, flag = text.partition("!")
        self.name, _, mode = text.partition(":")
        self.mode = {"": "write", "read": "read", "rec": "read-recursive"}[mode]
        self.flags = [flag] if flag else []


class Merged:
    def __init__(self, names=()):
        self.lines = []
        self.classes = {}
        self.runs = {}
        self.numbers = {"thread": 0, "stack": 0, "witness": 0}
        self.edges = {}
        for name in names:
            self.add_class(name)

    def put(self, what, **members):
        self.lines.append({"t": what, "pid": 0, "run": "merged", **members})

    def number(self, what):
        self.numbers[what] += 1
        return self.numbers[what]

    def add_class(self, name, **members):
        if name in self.classes:
            return self.classes[name]
        number = len(self.classes) + 1
        self.classes[name] = number
        line = {"id": number, "key": f"static:aa+0x{number:x}", "stable": f"static:prog:{name}", "name": name, "kind": "mutex",
                "origin": "static (prog)", "base": 0, "subclass": 0, "named": False, "wait": [4, 4], "usage": "....",
                "standing": "lock"}
        line.update(members)
        self.put("class", **line)
        return number

    def run(self, name):
        if name not in self.runs:
            self.runs[name] = number = len(self.runs) + 1
            self.put("run", id=number, of=f"{100 + number}/0000000{number}", hash=f"{number:016x}", program="prog", path="/bin/prog",
                     argv=["prog", name], test=f"test-{name}", commit=f"c{number}", host="host",
                     start_ms=1700000000000 + 1000 * number, forked=False)
        return self.runs[name]

    def lock(self, lock, place, instance=1):
        number = self.number("stack")
        self.put("stack", id=number, frames=[{"module": 0, "offset": f"0x{place * 256 + number:x}"}])
        return {"class": self.add_class(lock.name), "instance": instance, "address": "0x1000", "mode": lock.mode, "flags": lock.flags,
                "stack": number, "earlier": False}

    def takes(self, run, text, thread=None, left_out=False):
        """@text: "A B C" is C wanted while A and B are held, oldest first. Makes the edge from the last of them, and from those before
        it as long as what comes behind is a trylock."""
        locks = [Lock(word) for word in text.split()]
        number = self.number("witness")
        held, wanted = locks[:-1], locks[-1]
        line = self.number("thread")
        self.put("thread", id=line, tid=line, name=thread or f"t{line}", start="")
        of = self.run(run)
        self.put("witness", id=number, of=of, thread=line, wanted=self.lock(wanted, of),
                 held=[self.lock(lock, of) for lock in held], left_out=left_out)
        for i in range(len(held) - 1, -1, -1):
            mode = ("E" if held[i].mode == "write" else "S") + ("R" if wanted.mode == "read-recursive" else "N") + \
                ("t" if "timed" in wanted.flags else "")
            modes = self.edges.setdefault((held[i].name, wanted.name), [])
            if mode not in modes:
                modes.append(mode)
            self.put("edge", **{"from": self.add_class(held[i].name), "to": self.add_class(wanted.name), "modes": list(modes),
                                "witness": number, "held": i})
            if "try" not in held[i].flags:
                break

    def finds(self, run, verdict, names, kind="circular", ordinal=""):
        """@run found the circle by itself; @ordinal: stable keys were others there."""
        steps = []
        for i, name in enumerate(names):
            then = names[(i + 1) % len(names)]
            thread = self.number("thread")
            of = self.run(run)
            steps.append({"kind": "lock", "thread": {"id": thread, "tid": thread, "name": f"t{thread}", "start": ""},
                          "held": self.lock(Lock(name), of), "wanted": self.lock(Lock(then), of)})
        self.put("finding", kind=kind, verdict=verdict, reasons=["as the run said"], of=self.run(run), edges=steps,
                 fingerprint=fingerprint(kind, [f"static:prog:{name}{ordinal}" for name in names[1:] + names[:1]]), counts=verdict != "guarded",
                 ms=1, thread=steps[0]["thread"], held=[], stack=0, text=f"\nreport of {run}\n\nverdict: {verdict}\n")

    def uses(self, run, side, text, context, handler="aa+0x100"):
        lock = Lock(text)
        weak = lock.mode == "read-recursive" if side == "inside" else lock.mode != "write"
        line = self.number("thread")
        self.put("thread", id=line, tid=line, name=f"t{line}", start="")
        of = self.run(run)
        self.put("use", **{"class": self.add_class(lock.name)}, side=side, weak=weak, contexts=[{"name": context, "handler": handler}],
                 thread=line, lock=self.lock(lock, of), at=0, of=of)

    def text(self):
        meta = {"t": "meta", "pid": 0, "run": "merged", "format": 1, "merged": True, "runs": max(1, len(self.runs)), "runs_exact": True,
                "sample": sorted(f"{number:016x}" for number in self.runs.values()), "version": "0.1.0", "program": "", "path": "", "argv": [], "argv_cut": False, "cwd": "", "ppid": 0,
                "forked": False, "start_ms": 0, "options": {}}
        return "".join(json.dumps(line) + "\n" for line in [meta] + self.lines)
