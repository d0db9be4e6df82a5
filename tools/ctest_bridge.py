#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write meson's list of tests in ctest's form, so that `ctest --test-dir BUILD` runs the suite.

Meson runs this after every configuration (postconf script). It reads meson-info/intro-tests.json and writes
CTestTestfile.cmake into the build folder; ctest needs nothing else, no CMake project and no cache. Every test requires
the fixture "build", which compiles first, so ctest after an edit tests what was edited.

Suites become labels, exit status 77 means skipped, `is_parallel: false` becomes RUN_SERIAL, a timeout of 0 or less means
none. Meson does not tell its list which tests should fail; such a test is put into the suite "should-fail" as well.
"""

import json
import os
import pathlib
import shlex
import sys

BUILD_TEST = "build"
FIXTURE = "built"
SHOULD_FAIL_SUITE = "should-fail"


def quote(value):
    """A bracket argument of CMake: nothing inside it is interpreted."""
    text = str(value)
    depth = 1
    while "]" + "=" * depth + "]" in text or text.endswith("]" + "=" * depth):
        depth += 1
    equals = "=" * depth
    # A newline right after the opening bracket is dropped by CMake, so give it one to drop.
    first = "\n" if text.startswith("\n") else ""
    return f"[{equals}[{first}{text}]{equals}]"


def quote_list(values):
    """One argument that is a CMake list: a semicolon inside of an item is escaped."""
    return quote(";".join(str(value).replace(";", "\\;") for value in values))


def properties(test, build_root):
    """The test's properties as a list of name, value, name, value."""
    suites = [suite.split(":", 1)[-1] for suite in test["suite"]]
    result = ["FIXTURES_REQUIRED", quote(FIXTURE), "SKIP_RETURN_CODE", "77"]
    result += ["WORKING_DIRECTORY", quote(test["workdir"] or build_root)]
    if suites:
        result += ["LABELS", quote_list(suites)]
    if test["timeout"] > 0:
        result += ["TIMEOUT", str(test["timeout"])]
    if not test["is_parallel"]:
        result += ["RUN_SERIAL", "TRUE"]
    if SHOULD_FAIL_SUITE in suites:
        result += ["WILL_FAIL", "TRUE"]
    if test["env"]:
        result += ["ENVIRONMENT", quote_list(f"{name}={value}" for name, value in test["env"].items())]
    return result


def unique_names(tests):
    """ctest wants names to differ; meson only wants them to differ within a suite."""
    seen = {BUILD_TEST: 1}
    for test in tests:
        name = test["name"]
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f"{name} ({seen[name]})"


def render(tests, build_root, meson):
    """The text of CTestTestfile.cmake."""
    compile_command = " ".join(quote(word) for word in [*meson, "compile", "-C", build_root])
    lines = [
        "# Written by tools/ctest_bridge.py at every configuration.",
        f"add_test({BUILD_TEST} {compile_command})",
        f"set_tests_properties({BUILD_TEST} PROPERTIES FIXTURES_SETUP {quote(FIXTURE)} TIMEOUT 1500)",
    ]
    for name, test in zip(unique_names(tests), tests):
        command = " ".join(quote(word) for word in test["cmd"])
        lines.append(f"add_test({quote(name)} {command})")
        lines.append(f"set_tests_properties({quote(name)} PROPERTIES {' '.join(properties(test, build_root))})")
    return "\n".join(lines) + "\n"


def main():
    build_root = pathlib.Path(os.environ["MESON_BUILD_ROOT"])
    # "…/meson introspect": the meson that is running, which need not be the one that PATH finds.
    meson = shlex.split(os.environ["MESONINTROSPECT"])[:-1]
    tests = json.loads((build_root / "meson-info" / "intro-tests.json").read_text(encoding="utf-8"))
    target = build_root / "CTestTestfile.cmake"
    target.write_text(render(tests, build_root, meson), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
