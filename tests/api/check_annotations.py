#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/annotations.md shows every example program of tests/api as it is, and the examples show every call of lockval.h.

Usage: check_annotations.py SOURCE_ROOT | check_annotations.py --self-test

In the document a line "<!-- tests/api/example_x.c -->" stands before the code block of that program. The block is the
file without its licence line. LOCKVAL_BLESS=1 in the environment rewrites the blocks.
"""

import os
import pathlib
import re
import sys
import tempfile

BLOCK = re.compile(r"^<!-- (tests/api/\S+\.c) -->\n```c\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = re.compile(r"^<!-- tests/api/\S+ -->$", re.MULTILINE)
CALL = re.compile(r"^LOCKVAL_API [^(]*?\b(lockval_\w+)\(", re.MULTILINE)
LICENCE = "/* SPDX-License-Identifier: MIT */\n"


def program_text(path):
    return path.read_text(encoding="utf-8").removeprefix(LICENCE)


def check(root):
    """What is wrong, a list of lines."""
    wrong = []
    document = (root / "docs" / "annotations.md").read_text(encoding="utf-8")
    examples = {path.relative_to(root).as_posix(): path for path in (root / "tests" / "api").glob("example_*.c")}
    blocks = BLOCK.findall(document)
    if len(blocks) != len(MARK.findall(document)):
        wrong.append("docs/annotations.md: a mark of an example is not followed by a code block")
    shown = [name for name, _ in blocks]
    for name in sorted(examples):
        if shown.count(name) != 1:
            wrong.append(f"docs/annotations.md: {name} is shown {shown.count(name)} times")
    for name, block in blocks:
        if name not in examples:
            wrong.append(f"docs/annotations.md: there is no {name}")
        elif block != program_text(examples[name]):
            wrong.append(f"docs/annotations.md: the block of {name} is not the program's text (LOCKVAL_BLESS=1 renews it)")
    calls = CALL.findall((root / "include" / "lockval.h").read_text(encoding="utf-8"))
    if not calls or not examples:
        wrong.append("no calls, or no examples")
    everything = "\n".join(path.read_text(encoding="utf-8") for path in examples.values())
    for call in calls:
        if not re.search(rf"\b{call}\(", everything):
            wrong.append(f"include/lockval.h: no example shows {call}()")
        if not re.search(rf"\b{call}\b", BLOCK.sub("", document)):
            wrong.append(f"docs/annotations.md: says nothing of {call}()")
    return wrong


def bless(root):
    path = root / "docs" / "annotations.md"
    document = path.read_text(encoding="utf-8")
    path.write_text(BLOCK.sub(lambda match: f"<!-- {match.group(1)} -->\n```c\n{program_text(root / match.group(1))}```",
                              document), encoding="utf-8")


def self_test():
    """Made-up trees, each wrong in one way."""
    header = "LOCKVAL_API void lockval_x(int a);\n"
    program = "int main(void)\n{\n    lockval_x(1);\n}\n"
    right = f"`lockval_x`\n\n<!-- tests/api/example_a.c -->\n```c\n{program}```\n"
    cases = [
        ("right", header, LICENCE + program, right, None),
        ("another text", header, LICENCE + program + "\n", right, "is not the program's text"),
        ("not shown", header, LICENCE + program, "`lockval_x`\n", "is shown 0 times"),
        ("shown twice", header, LICENCE + program, right + right, "is shown 2 times"),
        ("no such program", header, LICENCE + program, right + right.replace("_a", "_b"), "there is no"),
        ("a mark alone", header, LICENCE + program, right + "\n<!-- tests/api/example_a.c -->\n", "not followed"),
        ("a call without an example", header + header.replace("_x", "_y"), LICENCE + program, right + "lockval_y",
         "no example shows lockval_y"),
        ("a call without a word", header, LICENCE + program, right.replace("`lockval_x`", ""), "says nothing of"),
    ]
    failed = 0
    for title, include, source, document, text in cases:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, content in (("include/lockval.h", include), ("tests/api/example_a.c", source),
                                  ("docs/annotations.md", document)):
                (root / name).parent.mkdir(parents=True)
                (root / name).write_text(content, encoding="utf-8")
            wrong = check(root)
            if bool(wrong) != bool(text) or (text and not any(text in line for line in wrong)):
                failed += 1
                print(f"self-test '{title}': wanted {text!r}, got {wrong}")
            if title == "another text":
                bless(root)
                if check(root):
                    failed += 1
                    print(f"self-test '{title}': not right after it was blessed")
    print(f"check_annotations --self-test: {len(cases)} cases, {failed} failed")
    return 1 if failed else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    root = pathlib.Path(sys.argv[1])
    if os.environ.get("LOCKVAL_BLESS") == "1":
        bless(root)
    wrong = check(root)
    for line in wrong:
        print(line)
    print(f"check_annotations: {len(wrong)} complaints")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
