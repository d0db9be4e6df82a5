#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The lab's examples: the programs in a folder and in those below it, and each row of the table of lock orders as a program of the lab's
language.

Usage: examples.py FOLDER CASES.tsv > examples.json

A program of the folder is NAME.lab; its first remark is its title.
"""

import json
import pathlib
import re
import sys

MODES = {"spin": "mutex", "mutex": "mutex", "pi-mutex": "mutex", "rwlock:w": "rwlock", "rwlock:r": "rwlock",
         "rwsem:w": "strict", "rwsem:r": "strict", "as written": None}


class Row:
    """One row on its way to a program."""

    def __init__(self, family, kind, order, expected, steps):
        self.family, self.kind, self.order, self.expected, self.text = family, kind, order, expected, steps
        self.two = family == "AA" or (family.endswith("B") and "_AA" in family)
        self.kinds = {}
        self.contexts = set()

    def context(self, step):
        soft = "_soft" in self.family or step.startswith("soft")
        name = "soft" if soft else "hard"
        self.contexts.add(name)
        return name

    def take(self, name, mark, held):
        reads = mark in (":r", ":nr") or (mark == "" and self.kind.endswith(":r"))
        kind = MODES[self.kind]
        if kind is None or mark:
            kind = "rwlock" if mark in ("", ":w", ":r") else "strict"
            if mark == "" and MODES[self.kind] is None:
                kind = "mutex"
        if self.family.startswith("queued_") and mark:
            kind = "queued"
        if self.kinds.get(name) not in ("strict", "rwlock", "queued") or kind in ("strict", "queued"):
            self.kinds[name] = kind
        instance = name + ".2" if self.two and name in held else name
        held.append(name)
        return ("read " if reads else "lock ") + instance

    def steps(self, words):
        inside, held, result = [], [], []
        init = False
        for word in words.split():
            if init:
                result.append("init " + word)
                init = False
            elif word == "init":
                init = True
            elif word == ")":
                result.append("leave " + inside.pop())
            elif word.endswith("irq("):
                inside.append(self.context(word))
                result.append("enter " + inside[-1])
            elif word.endswith("irq-off"):
                result.append("mask " + self.context(word))
            elif word.endswith("irq-on"):
                result.append("unmask " + self.context(word))
            elif word[0] == "+":
                result.append(self.take(word[1], word[2:], held))
            else:
                assert word[0] == "-" and len(word) == 2, word
                if word[1] in held:
                    held.remove(word[1])
                result.append("unlock " + word[1])
        return "; ".join(result)

    def program(self):
        if self.order:
            parts = re.findall(r"E([123]):\s*([^;]*)", self.text)
            lines = [f"T{number}: {self.steps(words)}" for number, words in sorted(parts)]
            lines.append("run: " + " ".join("T" + digit for digit in self.order))
        else:
            lines = ["T1: " + self.steps(self.text)]
        head = [f"{kind} {' '.join(sorted(n for n, k in self.kinds.items() if k == kind))}"
                for kind in sorted(set(self.kinds.values()))]
        if self.two:
            head += [f"{kind} {name}.2" for name, kind in sorted(self.kinds.items()) if f"{name}.2" in " ".join(lines)]
        head.append("keyed " + " ".join(sorted(self.kinds)))
        if "hard" in self.contexts or "soft" in self.contexts:
            head += ["context hard", "context soft soft"]
        return "\n".join(head + lines) + "\n"


def cases(path):
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#") or line.startswith("family\t"):
            continue
        row = Row(*line.split("\t"))
        title = " ".join(part for part in (row.family, row.kind, row.order) if part)
        yield {"name": "case:" + title.replace(" ", "-"), "title": title, "group": "The table of lock orders",
               "expected": row.expected, "text": row.program()}


# Folder -> what its programs are called, and their group.
GROUPS = {".": ("", "One idea each"), "lessons": ("lesson-", "Lessons"), "report": ("report-", "The report of 2017")}


def programs(folder):
    for below, (prefix, group) in GROUPS.items():
        for path in sorted((pathlib.Path(folder) / below).glob("*.lab"), key=in_order):
            text = path.read_text(encoding="utf-8")
            title = re.match(r"#\s*(.*)", text)
            yield {"name": prefix + path.stem, "title": title.group(1) if title else path.stem, "group": group, "text": text}


def in_order(path):
    """Of a lesson the program, then the exercise, wrong fixes, the solution."""
    number, _, rest = path.stem.partition("-")
    return number, [rest.startswith(kind) for kind in ("solution", "wrong", "exercise", "show")], rest


def main():
    folder, table = sys.argv[1:3]
    json.dump([*programs(folder), *cases(table)], sys.stdout, ensure_ascii=True, indent=0)


if __name__ == "__main__":
    main()
