# SPDX-License-Identifier: MIT
"""Findings that somebody looked at, and what they are."""

from findings import Judged

JUDGED = [
]
