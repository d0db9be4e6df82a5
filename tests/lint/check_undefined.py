#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the core may ask of others: the undefined symbols of the core's static library against an allow-list.

The core runs inside hooks of a stranger's process. A malloc, a stdio call, a pthread lock or a getenv there can call
back into the hook, wait for a lock that the program holds, or race with it; so none of them may even be linked.

Usage: check_undefined.py LIBRARY.a PROCESSOR | check_undefined.py --self-test -- COMPILER...
"""

import fnmatch
import sys
import tempfile

import lint

# pattern: why it is safe inside a hook
ALLOWED = {
    **{name: "no state" for name in ("memcpy", "memset", "memcmp", "memmove", "memchr", "strlen", "strnlen", "strcmp",
                                     "strncmp", "strchr", "strrchr", "strcspn")},
    "bcmp": "clang's memcmp that is only compared with 0",
    "_U*_get_accessors": "libunwind's table of functions: read and replaced once, at start",
    "_UL*_local_addr_space": "libunwind's address space of this process",
    "__libc_single_threaded": "read once, at start",
    "unw_backtrace": "libunwind's cached walk: no malloc, no lock of the program",
    "_U*_flush_cache": "libunwind: a counter",
    **{f"_U*_{name}": "libunwind's walk step by step: what the cached walk does for a new frame"
       for name in ("getcontext", "init_local", "step", "get_reg")},
    "_dl_find_object": "lock-free look-up of a module",
    "__errno_location": "the address of errno, to save it",
    "__stack_chk_fail": "the compiler's stack protector",
    "_GLOBAL_OFFSET_TABLE_": "the linker's",
}

# Only where there is no system call of our own (processors other than x86-64).
ALLOWED_ELSEWHERE = {"syscall": "raw system calls"}


def check_objects(objects, processor, complaints):
    """Returns how many objects were looked at."""
    allowed = dict(ALLOWED)
    if processor != "x86_64":
        allowed.update(ALLOWED_ELSEWHERE)
    defined = {symbol.name for symbols in objects.values() for symbol in symbols
               if symbol.section != "UND" and symbol.bind != "LOCAL"}
    for member, symbols in sorted(objects.items()):
        for symbol in symbols:
            name = symbol.name
            if symbol.section != "UND" or not name or name in defined:
                continue
            if not any(fnmatch.fnmatchcase(name, pattern) for pattern in allowed):
                complaints.add(lint.source_of(member), f"calls or reads {name}, which is not on the allow-list")
    return len(objects)


def self_test(compiler):
    test = lint.SelfTest()

    def case(title, sources, wanted):
        with tempfile.TemporaryDirectory() as folder:
            archive = lint.compile_objects(compiler, folder, sources)
            complaints = lint.Complaints()
            check_objects(lint.object_symbols(archive), "x86_64", complaints)
            test.expect(title, complaints, wanted)

    takes = "void *{0}(unsigned long); void *f(void); void *f(void) {{ return {0}(8); }}\n"
    case("own function", {"base_a.c": takes.format("lv_x"), "base_b.c": "void *lv_x(unsigned long n) { return (void *)n; }"},
         None)
    case("strlen", {"base_a.c": takes.format("strlen")}, None)
    case("malloc", {"sys_a.c": takes.format("malloc")}, "sys/a.c: calls or reads malloc")
    case("getenv", {"sys_a.c": takes.format("getenv")}, "getenv")
    case("pthread", {"sys_a.c": takes.format("pthread_self")}, "pthread_self")
    case("printf", {"sys_a.c": takes.format("printf")}, "printf")
    case("strdup", {"sys_a.c": takes.format("strdup")}, "strdup")
    case("syscall", {"sys_a.c": takes.format("syscall")}, "syscall")
    case("dynamic TLS", {"sys_a.c": takes.format("__tls_get_addr")}, "__tls_get_addr")
    return test.finish("check_undefined")


def main(arguments):
    if arguments[:2] == ["--self-test", "--"] and len(arguments) > 2:
        return self_test(arguments[2:])
    if len(arguments) != 2:
        print(__doc__)
        return 2
    complaints = lint.Complaints()
    count = check_objects(lint.object_symbols(arguments[0]), arguments[1], complaints)
    return complaints.finish("check_undefined", count)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
