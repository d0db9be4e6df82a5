# SPDX-License-Identifier: MIT
"""Tools: compilers, linkers, debuggers, git, make, and others that start threads and processes."""

import glob
import os
import re

from box import CannotRun, Failed
from catalogue import program
from compressors import digest, material
from paths import MATERIAL, SYSTEM_PYTHON

GIT_NAME = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "A"), ("EMAIL", "a@example.org"), ("DATE", "2017-11-01T00:00:00Z"))}
GIT_NAME["GIT_CONFIG_NOSYSTEM"] = "1"


def make_repository(box, files, commits):
    """A repository made through fast-import: many files, which change from commit to commit."""
    folder = box.folder_of("repository")
    box.helper(["git", "init", "-q", "-b", "main", folder], env=GIT_NAME)
    stream = box.path("stream")
    with open(stream, "w", encoding="utf-8") as out:
        for commit in range(commits):
            out.write(f"commit refs/heads/main\ncommitter A <a@example.org> {1509494400 + commit} +0000\ndata 6\nnumber\n")
            for i in range(files):
                if commit == 0 or (i * 7 + commit) % 11 == 0:
                    text = "".join(f"line {j} of file {i}, {'changed ' * (j % (commit + 2) == 1)}{j * i}\n"
                                   for j in range(i % 60 + 5))
                    out.write(f"M 100644 inline d{i % 20}/f{i}\ndata {len(text)}\n{text}\n")
    with open(stream, "rb") as source:
        box.helper(["git", "fast-import", "--quiet"], cwd=folder, env=GIT_NAME, stdin=source)
    return folder


@program("git", "index-pack, pack-objects, grep, checkout, status with threads; results compared, fsck", ["git git"], quick=True)
def git(box):
    folder = make_repository(box, 300 if box.quick else 1500, 8 if box.quick else 25)

    def run(*words, **how):
        return box.run(["git", "-c", "core.preloadIndex=true", "-c", "checkout.workers=4", "-c",
                        "checkout.thresholdForParallelism=1", "-c", "pack.threads=4", "-c", "grep.threads=4", *words],
                       cwd=folder, env=GIT_NAME, **how).out
    result = []
    run("checkout", "-q", "main")
    result.append(run("grep", "-n", "--threads=6", "-e", "changed 3", "HEAD~2"))
    result.append(run("grep", "-c", "--threads=6", "line 1[0-9] of"))
    run("repack", "-q", "-a", "-d", "-f", "--window=20", "--depth=20")
    packs = glob.glob(f"{folder}/.git/objects/pack/*.pack")
    if len(packs) != 1:
        raise Failed(f"packs after a repack: {packs}")
    # Threads share the deltas out as they come, so packs differ; the index of one pack does not.
    run("index-pack", "--threads=4", "--strict", "-o", box.path("index"), packs[0])
    result.append(digest(box.path("index")) == digest(packs[0][:-5] + ".idx"))
    result.append(run("status", "--porcelain"))
    result.append(run("rev-parse", "HEAD^{tree}", "HEAD~3^{tree}"))
    run("clone", "-q", "--no-local", folder, box.path("clone"))
    box.run(["git", "-C", box.path("clone"), "fsck", "--full", "--strict", "--no-progress"], env=GIT_NAME)
    run("fsck", "--full", "--strict", "--no-progress")
    result[0:2] = [hash_of(box, text) for text in result[0:2]]
    return result


def hash_of(box, text):
    path = box.path("hashed")
    path.write_text(text, encoding="utf-8")
    return digest(path), len(text)


@program("make", "make -j with a job server; all is made, in an order that is right", ["make make", "gcc gcc"],
         locks=False)
def make(box):
    folder = box.folder_of("made")
    count = 12 if box.quick else 60
    lines = ["all: program", "%.o: %.c all.h", "\tgcc -O1 -c $< -o $@", "all.h:", "\techo 'int sum(int);' > all.h",
             "program: " + " ".join(f"f{i}.o" for i in range(count)) + " main.o", "\tgcc -o $@ $^"]
    for i in range(count):
        (folder / f"f{i}.c").write_text(f'#include "all.h"\nint f{i}(int x) {{ return x + {i}; }}\n', encoding="utf-8")
    (folder / "main.c").write_text(
        '#include <stdio.h>\n' + "".join(f"int f{i}(int);\n" for i in range(count)) + "int main(void) { printf(\"%d\\n\", "
        + " + ".join(f"f{i}(1)" for i in range(count)) + "); return 0; }\n", encoding="utf-8")
    (folder / "Makefile").write_text("\n".join(lines) + "\n", encoding="utf-8")
    box.run(["make", "-j4", "-s"], cwd=folder)
    return box.run([folder / "program"]).out


