#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The commands of gdb, on a process and on cores of it: what they say, how they are asked, what they refuse.

Usage: check_gdb.py LOCKVAL LIBRARY STUCK NAME=PROGRAM...
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from session import SCRIPT, TROUBLE, Hung, expected, gdb, said, skip_without_gdb

from command import Checks

ALL_OF_A_CORE, NO_HEADERS = "0x33", "0x23"  # what the kernel, and gdb, put into a core: the second leaves the headers of ELF files out


def filtered(value):
    """For a child, before it begins: what its core is to have."""
    def set_filter():
        pathlib.Path("/proc/self/coredump_filter").write_text(value, encoding="ascii")
    return set_filter


def circle(answer):
    return answer["circles"] and all(thread["state"] == "S" for thread in answer["threads"])


def waiting(count):
    return lambda answer: sum("waits" in thread for thread in answer["threads"]) == count


class Quiet(Checks):
    """Checks that also look, at the end, whether anything went wrong in gdb."""

    def __init__(self):
        super().__init__()
        self.heard = []

    def ask(self, *args, **more):
        parts = gdb(*args, **more)
        self.heard += parts
        return parts


def check_abba(checks, lockval, library, stuck, folder):
    core = folder / "abba.core"
    with Hung(library, stuck, "abba", preexec_fn=filtered(ALL_OF_A_CORE)) as hung:
        answer = hung.settle(lockval, circle)
        if not checks.is_true("two threads hang", answer):
            return
        (main, main_name), (other, _) = ((thread["tid"], thread["name"]) for thread in answer["threads"])
        asked = ("info locks", "info lock first", "info lock &second", f"info lock {answer['threads'][0]['waits']['address']}",
                 "info lock-classes", "info lock-classes eco", "info lock-classes f*", "info lock-classes nothing",
                 "print $lockval_holder(&first)", "print $lockval_holder(second)", "print $lockval_holder(&table)", "info locks 2",
                 "info locks other way", f"info locks {other}")
        live = checks.ask(hung.pid, *asked, f"gcore {core}", "thread 2", "info locks $_thread", "thread",
                          "set $thread = $lockval_holder(second)", "thread apply $thread backtrace")
    for where, parts in (("a process", live), ("a core", checks.ask(core, *asked, files=[stuck]))):
        checks.equal(f"{where}: info locks", expected(answer), said(parts[0]))
        checks.is_true(f"{where}: the selected thread, numbers of gdb's, where a lock was taken", re.search(
            rf"^\* 1   {main_name}/{main}$", parts[0], re.MULTILINE) and f"which is held by other way/{other} (thread 2)" in parts[0]
                       and re.search(r"holds \(first\), mutex at 0x[0-9a-f]+, taken at take_both\+0x[0-9a-f]+ \(cli_stuck\) .*stuck\.c:\d+$",
                                     parts[0], re.MULTILINE), parts[0])
        holder, waiter = f"held by {main_name}/{main} (thread 1), taken at take_both+", f"waited for by other way/{other} (thread 2)"
        checks.is_true(f"{where}: info lock of a lock", all(text in parts[1] for text in (holder, waiter)) and re.match(
            r"\(first\), mutex at 0x[0-9a-f]+, instance \d+\n  usage \{\+\.\+\.\}, class [12]\n", parts[1]), parts[1])
        checks.is_true(f"{where}: info lock of a pointer, of an address", parts[2] == parts[3] and "(second), mutex at 0x" in parts[2]
                       and f"held by other way/{other} (thread 2)" in parts[2], parts[2] + parts[3])
        rows = [line.split() for line in parts[4].splitlines()]
        checks.equal(f"{where}: info lock-classes", [["2", "of", "2", "classes"], ["Num", "Kind", "Usage", "Locks", "Class"],
                                                     ["mutex", "{+.+.}", "1", "first"], ["mutex", "{+.+.}", "1", "second"]],
                     sorted(row[1:] if row[0] in ("1", "2") and row[1] != "of" else row for row in rows))
        checks.equal(f"{where}: a part of a name, a glob, neither", ([" second\n"], [" first\n"], []), tuple(
            [end for end in (" first\n", " second\n") if end in part] for part in parts[5:8]))
        checks.equal(f"{where}: $lockval_holder()", ["1", "2", "0"], [part.strip().split(" = ")[-1] for part in parts[8:11]])
        checks.is_true(f"{where}: one thread, by each of its names", parts[11] == parts[12] == parts[13] and list(said(parts[11])[0]) == [other]
                       and "These 2 threads" in parts[11], parts[11:14])
    checks.is_true("the thread that is selected is the one that is asked for, and stays so", f"* 2   other way/{other}\n" in live[16]
                   and "Current thread is 2 " in live[17], live[15:18])
    checks.is_true("thread apply for a holder", "take_both" in live[19] and "take_second_first" in live[19] and "main (" not in live[19], live[19])


