#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Plays random programs and compares what is found with what the rules say.

    run.py PLAYER [--programs N] [--seed N] [--jobs N]
    run.py PLAYER --replay FILE        programs as they are printed when they fail

The first program that fails is made as short as it will go, and printed.
"""

import argparse
import multiprocessing
import subprocess
import sys

import compare
import generate

BATCH = 250


def play(player, programs):
    """What the player printed for each of the programs, without the end lines."""
    done = subprocess.run([player], input="".join("\n".join(lines) + "\n" for lines in programs), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    printed, now = [], []
    for line in done.stdout.splitlines():
        if line.startswith("end "):
            printed.append(now)
            now = []
        else:
            now.append(line)
    if len(printed) < len(programs):
        printed.append(None)
        sys.stderr.write(done.stderr)
    return printed


def judge(lines, printed):
    """What is wrong, or None."""
    if printed is None:
        return "the player ended"
    try:
        compare.Comparison(lines).run(printed)
    except compare.Mismatch as mismatch:
        return str(mismatch)
    return None


def batch(arguments):
    """The first program of the batch that fails, as (lines, what), or None."""
    player, first, count = arguments
    programs = [generate.program(seed) for seed in range(first, first + count)]
    for lines, printed in zip(programs, play(player, programs)):
        wrong = judge(lines, printed)
        if wrong:
            return lines, wrong
    return None


def shrink(player, lines):
    """Leave out what can be left out, larger pieces first."""
    wrong = judge(lines, play(player, [lines])[0])
    size = len(lines) // 2
    while size:
        at = 1
        while at < len(lines) - 1:
            shorter = lines[:at] + lines[min(at + size, len(lines) - 1):]
            what = generate.is_possible(shorter) and judge(shorter, play(player, [shorter])[0])
            if what:
                lines, wrong = shorter, what
            else:
                at += size
        size //= 2
    return lines, wrong


def report(player, lines, wrong):
    print(f"{wrong}\n\nin program {lines[0].split()[1]}; shortened:\n")
    shorter, what = shrink(player, lines)
    print("\n".join(shorter))
    print(f"\n{what}\n\nthe player printed:")
    print("\n".join(play(player, [shorter])[0] or []), flush=True)


def random_programs(arguments):
    batches = [(arguments.player, first, min(BATCH, arguments.seed + arguments.programs - first))
               for first in range(arguments.seed, arguments.seed + arguments.programs, BATCH)]
    with multiprocessing.Pool(arguments.jobs) as pool:
        for failed in pool.imap_unordered(batch, batches):
            if failed:
                pool.terminate()
                report(arguments.player, *failed)
                return 1
    print(f"{arguments.programs} programs from seed {arguments.seed}: no mismatch")
    return 0


def replay(arguments):
    with open(arguments.replay, encoding="utf-8") as file:
        text = [line for line in file.read().splitlines() if line and not line.startswith("#")]
    programs = []
    for line in text:
        if line.startswith("program "):
            programs.append([])
        programs[-1].append(line)
    failed = 0
    for lines, printed in zip(programs, play(arguments.player, programs)):
        wrong = judge(lines, printed)
        print(f"{lines[0]}: {wrong or 'no mismatch'}")
        failed += wrong is not None
    return 1 if failed or not programs else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("player")
    parser.add_argument("--programs", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--replay")
    arguments = parser.parse_args()
    sys.exit(replay(arguments) if arguments.replay else random_programs(arguments))


if __name__ == "__main__":
    main()
