# SPDX-License-Identifier: MIT
"""From pairs of measurements to the figures of a row. A pair is one run without and one with, one right after the other, so
that what else the machine does at that time is in both."""

import dataclasses
import math
import statistics


@dataclasses.dataclass
class Spread:
    """A median, and how far the values around it lie: the quartiles; with less than four values, the extremes."""
    middle: float
    low: float
    high: float


def spread(values):
    values = sorted(values)
    if not values:
        raise ValueError("no values")
    if len(values) < 4:
        low, high = values[0], values[-1]
    else:
        low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(statistics.median(values), low, high)


def ratios(pairs):
    """With, divided by without, of each pair."""
    return spread([after / before for before, after in pairs])


def differences(pairs):
    return spread([after - before for before, after in pairs])


def jain(share):
    """Jain's index of fairness of two, of whom the smaller has @share of all: 1 if they have as much, 0.5 if one has all."""
    return 1 / (2 * (share * share + (1 - share) * (1 - share)))


@dataclasses.dataclass
class Budget:
    """What a row may cost: @limit is the largest ratio of times, the smallest ratio of throughputs, or the largest
    difference in the row's unit."""
    kind: str       # "ratio", "throughput", "difference"
    limit: float

    def figure(self, pairs):
        """What is held against the limit."""
        if self.kind == "ratio":
            return ratios(pairs).middle
        if self.kind == "throughput":
            return spread([before / after for before, after in pairs]).middle
        return differences(pairs).middle

    def holds(self, pairs):
        figure = self.figure(pairs)
        return figure >= self.limit if self.kind == "throughput" else figure <= self.limit

    def text(self, unit):
        if self.kind == "ratio":
            return f"≤ {self.limit:g}"
        if self.kind == "throughput":
            return f"≥ {self.limit:g} of the throughput"
        return f"≤ +{self.limit:g} {unit}"


def short(value):
    """Three digits that count, and no more zeros than that takes."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{digits}f}"
