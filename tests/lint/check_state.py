#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Where the library keeps state: every writable object of its object files against an allow-list of places.

State that anybody can reach is state that nobody protects. The core has none: it gets its context and thread as
parameters, so a test makes as many as it likes. What must be global because a hook has no parameter stands here, with the
reason.

Usage: check_state.py LIBRARY.a... | check_state.py --self-test -- COMPILER...
"""

import fnmatch
import sys
import tempfile

import lint

# (source, pattern of the symbol): why it must be global
ALLOWED = {
    ("process/self.c", "*"): "the one validator of the process, and the calling thread's state",
    ("process/real.c", "*"): "the real functions behind the hooks",
    ("process/objects.c", "*"): "what was found out about libc's objects at start",
    ("process/guards.c", "found"): "the C++ runtime's functions, which may come into the process after the start",
    ("process/guards.c", "asked"): "whether the constructor has looked for them",
    ("process/guards.c", "chosen"): "which of them the process keeps to",
    ("interpose/once.c", "innermost"): "the call that libc answers by calling our routine, which has no parameter",
    ("process/signals.c", "pairs"): "the handlers behind the trampolines: the kernel calls a trampoline with no parameter of ours",
    ("process/signals.c", "told*"): "what the validator was told is installed: the kernel has it for the whole process",
    ("process/dump.c", "lv_dump_signals"): "which signals list all threads: a handler has no parameter of ours",
    ("process/dump.c", "said_*"): "what the program said of signals that a function of ours stands for: the kernel has the rest",
    ("process/jumps.c", "targets_known"): "what was found out about libc's jump buffers",
    ("sys/unwind.c", "live_end"): "libunwind asks for memory in a callback that has no parameter of ours; the thread's own",
    ("sys/unwind.c", "unwinder"): "what was found out about libunwind, of which a process has one",
    ("*", "DW.ref.*"): "the compiler's own reference to the unwinder; nobody writes it",
}

WRITABLE = (".data", ".bss", ".tdata", ".tbss", "COM")
READ_ONLY = (".data.rel.ro",)


def is_writable(section):
    return section.startswith(WRITABLE) and not section.startswith(READ_ONLY)


def check_objects(objects, complaints):
    """Returns how many objects were looked at."""
    for member, symbols in sorted(objects.items()):
        source = lint.source_of(member)
        for symbol in symbols:
            if symbol.type not in ("OBJECT", "TLS") or not is_writable(symbol.section):
                continue
            if not any(fnmatch.fnmatchcase(source, place) and fnmatch.fnmatchcase(symbol.name, pattern) for place, pattern in ALLOWED):
                complaints.add(source, f"{symbol.name} is mutable state of the whole process ({symbol.section})")
    return len(objects)


def self_test(compiler):
    test = lint.SelfTest()

    def case(title, name, text, wanted):
        with tempfile.TemporaryDirectory() as folder:
            archive = lint.compile_objects(compiler, folder, {name: text})
            complaints = lint.Complaints()
            check_objects(lint.object_symbols(archive), complaints)
            test.expect(title, complaints, wanted)

    use = "int f(void); int f(void) { return ++x; }\n"
    case("constants", "base_a.c", 'const int x = 1; const char *const y[] = { "a" }; int f(void) { return x; }\n', None)
    case("bss", "base_a.c", "int x;" + use, "base/a.c: x is mutable")
    case("data", "base_a.c", "int x = 1;" + use, "x is mutable")
    case("pointers that are not const", "base_a.c", 'const char *x[] = { "a" }; int f(void) { return 0; }\n', "x is mutable")
    case("local", "base_a.c", "static int x = 1;" + use, "x is mutable")
    case("local to a function", "base_a.c", "int f(void); int f(void) { static int x; return ++x; }\n", "is mutable")
    case("common", "base_a.c", "int x __attribute__((common));" + use, "x is mutable")
    case("thread-local", "base_a.c", "static _Thread_local int x;" + use, "x is mutable")
    case("allowed place", "process_self.c", "int x;" + use, None)
    return test.finish("check_state")


def main(arguments):
    if arguments[:2] == ["--self-test", "--"] and len(arguments) > 2:
        return self_test(arguments[2:])
    if not arguments:
        print(__doc__)
        return 2
    complaints = lint.Complaints()
    count = sum(check_objects(lint.object_symbols(library), complaints) for library in arguments)
    return complaints.finish("check_state", count)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
