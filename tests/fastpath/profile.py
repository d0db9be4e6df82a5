# SPDX-License-Identifier: MIT
"""Run the program count under callgrind, and read the profiles that it leaves."""

import os
import pathlib
import re
import subprocess
import tempfile

WARM = 4096  # rounds before those that are counted: a cache grows where chains get into each other's way

TRIGGER = re.compile(r"^desc: Trigger: Client Request: (\S+)", re.MULTILINE)
COST = re.compile(r"^(?:0x([0-9a-f]+) )?(\d+) (\d+)$")


def read_profile(text):
    """(object, function) -> {address: (file, line, instructions)}, of each itself, without what it calls. The address is
    the line's number where the profile has no addresses."""
    steps = {}
    owner = function = path = None
    is_call = False
    for line in text.splitlines():
        key, found, value = line.partition("=")
        if found and key == "ob":
            owner = os.path.basename(value)
        elif found and key == "fn":
            function = value.partition("@")[0]
        elif found and key in ("fl", "fi", "fe"):
            path = value
        elif found and key == "calls":
            is_call = True  # the next line has the cost of the callee
        else:
            match = COST.match(line)
            if match and not is_call:
                number, cost = int(match.group(2)), int(match.group(3))
                address = int(match.group(1), 16) if match.group(1) else (path, number)
                taken = steps.setdefault((owner, function), {})
                taken[address] = (path, number, taken.get(address, (0, 0, 0))[2] + cost)
            is_call = is_call and not match
    return {place: taken for place, taken in steps.items() if any(step[2] for step in taken.values())}


def run(program, rounds, preload, options, warm, workloads, arguments):
    """Workload -> (acquisitions, what read_profile() says), of @rounds rounds after @warm others."""
    env = {key: value for key, value in os.environ.items() if key not in ("LD_PRELOAD", "LOCKVAL_OPTIONS")}
    env["LC_ALL"] = "C"
    if preload:
        env["LD_PRELOAD"] = os.path.abspath(preload)
    env["LOCKVAL_OPTIONS"] = options
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "-q", "--tool=callgrind", "--collect-atstart=no", "--compress-strings=no",
                   "--compress-pos=no", "--callgrind-out-file=" + folder + "/profile", *arguments,
                   os.path.abspath(program), str(warm), str(rounds), *workloads]
        done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=100, check=False)
        if done.returncode != 0:
            said = done.stdout.decode() + done.stderr.decode()
            raise RuntimeError(f"status {done.returncode} of {' '.join(command)}:\n{said}")
        acquisitions = dict(line.split() for line in done.stdout.decode().splitlines())
        result = {}
        for path in pathlib.Path(folder).iterdir():
            text = path.read_text(encoding="utf-8")
            match = TRIGGER.search(text)
            if match:
                result[match.group(1)] = (int(acquisitions[match.group(1)]), read_profile(text))
    return {name: result[name] for name in acquisitions}


def count(program, rounds, preload=None, options="", warm=WARM):
    """Workload -> (acquisitions, {(object, function): instructions})."""
    return {name: (acquisitions, {place: sum(step[2] for step in taken.values()) for place, taken in steps.items()})
            for name, (acquisitions, steps) in run(program, rounds, preload, options, warm, (), ()).items()}


def steps(program, rounds, preload, options, workload):
    """(object, function) -> {address: (file, line, times)}, of one workload."""
    return run(program, rounds, preload, options, WARM, [workload], ["--dump-instr=yes"])[workload][1]
