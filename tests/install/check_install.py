#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `meson install` installs, used from there: by pkg-config, by CMake, by man, and once more after the tree was moved.

Usage: check_install.py BUILD PREFIX LIBDIR CALLS...   (LIBDIR as configured; CALLS: names of the calls of lockval.h)
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
from command import Checks, environment  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT = 200  # seconds for one call; one that takes longer is killed, and the test fails
FINDING = "possible circular locking dependency"


def call(*args, env=None, cwd=None):
    return subprocess.run([str(arg) for arg in args], env=env or environment(), cwd=cwd, capture_output=True, text=True,
                          check=False, timeout=TIMEOUT)


def both(done):
    return done.stdout + done.stderr


def check_files(checks, tree, libdir, calls):
    wanted = ["bin/lockval", "include/lockval.h", f"{libdir}/liblockval.so", f"{libdir}/liblockval.so.0",
              f"{libdir}/pkgconfig/lockval.pc", "share/man/man1/lockval.1", "share/man/man5/lockval-record.5",
              "share/man/man7/lockval-options.7", "share/man/man5/lockval-suppressions.5", "share/man/man7/lockval-verdicts.7", "share/man/man3/lockval.h.3",
              *(f"share/man/man3/{name}.3" for name in calls),
              *(f"share/cmake/lockval/{name}" for name in ("lockvalConfig.cmake", "lockvalConfigVersion.cmake",
                                                               "lockval-tests.cmake", "lockval-ctest.cmake", "lockval-ctest.sh")),
              "share/bash-completion/completions/lockval", "share/zsh/site-functions/_lockval",
              "share/doc/lockval/README.md", "share/doc/lockval/LICENSE", "share/doc/lockval/docs/record-format.md",
              "share/doc/lockval/docs/record.schema.json"]
    missing = [name for name in wanted if not (tree / name).is_file()]
    checks.equal("all files are there", [], missing)
    unreadable = [str(path) for path in tree.rglob("*") if not path.is_symlink() and not path.stat().st_mode & 0o004]
    checks.equal("all can be read by everybody", [], unreadable)
    ours = str(HERE.parent.parent)
    texts = [path for path in tree.rglob("*") if path.is_file() and path.suffix in (".cmake", ".pc", ".sh", ".3", ".7")]
    checks.equal("no file names the source folder", [],
                 [str(path) for path in texts if ours in path.read_text(encoding="utf-8")])


def check_command(checks, tree, where):
    done = call(tree / "bin/lockval", "--version")
    checks.is_true(f"{where}: --version", done.returncode == 0 and re.fullmatch(r"lockval \d+\.\d+\.\d+\n", done.stdout), done)


def check_pkg_config(checks, work, tree, libdir, prefix, where):
    if not shutil.which("pkg-config"):
        print("# pkg-config is not installed: not checked")
        return
    env = environment(PKG_CONFIG_PATH=str(tree / libdir / "pkgconfig"))
    ask = ("pkg-config", f"--define-variable=prefix={tree}")
    preload = call(*ask, "--variable=preload_lib", "lockval", env=env).stdout.strip()
    checks.is_true(f"{where}: pkg-config leads to the library", os.path.exists(preload), preload)
    checks.equal(f"{where}: pkg-config knows the prefix that was configured", prefix,
                 call("pkg-config", "--variable=prefix", "lockval", env=env).stdout.strip())
    flags = call(*ask, "--cflags", "--libs", "lockval", env=env).stdout.split()
    cc = os.environ.get("CC", "cc").split()
    program = work / "abba"

    # With annotations, and linked with nothing.
    headers = [flag for flag in flags if flag.startswith("-I")] or ["-I/usr/include"]
    done = call(*cc, "-g", "-pthread", HERE / "consumer/abba.c", *headers, "-o", program)
    if not checks.is_true(f"{where}: compiles by pkg-config", done.returncode == 0, done):
        return
    done = call(program)
    checks.equal(f"{where}: runs without the library", (0, "lockval: absent\n"), (done.returncode, done.stdout))
    done = call(program, env=environment(LD_PRELOAD=preload))
    checks.is_true(f"{where}: preloaded by hand", done.returncode == 66 and FINDING in both(done) and "named by hand" in both(done),
                   done)
    done = call(tree / "bin/lockval", "run", "--", program)
    checks.is_true(f"{where}: lockval run", done.returncode == 66 and FINDING in both(done), done)
    done = call(tree / "bin/lockval", "run", "--", program, "one")
    checks.is_true(f"{where}: lockval run of one way is silent", done.returncode == 0 and FINDING not in both(done), done)

    done = call(*cc, "-pthread", HERE / "consumer/abba.c", *flags, "-Wl,--no-as-needed", "-llockval",
                f"-Wl,-rpath,{tree / libdir}", "-o", program)
    checks.is_true(f"{where}: links by pkg-config", done.returncode == 0, done)
    done = call(program)
    checks.is_true(f"{where}: the linked library judges", done.returncode == 66 and FINDING in both(done), done)


