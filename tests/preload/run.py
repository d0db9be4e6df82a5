#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run a program without and with the library preloaded, and compare.

What is expected stands in the program's source, in comments that begin a line:

    /* case: NAME */          from here on it is about the case NAME, whose argument is NAME; what stands before the
                              first case holds for all. A file without a case has one, without arguments.
    /* args: A {B} */         other arguments; {B} is the path of the library B (see --lib)
    /* status: 66 */          exit status with the library, -6 for death by signal 6; else the same as without
    /* findings: 2 */         number of reports on stderr (or in the log); else 0
    /* expect: REGEX */       stderr has a match
    /* reject: REGEX */       stderr has none
    /* file: NAME: REGEX */   a file whose name matches NAME was made in the current folder, and its text has a match
    /* options: A=B:C=D */    LOCKVAL_OPTIONS; for both ways of identity unless it names one
    /* identity: auto */      only this way
    /* order: LINE */         a line of a file locks.order in the current folder, which the option expect names; its first line is
                              there already
    /* with: NAME */          preload the library NAME (see --lib), too, behind ours; a name with .so in it is a library
                              of the system, and the case is skipped where there is none
    /* with-first: NAME */    the same, before ours
    /* stdout: REGEX */       stdout has a match, in both runs
    /* plain: no */           cannot run without the library (it would hang)
    /* command: X Y */        what to run instead of the program; skipped when it is not installed

Stdout is always compared with the run without the library. So is stderr, when nothing is found and nothing expected.

Usage: run.py LIBRARY SOURCE [PROGRAM] [--lib NAME=PATH]... [--only CASE]
       run.py --measure LIBRARY COMMAND...
"""

import argparse
import os
import pathlib
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TIMEOUT = 50  # seconds a run
IDENTITIES = ("auto", "table")
DIRECTIVE = re.compile(
    r"^\s*(?:/\*|#)\s*(case|args|status|findings|expect|reject|file|options|order|identity|with|with-first|stdout|plain|command):"
    r"\s*(.*?)\s*(?:\*/)?\s*$")
REPORT = re.compile(r"^verdict: ", re.MULTILINE)
HEADLINE = re.compile(r"^WARNING: .*", re.MULTILINE)


class Case:
    """One way to run a program, and what is expected of it."""

    def __init__(self, name, common=None):
        self.name = name
        self.args = common.args if common else None
        self.status = common.status if common else None
        self.findings = common.findings if common else 0
        self.expect = list(common.expect) if common else []
        self.reject = list(common.reject) if common else []
        self.files = list(common.files) if common else []
        self.stdout = list(common.stdout) if common else []
        self.options = list(common.options) if common else []
        self.order = list(common.order) if common else []
        self.identities = common.identities if common else IDENTITIES
        self.behind = list(common.behind) if common else []
        self.before = list(common.before) if common else []
        self.plain = common.plain if common else True
        self.command = None

    def set(self, key, value):
        if key == "args":
            self.args = shlex.split(value)
        elif key == "status":
            self.status = int(value)
        elif key == "findings":
            self.findings = int(value)
        elif key == "expect":
            self.expect.append(value)
        elif key == "reject":
            self.reject.append(value)
        elif key == "file":
            self.files.append(value.split(": ", 1))
        elif key == "stdout":
            self.stdout.append(value)
        elif key == "options":
            self.options.append(value)
        elif key == "order":
            self.order.append(value)
        elif key == "identity":
            self.identities = (value,)
        elif key == "with":
            self.behind.append(value)
        elif key == "with-first":
            self.before.append(value)
        elif key == "plain":
            self.plain = value != "no"
        elif key == "command":
            self.command = shlex.split(value)


def read_cases(path):
    common = Case(None)
    cases = []
    for line in path.read_text(encoding="utf-8").splitlines():
        match = DIRECTIVE.match(line)
        if not match:
            continue
        key, value = match.groups()
        if key == "case":
            cases.append(Case(value, common))
        else:
            (cases[-1] if cases else common).set(key, value)
    return cases or [common]


def run(command, env, folder):
    """Exit status, stdout, stderr; a status of None is a run that did not end."""
    with subprocess.Popen(command, env=env, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, start_new_session=True) as process:
        try:
            out, err = process.communicate(timeout=TIMEOUT)
            status = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            status = None
    return status, out.decode(errors="replace"), err.decode(errors="replace")


def environment(preload, options):
    env = {key: value for key, value in os.environ.items() if key not in ("LD_PRELOAD", "LOCKVAL_OPTIONS")}
    env["LC_ALL"] = "C"
    if preload:
        env["LD_PRELOAD"] = ":".join(preload)
    if options:
        env["LOCKVAL_OPTIONS"] = options
    return env


def find_system_libraries(names, libraries):
    """Add the paths of the system's libraries among @names to @libraries. Returns those that there are not."""
    wanted = [name for name in names if ".so" in name and name not in libraries]
    if not wanted:
        return []
    loader = shutil.which("ldconfig", path=os.environ.get("PATH", "") + ":/sbin:/usr/sbin")
    known = subprocess.run([loader, "-p"], stdout=subprocess.PIPE, check=False).stdout.decode() if loader else ""
    for name in wanted:
        match = re.search(rf"^\s*{re.escape(name)} \(.*x86-64.*=> (\S+)$", known, re.MULTILINE)
        if match:
            libraries[name] = match.group(1)
    return [name for name in wanted if name not in libraries]


