#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`lockval order`: what a program does is what its own contract allows, what another does is against it, in a run with the option
expect= and of records alike, and the file is left alone where it says enough.

Usage: check_order.py COMMAND LIBRARY NAME=PROGRAM ...
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from command import TIMEOUT, Checks, call, environment

# Programs that take the same locks in each run: name, arguments, options.
SAME = [
    ("abba", [], ""),
    ("instances", ["strict"], "strict=1"),
    ("signal_locks", ["in-handler-first"], ""),
    ("api_wait", ["layout"], ""),
    ("join_lives", ["nested-clean"], ""),
    ("once", ["nested"], ""),
    ("once", ["race"], ""),
    ("rwlocks", ["readers-and-writers"], ""),
    ("sems", ["inside"], ""),
    ("event_waits", ["cond"], ""),
    ("mm_sim", ["drain-fix"], ""),
    ("mm_sim", ["page-alloc-fix"], ""),
    ("hotplug_sim", ["register"], ""),
    ("hotplug_sim", ["rollback"], ""),
]

# Two mutexes of one function and one of their own, in an order that an argument says.
SOURCE = """\
#include <pthread.h>
#include <string.h>
static pthread_mutex_t *locks[5], one, two, pool[2];
static pthread_mutex_t three = PTHREAD_MUTEX_INITIALIZER;
__attribute__((noinline)) static void make_pool(void)
{
    for (volatile int i = 0; i < 2; i++)
        pthread_mutex_init(&pool[i], NULL);
}
__attribute__((noinline)) static void set_up(int swapped)
{
    for (int i = 0; i < 2; i++) {
        if (i == swapped) {
            pthread_mutex_init(&one, NULL);
            __asm__ volatile("");
        } else {
            pthread_mutex_init(&two, NULL);
            __asm__ volatile("nop");
        }
    }
}
int main(int argc, char **argv)
{
    set_up(argc > 2);
    locks[0] = &one;
    locks[1] = &two;
    locks[2] = &three;
    make_pool();
    locks[3] = &pool[0];
    locks[4] = &pool[1];
    for (const char *step = argc > 1 ? argv[1] : ""; *step != '\\0'; step += strcspn(step, ",") + (strchr(step, ',') != NULL)) {
        size_t count = strcspn(step, ",");
        for (size_t i = 0; i < count; i++)
            pthread_mutex_lock(locks[step[i] - 'a']);
        for (size_t i = count; i-- > 0;)
            pthread_mutex_unlock(locks[step[i] - 'a']);
    }
    return 0;
}
"""


