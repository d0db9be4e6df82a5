#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Projects of CMake whose tests run under lockval by find_package(lockval).

Of examples/store: the difference between the project with and without lockval is two lines; without, all tests pass; with,
the one that takes its locks both ways fails, and its report is in ctest's log. Of tests/recipes/cmake: what becomes of tests
of every sort.

Usage: check_cmake.py LOCKVAL LIBRARY SOURCE_ROOT
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
from command import Checks, environment  # noqa: E402

TIMEOUT = 120
RESULT = re.compile(r"^ *\d+/\d+ +Test +#\d+: (\S+) \.*[ *]*(Passed|Failed|Skipped)", re.MULTILINE)
HEADLINE = "possible circular locking dependency"
# The two lines of the example.
LINES = ["find_package(lockval REQUIRED)", "lockval_preload(ALL RECORD_DIR lockval)"]


def run(*words, env=None, folder=None):
    """One command: a CompletedProcess, with stderr in stdout."""
    # A hook of git that runs the tests says so to every git below it.
    env = {name: value for name, value in environment(**(env or {})).items() if not name.startswith("GIT_") or name in (env or {})}
    return subprocess.run([str(word) for word in words], env=env, cwd=folder, text=True, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT)


class Package:
    """A folder in which find_package(lockval) finds a package, and the functions of the source tree in it."""

    def __init__(self, folder, root, command, library):
        folder.mkdir()
        for name in ("lockval-tests.cmake", "lockval-ctest.cmake", "lockval-ctest.sh"):
            shutil.copy(root / "cmake" / name, folder / name)
        (folder / "lockvalConfig.cmake").write_text(
            f'set(LOCKVAL_COMMAND "{command}")\nset(LOCKVAL_LIBRARY "{library}")\n'
            'include("${CMAKE_CURRENT_LIST_DIR}/lockval-tests.cmake")\n', encoding="utf-8")
        self.folder, self.command = folder, command

    def as_with_old_cmake(self):
        """The way that code takes before CMake 3.18."""
        path = self.folder / "lockval-ctest.cmake"
        text = path.read_text(encoding="utf-8")
        changed = text.replace("CMAKE_VERSION VERSION_LESS 3.18", "TRUE")
        assert changed != text
        path.write_text(changed, encoding="utf-8")
        return self


def configure(source, build, package, *more, folder=None):
    return run("cmake", "-S", source, "-B", build, "-DCMAKE_BUILD_TYPE=Debug",
               *([f"-Dlockval_DIR={package.folder}"] if package else []), *more, folder=folder)


def ctest(build, *more, **env):
    """Each test's name with its result; names that two folders have get a list. And the output."""
    done = run("ctest", "--output-on-failure", *more, env=env, folder=build)
    results = {}
    for name, result in RESULT.findall(done.stdout):
        results.setdefault(name, []).append(result)
    return {name: found[0] if len(found) == 1 else found for name, found in results.items()}, done.stdout


def check_example(checks, work, root, package):
    text = (root / "examples/store/CMakeLists.txt").read_text(encoding="utf-8")
    lines = text.splitlines()
    mentions = [line for line in lines if "lockval" in line and not line.startswith("#")]
    checks.equal("the example: two lines speak of lockval", LINES, mentions)

    before = work / "before"
    shutil.copytree(root / "examples/store", before)
    (before / "CMakeLists.txt").write_text("\n".join(line for line in lines if line not in LINES), encoding="utf-8")
    tests = {"put", "journal", "replay", "compact", "writers"}
    wanted = {name: "Passed" for name in tests}
    for title, source, wanted in (("without lockval 5 of 5 pass", before, wanted),
                                  ("with it the one fails", root / "examples/store", {**wanted, "compact": "Failed"})):
        build = work / f"build-{source.name}"
        done = configure(source, build, package if source != before else None)
        built = run("cmake", "--build", build)
        if not checks.is_true(f"the example: {title}: it is built", done.returncode == 0 and built.returncode == 0,
                              done.stdout + built.stdout):
            return
        results, output = ctest(build)
        checks.equal(f"the example: {title}", wanted, results)
        checks.equal(f"the example: {title}: reports in the log", int(source != before), output.count(HEADLINE))
    log = (build / "Testing/Temporary/LastTest.log").read_text(encoding="utf-8")
    report = log[log.find(HEADLINE):]
    checks.is_true("the example: the report in ctest's own log names both locks and functions",
                   all(word in report for word in ("journal_lock", "index_lock", "store_put", "store_compact", "feasible")), log)
    results, _ = ctest(build, LOCKVAL_CTEST="0")
    checks.equal("the example: LOCKVAL_CTEST=0 runs it as it was", {name: "Passed" for name in tests}, results)


