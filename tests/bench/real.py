# SPDX-License-Identifier: MIT
"""Real programs: each is started, given work, and ended, without and with the library in turn. They stand in a box of
script/test-programs, and what makes them ready is done once, so that every run finds the same."""

import dataclasses
import os
import pathlib
import re
import resource
import shutil
import sys
import time
import typing

from figures import Budget

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "programs"))

import box as boxes             # noqa: E402  pylint: disable=wrong-import-position
import compressors              # noqa: E402  pylint: disable=wrong-import-position
import databases                # noqa: E402  pylint: disable=wrong-import-position
import findings                 # noqa: E402  pylint: disable=wrong-import-position
import paths                    # noqa: E402  pylint: disable=wrong-import-position

LONGEST = 120       # seconds of a run


@dataclasses.dataclass
class Figure:
    """What a piece of work took, in the program's unit: by the clock, and of the processors. The latter is what is left to
    compare when the machine has other work, too."""
    clock: float
    cpu: float


@dataclasses.dataclass
class Place:
    """Where a program's runs take place."""
    box: boxes.Box
    build: pathlib.Path
    env: dict = None            # what is preloaded into the program under test, this time
    state: object = None        # what prepare() made

    def start(self, command, **how):
        """The program under test."""
        return self.box.start(command, env=self.env, watched=False, **how)

    def whole(self, command):
        """From the start of the program under test to its end: what it says, and the seconds."""
        begin, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        done = self.start(command).wait(LONGEST)
        took, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.status != 0:
            raise boxes.Failed(f"ended with status {done.status}: {' '.join(map(str, command))}\n{boxes.tail(done.err)}")
        return done.out, Figure(took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)

    def served(self, server, load):
        """What the command @load says of a server under test, and the seconds that the server took for it."""
        begin, before = time.monotonic(), cpu_seconds(server.pid)
        said = self.box.helper(load, timeout=LONGEST).out
        return said, Figure(time.monotonic() - begin, cpu_seconds(server.pid) - before)

    def bench(self, name):
        path = self.build / "tests" / "bench" / name
        if not path.exists():
            raise boxes.CannotRun(f"{name} was not built")
        return path


