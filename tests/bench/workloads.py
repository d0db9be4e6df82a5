# SPDX-License-Identifier: MIT
"""What is measured and what it may cost. The budgets of this table are the project's; docs/performance.md has what was
measured."""

import dataclasses

from figures import Budget


@dataclasses.dataclass
class Workload:
    title: str
    program: str                    # of tests/bench, without "bench_"; its lines are in bench.h
    word: str                       # the program's workload
    budget: Budget = None
    unit: str = "ns"
    args: tuple = ()                # more arguments of the program
    options: str = ""               # more LOCKVAL_OPTIONS
    ms: int = 4                     # of a repetition
    reps: int = 25                  # repetitions of a run
    why: str = ""                   # what an operation is, if not a lock and its unlock
    slow: bool = False              # not in a quick run
    contends: bool = False          # two threads must run at the same time, and neither sleeps for long
    peers: bool = True              # worth asking the others


def ratio(limit):
    return Budget("ratio", limit)


MICRO = [
    Workload("mutex, depth 1", "locks", "depth1", ratio(1.6)),
    Workload("mutex, depth 1, process without a second thread", "locks", "alone"),
    Workload("mutex, nest of 4", "locks", "nest4", ratio(1.6)),
    Workload("mutex, nest of 16", "locks", "nest16", ratio(1.8)),
    Workload("mutex, nest of 4, locks of one class", "locks", "alike4"),
    Workload("recursive mutex, taken twice", "locks", "recursive"),
    Workload("trylock", "locks", "trylock"),
    Workload("64 k mutexes at random", "locks", "many", ratio(2.5), args=("--locks", "65536")),
    Workload("64 k mutexes at random, identity=table", "locks", "many", ratio(8), args=("--locks", "65536"),
             options="identity=table", peers=False),
    Workload("1 M mutexes at random", "locks", "many", args=("--locks", "1048576"), slow=True),
    Workload("rwlock, read", "locks", "read", ratio(1.8)),
    Workload("rwlock, write", "locks", "write"),
    Workload("spinlock", "locks", "spin"),
    Workload("mutex, depth 1, lock_stat=1", "locks", "depth1", options="lock_stat=1", peers=False),
    Workload("rwlock, read, lock_stat=1", "locks", "read", options="lock_stat=1", peers=False),
    Workload("two threads, locks of their own", "threads", "private", ms=5, reps=21, why="a pair by each"),
    Workload("two threads, one lock", "threads", "shared", Budget("throughput", 0.95), ms=20, reps=15, contends=True),
    Workload("two threads, one lock, work in between", "threads", "shared_work", Budget("throughput", 0.95), ms=20, reps=15,
             contends=True),
    Workload("condition, ping-pong", "threads", "cond", ms=20, reps=9, why="there and back"),
    Workload("thread, create and join", "threads", "create", ratio(1.3), ms=10, reps=15, why="a thread"),
    Workload("1 000 short-lived threads", "threads", "lives", ms=10, reps=9, why="a thread that takes 14 locks"),
    Workload("init, lock, unlock, destroy", "lives", "churn", ratio(4), why="one of each"),
    Workload("new, lock, unlock, delete (std::mutex)", "objects", "objects", ratio(4), why="one of each"),
    Workload("malloc, free of memory without locks", "lives", "memory", Budget("difference", 3), why="one of each"),
    Workload("process start (`true`)", "start", "", Budget("difference", 2), unit="ms", reps=100, why="a process, on a processor from its start to its end"),
]
