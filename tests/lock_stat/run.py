#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What lock_stat=1 counts, in the record and in the table on the log, of programs of which the numbers are known.

Usage: run.py LIBRARY PROGRAM PLUGIN
"""

import bisect
import collections
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "record"))
import lines  # noqa: E402

ENDS = ("return", "_exit", "quick_exit")

# case -> class -> mode -> (acquisitions, waits, failed, holds, {function of the waiter: {function of the holder: waits}}).
WANTED = {
    "mutex": {"m": {"write": (8, 4, 0, 8, {"take_mutex": {"take_and_hold": 3, "hold_elsewhere": 1}})}},
    "rwlock": {"rw": {"write": (3, 1, 0, 3, {"take_for_writing": {"hold_for_reading": 1}}),
                      "read": (3, 2, 0, 3, {"take_for_reading": {"hold_for_writing": 2}})}},
    "spinlock": {"spinlock": {"write": (2, 1, 1, 2, {"take_spinlock": {"spinlock": 1}})}},
    "condition": {"m": {"write": (3, 0, 0, 3, {})}},
    "failing": {"m": {"write": (1, 2, 3, 1, {"do_not_get": {"failing": 2}})},
                "rw": {"read": (2, 0, 0, 2, {}), "write": (0, 0, 1, 0, {})}},
    "orders": {"again": {"write": (1, 0, 0, 1, {})}, "m": {"write": (1, 0, 0, 1, {})}, "other": {"write": (1, 0, 0, 1, {})}},
    "nested": {"m": {"write": (5, 0, 0, 5, {})}, "other": {"write": (5, 0, 0, 5, {})},
               "rw": {"read": (1, 0, 0, 1, {}), "write": (1, 0, 0, 1, {})}},
    "once": {"control": {"write": (1, 1, 0, 1, {"come_late": {"once": 1}})}, "alone": {"write": (1, 0, 0, 1, {})}},
    # A lock that a dead thread had is found taken, for a moment.
    "holding": {"mutex": {"write": (2, 1, 0, 1, {"holding": {"?": 1}})}},
    "forked": {"m": {"write": (4, 0, 0, 4, {})}, "other": {"write": (3, 0, 0, 3, {})}},
    "vforked": {"m": {"write": (2, 0, 0, 2, {})}},
    "unloaded": {"of_the_library": {"write": (6, 0, 0, 6, {})}},
    "semaphore": {"semaphore": {"write": (3, 2, 2, 3, {"wait_to_be_cancelled": {"semaphore": 1},
                                                       "semaphore": {"semaphore": 1}})}},
    "maps": {"map": {"write": (1, 1, 0, 1, {"take_map": {"keep_map": 1}}),
                     "read": (1, 1, 1, 1, {"take_map": {"keep_map": 1}})}},
    "interrupted": {"m": {"write": (2, 1, 0, 2, {"take_mutex": {"interrupted": 1}})}, "other": {"write": (1, 0, 0, 1, {})}},
    "given_away": {"m": {"write": (40, 0, 0, 0, {})}, "other": {"write": (40, 0, 0, 40, {})}},
}
CHILD = {"other": {"write": (1, 0, 0, 1, {})}}
# Findings that a case makes on purpose.
FINDINGS = {"given_away"}


class Functions:
    """Which function of a file is at an address."""

    def __init__(self, path):
        listing = subprocess.run(["nm", "--defined-only", path], capture_output=True, text=True, check=True).stdout
        words = (line.split() for line in listing.splitlines())
        self.starts = sorted((int(address, 16), name) for address, what, name in words if what in "tT")

    def at(self, frame):
        found = bisect.bisect(self.starts, (int(frame["offset"], 16) - 1, "~")) - 1
        return self.starts[found][1] if frame["module"] != 0 and found >= 0 else "?"


def short(name):
    """The class's name without where it was made."""
    return name.partition("@")[0].partition(".")[0]


class Use:
    def __init__(self):
        self.numbers = [0, 0, 0, 0]
        self.met = {}

    def told(self):
        return (*self.numbers, self.met)


def check_times(line, complaints):
    for what in ("wait", "hold"):
        times = line[what]
        if not times["min"] * times["count"] <= times["total"] <= times["max"] * times["count"] and times["count"]:
            complaints.append(f"times of {what}: {times}")
        if times["count"] == 0 and (times["min"], times["max"], times["total"]) != (0, 0, 0):
            complaints.append(f"times of {what} that there was not: {times}")
    if sum(holder["count"] for holder in line["holders"]) != line["wait"]["count"]:
        complaints.append(f"holders and waits differ: {line}")


