#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The documentation against the tables of the code.

The README's table of options is options.def: the same options, the same defaults. Every kind of finding and every verdict
has its entry in docs/glossary.md. The version is one: meson.build, lockval.h and the change log agree. Every call of
lockval.h is shown in code that runs: a test, a simulator, an example. Links between documents lead somewhere, also those to a
heading or an anchor of a page, and docs/README.md has every page of docs/. In
docs/lockdep-parity.md the numbers are those of the rows, and every call, option and test that is named exists. Every member of
docs/record.schema.json is explained in docs/record-format.md.

Usage: check_docs.py SOURCE_ROOT VERSION | check_docs.py --self-test
"""

import json
import pathlib
import re
import sys
import tempfile

import check_symbols
import lint

OPTION = re.compile(r"^LV_OPTION_(\w+)\s*\(", re.MULTILINE)
ROW = re.compile(r"^\| `(\w+)` \| `?([^|`]*)`? \|", re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
WHOLE_LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
ANCHOR = re.compile(r'<a id="([^"]+)"></a>')
HEADING = re.compile(r"^#+ +(.*?) *$", re.MULTILINE)
FENCE = re.compile(r"^(```|    ).*?$", re.MULTILINE)


def plain_default(kind, value):
    """The default as a user writes it."""
    if kind == "BOOL":
        return "1" if value == "true" else "0"
    if kind == "TEXT":
        return value.strip('"') or "none"
    if kind in ("ENUM", "BITS"):
        return ",".join(item.strip().rsplit("_", 1)[-1].lower() for item in value.split("|"))
    return value


def options_of(text):
    """{option: default} from options.def."""
    text = check_symbols.COMMENT.sub(" ", text)
    options = {}
    for match in OPTION.finditer(text):
        items = check_symbols.arguments_of(text, match.end())
        kind = match.group(1)
        options[items[0]] = plain_default(kind, items[2] if kind == "ENUM" else items[1])
    return options


def enum_of(text, prefix):
    """The members PREFIX_X of an enum as users see them: LV_FINDING_WAIT_CONTEXT gives wait-context."""
    names = re.findall(rf"^\s*{prefix}_([A-Z][A-Z_]*[A-Z])\b", check_symbols.COMMENT.sub(" ", text), re.MULTILINE)
    return [name.lower().replace("_", "-") for name in names if not name.startswith("_")]


def check_options(options, readme, complaints):
    """The README's table, row for row."""
    section = readme.split("## Options", 1)[-1].split("\n## ", 1)[0]
    rows = {name: default.strip() for name, default in ROW.findall(section)}
    for name, default in options.items():
        if name not in rows:
            complaints.add("README.md", f"the option {name} is not in the table of options")
        elif rows[name] != default:
            complaints.add("README.md", f"the option {name} has the default {default}, not {rows[name]}")
    for name in rows:
        if name not in options:
            complaints.add("README.md", f"there is no option {name}")


def check_words(words, glossary, complaints):
    """@words: {word: what it is}. An entry is a table row that begins with the word, or has it in its second column."""
    entries = set(re.findall(r"^\|(?:[^|]*\|)? \*\*([^*|]+)\*\* \|", glossary, re.MULTILINE))
    for word, what in words.items():
        if word not in entries:
            complaints.add("docs/glossary.md", f"no entry for the {what} '{word}'")


def check_version(version, header, changelog, complaints):
    """One version everywhere."""
    parts = dict(re.findall(r"#define LOCKVAL_VERSION_(MAJOR|MINOR|PATCH) (\d+)", header))
    in_header = ".".join(parts.get(part, "?") for part in ("MAJOR", "MINOR", "PATCH"))
    if in_header != version:
        complaints.add("include/lockval.h", f"says version {in_header}, meson.build says {version}")
    if not re.search(rf"^## {re.escape(version)}\b", changelog, re.MULTILINE):
        complaints.add("CHANGELOG.md", f"has no section for {version}")


