#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The manual pages: well formed, of this version, and complete.

mandoc and groff, whichever are there, have nothing to say of a page. Every option of options.def is in lockval-options(7) with its
default, every call of lockval.h in lockval.h(3), every kind of line of the record and every member of its schema in
lockval-record(5), every verdict in lockval-verdicts(7), every command in lockval(1).

Usage: check_man.py ROOT VERSION LOCKVAL PAGES...
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "cli"), str(HERE.parent / "lint")]
import check_docs  # noqa: E402
from command import Checks, call  # noqa: E402


def rendered(page):
    """What a reader sees, without what makes letters bold."""
    if shutil.which("mandoc"):
        done = call("mandoc", "-Tutf8", "-Owidth=200", page)
    else:
        done = call("groff", "-man", "-Tutf8", "-P-c", page)
    return re.sub(r".\x08", "", done.stdout).replace("‐", "-").replace("−", "-")


def check_form(checks, page):
    if shutil.which("mandoc"):
        done = call("mandoc", "-Tlint", "-Wwarning", page)
        checks.equal(f"mandoc has nothing to say of {page.name}", "", done.stdout + done.stderr)
    if shutil.which("groff"):
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", str(page)], capture_output=True, text=True, check=False, timeout=50)
        serious = [line for line in done.stderr.splitlines() if "cannot adjust" not in line and "can't break" not in line]
        checks.equal(f"groff has nothing to say of {page.name}", [], serious)


def members_of(schema):
    """The names of all properties, however deep."""
    if isinstance(schema, list):
        return set().union(*map(members_of, schema))
    if not isinstance(schema, dict):
        return set()
    own = set(schema["properties"]) if isinstance(schema.get("properties"), dict) else set()
    return own.union(*map(members_of, schema.values()))


def main(argv):
    root, version, lockval, *made = argv
    root = pathlib.Path(root)
    if not shutil.which("mandoc") and not shutil.which("groff"):
        print("1..0 # SKIP neither mandoc nor groff is installed")
        return 77
    checks = Checks()
    pages = {page.name: page for page in [*sorted((root / "docs").glob("*.[1-8]")), *map(pathlib.Path, made)]}
    for page in pages.values():
        check_form(checks, page)
        title = next(line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith(".TH "))
        checks.is_true(f"{page.name} is of this version", f'"lockval {version}"' in title, title)

    text = rendered(pages["lockval-options.7"])
    options = check_docs.options_of((root / "liblockval/sys/options.def").read_text(encoding="utf-8"))
    checks.is_true("there are options", len(options) > 10)
    for name, default in options.items():
        entry = re.search(rf"^ +{name}=VALUE\n(?:.+\n)*? +Default: (.*)$", text, re.MULTILINE)
        checks.is_true(f"lockval-options(7) has {name}", entry and entry.group(1).strip() == default, entry and entry.group(0))

    text = rendered(pages["lockval.h.3"])
    header = (root / "include/lockval.h").read_text(encoding="utf-8")
    calls = set(re.findall(r"^LOCKVAL_API [^;(]*?\b(lockval_\w+)\(", header, re.MULTILINE))
    checks.is_true("there are calls", len(calls) > 40)
    for name in sorted(calls):
        checks.is_true(f"lockval.h(3) has {name}", re.search(rf"^ +\S.*\b{name}\(", text, re.MULTILINE))
    sentences = ["A finding (assert) unless the calling thread holds lock in mode.", "cookie that is returned (never 0 under the library"]
    flat = " ".join(text.split())
    for sentence in sentences:
        checks.is_true(f"and what the header says: {sentence}", sentence in flat)

    text = rendered(pages["lockval-record.5"])
    for kind in re.findall(r"^### `(\w+)`", (root / "docs/record-format.md").read_text(encoding="utf-8"), re.MULTILINE):
        checks.is_true(f"lockval-record(5) has {kind}", re.search(rf"^ +{kind}\b", text, re.MULTILINE))

    words = set(re.findall(r"[a-z_]+", text))
    schema = (root / "docs/record.schema.json").read_text(encoding="utf-8")
    members = members_of(json.loads(schema))
    checks.is_true("the schema has members", len(members) > 40)
    checks.equal("lockval-record(5) has every member", set(), members - words)
    checks.is_true("and its examples", "jq -r 'select(.t == \"finding\")" in text)

    text = rendered(pages["lockval-verdicts.7"])
    for verdict in ("deadlock", "feasible", "potential", "guarded", "misuse"):
        checks.is_true(f"lockval-verdicts(7) has {verdict}", re.search(rf"^{verdict.upper()}$", text, re.MULTILINE))
    checks.is_true("and no remarks", "<!--" not in text)

    text = rendered(pages["lockval.1"])
    for name in re.findall(r"^  (\w+) ", call(lockval, "help").stdout, re.MULTILINE):
        checks.is_true(f"lockval(1) has lockval {name}", f"lockval {name}" in text)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
