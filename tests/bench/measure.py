# SPDX-License-Identifier: MIT
"""Runs the programs of workloads: each without and with the library in turn, and the others in between."""

import dataclasses
import os
import pathlib
import re
import signal
import statistics
import subprocess
import tempfile

import figures
from real import boxes
from peers import Peer

TIMEOUT = 40        # seconds after which a run has not ended; a result, not an error, if it is another tool's
NOT_LOADED = "cannot be preloaded"      # the loader says it, and goes on without
REAL_PEER_ROUNDS = 2
NOT_HANDED_ON = ("LD_PRELOAD", "LOCKVAL_OPTIONS", "TSAN_OPTIONS", "VALGRIND_OPTS")


class Wrong(Exception):
    """A run that must succeed did not: without the library, or with it."""


@dataclasses.dataclass
class Run:
    """What a program of workloads said, or why it did not."""
    ns: float = None
    share: float = None
    stopped: str = None


@dataclasses.dataclass
class Row:
    """A row of the table."""
    workload: object
    pairs: list = dataclasses.field(default_factory=list)       # (without, with), in the row's unit
    shares: list = dataclasses.field(default_factory=list)      # (without, with), where threads compete
    cpu: list = dataclasses.field(default_factory=list)         # (without, with) of processor time, of real programs
    peers: dict = dataclasses.field(default_factory=dict)       # name: [(without, with it)]
    stopped: dict = dataclasses.field(default_factory=dict)     # name: why there is no figure

    def plain(self):
        return figures.spread([before for before, _ in self.pairs])

    def fairness(self):
        """The middle shares of the smaller one, without and with; None where nobody competes."""
        return tuple(statistics.median(side) for side in zip(*self.shares)) if self.shares else None


def why_stopped(status, text):
    """One short phrase for the table."""
    if status < 0:
        return f"stops ({signal.Signals(-status).name})"
    for sign in ("CHECK failed", "FATAL", "the 'impossible' happened", "out of memory"):
        if sign in text:
            return f"stops ({sign})"
    return "reports something" if status == 66 else f"stops (status {status})"


def before_all_else():
    """The calling process has the processors before whatever else runs. Needs the right to do so."""
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


def may_come_first():
    """Whether before_all_else() is allowed: tried on a process of its own."""
    pid = os.fork()
    if pid == 0:
        try:
            before_all_else()
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def read(text):
    """The lines of bench.h."""
    found = dict(line.split(" ", 1) for line in text.splitlines() if " " in line)
    return Run(float(found["ns"]), float(found["share"]) if "share" in found else None)


