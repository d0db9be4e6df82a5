#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`lockval run` as the parent of the program.

The program is given what it would be given without the command, and the command ends as the program ends. Signals reach it
once, and the terminal is the program's. A run without findings leaves stderr and the folder of records as they were.

Usage: check_parent.py LOCKVAL LIBRARY PROGRAM
"""

import contextlib
import ctypes
import os
import pathlib
import resource
import select
import shutil
import signal
import subprocess
import sys
import time

from command import TIMEOUT, call, has_terminals
from parent import HEADLINE, child_of, read_line, run_checks

LIBC = ctypes.CDLL(None, use_errno=True)


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
    for closed in ((0,), (1,), (2,), (0, 2), (0, 1, 2)):
        seen = []
        for command in ([place.program], [place.lockval, "run", "--", place.program]):
            listing = place.folder / "listing"
            script = f'"$@" state 7 7>{listing} ' + " ".join(f"{fd}>&-" for fd in closed)
            subprocess.run(["sh", "-c", script, "sh", *command], env=place.env(), check=False, timeout=TIMEOUT,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            seen.append([line for line in listing.read_text(encoding="utf-8").splitlines() if line.startswith("fd")])
        checks.is_true(f"given: {closed} closed", seen[0] == seen[1] and len(seen[0]) == 4 - len(closed), seen)
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

def check_timeout(checks, place):
    # Without the command it may get each twice: one for it, one for the group.
    wanted = {f"got {int(number)} value 0\n" for number in (signal.SIGUSR1, signal.SIGCONT)}
    os.mkfifo(place.folder / "wait")
    for seconds in (1, 5, 25):  # a machine that is busy may need longer to get the program to where it takes signals
        script = f"timeout -s USR1 {seconds} {place.lockval} run -- {place.program} signals <{place.folder}/wait"
        with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, text=True, env=place.env()) as done:
            with open(place.folder / "wait", "w", encoding="utf-8") as wait:
                lines = [read_line(done.stdout)]
                while lines[-1] and not wanted <= set(lines):
                    lines.append(read_line(done.stdout))
                del wait
            lines += done.stdout.read().splitlines(keepends=True)
        if lines[0] == "ready\n":
            break
    checks.is_true("signals: from timeout", set(lines) == {"ready\n"} | wanted and len(lines) <= 5, lines)


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
        check_timeout(checks, place)
    # What the program sends to its group comes back to it once. The command takes signals in the order of their numbers.
    with place.started("group", start_new_session=True) as done:
        lines = [read_line(done.stdout)]
        os.kill(done.pid, signal.SIGRTMIN)
        lines.append(read_line(done.stdout))
    checks.equal("signals: to the group, from the program",
                 [f"got {int(number)} value 0\n" for number in (signal.SIGTERM, signal.SIGRTMIN)], lines)
    # An alarm of who becomes the command is the program's.
    code = "import os, signal, sys; signal.setitimer(signal.ITIMER_REAL, .3); os.execv(sys.argv[1], sys.argv[1:])"
    done = subprocess.run([sys.executable, "-c", code, place.lockval, "run", "--", place.program, "default"], check=False,
                          capture_output=True, timeout=TIMEOUT, env=place.env())
    checks.equal("signals: an alarm that was set before", -signal.SIGALRM, done.returncode)
    # A group whose parents are all of other sessions, as that of a test may be, is not stopped by this signal.
    with place.started("signals", preexec_fn=os.setpgrp) as done:
        os.kill(done.pid, signal.SIGTSTP)
        until = time.monotonic() + TIMEOUT
        while time.monotonic() < until and os.waitid(os.P_PID, done.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is None:
            pass
        stopped = os.waitid(os.P_PID, done.pid, os.WSTOPPED | os.WNOHANG)
        checks.equal("signals: the command stops with the program", int(signal.SIGTSTP), stopped and stopped.si_status)
        os.kill(done.pid, signal.SIGCONT)
        checks.equal("signals: and goes on with it", f"got {int(signal.SIGCONT)} value 0\n", read_line(done.stdout))
    # A SIGCHLD that somebody sent swallows the kernel's, while the command does not look.
    with place.started("default") as done:
        child = int(pathlib.Path(f"/proc/{done.pid}/task/{done.pid}/children").read_text(encoding="ascii").split()[-1])
        os.kill(done.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, done.pid, os.WSTOPPED)
        os.kill(done.pid, signal.SIGCHLD)
        os.kill(child, signal.SIGTERM)
        until = time.monotonic() + TIMEOUT
        while time.monotonic() < until and "State:\tZ" not in pathlib.Path(f"/proc/{child}/status").read_text(encoding="utf-8"):
            pass
        os.kill(done.pid, signal.SIGCONT)
        checks.equal("signals: the end of the program is seen behind another SIGCHLD", -signal.SIGTERM, done.wait(TIMEOUT))
    # Nobody reads what the command says.
    readable, writable = os.pipe()
    os.close(readable)
    done = subprocess.run([place.lockval, "run", "--", place.program, "abba", "7"], check=False, stdout=subprocess.DEVNULL, stderr=writable,
                          timeout=TIMEOUT, env=place.env())
    os.close(writable)
    checks.equal("signals: a report that nobody reads", 66, done.returncode)
    # An old kernel has no close_range; here one that refuses it.
    done = subprocess.run([place.program, "no-close-range", place.lockval, "run", "--", place.program, "clean", "5"], check=False,
                          capture_output=True, timeout=TIMEOUT, env=place.env())
    checks.equal("signals: without close_range", 5, done.returncode)
    place.forget()
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
        command = subprocess.run(["pgrep", "-P", str(terminal.pid), "-x", "lockval"], capture_output=True, text=True, check=False,
                                 timeout=TIMEOUT).stdout.split()
        for number in (signal.SIGINT, signal.SIGINT):
            os.kill(int(command[0]), number)
            checks.is_true("terminal: the same to the command alone", terminal.wait(f"got {int(number)} value 0"), terminal.seen)
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


if __name__ == "__main__":
    on_terminals = (check_terminal, check_colours) if has_terminals() else ()
    sys.exit(run_checks((check_state, check_streams, check_ends, check_killed, check_signals, *on_terminals)))
