# SPDX-License-Identifier: MIT
"""Names of places, classes and threads, as the library's reports have them."""

import re

import gdb

from .books import GUARD, KINDS, ORIGIN_INIT, ORIGIN_JOIN, ORIGIN_LOCK

SYMBOL = re.compile(r"^(?P<name>.+?)(?: \+ (?P<offset>\d+))? in section \S+(?: of (?P<file>.*))?$")
GUARD_PREFIX = "guard variable for "
WRAPPER = re.compile(r"(?:std::|__gthread|__glibcxx)")
WRAPPERS_MAX = 12
STANDINGS = {1: "candidate", 2: "event"}  # enum lv_class_standing; a lock is one


def _bare(name):
    """A name of C++ without types and template arguments."""
    kept, depth, at = "", 0, 0
    while at < len(name):
        if name.startswith("(anonymous namespace)", at):
            kept += "(anonymous namespace)" if depth == 0 else ""
            at += len("(anonymous namespace)")
            continue
        depth -= name[at] in ")>"
        kept += name[at] if depth == 0 and name[at] not in "()<>" else ""
        depth += name[at] in "(<"
        at += 1
    return re.sub(r" (?:const|volatile|&|&&)(?=::|$)", "", kept)


def _line(address):
    """File and line of the source; of an inlined function, those of the call in the function that is named."""
    found = gdb.find_pc_line(address)
    outer, block = None, gdb.block_for_pc(address)
    while block is not None and not block.is_static and not block.is_global:
        outer = block if block.function is not None else outer
        block = block.superblock
    if found.symtab is None or outer is None or outer.function.symtab.filename == found.symtab.filename:
        return (found.symtab.filename, found.line) if found.symtab is not None else ("", 0)
    file, best = outer.function.symtab, (0, 0)
    for entry in file.linetable():
        if outer.start <= entry.pc <= address and entry.line and entry.pc >= best[0]:
            best = entry.pc, entry.line
    return file.filename, best[1]


class Names:
    """Of the process of some Books. Names are made when they are first asked for, and kept."""

    def __init__(self, books):
        self.books = books
        self._classes = {}

    # ---- places ----

    @staticmethod
    def symbol(address, is_call=False, demangled=False):
        """(name, offset) of what lies at @address, before it if @is_call; None: it has no name."""
        asked = address - is_call
        shown = gdb.parameter("print demangle"), gdb.parameter("print asm-demangle")
        word = "on" if demangled else "off"
        try:
            gdb.execute("set print demangle %s" % word, to_string=True)
            gdb.execute("set print asm-demangle %s" % word, to_string=True)
            text = gdb.execute("info symbol 0x%x" % asked, to_string=True).splitlines()[0]
        except (gdb.error, IndexError):
            return None
        finally:
            gdb.execute("set print demangle %s" % ("on" if shown[0] else "off"), to_string=True)
            gdb.execute("set print asm-demangle %s" % ("on" if shown[1] else "off"), to_string=True)
        match = SYMBOL.match(text)
        if match is None:
            return None
        name = match.group("name") if demangled else match.group("name").split("@")[0]
        return name, int(match.group("offset") or 0) + is_call

    def _short(self, address, is_call=False, demangled=False):
        """Of a place, and its module's name or None."""
        symbol = self.symbol(address, is_call, demangled)
        module = self.books.memory.module_at(address - is_call)
        if symbol is not None:
            return symbol[0] + ("+0x%x" % symbol[1] if symbol[1] else ""), module[1] if module else None
        if module is not None:
            return "%s+0x%x" % (module[1], address - module[0]), None
        return "0x%x" % address, None

    def place(self, address):
        """Of a call that returns to @address: function, module, line of the source."""
        text, module = self._short(address, True, True)
        text += " (%s)" % module if module else ""
        try:
            file, line = _line(address - 1)
        except (gdb.error, OverflowError, RuntimeError):
            return text
        return text + (" %s:%d" % (file, line) if line else "")

    def caller(self, frames):
        """The place of the first of @frames that is no wrapper of C++'s own around a lock; the first one, if all are."""
        places = []
        for frame in frames[:WRAPPERS_MAX]:
            if frame == 0:
                break
            places.append(self.place(frame))
            if not WRAPPER.match(places[-1]):
                return places[-1]
        return places[0] if places else None

    def variable(self, address):
        """What begins at @address, or None."""
        symbol = self.symbol(address, demangled=True)
        return symbol[0] if symbol is not None and symbol[1] == 0 else None

    # ---- classes ----

    def _class_by_place(self, key):
        origin, kind = key.number("origin"), key.number("kind")
        is_call = origin in (ORIGIN_INIT, ORIGIN_LOCK)
        module, place = key.number("module"), key.number("place")
        prefix = KINDS[kind] + "@" if is_call else "join of " if origin == ORIGIN_JOIN else ""
        if module == 0:
            return prefix + "0x%x" % place
        module = self.books.layout.read("lv_module", module)
        if module is None:
            return "?"
        if module.number("died") != 0:
            name = self.books.memory.text(module.number("name"))
            return prefix + "%s+0x%x" % ((name or "?").rsplit("/", 1)[-1], place)
        address = (module.number("bias") + place) & ((1 << 64) - 1)
        if kind == GUARD:
            symbol = self.symbol(address, demangled=True)
            if symbol is not None and symbol[1] == 0 and symbol[0].startswith(GUARD_PREFIX):
                return "guard@" + _bare(symbol[0][len(GUARD_PREFIX):])
        return prefix + self._short(address, is_call)[0]

    def class_name(self, number):
        """As reports have it."""
        if number in self._classes:
            return self._classes[number]
        found = self.books.class_at(number)
        name = "?"
        if found is not None:
            key = found.part("key", "lv_class_key")
            if key.number("name") != 0:
                name = self.books.memory.text(key.number("name")) or "?"
                name += "#%d" % found.number("version") if found.number("version") > 1 else ""
            else:
                name = self._class_by_place(key)
            name += "/%d" % found.number("subclass") if found.number("subclass") else ""
        self._classes[number] = name
        return name

    @staticmethod
    def usage(found):
        """The four characters of a class: inside a handler or held while one could run, for writing and for reading, of two levels."""
        usage, text = found.number("usage"), ""
        for i in range(4):
            level = usage >> (i // 2 * 4)
            used, enabled = level & (1 << i % 2), level & (4 << i % 2)
            text += ("?" if enabled else "-") if used else ("+" if enabled else ".")
        return "{%s}" % text

    @staticmethod
    def standing(found):
        """A word for what is no lock, or not known to be one."""
        return STANDINGS.get(found.number("standing"))

    # ---- threads ----

    def thread(self, book):
        """A thread that the program gave no name has the program's; it is called by its start function then."""
        if book.start != 0 and book.name[:15] == self.books.program[:15]:
            symbol = self.symbol(book.start)
            if symbol is not None:
                return symbol[0]
        return book.name
