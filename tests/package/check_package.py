#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The Debian packages in a clean Debian, as a user meets them: installed by apt with what they need, used, removed.

The Debian is made by debootstrap, of the release that this machine has and from where its apt gets packages, with a compiler and
CMake, and is gone afterwards unless --chroot names its folder. Where that is not possible the status is 77.

Usage: check_package.py [--chroot FOLDER] LOCKVAL_DEB DBGSYM_DEB
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "cli"))
from command import Checks  # noqa: E402

TIMEOUT = 900  # seconds for one step, of which the longest is a download
TOOLS = ["gcc", "libc6-dev", "pkg-config", "cmake", "make", "man-db"]
FINDING = "possible circular locking dependency"


class Impossible(Exception):
    """There can be no clean Debian here."""


def call(*args, **more):
    return subprocess.run([str(arg) for arg in args], capture_output=True, text=True, check=False, timeout=TIMEOUT, **more)


def release_and_mirror():
    """What this machine's apt has."""
    facts = dict(line.rstrip().split("=", 1) for line in open("/etc/os-release", encoding="utf-8") if "=" in line)
    suite = facts.get("VERSION_CODENAME", "").strip('"')
    done = call("apt-get", "indextargets", "--format", "$(CREATED_BY) $(REPO_URI) $(CODENAME) $(COMPONENT)")
    for line in done.stdout.splitlines():
        kind, uri, codename, component = (line.split() + [""] * 4)[:4]
        if kind == "Packages" and codename == suite and component == "main":
            return suite, uri
    raise Impossible("apt does not say where its packages come from")


