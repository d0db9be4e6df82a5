#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Suppressions in real runs: what `lockval suppress` writes for the findings of a program suppresses them in the next run, and nothing
else does; what was suppressed is counted and stands in the record.

Usage: check_suppress.py COMMAND LIBRARY NAME=PROGRAM ...
"""

import json
import pathlib
import subprocess
import sys
import tempfile

from command import Checks, call, environment

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "record"))

import lines as schema  # noqa: E402

# name: program, its arguments, options
CASES = {
    "circular": ("abba", [], ""),
    "recursive": ("instances", ["strict"], "strict=1"),
    "signal": ("signal_locks", ["in-handler-first"], ""),
    "event": ("mm_sim", ["reported"], ""),
    "unlock": ("misuse", ["unlock-elsewhere"], ""),
    "lifetime": ("lifetime", ["free-own"], ""),
    "cond": ("cond_misuse", ["free"], ""),
    "fork": ("fork_held", ["timed"], ""),
    "wait-context": ("api_wait", ["layout"], ""),
    "assert": ("api_asserts", ["one-held"], ""),
    "deadlock": ("stuck", ["abba"], "on_deadlock=exit"),
}

# Two circles, of which one can be suppressed without the other.
SOURCE = """\
#include <pthread.h>
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER, c = PTHREAD_MUTEX_INITIALIZER,
                       d = PTHREAD_MUTEX_INITIALIZER;
