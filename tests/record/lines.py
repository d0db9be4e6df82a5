# SPDX-License-Identifier: MIT
"""The record as a reader sees it: parsed, held against docs/record.schema.json, its numbers connected."""

import collections
import json
import pathlib

import jsonschema

SCHEMA = json.loads((pathlib.Path(__file__).resolve().parents[2] / "docs" / "record.schema.json").read_text(encoding="utf-8"))
DEFINITIONS = {"thread": "threadLine"}


def validator_of(what):
    """One for lines of one kind says what is wrong with a line; the whole schema only that none of its kinds fits."""
    definition = {"$ref": f"#/definitions/{DEFINITIONS.get(what, what)}"}
    return jsonschema.Draft7Validator({"definitions": SCHEMA["definitions"], "allOf": [definition],
                                       **{key: SCHEMA[key] for key in ("type", "required", "properties")}})


VALIDATORS = {what: validator_of(what) for what in SCHEMA["properties"]["t"]["enum"]}


class Process:
    """What one process wrote."""

    def __init__(self, pid, run):
        self.pid = pid
        self.run = run
        self.lines = []
        self.by_id = collections.defaultdict(dict)

    def add(self, line):
        self.lines.append(line)
        if "id" in line and line["t"] != "finding":
            self.by_id[line["t"]].setdefault(line["id"], []).append(line)

    def all(self, what):
        return [line for line in self.lines if line["t"] == what]

    def meta(self):
        return self.all("meta")[0]

    def is_whole(self):
        return bool(self.all("end"))


def parse(data, complaints, torn=False):
    """{(pid, run): Process} of the bytes of a file; @torn: the last line may be half."""
    processes = {}
    lines = data.split(b"\n")
    if lines.pop() and not torn:
        complaints.append("the last line has no end")
    for number, text in enumerate(lines, 1):
        try:
            line = json.loads(text.decode("utf-8"))
        except ValueError as error:
            complaints.append(f"line {number} is no JSON ({error}): {text[:200]!r}")
            continue
        if check_line(line, number, complaints):
            key = (line["pid"], line["run"])
            processes.setdefault(key, Process(*key)).add(line)
    return processes


def members_in(schema):
    """The names of all members that the schema speaks of."""
    if isinstance(schema, list):
        return set().union(*map(members_in, schema))
    if not isinstance(schema, dict):
        return set()
    names = set(schema["properties"]) if isinstance(schema.get("properties"), dict) else set()
    return names.union(*(members_in(part) for part in schema.values()))


KNOWN = members_in(SCHEMA)


def strangers_in(value):
    """Members that the schema does not know; options have names of their own. A reader passes them over, but the library is
    not to write them."""
    if isinstance(value, list):
        for part in value:
            yield from strangers_in(part)
    elif isinstance(value, dict):
        for name, part in value.items():
            if name not in KNOWN:
                yield name
            if name != "options":
                yield from strangers_in(part)


def check_line(line, number, complaints):
    """Is it one that can be looked at further?"""
    for name in strangers_in(line):
        complaints.append(f"line {number} has {name}, which is not in the schema")
    validator = VALIDATORS.get(line.get("t"))
    if validator is None:
        complaints.append(f"line {number} is of no kind: {line.get('t')}")
        return False
    errors = list(validator.iter_errors(line))
    for error in errors:
        where = "/".join(str(part) for part in error.absolute_path)
        complaints.append(f"line {number}, {line['t']} {where}: {error.message[:300]}")
    return not errors


def locks_in(value):
    """Every lock in a line."""
    if isinstance(value, dict):
        if "earlier" in value:
            yield value
        for part in value.values():
            yield from locks_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from locks_in(part)


def threads_in(value):
    if isinstance(value, dict):
        if "tid" in value:
            yield value["id"]
        for part in value.values():
            yield from threads_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from threads_in(part)


def numbers_of(line):
    """(kind, number) of all that the line refers to; 0 is nothing."""
    for lock in locks_in(line):
        yield "class", lock["class"]
        yield "stack", lock["stack"]
    if line["t"] == "class":
        yield "class", line["base"]
    if line["t"] == "stack":
        for frame in line["frames"]:
            yield "module", frame["module"]
    if line["t"] in ("edge", "stat"):
        yield "class", line["from"]
        yield "class", line["to"]
    if line["t"] == "chain":
        for number in line["classes"]:
            yield "class", number
    if line["t"] == "lock_stat":
        yield "class", line["class"]
        for site in (line["site"], *(holder["site"] for holder in line["holders"])):
            yield "module", site["module"]
    if line["t"] == "edge":
        yield "witness", line["witness"]
    if line["t"] == "witness":
        yield "thread", line["thread"]
    if line["t"] == "use":
        yield "class", line["class"]
        yield "thread", line["thread"]
        yield "stack", line["at"]
    if line["t"] == "finding":
        yield "stack", line["stack"]
        for thread in threads_in(line):
            yield "thread", thread


def check_references(process, complaints):
    for line in process.lines:
        for what, number in numbers_of(line):
            if number != 0 and number not in process.by_id[what]:
                complaints.append(f"{line['t']} refers to the {what} {number}, which is not there")
    for what in ("module", "stack", "witness", "chain"):
        for number, lines in process.by_id[what].items():
            if len(lines) != 1:
                complaints.append(f"the {what} {number} is there {len(lines)} times")
    for number, lines in process.by_id["class"].items():
        if len({(line["key"], line["stable"], line["kind"], line["base"]) for line in lines}) != 1:
            complaints.append(f"the class {number} is not always the same")


