# SPDX-License-Identifier: MIT
"""Checks, said as TAP (the test anything protocol), which meson reads."""

LINES = 40  # of a complaint


class Tap:
    def __init__(self):
        self.number = self.failed = 0

    def say(self, good, title, complaint=""):
        self.number += 1
        self.failed += not good
        print(f"{'' if good else 'not '}ok {self.number} - {title}", flush=True)
        if not good:
            print("".join(f"#   {line}\n" for line in str(complaint).splitlines()[:LINES]), end="", flush=True)
        return good

    def equal(self, got, wanted, title):
        return self.say(got == wanted, title, f"got    {got!r}\nwanted {wanted!r}")

    def end(self):
        """The last line; the exit status."""
        print(f"1..{self.number}")
        return 1 if self.failed else 0
