# SPDX-License-Identifier: MIT
"""Run the program count under callgrind, and read the profiles that it leaves."""

import os
import pathlib
import re
import subprocess
import tempfile

WARM = 4096  # rounds before those that are counted: a cache grows where chains get into each other's way

TRIGGER = re.compile(r"^desc: Trigger: Client Request: (\S+)", re.MULTILINE)
COST = re.compile(r"^(?:[+-]?\d+|\*|0x[0-9a-f]+) (\d+)$")


def read_profile(text):
    """Instructions of each (object, function) itself, without what it calls."""
    costs = {}
    owner = function = None
    is_call = False
    for line in text.splitlines():
        key, found, value = line.partition("=")
        if found and key == "ob":
            owner = os.path.basename(value)
        elif found and key == "fn":
            function = value.partition("@")[0]
        elif found and key == "calls":
            is_call = True  # the next line has the cost of the callee
        else:
            match = COST.match(line)
            if match and not is_call:
                costs[owner, function] = costs.get((owner, function), 0) + int(match.group(1))
            is_call = is_call and not match
    return {place: cost for place, cost in costs.items() if cost}


def count(program, rounds, preload=None, options="", warm=WARM, workloads=(), arguments=()):
    """Workload -> (acquisitions, {(object, function): instructions}), of @rounds rounds after @warm others."""
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
        said = done.stdout.decode() + done.stderr.decode()
        if done.returncode != 0:
            raise RuntimeError(f"status {done.returncode} of {' '.join(command)}:\n{said}")
        acquisitions = dict(line.split() for line in done.stdout.decode().splitlines())
        result = {}
        for path in pathlib.Path(folder).iterdir():
            text = path.read_text(encoding="utf-8")
            match = TRIGGER.search(text)
            if match:
                result[match.group(1)] = (int(acquisitions[match.group(1)]), read_profile(text))
    return {name: result[name] for name in acquisitions}
