#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run real programs under the library against their own checks, and without it, and print a table.

Each program is run natively and under the library in turn. The status is other than 0 when a program behaves
differently, fails its own checks, meets no lock, or when a finding is not in judged.py. Times are only shown.

Usage: run.py --library PATH [--only NAME]... [--quick] [--list] [--keep FOLDER] [--findings] [--no-native]
              [--options KEY=VALUE:...] [--timeout S] [--table FILE]
       run.py --needs [--only NAME]...     what to install: "PROBE PACKAGE" lines
       run.py --self-test                  of the parser and the judge, needs no program
"""

import argparse
import fnmatch
import os
import pathlib
import shutil
import signal
import sys
import traceback

import box as boxes
import catalogue
import findings
import judged

COLUMNS = ("program", "checks", "native s", "under s", "ratio", "locks", "findings", "same")


def find_need(probe):
    return pathlib.Path(probe).exists() if probe.startswith("/") else shutil.which(probe) is not None


class Outcome:
    """What one run of a program gave."""

    def __init__(self, program, box):
        self.box, self.result, self.failure, self.missing = box, None, None, None
        try:
            self.result = program.run(box)
        except boxes.Failed as why:
            self.failure = str(why)
        except boxes.CannotRun as why:
            self.missing = str(why)
        except Exception:  # pylint: disable=broad-except  # a client that falls over a wrong answer is a failure too
            self.failure = traceback.format_exc(limit=4)
        finally:
            self.seconds = box.seconds
            box.close(keep=True)
        self.said = findings.read_folder(box.logs)


class Row:
    """A program's row of the table, and what is wrong."""

    def __init__(self, program):
        self.program, self.native, self.watched = program, None, None
        self.complaints, self.skipped, self.judged = [], None, []

    def compare(self):
        native, watched = self.native, self.watched
        for outcome in (native, watched):
            if outcome and outcome.missing:
                self.skipped = outcome.missing
                return
        if native and native.failure:
            self.complaints.append(f"fails without the library too: {native.failure}")
        if watched.failure:
            self.complaints.append(f"under the library: {watched.failure}")
        elif native and not native.failure and native.result != watched.result:
            self.complaints.append(f"differs:\nwithout the library: {native.result!r}\nunder the library:   "
                                   f"{watched.result!r}")
        said = watched.said
        if self.program.locks and said.locks == 0:
            self.complaints.append("the library met no lock: it was not there, or the check is not worth its name")
        self.complaints += [f"the library said: {line}" for line in said.notices]
        for finding, judgement in self.judged:
            if judgement is None:
                self.complaints.append(f"not judged: {finding.headline()}")

    def same(self):
        if self.skipped:
            return "skipped"
        return "yes" if not self.complaints else "**no**"

    def cells(self):
        native = f"{self.native.seconds:.1f}" if self.native else ""
        watched = f"{self.watched.seconds:.1f}" if self.watched else ""
        ratio = f"{self.watched.seconds / self.native.seconds:.2f}" if self.watched and self.native and self.native.seconds else ""
        kinds = {}
        for finding, judgement in self.judged:
            key = f"{finding.kind} ({judgement.judgement if judgement else '**not judged**'})"
            kinds[key] = kinds.get(key, 0) + 1
        text = ", ".join(f"{count} {key}" for key, count in sorted(kinds.items())) or "0"
        locks = str(self.watched.said.locks) if self.watched else ""
        return [self.program.name, self.program.checks, native, watched, ratio, locks, text, self.same()]


def one_program(program, args, place):
    row = Row(program)
    missing = [package for probe, package in program.needs if not find_need(probe)]
    if missing:
        row.skipped = f"not installed: {' '.join(missing)}"
        return row
    for watched in (False, True):
        if not watched and args.no_native:
            continue
        box = boxes.Box(args.library if watched else None, ":".join(filter(None, (program.options, args.options))),
                        args.quick, args.timeout, place)
        outcome = Outcome(program, box)
        if watched:
            row.watched = outcome
        else:
            row.native = outcome
    row.judged = findings.judge(program.name, row.watched.said, judged.JUDGED)
    row.compare()
    for outcome in (row.native, row.watched):
        if outcome and not args.keep and not row.complaints:
            shutil.rmtree(outcome.box.folder, ignore_errors=True)
        elif outcome:
            print(f"    kept: {outcome.box.folder}", file=sys.stderr)
    return row


