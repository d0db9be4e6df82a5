#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lockval diff and lockval coverage: what they say of records whose content is known, in every form, and their exit statuses.

Usage: commands.py LOCKVAL
"""

import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import xml.dom.minidom

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ("", "merge", "cli")]
import records  # noqa: E402
from browser import Browser, browser_path  # noqa: E402
from tap import Tap  # noqa: E402


class Command:
    def __init__(self, lockval, folder):
        self.lockval, self.folder, self.count = os.path.abspath(lockval), pathlib.Path(folder), 0

    def run(self, *args):
        done = subprocess.run([self.lockval, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def record(self, classes, edges, test=""):
        """A record in which writers take @edges; no class is odd, and there are no findings."""
        self.count += 1
        record = records.Record(self.count, f"{self.count:08x}", 1000 + self.count, test=test)
        record.line("thread", id=1, tid=self.count, name="worker", start="")
        record.line("stack", id=1, frames=[{"module": 1, "offset": "0x10", "name": "f+0x1"}])
        for cls in classes:
            record.line("class", id=cls, key=f"static:{records.BUILD}+{hex(cls)}", stable=f"static:prog:c{cls}", name=f"c{cls}", kind="mutex", origin="static",
                        base=0, subclass=0, named=False, wait=[4, 4], usage="....", standing="lock")
        for number, (a, b) in enumerate(edges, 1):
            lock = lambda cls: {"class": cls, "instance": cls, "address": hex(64 * cls), "mode": "write", "flags": [], "stack": 1, "earlier": False}  # noqa: E731
            record.line("witness", id=number, thread=1, wanted=lock(b), held=[lock(a)], left_out=False)
            record.line("edge", **{"from": a, "to": b}, modes=["EN"], witness=number, held=0)
        record.line("end", status=0, ms=1)
        path = self.folder / f"r{self.count}.jsonl"
        path.write_text(record.text(), encoding="utf-8")
        return path


def changes(said):
    """{(what, state): names} of a difference in JSON."""
    found = {("edge", state): {(edge["from"], edge["to"]) for edge in said["edges"][state]} for state in ("added", "removed")}
    found |= {("class", state): {cls["name"] for cls in said["classes"][state]} for state in ("added", "removed")}
    return {what: names for what, names in found.items() if names}


def mirror(found):
    words = {"added": "removed", "removed": "added"}
    return {(what, words.get(state, state)): names for (what, state), names in found.items()}


def check_diff(tap, command):
    old = command.record([1, 2, 3, 4], [(1, 2), (2, 3), (1, 4)])
    new = command.record([1, 2, 3, 5], [(1, 2), (2, 3), (3, 1), (3, 5)])
    status, out, _ = command.run("diff", "--format=json", old, new)
    said = json.loads(out)
    tap.equal(status, 1, "two orders that differ: status 1")
    tap.equal(changes(said), {("edge", "added"): {("c3", "c1"), ("c3", "c5")}, ("edge", "removed"): {("c1", "c4")}, ("class", "added"): {"c5"}, ("class", "removed"): {"c4"}},
              "what came and what went")
    tap.equal([(finding["kind"], finding["verdict"]) for finding in said["findings"]["new"]], [("circular", "potential")], "an edge that closes a circle over runs is a new finding")
    back = json.loads(command.run("diff", "--format=json", new, old)[1])
    tap.equal(changes(back), mirror(changes(said)), "the other way round it is the mirror")
    tap.equal(command.run("diff", old, old)[0], 0, "an order and itself: status 0")
    both = command.folder / "both.jsonl"
    command.run("merge", old, new, "-o", both)
    found = changes(json.loads(command.run("diff", "--format=json", old, both)[1]))
    tap.equal({state for _, state in found}, {"added"}, "to a union that has it, things are only added")
    tap.equal(command.run("diff", f"--old={old}", f"--old={new}", f"--new={both}")[0], 0, "several records are one order")
    store = command.folder / "store.db"
    command.run("db", "add", store, old)
    tap.equal(command.run("diff", store, old)[0], 0, "a store and what it has")

    status, out, _ = command.run("diff", "--format=markdown", "--limit=4000", old, new)
    tap.say(status == 1 and len(out.encode()) <= 4000 and "c3" in out, "a comment of at most so many bytes", out)
    status, out, _ = command.run("diff", "--format=dot", old, new)
    tap.say(status == 1 and "dashed" in out and "+" in out, "a drawing tells what went and what came without colours", out)
    status, out, _ = command.run("diff", "--format=svg", old, new)
    tap.say(status == 1 and xml.dom.minidom.parseString(out).documentElement.tagName == "svg", "SVG")
    text = command.run("diff", old, new)[1]
    tap.say("+ c3 -> c1" in text and "- c1 -> c4" in text, "text", text)
    tap.equal([command.run("diff", *args)[0] for args in ((), (old,), (old, "/no/such/file"), ("--format=x", old, new), ("--limit=9", old, new), (old, new, old))], [2] * 6, "trouble is status 2")


def check_coverage(tap, command):
    names = [command.record([1, 2, 3, 4], [(1, 2), (2, 3)], test="long"), command.record([1, 2], [(1, 2)], test="short"),
             command.record([1, 4, 5], [(1, 4)], test="other"), command.record([6], [], test="alone")]
    status, out, _ = command.run("coverage", "--format=json", *names)
    said = json.loads(out)
    tap.equal(status, 0, "status 0")
    by = {(edge["from"], edge["to"]): edge["tests"] for edge in said["edges"]}
    tap.equal(by, {("c1", "c2"): ["long", "short"], ("c2", "c3"): ["long"], ("c1", "c4"): ["other"]}, "edges and the tests that make them")
    summary = said["summary"]
    tap.equal((summary["edges_of_one_test"], summary["classes_alone"], summary["tests_for_all_edges"], summary["tests_without_own_edges"]), (2, 2, 2, 2), "the numbers")
    text = command.run("coverage", *names)[1]
    tap.say("c2 -> c3" in text and "alone" in text, "text", text)
    tap.equal([command.run("coverage", *args)[0] for args in ((), ("--format=x", names[0]), ("--top=x", names[0]))], [2] * 3, "calls that mean nothing")
    tap.equal(command.run("coverage", "/no/such/file")[0], 1, "a file that is not there")
    return names


def check_pages(tap, command, names):
    if browser_path() is None:
        tap.say(True, "pages in a browser # SKIP there is no Chromium")
        return
    pages = {"coverage": command.folder / "coverage.html", "diff": command.folder / "diff.html"}
    command.run("coverage", "--format=html", *names, "-o", pages["coverage"])
    command.run("diff", "--format=html", names[0], names[2], "-o", pages["diff"])
    with Browser(str(command.folder)) as browser:
        for name, path in pages.items():
            for width, dark in ((1200, False), (360, True)):
                browser.open(str(path), width=width, dark=dark, mobile=width < 500)
                tap.equal(browser.problems, [], f"{name}, {width} pixels: nothing is logged")
                tap.equal([url for url in browser.requests if not url.startswith("file:")], [], f"{name}, {width} pixels: nothing is fetched")
                tap.equal(browser.evaluate("document.documentElement.scrollWidth <= innerWidth"), True, f"{name}, {width} pixels: nothing sticks out")
            tap.say(browser.evaluate("document.querySelectorAll('table tbody tr').length") > 3, f"{name}: rows are there")
            browser.open(str(path), script=False)
            browser.call("Emulation.setScriptExecutionDisabled", value=False)
            tap.say("c2" in browser.evaluate("document.body.textContent"), f"{name}: it can be read without scripts")


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        command = Command(sys.argv[1], folder)
        random.seed(1)
        check_diff(tap, command)
        check_pages(tap, command, check_coverage(tap, command))
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
