#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lockval report --format=html in a headless Chromium: what is drawn, the script, keys, a narrow screen, no script, hostile names.

Usage: check_page.py COMMAND LIBRARY NAME=PROGRAM ...    (status 77 where there is no Chromium or no Graphviz)
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from browser import Browser, browser_path
from command import Checks, call, environment

SKIP = 77

# name: program, its arguments, options of the library
RECORDS = {
    "reported": ("mm_sim", ["reported"], "lock_stat=1"),
    "inversion": ("signal_locks", ["chain"], ""),
    "unlock": ("misuse", ["unlock-elsewhere"], ""),
    "recursive": ("self_deadlock", ["mutex"], ""),
    "instances": ("instances", ["three"], ""),
    "stuck": ("stuck", ["abba"], "on_deadlock=exit"),
}

FINDINGS = 7  # of all these: the one that hangs has an order before its deadlock; all but the unlock have a circle

HOSTILE = ["<script>window.hacked = 1</script>", "</script><script>window.hacked = 2</script>", "\"><img src=x onerror='window.hacked=3'>",
           "<!--<script>", "bytes \uf780\uf7ff", "turned \u202e round", "tab\tline\nend \x07", "x" * 4000, "&amp;&lt;", "${1}\\u003c"]

VISIBLE = """(selector) => [...document.querySelectorAll(selector)].filter((e) => e.getClientRects().length !== 0).length"""


def visible(browser, selector):
    return browser.evaluate(f"({VISIBLE})({json.dumps(selector)})")


def count(browser, selector):
    return browser.evaluate(f"document.querySelectorAll({json.dumps(selector)}).length")


def text(browser, selector):
    return browser.evaluate(f"document.querySelector({json.dumps(selector)}).textContent")


def settle(browser):
    """Two frames: what was asked for is drawn then."""
    browser.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def picture(browser):
    """The drawn graph, as a number that changes with it, and how many of its pixels are not empty."""
    settle(browser)
    return browser.evaluate("""(() => {
        const canvas = document.querySelector("canvas"), data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        let sum = 0, filled = 0;
        for (let i = 0; i < data.length; i += 4) {
            filled += data[i + 3] !== 0;
            sum = (sum * 31 + data[i] + data[i + 1] * 7 + data[i + 3]) % 1000000007;
        }
        return [sum, filled];
    })()""")


def record(library, program, args, options, path):
    subprocess.run([program, *args], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=60, cwd=path.parent,
                   env=environment(LD_PRELOAD=library, LOCKVAL_OPTIONS=f"log=none:record={path}:{options}"))
    return path


def line(t, **members):
    return json.dumps({"t": t, "pid": 7, "run": "00000007", **members})


def lock(number, name, mode="write"):
    return {"class": number, "instance": number, "address": f"0x{number:x}0", "mode": mode, "flags": [], "stack": 1, "earlier": False,
            "key": f"name:{name}", "name": name, "site": "?+0x1"}


def class_line(number, name, module="program"):
    return line("class", id=number, key=f"name:{name}", stable=f"init:{module}:{name}", name=name, kind="mutex", origin=f"named {name}",
                base=0, subclass=0, named=True, wait=[4, 4], usage="+.+.", standing="lock")


