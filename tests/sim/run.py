#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The simulators under the library: what each scenario must give, exactly.

Usage: run.py --lib LIB --mm MM_SIM --hotplug HOTPLUG_SIM --golden FOLDER GROUP

Groups: list        --list and the table below agree; --help names every option
        scenarios   every scenario but torture, RUNS times for each way of keeping identities: status, output, findings
        orders      the six orders of the three call chains: one cycle, one fingerprint; fewer chains, none
        writers     reported with a freezer, with CPU hotplug, with both: the same finding
        hang        hang: says so and ends without the library, stays so with --forever, is a deadlock under it
        golden      whole reports against FOLDER; LOCKVAL_BLESS=1 in the environment rewrites them
        torture     both tortures, three seconds each: clean
        arguments   command lines that are wrong: status 2 and a message
"""

import argparse
import collections
import itertools
import os
import pathlib
import re
import subprocess
import sys
import time

RUNS = 5
IDENTITIES = ("auto", "table")
TIMEOUT = 120
TRIES, PATIENCE = 8, 20

# kind and verdict as --list has them; cycle is what "Chain exists of" must say, without the numbers of classes of one
# name, and from whichever class the last edge leads to; pattern is what the program must print.
Scenario = collections.namedtuple("Scenario", "expected cycle pattern", defaults=((), ""))

REPORTED = ("cpu_hotplug_lock.rw_sem", "cpuhp_state_mutex", "cpuhp_state", "(complete)&req.done", "sb_writers",
            "&pipe->mutex/1", "&sb->s_type->i_mutex_key")
SPLIT = tuple("cpuhp_state-up" if name == "cpuhp_state" else name for name in REPORTED)
# In hang: who waits, for what, and for whom; nobody in particular makes an event come.
HUNG = (
    ("modprobe", "(complete)&st->done", ""),
    ("cpuhp/0", "(complete)&req.done", ""),
    ("kdevtmpfs", "sb_writers", "fsfreeze/"),
    ("fsfreeze", "sb_writers", "splice/dev/"),
    ("splice/dev", "&pipe->mutex/1", "splice/memfd/"),
    ("splice/memfd", "&sb->s_type->i_mutex_key", "syz-executor5/"),
    ("syz-executor5", "cpu_hotplug_lock.rw_sem", "bash/"),
    ("bash", "cpu_hotplug_lock.rw_sem", "modprobe/"),
)
SEALED = r"F_ADD_SEALS on CPU \d+: sealed"

SCENARIOS = {
    ("mm_sim", "reported"): Scenario("event, potential", REPORTED, SEALED),
    ("mm_sim", "hang"): Scenario("deadlock, deadlock"),
    ("mm_sim", "split"): Scenario("event, potential", SPLIT, SEALED),
    ("mm_sim", "shmem-fix"): Scenario("clean", (), r"F_ADD_SEALS on CPU \d+: EBUSY"),
    ("mm_sim", "drain-fix"): Scenario("clean", (), SEALED),
    ("mm_sim", "page-alloc"): Scenario("circular, feasible", ("cpu_hotplug_lock.rw_sem", "pcpu_alloc_mutex")),
    ("mm_sim", "page-alloc-fix"): Scenario("clean"),
    ("mm_sim", "torture"): Scenario("clean", (), "all invariants hold"),
    ("hotplug_sim", "up-down-mix"): Scenario("event, potential",
                                             ("sparse_irq_lock", "(complete)&st->done", "cpuhp_state")),
    ("hotplug_sim", "up-down-split"): Scenario("clean"),
    ("hotplug_sim", "register"): Scenario("clean", (), "all callbacks removed"),
    ("hotplug_sim", "rollback"): Scenario("clean", (), "rolled back"),
    ("hotplug_sim", "torture"): Scenario("clean", (), "all invariants held"),
}

GOLDEN = (("mm_sim", "reported"), ("mm_sim", "page-alloc"), ("hotplug_sim", "up-down-mix"))

# Command lines that are wrong, and what is said.
WRONG = {
    "mm_sim": [
        (["no-such"], "no scenario is called no-such"),
        (["reported", "split"], "one scenario at a time"),
        (["--no-such"], "not an option"),
        (["--cpus"], "a value is missing"),
        (["--cpus", "0"], "not a number from 1 to 64"),
        (["--cpus", "65"], "not a number from 1 to 64"),
        (["--cpus", "two"], "not a number"),
        (["--cpus", "1"], "needs 2 or more"),
        (["--order", "112"], "not some of 1, 2 and 3"),
        (["--order", "1234"], "not some of 1, 2 and 3"),
        (["--order", "14"], "not some of 1, 2 and 3"),
        (["--order", ""], "not some of 1, 2 and 3"),
        (["page-alloc", "--order", "123"], "takes no --order"),
        (["split", "--freezer"], "takes no --freezer"),
        (["hang", "--hotplug"], "takes no --hotplug"),
        (["--forever"], "takes no --forever"),
        (["--freezer=1"], "not an option, or not with a value"),
        (["reported", "--seconds", "1"], "takes no --seconds"),
        (["torture", "--seconds", "0"], "not a number from 1 to"),
        (["torture", "--pages", "63"], "not a number from 64 to"),
        (["torture", "--seed", "-1"], "not a number"),
        (["torture", "--seed", "99999999999999999999999"], "not a number"),
        (["--list=1"], "not an option, or not with a value"),
    ],
    "hotplug_sim": [
        (["no-such"], "no scenario is called no-such"),
        (["register", "rollback"], "one scenario at a time"),
        (["--no-such"], "not an option"),
        (["--cpus"], "a value is missing"),
        (["--cpus", "0"], "not a number from 1 to 64"),
        (["--cpus", "1"], "needs 2 or more"),
        (["register", "--seed", "1"], "takes no --seed"),
        (["--order", "123"], "takes no --order"),
        (["torture", "--seconds", ""], "not a number"),
        (["torture", "--pages", "100"], "takes no --pages"),
    ],
}

Result = collections.namedtuple("Result", "status out err")
Report = collections.namedtuple("Report", "kind verdict cycle fingerprint")


class Test:
    """Where the programs are, and what went wrong."""

    def __init__(self, args):
        self.programs = {"mm_sim": args.mm, "hotplug_sim": args.hotplug}
        self.lib = args.lib
        self.golden = pathlib.Path(args.golden)
        self.failed = 0
        self.checked = 0

    def check(self, good, what, result=None):
        self.checked += 1
        if good:
            return
        self.failed += 1
        print(f"FAILED: {what}")
        if result:
            print(f"  status {result.status}\n  stdout:\n{result.out}\n  stderr:\n{result.err}")

    def run(self, program, *arguments, identity=None, options=None, timeout=TIMEOUT):
        """With @identity, under the library."""
        env = {key: value for key, value in os.environ.items() if key not in ("LD_PRELOAD", "LOCKVAL_OPTIONS")}
        if identity:
            env["LD_PRELOAD"] = self.lib
            env["LOCKVAL_OPTIONS"] = f"identity={identity}" + (f":{options}" if options else "")
        done = subprocess.run([self.programs[program], *arguments], env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout, check=False)
        return Result(done.returncode, done.stdout, done.stderr)


# ---- reports ---------------------------------------------------------------------------------------------------------

def without_number(name):
    """sb_writers#2 and &pipe->mutex#2/1 without the number of the class among those of one name."""
    return re.sub(r"#\d+(?=/|$)", "", name)


