#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lockval report as SARIF and as JUnit's XML: of real findings of every kind, of texts that the forms must escape, of many
processes.

With SARIF_SCHEMA=FILE in the environment every log is held against that JSON Schema, too.

Usage: check_ci_formats.py COMMAND LIBRARY NAME=PROGRAM ...
"""

import json
import os
import pathlib
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

import check_report
import sarif_shape
from command import Checks, call

LEVELS = {"guarded": "note", "potential": "warning", "feasible": "error", "misuse": "error", "deadlock": "error"}


def findings_of(path):
    """What the record says last of each finding, by fingerprint."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {line["fingerprint"]: line for line in lines if line["t"] == "finding"}


class Sarif:
    def __init__(self, checks, command):
        self.checks = checks
        self.command = command
        self.validator = None
        if os.environ.get("SARIF_SCHEMA"):
            import jsonschema  # pylint: disable=import-outside-toplevel
            schema = json.loads(pathlib.Path(os.environ["SARIF_SCHEMA"]).read_text(encoding="utf-8"))
            self.validator = jsonschema.validators.validator_for(schema)(schema)

    def log(self, title, *args):
        done = call(self.command, "report", "--format=sarif", *args)
        self.checks.equal(f"{title}: SARIF: the status", 0, done.returncode)
        log = json.loads(done.stdout)
        wrong = sarif_shape.complaints(log)
        if self.validator:
            wrong += [error.message for error in self.validator.iter_errors(log)]
        self.checks.equal(f"{title}: SARIF: nothing is wrong with it", [], wrong)
        return log["runs"][0]

    def check_finding(self, title, result, finding):
        checks = self.checks
        checks.equal(f"{title}: its rule", finding["kind"], result["ruleId"])
        checks.equal(f"{title}: its level", LEVELS[finding["verdict"]], result["level"])
        text = result["message"]["text"]
        checks.is_true(f"{title}: the verdict is said", finding["verdict"] in text, text)
        acquisitions = finding.get("acquisitions", finding.get("edges", []))
        flows = result.get("codeFlows", [{"threadFlows": []}])[0]["threadFlows"]
        if acquisitions:
            checks.equal(f"{title}: a thread flow for each acquisition", len(acquisitions), len(flows))
            for number, (step, flow) in enumerate(zip(acquisitions, flows)):
                checks.is_true(f"{title}: thread {number}", flow["id"].endswith(": " + step["thread"]["name"]), flow["id"])
                takes, wants = [place["location"]["message"]["text"] for place in flow["locations"]]
                checks.is_true(f"{title}: it holds {step['held']['name']}", step["held"]["name"] in takes, takes)
                checks.is_true(f"{title}: it wants {step['wanted']['name']}", step["wanted"]["name"] in wants, wants)
        elif finding["kind"] == "deadlock" and finding.get("circle"):
            checks.equal(f"{title}: a thread flow for each thread of the circle", finding["circle"], len(flows))
        checks.is_true(f"{title}: it has a stack with frames", result["stacks"][0]["frames"], result["stacks"])
        checks.equal(f"{title}: the report is with it", finding["text"], result["properties"]["report"])

    def check(self, records):
        for title, path in records.items():
            run = self.log(title, path)
            findings = findings_of(path)
            self.checks.equal(f"{title}: all findings", set(findings), {result["partialFingerprints"]["lockval/v1"]
                                                                        for result in run["results"]})
            for result in run["results"]:
                self.check_finding(title, result, findings[result["partialFingerprints"]["lockval/v1"]])
        rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
        self.checks.equal("a rule for each kind", {"circular", "order", "recursive", "signal", "wait-context", "event", "deadlock", "unlock",
                                                   "lifetime", "cond", "fork", "assert"}, rules)


