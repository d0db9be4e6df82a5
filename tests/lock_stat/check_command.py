#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lockval stat, classes, edges and chains, of records of which the numbers are known.

Usage: check_command.py COMMAND LIBRARY PROGRAM PLUGIN
"""

import json
import pathlib
import re
import sys
import tempfile

import run

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
from command import Checks, call  # noqa: E402

SORTS = {"wait": ("wait", "total"), "wait-max": ("wait", "max"), "wait-avg": ("wait", "average"),
         "contentions": ("wait", "count"), "acquisitions": ("acquisitions",), "failed": ("failed",),
         "hold": ("hold", "total"), "hold-max": ("hold", "max"), "hold-avg": ("hold", "average")}


class Test:
    def __init__(self, command, bench, folder, checks):
        self.command, self.bench, self.folder, self.checks = command, bench, pathlib.Path(folder), checks
        self.count = 0

    def record(self, case, options="lock_stat=1"):
        self.count += 1
        path = self.folder / f"{self.count}-{case}"
        self.bench.run(case, "return", f"{options}:record={path}")
        return str(path)

    def call(self, *args):
        done = call(self.command, *args)
        self.checks.equal(f"status of lockval {args[0]} {' '.join(args[1:-1])}", (0, ""), (done.returncode, done.stderr))
        return done.stdout

    def json(self, *args):
        return json.loads(self.call(*args))


def numbers(use):
    return use["acquisitions"], use["wait"]["count"], use["failed"], use["hold"]["count"]


def classes_of(told):
    return {run.short(entry["name"]): entry for entry in told["classes"]}


def check_json(test):
    for case in ("mutex", "rwlock", "failing", "maps", "unloaded"):
        told = test.json("stat", "--format=json", test.record(case))
        classes = classes_of(told)
        for name, modes in run.WANTED[case].items():
            got = {mode: numbers(classes[name][mode]) for mode in modes}
            test.checks.equal(f"{case}: {name}", {mode: use[:4] for mode, use in modes.items()}, got)
            pairs = {}
            for pair in classes[name]["pairs"]:
                waiter, holder = (classes[name]["sites"][pair[what]].get("function", "?") for what in ("waiter", "holder"))
                pairs.setdefault(waiter, {})[holder] = pairs.get(waiter, {}).get(holder, 0) + pair["count"]
            wanted = {}
            for use in modes.values():
                for waiter, holders in use[4].items():
                    for holder, count in holders.items():
                        wanted.setdefault(waiter, {})[holder] = wanted.get(waiter, {}).get(holder, 0) + count
            test.checks.equal(f"{case}: who waited for whom for {name}", wanted, pairs)
    files = {site["file"].rpartition("/")[2] for site in classes_of(
        test.json("stat", "-f", "json", test.record("mutex")))["m"]["sites"] if "file" in site}
    test.checks.equal("the sites have a source", {"contended.c"}, files)


def check_processes(test):
    """A parent and its child in one file, and the records of two runs, are added up."""
    classes = classes_of(test.json("stat", "--format=json", test.record("forked")))
    test.checks.equal("parent and child", ((4, 0, 0, 4), (4, 0, 0, 4)),
                      (numbers(classes["m"]["all"]), numbers(classes["other"]["all"])))
    both = [test.record("mutex"), test.record("mutex", "lock_stat=1:identity=table")]
    told = json.loads(call(test.command, "stat", "--format=json", *both).stdout)
    test.checks.equal("two runs", (2, (16, 8, 0, 16)), (told["processes"], numbers(classes_of(told)["m"]["all"])))


def check_table(test):
    text = test.call("stat", test.record("mutex"))
    test.checks.is_true("what the table says first", re.match(r"\d+ acquisitions of \d+ class(es)? in 1 process; 4 were contended \(\d+\.\d\d%\)$",
                                                              text.splitlines()[0]), text)
    for pattern in (r"^ +[\d.]+ [mun]?s +4 +8 +50\.0% .* m$", r"^ +[\d.]+ [mun]?s +3  at take_mutex \(contended\) .*contended\.c:\d+$",
                    r"^ +for who took it at take_and_hold \(contended\) ", r"^ +for who took it at hold_elsewhere \(contended\) "):
        test.checks.is_true(f"the table has {pattern}", re.search(pattern, text, re.MULTILINE), text)
    test.checks.is_true("calls that failed", "1 call came back without it" in test.call("stat", test.record("spinlock")))


def check_layout(test):
    for case in ("mutex", "rwlock", "nested"):
        complaints = []
        table = run.table_of(test.call("stat", "--format=lock_stat", test.record(case)), complaints)
        for name, modes in run.WANTED[case].items():
            test.checks.equal(f"{case}: {name} in the kernel's layout", {mode: use[:2] for mode, use in modes.items()}, table.get(name))
        test.checks.equal(f"{case}: the layout", [], complaints)
    lines = test.call("stat", "--format=lock_stat", test.record("mutex")).splitlines()
    test.checks.equal("columns", ["class", "name", "con-bounces", "contentions", "waittime-min", "waittime-max", "waittime-total",
                                  "waittime-avg", "acq-bounces", "acquisitions", "holdtime-min", "holdtime-max", "holdtime-total",
                                  "holdtime-avg"], lines[1].split())
    test.checks.equal("bars", {"-" * 221}, {lines[0], lines[2]})
    named = [line for line in lines if re.fullmatch(r" {39}m +4 +\[<[0-9a-f]{16}>\] take_mutex \(contended\).*", line)]
    test.checks.equal("the place of the waits", 1, len(named))


def check_sort(test):
    path = test.record("failing")
    for sort, way in SORTS.items():
        classes = test.json("stat", "--format=json", f"--sort={sort}", path)["classes"]
        values = []
        for entry in classes:
            value = entry["all"]
            for part in way:
                value = value[part]
            values.append(value)
        test.checks.is_true(f"sorted by {sort}", len(values) > 1 and values == sorted(values, reverse=True), values)
    names = [entry["name"] for entry in test.json("stat", "--format=json", "--sort=name", path)["classes"]]
    test.checks.equal("sorted by name", sorted(names), names)
    told = test.json("stat", "--format=json", "--top=1", path)
    test.checks.equal("one class", 1, len(told["classes"]))
    test.checks.is_true("all are counted", told["class_count"] > 1)


def check_graph(test):
    path = test.record("nested", "stats=0")
    chains = {(tuple((run.short(lock["name"]), lock["mode"], *lock["flags"]) for lock in chain["locks"])): chain["acquisitions"]
              for chain in test.json("chains", "--json", path)["chains"]}
    write_m, write_other = ("m", "write"), ("other", "write")
    wanted = {(write_m,): 5, (write_m, write_other): 4, (write_m, ("rw", "read-recursive")): 1,
              (write_m, ("rw", "read-recursive"), ("other", "write", "try")): 1, (write_other, ("rw", "write")): 1}
    test.checks.equal("chains", wanted, {chain: count for chain, count in chains.items() if {"m", "other"} & {chain[0][0]}})
    edges = {(run.short(edge["from"]["name"]), run.short(edge["to"]["name"])): (edge["acquisitions"], edge["chains"], edge["modes"])
             for edge in test.json("edges", "--json", path)["edges"]}
    test.checks.equal("edges", {("m", "other"): (4, 1, ["EN"]), ("m", "rw"): (1, 1, ["ER"]), ("other", "rw"): (1, 1, ["EN"])}, edges)
    told = test.json("classes", "--json", path)
    classes = {name: (entry["acquisitions"], entry["forward"], entry["backward"], entry["usage"])
               for name, entry in classes_of(told).items() if name in ("m", "other", "rw")}
    test.checks.equal("classes", {"m": (5, 3, 1, "+.+."), "other": (5, 2, 2, "+.+."), "rw": (2, 1, 3, "++++")}, classes)
    test.checks.equal("numbers", (3, 3, 3), (told["numbers"]["direct_dependencies"], told["numbers"]["indirect_dependencies"],
                                             told["numbers"]["depth"]))
    text = test.call("chains", path)
    test.checks.is_true("a chain in text", re.search(r"^context: 0, acquisitions: 1\n\[\d+\] m\n\[\d+\] rw \(read-recursive\)\n"
                                                     r"\[\d+\] other \(try\)\n\n", text, re.MULTILINE), text)
    text = test.call("edges", path)
    test.checks.is_true("an edge in text", re.search(r"^m\n +4 +1 EN +-> other$", text, re.MULTILINE), text)
    text = test.call("classes", path)
    test.checks.is_true("a class in text", re.search(r"^OPS: +5 FD: +3 BD: +1 \+\.\+\.: m \(mutex\)$", text, re.MULTILINE), text)
    test.checks.is_true("a number in text", re.search(r"^ direct dependencies: +3$", text, re.MULTILINE), text)


def check_handlers(test):
    """What a handler took is a chain of its own."""
    chains = test.json("chains", "--json", test.record("interrupted"))["chains"]
    found = [(chain["level"], [run.short(lock["name"]) for lock in chain["locks"]]) for chain in chains
             if any(run.short(lock["name"]) == "other" for lock in chain["locks"])]
    test.checks.equal("a chain in a handler", [(1, ["other"])], found)


def check_children(test):
    """The child has walked a chain of its own, and none of its parent's."""
    path = test.record("forked", "stats=0")
    complaints = []
    processes = run.lines.parse(pathlib.Path(path).read_bytes(), complaints).values()
    chains = {process.meta()["forked"]: [chain["acquisitions"] for chain in process.all("chain")] for process in processes}
    test.checks.equal("chains of parent and child", ([], {False: [3, 4], True: [1]}),
                      (complaints, {forked: sorted(counts) for forked, counts in chains.items()}))


