#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lockval check and lockval baseline: merged records of hand in all formats, known findings, and real programs of which each
run does one half.

Usage: check_cycles.py COMMAND LIBRARY PROGRAM
"""

import json
import pathlib
import re
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

import sarif_shape
from command import Checks, call, environment
from merged import Merged, fingerprint

WHERE_ONE = "prog one (test test-one), commit c1, on host, 2023-11-14 22:13:21"
WHERE_TWO = "prog two (test test-two), commit c2, on host, 2023-11-14 22:13:22"
AB = fingerprint("circular", ["static:prog:A", "static:prog:B"])


def halves():
    record = Merged()
    record.takes("one", "A B", thread="first")
    record.takes("two", "B A", thread="second")
    return record


class Test:
    def __init__(self, command, folder):
        self.checks = Checks()
        self.command = command
        self.folder = folder

    def file(self, name, record):
        path = self.folder / name
        path.write_text(record.text(), encoding="utf-8")
        return str(path)

    def check(self, title, status, *args):
        done = call(self.command, "check", *args)
        self.checks.equal(f"{title}: the status", status, done.returncode)
        return done

    def findings(self, *args):
        done = call(self.command, "check", "--format=json", *args)
        return json.loads(done.stdout)["findings"]


def text(test):
    path = test.file("halves", halves())
    out = test.check("two halves", 66, path).stdout
    for part in ("WARNING: possible circular locking dependency detected", "2 runs together", "verdict: potential", "by first/1\n     in run A",
                 "different runs: 2 acquisitions in 2 runs, and none of the runs saw the whole circle", f"A is {WHERE_ONE}", f"B is {WHERE_TWO}",
                 f"fingerprint: {AB}", "lockval: 1 finding: 1 potential"):
        test.checks.is_true(f"it says: {part}", part in out, out)
    test.checks.equal("it says the same again", out, test.check("again", 66, path).stdout)
    clean = Merged()
    clean.takes("one", "A B")
    clean.takes("two", "A B")
    out = test.check("one order", 0, test.file("clean", clean)).stdout
    test.checks.is_true("it has no findings", "lockval: 0 findings" in out, out)


def forms(test):
    checks = test.checks
    path = test.file("halves", halves())
    finding = test.findings(path)[0]
    checks.equal("JSON: the verdict", ("circular", "potential", True), (finding["kind"], finding["verdict"], finding["counts"]))
    checks.equal("JSON: the runs of its edges", {"test-one", "test-two"}, {edge["run"]["test"] for edge in finding["edges"]})
    edge = next(edge for edge in finding["edges"] if edge["held"]["class"] == "A")
    checks.equal("JSON: one of them", ("prog", ["prog", "one"], "c1", "host", 1700000001000),
                 tuple(edge["run"][member] for member in ("program", "argv", "commit", "host", "start_ms")))
    checks.is_true("JSON: its stacks", "stack" in edge["held"] and "stack" in edge["wanted"], edge)
    log = json.loads(test.check("SARIF", 66, "--format=sarif", path).stdout)
    checks.equal("SARIF: nothing is wrong with it", [], sarif_shape.complaints(log))
    result = log["runs"][0]["results"][0]
    checks.equal("SARIF: the runs", {WHERE_ONE, WHERE_TWO}, set(result["properties"]["runs"]))
    checks.equal("SARIF: the fingerprint", AB, result["partialFingerprints"]["lockval/v1"])
    suite = ElementTree.fromstring(test.check("JUnit", 66, "--format=junit", path).stdout).find("testsuite")
    checks.equal("JUnit: one failure", ("1", "1"), (suite.get("tests"), suite.get("failures")))
    failure = suite.find("testcase/failure").text
    checks.is_true("JUnit: both runs", WHERE_ONE in failure and WHERE_TWO in failure, failure)
    out = test.folder / "page.html"
    done = test.check("HTML", 66, "--format=html", "-o", str(out), path)
    page = out.read_text(encoding="utf-8")
    checks.equal("HTML: nothing on stdout", "", done.stdout)
    checks.equal("HTML: each run once beside its step", (1, 1), (page.count(f"in the run {WHERE_ONE}"), page.count(f"in the run {WHERE_TWO}")))
    for form in ("dot", "svg", "lockdep"):
        done = test.check(form, 66, f"--format={form}", path)
        checks.is_true(f"{form}: there is something", len(done.stdout) > 100)


def runs_of_findings(test):
    checks = test.checks
    record = halves()
    record.takes("one", "B A")
    record.finds("one", "feasible", ["A", "B"])
    record.finds("two", "potential", ["B", "A"], ordinal=":2")
    path = test.file("made", record)
    finding = test.findings(path)[0]
    checks.equal("a run's own finding keeps its verdict", ("feasible", "test-one"), (finding["verdict"], finding["run"]["test"]))
    checks.equal("and names the other run", ["test-two"], [run["test"] for run in finding["also"]])
    out = test.check("made by runs", 66, path).stdout
    checks.is_true("the text has the run's report", "report of one" in out and f"in the run: {WHERE_ONE}\n       and: {WHERE_TWO}" in out, out)
    checks.is_true("and it is there once", out.count("[" + AB + "]") == 1, out)


def suppressed(test):
    """Files of suppressions, for what no run could hold against one; and those that are built in."""
    checks = test.checks
    path = test.file("halves", halves())
    supp = test.folder / "locks.supp"
    for entry, status in (("circular:A & B", 0), ("circular:static:prog:A", 0), ("*:B", 0), ("circular:A & C", 66), ("recursive:A", 66), ("circular:prog", 66)):
        supp.write_text(f"# some\n{entry} # they never meet\n", encoding="utf-8")
        done = test.check(f"suppressed by {entry}", status, f"--suppressions={supp}", path)
        unused = f"locks.supp:2: unused: {entry}\n" in done.stderr
        checks.equal(f"{entry}: the summary, and what is unused", (status == 0, status != 0), ("1 suppressed" in done.stdout, unused))
        call(test.command, "baseline", path, "-o", str(test.folder / "none"), f"--suppressions={supp}")
        checks.equal(f"{entry}: what is suppressed is not in the baseline", status != 0, AB in (test.folder / "none").read_text(encoding="utf-8"))
    supp.write_text("circular:A & B # they never meet\n", encoding="utf-8")
    found = halves()
    found.finds("one", "feasible", ["A", "B"])
    other = test.folder / "other.supp"
    other.write_text("circular:X # none\n\n", encoding="utf-8")
    finding = test.findings(f"--suppressions={other},{supp}", path)[0]
    checks.equal("JSON: by which entry, and why", ("circular:A & B", "they never meet", False),
                 (finding["suppressed_by"], finding["suppressed_reason"], finding["counts"]))
    place = json.loads(call(test.command, "check", "--format=sarif", f"--suppressions={other},{supp}", path).stdout)
    place = place["runs"][0]["results"][0]["suppressions"][0]["location"]["physicalLocation"]
    checks.equal("SARIF: where that stands", ("locks.supp", 1), (place["artifactLocation"]["uri"].rsplit("/", 1)[-1], place["region"]["startLine"]))
    report = call(test.command, "report", f"--suppressions={supp}", test.file("found", found))
    checks.equal("lockval report: the same for what a run found", (True, ""), ("0 findings: 1 suppressed" in report.stdout, report.stderr))
    report = call(test.command, "report", "--suppressions=/no/such/file", test.file("found", found))
    checks.equal("lockval report: a file that is not there", (1, ""), (report.returncode, report.stdout))
    other.write_text("circular X\n", encoding="utf-8")
    done = test.check("a line that is none", 66, f"--suppressions={other}", path)
    checks.is_true("it is complained of", f"{other}:1:" in done.stderr, done.stderr)
    done = test.check("a file that is not there", 1, "--suppressions=/no/such/file", path)
    checks.is_true("it is named", "/no/such/file" in done.stderr and done.stdout == "", done)

    names = ["libdbus-1.so.3+0x11", "mutex@libdbus-1.so.3+0x22", "dbus_threads_init"]  # what the built-in entry for libdbus looks for
    for third, status in (("dbus_threads_init", 0), ("dbus_threads", 66)):
        names[2], known = third, Merged()
        for i, name in enumerate(names):
            known.takes(f"run{i}", f"{name} {names[(i + 1) % 3]}")
        path = test.file("libdbus", known)
        test.check(f"built in, with {third}", status, path)
        test.check(f"known findings are asked for, with {third}", 66, "--known-findings", path)


def fail_on(test):
    record = Merged()
    record.takes("one", "A B!timed")
    record.takes("two", "B A")
    path = test.file("timed", record)
    out = test.check("guarded does not count", 0, path).stdout
    test.checks.is_true("it is a note, and says why", "1 guarded (note)" in out and "timed: an acquisition" in out, out)
    test.checks.is_true("so does its line in the summary", re.search(r"^  guarded   circular .*\]  timed: an acquisition", out, re.MULTILINE) is not None, out[-400:])
    test.check("unless it is to", 66, "--fail-on=guarded", path)
    path = test.file("halves", halves())
    test.check("potential is too low", 0, "--fail-on=feasible", path)
    test.check("never", 0, "--fail-on=never", path)
    test.check("a verdict that there is not", 2, "--fail-on=soon", path)
    test.check("a format that there is not", 2, "--format=paper", path)
    test.check("no record", 2)
    test.check("a record that there is not", 1, str(test.folder / "nothing"))
    test.check("a file that cannot be written", 1, "-o", str(test.folder / "no" / "folder"), path)


def baseline(test):
    checks = test.checks
    path, known = test.file("halves", halves()), str(test.folder / "known")
    done = call(test.command, "baseline", path, "-o", known)
    checks.equal("baseline: the status", 0, done.returncode)
    text_of = pathlib.Path(known).read_text(encoding="utf-8")
    for part in ("lockval baseline 1\n", f"\n{AB} potential circular\n", "  lock static:prog:A\n  lock static:prog:B\n", f"  seen {WHERE_ONE}\n"):
        checks.is_true(f"baseline: it has {part!r}", part in text_of, text_of)
    out = test.check("what is known does not fail", 0, f"--baseline={known}", path).stdout
    checks.is_true("it is counted and said", f"lockval: 1 finding is known ({known})" in out, out)
    suite = ElementTree.fromstring(call(test.command, "check", "--format=junit", f"--baseline={known}", path).stdout).find("testsuite")
    checks.equal("JUnit: it is skipped", ("0", "1"), (suite.get("failures"), suite.get("skipped")))
    more = halves()
    more.takes("one", "C D")
    more.takes("three", "D C")
    wide = test.file("more", more)
    out = test.check("what is new fails", 66, f"--baseline={known}", wide).stdout
    checks.is_true("only that is shown", "(C)" in out and "(A)" not in out, out)
    done = test.check("gone", 0, f"--baseline={known}", test.file("one", Merged(["A"])))
    checks.is_true("entries that are not met are listed", f"1 entry of {known} was not met any more" in done.stdout and AB in done.stdout, done.stdout)

    # Comments are kept, entries that are gone go.
    pathlib.Path(known).write_text(text_of.replace(f"\n{AB}", f"\n# known since\n# 2.0\n{AB}"), encoding="utf-8")
    done = call(test.command, "baseline", wide, "-o", known)
    text_of = pathlib.Path(known).read_text(encoding="utf-8")
    checks.is_true("a comment is kept", f"\n# known since\n# 2.0\n{AB} potential" in text_of and text_of.count(" circular\n") == 2, text_of)
    done = call(test.command, "baseline", path, "-o", known)
    checks.is_true("what is gone is said", "was not met any more" in done.stderr, done.stderr)
    again = call(test.command, "baseline", path, "-o", known)
    text_of = pathlib.Path(known).read_text(encoding="utf-8")
    checks.is_true("and is gone, the comment is not", text_of.count(" circular\n") == 1 and "# known since\n" in text_of, text_of)
    checks.equal("written again it is the same", ("", text_of), (again.stderr, pathlib.Path(known).read_text(encoding="utf-8")))
    junit = call(test.command, "check", "--format=sarif", f"--baseline={known}", path).stdout
    checks.is_true("the comment is the reason", "known since 2.0" in junit, junit)

    # Stable keys with other numbers: the fingerprint is another one, and the locks are the same.
    for number in range(20): # which one counts is the union's to say
        other = Merged()
        other.add_class("A", stable=f"static:prog:{number}", stables=[f"static:prog:{number}", "static:prog:A"])
        other.takes("one", "A B")
        other.takes("two", "B A")
        path = test.file("other", other)
        if test.findings(path)[0]["fingerprint"] != AB:
            break
    checks.is_true("the fingerprint is another one", test.findings(path)[0]["fingerprint"] != AB)
    test.check("it is known by its keys", 0, f"--baseline={known}", path)
    strange = Merged()
    strange.add_class("A", stable="static:prog:X", stables=["static:prog:X"])
    strange.takes("one", "A B")
    strange.takes("two", "B A")
    test.check("with another lock it is not", 66, f"--baseline={known}", test.file("strange", strange))

    # A higher verdict is said.
    worse = halves()
    worse.finds("one", "feasible", ["A", "B"])
    done = test.check("a known finding that got worse", 0, f"--baseline={known}", test.file("worse", worse))
    checks.is_true("it is said", "1 of the known findings has a higher verdict" in done.stdout, done.stdout)

    done = call(test.command, "report", "--format=json", f"--baseline={known}", str(test.folder / "worse"))
    checks.equal("lockval report knows it, too", [False], [finding["counts"] for finding in json.loads(done.stdout)["findings"]])

    # Contexts.
    use = Merged()
    use.uses("one", "inside", "A", "SIGALRM")
    use.uses("two", "open", "A", "SIGALRM")
    path = test.file("use", use)
    call(test.command, "baseline", path, "-o", known + ".use")
    text_of = pathlib.Path(known + ".use").read_text(encoding="utf-8")
    checks.is_true("a finding about a context", "potential signal\n  context SIGALRM\n  lock static:prog:A\n  lock static:prog:A\n" in text_of, text_of)
    test.check("is known, too", 0, f"--baseline={known}.use", path)
    for name, wrong in (("empty", ""), ("foreign", "hello\n"), ("broken", "lockval baseline 1\nnothing\n")):
        (test.folder / name).write_text(wrong, encoding="utf-8")
        test.check(f"a baseline that is {name}", 1, f"--baseline={test.folder / name}", path)
    test.check("a baseline that there is not", 1, f"--baseline={test.folder / 'missing'}", path)


def path_of_nothing(test):
    return test.file("nothing", Merged(["A"]))


def fingerprints(test, run):
    """A run's record without its findings: they are found again, under the same fingerprints."""
    for what in ("circle", "handler"):
        lines = pathlib.Path(run(what, status=66)).read_text(encoding="utf-8").splitlines(keepends=True)
        made = {line["fingerprint"]: line["kind"] for line in map(json.loads, lines) if line["t"] == "finding"}
        path = test.folder / f"{what}.stripped"
        path.write_text("".join(line for line in lines if json.loads(line)["t"] != "finding"), encoding="utf-8")
        found = {finding["fingerprint"]: finding["kind"] for finding in test.findings(str(path))}
        test.checks.is_true(f"{what}: the run found something", bool(made))
        test.checks.equal(f"{what}: the fingerprints are the library's", made, found)


