# SPDX-License-Identifier: MIT
"""Commands of gdb for programs that run under liblockval: info locks, info lock, info lock-classes, $lockval_holder().

gdb loads this by itself with the library where it is installed below gdb's own prefix; "source" does it anywhere. What it
loads is the folder lockval_gdb, which lies beside this file, or, installed, in lockval/gdb of a folder above.
"""

import os
import sys


def _folder():
    here = os.path.dirname(os.path.realpath(__file__))
    while True:
        for folder in (here, os.path.join(here, "lockval", "gdb")):
            if os.path.isfile(os.path.join(folder, "lockval_gdb", "commands.py")):
                return folder
        if os.path.dirname(here) == here:
            raise ImportError("the folder lockval_gdb does not lie beside lockval-gdb.py, nor in lockval/gdb above it")
        here = os.path.dirname(here)


sys.path.insert(0, _folder())
try:
    from lockval_gdb import commands
finally:
    del sys.path[0]
commands.register()
