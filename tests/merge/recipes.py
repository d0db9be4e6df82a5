#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The recipes of docs/merge.md, as they stand there: the text of a block "```sh recipe=NAME" is what is run, in a folder with records, and
must come to the bytes of one merge of all.

Usage: recipes.py LOCKVAL SOURCE_ROOT
"""

import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import records  # noqa: E402
from properties import Tap  # noqa: E402

BLOCK = re.compile(r"^```(\w+) recipe=([\w-]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COUNT = 23


class Kitchen:
    """A folder with records, and a PATH on which lockval is."""

    def __init__(self, work, lockval):
        self.work = work
        self.bin = work / "bin"
        self.bin.mkdir()
        os.symlink(lockval, self.bin / "lockval")
        self.env = {**os.environ, "PATH": f"{self.bin}:{os.environ['PATH']}", "HOME": str(work)}
        os.environ["PATH"] = self.env["PATH"]

    def folder(self, name):
        """With records in records/, some in folders of their own, and some with names that a shell would take apart."""
        folder = self.work / name
        (folder / "records/one host").mkdir(parents=True)
        rng = random.Random(1)
        for i in range(COUNT):
            classes = rng.sample(range(1, 12), 6)
            pairs = rng.sample([(a, b) for a in classes for b in classes if a != b], 8)
            record, _ = records.make(rng, i + 1, f"{i:08x}", 1000 + i, classes, pairs, test=f"t{i % 5}")
            (folder / "records" / ("one host" if i % 3 == 0 else ".") / f"run {i}'s.jsonl").write_text(record.text(), encoding="ascii")
        return folder

    def sh(self, text, folder):
        return subprocess.run(["sh", "-e", "-c", text], cwd=folder, env=self.env, text=True, check=False, timeout=120, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def check_shell(tap, kitchen, name, text, wanted):
    # In the document a process has 500 records; here there are fewer.
    folder = kitchen.folder(name)
    done = kitchen.sh(text.replace("500", "5"), folder)
    tap.equal(done.returncode, 0, f"{name}: it works")
    tap.say((folder / "all.jsonl").exists() and (folder / "all.jsonl").read_bytes() == wanted, f"{name}: the bytes are those of one merge", done.stdout)
    if (folder / "parts").exists():
        tap.equal(len(list((folder / "parts").iterdir())), -(-COUNT // 5), f"{name}: there were parts")


def check_engine(tap, kitchen, text, wanted):
    """An engine that pairs what it has at random, does some work twice, and forgets one of the two results."""
    known = {}
    exec(text, known)  # pylint: disable=exec-used
    folder = kitchen.folder("engine")
    rng = random.Random(2)
    values = [path.read_bytes() for path in folder.glob("records/**/*.jsonl")]
    values += rng.sample(values, 3)
    while len(values) > 1:
        rng.shuffle(values)
        one, other = values.pop(), values.pop()
        if rng.random() < .2:
            known["merge"](one, other)
        values.append(known["merge"](one, other))
    tap.equal(len(values[0]), len(wanted), "engine: as long as one merge")
    tap.say(values[0] == wanted, "engine: the bytes are those of one merge")


def check_artifacts(tap, kitchen, text, wanted):
    """The jobs of the file: each test job leaves a folder, which the last job finds under the artifact's name."""
    jobs = yaml.safe_load(text)["jobs"]
    job = jobs["locks"]
    tap.equal(job["needs"], "test", "artifacts: the last job waits for the tests")
    uploads = [step["with"] for step in jobs["test"]["steps"] if "upload-artifact" in step.get("uses", "")]
    downloads = [step["with"] for step in job["steps"] if "download-artifact" in step.get("uses", "")]
    tap.equal((len(uploads), len(downloads)), (1, 1), "artifacts: one goes up, all come down")
    tap.say(re.fullmatch(downloads[0]["pattern"].replace("*", ".*"), uploads[0]["name"]) is not None, "artifacts: what comes down is what went up")
    folder = kitchen.folder("artifacts")
    shutil.move(folder / "records", folder / "up")
    for i, path in enumerate(sorted(folder.glob("up/**/*.jsonl"))):
        place = folder / downloads[0]["path"] / f"records-{i % 4}"
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place / f"{i}.jsonl")
    steps = [step["run"] for step in job["steps"] if "run" in step]
    done = kitchen.sh(steps[0], folder)
    tap.equal(done.returncode, 0, "artifacts: the merge works")
    tap.say((folder / "all.jsonl").exists() and (folder / "all.jsonl").read_bytes() == wanted, "artifacts: the bytes are those of one merge", done.stdout)
    done = kitchen.sh(steps[1], folder)
    tap.say(done.returncode in (0, 66), "artifacts: and is checked", done.stdout)


def main():
    lockval, root = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
    blocks = {name: text for _, name, text in BLOCK.findall((root / "docs/merge.md").read_text(encoding="utf-8"))}
    shells = ("jobs", "xargs", "parallel")
    tap = Tap()
    version = subprocess.run(["parallel", "--version"], stdout=subprocess.PIPE, text=True, check=False).stdout if shutil.which("parallel") else ""
    with tempfile.TemporaryDirectory() as work:
        kitchen = Kitchen(pathlib.Path(work).resolve(), lockval)
        folder = kitchen.folder("whole")
        names = sorted(map(str, folder.glob("records/**/*.jsonl")))
        wanted = subprocess.run([lockval, "merge", *names, "-o", "-"], stdout=subprocess.PIPE, check=True).stdout
        tap.equal(set(blocks), {*shells, "engine", "artifacts"}, "each block of docs/merge.md is run")
        for name in shells:
            if name == "parallel" and "GNU parallel" not in version:
                tap.say(True, "parallel: # SKIP GNU parallel is not installed")
            else:
                check_shell(tap, kitchen, name, blocks[name], wanted)
        check_engine(tap, kitchen, blocks["engine"], wanted)
        check_artifacts(tap, kitchen, blocks["artifacts"], wanted)
    print(f"1..{tap.number}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
