#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Classes over builds: one program, compiled in many ways, takes its locks in one order in the first build and in the other in the second.
The circle is only found where the classes are known to be the same; where they cannot be, that is said, and nothing is found.

Usage: builds.py LOCKVAL PROGRAM.c ALIKE.c
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

CIRCLE = 66

# What is done to the source: (mark or text, what stands there instead).
MOVED = [("/* @before@ */", "/* a remark */\n\n\n\n/* @before@ */")]
INSERTED = [("/* @before@ */", "static int before(void) { return 7; }\nint (*use_it)(void) = before;\n")]
LONGER = [("/* @inside@ */", "if (q == NULL)\n        abort();\n")]
SECOND = [("struct queue {\n", "struct queue {\n    pthread_mutex_t first;\n"), ("/* @inside@ */", "pthread_mutex_init(&q->first, NULL);\n    pthread_mutex_lock(&q->first);\n    pthread_mutex_unlock(&q->first);\n")]
RENAMED = [("init_queue", "queue_init")]
SPLIT = [("    pthread_mutex_init(&q->lock, NULL);", "    pthread_rwlock_t other;\n\n    pthread_rwlock_init(&other, NULL);\n    pthread_mutex_init(&q->lock, NULL);")]
STATIC = [("pthread_mutex_t global", "pthread_mutex_t earlier = PTHREAD_MUTEX_INITIALIZER;\npthread_mutex_t global")]


class Checks:
    def __init__(self):
        self.number = self.failed = 0

    def equal(self, got, wanted, title, more=""):
        self.number += 1
        self.failed += got != wanted
        print(f"{'' if got == wanted else 'not '}ok {self.number} - {title}")
        if got != wanted:
            print(f"#   got    {got!r}\n#   wanted {wanted!r}\n" + "".join(f"#   {line}\n" for line in more.splitlines()[-12:]), end="")


