#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lockval merge: the same runs give the same bytes, in whatever order, however often and as whatever tree; all that was known is in the
result, and nothing else; what is bounded stays so and says what is left out; records that are torn or foreign do what the manual says.

Usage: properties.py LOCKVAL
"""

import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "record"))
import damage  # noqa: E402
import lines as schema  # noqa: E402
import records  # noqa: E402
from tap import Tap  # noqa: E402

ROUNDS = 60
DAMAGED = 40
ROTTEN = 25
HERE = pathlib.Path(__file__).resolve().parent


class Merge:
    def __init__(self, lockval, folder):
        self.lockval, self.folder, self.count = lockval, folder, 0

    def run(self, *args, stdin=None):
        done = subprocess.run([self.lockval, "merge", *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, input=stdin, check=False)
        return done.returncode, done.stdout, done.stderr.decode()

    def path(self):
        self.count += 1
        return self.folder / f"m{self.count}.jsonl"

    def merge(self, *names, options=()):
        """The merged record's path."""
        path = self.path()
        status, _, said = self.run(*options, *names, "-o", path)
        if status != 0:
            raise RuntimeError(f"merge: status {status}: {said}")
        return path

    def write(self, text):
        path = self.path()
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
        return path


def tree(merge, rng, names):
    """The names merged in parts of parts, some of them twice."""
    names = list(names)
    while len(names) > 1:
        rng.shuffle(names)
        size = rng.randrange(2, 4)
        part = [names.pop() for _ in range(min(size, len(names)))]
        names.append(merge.merge(*part, *(part[:1] if rng.random() < .3 else [])))
    return merge.merge(names[0])


def random_records(rng, merge):
    every = range(1, rng.randrange(4, 14))
    names, known = [], []
    for i in range(rng.randrange(2, 7)):
        classes = rng.sample(list(every), rng.randrange(2, len(every) + 1))
        pairs = [(a, b) for a in classes for b in classes if a != b]
        edges = rng.sample(pairs, min(len(pairs), rng.randrange(8)))
        record, learned = records.make(rng, 100 + i, f"{rng.randrange(1 << 32):08x}", rng.randrange(1, 1 << 40), classes, edges, host=rng.choice(["h1", "h2"]),
                                       test=rng.choice(["", "t1", "t2"]), commit=rng.choice(["", "c1"]))
        lines = record.lines
        if rng.random() < .5:  # lines of different threads come in any order
            lines = lines[:1] + rng.sample(lines[1:], len(lines) - 1)
        names.append(merge.write("\n".join(lines) + "\n"))
        known.append(learned)
    return names, known


def read(path):
    return [json.loads(line) for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines()]


def content(path):
    """Classes by key, and edges with their modes, of a merged record."""
    lines = read(path)
    keys = {line["id"]: line["key"] for line in lines if line["t"] == "class"}
    edges = {}
    for line in lines:
        if line["t"] == "edge":
            edges.setdefault((keys[line["from"]], keys[line["to"]]), set()).update(line["modes"])
    return set(keys.values()), edges


def union(known):
    classes, edges = set(), {}
    for some, pairs in known:
        classes |= some
        for ends, modes in pairs.items():
            edges.setdefault(ends, set()).update(modes)
    return classes, edges


def check_random(tap, merge):
    bad = {"orders and repetitions": [], "trees": [], "jobs": [], "what is known": [], "itself": [], "the schema": []}
    for seed in range(ROUNDS):
        rng = random.Random(seed)
        names, known = random_records(rng, merge)
        whole = merge.merge(*names)
        text = whole.read_bytes()
        again = [*names, *rng.choices(names, k=2)]
        rng.shuffle(again)
        cases = {"orders and repetitions": merge.merge(*again), "trees": tree(merge, rng, names), "jobs": merge.merge(*names, options=["--jobs=3"]),
                 "itself": merge.merge(whole, rng.choice(names), whole)}
        for what, path in cases.items():
            if path.read_bytes() != text:
                bad[what].append(seed)
        complaints = []
        schema.parse(text, complaints)
        if complaints:
            bad["the schema"].append((seed, complaints[:2]))
        if content(whole) != union(known):
            bad["what is known"].append(seed)
    for what, seeds in bad.items():
        tap.equal(seeds, [], f"{ROUNDS} random sets of records: {what}")


def known_of(lines):
    """What a merge must know of a record, whatever is missing: classes that it has, and edges between these."""
    lines = [json.loads(line) for line in lines]
    keys = {}
    for line in lines:
        if line["t"] == "class":
            keys.setdefault(line["id"], line["key"])
    edges = {}
    for line in lines:
        if line["t"] == "edge" and line["from"] in keys and line["to"] in keys:
            edges.setdefault((keys[line["from"]], keys[line["to"]]), set()).update(line["modes"])
    return set(keys.values()), edges


