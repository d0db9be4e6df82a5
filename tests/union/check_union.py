#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The simulators and the sample programs of this project, put together: each has a record, several run at once, and `lockval check` says what all of them together can deadlock by. Every finding must be in the table below, and every line of the table
must be found.

What each run finds by itself is held by the suite sim; here it is that

- what was mended in the simulated kernel stays so where all scenarios of the mended code are put together;
- the circle of 2017, whose three call chains run in three processes, of which none finds anything, is found, and is the same finding, by its
  fingerprint, as in one process that runs all three;
- nothing else is found: programs that have nothing to do with each other have no locks in common.

Usage: check_union.py LOCKVAL [--sim MM_SIM HOTPLUG_SIM] SAMPLES_FOLDER
"""

import concurrent.futures
import json
import os
import pathlib
import re
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
from command import Checks, call, environment  # noqa: E402

# test: (program, arguments, status of the run)
MENDED = {
    "drain-fix": ("mm_sim", ["drain-fix"], 0),
    "page-alloc-fix": ("mm_sim", ["page-alloc-fix"], 0),
    "mm-torture": ("mm_sim", ["torture", "--seconds", "1"], 0),
    "up-down-split": ("hotplug_sim", ["up-down-split"], 0),
    "register": ("hotplug_sim", ["register"], 0),
    "rollback": ("hotplug_sim", ["rollback"], 0),
    "hotplug-torture": ("hotplug_sim", ["torture", "--seconds", "1"], 0),
}
CHAINS = {f"chain-{number}": ("mm_sim", ["reported", "--order", str(number)], 0) for number in (1, 2, 3)}
SAMPLES = {
    **{f"store-{name}": ("store_tests", [name], 66 if name == "compact" else 0) for name in ("put", "journal", "replay", "compact", "writers")},
    "teller": ("teller", [], 0), "auditor": ("auditor", [], 0), "desk-pay": ("desk", ["pay"], 0), "desk-audit": ("desk", ["audit"], 0),
}

# What is found: kind, verdict, the names of the circle in any order, and whether a single run made it.
REPORTED = ("event", "potential", frozenset({"cpu_hotplug_lock.rw_sem", "cpuhp_state_mutex", "cpuhp_state", "(complete)&req.done", "sb_writers",
                                             "&pipe->mutex/1", "&sb->s_type->i_mutex_key"}), "together")
# The same, where the thread of a CPU that comes up is waited for by another completion, too.
REPORTED_TOO = ("event", "potential", REPORTED[2] | {"(complete)&st->done"}, "together")
LEDGER = ("circular", "potential", frozenset({"accounts_lock", "history_lock"}), "together")
STORE = ("circular", "feasible", frozenset({"index_lock", "journal_lock"}), "alone")


def shown(findings):
    return sorted((kind, verdict, sorted(locks), made) for kind, verdict, locks, made in findings)


class Suite:
    def __init__(self, checks, lockval, programs, folder):
        self.checks, self.lockval, self.programs, self.folder = checks, lockval, programs, folder

    def run(self, runs, place):
        """All of @runs into one record, or one store, four at a time."""
        where = "db" if place.suffix == ".db" else "record"

        def one(test):
            program, arguments, status = runs[test]
            done = call(self.lockval, "run", f"--{where}={place}", f"--test={test}", "--commit=here", "-q", "--", str(self.programs[program]), *arguments,
                        env=environment(XDG_RUNTIME_DIR=str(self.folder)))
            return test, status, done

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for test, status, done in pool.map(one, runs):
                self.checks.is_true(f"{test} ends with {status}", done.returncode == status, done)

    def look(self, title, record, *more):
        """The findings, as in the table, and the status."""
        done = call(self.lockval, "check", "--format=json", *more, str(record))
        try:
            findings = json.loads(done.stdout)["findings"]
        except ValueError:
            self.checks.is_true(f"{title}: the findings can be read", False, done)
            return {}, done.returncode
        found = {}
        for finding in findings:
            locks = frozenset(re.sub(r"#\d+(?=/|$)", "", name) for name in finding.get("cycle", "").split(" -> "))
            together = any("different runs" in reason for reason in finding["reasons"])
            found[finding["kind"], finding["verdict"], locks, "together" if together else "alone"] = finding
        return found, done.returncode

    def expect(self, title, record, wanted, *more):
        found, status = self.look(title, record, *more)
        self.checks.equal(f"{title}: what is found", shown(wanted), shown(found))
        self.checks.equal(f"{title}: the status", 66 if wanted else 0, status)
        return found


def check_kernel(checks, suite):
    record = suite.folder / "mended.jsonl"
    suite.run(MENDED, record)
    suite.expect("the mended kernel", record, [])

    record = suite.folder / "chains.db"
    suite.run(CHAINS, record)
    found = suite.expect("three chains in three runs", record, [REPORTED, REPORTED_TOO])
    for number in (1, 2, 3):
        others = f"chain-[{''.join(str(other) for other in (1, 2, 3) if other != number)}]"
        suite.expect(f"without the chain {number}", record, [], f"--test={others}")
    if REPORTED in found:
        finding = found[REPORTED]
        checks.equal("the finding names the runs of all three", set(CHAINS), {edge["run"]["test"] for edge in finding["edges"] if "run" in edge})
        whole = suite.folder / "whole.jsonl"
        call(suite.lockval, "run", f"--record={whole}", "-q", "--", str(suite.programs["mm_sim"]), "reported")
        alone = json.loads(call(suite.lockval, "report", "--format=json", str(whole)).stdout)["findings"]
        checks.equal("it is the one that a process with all three makes", [finding["fingerprint"]], [other["fingerprint"] for other in alone])


def check_samples(checks, suite):
    record = suite.folder / "samples.jsonl"
    suite.run(SAMPLES, record)
    found = suite.expect("the samples", record, [LEDGER, STORE])
    if LEDGER in found:
        tests = [edge["run"]["test"] for edge in found[LEDGER]["edges"]]
        checks.is_true("the ledger: one side pays, one audits", len({test in ("teller", "desk-pay") for test in tests}) == 2, tests)
    suite.expect("those that are clean alone, and go one way", record, [], "--test=*pay")


def check_all(checks, suite):
    """Programs that have nothing to do with each other: nothing more than in the parts. (The kernel as it was reported is another one than
    the mended one, with locks of the same names.)"""
    records = [str(suite.folder / name) for name in ("mended.jsonl", "samples.jsonl") if (suite.folder / name).exists()]
    done = call(suite.lockval, "merge", "-o", str(suite.folder / "all.merged"), *records)
    checks.equal("all are put together", 0, done.returncode)
    suite.expect("all together", suite.folder / "all.merged", [LEDGER, STORE])

    def add(record):
        return call(suite.lockval, "db", "add", str(suite.folder / "all.db"), record)

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        checks.equal("all are stored, at once", [0] * len(records), [done.returncode for done in pool.map(add, records)])
    suite.expect("all in one store", suite.folder / "all.db", [LEDGER, STORE])
    suite.expect("of the store, those that go one way", suite.folder / "all.db", [], "--test=*pay")


def main(arguments):
    lockval, *rest = arguments
    programs = {}
    if rest and rest[0] == "--sim":
        programs = {"mm_sim": pathlib.Path(rest[1]), "hotplug_sim": pathlib.Path(rest[2])}
        rest = rest[3:]
    if len(rest) != 1:
        print(__doc__)
        return 2
    programs.update({name: pathlib.Path(rest[0]) / name for name in ("store_tests", "teller", "auditor", "desk")})
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        suite = Suite(checks, os.path.abspath(lockval), programs, pathlib.Path(folder))
        if "mm_sim" in programs:
            check_kernel(checks, suite)
        check_samples(checks, suite)
        check_all(checks, suite)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
