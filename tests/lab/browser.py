#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The lab's page in a headless Chromium: every example says what the native core says; buttons, keys, links, both colour schemes and
a phone's width work, and nothing is logged or fetched.

Usage: browser.py LAB.html LAB
"""

import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
from browser import Browser, browser_path  # noqa: E402

WORST = """(() => {
    const out = [];
    for (const example of labExamples) {
        const view = lab.core.load(example.text, "");
        while (view.ok && lab.game !== null) {
            lab.game.load(example.text, "");
            while (lab.game.forth()) {}
            break;
        }
        out.push(JSON.stringify({ findings: lab.game.view.findings, edges: lab.game.view.edges, chains: lab.game.view.chains,
                                  hangs: lab.game.view.hangs, all: lab.core.exploreAll() }));
    }
    return out;
})()"""


READY = "new Promise((done) => { const look = () => document.documentElement.dataset.ready ? done(1) : setTimeout(look, 5); look(); })"


def open_page(browser, path, **more):
    """The core is compiled behind the load event."""
    browser.open(path, **more)
    browser.evaluate(READY)


class Tap:
    def __init__(self):
        self.number = self.failed = 0

    def say(self, good, title, complaint=""):
        self.number += 1
        self.failed += not good
        print(f"{'' if good else 'not '}ok {self.number} - {title}", flush=True)
        if not good:
            print("".join(f"#   {line}\n" for line in str(complaint).splitlines()), end="")

    def equal(self, got, wanted, title):
        self.say(got == wanted, title, f"got    {got!r}\nwanted {wanted!r}")


def native(program, texts):
    done = subprocess.run([program], input="".join(text + "\0" for text in texts), stdout=subprocess.PIPE, check=True, text=True)
    for line in done.stdout.splitlines():
        said = json.loads(line)
        first = said["first"]
        yield {key: first[key] for key in ("findings", "edges", "chains", "hangs")} | {"all": said["all"]}


def check_examples(tap, browser, program):
    examples = browser.evaluate("labExamples")
    theirs = [json.loads(text) for text in browser.evaluate(WORST)]
    ours = list(native(program, [example["text"] for example in examples]))
    tap.say(len(theirs) == len(ours) >= 315, f"{len(ours)} examples were run", f"{len(theirs)} in the page, {len(ours)} outside")
    bad = [example["name"] for example, a, b in zip(examples, theirs, ours) if a != b]
    tap.equal(bad, [], "every example gives what the native core gives, to the last letter of its reports")
    wrong = [example["title"] for example, got in zip(examples, theirs)
             if "expected" in example and (got["findings"] != []) != (example["expected"] == "report")]
    tap.equal(wrong, [], "every row of the table gets its verdict")


def check_playing(tap, browser, path):
    text = lambda name: browser.evaluate(f"document.getElementById('{name}').textContent")
    click = lambda name: browser.evaluate(f"document.getElementById('{name}').click()")
    open_page(browser, path, fragment="#e=01-two-locks")
    browser.evaluate("document.activeElement.blur()")
    for key in "1212":
        browser.key(key)
    tap.say("Nothing can go on: this is a deadlock" in text("told") and "circular, feasible" in text("told"),
            "keys 1 and 2 take steps, and the hang is said", text("told"))
    tap.equal(browser.evaluate("document.querySelectorAll('.thread.stuck').length"), 2, "both threads are shown as stuck")
    tap.equal(browser.evaluate("document.querySelectorAll('#graph .cycle').length"), 2, "the circle is drawn")
    browser.key("ArrowLeft")
    tap.equal(text("told"), "T1: lock B … waits.", "the left arrow takes a step back")
    browser.key("ArrowRight")
    tap.equal(browser.evaluate("document.querySelectorAll('#history li').length"), 4, "the right arrow takes it again")
    browser.key("Home")
    tap.equal(text("told"), "At the beginning.", "Home begins anew")
    browser.key("e")
    tap.say("12 interleavings, 32 states" in text("explored") and "It can hang: in one state" in text("explored"),
            "e tries all interleavings", text("explored"))
    click("show-hang")
    tap.say("this is a deadlock" in text("told"), "the way to the hang is shown", text("told"))
    click("share")
    link = browser.evaluate("location.hash")
    open_page(browser, path, fragment=link)
    tap.say("this is a deadlock" in text("told"), "a link leads to the same program and the same steps", link)
    browser.evaluate("(() => { const t = document.getElementById('text'); t.value = 'T1: lock A\\nT2: frob A'; "
                     "t.dispatchEvent(new Event('input')); })()")
    tap.equal(text("complaint"), "Line 2: this step is not known: frob", "a mistake is said with its line")
    open_page(browser, path, fragment="#p=%%%")
    tap.equal(text("complaint"), "The address has no program that can be read.", "a broken link is said")
    browser.evaluate("(() => { const s = document.getElementById('search'); s.value = 'irqsafe1 hard'; "
                     "s.dispatchEvent(new Event('input')); })()")
    tap.equal(browser.evaluate("document.querySelectorAll('#example option').length"), 6, "the list of examples is filtered")


def check_looks(tap, browser, path):
    unnamed = """[...document.querySelectorAll("button, input, select, textarea, svg")].filter((e) =>
        !(e.textContent.trim() || e.getAttribute("aria-label") || (e.labels && e.labels.length))).map((e) => e.id)"""
    for width, dark in ((1400, False), (1400, True), (360, False), (360, True)):
        open_page(browser, path, width=width, dark=dark, fragment="#e=20-philosophers", mobile=width < 500)
        browser.evaluate("for (let i = 0; i < 12; i++) lab.forth()")
        name = f"{width} pixels, {'dark' if dark else 'light'}"
        tap.equal(browser.evaluate("document.documentElement.scrollWidth <= innerWidth"), True, f"{name}: nothing sticks out")
        tap.equal(browser.evaluate(unnamed), [], f"{name}: everything has a name that can be read out")
    browser.open(path, script=False)
    tap.equal(browser.problems, [], "without scripts the page says what it needs")


def main():
    path, program = (str(pathlib.Path(arg).resolve()) for arg in sys.argv[1:])
    if browser_path() is None:
        print("1..0 # SKIP there is no Chromium")
        return 77
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder, Browser(folder) as browser:
        open_page(browser, path)
        tap.equal(browser.evaluate("document.documentElement.dataset.ready"), "1", "the core runs")
        check_examples(tap, browser, program)
        tap.equal(browser.problems, [], "nothing was logged")
        tap.equal([url for url in browser.requests if not url.startswith("file:")], [], "nothing was fetched")
        check_playing(tap, browser, path)
        tap.equal(browser.problems, [], "nothing was logged while playing")
        check_looks(tap, browser, path)
    print(f"1..{tap.number}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