def check_waits(checks, lockval, library, stuck, folder):
    for case, good, lock in (("known", circle, "together"), ("lost", waiting(2), "second"), ("readers", circle, "table"),
                             ("crowd", waiting(200), "first"), ("deep", lambda answer: len(answer["threads"][0]["holds"]) == 64, "first")):
        core = folder / f"{case}.core"
        with Hung(library, stuck, case) as hung:
            answer = hung.settle(lockval, good)
            live = checks.ask(hung.pid, "info locks", f"info lock {lock}", "info lock never", f"gcore {core}") if answer else ("",) * 4
        then = checks.ask(core, "info locks", f"info lock {lock}", files=[stuck])
        checks.equal(f"{case}: info locks", (expected(answer),) * 2 if answer else None, (said(live[0]), said(then[0])))
        checks.equal(f"{case}: info lock in a core", live[1], then[1])
        core.unlink()
        if case == "lost":
            checks.is_true("a condition variable, and its mutex", "waited for by waiter/" in live[2] and "given up by waiter/" in live[1]
                           and "nobody is known to hold it" in live[1] and "nobody" not in live[2], live)
        elif case == "readers":
            checks.is_true("a read-write lock", re.search(r"held by .*, recursive read, 2 times, taken at readers\+", live[1])
                           and re.search(r"waited for by writer/\d+ \(thread 2\), write$", live[1], re.MULTILINE), live[1])
        elif case == "crowd":
            checks.equal("200 who wait", 200, live[1].count("waited for by"))
        elif case == "deep":
            checks.is_true("a lock that was not met", "knows no lock at 0x" in live[1], live[1])


def check_spin(checks, lockval, library, spin):
    """A pthread_spinlock_t is a number: the variable is meant, not what is in it."""
    with Hung(library, spin, "--hang") as hung:
        answer = hung.settle(lockval, lambda answer: answer["circles"])
        parts = checks.ask(hung.pid, "info lock sender", "info lock &receiver", "print $lockval_holder(sender)",
                           "print $lockval_holder(&receiver)") if answer else ()
    checks.is_true("spinlocks by their variable", len(parts) == 4 and all(
        ", spinlock at 0x" in part and "held by" in part and "waited for by" in part for part in parts[:2]), parts)
    holders = {part.split(" = ")[-1] for part in parts[2:]}
    checks.is_true("and their holders", len(holders) == 2 and "0\n" not in holders, parts)


def check_cores(checks, lockval, library, stuck, folder):
    """A stripped library; a core without the headers of ELF files; the script that gdb loads by itself."""
    if shutil.which("strip"):
        stripped = folder / "stripped" / "liblockval.so.0"
        stripped.parent.mkdir()
        subprocess.run(["strip", "-o", stripped, library], check=True)
        with Hung(stripped, stuck, "abba") as hung:
            answer = hung.settle(lockval, circle)
            part, = checks.ask(hung.pid, "info locks")
        checks.equal("a stripped library", answer and expected(answer), said(part))
    core = folder / "bare.core"
    with Hung(library, stuck, "abba", preexec_fn=filtered(NO_HEADERS)) as hung:
        answer = hung.settle(lockval, circle)
        checks.ask(hung.pid, f"gcore {core}", load=False)
    part, = checks.ask(core, "info locks", files=[stuck])
    checks.equal("a core without headers of ELF files", answer and expected(answer), said(part))
    own, data = folder.resolve() / "own" / "liblockval.so.0", folder.resolve() / "share"
    own.parent.mkdir()
    shutil.copy(library, own)
    script = data / "gdb" / "auto-load" / f"{own}-gdb.py"[1:]
    script.parent.mkdir(parents=True)
    shutil.copy(SCRIPT, script)
    shutil.copytree(SCRIPT.parent / "lockval_gdb", data / "lockval" / "gdb" / "lockval_gdb")
    with Hung(own, stuck, "abba") as hung:
        answer = hung.settle(lockval, circle)
        part, = checks.ask(None, "info locks", load=False, files=[
            "-iex", f"set auto-load scripts-directory {data}/gdb/auto-load", "-iex", f"set auto-load safe-path {data}/gdb/auto-load",
            "-p", str(hung.pid)])
    checks.equal("loaded with the library", answer and expected(answer), said(part))


