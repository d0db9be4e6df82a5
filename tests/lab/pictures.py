#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The pictures of the lab in docs, taken of the page as it is. Each says in a text chunk what it shows, as a digest of the page's text: a
test compares that with what the page says now, and fails when a picture is to be taken anew.

Usage: pictures.py LAB.html FOLDER
"""

import base64
import hashlib
import pathlib
import re
import struct
import sys
import tempfile
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
from browser import Browser  # noqa: E402

WIDTH = 1280
LARGEST = 120000  # bytes of a picture
CHUNK = b"Shows"

# File -> what is opened, what is done, and how high the picture is.
PICTURES = {
    "lab-circle.png": ("#e=04-three-locks", "[0, 0, 0, 0, 1, 1, 1, 1, 2, 2].forEach((thread) => lab.play([thread, 0]))", 760),
    "lab-hang.png": ("#e=10-strict-readers", "lab.explore(); lab.showHang(); document.activeElement.blur()", 1050),
}

READY = "new Promise((done) => { const look = () => document.documentElement.dataset.ready ? done(1) : setTimeout(look, 5); look(); })"


def pose(browser, lab, name):
    """Let the page show what the picture does. Returns what it says, but for lockval's version, as a digest."""
    fragment, does, height = PICTURES[name]
    browser.open(lab, width=WIDTH, height=height, fragment=fragment)
    browser.evaluate(READY)
    browser.evaluate(f"{{ {does}; }}")
    text = re.sub(r"^lockval [\d.]+ ", "lockval ", browser.evaluate("document.body.innerText"), flags=re.MULTILINE)
    return hashlib.sha256(text.encode()).hexdigest()


def chunks(png):
    at = 8
    while at < len(png):
        size, kind = struct.unpack_from(">I4s", png, at)
        yield kind, png[at + 8:at + 8 + size]
        at += 12 + size


def digest_in(png):
    return next((data.split(b"\0", 1)[1].decode() for kind, data in chunks(png) if kind == b"tEXt" and data.startswith(CHUNK + b"\0")), None)


def paeth(left, up, corner):
    near = left + up - corner
    a, b, c = abs(near - left), abs(near - up), abs(near - corner)
    return left if a <= b and a <= c else up if b <= c else corner


def rows_of(png):
    """Rows of pixels as bytes, and how many bytes a pixel has."""
    width, _, depth, colour = struct.unpack_from(">IIBB", png, 16)
    size = {2: 3, 6: 4}[colour]
    assert depth == 8
    data = zlib.decompress(b"".join(part for kind, part in chunks(png) if kind == b"IDAT"))
    above = bytearray(width * size)
    for at in range(0, len(data), width * size + 1):
        how, row = data[at], bytearray(data[at + 1:at + 1 + width * size])
        for i in range(len(row)) if how else ():
            left, corner = (row[i - size], above[i - size]) if i >= size else (0, 0)
            row[i] = (row[i] + (left, above[i], (left + above[i]) // 2, paeth(left, above[i], corner))[how - 1]) & 255
        above = row
        yield row, size


def pack(png, digest):
    """The same with 256 colours at most, and @digest in it."""
    coarse = bytes(round(v * 31 / 255) * 255 // 31 for v in range(256))
    rows, counts, width = [], {}, struct.unpack_from(">I", png, 16)[0]
    for row, size in rows_of(png):
        row = row.translate(coarse)
        pixels = list(zip(row[0::size], row[1::size], row[2::size]))
        rows.append(pixels)
        for pixel in pixels:
            counts[pixel] = counts.get(pixel, 0) + 1
    palette = sorted(counts, key=counts.get, reverse=True)[:256]
    number = {colour: i for i, colour in enumerate(palette)}
    for colour in counts:
        if colour not in number:
            number[colour] = min(range(len(palette)), key=lambda i: sum((a - b) ** 2 for a, b in zip(palette[i], colour)))
    part = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    body = b"".join(b"\0" + bytes(number[pixel] for pixel in row) for row in rows)
    return (png[:8] + part(b"IHDR", struct.pack(">IIBBBBB", width, len(rows), 8, 3, 0, 0, 0)) + part(b"PLTE", bytes(v for c in palette for v in c))
            + part(b"tEXt", CHUNK + b"\0" + digest.encode()) + part(b"IDAT", zlib.compress(body, 9)) + part(b"IEND", b""))


def main():
    lab, folder = (pathlib.Path(arg).resolve() for arg in sys.argv[1:])
    with tempfile.TemporaryDirectory() as profile, Browser(profile) as browser:
        for name in PICTURES:
            digest = pose(browser, lab, name)
            png = base64.b64decode(browser.call("Page.captureScreenshot", format="png")["data"])
            packed = pack(png, digest)
            (folder / name).write_bytes(packed)
            print(f"{name}: {len(packed)} bytes")


if __name__ == "__main__":
    main()
