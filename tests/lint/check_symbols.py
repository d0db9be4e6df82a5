#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the library exports: the hooks of symbols.def, unversioned, and the calls of lockval.h, versioned; nothing else.

A hook inside a named version node links, looks right and is never called (liblockval/meson.build says why). A hook that
libc does not export is a slip of the pen. A lock function that libc exports and that is no hook is a lock that goes
unseen, unless EXCEPTIONS says why that is right; so a new libc is noticed.

Usage: check_symbols.py LIBRARY.so symbols.def lockval.h LIBC.so PROCESSOR
       check_symbols.py --self-test
"""

import pathlib
import re
import sys

import lint

PUBLIC_VERSION = "LOCKVAL_0.1"

# The families of libc that take, release, wait for, make or destroy locks, that install signal handlers or change or wait
# under a signal mask, and that jump out of a handler.
FAMILIES = re.compile(
    r"^(__)?(pthread_(mutex|rwlock|spin|cond)|mtx|cnd)_\w+$"
    r"|^(__|__libc_)?(bsd_|sysv_|s)?signal$"
    r"|^(__|__xpg_|__libc_)?sig(action|set|ignore|interrupt|vec|procmask|suspend|pause|block|setmask|hold|relse|stack)$"
    r"|^pthread_(attr_setsigmask_np|sigmask)$"
    r"|^(__|__libc_|_|sig)*longjmp(_chk)?$")

# function of a family that is no hook: the reason
MASK = "changes the signal mask, which nothing reads until the order of locks is judged by context"
OLD_ALIAS = "an alias of the first pthread libraries; no header declares it and no compiler makes calls to it"
EXCEPTIONS = {
    "pthread_mutex_getprioceiling": "only reads",
    "pthread_mutex_setprioceiling": "takes and releases the mutex inside one call: nothing is held across it",
    "pthread_mutex_consistent": "makes the state whole again; the mutex stays held",
    "pthread_mutex_consistent_np": "the old name of pthread_mutex_consistent",
    "pthread_cond_signal": "neither waits nor holds",
    "pthread_cond_broadcast": "neither waits nor holds",
    "pthread_cond_init": "a condition variable is no lock",
    "pthread_cond_destroy": "a condition variable is no lock",
    "cnd_signal": "neither waits nor holds",
    "cnd_broadcast": "neither waits nor holds",
    "cnd_init": "a condition variable is no lock",
    "cnd_destroy": "a condition variable is no lock",
    "sigignore": "takes a handler away; the kernel knows",
    "siginterrupt": "changes a flag of what is installed, and leaves the handler",
    "sigvec": "for binaries of before 2014; what it installs is not known, and works",
    "sigstack": "an alternate stack; the trampolines run on whatever stack there is",
    "__libc_sigaction": "libc's own, private to it",
    "sigprocmask": MASK,
    "pthread_sigmask": MASK,
    "pthread_attr_setsigmask_np": MASK,
    "sigsuspend": MASK,
    "__sigsuspend": MASK,
    "sigpause": MASK,
    "__sigpause": MASK,
    "__xpg_sigpause": MASK,
    "sigblock": MASK,
    "sigsetmask": MASK,
    "sighold": MASK,
    "sigrelse": MASK,
    "__pthread_mutex_init": OLD_ALIAS,
    "__pthread_mutex_destroy": OLD_ALIAS,
    "__pthread_mutex_lock": OLD_ALIAS,
    "__pthread_mutex_trylock": OLD_ALIAS,
    "__pthread_mutex_unlock": OLD_ALIAS,
    "__pthread_rwlock_init": OLD_ALIAS,
    "__pthread_rwlock_destroy": OLD_ALIAS,
    "__pthread_rwlock_rdlock": OLD_ALIAS,
    "__pthread_rwlock_wrlock": OLD_ALIAS,
    "__pthread_rwlock_tryrdlock": OLD_ALIAS,
    "__pthread_rwlock_trywrlock": OLD_ALIAS,
    "__pthread_rwlock_unlock": OLD_ALIAS,
}

HOOK = re.compile(r"^\s*LV_HOOK\w*\s*\(", re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
PUBLIC = re.compile(r"^LOCKVAL_API\b[^;(]*?\b(lockval_\w+)\s*\(", re.MULTILINE)
VERSION = re.compile(r"GLIBC_[0-9.]+")


def arguments_of(text, start):
    """The arguments of a macro call whose opening bracket ends at @start; commas inside brackets do not count."""
    found, depth, at = [""], 0, start
    while at < len(text) and (depth or text[at] != ")"):
        char = text[at]
        depth += (char in "([{") - (char in ")]}")
        if char == "," and not depth:
            found.append("")
        else:
            found[-1] += char
        at += 1
    return [item.strip() for item in found]


def hooks_of(text):
    """{name: version of libc's symbol, or ""} from symbols.def."""
    text = COMMENT.sub(" ", text)
    hooks = {}
    for match in HOOK.finditer(text):
        items = arguments_of(text, match.end())
        version = VERSION.search(items[-1])
        hooks[items[1]] = version.group(0) if version else ""
    return hooks


def public_of(text):
    """The calls that lockval.h declares."""
    return set(PUBLIC.findall(COMMENT.sub(" ", text)))


def defined(symbols):
    """The functions and objects that a library exports."""
    return [symbol for symbol in symbols
            if symbol.section != "UND" and symbol.bind in ("GLOBAL", "WEAK") and symbol.name
            and not (symbol.section == "ABS" and symbol.name.startswith("LOCKVAL_"))]


def check_exports(exports, hooks, public, complaints):
    """The library's own symbols."""
    names = {symbol.name for symbol in exports}
    for symbol in exports:
        if symbol.name in hooks:
            if symbol.version:
                complaints.add(symbol.name, f"the hook has the version {symbol.version} and will never be called")
        elif symbol.name in public:
            if symbol.version != PUBLIC_VERSION:
                complaints.add(symbol.name, f"has the version '{symbol.version}', not {PUBLIC_VERSION}")
        else:
            complaints.add(symbol.name, "is exported, but is neither a hook nor a call of lockval.h")
    for name in sorted(set(hooks) - names):
        complaints.add(name, "is in symbols.def, but the library does not export it")
    for name in sorted(public - names):
        complaints.add(name, "is in lockval.h, but the library does not export it")


def check_libc(exports, hooks, check_versions, complaints):
    """The hooks against what libc has."""
    versions = {}
    for symbol in exports:
        versions.setdefault(symbol.name, set()).add(symbol.version)
    for name, version in sorted(hooks.items()):
        if name not in versions:
            complaints.add(name, "is in symbols.def, but libc does not export it")
        elif check_versions and version and version not in versions[name]:
            complaints.add(name, f"libc has it as {sorted(versions[name])}, not as {version}")
    for name in sorted(versions):
        if FAMILIES.match(name) and name not in hooks and name not in EXCEPTIONS:
            complaints.add(name, "libc exports this lock function; make it a hook, or say in EXCEPTIONS why not")
    for name in sorted(EXCEPTIONS):
        if name in hooks:
            complaints.add(name, "is a hook and in EXCEPTIONS")


def self_test():
    test = lint.SelfTest()

    def symbol(name, version="", section=".text"):
        return lint.Symbol(name, "GLOBAL", "FUNC", "DEFAULT", section, version)

    def case(title, wanted, check, *material):
        complaints = lint.Complaints()
        check(*material, complaints)
        test.expect(title, complaints, wanted)

    table = """/* LV_HOOK(int, no_hook, (void), 0) */
        LV_HOOK(int, mtx_lock, (mtx_t *m, int (*f)(int, int)), 0)
        LV_HOOK(int, cnd_wait, (cnd_t *c,
                                mtx_t *m), "GLIBC_2.28")
        """
    hooks = hooks_of(table)
    header = "LOCKVAL_API void lockval_a(int x);\n/* LOCKVAL_API void lockval_no(void); */\nLOCKVAL_API lv lockval_b(int);\n"
    public = public_of(header)
    test.count += 2
    if hooks != {"mtx_lock": "", "cnd_wait": "GLIBC_2.28"}:
        test.failed += 1
        print("self-test: symbols.def read as", hooks)
    if public != {"lockval_a", "lockval_b"}:
        test.failed += 1
        print("self-test: lockval.h read as", public)

    ours = [symbol("mtx_lock"), symbol("cnd_wait"), symbol("lockval_a", PUBLIC_VERSION), symbol("lockval_b", PUBLIC_VERSION)]
    case("clean exports", None, check_exports, ours, hooks, public)
    case("versioned hook", "never be called", check_exports, [*ours[1:], symbol("mtx_lock", PUBLIC_VERSION)], hooks, public)
    case("unversioned call", f"not {PUBLIC_VERSION}", check_exports, [*ours[:3], symbol("lockval_b")], hooks, public)
    case("stray", "neither a hook", check_exports, [*ours, symbol("lv_leaked")], hooks, public)
    case("missing hook", "mtx_lock: is in symbols.def, but the library", check_exports, ours[1:], hooks, public)
    case("missing call", "lockval_b: is in lockval.h", check_exports, ours[:3], hooks, public)

    libc = [symbol("mtx_lock", "GLIBC_2.28"), symbol("cnd_wait", "GLIBC_2.28"), symbol("puts", "GLIBC_2.2.5")]
    case("clean libc", None, check_libc, libc, hooks, True)
    case("unknown to libc", "libc does not export it", check_libc, libc[1:], hooks, True)
    case("other version", "not as GLIBC_2.28", check_libc, [libc[0], symbol("cnd_wait", "GLIBC_2.1")], hooks, True)
    case("version elsewhere", None, check_libc, [libc[0], symbol("cnd_wait", "GLIBC_2.1")], hooks, False)
    case("new in libc", "mtx_newlock: libc exports", check_libc, [*libc, symbol("mtx_newlock", "GLIBC_2.99")], hooks, True)
    case("new way to install a handler", "sigaction: libc exports", check_libc, [*libc, symbol("sigaction", "GLIBC_2.99")], hooks, True)
    case("new way to jump", "__longjmp_chk: libc exports", check_libc, [*libc, symbol("__longjmp_chk", "GLIBC_2.99")], hooks, True)
    case("other names with sig", None, check_libc, [*libc, symbol("sigemptyset", "GLIBC_2.99")], hooks, True)
    case("exception that is a hook", "is a hook and in EXCEPTIONS", check_libc,
         [*libc, symbol("cnd_signal", "GLIBC_2.28")], {**hooks, "cnd_signal": ""}, True)
    return test.finish("check_symbols")


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    if len(arguments) != 5:
        print(__doc__)
        return 2
    library, table, header, libc, processor = arguments
    hooks = hooks_of(pathlib.Path(table).read_text(encoding="utf-8"))
    public = public_of(pathlib.Path(header).read_text(encoding="utf-8"))
    complaints = lint.Complaints()
    check_exports(defined(lint.dynamic_symbols(library)), hooks, public, complaints)
    check_libc(defined(lint.dynamic_symbols(libc)), hooks, processor == "x86_64", complaints)
    return complaints.finish("check_symbols", len(hooks))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
