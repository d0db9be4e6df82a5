#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lockval db: what is added is what a merge of the records gives, to the byte; adding twice, at once, by a process that is killed, and to a
full disk; who takes what before what; what is dropped; old, foreign and damaged files.

Usage: check_db.py LOCKVAL
"""

import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "merge"))
import records  # noqa: E402
from tap import Tap  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
NOBODY = 65534
SKIPPED = 77


class Box:
    """A folder with records and stores, and the command."""

    def __init__(self, lockval, folder):
        self.lockval, self.folder, self.count = lockval, folder, 0

    def path(self, suffix):
        self.count += 1
        return self.folder / f"f{self.count}{suffix}"

    def run(self, *args, **more):
        done = subprocess.run([self.lockval, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=60, **more)
        return done.returncode, done.stdout, done.stderr.decode()

    def db(self, *args, **more):
        status, text, said = self.run("db", *args, **more)
        if status != 0:
            raise RuntimeError(f"db {args}: status {status}: {said}")
        return text.decode()

    def json(self, *args):
        return json.loads(self.db(*args, "--format=json"))

    def export(self, store, *args):
        path = self.path(".jsonl")
        self.db("export", store, "-o", path, *args)
        return path.read_bytes()

    def merge(self, *names):
        status, text, said = self.run("merge", *names, "-o", "-")
        if status != 0:
            raise RuntimeError(f"merge: status {status}: {said}")
        return text

    def write(self, record):
        path = self.path(".jsonl")
        path.write_text(record if isinstance(record, str) else record.text(), encoding="utf-8")
        return path

    def make(self, number, edges, classes=(1, 2, 3, 4), start_ms=1000, **meta):
        """A record whose run, pid and witnesses @number decides."""
        record, _ = records.make(random.Random(number), 100 + number, f"{number:08x}", start_ms, classes, edges, **meta)
        return self.write(record)


def check_union(tap, box):
    bad = []
    for seed in range(6):
        rng = random.Random(seed)
        names = [box.make(10 * seed + i, rng.sample([(1, 2), (2, 3), (3, 4), (1, 4), (4, 2)], 3), start_ms=1000 + i, test=rng.choice(["", "t1", "t2"]),
                          commit=rng.choice(["", "c1"]), host=rng.choice(["h1", "h2"])) for i in range(8)]
        store = box.path(".db")
        rng.shuffle(names)
        box.db("add", store, *names[:3])
        for name in names[2:]:
            box.db("add", store, name)
        if box.export(store) != box.merge(*names):
            bad.append(seed)
        before = store.read_bytes()
        if "0 added, 0 completed, 8 known" not in box.db("add", store, *names) or store.read_bytes() != before:
            bad.append(f"{seed} again")
    tap.equal(bad, [], "what is exported is the merged record, and the same runs again change no byte of the store")


def check_unfinished(tap, box):
    record, _ = records.make(random.Random(3), 7, "00000007", 5, [1, 2, 3], [(1, 2), (2, 3)])
    whole = box.write(record)
    cut = box.write("\n".join(record.lines[:-4]) + '\n{"t":"edge","pid":7,"ru')
    store = box.path(".db")
    tap.say("1 added" in box.db("add", store, cut), "a run that has not ended is added")
    (run,) = box.json("runs", store)
    tap.equal((run["ended"], run["status"]), (False, None), "and is known not to have ended")
    tap.say("0 added, 1 completed" in box.db("add", store, whole), "later it is completed")
    (run,) = box.json("runs", store)
    tap.equal((run["ended"], run["status"], run["classes"], run["edges"]), (True, 0, 3, 2), "and has all that the record has")
    box.db("add", store, cut)
    (run,) = box.json("runs", store)
    tap.equal((run["ended"], run["edges"]), (True, 2), "an old copy takes nothing away")
    tap.say(box.export(store) == box.merge(whole), "and the union is that of the whole record")


def check_query(tap, box):
    store = box.path(".db")
    box.db("add", store, box.make(1, [(1, 2)], start_ms=1000, test="old", commit="c1", program="one"), box.make(2, [(1, 2), (2, 3)], start_ms=2000, test="new", commit="c2", program="two"),
           box.make(3, [(2, 1)], start_ms=3000, test="newer", commit="c3", host="far"))
    (edge,) = box.json("query", store, "c1", "c2")
    tap.equal((edge["runs"], edge["tests"], edge["programs"], edge["first"]["commit"], edge["first"]["ms"], edge["last"]["commit"], edge["last"]["ms"]),
              (2, ["new", "old"], ["one", "two"], "c1", 1000, "c2", 2000), "an edge: runs, tests, programs, since which commit, and the last")
    tap.say(edge["witness"] is not None and edge["witness"]["run"].startswith(("one ", "two ")), "with a witness and its run", edge)
    def pairs(*args):
        return [(edge["from"]["name"], edge["to"]["name"]) for edge in box.json("query", store, *args)]
    tap.equal(pairs(), [("c1", "c2"), ("c2", "c1"), ("c2", "c3")], "all edges")
    tap.equal(pairs("c2"), [("c2", "c1"), ("c2", "c3")], "of one class")
    tap.equal(pairs("c[13]", "*"), [("c1", "c2")], "by globs")
    tap.equal(pairs("*", "name:c3"), [("c2", "c3")], "by a key")
    tap.equal(pairs("--test=new*", "c2"), [("c2", "c1"), ("c2", "c3")], "of some tests")
    tap.equal(pairs("--since=1970-01-01 00:00:03"), [("c2", "c1")], "of later runs")
    tap.equal(pairs("--program=one"), [("c1", "c2")], "of a program")
    tap.equal(pairs("--host=far"), [("c2", "c1")], "of a host")
    tap.equal(pairs("--commit=c2"), [("c1", "c2"), ("c2", "c3")], "of a commit")
    text = box.db("query", store, "c1", "c2")
    tap.say(text.startswith("c1 -> c2: 2 runs\n") and "commit c1" in text and "new, old" in text and "one, two" in text, "as text", text)
    status, text, said = box.run("db", "query", store, "c3", "c1")
    tap.equal((status, text, "no such order" in said), (0, b"", True), "an order that nobody saw")
    tap.equal([run["test"] for run in box.json("runs", store, "--since=@2000")], ["new", "newer"], "runs, by a time")
    tap.equal([box.run("db", *args)[0] for args in ((), ("what", store), ("query",), ("query", store, "a", "b", "c"), ("query", store, "--format=xml"), ("runs", store, "--since=noon"),
                                                    ("gc", store), ("export", store), ("add", store), ("info", store, "--test=x"))], [2] * 10, "calls that mean nothing")


def check_filter(tap, box):
    store = box.path(".db")
    first = box.make(1, [(1, 2)], start_ms=1000, test="t", host="h1")
    second = box.make(2, [(2, 3)], start_ms=2000, test="t", host="h2", classes=(2, 3))
    other = box.make(3, [(3, 4)], start_ms=3000, test="u", host="h1")
    box.db("add", store, first, second, other)
    tap.say(box.export(store, "--test=u") == box.merge(other), "the export of one test is the merge of its records")
    lines = [json.loads(line) for line in box.export(store, "--host=h2").splitlines()]
    tap.equal({line["name"] for line in lines if line["t"] == "class"}, {"c2", "c3"}, "of one host, what its runs met")
    tap.equal(len({(line["from"], line["to"]) for line in lines if line["t"] == "edge"}), 1, "and no edge of others")
    status, text, said = box.run("check", store)
    tap.equal((status in (0, 66), "cannot" in said), (True, False), "lockval check reads a store")


def check_labels(tap, box):
    store, bare, named = box.path(".db"), box.make(1, [(1, 2)], host=""), box.make(2, [(1, 2)], test="its own", commit="its", host="mine")
    box.db("add", store, "--test=t", "--commit=c", "--host=h", bare, named)
    tap.equal([(run["test"], run["commit"], run["host"]) for run in sorted(box.json("runs", store), key=lambda run: run["process"])], [("t", "c", "h"), ("its own", "its", "mine")],
              "--test, --commit and --host are of runs that do not say")
    before = store.read_bytes()
    box.db("add", store, "--test=t", "--commit=c", "--host=h", bare, named)
    tap.say(store.read_bytes() == before, "and with them, twice is once, too")


def check_merged(tap, box):
    names = [box.make(i, [(1, 2), (2, 3)], test="t") for i in range(5)]
    merged = box.write(box.merge(*names).decode())
    store = box.path(".db")
    status, text, said = box.run("db", "add", store, merged, names[0])
    tap.equal((status, b"2 added" in text, "merged records" in said), (0, True, True), "a merged record is added, and what that means is said")
    tap.say("2 known" in box.db("add", store, merged, names[0]), "twice is once")
    tap.say(box.export(store) == box.merge(*names), "its runs are in the union, each once")
    tap.equal((box.json("info", store)["runs"], box.json("info", store)["merged records"]), (1, 1), "and it is counted as what it is")
    status, _, said = box.run("db", "export", store, "--test=t", "-o", box.path(".jsonl"))
    tap.equal((status, "left out" in said), (0, True), "a filter leaves it out, and says so")


def check_gc(tap, box):
    store = box.path(".db")
    names = [box.make(i, [(1, 2)] if i < 4 else [(2, 3)], start_ms=1000 + i, test="t", classes=(1, 2, 3)) for i in range(6)]
    box.db("add", store, *names)
    whole = box.export(store)
    tap.say("would drop 4 runs" in box.db("gc", store, "--keep-runs=2", "--dry-run") and len(box.json("runs", store)) == 6, "a dry run drops nothing")
    tap.say("dropped 4 runs and 0 edges" in box.db("gc", store, "--keep-runs=2"), "runs are dropped but for the newest")
    tap.equal([run["start_ms"] for run in box.json("runs", store)], [1004, 1005], "which stay")
    tap.say(box.export(store) == whole, "what was learned stays")
    edge = box.json("query", store, "c1", "c2")[0]
    tap.equal((edge["runs"], edge["dropped_runs"], edge["first"]["ms"]), (0, 4, 1000), "an edge knows how many runs it had, and since when")
    tap.say("dropped 0 runs and 1 edges" in box.db("gc", store, "--keep-runs=2", "--unseen-edges"), "edges that no run had go when asked")
    tap.equal([(edge["from"]["name"], edge["runs"], edge["witness"] is not None) for edge in box.json("query", store)], [("c2", 2, True)], "and others stay")
    lines = [json.loads(line) for line in box.export(store).splitlines()]
    tap.equal(len({(line["from"], line["to"]) for line in lines if line["t"] == "edge"}), 1, "also in the export")
    box.db("gc", store, "--older-than=1", "--unseen-edges")
    tap.equal([box.json("info", store)[what] for what in ("runs", "classes", "edges", "findings", "parts")], [0] * 5, "by age, all goes")


def check_at_once(tap, box):
    names = [box.make(i, random.Random(i).sample([(1, 2), (2, 3), (3, 4), (1, 4)], 2), test=f"t{i % 3}", start_ms=1000 + i) for i in range(40)]
    store = box.path(".db")
    script = 'l=$1; s=$2; shift 2; for one; do "$l" db add -q "$s" "$one" || exit 1; done'
    jobs = [subprocess.Popen(["sh", "-c", script, "sh", box.lockval, store, *names[i::8]]) for i in range(8)]
    tap.equal([job.wait(timeout=60) for job in jobs], [0] * 8, "eight processes add at once, to a store that was not there")
    tap.equal(len(box.json("runs", store)), 40, "and all runs are there")
    tap.say(box.export(store) == box.merge(*names), "with all they learned")
    held = sqlite3.connect(store, isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    status, _, said = box.run("db", "add", store, box.make(50, [(1, 2)]), "--wait=0")
    tap.equal((status, "others write" in said), (1, True), "who may not wait says that others write")
    tap.equal(len(box.json("runs", store)), 40, "reading goes on meanwhile")
    held.execute("ROLLBACK")
    held.close()


def big(box, count):
    folder = box.folder / f"big{count}"
    subprocess.run([sys.executable, HERE.parent / "merge" / "records.py", folder, str(count), "150", "300"], check=True)
    return folder / "names"


def check_killed(tap, box):
    """A process is killed as soon as its journal is there, which is in the middle of what it writes."""
    good = box.path(".db")
    first, names = box.make(1, [(1, 2)]), big(box, 30)
    box.db("add", good, first)
    before, killed, bad = box.export(good), 0, []
    for _ in range(20):
        store = box.path(".db")
        shutil.copy(good, store)
        job = subprocess.Popen([box.lockval, "db", "add", "-q", store, f"--from-file={names}"])
        while job.poll() is None and not pathlib.Path(f"{store}-journal").exists():
            pass
        job.send_signal(signal.SIGKILL)
        if job.wait() != -signal.SIGKILL:
            continue  # it was done sooner than it was seen to write
        box.db("info", store)
        if box.export(store) != before:
            bad.append("other content")
        killed += 1
        if killed == 3:
            break
    tap.equal((killed, bad), (3, []), "three processes are killed while they write, and what was there is there")
    box.db("add", store, f"--from-file={names}")
    tap.say(box.export(store) == box.merge(first, *names.read_text().split()), "adding again adds all")


def check_full(tap, box):
    if subprocess.run(["unshare", "-rm", "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        tap.say(True, "a full disk # SKIP no file system can be mounted here")
        return
    disk, first, names = box.folder / "disk", box.make(1, [(1, 2)]), big(box, 30)
    disk.mkdir()
    script = ('mount -t tmpfs -o size=300k none "$2" || exit 77; "$1" db add -q "$2/a.db" "$3" || exit 1; "$1" db add -q "$2/a.db" --from-file="$4"; echo "status $?" >&2;'
              '"$1" db export "$2/a.db" -o -')
    done = subprocess.run(["unshare", "-rm", "sh", "-c", script, "sh", box.lockval, disk, first, names], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=60)
    said = done.stderr.decode()
    if done.returncode == SKIPPED:
        tap.say(True, "a full disk # SKIP no file system can be mounted here")
        return
    tap.say("no room left" in said and "status 1" in said, "a full disk is said", said)
    tap.say(done.stdout == box.merge(first), "and what was there before is there")


def check_refused(tap, box):
    good, record = box.path(".db"), box.make(1, [(1, 2), (2, 3)])
    box.db("add", good, *(box.make(i, [(1, 2), (2, 3), (3, 4)], test=f"t{i}") for i in range(30)))

    def refused(title, path, words, call=("add",), rest=(record,)):
        before = path.read_bytes() if path.is_file() else None
        status, _, said = box.run("db", *call, path, *rest)
        after = path.read_bytes() if path.is_file() else None
        tap.equal((status, words in said, before == after), (1, True, True), f"{title}: {said.strip()[:60]!r}")

    text = box.write("this is a text, and long enough to be one\n" * 100)
    refused("what is no database", text, "no SQLite database")
    refused("the same, to read it", text, "no SQLite database", ("info",), ())
    foreign = box.path(".db")
    with sqlite3.connect(foreign) as db:
        db.execute("CREATE TABLE run (id INTEGER)")
    db.close()
    refused("somebody else's", foreign, "no store of lockval")
    newer = box.path(".db")
    shutil.copy(good, newer)
    with sqlite3.connect(newer) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    refused("a newer version", newer, "newer lockval")
    for word, rest in (("query", ()), ("gc", ("--keep-runs=1",)), ("export", ("-o", box.path(".jsonl")))):
        refused(f"a newer version, {word}", newer, "newer lockval", (word,), rest)
    refused("no file", box.folder / "none.db", "No such file", ("info",), ())
    refused("no folder", box.folder / "none" / "none.db", "cannot open")
    refused("a folder", box.folder, "no file")
    empty = box.write("")
    refused("an empty file, to read it", empty, "empty", ("query",), ())
    tap.say("1 added" in box.db("add", empty, record), "an empty file becomes a store")

    size, bytes_ = 4096, good.read_bytes()
    damaged, noticed, crashed = box.path(".db"), 0, []
    pages = len(bytes_) // size
    for page in range(pages):
        damaged.write_bytes(bytes_[:page * size] + bytes(random.Random(page).randbytes(size)) + bytes_[(page + 1) * size:])
        status, _, said = box.run("db", "info", damaged)
        noticed += status == 1 and "damaged" in said or "no SQLite" in said
        if status not in (0, 1) or (status == 1 and not said):
            crashed.append(page)
    tap.equal((noticed, crashed), (pages, []), f"each of {pages} pages is damaged in turn: info says so")
    damaged.write_bytes(bytes_[:len(bytes_) // 2 // size * size])
    refused("half a file", damaged, "damaged", ("info",), ())
    refused("half a file, to add", damaged, "damaged")


def check_read_only(tap, box):
    store, record = box.path(".db"), box.make(1, [(1, 2)])
    box.db("add", store, record)
    store.chmod(0o444)
    box.folder.chmod(0o555)
    more = {"user": NOBODY} if os.getuid() == 0 else {}
    try:
        status, text, _ = box.run("db", "query", store, **more)
        tap.equal((status, text.startswith(b"c1 -> c2")), (0, True), "a store that cannot be written to is read")
        status, _, said = box.run("db", "add", store, record, **more)
        tap.equal((status, "read-only" in said or "cannot be written" in said), (1, True), f"but not added to: {said.strip()!r}")
    finally:
        box.folder.chmod(0o755)


def check_migration(tap, box):
    """A store of version 1, as its tables were, with the content of a part."""
    store, record = box.path(".db"), box.make(1, [(1, 2), (2, 3)], test="t1", commit="c1")
    for seed in range(2, 50):
        if b'"finding"' in record.read_bytes():
            break
        record = box.make(seed, [(1, 2), (2, 3)], test="t1", commit="c1")
    merged = box.merge(record)
    run = next(json.loads(line) for line in merged.splitlines() if b'"t":"run"' in line)
    db = sqlite3.connect(store)
    db.executescript((HERE / "version1.sql").read_text(encoding="utf-8"))
    db.execute("UPDATE part SET size = ?, content = ?", (len(merged), zlib.compress(merged)))
    db.execute("INSERT INTO run VALUES (1, ?, 1, ?, 'prog', '/bin/prog', '[]', 't1', 'c1', 'host', ?, 0, 1, 0, 1, 1, '')", (run["hash"], run["of"], run["start_ms"]))
    db.commit()
    db.close()
    before = store.read_bytes()
    tap.equal((box.json("info", store)["findings"], store.read_bytes() == before), (1, True), "a store of version 1 is read as one of today, and left as it is")
    tap.say(box.export(store) == merged, "with all it has")
    box.db("add", store, box.make(90, [(3, 4)], test="t2"))
    db = sqlite3.connect(store)
    tap.equal(db.execute("PRAGMA user_version").fetchone(), (2,), "who adds brings it up to date")
    tap.equal(db.execute("SELECT f.kind, r.hash FROM finding f JOIN finding_run u ON u.finding = f.id JOIN run r ON r.id = u.run WHERE r.id = 1").fetchall(),
              [("circular", run["hash"])], "its findings are those of its runs")
    fresh = box.path(".db")
    box.db("add", fresh, record)
    other = sqlite3.connect(fresh)
    tables = "SELECT type, name, tbl_name FROM sqlite_master ORDER BY 1, 2"
    tap.equal(db.execute(tables).fetchall(), other.execute(tables).fetchall(), "and it has the tables of a new one")
    db.close()
    other.close()


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        for check in (check_union, check_unfinished, check_query, check_filter, check_labels, check_merged, check_gc, check_at_once, check_killed, check_full, check_refused,
                      check_read_only, check_migration):
            inner = pathlib.Path(folder, check.__name__)
            inner.mkdir()
            check(tap, Box(sys.argv[1], inner))
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
