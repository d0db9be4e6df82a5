# SPDX-License-Identifier: MIT
"""What the library has on its books: threads, what they hold and wait for, classes, instances, stacks, modules.

The rules are those of tools/lockval/threads/books.c. Numbers from memory are numbers: lists are walked no further than a bound that
does not come from there, and what is handed out is in range.
"""

from .memory import Trouble, printable

THREADS_MAX = 100000
HELD_MAX = 4096  # held locks of a thread: the youngest
HELD_IN_ALL = 1000000
MODULES_MAX = 2000
FRAMES_MAX = 256
ELEMENTS_MAX = 1 << 22  # of a list that is walked through
BLOCK = 512  # elements that are read at once

DEGRADED, OFF = 1, 2  # enum lv_state
NOT, LOCK, JOIN, COND, SEM, BARRIER, EVENT = range(7)  # enum lv_wait_kind
WRITE, READ, READ_RECURSIVE = range(3)  # enum lv_mode
KINDS = ("mutex", "rwlock", "spinlock", "semaphore", "once", "guard", "file", "map", "event")  # enum lv_kind
MUTEX, RWLOCK, SPIN, GUARD, MAP = 0, 1, 2, 5, 7
ORIGIN_STATIC, ORIGIN_INIT, ORIGIN_LOCK, ORIGIN_NAME, ORIGIN_JOIN = range(5)
TRY, TIMED = 1, 2  # of enum lv_acquire_flag
MERGED = 2  # of enum lv_nested


class Use:
    """A lock as a thread holds it or wants it. .class_id 0: it has none, only an address."""

    def __init__(self, address, class_id=0, uid=0, stack=0, mode=0, flags=0, kind=0, again=0, merged=False):
        self.address, self.class_id, self.uid, self.stack = address, class_id, uid, stack
        self.mode, self.flags, self.kind = mode, flags, kind
        self.again = again  # further times that the holder took it
        self.merged = merged  # it stands for several locks, which it does not name


class BookThread:
    """A thread as the library has it."""

    def __init__(self, address, tid):
        self.address, self.tid = address, tid
        self.name, self.start = "", 0
        self.inside = self.off = False
        self.held, self.left_out = [], 0
        self.taking = None  # what it is about to take, found free, or said that it is about to have
        self.wait, self.timed, self.shared = NOT, False, False
        self.since = 0  # a count of the processor's; 0: it may not wait at all
        self.wanted = self.mutex = None
        self.joined_tid = 0


