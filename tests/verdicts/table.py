#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A table of what the library says of programs, as it stands in a README: written, or compared with what is there.

Every case of a program (see ../preload/run.py) is run under the library, and makes one row: what the case is about (the
comment "title:" in its source), its name, and what was found. A source with a comment "complaint: N TEXT" makes rows with
that in front. The programs' own tests hold that what is found is what is expected; this one holds that the README says so.

Usage: table.py LIBRARY SOURCE=PROGRAM...                    print the table
       table.py --readme README LIBRARY SOURCE=PROGRAM...    compare with the one in README; LOCKVAL_BLESS=1 writes it
"""

import argparse
import difflib
import importlib.util
import os
import pathlib
import re
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import reports  # pylint: disable=wrong-import-position

DIRECTIVE = re.compile(r"^\s*/\*\s*(case|title|complaint):\s*(.*?)\s*\*/\s*$")


def load_runner():
    spec = importlib.util.spec_from_file_location("preload_run", HERE.parent / "preload" / "run.py")
    runner = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(runner)
    return runner


RUNNER = load_runner()


def read_titles(source):
    """The title of each case, by its name, and what stands before the first case (None)."""
    titles, complaint, case = {}, None, None
    for line in source.read_text(encoding="utf-8").splitlines():
        match = DIRECTIVE.match(line)
        if match is None:
            continue
        key, value = match.groups()
        if key == "case":
            case = value
        elif key == "title":
            titles[case] = value
        else:
            complaint = value
    return titles, complaint


def what_is_said(case, library, program):
    """What the library says of a run: "silent", or its findings with verdict and reasons."""
    options = ":".join(case.options + ["identity=auto"])
    command = [program] + ([case.name] if case.name else [])
    with tempfile.TemporaryDirectory() as folder:
        status, _, err = RUNNER.run(command, RUNNER.environment([library], options), folder)
    found = reports.findings_of(err)
    if status is None:
        return "did not end"
    if not found:
        return "silent" if status == 0 else f"status {status}"
    said = []
    for finding in found:
        later = f", at the end **{finding.final}**" if finding.final not in (None, finding.verdict) else ""
        reasons = re.sub(r"(\w)/\d+\b", r"\1", "; ".join(finding.reasons))  # without numbers of threads
        said.append(f"{finding.kind}, **{finding.verdict}**{later}: {reasons}")
    return "<br>".join(said)


def make_table(library, programs):
    lines = []
    with_complaint = any(read_titles(source)[1] for source, _ in programs)
    rows = []
    for source, program in programs:
        titles, complaint = read_titles(source)
        for case in RUNNER.read_cases(source):
            name = f"`{source.stem} {case.name}`" if case.name else f"`{source.stem}`"
            number, _, text = (complaint or "0 ").partition(" ")
            row = [titles.get(case.name, "(no title)"), name, what_is_said(case, library, program)]
            rows.append((int(number), ([f"{number}. {text}"] if with_complaint else []) + row))
    rows.sort(key=lambda row: row[0])
    heads = (["complaint"] if with_complaint else []) + ["what the threads do", "program", "lockval says"]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return lines + ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for _, row in rows]


def compare(readme, table):
    """Compare with the table in @readme, which is its lines that begin with a bar; or write it."""
    lines = readme.read_text(encoding="utf-8").splitlines()
    at = [i for i, line in enumerate(lines) if line.startswith("|")]
    begin, end = (at[0], at[-1] + 1) if at else (len(lines), len(lines))
    if os.environ.get("LOCKVAL_BLESS"):
        readme.write_text("\n".join(lines[:begin] + table + lines[end:]) + "\n", encoding="utf-8")
        return 0
    difference = list(difflib.unified_diff(lines[begin:end], table, "in the README", "found", lineterm="", n=0))
    for line in difference:
        print(line)
    return 1 if difference else 0


def main():
    parser = argparse.ArgumentParser(description="A table of what the library says of programs.")
    parser.add_argument("--readme")
    parser.add_argument("library")
    parser.add_argument("programs", nargs="+", metavar="SOURCE=PROGRAM")
    args = parser.parse_args()
    programs = []
    for word in args.programs:
        source, _, program = word.partition("=")
        programs.append((pathlib.Path(source), os.path.abspath(program)))
    table = make_table(os.path.abspath(args.library), programs)
    if args.readme:
        return compare(pathlib.Path(args.readme), table)
    print("\n".join(table))
    return 0


if __name__ == "__main__":
    sys.exit(main())
