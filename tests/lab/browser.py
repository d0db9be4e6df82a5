#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The lab's page in a headless Chromium: every example says what the native core says; buttons, keys, links, both colour schemes and
a phone's width work, nonsense does no harm, the pictures in docs show the page as it is, and nothing is logged or fetched.

Usage: browser.py LAB.html LAB DOCS
"""

import base64
import json
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
from browser import Browser, browser_path  # noqa: E402
from pictures import LARGEST, PICTURES, READY, digest_in, pose  # noqa: E402
from tap import Tap  # noqa: E402

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


def open_page(browser, path, **more):
    """The core is compiled behind the load event."""
    browser.open(path, **more)
    browser.evaluate(READY)


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


TYPE = """((text) => { const t = document.getElementById("text"); t.value = text; t.dispatchEvent(new Event("input")); return document.getElementById("complaint").textContent; })"""

MARKUP = "<img src=x onerror='document.title=1'><script>document.title=1</script>"

# Texts that are no programs, or odd ones.
NONSENSE = ["", " ", "\0", ":", "::::", ";;;", "T1:;;;", "run:", "run: run", "on on on: on", "T1: lock", "T1: lock \u202eA", "T1: l\u00f6ck A", MARKUP, f"T1: lock {MARKUP}",
            f"{MARKUP}: lock A", f"mutex {MARKUP}", f"context {MARKUP}", "T1: create T1; join T1", "T1: join T1", "T1: unlock A; unlock A", "T1: wait C with A; unlock A",
            "T1: complete E\nT2: wait E; wait E", "T1: " + "A" * 70000, "\n" * 3000 + "x", "T1: lock " + "x" * 31 + ".2/7 nest " + "y" * 31, "#" * 500,
            "T1: join T2\nT2: join T1", "T1: create T2; create T2\nT2: lock A", "T1: lock A\nT1: lock A", "context C\non C: enter C; lock A\nT1: lock A; leave C; unmask C"]


def encode(text):
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


# Example -> a part of what trying all says of it.
SAID = {"lesson-01-show": "Its flags keep threads apart. lockval does not see them: try again without.",
        "lesson-09-show": "lockval has reported nothing so far. It learns no order from waits on condition variables.",
        "lesson-07-wrong": "It can hang: in one state threads wait for good",
        "lesson-12-solution": "lockval says guarded: the order is wrong, and something else keeps it from hanging. So it is.",
        "lesson-12-exercise": "lockval says feasible, and it is so.",
        "report-1-reported": "lockval says potential: the order of the classes allows a hang; with just these threads it does not come about.",
        "10-strict-readers": "lockval says potential: one run could not make it surer."}


def check_said(tap, browser, path):
    """Examples that are played to their end, and then tried."""
    open_page(browser, path)
    for name, words in SAID.items():
        said = browser.evaluate(f"(async () => {{ lab.choose('{name}'); while (lab.game.forth()) {{}} lab.show(); lab.explore(); while (lab.exploring !== null) "
                                "await new Promise((done) => setTimeout(done)); return document.getElementById('explored').textContent; })()")
        tap.say(words in said, f"{name}: {words}", said)


def check_nonsense(tap, browser, path):
    text = lambda name: browser.evaluate(f"document.getElementById('{name}').textContent")
    type_in = lambda words: browser.evaluate(f"{TYPE}({json.dumps(words)})")
    open_page(browser, path)
    for words in NONSENSE:
        type_in(words)
        browser.evaluate("document.activeElement.blur()")
        browser.evaluate("for (let i = 0; i < 40; i++) lab.forth(); lab.explore(); lab.back(); lab.restart(); lab.toggle(); lab.toggle()")
        for key in ("1", "2", "8", "e", "ArrowLeft", "Home"):
            browser.key(key)
    tap.equal(browser.problems, [], f"{len(NONSENSE)} texts of nonsense, played: nothing is thrown")
    type_in("T1: frob A")
    tap.equal(browser.evaluate("['board', 'known', 'all'].map((id) => document.getElementById(id).inert)"), [True] * 3, "while the text is no program, nothing can be played")
    tap.equal([type_in("T1: lock A"), browser.evaluate("document.getElementById('board').inert")], ["", False], "and then it can again")
    for words in (MARKUP, f"T1: lock {MARKUP}", f"{MARKUP}: lock A", "T1: lock &lt(b)&gt; unlock &lt(b)&gt"):
        open_page(browser, path, fragment="#p=" + encode(words) + "&h=0-0.99-99.x")
        tap.equal(browser.evaluate("[document.title, document.querySelectorAll('main img, main script, main b i').length, document.getElementById('text').value]"),
                  ["The lock lab", 0, words], "a name in a link is text: " + (text("complaint") or text("history")))
    open_page(browser, path)
    for fragment in ("#p=", "#p=%%%", "#p=AAAA", "#p=____", "#p=" + "A" * 5000, "#e=" + MARKUP, "#e=", "#h=0-0", "#p&h&s", "#p=" + encode("T1: lock A") + "&h=7-7.0-0.0-0.0-99", "#%"):
        browser.evaluate(f"new Promise((done) => {{ location.hash = ''; addEventListener('hashchange', () => setTimeout(done), {{ once: true }}); location.hash = {json.dumps(fragment)}; }})")
        browser.evaluate("document.activeElement.blur()")
        browser.key("1")
    tap.equal(browser.problems, [], "broken links do no harm")


def check_large(tap, browser, path):
    text = lambda name: browser.evaluate(f"document.getElementById('{name}').textContent")
    name = lambda i: f"a_rather_long_name_{i}".ljust(31, "x")
    many = "".join(f"{name(i)}: " + "; ".join(f"lock {name(i)}/{k}; unlock {name(i)}" for k in range(4)) + "\n" for i in range(8))
    for width in (1280, 390):
        open_page(browser, path, width=width, mobile=width < 500, fragment="#p=" + encode(many))
        browser.evaluate("for (let i = 0; i < 40; i++) lab.forth()")
        tap.equal(browser.evaluate("document.documentElement.scrollWidth <= innerWidth && "
                                   "[...document.querySelectorAll('.thread *')].every((e) => e.scrollWidth <= e.parentElement.clientWidth)"), True,
                  f"{width} pixels, eight threads with long names: nothing sticks out, and nothing is cut")
    browser.evaluate("document.activeElement.blur()")
    browser.key("Home")
    browser.key("e")
    tap.say(text("explore").startswith("Stop: "), "eight threads have too many states to try them at once", text("explore"))
    browser.key("1")
    tap.equal([text("told"), text("explore").startswith("Stop: ")], [f"{name(0)}: lock {name(0)}/0.", True], "meanwhile a step can be played")
    browser.key("e")
    tap.equal(text("explore"), "Go on", "and it can be stopped")
    browser.key("e")
    until = time.monotonic() + 60
    while text("explore") != "Try all" and time.monotonic() < until:
        time.sleep(.05)
    tap.say("there were too many to try all" in text("explored") and "None of those that were tried hangs" in text("explored"), "that it gave up is said", text("explored"))


# The least contrast between a text and what is behind it, of all texts that are there, and where.
CONTRAST = """(() => {
    const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const light = (c) => c.slice(0, 3).map((v) => v / 255).map((v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
    const behind = (e) => { for (; e; e = e.parentElement) { const c = numbers(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
    let worst = [99, ""];
    for (const e of document.querySelectorAll("body *")) {
        if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || !e.getClientRects().length || e.closest("script, style, option, :disabled, .hidden, .skip, rect"))
            continue;
        const svg = e instanceof SVGElement, box = svg && !e.classList.contains("modes") ? e.parentElement.querySelector("rect") : null;
        const a = light(numbers(svg ? getComputedStyle(e).fill : getComputedStyle(e).color)), b = light(box ? numbers(getComputedStyle(box).fill) : behind(svg ? document.getElementById("graph") : e));
        const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
        if (ratio < worst[0]) worst = [ratio, e.tagName + " " + e.className + ": " + e.textContent.slice(0, 40)];
    }
    return worst;
})()"""


def check_access(tap, browser, path):
    here = lambda what: browser.evaluate(f"document.activeElement.{what}")
    open_page(browser, path, fragment="#e=01-two-locks")
    seen = []
    while len(seen) < 40 and (here("id") or here("dataset.step") or here("className") or here("tagName")) not in seen[1:]:
        seen.append(here("id") or here("dataset.step") or here("className") or here("tagName"))
        browser.key("Tab")
    wanted = {"theme", "search", "example", "text", "load", "share", "strict", "next", "play", "0,0", "1,0", "history", "explore"}
    tap.equal(wanted - set(seen), set(), "the tab key reaches everything")
    open_page(browser, path, fragment="#e=01-two-locks")
    browser.key("Tab")
    browser.key("Tab")
    tap.say(browser.evaluate("(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle === 'solid' && parseFloat(s.outlineWidth) >= 2; })()"),
            "what has the focus has a ring", here("outerHTML"))
    browser.evaluate("document.querySelector('[data-step=\"1,0\"]').focus()")
    browser.key("Enter")
    browser.key("Enter")
    tap.equal([here("dataset.step"), browser.evaluate("document.querySelectorAll('#history li').length")], ["1,0", 2], "a step by the keyboard leaves the focus where it is")
    live = "[...document.querySelectorAll('[aria-live], [role=alert]')].map((e) => e.id)"
    tap.equal(browser.evaluate(live), ["complaint", "told", "explored"], "what happens is read out")
    browser.evaluate("lab.restart(); [0, 1, 0, 1].forEach((thread) => lab.play([thread, 0]))")
    tap.equal(browser.evaluate("document.querySelector('#graph svg').getAttribute('aria-label')"), "Edges: A before B, B before A. Circle: B before A before B", "the graph is said in words")


def check_pictures(tap, browser, path, docs):
    for name in PICTURES:
        png = (pathlib.Path(docs) / name).read_bytes()
        tap.equal(digest_in(png), pose(browser, path, name), f"docs/{name} shows the page as it is (tests/lab/pictures.py takes it anew)")
        tap.say(len(png) <= LARGEST, f"docs/{name} is small", len(png))


def check_looks(tap, browser, path):
    unnamed = """[...document.querySelectorAll("button, input, select, textarea, svg")].filter((e) =>
        !(e.textContent.trim() || e.getAttribute("aria-label") || (e.labels && e.labels.length))).map((e) => e.id)"""
    for width, dark in ((1400, False), (1400, True), (360, False), (360, True)):
        open_page(browser, path, width=width, dark=dark, fragment="#e=20-philosophers", mobile=width < 500)
        browser.evaluate("for (let i = 0; i < 12; i++) lab.forth()")
        name = f"{width} pixels, {'dark' if dark else 'light'}"
        tap.equal(browser.evaluate("document.documentElement.scrollWidth <= innerWidth"), True, f"{name}: nothing sticks out")
        tap.equal(browser.evaluate(unnamed), [], f"{name}: everything has a name that can be read out")
        contrast = browser.evaluate(CONTRAST)
        tap.say(contrast[0] >= 4.5, f"{name}: all texts can be read", contrast)
    browser.open(path, script=False)
    tap.equal(browser.problems, [], "without scripts the page says what it needs")


def main():
    path, program, docs = (str(pathlib.Path(arg).resolve()) for arg in sys.argv[1:])
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
        check_said(tap, browser, path)
        check_nonsense(tap, browser, path)
        check_large(tap, browser, path)
        check_access(tap, browser, path)
        check_looks(tap, browser, path)
        check_pictures(tap, browser, path, docs)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
