#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The measured part of docs/comparison.md: what other detectors say of the programs of tests/complaints and tests/deadlocks, beside what
lockval says.

Each program is run once under each tool, as a user runs it: TSan compiles it anew (gcc, detect_deadlocks=1), LLVM's dyndd is preloaded,
Helgrind and DRD run it. A report about the order of locks counts as one, other reports are counted apart. Whether a program can hang is
known from how it is made (CAN_HANG here, the table of tests/deadlocks there). Prints the page's part between its marks; --write puts it
there. Which tools there are, and their versions, is part of it: it is run by hand, not by the test suite.

Usage: compare.py [--write] [--only NAME] BUILD_DIR
"""

import argparse
import collections
import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PAGE = ROOT / "docs" / "comparison.md"
BEGIN, END = "<!-- measured by tests/complaints/compare.py -->", "<!-- end of what was measured -->"
TIMEOUT = 40
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "bench"), str(HERE.parent / "deadlocks")]

import peers  # pylint: disable=wrong-import-position
import programs as deadlocks  # pylint: disable=wrong-import-position
import reports  # pylint: disable=wrong-import-position

# The cases of tests/complaints whose threads can hang, at whatever speed they run. All others cannot, as they are.
CAN_HANG = {"middle_lock three-threads", "readers writers", "three_threads", "trylock try-first", "trylock timed-and-not",
            "trylock not-timed-later", "one_class both-orders", "both_stacks", "recursive order"}

Said = collections.namedtuple("Said", "orders others end")  # numbers of reports; end: "", "hung" or "died"


def load_table():
    spec = importlib.util.spec_from_file_location("verdict_table", HERE.parent / "verdicts" / "table.py")
    table = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(table)
    return table


def run(command, **env):
    """(status, text); the status of a run that does not end is None."""
    clean = {key: value for key, value in os.environ.items() if key not in ("LD_PRELOAD", "LOCKVAL_OPTIONS")}
    with tempfile.TemporaryDirectory() as folder, subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**clean, **env}, text=True,
            errors="replace", start_new_session=True, cwd=folder) as process:
        try:
            text, _ = process.communicate(timeout=TIMEOUT)
            return process.returncode, text
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            return None, process.communicate()[0]


def ended(status, good=(0, 66)):
    return "hung" if status is None else "" if status in good else "died"


class Lockval:
    """All but `guarded`, which is a note and leaves the exit status alone, counts as a report."""

    name = "lockval"
    version = ""

    def __init__(self, build):
        self.library = str(build / "liblockval" / "liblockval.so.0")

    def says(self, _source, program, arguments):
        status, text = run([program, *arguments], LD_PRELOAD=self.library, LOCKVAL_OPTIONS="on_deadlock=exit")
        found = [finding.final or finding.verdict for finding in reports.findings_of(text)]
        return Said(sum(verdict != "guarded" for verdict in found), 0, ended(status)), found


class TSan:
    """Compiled anew. Reports that are not about orders are its main work: data races."""

    name = "TSan"

    def __init__(self, folder):
        self.folder, self.built = folder, {}
        self.version = peers.first_line(["gcc", "--version"])

    def build(self, source):
        if source not in self.built:
            out = self.folder / source.stem
            cxx = source.suffix == ".cpp"
            done = subprocess.run([*(("g++", "-std=c++17") if cxx else ("gcc", "-std=gnu17")), "-D_GNU_SOURCE", "-g", "-O1", "-fsanitize=thread",
                                   f"-I{ROOT / 'include'}", "-pthread", str(source), "-o", str(out)], check=False, capture_output=True)
            self.built[source] = str(out) if done.returncode == 0 else None
        return self.built[source]

    def says(self, source, _program, arguments):
        program = self.build(source)
        if program is None:
            return Said(0, 0, "not built"), []
        status, text = run([program, *arguments], TSAN_OPTIONS="detect_deadlocks=1:exitcode=66")
        kinds = re.findall(r"WARNING: ThreadSanitizer: (.*?) \(", text)
        orders = sum("lock-order-inversion" in kind for kind in kinds)
        return Said(orders, len(kinds) - orders, ended(status)), kinds


class Dyndd:
    """LLVM's detector as a library to preload."""

    name = "dyndd"

    def __init__(self):
        self.library = peers.dyndd_path()
        match = re.search(r"llvm-(\d+)", self.library or "")
        self.version = f"of LLVM {match.group(1)}" if match else ""

    def says(self, _source, program, arguments):
        status, text = run([program, *arguments], LD_PRELOAD=self.library)
        return Said(text.count("WARNING: lock-order-inversion"), 0, ended(status)), []


class Valgrind:
    """Errors in the same place are one."""

    def __init__(self, name, tool):
        self.name, self.tool = name, tool
        self.version = peers.first_line(["valgrind", "--version"])

    def says(self, _source, program, arguments):
        status, text = run(["valgrind", f"--tool={self.tool}", program, *arguments])
        orders = len(re.findall(r'lock order "[^"]*" violated', text))
        total = re.search(r"ERROR SUMMARY: \d+ errors from (\d+) contexts", text)
        return Said(orders, max(int(total.group(1)) - orders, 0) if total else 0, ended(status)), []


