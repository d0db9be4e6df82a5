#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`lockval doctor`: what is fine is said to be, and what is not is found, each by a case that has only that.

Usage: check_doctor.py LOCKVAL LIBRARY ABBA [--static PROGRAM]
"""

import argparse
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

from command import Checks, call, environment

PLAIN = """
#include <pthread.h>
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
int main(void) { return pthread_mutex_lock(&lock); }
"""

CROSSED = """
#include <pthread.h>
static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static void take(pthread_mutex_t *first, pthread_mutex_t *second)
{
    pthread_mutex_lock(first);
    pthread_mutex_lock(second);
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}
int main(void) { take(&a, &b); take(&b, &a); return 0; }
"""

# A library that says of itself what VERSION is, as ours does in a record.
OTHER_LIBRARY = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
__attribute__((constructor)) static void begin(void)
{
    char path[512] = "";
    const char *options = getenv("LOCKVAL_OPTIONS"), *at = options ? strstr(options, "record=") : NULL;
    if (!at)
        return;
    snprintf(path, sizeof(path), "%.*s", (int)strcspn(at + 7, ":"), at + 7);
    FILE *file = fopen(path, "a");
    if (file) {
        fprintf(file, "{\\"t\\":\\"meta\\",\\"version\\":\\"%s\\"}\\n", VERSION);
        fclose(file);
    }
}
"""


def doctor(lockval, *args, env=None):
    """(exit status, {name: [check, ...]})."""
    done = call(lockval, "doctor", "--json", *map(str, args), env=env)
    try:
        said = json.loads(done.stdout)
    except ValueError:
        return done.returncode, {"broken": [{"state": "bad", "text": done.stdout + done.stderr, "advice": None}]}
    found = {}
    for check in said["checks"]:
        found.setdefault(check["name"], []).append(check)
    assert said["works"] == (done.returncode == 0)
    return done.returncode, found


def state(found, name):
    """The worst of that name; None: nothing was said."""
    states = [check["state"] for check in found.get(name, ())]
    return max(states, key=("ok", "warn", "bad").index) if states else None


def words(found, name):
    return " ".join(f"{check['text']} {check['advice'] or ''}" for check in found.get(name, ()))


class Programs:
    """Compiled as they are wanted."""

    def __init__(self, folder):
        self.folder = folder
        self.compiler = os.environ.get("CC", "cc").split()

    def compile(self, name, source, *flags):
        path = self.folder / name
        (self.folder / f"{name}.c").write_text(source, encoding="utf-8")
        done = subprocess.run([*self.compiler, self.folder / f"{name}.c", "-pthread", "-o", path, *flags], capture_output=True,
                              text=True, check=False, timeout=50)
        return path if done.returncode == 0 else None


def check_machine(checks, lockval):
    status, found = doctor(lockval)
    checks.equal("all is well here", 0, status)
    for name in ("system", "libc", "proc", "options", "library", "preload"):
        checks.equal(f"{name} is fine", "ok", state(found, name))
    checks.is_true("a process was looked at", state(found, "threads") in ("ok", "warn"), words(found, "threads"))
    checks.is_true("nothing is said of a program", "program" not in found, found)

    done = call(lockval, "doctor")
    lines = done.stdout.splitlines()
    checks.is_true("as text", done.returncode == 0 and lines[0].startswith("lockval 0.") and lines[-1].endswith(" 0 bad") and
                   not done.stderr, done)
    checks.equal("each check is a line of text", sum(map(len, found.values())),
                 sum(line.startswith(("  ok ", "  warn ", "  bad ")) for line in lines))

    status, found = doctor(lockval, env=environment(LOCKVAL_OPTIONS="stats=1:nonsense=2"))
    checks.is_true("a wrong option of the environment",
                   (status, state(found, "options")) == (0, "warn") and "nonsense" in words(found, "options"), found)
    status, found = doctor(lockval, env=environment(LOCKVAL_OPTIONS="stats=1"))
    checks.equal("a right one", (0, "ok", "ok"), (status, state(found, "options"), state(found, "preload")))
    status, found = doctor(lockval, env=environment(PATH="/nonexistent"))
    checks.equal("nothing in PATH", (0, "warn", "warn", "warn", "warn"),
                 (status, *(state(found, name) for name in ("graphviz", "gdb", "preload", "threads"))))
    status, found = doctor(lockval, env=environment(DEBUGINFOD_URLS=""))
    checks.equal("no debuginfod", "warn", state(found, "debuginfod"))
    env = environment()
    env["TMPDIR"] = "/nonexistent"
    status, found = doctor(lockval, env=env)
    checks.is_true("no room for records", (status, state(found, "room")) == (0, "warn") and "TMPDIR" in words(found, "room"), found)


