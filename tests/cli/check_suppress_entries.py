#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What an entry is for, and what it is not for: the finding's neighbours, the same program built anew, other processes, names with the
signs of a line in them, a verdict that is raised later, and the libraries that the set that is built in is about.

Usage: check_suppress_entries.py COMMAND LIBRARY
"""

import os
import pathlib
import subprocess
import sys
import tempfile

from check_suppress import Runner, findings
from command import Checks, call

INCLUDE = pathlib.Path(__file__).resolve().parents[2] / "include"

TAKE = """\
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
__attribute__((noinline)) static void take(pthread_mutex_t *first, pthread_mutex_t *second)
{
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}
static void both(pthread_mutex_t *first, pthread_mutex_t *second)
{
    take(first, second);
    take(second, first);
}
"""

# The circle a, b; with an argument those of a, c and of a, b, c, too.
NEIGHBOURS = TAKE + """\
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER, c = PTHREAD_MUTEX_INITIALIZER;
int main(int argc, char **argv)
{
    (void)argv;
    both(&a, &b);
    if (argc > 1) {
        take(&b, &c);
        take(&c, &a);
        take(&a, &c);
    }
    return 0;
}
"""

# Locks on the heap, made in functions; PAD moves what follows.
HEAP = TAKE + """\
__attribute__((noinline)) pthread_mutex_t *make_first(void)
{
    pthread_mutex_t *lock = malloc(sizeof(*lock));
#ifdef PAD
    if (getenv("NOTHING_IS_CALLED_SO") != NULL)
        puts("padding");
#endif
    pthread_mutex_init(lock, NULL);
    return lock;
}
__attribute__((noinline)) pthread_mutex_t *make_second(void)
{
    pthread_mutex_t *lock = malloc(sizeof(*lock));
    pthread_mutex_init(lock, NULL);
    return lock;
}
__attribute__((noinline)) pthread_mutex_t *make_third(void)
{
    pthread_mutex_t *lock = malloc(sizeof(*lock));
    pthread_mutex_init(lock, NULL);
    return lock;
}
int main(int argc, char **argv)
{
    pthread_mutex_t *first = make_first(), *second = make_second(), *third = make_third();

    (void)argv;
    both(first, second);
    if (argc > 1)
        both(first, third);
    return 0;
}
"""

# Parent and child have a circle each; with an argument that of the parent is met by the child as well.
FORKS = TAKE + """\
#include <sys/wait.h>
#include <unistd.h>
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER, c = PTHREAD_MUTEX_INITIALIZER,
                       d = PTHREAD_MUTEX_INITIALIZER;