def check_cpp(checks, lockval, library, guards):
    """Where a lock of C++ was taken is in the program, not in the headers of the library."""
    with Hung(library, guards, "--hang") as hung:
        answer = hung.settle(lockval, circle)
        part = checks.ask(hung.pid, "info locks")[0] if answer else ""
    places = re.findall(r"holds .*, taken at (.*)$", part, re.MULTILINE)
    checks.is_true("locks of C++", len(places) == 2 and all("cpp_guards.cpp:" in place and "std::" not in place for place in places), part)


def check_abort(checks, library, philosophers):
    """The library aborts the process in the thread that closes the circle, before that waits: so it is in such a core, too."""
    _, part = checks.ask(None, "run --hang", "info locks", files=[
        "-iex", f"set exec-wrapper env LD_PRELOAD={library} LOCKVAL_OPTIONS=on_deadlock=abort:log=none", philosophers])
    _, circles = said(part)
    checks.is_true("a process that is aborted at its deadlock", len(circles) == 1 and len(circles[0]) == 5 and re.search(
        r" \(\S+/\d+ is about to wait\)$", part, re.MULTILINE), part)


def check_refusals(checks, lockval, library, stuck, folder):
    def one_line(title, part, *words):
        checks.is_true(title, part.count("\n") == 1 and all(word in part for word in words), part)

    nothing = "there is no process and no core"
    for part in checks.ask(None, "info locks", "info lock 1", "info lock-classes", "print $lockval_holder(1)"):
        one_line("without a process", part, nothing)
    with Hung(None, stuck, "abba") as hung:
        one_line("without the library", checks.ask(hung.pid, "info locks")[0], "does not have liblockval")
    with Hung(library, stuck, "abba") as hung:
        hung.settle(lockval, circle)
        parts = checks.ask(hung.pid, "info locks 3", "info locks nobody", "info locks $nothing", "info lock", "info lock )", "info lock nothing",
                           "info lock 0", "info lock 0xffffffffffffffff", "info lock 1.5", "print $lockval_holder()", "info locks", "kill",
                           "info locks")
        for words, part in zip((["no thread 3"], ["no thread nobody"], ["convert"], ["missing"], ["syntax error"], ["nothing"], ["no lock at 0x0"],
                                ["no lock at 0xf"], ["lies nowhere"], ["argument"]), parts):
            one_line(f"refused: {' '.join(words)}", part, *words)
        checks.is_true("and gdb goes on", len(said(parts[10])[1]) == 1, parts[10])
        checks.is_true("after the process's end", nothing in parts[12], parts[12])
    data = pathlib.Path(library).read_bytes()
    at = data.index(b"lvanchor")
    names_size = int.from_bytes(data[at + 36:at + 40], sys.byteorder)
    for title, place, new, words in (
            ("a library whose books mean something else", at + 48 + names_size, b"\x09", ("another build (", "something else")),
            ("one that lacks a field", data.index(b"lv_thread.depth", at), b"xx", ("another build (", "lv_thread.depth")),
            ("one with fewer fields", at + 32, b"\x05", ("another build (", "another form"))):
        other = folder / "other" / "liblockval.so.0"
        other.parent.mkdir(exist_ok=True)
        other.write_bytes(data[:place] + new + data[place + len(new):])
        with Hung(other, stuck, "abba") as hung:
            one_line(title, checks.ask(hung.pid, "info locks")[0], *words)


def main(lockval, library, stuck, *pairs):
    skip_without_gdb()
    checks, programs = Quiet(), dict(pair.split("=", 1) for pair in pairs)
    library = pathlib.Path(library).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        check_abba(checks, lockval, library, stuck, folder)
        check_waits(checks, lockval, library, stuck, folder)
        check_spin(checks, lockval, library, programs["spinlocks"])
        check_abort(checks, library, programs["philosophers"])
        if "cpp_guards" in programs:
            check_cpp(checks, lockval, library, programs["cpp_guards"])
        check_cores(checks, lockval, library, stuck, folder)
        check_refusals(checks, lockval, library, stuck, folder)
    wrong = [part for part in checks.heard if TROUBLE.search(part)]
    checks.is_true("nothing went wrong in gdb", not wrong, wrong)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
