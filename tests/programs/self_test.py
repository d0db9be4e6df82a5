# SPDX-License-Identifier: MIT
"""What reads the reports and judges the findings, tried on made-up material: each rule must be able to fail."""

import argparse
import io
import contextlib

import findings
import judged as judged_table
import run

REPORT = """
======================================================
WARNING: possible circular locking dependency detected
lockval 0.1.0  some server[12]
------------------------------------------------------
worker/13 is trying to acquire lock:
0x10 (mutex@a+0x1){+.+.}-{4:4}, at: f+0x2 (libx.so.1)

-> #0 (mutex@a+0x1){+.+.}-{4:4}:
       f+0x2 (libx.so.1)
       main+0x9 (server)

verdict: potential
  one thread made all 2 acquisitions
classes: mutex@a+0x1          init at a+0x1 (server)
         _ZN1aIiE1bE+0x3      first taken at b
fingerprint: 34b6eaf8642ec06a

1 lock held by worker/13:
 #0: 0x10 (mutex@a+0x1){+.+.}-{4:4}, at: f+0x2 (libx.so.1)

stack backtrace:
 f+0x2 (libx.so.1)
"""
MISUSE = """
============================================
WARNING: held lock destroyed, freed or lost!
lockval 0.1.0  some server[12]
--------------------------------------------
verdict: misuse
classes: m   static
fingerprint: 0123456789abcdef
"""
STATS = """lockval: stats of some server[12]
  classes            3
  instances-made     5
  instances-in-table 2
  slow-walks         9
"""


def read(text):
    said = findings.Said([], [], 0, 0, 0, 0)
    findings.read_text(text, said)
    return said


def judgement(**change):
    fields = {"program": "server*", "kind": "circular", "classes": ["mutex@*", "_ZN1a*"], "judgement": "benign",
              "reason": "a test", "frames": ["f+* (libx.so.*)"]}
    fields.update(change)
    return findings.Judged(**fields)


class Side:
    """A run that gave this."""

    def __init__(self, result="same", failure=None, missing=None, text=STATS):
        self.result, self.failure, self.missing, self.seconds, self.said = result, failure, missing, 1.0, read(text)


def complaints(native, watched, judged=(), locks=True):
    row = run.Row(argparse.Namespace(name="server", checks="", locks=locks))
    row.native, row.watched = native, watched
    row.judged = findings.judge("server", watched.said, judged)
    row.compare()
    return row.complaints


def cases():
    said = read(REPORT + MISUSE + STATS)
    yield "two reports", len(said.findings) == 2
    first, second = said.findings
    yield "the kind", (first.kind, second.kind) == ("circular", "lifetime")
    yield "the verdict", (first.verdict, second.verdict) == ("potential", "misuse")
    yield "the classes", first.classes == ["mutex@a+0x1", "_ZN1aIiE1bE+0x3"]
    yield "the fingerprint", second.fingerprint == "0123456789abcdef"
    yield "the frames", first.frames == {"f+0x2 (libx.so.1)", "main+0x9 (server)"}
    yield "a report ends where the next begins", "held lock" not in first.text
    yield "counters", (said.processes, said.locks, said.slow) == (1, 7, 9)
    yield "a log without counters", read(REPORT).silent == 1 and said.silent == 0
    yield "the summary is no notice", read("lockval: 1 finding: 1 potential\n  potential  circular  a -> b -> a  [12]\n"
                                           "lockval: finding 12 is upgraded: potential -> feasible\n").notices == []
    yield "a notice", read("lockval: out of memory\n" + STATS).notices == ["lockval: out of memory"]
    yield "no notice", said.notices == []
    yield "a summary is none", read("lockval: 2 findings: 1 feasible, 1 guarded\n" + STATS).notices == []

    yield "judged", judgement().matches("server", first)
    yield "another program", not judgement(program="client").matches("server", first)
    yield "another kind", not judgement().matches("server", second)
    yield "a class that nobody judged", not judgement(classes=["mutex@*"]).matches("server", first)
    yield "a class that is not there", not judgement(classes=["*", "spin*"]).matches("server", first)
    yield "a frame that is not there", not judgement(frames=["g+*"]).matches("server", first)
    yield "a text that is not there", not judgement(says=["made all 3"]).matches("server", first)
    yield "a text that is there", judgement(says=["made all 2"]).matches("server", first)
    yield "another verdict", not judgement(verdict="feasible").matches("server", first)

    yield "all is well", not complaints(Side(), Side())
    yield "another result", complaints(Side(), Side(result="other"))
    yield "fails under the library", complaints(Side(), Side(failure="crash"))
    yield "fails without it", complaints(Side(failure="crash"), Side(failure="crash"))
    yield "no lock met", complaints(Side(), Side(text=""))
    yield "no lock met, and none wanted", not complaints(Side(), Side(text=""), locks=False)
    yield "a notice is a complaint", complaints(Side(), Side(text="lockval: out of memory\n" + STATS))
    yield "a finding that is not judged", complaints(Side(), Side(text=REPORT + STATS))
    yield "a finding that is judged", not complaints(Side(), Side(text=REPORT + STATS), [judgement()])
    yield "one of two is judged", len(complaints(Side(), Side(text=REPORT + MISUSE + STATS), [judgement()])) == 1
    yield "not installed is no failure", not complaints(Side(missing="x"), Side(missing="x"))

    yield "judgements are known words", all(one.judgement in findings.JUDGEMENTS for one in judged_table.JUDGED)
    yield "judgements have a reason", all(len(one.reason.split()) >= 5 for one in judged_table.JUDGED)


def main():
    failed = count = 0
    with contextlib.redirect_stderr(io.StringIO()):
        for title, right in cases():
            count += 1
            if not right:
                failed += 1
                print(f"self-test '{title}' failed")
    print(f"test-programs --self-test: {count} cases, {failed} failed")
    return 1 if failed or not count else 0
