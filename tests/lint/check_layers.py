#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The rules of the source text.

Layers: a folder of liblockval/ includes only the folders it stands on (LAYERS), and a text sink reaches the graph through
no include at all. The command (tools/lockval/) includes the headers of the core, and none of the hooks. Host: threads' and
stdio's headers only where they belong; what the command stands on, nowhere in the library. Form: the licence line first,
block comments only, no file too long to be one concept, nothing put off.

Usage: check_layers.py SOURCE_ROOT | check_layers.py --self-test
"""

import pathlib
import re
import sys
import tempfile

import lint

LIBRARY = "liblockval"

# folder: the folders whose headers it may include
LAYERS = {
    "base": {"base"},
    "sys": {"base", "sys"},
    "graph": {"base", "sys", "graph"},
    "report": {"base", "sys", "report", "graph"},
    "check": {"base", "sys", "graph", "report", "check"},
    "engine": {"base", "sys", "graph", "report", "check", "engine"},
    "process": {"base", "sys", "engine", "process"},
    "interpose": {"base", "sys", "engine", "process", "interpose"},
    "api": {"base", "sys", "engine", "process", "report", "api"},
}

# Folders that may include the public header.
PUBLIC_HEADER = "lockval.h"
PUBLIC_HEADER_FOLDERS = {"api"}

# Sinks render what they are given and look nothing up: no include chain of theirs reaches the graph.
SINKS = ("report/text", "report/scenario", "report/names", "report/record")
SINKS_MUST_NOT_REACH = "graph/"

# System header: the folders that may include it.
HOST_HEADERS = {
    "pthread.h": {"process", "interpose", "api"},
    "threads.h": {"process", "interpose", "api"},
    "semaphore.h": {"process", "interpose", "api"},
    "libunwind.h": {"sys"},
    "stdio.h": {"process"},  # for the type FILE; streams are locks
    "malloc.h": set(),
    # What only the command stands on.
    "jansson.h": set(),
    "dwarf.h": set(),
    "gelf.h": set(),
    "libelf.h": set(),
    "sqlite3.h": set(),
    "zlib.h": set(),
}
HOST_HEADER_FOLDERS = ("elfutils/",)  # no folder of the library includes these

# The command reads what the library has in memory, by the core's headers.
COMMAND = "tools/lockval"
COMMAND_LAYERS = {"base", "sys", "graph", "report", "check", "engine"}
# folder of the command: the folders of the command whose headers it may include. main.c, which has no folder, includes all.
COMMAND_FOLDERS = {
    "common": {"common"},
    "record": {"common", "record"},
    "symbol": {"common", "record", "symbol"},
    "page": {"common", "record", "symbol", "page"},
    "formats": {"common", "record", "symbol", "page", "suppress", "formats"},
    "run": {"common", "record", "symbol", "formats", "merge", "store", "run"},
    "stat": {"common", "record", "symbol", "formats", "stat"},
    "suppress": {"common", "record", "suppress"},
    "complete": {"common", "record", "symbol", "formats", "complete"},
    "doctor": {"common", "threads", "doctor"},
    "threads": {"common", "threads"},
    "explain": {"common", "record", "symbol", "formats", "page", "explain"},
    "confirm": {"common", "record", "symbol", "confirm"},
    "merge": {"common", "record", "symbol", "merge"},
    "match": {"common", "record", "symbol", "merge", "match"},
    "store": {"common", "record", "symbol", "merge", "store"},
    "orders": {"common", "record", "symbol", "merge", "match", "store", "orders"},
    "cycles": {"common", "record", "symbol", "page", "formats", "orders", "contract", "suppress", "cycles"},
    "contract": {"common", "record", "symbol", "page", "formats", "orders", "contract"},
    "diff": {"common", "record", "symbol", "page", "formats", "orders", "contract", "cycles", "diff"},
    "coverage": {"common", "record", "symbol", "page", "formats", "orders", "coverage"},
}

TREES = ("include", "liblockval", "sim", "tests", "tools", "script", "examples")
C_SUFFIXES = {".c", ".h", ".def", ".cc", ".cpp", ".hpp"}
SCRIPT_SUFFIXES = {".py", ".sh"}
LICENCE = "SPDX-License-Identifier: MIT"
MAX_LINES = 600
# Put together here, so that this file does not complain of itself.
PUT_OFF = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]) + r")\b")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
QUOTED = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
TOKEN = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|//', re.DOTALL)


def includes_of(text):
    return [match.group(2) for match in INCLUDE.finditer(text)]


def check_form(where, text, suffix, complaints):
    """Licence, comments, length, nothing put off."""
    lines = text.splitlines()
    is_c = suffix in C_SUFFIXES
    if is_c:
        if not lines or lines[0] != f"/* {LICENCE} */":
            complaints.add(f"{where}:1", f"the first line is not '/* {LICENCE} */'")
        for match in TOKEN.finditer(text):
            if match.group(0) == "//":
                line = text.count("\n", 0, match.start()) + 1
                complaints.add(f"{where}:{line}", "a // comment; use /* */")
    elif not any(line == f"# {LICENCE}" for line in lines[:2]):
        complaints.add(f"{where}:1", f"no '# {LICENCE}' in the first two lines")
    if len(lines) > MAX_LINES:
        complaints.add(where, f"{len(lines)} lines; more than {MAX_LINES} are more than one concept")
    for number, line in enumerate(lines, 1):
        if PUT_OFF.search(line):
            complaints.add(f"{where}:{number}", "something is put off; do it, or file it where work is planned")


def check_includes(where, folder, text, complaints):
    """The includes of one file of the library, which lies in @folder."""
    allowed = LAYERS.get(folder)
    if allowed is None:
        complaints.add(where, f"the folder {folder}/ is no layer; name it in LAYERS")
        return
    for name in includes_of(text):
        if name == PUBLIC_HEADER:
            if folder not in PUBLIC_HEADER_FOLDERS:
                complaints.add(where, f"{folder}/ must not include <{PUBLIC_HEADER}>")
            continue
        if name in HOST_HEADERS:
            if folder not in HOST_HEADERS[name]:
                complaints.add(where, f"{folder}/ must not include <{name}>")
            continue
        if name.startswith(HOST_HEADER_FOLDERS):
            complaints.add(where, f"{folder}/ must not include <{name}>")
        check_layer(where, folder, name, allowed, complaints)


def check_layer(where, folder, name, allowed, complaints):
    first = name.split("/", 1)[0]
    if "/" in name and first in LAYERS and first not in allowed:
        complaints.add(where, f"{folder}/ must not include \"{name}\"")


def check_command(where, parts, text, complaints):
    """The includes of one file of the command; @parts is its path inside of it. A name that both have is the command's folder."""
    folder = parts[0] if len(parts) > 1 else None
    if folder is not None and folder not in COMMAND_FOLDERS:
        complaints.add(where, f"the folder {folder}/ is none of the command; name it in COMMAND_FOLDERS")
        return
    for name in QUOTED.findall(text):
        first = name.split("/", 1)[0]
        if "/" not in name:
            continue
        if first in COMMAND_FOLDERS:
            if folder is not None and first not in COMMAND_FOLDERS[folder]:
                complaints.add(where, f"{folder}/ must not include \"{name}\"")
        else:
            check_layer(where, COMMAND, name, COMMAND_LAYERS, complaints)


