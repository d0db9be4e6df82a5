#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Hold the number of instructions of the fast path, and the functions that it calls.

callgrind counts the loops of workloads.c without the library, with a library that only calls the real function, and under
the library with both ways of identity. What the library adds to a lock and its unlock must be no more than ceilings.txt
says; the counts are the same in every run. The library may call only the functions of its own that stand in INSIDE, and of
others only what the program calls without it.

LOCKVAL_BLESS=1 in the environment writes the counts into ceilings.txt.

Usage: count.py [--compiler NAME] LIBRARY PASSTHROUGH PROGRAM CEILINGS
       count.py --self-test LIBRARY PASSTHROUGH PROGRAM CEILINGS
"""

import argparse
import os
import pathlib
import re
import shutil
import sys

import profile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from tap import Tap  # noqa: E402

ROUNDS = 512
FEW_ROUNDS = 32  # of which one that goes the slow way is seen
IDENTITIES = ("auto", "table")
COMPILER = "gcc 12"  # that the numbers of ceilings.txt are of
SLACK = 1.03         # of them
OTHER_SLACK = 1.25   # with another compiler

# Functions of the library besides the hooks, and why the path goes there.
EVERYWHERE = {
    "lv_identity_from_table",  # locks without room for an identity
    "lv_fast_begin_kin",       # a lock of whose class others are held
    "lock_general", "rdlock_general", "wrlock_general",  # they begin with the fast path for such locks
}
# The way of what the fast path leaves alone.
GENERAL = {"lv_acquire", "lv_acquired", "lv_acquisition_set", "lv_hook_before"}
# It says what it waits for, unless it does not wait and would give up anyway.
SAYS = {"lv_hook_wait_begin", "lv_object_is_busy", "lv_acquisition_record", "lv_blocked_begin_lock", "lv_blocked_end"}
# The holder's next acquisition counts, if the lock itself says who the holder is.
AGAIN = GENERAL | {"lv_release", "unlock_general", "lv_acquire_nested", "lv_acquired_again", "lv_held_find",
                   "lv_nest_count_down", "lv_release_slow", "owner"}
INSIDE = {
    # The holder's next acquisition counts, since the lock itself says who the holder is.
    "recursive": {"held_again", "lv_held_find", "lv_release", "unlock_general"},
    "read-again": SAYS | AGAIN - {"lv_nest_count_down", "lv_release_slow"},
    # It may end without the lock.
    "timed": GENERAL | {"lv_hook_wait_begin", "lv_object_is_busy"},
    # Whether it is a lock or an event shows at each post, and who waits for it is looked up.
    "semaphore": GENERAL | {"before_wait", "lv_handlers_current", "lv_held_find", "lv_held_remove", "lv_identity_peek",
                            "lv_sem_acquired", "lv_sem_find", "lv_sem_post", "lv_wake_end", "remix"},
    # A release that is not the youngest closes the gap.
    "crossed": {"unlock_general", "lv_held_find", "lv_held_remove", "lv_hook_is_watched", "lv_hook_release_other",
                "lv_identity_of_unmet", "lv_identity_peek", "lv_mutex_before_unlock_other", "lv_release_slow",
                "lv_sem_outlives", "remix"},
}
HOOK = re.compile(r"(pthread|sem)_\w+$")


def read_ceilings(path):
    """(workload, identity) -> instructions that may be added."""
    result = {}
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        words = line.partition("#")[0].split()
        for identity, number in zip(IDENTITIES, words[1:]):
            if number != "-":
                result[words[0], identity] = float(number)
    return result


def write_ceilings(path, measured):
    """The same the other way: the numbers change, and what stands around them stays."""
    lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    for i, line in enumerate(lines):
        words = line.split()
        if words and (words[0], IDENTITIES[0]) in measured:
            numbers = [number if number == "-" else f"{measured[words[0], identity]:.1f}"
                       for identity, number in zip(IDENTITIES, words[1:])]
            lines[i] = f"{words[0]:12}" + "".join(f"{number:>9}" for number in numbers)
    pathlib.Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


def strangers(watched, plain, library, allowed):
    """The functions that the loop reached and should not have."""
    own = os.path.basename(os.path.realpath(library))
    return sorted(f"{function} ({owner})" for owner, function in watched
                  if not (owner == own and (HOOK.match(function) or function in allowed))
                  and (owner, function) not in plain)


def per_lock(run, name):
    acquisitions, costs = run[name]
    return sum(costs.values()) / acquisitions


def show(runs):
    print("# instructions a lock and its unlock, with the loop of the program")
    print(f"# {'workload':12} {'plain':>8} {'pass':>8} {'auto':>8} {'table':>8}")
    for name in runs["plain"]:
        print(f"# {name:12} " + " ".join(f"{per_lock(run, name):8.1f}" for run in runs.values()))


def measure(args, rounds=ROUNDS, **how):
    runs = {
        "plain": profile.count(args.program, rounds, **how),
        "pass": profile.count(args.program, rounds, args.passthrough, **how),
    }
    for identity in IDENTITIES:
        runs[identity] = profile.count(args.program, rounds, args.library, f"identity={identity}", **how)
    return runs


def added(runs):
    """(workload, identity) -> instructions that the library adds to a lock and its unlock."""
    return {(name, identity): per_lock(runs[identity], name) - per_lock(runs["plain"], name)
            for identity in IDENTITIES for name in runs["plain"]}


def judge_counts(measured, ceilings, slack):
    """Complaints by (workload, identity); those without a ceiling have none."""
    result = {}
    for place, ceiling in ceilings.items():
        most = ceiling * slack + 0.5  # what is counted around the loop is divided by its rounds
        result[place] = "" if measured[place] <= most else f"{measured[place]:.1f} added, where {most:.1f} may be"
    return result


def judge_calls(runs, ceilings, library):
    result = {}
    for name, identity in ceilings:
        found = strangers(runs[identity][name][1], runs["plain"][name][1], library,
                          EVERYWHERE | INSIDE.get(name, set()))
        result[name, identity] = ", ".join(found)
    return result


def test(args):
    tap = Tap()
    runs = measure(args)
    measured = added(runs)
    ceilings = read_ceilings(args.ceilings)
    slack = SLACK if args.compiler.startswith(COMPILER + ".") else OTHER_SLACK
    show(runs)
    if os.environ.get("LOCKVAL_BLESS") == "1":
        write_ceilings(args.ceilings, measured)
        ceilings = read_ceilings(args.ceilings)
    for (name, identity), complaint in judge_counts(measured, ceilings, slack).items():
        tap.say(not complaint, f"{name}, identity={identity}: {measured[name, identity]:.1f} instructions added", complaint)
    for (name, identity), complaint in judge_calls(runs, ceilings, args.library).items():
        tap.say(not complaint, f"{name}, identity={identity}: what is called", complaint)
    return tap.end()


def self_test(args):
    """Without rounds before, the first round goes the slow way: its instructions and its functions must be seen."""
    tap = Tap()
    runs = measure(args, FEW_ROUNDS, warm=0)
    ceilings = read_ceilings(args.ceilings)
    for (name, identity), complaint in judge_counts(added(runs), ceilings, SLACK).items():
        tap.say(complaint, f"{name}, identity={identity}: instructions of one slow round in {FEW_ROUNDS}", "are not seen")
    for (name, identity), complaint in judge_calls(runs, ceilings, args.library).items():
        slow = any(function in complaint for function in ("lv_acquire_slow", "lv_identity_adopt"))
        tap.say(slow, f"{name}, identity={identity}: functions of a slow round", complaint)
    return tap.end()


def main():
    parser = argparse.ArgumentParser(description="Hold the number of instructions of the fast path.")
    parser.add_argument("--compiler", default=COMPILER + ".")
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("library")
    parser.add_argument("passthrough")
    parser.add_argument("program")
    parser.add_argument("ceilings")
    args = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("1..0 # SKIP valgrind is not installed")
        return 0
    return self_test(args) if args.self_test else test(args)


if __name__ == "__main__":
    sys.exit(main())
