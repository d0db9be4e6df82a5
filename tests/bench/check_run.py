#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""script/bench's machinery on the build under test, with next to nothing to do: every kind of program of workloads runs
without and with the library, and the table and the figures have the form that they must have. No time is judged.

Usage: check_run.py BUILD
"""

import json
import math
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
# A loop, locks by the table, two threads, a condition, threads, memory, C++, the start of a process.
ONLY = "depth 1$|identity=table|one lock$|ping-pong|create and join|malloc|delete|process start"
MACHINE = {"cpu", "virtual", "cores", "kernel", "libc", "compiler", "commit", "dirty", "date", "load", "load_after",
           "realtime"}


def complain(complaints, right, text):
    if not right:
        complaints.append(text)


def check_row(row, complaints):
    title = row["workload"]
    complain(complaints, len(row["pairs"]) == 2, f"{title}: {len(row['pairs'])} pairs, not 2")
    for value in [one for pair in row["pairs"] for one in pair]:
        complain(complaints, math.isfinite(value) and value > 0, f"{title}: a time of {value}")
    complain(complaints, row["ratio"]["low"] <= row["ratio"]["median"] <= row["ratio"]["high"], f"{title}: {row['ratio']}")
    complain(complaints, "pass-through" in row["peers"] or "identity=table" in title, f"{title}: no pass-through library")
    if "one lock" in title:
        for side in ("plain", "lockval"):
            fair = row["fairness"][side]
            complain(complaints, 0 <= fair["share"] <= 0.5 <= fair["jain"] <= 1, f"{title}: {side}: {fair}")


def main():
    build, complaints = sys.argv[1], []
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "figures.json"
        done = subprocess.run([sys.executable, str(HERE / "run.py"), "--build", build, "--quick", "--rounds", "2", "--scale",
                               "0.02", "--only", ONLY, "--json", str(out)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print(f"{done.stdout}{done.stderr}status {done.returncode}")
            return 1
        data = json.loads(out.read_text(encoding="utf-8"))
    complain(complaints, set(data["machine"]) == MACHINE, f"facts of the machine: {sorted(data['machine'])}")
    complain(complaints, len(data["rows"]) >= 7, f"{len(data['rows'])} rows")
    complain(complaints, any("quick" in one for one in data["skipped"]), "does not say what was left out")
    for row in data["rows"]:
        check_row(row, complaints)
        complain(complaints, f"| {row['workload']} |" in done.stdout, f"{row['workload']} is not in the table")
    print("\n".join(complaints) if complaints else f"{len(data['rows'])} rows are as they must be")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