def chain_of(text):
    """The classes of "Chain exists of", the last one the first again; none for a cycle of two."""
    match = re.search(r"^Chain exists of:\n((?:  .*\n)+)", text, re.MULTILINE)
    return [name.strip() for name in " ".join(match.group(1).split()).split("-->")] if match else []


def entries_of(text):
    """The classes of the dependency chain, "-> #0" first."""
    entries = re.findall(r"^-> #(\d+) \((.*?)\)\{", text, re.MULTILINE)
    return [name for _, name in sorted(entries, key=lambda entry: int(entry[0]))]


def reports_of(text):
    """Every finding in the text. Both lists of its classes must agree."""
    reports = []
    for part in re.split(r"^=+\n(?=WARNING: )", text, flags=re.MULTILINE)[1:]:
        cycle, chain = entries_of(part), chain_of(part)
        if chain and chain != [*cycle, cycle[0]]:
            cycle = ["the chain and the entries differ", *chain]
        kind = "event" if re.search(r"^     after a wait for \(", part, re.MULTILINE) else "circular"
        if not part.startswith("WARNING: possible circular locking dependency detected\n"):
            kind = part.splitlines()[0]
        verdict = re.findall(r"^verdict: (\w+)$", part, re.MULTILINE)
        fingerprint = re.findall(r"^fingerprint: ([0-9a-f]{16})$", part, re.MULTILINE)
        reports.append(Report(kind, ",".join(verdict), tuple(map(without_number, cycle)), ",".join(fingerprint)))
    return reports


