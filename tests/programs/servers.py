# SPDX-License-Identifier: MIT
"""Servers: what they were given and what they give are compared, over many connections at once."""

import random
import socket
import threading

from box import Failed
from catalogue import program
from compressors import digest
from paths import group_of, unprivileged


def in_threads(count, work):
    """Run work(0) to work(count - 1) at once; the first failure is raised."""
    failures = []

    def guarded(number):
        try:
            work(number)
        except Exception as why:  # pylint: disable=broad-except
            failures.append(why)
    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


class Memcached:
    """A client of the text protocol."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=300)
        self.file = self.socket.makefile("rb")

    def ask(self, text, data=None):
        self.socket.sendall(text.encode() + b"\r\n" + (data + b"\r\n" if data is not None else b""))
        return self.file.readline().rstrip().decode()

    def get(self, *keys):
        """{key: (value, cas)}"""
        found, line = {}, self.ask("gets " + " ".join(keys))
        while line != "END":
            word, key, _, size, cas = line.split()
            if word != "VALUE":
                raise Failed(f"memcached answers {line!r}")
            found[key] = (self.file.read(int(size) + 2)[:-2], int(cas))
            line = self.file.readline().rstrip().decode()
        return found

    def expect(self, wanted, text, data=None):
        answer = self.ask(text, data)
        if answer not in wanted:
            raise Failed(f"memcached answers {answer!r} to {text!r}")
        return answer

    def close(self):
        self.file.close()
        self.socket.close()


@program("memcached", "values, counters and compare-and-swap over many connections, eviction, slabs moved", ["memcached memcached"],
         quick=True)
def memcached(box):
    port, user = box.port(), unprivileged()
    server = box.start(["memcached", "-l", "127.0.0.1", "-p", port, "-t", 4, "-m", 24, "-c", 512, "-o",
                        "slab_reassign,slab_automove=2,hashpower=14"] + (["-u", user] if user else []))
    box.until_listens(port, server)
    clients, rounds = (20, 30) if box.quick else (60, 100)
    first = Memcached(port)
    first.expect(["STORED"], "set counter 0 0 1", b"0")
    first.expect(["STORED"], "set swapped 0 0 1", b"0")
    swaps = [0] * clients

    def client(number):
        rng, mine = random.Random(number), Memcached(port)
        for i in range(rounds):
            key, value = f"key:{number}:{i % 17}", bytes([97 + (number + i) % 26]) * rng.randrange(10, 9000)
            mine.expect(["STORED"], f"set {key} {i} 0 {len(value)}", value)
            found = mine.get(key, f"none:{number}")
            if key in found and found[key][0] != value:
                raise Failed(f"memcached returned another value for {key}")
            mine.ask("incr counter 1")
            old = mine.get("swapped")
            if "swapped" in old:
                text = str(int(old["swapped"][0]) + 1).encode()
                answer = mine.expect(["STORED", "EXISTS", "NOT_FOUND"],
                                     f"cas swapped 0 0 {len(text)} {old['swapped'][1]}", text)
                swaps[number] += answer == "STORED"
            if i % 10 == 0:
                mine.expect(["DELETED", "NOT_FOUND"], f"delete key:{number}:{(i + 5) % 17}")
                mine.close()
                mine = Memcached(port)
        mine.close()

    with box.timed():
        in_threads(clients, client)
    found = first.get("counter", "swapped")
    if "counter" in found and int(found["counter"][0]) != clients * rounds:
        raise Failed(f"counted {found['counter'][0]!r}, not {clients * rounds}")
    if "swapped" in found and int(found["swapped"][0]) != sum(swaps):
        raise Failed(f"swapped {sum(swaps)} times, and the value is {found['swapped'][0]!r}")
    # Many more bytes than it has room for: the threads that move slabs and drop old items have work.
    with box.timed():
        for i in range(2000 if box.quick else 12000):
            first.socket.sendall(f"set fill:{i} 0 0 {100 + i % 5000} noreply\r\n".encode() + b"x" * (100 + i % 5000) + b"\r\n")
    first.expect(["STORED"], "set last 0 0 4", b"last")
    if first.get("last")["last"][0] != b"last":
        raise Failed("the last value is not there")
    first.expect(["OK"], "flush_all")
    if first.get("last"):
        raise Failed("flush_all left a value")
    first.close()
    server.stop()
    return "counted"


NGINX = """
daemon off; worker_processes 2; pid {folder}/pid; error_log {folder}/error.log info; {user}
thread_pool default threads=4;
events {{ worker_connections 512; }}
http {{
    access_log off; aio threads; aio_write on; sendfile on; directio 256k; output_buffers 2 64k;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    proxy_cache_path {folder}/cache keys_zone=all:1m; proxy_cache all; proxy_cache_valid 1m;
    server {{ listen 127.0.0.1:{port}; root {folder}/files; }}
    server {{ listen 127.0.0.1:{proxy}; location / {{ proxy_pass http://127.0.0.1:{port}; }} }}
}}
"""


@program("nginx", "thread pool, proxy and cache, reload; files compared over many connections", ["nginx nginx-core", "curl curl"])
def nginx(box):
    user = unprivileged()
    folder = box.folder_of("nginx", user)
    files = folder / "files"
    files.mkdir()
    rng, sums = random.Random(7), {}
    for i in range(12):
        path = files / f"file{i}"
        path.write_bytes(rng.randbytes(rng.randrange(1000, 1500000)))
        path.chmod(0o644)
        sums[path.name] = digest(path)
    port, proxy = box.port(), box.port()
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port, proxy=proxy, user=f"user {user} {group_of(user)};" if user else ""),
                      encoding="utf-8")
    server = box.start(["nginx", "-e", folder / "error.log", "-c", config])
    box.until_listens(port, server)
    box.until_listens(proxy, server)

    def client(number):
        target = box.folder_of(f"got{number}")
        urls = []
        for _ in range(1 if box.quick else 4):
            for name in sums:
                urls += ["-o", target / name, f"http://127.0.0.1:{proxy if number % 2 else port}/{name}"]
        box.helper(["curl", "-sS", "--fail", *urls])
        for name, wanted in sums.items():
            if digest(target / name) != wanted:
                raise Failed(f"{name} came back with other bytes")

    with box.timed():
        in_threads(8, client)
        server.popen.send_signal(1)     # SIGHUP: new workers, the old ones end
        in_threads(4, client_again(client))
    server.stop(sig=3)                  # SIGQUIT: when all is sent
    text = (folder / "error.log").read_text(encoding="utf-8")
    bad = [line for line in text.splitlines() if "[alert]" in line or "[crit]" in line or "exited on signal" in line]
    if bad:
        raise Failed("\n".join(bad))
    return sorted(sums.values())


def client_again(client):
    return lambda number: client(number + 100)


@program("curl", "parallel transfers with the threaded resolver; files compared", ["curl curl", "/usr/bin/python3 python3"],
         quick=True)
def curl(box):
    files = box.folder_of("files")
    rng, sums = random.Random(8), {}
    for i in range(30):
        path = files / f"file{i}"
        path.write_bytes(rng.randbytes(rng.randrange(1000, 300000)))
        sums[path.name] = digest(path)
    port = box.port()
    server = box.start(["/usr/bin/python3", "-m", "http.server", port, "--bind", "127.0.0.1", "-d", files], watched=False)
    box.until_listens(port, server)
    got = box.folder_of("got")
    box.run(["curl", "-sS", "--fail", "--parallel", "--parallel-max", 10, "-o", f"{got}/#1",
             f"http://localhost:{port}/{{{','.join(sums)}}}"])
    for name, wanted in sums.items():
        if digest(got / name) != wanted:
            raise Failed(f"{name} came back with other bytes")
    return sorted(sums.values())
