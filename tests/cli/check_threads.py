#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`lockval threads`: what it says of programs that hang in known ways, and that programs that work go on with right results.

Every program is a child with a bounded life: it is killed by its pid, and by the kernel if this test dies.

Usage: check_threads.py LOCKVAL LIBRARY STUCK
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from command import TIMEOUT, Checks, call, environment

# Attaches to threads until its stdin is closed. A process of its own: a traced thread that dies waits for its tracer.
TRACER = """
import ctypes, sys
if all(ctypes.CDLL(None).ptrace(0x4206, int(tid), None, None) == 0 for tid in sys.argv[1:]):  # PTRACE_SEIZE
    print("traced", flush=True)
    sys.stdin.read()
"""
ASKED = 20  # times, each program that works


class Program:
    """One run of stuck.c, under the library unless it is told otherwise; it has said that it is ready."""

    def __init__(self, program, case, library=None, log="none", **more):
        env = environment(LOCKVAL_OPTIONS=f"log={log}:exitcode=0")
        if library:
            env["LD_PRELOAD"] = library
        self.process = subprocess.Popen([program, case], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True, **more)
        self.pid = self.process.pid
        self.bound = threading.Timer(4 * TIMEOUT, self.process.kill)
        self.bound.daemon = True
        self.bound.start()
        self.ready = self.process.stdout.readline() == "ready\n"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.bound.cancel()
        self.process.kill()
        self.process.wait(timeout=TIMEOUT)
        self.process.stdin.close()
        self.process.stdout.close()

    def finish(self):
        """Ask it to end by itself: status and what it said."""
        self.process.stdin.close()
        said = self.process.stdout.read()
        return self.process.wait(timeout=TIMEOUT), said


def listing(lockval, pid, *options):
    """The object, or None after anything but success."""
    done = call(lockval, "threads", "--json", *options, str(pid))
    return json.loads(done.stdout) if done.returncode == 0 and not done.stderr else None


def ask_until(lockval, pid, good, *options):
    """Ask until @good says yes to the answer: the last answer. A hang takes a moment to form."""
    end = time.monotonic() + TIMEOUT
    while True:
        answer = listing(lockval, pid, *options)
        if (answer and good(answer)) or time.monotonic() > end:
            return answer


def waiting(count):
    return lambda answer: sum("waits" in thread for thread in answer["threads"]) == count


def stuck_for_good(answer):
    """A circle, all of which is asleep."""
    return answer["circles"] and all(thread["state"] == "S" for thread in answer["threads"])


def functions(thread):
    return [frame.get("function", "?").split("@")[0] for frame in thread["stack"]]


def held_classes(thread):
    return [(lock["class"], lock["kind"], lock["mode"], lock["count"]) for lock in thread["holds"]]


def check_abba(checks, lockval, library, stuck):
    with Program(stuck, "abba", library) as program:
        answer = ask_until(lockval, program.pid, stuck_for_good)
        main, other = answer["threads"]
        checks.equal("a circle: pids and names", (program.pid, program.pid, "other way"),
                     (answer["pid"], main["tid"], other["name"]))
        checks.equal("what they hold", ([("first", "mutex", "write", 1)], [("second", "mutex", "write", 1)]),
                     (held_classes(main), held_classes(other)))
        checks.equal("what they wait for", ("second", "first"), (main["waits"]["class"], other["waits"]["class"]))
        checks.equal("the addresses agree", (other["holds"][0]["address"], main["holds"][0]["address"]),
                     (main["waits"]["address"], other["waits"]["address"]))
        checks.equal("who has it", ([other["tid"]], [main["tid"]]),
                     tuple([blocker["tid"] for blocker in thread["waits"]["blockers"]] for thread in (main, other)))
        checks.equal("the circle", [[main["tid"], other["tid"]]], [sorted(circle) for circle in answer["circles"]])
        checks.is_true("the stacks now", "take_both" in functions(main) and functions(main)[-1] == "_start"
                       and "take_second_first" in functions(other), answer)
        taken = main["holds"][0]["taken_at"][0]
        checks.is_true("where it was taken", taken["function"] == "take_both" and taken["file"].endswith("stuck.c"), taken)
        checks.is_true("both are asleep", main["state"] == other["state"] == "S", answer)

        done = call(lockval, "threads", str(program.pid))
        text = done.stdout
        checks.is_true("the same as text", done.returncode == 0 and not done.stderr and all(part in text for part in (
            f"process {program.pid} (", f"\nother way/{other['tid']} sleeps\n", "(first), mutex at 0x", "taken at take_both+0x",
            f"    which is held by other way/{other['tid']}\n", "\n  #0  ", "\nThese 2 threads wait for each other: ")), text)

        answer = listing(lockval, program.pid, "--locks")
        locks = {lock["class"]: lock for lock in answer["locks"]}
        checks.equal("by lock", {"first": ([main["tid"]], [other["tid"]]), "second": ([other["tid"]], [main["tid"]])},
                     {name: ([who["tid"] for who in lock["holders"]], [who["tid"] for who in lock["waiters"]])
                      for name, lock in locks.items()})
        text = call(lockval, "threads", "--locks", str(program.pid)).stdout
        checks.is_true("by lock as text", text.count("\n  held by ") == text.count("\n  waited for by ") == 2, text)
        answer = listing(lockval, program.pid, "--no-stacks")
        checks.is_true("without stacks", len(answer["circles"]) == 1 and "stack" not in answer["threads"][0], answer)
        other_tid = call(lockval, "threads", "--json", str(other["tid"]))
        checks.equal("asked by a thread's number", program.pid, json.loads(other_tid.stdout)["pid"])


