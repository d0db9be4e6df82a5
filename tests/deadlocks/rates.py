#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How often the programs of the table hang by themselves, and how often lockval confirm makes them.

Usage: rates.py [--build FOLDER] [--runs N] [--confirms N] [--quick] [--only NAME]... [--json FILE] [--update-docs]
       rates.py --detect N     time from the forming of a deadlock to its report, over N hangs
       rates.py --legal SECS   heavy legal contention for so long: nothing may be reported

Without --detect and --legal the table is measured; with them only what they say, unless --all is given, too. Prints Markdown.
The exit status is 1 if something impossible was confirmed, a deadlock was not reported, or a legal run was not clean.
"""

import argparse
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time

import programs

ROOT = programs.FOLDER.parent.parent
DOCUMENT = ROOT / "docs" / "deadlocks.md"
PATIENCE = 5            # seconds until a plain run that spins is taken to hang
RECORD_TRIES = 20       # runs for a record
CONFIRM_TIMEOUT = 10    # seconds of one of them
DETECT_TIMEOUT = 20     # seconds until a deadlock counts as not reported
HEADLINE = re.compile(rb"^WARNING: (threads are deadlocked!|all threads wait, and nothing can wake them!)$", re.MULTILINE)


class Bench:
    def __init__(self, args):
        build = pathlib.Path(args.build).resolve()
        self.build = build
        self.library = build / "liblockval" / "liblockval.so.0"
        self.command = build / "tools" / "lockval" / "lockval"
        self.simulator = build / "sim" / "mm_sim"
        self.table = [row for row in programs.read_table().values()
                      if (not args.only or row.program in args.only) and self.path(row).exists()]

    def path(self, row):
        return self.build / "tests" / "deadlocks" / f"deadlock_{row.program}"


def say(text):
    print(text, file=sys.stderr, flush=True)


# ---- the table -------------------------------------------------------------------------------------------------------

def count_hangs(command, runs):
    env = programs.environment()
    return sum(programs.run(command, env, PATIENCE, may_hang=True).status is None for _ in range(runs))


def make_record(bench, command, path):
    """Of a run that ended by itself if there is one among a few; of one that deadlocked otherwise."""
    options = f"record={path}:log=none:on_deadlock=exit"
    for _ in range(RECORD_TRIES):
        path.unlink(missing_ok=True)
        result = programs.run(command, programs.environment(bench.library, options), PATIENCE, may_hang=True)
        if result.out.endswith("done\n") or "splice: moved" in result.out:
            break


def confirm(bench, command, record, tries):
    """One run of lockval confirm: outcome of the finding that came closest, its tries, and the seconds of all."""
    begin = time.monotonic()
    done = subprocess.run([bench.command, "confirm", "--json", "--save", "", "--tries", str(tries), "--timeout",
                           str(CONFIRM_TIMEOUT), record, "--", *command], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=programs.environment(), check=False)
    seconds = time.monotonic() - begin
    found = [json.loads(line) for line in done.stdout.decode(errors="replace").splitlines() if line.startswith("{")]
    confirmed = [one for one in found if one["outcome"] == "confirmed"]
    best = min(confirmed, key=lambda one: one["tries"]) if confirmed else next(iter(found), None)
    return {"outcome": best["outcome"] if best else "no finding", "tries": best["tries"] if best else 0, "seconds": seconds}


def measure(bench, name, command, runs, confirms, tries):
    """What the table says of one program."""
    say(name)
    hung = count_hangs(command, runs)
    outcomes = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(confirms):
            record = pathlib.Path(folder) / f"{number}.jsonl"
            make_record(bench, command, record)
            outcomes.append(confirm(bench, command, record, tries))
    good = [one for one in outcomes if one["outcome"] == "confirmed"]
    return {"program": name, "runs": runs, "hung": hung, "confirms": confirms, "confirmed": len(good),
            "outcomes": sorted({one["outcome"] for one in outcomes}),
            "tries": [one["tries"] for one in good], "seconds": [one["seconds"] for one in outcomes]}


def measure_table(bench, args):
    rows = []
    for row in bench.table:
        rows.append(measure(bench, row.program, [bench.path(row)], args.runs, args.confirms, args.tries))
        rows[-1].update(possible=row.possible, predicted=row.predicted, threads=int(row.threads), closes=row.closes)
    if not args.only:
        rows.append(measure(bench, "mm_sim", [bench.simulator, "reported", "--freezer", "--hotplug"],
                            max(1, args.runs // 10), max(1, args.confirms // 5), args.tries))
        rows[-1].update(possible="real", predicted="event potential", threads=8,
                        closes="the reported deadlock, with a freezer and a hotplug writer")
    return rows


def show_table(rows):
    lines = []
    for possible, title in (("real", "Can deadlock"), ("impossible", "Cannot")):
        if not any(row["possible"] == possible for row in rows):
            continue
        lines += [f"| {title} | threads | predicted | hung by itself | confirmed | tries | seconds | otherwise |",
                  "|---|---|---|---|---|---|---|---|"]
        for row in rows:
            if row["possible"] != possible:
                continue
            tries = f"{statistics.median(row['tries']):g}, at most {max(row['tries'])}" if row["tries"] else ""
            seconds = f"{statistics.median(row['seconds']):.2f}" if row["seconds"] else ""
            other = ", ".join(one for one in row["outcomes"] if one != "confirmed")
            lines.append(f"| `{row['program']}` {row['closes']} | {row['threads']} | {row['predicted']} "
                         f"| {row['hung']} of {row['runs']} | {row['confirmed']} of {row['confirms']} | {tries} | {seconds} "
                         f"| {other} |")
        lines.append("")
    real = [row for row in rows if row["possible"] == "real" and row["predicted"] != "-"]
    false = sum(row["confirmed"] for row in rows if row["possible"] == "impossible")
    always = sum(row["confirmed"] == row["confirms"] for row in real)
    ever = sum(row["confirmed"] > 0 for row in real)
    lines.append(f"Of {len(real)} programs that can deadlock and have a finding, {always} were confirmed each time and {ever} at "
                 f"least once. False confirmations: {false}.")
    return "\n".join(lines), false


# ---- detection -------------------------------------------------------------------------------------------------------

def detect_once(bench, command):
    """Milliseconds from forming to the report's headline; None when none came."""
    process = programs.start(command, programs.environment(bench.library, "on_deadlock=report"))
    _, when = programs.read_until(process, process.stderr, HEADLINE, DETECT_TIMEOUT)
    out, _ = programs.end(process)
    forming = programs.FORMING.search(out)
    return when * 1000 - int(forming.group(1)) / 1000 if when and forming else None


