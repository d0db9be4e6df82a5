#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run the rows of a table of lock orders with real locks, each in a process of its own (row.c), and say what was found.

A row is run without the library first, in a way that shows whether it would wait for itself for good. Then it is run with
the library preloaded, for both ways of identity:

    expected "report"   there is one finding, of the kind that the family stands for, and the exit status is 66
    expected "clean"    there is none, and nothing on stderr; what the program prints is the same as without the library

A row that waits for itself is ended by the library at its finding (halt_on_error=1), before the call that would hang. All
others run to their end.

Usage: run.py LIBRARY PROGRAM TABLE plain|declared|signals [--rows N] [--only TEXT] [--flipped]

    plain      the rows without contexts
    declared   the rows with contexts, as declared ones of lockval.h
    signals    the same rows, contexts being handlers of real signals

--rows says how many there must be, so that none gets lost. --only runs the rows whose line has TEXT. --flipped expects the
opposite in every row and must be wrong in each: a check that cannot fail checks nothing.
"""

import argparse
import collections
import concurrent.futures
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import reports  # pylint: disable=wrong-import-position

TIMEOUT = 30  # seconds a row
IDENTITIES = ("auto", "table")
HANGS = 3  # exit status of a probe that would wait for itself
FOUND = 66

Row = collections.namedtuple("Row", "family kind order expected steps")

# What verdicts each kind may have. No row has a gate, and its threads are alive side by side.
VERDICTS = {
    "circular": {"potential", "feasible"},
    "recursive": {"potential", "deadlock", "misuse"},
    "unlock": {"misuse"},
    "lifetime": {"misuse"},
    "signal": {"potential", "feasible"},
}


def has_contexts(row):
    return "irq" in row.steps


def read_table(path):
    with open(path, encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file if line.strip() and not line.startswith("#")]
    return [Row(*line.split("\t")) for line in lines[1:]]


def kind_of(row):
    """The kind of finding that a row stands for."""
    if row.family == "double_unlock":
        return "unlock"
    if row.family == "init_held":
        return "lifetime"
    if row.family == "AA" or "_AA" in row.family:
        return "recursive"
    if not has_contexts(row) or row.family.endswith("RE_Er"):  # the latter is an ordinary circle with contexts in it
        return "circular"
    return "signal"


def run(command, library=None, options=""):
    """Exit status, stdout, stderr."""
    env = {key: value for key, value in os.environ.items() if key not in ("LD_PRELOAD", "LOCKVAL_OPTIONS")}
    if library:
        env["LD_PRELOAD"] = library
        env["LOCKVAL_OPTIONS"] = options
    try:
        done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT,
                              check=False, text=True)
    except subprocess.TimeoutExpired:
        return None, "", ""
    return done.returncode, done.stdout, done.stderr


def check_row(row, command, library, identity, probed):
    """What is wrong, what was found, and what the library said."""
    hangs = probed[0] == HANGS
    options = f"identity={identity}" + (":halt_on_error=1" if hangs else "")
    status, out, err = run(command, library, options)
    found = reports.findings_of(err)
    wanted = kind_of(row)
    if status is None:
        return f"did not end in {TIMEOUT} s", found, err
    if row.expected == "report":
        if status != FOUND:
            return f"exit status {status}", found, err
        if len(found) != 1:
            return f"{len(found)} findings", found, err
        if found[0].kind != wanted or found[0].verdict not in VERDICTS[wanted]:
            return f"not {wanted}, {' or '.join(sorted(VERDICTS[wanted]))}", found, err
    elif status != 0 or err or hangs:
        return f"exit status {status}", found, err
    if not hangs and out != probed[1]:
        return f"the program says {out!r}, without the library {probed[1]!r}", found, err
    return None, found, err


def check_flipped(library, rows, command_of):
    """Every row must be wrong when the opposite is expected of it."""
    right = []
    for row in rows:
        flipped = row._replace(expected="clean" if row.expected == "report" else "report")
        probed = run(command_of(row) + ["probe"])
        if check_row(flipped, command_of(row), library, IDENTITIES[0], probed)[0] is None:
            right.append(row)
    print(f"1..1\n{'not ' if right or not rows else ''}ok 1 - the opposite is wrong in {len(rows)} rows")
    for row in right:
        print(f"#   but not in {' '.join(row)}")
    return 1 if right or not rows else 0


def run_row(library, row, command):
    """How the row goes without the library, and for each way of identity what is wrong, what was found and what was said."""
    probed = run(command + ["probe"])
    if probed[0] not in (0, HANGS):
        wrong = f"without the library: exit status {probed[0]}, {probed[1]}"
        return probed, [(wrong, [], probed[2]) for _ in IDENTITIES]
    return probed, [check_row(row, command, library, identity, probed) for identity in IDENTITIES]


def run_rows(library, rows, command_of):
    """Run all rows, as many at once as there are processors, and print a line for each and way of identity."""
    number = failed = 0
    ended = {}
    print(f"1..{len(rows) * len(IDENTITIES)}")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda row: run_row(library, row, command_of(row)), rows)
        for row, (probed, checks) in zip(rows, results):
            title = " ".join(word for word in (row.family, row.kind, row.order) if word)
            if probed[0] == HANGS:
                ended[title] = probed[1].strip()
            for identity, (wrong, found, said) in zip(IDENTITIES, checks):
                number += 1
                says = ", ".join(f"{finding.kind} ({finding.verdict})" for finding in found) or "clean"
                print(f"{'not ' if wrong else ''}ok {number} - {title}: {row.steps}, identity={identity}: {says}",
                      flush=True)
                if wrong:
                    failed += 1
                    for line in (wrong + ("\n" + said if said else "")).splitlines():
                        print(f"#   {line}")
    print(f"# {len(rows)} rows, {len(ended)} of them ended at the finding, since the next step would not return:")
    for title, why in ended.items():
        print(f"#   {title}: {why}")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description="Run the rows of a table of lock orders with real locks.")
    parser.add_argument("library")
    parser.add_argument("program")
    parser.add_argument("table")
    parser.add_argument("way", choices=("plain", "declared", "signals"))
    parser.add_argument("--rows", type=int)
    parser.add_argument("--only", default="")
    parser.add_argument("--flipped", action="store_true")
    args = parser.parse_args()
    library = os.path.abspath(args.library)
    rows = [row for row in read_table(args.table) if has_contexts(row) == (args.way != "plain")]
    if args.rows is not None and len(rows) != args.rows:
        print(f"Bail out! {len(rows)} rows, not {args.rows}")
        return 1
    rows = [row for row in rows if args.only in " ".join(row)]

    def command_of(row):
        way = ["signals"] if args.way == "signals" else []
        return [os.path.abspath(args.program), row.family, row.kind, row.order, row.steps] + way

    if args.flipped:
        return check_flipped(library, rows, command_of)
    return run_rows(library, rows, command_of)


if __name__ == "__main__":
    sys.exit(main())