def check_known(checks, lockval, library, stuck):
    with tempfile.TemporaryDirectory() as folder, Program(stuck, "known", library, f"{folder}/log") as program:
        answer = ask_until(lockval, program.pid, stuck_for_good)
        main, other = answer["threads"]
        checks.is_true("locks made by a call are called after it", held_classes(main)[0][0].startswith("mutex@known+0x")
                       and main["waits"]["class"] == other["holds"][0]["class"] != main["holds"][0]["class"], answer)
        end = time.monotonic() + TIMEOUT
        log = pathlib.Path(folder, "log")
        while not (log.exists() and "verdict: " in log.read_text(encoding="utf-8")) and time.monotonic() < end:
            time.sleep(0.01)
        report = log.read_text(encoding="utf-8")
        checks.is_true("the same names as in the library's report", all(
            word in report for thread in (main, other) for word in (f"({thread['holds'][0]['class']})", f"{thread['name']}/{thread['tid']}")),
            report)
        checks.equal("a thread without a name is called by its start", "take_second_often", other["name"])
        checks.equal("a circle through known chains", 1, len(answer["circles"]))


def check_lost(checks, lockval, library, stuck):
    with Program(stuck, "lost", library) as program:
        answer = ask_until(lockval, program.pid, waiting(2))
        main, waiter = answer["threads"]
        checks.equal("a join of a thread whose wake-up is lost", ("join", [waiter["tid"]], [("first", "mutex", "write", 1)]),
                     (main["waits"]["for"], [who["tid"] for who in main["waits"]["blockers"]], held_classes(main)))
        checks.equal("which waits on a condition variable", ("waiter", "condition", "second", [], []),
                     (waiter["name"], waiter["waits"]["for"], waiter["waits"]["with"]["class"], waiter["waits"]["blockers"],
                      held_classes(waiter)))
        checks.is_true("since when", 0 <= waiter["waits"]["waited_ms"] <= 1000 * TIMEOUT, answer)
        checks.is_true("their stacks", "pthread_join" in functions(main) and "pthread_cond_wait" in functions(waiter), answer)
        text = call(lockval, "threads", "--no-stacks", str(program.pid)).stdout
        checks.is_true("as text", f"\n    which is waiter/{waiter['tid']}\n" in text
                       and "\n  waits on the condition variable (never), at 0x" in text
                       and "\n    with (second), mutex at 0x" in text, text)
        checks.equal("is no circle", [], answer["circles"])


def check_readers(checks, lockval, library, stuck):
    with Program(stuck, "readers", library) as program:
        answer = ask_until(lockval, program.pid, stuck_for_good)
        main, writer = answer["threads"]
        checks.equal("a reader, twice", [("table", "rwlock", "recursive read", 2)], held_classes(main))
        checks.equal("a writer waits for it", ("table", "write", [main["tid"]]),
                     (writer["waits"]["class"], writer["waits"]["mode"], [who["tid"] for who in writer["waits"]["blockers"]]))
        checks.equal("which waits for the writer's end", [[main["tid"], writer["tid"]]], [sorted(circle) for circle in answer["circles"]])