def check_edges(process, complaints):
    modes = {}
    for edge in process.all("edge"):
        ends = (edge["from"], edge["to"])
        if not modes.setdefault(ends, set()) <= set(edge["modes"]):
            complaints.append(f"the edge {ends} lost a mode")
        modes[ends] = set(edge["modes"])
        if edge["witness"] == 0:
            continue
        for witness in process.by_id["witness"].get(edge["witness"], []):
            if edge["held"] >= len(witness["held"]):
                complaints.append(f"the edge {ends} is of held lock {edge['held']}, which there is not")
            elif (witness["held"][edge["held"]]["class"], witness["wanted"]["class"]) != ends:
                complaints.append(f"the witness {edge['witness']} is of another edge than {ends}")
    for stat in process.all("stat"):
        if (stat["from"], stat["to"]) not in modes and not process.meta()["forked"]:
            complaints.append(f"{stat['from']} -> {stat['to']} was counted, and never seen")


def check_uses(process, complaints):
    known = set()
    for use in process.all("use"):
        if use["lock"]["class"] != use["class"]:
            complaints.append(f"a use of the class {use['class']} is an acquisition of {use['lock']['class']}")
        strong = use["lock"]["mode"] != "read-recursive" if use["side"] == "inside" else use["lock"]["mode"] == "write"
        if use["weak"] == strong:
            complaints.append(f"the use of {use['class']} in the mode {use['lock']['mode']} is of another strength")
        for context in use["contexts"]:
            fact = (use["class"], use["side"], use["weak"], context["name"], context["handler"])
            if fact in known and not context["handler"]:
                complaints.append(f"a use is there twice: {fact}")
            known.add(fact)


def check_chains(process, complaints):
    edges = {(edge["from"], edge["to"]) for edge in process.all("edge")}
    for chain in process.all("chain"):
        classes = chain["classes"]
        if len(chain["modes"]) != len(classes) or len(chain.get("flags", classes)) != len(classes):
            complaints.append(f"the chain {chain['id']} has other modes or flags than classes")
        if chain["acquisitions"] == 0:
            complaints.append(f"the chain {chain['id']} was never walked")
    ends = {chain["classes"][-1] for chain in process.all("chain")}
    for end in {to for _, to in edges} - ends if process.is_whole() and not process.meta()["forked"] else ():
        kind = process.by_id["class"][end][-1]["kind"]
        if kind != "event":
            complaints.append(f"no chain ends with the class {end}, to which there is an edge")


def check_steps(steps, what, complaints):
    for i, step in enumerate(steps):
        then = steps[(i + 1) % len(steps)]
        if step["wanted"]["key"] != then["held"]["key"]:
            complaints.append(f"{what} {i} wants {step['wanted']['key']}, and the next one holds {then['held']['key']}")


def check_findings(process, complaints):
    known = {}
    for finding in process.all("finding"):
        check_steps(finding.get("edges", []), "edge", complaints)
        check_steps(finding.get("acquisitions", []), "acquisition", complaints)
        if finding["verdict"] == "feasible" and "acquisitions" in finding:
            steps = finding["acquisitions"]
            if len({step["thread"]["id"] for step in steps}) != len(steps):
                complaints.append("a feasible circle has two acquisitions by one thread")
        if finding["kind"] == "circular" and "before" not in finding:
            new = finding["edges"][0]
            if new["thread"]["id"] == finding["thread"]["id"] and \
                    new["held"]["instance"] not in [lock["instance"] for lock in finding["held"]]:
                complaints.append("the thread of a finding does not hold what the new edge is from")
        if "before" in finding and finding["fingerprint"] not in known:
            complaints.append("a finding was upgraded that was never made")
        elif "before" in finding and known[finding["fingerprint"]] != finding.get("suppressed"):
            complaints.append("a finding that was upgraded was not suppressed as it is now")
        if "suppressed" in finding and finding["counts"]:
            complaints.append("a finding is suppressed, and counts")
        known[finding["fingerprint"]] = finding.get("suppressed")
        if finding["kind"] == "deadlock" and "stuck" not in finding and "edges" not in finding:
            complaints.append("a deadlock without threads that are stuck")
    for end in process.all("end"):
        made = [finding for finding in process.all("finding") if "before" not in finding]
        if len(made) != end["findings"]:
            complaints.append(f"{len(made)} findings are there, and {end['findings']} were counted")
        suppressed = sum("suppressed" in finding for finding in made)
        if suppressed != end["suppressed"]:
            complaints.append(f"{suppressed} findings are suppressed, and {end['suppressed']} were counted so")
        if end["lost"] != 0:
            complaints.append(f"{end['lost']} lines were lost")


def check(data, complaints, torn=False):
    """Everything that holds for each record. Returns the processes, in the order of their first lines."""
    processes = list(parse(data, complaints, torn).values())
    for process in processes:
        for what, most in (("meta", 1), ("end", 1)):
            if len(process.all(what)) > most:
                complaints.append(f"process {process.pid} has {len(process.all(what))} lines of the kind {what}")
        if not process.all("meta"):
            complaints.append(f"process {process.pid} has no meta")
            continue
        check_references(process, complaints)
        check_uses(process, complaints)
        check_edges(process, complaints)
        check_chains(process, complaints)
        check_findings(process, complaints)
    return processes
