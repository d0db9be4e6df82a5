#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make a manual page of a document, so that both say the same.

Of Markdown it knows what the documents of this project have: headings, paragraphs, lists, tables, code that is indented or fenced, and
in text code, bold, italic and links; remarks are left out. A table becomes a list of its first column with what the others say. The document's heading is
left out, as the page has a NAME.

Usage: markdown_man.py DOCUMENT NAME SECTION SUMMARY VERSION DATE SEE-ALSO...  >PAGE
"""

import pathlib
import re
import sys
import textwrap

WIDTH = 78
CATEGORIES = {"5": "File Formats", "7": "Miscellaneous"}


def plain(text):
    """Text in which nothing means anything to roff."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("^", "\\(ha").replace("~", "\\(ti")
    return text.replace("`", "\\(ga")


def guarded(line):
    return "\\&" + line if line.startswith((".", "'")) else line


def inline(text):
    """Code and bold are bold, italic is italic, of a link into the documents the words are left."""
    out = []
    for piece in re.split(r"(`[^`]+`)", text):
        if len(piece) > 2 and piece[0] == piece[-1] == "`":
            out.append("\\fB" + plain(piece[1:-1]).replace(" ", "\0") + "\\fR")
            continue
        piece = re.sub(r"<sup>(\w+)</sup>", r"^\1", piece)
        piece = re.sub(r"\[([^\]]*)\]\((https?://[^)\s]+)\)", r"\1 <\2>", piece)
        piece = re.sub(r"\[([^\]]*)\]\([^)\s]*\)", r"\1", piece)
        # A link whose words are code was cut in three.
        piece = re.sub(r"\[$|^\]\([^)\s]*\)", "", piece)
        piece = plain(piece)
        piece = re.sub(r"\*\*([^*]+)\*\*", r"\\fB\1\\fR", piece)
        piece = re.sub(r"(?<![\w*])\*([^*\s][^*]*)\*(?![\w*])", r"\\fI\1\\fR", piece)
        out.append(piece.replace("**", ""))
    return "".join(out)


def paragraph(text):
    lines = textwrap.wrap(inline(" ".join(text.split())), WIDTH, break_long_words=False, break_on_hyphens=False)
    return [guarded(line.replace("\0", " ")) for line in lines]


def cells(row):
    return [cell.strip().replace("\0", "|") for cell in row.replace("\\|", "\0").strip().strip("|").split("|")]


def table(rows):
    out = []
    for row in rows[2:]:
        first, *others = cells(row)
        text = "; ".join(cell for cell in others if cell)
        out += [".TP", *(paragraph(first) or ["\\&"])[:1], *(paragraph(text) or ["\\&"])]
    return out


def code(lines):
    body = textwrap.dedent("\n".join(lines)).strip("\n").splitlines()
    return [".PP", ".RS 4", ".EX", *[guarded(plain(line.rstrip())) or "\\&" for line in body], ".EE", ".RE"]


def blocks(text):
    """(sort, lines) one after the other."""
    kept, sort = [], None
    fenced = False
    for line in text.splitlines():
        if line.startswith("```"):
            if kept:
                yield sort, kept
            kept, sort = [], "code"
            fenced = not fenced
            continue
        if fenced:
            kept.append(line)
            continue
        if line.startswith("#"):
            new = "heading"
        elif line.startswith("|"):
            new = "table"
        elif line.startswith("    ") and sort in (None, "code"):
            new = "code"
        elif re.match(r"(- |\d+\. )", line):
            new = "item"
        elif not line.strip():
            new = "code" if sort == "code" else None
        else:
            new = sort if sort in ("item", "text") else "text"
        if new != sort or new == "heading" or (new == "item" and re.match(r"(- |\d+\. )", line)):
            if kept:
                yield sort, kept
            kept = []
        sort = new
        if new is not None:
            kept.append(line)
    if kept:
        yield sort, kept


def body(text):
    out = []
    for sort, lines in blocks(text):
        if sort == "heading":
            level, words = re.match(r"(#+) (.*)", lines[0]).groups()
            if len(level) == 2:
                out.append(".SH " + plain(words.upper()))
            elif len(level) > 2:
                out.append(".SS " + inline(words).replace("\0", " ").replace("\\fB", "").replace("\\fR", ""))
        elif sort == "table":
            out += table(lines)
        elif sort == "code":
            out += code(lines)
        elif sort == "item":
            mark, words = re.match(r"(- |\d+\. )(.*)", "\n".join(lines), re.DOTALL).groups()
            bullet = "\\(bu 2" if mark == "- " else mark.strip() + " 4"
            out += [f".IP {bullet}", *paragraph(words)]
        elif sort == "text":
            # A heading begins a paragraph by itself.
            out += ([] if out and out[-1].startswith((".SH", ".SS")) else [".PP"]) + paragraph("\n".join(lines))
    return out


def main(argv):
    document, name, section, summary, version, date, *see_also = argv
    text = re.sub(r"<!--.*?-->\n?", "", pathlib.Path(document).read_text(encoding="utf-8"), flags=re.DOTALL)
    title = plain(name.upper())
    lines = [".\\\" SPDX-License-Identifier: MIT", f".TH {title} {section} {date} \"lockval {version}\" \"{CATEGORIES[section]}\"",
             ".SH NAME", f"{plain(name)} \\- {plain(summary)}", ".SH DESCRIPTION", *body(text), ".SH SEE ALSO"]
    for number, page in enumerate(see_also):
        where, of = re.match(r"(.*)\((\d)\)", page).groups()
        lines.append(f".BR {plain(where)} ({of})" + ("," if number < len(see_also) - 1 else ""))
    # A heading and the paragraph's mark behind it say the same twice.
    for at in range(len(lines) - 1, 0, -1):
        if lines[at] == ".PP" and lines[at - 1].startswith((".SH", ".SS")):
            del lines[at]
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
