# SPDX-License-Identifier: MIT
"""Where things are, and who may be asked."""

import grp
import os
import pathlib
import pwd

MATERIAL = pathlib.Path(__file__).resolve().parent / "material"
SYSTEM_PYTHON = "/usr/bin/python3"      # Debian's, whatever else is in the path


def unprivileged():
    """A user for servers that refuse to be root; None when we are not root ourselves."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("nobody", "daemon") if name in names)


def group_of(user):
    return grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