class Junit:
    def __init__(self, checks, command):
        self.checks = checks
        self.command = command

    def suites(self, title, *args):
        done = call(self.command, "report", "--format=junit", *args)
        self.checks.equal(f"{title}: JUnit: the status", 0, done.returncode)
        root = ElementTree.fromstring(done.stdout)
        self.checks.equal(f"{title}: JUnit: the root", "testsuites", root.tag)
        suites = list(root)
        for member in ("tests", "failures"):
            self.checks.equal(f"{title}: JUnit: {member} of the root are those of the suites", int(root.get(member)),
                              sum(int(suite.get(member)) for suite in suites))
        for suite in suites:
            cases = list(suite)
            self.checks.equal(f"{title}: JUnit: the elements of a suite", {"testcase"}, {case.tag for case in cases})
            self.checks.equal(f"{title}: JUnit: tests of a suite", int(suite.get("tests")), len(cases))
            self.checks.equal(f"{title}: JUnit: failures of a suite", int(suite.get("failures")),
                              sum(case.find("failure") is not None for case in cases))
            self.checks.is_true(f"{title}: JUnit: each case has its names", all(case.get("name") and case.get("classname") for case in cases))
        return suites

    def check(self, records):
        for title, path in records.items():
            suites = self.suites(title, "--no-symbols", path)
            findings = findings_of(path)
            self.checks.equal(f"{title}: one process, one suite", 1, len(suites))
            self.checks.equal(f"{title}: a case for each finding", len(findings), len(list(suites[0])))
            for fingerprint, finding in findings.items():
                case = [case for case in suites[0] if fingerprint in case.get("name")][0]
                failure = case.find("failure")
                self.checks.equal(f"{title}: it fails if it counts", finding["counts"], failure is not None)
                text = failure.text if failure is not None else case.find("system-out").text
                self.checks.is_true(f"{title}: the report is in it", finding["text"].strip() in text, text)
                if failure is not None:
                    self.checks.equal(f"{title}: its type", finding["kind"], failure.get("type"))
                    self.checks.is_true(f"{title}: its message begins with the verdict",
                                        failure.get("message").startswith(finding["verdict"]), failure.get("message"))


def renamed(path, target, old, new, **more):
    """The record with another lock's name, written as JSON needs it."""
    text = path.read_text(encoding="utf-8").replace(json.dumps(old), json.dumps(new)).replace(f"({old})", json.dumps(f"({new})")[1:-1])
    for word, by in more.items():
        text = text.replace(f'"{word}"', f'"{by}"')
    target.write_text(text, encoding="utf-8")
    return target


def check_escapes(checks, sarif, junit, path, folder):
    """Names that XML, links of SARIF and JSON each need their way for."""
    odd = "a<b>&\"'[x](1)\\]]>\x01\x1f\uffff\uf780 \u00e4\U0001f512"
    record = renamed(path, folder / "odd.jsonl", "index", odd) if '"index"' in path.read_text(encoding="utf-8") else \
        renamed(path, folder / "odd.jsonl", "a", odd)
    run = sarif.log("odd names", record)
    texts = [step["location"]["message"]["text"] for step in
             run["results"][0]["codeFlows"][0]["threadFlows"][0]["locations"]]
    checks.is_true("odd names: they arrive in SARIF", any(odd in text for text in texts), texts)
    suites = junit.suites("odd names", record)
    shown = odd.replace("\x01", "\ufffd").replace("\x1f", "\ufffd").replace("\uffff", "\ufffd")
    name = list(suites[0])[0].get("name")
    checks.is_true("odd names: they arrive in JUnit, but for what XML cannot hold", shown in name, repr(name))


def check_many(checks, sarif, junit, records, folder):
    """The same finding of two processes; a clean process; choices."""
    path = records["circular"]
    pid = json.loads(path.read_text(encoding="utf-8").splitlines()[0])["run"]
    again = folder / "again.jsonl"
    again.write_text(path.read_text(encoding="utf-8").replace(f'"{pid}"', '"00000000"'), encoding="utf-8")
    run = sarif.log("two processes", path, again, records["unlock"])
    counts = {result["ruleId"]: result["occurrenceCount"] for result in run["results"]}
    checks.equal("one result for the same finding, with how often it was made", {"circular": 2, "unlock": 1}, counts)
    checks.equal("an invocation for each process", 3, len(run["invocations"]))
    checks.equal("a suite for each process", 3, len(junit.suites("two processes", path, again, records["unlock"])))

    clean = folder / "clean.jsonl"
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if json.loads(line)["t"] != "finding"]
    clean.write_text("\n".join(lines) + "\n", encoding="utf-8")
    checks.equal("a clean run has no result", [], sarif.log("a clean run", clean)["results"])
    suites = junit.suites("a clean run", clean)
    checks.equal("a clean run is a case that passes", ["no findings"], [case.get("name") for case in suites[0]])
    chosen = junit.suites("a choice", "--verdict=misuse", path, records["unlock"])
    checks.equal("a process of which nothing was chosen is not called clean", 1, len(chosen))