SORTS = {
    "status.clean": "Passed", "status.abba": ["Failed", "Failed"], "status.never": "Passed", "status.skipped": "Skipped",
    "status.script": "Passed", "unwatched": "Passed",
    "fails.clean": "Passed", "fails.abba": "Failed", "fails.passes": "Failed",
    "prints.clean": "Passed", "prints.abba": "Failed", "both.clean": "Passed", "both.abba": "Failed",
    "arguments": "Passed", "known": "Passed", "beside": "Passed", "beside.lockval": "Failed",
    "found.Order.clean": "Passed", "found.Order.abba": "Failed",
    "found.late.Order.clean": "Passed", "found.late.Order.abba": "Failed",
    "all.abba": "Failed", "all.except": "Passed", "all.Order.clean": "Passed", "all.Order.abba": "Failed",
    "none.abba": "Passed",
}
ARGUMENTS = ["", "a;b", "]=] [==[x]==]", "\\[a\\]]=", '\\;"$', "two words", "\nline"]


def program(build, config):
    return build / config[1] / "orders" if config else build / "orders"


def check_sorts(checks, work, root, title, package, command, *more, config=()):
    build = work / f"sorts-{title.split()[0]}"
    done = configure(root / "tests/recipes/cmake", build, package, *more)
    built = run("cmake", "--build", build, *(["--config", config[1]] if config else []))
    if not checks.is_true(f"{title}: it is built", done.returncode == 0 and built.returncode == 0, done.stdout + built.stdout):
        return
    results, output = ctest(build, *config)
    # Whether a finding of a child counts is for `lockval run` to say; the library alone leaves it with the child.
    child = run(command, "run", "--", "sh", "-c", '"$0" abba; exit 0', program(build, config)) if command else None
    wanted = {**SORTS, "status.child": "Failed" if child and child.returncode == 66 else "Passed"}
    for name in sorted(set(wanted) | set(results)):
        checks.is_true(f"{title}: {name} ends {wanted.get(name)}", wanted.get(name) == results.get(name), results.get(name))
    done = run("ctest", "-V", "-R", "^(arguments|beside)", *config, folder=build)
    shown = re.sub(r"^\d+: ", "", done.stdout, flags=re.MULTILINE)
    for number, argument in enumerate(ARGUMENTS):
        checks.is_true(f"{title}: argument {number} arrives", f"argument {number} is '{argument}'\n" in shown, shown)
    checks.is_true(f"{title}: preloaded once, though chosen twice, with the test's own environment",
                   "preloaded 1 times, SHOWN is 'it is'" in shown, shown)
    checks.is_true(f"{title}: the test beside has the environment of its model",
                   "preloaded 1 times, SHOWN is 'beside'" in shown and "preloaded 0 times, SHOWN is 'beside'" in shown, shown)
    ctest(build, *config, "-R", "status.abba")
    results, _ = ctest(build, *config, "-L", "lockval")
    checks.equal(f"{title}: the label lockval", ["beside.lockval"], list(results))
    results, _ = ctest(build, *config, "-L", "own")
    checks.equal(f"{title}: labels are copied", {"beside", "beside.lockval"}, set(results))
    results, _ = ctest(build / "all", *config)
    checks.equal(f"{title}: ctest in the folder itself", "Failed", results.get("all.abba"))
    records = {path.name for path in (build / "records").iterdir()}
    checks.is_true(f"{title}: each test has its record", {"status.clean.jsonl", "status.abba.jsonl", "fails.abba.jsonl", "beside.lockval.jsonl"} <= records,
                   records)
    record = (build / "records/status.abba.jsonl").read_text(encoding="utf-8")
    checks.is_true(f"{title}: the record has the finding", '"t":"finding"' in record, record)
    checks.equal(f"{title}: it is that of one run", 1, record.count('"t":"meta"'))