def reached(start, texts):
    """Every file of the library that @start includes, directly or not, with the file that included it."""
    found, todo = {}, [start]
    while todo:
        at = todo.pop()
        folder = at.rsplit("/", 1)[0]
        for name in includes_of(texts[at]):
            for target in (name, f"{folder}/{name}"):
                if target in texts and target not in found:
                    found[target] = at
                    todo.append(target)
    return found


def check_sinks(texts, complaints):
    """@texts: {path inside the library: text}."""
    for path in texts:
        if path.rsplit(".", 1)[0] not in SINKS:
            continue
        for target, by in reached(path, texts).items():
            if target.startswith(SINKS_MUST_NOT_REACH):
                complaints.add(path, f"a sink reaches {target} (included by {by})")


def files_of(root):
    """The text files of the trees, and scripts without a suffix."""
    for tree in TREES:
        for path in sorted((root / tree).rglob("*")):
            if not path.is_file() or "__pycache__" in path.parts:
                continue
            if path.suffix in C_SUFFIXES | SCRIPT_SUFFIXES or (tree == "script" and not path.suffix):
                yield path


def check_tree(root, complaints):
    """Returns how many files were looked at."""
    count, texts = 0, {}
    for path in files_of(root):
        text = path.read_text(encoding="utf-8")
        where = path.relative_to(root).as_posix()
        count += 1
        check_form(where, text, path.suffix, complaints)
        parts = where.split("/")
        if parts[0] == LIBRARY:
            texts["/".join(parts[1:])] = text
            if len(parts) > 2:
                check_includes(where, parts[1], text, complaints)
            else:
                complaints.add(where, f"sources of {LIBRARY}/ lie in a layer's folder")
        if where.startswith(COMMAND + "/"):
            check_command(where, parts[2:], text, complaints)
    check_sinks(texts, complaints)
    return count


