#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Records that no process wrote, for tests and measurements: classes, edges with witnesses and stacks, findings.

As a program: records.py FOLDER COUNT CLASSES EDGES writes COUNT records of so many classes and edges each, of one program, and their
names to FOLDER/names. Every tenth of them, of at most 200, has other edges; the rest are further runs of these.
"""

import json
import pathlib
import random
import sys

BUILD = "00112233445566778899aabbccddeeff00112233"
LIBRARY = "ffeeddccbbaa99887766554433221100ffeeddcc"
MODES = ["ER", "EN", "SR", "SN", "ERt", "ENt", "SRt", "SNt"]
LOCK_MODES = ["write", "read", "read-recursive"]


class Record:
    """One process's record, as lines."""

    def __init__(self, pid, run, start_ms, program="prog", host="host", test="", commit=""):
        self.head = {"pid": pid, "run": run}
        self.lines = []
        self.line("meta", format=1, version="0.0.0", program=program, path=f"/bin/{program}", argv=[program, test], argv_cut=False, cwd="/", ppid=1,
                  forked=False, start_ms=start_ms, host=host, options={"test": test, "commit": commit})
        self.line("module", id=1, path=f"/bin/{program}", name=program, build_id=BUILD, load="0x1000", start="0x1000", end="0x9000", program=True)
        self.line("module", id=2, path="/lib/l.so", name="l.so", build_id=LIBRARY, load="0x10000", start="0x10000", end="0x90000", program=False)

    def line(self, of_type, **members):
        self.lines.append(json.dumps({"t": of_type, **self.head, **members}, separators=(",", ":")))

    def text(self):
        return "\n".join(self.lines) + "\n"


def key_of(number):
    """Of class @number: every third is named, every fourth of the library."""
    if number % 3 == 0:
        return f"name:c{number}"
    return f"{'static' if number % 2 else 'init'}:{LIBRARY if number % 4 == 0 else BUILD}+{hex(0x100 + number)}"


def lock(number, rng, instances=3, stack=0):
    return {"class": number, "instance": number * 10 + rng.randrange(instances), "address": hex(0x7000 + 64 * number), "mode": rng.choice(LOCK_MODES),
            "flags": rng.sample(["try", "timed"], rng.randrange(2)), "stack": stack, "earlier": rng.random() < .2}


def told(lock_, number):
    """A lock as findings have it."""
    return {**lock_, "key": key_of(number), "name": f"c{number}", "site": f"{BUILD}+0x10"}


def make(rng, pid, run, start_ms, classes, edges, numbers=None, **meta):
    """A record with @edges among @classes (numbers of all classes there are). Returns it, and what a merge must know of it: classes by key,
    edges with their modes."""
    record = Record(pid, run, start_ms, **meta)
    # The same class has another number in each record.
    order = list(classes)
    rng.shuffle(order)
    number_of = {cls: i + 1 for i, cls in enumerate(order)}
    for cls in order:
        record.line("class", id=number_of[cls], key=key_of(cls), stable=f"name:c{cls}" if cls % 3 == 0 else f"static:prog:c{cls}:{rng.randrange(3)}",
                    name=f"c{cls}", kind="mutex", origin="static", base=0, subclass=0, named=cls % 3 == 0, wait=[4, rng.randrange(5)],
                    usage="".join(rng.choice(".-+?") for _ in range(4)), standing=rng.choice(["lock"] * 8 + ["candidate", "event"]))
    for i in range(1, 5):
        record.line("thread", id=i, tid=pid + i, name=f"worker{i}", start="")
        record.line("stack", id=i, frames=[{"module": rng.choice([0, 1, 2]), "offset": hex(rng.randrange(1, 0x4000)), "name": rng.choice(["f+0x1", ""])} for _ in range(i)])
    known = {}
    for number, (a, b) in enumerate(edges, 1):
        modes = sorted(rng.sample(MODES, rng.randrange(1, 3)))
        held = [lock(number_of[cls], rng, stack=rng.randrange(5)) for cls in [a, *rng.sample(list(classes), rng.randrange(2))]]
        record.line("witness", id=number, thread=rng.randrange(1, 5), wanted=lock(number_of[b], rng, stack=rng.randrange(5)), held=held, left_out=rng.random() < .1)
        record.line("edge", **{"from": number_of[a], "to": number_of[b]}, modes=modes, witness=number, held=0)
        known[key_of(a), key_of(b)] = set(modes)
        if rng.random() < .5:
            record.line("stat", **{"from": number_of[a], "to": number_of[b]}, acquisitions=rng.randrange(100), chains=rng.randrange(9))
    if edges and rng.random() < .7:
        a, b = edges[0]
        print_ = f"{a:08x}{b:08x}"
        side = {"kind": "lock", "thread": {"id": 1, "tid": pid + 1, "name": "worker1", "start": ""}, "held": told(lock(number_of[a], rng, stack=1), a),
                "wanted": told(lock(number_of[b], rng, stack=2), b)}
        record.line("finding", kind="circular", verdict=rng.choice(["guarded", "potential", "feasible"]), reasons=["because"], fingerprint=print_, counts=True, ms=5,
                    thread={"id": 2, "tid": pid + 2, "name": "worker2", "start": ""}, edges=[side], stack=3, held=[], text="report\n")
    record.line("end", status=0, ms=9)
    return record, ({key_of(cls) for cls in classes}, known)


def main():
    folder, count, classes, edges = pathlib.Path(sys.argv[1]), *(int(word) for word in sys.argv[2:5])
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    kinds = max(1, min(count // 10, 200))
    rng = random.Random(1)
    pairs = set()
    while len(pairs) < edges * 5 // 4:
        a, b = rng.randrange(1, classes + 1), rng.randrange(1, classes + 1)
        if a < b:
            pairs.add((a, b))
    pairs = sorted(pairs)
    for kind in range(kinds):
        record, _ = make(random.Random(kind), 1000, "TTTTTTTT", 1234567890000, range(1, classes + 1), rng.sample(pairs, edges), test=f"test{kind}")
        text = record.text()
        for i in range(kind, count, kinds):
            path = folder / f"{i:06}.jsonl"
            path.write_text(text.replace("TTTTTTTT", f"{i:08x}"), encoding="ascii")
            names.append(str(path))
    (folder / "names").write_text("\n".join(sorted(names)) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
