#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lockval run --db: runs that are clean each, and a circle together; what starts processes; many at once; stores that cannot be used.

Usage: check_run.py LOCKVAL PROGRAM
"""

import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

from check_db import Tap


class Runs:
    def __init__(self, lockval, program, folder):
        self.lockval, self.program, self.folder = os.path.abspath(lockval), os.path.abspath(program), folder
        self.place = folder / "place"
        self.place.mkdir()
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("LOCKVAL")}
        self.environment["XDG_RUNTIME_DIR"] = str(self.place)

    def command(self, *args):
        done = subprocess.run([self.lockval, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment, check=False, timeout=60, cwd=self.folder)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def run(self, store, *args, options=()):
        return self.command("run", f"--db={store}", *options, "--", self.program, *args)

    def json(self, word, store, *args):
        return json.loads(self.command("db", word, store, *args, "--format=json")[1])

    def left(self):
        return sorted(path.name for path in self.place.rglob("*.jsonl"))


def check_circle(tap, runs):
    tap.equal([runs.run("suite.db", order, options=(f"--test={order}",))[::2] for order in ("ab", "ba", "ab")], [(0, "")] * 3, "runs that are clean each")
    tap.equal(runs.left(), [], "leave no record")
    tap.equal([(run["test"], run["ended"], run["status"], run["edges"]) for run in runs.json("runs", "suite.db")], [("ab", True, 0, 1), ("ba", True, 0, 1), ("ab", True, 0, 1)], "are in the store")
    tap.equal(sorted((edge["from"]["name"], edge["to"]["name"], edge["runs"], edge["tests"]) for edge in runs.json("query", "suite.db")), [("a", "b", 2, ["ab"]), ("b", "a", 1, ["ba"])],
              "which says who took what before what")
    text = runs.command("db", "query", "suite.db", "b")[1]
    tap.say("take() at " in text and "ordered.c:" in text, "with files and lines", text)
    status, text, said = runs.command("check", "suite.db")
    tap.say(status == 66 and "potential" in text + said, "and together they are a circle", (status, text, said))
    tap.equal(runs.command("check", "--test=ab", "suite.db")[0], 0, "which those of one order are not")


def check_processes(tap, runs):
    tap.equal(runs.run("forks.db", "ab", "fork", options=("--test=f",))[0], 0, "a program that forks")
    tap.equal(sorted((run["forked"], run["test"], run["edges"]) for run in runs.json("runs", "forks.db")), [(False, "f", 1), (True, "f", 1)], "both processes are added")
    record = runs.folder / "mine.jsonl"
    runs.command("run", f"--record={record}", "--", runs.program, "ab")
    tap.equal(runs.run("named.db", "ba", options=(f"--record={record}",))[0], 0, "a record of the user's, with another run in it")
    tap.equal([(edge["from"]["name"], edge["to"]["name"]) for edge in runs.json("query", "named.db")], [("b", "a")], "of which this run is added")
    tap.say("1 added, 0 completed, 1 known" in runs.command("db", "add", "named.db", record)[1], "the other one by lockval db add")


def check_at_once(tap, runs):
    jobs = [subprocess.Popen([runs.lockval, "run", "--db=many.db", f"--test=t{i}", "--", runs.program, "ab" if i % 2 else "ba"], env=runs.environment, cwd=runs.folder) for i in range(8)]
    tap.equal([job.wait(timeout=60) for job in jobs], [0] * 8, "eight runs at once")
    tap.equal(sorted(run["test"] for run in runs.json("runs", "many.db")), [f"t{i}" for i in range(8)], "are all in the store")


def check_unusable(tap, runs):
    foreign = runs.folder / "foreign.db"
    db = sqlite3.connect(foreign)
    db.execute("CREATE TABLE mine (id INTEGER)")
    db.commit()
    db.close()
    mark = runs.folder / "mark"
    status, _, said = runs.command("run", f"--db={foreign}", "--", "touch", mark)
    tap.equal((status, "no store of lockval" in said, mark.exists()), (126, True, False), "with a store that cannot be used the program is not run")
    status, _, said = runs.command("run", "--db=spoiled.db", "--", "sh", "-c", 'echo "this was a store, and is a text now" >spoiled.db; exec "$1" ab; exit 3', "sh", runs.program)
    tap.equal((status, "no SQLite database" in said, "its record stays" in said, len(runs.left())), (0, True, True, 1), "a store that is spoiled meanwhile: the record stays")
    tap.say("added" in runs.command("db", "add", "later.db", runs.place / "lockval" / runs.left()[0])[1], "and can be added later")
    tap.equal(runs.run("exec.db", "ab", options=("--exec",))[0], 2, "--exec leaves nobody to add")


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        for check in (check_circle, check_processes, check_at_once, check_unusable):
            inner = pathlib.Path(folder, check.__name__)
            inner.mkdir()
            check(tap, Runs(sys.argv[1], sys.argv[2], inner))
    print(f"1..{tap.number}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
