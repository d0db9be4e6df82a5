# SPDX-License-Identifier: MIT
"""Databases: what was written is there afterwards, also after a restart, and their own checkers find nothing."""

import os
import re
import socket

from box import CannotRun, Failed
from catalogue import program
from paths import MATERIAL, SYSTEM_PYTHON, unprivileged


class Redis:
    """A client that speaks RESP."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=300)
        self.file = self.socket.makefile("rb")

    def send(self, commands):
        parts = []
        for words in commands:
            parts.append(b"*%d\r\n" % len(words))
            for word in words:
                word = word if isinstance(word, bytes) else str(word).encode()
                parts.append(b"$%d\r\n%s\r\n" % (len(word), word))
        self.socket.sendall(b"".join(parts))

    def reply(self):
        line = self.file.readline().rstrip(b"\r\n")
        kind, rest = line[:1], line[1:]
        if kind in (b"+", b":"):
            return rest.decode()
        if kind == b"$":
            size = int(rest)
            return None if size < 0 else self.file.read(size + 2)[:-2]
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        raise Failed(f"redis answers {line!r}")

    def many(self, commands):
        commands, answers = list(commands), []
        for start in range(0, len(commands), 1000):
            part = commands[start:start + 1000]
            self.send(part)
            answers += [self.reply() for _ in part]
        return answers

    def __call__(self, *words):
        return self.many([words])[0]

    def close(self):
        self.file.close()
        self.socket.close()


def redis_server(box, folder):
    port = box.port()
    server = box.start(["redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", folder, "--io-threads", 3,
                        "--io-threads-do-reads", "yes", "--appendonly", "yes", "--save", "3600 1",
                        "--enable-debug-command", "yes", "--lazyfree-lazy-user-del", "yes",
                        "--activedefrag", "no", "--ignore-warnings", "ARM64-COW-BUG"])
    box.until_listens(port, server)
    return server, port


def redis_fill(client, count):
    client.many(("SET", f"string:{i}", f"value {i}" * (i % 20 + 1)) for i in range(count))
    client.many(("HSET", f"hash:{i % 50}", f"field:{i}", i) for i in range(count))
    client.many(("RPUSH", f"list:{i % 20}", i) for i in range(count))
    client.many(("ZADD", f"zset:{i % 10}", i * 7 % 1000, f"member:{i}") for i in range(count))
    client.many(("DEL", f"string:{i}") for i in range(0, count, 3))
    client("DEL", "list:7", "zset:3", "hash:11")    # freed by a background thread


@program("redis", "redis-benchmark with io-threads; the digest of all data is the same after BGSAVE, AOF rewrite, restarts",
         ["redis-server redis-server", "redis-benchmark redis-tools"], quick=True)
def redis(box):
    folder = box.folder_of("data")
    server, port = redis_server(box, folder)
    requests = 500 if box.quick else 2500
    box.run(["redis-benchmark", "-p", port, "-n", requests, "-c", 40, "--threads", 3, "-P", 4, "-q", "-r", 1000, "-t",
             "set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,lrange_100,mset"])
    client = Redis(port)
    client("FLUSHALL", "ASYNC")
    with box.timed():
        redis_fill(client, 2000 if box.quick else 20000)
    digest = client("DEBUG", "DIGEST")
    client("BGSAVE")
    box.until("BGSAVE ended", lambda: b"rdb_bgsave_in_progress:0" in client("INFO", "persistence"), server)
    client("BGREWRITEAOF")
    box.until("BGREWRITEAOF ended",
              lambda: b"aof_rewrite_in_progress:0" in client("INFO", "persistence")
              and b"aof_rewrite_scheduled:0" in client("INFO", "persistence"), server)
    info = client("INFO", "persistence")
    if b"rdb_last_bgsave_status:ok" not in info or b"aof_last_bgrewrite_status:ok" not in info:
        raise Failed(f"redis could not save: {info!r}")
    client.close()
    server.stop()
    server, port = redis_server(box, folder)
    client = Redis(port)
    box.until("the data was loaded", lambda: b"loading:0" in client("INFO", "persistence"), server)
    if client("DEBUG", "DIGEST") != digest:
        raise Failed("after a restart the data differs")
    if client("DEBUG", "RELOAD") != "OK" or client("DEBUG", "DIGEST") != digest:
        raise Failed("after a save and a load the data differs")
    client.close()
    server.stop()
    return digest


@program("sqlite3", "threads on one connection, on many in WAL mode, on a shared cache; integrity_check, sums",
         [f"{SYSTEM_PYTHON} python3"], quick=True)
def sqlite3(box):
    return box.run([SYSTEM_PYTHON, MATERIAL / "sqlite_threads.py", box.path("test.db"), 100 if box.quick else 600]).out


@program("rocksdb", "db_bench with checksums, threads and compaction; ldb's consistency check, same contents",
         ["db_bench rocksdb-tools", "ldb rocksdb-tools"])
def rocksdb(box):
    number = 3000 if box.quick else 20000
    folder = box.path("rocks")
    common = ["db_bench", f"--db={folder}", f"--num={number}", "--verify_checksum=true", "--value_size=200",
              "--write_buffer_size=1000000", "--max_background_jobs=4", "--target_file_size_base=500000",
              "--compression_type=zstd", "--seed=42", "--subcompactions=3", "--cache_size=1000000"]
    box.run([*common, "--threads=4", "--benchmarks=fillrandom,overwrite,readrandom,readwhilewriting,updaterandom,"
             "seekrandom,multireadrandom,compact,verifychecksum", "--duration=0", f"--reads={number // 4}"])
    box.run(["ldb", f"--db={folder}", "checkconsistency"])
    done = box.run([*common, "--threads=1", "--benchmarks=fillseq,compact,verifychecksum",
                    "--use_existing_db=0"])
    if not re.search(r"^verifychecksum\s", done.out, re.MULTILINE):
        raise Failed("db_bench did not verify the checksums")
    done = box.run(["ldb", f"--db={folder}", "dump", "--count_only"])
    found = re.search(r"Keys in range: (\d+)", done.out)
    if not found or int(found.group(1)) != number:
        raise Failed(f"ldb finds other keys than were written: {done.out}")
    return found.group(1)


MARIADB_LOAD = """
create table t (id int primary key auto_increment, a int, b varchar(100), key (a)) engine=innodb;
create table u (id int primary key auto_increment, a int, b varchar(100), key (a)) engine=aria;
"""


class MariaDB:
    """A server with data and socket in a box's folder."""

    NEEDS = ["/usr/sbin/mariadbd mariadb-server", "mariadb mariadb-client"]

    def __init__(self, box):
        self.box, self.user = box, unprivileged()
        data, self.run = box.folder_of("data", self.user), box.folder_of("run", self.user)
        self.sock = self.run / "sock"
        self.common = ["--no-defaults", f"--datadir={data}"]
        self.client = ["mariadb", "--no-defaults", f"--socket={self.sock}", "--user=root", "--batch", "--skip-column-names"]
        box.helper(["mariadb-install-db", *self.common, "--auth-root-authentication-method=normal", "--skip-test-db"]
                   + self.as_user())

    def as_user(self):
        return [f"--user={self.user}"] if self.user else []

    def start(self, *more, **how):
        """@more: arguments of the server. @how: as for Box.start()."""
        server = self.box.start(["/usr/sbin/mariadbd", *self.common, f"--socket={self.sock}", "--skip-networking",
                                 f"--pid-file={self.run}/pid", *more] + self.as_user(), **how)
        self.box.until("mariadbd listens", self.sock.exists, server)
        return server

    def ask(self, text):
        return self.box.helper([*self.client, "-e", text]).out


