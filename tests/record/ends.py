#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Records that come to their end in many ways: by exit, by a signal, by exec; with forks, many processes and threads at one
file; where nothing can be written.

Each test runs recorded.c and looks at what is left: the lines (lines.py), the exit status, what the log says.

Usage: ends.py LIBRARY PROGRAM [--only NAME]
"""

import argparse
import errno
import os
import pathlib
import re
import resource
import signal
import stat
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "preload"))

import lines  # noqa: E402
import run    # noqa: E402

TIMEOUT = 50
TESTS = []
CANNOT = re.compile(r"^lockval: the record (\S+) cannot be written: (.*); nothing more of this process is recorded$",
                    re.MULTILINE)


class Wrong(Exception):
    """A test's complaint."""


def test(function):
    TESTS.append(function)
    return function


def must(condition, what):
    if not condition:
        raise Wrong(what)


class Bench:
    """A folder for one test, and what runs in it."""

    def __init__(self, library, program, folder):
        self.library = library
        self.program = program
        self.folder = pathlib.Path(folder)

    def start(self, case, record, options=(), **more):
        env = run.environment([self.library], ":".join([*options, f"record={record}"]))
        return subprocess.Popen([self.program, case], env=env, cwd=self.folder, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, **more)

    def finish(self, process):
        try:
            out, err = process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise Wrong("it did not end") from None
        return process.returncode, out.decode(errors="replace"), err.decode(errors="replace")

    def run(self, case, record="out.jsonl", options=()):
        return self.finish(self.start(case, record, options))

    def read(self, name="out.jsonl", torn=False):
        complaints = []
        processes = lines.check((self.folder / name).read_bytes(), complaints, torn)
        must(not complaints, "\n".join(complaints[:20]))
        return processes

    def one(self, name="out.jsonl"):
        processes = self.read(name)
        must(len(processes) == 1, f"{len(processes)} processes in the record, not one")
        return processes[0]


def findings(process, kind="circular"):
    return [finding for finding in process.all("finding") if finding["kind"] == kind and "before" not in finding]


def ends_with(bench, case, status, recorded):
    got = bench.run(case)[0]
    process = bench.one()
    must(got == status, f"exit status {got}, not {status}")
    must(len(findings(process)) == (case != "clean"), "not the finding that was made")
    must(process.is_whole(), "there is no end")
    end = process.all("end")[0]
    must(end["status"] == recorded, f"the end says status {end['status']}, not {recorded}")
    must(process.lines[0]["t"] == "meta" and process.lines[-1]["t"] == "end", "meta is not first, or end not last")


@test
def a_program_that_returns(bench):
    ends_with(bench, "return", 66, 66)


@test
def what_the_run_is_of(bench):
    bench.run("clean", options=["test='unit: a, b'", "commit=1f2e"])
    meta = bench.one().meta()
    options = meta["options"]
    must((options["test"], options["commit"]) == ("unit: a, b", "1f2e"), f"{options}")
    must(meta["host"] == os.uname().nodename, f"host {meta['host']}")


@test
def it_is_of_nothing(bench):
    bench.run("clean")
    options = bench.one().meta()["options"]
    must((options["test"], options["commit"]) == ("", ""), f"{options}")


@test
def none_is_no_file(bench):
    for none in ("none", ""):
        status = bench.run("return", none)[0]
        must(status == 66, f"exit status {status}, not 66")
        must(not list(bench.folder.iterdir()), "a file was made")


@test
def a_program_that_finds_nothing(bench):
    ends_with(bench, "clean", 0, 0)


@test
def exit_(bench):
    ends_with(bench, "exit", 66, 66)


@test
def _exit(bench):
    ends_with(bench, "_exit", 66, 66)


@test
def quick_exit(bench):
    ends_with(bench, "quick_exit", 66, 66)


@test
def its_own_status(bench):
    bench.run("exit", options=["exitcode=0"])
    must(bench.one().all("end")[0]["status"] == 3, "the end has not the program's status")


@test
def a_status_that_is_not_known(bench):
    bench.run("quick_exit", options=["exitcode=0"])
    must(bench.one().all("end")[0]["status"] is None, "quick_exit's status cannot be known")