def check_damaged(tap, merge):
    """The same of records with damages: what is lost, or dropped on the way, must leave nothing behind that depends on the order."""
    bad = {"orders": [], "trees": [], "itself": [], "what is known": [], "the schema": []}
    for seed in range(DAMAGED):
        rng = random.Random(seed)
        names, known = [], []
        damages = rng.sample(damage.ALL, rng.randrange(1, 4))
        for i in range(rng.randrange(3, 6)):
            classes = rng.sample(range(1, 9), rng.randrange(2, 8))
            pairs = [(a, b) for a in classes for b in classes if a != b]
            record, _ = records.make(rng, 100 + i, f"{rng.randrange(1 << 32):08x}", rng.randrange(1, 1 << 40), classes,
                                     rng.sample(pairs, min(len(pairs), rng.randrange(1, 9))), test=rng.choice(["", "t1", "t2"]))
            lines = record.lines
            for change in damages:
                lines = change(rng, lines)
            names.append(merge.write("\n".join(lines) + "\n"))
            known.append(known_of(lines))
        whole = merge.merge(*names)
        text = whole.read_bytes()
        for what, path in {"orders": merge.merge(*reversed(names)), "trees": tree(merge, rng, names), "itself": merge.merge(whole)}.items():
            if path.read_bytes() != text:
                bad[what].append(seed)
        complaints = []
        schema.parse(text, complaints)
        if complaints:
            bad["the schema"].append((seed, complaints[:2]))
        if content(whole) != union(known):
            bad["what is known"].append(seed)
    for what, seeds in bad.items():
        tap.equal(seeds, [], f"{DAMAGED} sets of records that lost lines, share keys, or have much in common: {what}")


def check_rotten(tap, merge):
    """Values of any kind anywhere: nothing crashes, and what is made of them is the same in every order."""
    bad = []
    for seed in range(ROTTEN):
        rng = random.Random(seed)
        names = []
        for i in range(3):
            classes = rng.sample(range(1, 9), 5)
            pairs = [(a, b) for a in classes for b in classes if a != b]
            record, _ = records.make(rng, 100 + i, f"{i:08x}", 5 + i, classes, rng.sample(pairs, 6))
            names.append(merge.write("\n".join(damage.rot(rng, damage.grow(rng, record.lines))) + "\n"))
        try:
            whole = merge.merge(*names)
            if len({path.read_bytes() for path in (whole, merge.merge(*reversed(names)), tree(merge, rng, names), merge.merge(whole))}) != 1:
                bad.append(seed)
        except RuntimeError as error:
            bad.append((seed, str(error)))
    tap.equal(bad, [], f"{ROTTEN} sets of records with values that mean nothing")


def check_bounds(tap, merge):
    """One edge, in a hundred runs of twenty tests, with as many kinds of witnesses."""
    rng = random.Random(5)
    names = []
    for i in range(100):
        others = rng.sample(range(3, 14), 3)
        record, _ = records.make(rng, i + 1, f"{i:08x}", 1000 + i, [1, 2, *others], [(1, 2)], test=f"t{i % 20}")
        names.append(merge.write(record.text()))
    whole = merge.merge(*names)
    lines = read(whole)
    edge = next(line for line in lines if line["t"] == "edge" and "seen" in line)
    seen = edge["seen"]
    tap.equal(len([line for line in lines if line["t"] == "edge"]), 16, "no more than 16 kinds of witnesses are kept of an edge")
    tap.equal((seen["left_out"], seen["runs_exact"], seen["more_tests"], len(seen["tests"]), len(seen["sample"])), (True, False, True, 16, 16),
              "what is left out is said")
    tap.say(60 < seen["runs"] < 170, "100 runs are estimated", seen["runs"])
    tap.equal((seen["first"], seen["last"]), (1000, 1099), "the first and the last run are known")
    few = merge.merge(*names[:16])
    seen = next(line for line in read(few) if line["t"] == "edge" and "seen" in line)["seen"]
    tap.equal((seen["runs"], seen["runs_exact"]), (16, True), "16 runs are counted")
    tap.say(tree(merge, rng, names).read_bytes() == whole.read_bytes(), "and a tree of parts that leave out gives the same")
    runs = [line for line in lines if line["t"] == "run"]
    tap.equal({line.get("of") for line in lines if line["t"] in ("witness", "finding")}, {run["id"] for run in runs}, "the runs that are kept are those that are referred to")


