# SPDX-License-Identifier: MIT
"""Tests of pytest under lockval: what they start is watched, and a finding fails the test in which it was made.

Copy this file, or import it from your own conftest.py. It needs the command lockval on the PATH, and does nothing without it.
The interpreter itself, with its extension modules, is watched if it is started so, and then its findings fail tests, too:

    lockval run --record=run.jsonl --log=none --exitcode=0 -- python3 -m pytest

Behind the last test comes one more, lockval.union: can the lock orders of all tests together deadlock, where none can by itself?
"""

import glob
import json
import os
import re
import shutil
import subprocess
import tempfile

import pytest


def lockval(*arguments):
    """The command, which is not watched itself."""
    env = {name: value for name, value in os.environ.items() if name not in ("LD_PRELOAD", "LOCKVAL_OPTIONS")}
    return subprocess.run(["lockval", *arguments], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


class Findings:
    """The findings of all processes of the run, read from their records as these grow."""

    def __init__(self, pattern):
        self.pattern = pattern
        self.read = {}  # path: how much of it
        self.seen = set()

    def new(self):
        """The reports that came since the last call."""
        reports = []
        for path in sorted(glob.glob(self.pattern)):
            with open(path, "rb") as file:
                file.seek(self.read.get(path, 0))
                text = file.read()
            whole = text[:text.rfind(b"\n") + 1]
            self.read[path] = self.read.get(path, 0) + len(whole)
            for line in whole.splitlines():
                try:
                    line = json.loads(line)
                except ValueError:
                    continue  # torn: its process was killed in the middle of a write
                if line["t"] != "finding" or not line["counts"]:
                    continue
                name = line["pid"], line["run"], line["fingerprint"]
                if name not in self.seen:
                    self.seen.add(name)
                    reports.append(f"lockval: {line['kind']}, {line['verdict']}, in process {line['pid']}\n" + self.report(path, line))
        return reports

    def report(self, path, line):
        """With the lines of the source, where the command is there and they are known."""
        if not shutil.which("lockval"):
            return line["text"]
        done = lockval("report", "--format=text", "--finding", line["fingerprint"], path)
        return done.stdout if done.returncode == 0 else line["text"]


class Union(pytest.Item):
    """All records of the run, put together."""

    class Failed(Exception):
        pass

    def runtest(self):
        done = lockval("check", *sorted(glob.glob(self.config.lockval.pattern)))
        if done.returncode != 0:
            raise self.Failed(done.stdout)

    def repr_failure(self, excinfo, style=None):
        return str(excinfo.value) if excinfo.errisinstance(self.Failed) else super().repr_failure(excinfo, style)

    def reportinfo(self):
        return self.path, None, self.name


def pytest_configure(config):
    config.lockval = config.lockval_folder = config.lockval_options = None
    options = os.environ.get("LOCKVAL_OPTIONS", "")
    if "liblockval" in os.environ.get("LD_PRELOAD", ""):
        # We are watched ourselves, and what is started here writes its record to the same place.
        record = re.findall(r"(?:^|:)record=(?:'([^']*)'|\"([^\"]*)\"|([^:]*))", options)
        if record:
            path = "".join(record[-1])
            config.lockval = Findings(re.sub("%[pe]", "*", glob.escape(path)))
    elif shutil.which("lockval"):
        # Its own way to say where the library is.
        preload = subprocess.run(["lockval", "run", "--", "printenv", "LD_PRELOAD"], capture_output=True, text=True, check=True)
        config.lockval_folder = tempfile.mkdtemp(prefix="pytest-lockval-")
        os.environ["LD_PRELOAD"] = preload.stdout.strip()
        # A test may look at the status and stderr of what it starts, so these stay as they are.
        config.lockval_options = f"{options}:log=none:exitcode=0:record='{config.lockval_folder}/%p.jsonl'".lstrip(":")
        os.environ["LOCKVAL_OPTIONS"] = config.lockval_options
        config.lockval = Findings(os.path.join(config.lockval_folder, "*.jsonl"))


def pytest_unconfigure(config):
    if config.lockval_folder:
        shutil.rmtree(config.lockval_folder, ignore_errors=True)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(session, config, items):
    # Of the processes of pytest-xdist none sees the last test of all.
    if items and config.lockval and shutil.which("lockval") and not hasattr(config, "workerinput"):
        items.append(Union.from_parent(session, name="lockval.union"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item):
    if item.config.lockval_options:
        name = item.nodeid.replace('"', "'")[:500]
        os.environ["LOCKVAL_OPTIONS"] = f'{item.config.lockval_options}:test="{name}"'


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    report = (yield).get_result()
    found = item.config.lockval.new() if item.config.lockval else []
    report.sections += [("lockval", text) for text in found]
    if found and report.passed:
        report.outcome = "failed"
        report.longrepr = found[0].splitlines()[0]


def pytest_sessionfinish(session):
    """What was found behind the last test: by a server, say, that ended with its fixture."""
    late = session.config.lockval.new() if session.config.lockval else []
    if late:
        session.config.get_terminal_writer().line()
        for report in late:
            session.config.get_terminal_writer().line(report)
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED
