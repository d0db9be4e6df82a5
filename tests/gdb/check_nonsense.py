#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""gdb's commands on memory that is nonsense: nonsense.py, run by gdb on a process that hangs.

Usage: check_nonsense.py LOCKVAL LIBRARY STUCK [ROUNDS [SEED]]
"""

import re
import sys
import time

from session import FOLDER, Hung, expected, gdb, said, skip_without_gdb

from command import Checks


def main(lockval, library, stuck, rounds="600", seed=None):
    skip_without_gdb()
    checks = Checks()
    seed = seed or str(time.time_ns() % 1000000)
    print(f"# seed {seed}")
    for case in ("abba", "readers"):
        with Hung(library, stuck, case) as hung:
            answer = hung.settle(lockval, lambda answer: answer["circles"] and all(thread["state"] == "S" for thread in answer["threads"]))
            _, _, text, after = gdb(hung.pid, f"set $lockval_rounds = {rounds}", f"set $lockval_seed = {seed}",
                                    f"source {FOLDER / 'nonsense.py'}", "info locks")
        done = re.search(r"^rounds (\d+) answered (\d+) refused (\d+) bad (\d+)$", text, re.MULTILINE)
        checks.is_true(f"{case}: answers and messages", done and done.group(1) == rounds and done.group(4) == "0", text)
        checks.is_true(f"{case}: both were met", done and int(done.group(2)) > 0 and int(done.group(3)) > 0, text)
        checks.equal(f"{case}: and it is what it was", answer and expected(answer), said(after))
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
