#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make C of the page's style sheet and scripts: their bytes, and the hashes that allow them in the page.

Usage: embed.py OUTPUT.c STYLE.css FIRST.js SCRIPT.js ... -- SCRIPT.js ...

The first script runs in the head of the page. The others are put one behind the other into one function, so that they share names and leave none behind:
those of the page of a report, and behind the -- those of pages of tables.
"""

import base64
import hashlib
import pathlib
import sys


def array(name, text):
    data = text.encode()
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    lines = [", ".join(f"0x{byte:02x}" for byte in data[at:at + 20]) for at in range(0, len(data), 20)]
    signed = ",\n    ".join(lines)
    return (f"const char {name}[] = {{\n    {signed}\n}};\nconst size_t {name}_len = sizeof({name});\n"
            f"const char {name}_hash[] = \"{digest}\";\n")


def read(path):
    text = pathlib.Path(path).read_text(encoding="utf-8")
    if not text.isascii():
        raise SystemExit(f"{path}: has signs that are not ASCII; write them as escapes")
    for word in ("</script", "</style", "<!--"):
        if word in text.lower():
            raise SystemExit(f"{path}: has {word}, which means something within its element")
    return text


def joined(paths):
    return "(() => {\n\"use strict\";\n" + "\n".join(read(path) for path in paths) + "})();\n"


def main():
    output, style, first, *scripts = sys.argv[1:]
    end = scripts.index("--")
    pathlib.Path(output).write_text("/* Made by embed.py */\n#include \"page/assets.h\"\n\n" + array("page_style", read(style)) + "\n"
                                    + array("page_first", read(first)) + "\n" + array("page_script", joined(scripts[:end])) + "\n" + array("page_sheet", joined(scripts[end + 1:])), encoding="utf-8")


if __name__ == "__main__":
    main()
