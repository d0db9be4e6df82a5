#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The programs of this folder against their table.

Usage: run.py GROUP --lib LIBRARY NAME=PROGRAM...

Groups: table      each source has a line, and each line is of a program that does what it says with its arguments
        plain      each ends by itself, unless chance makes a real one hang, and then not each time
        predicted  what a run that does not hang is said to be under the library
        hang       a real one hangs with --hang in each run, without the library
        deadlock   and under the library it is reported as a deadlock, once, and ended with the status 66, unless a thread
                   waits for itself
        waits      or goes on waiting after the report, with on_deadlock=report
        never      an impossible one ends in each of many runs, and no deadlock is reported
        legal      of a command that does nothing wrong nothing is said
"""

import argparse
import os
import re
import sys

import programs

END_OF_REPORT = re.compile(rb"^verdict: deadlock$(?s:.*)^fingerprint: .*\n", re.MULTILINE)
LEAST_REAL, LEAST_IMPOSSIBLE = 20, 10
IDENTITIES = ("auto", "table")
PATIENCE = 5     # seconds until a run that spins is taken to hang
TIMEOUT = 60     # seconds until the test fails
TRIES = 40       # for a run that does not hang
NEVER_RUNS = 10  # for each way of keeping identities


class Test:
    def __init__(self, args):
        self.lib = args.lib
        self.paths = dict(pair.split("=", 1) for pair in args.programs)
        self.table = programs.read_table()
        self.failed = 0

    def check(self, good, what, result=None):
        if good:
            return
        self.failed += 1
        print(f"FAILED: {what}")
        if result:
            print(f"  status {result.status}\n  stdout:\n{result.out}\n  stderr:\n{result.err}", flush=True)

    def rows(self, possible=None):
        """The rows whose programs were built: those in C++ are not everywhere."""
        return [row for row in self.table.values() if row.program in self.paths and possible in (None, row.possible)]

    def run(self, row, *arguments, options=None):
        """Under the library if there are @options."""
        env = programs.environment(self.lib if options is not None else None, options)
        may_hang = row.plain == "chance" and not arguments
        return programs.run([self.paths[row.program], *arguments], env, PATIENCE if may_hang else TIMEOUT, may_hang)


def check_table(test):
    sources = {path.stem for path in programs.FOLDER.iterdir() if path.suffix in (".c", ".cpp")} - {"legal_storm"}
    test.check(sources == set(test.table), f"sources and lines differ: {sorted(sources ^ set(test.table))}")
    test.check(set(test.paths) <= sources, f"programs without a line: {sorted(set(test.paths) - sources)}")
    real = [row for row in test.table.values() if row.possible == "real"]
    reported = [row for row in test.table.values() if row.possible == "impossible" and row.predicted != "-"]
    test.check(len(real) >= LEAST_REAL and len(reported) >= LEAST_IMPOSSIBLE,
               f"{len(real)} can deadlock, {len(reported)} are reported and cannot")
    for row in test.table.values():
        test.check(row.possible in ("real", "impossible") and row.threads.isdigit() and row.closes, f"the line {row}")
        test.check(row.plain == ("chance" if row.possible == "real" else "never"), f"{row.program}: plain")
        test.check(row.program.startswith("no_") == (row.possible == "impossible"), f"{row.program}: its name")
        count = row.circle.partition("/")[0]
        test.check(count in ("-", "self") or (count.isdigit() and int(count) <= int(row.threads)),
                   f"{row.program}: the circle")
    for row in test.rows():
        wrong = ["--hung"] if row.possible == "real" else ["--hang"]
        result = test.run(row, *wrong)
        test.check(result.status == 2 and not result.out and "usage:" in result.err, f"{row.program} {wrong}", result)


def check_plain(test):
    one_processor = len(os.sched_getaffinity(0)) == 1
    for row in test.rows():
        for _ in range(TRIES if row.plain == "chance" else 1):
            result = test.run(row)
            if result.status is not None:
                break
        if one_processor and row.plain == "chance" and result.status is None:
            continue  # the kernel lets them take turns, and may do it in one way each time
        test.check(result.status == 0 and result.out == "done\n" and not result.err, f"{row.program}: ends", result)


def check_predicted(test):
    for row in test.rows():
        wanted = [] if row.predicted == "-" else [row.predicted]
        for identity in IDENTITIES:
            for _ in range(TRIES):
                result = test.run(row, options=f"on_deadlock=exit:identity={identity}")
                # What hangs was reported before, so nothing need be tried again; but what is said to have no finding must end.
                if not programs.deadlocked(result) or programs.findings(result) == wanted != []:
                    break
            found = programs.findings(result)
            what = f"{row.program}, identity={identity}"
            test.check(found == wanted, f"{what}: {found} is not {wanted}", result)
            if not programs.deadlocked(result):
                status = 66 if wanted and not row.predicted.endswith(" guarded") else 0
                test.check(result.status == status, f"{what}: status {status}", result)


def hang(test, row, options=None):
    """Start it, and wait until it is stuck. Returns: the process, or None after a complaint."""
    env = programs.environment(test.lib if options is not None else None, options)
    process = programs.start([test.paths[row.program], "--hang"], env)
    said, when = programs.read_until(process, process.stdout, programs.FORMING, TIMEOUT)
    spins = row.program == "spinlocks"
    while when and not programs.is_stuck(process.pid, spins) and process.poll() is None:
        pass
    if when and process.poll() is None:
        return process
    out, err = programs.end(process)
    test.check(False, f"{row.program} --hang: it did not hang: {said + out!r} {err!r}")
    return None


def check_hang(test):
    for row in test.rows("real"):
        process = hang(test, row)
        if process:
            _, err = programs.end(process)
            test.check(process.returncode == -9 and not err, f"{row.program} --hang: {process.returncode}, {err!r}")


def check_report(test, row, what, err, ended):
    """Of a run that deadlocks: what is stuck is reported, and before it nothing but what leads to it."""
    result = programs.Result(None, "", err, 0)
    found = [(one.kind, one.verdict) for one in programs.reports.findings_of(err)]
    stuck = found.count(("deadlock", "deadlock"))
    others = [kind for kind, verdict in found if kind != "deadlock"]
    allowed = {"circular", "recursive"} | ({"lifetime"} if row.program == "forgotten_unlock" else set())
    if row.circle == "self":
        # Said before it waits, so that there is nothing more to say when it does.
        test.check(("recursive", "deadlock") in found, f"{what}: {found}", result)
    elif ended or row.circle.endswith("-"):
        test.check(1 <= stuck <= (1 if ended or row.circle == "-" else 2), f"{what}: {found} is not one deadlock", result)
    else:
        # Some wait for each other, and later all wait.
        test.check(1 <= stuck <= 2 and err.count(programs.CIRCLE) == 1, f"{what}: {found} is not one circle", result)
    test.check(allowed.issuperset(others), f"{what}: other findings: {others}", result)
    count = row.circle.partition("/")[0]
    good = count.isdigit() and f"\n{count} threads wait for each other in a circle" in err
    good = good or (row.circle.endswith("-") and programs.STALL in err) or row.circle == "self"
    test.check(good, f"{what}: the circle is {row.circle}", result)


def check_deadlock(test):
    # Of two threads that wait for themselves one may end the process before the other has written what it found.
    for row in [row for row in test.rows("real") if row.circle != "self"]:
        for identity in IDENTITIES:
            what = f"{row.program} --hang, identity={identity}"
            result = test.run(row, "--hang", options=f"on_deadlock=exit:identity={identity}")
            test.check(result.status == 66, f"{what}: ends with the status 66", result)
            test.check("done" not in result.out, f"{what}: does not come to its end", result)
            check_report(test, row, what, result.err, True)


def check_waits(test):
    for row in test.rows("real"):
        what = f"{row.program} --hang, on_deadlock=report"
        process = programs.start([test.paths[row.program], "--hang"],
                                 programs.environment(test.lib, "on_deadlock=report"))
        err, _ = programs.read_until(process, process.stderr, END_OF_REPORT, TIMEOUT)
        while process.poll() is None and not programs.is_stuck(process.pid, row.program == "spinlocks"):
            pass
        stuck = process.poll() is None and programs.is_stuck(process.pid, row.program == "spinlocks")
        _, more = programs.end(process)
        test.check(stuck and process.returncode == -9, f"{what}: waits on")
        check_report(test, row, what, (err + more).decode(errors="replace"), False)


def check_never(test):
    for row in test.rows("impossible"):
        status = 66 if row.predicted != "-" and not row.predicted.endswith(" guarded") else 0
        for identity in IDENTITIES:
            for _ in range(NEVER_RUNS):
                result = test.run(row, options=f"on_deadlock=abort:identity={identity}")
                test.check(result.status == status and not programs.deadlocked(result),
                           f"{row.program}, identity={identity}: never deadlocks", result)


def check_legal(test):
    for name, command in test.paths.items():
        for identity in IDENTITIES:
            env = programs.environment(test.lib, f"identity={identity}")
            result = programs.run(command.split(), env, TIMEOUT)
            test.check(result.status == 0 and not result.err, f"{name}, identity={identity}: nothing is said", result)


GROUPS = {
    "table": check_table,
    "plain": check_plain,
    "predicted": check_predicted,
    "hang": check_hang,
    "deadlock": check_deadlock,
    "waits": check_waits,
    "never": check_never,
    "legal": check_legal,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lib", required=True)
    parser.add_argument("group", choices=GROUPS)
    parser.add_argument("programs", nargs="+", metavar="NAME=PROGRAM")
    args = parser.parse_args()
    args.lib = os.path.abspath(args.lib)
    test = Test(args)
    GROUPS[args.group](test)
    print(f"{args.group}: {len(test.paths)} programs, {test.failed} failures")
    return 1 if test.failed else 0


if __name__ == "__main__":
    sys.exit(main())
