#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Hold the books of a thread against a signal after each instruction of a lock and its unlock: run steps.c.

Usage: steps.py LIBRARY PROGRAM
"""

import os
import re
import subprocess
import sys

import shape

ALL = ("nest", "keep", "release-older", "relock-older", "swap-older", "same", "keep-same", "take-many", "keep-many", "nested", "jump",
       "keep-and-jump", "release-and-jump")
CASES = [("identity=auto", "mutex", name, "any") for name in ALL if name != "keep-same"] + [
    ("identity=auto", "trylock", "keep", "any"),
    ("identity=auto", "recursive", "keep", "any"),
    ("identity=auto", "read", "keep-same", "any"),
    ("identity=table", "spin", "swap-older", "any"),
    ("identity=auto", "mutex", "relock-older", "synchronous"),
    ("identity=auto", "mutex", "swap-older", "synchronous"),
]
LEAST = 50  # steps of a lock and its unlock


def main():
    library, program = os.path.realpath(sys.argv[1]), os.path.abspath(sys.argv[2])
    symbols = shape.symbols_of(library)
    tap = shape.Tap()
    for options, lock, handler, signal in CASES:
        env = {key: value for key, value in os.environ.items() if key not in ("LD_PRELOAD", "LOCKVAL_OPTIONS")}
        # A handler that keeps locks makes findings, which are not what this is about.
        env.update(LD_PRELOAD=library, LOCKVAL_OPTIONS=options + ":exitcode=0", LC_ALL="C")
        done = subprocess.run([program, *symbols, lock, handler, signal], env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=100, check=False)
        said = done.stdout.decode()
        steps = re.search(r"^steps (\d+)$", said, re.MULTILINE)
        good = done.returncode == 0 and steps is not None and int(steps.group(1)) >= LEAST
        tap.say(good, f"{lock}, {options}: {handler}, {signal} signal", f"status {done.returncode}\n{said}{done.stderr.decode()}")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
