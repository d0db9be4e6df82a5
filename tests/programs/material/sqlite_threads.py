# SPDX-License-Identifier: MIT
"""sqlite_threads.py DATABASE ROUNDS: sqlite3 with threads, in three ways. Prints what must be the same in every run."""

import os
import sqlite3
import sys
import threading

THREADS = 6


def in_threads(work):
    failures = []

    def guarded(number):
        try:
            work(number)
        except BaseException as why:  # pylint: disable=broad-except
            failures.append(repr(why))
    threads = [threading.Thread(target=guarded, args=(i,)) for i in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        sys.exit(f"a thread failed: {failures}")


def check(path, title, expected):
    db = sqlite3.connect(path)
    ok = db.execute("pragma integrity_check").fetchall()
    count, total = db.execute("select count(*), sum(value) from t").fetchone()
    db.close()
    print(title, ok, count, total)
    if ok != [("ok",)] or (count, total) != expected:
        sys.exit(f"{title}: wanted {expected}")


def prepare(path):
    for end in ("", "-wal", "-shm", "-journal"):
        if os.path.exists(path + end):
            os.unlink(path + end)
    db = sqlite3.connect(path)
    db.execute("create table t (id integer primary key, thread int, value int, text text)")
    db.execute("create index by_thread on t (thread, value)")
    db.commit()
    return db


def many_connections(path, rounds):
    db = prepare(path)
    db.execute("pragma journal_mode=wal")
    db.close()

    def work(number):
        own = sqlite3.connect(path, timeout=600, isolation_level=None)
        own.execute("pragma synchronous=off")
        for i in range(rounds):
            own.execute("begin immediate")
            own.executemany("insert into t (thread, value, text) values (?, ?, ?)",
                            [(number, i, "x" * (j * 13)) for j in range(5)])
            own.execute("commit")
            own.execute("select sum(value), count(*) from t where thread = ?", (number,)).fetchone()
        own.close()
    in_threads(work)
    check(path, "many connections", (THREADS * rounds * 5, 5 * THREADS * (rounds * (rounds - 1) // 2)))


def one_connection(path, rounds):
    prepare(path).close()
    db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    db.execute("pragma synchronous=off")
    db.execute("begin")

    def work(number):
        for i in range(rounds):
            db.execute("insert into t (thread, value, text) values (?, ?, ?)", (number, i, "y" * i))
            if i % 20 == 0:
                db.execute("select sum(value) from t where thread = ?", (number,)).fetchone()
    in_threads(work)
    db.execute("commit")
    db.close()
    check(path, "one connection", (THREADS * rounds, THREADS * (rounds * (rounds - 1) // 2)))


def shared_cache(path, rounds):
    prepare(path).close()
    address = f"file:{path}?cache=shared"
    keep = sqlite3.connect(address, uri=True)
    keep.execute("pragma synchronous=off")

    def work(number):
        own = sqlite3.connect(address, uri=True, timeout=600, isolation_level=None)
        own.execute("pragma read_uncommitted=1")
        done = 0
        while done < rounds:
            try:
                own.execute("insert into t (thread, value, text) values (?, ?, ?)", (number, done, "z"))
                done += 1
            except sqlite3.OperationalError as why:     # a table lock of another connection
                if "locked" not in str(why):
                    raise
        own.close()
    in_threads(work)
    keep.close()
    check(path, "shared cache", (THREADS * rounds, THREADS * (rounds * (rounds - 1) // 2)))


def main():
    path, rounds = sys.argv[1], int(sys.argv[2])
    many_connections(path, rounds)
    one_connection(path, rounds)
    shared_cache(path, rounds // 4)


if __name__ == "__main__":
    main()
