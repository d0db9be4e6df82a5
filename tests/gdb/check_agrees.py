#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`info locks` in gdb says of each hanging program of tests/deadlocks what `lockval threads` says, in the live process and in a core.

Usage: check_agrees.py LOCKVAL LIBRARY TABLE NAME=PROGRAM...
"""

import pathlib
import sys
import tempfile

from session import TROUBLE, Hung, expected, gdb, said, skip_without_gdb

from check_circles import agrees
from command import Checks

# They wait in the ways that others do, and each takes its second.
LIKE_OTHERS = {"abba", "abba_rare", "bank", "c11_mutexes", "callbacks", "cpp_guards", "cpp_scoped_lock", "errorcheck", "four_locks",
               "nested_calls", "three_locks", "trylock_first"}


def check(checks, lockval, library, row, program, folder):
    name, circle = row[0], row[5]
    core = pathlib.Path(folder, name + ".core")
    with Hung(library, program, "--hang") as hung:
        answer = hung.settle(lockval, lambda answer: agrees(circle, answer) and all(thread["state"] == "S" for thread in answer["threads"])
                             or row[0] == "spinlocks" and agrees(circle, answer))
        if not checks.is_true(f"{name}: hangs", answer):
            return
        live, _ = gdb(hung.pid, "info locks", f"gcore {core}")
    then, classes = gdb(core, "info locks", "info lock-classes", files=[program])
    checks.equal(f"{name}: live", expected(answer), said(live))
    checks.equal(f"{name}: in a core", expected(answer), said(then))
    names = {lock["class"] for thread in answer["threads"] for lock in thread.get("holds", ())}
    checks.is_true(f"{name}: the classes of what is held are listed", all(f" {one}\n" in classes or f" {one} " in classes for one in names), classes)
    checks.is_true(f"{name}: nothing goes wrong", not TROUBLE.search(live + then + classes), live + then + classes)
    core.unlink(missing_ok=True)


def main(lockval, library, table, *pairs):
    skip_without_gdb()
    programs = dict(pair.split("=", 1) for pair in pairs)
    checks = Checks()
    rows = [line.split("\t") for line in pathlib.Path(table).read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    with tempfile.TemporaryDirectory() as folder:
        for row in rows:
            if row[2] == "real" and row[0] in programs and row[0] not in LIKE_OTHERS:
                check(checks, lockval, library, row, programs[row[0]], folder)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