def cell(said):
    words = [f"{said.orders} order{'s' if said.orders > 1 else ''}"] if said.orders else []
    words += [f"{said.others} other{'s' if said.others > 1 else ''}"] if said.others else []
    words += [said.end] if said.end else []
    return ", ".join(words) or "silent"


def cases(build, only):
    """(title, name, can it hang, source, program, arguments)"""
    table = load_table()
    for source in sorted([*HERE.glob("*.c"), *HERE.glob("*.cpp")]):
        titles, _ = table.read_titles(source)
        for case in table.RUNNER.read_cases(source):
            name = " ".join([source.stem, *([case.name] if case.name else [])])
            if not only or only in name:
                yield (titles.get(case.name, ""), name, name in CAN_HANG, source, str(build / "tests/complaints" / f"complaint_{source.stem}"),
                       [case.name] if case.name else [])
    for row in deadlocks.read_table().values():
        source = next(path for path in (HERE.parent / "deadlocks" / f"{row.program}{suffix}" for suffix in (".c", ".cpp")) if path.exists())
        if not only or only in row.program:
            yield (row.closes, row.program, row.possible == "real", source, str(build / "tests/deadlocks" / f"deadlock_{row.program}"), [])


def measure(build, only):
    with tempfile.TemporaryDirectory() as folder:
        tools = [Lockval(build), TSan(pathlib.Path(folder)), Dyndd(), Valgrind("Helgrind", "helgrind"), Valgrind("DRD", "drd")]
        rows = []
        for title, name, can_hang, source, program, arguments in cases(build, only):
            said = []
            for tool in tools:
                answer, found = tool.says(source, program, arguments)
                said.append(answer)
                if tool.name == "lockval":
                    verdicts = collections.Counter(found)
            rows.append((title, name, can_hang, said, verdicts))
            print(name, *(cell(one) for one in said), sep=" | ", file=sys.stderr, flush=True)
        return tools, rows


def page(tools, rows):
    machine = subprocess.run(["nproc"], capture_output=True, text=True, check=True).stdout.strip()
    yield BEGIN
    yield ""
    yield "Tools: " + "; ".join(f"{tool.name} ({tool.version})" for tool in tools if tool.version) + f". {machine} processors."
    yield ""
    yield "| | " + " | ".join(tool.name for tool in tools) + " |"
    yield "|---|" + "---:|" * len(tools)
    for can_hang, text in ((True, "of {} runs of programs that can hang, reported for an order or a deadlock"),
                           (False, "of {} runs of programs that cannot, reported all the same")):
        chosen = [row for row in rows if row[2] == can_hang]
        counts = [sum(row[3][i].orders > 0 for row in chosen) for i in range(len(tools))]
        yield f"| {text.format(len(chosen))} | " + " | ".join(map(str, counts)) + " |"
        likely = sum(any(verdict in ("feasible", "deadlock") for verdict in row[4]) for row in chosen)
        yield f"| - of these, with the verdict `feasible` or `deadlock` | {likely} |" + " - |" * (len(tools) - 1)
    yield "| runs with other reports (data races, misuse) | " + " | ".join(
        str(sum(row[3][i].others > 0 for row in rows)) for i in range(len(tools))) + " |"
    yield "| runs that hung | " + " | ".join(str(sum(row[3][i].end == "hung" for row in rows)) for i in range(len(tools))) + " |"
    yield "| runs that died, or programs that could not be built | " + " | ".join(
        str(sum(row[3][i].end in ("died", "not built") for row in rows)) for i in range(len(tools))) + " |"
    yield ""
    yield "| what the threads do | program | can hang | " + " | ".join(tool.name for tool in tools) + " |"
    yield "|---|---|---|" + "---|" * len(tools)
    for title, name, can_hang, said, verdicts in rows:
        own = ", ".join(f"{verdict}{f' x{count}' if count > 1 else ''}" for verdict, count in sorted(verdicts.items())) or "silent"
        own += f", {said[0].end}" if said[0].end else ""
        yield f"| {title} | `{name}` | {'yes' if can_hang else 'no'} | {own} | " + " | ".join(cell(one) for one in said[1:]) + " |"
    yield ""
    yield END


def main():
    parser = argparse.ArgumentParser(description="What other detectors say of lockval's programs.")
    parser.add_argument("--write", action="store_true", help="into docs/comparison.md")
    parser.add_argument("--only", help="programs with this in their name")
    parser.add_argument("build", type=pathlib.Path)
    args = parser.parse_args()
    for need in ("valgrind", "gcc", "g++"):
        if not shutil.which(need):
            sys.exit(f"compare.py: there is no {need}")
    if peers.dyndd_path() is None:
        sys.exit("compare.py: there is no libclang_rt.dyndd of LLVM (Debian: libclang-rt-14-dev)")
    text = "\n".join(page(*measure(args.build.resolve(), args.only)))
    if args.write:
        old = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(old[:old.index(BEGIN)] + text + old[old.index(END) + len(END):], encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