ACROSS = ["teller", "auditor", "desk.pay", "desk.audit"]
BOTH_WAYS = {"lockval.union.begin": "Passed", "lockval.union": "Failed"}


def build_across(checks, title, source, build, package):
    done = configure(source, build, package)
    built = run("cmake", "--build", build)
    return checks.is_true(f"{title}: it is built", done.returncode == 0 and built.returncode == 0, done.stdout + built.stdout)


def check_union(checks, work, root, package):
    title, build = "the union", work / "across"
    passed = {name: "Passed" for name in ACROSS}
    if not build_across(checks, title, root / "examples/across", build, package):
        return
    for title, more in ((title, ()), ("in parallel", ("-j4",))):
        results, output = ctest(build, *more)
        checks.equal(f"{title}: exactly its test fails", {**passed, **BOTH_WAYS}, results)
        checks.is_true(f"{title}: the reason and both sides are in the log",
                       all(word in output for word in ("different runs", "accounts_lock", "history_lock", "ledger_pay", "ledger_audit")), output)
        checks.is_true(f"{title}: the tests are named", sum(name in output[output.index("lockval.union"):] for name in ACROSS) >= 2, output)
    results, output = ctest(build, "--rerun-failed")
    checks.equal("run again alone it fails again", {"lockval.union": "Failed"}, results)
    results, output = ctest(build, "-R", "^(teller|desk.pay)$")
    checks.equal("of those that go one way there is nothing to say", {
        "teller": "Passed", "desk.pay": "Passed", "lockval.union.begin": "Passed", "lockval.union": "Passed"}, results)
    checks.equal("their records are those of this call", {"teller.jsonl", "desk.pay.jsonl"}, {path.name for path in (build / "lockval.union").iterdir()})
    results, _ = ctest(build, LOCKVAL_CTEST="0")
    checks.equal("the union: LOCKVAL_CTEST=0 runs the tests as they were", passed, results)
    (build / "lockval.union/teller.jsonl").unlink()
    (build / "lockval.union/desk.pay.jsonl").unlink()
    results, _ = ctest(build, "-R", "^lockval.union$", "-FA", ".*")
    checks.equal("without records it is skipped", {"lockval.union": "Skipped"}, results)


# No repository around the folder, and none of whoever runs the tests.
NO_GIT = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
FIXTURES = """
enable_testing()
add_test(NAME prepare COMMAND ${CMAKE_COMMAND} -E touch prepared)
add_test(NAME desk COMMAND desk pay)
set_tests_properties(prepare PROPERTIES FIXTURES_SETUP prepared)
set_tests_properties(desk PROPERTIES LABELS own FIXTURES_REQUIRED prepared)
lockval_add_tests(TESTS desk UNION)
add_subdirectory(below)
lockval_check_union(BASELINE known.baseline DB orders.db)
"""


