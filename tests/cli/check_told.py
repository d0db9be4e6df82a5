#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `lockval run` tells, and where the record is.

What was found is printed behind the program, of every process of the run; threads that are stuck at once. A record stays where
something was found, in a folder that nobody else can enter, and there is none of what outlives the program. What
cannot be recorded is printed by the library.

Usage: check_told.py LOCKVAL LIBRARY PROGRAM
"""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

from command import TIMEOUT, call, environment
from parent import HEADLINE, read_line, read_until, run_checks


def check_reports(checks, place):
    done = place.run("abba")
    record = place.records()[0] if len(place.records()) == 1 else None
    checks.is_true("reports: one record stays, and only its owner can read it",
                   record is not None and record.stat().st_mode & 0o777 == 0o600 and record.parent.stat().st_mode & 0o777 == 0o700,
                   place.records())
    checks.is_true("reports: it is named", record and f"record: {record}\n" in done.stderr, done.stderr)
    pid = record and json.loads(record.read_text(encoding="utf-8").splitlines()[0])["pid"]
    checks.equal("reports: by the program and its number", f"{os.path.basename(place.program)}.{pid}.jsonl", record and record.name)
    checks.is_true("reports: with files and lines", "take  " in done.stderr and "parented.c:" in done.stderr, done.stderr)
    checks.is_true("reports: with the source", "| pthread_mutex_lock(second);" in done.stderr, done.stderr)
    checks.is_true("reports: without what comes before main", "__libc_start" not in done.stderr, done.stderr)
    place.forget()
    quiet = place.run("abba", options=("--quiet",))
    checks.is_true("reports: quiet has the summary", HEADLINE not in quiet.stderr and "\nlockval: 1 finding: 1 potential" in quiet.stderr
                   and "  potential circular " in quiet.stderr and quiet.stderr.count("\n") == 3, quiet.stderr)
    loud = place.run("abba", options=("--verbose",))
    checks.is_true("reports: verbose has all frames, and what was seen",
                   "__libc_start" in loud.stderr and "2 classes, 2 edges, 1 threads" in loud.stderr, loud.stderr)
    place.forget()
    done = place.run("clean", options=("--keep",))
    checks.equal("reports: a record without findings is kept on request", (1, ""), (len(place.records()), done.stderr))
    place.forget()
    done = place.run("odd")
    ours = call(place.lockval, "run", "--exec", "--", place.program, "odd", env=place.env())
    checks.is_true("reports: the odd step, as the library's summary has it",
                   re.search(r"^    b -> a \(.*parented\.c:\d+\) was seen 1 time, the other way 100 times: the odd one$", done.stderr, re.MULTILINE)
                   and re.search(r"b -> a was seen 1 time .*, the other way 100 times: the odd one$", ours.stderr, re.MULTILINE), done.stderr)
    # Of each pair the library may take either step to be changed; of the first one, that which is seen less often.
    smallest = r"smallest change: 2 of 4 edges: b -> a .*, [cd] -> [cd] "
    checks.is_true("reports: the smallest change, too", re.search(r"^  cli_parented\[\d+\]: " + smallest, done.stderr, re.MULTILINE) and
                   re.search("^  " + smallest, ours.stderr, re.MULTILINE), done.stderr + ours.stderr)
    checks.is_true("reports: neither where the numbers say nothing", "odd one" not in loud.stderr and "change" not in loud.stderr, loud.stderr)
    place.forget()
    log = place.folder / "log"
    done = place.run("abba", options=(f"--log={log}",))
    checks.is_true("reports: with a log both print", HEADLINE in log.read_text(encoding="utf-8") and HEADLINE in done.stderr, done.stderr)
    done = place.run("abba", options=("--log=stderr",))
    checks.is_true("reports: with stderr as the log the library's own, and a summary", done.stderr.count(HEADLINE) == 1
                   and ", at: take+0x" in done.stderr.replace("both_orders+0x", "take+0x").replace("main+0x", "take+0x")
                   and "record:" in done.stderr, done.stderr)
    place.forget()
    with open(place.folder / "supp", "w", encoding="utf-8") as out:
        out.write("circular:a # known\n")
    done = place.run("abba", options=(f"--suppressions={place.folder}/supp",))
    checks.equal("reports: what is suppressed is not shown, and leaves nothing", (0, "", []), (done.returncode, done.stderr, place.records()))
    with open(place.folder / "supp", "w", encoding="utf-8") as out:
        out.write("circular:d # known\n")
    done = place.run("two", options=(f"--suppressions={place.folder}/supp",))
    checks.is_true("reports: what is suppressed is counted beside what is shown",
                   "lockval: 1 finding: 1 potential, 1 suppressed" in done.stderr and done.stderr.count(HEADLINE) == 1, done.stderr)
    place.forget()
    done = place.run("clean", options=("--lock_stat=1",))
    checks.is_true("reports: statistics of locks stay in the record", len(place.records()) == 1 and
                   f"statistics of locks are in the record: {place.records()[0]}" in done.stderr and
                   '"t":"lock_stat"' in place.records()[0].read_text(encoding="utf-8"), done.stderr)
    place.forget()
    done = place.run("clean", options=("--stats=1",))
    checks.is_true("reports: what the library has to say otherwise is said", "lockval:" in done.stderr, done.stderr)
    place.forget()


def check_records(checks, place):
    folder = place.folder / "records"
    folder.mkdir()
    done = place.run("abba", options=("--record=one.jsonl",), cwd=folder)
    first = (folder / "one.jsonl").read_text(encoding="utf-8")
    checks.is_true("records: one that is named", done.stderr.count(HEADLINE) == 1 and "record: " + str(folder / "one.jsonl") in done.stderr,
                   done.stderr)
    done = place.run("abba", options=("--record=one.jsonl",), cwd=folder)
    second = (folder / "one.jsonl").read_text(encoding="utf-8")
    checks.is_true("records: another run in the same file is told alone", done.stderr.count(HEADLINE) == 1 and
                   "lockval: 1 finding" in done.stderr and second.startswith(first) and len(second) > len(first), done.stderr)
    done = place.run("clean", options=("--record=one.jsonl",), cwd=folder)
    checks.equal("records: a run without findings, in the same file", (0, ""), (done.returncode, done.stderr))
    done = place.run("child", "0", options=("--record=%p.%e.jsonl",), cwd=folder)
    parts = sorted(folder.glob(f"*.{os.path.basename(place.program)}.jsonl"))
    checks.is_true("records: a file for each process", len(parts) == 2 and done.stderr.count(HEADLINE) == 1
                   and all(str(part) in done.stderr for part in parts) and done.returncode == 66, done.stderr)
    done = place.run("abba", env=place.env(LOCKVAL_OPTIONS="record=mine.jsonl:exitcode=7"), cwd=folder)
    checks.is_true("records: one of LOCKVAL_OPTIONS", done.returncode == 7 and "record: " + str(folder / "mine.jsonl") in done.stderr,
                   done.stderr)
    done = place.run("abba", options=("--record=/dev/full",))
    checks.is_true("records: a device", done.returncode == 66 and done.stderr.count(HEADLINE) == 1 and "no file that can be read back" in done.stderr,
                   done.stderr)
    done = place.run("abba", options=("--record=none",))
    checks.is_true("records: none at all: the library prints", done.returncode == 66 and done.stderr.count(HEADLINE) == 1
                   and "record:" not in done.stderr, done.stderr)
    done = call(place.lockval, "run", "--record=never.jsonl", "--", "/no/such/program", env=place.env(), cwd=folder)
    checks.equal("records: none of a program that there is not", (127, False), (done.returncode, (folder / "never.jsonl").exists()))
    done = place.run("abba", options=("--record=/no/such/folder/x",))
    checks.is_true("records: in a folder that there is not", done.returncode == 66 and done.stderr.count(HEADLINE) == 1 and
                   "/no/such/folder/x: No such file" in done.stderr, done.stderr)
    done = place.run("abba", options=("--record=one.jsonl", "--log=none"), cwd=folder)
    checks.is_true("records: with a log, too", done.returncode == 66 and done.stderr.count(HEADLINE) == 1, done.stderr)
    checks.equal("records: nothing of these in the folder of the command", [], place.records())
    # Two runs at a time into one file: each tells its own.
    with place.started("hang", options=("--record=both.jsonl",), wait="stuck\n", cwd=folder) as hung:
        done = place.run("abba", options=("--record=both.jsonl",), cwd=folder)
        checks.is_true("records: two at a time", done.stderr.count(HEADLINE) == 1 and "lockval: 1 finding" in done.stderr and
                       "deadlocked" not in done.stderr, done.stderr)
        said = read_until(hung.stderr, "predicted")
        hung.terminate()
        said += hung.stderr.read()
        checks.is_true("records: and the other one's", "deadlocked" in said and "lockval: 2 findings: 1 deadlock, 1 feasible" in said, said)


def check_folders(checks, place):
    def attempt(title, prepare, where="XDG_RUNTIME_DIR", wanted_record=None):
        base = place.folder / title.replace(" ", "-")
        base.mkdir()
        env = environment(XDG_RUNTIME_DIR=str(base / "no"), TMPDIR=str(base))
        if where == "XDG_RUNTIME_DIR":
            env["XDG_RUNTIME_DIR"] = str(base)
        prepare(base, base / f"lockval-{os.geteuid()}")
        done = place.run("abba", env=env)
        made = [str(path.relative_to(base)) for path in base.glob("*/*.jsonl")]
        if wanted_record is not None:
            checks.is_true(f"folders: {title}", len(made) == 1 and made[0].startswith(wanted_record) and done.stderr.count(HEADLINE) == 1,
                           (made, done.stderr))
        else:
            checks.is_true(f"folders: {title}: the library prints, and it is said once", made == [] and done.returncode == 66 and
                           done.stderr.count(HEADLINE) == 1 and done.stderr.count("no record can be made") == 1, (made, done.stderr))

    def stranger(path):
        path.mkdir()
        os.chown(path, 12345, 12345)

    own = f"lockval-{os.geteuid()}/"
    attempt("in the runtime folder", lambda base, other: None, wanted_record="lockval/")
    attempt("in the temporary folder", lambda base, other: None, "TMPDIR", own)
    attempt("a link in the temporary folder", lambda base, other: (base / "elsewhere").mkdir() or other.symlink_to(base / "elsewhere"), "TMPDIR")
    attempt("a file in its place", lambda base, other: other.write_text("", encoding="utf-8"), "TMPDIR")
    attempt("a folder that is open to others", lambda base, other: (other.mkdir(), other.chmod(0o777)), "TMPDIR")
    if os.geteuid() == 0:
        attempt("a folder of another user", lambda base, other: stranger(other), "TMPDIR")
        attempt("a runtime folder with a folder of another user", lambda base, other: stranger(base / "lockval"), wanted_record=own)
    # A record of a former process with the same number is not touched.
    place.run("abba")
    record = place.records()[0]
    checks.is_true("folders: a record has its own file", record.stat().st_nlink == 1)
    place.forget()
    done = place.run("poor")
    checks.is_true("folders: what the record cannot take is printed by the library", done.stderr.count(HEADLINE) == 2 and
                   "record" in done.stderr and "(c)" in done.stderr and "(a)" in done.stderr, done.stderr)
    place.forget()


def check_unwatched(checks, place):
    done = call(place.lockval, "run", "--", "env", "-i", place.program, "abba", env=place.env())
    checks.is_true("unwatched: env itself is watched, and what it starts is not", done.returncode == 0 and not done.stderr, done)
    with open(place.folder / "script", "w", encoding="utf-8") as out:
        out.write(f"#!{place.program}\n")
    done = call(place.lockval, "run", "--follow_children=0", "--", "sh", "-c", f"{place.program} abba", env=place.env())
    checks.is_true("unwatched: what it starts is not, if it was said so", done.returncode == 0 and not done.stderr, done)
    checks.equal("unwatched: no record stays", [], place.records())


def check_stuck(checks, place):
    with place.started("hang", wait="stuck\n") as done:
        text = read_until(done.stderr, "predicted")
        checks.is_true("stuck: printed while the program hangs", "WARNING: threads are deadlocked!" in text and "parented.c:" in text and
                       done.poll() is None, text)
        done.terminate()
        rest = done.stderr.read()
        checks.is_true("stuck: once", "deadlocked!" not in rest and "lockval: 2 findings: 1 deadlock, 1 feasible" in rest, rest)
        checks.equal("stuck: it ends as the program", -signal.SIGTERM, done.wait(TIMEOUT))
    done = place.run("hang", options=("--on_deadlock=exit",))
    checks.equal("stuck: with exit it ends", (66, 1), (done.returncode, done.stderr.count("deadlocked!")))
    place.forget()


def check_family(checks, place):
    program = place.program
    done = call(place.lockval, "run", "--", "sh", "-c", f"{program} abba; {program} abba; {program} clean", env=place.env())
    checks.is_true("family: one report for the same in two processes", done.stderr.count(HEADLINE) == 1 and
                   f"the same in {os.path.basename(program)}[" in done.stderr and "lockval: 1 finding" in done.stderr, done.stderr)
    checks.equal("family: which counts", 66, done.returncode)
    place.forget()
    fifo = place.folder / "fifo"
    os.mkfifo(fifo)
    done = place.run("outlive", str(fifo))
    checks.equal("family: who outlives the program is not waited for", (0, "", []), (done.returncode, done.stderr, place.records()))
    with open(fifo, "rb") as wait:  # it goes on now, and has no file to write to
        wait.read()
    checks.equal("family: nor does it make a record that nobody asks for", [], place.records())
    nested = call(place.lockval, "run", "--", place.lockval, "run", "--", program, "abba", env=place.env())
    checks.is_true("family: a run in a run", nested.returncode == 66 and HEADLINE in nested.stderr, nested.stderr)
    place.forget()


def interrupt(pid):
    """SIGINT, which it has taken when this is back: the next one is another, and not one with what is pending."""
    os.kill(pid, signal.SIGINT)
    until, bit = time.monotonic() + TIMEOUT, 1 << (signal.SIGINT - 1)
    while time.monotonic() < until:
        status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        if not int(re.search(r"^ShdPnd:\s*([0-9a-f]+)$", status, re.MULTILINE)[1], 16) & bit:
            break


def check_twice(checks, place):
    """Interrupted twice it prints what there is, and waits on: the program may know what to do with interrupts."""
    with place.started("signals", env=place.env()) as done:
        for _ in range(2):
            os.kill(done.pid, signal.SIGINT)
            read_line(done.stdout)
        checks.equal("twice: it is still there", None, done.poll())
        done.stdin.close()
        done.stdin = None
        checks.equal("twice: and ends without a word", (0, ""), (done.wait(TIMEOUT), done.stderr.read()))
    script = f"trap '' INT; {place.program} abba; echo ready; read line"
    with subprocess.Popen([place.lockval, "run", "--", "sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, env=place.env()) as done:
        read_until(done.stdout, "ready")
        for _ in range(2):
            interrupt(done.pid)
        text = read_until(done.stderr, "stack backtrace")
        checks.is_true("twice: what there is", HEADLINE in text and done.poll() is None, text)
        _, rest = done.communicate("\n", timeout=TIMEOUT)
        checks.is_true("twice: the summary in the end", HEADLINE not in rest and "lockval: 1 finding" in rest, rest)
    place.forget()


if __name__ == "__main__":
    sys.exit(run_checks((check_reports, check_records, check_folders, check_unwatched, check_stuck, check_family, check_twice)))