def is_rotation(cycle, expected):
    return any(cycle == expected[i:] + expected[:i] for i in range(len(expected)))


def check_run(test, key, what, watched, plain):
    """One run under the library, and the run without."""
    scenario = SCENARIOS[key]
    test.check(plain.status == 0 and not plain.err, f"{what} without the library: status 0, no message", plain)
    test.check(re.search(scenario.pattern, plain.out) is not None, f"{what}: prints {scenario.pattern}", plain)
    reports = reports_of(watched.err)
    if scenario.expected == "clean":
        test.check(watched.status == 0 and not watched.err, f"{what}: clean", watched)
        return None
    test.check(watched.status == 66, f"{what}: status 66", watched)
    test.check(len(reports) == 1, f"{what}: one finding, not {len(reports)}", watched)
    if not reports:
        return None
    report = reports[0]
    test.check(f"{report.kind}, {report.verdict}" == scenario.expected, f"{what}: {scenario.expected}", watched)
    test.check(is_rotation(report.cycle, scenario.cycle), f"{what}: the cycle {report.cycle}", watched)
    return report


# ---- groups ----------------------------------------------------------------------------------------------------------

def check_list(test):
    listed = {}
    for program in test.programs:
        for identity in (None, *IDENTITIES):
            result = test.run(program, "--list", identity=identity)
            test.check(result.status == 0 and not result.err, f"{program} --list", result)
            for line in result.out.splitlines():
                match = re.match(r"^(\S+)\s+(clean|\w+, \w+)\s+(\S.*)$", line)
                test.check(match is not None, f"{program} --list: '{line}' is not name, expectation, words")
                if match:
                    listed[program, match.group(1)] = match.group(2)
        result = test.run(program, "--help")
        options = set(re.findall(r"^  (--\w+)", result.out, re.MULTILINE))
        wanted = {"--help", "--list", "--cpus", "--seconds", "--seed"}
        if program == "mm_sim":
            wanted |= {"--pages", "--order", "--freezer", "--hotplug", "--forever"}
        test.check(result.status == 0 and options == wanted, f"{program} --help: {sorted(wanted)}", result)
        default = test.run(program)
        first = next(name for owner, name in listed if owner == program)
        test.check(default == test.run(program, first), f"{program}: the first of the list is the default", default)
    expected = {key: scenario.expected for key, scenario in SCENARIOS.items()}
    test.check(listed == expected, f"the lists say {listed}, expected is {expected}")


def check_scenarios(test):
    for key in SCENARIOS:
        program, name = key
        if name in ("torture", "hang"):
            continue
        plain = test.run(program, name)
        fingerprints = set()
        for identity, number in itertools.product(IDENTITIES, range(RUNS)):
            watched = test.run(program, name, identity=identity)
            what = f"{program} {name}, identity={identity}, run {number}"
            test.check(watched.out == plain.out, f"{what}: the same output as without the library", watched)
            report = check_run(test, key, what, watched, plain)
            fingerprints.add(report.fingerprint if report else "")
        test.check(len(fingerprints) == 1, f"{program} {name}: one fingerprint, not {sorted(fingerprints)}")


