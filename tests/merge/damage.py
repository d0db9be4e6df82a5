# SPDX-License-Identifier: MIT
"""Records as they should not be, or seldom are: each function takes the lines of one and returns others."""

import json


def each(lines, change):
    """The lines, changed in place by @change, which may return False for what is to be left out."""
    made = []
    for text in lines:
        line = json.loads(text)
        if change(line) is not False:
            made.append(json.dumps(line, separators=(",", ":")))
    return made


def lose(rng, lines):
    """Some lines are lost: what refers to them has nothing to refer to."""
    return lines[:1] + [line for line in lines[1:] if rng.random() > .12]


def meet(rng, lines):
    """Few places, known by many names, and acquisitions of the same shape everywhere: most of the witnesses are kept by nobody."""
    def change(line):
        if line["t"] == "module":
            line["path"] = f"/build{rng.randrange(5)}{line['path']}"
            line["name"] = rng.choice("abc")
        elif line["t"] == "stack":
            line["frames"] = [{**frame, "offset": hex(rng.randrange(1, 3)), "name": rng.choice(["", "f+0x1", "g+0x2"])} for frame in line["frames"] if rng.random() < .8]
        elif line["t"] == "witness":
            line["held"], line["left_out"] = line["held"][:1], False
            for lock in (line["wanted"], line["held"][0]):
                lock["mode"], lock["flags"] = "write", []
    return each(lines, change)


def share(rng, lines):
    """Several classes have one key, and which lock it was is not known."""
    same = {}

    def change(line):
        if line["t"] == "class" and same.setdefault(line["id"], rng.random() < .4):
            line["key"] = "lock:00112233445566778899aabbccddeeff00112233+0x1"
        elif line["t"] == "witness":
            for lock in (line["wanted"], *line["held"]):
                lock["instance"] *= rng.randrange(2)
    return each(lines, change)


def grow(rng, lines):
    """Classes of subclasses, uses in contexts, chains, many stable keys."""
    head = {name: json.loads(lines[0])[name] for name in ("pid", "run")}
    classes = [line for line in map(json.loads, lines) if line["t"] == "class"]
    lock = {"instance": 1, "address": "0x7000", "mode": "write", "flags": [], "stack": 1, "earlier": False}
    made = list(lines)
    for cls in classes:
        number = cls["id"]
        if rng.random() < .3:
            made.append({"t": "class", **cls, "id": number + 100, "key": cls["key"] + "/1", "stable": cls["stable"] + "/1", "base": number, "subclass": 1})
        if rng.random() < .4:
            made.append({"t": "use", "class": number, "side": rng.choice(["inside", "open"]), "weak": rng.random() < .5,
                         "contexts": [{"name": name, "handler": ""} for name in rng.sample(["signal 10", "signal 12", "softirq"], rng.randrange(1, 3))],
                         "thread": rng.randrange(1, 5), "lock": {**lock, "class": number}, "at": rng.randrange(1, 5)})
        if rng.random() < .4:
            other = rng.choice(classes)["id"]
            made.append({"t": "chain", "id": number, "classes": [other, number], "modes": ["write", "write"], "level": 0, "acquisitions": rng.randrange(9)})
        if rng.random() < .5:
            made.append({"t": "class", **cls, "stable": f"{cls['stable']}#{rng.randrange(40)}"})
    return [line if isinstance(line, str) else json.dumps({**line, **head}, separators=(",", ":")) for line in made]


STRANGE = (0, -1, 1, 1 << 31, 1 << 32, 1 << 53, "", "x", None, True, [], {}, [1], {"a": 1}, 1.5, "0xffffffffffffffff", "-" * 40)


def other_value(rng, value):
    """Something else in place of a part of it."""
    if not isinstance(value, (dict, list)) or not value:
        return rng.choice(STRANGE)
    made = value.copy()
    at = rng.choice(sorted(value)) if isinstance(value, dict) else rng.randrange(len(value))
    if isinstance(value, dict) and rng.random() < .2:
        del made[at]
    elif rng.random() < .5:
        made[at] = other_value(rng, value[at])
    else:
        made[at] = rng.choice(STRANGE)
    return made


def rot(rng, lines):
    """Values of another type or size than they should be, and bytes that are not text. No longer what the format says: not in ALL."""
    made = []
    for line in lines:
        if rng.random() < .12:
            line = json.dumps(other_value(rng, json.loads(line)))
        if rng.random() < .03:
            at = rng.randrange(len(line))
            line = f"{line[:at]}{chr(0xdc00 + rng.randrange(128, 256))}{line[at + 1:]}"
        made.append(line)
    return made


ALL = (lose, meet, share, grow)
