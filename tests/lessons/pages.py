#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The pages of the lessons: each has all its parts, its words lead to the glossary, and what it calls an example of the lab is one.

Usage: pages.py SOURCE_ROOT
"""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from tap import Tap  # noqa: E402

LESSONS = 12
PARTS = ("Line by line", "A mistake people make", "In the lab", "Exercise")
NO_EXAMPLES = {"Try all"}
WORDS = 1100  # ten minutes, with program and report
KERNEL = re.compile(r"\b(CPU hotplug|interrupt|softirq|hardirq|kthread|syscall|workqueue)\b")  # not before lesson 10


def sections_of(text):
    """{heading: its text}, the program and the report not among them."""
    parts = re.split(r"^## (.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def main():
    root = pathlib.Path(sys.argv[1])
    tap = Tap()
    titles = [path.read_text(encoding="utf-8").split("\n", 1)[0].removeprefix("# ") for path in (root / "examples" / "lab").rglob("*.lab")]
    pages = sorted((root / "docs" / "lessons").glob("[0-9]*.md"))
    tap.equal(len(pages), LESSONS, "there are all lessons")
    for number, page in enumerate(pages, 1):
        text = page.read_text(encoding="utf-8")
        sections = sections_of(text)
        tap.equal([part for part in PARTS if part not in sections], [], f"{page.name} has its parts")
        tap.equal((f"<!-- file: examples/lessons/{number:02}/show.c -->" in text, "```console" in text, f"script/lesson {number}\n" in text), (True, True, True),
                  f"{page.name} shows its program and what it prints, and names its exercise")
        tap.equal("../glossary.md#" in text, True, f"{page.name} leads to the glossary")
        tap.equal(len(text.split()) <= WORDS, True, f"{page.name} can be read in ten minutes")
        tap.equal(KERNEL.findall("".join(sections.values())) if number < 10 else [], [], f"{page.name} speaks of no kernel's own things")
        named = [name for name in re.findall(r"\*([A-Z][^*]+)\*", sections.get("In the lab", "")) if name not in NO_EXAMPLES]
        tap.equal([name for name in named if not any(title.startswith(name) for title in titles)], [], f"{page.name} names examples of the lab that exist")
        after = pages[number].name if number < LESSONS else "capstone.md"
        tap.equal(f"({after})" in text.rstrip().rsplit("\n", 1)[-1], True, f"{page.name} ends with the way to the next")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
