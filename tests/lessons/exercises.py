#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The exercises of the lessons: untouched they are not done and give one hint after the other, wrong fixes are not done and say why,
and the solutions are.

Usage: exercises.py SOURCE_ROOT BUILD_ROOT
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from tap import Tap  # noqa: E402

LESSONS = 12

# Lesson -> what is said of its wrong fix.
WRONG = {3: "lockval takes them for several classes", 7: "lockval cannot see it"}


LOCK, UNLOCK = "    pthread_mutex_lock(&{});\n", "    pthread_mutex_unlock(&{});\n"
MONEY, PAPER = LOCK.format("money_lock"), LOCK.format("paper_lock")
GATE = "static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;\n"

# What learners make of an exercise: lesson, what it is, what becomes what in exercise.c, what is said of it.
ANSWERS = (
    (1, "a gate around the wrong order", (("static int money", GATE + "static int money"),
                                          ("unused)\n{\n", "unused)\n{\n" + LOCK.format("gate")), ("    return unused;", UNLOCK.format("gate") + "    return unused;")),
     "Not yet: what you added keeps it from hanging, and the order is as wrong as before"),
    (1, "one that leaves a lock out", ((MONEY + "    printf", "    printf"), (UNLOCK.format("money_lock") + UNLOCK.format("paper_lock"), UNLOCK.format("paper_lock"))),
     "Not yet: the money is no longer locked by both"),
    (1, "both turned round", ((MONEY, "@"), (PAPER, MONEY), ("@", PAPER), (UNLOCK.format("paper_lock") + UNLOCK.format("money_lock"), "@"),
                              (UNLOCK.format("money_lock") + UNLOCK.format("paper_lock"), UNLOCK.format("paper_lock") + UNLOCK.format("money_lock")),
                              ("@", UNLOCK.format("money_lock") + UNLOCK.format("paper_lock"))),
     "Not yet: lockval still reports it"),
    (1, "a function that takes both", ((MONEY, ""), (PAPER, "    lock_both();\n"),
                                       ("static void *pay", "static void lock_both(void)\n{\n" + MONEY + PAPER + "}\n\nstatic void *pay"),
                                       ("    money -= 10;\n    lock_both();\n", "    lock_both();\n    money -= 10;\n")), "Done."),
    (4, "one thing after another", ((LOCK.format("pan") + LOCK.format("knife"), LOCK.format("pan") + UNLOCK.format("pan") + LOCK.format("knife")),
                                    (UNLOCK.format("knife") + UNLOCK.format("pan"), UNLOCK.format("knife"))),
     "Not yet: steak() does not have the knife and the pan at once"),
    (5, "one lock after the other", (("    write_line();\n" + LOCK.format("config"), "    write_line();\n" + UNLOCK.format("queue") + LOCK.format("config")),
                                     (UNLOCK.format("config") + UNLOCK.format("queue"), UNLOCK.format("config"))),
     "Not yet: reload() does not have the queue and the configuration at once"),
    (3, "a pointer to the folder, and one lock at a time", (
        ("    pthread_mutex_lock(&files[1].lock);\n    files[1].size++;\n",
         "    struct folder *mine = files[1].folder;\n\n    pthread_mutex_lock(&files[1].lock);\n    files[1].size++;\n    pthread_mutex_unlock(&files[1].lock);\n"),
        ("    pthread_mutex_lock(&files[1].folder->lock);\n", "    pthread_mutex_lock(&mine->lock);\n"),
        ("    pthread_mutex_unlock(&files[1].folder->lock);\n    pthread_mutex_unlock(&files[1].lock);\n", "    pthread_mutex_unlock(&mine->lock);\n")), "Done."),
)


def main():
    root, build = (pathlib.Path(arg).resolve() for arg in sys.argv[1:])
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        # A build folder of its own, where hints are counted; the command is that of the real one.
        mine = pathlib.Path(folder) / "build"
        mine.mkdir()
        (mine / "tools").symlink_to(build / "tools")
        (mine / "liblockval").symlink_to(build / "liblockval")

        def run(*words):
            done = subprocess.run([sys.executable, root / "script" / "lesson", *map(str, words)], env={**os.environ, "BUILD_DIR": str(mine)}, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, check=False)
            return done.returncode, done.stdout

        status, said = run()
        tap.say(status == 0 and len(said.splitlines()) == LESSONS, "all lessons are listed", said)
        for number in range(1, LESSONS + 1):
            place = root / "examples" / "lessons" / f"{number:02}"
            hints = []
            for _ in range(4 if number in (1, 9) else 1):
                status, said = run(number)
                hints += re.findall(r"^(Hint \d|The idea)", said, re.MULTILINE)
            wanted = ["Hint 1", "Hint 2", "Hint 3", "The idea"] if number in (1, 9) else ["Hint 1"]
            tap.say(status == 1 and "Not yet" in said and hints == wanted, f"lesson {number}, untouched: not yet, {', '.join(hints)}", said)
            status, said = run(number, place / "solution.c")
            tap.say(status == 0 and "Done." in said, f"lesson {number}, the solution: done", said)
            if number in WRONG:
                status, said = run(number, place / "wrong.c")
                tap.say(status == 1 and WRONG[number] in said, f"lesson {number}, a wrong fix: not yet, and why", said)
        for number, title, changes, wanted in ANSWERS:
            text = (root / "examples" / "lessons" / f"{number:02}" / "exercise.c").read_text(encoding="utf-8")
            missing = []
            for old, new in changes:
                missing += [] if old in text else [old]
                text = text.replace(old, new)
            answer = pathlib.Path(folder) / "answer.c"
            answer.write_text(text, encoding="utf-8")
            status, said = run(number, answer)
            tap.say(not missing and wanted in said and status == (0 if wanted == "Done." else 1), f"lesson {number}, {title}: {wanted}", f"{missing}\n{said}")
        status, said = run("--again", 1)
        report = re.search(r"^The whole report: (.*)$", said, re.MULTILINE)
        tap.say(report is not None and "WARNING: possible circular" in pathlib.Path(report.group(1)).read_text(encoding="utf-8"), "the whole report is left", said)
        explain = re.search(r"^In plain words: +(.*)$", said, re.MULTILINE)
        done = subprocess.run(explain.group(1) if explain else "false", shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        tap.say(done.returncode == 0 and "money_lock" in done.stdout, "and what explains it", done.stdout)
        tap.say(status == 1 and "Hint 1" in said, "--again begins with the first hint", said)
        broken = pathlib.Path(folder) / "broken.c"
        broken.write_text("int main(void) { return }\n", encoding="utf-8")
        status, said = run(1, broken)
        tap.say(status == 1 and "does not compile" in said, "what does not compile is said", said)
        empty = pathlib.Path(folder) / "empty.c"
        empty.write_text("int main(void) { return 0; }\n", encoding="utf-8")
        status, said = run(1, empty)
        tap.say(status == 1 and "does not do its work" in said, "an empty program is not done", said)
        tap.say([run(*words)[0] for words in ((13,), ("x",), (1, "/no/such.c"))] == [2, 2, 2], "calls that mean nothing")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
