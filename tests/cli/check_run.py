#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`lockval run` and the command's own words.

The library is there, with the options given and with what the user had, whether the command stays or becomes the program. What
cannot be watched or run is said in one line. check_parent.py has what the command is as a parent.

Usage: check_run.py LOCKVAL LIBRARY ABBA [--static PROGRAM]
"""

import argparse
import os
import pathlib
import shutil
import signal
import stat
import struct
import sys
import tempfile

from command import CI_COMMITS, Checks, call, environment


def one_line(done, *words):
    return done.stderr.count("\n") == 1 and all(word in done.stderr for word in words)


def check_words(checks, lockval):
    done = call(lockval, "--version")
    checks.is_true("version", done.returncode == 0 and done.stdout.startswith("lockval 0."), done)
    done = call(lockval, "help")
    checks.is_true("help lists the commands", done.returncode == 0 and "\n  run " in done.stdout, done)
    done = call(lockval, "help", "run")
    checks.is_true("help of a command has its usage and the options",
                   done.returncode == 0 and done.stdout.startswith("usage: lockval run ") and "\n  fail_on " in done.stdout, done)
    again = call(lockval, "run", "--help")
    checks.is_true("which it says itself, too", again.returncode == 0 and again.stdout == done.stdout, again)
    for args in ((), ("nonsense",), ("help", "nonsense"), ("help", "run", "run"), ("run",), ("run", "--"), ("run", "--stats=1"),
                 ("run", "--nonsense=1", "--", "true"), ("run", "--stats=7", "--", "true"), ("run", "--stats", "true"),
                 ("run", "-x", "true"), ("run", "--log=a:b'\"", "true")):
        done = call(lockval, *args)
        checks.is_true(f"usage error: {' '.join(args) or 'nothing'}",
                       done.returncode == 2 and one_line(done, "lockval") and not done.stdout, done)
    full = pathlib.Path("/dev/full")
    if full.exists():
        with full.open("w", encoding="utf-8") as out:
            done = call("/bin/sh", "-c", '"$0" help >/dev/full', lockval)
            del out
        checks.is_true("output that cannot be written", done.returncode == 1 and one_line(done, "cannot write"), done)


def check_program(checks, lockval, abba):
    done = call(lockval, "run", "--", abba, text="in\n")
    checks.is_true("a finding", (done.returncode, done.stdout) == (66, "in\n") and "circular locking" in done.stderr, done)
    done = call(lockval, "run", abba, text="in\n")
    checks.equal("without --", (66, "in\n"), (done.returncode, done.stdout))
    done = call(lockval, "run", "--exitcode=0", "--log=none", "--", abba, text="in\n")
    checks.is_true("options hold, and log is the library's alone",
                   (done.returncode, done.stdout) == (5, "in\n") and "circular locking" in done.stderr, done)
    done = call(lockval, "run", "--exec", "--exitcode=0", "--log=none", "--", abba, text="in\n")
    checks.equal("options hold with --exec", (5, "in\n", ""), (done.returncode, done.stdout, done.stderr))
    done = call(lockval, "run", "--exec", "--", abba, text="in\n")
    checks.is_true("with --exec the library prints", done.returncode == 66 and ", at: take+0x" in done.stderr.replace("main+0x", "take+0x")
                   and "record:" not in done.stderr, done)
    done = call(lockval, "run", "--", abba, str(int(signal.SIGUSR1)))
    checks.equal("death by a signal", -signal.SIGUSR1, done.returncode)
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder, "a:b")
        done = call(lockval, "run", f"--log={log}", "--", abba)
        checks.is_true("a value with a colon", log.exists() and "circular" in log.read_text(encoding="utf-8"), done)


def check_environment(checks, lockval, library):
    library = os.path.realpath(os.path.dirname(library)) + "/liblockval.so.0"

    def values(options=(), **env):
        done = call(lockval, "run", "--exec", *options, "--", "/bin/sh", "-c", 'echo "$LD_PRELOAD|${LOCKVAL_OPTIONS-unset}"',
                    env=environment(**env))
        return done.stdout.rstrip("\n").split("|") if done.returncode == 0 else done

    checks.equal("the library, and no options", [library, "unset"], values())
    checks.equal("what was preloaded stays", [f"{library}:libm.so.6:libdl.so.2", "unset"],
                 values(LD_PRELOAD="libm.so.6 libdl.so.2"))
    checks.equal("another liblockval goes", [f"{library}:libm.so.6", "unset"],
                 values(LD_PRELOAD=f"{library}:libm.so.6"))
    checks.equal("options are kept, and those given come behind", [library, "stats=0:log=none:stack_depth=9"],
                 values(("--log=none", "--stack_depth=9"), LOCKVAL_OPTIONS="stats=0"))


def check_commit(checks, lockval):
    def options(*arguments, **env):
        done = call(lockval, "run", "--exec", *arguments, "--", "/bin/sh", "-c", 'echo "${LOCKVAL_OPTIONS-unset}"', env=environment(**env))
        return done.stdout.rstrip("\n") if done.returncode == 0 else done

    for name in CI_COMMITS:
        checks.equal(f"the commit of {name}", "commit=abc123", options(**{name: "abc123"}))
    checks.equal("it comes behind what was given", "stats=0:log=none:commit=abc123",
                 options("--log=none", LOCKVAL_OPTIONS="stats=0", CI_COMMIT_SHA="abc123"))
    checks.equal("of several the first", "commit=b", options(GITHUB_SHA="", CI_COMMIT_SHA="b", GIT_COMMIT="c"))
    checks.equal("a colon in it", "commit='a:b'", options(GIT_COMMIT="a:b"))
    for what, value in (("quotes", "a'b"), ("too much", "x" * 600)):
        checks.equal(f"none with {what}", "unset", options(GITHUB_SHA=value))
    checks.equal("what was given holds", "commit=mine", options("--commit=mine", GITHUB_SHA="abc123"))
    checks.equal("also in the environment", "commit=mine", options(LOCKVAL_OPTIONS="commit=mine", GITHUB_SHA="abc123"))
    checks.equal("also if it is none", "commit=", options("--commit=", GITHUB_SHA="abc123"))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "run.jsonl")
        call(lockval, "run", f"--record={path}", "--test=unit: it's", "--", "true", env=environment(GITHUB_SHA="abc123"))
        text = pathlib.Path(path).read_text(encoding="utf-8")
        checks.is_true("both stand in the record", '"test":"unit: it\'s","commit":"abc123"' in text, text)


def write_program(folder, name, data, mode=0o755):
    path = pathlib.Path(folder, name)
    path.write_bytes(data)
    path.chmod(mode)
    return str(path)


def check_refusals(checks, lockval, abba, static):
    done = call(lockval, "run", "--", "/no/such/program")
    checks.is_true("no such program", done.returncode == 127 and one_line(done, "/no/such/program"), done)
    done = call(lockval, "run", "--", "no-such-program-anywhere")
    checks.is_true("no such program in PATH", done.returncode == 127 and one_line(done, "no-such-program-anywhere"), done)
    with tempfile.TemporaryDirectory() as folder:
        plain = write_program(folder, "plain", b"echo\n", 0o644)
        done = call(lockval, "run", "--", plain)
        checks.is_true("no program", done.returncode == 126 and one_line(done, "plain", "Permission denied"), done)
        foreign = bytearray(pathlib.Path(abba).read_bytes())
        struct.pack_into("<H", foreign, 18, 0xf3 if foreign[18] != 0xf3 else 0x3e)  # e_machine
        done = call(lockval, "run", "--", write_program(folder, "foreign", bytes(foreign)))
        checks.is_true("of another architecture", done.returncode == 126 and "another architecture" in done.stderr, done)
        done = call(lockval, "run", "--", write_program(folder, "text", b"exit 4\n"))
        checks.equal("a text goes to the shell", 4, done.returncode)
        if static:
            done = call(lockval, "run", "--", static)
            checks.is_true("linked statically", done.returncode == 3 and one_line(done, "linked statically"), done)
            script = write_program(folder, "script", b"#! " + os.path.abspath(static).encode() + b"\n")
            done = call(lockval, "run", "--", script)
            checks.is_true("a script of such a program", done.returncode == 3 and one_line(done, "linked statically"), done)
            if os.geteuid() == 0:
                other = shutil.copy(abba, os.path.join(folder, "other"))
                os.chown(other, 65534, 65534)
                os.chmod(other, 0o755 | stat.S_ISUID)
                os.chmod(folder, 0o755)
                done = call(lockval, "run", "--", other)
                checks.is_true("set-uid", one_line(done, "more rights"), done)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("lockval")
    parser.add_argument("library")
    parser.add_argument("abba")
    parser.add_argument("--static")
    args = parser.parse_args()
    checks = Checks()
    with tempfile.TemporaryDirectory() as runtime:
        os.environ["XDG_RUNTIME_DIR"] = runtime  # where records go
        check_words(checks, args.lockval)
        check_program(checks, args.lockval, args.abba)
        check_environment(checks, args.lockval, args.library)
        check_commit(checks, args.lockval)
        check_refusals(checks, args.lockval, args.abba, args.static)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
