# SPDX-License-Identifier: MIT
"""Tests of a program, and of a library in the interpreter."""

import ctypes
import pathlib
import subprocess

import pytest

STORE = pathlib.Path(__file__).resolve().parent.parent / "store"


@pytest.fixture(scope="session", name="built")
def fixture_built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    compiler = ["cc", "-g", "-pthread", "-fPIC", f"-I{STORE}"]
    subprocess.run([*compiler, "-o", folder / "store_tests", STORE / "store_tests.c", STORE / "store.c"], check=True)
    subprocess.run([*compiler, "-shared", "-o", folder / "libstore.so", STORE / "store.c"], check=True)
    return folder


@pytest.mark.parametrize("name", ["put", "journal", "replay", "compact", "writers"])
def test_program(built, name):
    done = subprocess.run([built / "store_tests", name], check=True, capture_output=True)
    assert done.stderr == b""


def test_library(built):
    store = ctypes.CDLL(str(built / "libstore.so"))
    store.store_put(1, 10)
    assert store.store_get(1) == 10


def test_library_compacts(built):
    store = ctypes.CDLL(str(built / "libstore.so"))
    store.store_put(1, 10)
    store.store_put(1, 11)
    store.store_compact()
    assert store.store_get(1) == 11
