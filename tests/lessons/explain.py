#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lockval explain: what it says of the lessons' programs, of each word, and of what is not there.

Usage: explain.py SOURCE_ROOT LOCKVAL
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from tap import Tap  # noqa: E402

# Lesson -> arguments of its program, and parts of what is said of its finding, in this order.
SAID = {
    1: ([], ["feasible circular: B -> A -> B", "second held B (show.c:24", "wanted A", "first held A", "How it would hang", "1. first has A.", "2. second has B.", "wants A", "no lock in common", "01-two-locks.md"]),
    2: ([], ["potential circular", "show held B", "one thread", "Lesson"]),
    6: (["strict"], ["potential recursive", "a reader that does not pass waiting writers", "06-readers"]),
    8: ([], ["feasible recursive", "How it would hang", "08-nesting"]),
    9: ([], ["deadlock deadlock", "consume waits (cond)", "09-condition-variables.md"]),
    10: ([], ["potential signal", "handler", "10-signal-handlers.md"]),
    11: ([], ["potential event", "before its end, which is join of work", "work has not come to join of work yet", "11-waiting-for-events.md"]),
    12: ([], ["guarded circular", "gate lock", "01-two-locks.md"]),
}


def in_order(text, parts):
    """The first part that is not in @text behind those before it; none: all are."""
    flat, at = re.sub(r"\s+", " ", text), 0
    for part in parts:
        at = flat.find(part, at)
        if at < 0:
            return part
        at += len(part)
    return None


def check_hints(tap, lockval, explain, record, other):
    """What lockval report ends with can be typed, and is about the finding that was shown."""
    def hint(*args):
        said = subprocess.run([lockval, "report", "--no-symbols", *args], stdout=subprocess.PIPE, text=True, check=True).stdout
        line = said.splitlines()[-1]
        return said, line.removeprefix("in plain words: lockval explain ").split() if line.startswith("in plain words: ") else []

    said, args = hint(record)
    print_ = re.search(r"\[([0-9a-f]{16})\]", said).group(1)
    tap.say(args == [record] and print_ in explain(*args)[1], "a report ends with a hint", said[-400:])
    said, args = hint("--finding=2", record)
    print_ = re.search(r"\[([0-9a-f]{16})\]", said).group(1)
    tap.say(args == [f"--finding={print_}", record] and print_ in explain(*args)[1], "one of a finding that was chosen names it", said[-400:])
    said, args = hint(record, other)
    tap.say(len(args) == 1 and explain(*args)[0] == 0 and args[0] not in (record, other), "one of two records is of the kind", said[-400:])


def main():
    root, lockval = pathlib.Path(sys.argv[1]).resolve(), os.path.abspath(sys.argv[2])
    tap = Tap()

    def explain(*args, cwd=None):
        done = subprocess.run([lockval, "explain", *args], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        return done.returncode, done.stdout

    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "show"
        for number, (args, parts) in SAID.items():
            (pathlib.Path(folder) / "show.c").write_text((root / "examples" / "lessons" / f"{number:02}" / "show.c").read_text(encoding="utf-8"), encoding="utf-8")
            subprocess.run(["cc", "-g", "-pthread", "show.c", "-o", "show"], cwd=folder, check=True)
            record = pathlib.Path(folder) / f"{number}.jsonl"
            ran = subprocess.run([lockval, "run", f"--record={record}", "--on_deadlock=exit", "--", program, *args], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                 check=False)
            tap.say(number == 12 or "in plain words: " in ran.stderr, f"lesson {number}: the report names the command", ran.stderr[-400:])
            status, said = explain(str(record), cwd=folder)
            tap.say(status == 0 and in_order(said, parts) is None, f"lesson {number}: explained", f"{in_order(said, parts)!r} is missing in\n{said}")
            tap.say(max(map(len, said.splitlines())) <= 100, f"lesson {number}: no line is too long", said)
        first, two = str(record.with_stem("1")), str(record.with_stem("both"))
        subprocess.run([lockval, "merge", "-o", two, first, str(record.with_stem("11"))], check=True)
        check_hints(tap, lockval, explain, two, first)
        print_ = re.search(r"\[([0-9a-f]{16})\]", explain(str(record))[1]).group(1)
        tap.say(explain(f"--finding={print_}", str(record))[0] == 0 and explain("--finding=1", str(record))[0] == 0, "by number and by fingerprint")
        status, said = explain("--finding=7", str(record))
        tap.say(status == 1 and "no such finding" in said, "a number that is not there", said)

    words = subprocess.run([lockval, "help", "explain"], stdout=subprocess.PIPE, text=True, check=True).stdout
    words = re.search(r"^Words: (.*)$", words, re.MULTILINE).group(1).split()
    tap.say(len(words) == 16, "kinds and verdicts are listed", words)
    for word in words:
        status, said = explain(word)
        lessons = re.findall(r"\d\d-[a-z-]+\.md", said)
        tap.say(status == 0 and lessons and all((root / "docs" / "lessons" / lesson).is_file() for lesson in lessons), f"{word}: its lessons are there", said)
    status, said = explain("/no/such/file")
    tap.say(status == 1 and "/no/such/file" in said, "a file that is not there", said)
    tap.say([explain(*args)[0] for args in ((), ("a", "b"), ("--what", "x"))] == [2] * 3, "calls that mean nothing")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
