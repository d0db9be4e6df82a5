#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Symbols for records, against another reader of debug information: each place of programs that are built in many ways is asked of
the command's symbols and of binutils' addr2line. And files that are not the ones that ran, or have their debug files elsewhere.

Usage: check_symbols.py LOOK
"""

import contextlib
import http.server
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

C_SOURCE = """\
#include <stdio.h>
static volatile int sink;
static inline __attribute__((always_inline)) int innermost(int x) { sink += x; return puts("in") + x; }
static inline __attribute__((always_inline)) int middle(int x)
{
    return innermost(x) + 1;
}
int outer(int x)
{
    int y = middle(x);   /* two are inlined here */
    return y + middle(y);
}
int main(void)
{
    return outer(sink) == 7;
}
"""

CPP_SOURCE = """\
#include <cstdio>
#include <vector>
#include <algorithm>
namespace bank {
template <typename T> struct Account {
    T value;
    static int opened;
    __attribute__((noinline)) T take(T amount) { std::puts("take"); return value -= amount; }
};
template <typename T> int Account<T>::opened = 3;
}
int main(int argc, char **)
{
    bank::Account<long> account{argc};
    std::vector<int> all(argc, 3);
    std::for_each(all.begin(), all.end(), [&](int x) { std::printf("%d\\n", x); });
    return account.take(1) + bank::Account<long>::opened;
}
"""

PLACES = 250  # of a program are asked


def run(*args, **more):
    return subprocess.run([str(arg) for arg in args], check=True, capture_output=True, text=True, timeout=120, **more)


def build_id(path):
    return re.search(r"Build ID: ([0-9a-f]+)", run("readelf", "-n", path).stdout).group(1)


def places(path):
    """Addresses of instructions of the program's own functions."""
    spans = []
    for line in run("nm", "-S", "--defined-only", path).stdout.splitlines():
        words = line.split()
        if len(words) == 4 and words[2] in "tTwW" and not words[3].startswith("_") or "_Z" in line and len(words) == 4:
            spans.append((int(words[0], 16), int(words[1], 16)))
    code = set()
    for line in run("objdump", "-d", "--no-show-raw-insn", path).stdout.splitlines():
        match = re.match(r"\s*([0-9a-f]+):\t", line)
        if match:
            code.add(int(match.group(1), 16))
    inside = sorted(at for at in code if any(start <= at < start + size for start, size in spans))
    random.Random(1).shuffle(inside)
    return inside[:PLACES]


def ask(look, path, wanted, *args, of=None, env=None):
    """{offset: [(function, file, line, inlined, symbol, source)]}, and what is wrong with the file."""
    text = run(look, path, of if of is not None else build_id(path), *args, input="".join(f"{at}\n" for at in wanted),
               env={**os.environ, "DEBUGINFOD_URLS": "", **(env or {})}).stdout
    answers, problem, at = {}, None, None
    for line in text.splitlines():
        if line.startswith("problem: "):
            problem = line
        elif line.startswith("0x"):
            at = int(line, 16)
            answers[at] = []
        else:
            function, file, number, inlined, symbol, source = line.split("\t")
            answers[at].append((function, file, int(number), inlined == "1", symbol, source))
    return answers, problem


def oracle(path, wanted):
    text = run("addr2line", "-a", "-i", "-f", "-C", "-e", path, input="".join(f"{at:x}\n" for at in wanted)).stdout
    answers, at, name = {}, None, None
    for line in text.splitlines():
        if re.fullmatch(r"0x[0-9a-f]+", line):
            at = int(line, 16)
            answers[at] = []
            name = None
        elif name is None:
            name = line
        else:
            file, number = re.sub(r" \(discriminator.*", "", line).rsplit(":", 1)
            answers[at].append((name, os.path.basename(file), number))
            name = None
    return answers


def bare(name):
    """Readers of debug information write types and arguments of C++ in ways of their own."""
    name = name.replace("(anonymous namespace)::", "")
    name = re.sub(r"\{lambda.*|<lambda.*|operator\(\).*", "operator()", name)
    depth, out = 0, []
    for sign in name:
        depth += sign in "<("
        if depth == 0:
            out.append(sign)
        depth -= sign in ">)"
    return "".join(out).split("::")[-1].split()[-1] if out else name