def check_files(case, folder, complaints):
    for name, pattern in case.files:
        found = [path for path in pathlib.Path(folder).iterdir() if re.fullmatch(name, path.name)]
        if len(found) != 1:
            there = sorted(path.name for path in pathlib.Path(folder).iterdir())
            complaints.append(f"{len(found)} files are called {name}; there are {there}")
        elif not re.search(pattern, found[0].read_text(encoding="utf-8"), re.MULTILINE):
            complaints.append(f"the file {found[0].name} has no {pattern!r}")


def check_run(case, command, libraries, identity):
    """The complaints about one run, and what it said."""
    complaints = []
    before = [libraries[name] for name in case.before]
    behind = [libraries[name] for name in case.behind]
    order = ["expect=locks.order"] if case.order else []
    options = ":".join(order + case.options + ([f"identity={identity}"] if identity else []))

    plain_status, plain_out, plain_err = None, None, ""
    if case.plain:
        with tempfile.TemporaryDirectory() as folder:
            plain_status, plain_out, plain_err = run(command, environment(before + behind, None), folder)
        if plain_status is None:
            return ["without the library it did not end"], ""
    with tempfile.TemporaryDirectory() as folder:
        env = environment(before + [libraries["lockval"]] + behind, options)
        if case.order:
            pathlib.Path(folder, "locks.order").write_text("\n".join(["lockval-order 1", *case.order, ""]), encoding="utf-8")
        status, out, err = run(command, env, folder)
        check_files(case, folder, complaints)

    wanted = case.status if case.status is not None else plain_status
    if status is None:
        complaints.append(f"it did not end in {TIMEOUT} s")
    elif status != wanted:
        complaints.append(f"exit status {status}, not {wanted}")
    if case.plain and out != plain_out:
        complaints.append(f"stdout differs; without the library:\n{plain_out}\nwith it:\n{out}")
    for pattern in case.stdout:
        if not re.search(pattern, out, re.MULTILINE):
            complaints.append(f"stdout has no {pattern!r}:\n{out}")
    findings = len(REPORT.findall(err))
    if findings != case.findings:
        complaints.append(f"{findings} findings, not {case.findings}")
    for pattern in case.expect:
        if not re.search(pattern, err, re.MULTILINE):
            complaints.append(f"stderr has no {pattern!r}")
    for pattern in case.reject:
        match = re.search(pattern, err, re.MULTILINE)
        if match:
            complaints.append(f"stderr has {match.group(0)!r}")
    if case.findings == 0 and not case.expect and err != plain_err:
        complaints.append("stderr is not the same as without the library")
    return complaints, err


def test(args):
    # Programs run in a folder of their own, so relative paths would lead nowhere.
    libraries = dict(lib.split("=", 1) for lib in args.lib + ["lockval=" + args.library])
    libraries = {name: os.path.abspath(path) for name, path in libraries.items()}
    program = os.path.abspath(args.program) if args.program else None
    cases = [case for case in read_cases(pathlib.Path(args.source)) if args.only in (None, case.name)]
    number = failed = 0
    print(f"1..{sum(len(case.identities) for case in cases)}")
    for case in cases:
        if case.command is not None:
            command = case.command
        elif case.args is not None:
            command = [program] + [arg.format_map(libraries) for arg in case.args]
        else:
            command = [program] + ([case.name] if case.name else [])
        for identity in case.identities:
            number += 1
            title = f"{case.name or pathlib.Path(args.source).stem}, identity={identity}"
            if case.command is not None and shutil.which(command[0]) is None:
                print(f"ok {number} - {title} # SKIP {command[0]} is not installed")
                continue
            missing = find_system_libraries(case.behind + case.before, libraries)
            if missing:
                print(f"ok {number} - {title} # SKIP {missing[0]} is not installed")
                continue
            complaints, said = check_run(case, command, libraries, identity)
            print(f"{'not ' if complaints else ''}ok {number} - {title}", flush=True)
            if complaints:
                failed += 1
                for line in ("\n".join(complaints) + "\n--- stderr:\n" + said).splitlines():
                    print(f"#   {line}")
    return 1 if failed else 0


def measure(library, command):
    """Wall time and peak memory, without and with the library, in turns; the best of three."""
    best = {}
    for _ in range(3):
        for watched in (False, True):
            begin = time.monotonic()
            pid = os.fork()
            if pid == 0:
                os.execvpe(command[0], command, environment([library] if watched else [], None))
            _, status, usage = os.wait4(pid, 0)
            now = (time.monotonic() - begin, usage.ru_maxrss, usage.ru_utime + usage.ru_stime,
                   os.waitstatus_to_exitcode(status))
            best[watched] = min(best.get(watched, now), now)
    for watched in (False, True):
        wall, peak, cpu, status = best[watched]
        print(f"{'with   ' if watched else 'without'}  {wall:7.3f} s wall  {cpu:7.3f} s cpu  {peak:8d} KiB peak"
              f"  status {status}")
    return 0


def main():
    if sys.argv[1:2] == ["--measure"]:
        return measure(sys.argv[2], sys.argv[3:])
    parser = argparse.ArgumentParser(description="Run a program without and with the library preloaded, and compare.")
    parser.add_argument("library")
    parser.add_argument("source")
    parser.add_argument("program", nargs="?")
    parser.add_argument("--lib", action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--only", metavar="CASE")
    # A core file of a program that dies on purpose is of no use to anybody.
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    return test(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