def programs(test, library, program):
    checks = test.checks

    def run(what, again="", status=0):
        path = test.folder / f"{what}{again}.jsonl"
        if not path.exists():
            done = call(program, what, env=environment(LD_PRELOAD=library, LOCKVAL_OPTIONS=f"log=none:record={path}:test=suite.{what}"))
            checks.equal(f"{what} by itself ends as it should", status, done.returncode)
        return str(path)

    finding = test.findings(run("forward"), run("back"))[0]
    checks.equal("real halves: the verdict", "potential", finding["verdict"])
    checks.equal("real halves: the tests", {"suite.forward", "suite.back"}, {edge["run"]["test"] for edge in finding["edges"]})
    checks.is_true("real halves: places in the source", any(frame.get("file", "").endswith("halves.c") for frame in finding["edges"][0]["wanted"]["stack"]),
                   finding["edges"][0]["wanted"]["stack"])
    test.check("twice the same half", 0, run("forward"), run("forward"))
    one, other = (call(test.command, "check", run(first), run(second)).stdout for first, second in (("forward", "back"), ("back", "forward")))
    checks.equal("in another order it is the same", one, other)
    store = str(test.folder / "suite.db")
    call(test.command, "db", "add", store, run("forward"), run("back"))
    checks.equal("from a store it is the same", one, test.check("a store", 66, store).stdout)
    merged = str(test.folder / "merged")
    call(test.command, "merge", run("forward"), run("back"), "-o", merged)
    checks.equal("from a merged record it is the same", one, test.check("a merged record", 66, merged).stdout)
    test.check("one of the tests of a store", 0, "--test=suite.forward", store)
    test.check("only one of the tests", 0, "--test=suite.for*", run("forward"), run("back"))
    test.check("both by name", 66, "--test=suite.*", "--program=cli_*", run("forward"), run("back"))
    fingerprints(test, run)
    # A gate in a test each: nobody knows whether it is one lock. With a run that saw both, somebody does.
    checks.equal("gated halves", ["potential"], [finding["verdict"] for finding in test.findings(run("gated-forward"), run("gated-back"))])
    checks.equal("with a run that saw both", ["guarded"],
                 [finding["verdict"] for finding in test.findings(run("gated-forward"), run("gated-back"), run("gated"))])
    out = test.findings(run("gated"), run("back"))
    checks.equal("and with one that goes without the gate", ["potential"], [finding["verdict"] for finding in out])
    checks.is_true("which is the same finding", [finding["fingerprint"] for finding in test.findings(run("gated"))] == [out[0]["fingerprint"]])
    out = test.check("the same in two runs", 0, run("gated"), run("gated", again="-again")).stdout
    checks.is_true("the text says how many", "(test suite.gated)" in out and "\n       and 1 more\n" in out, out)
    known = str(test.folder / "known.run")
    call(test.command, "baseline", "--fail-on=guarded", run("gated"), "-o", known)
    checks.equal("lockval run: it counts", 66, call(test.command, "run", "--fail_on=guarded", "--", program, "gated").returncode)
    done = call(test.command, "run", "--fail_on=guarded", f"--baseline={known}", "--", program, "gated")
    checks.equal("lockval run: what is known does not", (0, "done\n"), (done.returncode, done.stdout))
    checks.is_true("and is counted", f"lockval: 1 finding is known ({known})" in done.stderr, done.stderr)
    done = call(test.command, "run", "--fail_on=guarded", f"--baseline={known}.use", "--", program, "gated")
    checks.equal("lockval run: a baseline that there is not", (126, ""), (done.returncode, done.stdout))
    call(test.command, "baseline", path_of_nothing(test), "-o", known + ".empty")
    done = call(test.command, "run", "--fail_on=guarded", f"--baseline={known}.empty", "--", program, "gated")
    checks.equal("lockval run: what is new counts", 66, done.returncode)
    checks.equal("a handler's half", [], test.findings(run("inside")))
    checks.equal("both halves of a handler", [("signal", "SIGUSR1")],
                 [(finding["kind"], finding["state"]) for finding in test.findings(run("inside"), run("open"))])


def main():
    command, library, program = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        test = Test(command, pathlib.Path(folder))
        text(test)
        forms(test)
        runs_of_findings(test)
        suppressed(test)
        fail_on(test)
        baseline(test)
        programs(test, library, program)
        return test.checks.finish()


if __name__ == "__main__":
    sys.exit(main())