def differs(mine, theirs):
    if mine and len(mine) != len(theirs) and theirs[0][1].endswith((".h", ".cpp")):
        # Of optimised C++ addr2line leaves functions out: the place and the outermost function are left to compare.
        mine, theirs = [(mine[-1][0], *mine[0][1:3], False)], [(theirs[-1][0], *theirs[0][1:])]
    if len(mine) != len(theirs):
        return f"{len(mine)} functions, not {len(theirs)}"
    for (function, file, line, inlined, *_), (name, base, number) in zip(mine, theirs):
        if base == "b.cpp" and number.isdigit() and int(number) > CPP_SOURCE.count("\n"):
            continue  # addr2line mixes up files
        if inlined and base.endswith((".cpp", ".h")):
            name = function  # and gives the outer function's name to inlined ones
        if base == "<artificial>":
            base = os.path.basename(file)  # as addr2line calls files of -flto
        if number not in ("?", "0") and (os.path.basename(file), str(line)) != (base, number):
            return f"{file}:{line}, not {base}:{number}"
        if bare(function) != bare(name):
            return f"{function}, not {name}"
    return None


class Test:
    def __init__(self, look, folder):
        self.look, self.folder, self.count, self.failed = look, folder, 0, 0

    def is_true(self, title, good, shown=""):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {title}")
        if not good:
            print("# " + str(shown)[:3000].replace("\n", "\n# "))

    def build(self, name, compiler, source, *flags):
        path = self.folder / name
        run(compiler, "-o", path, source, "-Wl,--build-id", *flags)
        return path

    def compare(self, title, path, reference=None, *args):
        wanted = places(reference or path)
        mine, problem = ask(self.look, path, [f"{at:x}" for at in wanted], *args)
        theirs = oracle(reference or path, wanted)
        wrong = [(hex(at), differs(mine[at], theirs[at]), mine[at], theirs[at]) for at in wanted if differs(mine[at], theirs[at])]
        self.is_true(f"{title}: {len(wanted)} places", problem is None and len(wanted) >= 20 and not wrong, (problem, wrong[:4]))

    def nothing(self, title, path, of, wanted, word):
        mine, problem = ask(self.look, path, wanted, of=of)
        self.is_true(title, problem is not None and word in problem and not any(mine.values()), (problem, mine))


def compilers():
    for c, cpp in (("gcc", "g++"), ("clang", "clang++")):
        if shutil.which(c) and shutil.which(cpp):
            yield c, cpp


def check_builds(test, c_source, cpp_source):
    for c, cpp in compilers():
        for flags in (["-O0", "-g"], ["-O2", "-g"], ["-O2", "-g", "-gdwarf-4"], ["-O1", "-g", "-gz"], ["-O2", "-g", "-no-pie"]):
            name = "-".join([c, *flags]).replace("-", "")
            test.compare(f"{c} {' '.join(flags)}", test.build(name, c, c_source, *flags))
        test.compare(f"{cpp} -O2 -g", test.build(cpp + "2", cpp, cpp_source, "-O2", "-g"))
        test.compare(f"{cpp} -O0 -g", test.build(cpp + "0", cpp, cpp_source, "-O0", "-g"))


def check_forms(test, c_source, cpp_source):
    """Debug information that lies in other files, or in the units of others."""
    for c, cpp in compilers():
        # Units of -gsplit-dwarf are beside the objects, so these are kept.
        split = test.folder / f"{c}-split"
        split.mkdir()
        for source in (c_source, cpp_source):
            one = c if source == c_source else cpp
            run(one, "-O2", "-g", "-gsplit-dwarf", "-c", source, "-o", split / (source.stem + ".o"))
            run(one, "-o", split / source.stem, split / (source.stem + ".o"), "-Wl,--build-id")
            # addr2line cannot read these; the code is the same as without.
            test.compare(f"{one} -gsplit-dwarf", split / source.stem, test.build(f"{one}-no-split", one, source, "-O2", "-g"))
    test.compare("gcc -flto", test.build("lto", "gcc", c_source, "-O2", "-g", "-flto"))
    test.compare("g++ -flto", test.build("ltoxx", "g++", cpp_source, "-O2", "-g", "-flto"))
    if shutil.which("dwz"):
        one, two = (test.build(f"dwz{i}", "g++", cpp_source, "-O2", "-g", f"-DNUMBER={i}") for i in range(2))
        wholes = [shutil.copy(path, test.folder / f"dwz-whole{i}") for i, path in enumerate((one, two))]
        run("dwz", "-m", test.folder / "dwz-common", one, two)
        for path, whole in zip((one, two), wholes):
            test.compare("a file that shares with another (dwz)", path, whole)
    else:
        print("# no dwz here")


