#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The reader of the other tests (lines.py) sees what is wrong with a record: a good one is broken in one place each time.

Usage: reader.py LIBRARY PROGRAM
"""

import json
import os
import pathlib
import sys
import tempfile

import ends
import lines

BREAKS = []


def breaks(wanted):
    """The function breaks a record, a list of lines; @wanted is in a complaint about it."""
    def take(function):
        BREAKS.append((function, wanted))
        return function
    return take


def first(record, what):
    return next(line for line in record if line["t"] == what)


@breaks("refers to the class 1, which is not there")
def a_class_that_is_missing(record):
    record[:] = [line for line in record if not (line["t"] == "class" and line["id"] == 1)]


@breaks("refers to the stack")
def a_stack_that_is_missing(record):
    record.remove(first(record, "stack"))


@breaks("is there 2 times")
def a_witness_twice(record):
    record.append(first(record, "witness"))


@breaks("is of another edge")
def an_edge_with_the_witness_of_another(record):
    other = [line for line in record if line["t"] == "edge"][1]
    first(record, "edge")["witness"] = other["witness"]


@breaks("which there is not")
def an_edge_of_a_lock_that_was_not_held(record):
    first(record, "edge")["held"] = 7


@breaks("lost a mode")
def an_edge_that_loses_a_mode(record):
    edge = first(record, "edge")
    record.insert(record.index(edge), {**edge, "modes": ["EN", "SN"]})


@breaks("was counted, and never seen")
def an_edge_that_was_only_counted(record):
    gone = first(record, "stat")
    record[:] = [line for line in record if line["t"] != "edge" or (line["from"], line["to"]) != (gone["from"], gone["to"])]


@breaks("and the next one holds")
def a_circle_that_does_not_close(record):
    first(record, "finding")["edges"].pop()


@breaks("two acquisitions by one thread")
def a_feasible_circle_by_one_thread(record):
    steps = first(record, "finding")["acquisitions"]
    steps[0]["thread"] = steps[1]["thread"]


@breaks("upgraded that was never made")
def an_upgrade_of_nothing(record):
    record.append({**first(record, "finding"), "before": "guarded", "fingerprint": "0" * 16})


@breaks("1 were counted")
def a_finding_that_is_missing(record):
    record.remove(first(record, "finding"))


SUPPRESSED = {"by": "circular:a", "from": "list", "line": 1, "reason": "it was looked at"}


@breaks("1 findings are suppressed, and 0 were counted so")
def a_suppressed_finding_that_is_not_counted(record):
    first(record, "finding").update(suppressed=SUPPRESSED, counts=False)


@breaks("is suppressed, and counts")
def a_suppressed_finding_that_counts(record):
    first(record, "finding").update(suppressed=SUPPRESSED, counts=True)
    first(record, "end")["suppressed"] = 1


@breaks("was not suppressed as it is now")
def an_upgrade_that_is_suppressed(record):
    record.append({**first(record, "finding"), "before": "guarded", "suppressed": SUPPRESSED, "counts": False})


@breaks("'reason' is a required property")
def a_suppression_without_a_reason(record):
    first(record, "finding")["suppressed"] = {"by": "circular:a", "from": "list", "line": 1}


@breaks("lines were lost")
def lines_that_were_lost(record):
    first(record, "end")["lost"] = 3


@breaks("has no meta")
def no_meta(record):
    record.remove(first(record, "meta"))


@breaks("2 lines of the kind end")
def two_ends(record):
    record.append(first(record, "end"))


@breaks("'witness' is a required property")
def a_member_that_is_missing(record):
    del first(record, "edge")["witness"]


@breaks("has colour, which is not in the schema")
def a_member_too_many(record):
    first(record, "finding")["thread"]["colour"] = "red"


@breaks("is not one of")
def a_verdict_that_there_is_not(record):
    first(record, "finding")["verdict"] = "perhaps"


@breaks("does not match")
def a_key_of_no_form(record):
    first(record, "class")["key"] = "somewhere"


@breaks("is of no kind")
def a_line_of_no_kind(record):
    first(record, "edge")["t"] = "corner"


def main(library, program):
    with tempfile.TemporaryDirectory() as folder:
        ends.Bench(os.path.abspath(library), os.path.abspath(program), folder).run("three")
        data = (pathlib.Path(folder) / "out.jsonl").read_bytes()
    cases = [("a record as it is", data, None)]
    for function, wanted in BREAKS:
        record = [json.loads(line) for line in data.splitlines()]
        function(record)
        cases.append((function.__name__.replace("_", " "), b"".join(json.dumps(line).encode() + b"\n" for line in record),
                      wanted))
    cases.append(("a line without an end", data[:-1], "the last line has no end"))
    cases.append(("half a line", data.replace(b'"t":"stack"', b'"t":', 1), "is no JSON"))
    print(f"1..{len(cases)}")
    failed = 0
    for number, (title, broken, wanted) in enumerate(cases, 1):
        complaints = []
        lines.check(broken, complaints)
        good = any(wanted in complaint for complaint in complaints) if wanted else not complaints
        failed += not good
        print(f"{'' if good else 'not '}ok {number} - {title}")
        if not good:
            print(f"#   wanted {wanted!r}, got {complaints[:5]}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