def check_many(checks, lockval, library, stuck):
    with Program(stuck, "crowd", library) as program:
        answer = ask_until(lockval, program.pid, waiting(200))
        main = answer["threads"][0]
        checks.equal("200 threads want what one has", (201, {("first", main["tid"])}),
                     (len(answer["threads"]), {(thread["waits"]["class"], who["tid"]) for thread in answer["threads"][1:]
                                               for who in thread["waits"]["blockers"]}))
        checks.is_true("each has its stack", all("want_first" in functions(thread) for thread in answer["threads"][1:]))
    with Program(stuck, "deep", library) as program:
        answer = ask_until(lockval, program.pid, lambda answer: "pause" in functions(answer["threads"][0]))
        main = answer["threads"][0]
        checks.equal("64 locks of one thread", (64, {"mutex"}), (len(main["holds"]), {lock["kind"] for lock in main["holds"]}))
        checks.equal("a stack that is cut", (256, True), (len(main["stack"]), main["stack_cut"]))


def state_of(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]


def check_working(checks, lockval, library, stuck):
    """Programs that are asked again and again end with right results."""
    for case in ("busy", "churn", "vforked", "signals", "waits"):
        for options in ((), ("--no-stacks",), ("--locks",)):
            with Program(stuck, case, library) as program:
                answers = [call(lockval, "threads", "--json", *options, str(program.pid)) for _ in range(ASKED)]
                good = [done for done in answers if done.returncode == 0 and not done.stderr
                        and not json.loads(done.stdout)["circles"]]
                status, said = program.finish()
                title = f"{case} goes on, asked {ASKED} times {' '.join(options)}".rstrip()
                checks.is_true(title, len(good) == ASKED and (status, said) == (0, "right\n"), (status, said, answers[-1]))
    with Program(stuck, "busy", library) as program:
        os.kill(program.pid, signal.SIGSTOP)
        os.waitpid(program.pid, os.WUNTRACED)
        done = call(lockval, "threads", "--json", str(program.pid))
        states = {thread["state"] for thread in json.loads(done.stdout)["threads"]}
        # It is let go of in the kernel's own time: it wakes, and stops again.
        end = time.monotonic() + TIMEOUT
        while state_of(program.pid) != "T" and time.monotonic() < end:
            pass
        checks.equal("a program that is stopped stays so", (0, {"T"}, "T"), (done.returncode, states, state_of(program.pid)))
        os.kill(program.pid, signal.SIGCONT)
        checks.equal("and goes on when it is told to", (0, "right\n"), program.finish())


def check_container(checks, lockval, library, stuck):
    """A process that sees itself under other numbers than we do."""
    unshare = shutil.which("unshare")
    if not unshare or subprocess.run([unshare, "-p", "-f", "true"], check=False, capture_output=True).returncode != 0:
        return
    env = environment(LOCKVAL_OPTIONS="log=none", LD_PRELOAD=library)
    with subprocess.Popen([unshare, "-p", "-f", "--kill-child", stuck, "abba"], stdout=subprocess.PIPE, env=env, text=True) as outer:
        outer.stdout.readline()
        inner = pathlib.Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text(encoding="ascii").split()
        answer = ask_until(lockval, int(inner[0]), stuck_for_good)
        tids = sorted(thread["tid"] for thread in answer["threads"])
        checks.equal("a process in a container, by the numbers outside", ([tids], sorted(map(int, os.listdir(f"/proc/{inner[0]}/task")))),
                     ([sorted(circle) for circle in answer["circles"]], tids))
        outer.kill()


