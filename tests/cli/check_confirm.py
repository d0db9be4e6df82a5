#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`lockval confirm`: programs that can deadlock are made to, and nothing else is ever said to be confirmed.

The programs are those of tests/deadlocks. A record is made of a plain run, which for the real ones ends or hangs as chance has it;
so the order is taken from a run with a deadlock's report too, if it comes to that.

Usage: check_confirm.py LOCKVAL LIBRARY NAME=PROGRAM...
"""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

from command import Checks, call, environment

REAL = {
    # name: roles of the cycle
    "abba": 2,
    "abba_rare": 2,
    "three_locks": 3,
    "nested_calls": 2,
    "rw_mutex": 2,
    "bank": 2,
    "philosophers": 5,
    "join_under_lock": 2,
}
IMPOSSIBLE = ("no_gate", "no_create_join", "no_second_thread", "no_flag")
RECORD_TRIES = 50


def findings(path):
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            item = json.loads(line)
        except ValueError:
            continue
        if item.get("t") == "finding":
            found[item["fingerprint"]] = item
    return list(found.values())


def make_record(library, program, path, *args):
    """A record of a run of the program that reports an order; whether it hangs then is chance."""
    for _ in range(RECORD_TRIES):
        path.unlink(missing_ok=True)
        env = environment(LD_PRELOAD=library, LOCKVAL_OPTIONS=f"record={path}:log=none:on_deadlock=exit")
        subprocess.run([program, *args], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False, timeout=60)
        if any(item["kind"] in ("circular", "recursive", "event") for item in findings(path)):
            return True
    return False


def outcomes(done):
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def check_words(checks, lockval, folder):
    nothing = folder / "nothing"
    nothing.write_text("", encoding="utf-8")
    for args in ((), ("--", "true"), (str(nothing),), (str(nothing), "--"), ("--tries", "0", str(nothing), "true"),
                 ("--jobs", "65", str(nothing), "true"), ("--tries", "x", str(nothing), "true"), ("--nonsense", str(nothing)),
                 ("--replay", "x", "--list"), ("--finding",)):
        done = call(lockval, "confirm", *args)
        checks.is_true(f"usage error: {' '.join(args[:3]) or 'nothing'}",
                       done.returncode == 2 and done.stderr.count("\n") == 1 and not done.stdout, done)
    for name, text in (("no file", None), ("empty", ""), ("no record", "Hello.\n")):
        path = folder / "wrong"
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_text(text, encoding="utf-8")
        done = call(lockval, "confirm", str(path), "--", "true")
        checks.is_true(f"wrong record: {name}", done.returncode == 1 and done.stderr.count("\n") == 1, done)
        done = call(lockval, "confirm", "--replay", str(path), "--", "true")
        checks.is_true(f"wrong replay file: {name}", done.returncode == 1 and done.stderr.count("\n") == 1, done)
    clean = folder / "clean"
    clean.write_text('{"t":"meta","format":1,"pid":1}\n{"t":"finding","kind":"unlock","fingerprint":"1"}\n', encoding="utf-8")
    done = call(lockval, "confirm", str(clean), "--", "true")
    checks.is_true("a record without an order", done.returncode == 1 and "0 of 0 findings" in done.stdout, done)
    done = call(lockval, "confirm", "--finding", "1", str(clean), "--", "true")
    checks.is_true("a finding that is no order", done.returncode == 1 and "no finding 1" in done.stderr, done)


def check_real(checks, lockval, name, program, record, folder):
    done = call(lockval, "confirm", "--json", "--save", str(folder), str(record), "--", program)
    got = outcomes(done)
    good = done.returncode == 0 and len(got) >= 1 and got[0]["outcome"] == "confirmed"
    if not checks.is_true(f"{name} is confirmed", good, done):
        return
    checks.is_true(f"{name}: the report is that of a deadlock", "verdict: deadlock" in got[0]["text"], got[0]["text"])
    replay = pathlib.Path(got[0]["replay"])
    done = call(lockval, "confirm", "--json", "--replay", str(replay), "--", program)
    checks.is_true(f"{name} is confirmed by the replay file",
                   done.returncode == 0 and outcomes(done)[0]["outcome"] == "confirmed", done)


def check_sim(checks, lockval, library, program, folder):
    """The chain of a report from the kernel, through maps and a completion, with writers that come and go."""
    args = ("reported", "--freezer", "--hotplug")
    record = folder / "mm_sim.jsonl"
    if not checks.is_true("mm_sim reports its chain", make_record(library, program, record, *args)):
        return
    done = call(lockval, "confirm", "--json", "--save", "", str(record), "--", program, *args)
    got = outcomes(done)
    checks.is_true("mm_sim is confirmed", done.returncode == 0 and got[0]["outcome"] == "confirmed", done)
    done = call(lockval, "confirm", "--json", "--save", "", "--tries", "3", str(record), "--", program, "drain-fix")
    checks.is_true("mm_sim with what mended it is not", done.returncode == 1 and outcomes(done)[0]["outcome"] == "not reproduced",
                   done)


def check_replay_names_program(checks, lockval, folder):
    replay = next(folder.glob("*.replay"))
    done = call(lockval, "confirm", "--replay", str(replay))
    checks.is_true("a replay file names its program", done.returncode == 0 and "confirmed in try" in done.stdout, done)


def check_text(checks, lockval, program, record, folder):
    done = call(lockval, "confirm", "--list", str(record))
    # The program may have hung when it was recorded, and the thread that found that may have written first.
    order = re.fullmatch(r"finding ([12]), circular, .+\n", done.stdout)
    if not checks.is_true("list", done.returncode == 0 and order is not None, done):
        return
    done = call(lockval, "confirm", "--finding", order[1], "--save", str(folder), str(record), "--", program)
    good = all(text in done.stdout for text in ("  confirmed in try ", " was held ", "again: lockval confirm --replay ",
                                                "verdict: deadlock", "1 of 1 findings confirmed"))
    checks.is_true("text of a confirmed finding", done.returncode == 0 and good, done)
    fingerprint = json.loads(call(lockval, "confirm", "--json", "--save", "", str(record), "--", program).stdout.splitlines()[0])
    done = call(lockval, "confirm", "--finding", fingerprint["fingerprint"], "--jobs", "4", "--save", "", str(record), "--",
                program)
    checks.is_true("by fingerprint, four at once", done.returncode == 0 and "confirmed in try" in done.stdout, done)


def check_impossible(checks, lockval, name, program, record):
    done = call(lockval, "confirm", "--json", "--tries", "4", "--timeout", "5", "--jobs", "2", "--save", "", str(record), "--",
                program)
    got = outcomes(done)
    checks.is_true(f"{name} is not confirmed",
                   done.returncode == 1 and got and all(item["outcome"] in ("not reproduced", "ordered", "not steered")
                                                        for item in got), done)
    return got


def check_others(checks, lockval, programs, record, folder):
    """Programs that the record is not of."""
    done = call(lockval, "confirm", "--tries", "2", "--save", "", str(record), "--", programs["no_sorted"])
    checks.is_true("roles that never come", done.returncode == 1 and done.stdout.count(": never reached\n") == 2, done)
    begun = time.monotonic()
    done = call(lockval, "confirm", "--tries", "2", "--timeout", "1", "--jobs", "2", str(record), "--", "sleep", "1000")
    checks.is_true("a program that goes on is ended",
                   done.returncode == 1 and "2 tries took too long" in done.stdout and time.monotonic() - begun < 20, done)
    mark = folder / "mark"
    script = f'sleep 1000 & echo $! >>{mark}; wait'
    call(lockval, "confirm", "--tries", "1", "--timeout", "1", str(record), "--", "sh", "-c", script)
    checks.is_true("so is what it started", is_ended(int(mark.read_text(encoding="utf-8").split()[0])))
    done = call(lockval, "confirm", str(record), "--", "/no/such/program")
    checks.is_true("no such program", done.returncode == 127 and "no/such" in done.stderr, done)
    done = call(lockval, "confirm", "--tries", "3", "--save", "", str(record), "--", "sh", "-c", "kill -9 $$")
    checks.is_true("a program that is killed", done.returncode == 1 and "not reproduced in 3 tries" in done.stdout, done)


def is_alive(pid):
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def is_ended(pid):
    """SIGKILL was sent when the command returned; the process is gone when the kernel comes to it."""
    deadline = time.monotonic() + 20
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not is_alive(pid)


def check_interrupted(checks, lockval, record, folder):
    """The command is ended by a signal: nothing is left of its program and its files."""
    mark = folder / "interrupted"
    temporary = folder / "tmp"
    temporary.mkdir()
    with subprocess.Popen([lockval, "confirm", str(record), "--", "sh", "-c", f"trap '' TERM; echo $$ >{mark}; sleep 1000"],
                          env=environment(TMPDIR=str(temporary)), stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as command:
        while not (mark.exists() and mark.read_text(encoding="utf-8").strip()):
            if command.poll() is not None:
                break
            time.sleep(0.01)
        command.send_signal(signal.SIGTERM)
        try:
            status = command.wait(timeout=30)
        except subprocess.TimeoutExpired:
            command.kill()
            status = None
    checks.equal("ended by the signal that it got", -signal.SIGTERM, status)
    checks.is_true("its program is gone", is_ended(int(mark.read_text(encoding="utf-8"))))
    checks.equal("its files are gone", [], os.listdir(temporary))


def main(arguments):
    lockval, library = arguments[:2]
    programs = dict(item.split("=", 1) for item in arguments[2:])
    checks = Checks()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        records = {}
        for title in (*REAL, *IMPOSSIBLE):
            path = folder / f"{title}.jsonl"
            if checks.is_true(f"{title} has an order in its record", make_record(library, programs[title], path)):
                records[title] = path
        check_words(checks, lockval, folder)
        for title in REAL:
            if title in records:
                check_real(checks, lockval, title, programs[title], records[title], folder)
        if checks.is_true("there is a replay file", any(folder.glob("*.replay"))):
            check_replay_names_program(checks, lockval, folder)
        if "mm_sim" in programs:
            check_sim(checks, lockval, library, programs["mm_sim"], folder)
        if "abba" in records:
            check_text(checks, lockval, programs["abba"], records["abba"], folder)
            check_others(checks, lockval, programs, records["abba"], folder)
            check_interrupted(checks, lockval, records["abba"], folder)
        for title in IMPOSSIBLE:
            got = check_impossible(checks, lockval, title, programs[title], records[title]) if title in records else []
            if title in ("no_gate", "no_create_join"):
                checks.is_true(f"{title} is ordered", got and got[0]["outcome"] == "ordered", got)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
