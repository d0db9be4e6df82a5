# SPDX-License-Identifier: MIT
"""The programs that are run: each a function with @program, which gets a box and returns what must be the same in a run
without the library and in one with it."""

import dataclasses
import typing


@dataclasses.dataclass
class Program:
    name: str
    checks: str                 # what is checked, for the table
    needs: list                 # (how to see that it is there, Debian package)
    run: typing.Callable
    quick: bool                 # part of --quick
    options: str                # more LOCKVAL_OPTIONS
    locks: bool                 # takes locks that the library sees; a run in which it met none has failed


PROGRAMS = []


def program(name, checks, needs=(), quick=False, options="", locks=True):
    """Each of @needs is "COMMAND PACKAGE" or "/PATH PACKAGE"."""
    def add(function):
        PROGRAMS.append(Program(name, checks, [tuple(need.split()) for need in needs], function, quick, options, locks))
        return function
    return add


def all_programs():
    # Each of these registers its programs. The order here is the order of the table.
    import compressors  # noqa: F401  pylint: disable=import-outside-toplevel,unused-import
    import databases    # noqa: F401  pylint: disable=import-outside-toplevel,unused-import
    import languages    # noqa: F401  pylint: disable=import-outside-toplevel,unused-import
    import media        # noqa: F401  pylint: disable=import-outside-toplevel,unused-import
    import servers      # noqa: F401  pylint: disable=import-outside-toplevel,unused-import
    import stress       # noqa: F401  pylint: disable=import-outside-toplevel,unused-import
    import tools        # noqa: F401  pylint: disable=import-outside-toplevel,unused-import
    return PROGRAMS
