# SPDX-License-Identifier: MIT
"""stress-ng's stressors with --verify: each checks itself. They are run for a number of rounds; those that
do not count, or count slowly, for seconds. Left out: forkheavy, which fills the disk; those that refuse to be root."""

import re

from box import Failed
from catalogue import program

NEEDS = ["stress-ng stress-ng"]


def stress(box, stressors):
    """@stressors: {name: rounds, or "2s"}. The result is which of them passed."""
    passed = []
    for name, rounds in stressors.items():
        if isinstance(rounds, str):
            limit = ["--timeout", "1s" if box.quick else rounds]
        else:
            limit = ["--timeout", box.timeout, f"--{name}-ops", max(1, rounds // 5) if box.quick else rounds]
        command = ["stress-ng", "--verify", "--oom-avoid", "--temp-path", box.folder, f"--{name}", 2, *limit]
        for _ in range(10):
            done = box.run(command, status=None)
            text = done.out + done.err
            # Says so when its threads ended before it had counted them, with or without the library.
            if "could not create any pthreads" not in text:
                break
        if done.status != 0 or re.search(r"\bfail:|FAILED|terminated on signal", text) or "run completed" not in text:
            raise Failed(f"{name}: status {done.status}\n{text[-3000:]}")
        passed.append(name)
    return passed


@program("stress threads", "stress-ng: pthread, mutex, futex, sem, shared memory, schedulers", NEEDS, quick=True)
def threads(box):
    return stress(box, {"pthread": 500, "mutex": 2000, "futex": 2000, "sem": "2s", "sem-sysv": 2000, "schedpolicy": 100, "resched": 200})


@program("stress signals", "stress-ng: queued, faulting, nested, pending signals, timers, alternate stacks", NEEDS, quick=True)
def signals(box):
    return stress(box, {"signal": 1000, "sigq": 1000, "sigabrt": 50, "sigchld": 500, "sigfd": 1000, "sigfpe": 500, "sigio": "2s",
                        "signest": 100, "sigpending": 500, "sigpipe": 500, "sigrt": 500, "sigsegv": 500,
                        "sigsuspend": 500, "sigtrap": 500, "timer": 200, "itimer": 100, "timerfd": 200,
                        "alarm": 20})


@program("stress processes", "stress-ng: fork, vfork, clone, daemons, exec, zombies, waits", NEEDS)
def processes(box):
    return stress(box, {"fork": 200, "vfork": 200, "vforkmany": "2s", "clone": 100, "daemon": 50,
                        "zombie": 100, "wait": 200, "kill": 500, "pidfd": 100, "session": 100,
                        "switch": 2000})


@program("stress memory", "stress-ng: stacks, mappings, mremap, malloc from threads, dlopen, contexts", NEEDS)
def memory(box):
    return stress(box, {"malloc": 1000, "stack": "2s", "mmap": "2s", "mremap": "2s", "mmapfork": "2s", "munmap": 20, "dynlib": 200,
                        "context": 500, "funcret": 100, "longjmp": 2000, "shm": 10, "fault": 500, "env": 20})
