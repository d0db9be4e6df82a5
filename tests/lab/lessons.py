#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The lessons' programs, and the chains of the report of 2017, in the lab and for real: each C program and each scenario of the simulators
is run under the library, and its program of the lab must get the same findings: kind, verdict, circle, and what the verdict says for
itself. What trying all interleavings shows is held against what the lessons say.

Usage: lessons.py LAB SOURCE_ROOT BUILD_ROOT
"""

import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from tap import Tap  # noqa: E402

# Programs of a lesson that are one C program, called with an argument.
CALLED = {"06-show-strict": "strict", "07-show-timed": "timed", "08-show-there": "x", "12-show-open": "open"}

# Program -> can it hang? All others of the lessons cannot.
HANG = {"01-exercise", "04-exercise", "07-exercise", "07-wrong", "08-exercise", "09-show", "09-exercise", "10-show", "10-exercise", "12-exercise"}

# Those whose threads a flag keeps apart: can they hang without it?
WITHOUT_FLAGS = {"01-show": True, "03-show": False, "04-show": True, "07-show": False, "07-show-timed": False, "08-show": True,
                 "08-show-there": False, "11-show": True, "12-show": False, "12-show-open": True}

# Program -> the simulator and its scenario, and whether it can hang.
REPORT = {"1-reported": ("mm_sim", "reported", False), "2-split": ("mm_sim", "split", False), "3-writers": (None, None, True),
          "4-shmem-fix": ("mm_sim", "shmem-fix", False), "5-drain-fix": ("mm_sim", "drain-fix", False),
          "6-page-alloc": ("mm_sim", "page-alloc", True), "7-page-alloc-fix": ("mm_sim", "page-alloc-fix", False),
          "8-up-down-mix": ("hotplug_sim", "up-down-mix", False), "9-up-down-split": ("hotplug_sim", "up-down-split", False)}

TRIES = 5


def turned(names):
    """A circle begins anywhere; here with the first of its names."""
    return min((tuple(names[i:] + names[:i]) for i in range(len(names))), default=())


def say(findings):
    return sorted(f"{kind} {verdict} {' -> '.join(turned(circle))} | {' '.join(reasons)}" for kind, verdict, circle, reasons in findings)


def of_lab(said):
    return say((one["kind"], one["verdict"], one["cycle"].split(" -> ")[:-1], one["reasons"].splitlines()) for one in said["first"]["findings"])


def of_record(path, names):
    """The findings, and whether the program hung. @names: classes of the C program that the lab calls otherwise."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    classes = {line["id"]: re.sub(r"\+0x[0-9a-f]+$", "", line["name"]) for line in lines if line["t"] == "class"}
    classes = {number: names.get(name, name) for number, name in classes.items()}
    found = [line for line in lines if line["t"] == "finding"]
    return (say((one["kind"], one["verdict"], [classes[edge["held"]["class"]] for edge in one["edges"]], one["reasons"])
                for one in found if one["kind"] != "deadlock"),
            any(one["kind"] == "deadlock" for one in found))