def check_calls(calls, texts, complaints):
    """Every public call is used in code that runs."""
    everything = "\n".join(texts)
    for name in sorted(calls):
        if not re.search(rf"\b{name}\b", everything):
            complaints.add("include/lockval.h", f"{name} is used in no test, simulator or example")


def places_of(text):
    """What a link can name in a page: its anchors, and its headings as code hosts write them."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    places = set(ANCHOR.findall(text))
    for heading in HEADING.findall(text):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        places.add(re.sub(r"[^\w\- ]", "", words).replace(" ", "-"))
    return places


def check_links(root, complaints):
    """Relative links of the documents."""
    for path in documents(root):
        text = FENCE.sub("", path.read_text(encoding="utf-8"))
        for target, place in WHOLE_LINK.findall(text):
            page = path.parent / target if target else path
            if "://" in target:
                continue
            if not page.exists():
                complaints.add(path.relative_to(root).as_posix(), f"the link {target} leads nowhere")
            elif place and page.suffix == ".md" and place not in places_of(page.read_text(encoding="utf-8")):
                complaints.add(path.relative_to(root).as_posix(), f"the link {target}#{place} leads to a page without that place")


PARITY = re.compile(r"^\| ([^|]+) \| (done|no meaning|later) \| ([^|]*)\| ?([^|]*)\|$")
PARITY_COUNT = re.compile(r"^(\d+) rows: (\d+) done, (\d+) without meaning here, (\d+) later\.$", re.MULTILINE)
PARITY_STATES = ("done", "no meaning", "later")
PARITY_WORD = re.compile(r"`([^`]+)`")


def check_parity_row(match, known, root, complaints):
    """@known: (words of lockval.h, options)."""
    name, state, here, tests = match.groups()
    where = f"docs/lockdep-parity.md, {name.strip()}"
    words, options = known
    for word in PARITY_WORD.findall(here):
        option = re.match(r"(\w+)=", word)
        if re.match(r"(?i)lockval_", word) and word not in words:
            complaints.add(where, f"there is no {word} in lockval.h")
        elif option and option.group(1) not in options:
            complaints.add(where, f"there is no option {option.group(1)}")
    paths = PARITY_WORD.findall(tests)
    if state == "done" and not paths:
        complaints.add(where, "it is done, and no test is named")
    for path in paths:
        if not (root / path).is_file():
            complaints.add(where, f"there is no {path}")


def check_parity(header, options, root, complaints):
    """Returns how many rows there are; a tree without the page is a test's."""
    path = root / "docs" / "lockdep-parity.md"
    if not path.exists():
        return 0
    text = path.read_text(encoding="utf-8")
    known = (set(re.findall(r"(?i)\blockval_\w+", header)), options)
    rows = [line for line in text.splitlines() if line.startswith("|") and not re.match(r"\| lockdep \||\|-", line)]
    counted = dict.fromkeys(PARITY_STATES, 0)
    for row in rows:
        match = PARITY.match(row)
        if not match:
            complaints.add("docs/lockdep-parity.md", f"not a row of four columns with a state: {row[:60]}")
            continue
        counted[match.group(2)] += 1
        check_parity_row(match, known, root, complaints)
    numbers = [len(rows), *counted.values()]
    said = PARITY_COUNT.search(text)
    if not said or [int(number) for number in said.groups()] != numbers:
        complaints.add("docs/lockdep-parity.md", "the numbers are {}: {} done, {} without meaning, {} later".format(*numbers))
    return len(rows)


def members_of(schema):
    """The names of all members that a JSON Schema speaks of."""
    if isinstance(schema, list):
        return set().union(*map(members_of, schema))
    if not isinstance(schema, dict):
        return set()
    names = set(schema["properties"]) if isinstance(schema.get("properties"), dict) else set()
    return names.union(*(members_of(part) for part in schema.values()))