def check_foreign(tap, merge):
    rng = random.Random(3)
    record, _ = records.make(rng, 7, "0000000a", 5, [1, 2, 3], [(1, 2), (2, 3)])
    good = merge.write(record.text())
    wanted = merge.merge(good).read_bytes()
    torn = merge.write(record.text() + '{"t":"edge","pid":7,"run":"0000000a","fro\nrubbish\n{"t":"weather","pid":7,"run":"0000000a"}\n\udcff\n')
    tap.say(merge.merge(torn).read_bytes() == wanted, "torn, foreign and unknown lines change nothing")
    tap.say(merge.merge(good, good, good).read_bytes() == wanted, "a record three times is the record")
    none = merge.write("this is no record\n")
    out = merge.write("before")
    status, _, said = merge.run(good, none, "-o", out)
    tap.equal((status, str(none) in said, out.read_text()), (1, True, "before"), "what is no record is named, and the output stays what it was")
    status, _, said = merge.run("--keep-going", good, none, "/no/such/file", "-o", out)
    tap.equal((status, str(none) in said, "/no/such/file" in said, out.read_bytes() == wanted), (1, True, True, True), "--keep-going leaves out what cannot be read")
    status, text, _ = merge.run(good, "-o", "-")
    tap.equal((status, text == wanted), (0, True), "-o - is stdout")
    status, _, _ = merge.run(good, "-o", good)
    tap.equal((status, good.read_bytes() == wanted), (0, True), "the output may be one of the records")
    status, _, said = merge.run(good, "-o", "/no/such/folder/x")
    tap.equal((status, "/no/such/folder/x" in said), (1, True), "what cannot be written is named")
    status, text, _ = merge.run(good, "-o", "/dev/stdout")
    tap.equal((status, text == wanted, os.path.islink("/dev/stdout")), (0, True, True), "what is no regular file is written, not replaced")
    status, text, _ = merge.run("--from-file=-", "--null", "-o", "-", stdin=f"{good}\0{torn}\0".encode())
    tap.equal((status, text == wanted), (0, True), "names from stdin, with zero bytes")
    status, text, _ = merge.run("--from-file=-", "-o", "-", stdin=f"{good}\n{torn}\n".encode())
    tap.equal((status, text == wanted), (0, True), "names from stdin, one a line")
    tap.equal([merge.run(*args)[0] for args in ((), (good,), ("-o", out), ("-j0", good, "-o", out), ("--what", good, "-o", out))], [2] * 5, "calls that mean nothing")
    tap.equal(sorted(path.name for path in merge.folder.iterdir() if not path.name.endswith(".jsonl")), [], "no temporary file is left")


def check_told(tap, merge):
    """What the commands say of a merged record: what is not in it is not counted as if it were."""
    def say(*args):
        done = subprocess.run([merge.lockval, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, text=True)
        return done.stdout, done.stderr

    rng = random.Random(9)
    some = [records.make(rng, i, f"{i:08x}", i, [1, 2, 3], [(1, 2), (2, 3)][:i])[0] for i in (1, 2)]
    names = [merge.write(record.text()) for record in some]
    whole = merge.merge(*names)
    numbers = json.loads(say("classes", "--json", whole)[0])["numbers"]
    tap.equal([numbers[name] for name in ("classes", "direct_dependencies", "processes", "unended", "merged_runs")], [3, 2, 0, 0, 2], "classes of a merged record")
    numbers = json.loads(say("classes", "--json", whole, names[0])[0])["numbers"]
    tap.equal([numbers[name] for name in ("processes", "unended", "merged_runs")], [1, 0, 2], "and of one beside a run")
    text = say("classes", whole)[0]
    tap.equal(("merged runs: " in text, "acquisitions: " in text, "processes: " in text), (True, False, False), "as text: what it does not know is not there")
    tap.equal(say("edges", whole)[0].count("->"), 2, "its edges")
    tap.say("a merged record has no chains" in say("chains", whole)[1], "it has no chains")
    found = {line["fingerprint"] for record in some for line in map(json.loads, record.lines) if line["t"] == "finding"}
    report = json.loads(say("report", "--format=json", whole)[0])
    tap.equal({finding["fingerprint"] for finding in report["findings"]}, found, "a report has the findings of all runs")


def check_memory(tap, merge):
    """Fifty times as many runs take hardly more memory."""
    peaks = []
    for count in (4, 200):
        folder = merge.folder / f"many{count}"
        subprocess.run([sys.executable, HERE / "records.py", folder, str(count), "120", "300"], check=True)
        script = ("import os,resource,subprocess,sys; subprocess.run(sys.argv[1:], check=True); "
                  "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
        # Under AddressSanitizer memory that was given back counts, too.
        os.environ["ASAN_OPTIONS"] = "quarantine_size_mb=1"
        done = subprocess.run([sys.executable, "-c", script, merge.lockval, "merge", f"--from-file={folder}/names", "-o", folder / "all.jsonl"],
                              stdout=subprocess.PIPE, check=True, text=True)
        peaks.append(int(done.stdout))
    tap.say(peaks[1] < peaks[0] * 4, f"200 runs take {peaks[1] / peaks[0]:.1f} times the memory of 4", peaks)
    for path in list(merge.folder.glob("many*")):
        for file in path.iterdir():
            file.unlink()
        path.rmdir()


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        merge = Merge(os.path.abspath(sys.argv[1]), pathlib.Path(folder))
        check_random(tap, merge)
        check_damaged(tap, merge)
        check_rotten(tap, merge)
        check_bounds(tap, merge)
        check_told(tap, merge)
        check_memory(tap, merge)
        check_foreign(tap, merge)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