def hostile_record(path):
    """Every text that a program can choose is one that means something to HTML."""
    names = HOSTILE
    lines = [line("meta", format=1, version="0", program=names[0], path=names[1], argv=names, argv_cut=False, cwd=names[2], ppid=1,
                  forked=False, start_ms=1, options={"log": names[0]}),
             line("module", id=1, path=names[1], name=names[0], build_id="", load="0x0", start="0x0", end="0x1000", program=True),
             line("thread", id=1, tid=7, name=names[0], start=""),
             line("stack", id=1, frames=[{"module": 1, "offset": "0x10", "name": names[1]}, {"module": 1, "offset": "0x20", "name": names[7]}])]
    lines += [class_line(i + 1, name, name) for i, name in enumerate(names)]
    thread = {"id": 1, "tid": 7, "name": names[0], "start": ""}
    steps = [{"kind": "lock", "thread": thread, "held": lock(i + 1, name), "wanted": lock((i + 1) % len(names) + 1, names[(i + 1) % len(names)])}
             for i, name in enumerate(names)]
    for i, step in enumerate(steps):
        lines.append(line("witness", id=i + 1, thread=1, wanted=step["wanted"], held=[step["held"]], left_out=False))
        lines.append(line("edge", **{"from": step["held"]["class"], "to": step["wanted"]["class"], "modes": ["EN"], "witness": i + 1, "held": 0}))
    lines.append(line("finding", kind="circular", verdict="potential", reasons=names, fingerprint="0123456789abcdef", counts=True, ms=1,
                      thread=thread, edges=steps, held=[lock(1, names[0])], stack=1, text=names[1]))
    lines.append(line("finding", kind=names[0], verdict=names[1], reasons=names, fingerprint=names[0], counts=True, ms=1, thread=thread,
                      subject=lock(1, names[0]), detail=names[1], held=[], stack=1, text=names[0]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def large_record(path, classes, edges):
    lines = [line("meta", format=1, version="0", program="large", path="/large", argv=["large"], argv_cut=False, cwd="/", ppid=1,
                  forked=False, start_ms=1, options={})]
    lines += [class_line(i + 1, f"lock_{i}", f"module{i * 8 // classes}") for i in range(classes)]
    for i in range(edges):
        start = i * 7919 % (classes - 40)
        lines.append(line("edge", **{"from": start + 1, "to": start + 2 + i * 31 % 38, "modes": ["EN"], "witness": 0, "held": 0}))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def page_of(checks, command, name, *paths, env=None):
    out = paths[0].with_name(f"{name}.html")
    done = call(command, "report", "--format=html", "-o", out, *paths, env=env)
    checks.equal(f"{name}: the status", (0, ""), (done.returncode, done.stderr))
    return out


def is_clean(checks, browser, name, page):
    checks.equal(f"{name}: no errors", [], browser.problems)
    checks.equal(f"{name}: nothing is asked for but the page", [], [url for url in browser.requests if url != f"file://{page}" and not url.startswith("data:")])


# ---- what is looked at ----

def check_static(checks, browser, page):
    """Without a script, all is there."""
    browser.open(page, script=False)
    checks.equal("no script: all findings are seen", FINDINGS, visible(browser, ".finding"))
    checks.equal("no script: the circles are drawn", FINDINGS - 1, visible(browser, "svg.circle"))
    checks.equal("no script: the interleavings are seen", FINDINGS - 1, visible(browser, ".steps table"))
    checks.is_true("no script: stacks are seen", visible(browser, ".stack li") > 40)
    checks.is_true("no script: classes are seen", visible(browser, "#classes tbody tr") > 20)
    checks.is_true("no script: edges are seen", visible(browser, "#edges tbody tr") > 20)
    checks.is_true("no script: the graph says what it needs", "needs JavaScript" in text(browser, "#graph"))
    checks.equal("no script: no button is there that does nothing", 0, count(browser, "button"))


def check_findings(checks, browser, page):
    browser.open(page)
    is_clean(checks, browser, "findings", page)
    checks.equal("one finding is seen", 1, visible(browser, ".finding"))
    verdicts = browser.evaluate("[...document.querySelectorAll('.entries > li')].map((e) => e.dataset.verdict)")
    order = ["deadlock", "misuse", "feasible", "potential", "guarded"]
    checks.equal("sorted by verdict", sorted(verdicts, key=order.index), verdicts)
    browser.evaluate("document.querySelector('#finding-search').focus()")
    for sign in "unlock_elsew":
        browser.key(sign)
    checks.equal("the search finds a function of a stack", 1, visible(browser, ".entries > li"))
    browser.evaluate("(() => { const s = document.querySelector('#finding-search'); s.value = ''; s.dispatchEvent(new Event('input')); })()")
    checks.equal("all again", FINDINGS, visible(browser, ".entries > li"))
    browser.evaluate("[...document.querySelectorAll('.filters button')].find((b) => b.textContent.startsWith('potential')).click()")
    checks.equal("a verdict is filtered out", FINDINGS - verdicts.count("potential"), visible(browser, ".entries > li"))
    browser.evaluate("(() => { const s = document.querySelector('#finding-kind'); s.value = 'unlock'; s.dispatchEvent(new Event('change')); })()")
    checks.equal("a kind is chosen", 1, visible(browser, ".entries > li"))
    browser.open(page, fragment="#f6")
    checks.equal("a link to a finding", "f6", browser.evaluate("document.querySelector('.finding.current').id"))
    fingerprint = browser.evaluate("document.querySelector('#f4').dataset.print")
    browser.open(page, fragment=f"#f-{fingerprint}")
    checks.equal("a link to a fingerprint", "f4", browser.evaluate("document.querySelector('.finding.current').id"))
    browser.evaluate("document.querySelector('.entries a').focus()")
    browser.key("ArrowDown")
    checks.equal("arrows go through the list", "f2", browser.evaluate("document.querySelector('.finding.current').id"))


def check_steps(checks, browser, page):
    """The circle of seven classes, by keys."""
    browser.open(page)
    rows = count(browser, "#f1 .steps tbody tr")
    checks.equal("a column for each acquisition", 7, count(browser, "#f1 .steps thead .thread"))
    checks.equal("each takes, waits, or never comes to it", 14, rows)
    checks.equal("nothing is held at first", 0, count(browser, "#f1 .board .lock"))
    browser.key("ArrowRight")
    checks.equal("after a step one holds a lock", 1, count(browser, "#f1 .board .lock"))
    checks.is_true("the step is said", text(browser, "#f1 .told").startswith("step 1 of 14: "))
    browser.key("ArrowLeft")
    checks.equal("and back", 0, count(browser, "#f1 .board .lock"))
    for _ in range(12):
        browser.key("ArrowRight")
    checks.equal("before the last wait it is no deadlock", 0, count(browser, "#f1 .board.dead"))
    browser.evaluate("document.querySelector('#f1 [data-go=next]').click()")
    checks.equal("then it is", 1, count(browser, "#f1 .board.dead"))
    checks.is_true("and said", text(browser, "#f1 .told").endswith("DEADLOCK"))
    checks.equal("every arrow of the drawing is there", 7, count(browser, "#f1 svg .arrow.on"))
    browser.evaluate("document.querySelector('#f1 [data-go=next]').click()")
    checks.is_true("there is no further step", browser.evaluate("document.querySelector('#f1 [data-go=next]').disabled"))
    browser.evaluate("document.querySelector('#f1 [data-go=play]').click()")
    checks.equal("play begins anew", "pause", text(browser, "#f1 [data-go=play]"))
    browser.evaluate("document.querySelector('#f1 [data-go=play]').click()")
    checks.equal("and is stopped", "play", text(browser, "#f1 [data-go=play]"))


def edges_of(page):
    """How many edges its record has, once each."""
    lines = [json.loads(line) for line in page.with_suffix(".jsonl").read_text(encoding="utf-8").splitlines()]
    return len({(line["from"], line["to"]) for line in lines if line["t"] == "edge"})


def check_graph(checks, browser, page):
    edges = edges_of(page)
    browser.open(page, fragment="#graph")
    first = picture(browser)
    is_clean(checks, browser, "graph", page)
    checks.is_true("the graph is drawn", first[1] > 2000, first)
    all_classes = text(browser, "#map-count")
    checks.is_true("all classes are in it", re.match(r"(\d\d) of \1 classes, ", all_classes) is not None, all_classes)
    implied = int(re.search(r"\((\d+)\)", text(browser, "label:has(#map-implied)")).group(1))
    checks.equal("edges that follow from others are not", f"{edges - implied} edges", all_classes.split(", ")[1])
    left, top, width, height = browser.evaluate("(() => { const r = document.querySelector('canvas').getBoundingClientRect(); return [r.x, r.y, r.width, r.height]; })()")
    browser.mouse("mouseWheel", left + width / 2, top + height / 2, deltaX=0, deltaY=-300)
    zoomed = picture(browser)
    checks.is_true("the wheel zooms", zoomed[0] != first[0])
    browser.drag(left + 20, top + 20, left + 80, top + 60)
    moved = picture(browser)
    checks.is_true("dragging moves", moved[0] != zoomed[0])
    fingers = [(left + width / 2 - 40, left + width / 2 + 40), (left + width / 2 - 80, left + width / 2 + 80)]
    for kind, (one, other) in zip(("touchStart", "touchMove"), fingers):
        browser.call("Input.dispatchTouchEvent", type=kind, touchPoints=[{"x": one, "y": top + 200, "id": 1}, {"x": other, "y": top + 200, "id": 2}])
    browser.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    pinched = picture(browser)
    checks.is_true("two fingers zoom", pinched[0] != moved[0])
    moved = pinched
    browser.evaluate("document.querySelector('canvas').focus()")
    browser.key("ArrowLeft")
    browser.key("-")
    checks.is_true("keys move and zoom", picture(browser)[0] != moved[0])
    browser.key("0")
    checks.equal("0 shows all, as at first", first, picture(browser))
    browser.evaluate("document.querySelector('#map-search').focus()")
    for sign in "hotplug":
        browser.key(sign)
    checks.equal("the search finds a class", 1, count(browser, "#map-list li"))
    browser.key("Enter")
    checks.equal("Enter chooses it", "cpu_hotplug_lock.rw_sem", text(browser, ".panel h3"))
    details = text(browser, ".panel")
    checks.is_true("its details", all(part in details for part in ("key", "usage", "named by lockval.h", "Taken while it was held", "seen by")), details)
    browser.evaluate("document.querySelector('.panel details summary').click()")
    settle(browser)
    checks.is_true("a witness has stacks", visible(browser, ".panel .stack li") > 2)
    browser.evaluate("document.querySelector('#map-findings').click()")
    checks.is_true("only what is in findings", text(browser, "#map-count").startswith("7 of "), text(browser, "#map-count"))
    browser.evaluate("document.querySelector('#map-findings').click(); document.querySelector('#map-implied').click()")
    checks.is_true("edges that follow from others", text(browser, "#map-count").endswith(f" {edges} edges"), text(browser, "#map-count"))
    browser.evaluate("(() => { const s = document.querySelector('.tools select[aria-label=Fold]'); s.value = 'module'; s.dispatchEvent(new Event('change')); })()")
    checks.is_true("modules are folded", int(text(browser, "#map-count").split()[-2]) < 5, text(browser, "#map-count"))
    folded = picture(browser)
    browser.evaluate("[...document.querySelectorAll('.panel button')].find((b) => b.textContent.startsWith('unfold')).click()")
    checks.is_true("and unfolded", picture(browser)[0] != folded[0])
    browser.evaluate("(() => { const s = document.querySelector('.tools select[aria-label=Fold]'); s.value = 'circle'; s.dispatchEvent(new Event('change')); })()")
    browser.evaluate("(() => { const s = document.querySelector('#map-circles'); if (!s.checked) s.click(); })()")
    checks.is_true("the only circle is folded: no edge is left", text(browser, "#map-count").endswith(" classes, 0 edges"), text(browser, "#map-count"))
    browser.open(page)
    browser.evaluate("document.querySelector('#f1 .chain .lock').click()")
    settle(browser)
    checks.equal("a lock leads to its class in the graph", text(browser, "#f1 .chain .lock"), text(browser, ".panel h3"))


def check_tables(checks, browser, page):
    browser.open(page, fragment="#statistics")
    checks.equal("all edges", edges_of(page), count(browser, "#edges tbody tr"))
    column = "[...document.querySelectorAll('#edges tbody tr')].map((row) => parseInt(row.children[3].textContent) || 0)"
    numbers = browser.evaluate(column)
    checks.equal("sorted by acquisitions", sorted(numbers, reverse=True), numbers)
    browser.evaluate("document.querySelectorAll('#edges th button')[3].click()")
    numbers = browser.evaluate(column)
    checks.equal("and the other way round", sorted(numbers), numbers)
    browser.evaluate("(() => { const s = document.querySelector('#classes input'); s.value = 'rw_sem'; s.dispatchEvent(new Event('input')); })()")
    checks.equal("the classes are searched", 1, count(browser, "#classes tbody tr"))
    taken = browser.evaluate("[...document.querySelectorAll('#contention tbody tr')].map((row) => [row.children[0].textContent, Number(row.children[1].dataset.v)])")
    checks.is_true("waits and holds of the classes", len(taken) > 10 and all(count > 0 for _, count in taken), taken)
    browser.evaluate("document.querySelectorAll('#contention th button')[7].click()")
    held = browser.evaluate("[...document.querySelectorAll('#contention tbody tr')].map((row) => Number(row.children[7].dataset.v))")
    checks.is_true("sorted by how long they were held", held == sorted(held, reverse=True) and held[0] > 0, held)
    checks.is_true("and by call, with its line", re.search(r"[a-z]\.[ch]:\d+", text(browser, "#calls tbody")) is not None)
    browser.open(page, fragment="#run")
    checks.is_true("the run has program, arguments and options", all(word in text(browser, "#run") for word in ("mm_sim", "reported", "stack_depth")))


def check_looks(checks, browser, page):
    ground = "getComputedStyle(document.body).backgroundColor"
    browser.open(page)
    light = browser.evaluate(ground)
    browser.open(page, dark=True)
    dark = browser.evaluate(ground)
    checks.is_true("dark where the system is dark", light != dark, (light, dark))
    for _ in range(3):
        browser.evaluate("document.querySelector('#theme').click()")
        if browser.evaluate("document.documentElement.dataset.theme") == "light":
            checks.equal("the button makes it light", light, browser.evaluate(ground))
    for part in ("", "#graph", "#statistics", "#run", "#f1", "#f3"):
        browser.open(page, width=360, height=740, mobile=True, fragment=part)
        checks.equal(f"a narrow screen{part}: nothing is wider", 360, browser.evaluate("Math.max(document.documentElement.scrollWidth, innerWidth)"))
    browser.open(page, width=360, height=740, mobile=True, script=False)
    checks.equal("a narrow screen without a script", 360, browser.evaluate("Math.max(document.documentElement.scrollWidth, innerWidth)"))
    browser.open(page, width=360, height=740, mobile=True)
    checks.equal("a narrow screen has the list first", (FINDINGS, 0), (visible(browser, ".entries > li"), visible(browser, ".finding")))
    browser.evaluate("document.querySelector('.entries a').click()")
    settle(browser)
    checks.equal("then the finding", (0, 1), (visible(browser, ".entries > li"), visible(browser, ".finding")))
    browser.evaluate("document.querySelector('.back').click()")
    checks.equal("and back", (FINDINGS, 0), (visible(browser, ".entries > li"), visible(browser, ".finding")))


def check_print(checks, browser, page):
    browser.open(page)
    browser.call("Emulation.setEmulatedMedia", media="print")
    checks.equal("on paper: all findings", FINDINGS, visible(browser, ".finding"))
    checks.equal("on paper: their drawings", FINDINGS - 1, visible(browser, "svg.circle"))
    checks.is_true("on paper: the tables", visible(browser, "#classes tbody tr") > 20)
    checks.equal("on paper: nothing to press", 0, visible(browser, ".controls, .filters, .top nav, .back"))
    browser.call("Emulation.setEmulatedMedia", media="")


def check_keyboard(checks, browser, page):
    browser.open(page)
    browser.key("Tab")
    checks.equal("Tab begins with the way to the findings", "skip", browser.evaluate("document.activeElement.className"))
    outlines = []
    for _ in range(12):
        browser.key("Tab")
        outlines.append(browser.evaluate("getComputedStyle(document.activeElement).outlineStyle"))
    checks.equal("the focus is seen wherever it is", ["solid"] * 12, outlines)
    checks.equal("landmarks", (1, 1, 1), tuple(count(browser, tag) for tag in ("main", "nav[aria-label]", "footer")))
    unnamed = browser.evaluate("[...document.querySelectorAll('button, input, select, canvas')].filter((e) => !(e.textContent.trim() || e.ariaLabel || e.labels?.length)).length")
    checks.equal("everything that can be used has a name", 0, unnamed)


def check_hostile(checks, browser, page):
    source = page.read_text(encoding="utf-8")
    checks.equal("hostile names: three scripts, of which one is data", 3, len(re.findall(r"<script", source)))
    for part in ("", "#graph", "#statistics", "#run", "#f2"):
        browser.open(page, width=360, height=740, mobile=True, fragment=part)
        settle(browser)
        is_clean(checks, browser, f"hostile names{part}", page)
        checks.equal(f"hostile names{part}: nothing of them runs", None, browser.evaluate("window.hacked ?? null"))
        checks.equal(f"hostile names{part}: nothing is wider than the screen", 360, browser.evaluate("Math.max(document.documentElement.scrollWidth, innerWidth)"))
    shown = browser.evaluate("[...document.querySelectorAll('#f1 .chain .lock')].map((e) => e.textContent)")
    checks.equal("names are shown as they are", [HOSTILE[0], HOSTILE[1], HOSTILE[2], HOSTILE[3]], shown[:4])
    checks.equal("what cannot be seen is shown as an escape", ["bytes \\x80\\xff", "turned \\u202e round", "tab\tline\nend \\x07"], shown[4:7])
    browser.open(page, script=False)
    checks.equal("hostile names without the page's script: nothing of them is an element", 0, count(browser, "img"))


def check_suppressed(checks, browser, page):
    browser.open(page)
    checks.is_true("suppressed: it is marked", "suppressed" in text(browser, ".entries > li"))
    note = text(browser, "#f1 .note")
    checks.is_true("suppressed: by what, and why", all(part in note for part in ("circular:*", "known.supp:2", "looked at")), note)
    checks.equal("suppressed: no command that would do it again", 0, browser.evaluate("[...document.querySelectorAll('#f1 .command')].filter((e) => e.textContent.startsWith('lockval suppress')).length"))
    browser.evaluate("[...document.querySelectorAll('.filters button')].find((b) => b.textContent.startsWith('suppressed')).click()")
    checks.equal("suppressed: filtered out", 0, visible(browser, ".entries > li"))


def check_large(checks, browser, page):
    browser.open(page, fragment="#graph")
    checks.is_true("2000 classes: modules are folded at first", text(browser, "#map-count").startswith("2000 of 2000 classes, "), text(browser, "#map-count"))
    folded = picture(browser)
    browser.evaluate("(() => { const s = document.querySelector('.tools select[aria-label=Fold]'); s.value = ''; s.dispatchEvent(new Event('change')); })()")
    whole = picture(browser)
    checks.is_true("2000 classes are drawn", whole[1] > folded[1], (whole, folded))
    browser.evaluate("(() => { const s = document.querySelector('#map-search'); s.value = 'lock_1234'; s.dispatchEvent(new Event('input')); })()")
    checks.equal("and found", 1, count(browser, "#map-list li"))
    browser.open(page, fragment="#statistics")
    checks.equal("a page of their table", 200, count(browser, "#classes tbody tr"))
    browser.evaluate("document.querySelector('#classes .page').click()")
    checks.equal("and more", 1200, count(browser, "#classes tbody tr"))
    is_clean(checks, browser, "2000 classes", page)


def check_without_graphviz(checks, browser, page):
    browser.open(page, fragment="#graph")
    checks.is_true("no Graphviz: the page says so", "Graphviz is not installed" in text(browser, "#no-graph"))
    checks.equal("no Graphviz: no canvas", 0, count(browser, "canvas"))
    browser.open(page, fragment="#f1")
    checks.is_true("no Graphviz: nor drawings", "Graphviz is not installed" in text(browser, "#f1 figcaption"))
    browser.key("ArrowRight")
    checks.equal("no Graphviz: the steps are there", 1, count(browser, "#f1 .board .lock"))
    is_clean(checks, browser, "no Graphviz", page)


def main():
    command, library, *pairs = sys.argv[1:]
    programs = dict(pair.split("=", 1) for pair in pairs)
    checks = Checks()
    for tool, path in (("Chromium", browser_path()), ("Graphviz", shutil.which("dot"))):
        if path is None:
            print(f"1..0 # SKIP there is no {tool}")
            return SKIP
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        records = {name: record(library, programs[program], args, options, folder / f"{name}.jsonl")
                   for name, (program, args, options) in RECORDS.items() if program in programs}
        several = page_of(checks, command, "several", *records.values())
        reported = page_of(checks, command, "reported", records["reported"])
        (folder / "known.supp").write_text("# of a test\ncircular:* # looked at\n", encoding="utf-8")
        suppressed = page_of(checks, command, "suppressed", record(library, programs["abba"], [], f"suppressions={folder}/known.supp", folder / "suppressed.jsonl"))
        plain = page_of(checks, command, "plain", records["recursive"], env=environment(PATH="/nowhere"))
        hostile = page_of(checks, command, "hostile", hostile_record(folder / "hostile.jsonl"))
        large = page_of(checks, command, "large", large_record(folder / "large.jsonl", 2000, 4000))
        with Browser(folder) as browser:
            check_static(checks, browser, several)
            check_findings(checks, browser, several)
            check_looks(checks, browser, several)
            check_keyboard(checks, browser, several)
            check_print(checks, browser, several)
            check_steps(checks, browser, reported)
            check_graph(checks, browser, reported)
            check_tables(checks, browser, reported)
            check_hostile(checks, browser, hostile)
            check_suppressed(checks, browser, suppressed)
            check_large(checks, browser, large)
            check_without_graphviz(checks, browser, plain)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
