# SPDX-License-Identifier: MIT
"""The arithmetic of script/bench, what it reads and what it prints, tried on made-up figures."""

import types

import figures
import machine as machines
import measure
import peers as others
import real
import table
import workloads
from figures import Budget

MACHINE = {"cpu": "A processor", "virtual": True, "cores": 2, "kernel": "6.1", "libc": "glibc 2.36", "compiler": "gcc 12",
           "commit": "0123456789ab", "dirty": True, "date": "2026-01-02", "realtime": False, "load": [0.5, 0.4, 0.3]}


def near(value, wanted):
    return abs(value - wanted) < 1e-9


def row(budget=None, pairs=((10.0, 15.0), (20.0, 32.0), (10.0, 14.0)), unit="ns"):
    made = measure.Row(workloads.Workload("a row", "locks", "depth1", budget, unit=unit))
    made.pairs = list(pairs)
    return made


def raises(kind, call):
    try:
        call()
    except kind:
        return True
    return False


def arithmetic():
    odd, even = figures.spread([3, 1, 2]), figures.spread([4, 1, 2, 3])
    yield "the median of three", (odd.middle, odd.low, odd.high) == (2, 1, 3)
    yield "the median of four lies between", near(even.middle, 2.5) and near(even.low, 1.75) and near(even.high, 3.25)
    yield "one value is its own spread", figures.spread([7]) == figures.Spread(7, 7, 7)
    yield "a wild value moves no median", near(figures.spread([1, 1, 1, 1, 1000]).middle, 1)
    yield "no values", raises(ValueError, lambda: figures.spread([]))
    pairs = [(10, 15), (20, 32), (10, 14)]
    yield "ratios are of pairs, not of medians", near(figures.ratios(pairs).middle, 1.5)
    yield "a machine that slows down in between moves no ratio", near(figures.ratios([(1, 2), (10, 20), (3, 6)]).high, 2)
    yield "differences", near(figures.differences(pairs).middle, 5)
    yield "Jain's index of equals", near(figures.jain(0.5), 1)
    yield "Jain's index when one has all", near(figures.jain(0), 0.5)
    yield "three digits", [figures.short(v) for v in (0, 0.01234, 1.2345, 12.345, 123.45, 54321)] == \
        ["0", "0.0123", "1.23", "12.3", "123", "54321"]


def budgets():
    yield "a ratio that holds", Budget("ratio", 1.5).holds([(10, 15)])
    yield "a ratio that does not", not Budget("ratio", 1.5).holds([(10, 15.1)])
    yield "a throughput that holds", Budget("throughput", 0.95).holds([(95, 100)])
    yield "a throughput that does not", not Budget("throughput", 0.95).holds([(94, 100)])
    yield "a throughput may grow", Budget("throughput", 0.95).holds([(100, 50)])
    yield "a difference that holds", Budget("difference", 2).holds([(10, 12)])
    yield "a difference that does not", not Budget("difference", 2).holds([(10, 12.1)])
    yield "a difference may be negative", Budget("difference", 2).holds([(10, 1)])
    yield "a budget is told", "holds" in table.budget_cell(row(Budget("ratio", 1.5), [(10, 15)]))
    yield "a missed budget is told", "missed" in table.budget_cell(row(Budget("ratio", 1.4), [(10, 15)]))
    yield "no budget", table.budget_cell(row()) == "–"
    yield "every title once", len({one.title for one in workloads.MICRO}) == len(workloads.MICRO)


def reading():
    run = measure.read("ns 3.5\nleast 3.5\nmiddle 4\nreps 9\nops 10\n")
    yield "a program's figure", run.ns == 3.5 and run.share is None and run.stopped is None
    yield "a share", measure.read("ns 3\nshare 0.25\n").share == 0.25
    yield "no figure", raises(KeyError, lambda: measure.read("something else\n"))
    yield "a signal is told", measure.why_stopped(-11, "") == "stops (SIGSEGV)"
    yield "a tool's own check is told", measure.why_stopped(1, "x CHECK failed: y") == "stops (CHECK failed)"
    yield "a status is told", measure.why_stopped(3, "") == "stops (status 3)"
    yield "a report is told", measure.why_stopped(66, "") == "reports something"
    yield "14 comes after 9", others.natural("llvm-14") > others.natural("llvm-9")
    peers = others.all_peers("/nonexistent")
    yield "what is not built is missing", [peer.missing is not None for peer in peers if peer.name in ("pass-through", "TSan")] \
        == [True, True]