@program("lld", "clang's objects linked by lld with threads; same bytes", ["clang clang", "ld.lld lld"])
def lld(box):
    folder = box.folder_of("linked")
    objects = []
    compile_one = ["clang++", "-O1", "-g", "-ffunction-sections", "-fdebug-prefix-map=" + str(folder) + "=.", "-c"]
    for i in range(4 if box.quick else 12):
        (folder / f"f{i}.cpp").write_text(
            f"#include <vector>\n#include <map>\nint f{i}(int n) {{ std::map<int, std::vector<int>> m; m[n].push_back({i}); "
            f"return (int)m.size() + {i}; }}\n" + ("int main() { return f0(1) - 1; }\n" if i == 0 else ""), encoding="utf-8")
        objects.append(f"f{i}.o")
        (box.run if i < 3 else box.helper)([*compile_one, f"f{i}.cpp", "-o", objects[-1]], cwd=folder)
    made, sums = folder / "program", []
    for threads in (4, 2):
        box.run(["clang++", "-fuse-ld=lld", f"-Wl,--threads={threads},--gc-sections,--icf=all,--build-id=sha1", "-o", made,
                 *objects], cwd=folder)
        sums.append(digest(made))
    box.helper([made])
    return sums


@program("gdb", "debugs a program with threads: breakpoints, stacks of all threads", ["gdb gdb", "gcc gcc"], locks=False)
def gdb(box):
    made = box.path("program")
    box.helper(["gcc", "-g", "-O0", "-pthread", "-o", made, MATERIAL / "debugged.c"])
    done = box.run(["gdb", "-q", "-nx", "-batch", "-ex", "set debuginfod enabled off", "-ex", "break meet", "-ex", "run", "-ex",
                    "thread apply all print 1 + 1", "-ex", "bt 2", "-ex", "print 6 * 7", "-ex", "delete", "-ex", "continue",
                    made])
    if "exited normally" not in done.out:
        raise Failed(done.out[-2000:] + done.err[-1000:])
    # How many threads there are at the first stop is up to the scheduler.
    done.out = re.sub(r"^\$\d+ = ", "= ", done.out, flags=re.MULTILINE)
    return re.findall(r"Breakpoint 1, meet|^= 42|exited normally|^sum .*", done.out, re.MULTILINE)


@program("valgrind", "--tool=none and memcheck on a program with threads", ["valgrind valgrind", "gcc gcc"])
def valgrind(box):
    made = box.path("program")
    box.helper(["gcc", "-g", "-O1", "-pthread", "-o", made, MATERIAL / "debugged.c"])
    result = []
    for tool in (["--tool=none"], ["--tool=memcheck", "--error-exitcode=9"]):
        result.append(box.run(["valgrind", "-q", *tool, made]).out)
    return result


@program("openssl", "speed -multi, a pipeline of digests, keys", ["openssl openssl"], locks=False)
def openssl(box):
    box.run(["openssl", "speed", "-multi", 3, "-seconds", 1, "-bytes", 1024, "sha256"])
    path = material(box, 2 << 20)
    told = box.run(["openssl", "dgst", "-sha3-256", path]).out
    key = box.path("key")
    box.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key])
    box.run(["openssl", "dgst", "-sha256", "-sign", key, "-out", box.path("signature"), path])
    box.run(["openssl", "pkey", "-in", key, "-pubout", "-out", box.path("public")])
    box.run(["openssl", "dgst", "-sha256", "-verify", box.path("public"), "-signature", box.path("signature"), path])
    return told.split()[-1]


@program("rsync", "a tree copied through a pipe to another rsync, changed, copied again; trees compared", ["rsync rsync"],
         locks=False)
