#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make the lab's page: one file with its style, scripts, examples, and lockval's core.

Usage: embed.py OUTPUT.html PAGE.html STYLE.css CORE.wasm EXAMPLES.json PROGRAM.h SCRIPT.js ...

The description of the language is the first remark of PROGRAM.h.
"""

import base64
import hashlib
import html
import json
import pathlib
import re
import sys


def digest(text):
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def language(header):
    remark = re.search(r"/\*\n( \* The little language.*?)\*/", header, re.DOTALL).group(1)
    lines = [re.sub(r"^ \* ?", "", line).rstrip() for line in remark.splitlines()]
    return "\n".join(lines).strip()


def main():
    output, page, style, core, examples, header, *scripts = sys.argv[1:]
    read = lambda path: pathlib.Path(path).read_text(encoding="utf-8")
    data = json.dumps(json.loads(read(examples)), ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
    wasm = base64.b64encode(pathlib.Path(core).read_bytes()).decode()
    script = (f'(() => {{\n"use strict";\nconst wasm = "{wasm}";\nconst examples = {data};\n'
              + "\n".join(read(path) for path in scripts) + "})();\n")
    css = read(style)
    for text in (css, script):
        if "</" in text and re.search(r"</(script|style)", text, re.IGNORECASE):
            raise SystemExit("a script or the style has an end tag in it")
    parts = {"STYLE_HASH": digest(css), "SCRIPT_HASH": digest(script), "STYLE": css, "SCRIPT": script,
             "LANGUAGE": html.escape(language(read(header)))}
    whole = re.sub(r"@([A-Z_]+)@", lambda match: parts[match.group(1)], read(page))
    pathlib.Path(output).write_text(whole, encoding="utf-8")


if __name__ == "__main__":
    main()
