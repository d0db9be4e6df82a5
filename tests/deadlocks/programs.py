# SPDX-License-Identifier: MIT
"""The table of the programs, and runs of them. Used by run.py and by rates.py."""

import collections
import os
import pathlib
import re
import selectors
import signal
import subprocess
import sys
import time

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))

import reports  # pylint: disable=wrong-import-position

CIRCLE = "WARNING: threads are deadlocked!"
STALL = "WARNING: all threads wait, and nothing can wake them!"
LOOK = 0.1  # seconds between looks at a run that may hang
FORMING = re.compile(rb"^forming at (\d+) us$", re.MULTILINE)

Row = collections.namedtuple("Row", "program threads possible plain predicted circle closes")

# A status of None is a run that did not end in time.
Result = collections.namedtuple("Result", "status out err seconds")


def read_table(path=FOLDER / "table.tsv"):
    """The rows of the table by program."""
    rows = [Row(*line.split("\t")) for line in path.read_text(encoding="utf-8").splitlines()
            if line and not line.startswith("#")]
    return {row.program: row for row in rows}


def environment(library=None, options=""):
    env = {key: value for key, value in os.environ.items() if key not in ("LD_PRELOAD", "LOCKVAL_OPTIONS")}
    env["LC_ALL"] = "C"
    if library:
        env["LD_PRELOAD"] = os.path.abspath(library)
        env["LOCKVAL_OPTIONS"] = options
    return env


def start(command, env):
    """A child with a process group of its own, which end() ends."""
    return subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            start_new_session=True)


def end(process):
    """Kill the child's group, and wait for it. Returns: what it had said."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    return process.communicate()


def run(command, env, timeout, may_hang=False):
    """A run to its end. With @may_hang it is given up as soon as all its tasks are stuck; else only after @timeout."""
    begin = time.monotonic()
    process = start(command, env)
    while True:
        try:
            out, err = process.communicate(timeout=LOOK if may_hang else timeout)
            status = process.returncode
            break
        except subprocess.TimeoutExpired:
            if not may_hang or time.monotonic() - begin > timeout or is_stuck(process.pid, False):
                out, err = end(process)
                status = None
                break
    return Result(status, out.decode(errors="replace"), err.decode(errors="replace"), time.monotonic() - begin)


def read_until(process, stream, pattern, timeout):
    """What came from @stream up to a match of @pattern, and when; the time is None when none came."""
    deadline = time.monotonic() + timeout
    text = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while time.monotonic() < deadline and selector.select(max(0.0, deadline - time.monotonic())):
            now = time.monotonic()
            part = os.read(stream.fileno(), 65536)
            text += part
            if re.search(pattern, text):
                return text, now
            if not part:
                break
    return text, None


def tasks_of(pid):
    """State and system call of each task: ("S", "202 0x7f... ..."). A task that has just ended is not among them."""
    tasks = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            base = pathlib.Path(f"/proc/{pid}/task/{task}")
            state = (base / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
            tasks[task] = state, (base / "syscall").read_text(encoding="utf-8").rpartition(" ")[0]
        except (FileNotFoundError, ProcessLookupError):
            continue
    return tasks


def is_stuck(pid, spins):
    """In two looks, each task sleeps on the same futex, without a limit; or runs, if @spins."""
    looks = []
    for _ in range(2):
        try:
            tasks = tasks_of(pid)
        except (FileNotFoundError, ProcessLookupError):
            return False
        asleep = [call for state, call in tasks.values() if state == "S" and call.startswith("202 ")]
        running = [call for state, call in tasks.values() if state == "R"]
        if len(asleep) + len(running) != len(tasks) or (running and not spins):
            return False
        looks.append(asleep)
        time.sleep(0.05)
    return looks[0] == looks[1]


def deadlocked(result):
    """Did the run say so, or not end?"""
    return result.status is None or any(one.verdict == "deadlock" for one in reports.findings_of(result.err))


def findings(result):
    """The findings of a run with their last verdicts, as "KIND VERDICT", without those of a deadlock that happened."""
    found = [f"{finding.kind} {finding.final or finding.verdict}" for finding in reports.findings_of(result.err)]
    return [one for one in found if not one.endswith(" deadlock")]
