#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The library's memory does not grow with the number of locks that ever were.

Runs churn with a hundred thousand objects and with a million, for both ways of identity: no finding, and the same
memory-kib in the counters of stats=1.

Usage: bounded.py LIBRARY PROGRAM
"""

import os
import re
import subprocess
import sys

COUNTS = (100_000, 1_000_000)


def counters(library, program, identity, count):
    """The counters of one run by name; null when it went wrong."""
    env = dict(os.environ, LD_PRELOAD=os.path.abspath(library), LOCKVAL_OPTIONS=f"stats=1:identity={identity}")
    done = subprocess.run([os.path.abspath(program), str(count)], env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0 or done.stdout != f"{count}\n":
        print(f"# status {done.returncode}, said {done.stdout!r}\n# " + done.stderr.replace("\n", "\n# "))
        return None
    return {name: int(value) for name, value in re.findall(r"^  ([a-z-]+) +([0-9]+)$", done.stderr, re.MULTILINE)}


def main(library, program):
    failed = False
    print("1..2")
    for number, identity in enumerate(("auto", "table"), 1):
        few, many = (counters(library, program, identity, count) for count in COUNTS)
        good = few is not None and many is not None and few["memory-kib"] == many["memory-kib"]
        # What is counted shows that the program did what it should, and that the hook saw it.
        good = good and many["instances-made"] >= COUNTS[1] and many["frees-looked-at"] >= COUNTS[1] - 500
        if identity == "table":
            good = good and many["instances-retired"] >= COUNTS[1] - 500 and many["instances-in-table"] < 1000
        failed = failed or not good
        print(f"{'ok' if good else 'not ok'} {number} - identity={identity}")
        print(f"# {few}\n# {many}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
