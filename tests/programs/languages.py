# SPDX-License-Identifier: MIT
"""Language runtimes with threads, by their own tests where they ship them."""

import re

from box import Failed
from catalogue import program
from paths import MATERIAL, SYSTEM_PYTHON

PYTHON_TESTS = ["test_threading", "test_thread", "test_queue", "test_threading_local", "test_concurrent_futures",
                "test_threadsignals", "test_fork1", "test_sched", "test_asyncio.test_threads",
                "test_asyncio.test_subprocess"]
PYTHON_QUICK = ["test_thread", "test_queue", "test_threading_local", "test_fork1"]

@program("python", "its own tests of threads, queues, futures, signals, fork, asyncio",
         [f"{SYSTEM_PYTHON} python3", "/usr/lib/python3.11/test/test_threading.py libpython3.11-testsuite"])
def python(box):
    tests = PYTHON_QUICK if box.quick else PYTHON_TESTS
    command = [SYSTEM_PYTHON, "-m", "test", "-u", "none", "--timeout", box.timeout, "-w"]   # -w: once more what failed
    done = box.run(command + tests, status=None)
    if done.status != 0 or "result: SUCCESS" not in done.out:
        raise Failed(f"status {done.status}\n{done.out[-3000:]}\n{done.err[-1000:]}")
    return re.findall(r"^All \d+ tests OK|^\d+ tests? OK", done.out, re.MULTILINE)


@program("node", "libuv's pool (crypto, zlib, fs, dns) in parallel, worker threads; sums of all that comes out",
         ["node nodejs"], quick=True)
def node(box):
    return box.run(["node", MATERIAL / "threads.js", box.folder_of("data"), 6 if box.quick else 40]).out


def java(box, collector):
    done = box.run(["java", f"-XX:+Use{collector}GC", "-Xmx192m", "-XX:ParallelGCThreads=4", MATERIAL / "Threads.java",
                    4000 if box.quick else 40000])
    return done.out


JAVA = ["java openjdk-17-jre-headless", "javac openjdk-17-jdk-headless"]
JAVA_CHECKS = "monitors, locks, pools, parallel streams, interrupts, processes, collections; sums"


@program("java G1", JAVA_CHECKS, JAVA, quick=True)
def java_g1(box):
    return java(box, "G1")


@program("java Parallel", JAVA_CHECKS, JAVA)
def java_parallel(box):
    return java(box, "Parallel")


@program("java Serial", JAVA_CHECKS, JAVA)
def java_serial(box):
    return java(box, "Serial")


@program("java Z", JAVA_CHECKS, JAVA)
def java_z(box):
    return java(box, "Z")


@program("perl", "interpreter threads with shared data, queues, semaphores, fork in threads; sums", ["perl perl"], quick=True)
def perl(box):
    return box.run(["perl", MATERIAL / "threads.pl", 40 if box.quick else 200]).out
