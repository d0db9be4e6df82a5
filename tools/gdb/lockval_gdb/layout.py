# SPDX-License-Identifier: MIT
"""Where the library's fields lie, by what its anchor says (liblockval/engine/anchor.h; ADR 0034).

A note in the library's file, which is in memory too, leads to the anchor. This is not built with the library, so it takes every
place from there by its name. If one is missing, has a size that cannot be, or comes to mean something else (LV_ANCHOR_MEANING), that
is said, and nothing is read: another build's memory is never guessed at.
"""

import re
import struct

import gdb

from .memory import Trouble, printable

NOTE = b"lockval\0"
NOTE_TYPE = 1
MAGIC = 0x726F68636E61766C
MEANING = 1
HEAD = 48  # bytes of the anchor before its names
NAMES_MAX, LAYOUT_MAX = 65536, 4096
STRUCT_MAX = 1 << 24

# What is read: the structs, each with its fields. A number is the size that the field has to have.
STRUCTS = {
    "lv_context": {"secret": 16, "inside": 0, "state": 4, "modules": 0, "classes": 0, "stacks": 0, "thread_infos": 0,
                   "instances": 0, "program": 8, "threads": 8},
    "lv_thread": {"guard": 4, "off": 4, "depth": 4, "capacity": 4, "held": 8, "info": 4, "tid": 4, "pending": 0, "blocked_on": 0,
                  "used": 1, "next": 8},
    "lv_held": {"address": 8, "class": 4, "uid": 4, "stack": 4, "again": 4, "mode": 1, "flags": 1, "kind": 1, "level": 1},
    "lv_acquisition": {"address": 8, "class": 4, "uid": 4, "stack": 4, "kind": 1, "mode": 1, "flags": 1},
    "lv_blocked": {"wait": 4, "timed": 1, "shared": 1, "since": 8, "wanted": 0, "with": 0, "life": 8, "life_uid": 8},
    "lv_held_record": {"address": 8, "class": 4, "uid": 4, "stack": 4, "mode": 1, "flags": 1, "level": 1},
    "lv_life": {"uid": 8, "t": 8, "about": 0},
    "lv_thread_info": {"tid": 4, "start": 8, "name": 0},
    "lv_class": {"id": 4, "subclass": 1, "usage": 1, "instances": 4, "standing": 1, "key": 0, "version": 4, "zapped": 1},
    "lv_class_key": {"origin": 4, "kind": 4, "module": 8, "place": 8, "name": 8},
    "lv_classes": {"all": 0},
    "lv_stacks": {"all": 0},
    "lv_vec": {"elem_size": 4, "count": 4, "chunk": 0},
    "lv_modules": {"head": 8},
    "lv_module": {"start": 8, "end": 8, "bias": 8, "name": 8, "born": 4, "died": 4, "next": 8},
    "lv_stack": {"count": 4, "has_born": 1, "frames": 0},
    "lv_inside": {"word": 2, "seal": 2},
    "lv_instance": {"address": 8, "word": 8},
}
VALUES = ("LV_VEC_CHUNKS", "LV_VEC_FIRST_BITS", "LV_PENDING", "LV_KIND__COUNT", "LV_MODE__COUNT", "LV_IDENTITY_CLASS_BITS")
EXPECTED = {"LV_KIND__COUNT": 9, "LV_MODE__COUNT": 3}  # as many as there are names for


class Record:
    """A struct of the library's: a copy."""

    def __init__(self, layout, name, data, start=0):
        self.layout, self.name, self.data, self.start = layout, name, data, start

    def number(self, field):
        """Of a field, or a bool as 0 or more."""
        offset, size = self.layout.fields[self.name][field]
        at = self.start + offset
        return int.from_bytes(self.data[at:at + size], self.layout.order)

    def byte(self, field, distance):
        """The byte @distance behind the field."""
        at = self.start + self.layout.fields[self.name][field][0] + distance
        return int.from_bytes(self.data[at:at + 1], self.layout.order)

    def bytes(self, field):
        """Of a field that is an array."""
        offset, size = self.layout.fields[self.name][field]
        return self.data[self.start + offset:self.start + offset + size]

    def part(self, field, name, index=0):
        """The struct @name in a field, or in its array."""
        start = self.start + self.layout.fields[self.name][field][0] + index * self.layout.sizes[name]
        return Record(self.layout, name, self.data, start)


