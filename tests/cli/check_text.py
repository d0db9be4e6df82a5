#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lockval report --format=text, and what `lockval run` prints, which is the same.

Without symbols a report is the library's own, character for character. With them only places differ: every frame of a
program with debug information has its file and line, and what is said of locks, threads and verdicts is the same.

Usage: check_text.py LOCKVAL LIBRARY NAME=PROGRAM...
"""

import json
import os
import pathlib
import re
import subprocess
import shutil
import sys
import tempfile

from command import TIMEOUT, Checks, call, environment, has_terminals

FRAME = re.compile(r"^ +(\S+\+0x[0-9a-f]+( \(\S+\))?|0x[0-9a-f]+)$")
PLACE = re.compile(r"^ +((?!#\d+: )\S.*  \S+:\d+( \(inlined\))?|\d+ \| .*|\S+\+0x[0-9a-f]+( \(\S+\))?|0x[0-9a-f]+)$")
AT = re.compile(r"\S+\+0x[0-9a-f]+( \(\S+\))?|[^ (]\S*(<.*>)?(\(.*\))?  \S+:\d+")


# name: the program's name, its arguments, options
CASES = {
    "cycle-in-a-class": ("instances", ["three"], {}),
    "recursive": ("instances", ["strict"], {"strict": 1}),
    "self-deadlock": ("self_deadlock", ["mutex"], {}),
    "reported": ("mm_sim", ["reported"], {}),
    "inconsistent": ("signal_locks", ["in-handler-first"], {}),
    "inversion": ("signal_locks", ["chain"], {}),
    "bad-dependency": ("signal_locks", ["chain-edge-last"], {}),
    "unlock": ("misuse", ["unlock-elsewhere"], {}),
    "destroyed": ("misuse", ["destroy-mutex"], {}),
    "cond": ("cond_misuse", ["free"], {}),
    "wait-context": ("api_wait", ["layout"], {}),
}


def record_of(library, program, folder, *args, **options):
    """A record of the program, which ends with a deadlock or by itself."""
    path = pathlib.Path(folder, pathlib.Path(program).name + "".join(args) + "".join(options) + ".jsonl")
    settings = {"record": path, "log": "none", "on_deadlock": "exit", **options}
    env = environment(LD_PRELOAD=os.path.realpath(library), LOCKVAL_OPTIONS=":".join(f"{key}={value}" for key, value in settings.items()))
    subprocess.run([program, *args], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
                   timeout=TIMEOUT)
    return path


def findings_of(path):
    """The lines of findings as the record has them: the first of each fingerprint, and all of those."""
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.startswith('{"t":"finding"')]
    return [line for line in found if "suppressed" not in line]


def without_places(text):
    """The report without its stacks, and with each place as a dot."""
    lines = [line for line in text.splitlines() if not FRAME.match(line) and not PLACE.match(line)]
    return [AT.sub(".", line) for line in lines if line.strip()]


def check_report(checks, lockval, name, path):
    lines = findings_of(path)
    if not checks.is_true(f"{name}: has findings", lines):
        return
    plain = call(lockval, "report", "--format=text", "--no-symbols", path)
    checks.equal(f"{name}: status", (0, ""), (plain.returncode, plain.stderr))
    raised = {line["fingerprint"] for line in lines if "before" in line}
    for line in lines:
        if line["fingerprint"] not in raised:
            checks.is_true(f"{name}: {line['fingerprint']}: the library's text as it is", line["text"] in plain.stdout, plain.stdout)
    whole = call(lockval, "report", "--format=text", path)
    checks.equal(f"{name}: the default format", whole.stdout, call(lockval, "report", path).stdout)
    checks.equal(f"{name}: with symbols only places differ", without_places(plain.stdout.rsplit("\nlockval: ", 1)[0]),
                 without_places(whole.stdout.rsplit("\nlockval: ", 1)[0]))
    count = len({line["fingerprint"] for line in lines})
    checks.is_true(f"{name}: summary", f"\nlockval: {count} finding" in whole.stdout, whole.stdout)
    for line in {line["fingerprint"]: line for line in lines}.values():
        checks.is_true(f"{name}: {line['fingerprint']} in the summary",
                       re.search(rf"^  {line['verdict']} +{line['kind']} .*\[{line['fingerprint']}\]", whole.stdout, re.MULTILINE), whole.stdout)
    return whole.stdout


def check_lines(checks, name, program, source, text):
    """No place of the program itself is left without a line."""
    left = [line for line in text.splitlines() if f"({os.path.basename(program)})" in line and "+0x" in line and "@" not in line and
            "_start+0x" not in line]
    checks.equal(f"{name}: every place of the program has a line", [], left)
    numbers = {int(number) for number in re.findall(re.escape(os.path.basename(source)) + r":(\d+)", text)}
    length = len(pathlib.Path(source).read_text(encoding="utf-8").splitlines())
    checks.is_true(f"{name}: which there are in the source", numbers and max(numbers) <= length, numbers)
    for number, said in re.findall(r"^ +(\d+) \| (.*)$", text, re.MULTILINE):
        checks.equal(f"{name}: line {number} of the source", pathlib.Path(source).read_text(encoding="utf-8").splitlines()[int(number) - 1].strip(),
                     said.strip())


RAISED = ["potential", "feasible"]


def raised_record(path):
    """A record with a finding whose verdict was raised, made of one that was not."""
    lines = path.read_text(encoding="utf-8").splitlines()
    finding = json.loads(next(line for line in lines if line.startswith('{"t":"finding"')))
    later = dict(finding, before=finding["verdict"], verdict="feasible", reasons=["now it is seen", "in two lines"], text=(
        f"\nlockval: finding {finding['fingerprint']} is upgraded: potential -> feasible\n  circular  a -> b -> a\n  now it is seen\n"
        "  in two lines\n  late/7: 0x10 (a) at somewhere+0x1 (x)\n    while holding 0x20 (b), taken at elsewhere+0x2 (x)\n"))
    other = path.with_name("raised.jsonl")
    other.write_text("\n".join([*lines, json.dumps(later)]) + "\n", encoding="utf-8")
    return finding, other


def check_raised(checks, lockval, path):
    finding, other = raised_record(path)
    text = call(lockval, "report", "--format=text", "--no-symbols", other).stdout
    wanted = re.sub(r"(?m)^verdict: .*\n(  .*\n)*",
                    f"verdict: feasible (at first: {finding['verdict']})\n  now it is seen\n  in two lines\n  these acquisitions raised it:\n"
                    "    late/7: 0x10 (a) at somewhere+0x1 (x)\n      while holding 0x20 (b), taken at elsewhere+0x2 (x)\n", finding["text"], count=1)
    checks.is_true("raised: the first report, with the last verdict", wanted in text, text)
    checks.is_true("raised: counted once", "\nlockval: 1 finding: 1 feasible\n" in text, text)


def check_nonsense(checks, lockval, path):
    """A record whose texts are anything is printed as it is."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for title, text in (("empty", ""), ("no newline", "x+0x1 (y)"), ("newlines", "\n\n\n"), ("only a frame", "  x+0x1 (y)\n"),
                        ("a long line", " " * 9000 + "f+0x" + "1" * 9000), ("a verdict", "verdict: \n  x\n"), ("signs", "+0x (+0x ) 0x +0x1 (\n")):
        changed = []
        for line in lines:
            if line.startswith('{"t":"finding"'):
                line = json.dumps(dict(json.loads(line), text=text))
            changed.append(line)
        other = path.with_name("nonsense.jsonl")
        other.write_text("\n".join(changed).replace('{"t": "finding"', '{"t":"finding"') + "\n", encoding="utf-8")
        for more in ((), ("--no-symbols",)):
            done = call(lockval, "report", "--format=text", *more, other)
            checks.is_true(f"nonsense: {title} {more}", done.returncode == 0 and done.stdout.startswith(text), done.stdout[:200])


