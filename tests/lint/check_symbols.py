#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the library exports: the hooks of symbols.def, unversioned, and the calls of lockval.h, versioned; nothing else.

A hook inside a version node of a name of its own links, looks right and is never called (liblockval/meson.build says why).
But where libc has a function in several versions that are not the same code, one unversioned hook would catch the calls
meant for each of them: such a hook is exported once a version, under libc's own version names. A hook that
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

# The families of libc that take, release, wait for, make or destroy locks, that make and end threads, that install signal
# handlers or change or wait under a signal mask, and that jump out of a handler.
FAMILIES = re.compile(
    r"^((__)?(pthread_(mutex|rwlock|spin|cond|barrier)|mtx|cnd|thrd|sem)_\w+|(__)?pthread_once|call_once"
    r"|pthread_(create|\w*join\w*|detach|exit|\w*cancel\w*|kill|kill_other_threads_np|sigqueue|yield|self|equal)"
    r"|(_IO_)?f(try|un)?lockfile"
    r"|(__|__libc_)?(bsd_|sysv_|s)?signal"
    r"|(__|__xpg_|__libc_)?sig(action|set|ignore|interrupt|vec|procmask|suspend|pause|block|setmask|hold|relse|stack)"
    r"|pthread_(attr_setsigmask_np|sigmask)|(__)?ppoll(_chk)?|pselect|epoll_pwait2?|(get|set|swap|make)context"
    r"|(__|__libc_|_|sig)*longjmp(_chk)?)$")

# function of a family that is no hook: the reason
CANCEL_STATE = "changes when the thread may be cancelled; a wait that is cancelled unwinds through its hook"
ID = "names a thread"
EXCEPTIONS = {
    "pthread_mutex_getprioceiling": "only reads",
    "pthread_mutex_consistent": "makes the state whole again; the mutex stays held",
    "pthread_mutex_consistent_np": "the old name of pthread_mutex_consistent",
    "sem_getvalue": "only reads",
    "sem_unlink": "removes a name; whoever has the semaphore open keeps it",
    "pthread_exit": "a destructor of thread-specific data sees every end of a thread",
    "pthread_setcancelstate": CANCEL_STATE,
    "pthread_setcanceltype": CANCEL_STATE,
    "pthread_testcancel": "a cancellation point that takes nothing",
    "pthread_kill": "sends a signal; nothing is taken or waited for",
    "pthread_kill_other_threads_np": "does nothing",
    "pthread_sigqueue": "sends a signal; nothing is taken or waited for",
    "pthread_yield": "gives up the processor, not a lock",
    "pthread_self": ID,
    "pthread_equal": ID,
    "thrd_current": ID,
    "thrd_equal": ID,
    "thrd_exit": "as pthread_exit",
    "thrd_sleep": "waits for nobody",
    "thrd_yield": "gives up the processor, not a lock",
    "__pthread_register_cancel": CANCEL_STATE,
    "__pthread_unregister_cancel": CANCEL_STATE,
    "__pthread_register_cancel_defer": CANCEL_STATE,
    "__pthread_unregister_cancel_restore": CANCEL_STATE,
    "siginterrupt": "changes a flag of what is installed, and leaves the handler",
    "sigvec": "for binaries of before 2014; what it installs is not known, and works",
    "sigstack": "an alternate stack; the trampolines run on whatever stack there is",
    "__libc_sigaction": "libc's own, private to it",
    "pthread_attr_setsigmask_np": "the mask of a thread to be; each thread looks at its own when it begins",
    "getcontext": "notes the mask and changes nothing",
    "makecontext": "notes a function and changes nothing",
}

HOOK = re.compile(r"^\s*LV_HOOK(\w*)\s*\(", re.MULTILINE)
DIRECTIVE = re.compile(r"^\s*#.*$", re.MULTILINE)
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


class Hooks(dict):
    """{name: version of libc's symbol, or ""} from symbols.def."""

    def __init__(self, *args):
        super().__init__(*args)
        self.old = {}  # name: older versions, of any processor
        self.cxx = set()  # names that are of the C++ runtime
        self.aliases = {}  # another name: name

    def versions_of(self, name, libc):
        """The versions that the library exports @name in; empty: it is exported without one. libc: {name: {version}}."""
        old = self.old.get(name, set()) & libc.get(name, set())
        return old | {self[name]} if old else set()


def hooks_of(text):
    text = DIRECTIVE.sub(" ", COMMENT.sub(" ", text))
    hooks = Hooks()
    for match in HOOK.finditer(text):
        items = arguments_of(text, match.end())
        version = VERSION.search(items[-1])
        if match.group(1) == "_OLD":
            hooks.old.setdefault(items[1], set()).add(version.group(0))
            continue
        hooks[items[1]] = version.group(0) if version else ""
        if match.group(1) == "_CXX":
            hooks.cxx.add(items[1])
        elif match.group(1) == "_ALIAS":
            hooks.aliases[items[1]] = items[0]
    return hooks


