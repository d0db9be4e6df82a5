#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lockval report: each format of real records, and what it says of wrong arguments.

The kernel's layout is held against texts that lie in golden/, without what differs in each run: addresses, numbers of processes,
and the places in functions, which another compiler moves. --bless writes them anew.

Usage: check_report.py [--bless] COMMAND LIBRARY NAME=PROGRAM ...
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

from command import Checks, call, environment

GOLDEN = pathlib.Path(__file__).with_name("golden")

# name of the text: program, its arguments, options
CASES = {
    "circular": ("abba", [], ""),
    "cycle-in-a-class": ("instances", ["three"], ""),
    "recursive": ("instances", ["strict"], "strict=1"),
    "self-deadlock": ("self_deadlock", ["mutex"], ""),
    "reported": ("mm_sim", ["reported"], ""),
    "inconsistent": ("signal_locks", ["in-handler-first"], ""),
    "inversion": ("signal_locks", ["chain"], ""),
    "bad-dependency": ("signal_locks", ["chain-edge-last"], ""),
    "unlock": ("misuse", ["unlock-elsewhere"], ""),
    "destroyed": ("misuse", ["destroy-mutex"], ""),
    "cond": ("cond_misuse", ["free"], ""),
    "wait-context": ("api_wait", ["layout"], ""),
    "stuck": ("stuck", ["abba"], "on_deadlock=exit"),
}

# Who of them is the last to wait, chance says.
CHANCE = {"stuck"}

# name: lines that must stand in its text, whoever blessed it: facts about the kernel's layout
MUST = {
    "circular": ["=" * 54, "WARNING: possible circular locking dependency detected", "-> #1 (b){+.+.}-{4:4}:",
                 "which lock already depends on the new lock.", "  lock(b);", "                               lock(a);",
                 " *** DEADLOCK ***", "stack backtrace:"],
    "reported": ["  cpu_hotplug_lock.rw_sem --> &pipe->mutex/1 --> &sb->s_type->i_mutex_key#2", "  rlock(cpu_hotplug_lock.rw_sem);",
                 "-> #6 (&sb->s_type->i_mutex_key#2){+.+.}-{0:0}:", "-> #0 (cpu_hotplug_lock.rw_sem){.+.+}-{0:0}:"],
    "recursive": ["=" * 44, " May be due to missing lock nesting notation"],
    "inconsistent": ["=" * 32, "WARNING: inconsistent lock state", "inconsistent {SIGUSR1-ON-W} -> {IN-SIGUSR1-W} usage."],
    "inversion": ["=" * 56, "WARNING: possible irq lock inversion dependency detected"],
    "bad-dependency": ["=" * 53, "WARNING: SIGUSR1-safe -> SIGUSR1-unsafe lock order detected"],
    "unlock": ["=" * 37, "but there are no more locks to release!"],
    "destroyed": ["=" * 25, "WARNING: held lock freed!"],
    "wait-context": ["=" * 29, "[ BUG: Invalid wait context ]", "context-{5:5}"],
    "stuck": ["Showing all locks held in the system:"],
}

MASKS = [
    (re.compile(r"\b[0-9a-f]{16}\b(?=[ ,(-])"), "ADDRESS"),
    (re.compile(r"[0-9a-f]{40}\+0x[0-9a-f]+"), "PLACE"),
    (re.compile(r"\b[0-9]+\.[0-9]+\.[0-9]+-lockval"), "VERSION-lockval"),
    (re.compile(r"#[0-9]+ Not tainted"), "#PID Not tainted"),
    (re.compile(r"-lockval #[0-9]+$", re.MULTILINE), "-lockval #PID"),
    (re.compile(r"PID: [0-9]+"), "PID: TID"),
    (re.compile(r"(?<=\S)[/:][0-9]{2,}(?=[ :.\n])"), "/TID"),
    (re.compile(r"\+0x[0-9a-f]+(/0x[0-9a-f]+)?"), "+OFF"),
    (re.compile(r"^.*\[libc\.so\.6\]\n", re.MULTILINE), ""),
    (re.compile(r"^ *_start\+OFF\n", re.MULTILINE), ""),
]


def masked(text):
    for pattern, by in MASKS:
        text = pattern.sub(by, text)
    return text


def record(library, program, args, options, path):
    path.unlink(missing_ok=True)
    subprocess.run([program, *args], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=60, cwd=path.parent,
                   env=environment(LD_PRELOAD=library, LOCKVAL_OPTIONS=f"log=none:record={path}:{options}"))