def check_library(checks, lockval, library, programs):
    """The command finds its library from where it lies itself."""
    root = programs.folder / "tree"
    command = root / "a/b/lockval"
    command.parent.mkdir(parents=True)
    shutil.copy(lockval, command)
    (root / "liblockval").mkdir()
    there = root / "liblockval/liblockval.so.0"
    shutil.copy(os.path.realpath(library), there)
    status, found = doctor(command)
    checks.equal("a copy of both works", (0, "ok", "ok"), (status, state(found, "library"), state(found, "preload")))

    there.write_bytes(b"no library")
    status, found = doctor(command)
    checks.is_true("a library that is none", status == 1 and state(found, "preload") == "bad" and "does not get into" in
                   words(found, "preload"), found)
    for version, wanted in (("9.9.9", "9.9.9"),):
        other = programs.compile("other.so", OTHER_LIBRARY, "-shared", "-fPIC", f'-DVERSION="{version}"')
        shutil.copy(other, there)
        status, found = doctor(command)
        checks.is_true("a library of another version", status == 1 and state(found, "preload") == "bad" and wanted in
                       words(found, "preload"), found)
        checks.is_true("which is not found in memory, either", state(found, "threads") in ("bad", "warn"), found)
    there.unlink()
    status, found = doctor(command)
    if state(found, "library") == "bad":
        checks.is_true("no library", status == 1 and "preload" not in found, found)
    else:
        print("# lockval is installed here, and was found: the case without a library was not tried")
    root.rename(programs.folder / "a tree")
    (programs.folder / "a tree/liblockval/liblockval.so.0").write_bytes(pathlib.Path(library).read_bytes())
    status, found = doctor(programs.folder / "a tree/a/b/lockval")
    checks.is_true("a path with a space", status == 1 and "LD_PRELOAD" in words(found, "library"), found)