@program("mariadb", "concurrent transactions through mysqlslap; CHECK TABLE, sums, a clean restart",
         MariaDB.NEEDS + ["mariadb-slap mariadb-client"])
def mariadb(box):
    db = MariaDB(box)

    def start():
        return db.start("--innodb-buffer-pool-size=16M", "--thread-handling=pool-of-threads", "--innodb-purge-threads=2",
                        "--query-cache-type=1", "--query-cache-size=1M")

    server = start()
    db.ask("create database d; use d; " + MARIADB_LOAD)
    clients, rounds = (4, 20) if box.quick else (12, 60)
    statements = ("insert into t (a, b) values (floor(rand() * 50), repeat('x', 50));"
                  "insert into u (a, b) values (floor(rand() * 50), 'y');"
                  "update t set b = concat(a, '-') where a = floor(rand() * 50) limit 3;"
                  "start transaction; select count(*) from t where a < 10; "
                  "insert into t (a, b) values (100, 'z'); commit;"
                  "select sum(a) from u")
    box.run(["mariadb-slap", "--no-defaults", f"--socket={db.sock}", "--user=root", "--create-schema=d", "--no-drop",
             f"--concurrency={clients}", f"--number-of-queries={clients * rounds * 8}", "--delimiter=;",
             f"--query={statements}"])
    ask = "use d; check table t, u extended; select count(*) from t; select count(*) from u; optimize table u; " \
          "alter table t add column c int default 5, algorithm=copy; create index i on t (c, a); checksum table t, u;"
    told = db.ask(ask)
    if re.search(r"\b(error|corrupt)", told, re.IGNORECASE):
        raise Failed(told)
    sums = db.ask("use d; checksum table t, u")
    server.stop()
    server = start()
    if db.ask("use d; checksum table t, u") != sums:
        raise Failed("after a restart the tables differ")
    server.stop()
    return re.findall(r"^\d+$", told, re.MULTILINE)