class Place:
    """A folder, the command, and programs."""

    def __init__(self, command, library, programs, folder):
        self.command, self.library = os.path.abspath(command), os.path.abspath(library)
        self.programs, self.folder = {name: os.path.abspath(path) for name, path in programs.items()}, pathlib.Path(folder)
        self.way = ()  # what the probe gets besides

    def record(self, program, arguments, options="", name="run.jsonl"):
        """Run it under the library: the path of its record, and its lines."""
        path = self.folder / name
        path.unlink(missing_ok=True)
        env = environment(LD_PRELOAD=self.library, LOCKVAL_OPTIONS=":".join(filter(None, [f"record={path}", "log=none", "exitcode=0", options])))
        subprocess.run([program, *arguments, *self.way], env=env, capture_output=True, check=False, timeout=TIMEOUT, cwd=self.folder)
        return str(path), [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    def order(self, *arguments, **more):
        return call(self.command, "order", *arguments, cwd=self.folder, **more)


def against(lines):
    """The findings of the kind `order`: names of what was held and wanted, without offsets."""
    return sorted(tuple(re.sub(r"\+0x[0-9a-f]+", "", finding["edges"][0][side]["name"]) for side in ("held", "wanted"))
                  for finding in lines if finding["t"] == "finding" and finding["kind"] == "order")


def check_own(checks, place):
    """A program keeps the contract that was made of it."""
    for name, arguments, options in SAME:
        if name not in place.programs:
            continue
        title = " ".join([name, *arguments])
        record, lines = place.record(place.programs[name], arguments, options)
        file = place.folder / "own.order"
        file.unlink(missing_ok=True)
        if name.endswith("_sim"):  # when a thread takes these depends on time
            file.write_text("lockval-order 1\nlock urcu = static:liburcu*\nallow * -> urcu\n", encoding="utf-8")
        done = place.order(record, "-o", str(file))
        checks.equal(f"{title}: a new file", (0, ""), (done.returncode, done.stderr))
        text = file.read_text(encoding="utf-8")
        edges = {(line["from"], line["to"]) for line in lines if line["t"] == "edge"}
        checks.is_true(f"{title}: edges are allowed", not edges or "allow " in text, text)
        before = file.stat()
        done = place.order(record, "-o", str(file))
        checks.equal(f"{title}: nothing is new", (0, "", ""), (done.returncode, done.stdout, done.stderr))
        checks.equal(f"{title}: the file is not written", (before.st_ino, before.st_mtime_ns), (file.stat().st_ino, file.stat().st_mtime_ns))
        options = ":".join(filter(None, [options, f"expect={file}"]))
        again, lines = place.record(place.programs[name], arguments, options, "again.jsonl")
        done = place.order(again, "-o", str(file), "--check")
        for _ in range(10 if name.endswith("_sim") else 0):  # what is waited for, and what is done before, depends on time
            if not against(lines) and done.returncode == 0:
                break
            place.order(again, "-o", str(file))
            again, lines = place.record(place.programs[name], arguments, options, "again.jsonl")
            done = place.order(again, "-o", str(file), "--check")
        checks.equal(f"{title}: the contract is kept", [], against(lines))
        checks.equal(f"{title}: and so the file stays", (0, "", ""), (done.returncode, done.stdout, done.stderr))


def choose_way(place, program):
    """The compiler may have put the second branch first: then the other way is the one in which numbers are in the order of the calls."""
    for place.way in ((), ("swapped",)):
        if "*" not in place.order(place.record(program, ["ab"])[0]).stdout:
            return


def check_update(checks, place, program):
    """A new edge is against the contract, a change of the file, and then part of it."""
    one = "mutex@set_up#2" if place.way else "mutex@set_up"
    record, _ = place.record(program, ["ab,bc,ac"])
    file = place.folder / "locks.order"
    done = place.order(record, "-o", "locks.order")
    checks.equal("what a new file has", "locks.order: 3 locks, 3 allowed edges, 1 leaf\n", done.stdout)
    text = file.read_text(encoding="utf-8")
    checks.is_true("the lines of a new file", text.endswith("\nleaf three  # seen\n") and "\nlevel 3\n  lock three = static:" in text, text)

    file.write_text(text.replace("level 1\n", "level 1   # outermost\n") + "# the end\n", encoding="utf-8")
    file.chmod(0o640)
    record, lines = place.record(program, ["ab,ca"], "expect=locks.order")
    checks.equal("a step against it", [("three", "mutex@set_up")], against(lines))
    before = file.read_text(encoding="utf-8")
    done = place.order(record, "-o", "locks.order", "--check")
    checks.equal("it would change", 1, done.returncode)
    checks.is_true("what would be added", any(line.startswith(f"+ allow three -> {one}    # contract_probe: ") for line in done.stdout.splitlines()), done.stdout)
    checks.is_true("what would go", any(line.startswith("- leaf three ") for line in done.stdout.splitlines()), done.stdout)
    checks.equal("and did not", before, file.read_text(encoding="utf-8"))
    said = done.stdout
    done = place.order(record, "-o", "locks.order")
    checks.equal("the same is said when it does", (0, said), (done.returncode, done.stdout))
    text = file.read_text(encoding="utf-8")
    checks.is_true("the line is there, with what was", f"\nallow three -> {one}\n" in text and "# outermost\n" in text and text.endswith("# the end\n"), text)
    checks.is_true("the circle is named", "  # circle: " in text, text)
    checks.equal("its mode stays", 0o640, file.stat().st_mode & 0o777)
    _, lines = place.record(program, ["ab,ca,bc,ac"], "expect=locks.order")
    checks.equal("then it is kept", [], against(lines))

    record, _ = place.record(program, ["ac"])
    done = place.order(record, "-o", "locks.order", "--prune", "--quiet")
    checks.equal("pruning, without a word", (0, "", ""), (done.returncode, done.stdout, done.stderr))
    _, lines = place.record(program, ["ac,ab"], "expect=locks.order")
    checks.equal("what was pruned is against it", 1, len(against(lines)) if "lock two" in file.read_text(encoding="utf-8") else 1)

    file.write_text(file.read_text(encoding="utf-8") + f"forbid three -> {one} # three is innermost\n", encoding="utf-8")
    record, _ = place.record(program, ["ca"])
    done = place.order(record, "-o", "locks.order")
    checks.equal("a forbidden step", 1, done.returncode)
    checks.is_true("is said, with the reason", done.stderr.startswith("! three -> mutex@set_up+0x") and
                   f"forbid three -> {one} # three is innermost    # contract_probe: " in done.stderr, done.stderr)
    checks.is_true("and not allowed", f"allow three -> {one}" not in file.read_text(encoding="utf-8"))


def check_records(checks, place, program):
    """What `lockval check --expect` says of records is what the runs would have said with the option: the same pairs, fingerprints, words."""
    record, _ = place.record(program, ["ab,bc"])
    (place.folder / "locks.order").unlink(missing_ok=True)
    place.order(record, "-o", "locks.order")
    for steps, options in (("ab", ""), ("ca,ba", ""), ("abc,cb,ac", ""), ("cba,de", ""), ("abc", "expect=locks.order")):
        _, lines = place.record(program, [steps], "expect=locks.order")
        said = {finding["fingerprint"]: (finding["verdict"], finding["detail"]) for finding in lines
                if finding["t"] == "finding" and finding["kind"] == "order"}
        record, _ = place.record(program, [steps], options, "plain.jsonl")
        done = call(place.command, "check", "--expect=locks.order", "--format=json", record, cwd=place.folder)
        found = {finding["fingerprint"]: (finding["verdict"], finding["detail"]) for finding in json.loads(done.stdout)["findings"]
                 if finding["kind"] == "order"}
        checks.equal(f"{steps} {options}: a record says what the run says", said, found)
        checks.equal(f"{steps} {options}: and that counts", 66 if said or steps == "abc,cb,ac" else 0, done.returncode)
        done = call(place.command, "check", "--expect=locks.order", "--fail-on=deadlock", record, cwd=place.folder)
        checks.equal(f"{steps} {options}: unless it should not", 0, done.returncode)
        checks.equal(f"{steps} {options}: reports are in the library's words", len(said), done.stdout.count("which is against the lock order that is expected:"))
    words = {"text": "which is against the lock order that is expected:", "json": '"against": {', "sarif": '"ruleId": "order"', "junit": "<failure",
             "lockdep": "which is against the lock order that is expected:", "html": "Locks are taken against the expected order", "dot": "digraph"}
    record, _ = place.record(program, ["cab"])
    for name, word in words.items():
        done = call(place.command, "check", "--expect=locks.order", f"--format={name}", record, cwd=place.folder)
        checks.is_true(f"as {name}", done.returncode == 66 and word in done.stdout, done.stdout[:2000] + done.stderr)
    done = call(place.command, "baseline", "--expect=locks.order", record, cwd=place.folder)
    (place.folder / "known.baseline").write_text(done.stdout, encoding="utf-8")
    done = call(place.command, "check", "--expect=locks.order", "--baseline=known.baseline", record, cwd=place.folder)
    checks.equal("what is known does not count", 0, done.returncode)
    for name in ("none.order", "."):
        done = call(place.command, "check", f"--expect={name}", record, cwd=place.folder)
        checks.equal(f"a file that cannot be read: {name}", (1, ""), (done.returncode, done.stdout))


def check_nesting(checks, place, program):
    """Two of one class at once have a line, which counts where nesting is forbidden."""
    record, _ = place.record(program, ["de"])
    text = place.order(record).stdout
    checks.is_true("two of one class", "\nnest mutex@make_pool\n" in text, text)
    text = text.replace("leaf mutex@make_pool  # seen\n", "")
    record, _ = place.record(program, ["d,e"])
    checks.is_true("one after the other is none", "nest" not in place.order(record).stdout)
    for rule, count in (("nesting forbidden", 1), ("nesting allowed", 0)):
        (place.folder / "locks.order").write_text(text.replace("nest mutex@make_pool", rule), encoding="utf-8")
        _, lines = place.record(program, ["de"], "expect=locks.order")
        checks.equal(f"{rule}: two of it", [("mutex@make_pool", "mutex@make_pool")] * count, against(lines))
    (place.folder / "locks.order").write_text(text + "nesting forbidden\n", encoding="utf-8")
    _, lines = place.record(program, ["de"], "expect=locks.order")
    checks.equal("with its line it is allowed", [], against(lines))


def check_numbers(checks, place, program):
    """Where a run numbers the locks of a function in another order than that of the calls, what fits one of them is no finding. Which of
    two branches the compiler put first is not known here: one of the two ways is in order, and the other is not."""
    found = {}
    place.way = ()
    for way in ((), ("swapped",)):
        record, _ = place.record(program, ["ab", *way])
        (place.folder / "locks.order").unlink(missing_ok=True)
        place.order(record, "-o", "locks.order")
        found[way] = [len(against(place.record(program, [step, *other], "expect=locks.order")[1]))
                      for other in ((), ("swapped",)) for step in ("ab", "ba")]
        swapped, _ = place.record(program, ["ab", *(() if way else ("swapped",))])
        done = place.order(swapped, "-o", "locks.order", "--check")
        checks.equal(f"numbered in another order {way}: nothing is to be changed", (0, ""), (done.returncode, done.stdout))
    checks.is_true("only what is in order is judged by its numbers", sorted(found.values()) in ([[0, 0, 0, 0], [0, 0, 0, 1]], [[0, 0, 0, 0], [0, 1, 0, 0]]), found)


def check_builds(checks, place, program):
    """A function got another name in another build: the lock keeps its name and its lines, and gets the key that it has now."""
    source = (place.folder / "contract_probe.c").read_text(encoding="utf-8").replace("make_pool", "build_pool")
    other = place.folder / "other" / "contract_probe"
    other.parent.mkdir()
    other.with_suffix(".c").write_text(source, encoding="utf-8")
    subprocess.run(["cc", "-g", "-O0", "-pthread", str(other.with_suffix(".c")), "-o", str(other)], check=True, timeout=TIMEOUT)
    before, _ = place.record(program, ["cde"], "", "before.jsonl")
    after, _ = place.record(str(other), ["cde"], "", "after.jsonl")
    file = place.folder / "locks.order"
    file.unlink(missing_ok=True)
    place.order(before, "-o", "locks.order")
    file.write_text(file.read_text(encoding="utf-8").replace("mutex@make_pool", "pool"), encoding="utf-8")
    (place.folder / "renames").write_text("function make_pool -> build_pool\n", encoding="utf-8")
    done = place.order(before, after, "-o", "locks.order", "--renames=renames")
    checks.equal("the other key is added", (0, "~ lock pool: also init:contract_probe:build_pool:mutex:1\n"), (done.returncode, done.stdout))
    checks.is_true("to the lock's line", "  lock pool = init:contract_probe:make_pool:mutex:1 | init:contract_probe:build_pool:mutex:1\n" in
                   file.read_text(encoding="utf-8"), file.read_text(encoding="utf-8"))
    for name in (program, str(other)):
        _, lines = place.record(name, ["cde"], "expect=locks.order")
        checks.equal("and both builds keep the order", [], against(lines))
        _, lines = place.record(name, ["dc"], "expect=locks.order")
        checks.equal("and both can break it", 1, len(against(lines)))


def check_files(checks, place, program):
    """Files that are not there, cannot be written, are wrong, are links."""
    record, _ = place.record(program, ["ab"])
    done = place.order(record)
    checks.equal("to -", done.stdout, place.order(record, "-o", "-").stdout)
    checks.is_true("to stdout", done.returncode == 0 and done.stdout.startswith("lockval-order 1\n"), done.stdout)
    (place.folder / "stdout.order").write_text(done.stdout, encoding="utf-8")
    checks.equal("which is the same file", 0, place.order(record, "-o", "stdout.order", "--check").returncode)
    checks.equal("--check of a file that is not there", 1, place.order(record, "-o", "none.order", "--check").returncode)
    checks.is_true("does not make it", not (place.folder / "none.order").exists())
    (place.folder / "empty.order").write_text("", encoding="utf-8")
    checks.equal("an empty file is a new one", 0, place.order(record, "-o", "empty.order").returncode)
    checks.equal("as the other", done.stdout, (place.folder / "empty.order").read_text(encoding="utf-8"))

    os.symlink("stdout.order", place.folder / "link.order")
    more, _ = place.record(program, ["ab,bc"], "", "more.jsonl")
    checks.equal("through a link", 0, place.order(more, "-o", "link.order").returncode)
    checks.is_true("which stays one", (place.folder / "link.order").is_symlink())
    checks.is_true("to what was changed", "lock three" in (place.folder / "stdout.order").read_text(encoding="utf-8"))
    leftover = [path.name for path in place.folder.iterdir() if "order." in path.name]
    checks.equal("nothing is left beside it", [], leftover)

    (place.folder / "wrong.order").write_text("lockval-order 1\nallow a -> b\n", encoding="utf-8")
    done = place.order(record, "-o", "wrong.order")
    checks.equal("a wrong file", (1, ""), (done.returncode, done.stdout))
    checks.is_true("is named", "lockval: wrong.order:2: " in done.stderr, done.stderr)
    checks.equal("and left alone", "lockval-order 1\nallow a -> b\n", (place.folder / "wrong.order").read_text(encoding="utf-8"))
    done = place.order(record, "-o", "none/x.order")
    checks.equal("no such folder", 1, done.returncode)
    checks.is_true("is said", "lockval: cannot write none/x.order: " in done.stderr, done.stderr)
    checks.equal("a folder", 1, place.order(record, "-o", ".").returncode)
    checks.equal("no record", 1, place.order("missing.jsonl", "-o", "x.order").returncode)
    checks.is_true("makes no file", not (place.folder / "x.order").exists())
    for arguments in ([], ["--what", record], ["--check", record]):
        done = place.order(*arguments)
        checks.equal(f"wrong arguments: {arguments[:1]}", 2, done.returncode)


def main(arguments):
    command, library, *pairs = arguments
    programs = dict(pair.split("=", 1) for pair in pairs)
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        place = Place(command, library, programs, folder)
        program = place.folder / "contract_probe"
        source = place.folder / "contract_probe.c"
        source.write_text(SOURCE, encoding="utf-8")
        subprocess.run(["cc", "-g", "-O1", "-pthread", str(source), "-o", str(program)], check=True, timeout=TIMEOUT)
        check_own(checks, place)
        choose_way(place, str(program))
        check_update(checks, place, str(program))
        check_files(checks, place, str(program))
        check_records(checks, place, str(program))
        check_builds(checks, place, str(program))
        check_nesting(checks, place, str(program))
        check_numbers(checks, place, str(program))
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
