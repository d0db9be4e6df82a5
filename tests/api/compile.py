#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lockval.h in every language that may include it, and programs that are linked in every way that matters.

Usage: compile.py --lib LIB --include FOLDER [--need COMPILER]...

Languages: all_calls.c compiles without a warning as C89 to C17 and C++98 to C++17, with and without LOCKVAL_DISABLE, with
every compiler that is installed (those of --need must be), and runs without the library and with it.

Linking: what becomes of a weak call when the library is preloaded depends on how the program was linked. linked.c says
whether it reached the library; the table says what is documented.
"""

import argparse
import collections
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
WARNINGS = ["-Wall", "-Wextra", "-Wshadow", "-Werror", "-pedantic"]
C_WARNINGS = ["-Wstrict-prototypes", "-Wmissing-prototypes", "-Wconversion"]
C_STANDARDS = ["c89", "gnu89", "c99", "c11", "c17", "gnu17"]
CPP_STANDARDS = ["c++98", "c++11", "gnu++14", "c++17"]

Way = collections.namedtuple("Way", "title flags preload reaches")

# "LIB" stands for the library, as -llockval would. A weak reference alone does not make a library needed: where the
# linker drops what is not needed (--as-needed, the default of some distributions), it must be told not to.
KEEP = "-Wl,--no-as-needed"
WAYS = [
    Way("position-independent, preloaded", ["-fPIE", "-pie"], True, True),
    Way("position-independent, without", ["-fPIE", "-pie"], False, False),
    Way("-no-pie, preloaded", ["-fno-pie", "-no-pie"], True, False),
    Way("-no-pie of PIE objects with -z dynamic-undefined-weak, preloaded",
        ["-fPIE", "-no-pie", "-Wl,-z,dynamic-undefined-weak"], True, True),
    Way("-no-pie of PIE objects with -z dynamic-undefined-weak, without",
        ["-fPIE", "-no-pie", "-Wl,-z,dynamic-undefined-weak"], False, False),
    Way("-no-pie, linked", ["-fno-pie", "-no-pie", KEEP, "LIB"], False, True),
    Way("position-independent, linked", ["-fPIE", "-pie", KEEP, "LIB"], False, True),
    Way("-no-pie, linked and preloaded", ["-fno-pie", "-no-pie", KEEP, "LIB"], True, True),
    Way("linked, but dropped as not needed", ["-fPIE", "-pie", "-Wl,--as-needed", "LIB"], False, False),
    Way("-static", ["-static"], True, False),
]


class Failures:
    def __init__(self):
        self.count = 0

    def check(self, good, what, detail=""):
        if not good:
            self.count += 1
            print(f"FAILED: {what}\n{detail}")


def execute(command, lib=None):
    env = {key: value for key, value in os.environ.items() if key not in ("LD_PRELOAD", "LOCKVAL_OPTIONS")}
    if lib:
        env["LD_PRELOAD"] = lib
    return subprocess.run([str(item) for item in command], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, timeout=60)


def compile_to(failures, what, command):
    """True if it compiled without a warning."""
    done = execute(command)
    failures.check(done.returncode == 0 and not done.stdout, f"{what}: {' '.join(map(str, command))}", done.stdout)
    return done.returncode == 0


def check_languages(failures, args, compilers, folder):
    count = 0
    for compiler in compilers:
        cpp = compiler.endswith("++")
        for standard in CPP_STANDARDS if cpp else C_STANDARDS:
            for define in ([], ["-DLOCKVAL_DISABLE"]):
                what = f"{compiler} -std={standard} {' '.join(define)}".strip()
                program = pathlib.Path(folder, f"all_calls-{count}")
                # clang++ calls C what comes in a .c file.
                command = [compiler, f"-std={standard}", *WARNINGS, *([] if cpp else C_WARNINGS), *define, "-O1",
                           "-I", args.include, *(["-x", "c++"] if cpp else []), HERE / "all_calls.c", "-o", program]
                count += 1
                if not compile_to(failures, what, command):
                    continue
                for lib in (None, args.lib):
                    done = execute([program], lib)
                    failures.check(done.returncode == 0 and not done.stdout,
                                   f"{what}: runs {'with' if lib else 'without'} the library, status {done.returncode}",
                                   done.stdout)
    return count


def check_linking(failures, args, compilers, folder):
    count = 0
    for compiler in [name for name in compilers if not name.endswith("++")]:
        for way in WAYS:
            what = f"{compiler}, {way.title}"
            program = pathlib.Path(folder, f"linked-{count}")
            lib = pathlib.Path(args.lib)
            flags = []
            for flag in way.flags:
                flags += [lib, f"-Wl,-rpath,{lib.parent}"] if flag == "LIB" else [flag]
            command = [compiler, "-O1", *WARNINGS, "-I", args.include, HERE / "linked.c", *flags, "-o", program]
            count += 1
            if not compile_to(failures, what, command):
                continue
            done = execute([program], args.lib if way.preload else None)
            lines = done.stdout.splitlines()
            says = ("reached" if way.reaches else "not reached") in lines
            failures.check(says and done.returncode == (66 if way.reaches else 0),
                           f"{what}: expected {'' if way.reaches else 'not '}to reach the library, "
                           f"status {done.returncode}", done.stdout)
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lib", required=True)
    parser.add_argument("--include", required=True)
    parser.add_argument("--need", action="append", default=[])
    args = parser.parse_args()
    failures = Failures()
    compilers = []
    for name in dict.fromkeys([*args.need, "gcc", "clang", "g++", "clang++"]):
        if shutil.which(name):
            compilers.append(name)
        failures.check(shutil.which(name) or name not in args.need, f"{name} is not there")
    with tempfile.TemporaryDirectory() as folder:
        languages = check_languages(failures, args, compilers, folder)
        links = check_linking(failures, args, compilers, folder)
    print(f"{', '.join(compilers)}: {languages} languages, {links} ways to link, {failures.count} failed")
    return 1 if failures.count or not languages or not links else 0


if __name__ == "__main__":
    sys.exit(main())
