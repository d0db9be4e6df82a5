# SPDX-License-Identifier: MIT
"""What the tests of the command share: running it, and a list of checks in the form of TAP."""

import os
import subprocess

TIMEOUT = 50  # seconds a call of the command; one that takes longer is killed, and the test fails


class Checks:
    """Each check is a line; the test fails if one does."""

    def __init__(self):
        self.count = self.failed = 0

    def is_true(self, title, good, shown=""):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {title}")
        if not good and shown:
            print("# " + str(shown).replace("\n", "\n# "))
        return good

    def equal(self, title, wanted, got):
        return self.is_true(title, wanted == got, f"wanted {wanted!r}\ngot    {got!r}")

    def finish(self):
        print(f"1..{self.count}")
        return 1 if self.failed or not self.count else 0


CI_COMMITS = ("GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT", "BUILDKITE_COMMIT", "BUILD_SOURCEVERSION")


def environment(**more):
    """The test's own, without what the library and the command look at."""
    env = {name: value for name, value in os.environ.items() if name not in ("LD_PRELOAD", "LOCKVAL_OPTIONS", *CI_COMMITS)}
    env.update(more)
    return env


def has_terminals():
    """Can a terminal be opened? In a tree of folders without /dev/pts there is none."""
    try:
        for end in os.openpty():
            os.close(end)
    except OSError:
        print("# there are no terminals here: what needs one is not tried")
        return False
    return True


def call(command, *args, text="", env=None, **more):
    """One call of the command: a CompletedProcess."""
    return subprocess.run([command, *args], input=text, env=environment() if env is None else env, capture_output=True,
                          text=True, check=False, timeout=TIMEOUT, **more)