def check_killed(test):
    path = pathlib.Path(test.record("nested"))
    ended = [line for line in path.read_text(encoding="utf-8").splitlines(keepends=True)
             if json.loads(line)["t"] not in ("chain", "lock_stat", "stat", "end")]
    path.write_text("".join(ended), encoding="utf-8")
    test.checks.is_true("the edges of a killed process", "-> other" in test.call("edges", str(path)))
    test.checks.is_true("its classes", " without an end, and counts: " in test.call("classes", str(path)))
    done = call(test.command, "chains", str(path))
    test.checks.is_true("its chains", done.returncode == 0 and "came to its end" in done.stderr, done.stderr)
    done = call(test.command, "stat", str(path))
    test.checks.is_true("its statistics", done.returncode == 1 and "has no lock statistics" in done.stderr, done.stderr)


def check_usage(test):
    path = test.record("mutex")
    for args, status in (((), 2), (("--sort=weight", path), 2), (("--format=xml", path), 2), (("--top=few", path), 2),
                         (("--top=-1", path), 2), (("--colour", path), 2), (("/nothing/there",), 1)):
        test.checks.equal(f"lockval stat {args[:1]}", status, call(test.command, "stat", *args).returncode)
    for command in ("classes", "edges", "chains"):
        for args, status in (((), 2), (("--xml", path), 2), (("/nothing/there",), 1)):
            test.checks.equal(f"lockval {command} {args[:1]}", status, call(test.command, command, *args).returncode)
        whole = pathlib.Path(path).read_text(encoding="utf-8")
        test.checks.equal(f"lockval {command} of stdin", test.call(command, path), call(test.command, command, "-", text=whole).stdout)


def main(command, library, program, plugin):
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        test = Test(command, run.Bench(library, program, plugin), folder, checks)
        for check in (check_json, check_processes, check_table, check_layout, check_sort, check_graph, check_handlers,
                      check_children, check_killed, check_usage):
            check(test)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
