# SPDX-License-Identifier: MIT
"""Compressors with threads: the compressed bytes are the same in both runs, and what comes back is what went in."""

import hashlib
import random

from box import Failed
from catalogue import program

THREADS = 4


def material(box, size):
    """A file of @size bytes that compresses neither well nor badly, the same in every run."""
    rng = random.Random(20171101)
    words = [bytes(rng.randrange(97, 123) for _ in range(rng.randrange(2, 12))) for _ in range(4000)]
    path = box.path("material")
    with open(path, "wb") as out:
        written = 0
        while written < size:
            block = b" ".join(rng.choices(words, k=20000)) + rng.randbytes(2000)
            out.write(block[:size - written])
            written += min(len(block), size - written)
    return path


def digest(path):
    value = hashlib.sha256()
    with open(path, "rb") as source:
        for block in iter(lambda: source.read(1 << 20), b""):
            value.update(block)
    return value.hexdigest()


def pack(box, command, suffix):
    """Round trip through COMMAND FILE and COMMAND -d. Returns the digest of the packed bytes."""
    source = material(box, (8 if box.quick else 12) << 20)
    before = digest(source)
    box.run([*command, "-k", source])
    packed = source.with_name(source.name + suffix)
    result = digest(packed)
    source.unlink()
    box.run([*command, "-d", packed])
    packed.unlink(missing_ok=True)      # zstd keeps it
    if digest(source) != before:
        raise Failed("what comes back is not what went in")
    source.unlink()
    return result


@program("xz", "round trip, same packed bytes", ["xz xz-utils"], quick=True)
def xz(box):
    return pack(box, ["xz", "-3", f"-T{THREADS}", "--block-size=1MiB"], ".xz")


@program("zstd", "round trip, same packed bytes", ["zstd zstd"], quick=True)
def zstd(box):
    return pack(box, ["zstd", "-q", f"-T{THREADS}", "-9", "-B1MiB"], ".zst") + \
        pack(box, ["zstd", "-q", f"-T{THREADS}", "--rsyncable", "-3"], ".zst")


@program("pigz", "round trip, same packed bytes", ["pigz pigz"], quick=True)
def pigz(box):
    return pack(box, ["pigz", "-n", "-p", THREADS], ".gz")


@program("pbzip2", "round trip, same packed bytes", ["pbzip2 pbzip2"])
def pbzip2(box):
    return pack(box, ["pbzip2", f"-p{THREADS}", "-b2"], ".bz2")