def table(rows):
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    lines += ["| " + " | ".join(row.cells()) + " |" for row in rows]
    return "\n".join(lines)


def explain(row, whole):
    """What stands below the table: what is wrong, and each finding with its judgement."""
    lines = []
    for finding, judgement in row.judged:
        lines.append(f"- {row.program.name}: {finding.headline()}")
        if judgement:
            lines.append(f"  {judgement.judgement}: {judgement.reason}")
        if whole or judgement is None:
            lines += ["", "```", finding.text.strip(), "```", ""]
    if row.skipped:
        lines.append(f"- {row.program.name}: skipped, {row.skipped}")
    for complaint in row.complaints:
        lines.append(f"- {row.program.name}: **{complaint}**")
    return lines


def chosen(args):
    programs = catalogue.all_programs()
    if args.only:
        picked = [one for one in programs if any(fnmatch.fnmatchcase(one.name, glob) for glob in args.only)]
        for glob in args.only:
            if not any(fnmatch.fnmatchcase(one.name, glob) for one in programs):
                sys.exit(f"test-programs: no program is called {glob}; see --list")
        return picked
    return [one for one in programs if one.quick or not args.quick]


def main():
    parser = argparse.ArgumentParser(description="Run real programs under the library.")
    parser.add_argument("--library", type=os.path.abspath)
    parser.add_argument("--only", action="append", metavar="NAME", help="this program (a glob); may be repeated")
    parser.add_argument("--quick", action="store_true", help="a part of the programs, with less to do")
    parser.add_argument("--list", action="store_true", help="print the programs and end")
    parser.add_argument("--needs", action="store_true", help="print what the programs need and end")
    parser.add_argument("--keep", metavar="FOLDER", help="keep the runs' folders there")
    parser.add_argument("--findings", action="store_true", help="print the judged reports too")
    parser.add_argument("--no-native", action="store_true", help="only under the library")
    parser.add_argument("--options", default="", help="more LOCKVAL_OPTIONS")
    parser.add_argument("--timeout", type=int, default=boxes.DEFAULT_TIMEOUT, help="seconds until a process is called hung")
    parser.add_argument("--table", metavar="FILE", help="write the table there, too")
    parser.add_argument("--self-test", action="store_true")
    args = parser.parse_args()
    if args.self_test:
        import self_test  # pylint: disable=import-outside-toplevel
        return self_test.main()
    programs = chosen(args)
    if args.list:
        for one in programs:
            print(f"{one.name:16} {'quick ' if one.quick else '      '} {one.checks}")
        return 0
    if args.needs:
        print("\n".join(sorted({" ".join(need) for one in programs for need in one.needs})))
        return 0
    if not args.library or not os.path.exists(args.library):
        parser.error("--library is needed, and must be there")
    # What was started is ended, also when this is.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # Who is started in the background ignores this one, and so would all programs that are started here.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if args.keep:
        os.makedirs(args.keep, exist_ok=True)
    rows = []
    for one in programs:
        print(f"{one.name}: {one.checks} ...", file=sys.stderr, flush=True)
        rows.append(one_program(one, args, args.keep))
        print("    | " + " | ".join(rows[-1].cells()[2:]) + " |", file=sys.stderr, flush=True)
    text = table(rows) + "\n"
    below = [line for row in rows for line in explain(row, args.findings)]
    if below:
        text += "\n" + "\n".join(below) + "\n"
    print(text)
    if args.table:
        pathlib.Path(args.table).write_text(text, encoding="utf-8")
    bad = [row.program.name for row in rows if row.complaints]
    if bad:
        print(f"test-programs: {' '.join(bad)}: see above", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