def check_orders(test):
    for name in ("reported", "split"):
        fingerprints, cycles = set(), set()
        for order in map("".join, itertools.permutations("123")):
            plain = test.run("mm_sim", name, "--order", order)
            for identity, number in itertools.product(IDENTITIES, range(RUNS)):
                watched = test.run("mm_sim", name, "--order", order, identity=identity)
                what = f"mm_sim {name} --order {order}, identity={identity}, run {number}"
                report = check_run(test, ("mm_sim", name), what, watched, plain)
                if report:
                    fingerprints.add(report.fingerprint)
                    cycles.add((order, report.cycle))
        test.check(len(fingerprints) == 1, f"mm_sim {name}: one fingerprint in all orders, not {sorted(fingerprints)}")
        test.check(len(cycles) == 6, f"mm_sim {name}: in each order, one rotation: {sorted(cycles)}")
        for order in ("1", "2", "3", "12", "23", "31"):
            done = test.run("mm_sim", name, "--order", order, identity="auto")
            test.check(done.status == 0 and "WARNING" not in done.err, f"mm_sim {name} --order {order}: fewer than three are clean")


def until(good, test, *arguments, **more):
    """The first good one of a few runs, or the last. One that hangs is not good."""
    for _ in range(TRIES):
        try:
            result = test.run(*arguments, timeout=PATIENCE, **more)
        except subprocess.TimeoutExpired:
            result = Result(None, "", "it hangs")
            continue
        if good(result):
            break
    return result


def check_writers(test):
    """With --freezer and --hotplug the tasks run side by side. Where one is late they get into each other's way, or hang, and what the report
    is about is not done: then it is tried again."""
    fingerprints = set()
    key = "mm_sim", "reported"
    for writers in (["--freezer"], ["--hotplug"], ["--freezer", "--hotplug"]):
        for identity, order in itertools.product(IDENTITIES, (None, "123", "213")):
            arguments = ["reported", *writers, *(["--order", order] if order else [])]
            what = f"mm_sim {' '.join(arguments)}, identity={identity}"
            plain = until(lambda result: result.status == 0 and "moved 2 pages" in result.out and re.search(SEALED, result.out),
                          test, "mm_sim", *arguments)
            for flag, pattern in (("--freezer", "froze devtmpfs"), ("--hotplug", "CPU 1 is up")):
                test.check((pattern in plain.out) == (flag in writers), f"{what}: {pattern}", plain)
            test.check("moved 2 pages" in plain.out, f"{what}: both pages come out of the pipe", plain)
            watched = until(lambda result: result.status not in (0, 1) or result.err, test, "mm_sim", *arguments, identity=identity)
            report = check_run(test, key, what, watched, plain)
            if report:
                fingerprints.add(report.fingerprint)
    report = reports_of(test.run("mm_sim", "reported", identity="auto").err)[0]
    test.check(fingerprints == {report.fingerprint}, f"one fingerprint, {report.fingerprint}, not {sorted(fingerprints)}")


def is_asleep(pid):
    """Does each task wait on a futex, without a limit? A thread that has just ended is none."""
    try:
        calls = [path.read_text(encoding="utf-8").split() for path in pathlib.Path(f"/proc/{pid}/task").glob("*/syscall")]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return all(call[0] == "202" and call[4] == "0x0" for call in calls)