def cpu_seconds(pid):
    """Of all threads that a process has and had."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def found(pattern, text):
    match = re.search(pattern, text, re.MULTILINE)
    if not match:
        raise boxes.Failed(f"no {pattern!r} in what was said:\n{boxes.tail(text)}")
    return float(match.group(1))


def memcached(place):
    user, port, threads, batches = paths.unprivileged(), place.box.port(), 4, 20000
    server = place.start(["memcached", "-l", "127.0.0.1", "-p", port, "-t", threads, "-m", 64]
                         + (["-u", user] if user else []))
    place.box.until_listens(port, server)
    load = [place.bench("bench_memcached_load"), port, threads]
    place.box.helper([*load, 1000])
    said, took = place.served(server, [*load, batches])
    server.stop()
    return Figure(found(r"^ns (\S+)$", said) / 1000, took.cpu * 1e6 / (threads * batches * 8))


def redis(place):
    port, requests = place.box.port(), 200000
    server = place.start(["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                          "--ignore-warnings", "ARM64-COW-BUG"])
    place.box.until_listens(port, server)
    said, took = place.served(server, ["redis-benchmark", "-p", port, "-n", requests, "-c", 20, "-P", 8, "-r", 10000, "--csv",
                                       "-t", "set,get"])
    server.stop()
    rates = [float(one) for one in re.findall(r'^"(?:SET|GET)","([0-9.]+)"', said, re.MULTILINE)]
    if len(rates) != 2:
        raise boxes.Failed(said)
    return Figure(sum(1e6 / rate for rate in rates) / 2, took.cpu * 1e6 / (2 * requests))


def sqlite(place):
    transactions = 10000
    said, took = place.whole([place.bench("bench_sqlite_load"), 2, transactions])
    return Figure(found(r"^ns (\S+)$", said) / 1000, took.cpu * 1e6 / transactions)


def material(place):
    return compressors.material(place.box, 12 << 20)


def pbzip2(place):
    return place.whole(["pbzip2", "-p2", "-b2", "-k", "-f", place.state])[1]


def xz(place):
    return place.whole(["xz", "-1", "-T2", "--block-size=1MiB", "-k", "-f", place.state])[1]


SYSBENCH_LOAD = ["--tables=2", "--table-size=5000", "--threads=4", "--rand-seed=7", "--time=0"]


def sysbench(place, *words):
    return ["sysbench", "oltp_read_write", "--db-driver=mysql", f"--mysql-socket={place.state.sock}", "--mysql-user=root",
            "--mysql-db=d", *SYSBENCH_LOAD, *words]


def start_mariadb(place):
    return place.state.start("--innodb-buffer-pool-size=64M", "--innodb-flush-log-at-trx-commit=0", env=place.env,
                             watched=False)


def prepare_mariadb(place):
    place.state = databases.MariaDB(place.box)
    server = start_mariadb(place)
    place.state.ask("create database d")
    place.box.helper(sysbench(place, "prepare"))
    server.stop()
    return place.state


def mariadb(place):
    transactions = 3000
    server = start_mariadb(place)
    place.box.helper(sysbench(place, "--events=500", "run"))
    said, took = place.served(server, sysbench(place, f"--events={transactions}", "run"))
    server.stop()
    return Figure(1000 / found(r"transactions:\s+\d+\s+\(([0-9.]+) per sec", said), took.cpu * 1000 / transactions)


def mm_sim(place):
    program = place.build / "sim" / "mm_sim"
    if not program.exists():
        raise boxes.CannotRun("mm_sim was not built")
    said, took = place.whole([program, "torture", "--seconds", 3, "--seed", 7])
    done, rate = found(r": ([0-9]+) operations, ", said), found(r" operations, ([0-9]+)/s$", said)
    return Figure(1e6 / rate, took.cpu * 1e6 / done)


@dataclasses.dataclass
class Program:
    """As a Workload of workloads.py; @run gets a place and returns the Figure of one piece of work, in @unit."""
    title: str
    run: typing.Callable
    budget: Budget
    unit: str
    why: str                    # what the time is for
    prepare: typing.Callable = None
    needs: tuple = ()           # programs that must be installed
    slow: bool = True
    peers: bool = True


PROGRAMS = [
    Program("memcached", memcached, Budget("ratio", 1.03), "µs", "a request; 4 threads, 4 connections", needs=("memcached",)),
    Program("redis", redis, Budget("ratio", 1.03), "µs", "a request of redis-benchmark",
            needs=("redis-server", "redis-benchmark")),
    Program("sqlite3 with threads", sqlite, Budget("ratio", 1.03), "µs", "a transaction of 2 threads, in memory"),
    Program("pbzip2", pbzip2, Budget("ratio", 1.03), "s", "12 MiB with 2 threads", material, ("pbzip2",)),
    Program("xz", xz, Budget("ratio", 1.03), "s", "12 MiB with 2 threads", material, ("xz",)),
    Program("mariadb, sysbench oltp_read_write", mariadb, Budget("ratio", 1.05), "ms", "a transaction of 4 clients",
            prepare_mariadb, ("/usr/sbin/mariadbd", "sysbench")),
    Program("mm_sim torture", mm_sim, Budget("ratio", 1.03), "µs", "an operation"),
]


class Runner:
    """A program's runs, as measure.Bench has them for the loops."""

    def __init__(self, program, build):
        """Raises CannotRun, with nothing left behind."""
        missing = [need for need in program.needs if not shutil.which(need)]
        if missing:
            raise boxes.CannotRun(f"{' '.join(missing)} not installed")
        self.program = program
        self.place = Place(boxes.Box(None, "", timeout=LONGEST), pathlib.Path(build).resolve())
        self.place.env = {}
        try:
            if program.prepare:
                self.place.state = program.prepare(self.place)
        except BaseException:
            self.close()
            raise

        self.logs = self.place.box.logs

    def locks_met(self):
        """How many locks the library met in the runs so far."""
        return findings.read_folder(self.logs).locks

    def run(self, env):
        """The Figure of one run with @env. Raises Failed or CannotRun."""
        self.place.env = env
        return self.program.run(self.place)

    def close(self):
        self.place.box.close()