def dies(bench, case, by):
    status = bench.run(case)[0]
    must(status == -by, f"exit status {status}, not death by {by}")
    process = bench.one()
    must(not process.is_whole(), "there is an end")
    must(len(findings(process)) == 1, "what was found is not there")
    return process


@test
def abort(bench):
    dies(bench, "abort", signal.SIGABRT)


@test
def sigkill(bench):
    dies(bench, "killed", signal.SIGKILL)


@test
def sigkill_while_threads_learn(bench):
    """What the other threads wrote until then is whole but for, perhaps, lines that others refer to."""
    status = bench.run("killed-in-the-middle")[0]
    must(status == -signal.SIGKILL, f"exit status {status}")
    complaints = []
    data = (bench.folder / "out.jsonl").read_bytes()
    processes = list(lines.parse(data, complaints, torn=True).values())
    must(not complaints, "\n".join(complaints[:5]))
    must(len(processes) == 1 and len(findings(processes[0])) == 1 and len(processes[0].all("edge")) > 40,
         "what was found is not there")


@test
def halt_on_error(bench):
    bench.run("return", options=["halt_on_error=1"])
    process = bench.one()
    must(process.is_whole() and process.all("end")[0]["status"] == 66, "there is no end")


@test
def a_deadlock_that_ends_the_program(bench):
    status = bench.run("hangs", options=["on_deadlock=exit"])[0]
    must(status == 66, f"exit status {status}")
    process = bench.one()
    must(process.is_whole() and process.all("end")[0]["status"] == 66, "there is no end")
    stuck = [finding for finding in process.all("finding") if finding["kind"] == "deadlock"]
    must(len(stuck) == 1 and stuck[0]["circle"] == 2, "no circle of two")
    first, second = stuck[0]["stuck"][:2]
    must((first["blocker"], second["blocker"]) == (1, 0), "they do not wait for each other")
    must(first["wanted"]["instance"] == second["held"][0]["instance"] and
         second["wanted"]["instance"] == first["held"][0]["instance"], "they do not want what the other has")
    must(sorted(lock["wanted"]["name"] for lock in (first, second)) == ["a", "b"], "other locks")


@test
def a_forked_child(bench):
    """One file for all: a process each that learned or ended by itself."""
    bench.run("fork")
    processes = {process.meta()["forked"]: process for process in bench.read() if process.all("class")}
    parent, child = processes[False], processes[True]
    must(child.meta()["ppid"] == parent.pid, "the child does not name its parent")
    must(len(findings(child)) == 1 and not findings(parent), "the finding is the child's")
    must(parent.is_whole() and child.is_whole(), "one of them has no end")
    (edge,) = child.all("edge")
    names = {line["id"]: line["name"] for line in child.all("class")}
    must((names[edge["from"]], names[edge["to"]]) == ("known_b", "known_a"), "the child wrote what it did not learn")
    sides = {step["held"]["name"] for step in findings(child)[0]["edges"]}
    must(sides == {"known_a", "known_b"}, "the finding has not both sides")


@test
def a_file_for_each_process(bench):
    bench.run("fork", record="%e-%p.jsonl")
    names = sorted(path.name for path in bench.folder.iterdir())
    must(len(names) == 3, f"there are {names}")
    for name in names:
        process = bench.one(name)
        must(name == f"recorded-{process.pid}.jsonl", f"{name} is of process {process.pid}")


@test
def exec_(bench):
    """The same pid twice, the first time without an end."""
    bench.run("exec")
    before, after = bench.read()
    must(before.pid == after.pid and before.run != after.run, "they cannot be told apart")
    must(not before.is_whole() and len(findings(before)) == 1, "not the program before exec")
    must(after.is_whole() and not findings(after), "not the program after exec")
    must(after.meta()["argv"][1] == "clean", "not the arguments of the program after exec")


@test
def fork_and_exec(bench):
    """A child that only calls exec writes nothing before."""
    bench.run("fork-exec")
    parent, child = sorted(bench.read(), key=lambda process: process.meta()["ppid"] != os.getpid())
    must(child.meta()["ppid"] == parent.pid and not child.meta()["forked"], "the child wrote before exec")
    must(len(findings(child)) == 1 and child.is_whole() and parent.is_whole(), "not what the two did")