def check_lines(checks, sarif, junit, path):
    """The places are lines of the source, where the program has debug information: abba.c, in which both locks are taken twice."""
    root = pathlib.Path(__file__).resolve().parents[2]
    source = (root / "tests/cli/abba.c").read_text(encoding="utf-8").splitlines()
    result = sarif.log("lines", f"--source={root}", path)["results"][0]
    for place, call_of in ((result["locations"][0], "second"), (result["relatedLocations"][0], "first"), (result["relatedLocations"][3], "second")):
        physical = place["physicalLocation"]
        checks.equal("lines: the file", {"uri": "tests/cli/abba.c", "uriBaseId": "SRCROOT"}, physical["artifactLocation"])
        line = source[physical["region"]["startLine"] - 1]
        checks.is_true(f"lines: where the {call_of} lock is taken", f"pthread_mutex_lock({call_of})" in line, line)
    case = list(junit.suites("lines", f"--source={root}", path)[0])[0]
    first = case.find("failure").text.strip().splitlines()[0]
    checks.is_true("lines: the report has them, too", "at: take  tests/cli/abba.c:" in case.find("failure").text.replace(f"{root}/", ""),
                   case.find("failure").text)
    number = result["relatedLocations"][0]["physicalLocation"]["region"]["startLine"]
    checks.is_true("lines: JUnit begins with them", first.startswith(f"tests/cli/abba.c:{number}: "), first)
    where = result["locations"][0]["physicalLocation"]
    checks.equal("lines: JUnit says where it was made", (where["artifactLocation"]["uri"], str(where["region"]["startLine"])),
                 (case.get("file"), case.get("line")))
    bare = sarif.log("no lines", "--no-symbols", path)["results"][0]
    checks.is_true("without symbols there is no line, and the place in the program",
                   "region" not in bare["locations"][0]["physicalLocation"] and
                   bare["locations"][0]["physicalLocation"]["address"]["relativeAddress"] > 0, bare["locations"])


# What is done to a good log, which must then be complained of.
BREAKS = {
    "another version": lambda log, run, result: log.update(version="2.0.0"),
    "a member that there is not": lambda log, run, result: result.update(severity="high"),
    "no message": lambda log, run, result: result.pop("message"),
    "a level that there is not": lambda log, run, result: result.update(level="fatal"),
    "another rule's number": lambda log, run, result: result.update(ruleIndex=3),
    "a link to nowhere": lambda log, run, result: result["message"].update(text=result["message"]["text"] + " See [x](77)."),
    "a related location without number": lambda log, run, result: result["relatedLocations"][0].pop("id"),
    "two locations": lambda log, run, result: result["locations"].append(result["locations"][0]),
    "line 0": lambda log, run, result: result["locations"][0]["physicalLocation"]["region"].update(startLine=0),
    "a path with a blank": lambda log, run, result: result["locations"][0]["physicalLocation"]["artifactLocation"].update(uri="a b.c"),
    "a base that is not defined": lambda log, run, result: run.pop("originalUriBaseIds"),
    "a place that is nowhere": lambda log, run, result: result["locations"][0].update(physicalLocation={}),
    "a moment twice": lambda log, run, result: result["codeFlows"][0]["threadFlows"][0]["locations"][0].update(executionOrder=4),
    "a thread without steps": lambda log, run, result: result["codeFlows"][0]["threadFlows"].append({"locations": []}),
    "a stack twice": lambda log, run, result: result["stacks"].append(result["stacks"][0]),
    "a result twice": lambda log, run, result: run["results"].append(result),
}


