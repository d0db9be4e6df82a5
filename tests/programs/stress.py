# SPDX-License-Identifier: MIT
"""stress-ng's stressors with --verify: each checks itself. They are run for a number of rounds, not for a time."""

import re

from box import Failed
from catalogue import program

NEEDS = ["stress-ng stress-ng"]


def stress(box, stressors):
    """@stressors: {name: rounds}. The result is which of them passed."""
    passed = []
    for name, rounds in stressors.items():
        rounds = max(1, rounds // 10) if box.quick else rounds
        done = box.run(["stress-ng", "--verify", "--oom-avoid", "--timeout", box.timeout, "--temp-path", box.folder,
                        f"--{name}", 2, f"--{name}-ops", rounds], status=None)
        text = done.out + done.err
        if done.status != 0 or re.search(r"\bfail:|FAILED|terminated on signal", text) or "successful run completed" not in text:
            raise Failed(f"{name}: status {done.status}\n{text[-3000:]}")
        passed.append(name)
    return passed


@program("stress threads", "stress-ng: pthread, mutex, futex, sem, shared memory, schedulers", NEEDS, quick=True)
def threads(box):
    return stress(box, {"pthread": 2000, "mutex": 20000, "futex": 20000, "sem": 20000, "sem-sysv": 20000, "schedpolicy": 500,
                        "resched": 200, "tsearch": 20})


@program("stress signals", "stress-ng: queued, faulting, nested, pending signals, timers, alternate stacks", NEEDS, quick=True)
def signals(box):
    return stress(box, {"signal": 5000, "sigq": 5000, "sigabrt": 50, "sigchld": 2000, "sigfd": 5000, "sigfpe": 2000, "sigio": 2000,
                        "signest": 100, "sigpending": 2000, "sigpipe": 2000, "sigrt": 2000, "sigsegv": 2000,
                        "sigsuspend": 2000, "sigtrap": 2000, "timer": 200, "itimer": 200, "timerfd": 200, "sigaltstack": 200,
                        "alarm": 20})


@program("stress processes", "stress-ng: fork, vfork, clone, daemons, exec, zombies, waits", NEEDS)
def processes(box):
    return stress(box, {"fork": 1000, "vfork": 1000, "vforkmany": 200, "clone": 500, "daemon": 50, "exec": 100, "spawn": 100,
                        "zombie": 500, "wait": 200, "forkheavy": 20, "kill": 2000, "pidfd": 500, "session": 100,
                        "switch": 20000})


@program("stress memory", "stress-ng: stacks, mappings, mremap, malloc from threads, dlopen, contexts", NEEDS)
def memory(box):
    return stress(box, {"malloc": 5000, "stack": 20, "mmap": 20, "mremap": 50, "mmapfork": 4, "munmap": 20, "dynlib": 200,
                        "context": 2000, "funcret": 100, "longjmp": 20000, "shm": 10, "fault": 2000, "env": 20})
