#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the slow way costs: threads that all walk chains nobody walked before (discover.c).

Each row is run several times, in turn with one thread that walks the same chains alone; the numbers are medians. "walk" is a
thread's first walk of a chain. The time of a walk is what passes until the last thread is done, divided by the walks; its
ratio is to that of one thread, and 2 cores could halve it. Processor time tells more than that on a machine where others work.

Usage: discover.py LIBRARY PROGRAM [--chains N] [--rounds N] [--threads 1,2,4,16] [--quick] [--check]
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile

WHOSE = {"same": "all the same", "own": "each its own", "mixed": "half and half"}


def run(library, program, shape, whose, threads, chains):
    with tempfile.NamedTemporaryFile("r", suffix=".log") as log:
        env = dict(os.environ, LD_PRELOAD=library, LOCKVAL_OPTIONS=f"stats=1:log={log.name}")
        done = subprocess.run([program, shape, whose, str(threads), str(chains)], env=env, check=True, capture_output=True, text=True)
        stats = dict(re.findall(r"^  (\S+) +(\d+)$", log.read(), re.M))
    if not stats:
        sys.exit("discover.py: the library said nothing: is it preloaded?")
    words = done.stdout.split()
    row = {key: int(value) for key, value in zip(words[::2], words[1::2])}
    row.update({key: int(value) for key, value in stats.items()})
    if row["findings"] != 0 or row["dropped"] != 0 or row["chains"] < chains or row["slow-walks"] < row["walks"]:
        sys.exit(f"discover.py: of {chains} chains: " + " ".join(f"{key} {value}" for key, value in row.items()))
    return row


def median(rows, key, by="walks"):
    return statistics.median(row[key] / (row[by] if by else 1) for row in rows)


def measure(args, shape, whose, threads):
    alone, together = [], []
    # All threads walk everything: fewer chains, so that it takes no longer.
    chains = args.chains if whose == "own" else max(args.chains // threads * 2, 1000)
    for _ in range(args.rounds):
        alone.append(run(args.library, args.program, shape, whose, 1, chains))
        together.append(run(args.library, args.program, shape, whose, threads, chains) if threads != 1 else alone[-1])
    return alone, together


def show(args, shape, whose, threads, alone, together):
    ratio, cpu = (median(together, key) / median(alone, key) for key in ("ns", "cpu"))
    print(f"| {shape} | {WHOSE[whose]} | {threads} | {together[0]['walks']} | {median(together, 'locked-walks'):.2f} "
          f"| {median(together, 'ns'):.0f} | {ratio:.2f} | {median(together, 'cpu'):.0f} | {cpu:.2f} "
          f"| {median(together, 'switches'):.3f} | {median(together, 'memory-witnesses-kib', None):.0f} "
          f"| {median(together, 'memory-kib', None) * 1024 / median(together, 'chains', None):.0f} |", flush=True)
    return ratio, cpu


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("library")
    parser.add_argument("program")
    parser.add_argument("--chains", type=int, default=100000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", default="1,2,4,16")
    parser.add_argument("--shapes", default="chains,edges")
    parser.add_argument("--quick", action="store_true", help="10 000 chains, once, 1 and 16 threads")
    parser.add_argument("--check", action="store_true", help="fail if many threads take more than twice the processor time of one")
    args = parser.parse_args()
    if args.quick:
        args.chains, args.rounds, args.threads = 10000, 1, "1,16"
    print("| chains | whose | threads | walks | under the lock | ns a walk | to one thread | processor ns | to one thread "
          "| sleeps a walk | witnesses KiB | bytes a chain |")
    print("|---" * 12 + "|")
    worst = 0
    for shape in args.shapes.split(","):
        for whose in WHOSE:
            for threads in map(int, args.threads.split(",")):
                _, cpu = show(args, shape, whose, threads, *measure(args, shape, whose, threads))
                worst = max(worst, cpu)
    if args.check and worst > 2:
        sys.exit(f"discover.py: {worst:.2f} times the processor time of one thread")


main()
