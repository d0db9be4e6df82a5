#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the cases of a program of tests/api, and compares what happens with what its source expects (see api.h).

Every case runs without the library (status 0, nothing on stderr), with LOCKVAL_DISABLE when --disabled names that build,
and with the library preloaded, once with identities inside the locks and once in the table (the same stdout, status 66 if
and only if a finding counts, the findings in order).

Usage: run.py --lib LIB [--disabled PROGRAM] PROGRAM SOURCE        the cases of one program
       run.py --lib LIB --example PROGRAM SOURCE                   an example: "Under lockval: circular, potential."
"""

import argparse
import collections
import os
import pathlib
import re
import subprocess
import sys

Expected = collections.namedtuple("Expected", "case options findings pattern")
Result = collections.namedtuple("Result", "status out err")

EXPECT = re.compile(r"^ \* expect ([\w-]+)(?: \[([^\]]*)\])?: ([^|\n]*?)(?: \| (.*))?$", re.MULTILINE)
CASE = re.compile(r'^\s*\{ "([\w-]+)", \w+ \},$', re.MULTILINE)
FINDING = re.compile(r"^\[finding (\S+) (\S+) [0-9a-f]{16}\]$", re.MULTILINE)
EXAMPLE = re.compile(r"Under lockval: ([\w-]+)(?:, (\w+))?\.")
HEADLINES = {
    "possible circular locking dependency detected": "circular",
    "possible recursive locking detected": "recursive",
    "bad unlock balance detected!": "unlock",
    "Invalid wait context": "wait-context",
}
VERDICT = re.compile(r"^verdict: (\w+)$", re.MULTILINE)
TIMEOUT = 60


def run(command, options=None, lib=None):
    """One run; with @lib it is preloaded, with @options."""
    env = {key: value for key, value in os.environ.items() if key not in ("LD_PRELOAD", "LOCKVAL_OPTIONS")}
    if lib:
        env["LD_PRELOAD"] = lib
        env["LOCKVAL_OPTIONS"] = ":".join(options)
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=TIMEOUT, check=False)
    return Result(done.returncode, done.stdout, done.stderr)


class Complaints:
    """What is wrong, with the output that shows it."""

    def __init__(self):
        self.count = 0

    def check(self, good, where, what, result):
        if good:
            return
        self.count += 1
        print(f"{where}: {what}\n  status {result.status}\n  stdout:\n{result.out}\n  stderr:\n{result.err}")


def parse(source):
    """The expectations of a source, and the names of its cases."""
    text = pathlib.Path(source).read_text(encoding="utf-8")
    expected = []
    for case, options, findings, pattern in EXPECT.findall(text):
        pairs = [] if findings == "clean" else [tuple(item.split()) for item in findings.split(", ")]
        if any(len(pair) != 2 for pair in pairs):
            sys.exit(f"{source}: expect {case}: '{findings}' is not 'clean' or 'KIND VERDICT, ...'")
        expected.append(Expected(case, options.split(":") if options else [], pairs, pattern))
    return expected, CASE.findall(text)


def status_for(findings):
    """A guarded finding does not change the status, every other does."""
    return 66 if any(verdict != "guarded" for _, verdict in findings) else 0


def compare(complaints, where, expected, plain, watched):
    ends_early = "on_deadlock=exit" in expected.options  # and what the program would have written is lost
    complaints.check(ends_early or watched.out == plain.out, where, f"stdout differs from the run without the library:\n{plain.out}",
                     watched)
    complaints.check(watched.status == status_for(expected.findings), where,
                     f"expected status {status_for(expected.findings)}", watched)
    found = FINDING.findall(watched.err)
    complaints.check(found == expected.findings, where, f"expected {expected.findings or 'clean'}, found {found}",
                     watched)
    # The text of each, too; a case that ends the callback makes more of them.
    verdicts = VERDICT.findall(watched.err)[:len(found)]
    said = [] if "log=none" in expected.options else [verdict for _, verdict in found]
    complaints.check(verdicts == said, where, f"the text says {verdicts}", watched)
    if expected.pattern:
        complaints.check(re.search(expected.pattern, watched.err, re.MULTILINE) is not None, where,
                         f"nothing on stderr matches {expected.pattern}", watched)
    if not expected.findings:
        complaints.check(not watched.err or expected.pattern, where, "clean, but it says something", watched)


def check_cases(complaints, args):
    expected, cases = parse(args.source)
    names = [e.case for e in expected]
    if sorted(set(names)) != sorted(cases):
        sys.exit(f"{args.source}: expectations and cases differ: {sorted(set(names) ^ set(cases))}")
    for e in expected:
        plain = run([args.program, e.case])
        complaints.check(plain.status == 0 and not plain.err, f"{e.case} without the library", "status 0, no message",
                         plain)
        if args.disabled:
            disabled = run([args.disabled, e.case])
            complaints.check(disabled == plain, f"{e.case} with LOCKVAL_DISABLE", "another outcome", disabled)
        for identity in ("auto", "table"):
            watched = run([args.program, e.case], [*e.options, f"identity={identity}"], args.lib)
            compare(complaints, f"{e.case} identity={identity}", e, plain, watched)
    print(f"{len(expected)} expectations, {complaints.count} complaints")


def check_example(complaints, args):
    match = EXAMPLE.search(pathlib.Path(args.source).read_text(encoding="utf-8"))
    if not match:
        sys.exit(f"{args.source}: no line 'Under lockval: KIND, VERDICT.'")
    kind, verdict = match.groups()
    plain = run([args.program])
    complaints.check(plain.status == 0 and not plain.err, "without the library", "status 0, no message", plain)
    for identity in ("auto", "table"):
        watched = run([args.program], [f"identity={identity}"], args.lib)
        where = f"identity={identity}"
        complaints.check(watched.out == plain.out, where, f"stdout differs:\n{plain.out}", watched)
        if kind == "clean":
            complaints.check(watched.status == 0 and not watched.err, where, "expected clean", watched)
            continue
        complaints.check(watched.status == status_for([(kind, verdict)]), where, "wrong status", watched)
        complaints.check(VERDICT.findall(watched.err) == [verdict], where, f"expected one finding, {verdict}", watched)
        headlines = [kind_of for line, kind_of in HEADLINES.items() if line in watched.err]
        complaints.check(not headlines or headlines == [kind] or (kind, headlines) == ("event", ["circular"]), where,
                         f"expected {kind}", watched)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lib", required=True)
    parser.add_argument("--disabled")
    parser.add_argument("--example", action="store_true")
    parser.add_argument("program")
    parser.add_argument("source")
    args = parser.parse_args()
    complaints = Complaints()
    (check_example if args.example else check_cases)(complaints, args)
    return 1 if complaints.count else 0


if __name__ == "__main__":
    sys.exit(main())