def printing():
    peer, stopped = others.Peer("one", False), others.Peer("two", True)
    absent = others.Peer("three", True, missing="not installed")
    made = row(Budget("ratio", 1.4))
    made.peers["one"], made.stopped["two"], made.shares = [(10.0, 50.0)], "stops (SIGSEGV)", [(0.5, 0.4)]
    text = table.markdown([made], [peer, stopped, absent], MACHINE, ["the rest"])
    line = next(one for one in text.splitlines() if one.startswith("| a row"))
    yield "the row", line == ("| a row | 10.0 ns | 1.50 (1.40 to 1.60) | ≤ 1.4: **missed** | 5.00 | stops (SIGSEGV) |")
    yield "as many columns as heads", all(one.count("|") == line.count("|") for one in text.splitlines() if one[:1] == "|")
    yield "the machine", machines.line(MACHINE) in text and "with changes" in text and "virtual" in text
    yield "a priority is told", "real-time" in machines.line({**MACHINE, "realtime": True}) and "real-time" not in text
    yield "a missing peer is named", "three: missing: not installed" in text and "| three" not in text
    yield "what was left out is named", "Left out: the rest." in text
    yield "fairness is told", "0.50 of all operations, with lockval 0.40" in text
    yield "budgets are counted", "- 0 of 1 budgets hold. Missed: a row." in text
    yield "a slower peer is not called cheaper", "one is cheaper" not in text
    made.peers["one"] = [(10.0, 14.0)]
    yield "a cheaper peer is named, and where", \
        "- one is cheaper than lockval in: a row (1.40 to 1.50)." in table.markdown([made], [peer], MACHINE, [])
    made.peers["pass-through"] = made.peers["one"]
    floor = others.Peer("pass-through", False)
    yield "the pass-through library is no peer", "pass-through is" not in table.markdown([made], [floor], MACHINE, [])
    data = table.plain_data([made], [peer, stopped, absent], MACHINE, ["the rest"])
    yield "the data of the row", near(data["rows"][0]["ratio"]["median"], 1.5) and not data["rows"][0]["budget"]["holds"]
    yield "the data of the peers", data["rows"][0]["peers"]["two"] == {"stopped": "stops (SIGSEGV)"} and \
        data["peers"]["three"]["missing"] == "not installed"
    page = f"a\n{table.BEGIN}\nold\n{table.END}\nb\n"
    yield "a page is renewed", table.replaced(page, "new\n") == f"a\n{table.BEGIN}\nnew\n{table.END}\nb\n"
    yield "twice is the same", table.replaced(table.replaced(page, "new\n"), "new\n") == table.replaced(page, "new\n")
    yield "a page without marks", raises(ValueError, lambda: table.replaced("a\n", "new\n"))


def commands():
    bench = measure.Bench("/bin", "/lib/x.so")
    slow = others.Peer("slow", True, prefix=("tool", "-q"), suffix="_x")
    one = workloads.Workload("t", "locks", "depth1", options="identity=table", args=("--locks", "8"))
    command, env = bench.command(one, bench.library)
    yield "the library is preloaded", env["LD_PRELOAD"] == "/lib/x.so" or env["LD_PRELOAD"].endswith("/lib/x.so")
    yield "options of a workload", env["LOCKVAL_OPTIONS"].endswith(":identity=table")
    yield "nothing is preloaded without it", bench.command(one, bench.plain)[1] == {}
    yield "arguments of a workload", command[-2:] == ["--locks", "8"]
    command, _ = bench.command(one, slow)
    yield "a tool comes first", command[:2] == ["tool", "-q"] and command[2].endswith("bench_locks_x")
    less = [int(words[words.index("--reps") + 1]) for words in (command, bench.command(one, bench.plain)[0])]
    yield "a slow tool has less to do", less[0] < less[1]
    command, env = bench.command(workloads.Workload("s", "start", ""), bench.library)
    yield "what starts is not what is preloaded", not env and any(word.startswith("LD_PRELOAD=") for word in command)
    bench.close()