def check_union_of_folders(checks, work, root, package):
    """Tests of two folders, one of them with a fixture of its own; a baseline."""
    source, build = work / "folders", work / "build-folders"
    shutil.copytree(root / "examples/across", source)
    text = (source / "CMakeLists.txt").read_text(encoding="utf-8")
    (source / "CMakeLists.txt").write_text(
        text[:text.index("enable_testing()")] + "find_package(lockval REQUIRED)" + FIXTURES, encoding="utf-8")
    (source / "below").mkdir()
    (source / "below/CMakeLists.txt").write_text("add_test(NAME below COMMAND desk audit)\nlockval_preload(ALL UNION)\n", encoding="utf-8")
    (source / "known.baseline").write_text("lockval baseline 1\n", encoding="utf-8")
    if not build_across(checks, "two folders", source, build, package):
        return
    results, output = ctest(build)
    tests = {"desk": "Passed", "below": "Passed", "desk.lockval": "Passed", "prepare": "Passed"}
    checks.equal("two folders: exactly the union's test fails", {**tests, **BOTH_WAYS}, results)
    checks.equal("two folders: each test has its record", {"desk.lockval.jsonl", "below/below.jsonl"}, {
        str(path.relative_to(build / "lockval.union")) for path in (build / "lockval.union").glob("**/*.jsonl")})
    stored = run(package.command, "check", build / "orders.db")
    checks.is_true("two folders: the store has the same", "accounts_lock" in stored.stdout and stored.returncode == 66, stored.stdout)
    if shutil.which("git"):
        stored = run(package.command, "db", "runs", build / "orders.db")
        checks.equal("two folders: of no commit, since there is none", 0, stored.stdout.count(", commit "))
        git = ("git", "-C", source, "-c", "user.name=somebody", "-c", "user.email=somebody@localhost")
        head = [run(*git, *words, env=NO_GIT) for words in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "one"), ("rev-parse", "HEAD"))][-1].stdout.strip()
        results, output = ctest(build, **NO_GIT)
        stored = run(package.command, "db", "runs", build / "orders.db")
        checks.is_true("two folders: of the commit of the sources", stored.stdout.count(f", commit {head},") == 2, f"{head}\n{stored.stdout}\n{output}")
        (source / "desk.c").open("a", encoding="utf-8").write("\n")
        results, output = ctest(build, **NO_GIT)
        stored = run(package.command, "db", "runs", build / "orders.db")
        checks.is_true("two folders: and of what is in none", stored.stdout.count(f", commit {head}-dirty,") == 2, f"{head}\n{stored.stdout}\n{output}")
    results, _ = ctest(build, "-R", "^desk.lockval$")
    checks.equal("two folders: both fixtures are of the test", {"prepare", "desk.lockval", "lockval.union.begin", "lockval.union"}, set(results))
    results, output = ctest(build)
    (build / "below/CTestTestfile.cmake").write_text(
        (build / "below/CTestTestfile.cmake").read_text(encoding="utf-8").replace("add_test(below", "add_test(desk.lockval"), encoding="utf-8")
    results, output = ctest(build, "-N")
    checks.is_true("two folders: a name that two tests have is said", "several tests are called 'desk.lockval'" in re.sub(r"\s+", " ", output), output)
    run("cmake", build)
    done = run(package.command, "baseline", "-o", source / "known.baseline", build / "lockval.union.jsonl")
    results, output = ctest(build)
    (source / "wanted.order").write_text("lockval-order 1\nlock a = static:libledger.so:accounts_lock\n"
                                         "lock h = static:libledger.so:history_lock\nallow a -> h\n", encoding="utf-8")
    checks.is_true("two folders: with it in the baseline all pass", results == {**tests, **BOTH_WAYS, "lockval.union": "Passed"}, done.stdout + output)
    text = (source / "CMakeLists.txt").read_text(encoding="utf-8")
    (source / "CMakeLists.txt").write_text(text.replace("DB orders.db", "EXPECT wanted.order"), encoding="utf-8")
    run("cmake", build)
    results, output = ctest(build)
    checks.is_true("two folders: against the order that is wanted", results["lockval.union"] == "Failed" and "expected lock order" in output, output)


