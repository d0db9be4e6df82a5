#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The records of programs that other suites run: every line is what docs/record-format.md says, and the lines fit together.

A program's cases are read from its source (tests/preload/run.py). What it says and how it ends is compared with a run
under the library without a record: to record changes nothing else.

Usage: existing.py LIBRARY SOURCE=PROGRAM...
"""

import os
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "preload"))

import lines  # noqa: E402
import run    # noqa: E402



def run_case(library, case, program, folder, record):
    options = case.options + ([f"record={folder}/%e.%p.jsonl"] if record else [])
    command = [program] + (case.args if case.args is not None else [case.name] if case.name else [])
    with tempfile.TemporaryDirectory() as current:
        return run.run(command, run.environment([library], ":".join(options)), current)


def check_case(library, case, program):
    complaints = []
    with tempfile.TemporaryDirectory() as folder:
        status, out, err = run_case(library, case, program, folder, record=True)
        plain = run_case(library, case, program, folder, record=False)
        records = sorted(pathlib.Path(folder).iterdir())
        if (status, out) != plain[:2]:
            complaints.append(f"it ends with {status}, and without a record with {plain[0]}; or says something else")
        said = len(run.REPORT.findall(err))
        if said != len(run.REPORT.findall(plain[2])):
            complaints.append(f"{said} findings, and without a record another number")
        told = 0
        if not records:
            complaints.append("there is no record")
        for record in records:
            for process in lines.check(record.read_bytes(), complaints):
                told += sum("before" not in finding for finding in process.all("finding"))
        if told != said and not any(option.startswith("log") for option in case.options):
            complaints.append(f"{told} findings in the record, {said} in the log")
    return complaints


def main(arguments):
    library = os.path.abspath(arguments[0])
    cases = []
    for pair in arguments[1:]:
        source, program = pair.split("=", 1)
        for case in run.read_cases(pathlib.Path(source)):
            # Cases with libraries of their own say what others already do.
            if case.command is None and not case.behind and not case.before and "{" not in " ".join(case.args or []):
                cases.append((pathlib.Path(source).stem, os.path.abspath(program), case))
    print(f"1..{len(cases)}")
    failed = 0
    for number, (name, program, case) in enumerate(cases, 1):
        complaints = check_case(library, case, program)
        failed += bool(complaints)
        print(f"{'not ' if complaints else ''}ok {number} - {name} {case.name or ''}", flush=True)
        for line in complaints[:20]:
            print(f"#   {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
