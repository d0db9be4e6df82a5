# SPDX-License-Identifier: MIT
"""Lines with gaps, as documents show what a command prints: whether they describe an output, and how they would describe another.

A line with nothing but "..." stands for any lines, and "..." inside of a line for any text. What differs from run to run is masked.
"""

import difflib
import re

MASKS = (
    (r"\S*lockval-\d+/(\w+)\.\d+\.jsonl", r"lockval-UID/\1.PID.jsonl"), (r"0x[0-9a-f]{6,}", "0xADDRESS"), (r"\+0x[0-9a-f]+", "+0xN"), (r"\b[0-9a-f]{16}\b", "FINGERPRINT"), (r"(?<=[A-Za-z_)])/\d+\b(?!\.)", "/PID"),
    (r"\[\d{3,}\]", "[PID]"), (r"\b(process|pid) \d+", r"\1 PID"), (r"\b\d+(?:\.\d+)? ?(?:ms|us|s)\b", "TIME"), (r"\s+", " "),
)


def masked(line, folder):
    line = line.replace(f"{folder}/", "").replace(str(folder), ".").rstrip()
    indent = len(line) - len(line.lstrip())
    for pattern, word in MASKS:
        line = re.sub(pattern, word, line)
    return " " * indent + line.lstrip()


def matches(shown, real):
    """Do the lines @shown, with their gaps, describe @real? Both masked."""
    if not shown:
        return not real
    if shown[0].strip() == "...":
        return any(matches(shown[1:], real[i:]) for i in range(len(real) + 1))
    if not real:
        return False
    pattern = ".*".join(re.escape(part) for part in shown[0].split("..."))
    return re.fullmatch(pattern, real[0]) is not None and matches(shown[1:], real[1:])


def parts_of(shown):
    """The runs of lines between gaps: (begins behind a gap, lines), and whether a gap ends them."""
    parts, gap, lines = [], False, []
    for line in shown:
        if line.strip() != "...":
            lines.append(line)
            continue
        if lines:
            parts.append((gap, lines))
        gap, lines = True, []
    if lines:
        parts.append((gap, lines))
    return parts, bool(shown) and shown[-1].strip() == "..."


def place(part, real, begin, pairs):
    """From where to where @part lies in @real now, not before @begin: by its lines that are there still, else where it is most alike."""
    if pairs:
        (first, at), (last, end) = pairs[0], pairs[-1]
        low = max(begin, at - first)
        return low, min(len(real), end + len(part) - last)
    best = max(range(begin, max(begin, len(real) - len(part)) + 1),
               key=lambda low: difflib.SequenceMatcher(None, "\n".join(part), "\n".join(real[low:low + len(part)]), False).ratio())
    return best, min(len(real), best + len(part))


def refit(shown, real, folder):
    """What shows @real as @shown showed another output: the same gaps, and the lines that were said around them."""
    parts, open_end = parts_of(shown)
    if not parts:
        return list(shown) if open_end else list(real)
    flat = [masked(line, folder) for _, part in parts for line in part]
    plain = [masked(line, folder) for line in real]
    pairs = [(block.a + i, block.b + i) for block in difflib.SequenceMatcher(None, flat, plain, False).get_matching_blocks()
             for i in range(block.size) if flat[block.a + i].strip()]
    lines, begin, number = [], 0, 0
    for index, (gap, part) in enumerate(parts):
        mine = [(a - number, b) for a, b in pairs if number <= a < number + len(part) and b >= begin]
        number += len(part)
        low, high = place([masked(line, folder) for line in part], plain, begin, mine)
        low = low if gap else begin
        high = len(real) if index + 1 == len(parts) and not open_end else max(low, high)
        if gap:
            lines.append("...")
        old = {masked(line, folder): line for line in part}
        lines += [old.get(masked(line, folder), line) for line in real[low:high]]
        begin = high
    return lines + ["..."] if open_end else lines