class Bench:
    """Where the programs and the library are, and how much is done."""

    def __init__(self, folder, library, scale=1.0, realtime=False):
        """@scale: how much of each workload's repetitions is done. @realtime: loops that contend run before
        all else on the machine; those that sleep do not, as they would wake up in another way."""
        self.folder, self.scale, self.realtime = pathlib.Path(folder).resolve(), scale, realtime
        self.log = tempfile.mkdtemp(prefix="lv-bench-")
        self.plain = Peer("plain", False)
        self.library = Peer("lockval", False, preload=str(pathlib.Path(library).resolve()))

    def options(self, workload):
        return f"log={self.log}/%e.%p" + (":" + workload.options if workload.options else "")

    def command(self, workload, peer):
        """The command, and what it adds to the environment."""
        scale = self.scale / (4 if workload.program != "start" else 20) if peer.slow else self.scale
        env = dict(peer.env)
        if peer.preload:
            env["LD_PRELOAD"] = peer.preload
        if peer is self.library:
            env["LOCKVAL_OPTIONS"] = self.options(workload)
        reps = str(max(3, round(workload.reps * scale)))
        if workload.program == "start":
            # The library is put into what is started, not into who starts it.
            sets = [word for key, value in env.items() for word in ("--set", f"{key}={value}")]
            return [str(self.folder / "bench_start"), *sets, "--reps", reps, *peer.prefix,
                    str(self.folder / f"bench_nothing{peer.suffix}")], {}
        return [*peer.prefix, str(self.folder / f"bench_{workload.program}{peer.suffix}"), workload.word, "--ms",
                str(max(1, round(workload.ms * min(1.0, self.scale * 2)))), "--reps", reps, *workload.args], env

    def run(self, workload, peer):
        command, more = self.command(workload, peer)
        first = self.realtime and workload.contends and not peer.slow
        env = {key: value for key, value in os.environ.items() if key not in NOT_HANDED_ON}
        env.update(LC_ALL="C", **more)
        try:
            done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                                  timeout=TIMEOUT, errors="replace",
                                  preexec_fn=before_all_else if first else None)
        except subprocess.TimeoutExpired:
            return Run(stopped=f"not done in {TIMEOUT} s")
        if NOT_LOADED in done.stderr:
            return Run(stopped="is not loaded")
        if done.returncode != 0:
            return Run(stopped=why_stopped(done.returncode, done.stdout + done.stderr), share=None)
        try:
            run = read(done.stdout)
        except (KeyError, ValueError):
            return Run(stopped="prints no figure")
        if workload.unit == "ms":
            run.ns /= 1e6
        return run

    def must(self, workload, peer):
        run = self.run(workload, peer)
        if run.stopped:
            raise Wrong(f"{workload.title}: {peer.name}: {run.stopped}: {' '.join(self.command(workload, peer)[0])}\n"
                        f"see {self.log}")
        return run

    def round(self, row, others):
        """One pair, and each of @others that still runs."""
        before = self.must(row.workload, self.plain)
        after = self.must(row.workload, self.library)
        row.pairs.append((before.ns, after.ns))
        if before.share is not None:
            row.shares.append((before.share, after.share))
        for peer in others:
            if peer.name in row.stopped:
                continue
            run = self.run(row.workload, peer)
            if run.stopped:
                row.stopped[peer.name] = run.stopped
                row.peers.pop(peer.name, None)
            else:
                row.peers.setdefault(peer.name, []).append((before.ns, run.ns))

    def measure(self, workload, rounds, others, slow_rounds=1):
        """A workload's row: @rounds pairs, with each of @others in every round, the slow ones in the first."""
        row = Row(workload)
        others = [peer for peer in others if workload.peers]
        for number in range(rounds):
            self.round(row, [peer for peer in others if not peer.slow or number < slow_rounds])
        return row

    def environment(self, peer, logs=None):
        """What @peer adds to the environment of a real program; the library's findings change no exit status."""
        env = {"LD_PRELOAD": peer.preload} if peer.preload else {}
        if peer is self.library:
            env["LOCKVAL_OPTIONS"] = f"exitcode=0:stats=1:log={logs}/%e.%p"
        return env

    def measure_real(self, program, rounds, others, runner):
        """A real program's row; @others are asked in the first round or two, those that are preloaded only."""
        row = Row(program)
        for number in range(rounds):
            try:
                before = runner.run({})
                after = runner.run(self.environment(self.library, runner.logs))
            except boxes.Failed as why:
                raise Wrong(f"{program.title}: {why}") from why
            if runner.locks_met() == 0:
                raise Wrong(f"{program.title}: the library met no lock")
            row.pairs.append((before.clock, after.clock))
            row.cpu.append((before.cpu, after.cpu))
            for peer in others if number < REAL_PEER_ROUNDS else ():
                if peer.preload and peer.name not in row.stopped:
                    self.ask_real(row, peer, before, runner)
        return row

    def ask_real(self, row, peer, before, runner):
        try:
            run = runner.run(self.environment(peer))
        except boxes.Failed as why:
            status = re.search(r"ended with status (-?\d+)", str(why))
            row.stopped[peer.name] = why_stopped(int(status.group(1)), str(why)) if status else "fails"
            row.peers.pop(peer.name, None)
        else:
            row.peers.setdefault(peer.name, []).append((before.clock, run.clock))

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is not Wrong:       # whose text names the folder
            self.close()

    def close(self):
        for path in pathlib.Path(self.log).glob("*"):
            path.unlink()
        pathlib.Path(self.log).rmdir()