def versions_of(exports):
    """{name: {version: address}}"""
    versions = {}
    for symbol in exports:
        versions.setdefault(symbol.name, {})[symbol.version] = symbol.value
    return versions


def public_of(text):
    """The calls that lockval.h declares."""
    return set(PUBLIC.findall(COMMENT.sub(" ", text)))


def defined(symbols):
    """The functions and objects that a library exports."""
    return [symbol for symbol in symbols
            if symbol.section != "UND" and symbol.bind in ("GLOBAL", "WEAK") and symbol.name
            and not (symbol.section == "ABS" and symbol.name.startswith(("LOCKVAL_", "GLIBC_")))]


def check_exports(exports, hooks, public, libc, complaints):
    """The library's own symbols."""
    names = versions_of(exports)
    libc = {name: set(versions) for name, versions in versions_of(libc).items()}
    for symbol in exports:
        if symbol.name in hooks:
            wanted = hooks.versions_of(symbol.name, libc)
            if wanted and symbol.version not in wanted:
                complaints.add(symbol.name, f"the hook has the version '{symbol.version}', not one of {sorted(wanted)}")
            elif not wanted and symbol.version:
                complaints.add(symbol.name, f"the hook has the version {symbol.version} and will never be called")
        elif symbol.name in public:
            if symbol.version != PUBLIC_VERSION:
                complaints.add(symbol.name, f"has the version '{symbol.version}', not {PUBLIC_VERSION}")
        else:
            complaints.add(symbol.name, "is exported, but is neither a hook nor a call of lockval.h")
    for name in sorted(set(hooks) - set(names)):
        complaints.add(name, "is in symbols.def, but the library does not export it")
    for name in sorted(set(hooks) & set(names)):
        for version in sorted(hooks.versions_of(name, libc) - set(names[name])):
            complaints.add(name, f"is in symbols.def as {version}, but the library does not export that")
    for name, hook in sorted(hooks.aliases.items()):
        if name in names and hook in names and names[name] != names[hook]:
            complaints.add(name, f"is not the same function as {hook}")
    for name in sorted(public - set(names)):
        complaints.add(name, "is in lockval.h, but the library does not export it")


def check_libc(exports, hooks, check_versions, complaints):
    """The hooks against what libc has."""
    versions = versions_of(exports)
    for name, version in sorted(hooks.items()):
        if name not in versions:
            if name not in hooks.cxx:
                complaints.add(name, "is in symbols.def, but libc does not export it")
            continue
        if check_versions and version and version not in versions[name]:
            complaints.add(name, f"libc has it as {sorted(versions[name])}, not as {version}")
        ours = hooks.versions_of(name, {name: set(versions[name])})
        if len(set(versions[name].values())) > 1 and ours != set(versions[name]):
            complaints.add(name, f"libc's versions {sorted(versions[name])} differ; each needs a hook (LV_HOOK_OLD)")
    for name in sorted(hooks.old):
        if name not in hooks:
            complaints.add(name, "has an LV_HOOK_OLD, but no LV_HOOK")
    for name, hook in sorted(hooks.aliases.items()):
        if name in versions and hook in versions and not set(versions[name].values()) & set(versions[hook].values()):
            complaints.add(name, f"is not {hook} in libc")
    for name in sorted(versions):
        if FAMILIES.match(name) and name not in hooks and name not in EXCEPTIONS:
            complaints.add(name, "libc exports this lock function; make it a hook, or say in EXCEPTIONS why not")
    for name in sorted(EXCEPTIONS):
        if name in hooks:
            complaints.add(name, "is a hook and in EXCEPTIONS")


