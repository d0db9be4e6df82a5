# SPDX-License-Identifier: MIT
"""What a SARIF 2.1.0 log must be, as far as lockval writes it: members that exist, of the right form, that agree with each other."""

import re
import urllib.parse

# object: {member: what it must be}. A type, a set of words, another object, or a list of one of these.
SHAPES = {
    "log": {"$schema": str, "version": {"2.1.0"}, "runs": ["run"]},
    "run": {"tool": "tool", "invocations": ["invocation"], "results": ["result"], "columnKind": {"utf16CodeUnits", "unicodeCodePoints"},
            "automationDetails": "details", "originalUriBaseIds": dict},
    "details": {"id": str},
    "tool": {"driver": "driver"},
    "driver": {"name": str, "version": str, "semanticVersion": str, "rules": ["rule"]},
    "rule": {"id": str, "name": str, "shortDescription": "message", "fullDescription": "message", "help": "message",
             "defaultConfiguration": "configuration", "properties": dict},
    "configuration": {"level": {"error", "warning", "note", "none"}},
    "message": {"text": str},
    "invocation": {"executionSuccessful": bool, "arguments": [str], "processId": int, "executableLocation": "artifactLocation",
                   "exitCode": int, "startTimeUtc": str},
    "result": {"ruleId": str, "ruleIndex": int, "level": {"error", "warning", "note", "none"}, "message": "message",
               "locations": ["location"], "relatedLocations": ["location"], "partialFingerprints": dict, "occurrenceCount": int,
               "properties": dict, "stacks": ["stack"], "codeFlows": ["codeFlow"], "suppressions": ["suppression"]},
    "suppression": {"kind": {"inSource", "external"}, "justification": str, "location": "location"},
    "location": {"id": int, "physicalLocation": "physicalLocation", "logicalLocations": ["logicalLocation"], "message": "message"},
    "physicalLocation": {"artifactLocation": "artifactLocation", "region": "region", "address": "address"},
    "artifactLocation": {"uri": str, "uriBaseId": str},
    "region": {"startLine": int, "startColumn": int},
    "address": {"relativeAddress": int, "absoluteAddress": int},
    "logicalLocation": {"fullyQualifiedName": str, "kind": str},
    "stack": {"message": "message", "frames": ["frame"]},
    "frame": {"location": "location", "module": str},
    "codeFlow": {"message": "message", "threadFlows": ["threadFlow"]},
    "threadFlow": {"id": str, "message": "message", "locations": ["flowLocation"]},
    "flowLocation": {"location": "location", "executionOrder": int, "importance": {"important", "essential", "unimportant"}},
}
REQUIRED = {
    "log": {"$schema", "version", "runs"}, "run": {"tool", "results"}, "tool": {"driver"}, "driver": {"name", "version", "rules"},
    "rule": {"id", "name", "shortDescription", "help", "defaultConfiguration"}, "message": {"text"}, "invocation": {"executionSuccessful"},
    "result": {"ruleId", "level", "message", "locations", "relatedLocations", "partialFingerprints"}, "stack": {"frames"},
    "frame": {"location"}, "codeFlow": {"threadFlows"}, "threadFlow": {"locations"}, "flowLocation": {"location", "executionOrder"},
    "artifactLocation": {"uri"}, "suppression": {"kind"},
}
LINK = re.compile(r"(?<!\\)\[((?:[^\[\]\\]|\\.)*)\]\((\d+)\)")


def walk(value, shape, path, wrong):
    if isinstance(shape, list):
        if not isinstance(value, list):
            wrong.append(f"{path}: no list")
            return
        for number, item in enumerate(value):
            walk(item, shape[0], f"{path}[{number}]", wrong)
    elif isinstance(shape, set):
        if value not in shape:
            wrong.append(f"{path}: {value!r}")
    elif isinstance(shape, str):
        for member in REQUIRED.get(shape, set()) - set(value):
            wrong.append(f"{path}: no {member}")
        for member, item in value.items():
            if member in SHAPES[shape]:
                walk(item, SHAPES[shape][member], f"{path}.{member}", wrong)
            else:
                wrong.append(f"{path}: a {shape} has no {member}")
    elif not isinstance(value, shape) or (shape is int and isinstance(value, bool)):
        wrong.append(f"{path}: {value!r} is no {shape.__name__}")


def all_of(value, member):
    """Every value of that member, however deep."""
    if isinstance(value, list):
        for item in value:
            yield from all_of(item, member)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name == member:
                yield item
            yield from all_of(item, member)


def check_result(result, rules, wrong):
    index = result.get("ruleIndex", -1)
    if not 0 <= index < len(rules) or rules[index]["id"] != result["ruleId"]:
        wrong.append(f"{result['ruleId']} is not the rule {index}")
    ids = [location.get("id") for location in result["relatedLocations"]]
    if ids != list(range(1, len(ids) + 1)):
        wrong.append(f"numbers of the related locations: {ids}")
    links = [int(number) for _, number in LINK.findall(result["message"]["text"])]
    if links != ids:
        wrong.append(f"links {links} to locations {ids}: {result['message']['text']}")
    stacks = result.get("stacks", [])
    if any(stack in stacks[:number] for number, stack in enumerate(stacks)):
        wrong.append("a stack twice")
    for flow in result.get("codeFlows", []):
        moments = [step["executionOrder"] for thread in flow["threadFlows"] for step in thread["locations"]]
        if sorted(moments) != list(range(1, len(moments) + 1)):
            wrong.append(f"moments {moments}")
        if not all(thread["locations"] for thread in flow["threadFlows"]):
            wrong.append("a thread without steps")
        for thread in flow["threadFlows"]:
            order = [step["executionOrder"] for step in thread["locations"]]
            if order != sorted(order):
                wrong.append(f"a thread goes back in time: {order}")
    if len(result["locations"]) != 1:
        wrong.append("a result has one location")


def complaints(log):
    """What is wrong with a log, a list of texts."""
    wrong = []
    walk(log, "log", "log", wrong)
    if wrong:
        return wrong
    for run in log["runs"]:
        for result in run["results"]:
            check_result(result, run["tool"]["driver"]["rules"], wrong)
        prints = [result["partialFingerprints"].get("lockval/v1") for result in run["results"]]
        if len(set(prints)) != len(prints):
            wrong.append(f"a fingerprint twice: {prints}")
        for place in all_of(run, "artifactLocation"):
            uri = place["uri"]
            if not re.fullmatch(r"[A-Za-z0-9/\-._~+@%:]+", uri) or re.search("%(?![0-9A-F]{2})", uri):
                wrong.append(f"no URI: {uri}")
            if "uriBaseId" in place and place["uriBaseId"] not in run.get("originalUriBaseIds", {}):
                wrong.append(f"no base {place['uriBaseId']}")
            if "uriBaseId" in place and urllib.parse.urlparse(uri).scheme:
                wrong.append(f"relative, with a scheme: {uri}")
        for place in all_of(run, "physicalLocation"):
            if not set(place) & {"artifactLocation", "address"}:
                wrong.append("a place that is nowhere")
        for region in all_of(run, "region"):
            if region["startLine"] < 1:
                wrong.append(f"line {region['startLine']}")
    return wrong