def check_record(root, complaints):
    """Every member and every kind of line of the record's schema has its word on the page. Returns how many; a tree without
    the schema is a test's."""
    schema = root / "docs" / "record.schema.json"
    if not schema.exists():
        return 0
    known = json.loads(schema.read_text(encoding="utf-8"))
    said = set(re.findall(r"`([\w-]+)`", (root / "docs" / "record-format.md").read_text(encoding="utf-8")))
    members = members_of(known) | set(known["properties"]["t"].get("enum", []))
    for name in sorted(members - said):
        complaints.add("docs/record-format.md", f"says nothing of {name}, which is in the schema")
    return len(members)


def check_index(root, complaints):
    """Every page of docs/ is in its index; a tree without one is a test's."""
    index = root / "docs" / "README.md"
    if not index.exists():
        return
    listed = set(LINK.findall(index.read_text(encoding="utf-8")))
    for path in sorted((root / "docs").glob("*.md")):
        if path.name not in listed and path != index:
            complaints.add("docs/README.md", f"{path.name} is not in the index")


def documents(root):
    return sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "tests").rglob("*.md")])


def texts_that_run(root):
    return [path.read_text(encoding="utf-8") for tree in ("tests", "sim", "docs") for path in (root / tree).rglob("*")
            if path.suffix in (".c", ".cc", ".cpp", ".h")]


def check_tree(root, version, complaints):
    """Returns how many things were looked up."""
    def text(path):
        return (root / path).read_text(encoding="utf-8")

    options = options_of(text("liblockval/sys/options.def"))
    words = {kind: "kind of finding" for kind in enum_of(text("liblockval/report/report.h"), "LV_FINDING")}
    words.update({verdict: "verdict" for verdict in enum_of(text("liblockval/sys/options.h"), "LV_VERDICT")
                  if verdict != "never"})
    calls = check_symbols.public_of(text("include/lockval.h"))
    check_options(options, text("README.md"), complaints)
    check_words(words, text("docs/glossary.md"), complaints)
    check_version(version, text("include/lockval.h"), text("CHANGELOG.md"), complaints)
    check_calls(calls, texts_that_run(root), complaints)
    check_links(root, complaints)
    check_index(root, complaints)
    rows = check_parity(text("include/lockval.h"), options, root, complaints)
    members = check_record(root, complaints)
    for what, found in (("option", options), ("kind of finding", words), ("call", calls)):
        if not found:
            complaints.add("check_docs", f"found no {what} at all in the code")
    return len(options) + len(words) + len(calls) + rows + members


GOOD = {
    "README.md": "## Options\n\n| `log` | `stderr` | where |\n| `events` | `some,more` | which |\n| `fail_on` | `potential` | lowest |\n\n## Next\n"
                 "[glossary](docs/glossary.md) [circular](docs/glossary.md#circular) [here](#next) [words](docs/glossary.md#the-words-all)\n",
    "tests/a.c": "lockval_off();\n",
    "docs/README.md": "[words](glossary.md) [record](record-format.md) [parity](lockdep-parity.md)\n",
    "docs/glossary.md": "## The `words`, all\n\n| <a id=\"circular\"></a> | **circular** | x |\n| | **potential** | x |\n",
    "docs/record-format.md": "`t` is `end`, whose `status` is a number\n",
    "docs/record.schema.json": '{"properties": {"t": {"enum": ["end"]}}, "definitions": {"end": {"properties": {"status": {}}}}}',
    "docs/lockdep-parity.md": "2 rows: 1 done, 1 without meaning here, 0 later.\n\n| lockdep | state | here | shown by |\n"
                              "|---|---|---|---|\n| off | done | `lockval_off`, `log=none` | `tests/a.c` |\n"
                              "| cpu | no meaning | none | |\n",
    "CHANGELOG.md": "## 1.2.3 (soon)\n",
    "include/lockval.h": "#define LOCKVAL_VERSION_MAJOR 1\n#define LOCKVAL_VERSION_MINOR 2\n"
                         "#define LOCKVAL_VERSION_PATCH 3\nLOCKVAL_API void lockval_off(void);\n",
    "liblockval/sys/options.def": 'LV_OPTION_TEXT(log, "stderr", "where, to whom")\n'
                                  'LV_OPTION_BITS(events, LV_EVENTS_SOME | LV_EVENTS_MORE, choices, "which")\n'
                                  'LV_OPTION_ENUM(fail_on, lv_verdict, LV_VERDICT_POTENTIAL, choices, "lowest")\n',
    "liblockval/sys/options.h": "enum v {\n    LV_VERDICT_POTENTIAL,\n    LV_VERDICT_NEVER\n};\n",
    "liblockval/report/report.h": "enum k {\n    LV_FINDING_CIRCULAR,\n    LV_FINDING__COUNT\n};\n",
}