def self_test():
    test = lint.SelfTest()

    def symbol(name, version="", section=".text", value="1000"):
        return lint.Symbol(name, "GLOBAL", "FUNC", "DEFAULT", section, version, value)

    def case(title, wanted, check, *material):
        complaints = lint.Complaints()
        check(*material, complaints)
        test.expect(title, complaints, wanted)

    table = """/* LV_HOOK(int, no_hook, (void), 0) */
        #define LV_HOOK_OLD(a, b, c, d)
        LV_HOOK(int, mtx_lock, (mtx_t *m, int (*f)(int, int)), 0)
        LV_HOOK(int, cnd_wait, (cnd_t *c,
                                mtx_t *m), "GLIBC_2.28")
        LV_HOOK_OLD(int, cnd_wait, (cnd_t *c, mtx_t *m), "GLIBC_2.2")
        LV_HOOK_OLD(int, cnd_wait, (cnd_t *c, mtx_t *m), "GLIBC_1.0")
        LV_HOOK_CXX(int, guard, (int), 0)
        LV_HOOK_ALIAS(mtx_lock, old_lock)
        """
    hooks = hooks_of(table)
    header = "LOCKVAL_API void lockval_a(int x);\n/* LOCKVAL_API void lockval_no(void); */\nLOCKVAL_API lv lockval_b(int);\n"
    public = public_of(header)
    test.count += 2
    if hooks != {"mtx_lock": "", "cnd_wait": "GLIBC_2.28", "guard": "", "old_lock": ""}:
        test.failed += 1
        print("self-test: symbols.def read as", hooks)
    if public != {"lockval_a", "lockval_b"}:
        test.failed += 1
        print("self-test: lockval.h read as", public)

    libc = [symbol("mtx_lock", "GLIBC_2.28"), symbol("cnd_wait", "GLIBC_2.28", value="2000"),
            symbol("cnd_wait", "GLIBC_2.2", value="3000"), symbol("old_lock", "GLIBC_2.2"), symbol("puts", "GLIBC_2.2.5")]
    ours = [symbol("mtx_lock"), symbol("cnd_wait", "GLIBC_2.28"), symbol("cnd_wait", "GLIBC_2.2"), symbol("old_lock"),
            symbol("guard"), symbol("lockval_a", PUBLIC_VERSION), symbol("lockval_b", PUBLIC_VERSION)]

    def exports(title, wanted, *symbols):
        case(title, wanted, check_exports, [*symbols], hooks, public, libc)

    exports("clean exports", None, *ours)
    exports("versioned hook", "never be called", *ours[1:], symbol("mtx_lock", PUBLIC_VERSION))
    exports("unversioned call", f"not {PUBLIC_VERSION}", *ours[:6], symbol("lockval_b"))
    exports("stray", "neither a hook", *ours, symbol("lv_leaked"))
    exports("missing hook", "mtx_lock: is in symbols.def, but the library", *ours[1:])
    exports("missing call", "lockval_b: is in lockval.h", *ours[:6])
    exports("missing version", "as GLIBC_2.2, but the library does not", *ours[:2], *ours[3:])
    exports("hook of two versions without one", "not one of", *ours, symbol("cnd_wait"))
    exports("alias of another", "not the same function", *ours[:3], symbol("old_lock", value="4000"), *ours[4:])
    case("one version elsewhere", None, check_exports, [ours[0], symbol("cnd_wait"), *ours[3:]], hooks, public, libc[:2])

    case("clean libc", None, check_libc, libc, hooks, True)
    case("unknown to libc", "libc does not export it", check_libc, libc[1:], hooks, True)
    case("other version", "not as GLIBC_2.28", check_libc, [libc[0], symbol("cnd_wait", "GLIBC_2.1"), libc[3]], hooks, True)
    case("version elsewhere", None, check_libc, [libc[0], symbol("cnd_wait", "GLIBC_2.1"), libc[3]], hooks, False)
    case("new in libc", "mtx_newlock: libc exports", check_libc, [*libc, symbol("mtx_newlock", "GLIBC_2.99")], hooks, True)
    case("two versions, one hook", "each needs a hook", check_libc,
         [*libc, symbol("mtx_lock", "GLIBC_2.2", value="4000")], hooks, True)
    case("two versions, one function", None, check_libc, [*libc, symbol("mtx_lock", "GLIBC_2.2")], hooks, True)
    case("three versions, two hooks", "each needs a hook", check_libc,
         [*libc, symbol("cnd_wait", "GLIBC_2.3", value="4000")], hooks, True)
    case("alias that is none in libc", "is not mtx_lock in libc", check_libc,
         [*libc[:3], symbol("old_lock", "GLIBC_2.2", value="4000")], hooks, True)
    case("old version alone", "but no LV_HOOK", check_libc, libc,
         hooks_of(table + 'LV_HOOK_OLD(int, cnd_lone, (int), "GLIBC_2.2")'), True)
    case("new way to install a handler", "sigaction: libc exports", check_libc, [*libc, symbol("sigaction", "GLIBC_2.99")], hooks, True)
    case("new way to jump", "__longjmp_chk: libc exports", check_libc, [*libc, symbol("__longjmp_chk", "GLIBC_2.99")], hooks, True)
    case("other names with sig", None, check_libc, [*libc, symbol("sigemptyset", "GLIBC_2.99")], hooks, True)
    case("exception that is a hook", "is a hook and in EXCEPTIONS", check_libc,
         [*libc, symbol("thrd_yield", "GLIBC_2.28")], hooks_of(table + "LV_HOOK(void, thrd_yield, (void), 0)"), True)
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
    of_libc = defined(lint.dynamic_symbols(libc))
    check_exports(defined(lint.dynamic_symbols(library)), hooks, public, of_libc, complaints)
    check_libc(of_libc, hooks, processor == "x86_64", complaints)
    return complaints.finish("check_symbols", len(hooks))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
