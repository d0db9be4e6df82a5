#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What documents show is what comes of it: each block of a page that says how it was made is made again and compared.

A page is followed from top to bottom, in a folder of its own with `lockval` in the path:

    <!-- file: docs/examples/shop.c -->         the block is this file; from here on it lies in the folder
    <!-- part of: tests/a.c -->                 the block's lines stand in this file, one behind the other
    <!-- change: shop.c -->                     a block ```diff: it is applied to the file in the folder
    <!-- verdict of: strict=1 verdicts/two_locks gate -->
                                                the block is the verdict and the reasons that the library, with these options, gives the
                                                program of tests/ with these arguments: of one of its findings; "(silent)" is none
    <!-- with: docs/examples/shop.c -->         this file lies in the folder from here on, unseen
    <!-- not run: WHY -->                       the block is not looked at
    <!-- by chance: WHY -->                     a console's block that may come out otherwise: it is made again, a few times, until it does not
    ```console                                  lines that begin with "$ " are run by one shell; what stands under each is what
                                                it prints, stderr too

A line with nothing but "..." stands for any lines, and "..." inside of a line for any text. Addresses, numbers of processes, times, offsets
in functions, fingerprints and the width of gaps are not compared.

With --update the pages are written anew with what is printed now (refit.py keeps the gaps), and what cannot be is complained of.

Usage: check_shown.py SOURCE_ROOT BUILD_ROOT LIBRARY PAGE... [--reasons] [--update]
"""

import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "cli")]

import reports  # pylint: disable=wrong-import-position
from command import Checks, environment  # pylint: disable=wrong-import-position
from refit import masked, matches, refit  # pylint: disable=wrong-import-position

TIMEOUT = 120  # seconds a block
TRIES, TIMEOUT_BY_CHANCE = 5, 20
PREFIXES = {"verdicts": "verdict_", "complaints": "complaint_", "deadlocks": "deadlock_"}
FENCE = re.compile(r"^```(\w*)$")
MARK = re.compile(r"^<!-- (file|with|part of|change|verdict of|not run|by chance): (.*?) -->$")


class Block:
    """A fenced block, where it stands, and the mark before it: (what, argument), or (None, "")."""

    def __init__(self, line, language, mark, lines):
        self.line, self.language, self.mark, self.lines = line, language, mark, lines


def blocks_of(text):
    """The blocks of a page. A mark belongs to the next block."""
    blocks, mark, lines, at = [], (None, ""), None, 0
    for number, line in enumerate(text.splitlines(), 1):
        fence, found = FENCE.match(line), MARK.match(line)
        if lines is not None and line == "```":
            blocks.append(Block(at, language, mark, lines))
            mark, lines = (None, ""), None
        elif lines is not None:
            lines.append(line)
        elif fence:
            at, language, lines = number, fence.group(1), []
        elif found and found.group(1) == "with":
            blocks.append(Block(number, "", found.groups(), []))
        elif found:
            mark = found.groups()
    return blocks


class Page:
    """One page, and the folder in which it is followed."""

    def __init__(self, root, build, library, folder):
        self.root, self.build, self.library, self.folder = root, build, library, folder
        bin_folder, tmp = folder / ".bin", folder / ".tmp"
        bin_folder.mkdir()
        tmp.mkdir()
        (bin_folder / "lockval").symlink_to(build / "tools" / "lockval" / "lockval")
        for name in ("mm_sim", "hotplug_sim"):
            (bin_folder / name).symlink_to(build / "sim" / name)
        self.env = environment(PATH=f"{bin_folder}:{os.environ['PATH']}", LD_LIBRARY_PATH=str(pathlib.Path(library).parent), LC_ALL="C",
                               CPATH=str(root / "include"), HOME=str(folder), TMPDIR=str(tmp), TERM="dumb")
        self.env.pop("XDG_RUNTIME_DIR", None)

    def same(self, shown, real):
        return matches([masked(line, self.folder) for line in shown], [masked(line, self.folder) for line in real])

    def run(self, commands, timeout):
        """What each of them prints. One shell, so that variables and jobs stay."""
        script = "".join(f"{command}\n__status=$?; printf '\\n== %d ==\\n' {number}; (exit $__status)\n"
                         for number, command in enumerate(commands))
        with subprocess.Popen(["bash", "-c", script], cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True) as shell:
            try:
                text, _ = shell.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                os.killpg(shell.pid, signal.SIGKILL)
                text = shell.communicate()[0] + "\n(it did not end)\n"
        return re.split(r"\n?== \d+ ==\n", text)[:len(commands)]

    def console(self, block, timeout=TIMEOUT):
        """(about, shown, real) of each command."""
        commands, outputs = [], []
        for line in block.lines:
            if line.startswith("$ "):
                commands.append(line[2:])
                outputs.append([])
            elif line.startswith("> ") and commands and not outputs[-1]:
                commands[-1] += "\n" + line[2:]
            elif commands:
                outputs[-1].append(line)
        return [(f"$ {command}", shown, real.splitlines()) for command, shown, real in zip(commands, outputs, self.run(commands, timeout))]

    def verdict(self, block, argument):
        words = shlex.split(argument)
        options = [word for word in words if "=" in word]
        where, *arguments = [word for word in words if "=" not in word]
        folder, name = where.split("/")
        sources = [path for suffix in (".c", ".cpp") for path in [self.root / "tests" / folder / (name + suffix)] if path.is_file()]
        if any(f"case: {word}" not in path.read_text(encoding="utf-8") and f'"{word}"' not in path.read_text(encoding="utf-8")
               for path in sources for word in arguments if not word.startswith("--")):
            return [(argument, block.lines, ["(no such case)"])]
        program = self.build / "tests" / folder / (PREFIXES.get(folder, "") + name)
        done = subprocess.run([str(program), *arguments], cwd=self.folder, env={**self.env, "LD_PRELOAD": self.library,
                              "LOCKVAL_OPTIONS": ":".join(["on_deadlock=exit", *options])}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False, timeout=TIMEOUT, errors="replace")
        found = re.findall(r"^verdict: \w+$(?:\n  .*)*", done.stderr, re.MULTILINE)
        if block.lines == ["(silent)"] and not found and "WARNING" not in done.stderr and done.returncode == 0:
            return []
        if any(self.same(block.lines, one.splitlines()) for one in found):
            return []
        return [(argument, block.lines, "\n".join(found).splitlines())]

    def look_at(self, block):
        """Differences: (about, shown, real)."""
        what, argument = block.mark
        if block.language == "console":
            by_chance, before = what == "by chance", set(self.folder.iterdir())
            for number in range(TRIES if by_chance else 1):
                for made in set(self.folder.iterdir()) - before if number else ():
                    made.unlink()  # records are added to
                different = [each for each in self.console(block, TIMEOUT_BY_CHANCE if by_chance else TIMEOUT) if not self.same(each[1], each[2])]
                if not different:
                    break
            return different
        if what in ("file", "with"):
            path = self.root / argument
            (self.folder / path.name).write_bytes(path.read_bytes())
            real = path.read_text(encoding="utf-8").splitlines()
            return [] if what == "with" or real == block.lines else [(argument, block.lines, real)]
        if what == "part of":
            real = (self.root / argument).read_text(encoding="utf-8")
            return [] if "\n".join(block.lines) + "\n" in real else [(argument, block.lines, ["(other lines)"])]
        if what == "change":
            done = subprocess.run(["patch", "-s", argument], cwd=self.folder, input="\n".join(block.lines) + "\n", text=True, check=False,
                                  capture_output=True)
            return [] if done.returncode == 0 else [(argument, block.lines, [done.stdout + done.stderr])]
        if what == "verdict of":
            return self.verdict(block, argument)
        return [] if what == "not run" else [("a block that does not say how it was made", block.lines, [])]


    def renewed(self, block):
        """The block's lines as they are now; none: that is for people to do."""
        what, argument = block.mark
        if block.language != "console":
            different = self.look_at(block)
            return block.lines if not different else different[0][2] if what == "file" else None
        lines = []
        for about, shown, real in self.console(block):
            lines += about.replace("\n", "\n> ").split("\n")
            lines += shown if self.same(shown, real) else refit(shown, [line.replace(f"{self.folder}/", "") for line in real], self.folder)
        return lines