def postgres_folder():
    """The newest version's programs; Debian keeps them out of the path."""
    base = "/usr/lib/postgresql"
    versions = sorted((v for v in os.listdir(base) if v.isdigit()), key=int) if os.path.isdir(base) else []
    if not versions:
        raise CannotRun("postgresql is not installed")
    return f"{base}/{versions[-1]}/bin"


@program("postgresql", "pgbench with threads; its balance, amcheck-like sums, a crash and its recovery",
         ["/usr/lib/postgresql postgresql"])
def postgresql(box):
    user, programs = unprivileged(), postgres_folder()
    data, run, port = box.folder_of("pg", user) / "data", box.folder_of("sock", user), box.port()
    home = {"HOME": str(run)}
    box.run([f"{programs}/initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync", "--data-checksums"], user=user,
            cwd=run, env=home)
    to = ["-h", run, "-p", port, "-U", "postgres"]

    def start():
        server = box.start([f"{programs}/postgres", "-D", data, "-k", run, "-p", port, "-h", "", "-c",
                            "max_parallel_workers_per_gather=4", "-c", "min_parallel_table_scan_size=0", "-c",
                            "parallel_setup_cost=0"], user=user, cwd=run, env=home)
        ready = [f"{programs}/pg_isready", *to, "-q"]
        box.until("postgres is ready", lambda: box.helper(ready, status=None, user=user, cwd=run).status == 0, server)
        return server

    def ask(question):
        return box.helper([f"{programs}/psql", *to, "-X", "-At", "-c", question, "postgres"], user=user, cwd=run).out

    server = start()
    box.run([f"{programs}/pgbench", *to, "-i", "-s", 2, "-q", "postgres"], user=user, cwd=run)
    clients, count = (4, 50) if box.quick else (8, 250)
    done = box.run([f"{programs}/pgbench", *to, "-c", clients, "-j", 4, "-t", count, "-n", "postgres"], user=user, cwd=run)
    if f"processed: {clients * count}/{clients * count}" not in done.out:
        raise Failed(done.out)
    balance = ask("select (select sum(abalance) from pgbench_accounts) = (select sum(bbalance) from pgbench_branches)"
                  " and (select sum(delta) from pgbench_history) = (select sum(tbalance) from pgbench_tellers),"
                  " (select count(*) from pgbench_history), (select count(*) from pgbench_accounts)")
    server.kill()           # the children notice, and the log brings everything back
    (data / "postmaster.pid").unlink(missing_ok=True)
    server = start()
    again = ask("select (select sum(abalance) from pgbench_accounts) = (select sum(bbalance) from pgbench_branches)"
                " and (select sum(delta) from pgbench_history) = (select sum(tbalance) from pgbench_tellers),"
                " (select count(*) from pgbench_history), (select count(*) from pgbench_accounts)")
    if again != balance or not balance.startswith("t|"):
        raise Failed(f"the balance was {balance!r}, and after recovery is {again!r}")
    server.stop()
    box.run([f"{programs}/pg_checksums", "--check", "-D", data], user=user, cwd=run)
    return balance