int main(int argc, char **argv)
{
    int status;

    (void)argv;
    if (argc == 1)
        both(&a, &b);
    if (fork() == 0) {
        both(&c, &d);
        return 0;
    }
    wait(&status);
    if (argc > 1)
        both(&c, &d);
    printf("child %d\\n", WEXITSTATUS(status));
    return 0;
}
"""

NAMES = TAKE + """\
#include <lockval.h>
static struct lockval_key one, two;
int main(int argc, char **argv)
{
    static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;

    (void)argc;
    lockval_set_class(&a, LOCKVAL_MUTEX, &one, argv[1]);
    lockval_set_class(&b, LOCKVAL_MUTEX, &two, argv[2]);
    both(&a, &b);
    return 0;
}
"""

# One thread first, then two that are there at the same time.
RAISED = TAKE + """\
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t there;
static int turn;
static void *other(void *arg)
{
    int mine = arg != NULL;

    pthread_barrier_wait(&there);
    for (int i = 0; i < 20; i++) {
        while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) % 2 != mine)
            sched_yield();
        if (mine)
            take(&a, &b);
        else
            take(&b, &a);
        __atomic_fetch_add(&turn, 1, __ATOMIC_RELEASE);
    }
    pthread_barrier_wait(&there);
    return NULL;
}
int main(void)
{
    pthread_t threads[2];

    both(&a, &b);
    pthread_barrier_init(&there, NULL, 2);
    pthread_create(&threads[0], NULL, other, NULL);
    pthread_create(&threads[1], NULL, other, &turn);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    return 0;
}
"""

# What the built-in entry for libdbus is about: a lock without a symbol, locks made at one place, and a function that is exported.
# Another function has the same circle with another lock.
DBUS = TAKE + """\
static pthread_mutex_t global = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;
__attribute__((noinline)) static pthread_mutex_t *make(void)
{
    pthread_mutex_t *lock = malloc(sizeof(*lock));
    pthread_mutex_init(lock, NULL);
    return lock;
}
__attribute__((visibility("default"))) int dbus_threads_init(void)
{
    both(&global, make());
    __asm__ volatile("");
    return 1;
}
__attribute__((visibility("default"))) int dbus_something(void)
{
    both(&other, make());
    __asm__ volatile("");
    return 1;
}
"""
DBUS_USER = """\
int dbus_threads_init(void);
int dbus_something(void);
int main(int argc, char **argv)
{
    (void)argv;
    return argc > 1 ? !dbus_something() : !dbus_threads_init();
}
"""


class Builder:
    def __init__(self, folder):
        self.folder = folder

    def build(self, name, source, *flags):
        file, program = self.folder / f"{name}.c", self.folder / name
        file.write_text(source, encoding="utf-8")
        program.unlink(missing_ok=True)
        subprocess.run(["cc", "-g", "-O1", "-fno-optimize-sibling-calls", "-pthread", f"-I{INCLUDE}", "-o", program, file, *flags], check=True, timeout=60)
        return program


def shown(lines):
    return [line for line in findings(lines) if "suppressed" not in line]


def check_neighbours(checks, runner, builder):
    program = builder.build("neighbours", NEIGHBOURS)
    runner.run(program)
    path = runner.file(runner.entries(), "ab")
    checks.is_true("an entry has the classes of the circle", "\ncircular:b & a # it was looked at\n" in path.read_text("utf-8") or
                   "\ncircular:a & b # it was looked at\n" in path.read_text("utf-8"), path.read_text("utf-8"))
    status, said, _ = runner.run(program, (), f"suppressions={path}")
    checks.is_true("the circle is suppressed", (status, said) == (0, ""), said)
    status, said, lines = runner.run(program, ["x"], f"suppressions={path}")
    checks.is_true("that of a and c is not", status == 66 and any(
        {edge["held"]["name"] for edge in line["edges"]} == {"a", "c"} for line in shown(lines)), said)
    tried = call(runner.command, "suppress", f"--check={path}", runner.folder / "record.jsonl")
    checks.is_true("and --check names it", "  not: " in tried.stdout and "circular:" in tried.stdout, tried.stdout)
    for pattern, status in (("a & b", 0), ("b & a & take", 0), ("a & neighbours & b", 0), ("a & c", 66), ("a & no_*", 66), ("? & ?", 0)):
        checks.equal(f"by {pattern!r}", status, runner.run(program, (), f"suppressions={runner.file(f'circular:{pattern} # x')}")[0])


def check_anew(checks, runner, builder):
    for name, flags in (("named", []), ("stripped", ["-s"]), ("exporting", ["-s", "-rdynamic"])):
        program = builder.build("heap", HEAP, *flags)
        runner.run(program)
        path = runner.file(runner.entries(), name)
        status, said, _ = runner.run(program, (), f"suppressions={path}")
        checks.is_true(f"{name}: suppressed", (status, said) == (0, ""), path.read_text("utf-8") + said)
        status, said, lines = runner.run(program, ["x"], f"suppressions={path}")
        checks.is_true(f"{name}: the neighbour is shown", status == 66 and len(shown(lines)) == 1, said)
        program = builder.build("heap", HEAP, "-DPAD", "-O2", *flags)
        status, said, _ = runner.run(program, (), f"suppressions={path}")
        checks.equal(f"{name}: built anew", 66 if name == "stripped" else 0, status)


def check_processes(checks, runner, builder):
    program = builder.build("forks", FORKS)
    path = runner.file("circular:a & b # the parent's\n", "parent")
    status, said, lines = runner.run(program, (), f"suppressions={path}:stats=1")
    ends = {line["pid"]: line for line in lines if line["t"] == "end"}
    parent = next(line["pid"] for line in lines if line["t"] == "meta" and not line.get("forked"))
    child = next(line for pid, line in ends.items() if pid != parent)
    checks.equal("parent", (0, 1, 1, 0), (status, *(ends[parent][count] for count in ("findings", "suppressed", "counted"))))
    checks.equal("child", (1, 0, 1, 66), (*(child[count] for count in ("findings", "suppressed", "counted")), child["status"]))
    checks.is_true("each process counts for itself", said.count("  suppressed 1 by circular:a & b (") == 1 and
                   said.count("  unused suppression circular:a & b (") == 1, said)
    path = runner.file("circular:c & d # both\n", "both")
    status, said, lines = runner.run(program, ["x"], f"suppressions={path}:stats=1")
    ends = [line for line in lines if line["t"] == "end"]
    checks.is_true("of both, each has it", status == 0 and [end["suppressed"] for end in ends] == [1, 1] and
                   said.count("  suppressed 1 by circular:c & d (") == 2, said)
    record = runner.folder / "record.jsonl"
    checks.equal("what is suppressed is not written again", "", call(runner.command, "suppress", record).stdout)
    tried = call(runner.command, "confirm", "--list", record)
    checks.is_true("nor is it confirmed", tried.stdout == "" and "2 findings are suppressed" in tried.stderr, tried)
    tried = call(runner.command, "confirm", "--list", "--finding=1", record)
    checks.is_true("but when asked for", tried.returncode == 0 and "circular" in tried.stdout, tried)


def check_paths(checks, runner, builder):
    """The command's own option is meant from where the command is called; the program has another folder."""
    program = builder.build("neighbours", NEIGHBOURS)
    runner.file("circular:a & b # x\n", "here")
    runner.file("circular:a & b # x\n", "no")
    runner.file("unlock:a # x\n", "there")
    for files, status in (("here", 0), ("there,here", 0), (f"there,{runner.folder}/here", 0), ("./here,", 0), (",none,here", 0), ("none", 66), ("no", 0), ("there", 66), ("nowhere", 66)):
        for more in ([], ["--exec"]):
            done = call(runner.command, "run", f"--suppressions={files}", *more, "--", "sh", "-c", f"cd / && exec {program}", cwd=runner.folder)
            checks.is_true(f"lockval run --suppressions={files} {' '.join(more)}", done.returncode == status and
                           ("cannot be read" in done.stderr) == (files == "nowhere"), done.stderr)