def self_test():
    test = lint.SelfTest()
    head = f"/* {LICENCE} */\n"

    def case(title, files, wanted):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                path = pathlib.Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            complaints = lint.Complaints()
            check_tree(pathlib.Path(folder), complaints)
            test.expect(title, complaints, wanted)

    case("clean", {"liblockval/sys/a.c": head + '#include "base/b.h"\n/* http://x */ char *u = "//";\n',
                   "liblockval/base/b.h": head}, None)
    case("upward", {"liblockval/base/a.c": head + '#include "sys/b.h"\n'}, 'must not include "sys/b.h"')
    case("sideways", {"liblockval/interpose/a.c": head + ' # include "graph/g.h"\n'}, 'must not include "graph/g.h"')
    case("pthread", {"liblockval/engine/a.c": head + "#include <pthread.h>\n"}, "must not include <pthread.h>")
    case("pthread in hooks", {"liblockval/interpose/a.c": head + "#include <pthread.h>\n"}, None)
    case("stdio", {"liblockval/interpose/a.c": head + "#include <stdio.h>\n"}, "must not include <stdio.h>")
    case("jansson", {"liblockval/process/a.c": head + "#include <jansson.h>\n"}, "must not include <jansson.h>")
    case("elfutils", {"liblockval/sys/a.c": head + "#include <elfutils/libdwfl.h>\n"}, "must not include <elfutils/libdwfl.h>")
    case("command", {"tools/lockval/a.c": head + '#include <jansson.h>\n#include <sys/stat.h>\n#include "engine/thread.h"\n'}, None)
    case("command and hooks", {"tools/lockval/a.c": head + '#include "process/self.h"\n'}, 'must not include "process/self.h"')
    case("command's own layers", {"tools/lockval/record/a.c": head + '#include "common/memory.h"\n'}, None)
    case("command, upward", {"tools/lockval/record/a.c": head + '#include "run/run.h"\n'}, 'record/ must not include "run/run.h"')
    case("command, new folder", {"tools/lockval/misc/a.c": head}, "is none of the command")
    case("public header", {"liblockval/graph/a.c": head + "#include <lockval.h>\n"}, "must not include <lockval.h>")
    case("new folder", {"liblockval/misc/a.c": head}, "is no layer")
    case("no folder", {"liblockval/a.c": head}, "lie in a layer's folder")
    case("sink", {"liblockval/report/text.c": head + '#include "report/report.h"\n',
                  "liblockval/report/report.h": head + '#include "graph/g.h"\n',
                  "liblockval/graph/g.h": head}, "a sink reaches graph/g.h")
    case("no licence", {"sim/a.c": "int x;\n"}, "first line is not")
    case("no licence in a script", {"script/a": "#!/bin/sh\n\n"}, "in the first two lines")
    case("line comment", {"sim/a.c": head + "int x; // y\n"}, "a // comment")
    case("line comment after a block", {"sim/a.c": head + "/* a */ int x; /* b */ // y\n"}, "a // comment")
    case("too long", {"sim/a.c": head + "\n" * MAX_LINES}, "more than one concept")
    case("put off", {"sim/a.c": head + "/* TO" "DO later */\n"}, "something is put off")
    return test.finish("check_layers")


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    if len(arguments) != 1:
        print(__doc__)
        return 2
    complaints = lint.Complaints()
    count = check_tree(pathlib.Path(arguments[0]), complaints)
    return complaints.finish("check_layers", count)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
