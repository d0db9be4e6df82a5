#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measure what the library costs, and beside it others, and print a table (script/bench builds first and calls this).

Every workload runs without and with the library in turn; its figure is the median of the ratios of these pairs. The status
is 0 whatever the figures are, unless --check is given; it is 1 when a program failed without the library or under it.
"""

import argparse
import json
import os
import pathlib
import re
import signal
import sys

import machine as machines
import measure
import peers as others
import real
import table
import workloads

SOURCE = pathlib.Path(__file__).resolve().parents[2]


ROUNDS, REAL_ROUNDS = 7, 5


def arguments():
    parser = argparse.ArgumentParser(prog="script/bench", description="Measure what the library costs.")
    parser.add_argument("--build", default="build-bench", help="the build folder")
    parser.add_argument("--library", help="another library than the build folder's")
    parser.add_argument("--quick", action="store_true", help="under a minute: fewer rounds, no slow peers, no real programs")
    parser.add_argument("--only", metavar="REGEX", help="workloads whose title it is found in")
    parser.add_argument("--list", action="store_true", help="print the workloads and their budgets, and end")
    parser.add_argument("--rounds", type=int, metavar="N", help="pairs of a workload")
    parser.add_argument("--scale", type=float, default=1.0, help="how much each run does; 1 is all")
    parser.add_argument("--json", metavar="FILE", help="write the figures there")
    parser.add_argument("--no-peers", action="store_true", help="only the library")
    parser.add_argument("--realtime", action="store_true",
                        help="the loops of threads that contend run before all else (needs root): for a machine with other "
                             "work")
    parser.add_argument("--update-docs", action="store_true", help="put the table into docs/performance.md")
    parser.add_argument("--check", action="store_true", help="status 1 if a budget is missed")
    parser.add_argument("--self-test", action="store_true")
    return parser.parse_args()


def chosen(args, skipped):
    rows = workloads.MICRO + real.PROGRAMS
    if args.only:
        rows = [one for one in rows if re.search(args.only, one.title)]
        if not rows:
            sys.exit(f"script/bench: no workload's title has {args.only}; see --list")
        skipped.append(f"all that --only {args.only} does not name")
    elif args.quick:
        left = [one.title for one in rows if one.slow]
        if left:
            skipped.append(", ".join(left) + " (--quick)")
        rows = [one for one in rows if not one.slow]
    return rows


def asked_peers(args, folder, skipped):
    if args.no_peers:
        skipped.append("all peers (--no-peers)")
        return []
    found = others.all_peers(folder)
    if args.quick:
        slow = [peer.name for peer in found if peer.slow]
        skipped.append(f"{', '.join(slow)} (--quick)")
        found = [peer for peer in found if not peer.slow]
    return found


def listed(rows):
    for one in rows:
        print(f"{one.title:56} {one.budget.text(one.unit) if one.budget else '-'}")


def one_row(bench, workload, args, present):
    if not isinstance(workload, real.Program):
        return bench.measure(workload, args.rounds or (3 if args.quick else ROUNDS), present)
    runner = real.Runner(workload, args.build)
    try:
        return bench.measure_real(workload, args.rounds or REAL_ROUNDS, present, runner)
    finally:
        runner.close()


def all_rows(bench, wanted, args, present, skipped):
    rows = []
    for workload in wanted:
        print(f"{workload.title} ...", file=sys.stderr, flush=True)
        try:
            row = one_row(bench, workload, args, present)
        except real.boxes.CannotRun as why:
            skipped.append(f"{workload.title}: {why}")
            continue
        rows.append(row)
        print(f"    {' | '.join(table.cells(row, present)[1:])}", file=sys.stderr, flush=True)
    return rows


def main():
    args = arguments()
    if args.self_test:
        import self_test  # pylint: disable=import-outside-toplevel
        return self_test.main()
    skipped = []
    rows_wanted = chosen(args, skipped)
    if args.list:
        listed(rows_wanted)
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    build = pathlib.Path(args.build)
    folder = build / "tests" / "bench"
    library = pathlib.Path(args.library or build / "liblockval" / "liblockval.so.0")
    if not library.exists() or not folder.is_dir():
        sys.exit(f"script/bench: {library} and {folder} are not there; build first")
    if args.realtime and not measure.may_come_first():
        sys.exit("script/bench: --realtime is not allowed here")
    peers = asked_peers(args, folder, skipped)
    present = [peer for peer in peers if not peer.missing]
    machine = machines.facts(SOURCE, machines.compiler(build))
    machine["realtime"] = args.realtime
    with measure.Bench(folder, library, args.scale * (0.4 if args.quick else 1.0), args.realtime) as bench:
        rows = all_rows(bench, rows_wanted, args, present, skipped)
    machine["load_after"] = [round(one, 2) for one in os.getloadavg()]
    text = table.markdown(rows, peers, machine, skipped)
    print(text)
    if args.json:
        data = table.plain_data(rows, peers, machine, skipped)
        pathlib.Path(args.json).write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    if args.update_docs:
        page = SOURCE / "docs" / "performance.md"
        page.write_text(table.replaced(page.read_text(encoding="utf-8"), text), encoding="utf-8")
    return 1 if args.check and table.missed(rows) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except measure.Wrong as wrong:
        sys.exit(f"script/bench: {wrong}")