@test
def many_processes(bench):
    bench.run("many-processes")
    processes = bench.read()
    must(len(processes) == 9, f"{len(processes)} processes, not 9")
    for process in processes:
        ends = {(edge["from"], edge["to"]) for edge in process.all("edge")}
        must(len(ends) == (24 * 23 // 2 if process.meta()["forked"] else 0), f"{len(ends)} edges")
        must(process.is_whole(), "one has no end")


@test
def many_threads(bench):
    bench.run("many-threads")
    process = bench.one()
    ends = {(edge["from"], edge["to"]) for edge in process.all("edge")}
    must(len(ends) == 24 * 23 // 2 == process.all("end")[0]["edges"], f"{len(ends)} edges")
    must({(line["from"], line["to"]) for line in process.all("stat")} == ends, "not all edges are counted")


@test
def a_program_that_moves(bench):
    """A relative path is meant from the start, and no descriptor of ours is there to be closed."""
    status = bench.run("moves", record="./moved.jsonl")[0]
    must(status == 66, f"exit status {status}")
    must(bench.one("moved.jsonl").is_whole(), "there is no end")


@test
def names_of_any_bytes(bench):
    bench.run("odd-names")
    names = {line["name"] for line in bench.one().all("class")}
    wanted = {"\uf780\uf7ff", "\u00e9t\u00e9", "\uf7c0\uf7af", "\uf7ed\uf7a0\uf780", "a\"b\\c\n\t\x01\x7f", "\U0001f512",
              "\uf7f4\uf790\uf780\uf780", "\uf7e2\uf782"}
    must(names == wanted, f"the names are {names}")


@test
def fewer_acquisitions_than_edges(bench):
    bench.run("three")
    process = bench.one()
    (finding,) = findings(process)
    must(len(finding["edges"]) == 3 and len(finding["acquisitions"]) == 2, "not three edges by two acquisitions")
    must(finding["verdict"] == "feasible", f"it is {finding['verdict']}")
    must(finding["held"][-1]["instance"] == finding["edges"][0]["held"]["instance"], "not what the thread held last")
    deep, back = sorted(finding["acquisitions"], key=lambda step: step["wanted"]["name"], reverse=True)
    must((deep["held"]["name"], deep["wanted"]["name"]) == ("a", "c"), "not the acquisition of c under a")
    must(deep["thread"]["name"] == "deep" and back["thread"]["name"] == "back", "not their threads")
    must(deep["wanted"]["instance"] == back["held"]["instance"] and
         back["wanted"]["instance"] == deep["held"]["instance"], "they do not want what the other has")
    build_id = next(line["build_id"] for line in process.all("module") if line["program"])
    for step in (deep, back):
        for lock in (step["held"], step["wanted"]):
            must(lock["key"].startswith(f"static:{build_id}+0x"), f"the key is {lock['key']}")
            frame = process.by_id["stack"][lock["stack"]][0]["frames"][0]
            must(lock["site"] == f"{build_id}+{frame['offset']}", f"the site is {lock['site']}")


@test
def keys_are_the_same_in_another_run(bench):
    told = []
    for name in ("first.jsonl", "second.jsonl"):
        bench.run("three", record=name)
        (finding,) = findings(bench.one(name))
        told.append((finding["fingerprint"], [(lock["key"], lock["site"], lock["name"])
                                              for lock in lines.locks_in(finding)]))
    must(told[0] == told[1], f"{told[0]}\nis not\n{told[1]}")


@test
def a_thread_that_is_renamed(bench):
    bench.run("renamed")
    process = bench.one()
    names = [line["name"] for thread in process.by_id["thread"].values() for line in thread]
    must(names[-1] == "late" and "early" in names, f"the names are {names}")


def is_told_once(bench, record, reason, case="return", name=None):
    """It is said once, and nothing else is another way than without a record."""
    status, _, err = bench.run(case, record=record)
    must(status == 66, f"exit status {status}")
    told = CANNOT.findall(err)
    must(len(told) == 1, f"it is said {len(told)} times:\n{err}")
    must(re.search(reason, told[0][1]), f"the reason is {told[0][1]!r}")
    must(told[0][0] == (name or record), f"the path is {told[0][0]}")
    must(len(run.REPORT.findall(err)) == 1, "the finding is not in the log")


@test
def no_such_folder(bench):
    is_told_once(bench, "/there/is/no/such/folder/x", "no such folder")


@test
def a_folder(bench):
    is_told_once(bench, str(bench.folder), "is a folder")


@test
def a_full_disk(bench):
    is_told_once(bench, "/dev/full", "the disk is full")


@test
def a_pipe_without_a_reader(bench):
    os.mkfifo(bench.folder / "pipe")
    is_told_once(bench, str(bench.folder / "pipe"), "nobody reads the pipe")


@test
def a_limit_for_files(bench):
    """What was written until then is there, and the last line is torn, or not."""
    is_told_once(bench, str(bench.folder / "out.jsonl"), "limit for the size of files", case="no-room")
    complaints = []
    (process,) = lines.parse((bench.folder / "out.jsonl").read_bytes(), complaints, torn=True).values()
    must(not complaints, "\n".join(complaints[:5]))
    must(process.all("edge") and not process.is_whole(), "nothing was written, or an end")


@test
def a_log_of_nothing(bench):
    """log=none says nothing of a record that cannot be written."""
    err = bench.run("return", record="/dev/full", options=["log=none"])[2]
    must(err == "", f"it says {err!r}")


@test
def a_reader_of_a_pipe(bench):
    """A pipe with a reader is as good as a file."""
    os.mkfifo(bench.folder / "pipe")
    reader = os.open(bench.folder / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    keeper = os.open(bench.folder / "pipe", os.O_WRONLY)  # or the reader sees an end between two writes
    try:
        bench.run("return", record="pipe")
        complaints = []
        (process,) = lines.check(os.read(reader, 1 << 20), complaints)
    finally:
        os.close(reader)
        os.close(keeper)
    must(not complaints, "\n".join(complaints[:20]))
    must(process.is_whole(), "there is no end")


def fill(fd):
    try:
        while True:
            os.write(fd, b"\n" * 4096)
    except OSError as error:
        must(error.errno == errno.EAGAIN, f"the pipe cannot be filled: {error}")


def stall(bench, name):
    """What the program says that learns into a pipe which is full, and what the log does."""
    os.mkfifo(bench.folder / name)
    reader = os.open(bench.folder / name, os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open(bench.folder / name, os.O_WRONLY | os.O_NONBLOCK)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    try:
        process = bench.start("stalled", name, preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK,
                                                                                         {signal.SIGUSR1}))
        must(signal.sigtimedwait({signal.SIGUSR1}, TIMEOUT) is not None, "it does not ask for a full pipe")
        fill(writer)
        (bench.folder / "filled").touch()
        status, out, err = bench.finish(process)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})
        os.close(reader)
        os.close(writer)
    (bench.folder / "filled").unlink()
    must(status == 0, f"exit status {status}")
    return out, err


@test
def a_reader_that_does_not_read(bench):
    """Who learns waits a second at most, and nobody else waits. A machine that is busy may need longer for what the others do
    meanwhile; if they wait, they do every time."""
    for attempt in range(8):
        out, err = stall(bench, f"pipe-{attempt}")
        told = CANNOT.findall(err)
        must(len(told) == 1 and "does not go on" in told[0][1], f"it is said {told}")
        if out == "the others went on\n":
            return
    raise Wrong("the others waited, every time")


@test
def who_may_read_it(bench):
    bench.run("return")
    mode = stat.S_IMODE((bench.folder / "out.jsonl").stat().st_mode)
    must(mode & ~0o644 == 0, f"its mode is {mode:o}")


def main():
    parser = argparse.ArgumentParser(description="Records that come to their end in many ways.")
    parser.add_argument("library")
    parser.add_argument("program")
    parser.add_argument("--only", metavar="NAME")
    args = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    chosen = [function for function in TESTS if args.only in (None, function.__name__)]
    print(f"1..{len(chosen)}")
    failed = 0
    for number, function in enumerate(chosen, 1):
        begin = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            try:
                function(Bench(os.path.abspath(args.library), os.path.abspath(args.program), folder))
                complaint = None
            except Wrong as wrong:
                complaint = str(wrong)
        failed += complaint is not None
        took = time.monotonic() - begin
        print(f"{'not ' if complaint is not None else ''}ok {number} - {function.__name__.strip('_').replace('_', ' ')}"
              f" # {took:.2f} s", flush=True)
        for line in (complaint or "").splitlines():
            print(f"#   {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
