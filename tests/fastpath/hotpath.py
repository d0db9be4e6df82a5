#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""List the instructions of the fast path with their source lines.

One round of a workload, as callgrind saw it: what was executed of the library, in the order of addresses, with how often in a
round; then what each function took. What stands in the functions and was not executed is left out.

Usage: hotpath.py [--identity auto|table] LIBRARY PROGRAM WORKLOAD
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys

import profile

ROUNDS = 512
INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\t(.*?)\s*$")


def disassemble(library):
    """Address -> instruction."""
    listing = subprocess.run(["objdump", "-d", "--no-show-raw-insn", library], stdout=subprocess.PIPE, check=True)
    return {int(match.group(1), 16): re.sub(r"\s+", " ", match.group(2))
            for match in map(INSTRUCTION.match, listing.stdout.decode().splitlines()) if match}


class Source:
    """The text of lines of source files."""

    def __init__(self):
        self.files = {}

    def line(self, path, number):
        if path not in self.files:
            try:
                self.files[path] = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
            except OSError:
                self.files[path] = []
        lines = self.files[path]
        return lines[number - 1].strip() if 0 < number <= len(lines) else ""


def total(taken):
    return sum(times for _, _, times in taken.values())


def show_function(name, steps, rounds, code, source):
    """@steps: address -> (file, line, times)."""
    print(f"\n{name}: {total(steps) / rounds:.1f} instructions a round\n")
    before = None
    for address, (path, number, times) in sorted(steps.items()):
        if (path, number) != before:
            place = f"{os.path.basename(path)}:{number}"
            print(f"{place:>24}  {source.line(path, number)}")
            before = path, number
        print(f"{times / rounds:24.2f}      {address:x}  {code.get(address, '?')}")


def main():
    parser = argparse.ArgumentParser(description="List the instructions of the fast path with their source lines.")
    parser.add_argument("--identity", choices=("auto", "table"), default="auto")
    parser.add_argument("library")
    parser.add_argument("program")
    parser.add_argument("workload", nargs="?", default="mutex")
    args = parser.parse_args()
    library = os.path.realpath(args.library)
    steps = profile.steps(args.program, ROUNDS, library, f"identity={args.identity}", args.workload)
    code = disassemble(library)
    source = Source()
    own = os.path.basename(library)
    functions = sorted(steps.items(), key=lambda item: -total(item[1]))
    listed = [address for (owner, _), taken in functions if owner == own for address in taken]
    for (owner, function), taken in functions:
        if owner == own:
            show_function(function, taken, ROUNDS, code, source)
    print("\ninstructions a round")
    for (owner, function), taken in functions:
        print(f"{total(taken) / ROUNDS:10.1f}  {function} ({owner})")
    if not listed or any(address not in code for address in listed):
        print("hotpath: what was executed is not what was disassembled", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
