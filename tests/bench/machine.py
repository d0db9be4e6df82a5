# SPDX-License-Identifier: MIT
"""What must be known of a machine to read its figures."""

import itertools
import json
import os
import pathlib
import platform
import re
import subprocess
import time


def said(command, cwd=None):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def processor():
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or "unknown", False
    model = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    flags = re.search(r"^flags\s*:\s*(.+)$", text, re.MULTILINE)
    return (model.group(1) if model else platform.machine()), bool(flags and "hypervisor" in flags.group(1).split())


def compiler(build):
    """The version of the compiler that built the folder @build, from its own list of commands."""
    try:
        commands = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
        command = next(one["command"] for one in commands if one["file"].endswith(".c"))
    except (OSError, KeyError, ValueError, StopIteration):
        return "unknown compiler"
    words = itertools.takewhile(lambda word: not word.startswith("-"), command.split())
    return (said([*words, "--version"]) or "unknown compiler").split("\n", 1)[0]


def facts(source, compiler):
    """@source: the project's folder. @compiler: the version line of the compiler that built what is measured."""
    model, virtual = processor()
    status = said(["git", "status", "--porcelain", "--untracked-files=no"], source)
    return {
        "cpu": model,
        "virtual": virtual,
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "libc": " ".join(part for part in platform.libc_ver() if part),
        "compiler": compiler,
        "commit": said(["git", "rev-parse", "--short=12", "HEAD"], source),
        "dirty": bool(status) if status is not None else None,
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "load": [round(one, 2) for one in os.getloadavg()],
    }


def line(machine):
    where = f"{machine['cpu']}{' (virtual machine)' if machine['virtual'] else ''}, {machine['cores']} cores"
    commit = f"{machine['commit']}{' with changes' if machine['dirty'] else ''}" if machine["commit"] else "unknown"
    return (f"{where}; Linux {machine['kernel']}, {machine['libc']}, {machine['compiler']}; commit {commit}, {machine['date']};"
            f" load at the start {machine['load'][0]:.2f}{', threads that contend with real-time priority' if machine['realtime'] else ''}")