def check_programs(checks, lockval, programs):
    def look(title, path, wanted_status, **wanted):
        if path is None:
            print(f"# {title}: cannot be compiled here")
            return {}
        status, found = doctor(lockval, path)
        states = {name: state(found, name.replace("_", "-")) for name in wanted}
        checks.is_true(title, (status, states) == (wanted_status, wanted), found)
        return found

    with_debug = programs.compile("with_debug", PLAIN, "-g", "-Wl,--build-id")
    found = look("a program with all", with_debug, 0, program="ok", locks="ok", build_id="ok", debug_info="ok", stacks="ok",
                 sanitizer=None, annotations=None, script=None)
    checks.is_true("which has locks", "calls libc's locks" in words(found, "locks"), found)
    found = look("without debug info", programs.compile("without", PLAIN, "-g0"), 0, program="ok", debug_info="warn")
    checks.is_true("which has names", "names of functions," in words(found, "debug-info"), found)
    found = look("stripped", programs.compile("stripped", PLAIN, "-s"), 0, debug_info="warn")
    checks.is_true("which has no names", "exported functions only" in words(found, "debug-info"), found)
    if shutil.which("objcopy"):
        apart = programs.folder / "apart"
        shutil.copy(with_debug, apart)
        debug = programs.folder / "apart.debug"
        subprocess.run(["objcopy", "--only-keep-debug", apart, debug], check=True, timeout=50)
        subprocess.run(["objcopy", "--strip-debug", f"--add-gnu-debuglink={debug}", apart], check=True, timeout=50)
        found = look("debug info in another file", apart, 0, debug_info="ok")
        checks.is_true("which is named", "apart.debug" in words(found, "debug-info"), found)
    look("no build-id", programs.compile("no_id", PLAIN, "-Wl,--build-id=none"), 0, build_id="warn")
    found = look("no locks", programs.compile("no_locks", "int main(void) { return 0; }"), 0, locks="ok")
    checks.is_true("of its own", "no lock of libc's" in words(found, "locks"), found)
    look("annotated", programs.compile("annotated", "void lockval_on(void) __attribute__((weak));\n"
                                       "int main(void) { if (lockval_on) lockval_on(); return 0; }"), 0, annotations="ok")
    for name, extra, word in (("Go", "__attribute__((section(\".go.buildinfo\"))) char go[8] = \"go\";", "Go"),
                              ("Rust", "void rust_eh_personality(void) {}", "Rust"),
                              ("absl", "void _ZN4absl5Mutex4LockEv(void) {}", "absl")):
        found = look(f"{name} in it", programs.compile(name, PLAIN + extra), 0, locks="warn")
        checks.is_true(f"{name} is named", word in words(found, "locks"), found)
    look("under TSan", programs.compile("tsan", PLAIN, "-fsanitize=thread"), 1, sanitizer="bad")
    under_asan = programs.compile("asan", CROSSED, "-fsanitize=address")
    found = look("under ASan", under_asan, 0, sanitizer="ok" if "clang" in programs.compiler[0] else "warn")
    if state(found, "sanitizer") == "warn":
        setting = words(found, "sanitizer").split("set ASAN_OPTIONS=")[-1].split(",")[0]
        done = call(lockval, "run", "--", str(under_asan), env=environment(ASAN_OPTIONS=setting))
        checks.is_true("what is advised first works", done.returncode == 66 and "circular locking" in done.stderr + done.stdout, done)
        runtime = subprocess.run([*programs.compiler, "-print-file-name=libasan.so"], capture_output=True, text=True, check=True,
                                 timeout=50).stdout.strip()
        if os.path.isabs(runtime):
            done = call(lockval, "run", "--", str(under_asan), env=environment(LD_PRELOAD=os.path.realpath(runtime)))
            checks.is_true("and what is advised second", done.returncode == 66 and "circular locking" in done.stderr + done.stdout,
                           done)
        done = call(lockval, "run", "--", str(under_asan))
        checks.is_true("without it ASan says so itself", done.returncode == 1 and "ASan runtime does not come first" in done.stderr,
                       done)

    script = programs.folder / "script"
    script.write_text(f"#!/bin/sh\n: > {programs.folder}/ran\n", encoding="utf-8")
    script.chmod(0o755)
    look("a script", script, 0, script="ok", program="ok")
    checks.is_true("which is not run", not (programs.folder / "ran").exists())
    text = programs.folder / "text"
    text.write_text("hello\n", encoding="utf-8")
    look("a text", text, 1, program="bad")
    look("nothing", programs.folder / "nothing", 1, program="bad", locks=None)
    look("by PATH", pathlib.Path("true"), 0, program="ok")
    torn = programs.folder / "torn"
    torn.write_bytes(with_debug.read_bytes()[:3000])
    status = call(lockval, "doctor", str(torn)).returncode
    checks.is_true("a torn file is survived", status in (0, 1), status)

    foreign = programs.folder / "foreign"
    data = bytearray(with_debug.read_bytes())
    struct.pack_into("=H", data, 18, 243 if struct.unpack_from("=H", data, 18)[0] != 243 else 62)
    foreign.write_bytes(data)
    foreign.chmod(0o755)
    look("of another architecture", foreign, 1, program="bad", locks=None)
    if os.geteuid() == 0:
        privileged = programs.folder / "privileged"
        shutil.copy(with_debug, privileged)
        os.chown(privileged, 65534, 65534)
        privileged.chmod(0o4755)
        look("with set-uid", privileged, 1, program="bad")


def check_words(checks, lockval):
    for args in (("--nonsense",), ("one", "two"), ("--json=1",)):
        done = call(lockval, "doctor", *args)
        checks.is_true(f"usage error: {' '.join(args)}", done.returncode == 2 and "lockval help doctor" in done.stderr and
                       not done.stdout, done)
    if os.path.exists("/dev/full"):
        done = call("/bin/sh", "-c", '"$0" doctor >/dev/full', lockval)
        checks.is_true("output that cannot be written", done.returncode == 1 and "cannot write" in done.stderr, done)


def main(argv):
    parser = argparse.ArgumentParser()
    parser.add_argument("lockval")
    parser.add_argument("library")
    parser.add_argument("--static")
    args = parser.parse_args(argv)
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        programs = Programs(pathlib.Path(folder))
        check_machine(checks, args.lockval)
        check_library(checks, args.lockval, args.library, programs)
        check_programs(checks, args.lockval, programs)
        if args.static:
            status, found = doctor(args.lockval, args.static)
            checks.is_true("a static program", status == 1 and state(found, "program") == "bad" and "statically" in
                           words(found, "program"), found)
    check_words(checks, args.lockval)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