def check_refusals(checks, lockval, library, stuck):
    def one_line(title, done, status, *words):
        checks.is_true(title, done.returncode == status and done.stderr.count("\n") == 1 and not done.stdout
                       and all(word in done.stderr for word in words), done)

    for args in ((), ("x",), ("-1",), ("0",), ("1x",), ("99999999999",), ("1", "2"), ("--what", "1")):
        one_line(f"usage: threads {' '.join(args)}", call(lockval, "threads", *args), 2, "lockval help threads")
    one_line("no such process", call(lockval, "threads", "4194305"), 1, "no process 4194305")

    with Program(stuck, "abba") as program:  # no library
        end = time.monotonic() + TIMEOUT
        done = call(lockval, "threads", str(program.pid))
        while done.stdout.count("take_both+0x") < 2 and time.monotonic() < end:
            done = call(lockval, "threads", str(program.pid))
        checks.is_true("without the library the stacks alone", done.returncode == 1 and "does not have liblockval" in done.stderr
                       and "take_both+0x" in done.stdout and "holds" not in done.stdout, done)
        program.process.kill()
        os.waitid(os.P_PID, program.pid, os.WEXITED | os.WNOWAIT)
        one_line("a process that has ended", call(lockval, "threads", str(program.pid)), 1, "has ended")

    with tempfile.TemporaryDirectory() as folder:
        other = shutil.copy(os.path.realpath(library), os.path.join(folder, "liblockval.so.0"))
        data = pathlib.Path(other).read_bytes()
        at = data.index(b"lvanchor")
        pathlib.Path(other).write_bytes(data[:at + 8] + b"9" + data[at + 9:])
        with Program(stuck, "abba", other) as program:
            done = call(lockval, "threads", str(program.pid))
            checks.is_true("a library of another version", done.returncode == 1 and "another build (9" in done.stderr
                           and "abba+0x" in done.stdout and "holds" not in done.stdout, done)
        if shutil.which("strip"):
            stripped = os.path.join(folder, "stripped", "liblockval.so.0")
            os.mkdir(os.path.dirname(stripped))
            subprocess.run(["strip", "-s", "-o", stripped, library], check=True)
            with Program(stuck, "abba", stripped) as program:
                answer = ask_until(lockval, program.pid, stuck_for_good)
                checks.equal("a library without symbols", 1, len(answer["circles"]))

    if os.geteuid() == 0:
        with Program(stuck, "abba", library) as program:
            copy = shutil.copy(lockval, pathlib.Path("/tmp", f"lockval.{os.getpid()}"))
            try:
                done = subprocess.run([copy, "threads", str(program.pid)], capture_output=True, text=True, check=False,
                                      timeout=TIMEOUT, user=65534, group=65534, extra_groups=[])
            finally:
                os.unlink(copy)
            one_line("a process of another user", done, 1, "another user's")


def check_traced(checks, lockval, library, stuck):
    """A process that a debugger has: its locks are shown all the same."""
    with Program(stuck, "abba", library) as program:
        ask_until(lockval, program.pid, stuck_for_good)
        tids = os.listdir(f"/proc/{program.pid}/task")
        with subprocess.Popen([sys.executable, "-c", TRACER, *tids], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as tracer:
            if tracer.stdout.readline() != "traced\n":
                return
            done = call(lockval, "threads", str(program.pid))
        checks.is_true("a process that is traced", done.returncode == 0 and done.stderr.count("\n") == 1
                       and f"traced by process {tracer.pid}" in done.stderr and "holds (first)" in done.stdout
                       and "wait for each other" in done.stdout and "#0" not in done.stdout, done)


def check_ending(checks, lockval, library, stuck):
    """Processes that end, or are killed, while they are looked at: an answer, or one line; nothing else."""
    bad = []
    for delay in range(ASKED):
        with Program(stuck, "crowd" if delay % 2 else "churn", library) as program:
            with subprocess.Popen([lockval, "threads", str(program.pid)], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, text=True) as asked:
                end = time.monotonic() + delay / 1000
                while time.monotonic() < end:
                    pass
                os.kill(program.pid, signal.SIGKILL)
                _, said = asked.communicate(timeout=TIMEOUT)
                if asked.returncode not in (0, 1) or said.count("\n") > 1 or (asked.returncode == 1) != bool(said):
                    bad.append((asked.returncode, said))
    checks.equal("processes that end while they are looked at", [], bad)


def main(lockval, library, stuck):
    checks = Checks()
    lockval, library, stuck = (os.path.abspath(path) for path in (lockval, library, stuck))
    for check in (check_abba, check_known, check_lost, check_readers, check_many, check_working, check_container, check_refusals, check_traced,
                  check_ending):
        check(checks, lockval, library, stuck)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
