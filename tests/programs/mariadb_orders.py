#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Three workloads of MariaDB, for docs/across-runs.md: a record of each server, to be merged, checked and compared. No part of the test suite.

    oltp    short transactions of eight clients on InnoDB and Aria tables, thread pool, query cache
    ddl     three clients make, alter, rename, partition and drop tables, while others read, dump everything and search texts; events, triggers,
            procedures, views, performance schema
    repl    a source with binary logs and a replica with four threads; both are recorded

The servers need a user that they can run as: mysql, or whoever calls, if that is not root.

Usage: mariadb_orders.py LOCKVAL FOLDER [--server MARIADBD] [--commit TEXT] [--only oltp|ddl|repl]
"""

import argparse
import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

TIMEOUT = 300

TABLES = """create database d; use d;
create table t (id int primary key auto_increment, a int, b varchar(100), key (a)) engine=innodb;
create table u (id int primary key auto_increment, a int, b varchar(100), key (a)) engine=aria;
create table m (id int primary key auto_increment, a int, b text, fulltext (b)) engine=myisam;
"""
LOAD = ("insert into t (a, b) values (floor(rand() * 50), repeat('x', 50));"
        "insert into u (a, b) values (floor(rand() * 50), 'y');"
        "update t set b = concat(a, '-') where a = floor(rand() * 50) limit 3;"
        "start transaction; select count(*) from t where a < 10; insert into t (a, b) values (100, 'z'); commit;"
        "delete from t where a = floor(rand() * 50) limit 1; select sum(a) from u")
PROGRAMS = """use d; create event e on schedule every 1 second do insert into t (a) values (1);
create trigger tr before insert on u for each row set new.a = coalesce(new.a, 0) + 1;
delimiter //
create procedure p(n int) begin declare i int default 0; while i < n do insert into u (a, b) values (i, 'p'); set i = i + 1; end while; end //
create function f(x int) returns int deterministic return x + 1 //
delimiter ;
create view v as select a, count(*) c from t group by a; call p(50); select f(a) from u limit 3;
create user someone identified by 'x'; grant select on d.* to someone; flush privileges;"""
# {n} is the client, {i} the round.
ALTER = """use d; create table x{n} (id int primary key, a int, key(a)) engine={engine} partition by hash(id) partitions 4;
insert into x{n} select seq, seq from seq_1_to_200; alter table x{n} add column c int default 5; create index i on x{n} (c, a);
alter table x{n} add partition partitions 2; analyze table x{n}; rename table x{n} to y{n}; truncate table y{n}; drop table y{n};
alter table t add column c{n}_{i} int, algorithm=instant; alter table t drop column c{n}_{i};
lock tables t write, u read; insert into t (a) values (3); unlock tables; flush tables; select count(*) from information_schema.tables;
show engine innodb status; show full processlist; select * from v limit 1; select * from information_schema.innodb_metrics limit 1;
flush tables with read lock; unlock tables;"""
TEXTS = ("select sum(a) from t; select * from v limit 1; insert into m (a, b) values (1, 'some words here');"
         "select * from m where match(b) against('words')")


class Bench:
    """Where servers and their data are, and what they are run with."""

    def __init__(self, args, work):
        self.args, self.work = args, work
        self.user = ["--user=mysql"] if os.geteuid() == 0 else []
        self.empty = work / "empty"
        subprocess.run(["mariadb-install-db", "--no-defaults", f"--datadir={self.empty}", "--auth-root-authentication-method=normal",
                        "--skip-test-db", *self.user], check=True, stdout=subprocess.DEVNULL, timeout=TIMEOUT)

    def give(self, path):
        """To the user that the servers run as."""
        if self.user:
            subprocess.run(["chown", "-R", "mysql:mysql", str(path)], check=True, timeout=TIMEOUT)


class Server:
    def __init__(self, bench, name, *more):
        self.name, self.sock, self.begun = name, bench.work / f"{name}.sock", time.monotonic()
        data, record = bench.work / name, bench.args.folder / f"{name}.jsonl"
        shutil.copytree(bench.empty, data)
        record.write_bytes(b"")
        bench.give(data)
        bench.give(record)
        with (bench.args.folder / f"{name}.log").open("w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [bench.args.lockval, "run", f"--record={record}", f"--test={name}", f"--commit={bench.args.commit}", "--exitcode=0", "-q", "--",
                 bench.args.server, "--no-defaults", f"--datadir={data}", f"--socket={self.sock}", f"--pid-file={bench.work}/{name}.pid",
                 "--innodb-buffer-pool-size=32M", *bench.user, *more], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        while not self.sock.exists() or self.ask("select 1") != "1\n":
            if self.process.poll() is not None:
                sys.exit(f"{name}: the server ended; see its log")
            time.sleep(0.1)

    def ask(self, text):
        return subprocess.run(["mariadb", "--no-defaults", f"--socket={self.sock}", "--user=root", "--batch", "--skip-column-names", "--force"],
                              input=text, text=True, capture_output=True, check=False, timeout=TIMEOUT).stdout

    def load(self, statements, clients, queries):
        subprocess.run(["mariadb-slap", "--no-defaults", f"--socket={self.sock}", "--user=root", "--create-schema=d", "--no-drop",
                        f"--concurrency={clients}", f"--number-of-queries={queries}", "--delimiter=;", f"--query={statements}"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=TIMEOUT)

    def dump(self):
        for _ in range(3):
            subprocess.run(["mariadb-dump", "--no-defaults", f"--socket={self.sock}", "--user=root", "--single-transaction", "--events", "--routines",
                            "--all-databases"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=TIMEOUT)

    def stop(self):
        self.ask("shutdown")
        self.process.wait(TIMEOUT)
        print(f"{self.name}: {time.monotonic() - self.begun:.1f} s", flush=True)


def oltp(bench):
    server = Server(bench, "oltp", "--skip-networking", "--thread-handling=pool-of-threads", "--innodb-purge-threads=2", "--query-cache-type=1",
                    "--query-cache-size=1M")
    server.ask(TABLES)
    server.load(LOAD, 8, 20000)
    server.ask("use d; check table t, u extended; optimize table u; checksum table t, u;")
    server.stop()


def ddl(bench):
    server = Server(bench, "ddl", "--skip-networking", "--event-scheduler=on", "--performance-schema=on")
    server.ask(TABLES)
    server.ask(PROGRAMS)

    def alter(client):
        for number in range(6):
            server.ask(ALTER.format(n=client, i=number, engine="innodb" if client % 2 else "aria"))

    threads = [threading.Thread(target=alter, args=(client,)) for client in range(3)]
    threads += [threading.Thread(target=server.dump), threading.Thread(target=server.load, args=(TEXTS, 3, 300))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    server.ask("set global innodb_buffer_pool_size=40*1024*1024; set global general_log=1; select 1; flush logs; set global general_log=0; drop database d;")
    server.stop()


def repl(bench):
    ports = []
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            free = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            ports.append(free.getsockname()[1])
    common = ["--bind-address=127.0.0.1", "--log-bin=bin", "--gtid-strict-mode=1"]
    source = Server(bench, "source", f"--port={ports[0]}", "--server-id=1", "--binlog-format=mixed", "--sync-binlog=1",
                    "--binlog-commit-wait-count=2", "--binlog-commit-wait-usec=1000", "--max-binlog-size=16384", *common)
    replica = Server(bench, "replica", f"--port={ports[1]}", "--server-id=2", "--log-slave-updates", "--slave-parallel-threads=4",
                     "--slave-parallel-mode=optimistic", "--max-relay-log-size=16384", *common)
    for host in ("localhost", "127.0.0.1"):
        source.ask(f"create user r@'{host}' identified by 'r'; grant replication slave on *.* to r@'{host}';")
    replica.ask(f"change master to master_host='127.0.0.1', master_port={ports[0]}, master_user='r', master_password='r', "
                "master_use_gtid=slave_pos; start slave;")
    source.ask(TABLES)
    source.load(LOAD, 6, 6000)
    replica.ask("stop slave; start slave; show all slaves status;")
    source.load(LOAD, 6, 600)
    source.ask("flush logs; show master status; purge binary logs before now(); show binary logs; reset query cache;")
    position = source.ask("select @@gtid_binlog_pos").strip()
    if replica.ask(f"select master_gtid_wait('{position}', 60)").strip() != "0":
        print("the replica did not come as far as its source")
    replica.ask("stop slave; flush tables; reset slave all;")
    replica.stop()
    source.stop()


WORKLOADS = {"oltp": oltp, "ddl": ddl, "repl": repl}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("lockval", type=os.path.abspath)
    parser.add_argument("folder", type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--server", default="/usr/sbin/mariadbd", type=os.path.abspath)
    parser.add_argument("--commit", default="")
    parser.add_argument("--only", choices=WORKLOADS)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        os.chmod(work, 0o755)
        bench = Bench(args, pathlib.Path(work).resolve())
        bench.give(work)
        for name, workload in WORKLOADS.items():
            if args.only in (None, name):
                workload(bench)


if __name__ == "__main__":
    main()