__attribute__((noinline)) static void take(pthread_mutex_t *first, pthread_mutex_t *second)
{
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}
__attribute__((noinline)) void crosswise(void)
{
    take(&d, &c);
    __asm__ volatile("");
}
int main(int argc, char **argv)
{
    (void)argv;
    take(&a, &b);
    take(&b, &a);
    if (argc > 1) {
        take(&c, &d);
        crosswise();
    }
    return 0;
}
"""


class Runner:
    def __init__(self, command, library, programs, folder):
        self.command, self.library, self.programs, self.folder = command, library, programs, folder
        self.complaints = []    # of what the records are like

    def run(self, program, args=(), options=""):
        """Status, stderr, and the lines of the record."""
        path = self.folder / "record.jsonl"
        path.unlink(missing_ok=True)
        done = subprocess.run([self.programs.get(program, program), *args], capture_output=True, text=True, check=False, timeout=60,
                              env=environment(LD_PRELOAD=self.library, LOCKVAL_OPTIONS=f"record={path}:{options}"))
        schema.check(path.read_bytes(), self.complaints)
        return done.returncode, done.stderr, [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    def check_records(self, checks):
        checks.equal("all records are as they are described", [], self.complaints)

    def file(self, text, name="list"):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def entries(self, *args):
        return call(self.command, "suppress", "--reason=it was looked at", *args, self.folder / "record.jsonl").stdout


def findings(lines):
    return [line for line in lines if line["t"] == "finding"]


def check_kinds(checks, runner):
    for name, (program, args, options) in CASES.items():
        if program not in runner.programs:
            continue
        status, said, lines = runner.run(program, args, options)
        failing = status  # 66, but where a child has the finding
        checks.is_true(f"{name}: found", status == (0 if name == "fork" else 66) and any(line["kind"] == name for line in findings(lines)), said)
        written = runner.entries()
        path = runner.file(written)
        status, said, lines = runner.run(program, args, f"{options}:suppressions={path}")
        kept = findings(lines)
        checks.is_true(f"{name}: suppressed", (status != 66 or "on_deadlock" in options) and "WARNING" not in said and "BUG" not in said and "finding" not in said,
                       written + said)
        checks.is_true(f"{name}: it stands in the record", kept and all(
            line["suppressed"]["by"] in written and line["suppressed"]["from"] == str(path) and not line["counts"] and
            line["suppressed"]["reason"] == "it was looked at" for line in kept), kept)
        ends = [line for line in lines if line["t"] == "end"]
        checks.is_true(f"{name}: and is counted", all(end["suppressed"] == end["findings"] and end["counted"] == 0 for end in ends), ends)
        tried = call(runner.command, "suppress", f"--check={path}", runner.folder / "record.jsonl")
        checks.is_true(f"{name}: --check agrees", tried.returncode == 0 and "unused" not in tried.stdout, tried.stdout + tried.stderr)
        other = "cond" if name != "cond" else "unlock"
        silent = "\n".join(f"{other}:{line.split(':', 1)[1]}" for line in written.splitlines() if not line.startswith("#"))
        status, said, lines = runner.run(program, args, f"{options}:suppressions={runner.file(silent)}")
        checks.is_true(f"{name}: an entry of another kind does nothing", status == failing and "suppressed" not in findings(lines)[0], said)
        status, said, lines = runner.run(program, args, f"{options}:suppressions={runner.file(f'{name}:no_such_* # no')}")
        checks.is_true(f"{name}: nor does one with another pattern", status == failing and "suppressed" not in findings(lines)[0], said)


def check_any_kind(checks, runner):
    every = runner.file("*:* # everything")
    status, said, _ = runner.run("abba", (), f"suppressions={every}")
    checks.is_true("*:* suppresses an order", status != 66 and said == "", said)
    status, said, lines = runner.run("self_deadlock", ["mutex"], f"suppressions={every}")
    checks.is_true("and not what hangs", "WARNING: possible recursive locking detected" in said and
                   any("suppressed" not in line for line in findings(lines)), said)


def check_some(checks, runner, program):
    status, said, lines = runner.run(program, ["x"])
    checks.equal("two circles", (66, 2), (status, len(findings(lines))))
    path = runner.file("# comment\ncircular:a # one of both\n")
    status, said, lines = runner.run(program, ["x"], f"suppressions={path}")
    checks.is_true("one of them is shown", status == 66 and said.count("WARNING") == 1 and
                   "lockval: 2 findings: 1 potential, 1 suppressed\n" in said, said)
    checks.equal("one of them counts", [False, True], sorted(line["counts"] for line in findings(lines)))
    two = f"{path},{runner.file('circular:c # the other', 'second')}"
    status, said, lines = runner.run(program, ["x"], f"suppressions={two}:stats=1")
    checks.is_true("two files, and counts", status == 0 and f"  suppressed 1 by circular:a ({path}:2)\n" in said, said)
    status, said, _ = runner.run(program, (), f"suppressions={two}:stats=1")
    checks.is_true("an unused one is listed", "  unused suppression circular:c (" in said and
                   "unused suppression circular:a" not in said, said)
    for by in ("take", pathlib.Path(program).name, "static:*", "f*:x # y\ncircular:main"):
        status, said, _ = runner.run(program, (), f"suppressions={runner.file(f'circular:{by} # by another name')}")
        checks.is_true(f"by {by!r}", status == 0 and "WARNING" not in said, said)


def check_errors(checks, runner, program):
    status, said, _ = runner.run(program, (), "suppressions=/nowhere/list")
    checks.is_true("no such file: said once, and the run goes on", status == 66 and
                   said.count("lockval: option 'suppressions': /nowhere/list cannot be read\n") == 1, said)
    path = runner.file("circular:a\nnonsense\nunlock:a # fine\n", "bad")
    status, said, _ = runner.run(program, (), f"suppressions={path}")
    checks.is_true("bad lines are named", status == 0 and f"{path}:1: 'circular:a' has no reason" in said and
                   f"{path}:2: the line has no colon" in said, said)
    status, said, _ = runner.run(program, (), f"suppressions={runner.file('')}")
    checks.is_true("an empty file", status == 66 and "lockval: option" not in said, said)
    record = runner.folder / "record.jsonl"
    for title, args, wanted in (("no record", [], 2), ("no such option", ["--tea", record], 2), ("no such verdict", ["--verdict=x", record], 2),
                                ("no such file", ["--check=/nowhere/x", record], 1), ("no such record", ["/nowhere/x"], 1),
                                ("no such finding", ["--finding=9", record], 1), ("a bad file", [f"--check={path}", record], 1)):
        done = call(runner.command, "suppress", *args)
        checks.equal(f"{title}: the status", wanted, done.returncode)
        checks.is_true(f"{title}: said", "lockval" in done.stderr, done.stderr)


def main(command, library, *pairs):
    programs = dict(pair.split("=", 1) for pair in pairs)
    checks = Checks()
    with tempfile.TemporaryDirectory() as name:
        runner = Runner(command, library, programs, pathlib.Path(name))
        source, program = runner.folder / "two.c", runner.folder / "two"
        source.write_text(SOURCE, encoding="utf-8")
        subprocess.run(["cc", "-g", "-O1", "-pthread", "-rdynamic", "-fno-optimize-sibling-calls", "-o", program, source], check=True, timeout=60)
        check_kinds(checks, runner)
        check_any_kind(checks, runner)
        check_some(checks, runner, program)
        check_errors(checks, runner, program)
        runner.check_records(checks)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
