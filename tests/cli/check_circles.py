#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`lockval threads` on the programs of tests/deadlocks: who waits for each other when they hang, against their table; and no
circle in those that cannot deadlock, at whatever moment they are asked.

Usage: check_circles.py LOCKVAL LIBRARY TABLE NAME=PROGRAM...
"""

import json
import pathlib
import subprocess
import sys
import time

from command import TIMEOUT, Checks, call, environment

WAYS = ((), ("--no-stacks",))
MOMENTS = 6


class Run:
    """One run under the library, killed by its pid at the end."""

    def __init__(self, library, program, *args):
        env = environment(LD_PRELOAD=library, LOCKVAL_OPTIONS="log=none:exitcode=0")
        self.process = subprocess.Popen([program, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, env=env, text=True)
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(timeout=TIMEOUT)
        self.process.stdout.close()

    def ask(self, lockval, *options):
        """The answer, or None if the process has ended."""
        done = call(lockval, "threads", "--json", *options, str(self.pid))
        return json.loads(done.stdout) if done.returncode == 0 else None


def agrees(circle, answer):
    """Has the answer the circle of the table? What the library may report as a stall instead ("3/-") is a circle all the same;
    where a thread stands in its own way ("self") there may be others. All threads wait, and are asleep, before there is none."""
    sizes, wanted = [len(one) for one in answer["circles"]], circle.split("/")[0]
    if wanted == "self":
        return 1 in sizes
    if wanted == "-":
        return not sizes and all(thread["state"] == "S" and "waits" in thread for thread in answer["threads"])
    return sizes == [int(wanted)]


def check_hang(checks, lockval, library, name, program, wanted):
    for options in WAYS:
        with Run(library, program, "--hang") as run:
            run.process.stdout.readline()  # it is about to hang
            end, answer = time.monotonic() + TIMEOUT, None
            while time.monotonic() < end and not (answer and agrees(wanted, answer)):
                answer = run.ask(lockval, *options)
            again = run.ask(lockval, *options)
            # A circle stays; where threads stand in their own way, another one may have come to that between the two answers.
            stays = answer and again and agrees(wanted, again) and all(one in again["circles"] for one in answer["circles"])
            checks.is_true(f"{' '.join((name, *options))}: a circle of {wanted}", stays, again and (again["circles"], again["threads"]))


def check_never(checks, lockval, library, name, program):
    """It ends soon: it is asked at a few different moments of a few runs."""
    bad, answers = None, 0
    for moment in range(MOMENTS):
        with Run(library, program) as run:
            time.sleep(moment / 1000)
            answer = run.ask(lockval, *WAYS[moment % len(WAYS)])
            answers += answer is not None
            if answer and answer["circles"]:
                bad = answer
    checks.is_true(f"{name}: no circle in {answers} answers", bad is None, bad)


def main(lockval, library, table, *pairs):
    programs = dict(pair.split("=", 1) for pair in pairs)
    checks = Checks()
    rows = [line.split("\t") for line in pathlib.Path(table).read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    for row in rows:
        name, possible, wanted = row[0], row[2], row[5]
        if name not in programs:
            continue  # without a compiler for C++
        if possible == "real":
            check_hang(checks, lockval, library, name, programs[name], wanted)
        else:
            check_never(checks, lockval, library, name, programs[name])
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
