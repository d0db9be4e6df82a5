#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write the manual page lockval.h(3), and a page for each call that leads to it, from the header's own comments.

The header is written for this as much as for a reader: a comment stands before what it is about, an empty line behind it; a
heading is a comment with dashes on both sides. What stands between LOCKVAL_DISABLE and LOCKVAL_BUILD is the calls, what comes
before is types.

Usage: header_man.py HEADER VERSION DATE FOLDER    write FOLDER/lockval.h.3 and FOLDER/CALL.3
       header_man.py --list HEADER                 print the names of the calls
"""

import pathlib
import re
import sys
import textwrap

PAGE = "lockval.h.3"
CALL = re.compile(r"\b(lockval_\w+)\s*\(")
HEADING = re.compile(r"^/\* -{3,} (.*?) -{3,} \*/$")
COMMENT = re.compile(r"\A\s*/\*(.*?)\*/", re.DOTALL)
WIDTH = 72


def parts_of(header):
    """(the words about the whole, chunks of types, chunks of calls). A chunk is what stands between empty lines."""
    before, rest = header.split("#ifndef LOCKVAL_DISABLE\n", 1)
    calls = rest.split("#if !defined(LOCKVAL_BUILD)\n", 1)[0]
    chunks = [chunk.strip("\n") for chunk in re.split(r"\n\s*\n", before)]
    about = next(chunk for chunk in chunks if chunk.startswith("/*") and "lockval.h:" in chunk)
    types = [chunk for chunk in chunks
             if re.search(r"^(enum|struct|typedef|#define LOCKVAL_(?!H\b))", COMMENT.sub("", chunk).lstrip(), re.MULTILINE)]
    return about, types, [chunk.strip("\n") for chunk in re.split(r"\n\s*\n", calls)]


def declarations_of(code):
    """The declarations of calls in a chunk without its comment, each as one line."""
    text = " ".join(line.strip() for line in code.splitlines() if not line.startswith("#"))
    return [item.strip().replace("LOCKVAL_API ", "") + ";" for item in text.split(";") if CALL.search(item)]


def calls_of(header):
    names = []
    for chunk in parts_of(header)[2]:
        for declaration in declarations_of(COMMENT.sub("", chunk)):
            names.append(CALL.search(declaration).group(1))
    return names


# ---- roff ----

def plain(text):
    """Text in which nothing means anything to roff."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("^", "\\(ha").replace("~", "\\(ti")
    return "\\&" + text if text.startswith((".", "'")) else text


def prose(text):
    """A paragraph. Calls and constants are bold, @parameters and *words* italic."""
    text = " ".join(text.split())
    lines = []
    for line in textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False):
        line = plain(line)
        line = re.sub(r"\b(lockval_\w+)\(\)", r"\\fB\1\\fR()", line)
        line = re.sub(r"\b(LOCKVAL_[A-Z_]+)\b", r"\\fB\1\\fR", line)
        line = re.sub(r"@(\w+)", r"\\fI\1\\fR", line)
        line = re.sub(r"(?<![\w/])\*(\w+)\*(?![\w/])", r"\\fI\1\\fR", line)
        lines.append(line)
    return lines


def verbatim(lines):
    body = textwrap.dedent("\n".join(lines)).splitlines()
    return [".PP", ".EX", *[plain(line.rstrip()) if line.strip() else "\\&" for line in body], ".EE"]


def comment_lines(comment):
    """The lines of a comment, without its stars, and with the indentation that is left then."""
    lines = []
    for number, line in enumerate(comment.splitlines()):
        line = re.sub(r"^ \*( |$)", "", line) if number else line.lstrip()
        lines.append(line.rstrip())
    return lines


def rendered_comment(comment):
    """Paragraphs; four spaces at the beginning make code."""
    out, kept, is_code = [], [], False

    def flush():
        while kept and not kept[-1]:
            kept.pop()
        if kept:
            out.extend(verbatim(kept) if is_code else [".PP", *prose("\n".join(kept))])
        kept.clear()

    for line in comment_lines(comment):
        if not line:
            if is_code:
                kept.append("")
            else:
                flush()
        else:
            if line.startswith("    ") != is_code:
                flush()
                is_code = not is_code
            kept.append(line)
    flush()
    return out


def prototype(declaration):
    """As many lines as it needs."""
    before, arguments = declaration.split("(", 1)
    lines, line = [], before + "("
    for number, argument in enumerate(arguments.split(", ")):
        piece = argument if number == 0 else " " + argument
        last = number == arguments.count(", ")
        if len(line + piece) > WIDTH:
            lines.append(line)
            line = "    " + argument
        else:
            line += piece
        line += "" if last else ","
    return [plain(text) for text in lines + [line]]


def rendered_call_chunk(chunk):
    heading = HEADING.match(chunk)
    if heading:
        return [".SS " + plain(heading.group(1)[0].upper() + heading.group(1)[1:])]
    declarations = declarations_of(COMMENT.sub("", chunk))
    if not declarations:
        return []
    out = [".PP", ".nf", "\\fB"]
    for declaration in declarations:
        out += prototype(declaration)
    out += ["\\fR", ".fi"]
    comment = COMMENT.match(chunk)
    if comment:
        out += [".RS 4", *rendered_comment(comment.group(1)), ".RE"]
    return tidy(out)


def rendered_type_chunk(chunk):
    comment = COMMENT.match(chunk)
    out = rendered_comment(comment.group(1)) if comment else []
    return out + verbatim(COMMENT.sub("", chunk).strip("\n").splitlines())


def tidy(lines):
    """The font's changes join the line that they stand before or behind. A paragraph needs none at the beginning of a block."""
    out = []
    for line in lines:
        if out and out[-1] == "\\fB":
            out[-1] = "\\fB" + line
        elif line == "\\fR":
            out[-1] += "\\fR"
        elif line == ".PP" and out and out[-1] == ".RS 4":
            continue
        else:
            out.append(line)
    return out


def page(header, version, date):
    about, types, calls = parts_of(header)
    lines = [".\\\" SPDX-License-Identifier: MIT", f".TH LOCKVAL.H 3 {date} \"lockval {version}\" \"Library Functions\"",
             ".SH NAME", "lockval.h \\- annotations for programs that run under the lock validator",
             ".SH SYNOPSIS", ".nf", ".B #include <lockval.h>", ".fi", ".PP",
             "Link with \\fI\\-llockval\\fR, or with nothing.", ".SH DESCRIPTION"]
    description = rendered_comment(COMMENT.match(about).group(1))
    lines += description[1:] if description[:1] == [".PP"] else description
    lines.append(".SH TYPES AND CONSTANTS")
    for number, chunk in enumerate(types):
        rendered = rendered_type_chunk(chunk)
        lines += rendered[1:] if number == 0 and rendered[:1] == [".PP"] else rendered
    lines.append(".SH CALLS")
    for chunk in calls:
        rendered = rendered_call_chunk(chunk)
        lines += rendered[1:] if rendered[:1] == [".PP"] and lines[-1].startswith((".SS", ".SH")) else rendered
    lines += [".SH SEE ALSO", ".BR lockval (1),", ".BR lockval\\-options (7),", ".BR pthreads (7)"]
    return "\n".join(lines) + "\n"


def main(argv):
    if len(argv) == 2 and argv[0] == "--list":
        print("\n".join(calls_of(pathlib.Path(argv[1]).read_text(encoding="utf-8"))))
        return 0
    if len(argv) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    header = pathlib.Path(argv[0]).read_text(encoding="utf-8")
    folder = pathlib.Path(argv[3])
    (folder / PAGE).write_text(page(header, argv[1], argv[2]), encoding="utf-8")
    for name in calls_of(header):
        (folder / f"{name}.3").write_text(f".so man3/{PAGE}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