class Builds:
    def __init__(self, lockval, source, alike, folder):
        self.lockval, self.source, self.folder, self.count = lockval, pathlib.Path(source).read_text(encoding="utf-8"), folder, 0
        self.alike_source = pathlib.Path(alike).read_text(encoding="utf-8")

    def record(self, *args, flags="-g -O0", changes=(), compiler="cc", strip=False, gone=False, merged=False):
        """Build the program in a folder of its own, run it, and give its record."""
        self.count += 1
        folder = self.folder / f"b{self.count}"
        folder.mkdir()
        text = self.source
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        (folder / "program.c").write_text(text, encoding="utf-8")
        subprocess.run([compiler, *flags.split(), "-pthread", "-Wl,--build-id", folder / "program.c", "-o", folder / "program"], check=True)
        if strip:
            subprocess.run(["strip", folder / "program"], check=True)
        record = folder / "run.jsonl"
        subprocess.run([self.lockval, "run", "--quiet", f"--record={record}", "--", folder / "program", *args], check=True,
                       stderr=subprocess.DEVNULL)
        if merged:
            subprocess.run([self.lockval, "merge", record, "-o", record], check=True)
        if gone:
            for name in ("program", "program.c"):
                (folder / name).unlink()
        return record

    def alike(self, *args, flags="-g -O0", second_flags=None, changes=()):
        """The same with the program of two files; the second is a library, if it has flags of its own."""
        self.count += 1
        folder = self.folder / f"b{self.count}"
        folder.mkdir()
        text = self.alike_source
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        for name in ("one", "two"):
            (folder / f"{name}.c").write_text(text, encoding="utf-8")
        command = ["cc", "-pthread", "-Wl,--build-id"]
        second = [folder / "two.c"]
        if second_flags is not None:
            second = [folder / "libtwo.so", f"-Wl,-rpath,{folder}"]
            subprocess.run([*command, *second_flags.split(), "-shared", "-fPIC", folder / "two.c", "-o", second[0]], check=True)
        subprocess.run([*command, *flags.split(), "-DONE", "-c", folder / "one.c", "-o", folder / "one.o"], check=True)
        subprocess.run([*command, *flags.split(), folder / "one.o", *second, "-o", folder / "alike"], check=True)
        record = folder / "run.jsonl"
        subprocess.run([self.lockval, "run", "--quiet", f"--record={record}", "--", folder / "alike", *args], check=True,
                       stderr=subprocess.DEVNULL)
        return record

    def check(self, *args):
        done = subprocess.run([self.lockval, "check", "--format=json", *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        return done.returncode, done.stdout, done.stderr


def main():
    checks = Checks()
    lockval, source, alike = os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3]
    have_clang = shutil.which("clang") is not None
    with tempfile.TemporaryDirectory() as folder:
        builds = Builds(lockval, source, alike, pathlib.Path(folder))
        first = builds.record()
        checks.equal(builds.check(first)[0], 0, "one run alone is clean")
        checks.equal(builds.check(builds.record("other"))[0], 0, "so is the other")
        same = {
            "the same build": {},
            "another optimisation, where the calls are inlined": {"flags": "-g -O2"},
            "the lines moved": {"changes": MOVED},
            "a function inserted before": {"changes": INSERTED},
            "more lines in the function": {"changes": LONGER},
            "a lock of another kind in the function": {"changes": SPLIT},
            "another static lock before": {"changes": STATIC},
            "merged, and the build is gone": {"flags": "-g -O2", "merged": True, "gone": True},
        }
        if have_clang:
            same["another compiler"] = {"compiler": "clang", "flags": "-g -O1"}
        for title, how in same.items():
            status, out, said = builds.check(first, builds.record("other", **how))
            checks.equal(status, CIRCLE, f"{title}: the circle is found", out + said)
        both = [builds.record(flags="-O0"), builds.record("other", flags="-O0", changes=MOVED + INSERTED)]
        status, out, said = builds.check(*both)
        checks.equal(status, CIRCLE, "without debug information, by symbols: the circle is found", out + said)

        # A second lock in the function.
        two = builds.record("other", changes=SECOND)
        status, out, said = builds.check(builds.record(changes=SECOND + MOVED), two)
        checks.equal(status, CIRCLE, "two locks of one function in both builds: each is known by its line", out + said)
        status, out, said = builds.check(builds.record(flags="-O0", changes=SECOND), builds.record("other", flags="-O0", changes=SECOND + INSERTED))
        checks.equal((status, "cannot be told apart" in said), (0, True), "the same without debug information: said, and nothing is guessed", out + said)
        status, out, said = builds.check(first, two)
        checks.equal(status, 0, "one lock in the one build, two in the other: the one is not taken for the new one", out + said)

        renamed = builds.record("other", changes=RENAMED)
        status, out, said = builds.check(first, renamed)
        checks.equal((status, "function init_queue -> queue_init" in said or "function queue_init -> init_queue" in said), (0, True),
                     "a renamed function: suggested, not guessed", out + said)
        rules = pathlib.Path(folder) / "renames"
        rules.write_text("# it has a better name now\nfunction init_queue -> queue_init\n", encoding="utf-8")
        checks.equal(builds.check(f"--renames={rules}", first, renamed)[0], CIRCLE, "with a rule the circle is found")
        rules.write_text("function init_queue\n", encoding="utf-8")
        status, _, said = builds.check(f"--renames={rules}", first, renamed)
        checks.equal((status, ":1: this is no rule" in said), (1, True), "a rule that is none is named")
        status, out, said = builds.check("--no-match", first, builds.record("other", changes=MOVED))
        checks.equal(status, 0, "--no-match keeps builds apart", out + said)
        stripped = builds.record("other", strip=True)
        status, out, said = builds.check(first, stripped)
        checks.equal(status, 0, "a stripped build has nothing to be known by, and nothing is guessed", out + said)

        # What is called alike and is not the same, and what is the same and looks otherwise.
        inside = [("/* @inside@ */", "if (mutexes == NULL)\n        abort();\n")]
        before = [("static void make", "extern int before;\n\nstatic void make")]
        others = {
            "two static variables of one name in two files": ("own", {}, {"changes": before}),
            "two static variables of one name, with debug information on one side": ("own", {}, {"flags": "-O0"}),
            "two functions of one name in two files": ("made", {}, {"changes": before}),
            "two functions of one name, without debug information": ("made", {"flags": "-O0"}, {"flags": "-O1 -fno-inline"}),
            "two functions of one name, with debug information on one side": ("made", {}, {"flags": "-O0"}),
            "two calls in one function, each met in another build": ("either", {}, {"changes": inside}),
            "two calls in one function, without debug information": ("either", {"flags": "-O0"}, {"flags": "-O0", "changes": inside}),
            "two static variables of functions": ("inner", {}, {"changes": before}),
        }
        for title, (pair, one, two) in others.items():
            status, out, said = builds.check(builds.alike(pair, **one), builds.alike(pair, "second", **two))
            checks.equal(status, 0, f"{title}: not taken for one", out + said)
        # A rule of the test itself: taken for one, they would be a circle.
        record = builds.alike("inner")
        with open(record, "a", encoding="utf-8") as out, open(builds.alike("inner", "second", changes=before), encoding="utf-8") as other:
            out.write(other.read())
        rules = pathlib.Path(folder) / "renames"
        stables = sorted({line["stable"] for line in map(json.loads, open(record, encoding="utf-8")) if line["t"] == "class" and ":inner" in line["stable"]})
        checks.equal(len(stables), 2, "static variables of functions have numbers")
        rules.write_text(f"class {stables[0]} -> {stables[-1]}\n", encoding="utf-8")
        checks.equal(builds.check(f"--renames={rules}", record)[0], CIRCLE, "taken for one they are a circle")
        same = {
            "a static variable of one file of two that have it": ("same-own", {}, {"flags": "-O2", "changes": before}),
            "a static variable of a function": ("same-mine", {}, {"flags": "-O2", "changes": before}),
            "one call of two in a function, where the function moved": ("same-either", {}, {"flags": "-g -O2", "changes": before}),
            "an inlined call, beside a library without debug information": (
                "same-made", {"second_flags": "-O1"}, {"flags": "-g -O2", "second_flags": "-O0"}),
        }
        for title, (pair, one, two) in same.items():
            status, out, said = builds.check(builds.alike(pair, **one), builds.alike(pair, "second", **two))
            checks.equal(status, CIRCLE, f"{title}: taken for one", out + said)

        # Merged while the build was there, a record can be read without it.
        for merged in (True, False):
            pair = [builds.record(*args, flags=flags, merged=merged, gone=True) for args, flags in (((), "-g -O0"), (("other",), "-g -O2" if merged else "-g -O0"))]
            for form in ("text", "sarif", "html", "junit"):
                out = subprocess.run([lockval, "check", f"--format={form}", *pair], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                     text=True, check=False).stdout
                checks.equal(("init_queue" in out, "program.c" in out), (True, merged), f"{form} of builds that are gone, {'' if merged else 'not '}merged before: {'' if merged else 'no '}lines")

        def prints(*args):
            return sorted(finding["fingerprint"] for finding in json.loads(builds.check(*args)[1])["findings"])

        checks.equal(prints(first, builds.record("other", changes=MOVED)), prints(builds.record(changes=INSERTED), builds.record("other", changes=LONGER)),
                     "fingerprints survive rebuilds")
    print(f"1..{checks.number}")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