def check_lockdep(checks, command, records, bless):
    for name, path in records.items():
        done = call(command, "report", "--format=lockdep", path)
        text = masked(done.stdout)
        golden = GOLDEN / f"lockdep-{name}.txt"
        checks.equal(f"{name}: the status", 0, done.returncode)
        if bless and name not in CHANCE:
            golden.write_text(text, encoding="utf-8")
        if name not in CHANCE:
            checks.equal(f"{name} in the kernel's layout", golden.read_text(encoding="utf-8"), text)
        for line in MUST.get(name, []):
            checks.is_true(f"{name}: {line.strip()[:40]}", line in done.stdout.split("\n"), done.stdout)


def check_json(checks, command, records):
    for name, path in records.items():
        done = call(command, "report", "--format=json", path)
        told = json.loads(done.stdout)
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        prints = {line["fingerprint"] for line in lines if line["t"] == "finding"}
        checks.equal(f"{name}: findings in JSON", prints, {finding["fingerprint"] for finding in told["findings"]})
        checks.equal(f"{name}: classes in JSON", len({line["id"] for line in lines if line["t"] == "class"}),
                     len(told["processes"][0]["classes"]))
        for finding in told["findings"]:
            checks.is_true(f"{name}: a stack", finding["stack"][0]["offset"].startswith("0x"))
            for step in finding.get("edges", []):
                checks.is_true(f"{name}: an edge has both stacks", step["wanted"]["stack"] and step["held"]["class"])


def check_graphs(checks, command, path):
    whole = call(command, "report", "--format=dot", path).stdout
    one = call(command, "report", "--format=dot", "--finding=1", path).stdout
    checks.equal("--finding: the same when it is the only one", whole, one)
    checks.is_true("a circle is marked", whole.count("#c01c28") == 14, whole)
    checks.is_true("what is not in it is there, too", "&devtmpfs.req_lock" in whole, whole)
    svg = call(command, "report", "--format=svg", path)
    if "Graphviz" in svg.stderr:
        checks.equal("without Graphviz: the status", 1, svg.returncode)
    else:
        root = xml.etree.ElementTree.fromstring(svg.stdout)
        texts = {text.text for text in root.iter("{http://www.w3.org/2000/svg}text")}
        checks.is_true("the drawing has the classes", {"cpuhp_state", "&pipe->mutex/1"} <= texts, texts)
    missing = call(command, "report", "--format=svg", path, env=environment(PATH="/nowhere"))
    checks.equal("no Graphviz: the status", 1, missing.returncode)
    checks.is_true("no Graphviz: said", "install Graphviz" in missing.stderr, missing.stderr)


def check_names(checks, command, folder):
    """Names that a terminal would obey, and that no XML can hold, are shown."""
    lock = {"class": 1, "instance": 1, "address": "0x1", "mode": "write", "flags": [], "stack": 0, "earlier": False, "key": "name:x",
            "name": "a\x1b]0;x\x07\x01\u202e\"<", "site": ""}
    thread = {"id": 1, "tid": 1, "name": "t\x1b[31m", "start": ""}
    line = {"t": "finding", "pid": 1, "run": "0000000a", "kind": "circular", "verdict": "potential", "reasons": [], "fingerprint": "0" * 16,
            "counts": True, "ms": 0, "thread": thread, "held": [lock], "stack": 0, "text": "WARNING: \x1b[2J\n",
            "edges": [{"kind": "lock", "thread": thread, "held": lock, "wanted": lock}] * 2}
    path = folder / "names.jsonl"
    path.write_text(json.dumps(line) + "\n", encoding="utf-8")
    for form in ("text", "lockdep", "dot", "svg", "html"):
        done = call(command, "report", f"--format={form}", path)
        checks.is_true(f"names in {form}", done.returncode == 0 and done.stdout and not re.search("[\x00-\x08\x0b-\x1f\u202e]", done.stdout), done.stdout)
    xml.etree.ElementTree.fromstring(call(command, "report", "--format=svg", path).stdout)


def check_choice(checks, command, records, folder):
    path = records["circular"]
    fingerprint = json.loads(call(command, "report", "--format=json", path).stdout)["findings"][0]["fingerprint"]
    both = json.loads(call(command, "report", "--format=json", path, records["unlock"]).stdout)
    checks.equal("two records, worst first", ["misuse", "potential"], [finding["verdict"] for finding in both["findings"]])

    def chosen(*args):
        done = call(command, "report", "--format=json", *args, path, records["unlock"])
        return [finding["verdict"] for finding in json.loads(done.stdout)["findings"]] if done.returncode == 0 else done.returncode

    checks.equal("by number", ["potential"], chosen("--finding=2"))
    checks.equal("by fingerprint", ["potential"], chosen("--finding", fingerprint))
    checks.equal("by verdict", ["misuse"], chosen("--verdict=misuse"))
    checks.equal("no such number", 1, chosen("--finding=3"))
    checks.equal("no such fingerprint", 1, chosen("--finding=" + "0" * 16))
    out = folder / "out.json"
    checks.equal("into a file", 0, call(command, "report", "--format=json", "-o", out, path).returncode)
    checks.equal("its content", fingerprint, json.loads(out.read_text(encoding="utf-8"))["findings"][0]["fingerprint"])
    checks.equal("nothing is left beside it", [], list(folder.glob("out.json.*")))
    text = path.read_text(encoding="utf-8")
    checks.equal("from stdin", fingerprint,
                 json.loads(call(command, "report", "--format=json", "-", text=text).stdout)["findings"][0]["fingerprint"])