def self_test():
    test = lint.SelfTest()

    def case(title, wanted, path="", old="", new=""):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in GOOD.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text.replace(old, new) if name == path else text, encoding="utf-8")
            complaints = lint.Complaints()
            check_tree(root, "1.2.3", complaints)
            test.expect(title, complaints, wanted)

    case("clean", None)
    case("option not in README", "option log is not in the table", "README.md", "| `log` | `stderr` | where |\n", "")
    case("other default", "has the default stderr, not none", "README.md", "`stderr`", "none")
    case("other list", "has the default some,more, not some", "README.md", "`some,more`", "some")
    case("option only in README", "there is no option old", "README.md", "| `log`", "| `old` | 1 | x |\n| `log`")
    case("kind without an entry", "kind of finding 'circular'", "docs/glossary.md", "circular", "square")
    case("verdict without an entry", "verdict 'potential'", "docs/glossary.md", "potential", "p")
    case("header's version", "says version 1.2.4", "include/lockval.h", "PATCH 3", "PATCH 4")
    case("change log", "has no section for 1.2.3", "CHANGELOG.md", "1.2.3", "1.2.2")
    case("call without example", "lockval_off is used in no test", "tests/a.c", "lockval_off();", "")
    case("member without a word", "says nothing of status", "docs/record-format.md", "`status`", "something")
    case("line without a word", "says nothing of end", "docs/record-format.md", "`end`", "something")
    case("dead link", "leads nowhere", "README.md", "docs/glossary.md", "docs/none.md")
    case("dead anchor", "docs/glossary.md#circular leads to a page without", "docs/glossary.md", "circular\"", "square\"")
    case("dead heading", "docs/glossary.md#the-words-all leads to a page without", "docs/glossary.md", ", all", "")
    case("dead place of the same page", "the link #next leads to a page without", "README.md", "## Next", "## Last")
    case("page without an entry", "glossary.md is not in the index", "docs/README.md", "(glossary.md)", "(record-format.md)")
    case("table that moved", "found no option at all", "liblockval/sys/options.def", "LV_OPTION", "LV_CHOICE")
    parity = "docs/lockdep-parity.md"
    case("parity: call", "there is no lockval_gone", parity, "lockval_off", "lockval_gone")
    case("parity: option", "there is no option logs", parity, "log=", "logs=")
    case("parity: test", "there is no tests/b.c", parity, "tests/a.c", "tests/b.c")
    case("parity: no test", "no test is named", parity, "`tests/a.c`", "")
    case("parity: state", "not a row of four columns", parity, "| done |", "| soon |")
    case("parity: numbers", "the numbers are 2: 1 done, 1 without", parity, "2 rows", "3 rows")
    return test.finish("check_docs")


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    if len(arguments) != 2:
        print(__doc__)
        return 2
    complaints = lint.Complaints()
    count = check_tree(pathlib.Path(arguments[0]), arguments[1], complaints)
    return complaints.finish("check_docs", count)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