def check_progress(checks, lockval, path):
    """Reading a large record shows how far it is on a terminal, and takes that away."""
    line = next(line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith('{"t":"edge"'))
    other = path.with_name("large.jsonl")
    with open(other, "w", encoding="utf-8") as out:
        out.write(path.read_text(encoding="utf-8"))
        for _ in range(60):
            out.write((line + "\n") * 10000)
    for title, more, shown in (("on a terminal", {"TERM": "xterm"}, True), ("a dumb terminal", {"TERM": "dumb"}, False)):
        master, slave = os.openpty()
        with subprocess.Popen([lockval, "report", "--format=text", "--no-symbols", other], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=slave, env=environment(**more)) as done:
            os.close(slave)
            text = b""
            try:
                while part := os.read(master, 4096):
                    text += part
            except OSError:
                pass
        os.close(master)
        checks.equal(f"progress: {title}: status", 0, done.returncode)
        if shown:
            checks.is_true(f"progress: {title}", b"large.jsonl: " in text and b" MB of " in text and text.endswith(b"\r\x1b[K"), text[-200:])
        else:
            checks.equal(f"progress: none on {title}", b"", text)
    checks.equal("progress: none in a pipe", "", call(lockval, "report", "--no-symbols", other).stderr)


CPP_SOURCE = """\
#include <mutex>
namespace bank { static std::mutex one, two; }
__attribute__((noinline)) static void both(std::mutex &first, std::mutex &second)
{
    std::lock_guard<std::mutex> a(first);
    std::lock_guard<std::mutex> b(second);
    __asm__ volatile("");
}
int main()
{
    both(bank::one, bank::two);
    both(bank::two, bank::one);
}
"""


