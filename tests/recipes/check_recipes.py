#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The recipes of docs/ci.md, as they stand there: the text of a block "```sh recipe=NAME" is what is run, in a copy of the
example that it speaks of.

Usage: check_recipes.py RECIPE LOCKVAL LIBRARY SOURCE_ROOT
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
import sarif_shape  # noqa: E402
from check_cmake import Package  # noqa: E402
from command import Checks, environment  # noqa: E402

TIMEOUT = 240
BLOCK = re.compile(r"^```(\w+) recipe=([\w-]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TESTS = ["put", "journal", "replay", "compact", "writers"]
HEADLINE = "possible circular locking dependency"


class Skip(Exception):
    """Something is not installed."""


class Kitchen:
    """A folder to cook in, with a PATH on which lockval is."""

    def __init__(self, work, command, library, root):
        self.work = work
        self.command = command
        self.library = library
        self.root = root
        self.used = set()
        self.blocks = {name: text for _, name, text in BLOCK.findall((root / "docs/ci.md").read_text(encoding="utf-8"))}
        self.bin = work / "bin"
        self.bin.mkdir()
        os.symlink(command, self.bin / "lockval")

    def env(self, **more):
        env = environment(PATH=f"{self.bin}:{os.environ['PATH']}", HOME=str(self.work), **more)
        # A hook of git that runs the tests says so to every git below it.
        return {name: value for name, value in env.items() if not name.startswith("GIT_") or name in more}

    def block(self, name):
        self.used.add(name)
        return self.blocks[name]

    def sh(self, text, folder, **env):
        return subprocess.run(["sh", "-e", "-c", text], cwd=folder, env=self.env(**env), text=True, check=False, timeout=TIMEOUT,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def cook(self, name, folder):
        return self.sh(self.block(name), folder)

    def copy(self, example, name):
        shutil.copytree(self.root / "examples" / example, self.work / name)
        return self.work / name

    def need(self, *programs):
        for program in programs:
            if not shutil.which(program):
                raise Skip(program)


def meson(checks, kitchen):
    kitchen.need("meson", "ninja")
    result = re.compile(r"^ *\d+/\d+ (?:store / )?(\w+) +(OK|FAIL)", re.MULTILINE)
    wanted = {name: "FAIL" if name == "compact" else "OK" for name in TESTS}

    def check(title, done, folder):
        found = dict(result.findall(done.stdout))
        checks.is_true(f"{title}: the one fails", wanted == found, f"{found}\n{done.stdout}")
        checks.is_true(f"{title}: the status says so", done.returncode != 0, done.stdout)
        logs = "".join(path.read_text(encoding="utf-8") for path in (folder / "build/meson-logs").glob("testlog*.txt"))
        checks.equal(f"{title}: the report is in the log", 1, logs.count(HEADLINE))

    lines = kitchen.block("meson-lines")
    text = (kitchen.root / "examples/store/meson.build").read_text(encoding="utf-8")
    checks.is_true("the two lines stand in the example", text.endswith(lines), text)

    folder = kitchen.copy("store", "plain")
    (folder / "meson.build").write_text(text.replace(lines, ""), encoding="utf-8")
    check("as a wrapper", kitchen.cook("meson-wrapper", folder), folder)
    done = kitchen.sh("meson test -C build", folder)
    checks.equal("without it all pass", {name: "OK" for name in TESTS}, dict(result.findall(done.stdout)))

    folder = kitchen.copy("store", "setup")
    check("as a setup", kitchen.cook("meson-setup", folder), folder)

    # As it is built without optimisation it is built sooner.
    folder = kitchen.copy("store", "subproject")
    (folder / "subprojects").mkdir()
    os.symlink(kitchen.root, folder / "subprojects/lockval")
    (folder / "subprojects/lockval.wrap").write_text(kitchen.block("meson-wrap"), encoding="utf-8")
    (kitchen.bin / "lockval").unlink()
    done = kitchen.sh(kitchen.block("meson-subproject").replace("meson setup", "meson setup -Doptimization=0"), folder)
    check("as a subproject", done, folder)


def autotools(checks, kitchen):
    kitchen.need("autoreconf", "automake", "make")
    folder = kitchen.copy("store", "store")
    done = kitchen.cook("autotools", folder)
    result = dict(re.findall(r"^(?:\x1b\S*)?(PASS|FAIL)(?:\x1b\S*)?: (\w+)", done.stdout, re.MULTILINE))
    found = {name: word for word, name in re.findall(r"^(PASS|FAIL): (\w+)", done.stdout, re.MULTILINE)}
    checks.equal("the one fails", {name: "FAIL" if name == "compact" else "PASS" for name in TESTS}, found)
    checks.is_true("the status says so", done.returncode != 0, result)
    checks.equal("the report is in its log", 1, (folder / "compact.log").read_text(encoding="utf-8").count(HEADLINE))
    done = kitchen.sh("make check", folder)
    checks.equal("without it all pass", 0, done.returncode)


def shell(checks, kitchen):
    folder = kitchen.copy("store", "store")
    done = kitchen.cook("shell", folder)
    found = {name: word for word, name in re.findall(r"^(ok|not ok) (\w+)$", done.stdout, re.MULTILINE)}
    checks.equal("the one fails", {name: "not ok" if name == "compact" else "ok" for name in TESTS}, found)
    checks.equal("the status says so", 1, done.returncode)
    checks.equal("the report is in the output", 1, done.stdout.count(HEADLINE))
    done = kitchen.sh("./tests.sh", folder)
    checks.equal("without it all pass", 0, done.returncode)


def find_pytest(kitchen):
    for python in (sys.executable, "/usr/bin/python3"):
        if os.path.exists(python) and subprocess.run([python, "-m", "pytest", "--version"], capture_output=True, check=False,
                                                     timeout=TIMEOUT).returncode == 0:
            break
    else:
        raise Skip("pytest")
    # The python3 that has it, and not what stands for one of several.
    os.symlink(os.path.realpath(python), kitchen.bin / "python3")


def pytest(checks, kitchen):
    find_pytest(kitchen)
    kitchen.copy("store", "store")
    folder = kitchen.copy("pytest", "pytest")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider\n", encoding="utf-8")

    def failed(done):
        return re.findall(r"^FAILED test_store.py::(\S+)", done.stdout, re.MULTILINE)

    done = kitchen.cook("pytest", folder)
    checks.equal("the test fails whose program made a finding", ["test_program[compact]"], failed(done))
    checks.is_true("with the report, which the union's test has, too", done.returncode == 1 and done.stdout.count(HEADLINE) == 2, done.stdout)
    checks.is_true("with lines of the source", "store_compact  " in done.stdout and "/store.c:" in done.stdout, done.stdout)
    done = kitchen.cook("pytest-interpreter", folder)
    checks.equal("the interpreter itself is watched", ["test_program[compact]", "test_library_compacts"], failed(done))
    checks.equal("the status is pytest's", 1, done.returncode)
    (folder / "test_late.py").write_text(
        "import subprocess, pytest\n"
        "from test_store import fixture_built\n"
        "@pytest.fixture(scope='session', name='server')\n"
        "def fixture_server(built):\n    yield built\n    subprocess.run([built / 'store_tests', 'compact'], check=True)\n"
        "def test_with_server(server):\n    assert server\n", encoding="utf-8")
    done = kitchen.sh("python3 -m pytest test_late.py", folder)
    checks.is_true("a finding behind the last test fails the run", done.returncode == 1 and done.stdout.count(HEADLINE) == 1, done.stdout)
    (kitchen.bin / "lockval").unlink()
    done = kitchen.sh("python3 -m pytest test_store.py", folder)
    checks.equal("without lockval all pass", 0, done.returncode)


def bisect(checks, kitchen):
    """Eight commits; the fifth brings the other order, the seventh does not compile."""
    kitchen.need("git", "make")
    folder = kitchen.copy("store", "store")
    text = (folder / "store.c").read_text(encoding="utf-8")
    other = text[text.index("void store_compact"):]
    good = other.replace("pthread_mutex_lock(&journal_lock);\n    pthread_mutex_lock(&index_lock);",
                         "pthread_mutex_lock(&index_lock);\n    pthread_mutex_lock(&journal_lock);")
    checks.is_true("there is an order to swap", good != other)
    (folder / "Makefile").write_text("store_tests: store_tests.c store.c store.h\n"
                                     "\t$(CC) -g -pthread -o $@ store_tests.c store.c 2>/dev/null\n", encoding="utf-8")
    (folder / ".gitignore").write_text("store_tests\nrun.jsonl\n", encoding="utf-8")
    steps = ["git init -q .", "git config user.name somebody", "git config user.email somebody@localhost"]
    for number in range(1, 9):
        source = text.replace(other, good) if number < 5 else text
        if number == 7:
            source += "#error on purpose\n"
        (folder / f"store.{number}").write_text(source + f"/* {number} */\n", encoding="utf-8")
        steps += [f"cp store.{number} store.c", "git add store.c store.h store_tests.c Makefile .gitignore",
                  f"git commit -q -m 'change {number}'"]
        steps += ["git tag known-good"] if number == 1 else []
    checks.equal("a repository", 0, kitchen.sh("\n".join(steps), folder, GIT_CONFIG_NOSYSTEM="1").returncode)
    for name in ("bisect", "bisect-fingerprint"):
        done = kitchen.cook(name, folder)
        checks.is_true(f"{name}: the change is found", re.search(r"is the first bad commit\n(.*\n)*.*change 5", done.stdout), done.stdout)
        kitchen.sh("git bisect reset", folder)


def ci(checks, kitchen):
    kitchen.need("cmake", "ctest")
    try:
        import yaml  # pylint: disable=import-outside-toplevel
    except ImportError as error:
        raise Skip("python3-yaml") from error
    package = Package(kitchen.work / "package", kitchen.root, kitchen.command, kitchen.library)
    found = {"lockval_DIR": str(package.folder)}

    folder = kitchen.copy("store", "github")
    workflow = yaml.safe_load((kitchen.root / "examples/ci/github.yml").read_text(encoding="utf-8"))
    steps = workflow["jobs"]["lockval"]["steps"]
    for step in steps:
        checks.is_true(f"GitHub: {step.get('name', step.get('uses'))}: it runs or uses something", ("run" in step) != ("uses" in step))
    checks.equal("GitHub: what is used", ["actions/checkout@v4", "actions/checkout@v4", "github/codeql-action/upload-sarif@v3",
                                          "actions/upload-artifact@v4"], [step["uses"] for step in steps if "uses" in step])
    runs = {step["name"]: step for step in steps if "run" in step}
    checks.equal("GitHub: it may upload", "write", workflow["permissions"]["security-events"])
    needs = set((kitchen.root / "script/setup").read_text(encoding="utf-8").replace("\n", "|").split("|"))
    packages = re.search(r"apt-get install (.*)", runs["Install lockval"]["run"]).group(1).split()
    checks.equal("GitHub: what is installed are packages that the build asks for", set(),
                 {package for package in packages if not package.startswith("-")} - needs)
    statuses = {}
    for name in ("Build", "Test", "Make SARIF"):
        statuses[name] = kitchen.sh(runs[name]["run"], folder, **found)
    checks.equal("GitHub: the statuses", [0, 8, 0], [done.returncode for done in statuses.values()])
    checks.is_true("GitHub: the report is in the log of its test", statuses["Test"].stdout.count(HEADLINE) == 1, statuses["Test"].stdout)
    checks.equal("GitHub: what goes on after a failure", {"Make SARIF"}, {name for name, step in runs.items() if step.get("if") == "always()"})
    upload = [step for step in steps if "upload-sarif" in step.get("uses", "")][0]
    log = json.loads((folder / upload["with"]["sarif_file"]).read_text(encoding="utf-8"))
    checks.equal("GitHub: the SARIF log is right", [], sarif_shape.complaints(log))
    results = log["runs"][0]["results"]
    checks.equal("GitHub: one result", 1, len(results))
    place = results[0]["locations"][0]["physicalLocation"]
    checks.equal("GitHub: its file is the repository's", "store.c", place["artifactLocation"]["uri"])
    line = (folder / "store.c").read_text(encoding="utf-8").splitlines()[place["region"]["startLine"] - 1]
    checks.is_true("GitHub: its line takes the second lock", "pthread_mutex_lock(&index_lock)" in line, line)
    checks.equal("GitHub: all five tests have a record", {f"{name}.jsonl" for name in TESTS}, {
        path.name for path in (folder / "build/lockval").iterdir()})
    done = kitchen.sh(kitchen.block("sarif").replace("ctest", "! ctest"), folder, **found)
    checks.equal("the block sarif", 0, done.returncode)

    folder = kitchen.copy("store", "gitlab")
    job = yaml.safe_load((kitchen.root / "examples/ci/gitlab.yml").read_text(encoding="utf-8"))["lockval"]
    done = kitchen.sh("\n".join(job["script"]), folder, **found)
    checks.equal("GitLab: the tests fail", 8, done.returncode)
    done = kitchen.sh("\n".join(job["after_script"]), folder)
    checks.equal("GitLab: the report is made", 0, done.returncode)
    checks.equal("GitLab: it is kept after a failure", "always", job["artifacts"]["when"])
    root = ElementTree.parse(folder / job["artifacts"]["reports"]["junit"]).getroot()
    checks.equal("GitLab: tests and failures", ("5", "1"), (root.get("tests"), root.get("failures")))
    failure = root.find("testsuite/testcase/failure")
    checks.is_true("GitLab: the places come first", re.match(r"\s*store\.c:\d+: \w+ takes journal_lock\n", failure.text), failure.text)
    done = kitchen.cook("junit", folder)
    checks.equal("the block junit", 0, done.returncode)


def rust(checks, kitchen):
    kitchen.need("cargo")
    host = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=False, timeout=TIMEOUT)
    if "host: x86_64-unknown-linux-gnu" not in host.stdout:
        raise Skip("a rustc of this machine")
    home = pathlib.Path.home()
    rust_homes = {"RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(home / ".rustup")),
                  "CARGO_HOME": os.environ.get("CARGO_HOME", str(home / ".cargo")), "CARGO_NET_OFFLINE": "true"}
    kitchen.copy("store", "store")
    folder = kitchen.copy("rust", "rust")
    done = kitchen.sh(kitchen.block("rust"), folder, **rust_homes)
    checks.is_true("the status says so", done.returncode != 0, done.stdout)
    checks.equal("the file of one test fails", ["compact"], re.findall(r"to rerun pass `--test (\w+)`", done.stdout))
    checks.equal("the report is in the output", 1, done.stdout.count(HEADLINE))
    done = kitchen.sh("cargo test --no-fail-fast", folder, **rust_homes)
    checks.is_true("without it all pass", done.returncode == 0, done.stdout)


def union(checks, kitchen):
    """Four tests that pass, and what comes of all: exactly the union's test fails, with both sides and their tests."""
    words = ["different runs", "accounts_lock", "history_lock", "ledger_pay", "ledger_audit"]

    def told(title, text, tests):
        checks.is_true(f"{title}: the reason, both locks and both functions", all(word in text for word in words), text)
        checks.is_true(f"{title}: a test of each side", all(any(name in text for name in side) for side in tests), text)

    folder = kitchen.copy("across", "shell")
    done = kitchen.cook("union-shell", folder)
    checks.equal("shell: the tests pass", ["teller", "auditor", "desk pay", "desk audit"], re.findall(r"^ok (.*)$", done.stdout, re.MULTILINE))
    checks.is_true("shell: the union does not", done.returncode != 0, done.stdout)
    told("shell", done.stdout, (("teller", "desk pay"), ("auditor", "desk audit")))

    folder = kitchen.copy("across", "pytest/across")
    kitchen.copy("pytest", "pytest/pytest")
    find_pytest(kitchen)
    done = kitchen.cook("union-pytest", folder)
    checks.is_true("pytest: exactly the union fails", "1 failed, 4 passed" in done.stdout and "FAILED ::lockval.union" in done.stdout, done.stdout)
    told("pytest", done.stdout, (("[teller]", "[desk pay]"), ("[auditor]", "[desk audit]")))
    done = kitchen.sh("python3 -m pytest -k 'teller or pay'", folder)
    checks.is_true("pytest: one side alone passes", done.returncode == 0 and "3 passed" in done.stdout, done.stdout)

    kitchen.need("meson", "ninja")
    result = re.compile(r"^ *\d+/\d+ (?:across / )?(.*?) +(OK|FAIL|SKIP)", re.MULTILINE)
    passed = {"union begins": "OK", "teller": "OK", "auditor": "OK", "desk pay": "OK", "desk audit": "OK"}
    lines = kitchen.block("union-meson-lines")
    text = (kitchen.root / "examples/across/meson.build").read_text(encoding="utf-8")
    checks.is_true("meson: the lines stand in the example", text.endswith(lines), text)
    folder = kitchen.copy("across", "meson")
    done = kitchen.cook("union-meson", folder)
    checks.equal("meson: exactly the union fails", {**passed, "union": "FAIL"}, dict(result.findall(done.stdout)))
    told("meson", "".join(path.read_text(encoding="utf-8") for path in (folder / "build/meson-logs").glob("testlog-lockval.txt")),
         (("teller", "desk pay"), ("auditor", "desk audit")))
    done = kitchen.sh("meson test -C build --setup=lockval 'union begins' teller 'desk pay' union", folder)
    checks.equal("meson: one side alone passes", {"union begins", "teller", "desk pay", "union"},
                 {name for name, word in result.findall(done.stdout) if word == "OK"})
    done = kitchen.sh("meson test -C build", folder)
    checks.equal("meson: without the setup there is nothing to check", {**passed, "union": "SKIP"}, dict(result.findall(done.stdout)))
    (folder / "meson.build").write_text(text.replace(lines, ""), encoding="utf-8")
    shutil.rmtree(folder / "build")
    done = kitchen.cook("union-wrapper", folder)
    checks.is_true("a wrapper: the tests pass, and the union does not", done.returncode != 0 and "Fail:               0" in done.stdout, done.stdout)
    told("a wrapper", done.stdout, (("teller", "desk pay"), ("auditor", "desk audit")))


RECIPES = {
    union: {"union-meson-lines", "union-meson", "union-wrapper", "union-pytest", "union-shell"},
    meson: {"meson-wrapper", "meson-lines", "meson-setup", "meson-wrap", "meson-subproject"},
    autotools: {"autotools"},
    shell: {"shell"},
    pytest: {"pytest", "pytest-interpreter"},
    bisect: {"bisect", "bisect-fingerprint"},
    rust: {"rust"},
    ci: {"sarif", "junit"},
}


def check_document(checks, kitchen):
    """Every block is of a recipe that is run here, and every recipe is in the table of docs/ci.md."""
    checks.equal("the blocks of docs/ci.md", set().union(*RECIPES.values()), set(kitchen.blocks))
    text = (kitchen.root / "docs/ci.md").read_text(encoding="utf-8")
    checks.equal("the tests in its table", {recipe.__name__ for recipe in RECIPES}, set(re.findall(r"`The recipe for (\w+)`", text)))


def main(arguments):
    recipes = {recipe.__name__: recipe for recipe in RECIPES}
    if len(arguments) != 4 or arguments[0] not in recipes:
        print(__doc__)
        return 2
    recipe = recipes[arguments[0]]
    command, library, root = (pathlib.Path(os.path.abspath(path)) for path in arguments[1:])
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        kitchen = Kitchen(pathlib.Path(folder).resolve(), command, library, root)
        check_document(checks, kitchen)
        try:
            recipe(checks, kitchen)
        except Skip as missing:
            print(f"{missing} is not installed")
            return 77
        checks.equal("the blocks that were run", RECIPES[recipe], kitchen.used)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