def check_shape(checks, command, path):
    """The check of SARIF itself sees what is broken."""
    root = pathlib.Path(__file__).resolve().parents[2]
    text = call(command, "report", "--format=sarif", f"--source={root}", path).stdout
    for title, breaks in BREAKS.items():
        log = json.loads(text)
        breaks(log, log["runs"][0], log["runs"][0]["results"][0])
        checks.is_true(f"broken on purpose: {title}", sarif_shape.complaints(log))


def check_suppressed(checks, sarif, junit, library, program, folder):
    """A finding that is suppressed is told with what suppresses it, and fails nothing."""
    entries, path = folder / "entries.supp", folder / "suppressed.jsonl"
    entries.write_text("# known\n*:a # it is <known> & harmless\n", encoding="utf-8")
    check_report.record(library, program, [], f"suppressions={entries}", path)
    (result,) = sarif.log("suppressed", f"--source={folder}", path)["results"]
    (suppression,) = result["suppressions"]
    checks.is_true("suppressed: SARIF says why", "it is <known> & harmless" in suppression["justification"], suppression)
    checks.equal("suppressed: SARIF says where", ("entries.supp", 2),
                 (suppression["location"]["physicalLocation"]["artifactLocation"]["uri"],
                  suppression["location"]["physicalLocation"]["region"]["startLine"]))
    (suite,) = junit.suites("suppressed", path)
    checks.equal("suppressed: JUnit: no failure, one skipped", ("0", "1"), (suite.get("failures"), suite.get("skipped")))
    checks.is_true("suppressed: JUnit says why", "it is <known> & harmless" in suite.find("testcase/skipped").get("message"))


def check_bytes(checks, sarif, junit, library, program, folder):
    """A function whose name is no UTF-8. Its file has no lines, and libc's, which begin every stack, are not shown for it."""
    path = folder / "bytes.jsonl"
    check_report.record(library, program, [], "", path)
    text = sarif.log("bytes", path)["results"][0]["message"]["text"]
    checks.equal("bytes: they are shown as what they are not", 4, text.count("[gr??e]("))
    (suite,) = junit.suites("bytes", path)
    checks.is_true("bytes: JUnit shows them as numbers", "gr\\xfc\\xdfe" in suite.find("testcase/failure").text,
                   suite.find("testcase/failure").text)


def check_root(checks, sarif, path, program):
    """Paths beneath --source are relative to it. The program itself lies in the build folder."""
    folder = pathlib.Path(program).resolve().parent

    def places(*args):
        run = sarif.log("paths", *args, path)
        bases = run["originalUriBaseIds"]["SRCROOT"]["uri"]
        return bases, list(sarif_shape.all_of(run["results"], "artifactLocation"))

    base, found = places(f"--source={folder}")
    checks.equal("--source: the base", folder.as_uri() + "/", base)
    checks.is_true("--source: what is not beneath it is absolute",
                   any(place["uri"].startswith("file:///") and "uriBaseId" not in place for place in found), found)
    _, found = places("--source=/")
    checks.is_true("--source=/: all is beneath it", found and all("uriBaseId" in place for place in found), found)
    done = call(sarif.command, "report", "--format=sarif", "--source=/nowhere/x", path)
    checks.equal("--source: a folder that is not there", 2, done.returncode)


def main(args):
    command, library, *pairs = args
    programs = dict(pair.split("=", 1) for pair in pairs)
    checks = Checks()
    with tempfile.TemporaryDirectory() as name:
        folder, records = pathlib.Path(name), {}
        for case, (program, arguments, options) in check_report.CASES.items():
            if program in programs:
                records[case] = folder / f"{case}.jsonl"
                check_report.record(library, programs[program], arguments, options, records[case])
        sarif, junit = Sarif(checks, command), Junit(checks, command)
        sarif.check(records)
        junit.check(records)
        check_escapes(checks, sarif, junit, records["circular"], folder)
        check_many(checks, sarif, junit, records, folder)
        check_lines(checks, sarif, junit, records["circular"])
        check_shape(checks, command, records["circular"])
        check_bytes(checks, sarif, junit, library, programs["bytes"], folder)
        check_suppressed(checks, sarif, junit, library, programs["abba"], folder)
        check_root(checks, sarif, records["circular"], programs["abba"])
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
