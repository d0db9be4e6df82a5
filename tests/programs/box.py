# SPDX-License-Identifier: MIT
"""A box: one run of a program and what it needs: a folder, free ports, its processes, with or without the library.

A program's check is a function that gets a box, does its work and returns what must be the same in every run. It raises
Failed when the program does something wrong. Everything that was started is ended by its own pid when the box is closed.
"""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

DEFAULT_TIMEOUT = 900  # seconds without which nothing is called hung; no result depends on it


class Failed(Exception):
    """The program did something that it must not do."""


class CannotRun(Exception):
    """Something that the check needs is not there."""


class Done:
    """A process that ended."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err


def tail(text, lines=15):
    return "\n".join(text.strip().splitlines()[-lines:])


def children_of(pid):
    """The pids below @pid, deepest last."""
    found = []
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return found
    for task in tasks:
        try:
            text = pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text(encoding="ascii")
        except OSError:
            continue
        for child in map(int, text.split()):
            found += [child] + children_of(child)
    return found


def save_stacks(pid, path):
    """The stacks of all threads of @pid and of what it started, for somebody who wants to know where it hangs."""
    gdb = shutil.which("gdb")
    with open(path, "w", encoding="utf-8") as out:
        for one in [pid] + children_of(pid):
            out.write(f"==== {one} ====\n")
            out.flush()
            if gdb:
                try:
                    subprocess.run([gdb, "-p", str(one), "-batch", "-ex", "set pagination off", "-ex",
                                    "thread apply all bt"], stdin=subprocess.DEVNULL, stdout=out, timeout=120,
                                   stderr=subprocess.STDOUT, check=False)
                except subprocess.TimeoutExpired:
                    out.write("(gdb did not end)\n")
            for task in pathlib.Path(f"/proc/{one}/task").glob("*/wchan"):
                try:
                    out.write(f"{task}: {task.read_text(encoding='ascii')}\n")
                except OSError:
                    pass


def belonging_to(folder):
    """The pids of all processes that were started in a box: their home is its folder, or lies in it."""
    wanted = f"HOME={folder}".encode()
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            words = pathlib.Path(f"/proc/{entry}/environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if any(word == wanted or word.startswith(wanted + b"/") for word in words):
            found.append(int(entry))
    return found


class Process:
    """A process that runs, with its output in files."""

    def __init__(self, box, command, env, cwd, user, stdin):
        self.box, self.command = box, [str(word) for word in command]
        number = box.next_number()
        self.out_path = box.folder / f"out.{number}"
        self.err_path = box.folder / f"err.{number}"
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.popen = subprocess.Popen(self.command, env=env, cwd=cwd or box.folder, stdout=out, stderr=err,
                                          stdin=stdin or subprocess.DEVNULL, start_new_session=True, user=user)
        self.pid = self.popen.pid

    def name(self):
        return " ".join(self.command)[:160]

    def output(self):
        return Done(self.popen.returncode, self.out_path.read_text(encoding="utf-8", errors="replace"),
                    self.err_path.read_text(encoding="utf-8", errors="replace"))

    def ended(self):
        return self.popen.poll() is not None

    def wait(self, timeout):
        try:
            self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            where = self.box.folder / f"hang.{self.pid}"
            save_stacks(self.pid, where)
            self.kill()
            done = self.output()
            raise Failed(f"did not end in {timeout} s, stacks in {where}: {self.name()}\n{tail(done.out)}\n"
                         f"{tail(done.err)}") from None
        return self.output()

    def stop(self, sig=signal.SIGTERM, status=0, timeout=120):
        """Ask the process to end, and hold it to the status."""
        if self.ended():
            done = self.output()
            raise Failed(f"ended by itself with status {done.status}: {self.name()}\n{tail(done.out)}\n"
                         f"{tail(done.err)}")
        os.kill(self.pid, sig)
        done = self.wait(timeout)
        if status is not None and done.status != status:
            raise Failed(f"ended with status {done.status} after signal {sig}: {self.name()}\n{tail(done.err)}")
        return done

    def kill(self):
        """End the process and all that it started, each by its pid."""
        if self.popen.poll() is None:
            for pid in [self.pid] + children_of(self.pid):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        self.popen.wait()


class Box:
    """One run."""

    def __init__(self, library, options, quick=False, timeout=DEFAULT_TIMEOUT, keep=None):
        """@library: the path of the library, or None for a run without it. @keep: the parent of the folder."""
        self.library, self.quick, self.timeout = library, quick, timeout
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lv-program-", dir=keep))
        self.logs = self.folder / "logs"
        self.logs.mkdir()
        # Servers go on as other users: they open their logs and temporary files as these.
        self.folder.chmod(0o1777)
        self.logs.chmod(0o777)
        self.options = f"exitcode=0:stats=1:known_findings=1:log='{self.logs}/%e.%p'" + (":" + options if options else "")
        self.number = 0
        self.processes = []
        self.seconds = 0.0      # spent in what is measured
        self.clock_runs = False

    def next_number(self):
        self.number += 1
        return self.number

    def path(self, name):
        return self.folder / name

    def folder_of(self, name, user=None):
        """A new folder, which belongs to @user."""
        path = self.folder / name
        path.mkdir()
        if user is not None:
            shutil.chown(path, user)
        return path

    @contextlib.contextmanager
    def timed(self):
        """What is done within is the program's time. run() does so by itself."""
        if self.clock_runs:
            yield
            return
        begin, self.clock_runs = time.monotonic(), True
        try:
            yield
        finally:
            self.seconds += time.monotonic() - begin
            self.clock_runs = False

    def environment(self, more=None, watched=True):
        env = {key: value for key, value in os.environ.items()
               if key not in ("LD_PRELOAD", "LOCKVAL_OPTIONS", "MAKEFLAGS", "PYTHONDONTWRITEBYTECODE")}
        env.update(LC_ALL="C", TZ="UTC", HOME=str(self.folder), TMPDIR=str(self.folder))
        env.update(more or {})
        if self.library and watched:
            env["LD_PRELOAD"] = str(self.library)
            env["LOCKVAL_OPTIONS"] = self.options
        return env

    def start(self, command, env=None, cwd=None, user=None, stdin=None, watched=True):
        """Start a process; it is ended with the box."""
        if shutil.which(str(command[0])) is None:
            raise CannotRun(f"{command[0]} is not installed")
        process = Process(self, command, self.environment(env, watched), cwd, user, stdin)
        self.processes.append(process)
        return process

    def run(self, command, status=0, timeout=None, **how):
        """Run a process to its end. @status: what it must end with, None for anything."""
        if how.get("watched", True):
            with self.timed():
                done = self.start(command, **how).wait(timeout or self.timeout)
        else:
            done = self.start(command, **how).wait(timeout or self.timeout)
        if status is not None and done.status != status:
            raise Failed(f"status {done.status}, not {status}: {' '.join(map(str, command))[:160]}\n"
                         f"{tail(done.out)}\n{tail(done.err)}")
        return done

    def helper(self, command, **how):
        """Run something that is not the program under test: never with the library."""
        return self.run(command, watched=False, **how)

    def port(self):
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            return sock.getsockname()[1]

    def until(self, what, ask, process=None):
        """Wait until ask() is true, as long as @process lives."""
        end = time.monotonic() + self.timeout
        while True:
            try:
                answer = ask()
            except OSError:
                answer = None
            if answer:
                return answer
            if process is not None and process.ended():
                done = process.output()
                raise Failed(f"{process.name()} ended with status {done.status} before {what}\n{tail(done.out)}\n"
                             f"{tail(done.err)}")
            if time.monotonic() > end:
                if process is not None:
                    save_stacks(process.pid, self.folder / f"hang.{process.pid}")
                raise Failed(f"waited in vain: {what}; see {self.folder}")
            time.sleep(0.02)

    def until_listens(self, port, process):
        def connect():
            with socket.create_connection(("127.0.0.1", port), timeout=5):
                return True
        self.until(f"port {port} was open", connect, process)

    def close(self, keep=False):
        for process in reversed(self.processes):
            process.kill()
        # Those that outlived their parent.
        for pid in belonging_to(self.folder):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)
