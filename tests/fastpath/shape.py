#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prove what the fast path does not do: run loops of acquisitions that were made before, with shape.c's watches over them.

Ten million acquisitions of each workload, with the memory of all libraries read-only but for the pages of the threads' own
states, and with no system call allowed, must enter the slow way not once. Then a few rounds more, with all that memory
closed, so that each access is caught: each write must lie in the thread's own state, and no cache line that one thread writes
may be touched by the other.

Usage: shape.py LIBRARY PROGRAM
       shape.py --self-test LIBRARY PROGRAM
"""

import argparse
import os
import pathlib
import platform
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from tap import Tap  # noqa: E402

ACQUISITIONS = 10_000_000  # of each workload, by all threads
TRACED = 32               # the same, with each access caught
WARM = 65536              # rounds before: a cache grows where chains, or locks, get into each other's way
WARM_MANY = 4_000_000     # the same where there are many of them
SKIPPED = 77
EVERYTHING = "counter,writes,calls"

# Workload -> acquisitions in a round.
DEEP = {"nest-4": 4, "nest-16": 16, "chains-512": 2, "crossed": 2, "pairs": 2, "context": 2}
SINGLE = {"mutex": 1, "trylock": 1, "recursive": 2, "errorcheck": 1, "timed": 1, "read": 1, "read-again": 2,
          "read-strict": 1, "write": 1, "semaphore": 1, "spin": 1}
RANDOM = {"random-64": 1, "random-64k": 1}
MANY = ("random-64k", "chains-512")

# Where identities are in a table, a post, and a release that is not the youngest, ask the table.
IN_TABLE = {name: acquisitions for name, acquisitions in (SINGLE | DEEP | RANDOM).items()
            if name not in ("semaphore", "crossed")}

# What is held: options, workloads, threads at once.
FEW = {name: (SINGLE | DEEP | RANDOM)[name] for name in ("mutex", "nest-4", "read", "spin", "random-64k")}
FEWER = {name: SINGLE[name] for name in ("mutex", "spin")}
HELD = [
    ("identity=auto", SINGLE | DEEP | RANDOM, 1),
    ("identity=auto", FEW, 2),
    ("identity=auto:events=all", FEWER, 1),
    ("identity=table", IN_TABLE, 1),
    ("identity=table", FEWER, 2),
]

SYMBOLS = ("lv_process_context", "lv_self_state")


def symbols_of(library):
    table = subprocess.run(["readelf", "-sW", library], stdout=subprocess.PIPE, check=True).stdout.decode()
    values = {}
    for line in table.splitlines():
        words = line.split()
        if len(words) == 8 and words[7] in SYMBOLS:
            values[words[7]] = "0x" + words[1]
    return [values[name] for name in SYMBOLS]


class Shape:
    def __init__(self, args):
        self.library = os.path.realpath(args.library)
        self.program = os.path.abspath(args.program)
        self.symbols = symbols_of(self.library)

    def run(self, watch, workload, threads, rounds, options, warm=None):
        """Exit status, and what the program said."""
        if warm is None:
            warm = WARM_MANY if workload in MANY else WARM
        env = {key: value for key, value in os.environ.items() if key not in ("LD_PRELOAD", "LOCKVAL_OPTIONS")}
        env.update(LD_PRELOAD=self.library, LOCKVAL_OPTIONS=options, LC_ALL="C")
        command = [self.program, watch, *self.symbols, workload, str(threads), str(warm), str(rounds)]
        done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=100, check=False)
        return done.returncode, done.stdout.decode() + done.stderr.decode()

    def explain(self, said):
        """@said, and where in the library the code is that it speaks of."""
        base = re.search(r"^base (0x[0-9a-f]+)$", said, re.MULTILINE)
        code = re.search(r" by (0x[0-9a-f]+)$", said, re.MULTILINE)
        if base is None or code is None or int(code.group(1), 16) < int(base.group(1), 16):
            return said
        at = hex(int(code.group(1), 16) - int(base.group(1), 16))
        where = subprocess.run(["addr2line", "-fipe", self.library, at], stdout=subprocess.PIPE, check=False).stdout.decode()
        return said + where

    def complaint(self, watch, workload, threads, rounds, options, warm=None):
        """What was not as it should be, or nothing."""
        status, said = self.run(watch, workload, threads, rounds, options, warm)
        slow = re.search(r"^slow (\d+)$", said, re.MULTILINE)
        if status == 0 and slow and slow.group(1) == "0":
            return ""
        return f"status {status}\n{self.explain(said)}"


def test(shape):
    tap = Tap()
    for options, workloads, threads in HELD:
        for name, acquisitions in workloads.items():
            title = f"{name}, {options}, {threads} thread{'s' if threads > 1 else ''}"
            complaint = shape.complaint(EVERYTHING, name, threads, ACQUISITIONS // acquisitions // threads, options)
            tap.say(not complaint, title + ": no slow way, no shared page written, no system call", complaint)
            complaint = shape.complaint("trace", name, threads, max(TRACED // acquisitions, 4), options)
            tap.say(not complaint, title + ": only what is the thread's own is written", complaint)
    return tap.end()


def self_test(shape):
    """A thread that is not warm goes the slow way, and each watch alone has to see it; as well as other misdeeds."""
    tap = Tap()
    # The first write of the slow way is that of the internal lock, which is taken with signals blocked: the fault that the
    # watch makes of it ends the process.
    slow = r"^write to |^status -11$"
    seen = [
        ("counter", "mutex", 1, 0, r"^slow [1-9]"),
        ("writes", "mutex", 1, 0, slow),
        ("calls", "mutex", 1, 0, r"^system call "),
        ("trace", "mutex", 1, 0, slow),
        ("trace", "random-64k", 2, 0, r"^write to "),
        ("writes", "malloc", 1, None, r"^write to "),
        ("writes", "common", 2, None, r"^write to "),
        ("calls", "call", 1, None, r"^system call "),
        ("trace", "common", 2, None, r"^shared line "),
    ]
    for watch, name, threads, warm, pattern in seen:
        complaint = shape.complaint(watch, name, threads, TRACED, "identity=auto", warm)
        tap.say(re.search(pattern, complaint, re.MULTILINE), f"{watch} of {name}, {'warm' if warm is None else 'not warm'}", complaint)
    return tap.end()


def main():
    parser = argparse.ArgumentParser(description="Prove what the fast path does not do.")
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("library")
    parser.add_argument("program")
    args = parser.parse_args()
    if platform.machine() != "x86_64":
        print("1..0 # SKIP this is made for x86-64")
        return 0
    shape = Shape(args)
    status, said = shape.run("calls", "mutex", 1, 1, "")
    if status == SKIPPED:
        print(f"1..0 # SKIP {said}")
        return 0
    return self_test(shape) if args.self_test else test(shape)


if __name__ == "__main__":
    sys.exit(main())
