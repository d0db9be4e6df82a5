# SPDX-License-Identifier: MIT
"""The library, what users would use instead, and the least that any preloaded library costs: each a way to run a program of
workloads."""

import dataclasses
import functools
import glob
import pathlib
import re
import shutil
import subprocess


@dataclasses.dataclass
class Peer:
    name: str
    slow: bool                          # gets less to do, and no part in quick runs
    prefix: tuple = ()                  # what the command begins with
    suffix: str = ""                    # of the program's name: it was built in another way
    preload: str = None
    env: dict = dataclasses.field(default_factory=dict)
    missing: str = None                 # why it cannot be asked
    version: str = ""


def first_line(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (done.stdout + done.stderr).strip().split("\n", 1)[0].strip()


def natural(path):
    """So that 14 comes after 9."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", path)]


@functools.lru_cache(maxsize=None)
def dyndd_path():
    """The newest one; no compiler of the path needs to know it."""
    where = [pattern + "/libclang_rt.dyndd-x86_64.so" for pattern in
             ("/usr/lib/llvm-*/lib/clang/*/lib/linux", "/usr/lib/clang/*/lib/linux", "/usr/lib64/clang/*/lib/linux")]
    found = sorted((path for pattern in where for path in glob.glob(pattern)), key=natural)
    return found[-1] if found else None


def pass_through(folder):
    path = folder / "libpassthrough.so"
    return Peer("pass-through", False, preload=str(path), missing=None if path.exists() else "not built")


def dyndd(_):
    path = dyndd_path()
    return Peer("dyndd", False, preload=path, missing=None if path else "no libclang_rt.dyndd-x86_64.so of LLVM",
                version=path or "")


def tsan(folder):
    built = (folder / "bench_locks_tsan").exists()
    return Peer("TSan", True, suffix="_tsan", env={"TSAN_OPTIONS": "detect_deadlocks=1:exitcode=66"},
                missing=None if built else "the compiler has no -fsanitize=thread", version="of the compiler")


def valgrind(name, tool):
    def peer(_):
        there = shutil.which("valgrind")
        return Peer(name, True, prefix=("valgrind", "-q", f"--tool={tool}", "--error-exitcode=66"),
                    missing=None if there else "no valgrind", version=first_line(["valgrind", "--version"]) if there else "")
    return peer


MAKERS = [pass_through, dyndd, tsan, valgrind("Helgrind", "helgrind"), valgrind("DRD", "drd")]


def all_peers(folder):
    """In the order of the table's columns, the missing ones too. @folder: where the programs of workloads are."""
    return [make(pathlib.Path(folder)) for make in MAKERS]