def check_hang(test):
    hung = test.run("mm_sim", "hang")
    test.check(hung.status == 0 and not hung.err and "hung, as it must" in hung.out, "hang without the library", hung)
    with subprocess.Popen([test.programs["mm_sim"], "hang", "--forever"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE) as process:
        begin = time.monotonic()
        while b"forming" not in process.stdout.readline() and process.poll() is None:
            pass
        # Two looks, since the last one may only be on its way.
        while not (is_asleep(process.pid) and is_asleep(process.pid)) and time.monotonic() - begin < TIMEOUT:
            time.sleep(0.01)
        test.check(process.poll() is None and is_asleep(process.pid), "hang --forever: each thread sleeps for good")
        process.kill()
    for identity in IDENTITIES:
        what = f"hang, identity={identity}"
        result = test.run("mm_sim", "hang", identity=identity, options="on_deadlock=exit")
        test.check(result.status == 66 and "forming" in result.out, f"{what}: ends with the status 66", result)
        test.check(re.findall(r"^WARNING: .*", result.err, re.MULTILINE) ==
                   ["WARNING: all threads wait, and nothing can wake them!"], f"{what}: one finding", result)
        test.check("\nverdict: deadlock\n" in result.err, f"{what}: a deadlock", result)
        for name, wants, blocker in HUNG:
            waits = rf"^{re.escape(name)}/\d+ (is trying to acquire lock|waits for event).*\n\w+ \({re.escape(wants)}\)"
            match = re.search(waits + r"(?:.*\n)*?(which is held by|behind|\d* ?locks?|no locks) (.*)$", result.err,
                              re.MULTILINE)
            test.check(match is not None and match.group(3).startswith(blocker), f"{what}: {name} waits", result)


def normal(text):
    """The report without what differs from run to run and from machine to machine: addresses, offsets, thread and process
    numbers, version, frames outside of the program, suffixes that a compiler gives to functions."""
    text = re.sub(r"^ +(\S+ \((libc|liblockval)\.so\S*\)|libc\.so\S*|_start\+.*)$\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"\+0x[0-9a-f]+ \(", " (", text)
    text = re.sub(r"\b0x[0-9a-f]+\b", "ADDRESS", text)
    text = re.sub(r"\.(?:constprop|isra|part|cold|llvm)\.\d+", "", text)
    text = re.sub(r"^lockval \S+  (\S+)\[\d+\]$", r"lockval VERSION  \1[PID]", text, flags=re.MULTILINE)
    text = re.sub(r"^(\S+)/\d+(?= is trying)", r"\1/TID", text, flags=re.MULTILINE)
    return re.sub(r"(\bby \S+)/\d+(?=[:.]?$)", r"\1/TID", text, flags=re.MULTILINE)


def check_golden(test):
    for program, name in GOLDEN:
        path = test.golden / f"{name}.txt"
        result = test.run(program, name, identity="auto")
        text = normal(result.err)
        if os.environ.get("LOCKVAL_BLESS") == "1":
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        for identity in IDENTITIES:
            text = normal(test.run(program, name, identity=identity).err)
            golden = path.read_text(encoding="utf-8") if path.exists() else ""
            test.check(text == golden, f"{program} {name}, identity={identity}: the report is not {path.name}:")
            if text != golden:
                show_difference(golden, text)


def show_difference(golden, text):
    old, new = golden.splitlines(), text.splitlines()
    for number, (left, right) in enumerate(itertools.zip_longest(old, new), 1):
        if left != right:
            print(f"  line {number}:\n    golden: {left}\n    is:     {right}")
            return


def check_torture(test):
    for program, identity in itertools.product(test.programs, IDENTITIES):
        arguments = ["torture", "--seconds", "3" if identity == "auto" else "1"]
        result = test.run(program, *arguments, identity=identity)
        what = f"{program} {' '.join(arguments)}, identity={identity}"
        test.check(result.status == 0 and not result.err, f"{what}: clean", result)
        test.check(SCENARIOS[program, "torture"].pattern in result.out, f"{what}: invariants hold", result)
        print(f"{what}:\n{result.out}")


def check_arguments(test):
    for program, lines in WRONG.items():
        for arguments, message in lines:
            for identity in (None, "auto"):
                result = test.run(program, *arguments, identity=identity)
                what = f"{program} {arguments}"
                test.check(result.status == 2 and not result.out, f"{what}: status 2 and no output", result)
                test.check(re.fullmatch(rf"{program}: .*{re.escape(message)}.*\n", result.err) is not None,
                           f"{what}: one line that says '{message}'", result)


GROUPS = {
    "list": check_list,
    "scenarios": check_scenarios,
    "orders": check_orders,
    "writers": check_writers,
    "hang": check_hang,
    "golden": check_golden,
    "torture": check_torture,
    "arguments": check_arguments,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lib", required=True)
    parser.add_argument("--mm", required=True)
    parser.add_argument("--hotplug", required=True)
    parser.add_argument("--golden", required=True)
    parser.add_argument("group", choices=GROUPS)
    args = parser.parse_args()
    test = Test(args)
    GROUPS[args.group](test)
    print(f"{args.group}: {test.checked} checks, {test.failed} failed")
    return 1 if test.failed or not test.checked else 0


if __name__ == "__main__":
    sys.exit(main())