def check_names(checks, runner, builder):
    program = builder.build("names", NAMES)
    for first, second in (("a # b", "#c"), ("a & b", "& c"), ("d &", "&"), (" e ", "\tf"), ("g:h", "i*j"), ("two\nlines", "k\x7f"), ("&sb->lock/1", "l&&m")):
        runner.run(program, [first, second])
        path = runner.file(runner.entries())
        status, said, _ = runner.run(program, [first, second], f"suppressions={path}")
        checks.is_true(f"a class called {first!r} and one called {second!r}", (status, said) == (0, ""), path.read_text("utf-8") + said)
        status, said, _ = runner.run(program, [first, "another"], f"suppressions={path}")
        checks.is_true(f"and not {first!r} with another", status == 66 and "lockval: /" not in said, path.read_text("utf-8") + said)
    runner.run(program, ["a", "b"])
    written = call(runner.command, "suppress", runner.folder / "record.jsonl").stdout
    status, said, _ = runner.run(program, ["a", "b"], f"suppressions={runner.file(written)}")
    checks.is_true("an entry that was written without a reason is complained of", status == 0 and "has no reason" in said, said)


def check_raised(checks, runner, builder):
    program = builder.build("raised", RAISED)
    status, said, lines = runner.run(program)
    raised = any("before" in line for line in findings(lines))
    checks.is_true("the verdict is raised", status == 66 and raised, said)
    status, said, lines = runner.run(program, (), f"suppressions={runner.file('circular:a & b # x')}")
    made = findings(lines)
    checks.is_true("a raised one stays suppressed", (status, said) == (0, "") and len(made) >= 2 and
                   made[-1]["verdict"] == "feasible" and all("suppressed" in line and not line["counts"] for line in made), said)


def check_built_in(checks, runner, builder):
    library = builder.build("libdbus-1.so.3", DBUS, "-shared", "-fPIC", "-fvisibility=hidden", "-s", "-Wl,-soname,libdbus-1.so.3")
    program = builder.build("user", DBUS_USER, library, f"-Wl,-rpath,{builder.folder}")
    status, said, lines = runner.run(program)
    made = findings(lines)
    checks.is_true("libdbus's circle is known", (status, said) == (0, "") and len(made) == 1 and made[0]["suppressed"]["from"] == "built in" and
                   made[0]["suppressed"]["reason"].startswith("libdbus makes"), said)
    tried = call(runner.command, "suppress", f"--check={runner.file('unlock:x # x')}", runner.folder / "record.jsonl")
    checks.is_true("--check says so", "dbus_threads_init (built in)\n" in tried.stdout and "1 of 1 finding is suppressed\n" in tried.stdout and
                   "not:" not in tried.stdout, tried.stdout)
    status, said, _ = runner.run(program, (), "known_findings=1")
    checks.is_true("and shown when asked for", status == 66 and "circular" in said, said)
    status, said, _ = runner.run(program, ["x"])
    checks.is_true("another circle of libdbus is shown", status == 66 and "circular" in said, said)
    program = builder.build("mine", DBUS + "int main(void) { return !dbus_threads_init() + 0 * dbus_something(); }\n", "-s", "-rdynamic")
    status, said, _ = runner.run(program)
    checks.is_true("as is that of a program with a function called so", status == 66 and "circular" in said, said)


def main(command, library):
    checks, command = Checks(), os.path.abspath(command)
    with tempfile.TemporaryDirectory() as name:
        runner, builder = Runner(command, library, {}, pathlib.Path(name)), Builder(pathlib.Path(name))
        check_neighbours(checks, runner, builder)
        check_anew(checks, runner, builder)
        check_processes(checks, runner, builder)
        check_paths(checks, runner, builder)
        check_names(checks, runner, builder)
        check_raised(checks, runner, builder)
        check_built_in(checks, runner, builder)
        runner.check_records(checks)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