def update_page(checks, root, build, library, page):
    text = (root / page).read_text(encoding="utf-8").splitlines()
    with tempfile.TemporaryDirectory() as name:
        here = Page(root, build, library, pathlib.Path(name).resolve())
        moved = 0  # lines that came before this block
        for block in blocks_of("\n".join(text)):
            lines = here.renewed(block)
            checks.is_true(f"{page}:{block.line}", lines is not None, "this is to be written by hand")
            if lines is not None and lines != block.lines:
                begin = block.line + moved
                text[begin:begin + len(block.lines)] = lines
                moved += len(lines) - len(block.lines)
                print(f"# written anew: {page}:{begin}")
    (root / page).write_text("\n".join(text) + "\n", encoding="utf-8")


def check_page(checks, root, build, library, page):
    text = (root / page).read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as name:
        here = Page(root, build, library, pathlib.Path(name).resolve())
        for block in blocks_of(text):
            different = here.look_at(block)
            shown = "\n".join(f"{about}\n- shown:\n" + "\n".join(shown) + "\n- is:\n" + "\n".join(real) for about, shown, real in different)
            checks.is_true(f"{page}:{block.line}", not different, shown)


def check_reasons(checks, root):
    """Every reason that the library can give is on the page of verdicts, by the parts of its text that never change."""
    text = (root / "liblockval" / "check" / "finding.c").read_text(encoding="utf-8")
    page = re.sub(r"\s+", " ", (root / "docs" / "verdicts.md").read_text(encoding="utf-8"))
    body = text.split("void lv_reason_text(")[1]
    literals = r'((?:"(?:[^"\\]|\\.)*"\s*)+)'
    reasons = ["".join(re.findall(r'"((?:[^"\\]|\\.)*)"', text)) for text in
               re.findall(rf"lv_text_(?:puts|printf)\(\s*out,\s*{literals}", body)]
    missing = []
    for reason in reasons:
        parts = [part.strip() for part in re.split(r"%[usd]|both|two of the", reason) if len(part.strip()) > 3]
        if not all(part in page for part in parts):
            missing.append(reason)
    checks.is_true(f"docs/verdicts.md has all of {len(reasons)} reasons", len(reasons) > 30 and not missing, "\n".join(missing))


def main(arguments):
    root, build, library, *pages = [argument for argument in arguments if not argument.startswith("--")]
    root = pathlib.Path(root).resolve()
    checks = Checks()
    follow = update_page if "--update" in arguments else check_page
    for page in pages:
        follow(checks, root, pathlib.Path(build).resolve(), str(pathlib.Path(library).resolve()), page)
    if "--reasons" in arguments:
        check_reasons(checks, root)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