MISTAKES = [
    ("a test that is not there", "lockval_preload(TESTS one two)", "there is no test 'two'"),
    ("no test chosen", "lockval_preload(OPTIONS strict=1)", "say which tests"),
    ("EXCEPT without ALL", "lockval_preload(TESTS one EXCEPT one)", "EXCEPT goes with ALL"),
    ("a word that means nothing", "lockval_add_tests(one)", "what is 'one'?"),
    ("a file of suppressions that is not there", "lockval_preload(ALL SUPPRESSIONS x.supp)", "there is no file"),
    ("an option without a value", "lockval_preload(ALL OPTIONS strict)", "not of the form key=value"),
    ("a folder for what has one", "lockval_preload(ALL UNION RECORD_DIR x)", "RECORD_DIR does not go with it"),
    ("a union twice", "lockval_check_union()\nlockval_check_union()", "was called before"),
    ("a union with a word that means nothing", "lockval_check_union(one)", "what is 'one'?"),
    ("an option that there is not", "lockval_preload(ALL OPTIONS strikt=1)", "strikt"),
    ("a value that an option cannot have", "lockval_preload(ALL OPTIONS fail_on=often)", "often"),
]


def check_mistakes(checks, work, package):
    source = work / "mistakes"
    source.mkdir()
    head = ("cmake_minimum_required(VERSION 3.13)\nproject(mistakes NONE)\nenable_testing()\n"
            "add_test(NAME one COMMAND ${CMAKE_COMMAND} -E echo)\n")

    def attempt(text, package):
        (source / "CMakeLists.txt").write_text(head + text + "\n", encoding="utf-8")
        shutil.rmtree(source / "build", ignore_errors=True)
        return configure(source, source / "build", package, folder=source)

    for title, text, wanted in MISTAKES:
        done = attempt("find_package(lockval REQUIRED)\n" + text, package)
        checks.is_true(f"mistakes: {title}", done.returncode != 0 and wanted in re.sub(r"\s+", " ", done.stdout), done.stdout)
    done = attempt("find_package(lockval REQUIRED)\nlockval_preload(ALL OPTIONS strict=1 record=here.jsonl)", package)
    checks.equal("options are tried without a trace", (0, {"CMakeLists.txt", "build"}),
                 (done.returncode, {path.name for path in source.iterdir()}))
    optional = "find_package(lockval QUIET)\nif(lockval_FOUND)\n  lockval_preload(ALL)\nendif()"
    for title, found in (("there", package), ("not there", None)):
        done = attempt(optional, found)
        checks.is_true(f"a project for which lockval is optional, and {title}", done.returncode == 0, done.stdout)
        checks.equal(f"its tests, where lockval is {title}", bool(found), "lockval" in run(
            "ctest", "-V", "-N", folder=source / "build").stdout)
    done = attempt("find_package(lockval REQUIRED)\nlockval_preload(ALL)", None)
    checks.is_true("lockval is required, and not there", done.returncode != 0 and "lockval" in done.stdout, done.stdout)
    done = attempt('include("' + str(package.folder / "lockval-tests.cmake") + '")\nlockval_preload(ALL)', None)
    checks.is_true("the functions without a package", done.returncode != 0 and "neither LOCKVAL_COMMAND" in done.stdout, done.stdout)


def main(arguments):
    if len(arguments) != 3:
        print(__doc__)
        return 2
    if not shutil.which("cmake") or not shutil.which("ctest"):
        print("cmake is not installed")
        return 77
    command, library, root = (pathlib.Path(os.path.abspath(path)) for path in arguments)
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        package = Package(work / "package", root, command, library)
        check_example(checks, work, root, package)
        check_sorts(checks, work, root, "sorts", package, command)
        check_sorts(checks, work, root, "old way of CMake", Package(work / "old", root, command, library).as_with_old_cmake(),
                    command)
        if shutil.which("ninja"):
            check_sorts(checks, work, root, "multi-config", package, command, "-G", "Ninja Multi-Config", config=("-C", "Debug"))
        check_sorts(checks, work, root, "library alone", Package(work / "alone", root, "", library), None)
        check_union(checks, work, root, package)
        check_union_of_folders(checks, work, root, package)
        check_mistakes(checks, work, package)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
