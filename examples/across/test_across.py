# SPDX-License-Identifier: MIT
"""The same with pytest, and the conftest.py of examples/pytest."""

import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent


@pytest.fixture(scope="session", name="built")
def fixture_built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("across")
    compiler = ["cc", "-g", "-pthread"]
    subprocess.run([*compiler, "-fPIC", "-shared", "-o", folder / "libledger.so", HERE / "ledger.c"], check=True)
    for name in ("teller", "auditor", "desk"):
        subprocess.run([*compiler, "-o", folder / name, HERE / f"{name}.c", folder / "libledger.so"], check=True)
    return folder


@pytest.mark.parametrize("words", ["teller", "auditor", "desk pay", "desk audit"])
def test_program(built, words):
    name, *arguments = words.split()
    subprocess.run([built / name, *arguments], check=True)
