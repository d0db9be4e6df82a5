# SPDX-License-Identifier: MIT
"""What the lints share: collecting complaints, reading symbols, and running a lint's self-test.

A lint is a program of three parts: functions that look at something and complain, a main that applies them to the tree,
and a self-test (--self-test) that applies them to made-up material and proves that each rule can fail.
"""

import collections
import os
import pathlib
import re
import subprocess
import sys

Symbol = collections.namedtuple("Symbol", "name bind type vis section version value", defaults=("",))


class Complaints:
    """Collects what is wrong; the lint's exit status comes from here."""

    def __init__(self):
        self.lines = []

    def add(self, where, what):
        self.lines.append(f"{where}: {what}")

    def finish(self, lint, looked_at):
        """Print the outcome. A lint that looked at nothing has failed: it was pointed at the wrong place."""
        if looked_at == 0:
            self.add(lint, "nothing to look at")
        for line in self.lines:
            print(line)
        print(f"{lint}: {looked_at} looked at, {len(self.lines)} complaints")
        return 1 if self.lines else 0


class SelfTest:
    """Cases of a self-test: each must give, or not give, a complaint that contains a text."""

    def __init__(self):
        self.failed = 0
        self.count = 0

    def expect(self, title, complaints, text):
        """@text is part of one of the complaints, or None: there must be none."""
        self.count += 1
        lines = complaints.lines
        right = not lines if text is None else any(text in line for line in lines)
        if not right:
            self.failed += 1
            print(f"self-test '{title}': wanted {text!r}, got {lines}")

    def finish(self, lint):
        print(f"{lint} --self-test: {self.count} cases, {self.failed} failed")
        return 1 if self.failed or not self.count else 0


def run(command):
    """The command's output; ends the lint when it fails."""
    env = dict(os.environ, LC_ALL="C")
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stderr}")
    return done.stdout


SECTION_LINE = re.compile(r"^\s*\[\s*(\d+)\]\s+(\S*)\s")
SYMBOL_LINE = re.compile(r"^\s*\d+:\s+([0-9a-f]+)\s+\S+\s+(\w+)\s+(\w+)\s+(\w+)\s+(?:\[.*?\]\s+)?(\w+)\s+(\S+)")


def parse_symbols(text):
    """{object: [Symbol]} from the output of readelf -W -S -s, for one file or an archive."""
    objects = {}
    name, sections = "", {}
    for line in text.splitlines():
        if line.startswith("File: "):
            name, sections = line[len("File: "):].strip(), {}
            continue
        section = SECTION_LINE.match(line)
        if section:
            sections[section.group(1)] = section.group(2)
            continue
        match = SYMBOL_LINE.match(line)
        if not match:
            continue
        value, kind, bind, vis, index, full = match.groups()
        plain, _, version = full.partition("@")
        version = version.lstrip("@")
        objects.setdefault(name, []).append(Symbol(plain, bind, kind, vis, sections.get(index, index), version, value))
    return objects


def object_symbols(path):
    """The symbols of every object of an archive (thin ones too) or of one object file."""
    return parse_symbols(run(["readelf", "-W", "-S", "-s", path]))


def dynamic_symbols(path):
    """The dynamic symbols of a shared library."""
    return [symbol for symbols in parse_symbols(run(["readelf", "-W", "-S", "--dyn-syms", path])).values()
            for symbol in symbols]


def source_of(member):
    """The source an archive's member was made of: 'x.a(sys_os.c.o)', or 'x.a[dir/sys_os.c.o]' of a thin archive, gives
    'sys/os.c'."""
    inner = re.split(r"[(\[]", member)[-1].rstrip(")]")
    base = pathlib.PurePath(inner).name
    base = base[:-2] if base.endswith(".o") else base
    return base.replace("_", "/", 1)


def compile_objects(compiler, folder, sources):
    """Compile {name: text} into a thin archive, as meson makes them, with a member a source, for self-tests."""
    objects = []
    for name, text in sources.items():
        source = pathlib.Path(folder, name)
        source.write_text(text, encoding="utf-8")
        made = source.with_suffix(source.suffix + ".o")
        run([*compiler, "-fPIC", "-fno-stack-protector", "-c", source, "-o", made])
        objects.append(made)
    archive = pathlib.Path(folder, "made.a")
    run(["ar", "rcsT", archive, *objects])
    return archive