def run_lab(lab, texts):
    done = subprocess.run([lab], input="".join(text + "\0" for text in texts), stdout=subprocess.PIPE, check=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


class Real:
    """What the library says of programs, each in its own files below @folder."""

    def __init__(self, root, build, folder):
        self.root, self.build, self.folder = root, build, pathlib.Path(folder)

    def record(self, name, command):
        path = self.folder / f"{name}.jsonl"
        path.unlink(missing_ok=True)
        subprocess.run([self.build / "tools" / "lockval" / "lockval", "run", "--quiet", "--on_deadlock=exit", f"--record={path}", "--", *command],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        return path

    def lesson(self, name, text, hangs):
        """Of @name, "01-show". Where the lab does not hang, but the program did, by bad luck, it is run again."""
        number, kind = name.split("-")[:2]
        source = self.root / "examples" / "lessons" / number / f"{kind}.c"
        program = self.folder / name
        subprocess.run([*os.environ.get("CC", "cc").split(), "-pthread", source, "-o", program], check=True)
        names = {theirs: ours for ours, theirs in re.findall(r"^# (\S+) is the class (\S+) of the C program\.$", text, re.MULTILINE)}
        for _ in range(TRIES):
            got = of_record(self.record(name, [program, *([CALLED[name]] if name in CALLED else [])]), names)
            if got[1] == hangs:
                break
        return got

    def scenario(self, name, program, scenario):
        return of_record(self.record(name, [self.build / "sim" / program, scenario]), {})


def without(text, words):
    """The program without the steps that begin with one of @words."""
    lines = [re.sub(rf" *\b({'|'.join(words)}) [^;\n]*(;|$)", "", line) for line in text.splitlines()]
    return "\n".join(line for line in lines if not line.startswith("flag")) + "\n"


def check_lessons(tap, lab, root, real, pool):
    paths = sorted((root / "examples" / "lab" / "lessons").glob("*.lab"))
    texts = {path.stem: path.read_text(encoding="utf-8") for path in paths}
    files = {f"{path.parent.name}-{path.stem}" for path in (root / "examples" / "lessons").glob("*/*.c")}
    tap.equal(files - set(texts), set(), "every program of the lessons is a program of the lab")
    tap.equal(set(texts) - files, set(CALLED), "and besides those only some that are called with an argument")
    said = dict(zip(texts, run_lab(lab, texts.values())))
    theirs = dict(zip(texts, pool.map(lambda name: real.lesson(name, texts[name], said[name]["first"]["hangs"]), texts)))
    for name, one in said.items():
        tap.equal((of_lab(one), one["first"]["hangs"]), theirs[name],
                  f"{name}: " + (", ".join(finding.partition(" |")[0] for finding in theirs[name][0]) or ("hangs" if theirs[name][1] else "nothing")))
    tap.equal([name for name, one in said.items() if not one["all"]["complete"]], [], "all their interleavings were tried")
    tap.equal({name for name, one in said.items() if one["all"]["hangs"] != 0}, HANG, "those can hang that the lessons say it of")
    flags = {name: one["all"]["hangs"] != 0 for name, one in
             zip(WITHOUT_FLAGS, run_lab(lab, [without(texts[name], ("set", "await")) for name in WITHOUT_FLAGS]))}
    tap.equal(flags, WITHOUT_FLAGS, "and without the flags that keep their threads apart, as many more")


def check_report(tap, lab, root, real, pool):
    paths = sorted((root / "examples" / "lab" / "report").glob("*.lab"))
    texts = {path.stem: path.read_text(encoding="utf-8") for path in paths}
    tap.equal(set(texts), set(REPORT), "the programs of the report are those that are known here")
    said = dict(zip(texts, run_lab(lab, texts.values())))
    run = [name for name in texts if REPORT[name][0] is not None]
    theirs = dict(zip(run, pool.map(lambda name: real.scenario(name, *REPORT[name][:2]), run)))
    for name in run:
        tap.equal((of_lab(said[name]), said[name]["first"]["hangs"]), theirs[name],
                  f"{name}: as {REPORT[name][0]} {REPORT[name][1]}: " + (", ".join(finding.partition(" |")[0] for finding in theirs[name][0]) or "nothing"))
    tap.equal({name: (one["all"]["hangs"] != 0, one["all"]["complete"]) for name, one in said.items()},
              {name: (hangs, True) for name, (_, _, hangs) in REPORT.items()}, "and by all interleavings, those can hang that can")
    tap.equal(*[[turned(finding["cycle"].split(" -> ")[:-1]) for finding in said[name]["first"]["findings"]] for name in ("3-writers", "1-reported")],
              "with the writers the circle is the reported one")
    writers = texts["3-writers"]
    less = [re.sub(rf"^({name}): .*\n?", "", writers, flags=re.MULTILINE) for name in ("bash", "fsfreeze")]
    tap.equal([one["all"]["hangs"] for one in run_lab(lab, less)], [0, 0], "the reported circle cannot without the writer, nor without the freezer")
    tap.equal([one["first"]["findings"] != [] for one in run_lab(lab, less)], [True, True], "though it is reported with one of them, too")


def main():
    lab, root, build = (pathlib.Path(arg).resolve() for arg in sys.argv[1:])
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(2) as pool:
        real = Real(root, build, folder)
        check_lessons(tap, lab, root, real, pool)
        check_report(tap, lab, root, real, pool)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