class Server(http.server.ThreadingHTTPServer):
    """A debuginfod server of files by their path, or one that never answers."""
    daemon_threads = True

    def __init__(self, files):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.asked, self.over = files, [], threading.Event()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        if self.server.files is None:
            self.server.over.wait(100)
            return
        file = self.server.files.get(self.path)
        self.send_response(200 if file else 404)
        data = file.read_bytes() if file else b""
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Last-Modified", self.date_time_string(file.stat().st_mtime if file else None))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serving(files):
    server = Server(files)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def has_lines(answers):
    return any(line for frames in answers.values() for _, _, line, *_ in frames)


def check_servers(test, source):
    if not any(pathlib.Path(folder).glob("libdebuginfod.so.1") for folder in ("/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib")):
        print("# no libdebuginfod here")
        return
    whole = test.build("served", "gcc", source, "-O2", "-g")
    fixed = test.build("fixed", "gcc", source, "-O2", "-g", "-no-pie")
    bare, debug = test.folder / "served-bare", test.folder / "served.debug"
    run("objcopy", "--only-keep-debug", whole, debug)
    shutil.copy(whole, bare)
    run("strip", bare)
    number, other = build_id(whole), build_id(fixed)
    wanted = [f"{at:x}" for at in places(whole)]

    def env(server, cache, seconds=10):
        return {"DEBUGINFOD_URLS": f"http://127.0.0.1:{server.server_address[1]}/", "DEBUGINFOD_TIMEOUT": str(seconds),
                "DEBUGINFOD_CACHE_PATH": str(test.folder / cache), "no_proxy": "*", "http_proxy": ""}

    with serving({f"/buildid/{number}/debuginfo": debug, f"/buildid/{number}/executable": bare,
                  f"/buildid/{other}/executable": fixed, f"/buildid/{other}/debuginfo": fixed}) as server:
        expected, _ = ask(test.look, whole, wanted)
        mine, problem = ask(test.look, bare, wanted, env=env(server, "cache1"))
        test.is_true("debuginfod: a stripped program", problem is None and mine == expected and server.asked, (problem, server.asked))
        mine, problem = ask(test.look, test.folder / "gone", wanted, of=number, env=env(server, "cache2"))
        test.is_true("debuginfod: a program that is gone", problem is None and mine == expected, (problem, server.asked, mine))
        at = [f"{place:x}" for place in places(fixed)]
        expected, _ = ask(test.look, fixed, at)
        mine, problem = ask(test.look, test.folder / "gone", at, "--range", "400000", of=other, env=env(server, "cache2"))
        test.is_true("debuginfod: one with fixed addresses", problem is None and mine == expected and has_lines(mine),
                     (problem, server.asked, mine))
        mine, problem = ask(test.look, test.folder / "gone", wanted, of="ab" * 20, env=env(server, "cache3"))
        test.is_true("debuginfod: what it does not have", problem is not None and not any(mine.values()), (problem, mine))
        before = len(server.asked)
        ask(test.look, bare, wanted, env={"DEBUGINFOD_CACHE_PATH": str(test.folder / "cache4")})
        test.is_true("no server is asked unless DEBUGINFOD_URLS says so", len(server.asked) == before, server.asked)
    with serving(None) as server:
        begin = time.monotonic()
        run("strip", fixed)
        mine, problem = ask(test.look, bare, wanted, "--then", f"{fixed}:{other}", of=number, env=env(server, "cache5", 1))
        took = time.monotonic() - begin
        test.is_true("debuginfod: a server that never answers", problem is None and took < 30 and not has_lines(mine) and server.asked
                     and not [path for path in server.asked if other in path], (problem, took, server.asked))