class Layout:
    """Of one library; .context is where its validator lies."""

    def __init__(self, memory, at):
        self.memory, self.order = memory, memory.order
        mark = "<" if self.order == "little" else ">"
        head = memory.read(at, HEAD)
        if head is None:
            raise Trouble("what liblockval has in memory cannot be read")
        magic, version, count, names_size, self.context = struct.unpack(mark + "Q24sIIQ", head)
        if magic != MAGIC:
            raise Trouble("what liblockval has in memory makes no sense")
        self.version = printable(version)
        self.sizes, self.fields, self.values = {}, {}, {}
        if names_size > NAMES_MAX or count > LAYOUT_MAX:
            self._refuse("its books have another form")
        names = memory.read(at + HEAD, names_size)
        numbers = memory.read(at + HEAD + names_size, 8 * count)
        if names is None or numbers is None:
            raise Trouble("what liblockval has in memory cannot be read")
        names = names.split(b"\0", 1)[0].decode("ascii", "replace").split("\n")[:-1]
        if len(names) != count:
            self._refuse("its books have another form")
        self._take(dict(zip(names, struct.unpack("%s%dQ" % (mark, count), numbers))))

    def _refuse(self, why):
        raise Trouble("the liblockval of this process is another build (%s), which these commands cannot read: %s"
                      % (self.version, why))

    def _take(self, places):
        if places.get("LV_ANCHOR_MEANING") != MEANING:
            self._refuse("its books mean something else")
        for name in VALUES:
            self.values[name] = places.get(name, 0)
            if not 0 < self.values[name] <= 64 or self.values[name] != EXPECTED.get(name, self.values[name]):
                self._refuse("%s is %d there" % (name, self.values[name]))
        for name, fields in STRUCTS.items():
            size = places.get(name, 0)
            self.sizes[name], self.fields[name] = size, {}
            if not 0 < size <= STRUCT_MAX:
                self._refuse("it has no struct %s" % name)
            for field, wanted in fields.items():
                place = places.get("%s.%s" % (name, field))
                # Of an array without a size of its own only the place is there.
                offset, length = (place or 0, 0) if (name, field) == ("lv_stack", "frames") else divmod_place(place or 0)
                if place is None or offset + length > size or (wanted and length != wanted):
                    self._refuse("%s.%s is not where it could be" % (name, field))
                self.fields[name][field] = offset, length

    def read(self, name, address):
        """The struct @name at @address, or None."""
        data = self.memory.read(address, self.sizes[name]) if address else None
        return None if data is None else Record(self, name, data)


def divmod_place(place):
    """Offset and size of a field."""
    return place >> 32, place & 0xFFFFFFFF


# ---- the way to the anchor ----


def _in_notes(notes, address, order):
    """Where the note in @notes, which lie at @address, says that the anchor is; None: there is none."""
    at = 0
    while len(notes) - at >= 12:
        name_size, text_size, kind = (int.from_bytes(notes[at + i:at + i + 4], order) for i in (0, 4, 8))
        name = at + 12
        text = name + (name_size + 3) // 4 * 4
        if text + text_size > len(notes):
            return None
        if kind == NOTE_TYPE and notes[name:name + name_size] == NOTE and text_size == 4:
            return address + text + int.from_bytes(notes[text:text + 4], order, signed=True)
        at = text + (text_size + 3) // 4 * 4
    return None


def _in_module(memory, start):
    """The same of the file that is mapped at @start, by its headers in memory."""
    header = memory.read(start, 64)
    if header is None or header[:5] != b"\x7fELF\x02":
        return None
    mark = "<" if memory.order == "little" else ">"
    place, = struct.unpack_from(mark + "Q", header, 32)
    size, count = struct.unpack_from(mark + "HH", header, 54)
    table = memory.read(start + place, size * count) if size == 56 and count <= 64 else None
    if table is None:
        return None
    segments = [struct.unpack_from(mark + "IIQQQQQQ", table, i * size) for i in range(count)]
    bias = next((start - (segment[3] - segment[2]) for segment in segments if segment[0] == 1), start)
    for kind, _, _, address, _, _, length, _ in segments:
        notes = memory.read(bias + address, length) if kind == 4 and length <= 65536 and bias + address >= 0 else None
        found = _in_notes(notes, bias + address, memory.order) if notes else None
        if found is not None:
            return found
    return None


def _in_sections(memory):
    """The same of what gdb knows of the files' sections: a core may lack their headers."""
    try:
        lines = gdb.execute("info files", to_string=True).splitlines()
    except gdb.error:
        return None
    for line in lines:
        match = re.match(r"\s*0x([0-9a-f]+) - 0x([0-9a-f]+) is \.note\.lockval\b", line)
        if match:
            start, end = (int(part, 16) for part in match.groups())
            notes = memory.read(start, min(end - start, 65536)) if end > start else None
            found = _in_notes(notes, start, memory.order) if notes else None
            if found is not None:
                return found
    return None


_known = {}  # number of an inferior -> (its process, where its anchor is)


def find(memory):
    """The Layout of the selected inferior's library."""
    inferior = memory.inferior
    process, at = _known.get(inferior.num, (None, None))
    if process != inferior.pid or memory.number(at) != MAGIC:
        at = next((found for start, _, offset, _ in memory.maps() if offset == 0
                   for found in [_in_module(memory, start)] if found is not None and memory.number(found) == MAGIC), None)
        if at is None:
            at = _in_sections(memory)
        if at is None:
            raise Trouble("this process does not have liblockval: nothing is known of its locks")
        _known[inferior.num] = inferior.pid, at
    return Layout(memory, at)