def check_cpp(checks, lockval, library, folder):
    """Names of C++ are readable, and every place is the program's, though std::mutex::lock stands between."""
    source = pathlib.Path(folder, "both.cpp")
    source.write_text(CPP_SOURCE, encoding="utf-8")
    for flags in (["-O0", "-g"], ["-O2", "-g"], ["-O0"]):
        program = pathlib.Path(folder, "both" + "".join(flags))
        subprocess.run(["c++", *flags, "-pthread", "-o", program, source], check=True, timeout=120)
        text = call(lockval, "report", "--format=text", record_of(library, str(program), folder)).stdout
        title = " ".join(flags)
        checks.is_true(f"C++ {title}: no name is the linker's", "_Z" not in text or "-g" not in flags, text)
        checks.is_true(f"C++ {title}: the columns",
                       re.search(r"^  lock\(bank::one\);\n {31}lock\(bank::two\);$", text, re.MULTILINE) is not None, text)
        lines = [line for line in text.splitlines() if ", at: " in line]
        if "-g" in flags:
            checks.is_true(f"C++ {title}: places of locks", len(lines) == 3 and all("both.cpp:" in line for line in lines), lines)
        checks.is_true(f"C++ {title}: no place is libc's", "libc_start" not in text.split("lockval: 1 finding")[1], text)


READABLE = ("report --format=html", "report --format=dot", "report --format=junit", "check --format=html", "explain", "classes", "edges", "chains",
            "coverage --format=html", "order", "confirm --list", "diff other", "diff --format=markdown other", "diff --format=html other")


def check_cpp_names(checks, lockval, library, folder):
    """What people read has the names of C++, what programs read has those of the record; keys stay."""
    record, other = pathlib.Path(folder, "cpp.jsonl"), pathlib.Path(folder, "other.jsonl")
    shutil.copy(record_of(library, str(pathlib.Path(folder, "both-O0-g")), folder), record)
    # The older order has one edge only, so that a difference has names in it.
    lines = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    ends = {(line["pid"], line["from"], line["to"]) for line in lines if line["t"] == "edge" and line["from"] > line["to"]}
    other.write_text("".join(json.dumps(line) + "\n" for line in lines if line["t"] != "finding" and (line["pid"], line.get("from"), line.get("to")) not in ends),
                     encoding="utf-8")
    for words in READABLE:
        words = [str(other) if word == "other" else word for word in words.split()]
        text = call(lockval, *words, str(record)).stdout
        title = " ".join(words[:2]).replace(str(other), "other")
        left = re.sub(r"(?:static|init|lock):[^\s\"<]*|as the library logged it</summary><pre>.*?</pre>", "", text, flags=re.DOTALL)
        checks.is_true(f"C++ names: {title}", "bank::one" in text and "_ZN4bank" not in left, re.findall(r".{30}_ZN4bank.*", left)[:3] or text[:2000])
    for words in ("report --format=json", "classes --json"):
        text = call(lockval, *words.split(), str(record)).stdout
        checks.is_true(f"C++ names: {words} has the record's", '"_ZN4bankL3oneE"' in text and '"bank::one"' not in text, text[:2000])
    entries = pathlib.Path(folder, "cpp.supp")
    entries.write_text("circular:_ZN4bankL3oneE # as records have it\n", encoding="utf-8")
    done = call(lockval, "check", f"--suppressions={entries}", str(record))
    checks.equal("C++ names: a suppression has the record's", 0, done.returncode)


def main():
    lockval, library = os.path.abspath(sys.argv[1]), sys.argv[2]
    programs = {pair.split("=", 1)[0]: os.path.abspath(pair.split("=", 1)[1]) for pair in sys.argv[3:]}
    here = pathlib.Path(__file__).resolve().parent
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        for name, (program, args, options) in CASES.items():
            if program in programs:
                check_report(checks, lockval, name, record_of(library, programs[program], folder, *args, **options))
        program = programs["parented"]
        for mode in ("abba", "hang", "two"):
            path = record_of(library, program, folder, mode)
            text = check_report(checks, lockval, mode, path)
            check_lines(checks, mode, program, here / "parented.c", text)
        path = record_of(library, program, folder, "abba", stack_depth=9)
        check_raised(checks, lockval, path)
        check_nonsense(checks, lockval, path)
        if has_terminals():
            check_progress(checks, lockval, path)
        if shutil.which("c++"):
            check_cpp(checks, lockval, library, folder)
            check_cpp_names(checks, lockval, library, folder)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