def uses_of(process, functions, complaints):
    """class -> mode -> Use.told()."""
    uses = collections.defaultdict(lambda: collections.defaultdict(Use))
    for line in process.all("lock_stat"):
        check_times(line, complaints)
        use = uses[short(process.by_id["class"][line["class"]][-1]["name"])][line["mode"]]
        counted = (line["acquisitions"], line["wait"]["count"], line["failed"], line["hold"]["count"])
        use.numbers = [a + b for a, b in zip(use.numbers, counted)]
        for holder in line["holders"]:
            met = use.met.setdefault(functions.at(line["site"]), {})
            name = functions.at(holder["site"])
            met[name] = met.get(name, 0) + holder["count"]
    return {name: {mode: use.told() for mode, use in modes.items()} for name, modes in uses.items()}


def table_of(text, complaints):
    """The same of the table; the kernel's layout has no failures, holds and pairs."""
    result = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) != 13 or not words[0].endswith(":"):
            continue
        if (words[1], words[7]) != ("-", "-"):
            complaints.append(f"there are bounces: {line}")
        name, mode = words[0][:-1], "write"
        if name.endswith(("-W", "-R")):
            name, mode = name[:-2], "read" if name.endswith("R") else "write"
        low, high, total, average = (float(word) for word in words[3:7])
        if not low - 0.01 <= average <= high + 0.01 <= total + 0.02 * int(words[2]) + 0.01:
            complaints.append(f"times of waits: {line}")
        result.setdefault(short(name), {})[mode] = (int(words[8]), int(words[2]))
    return result


class Bench:
    def __init__(self, library, program, plugin):
        self.library, self.program, self.plugin = (os.path.abspath(path) for path in (library, program, plugin))
        self.functions = Functions(self.program)

    def run(self, case, end, options):
        env = dict(os.environ, LD_PRELOAD=self.library, LOCKVAL_OPTIONS=options)
        return subprocess.run([self.program, case, end, self.plugin], env=env, capture_output=True, text=True, check=False,
                              timeout=60)


def check_run(done, case, complaints):
    wanted = 66 if case in FINDINGS else 3
    if done.returncode != wanted or done.stdout:
        complaints.append(f"status {done.returncode}, said {done.stdout!r}: {done.stderr[:2000]}")


def check_record(bench, case, end, complaints):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "record"
        done = bench.run(case, end, f"lock_stat=1:record={path}")
        data = path.read_bytes()
    check_run(done, case, complaints)
    if "lock_stat of" in done.stderr:
        complaints.append("a table where there is a record")
    lines.check(data, complaints)
    processes = list(lines.parse(data, complaints).values())
    for process in processes:
        wanted = CHILD if process.meta()["forked"] else WANTED[case]
        uses = uses_of(process, bench.functions, complaints)
        got = {name: uses.get(name) for name in wanted}
        if got != wanted:
            complaints.append(f"wanted {wanted}\n#   got {uses}")
    if len(processes) != (2 if case == "forked" else 1):
        complaints.append(f"{len(processes)} processes")


def check_table(bench, case, end, complaints):
    done = bench.run(case, end, "lock_stat=1")
    check_run(done, case, complaints)
    tables = done.stderr.split("lockval: lock_stat of")
    wanted = [WANTED[case]] + ([CHILD] if case == "forked" else [])
    if len(tables) != 1 + len(wanted):
        complaints.append(f"{len(tables) - 1} tables: {done.stderr}")
        return
    got = [table_of(table, complaints) for table in tables[1:]]
    for one in wanted:
        numbers = {name: {mode: use[:2] for mode, use in modes.items() if use[0] or use[1]} for name, modes in one.items()}
        if not any({name: table.get(name) for name in numbers} == numbers for table in got):
            complaints.append(f"wanted {numbers}\n#   got {got}")
    for modes in WANTED[case].values():
        for use in modes.values():
            for waiter, holders in use[4].items():
                for function in (waiter, *holders):
                    if function != "?" and f"] {function}+0x" not in done.stderr:
                        complaints.append(f"{function} is missing in {done.stderr}")


def check_off(bench, case, _, complaints):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "record"
        done = bench.run(case, "return", f"record={path}")
        data = path.read_bytes()
    check_run(done, case, complaints)
    if b'"t":"lock_stat"' in data or "lock_stat of" in done.stderr:
        complaints.append("statistics that nobody asked for")


def main(library, program, plugin):
    bench = Bench(library, program, plugin)
    cases = [(check_record, case, ENDS[i % 3]) for i, case in enumerate(WANTED)]
    cases += [(check_table, case, ENDS[(i + 1) % 3]) for i, case in enumerate(WANTED)]
    cases += [(check, "mutex", end) for end in ENDS for check in (check_record, check_table)]
    cases.append((check_off, "mutex", "return"))
    print(f"1..{len(cases)}")
    failed = 0
    for number, (check, case, end) in enumerate(cases, 1):
        complaints = []
        check(bench, case, end, complaints)
        failed += bool(complaints)
        print(f"{'not ' if complaints else ''}ok {number} - {check.__name__} {case} {end}")
        for complaint in complaints[:5]:
            print(f"#   {complaint}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