class Clean:
    """A Debian in a folder."""

    def __init__(self, root):
        self.root = pathlib.Path(root)

    def make(self):
        if (self.root / "usr/bin/gcc").exists():
            return
        suite, mirror = release_and_mirror()
        print(f"# debootstrap {suite} into {self.root}", flush=True)
        done = call("debootstrap", "--variant=minbase", f"--include={','.join(TOOLS)}", suite, self.root, mirror)
        if done.returncode != 0:
            raise Impossible("debootstrap: " + (done.stdout + done.stderr).strip().splitlines()[-1])

    def run(self, *args, **variables):
        """In it, with mounts that end with the call."""
        mounts = 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"'
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", **variables}
        env.update({name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")})
        return call("unshare", "--mount", "--propagation", "private", "sh", "-c", mounts, self.root, *args, env=env,
                    stdin=subprocess.DEVNULL)

    def shell(self, text, **variables):
        return self.run("sh", "-c", text, **variables)


def both(done):
    return done.stdout + done.stderr


def install(checks, clean, packages):
    names = []
    for package in packages:
        shutil.copy(package, clean.root / "tmp" / package.name)
        names.append(f"/tmp/{package.name}")
    if (clean.root / "usr/bin/lockval").exists():
        clean.run("dpkg", "--purge", "lockval-dbgsym", "lockval")
    clean.run("apt-get", "-q", "update")
    done = clean.run("apt-get", "-q", "-y", "install", "--no-install-recommends", *names)
    return checks.is_true("apt installs them with what they need", done.returncode == 0, both(done))


def check_command(checks, clean):
    done = clean.run("lockval", "--version")
    checks.is_true("lockval --version", done.returncode == 0 and done.stdout.startswith("lockval "), done)
    done = clean.run("lockval", "doctor", "/usr/bin/lockval")
    checks.is_true("lockval doctor", done.returncode == 0 and "ok    preload" in done.stdout and "ok    library" in done.stdout, both(done))
    checks.is_true("which finds the debug symbols", "/usr/lib/debug/.build-id/" in done.stdout, both(done))
    for words in (("lockval",), ("lockval.h",), ("lockval-options",), ("lockval-record",), ("lockval_acquire_map",)):
        done = clean.run("man", "-P", "cat", *words)
        checks.is_true(f"man {' '.join(words)}", done.returncode == 0 and "lockval" in done.stdout, both(done)[:300])
    done = clean.run("bash", "-c", ". /usr/share/bash-completion/completions/lockval && complete -p lockval")
    checks.is_true("completion can be loaded", done.returncode == 0, both(done))
    done = clean.shell("ldconfig -p | grep -c liblockval.so.0")
    checks.equal("the loader knows the library", "1", done.stdout.strip())


def check_program(checks, clean):
    shutil.copytree(HERE.parent / "install/consumer", clean.root / "tmp/consumer", dirs_exist_ok=True)
    done = clean.shell("cd /tmp/consumer && gcc -g -pthread abba.c $(pkg-config --cflags lockval) -o abba")
    checks.is_true("compiles by pkg-config", done.returncode == 0, both(done))
    done = clean.run("/tmp/consumer/abba")
    checks.equal("runs without the library", (0, "lockval: absent\n"), (done.returncode, done.stdout))
    done = clean.run("lockval", "run", "--", "/tmp/consumer/abba")
    checks.is_true("lockval run finds", done.returncode == 66 and FINDING in both(done), both(done))
    done = clean.run("lockval", "run", "--", "/tmp/consumer/abba", "one")
    checks.is_true("lockval run of one way is silent", done.returncode == 0 and FINDING not in both(done), both(done))
    done = clean.shell("LD_PRELOAD=$(pkg-config --variable=preload_lib lockval) /tmp/consumer/abba")
    checks.is_true("preloaded by hand", done.returncode == 66 and FINDING in both(done), both(done))
    done = clean.shell("cd /tmp/consumer && gcc -pthread abba.c -Wl,--no-as-needed $(pkg-config --cflags --libs lockval) -o linked && ./linked")
    checks.is_true("linked, and found by the loader", done.returncode == 66 and FINDING in both(done), both(done))
    done = clean.shell("cd /tmp && rm -f run.jsonl && lockval run --record=run.jsonl -- consumer/abba; lockval report --format=sarif run.jsonl")
    checks.is_true("a report has files and lines", "abba.c" in done.stdout and "startLine" in done.stdout, both(done))


def check_cmake(checks, clean):
    done = clean.shell("cd /tmp && rm -rf cmade && cmake -S consumer -B cmade -DWANTED=0.1 -DLINK=lockval::headers -DPRELOAD=ON && "
                       "cmake --build cmade")
    checks.is_true("a CMake project", done.returncode == 0, both(done))
    done = clean.shell("cd /tmp/cmade && ctest --output-on-failure")
    checks.is_true("whose tests run under lockval", done.returncode != 0 and FINDING in both(done) and "50% tests passed" in done.stdout,
                   both(done))


def check_removal(checks, clean):
    done = clean.run("dpkg", "--purge", "lockval-dbgsym", "lockval")
    checks.is_true("removed", done.returncode == 0, both(done))
    left = [str(path.relative_to(clean.root)) for folder in ("usr", "etc", "var/lib/dpkg/info")
            for path in (clean.root / folder).rglob("*lockval*")]
    checks.equal("nothing is left", [], left)


def main(argv):
    parser = argparse.ArgumentParser()
    parser.add_argument("--chroot", type=pathlib.Path)
    parser.add_argument("packages", nargs=2, type=pathlib.Path)
    args = parser.parse_args(argv)
    missing = [tool for tool in ("debootstrap", "chroot", "unshare", "apt-get") if not shutil.which(tool, path="/usr/sbin:/usr/bin:/sbin:/bin")]
    if missing or os.geteuid() != 0:
        print("1..0 # SKIP a clean Debian needs " + (" and ".join(missing) if missing else "root"))
        return 77
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        clean = Clean((args.chroot or pathlib.Path(folder, "debian")).absolute())
        try:
            clean.make()
            if clean.run("true").returncode != 0:
                raise Impossible("nothing can be mounted in a folder, or chroot does not work")
        except Impossible as why:
            print(f"1..0 # SKIP {why}")
            return 77
        if install(checks, clean, args.packages):
            check_command(checks, clean)
            check_program(checks, clean)
            check_cmake(checks, clean)
            check_removal(checks, clean)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