class Books:
    """Of the library of one Layout."""

    def __init__(self, layout):
        self.layout, self.memory = layout, layout.memory
        self.context = layout.read("lv_context", layout.context)
        if self.context is None:
            raise Trouble("what liblockval has in memory cannot be read")
        self.state = self.context.number("state")
        if self.state == OFF:
            raise Trouble("liblockval does not watch this process: nothing is known of its locks")
        if self.state > OFF:
            raise Trouble("what liblockval has in memory makes no sense")
        self.classes = self.context.part("classes", "lv_classes").part("all", "lv_vec")
        self.stacks = self.context.part("stacks", "lv_stacks").part("all", "lv_vec")
        self.instances = self.context.part("instances", "lv_vec")
        self.program = self.memory.text(self.context.number("program")) or ""

    # ---- elements of a growing array: chunks of 64, 64, 128, 256, ... ----

    def _place(self, vec, index, size):
        """Where element @index is, and how many lie behind one another from it on; (0, 0): nowhere."""
        first = self.layout.values["LV_VEC_FIRST_BITS"]
        shifted = index + (1 << first)
        bits = shifted.bit_length() - 1
        if index == 0 or index >= vec.number("count") or vec.number("elem_size") != size:
            return 0, 0
        if bits - first >= self.layout.values["LV_VEC_CHUNKS"]:
            return 0, 0
        chunks = vec.bytes("chunk")
        at = (bits - first) * 8
        chunk = int.from_bytes(chunks[at:at + 8], self.layout.order)
        if chunk == 0 or at + 8 > len(chunks):
            return 0, 0
        return chunk + (shifted - (1 << bits)) * size, (2 << bits) - shifted

    def element(self, vec, index, name):
        """The struct @name, or None. Number 0 is never one."""
        at, _ = self._place(vec, index, self.layout.sizes[name])
        return self.layout.read(name, at)

    def elements(self, vec, name):
        """All of them that can be read: (number, struct)."""
        size, index = self.layout.sizes[name], 1
        end = min(vec.number("count"), ELEMENTS_MAX)
        while index < end:
            at, count = self._place(vec, index, size)
            count = min(count, end - index, BLOCK)
            data = self.memory.read(at, count * size) if count else None
            if data is None:
                return
            for i in range(count):
                yield index + i, type(vec)(self.layout, name, data, i * size)
            index += count

    def class_at(self, number):
        """The class, checked, or None."""
        found = self.element(self.classes, number, "lv_class")
        return found if found is not None and self.is_class(found, number) else None

    @staticmethod
    def is_class(found, number):
        """Is it the class @number?"""
        key = found.part("key", "lv_class_key")
        return (found.number("id") == number and key.number("origin") <= ORIGIN_JOIN
                and key.number("kind") < len(KINDS))

    def modules(self):
        """Of the list of those that are loaded."""
        at = self.context.part("modules", "lv_modules").number("head")
        for _ in range(MODULES_MAX):
            module = self.layout.read("lv_module", at)
            if module is None:
                return
            yield module
            at = module.number("next")

    def stack(self, number):
        """Frames of a stack, innermost first; 0 for one whose module is not the one that lies there now."""
        at, _ = self._place(self.stacks, number, 8)
        at = self.memory.number(at) if at else None
        head = self.layout.read("lv_stack", at) if at else None
        if head is None:
            return []
        total = head.number("count")
        count, place = min(total, FRAMES_MAX), at + self.layout.fields["lv_stack"]["frames"][0]
        frames = self.memory.read(place, count * 8)
        born = self.memory.read(place + total * 8, count * 4) if head.number("has_born") else b""
        if frames is None or born is None:
            return []
        order = self.layout.order
        frames = [int.from_bytes(frames[i * 8:i * 8 + 8], order) for i in range(count)]
        if born:
            loaded = [(module.number("start"), module.number("end"), module.number("born")) for module in self.modules()]
            born = [int.from_bytes(born[i * 4:i * 4 + 4], order) for i in range(count)]
            frames = [frame if any(start <= frame - 1 < end and number == born[i] for start, end, number in loaded) else 0
                      for i, frame in enumerate(frames)]
        return frames

    # ---- threads ----

    def _nibble(self, byte):
        """The first four bits of a byte, as the compiler lays them out."""
        return byte & 15 if self.layout.order == "little" else byte >> 4

    def _sound(self, use, needs_class=True):
        """Can anything be made of it?"""
        return (use.address != 0 and (use.class_id != 0 or not needs_class) and use.class_id < self.classes.number("count")
                and use.kind < len(KINDS) and use.mode <= READ_RECURSIVE)

    def _use(self, record):
        """Of a struct lv_held_record, lv_held or lv_acquisition."""
        kind = self._nibble(record.byte("level", 1)) if record.name == "lv_held_record" else record.number("kind") & 15
        use = Use(record.number("address"), record.number("class"), record.number("uid"), record.number("stack"),
                  record.number("mode"), record.number("flags"), kind)
        if record.name == "lv_held":
            nested = record.byte("kind", 1)
            use.merged = (nested & 3 if self.layout.order == "little" else nested >> 6) == MERGED
            use.again = record.number("again")
        return use

    def _read_held(self, state, ret):
        depth, at, size = state.number("depth"), state.number("held"), self.layout.sizes["lv_held"]
        skipped = max(depth - HELD_MAX, 0)
        ret.left_out = skipped
        data = self.memory.read(at + skipped * size, (depth - skipped) * size) or b""
        for i in range(len(data) // size):
            use = self._use(type(state)(self.layout, "lv_held", data, i * size))
            if self._sound(use):
                ret.held.append(use)
        record = self.layout.read("lv_held", at + depth * size) if depth < state.number("capacity") else None
        if record is not None:
            use = self._use(record)
            ret.taking = use if self._sound(use) else None

    def _read_pending(self, state, ret):
        """The first annotated lock that the thread said it is about to have; it may be waiting for it by whatever means."""
        for i in range(self.layout.values["LV_PENDING"]):
            use = self._use(state.part("pending", "lv_acquisition", i))
            if ret.taking is None and self._sound(use):
                ret.taking = use

    def _read_joined(self, blocked, ret):
        """Whose end is waited for. Its life may be another thread's by now."""
        life = self.layout.read("lv_life", blocked.number("life"))
        if life is None or life.number("uid") != blocked.number("life_uid"):
            return
        joined = self.layout.read("lv_thread", life.number("t"))
        ret.joined_tid = (joined or life.part("about", "lv_thread_info")).number("tid")

    def _read_wait(self, blocked, ret):
        if not NOT < blocked.number("wait") <= EVENT:
            return
        ret.wait = blocked.number("wait")
        ret.since = blocked.number("since")
        ret.timed, ret.shared = blocked.number("timed") != 0, blocked.number("shared") != 0
        ret.wanted = self._use(blocked.part("wanted", "lv_held_record"))
        if not self._sound(ret.wanted, False):  # it waits for something: at least say where that is
            ret.wanted = Use(ret.wanted.address)
        mutex = self._use(blocked.part("with", "lv_held_record"))
        if ret.wait == COND and self._sound(mutex, False):
            ret.mutex = mutex
        if ret.wait == JOIN:
            self._read_joined(blocked, ret)

    def _read_thread(self, state, address):
        tid = state.number("tid")
        if state.number("used") == 0 or not 0 < tid < 1 << 31:
            return None
        ret = BookThread(address, tid)
        ret.inside, ret.off = state.number("guard") > state.number("off"), state.number("off") != 0
        info = self.element(self.context.part("thread_infos", "lv_vec"), state.number("info"), "lv_thread_info")
        if info is not None:
            ret.name, ret.start = printable(info.bytes("name")), info.number("start")
        self._read_held(state, ret)
        self._read_pending(state, ret)
        self._read_wait(state.part("blocked_on", "lv_blocked"), ret)
        return ret

    def threads(self):
        """All of them, and whether the list could be read to its end."""
        found, held = [], 0
        at, seen = self.context.number("threads"), set()
        while at != 0 and at not in seen and len(seen) < THREADS_MAX and held < HELD_IN_ALL:
            seen.add(at)
            state = self.layout.read("lv_thread", at)
            if state is None:
                break
            thread = self._read_thread(state, at)
            if thread is not None:
                found.append(thread)
                held += len(thread.held)
            at = state.number("next")
        return found, at == 0

    # ---- which lock lies at an address ----

    def _identity(self, word):
        """Class and instance of an identity word."""
        return word & ((1 << self.layout.values["LV_IDENTITY_CLASS_BITS"]) - 1), word >> 32

    def _inside(self, address, kind):
        """The identity inside a lock of @kind; 0: there is none."""
        places = self.context.part("inside", "lv_inside", kind)
        if places.number("seal") == 0:
            return 0
        word = self.memory.number(address + places.number("word"))
        seal = self.memory.number(address + places.number("seal"))
        if not word or seal is None:
            return 0
        flags = word >> self.layout.values["LV_IDENTITY_CLASS_BITS"] & 0xFF
        secret = self.context.bytes("secret")[8 * (flags != 0):][:8]
        return word if seal == address ^ word ^ int.from_bytes(secret, self.layout.order) else 0

    def lock_at(self, address):
        """A Use of the lock at @address that says what it is, or None: the library knows none there."""
        words = [(kind, self._inside(address, kind)) for kind in range(len(KINDS))]
        words += [(None, record.number("word")) for _, record in self.elements(self.instances, "lv_instance")
                  if record.number("address") == address]
        for kind, word in words:
            class_id, uid = self._identity(word)
            found = self.class_at(class_id) if word else None
            if found is not None:
                own = found.part("key", "lv_class_key").number("kind")
                if kind is None or kind == own:
                    return Use(address, class_id, uid, kind=own)
        return None