def configure(work, tree, *args):
    folder = pathlib.Path(tempfile.mkdtemp(dir=work))
    return folder, call("cmake", "-S", HERE / "consumer", "-B", folder, f"-DCMAKE_PREFIX_PATH={tree}", *args)


def check_cmake(checks, work, tree, where):
    if not shutil.which("cmake"):
        print("# cmake is not installed: not checked")
        return
    folder, done = configure(work, tree, "-DWANTED=0.1", "-DLINK=lockval::headers", "-DPRELOAD=ON")
    done = call("cmake", "--build", folder) if done.returncode == 0 else done
    if checks.is_true(f"{where}: a CMake project with the headers", done.returncode == 0, both(done)):
        done = call(folder / "abba")
        checks.equal(f"{where}: runs without the library", (0, "lockval: absent\n"), (done.returncode, done.stdout))
        done = call("ctest", "--output-on-failure", cwd=folder)
        checks.is_true(f"{where}: its tests under lockval",
                       done.returncode != 0 and FINDING in both(done) and re.search(r"both \.*\*+Failed", done.stdout) and
                       re.search(r"one_way \.* *Passed", done.stdout), both(done))
    folder, done = configure(work, tree, "-DLINK=lockval::lockval")
    done = call("cmake", "--build", folder) if done.returncode == 0 else done
    if checks.is_true(f"{where}: a CMake project with the library", done.returncode == 0, both(done)):
        done = call(folder / "abba")
        checks.is_true(f"{where}: the linked library judges", done.returncode == 66 and FINDING in both(done), done)


def check_refusals(checks, work, tree):
    """What find_package must not find."""
    if not shutil.which("cmake"):
        return
    for wanted, words in (("0.2", "0.2"), ("1", "requested version"), ("0.0.9", "0.0.9"), ("0.1.99", "0.1.99"), ("0.1;COMPONENTS;gui", "gui"),
                          ("0.0.1...<0.1.0", "0.1.0")):
        done = configure(work, tree, f"-DWANTED={wanted}", "-DLINK=")[1]
        checks.is_true(f"find_package(lockval {wanted}) is refused", done.returncode != 0 and words in both(done), both(done))
    for wanted in ("0", "0.1.0", "0.1...0.9", "0.1.0;EXACT"):
        done = configure(work, tree, f"-DWANTED={wanted}", "-DLINK=")[1]
        checks.is_true(f"find_package(lockval {wanted}) is fine", done.returncode == 0, both(done))
    header = tree / "include/lockval.h"
    header.rename(work / "lockval.h")
    done = configure(work, tree, "-DLINK=")[1]
    (work / "lockval.h").rename(header)
    checks.is_true("a package of which a part is gone is not found",
                   done.returncode != 0 and "is not there" in " ".join(both(done).split()), both(done))


def check_man(checks, tree):
    if not shutil.which("man"):
        print("# man is not installed: not checked")
        return
    env = environment(MANPATH=str(tree / "share/man"), MANWIDTH="100", LC_ALL="C")
    for words, said in ((("lockval",), "lockval run"), (("lockval.h",), "lockval_acquire_map"), (("lockval-options",), "fail_on="),
                        (("5", "lockval-record"), "record.schema.json"), (("lockval_next_nest",), "lockval_next_nest")):
        done = call("man", "-P", "cat", *words, env=env)
        text = re.sub(".\b", "", done.stdout)
        checks.is_true(f"man {' '.join(words)}", done.returncode == 0 and said in text, done.stderr or text[:500])


def main(argv):
    build, prefix, libdir, *calls = argv
    meson = shutil.which("meson")
    if meson is None or os.path.isabs(libdir):
        print("1..0 # SKIP " + ("meson is not in PATH" if meson is None else "the library's folder is an absolute path"))
        return 77
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        done = call(meson, "install", "-C", build, "--no-rebuild", "--destdir", work / "root")
        checks.is_true("meson install", done.returncode == 0, both(done))
        tree = work / "root" / prefix.lstrip("/")
        check_files(checks, tree, libdir, calls)
        check_man(checks, tree)
        check_refusals(checks, work, tree)
        for where in ("installed", "moved"):
            if where == "moved":
                tree = tree.rename(work / "elsewhere")
                shutil.rmtree(work / "root")
            check_command(checks, tree, where)
            check_pkg_config(checks, work, tree, libdir, prefix, where)
            check_cmake(checks, work, tree, where)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
