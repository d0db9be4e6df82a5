# SPDX-License-Identifier: MIT
"""What the tests of gdb's commands share: programs that hang under the library, gdb on them, and what it should say."""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import time

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "cli"))

from command import TIMEOUT, call, environment  # pylint: disable=wrong-import-position

SCRIPT = FOLDER.parent.parent / "tools" / "gdb" / "lockval-gdb.py"
TROUBLE = re.compile(r"Traceback|Python Exception|Error occurred in Python")  # what no user may see
MARK = "== {} =="


def skip_without_gdb():
    """End the test as skipped if there is no gdb with Python that may look at a process."""
    gdb = shutil.which("gdb")
    done = gdb and subprocess.run([gdb, "-nx", "-batch", "-ex", "python print('python ' + 'is there')"], capture_output=True, text=True,
                                  check=False, timeout=TIMEOUT)
    if not done or "python is there" not in done.stdout:
        print("1..0 # SKIP no gdb with Python")
        sys.exit(77)


class Hung:
    """A program under the library; it says a line before it hangs, and is killed by its pid."""

    def __init__(self, library, program, *args, **more):
        env = environment(LOCKVAL_OPTIONS="log=none:exitcode=0")
        if library:
            env["LD_PRELOAD"] = str(library)
        self.process = subprocess.Popen([program, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        env=env, text=True, **more)
        self.program, self.pid = program, self.process.pid
        self.process.stdout.readline()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(timeout=TIMEOUT)
        self.process.stdin.close()
        self.process.stdout.close()

    def settle(self, lockval, good):
        """Ask the command until @good says yes, and twice the same is answered: that answer, or None."""
        end, before = time.monotonic() + TIMEOUT, None
        while time.monotonic() < end:
            done = call(lockval, "threads", "--json", "--no-stacks", str(self.pid))
            answer = json.loads(done.stdout) if done.returncode == 0 else None
            if answer and good(answer) and before and expected(before) == expected(answer):
                return answer
            before = answer
        return None


def gdb(where, *commands, load=True, files=()):
    """Ask gdb, on a process (a number), a core (a path with its program as @files) or nothing (None): the text of each command's answer,
    errors too."""
    marked = []
    for number, command in enumerate(commands):
        marked += ["-ex", f"echo {MARK.format(number)}\\n", "-ex", command]
    call_of = ["gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off", "-iex", "set width 0", "-iex", "set height 0", *files]
    call_of += [] if where is None else ["-p", str(where)] if isinstance(where, int) else ["-c", str(where)]
    call_of += ["-ex", f"source {SCRIPT}"] if load else []
    done = subprocess.run([*call_of, *marked, "-ex", f"echo {MARK.format('end')}\\n"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, timeout=TIMEOUT, errors="replace", env=environment(LC_ALL="C"))
    parts = re.split(r"^== (?:\d+|end) ==\n", done.stdout, flags=re.MULTILINE)
    return parts[1:1 + len(commands)] if len(parts) > len(commands) else [done.stdout] * len(commands)


# ---- what gdb should say, by what the command says ----


def _lock(lock):
    if "class" in lock:
        return f"({lock['class']}), {lock['kind']} at {lock['address']}"
    return (f"({lock['variable']}), " if "variable" in lock else "") + f"at {lock['address']}"


def _mode(lock):
    return f", {lock['mode']}" if lock.get("mode", "write") != "write" or lock.get("kind") == "rwlock" else ""


def _wait_lines(thread, numbers):
    wait = thread["waits"]
    word = {"lock": "waits for ", "taking": "is just taking ", "join": "waits for the end of a thread", "semaphore": "waits for the semaphore ",
            "condition": "waits on the condition variable ", "barrier": "waits at the barrier ", "event": "waits for the event "}[wait["for"]]
    yield (word + (_lock(wait) + _mode(wait) if wait["for"] != "join" else "") + (", no longer than it is told to" if wait.get("timed") else "")
           + ("; it is shared between processes" if wait.get("shared") else ""))
    if "with" in wait:
        yield "with " + _lock(wait["with"])
    for blocker in wait["blockers"]:
        before = {"join": "which is ", "condition": "which it has to take again from "}.get(wait["for"], "which is held by ")
        if blocker.get("queued"):
            before = "behind the writer "
        mode = blocker.get("mode", "write")
        yield before + numbers.get(blocker["tid"], f"thread {blocker['tid']} of another process, or one that ended") + (f" ({mode})" if mode != "write" else "")
    if not wait["blockers"] and wait["for"] == "lock":
        yield "nobody is known to hold it"


def expected(answer):
    """Of an object of `lockval threads --json`: the lines of each thread, by its number, and the circles."""
    who = {thread["tid"]: f"{thread['name']}/{thread['tid']}" for thread in answer["threads"]}
    threads = {}
    for thread in answer["threads"]:
        lines = list(_wait_lines(thread, who)) if "waits" in thread else []
        if not thread["known"]:
            lines.append("(the library knows nothing of it: it took no lock yet, or is not watched)")
        for lock in thread.get("holds", ()):
            lines.append(f"holds {_lock(lock)}{_mode(lock)}" + (f", {lock['count']} times" if lock["count"] > 1 else ""))
        threads[thread["tid"]] = (thread["name"], lines)
    return threads, sorted(tuple(sorted(circle)) for circle in answer["circles"])


def said(text):
    """The same of what `info locks` says."""
    threads, circles, lines = {}, [], None
    for line in text.splitlines():
        head = re.match(r"^[* ] (?:\d+|-) +(.*)/(\d+)(?: runs|, which gdb does not show)?$", line)
        circle = re.match(r"^(?:This|These \d+) threads? waits? for (?:itself|each other): (.*?)(?: \(\S.* about to wait\))?$", line)
        if head:
            lines = []
            threads[int(head.group(2))] = head.group(1), lines
        elif circle:
            circles.append(tuple(sorted({int(who.rsplit("/", 1)[1]) for who in circle.group(1).split(" -> ")})))
        elif line.startswith("      ") and lines is not None:
            line = re.sub(r", taken at .*| \(thread \d+\)|, as the lock itself says$", "", line.strip())
            line = line.replace("sleeps on ", "waits for ")
            # The library's books are half way while a thread is in a call of the kernel that it makes itself.
            if not line.startswith("(it is "):
                lines.append(line)
    return threads, sorted(circles)
