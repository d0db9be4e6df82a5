# SPDX-License-Identifier: MIT
"""What the tests of `lockval run` share: a folder for one test, with the command and the program parented.c in it."""

import contextlib
import os
import pathlib
import select
import shutil
import subprocess
import sys
import tempfile
import time

from command import TIMEOUT, Checks, call, environment

HEADLINE = "WARNING: possible circular locking dependency detected"


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


def run_checks(checks_to_do):
    """Each in a folder of its own. The command line is LOCKVAL LIBRARY PROGRAM. Returns the status."""
    lockval, _, program = (os.path.abspath(path) for path in sys.argv[1:])
    checks = Checks()
    for check in checks_to_do:
        folder = tempfile.mkdtemp()
        try:
            check(checks, Place(lockval, program, folder))
        finally:
            shutil.rmtree(folder)
    return checks.finish()