def rsync(box):
    source = box.folder_of("source")
    for i in range(200):
        (source / f"d{i % 7}").mkdir(exist_ok=True)
        (source / f"d{i % 7}" / f"f{i}").write_bytes(bytes([i]) * (i * 31))
    for _ in range(2):
        box.run(["rsync", "-a", "--delete", "--checksum", "-zz", f"{source}/", box.path("target")])
        box.helper(["diff", "-r", source, box.path("target")])
        for i in range(0, 200, 3):
            (source / f"d{i % 7}" / f"f{i}").write_bytes(b"other" * i)
    return "same"


@program("tar and zstd", "tar through zstd -T and back; trees compared", ["tar tar", "zstd zstd"])
def tar(box):
    tree = box.folder_of("tree")
    for i in range(300):
        (tree / f"f{i}").write_bytes(bytes([i % 256]) * (i * 101))
    box.run(["tar", "-C", box.folder, "-cf", box.path("tree.tar.zst"), "-I", "zstd -T4", "tree"])
    back = box.folder_of("back")
    box.run(["tar", "-C", back, "-xf", box.path("tree.tar.zst"), "-I", "zstd -T4"])
    box.helper(["diff", "-r", tree, back / "tree"])
    return "same"


@program("getent", "libc's databases: names, services, hosts", ["getent libc-bin"], locks=False)
def getent(box):
    return [box.run(["getent", *words], status=None).out for words in
            (["passwd"], ["group"], ["services", "http"], ["hosts", "localhost"], ["ahosts", "127.0.0.1"], ["protocols"])]


# Each is a program of GLib's own; those that need a bus, a network or a terminal are left out.
GLIB = ["asyncqueue", "mutex", "rec-mutex", "rwlock", "cond", "once", "onceinit", "thread", "thread-pool", "private", "mainloop",
        "atomic", "refcount", "closure-refcount", "threadtests", "spawn-multithreaded", "spawn-singlethread", "unix", "task",
        "pollable", "gsubprocess", "async-close-output-stream", "async-splice-output-stream", "cancellable", "contexts",
        "converter-stream", "gdbus-message", "gdbus-names", "gdbus-connection", "gdbus-peer", "gdbus-close-pending",
        "socket-service", "socket-listener", "unix-streams", "signals", "signalgroup", "object"]


@program("glib", "its own tests of threads, locks, queues, main loops, sockets, D-Bus peers",
         ["/usr/libexec/installed-tests/glib libglib2.0-tests"])
def glib(box):
    folder = "/usr/libexec/installed-tests/glib"
    result = []
    for name in GLIB:
        path = f"{folder}/{name}"
        if not os.access(path, os.X_OK):
            continue
        done = box.run([path, "--tap", "-m", "quick"], status=None, env={"G_TEST_SRCDIR": folder, "G_TEST_BUILDDIR": folder})
        result.append((name, done.status, sorted(re.findall(r"^(?:not )?ok \d+ (.*)$", done.out, re.MULTILINE))))
    if len(result) < 10:
        raise CannotRun("GLib's tests are not where they were")
    return result


@program("gio", "file operations in GIO's thread pool", ["gio libglib2.0-bin"], locks=False)
def gio(box):
    source = box.folder_of("source")
    (source / "file").write_bytes(b"text" * 50000)
    box.run(["gio", "copy", source / "file", source / "copy"])
    return sorted(box.run(["gio", "list", "-l", "-a", "standard::size", source]).out.replace(str(box.folder), "").split())


@program("python tools", "compileall with processes, zipapp, a thread pool over subprocesses", [f"{SYSTEM_PYTHON} python3"])
def python_tools(box):
    folder = box.folder_of("modules")
    for i in range(30):
        (folder / f"m{i}.py").write_text(f"def f{i}(x):\n    return x + {i}\n" * 20, encoding="utf-8")
    box.run([SYSTEM_PYTHON, "-m", "compileall", "-q", "-j", 3, folder])
    code = ("import concurrent.futures as c, subprocess as s\n"
            "p = c.ThreadPoolExecutor(8)\n"
            "print(sum(p.map(lambda i: int(s.run(['sh', '-c', f'echo {i}'], stdout=s.PIPE).stdout), range(60))))\n"
            "q = c.ProcessPoolExecutor(3)\n"
            "print(sum(q.map(abs, range(200))))\n")
    told = box.run([SYSTEM_PYTHON, "-c", code]).out
    return len(list((folder / "__pycache__").iterdir())), told