def detect(bench, count):
    commands = [[bench.path(row), "--hang"] for row in bench.table if row.possible == "real" and row.circle != "self"]
    commands.append([bench.simulator, "hang"])
    times, missed = [], []
    for number in range(count):
        command = commands[number % len(commands)]
        taken = detect_once(bench, command)
        if taken is None:
            missed.append(command[0].name)
        else:
            times.append(taken)
    return {"hangs": count, "programs": len(commands), "ms": times, "missed": missed}


def show_detect(result):
    times = result["ms"]
    text = f"{len(times)} of {result['hangs']} deadlocks of {result['programs']} programs were reported"
    if result["missed"]:
        text += f" (not: {', '.join(sorted(set(result['missed'])))})"
    if times:
        text += (f"; from forming to the report's first line in the pipe {min(times):.1f} ms at least, "
                 f"{statistics.median(times):.1f} ms in the middle, {max(times):.1f} ms at most")
    return text + "."


# ---- legal contention ------------------------------------------------------------------------------------------------

def legal(bench, seconds):
    """Each program for its share of the time, one after another."""
    storm = bench.build / "tests" / "deadlocks" / "legal_storm"
    stress = bench.build / "tests" / "stress" / "stress"
    share = max(1, seconds // 5)
    plan = [([storm, str(2 * share)], "conditions, semaphores, joins, barriers, all kinds of locks"),
            ([storm, str(share), "--signals"], "the same with signals"),
            ([stress, "--seconds", str(share), "--seed", "1", "--plugin",
              bench.build / "tests" / "preload" / "libplugin_lib.so"], "sixteen threads that do everything"),
            ([bench.simulator, "torture", "--seconds", str(share)], "the simulated kernel")]
    runs = []
    for command, what in plan:
        result = programs.run([str(word) for word in command],
                              programs.environment(bench.library, "on_deadlock=report"), 20 * seconds + 120)
        alarms = result.err.count("WARNING: ")
        runs.append({"program": command[0].name, "what": what, "seconds": result.seconds, "status": result.status,
                     "alarms": alarms})
    return runs


def show_legal(runs):
    lines = ["| program | what | seconds | exit status | alarms |", "|---|---|---|---|---|"]
    lines += [f"| `{run['program']}` | {run['what']} | {run['seconds']:.0f} | {run['status']} | {run['alarms']} |"
              for run in runs]
    return "\n".join(lines)


# ---- documents -------------------------------------------------------------------------------------------------------

def update_document(sections):
    """Each section of the document between its marks is replaced, if it was measured."""
    text = DOCUMENT.read_text(encoding="utf-8")
    for name, content in sections.items():
        pattern = re.compile(rf"(<!-- {name}: begin -->\n).*?(<!-- {name}: end -->)", re.DOTALL)
        text, count = pattern.subn(lambda match, content=content: f"{match.group(1)}{content}\n{match.group(2)}", text)
        if count != 1:
            raise SystemExit(f"{DOCUMENT}: no place for {name}")
    DOCUMENT.write_text(text, encoding="utf-8")


def machine():
    model = re.search(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    return f"{len(os.sched_getaffinity(0))} processors ({model.group(1) if model else platform.machine()}), " \
           f"Linux {platform.release().split('-')[0]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=ROOT / "build")
    parser.add_argument("--runs", type=int, help="plain runs of each program (1000)")
    parser.add_argument("--confirms", type=int, help="records that lockval confirm is run on, of each program (100)")
    parser.add_argument("--tries", type=int, help="of lockval confirm for each finding (20)")
    parser.add_argument("--quick", action="store_true", help="20 runs, 2 records, 4 tries")
    parser.add_argument("--only", action="append", metavar="NAME")
    parser.add_argument("--detect", type=int, metavar="N")
    parser.add_argument("--legal", type=int, metavar="SECONDS")
    parser.add_argument("--all", action="store_true", help="the table beside --detect and --legal")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--update-docs", action="store_true", help="write what was measured into docs/deadlocks.md")
    args = parser.parse_args()
    args.runs = args.runs or (20 if args.quick else 1000)
    args.confirms = args.confirms or (2 if args.quick else 100)
    args.tries = args.tries or (4 if args.quick else 20)
    bench = Bench(args)
    result, sections, bad = {"machine": machine()}, {}, False
    if args.all or (args.detect is None and args.legal is None):
        result["table"] = measure_table(bench, args)
        sections["rates"], false = show_table(result["table"])
        sections["rates"] += f" `lockval confirm` had {args.tries} tries for each finding."
        bad = bad or false > 0
    if args.detect:
        result["detect"] = detect(bench, args.detect)
        sections["detection"] = show_detect(result["detect"])
        bad = bad or bool(result["detect"]["missed"])
    if args.legal:
        result["legal"] = legal(bench, args.legal)
        sections["legal"] = show_legal(result["legal"])
        bad = bad or any(run["alarms"] or run["status"] for run in result["legal"])
    for name in list(sections):
        sections[name] = f"{sections[name]}\n\nOn {result['machine']}."
        print(sections[name] + "\n")
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps(result, indent=1), encoding="utf-8")
    if args.update_docs:
        update_document(sections)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
