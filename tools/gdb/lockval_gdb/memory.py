# SPDX-License-Identifier: MIT
"""The memory and the threads of what gdb debugs: a live process or a core. All that is read may be nonsense."""

import locale
import re

import gdb

FUTEX = {"x86-64": 202, "aarch64": 98}  # the number of the system call
SVC = 0xD4000001  # the instruction of aarch64 that makes one
WORD = 8
TEXT_MAX = 511
HIGHEST = (1 << 64) - 1
MAPPING = re.compile(r"^\s*0x([0-9a-f]+)\s+0x([0-9a-f]+)\s+0x[0-9a-f]+\s+0x([0-9a-f]+)\s+(.*)$")


class Trouble(Exception):
    """What stands in the way, in words for the user."""


class Memory:
    """Of the selected inferior."""

    def __init__(self):
        self.inferior = gdb.selected_inferior()
        if not self.inferior.is_valid() or not self.inferior.threads():
            raise Trouble("there is no process and no core")
        if gdb.lookup_type("void").pointer().sizeof != WORD:
            raise Trouble("the program is not one of 64 bits: nothing is known of its locks")
        self.order = "big" if "big endian" in gdb.execute("show endian", to_string=True) else "little"
        self._maps = None

    def read(self, address, size):
        """Bytes, or None if not all of them can be read."""
        if address < 0 or size < 0 or address + size > HIGHEST:
            return None
        if size == 0:
            return b""
        try:
            return bytes(self.inferior.read_memory(address, size))
        except (gdb.error, OverflowError, MemoryError):
            return None

    def number(self, address, size=WORD):
        """A number without a sign, or None."""
        data = self.read(address, size)
        return None if data is None else int.from_bytes(data, self.order)

    def text(self, address):
        """The text at @address, with ? for what is not printable, cut if it is long; None: there is none."""
        if address == 0:
            return None
        data = b""
        while len(data) < TEXT_MAX and b"\0" not in data:
            # Not over the end of a page in one go: the next one may not be there.
            step = min(TEXT_MAX - len(data), 4096 - (address + len(data)) % 4096)
            more = self.read(address + len(data), step)
            if more is None:
                break
            data += more
        return printable(data) if data else None

    def maps(self):
        """Mappings of files: (start, end, offset, path), by address."""
        if self._maps is None:
            try:
                lines = gdb.execute("info proc mappings", to_string=True).splitlines()
            except gdb.error:
                lines = []
            self._maps = []
            for line in lines:
                match = MAPPING.match(line)
                if match:
                    path = re.sub(r"^[r-][w-][x-][ps-]\s+", "", match.group(4))  # newer ones of gdb have rights there
                    if path.startswith("/"):
                        self._maps.append((*(int(part, 16) for part in match.groups()[:3]), path))
            self._maps.sort()
        return self._maps

    def module_at(self, address):
        """Where the file at @address begins in memory, and its name; None: it is none."""
        for _, _, _, path in (entry for entry in self.maps() if entry[0] <= address < entry[1]):
            return min(entry[0] for entry in self.maps() if entry[3] == path), path.rsplit("/", 1)[-1]
        return None


def printable(data):
    """The text that begins in @data, with ? for what is not printable, or what gdb could not write."""
    text = data.split(b"\0", 1)[0].decode("utf-8", "replace")
    text = "".join(c if c.isprintable() else "?" for c in text)
    try:
        charset = gdb.host_charset() if hasattr(gdb, "host_charset") else locale.getpreferredencoding(False)
        return text.encode(charset, "replace").decode(charset)
    except (LookupError, UnicodeError):
        return text.encode("ascii", "replace").decode("ascii")


class Task:
    """A thread as gdb has it."""

    def __init__(self, thread, inner_tid):
        self.thread = thread
        self.number = thread.num
        self.tid = thread.ptid[1] or thread.ptid[2] or thread.ptid[0]
        self.inner_tid = inner_tid  # as the process itself sees it: another one in a container
        self.name = thread.name or ""
        self.running = thread.is_running()
        self.asleep = False  # in a wait for another thread, as all locks but spinlocks have it;
        self.word = 0  # then the address that it sleeps on


def _look(task, memory):
    """Does the thread, which is selected, sleep in a call of futex?"""
    frame = gdb.newest_frame()
    machine = frame.architecture().name()

    def register(name):
        return int(frame.read_register(name)) & HIGHEST

    if machine.startswith("i386:x86-64"):
        task.asleep = register("orig_rax") == FUTEX["x86-64"]
        task.word = register("rdi")
    elif machine.startswith("aarch64"):
        # A call that is begun anew stands before its instruction, one that is over behind it.
        at = register("pc")
        calls = SVC in (memory.number(at, 4), memory.number(at - 4, 4))
        task.asleep = calls and register("x8") == FUTEX["aarch64"]
        task.word = register("x0")


def _inner_tid(tid):
    """The number under which a process of this machine knows its thread."""
    try:
        with open("/proc/%d/status" % tid, encoding="utf-8", errors="replace") as status:
            for line in status:
                if line.startswith("NSpid:"):
                    return int(line.split()[-1])
    except (OSError, ValueError):
        pass
    return tid


def tasks(memory):
    """All threads, by their number in gdb. Which thread and frame are selected stays as it is."""
    connection = getattr(memory.inferior, "connection", None)
    native = connection is not None and connection.type == "native"
    selected = gdb.selected_thread()
    frame = None
    found = []
    try:
        frame = gdb.selected_frame()
    except gdb.error:
        pass
    try:
        for thread in sorted(memory.inferior.threads(), key=lambda thread: thread.num):
            tid = thread.ptid[1]
            task = Task(thread, _inner_tid(tid) if native else tid)
            found.append(task)
            if task.running:
                continue
            try:
                thread.switch()
                _look(task, memory)
            except (gdb.error, ValueError):
                pass  # no registers are known, or none of these names
    finally:
        if selected is not None and selected.is_valid():
            selected.switch()
            if frame is not None and frame.is_valid():
                frame.select()
    return found