def check_debug_path(checks, command, library, program, folder):
    """A stripped program, whose debug file lies in a folder of its own."""
    stripped, store = folder / "stripped", folder / "store"
    notes = subprocess.run(["readelf", "-n", program], check=True, capture_output=True, text=True, timeout=60).stdout
    number = re.search(r"Build ID: ([0-9a-f]+)", notes)
    if number is None or ".debug_info" not in subprocess.run(["readelf", "-SW", program], check=True, capture_output=True,
                                                            text=True, timeout=60).stdout:
        print("# the program is built without debug information")
        return
    file = store / ".build-id" / number[1][:2] / f"{number[1][2:]}.debug"
    file.parent.mkdir(parents=True)
    subprocess.run(["objcopy", "--only-keep-debug", program, file], check=True, timeout=60)
    subprocess.run(["strip", "-o", stripped, program], check=True, timeout=60)
    record(library, stripped, [], "", folder / "stripped.jsonl")

    def has_lines(*args):
        done = call(command, "report", "--format=json", *args, folder / "stripped.jsonl")
        return "abba.c" in done.stdout

    checks.equal("stripped: no lines", False, has_lines())
    checks.equal("with its debug file", True, has_lines("--debug-path", f":{store}"))
    checks.equal("with another folder", False, has_lines(f"--debug-path={folder}"))


def check_errors(checks, command, path):
    for title, args, status in (("no record", [], 2), ("no such format", ["--format=tea", path], 2), ("no such option", ["--tea", path], 2),
                                ("number 0", ["--finding=0", path], 2), ("no such verdict", ["--verdict=tea", path], 2),
                                ("no such file", ["/nowhere/x"], 1), ("not a record", ["/etc/passwd"], 1),
                                ("output nowhere", ["-o", "/nowhere/x", path], 1)):
        done = call(command, "report", *args)
        checks.equal(title, status, done.returncode)
        checks.is_true(f"{title}: said in a line", done.stderr.startswith("lockval") and done.stderr.count("\n") == 1, done.stderr)
    with open("/dev/full", "wb") as full:
        done = subprocess.run([command, "report", "--format=json", path], stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
    checks.equal("a full disk", 1, done.returncode)


def check_no_file(checks, command, path, folder):
    """What is there and is no file stays, and is written to: root could take /dev/null away from everybody."""
    pipe, there, store = folder / "pipe", folder / "there", folder / "store.db"
    os.mkfifo(pipe)
    for words in (["report", "--format=json"], ["check", "--format=json", "--fail-on=never"], ["merge"], ["db", "export"]):
        what = path
        if words[0] == "db":
            call(command, "db", "add", store, path)
            what = store
        with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
            done = call(command, *words, "-o", pipe, what)
            if done.returncode != 0:
                reader.kill()
            got = reader.communicate(timeout=60)[0]
        wrote = call(command, *words, "-o", there, what)
        checks.equal(f"{words[0]}: both can be written", (0, 0), (done.returncode, wrote.returncode))
        checks.equal(f"{words[0]}: a pipe gets what a file gets", there.read_bytes(), got)
        checks.is_true(f"{words[0]}: it is still a pipe", pipe.is_fifo(), folder)
    checks.equal("nothing else is left", {"pipe", "there"}, {one.name for one in folder.iterdir() if one.name.startswith(("pipe", "there"))})


def main(args):
    bless = args[:1] == ["--bless"]
    command, library, *pairs = args[1:] if bless else args
    programs = dict(pair.split("=", 1) for pair in pairs)
    checks = Checks()
    with tempfile.TemporaryDirectory() as name:
        folder, records = pathlib.Path(name), {}
        for case, (program, arguments, options) in CASES.items():
            if program not in programs:
                continue
            records[case] = folder / f"{case}.jsonl"
            record(library, programs[program], arguments, options, records[case])
        check_lockdep(checks, command, records, bless)
        check_json(checks, command, records)
        if "reported" in records:
            check_graphs(checks, command, records["reported"])
        check_names(checks, command, folder)
        check_choice(checks, command, records, folder)
        check_debug_path(checks, command, library, programs["abba"], folder)
        check_errors(checks, command, records["circular"])
        check_no_file(checks, command, records["circular"], folder)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
