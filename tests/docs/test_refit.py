#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""refit.py: what a page shows is described anew with the same gaps, and what it need not say again stays as it was."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))

from command import Checks  # pylint: disable=wrong-import-position
from refit import masked, matches, refit  # pylint: disable=wrong-import-position

HERE = "/nowhere"
# title, what is shown, what is printed now, how that is shown
CASES = (
    ("nothing", "", "", ""),
    ("nothing any more", "a", "", ""),
    ("something now", "", "a|b", "a|b"),
    ("a gap is enough", "...", "a|b", "..."),
    ("a word changes", "verdict: potential|...", "sure: potential|x", "sure: potential|..."),
    ("around a gap", "one|two|...|nine|ten", "one|zwei|three|four|nine|zehn", "one|zwei|...|nine|zehn"),
    ("behind a gap", "...|say: nine|...", "one|two|tell: nine|ten", "...|tell: nine|..."),
    ("a line more", "one|three", "one|two|three", "one|two|three"),
    ("a line more in a part", "...|one|three|...", "zero|one|two|three|four", "...|one|two|three|..."),
    ("a line less", "...|one|two|three", "zero|one|three", "...|one|three"),
    ("numbers that are masked stay", "new: x|at 0x563c59526060, work/77", "now: x|at 0x7ffff7dd18c0, work/78", "now: x|at 0x563c59526060, work/77"),
    ("words in a line stay left out", "...|new ... x|old ... y", "now it is x|old it is y", "...|now it is x|old it is y"),
    ("parts keep their order", "a|...|same|b|...|same|c", "a|q|same|B|r|same|c", "a|...|same|B|...|same|c"),
    ("the second of two parts is gone", "a|...|verdict: sure|...|the end|...", "a|b|verdict: quite sure|c", "a|...|verdict: quite sure|...|c|..."),
)


def lines_of(text):
    return text.split("|") if text else []


def main():
    checks = Checks()
    for title, shown, real, wanted in CASES:
        now = refit(lines_of(shown), lines_of(real), HERE)
        checks.equal(title, lines_of(wanted), now)
        checks.is_true(f"{title}: describes it", matches([masked(line, HERE) for line in now], [masked(line, HERE) for line in lines_of(real)]), now)
        checks.equal(f"{title}: twice is once", now, refit(now, lines_of(real), HERE))
    checks.is_true("another output is not described", not matches(["a", "...", "b"], ["a", "c"]))
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
