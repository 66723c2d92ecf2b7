"""An inventory that means no good, and registration: what discovery_test.py does besides."""

import json
import re
import signal
import socket
import threading
import time
import urllib.request

from surroundings import Process

ATTACK_S = 4
RSS_MORE_MIB = 160  # while 8 MiB of values are taken apart


def _stream(first, again, pause=0.0):
    """Sends `first`, then `again` for ever."""

    def attack(handler, _turn):
        handler.connection.settimeout(20)
        handler.wfile.write(first)
        while True:
            handler.wfile.write(again)
            time.sleep(pause)

    return attack


def _answer(text_of):
    def attack(handler, turn):
        text = text_of(turn).encode()
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(text) + text)

    return attack


def _hang(handler, _turn):
    handler.connection.settimeout(20)
    handler.rfile.read(1)


def _flood(value):
    return _answer(lambda _: "[" + ",".join([value] * ((8 << 20) // (len(value) + 1) - 8)) + "]")


OK = b"HTTP/1.1 200 OK\r\n"
ATTACKS = {
    "never answers": _hang,
    "sends a header without an end": _stream(OK, b"X-Y: " + b"z" * 1000 + b"\r\n"),
    "sends a line without an end": _stream(OK + b"X: ", b"z" * 1000),
    "sends a byte now and then": _stream(OK + b"Content-Length: 100000\r\n\r\n[", b" ", 0.05),
    "sends a chunk's extension without an end": _stream(OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"z" * 1000),
    "sends a body without an end": _stream(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"3e8\r\n" + b" " * 1000 + b"\r\n"),
    "sends 8 MiB of {}": _flood("{}"),
    "sends 8 MiB of texts": _flood('""'),
    "sends 8 MiB of brackets": _answer(lambda _: "[" * (4 << 20) + "]" * (4 << 20)),
    "sends 8 MiB of targets that are none": _answer(lambda turn: json.dumps([{"targets": [f"{turn}-{i}\x1b[2J\u202e" for i in range(200_000)]}])),
    "redirects for ever": _stream(OK.replace(b"200 OK", b"302 Found") + b"Location: /sd\r\n", b"Location: /sd\r\n"),
}


class Watch:
    """How long readiness takes to tell, and how large the daemon gets, until it is closed."""

    def __init__(self, room):
        self.room, self.slowest_s, self.largest_mib, self.open = room, 0.0, 0.0, True
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while self.open:
            begun = time.monotonic()
            with urllib.request.urlopen(f"http://127.0.0.1:{self.room.admin}/readyz", timeout=20) as answer:
                assert answer.status == 200
            self.slowest_s = max(self.slowest_s, time.monotonic() - begun)
            self.largest_mib = max(self.largest_mib, self.room.rss_mib())
            time.sleep(0.01)

    def close(self):
        self.open = False
        self.thread.join()
        return f"readiness within {self.slowest_s * 1000:.0f} ms, at most {self.largest_mib:.0f} MiB"


def attack(room, eventually):
    """Each for some seconds: the set stays, packets flow at their shares, memory has a bound."""
    before, rss = room.known(), room.rss_mib()
    for what, way in ATTACKS.items():
        watch = Watch(room)
        room.source.attack = way
        deadline = time.monotonic() + ATTACK_S
        while time.monotonic() < deadline:
            assert room.known() == before
            time.sleep(0.1)
        room.expect_shares()
        room.source.attack = None
        eventually(f"it {what}, and is well again", lambda: room.source_facts()["reachable"] and room.known() == before, room.source_facts)
        print(f"   {watch.close()}", flush=True)
        assert watch.largest_mib < rss + RSS_MORE_MIB, watch.largest_mib
    lines = len(re.findall(r"\n", room.daemon.log.read_text()))
    print(f"   {lines} lines of the log so far", flush=True)


def flap(room, eventually, address_of, seconds=20):
    """A thousand others each second, of 10,000 that are given at once."""
    steady = room.shares(40, 30, 30)
    port = room.ports[0]

    def text(turn):
        groups = [{"targets": [name], "labels": {"__weight__": str(weight)}} for name, weight in steady.items()]
        groups.append({"targets": [f"{address_of(i)}:{port}" for i in range(10_000)] if turn % 2 else []})
        return json.dumps(groups)

    watch, begun = Watch(room), time.monotonic()
    room.source.attack = _answer(lambda _: text(int(time.monotonic() - begun)))
    eventually("10,000 at once are 1,024", lambda: len(room.known()) == 1024, lambda: str(len(room.known())))
    delivered = room.terms()["delivered"]
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        time.sleep(0.2)
    moved = room.terms()["delivered"] - delivered
    room.source.attack = None
    room.source.set(steady)
    room.await_set("three again, after a thousand came and went each second", steady)
    print(f"   {moved} packets in {seconds} s; {watch.close()}", flush=True)
    room.expect_shares()


def end_while_it_hangs(room, wait_s):
    room.source.attack = _hang
    time.sleep(1)
    begun = time.monotonic()
    room.daemon.child.send_signal(signal.SIGTERM)
    assert room.daemon.child.wait(wait_s) == 0
    print(f"ok: a clean end in {time.monotonic() - begun:.2f} s while the source hangs", flush=True)


def register(room, eventually):
    """The reference analyzer and the daemon make themselves known, and are gone when they end."""
    url = room.source.registry_url()
    number = 0

    def start():
        nonlocal number
        number += 1
        analyzer = Process(f"registered-{number}", [room.binary, "analyzer", "--listen", "127.0.0.1:0", "--register", url], room.folder)
        return analyzer, "127.0.0.1:" + analyzer.await_line(r"127\.0\.0\.1:(\d+)")[0]

    analyzer, address = start()
    eventually("an analyzer that registers is known", lambda: room.known().get(address) == 1, room.known)
    if room.source.forgets:
        room.source.stop()
        room.source.start()
        eventually("and again where the registry has forgotten it", lambda: room.source.has(address))
    begun = time.monotonic()
    analyzer.child.send_signal(signal.SIGTERM)
    analyzer.child.wait(20)
    eventually("it is gone when it ends", lambda: address not in room.known(), room.known)
    print(f"   after {time.monotonic() - begun:.1f} s", flush=True)
    analyzer, address = start()
    eventually("another one", lambda: address in room.known(), room.known)
    begun = time.monotonic()
    analyzer.kill()
    eventually("and it is gone a while after it was killed", lambda: address not in room.known(), room.known)
    print(f"   after {time.monotonic() - begun:.1f} s", flush=True)

    assert room.source.has(f"127.0.0.1:{room.port}", "daemons"), "the daemon is registered"
    print("ok: the daemon is registered", flush=True)


def is_withdrawn(room, eventually):
    eventually("the daemon is withdrawn", lambda: not room.source.has(f"127.0.0.1:{room.port}", "daemons"))


def hang_a_registry(room):
    """A registry that takes connections and says nothing delays the end by 2 s at most."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        analyzer = Process("unregistered", [room.binary, "analyzer", "--listen", "127.0.0.1:0", "--register", f"consul://127.0.0.1:{port}/pods"], room.folder)
        analyzer.await_line(r"127\.0\.0\.1:(\d+)")
        time.sleep(1)
        begun = time.monotonic()
        analyzer.child.send_signal(signal.SIGTERM)
        analyzer.child.wait(20)
        took = time.monotonic() - begun
        assert took < 8, took
        print(f"ok: an end in {took:.2f} s while a registry hangs", flush=True)
