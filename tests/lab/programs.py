#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The lab without its page: the table of lock orders, the examples with what they are there to show, mistakes in programs, and random
programs, of which the lab itself knows by trying whether they hang.

Usage: programs.py LAB EXAMPLES.py FOLDER CASES.tsv
"""

import json
import pathlib
import random
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from tap import Tap  # noqa: E402

# Example -> findings of its first run, and whether it can hang.
SHOWN = {
    "01-two-locks": (["circular feasible"], True),
    "02-one-order": ([], False),
    "03-one-thread": (["circular potential"], False),
    "04-three-locks": (["circular feasible"], True),
    "05-gate": (["circular guarded"], False),
    "06-phases": (["circular guarded"], False),
    "07-instances": (["recursive feasible"], True),
    "08-other-instances": (["circular potential"], False),
    "09-readers": ([], False),
    "10-strict-readers": (["circular potential"], True),
    "11-reader-again": (["recursive potential"], True),
    "12-trylock": ([], False),
    "13-timed": (["circular guarded"], False),
    "14-nesting": (["recursive potential"], False),
    "15-subclass": ([], False),
    "16-nest-lock": ([], False),
    "17-signal": (["signal potential"], True),
    "18-signal-masked": ([], False),
    "19-completion": (["event potential"], True),
    "20-philosophers": (["recursive feasible"], True),
    "21-right-handed": ([], False),
}

# Program -> what is said of it: the line, and a part of the complaint.
MISTAKES = {
    "": (0, "there is no thread"),
    "T1: lock": (1, "a name is missing"),
    "T1: frob A": (1, "this step is not known: frob"),
    "mutex A\nT1: read A": (2, "this is no rwlock"),
    "T1: lock A; wait A": (1, "this is a lock, not an event"),
    "T1: wait A; lock A": (1, "this is an event, not a lock"),
    "mutex A\nrwlock A\nT1: lock A": (2, "already something else"),
    "T1: lock A B": (1, "this word is one too many: B"),
    "T1:": (0, "this thread has no steps: T1"),
    "on S:\nT1: lock A": (0, "this context has no steps: S"),
    "T1: create T2": (0, "this thread has no steps: T2"),
    "T1 lock A": (1, "a thread's name and a colon"),
    "T1 T2: lock A": (1, "one word too many before the colon"),
    "T1: " + "lock A; unlock A; " * 60: (1, "there are too many steps"),
    "".join(f"T{i}: lock A; unlock A\n" for i in range(9)): (9, "there are too many threads"),
    "T1: " + "; ".join(f"lock A{i}" for i in range(40)): (1, "there are too many locks"),
    "T1: lock " + "A" * 32: (1, "this name is too long"),
    "T1: lock A; signal A": (1, "this is a lock, not a condition variable"),
    "T1: await F; wait F with A": (1, "this is a flag, not a condition variable"),
    "T1: wait C with A; wait C": (1, "this is a condition variable, not an event"),
    "rwlock A\nT1: wait C with A": (2, "only with a mutex can be waited"),
    "T1: wait C with": (1, "a name is missing"),
    "T1: set F F": (1, "this is one too many"),
    "T1: lock A\nflag A": (2, "already something else"),
    "context C hard\nT1: lock A": (1, "only 'soft' may follow"),
    "T1: lock A\nrun: T1 T2": (0, "this thread has no steps: T2"),
}

RANDOM = 1500
MUTATED = 400


def run(lab, texts):
    done = subprocess.run([lab], input="".join(text + "\0" for text in texts), stdout=subprocess.PIPE, check=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def findings(said):
    return [f"{finding['kind']} {finding['verdict']}" for finding in said["first"]["findings"]]


def random_steps(rng, locks, count):
    """Some locks taken, and released, mostly in the opposite order."""
    steps, held = [], []
    while count > 0 or held:
        free = [lock for lock in locks if lock not in held]
        if count > 0 and free and (not held or rng.random() < .55):
            lock = rng.choice(free)
            steps.append(("try " if rng.random() < .08 else "lock ") + lock)
            held.append(lock)
            count -= 1
        else:
            lock = held.pop(rng.randrange(len(held)) if rng.random() < .2 else -1)
            steps.append("unlock " + lock)
            count -= not free
    return "; ".join(steps)


def random_program(rng):
    locks = [chr(ord("A") + i) for i in range(rng.randint(2, 4))]
    threads = [f"T{i}: " + random_steps(rng, locks, rng.randint(2, 4)) for i in range(1, rng.randint(2, 3) + 1)]
    return "\n".join(threads) + "\n"


def check_random(tap, lab):
    rng = random.Random(20)
    programs = [random_program(rng) for _ in range(RANDOM)]
    silent, guarded, hangs, incomplete = [], [], 0, 0
    for text, said in zip(programs, run(lab, programs)):
        incomplete += not said["all"]["complete"]
        can_hang = said["all"]["hangs"] != 0
        # A try that fails in another interleaving makes another program of it.
        found = findings(said)
        hangs += can_hang
        if can_hang and not found and "try" not in text:
            silent.append(text)
        if can_hang and found and "try" not in text and all(finding.endswith("guarded") for finding in found):
            guarded.append(text)
    tap.equal(silent, [], f"of {RANDOM} random programs {hangs} can hang, and none of them is silent")
    tap.equal(guarded, [], "and none is said to be guarded")
    tap.equal(incomplete, 0, "all their interleavings were tried")
    tap.equal(RANDOM // 10 < hangs < RANDOM * 9 // 10, True, "there are enough of both kinds")


def mutate(rng, text):
    """Some bytes gone, some others, some words twice, two lines changed for each other."""
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(text) + 1)
        way = rng.randrange(4)
        if way == 0:
            text = text[:at] + text[at + rng.randint(1, 5):]
        elif way == 1:
            text = text[:at] + rng.choice(";:#./ \n\t\x7f<>\u00e4\u202e") + text[at:]
        elif way == 2:
            text = text[:at] + text[at:at + 12] * rng.randint(2, 9) + text[at:]
        else:
            lines = text.split("\n")
            a, b = (rng.randrange(len(lines)) for _ in range(2))
            lines[a], lines[b] = lines[b], lines[a]
            text = "\n".join(lines)
    return text


def check_mutated(tap, lab, examples):
    rng = random.Random(9)
    texts = [mutate(rng, rng.choice(examples)["text"]) for _ in range(MUTATED)]
    said = run(lab, texts)
    played = [one for one in said if one["first"]["ok"]]
    tap.equal(len(said), MUTATED, f"{MUTATED} texts that were programs: each gets its answer")
    tap.equal([text for text, one in zip(texts, said) if not one["first"]["ok"] and one["first"]["complaint"] == ""], [], "none is refused without a word")
    tap.equal([one for one in played if not one["first"]["over"] and one["first"]["choices"]], [], f"{len(played)} of them are played to an end")
    tap.equal([one for one in played if one["first"]["hangs"] and one["all"]["complete"] and one["all"]["hangs"] == 0], [], "and none hangs that cannot")


def main():
    lab, maker, folder, table = sys.argv[1:]
    tap = Tap()
    made = subprocess.run([sys.executable, maker, folder, table], stdout=subprocess.PIPE, check=True, text=True)
    examples = json.loads(made.stdout)
    said = run(lab, [example["text"] for example in examples])
    tap.equal([example["name"] for example, one in zip(examples, said) if not one["first"]["ok"]], [], "every example is a program")
    rows = [(example, one) for example, one in zip(examples, said) if "expected" in example]
    tap.equal(len(rows), 315, "every row of the table is an example")
    tap.equal([example["title"] for example, one in rows if (findings(one) != []) != (example["expected"] == "report")], [],
              "every row gets its verdict")
    shown = {example["name"]: (findings(one), one["all"]["hangs"] != 0) for example, one in zip(examples, said) if example["group"] == "One idea each"}
    tap.equal(sorted(shown), sorted(SHOWN), "the examples are those that are known here")
    for name, wanted in SHOWN.items():
        tap.equal(shown.get(name), wanted, f"{name}: {', '.join(wanted[0]) or 'nothing'}; {'can' if wanted[1] else 'cannot'} hang")
    for text, one in zip(MISTAKES, run(lab, MISTAKES)):
        line, complaint = MISTAKES[text]
        got = one["first"]
        tap.equal((got.get("ok"), got.get("line"), complaint in got.get("complaint", "")), (False, line, True),
                  f"a mistake is said: {complaint}" + ("" if complaint in got.get("complaint", "") else f" ({got.get('complaint')})"))
    check_random(tap, lab)
    check_mutated(tap, lab, [example for example in examples if example["group"] in ("One idea each", "Lessons")])
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
