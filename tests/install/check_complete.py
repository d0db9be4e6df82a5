#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Completion: what `lockval complete` offers, and what bash and zsh make of it.

Every option that a command's help names is offered, and every value that is offered for an option of the library is one. Both
shells are real ones at a terminal of ours: they get a line and a tab, and then are made to print the words that the line has become.

Usage: check_complete.py LOCKVAL FOLDER    (FOLDER: of the completions' files)
"""

import fcntl
import os
import pathlib
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
from command import Checks, call, environment  # noqa: E402

TIMEOUT = 60  # seconds for an answer of a shell


def offered(lockval, *words):
    """The words that are offered, and the lines for the shell."""
    done = call(lockval, "complete", "--", *words)
    assert done.returncode == 0 and not done.stderr, done
    lines = done.stdout.splitlines()
    return [line.split("\t")[0] for line in lines if not line.startswith(":")], [line for line in lines if line.startswith(":")]


def check_offers(checks, lockval):
    commands = re.findall(r"^  (\w+) ", call(lockval, "help").stdout, re.MULTILINE)
    checks.is_true("help does not list what is for shells", "complete" not in commands and len(commands) > 4, commands)
    checks.equal("all commands are offered", sorted(commands), sorted(offered(lockval, "")[0]))
    checks.equal("those that begin so", ["report", "run"], sorted(word for word in offered(lockval, "r")[0] if word in ("run", "report")))
    checks.equal("of help", sorted(name for name in commands if name != "help"), sorted(offered(lockval, "help", "")[0]))
    library = re.findall(r"^  (\w+) .*\n +\(.*default", call(lockval, "help", "run").stdout, re.MULTILINE)
    checks.is_true("the library has options", len(library) > 10, library)
    for name in commands:
        text = call(lockval, "help", name).stdout
        # Those of the help, and those of the usage.
        named = set(re.findall(r"^ +(?:-\w, )?(--[a-z][a-z_-]*)", text, re.MULTILINE))
        named |= set(re.findall(r"\[(--[a-z][a-z_-]*)", text.split("\n", 1)[0]))
        words = {word.rstrip("=") for word in offered(lockval, name, "--")[0]}
        checks.equal(f"every option of {name}", set(), named - words)
        if "--KEY=VALUE" in text:
            checks.equal(f"every option of the library for {name}", [], [key for key in library if f"--{key}" not in words])
    for key in library:
        for word in offered(lockval, "run", f"--{key}=")[0]:
            if word in ("--log=stderr", "--log=none", "--record=none") or "record" in word:
                continue
            done = call(lockval, "run", "--exec", word, "--log=none", "--", "true")
            checks.is_true(f"{word} is a value", done.returncode == 0 and not done.stderr, done)
    checks.equal("a choice", ["--on_deadlock=abort"], offered(lockval, "run", "--on_deadlock=ab")[0])
    checks.is_true("a list goes on", "--events=join,cond" in offered(lockval, "run", "--events=join,")[0])
    checks.equal("a signal", ["--dump_on_signal=SIGINT,SIGTERM"], offered(lockval, "run", "--dump_on_signal=SIGINT,SIGTE")[0])
    checks.equal("a file", [":files --record="], offered(lockval, "run", "--record=x")[1])
    checks.equal("a format", ["--format=sarif"], offered(lockval, "report", "--format=sa")[0])
    for name in commands:
        # What a command has words for, it takes: it fails for want of a record, not as it was called.
        for option in (word for word in offered(lockval, name, "--")[0] if word.endswith("=") and name in ("report", "stat", "suppress")):
            for word in offered(lockval, name, option)[0]:
                done = call(lockval, name, word, "/nonexistent")
                checks.equal(f"{name} {word}", 1, done.returncode)
    checks.equal("an order", ["--sort=hold", "--sort=hold-max", "--sort=hold-avg"], offered(lockval, "stat", "--sort=ho")[0])
    checks.equal("formats of stat", ["--format=table", "--format=lock_stat", "--format=json"], offered(lockval, "stat", "--format=")[0])
    checks.equal("what db does", ["add"], offered(lockval, "db", "a")[0])
    checks.equal("its store", ([], [":files "]), offered(lockval, "db", "query", ""))
    checks.equal("a store", [":files --db="], offered(lockval, "run", "--db=")[1])
    checks.equal("a record", [":files "], offered(lockval, "report", "--format=sarif", "")[1])
    checks.equal("a program", [":command 2"], offered(lockval, "run", "")[1])
    checks.equal("a program's words", [":command 3"], offered(lockval, "run", "--stats=1", "prog", "--st")[1])
    checks.equal("behind --", [":command 4"], offered(lockval, "confirm", "record", "--", "prog", "x")[1])
    checks.equal("before --", [":files "], offered(lockval, "confirm", "--tries", "3", "rec")[1])
    checks.equal("a value of its own", ([], [":folders "]), offered(lockval, "confirm", "--save", ""))
    checks.equal("nothing behind a program", ([], []), offered(lockval, "doctor", "prog", ""))
    checks.equal("nothing for what is no command", ([], []), offered(lockval, "nonsense", ""))
    checks.equal("usage error", 2, call(lockval, "complete").returncode)
    watched = subprocess.Popen([lockval, "run", "--", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment())
    try:
        watched.stdin.write(b"here\n")
        watched.stdin.flush()
        watched.stdout.readline()  # so its loader is done, whether it is that process or a child of it
        pids = offered(lockval, "threads", "")[0]
        children = subprocess.run(["ps", "--ppid", str(watched.pid), "-o", "pid="], capture_output=True, text=True,
                                  check=False).stdout.split() if shutil.which("ps") else []
        checks.is_true("a process under the library", {str(watched.pid), *children} & set(pids), pids)
        checks.is_true("and no other", str(os.getpid()) not in pids, pids)
    finally:
        watched.stdin.close()
        watched.wait()


class Shell:
    """A shell at a terminal that is wide enough for every line."""

    def __init__(self, argv, env):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 1000, 0, 0))
        self.process = subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True)
        os.close(slave)

    def send(self, text):
        os.write(self.master, text.encode())

    def read_until(self, pattern):
        """What the terminal shows until the pattern comes; its match, or None."""
        shown = ""
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            if not select.select([self.master], [], [], 1)[0]:
                continue
            try:
                shown += os.read(self.master, 65536).decode(errors="replace")
            except OSError:
                break
            match = re.search(pattern, shown)
            if match:
                return match, shown
        return None, shown

    def complete(self, line):
        """The words of @line, after a tab."""
        self.send(line + "\t")
        self.send("\x01printf '<%s>' \x05 END\n")  # to the beginning of the line, to its end
        match, shown = self.read_until(r"<lockval>((?:<[^>]*>)*)<END>")
        return re.findall(r"<([^>]*)>", match.group(1)) if match else shown

    def end(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)


def check_shell(checks, name, shell, folder):
    (folder / "records").mkdir(exist_ok=True)
    (folder / "records/first.jsonl").write_text("", encoding="utf-8")
    record = f"{folder}/records/first.jsonl"
    for line, words in (("lockval thr", ["threads"]),
                        ("lockval report --form", ["report", "--format="]),
                        ("lockval report --format=sar", ["report", "--format=sarif"]),
                        ("lockval run --on_deadlock=ab", ["run", "--on_deadlock=abort"]),
                        ("lockval run --stats=1 --on_deadl", ["run", "--stats=1", "--on_deadlock="]),
                        ("lockval run --events=join,barr", ["run", "--events=join,barrier"]),
                        (f"lockval report {folder}/records/fi", ["report", record]),
                        (f"lockval run --record={folder}/records/fi", ["run", f"--record={record}"]),
                        (f"lockval run --stats=1 -- cat {folder}/records/fi", ["run", "--stats=1", "--", "cat", record]),
                        (f"lockval confirm --save {folder}/rec", ["confirm", "--save", f"{folder}/records/"]),
                        ("lockval nonsense --x", ["nonsense", "--x"])):
        got = shell.complete(line)
        if isinstance(got, list):
            # zsh takes the slash behind a folder away when a blank follows.
            got, words = [word.rstrip("/") for word in got], [word.rstrip("/") for word in words]
        checks.equal(f"{name}: {line.replace(str(folder), '…')}", words, got)


def main(argv):
    lockval, completions = argv[0], pathlib.Path(argv[1])
    checks = Checks()
    check_offers(checks, lockval)
    has_terminals = os.path.exists("/dev/pts/ptmx")
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        env = environment(PATH=f"{os.path.dirname(os.path.abspath(lockval))}:{os.environ['PATH']}", TERM="dumb", PS1="$ ",
                          HOME=temporary, LC_ALL="C", HISTFILE="/dev/null")
        with_common = pathlib.Path("/usr/share/bash-completion/bash_completion")
        for title, before in (("bash", ""), ("bash with bash-completion", f". {with_common}; ")):
            if not has_terminals or not shutil.which("bash") or (before and not with_common.exists()):
                print(f"# {title} is not here: not tried")
                continue
            shell = Shell(["bash", "--norc", "--noprofile", "-i"], env)
            shell.send(f"bind 'set enable-bracketed-paste off'; {before}. {completions}/lockval.bash; echo READ''Y\n")
            checks.is_true(f"{title} begins", shell.read_until("READY")[0])
            check_shell(checks, title, shell, folder)
            shell.end()
        if has_terminals and shutil.which("zsh"):
            done = call("zsh", "-n", str(completions / "_lockval"))
            checks.is_true("zsh can read it", done.returncode == 0 and not done.stderr, done)
            shell = Shell(["zsh", "-f", "-i"], env)
            shell.send(f"unset zle_bracketed_paste; bindkey -e; fpath=({completions} $fpath); autoload -Uz compinit; "
                       f"compinit -u -d {folder}/dump; echo READ''Y\n")
            checks.is_true("zsh begins", shell.read_until("READY")[0])
            check_shell(checks, "zsh", shell, folder)
            shell.end()
        else:
            print("# zsh is not here: not tried")
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