def check_separate(test, source):
    whole = test.build("whole", "gcc", source, "-O2", "-g")
    linked, stripped = test.folder / "linked", test.folder / "stripped"
    run("objcopy", "--only-keep-debug", whole, test.folder / "linked.debug")
    shutil.copy(whole, linked)
    run("strip", "-g", linked)
    run("objcopy", f"--add-gnu-debuglink={test.folder / 'linked.debug'}", linked)
    test.compare("a debug file beside it", linked, whole)
    store = test.folder / "store"
    number = build_id(whole)
    place = store / ".build-id" / number[:2] / (number[2:] + ".debug")
    place.parent.mkdir(parents=True)
    shutil.copy(test.folder / "linked.debug", place)
    shutil.copy(whole, stripped)
    run("strip", stripped)
    test.compare("a debug file by its build-id", stripped, whole, "--debug", store)
    wanted = [f"{at:x}" for at in places(whole)]
    mine, problem = ask(test.look, stripped, wanted)
    test.is_true("stripped: no line", problem is None and all(not line for frames in mine.values() for _, _, line, *_ in frames), mine)
    test.nothing("another build", test.build("other", "gcc", source, "-O1"), number, wanted, "not the one that ran")
    mine, problem = ask(test.look, test.folder / "other", wanted, "--debug", store, of=number)
    test.is_true("another build, and the right debug file", problem is None and
                 any(line for frames in mine.values() for _, _, line, *_ in frames), (problem, mine))
    unnamed = test.folder / "unnamed"
    run("gcc", "-O2", "-g", "-Wl,--build-id=none", "-o", unnamed, source)
    test.nothing("a build-id, where there was none", whole, "", wanted, "not the one that ran")
    mine, problem = ask(test.look, unnamed, wanted, of="")
    test.is_true("no build-id, as it was", problem is None and has_lines(mine), (problem, mine))
    test.nothing("no file", test.folder / "gone", number, wanted, "not there")
    (test.folder / "text").write_text("text")
    test.nothing("no program", test.folder / "text", number, wanted, "cannot be read")
    test.nothing("a folder", test.folder, number, wanted, "cannot be read")


def symbol_address(path, name):
    return next(int(line.split()[0], 16) for line in run("nm", path).stdout.splitlines() if line.endswith(" " + name))


def check_rest(test, c_source, cpp_source):
    program = test.build("rest", "gcc", c_source, "-O2", "-g")
    call = next(int(line.split(":")[0], 16) for line in run("objdump", "-d", program).stdout.splitlines()
                if "puts@plt" in line and "call" in line)
    after = call + 5
    exact, _ = ask(test.look, program, [f"{call:x}"])
    returned, _ = ask(test.look, program, [f"c{after:x}"])
    test.is_true("a return address is the call before it", [frame[:4] for frame in returned[after]] ==
                 [frame[:4] for frame in exact[call]] and len(exact[call]) >= 3, (exact, returned))
    sources = [frame[5] for frame in returned[after]]
    test.is_true("source lines", "puts(\"in\")" in sources[0] and sources[1] == "return innermost(x) + 1;", sources)
    variable = symbol_address(program, "sink")
    answers, _ = ask(test.look, program, [f"{variable:x}"])
    test.is_true("a variable", answers[variable][0][0] == "sink", answers)
    cpp = test.build("rest2", "g++", cpp_source, "-O2", "-g")
    member = symbol_address(cpp, "_ZN4bank7AccountIlE6openedE")
    answers, _ = ask(test.look, cpp, [f"{member:x}", "0", "7fffffffffff"])
    test.is_true("a static member", answers[member][0][0] == "bank::Account<long>::opened", answers)
    test.is_true("no place", answers[0] == [] and answers[0x7fffffffffff] == [], answers)
    os.utime(c_source, (4e9, 4e9))
    answers, _ = ask(test.look, program, [f"c{after:x}"])
    test.is_true("a source that changed since", all(not frame[5] and frame[2] for frame in answers[after]), answers)
    os.utime(c_source, (1e9, 1e9))
    moved = test.folder / "moved" / "below"
    moved.mkdir(parents=True)
    shutil.move(c_source, moved / c_source.name)
    answers, _ = ask(test.look, program, [f"c{after:x}"])
    test.is_true("a source that is gone", all(not frame[5] for frame in answers[after]), answers)
    answers, _ = ask(test.look, program, [f"c{after:x}"], "--source", moved)
    test.is_true("a source that is found elsewhere", "puts(\"in\")" in answers[after][0][5], answers)


def main(look):
    with tempfile.TemporaryDirectory() as name:
        test = Test(look, pathlib.Path(name))
        c_source, cpp_source = test.folder / "a.c", test.folder / "b.cpp"
        c_source.write_text(C_SOURCE, encoding="utf-8")
        cpp_source.write_text(CPP_SOURCE, encoding="utf-8")
        check_builds(test, c_source, cpp_source)
        check_forms(test, c_source, cpp_source)
        check_separate(test, c_source)
        check_servers(test, c_source)
        check_rest(test, c_source, cpp_source)
    print(f"1..{test.count}")
    return 1 if test.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
