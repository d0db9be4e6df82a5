# SPDX-License-Identifier: MIT
"""What the library's reports on stderr say, for tests that look at more than a line of them."""

import collections
import re

# A finding's verdict is that of its report; the final one, in the summary at exit, may be higher. None: no summary has it.
Finding = collections.namedtuple("Finding", "kind verdict reasons final")

HEADLINES = (
    ("deadlock", r"threads are deadlocked!"),
    ("deadlock", r"all threads wait, and nothing can wake them!"),
    ("circular", r"possible circular locking dependency detected"),
    ("recursive", r"possible recursive locking detected"),
    ("unlock", r"bad unlock balance detected!"),
    ("lifetime", r"held lock destroyed, freed or lost!"),
    ("signal", r"inconsistent lock state"),
    ("signal", r"\S+-safe -> \S+-unsafe lock order detected"),
    ("signal", r"possible irq lock inversion dependency detected"),
)


def kind_of(headline):
    """The kind of finding that a headline stands for; the headline itself, if that is not known."""
    return next((kind for kind, pattern in HEADLINES if re.fullmatch(pattern, headline)), headline)


def findings_of(text):
    """The findings whose reports are in @text, in order. A report that is cut makes one of the kind "broken"."""
    heads = re.findall(r"^WARNING: (.*)$", text, re.MULTILINE)
    verdicts = re.findall(r"^verdict: (\w+)$((?:\n  .*)*)", text, re.MULTILINE)
    fingerprints = re.findall(r"^fingerprint: (\w+)$", text, re.MULTILINE)
    if not len(heads) == len(verdicts) == len(fingerprints):
        return [Finding("broken", "none", [], None)]
    finals = {fingerprint: verdict
              for verdict, fingerprint in re.findall(r"^  (\w+) +\w+ .*\[(\w+)\]$", text, re.MULTILINE)}
    # A reason that ends with a comma goes on in the next line.
    return [Finding(kind_of(head), verdict, re.sub(r"(?<!,)\n  ", "\n", reasons).replace(",\n  ", ", ").split("\n")[1:],
                    finals.get(fingerprint))
            for head, (verdict, reasons), fingerprint in zip(heads, verdicts, fingerprints)]