class Fake(measure.Bench):
    """Gives figures without running anything: the machine is twice as slow in every second round."""

    def __init__(self):
        super().__init__("/bin", "/lib/x.so")
        self.asked = []

    def run(self, workload, peer):
        self.asked.append(peer.name)
        if peer.name == "broken" or workload.title == "fails":
            return measure.Run(stopped="stops")
        slow = 2 if self.asked.count("plain") % 2 == 0 else 1
        return measure.Run({"plain": 10, "lockval": 15, "other": 40, "slow": 900}[peer.name] * slow, None)


def real_rounds():
    class Runner:
        logs = "/logs"

        def __init__(self, locks=5):
            self.times, self.locks_met = 0, lambda: locks

        def run(self, env):
            self.times += 1
            if env.get("LD_PRELOAD") == "broken":
                raise measure.boxes.Failed("server: ended with status -11 before it listened")
            return real.Figure(12.0, 6.0) if "LOCKVAL_OPTIONS" in env else real.Figure(10.0, 4.0)

    bench, program = Fake(), real.Program("p", None, Budget("ratio", 1.1), "s", "a run")
    kinds = [others.Peer("there", False, preload="there"), others.Peer("broken", False, preload="broken"),
             others.Peer("another build", True, suffix="_x")]
    made = bench.measure_real(program, 3, kinds, Runner())
    yield "the clock and the processors", made.pairs == [(10.0, 12.0)] * 3 and made.cpu == [(4.0, 6.0)] * 3
    yield "what is preloaded is asked in some rounds", len(made.peers["there"]) == measure.REAL_PEER_ROUNDS
    yield "why a peer stops", made.stopped == {"broken": "stops (SIGSEGV)"}
    yield "what must be built anew is not asked", "another build" not in made.peers
    text = table.markdown([made], kinds, MACHINE, [])
    yield "the processors' time is told", "time is for a run. The processors' time for it: 1.50" in text
    yield "and stands beside the budget", table.budget_cell(made) == "≤ 1.1: **missed** (processors' time 1.50)"
    yield "and is in the data", near(table.row_data(made)["cpu"]["ratio"]["median"], 1.5)
    yield "a library that met no lock was not measured", \
        raises(measure.Wrong, lambda: bench.measure_real(program, 1, [], Runner(locks=0)))
    nowhere = real.Program("p", None, None, "s", "", needs=("no such program",))
    yield "what is not installed cannot run", raises(measure.boxes.CannotRun, lambda: real.Runner(nowhere, "/nonexistent"))
    bench.close()


def rounds():
    bench, workload = Fake(), types.SimpleNamespace(title="t", peers=True)
    kinds = [others.Peer("other", False), others.Peer("slow", True), others.Peer("broken", False)]
    made = bench.measure(workload, 5, kinds)
    yield "as many pairs as rounds", len(made.pairs) == 5
    yield "without and with in turn", bench.asked[:2] == ["plain", "lockval"] and bench.asked.count("plain") == 5
    yield "a slow round is in both", near(figures.ratios(made.pairs).low, 1.5) and near(figures.ratios(made.pairs).high, 1.5)
    yield "the others in each round", len(made.peers["other"]) == 5
    yield "the slow ones in the first", len(made.peers["slow"]) == 1
    yield "who stops is asked once", bench.asked.count("broken") == 1 and made.stopped["broken"] == "stops"
    workload = types.SimpleNamespace(title="fails", peers=True)
    bench.command = lambda *_: ([], {})
    yield "without figures of our own there is no row", raises(measure.Wrong, lambda: bench.measure(workload, 1, []))
    bench.close()


def main():
    failed = count = 0
    for group in (arithmetic, budgets, reading, printing, commands, rounds, real_rounds):
        for title, right in group():
            count += 1
            if not right:
                failed += 1
                print(f"self-test '{title}' failed")
    print(f"bench --self-test: {count} cases, {failed} failed")
    return 1 if failed or not count else 0
