#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`lockval run` as the parent of the program.

The program is given what it would be given without the command, and the command ends as the program ends. Signals reach it
once. What was found is printed behind it, of every process of the run; threads that are stuck at once. A run without
findings leaves stderr and the folder of records as they were.

Usage: check_parent.py LOCKVAL LIBRARY PROGRAM
"""

import contextlib
import ctypes
import json
import os
import pathlib
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from command import TIMEOUT, Checks, call, environment

HEADLINE = "WARNING: possible circular locking dependency detected"
LIBC = ctypes.CDLL(None, use_errno=True)


class Place:
    """Folders of one test, and the command in it."""

    def __init__(self, lockval, program, folder):
        self.lockval, self.program, self.folder = lockval, program, pathlib.Path(folder)
        self.runtime = self.folder / "runtime"
        self.runtime.mkdir()

    def env(self, **more):
        return environment(XDG_RUNTIME_DIR=str(self.runtime), **more)

    def run(self, *args, options=(), text="", env=None, **more):
        return call(self.lockval, "run", *options, "--", self.program, *args, text=text,
                    env=self.env() if env is None else env, **more)

    def records(self):
        return sorted(self.runtime.glob("lockval/*"))

    def forget(self):
        for path in self.records():
            path.unlink()

    @contextlib.contextmanager
    def started(self, *args, options=(), wait="ready\n", env=None, **more):
        """A run whose program has said @wait."""
        done = subprocess.Popen([self.lockval, "run", *options, "--", self.program, *args], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env or self.env(), **more)
        try:
            if wait:
                assert read_line(done.stdout) == wait
            yield done
        finally:
            if done.poll() is None:
                done.kill()
            done.communicate(timeout=TIMEOUT)


def read_line(stream):
    """A line, byte by byte from the descriptor, so that nothing is kept in a buffer; what there is after the time-out."""
    line, until = b"", time.monotonic() + TIMEOUT
    while not line.endswith(b"\n") and select.select([stream], [], [], max(0, until - time.monotonic()))[0]:
        byte = os.read(stream.fileno(), 1)
        if not byte:
            break
        line += byte
    return line.decode(errors="replace")


def read_until(stream, wanted):
    text = ""
    while wanted not in text:
        line = read_line(stream)
        if not line:
            break
        text += line
    return text


def child_of(pid, program):
    """The program that the command @pid runs."""
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            stat = (path / "stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
            if int(stat[1]) == pid and os.path.samefile(path / "exe", program):
                return int(path.name)
    return None


# ---- what it is given ----

def check_state(checks, place):
    def state(prepare, with_command, **more):
        command = [place.lockval, "run", "--", place.program, "state"] if with_command else [place.program, "state"]
        with open(place.folder / "out", "w+", encoding="utf-8") as out:
            with open("/dev/null", encoding="utf-8") as null:
                done = subprocess.run(command, stdin=null, stdout=out, stderr=null, env=place.env(), check=False, timeout=TIMEOUT,
                                      preexec_fn=prepare, **more)
            out.seek(0)
            return done.returncode, out.read()

    def blocked():
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGCHLD, signal.SIGTERM})
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)

    def limits():
        os.umask(0o27)
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, 300))
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        os.chdir("/")

    def descriptors():
        os.dup2(os.open("/dev/null", os.O_RDONLY), 9)
        os.close(3)

    for title, prepare, more in (("nothing special", None, {}), ("signals blocked and ignored", blocked, {}),
                                 ("limits, umask, folder", limits, {}), ("a descriptor", descriptors, {"close_fds": False}),
                                 ("a session of its own", os.setsid, {})):
        alone, under = state(prepare, False, **more), state(prepare, True, **more)
        if prepare is os.setsid:  # it is a member, and not the leader
            checks.equal(f"given: {title}", 0, under[0])
            continue
        checks.equal(f"given: {title}", alone[1].replace("group of the parent: 0", "group of the parent: 1"), under[1])
    for closed in ((0,), (1,), (2,), (0, 1, 2)):
        listing = place.folder / "listing"
        # stdout may be closed: what it sees goes to a file by a shell, which has it open.
        script = f'"$@" state >&7 7>&- {" ".join(f"{fd}>&-" for fd in closed if fd != 1)}'
        seen = []
        for command in ([place.program], [place.lockval, "run", "--", place.program]):
            with open(listing, "w", encoding="utf-8") as out:
                subprocess.run(["sh", "-c", script.replace(">&7", f">{listing}" if 1 not in closed else f">{listing}"), "sh", *command],
                               env=place.env(), check=False, timeout=TIMEOUT, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                del out
            seen.append([line for line in listing.read_text(encoding="utf-8").splitlines() if line.startswith("fd")])
        checks.equal(f"given: {closed} closed", seen[0], seen[1])
    checks.equal("given: no record stays", [], place.records())


def check_streams(checks, place):
    data = bytes(range(256)) * 5000
    for options in ((), ("--quiet",), ("--verbose",), ("--color=always",)):
        done = subprocess.run([place.lockval, "run", *options, "--", "cat"], input=data, capture_output=True, check=False,
                              timeout=TIMEOUT, env=place.env())
        checks.is_true(f"streams: every byte goes through, {options}", (done.returncode, done.stdout) == (0, data))
        if options != ("--verbose",):
            checks.equal(f"streams: stderr is as it was, {options}", b"", done.stderr)
    checks.equal("streams: no record stays", [], place.records())
    with place.started("silent", wait=None) as done:
        checks.equal("streams: who reads from the program sees it close", "", read_line(done.stdout))
        checks.equal("streams: while it is there", None, done.poll())
        done.stdin.close()
        checks.equal("streams: and it ends", 0, done.wait(TIMEOUT))
        done.stdin = None


# ---- how it ends ----

def check_ends(checks, place):
    for status in (0, 1, 77, 255):
        done = place.run("clean", str(status))
        checks.equal(f"ends: {status}", (status, ""), (done.returncode, done.stderr))
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGPIPE, signal.SIGRTMIN):
        done = place.run("die", str(int(number)))
        checks.equal(f"ends: by {number!r}", -number, done.returncode)
        checks.equal(f"ends: by {number!r}, and what was found is printed", 1, done.stderr.count(HEADLINE))
    done = place.run("abba", "5")
    checks.equal("ends: a finding", 66, done.returncode)
    done = place.run("abba", "5", options=("--exitcode=0",))
    checks.equal("ends: a finding that leaves the status", 5, done.returncode)
    for status, options, wanted in ((0, (), 66), (0, ("--exitcode=9",), 9), (0, ("--exitcode=0",), 0), (0, ("--fail_on=misuse",), 0)):
        done = place.run("child", str(status), options=options)
        checks.equal(f"ends: a finding of a child, {options}", (wanted, 1), (done.returncode, done.stderr.count(HEADLINE)))
    done = call(place.lockval, "run", "--", "sh", "-c", f"{place.program} abba; exit 3", env=place.env())
    checks.equal("ends: a status other than 0 stays", (3, 1), (done.returncode, done.stderr.count(HEADLINE)))
    done = place.run("becomes", "0")
    checks.equal("ends: a finding of the program that was before exec", (66, 1), (done.returncode, done.stderr.count(HEADLINE)))
    place.forget()
    core = place.folder / "cores"
    core.mkdir()
    done = place.run("die", str(int(signal.SIGQUIT)), cwd=core,
                     preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (1 << 20, resource.getrlimit(resource.RLIMIT_CORE)[1])))
    checks.is_true("ends: at most one core", len(list(core.iterdir())) <= 1, list(core.iterdir()))
    place.forget()


def check_killed(checks, place):
    with place.started("signals") as done:
        program = child_of(done.pid, place.program)
        done.kill()
        done.wait(TIMEOUT)
        until = time.monotonic() + TIMEOUT
        while time.monotonic() < until and os.path.exists(f"/proc/{program}/exe"):
            with contextlib.suppress(ChildProcessError):
                os.waitpid(-1, os.WNOHANG)
        checks.is_true("killed: the program goes with the command", program and not os.path.exists(f"/proc/{program}/exe"))
    place.forget()
    with place.started("signals") as done:
        os.kill(child_of(done.pid, place.program), signal.SIGKILL)
        checks.equal("killed: the command goes with the program", -signal.SIGKILL, done.wait(TIMEOUT))
    place.forget()


# ---- signals ----

def check_signals(checks, place):
    numbers = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGTERM,
               signal.SIGCONT, signal.SIGURG)
    with place.started("signals", start_new_session=True) as done:
        for number in numbers:
            os.kill(done.pid, number)
            checks.equal(f"signals: {number!r} is passed on", f"got {int(number)} value 0\n", read_line(done.stdout))
        for number in numbers:
            os.killpg(done.pid, number)
            checks.equal(f"signals: {number!r} to the group", f"got {int(number)} value 0\n", read_line(done.stdout))
        for value in (4711, 4712):  # one of the real-time signals: others are not kept twice
            LIBC.sigqueue(done.pid, int(signal.SIGRTMIN), ctypes.c_void_p(value))
            checks.equal("signals: with a value", f"got {int(signal.SIGRTMIN)} value {value}\n", read_line(done.stdout))
        done.stdin.close()
        done.stdin = None
        checks.equal("signals: each comes once", "", done.stdout.read())
        checks.equal("signals: and the program ends by itself", 0, done.wait(TIMEOUT))
    with place.started("default") as done:
        done.terminate()
        checks.equal("signals: death by one that was passed on", -signal.SIGTERM, done.wait(TIMEOUT))
    if shutil.which("timeout"):  # which sends it to the command, and then to the group of both
        # Without the command it may get each twice: one for it, one for the group.
        wanted = {f"got {int(number)} value 0\n" for number in (signal.SIGUSR1, signal.SIGCONT)}
        script = f"timeout -s USR1 1 {place.lockval} run -- {place.program} signals <{place.folder}/wait"
        os.mkfifo(place.folder / "wait")
        with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, text=True, env=place.env()) as done:
            with open(place.folder / "wait", "w", encoding="utf-8") as wait:
                lines = [read_line(done.stdout)]
                while lines[-1] and not wanted <= set(lines):
                    lines.append(read_line(done.stdout))
                del wait
            lines += done.stdout.read().splitlines(keepends=True)
        checks.is_true("signals: from timeout", set(lines) == {"ready\n"} | wanted and len(lines) <= 5, lines)
    # An alarm of who becomes the command is the program's.
    code = "import os, signal, sys; signal.setitimer(signal.ITIMER_REAL, .3); os.execv(sys.argv[1], sys.argv[1:])"
    done = subprocess.run([sys.executable, "-c", code, place.lockval, "run", "--", place.program, "default"], check=False,
                          capture_output=True, timeout=TIMEOUT, env=place.env())
    checks.equal("signals: an alarm that was set before", -signal.SIGALRM, done.returncode)
    with place.started("signals") as done:
        os.kill(done.pid, signal.SIGTSTP)
        until = time.monotonic() + TIMEOUT
        while time.monotonic() < until and os.waitid(os.P_PID, done.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is None:
            pass
        stopped = os.waitid(os.P_PID, done.pid, os.WSTOPPED | os.WNOHANG)
        checks.equal("signals: the command stops with the program", int(signal.SIGTSTP), stopped and stopped.si_status)
        os.kill(done.pid, signal.SIGCONT)
        checks.equal("signals: and goes on with it", f"got {int(signal.SIGCONT)} value 0\n", read_line(done.stdout))
    checks.equal("signals: no record stays", [], [path for path in place.records() if "signals" in path.name])
    place.forget()


class Terminal:
    """A shell with job control on a terminal of its own."""

    def __init__(self, place):
        self.pid, self.fd = os.forkpty()
        if self.pid == 0:
            env = place.env(TERM="xterm", PS1="$ ", HISTFILE="/dev/null")
            os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"], env)
        self.seen = ""

    def wait(self, wanted):
        until = time.monotonic() + TIMEOUT
        while wanted not in self.seen and select.select([self.fd], [], [], max(0, until - time.monotonic()))[0]:
            try:
                self.seen += os.read(self.fd, 4096).decode(errors="replace")
            except OSError:
                break
        found = wanted in self.seen
        self.seen = self.seen.split(wanted, 1)[1] if found else self.seen
        return found

    def type(self, text):
        os.write(self.fd, text.encode())

    def close(self):
        os.close(self.fd)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def check_terminal(checks, place):
    if not os.path.exists("/bin/bash"):
        checks.is_true("terminal: there is no bash # SKIP", True)
        return
    terminal = Terminal(place)
    try:
        terminal.type(f"echo mark-$((1+1)); {place.lockval} run -- {place.program} signals\n")
        checks.is_true("terminal: it starts", terminal.wait("mark-2") and terminal.wait("ready"), terminal.seen)
        terminal.type("\003")
        checks.is_true("terminal: an interrupt", terminal.wait(f"got {int(signal.SIGINT)} value 0"), terminal.seen)
        terminal.type("\032")
        checks.is_true("terminal: the shell sees it stop", terminal.wait("Stopped"), terminal.seen)
        checks.is_true("terminal: the interrupt came once", "got" not in terminal.seen, terminal.seen)
        terminal.type("echo again-$((1+1)); fg\n")
        checks.is_true("terminal: it goes on", terminal.wait("again-2") and terminal.wait(f"got {int(signal.SIGCONT)} value 0"),
                       terminal.seen)
        terminal.type("\004")
        terminal.type("echo status-$?\n")
        checks.is_true("terminal: it reads from there, and ends", terminal.wait("status-0"), terminal.seen)
        terminal.type(f"{place.lockval} run -- {place.program} default\n")
        terminal.wait("ready")
        terminal.type("\003")
        terminal.type("echo status-$?\n")
        checks.is_true("terminal: death by an interrupt", terminal.wait("status-130"), terminal.seen)
        terminal.type(f"{place.lockval} run -- {place.program} abba\n")
        checks.is_true("terminal: colours", terminal.wait(f"\033[1;33m{HEADLINE}\033[0m"), terminal.seen)
        terminal.wait("record:")
        terminal.type(f"NO_COLOR=1 {place.lockval} run -- {place.program} abba; echo plain-$?\n")
        terminal.wait("plain-66") and terminal.seen  # the whole of it was read
        terminal.type(f"TERM=dumb {place.lockval} run -- {place.program} abba; echo dumb-$?\n")
        checks.is_true("terminal: the last of these", terminal.wait("dumb-66"), terminal.seen)
    finally:
        terminal.close()
    place.forget()


def on_terminal(place, *command, env=None):
    """What @command prints on a terminal."""
    master, slave = os.openpty()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=slave, stderr=slave, env=env or place.env(TERM="xterm")) as done:
        os.close(slave)
        text = b""
        with contextlib.suppress(OSError):
            while part := os.read(master, 4096):
                text += part
        done.wait(TIMEOUT)
    os.close(master)
    return text.decode()


def check_colours(checks, place):
    abba = (place.program, "abba")
    checks.is_true("colours: on a terminal", "\033[" in on_terminal(place, place.lockval, "run", *abba))
    for title, env, options in (("NO_COLOR", {"NO_COLOR": "1"}, ()), ("TERM=dumb", {"TERM": "dumb"}, ()),
                                ("--color=never", {}, ("--color=never",))):
        env = place.env(**{"TERM": "xterm", **env})
        text = on_terminal(place, place.lockval, "run", *options, *abba, env=env)
        checks.is_true(f"colours: none with {title}", HEADLINE in text and "\033" not in text, text)
    env = place.env(TERM="xterm", NO_COLOR="")
    checks.is_true("colours: NO_COLOR that is empty", "\033[" in on_terminal(place, place.lockval, "run", *abba, env=env))
    checks.is_true("colours: none in a pipe", "\033" not in place.run("abba").stderr)
    checks.is_true("colours: always", "\033[" in place.run("abba", options=("--color=always",)).stderr)
    done = place.run("abba", options=("--color=sometimes",))
    checks.is_true("colours: another word", done.returncode == 2 and "--color" in done.stderr, done)
    place.forget()


# ---- what is printed ----

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
            os.kill(done.pid, signal.SIGINT)
            time.sleep(0.05)  # two signals, and not one that is pending
        text = read_until(done.stderr, "stack backtrace")
        checks.is_true("twice: what there is", HEADLINE in text and done.poll() is None, text)
        _, rest = done.communicate("\n", timeout=TIMEOUT)
        checks.is_true("twice: the summary in the end", HEADLINE not in rest and "lockval: 1 finding" in rest, rest)
    place.forget()


def main():
    lockval, _, program = (os.path.abspath(path) for path in sys.argv[1:])
    checks = Checks()
    for check in (check_state, check_streams, check_ends, check_killed, check_signals, check_terminal, check_colours, check_reports,
                  check_records, check_folders, check_unwatched, check_stuck, check_family, check_twice):
        folder = tempfile.mkdtemp()
        try:
            check(checks, Place(lockval, program, folder))
        finally:
            shutil.rmtree(folder)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
