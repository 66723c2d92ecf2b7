#!/usr/bin/python3
"""Analyzers that real etcd, Consul and dnsmasq, an HTTP inventory and files give and take away, while packets flow.

    discovery_test.py DAEMON FOLDER [SOURCE…]

FOLDER has the servers, unpacked: debian/usr/bin/etcd, debian/usr/sbin/dnsmasq, consul/consul; what is not there is left
out with a word. Runs in a network and a mount namespace of its own (scripts/discovery-test makes them), so that names
are looked up at dnsmasq. With each source: instances come, go and change their weights under load; the server is killed
and started again; it gives garbage, and nothing; a thousand instances. Nothing is lost, and the shares of those that stay
are within one packet. With the inventory, 10,000 come and go: memory and the number of series stay flat; and it attacks (discovery_attacks.py).
At etcd and Consul, an analyzer and the daemon register.
"""

import base64
import json
import os
import signal
import socket
import sys
import tempfile
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import discovery_attacks as attacks
from surroundings import Process, free_port

PATIENCE_S = 120
BATCH = 5
RATE = 200
EVERYWHERE = "127.9.{}.{}"  # one analyzer listens on all of 127.0.0.0/8


def eventually(what, condition, instead=lambda: ""):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE_S} s: {what}; but: {instead()}"
        time.sleep(0.05)
    print(f"ok: {what}", flush=True)


def fetch(url, body=None, method=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.read().decode()


class Inventory:
    """http_sd, as one would write it in an afternoon."""

    name, key = "http", "http: {url: 'http://127.0.0.1:%d/sd', interval: 100ms}"
    is_server = True
    registry_url = None  # none where nothing can register

    def __init__(self, _servers, _folder):
        self.instances, self.garbage, self.port, self.server, self.attack, self.turn = {}, None, free_port(), None, None, 0
        self.start()

    def start(self):
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):  # as http.server names it
                if outer.attack:
                    outer.turn += 1
                    self.close_connection = True
                    try:
                        return outer.attack(self, outer.turn)
                    except OSError:
                        return None
                groups = [{"targets": [address], "labels": {"__weight__": str(weight)}} for address, weight in outer.instances.items()]
                text = outer.garbage or json.dumps(groups)
                self.send_response(200)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def configuration(self):
        return self.key % self.port

    @staticmethod
    def address_of(netloc):
        return netloc

    def set(self, instances):
        self.instances = dict(instances)

    def spoil(self):
        self.garbage = '[{"targets": ['

    def mend(self):
        self.garbage = None


class Files(Inventory):
    name = "file"
    is_server = False

    def __init__(self, _servers, folder):
        self.path = folder / "pods.d"
        self.path.mkdir()
        self.instances, self.server = {}, None

    def configuration(self):
        return f"file: {{path: '{self.path}/*.json', interval: 1s}}"

    def set(self, instances):
        self.instances = dict(instances)
        self._write(json.dumps([{"url": f"http://{address}/analyze", "weight": weight} for address, weight in instances.items()]))

    def spoil(self):
        self._write("- {url: [")

    def mend(self):
        self.set(self.instances)

    def _write(self, text):
        new = self.path / "new"
        new.write_text(text)
        new.rename(self.path / "pods.json")


class Etcd(Inventory):
    name = "etcd"

    def __init__(self, servers, folder):
        self.binary, self.folder, self.instances, self.lives = servers / "debian/usr/bin/etcd", folder, {}, 0
        self.port, self.peer = free_port(), free_port()
        self.start()

    @staticmethod
    def missing(servers):
        return not (servers / "debian/usr/bin/etcd").exists()

    def start(self):
        self.lives += 1
        client, peer = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.peer}"
        self.process = Process(f"etcd-{self.lives}", [
            self.binary, "--name", "t", "--data-dir", self.folder / "etcd", "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"t={peer}", "--log-level", "warn"], self.folder)
        eventually("etcd is healthy", lambda: self._healthy())

    def _healthy(self):
        try:
            return json.loads(fetch(f"http://127.0.0.1:{self.port}/health"))["health"] == "true"
        except OSError:
            return False

    def stop(self):
        self.process.kill()

    def configuration(self):
        return f"etcd: {{endpoints: ['http://127.0.0.1:{self.port}'], prefix: /pods/}}"

    def _ask(self, path, **body):
        encoded = {name: base64.b64encode(text.encode()).decode() for name, text in body.items()}
        fetch(f"http://127.0.0.1:{self.port}/v3/kv/{path}", encoded)

    def set(self, instances):
        for address, weight in instances.items():
            if self.instances.get(address) != weight:
                self._ask("put", key=f"/pods/{address}", value=json.dumps({"url": f"http://{address}/analyze", "weight": weight}))
        for address in self.instances.keys() - instances.keys():
            self._ask("deleterange", key=f"/pods/{address}")
        self.instances = dict(instances)

    forgets = False  # its data stay

    def registry_url(self):
        return f"etcd://127.0.0.1:{self.port}/pods/"

    def register_key(self):
        return f"register: {{etcd: {{endpoints: 'http://127.0.0.1:{self.port}', prefix: /daemons/}}, ttl: 5s}}\n"

    def has(self, address, kind="pods"):
        key = base64.b64encode(f"/{kind}/{address}".encode()).decode()
        return "kvs" in json.loads(fetch(f"http://127.0.0.1:{self.port}/v3/kv/range", {"key": key}))

    def spoil(self):
        """Every one of them is garbage."""
        for address in self.instances:
            self._ask("put", key=f"/pods/{address}", value="{")

    def mend(self):
        wanted, self.instances = self.instances, {}
        self.set(wanted)


class Consul(Inventory):
    name = "consul"

    def __init__(self, servers, folder):
        self.binary, self.folder, self.instances, self.lives = servers / "consul/consul", folder, {}, 0
        self.ports = [free_port() for _ in range(5)]
        self.start()

    @staticmethod
    def missing(servers):
        return not (servers / "consul/consul").exists()

    def start(self):
        """In development mode: it forgets everything, and its index begins again."""
        self.lives += 1
        http, dns, server, lan, wan = map(str, self.ports)
        self.process = Process(f"consul-{self.lives}", [
            self.binary, "agent", "-dev", "-bind", "127.0.0.1", "-client", "127.0.0.1", "-http-port", http, "-grpc-port", "-1",
            "-grpc-tls-port", "-1", "-dns-port", dns, "-server-port", server, "-serf-lan-port", lan, "-serf-wan-port", wan,
            "-hcl", "disable_update_check=true connect { enabled = false }", "-log-level", "warn"], self.folder)
        eventually("Consul has a leader", lambda: self._leader())
        self.mend()

    def _leader(self):
        try:
            return fetch(f"http://127.0.0.1:{self.ports[0]}/v1/status/leader") not in ('""', "")
        except OSError:
            return False

    def stop(self):
        self.process.kill()

    def configuration(self):
        return f"consul: {{url: 'http://127.0.0.1:{self.ports[0]}', service: pods}}"

    forgets = True

    def registry_url(self):
        return f"consul://127.0.0.1:{self.ports[0]}/pods"

    def register_key(self):
        return f"register: {{consul: {{url: 'http://127.0.0.1:{self.ports[0]}', service: daemons}}, ttl: 5s}}\n"

    def has(self, address, kind="pods"):
        services = json.loads(fetch(f"http://127.0.0.1:{self.ports[0]}/v1/health/service/{kind}?passing=1"))
        return any(f"{one['Service']['Address']}:{one['Service']['Port']}" == address for one in services)

    def _register(self, address, weight, meta):
        host, port = address.split(":")
        fetch(f"http://127.0.0.1:{self.ports[0]}/v1/agent/service/register", {
            "ID": address, "Name": "pods", "Address": host, "Port": int(port), "Weights": {"Passing": weight, "Warning": 1}, "Meta": meta}, "PUT")

    def set(self, instances):
        for address, weight in instances.items():
            if self.instances.get(address) != weight:
                self._register(address, weight, {})
        for address in self.instances.keys() - instances.keys():
            fetch(f"http://127.0.0.1:{self.ports[0]}/v1/agent/service/deregister/{address}", method="PUT")
        self.instances = dict(instances)

    def spoil(self):
        for address in self.instances:
            self._register(address, 1, {"weight": "-1"})

    def mend(self):
        wanted, self.instances = self.instances, {}
        self.set(wanted)


class Dns(Inventory):
    """SRV records by dnsmasq, which is started again to change them."""

    name = "dns"

    def __init__(self, servers, folder):
        self.binary, self.folder, self.instances, self.lives, self.process = servers / "debian/usr/sbin/dnsmasq", folder, {}, 0, None
        self.libraries = servers / "debian/usr/lib/x86_64-linux-gnu"
        self.start()

    @staticmethod
    def missing(servers):
        return not (servers / "debian/usr/sbin/dnsmasq").exists() or "127.0.0.1" not in Path("/etc/resolv.conf").read_text()

    def start(self):
        self.lives += 1
        records = []
        for address, weight in self.instances.items():
            host, port = address.split(":")
            name = f"{host.replace('.', '-')}.pods.test"
            records += ["--host-record", f"{name},{host},1", f"--srv-host=_logs._tcp.pods.test,{name},{port},10,{weight}"]
        self.process = Process(f"dnsmasq-{self.lives}", [
            self.binary, "-k", "-u", "root", "-p", "53", "--listen-address=127.0.0.1", "--bind-interfaces", "-R", "-h", "--local-ttl=1", "--local=/test/",
            "--edns-packet-max=4096", "--pid-file", *records], self.folder, {"LD_LIBRARY_PATH": str(self.libraries)})

    def stop(self):
        self.process.kill()

    def configuration(self):
        return "dns: {name: _logs._tcp.pods.test, type: SRV, interval: 300ms}"

    def set(self, instances):
        self.instances = dict(instances)
        self.stop()
        self.start()

    @staticmethod
    def address_of(netloc):
        """Records name hosts, whose names have their addresses."""
        host, port = netloc.split(":")
        return f"{host.split('.')[0].replace('-', '.')}:{port}"

    def hang(self):
        """Instead of dnsmasq: records do not fit into a datagram and are to be asked for by TCP, where nothing is said."""
        self.stop()
        self.silent = [socket.socket(socket.AF_INET, kind) for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)]
        for one in self.silent:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(("127.0.0.1", 53))
        self.silent[1].listen()

        def truncate(datagrams):
            while True:
                try:
                    question, client = datagrams.recvfrom(4096)
                except OSError:
                    return
                datagrams.sendto(self._short(question), client)

        threading.Thread(target=truncate, args=(self.silent[0],), daemon=True).start()
        self.taken = []

        def take(listener):
            while True:
                try:
                    self.taken.append(listener.accept())
                except OSError:
                    return

        threading.Thread(target=take, args=(self.silent[1],), daemon=True).start()

    @staticmethod
    def _short(message):
        """Addresses as they are; of all else that it is longer than a datagram."""
        end = message.index(b"\0", 12) + 5
        question, type_ = message[12:end], message[end - 4:end - 2]
        if type_ == b"\0\x21":
            return message[:2] + b"\x87\x80\0\1" + b"\0" * 6 + question
        host = question[1:1 + question[0]].decode()
        if type_ != b"\0\1" or host.count("-") != 3:
            return message[:2] + b"\x85\x80\0\1" + b"\0" * 6 + question
        return message[:2] + b"\x85\x80\0\1\0\1" + b"\0" * 4 + question + b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4" + bytes(map(int, host.split("-")))

    def hang_no_more(self):
        """The connections that were taken stay, as those to a machine that is gone."""
        for one in self.silent:
            one.shutdown(socket.SHUT_RDWR) if one.type == socket.SOCK_STREAM else one.close()
        self.silent[1].close()
        assert self.taken, "nothing was asked by TCP"
        self.start()

    spoil = None  # dnsmasq writes no garbage; the tests of parsers do


class Room:
    """A daemon with one source, load, and analyzers behind it."""

    def __init__(self, binary, source, folder):
        self.source, self.binary, self.folder = source, binary, folder
        self.ports = []
        for number in range(4):
            analyzer = Process(f"analyzer-{number}", [binary, "analyzer", "--listen", "0.0.0.0:0"], folder)
            self.ports.append(int(analyzer.await_line(r"0\.0\.0\.0:(\d+)")[0]))
        self.configuration = folder / "daemon.yaml"
        self.configuration.write_text(
            "server: {listen: 127.0.0.1:0}\nadmin: {listen: 127.0.0.1:0}\nthreads: 2\n"
            f"discovery:\n- {source.configuration()}\n- cache: {folder}/cache\n" + (source.register_key() if source.registry_url else ""))
        self.daemon = Process("daemon", [binary, "serve", "--config", self.configuration], folder)
        self.port, self.admin = map(int, self.daemon.await_line(
            r"packets on http://127\.0\.0\.1:(\d+), admin on http://127\.0\.0\.1:(\d+)"))
        self.agent, self.agents = None, 0

    def address(self, number):
        return f"127.0.0.1:{self.ports[number]}"

    def shares(self, *weights):
        return {self.address(number): weight for number, weight in enumerate(weights) if weight}

    def status(self):
        return json.loads(fetch(f"http://127.0.0.1:{self.admin}/v1/status"))

    def begin_load(self):
        self.agents += 1
        self.agent = Process(f"agent-{self.agents}", [
            self.binary, "agent", "--target", f"http://127.0.0.1:{self.port}", "--batch", str(BATCH), "--rate", str(RATE), "--connections", "8"], self.folder)

    def end_load(self):
        self.agent.child.send_signal(signal.SIGINT)
        self.agent.child.wait(PATIENCE_S)
        eventually("everything accepted is delivered", lambda: self.terms()["admitted"] == self.terms()["delivered"], self.terms)

    def terms(self):
        ledger = self.status()["ledger"]
        assert ledger["imbalance"] == {"packets": 0, "messages": 0}, ledger
        assert ledger["dead_lettered"]["packets"] == ledger["lost"]["packets"] == 0, ledger
        return {name: ledger[name]["packets"] for name in ("admitted", "delivered", "handed_back")}

    def known(self):
        return {self.source.address_of(analyzer["url"].split("/")[2]): analyzer["weight"] for analyzer in self.status()["analyzers"]}

    def await_set(self, what, instances):
        eventually(what, lambda: self.known() == instances, lambda: str(self.known())[:300])

    def expect_shares(self, packets=200):
        """While so many packets come, nobody who is there is further from its target than one packet."""
        end = self.terms()["delivered"] + packets
        worst = 0
        while True:
            status = self.status()
            for analyzer in status["analyzers"]:
                if analyzer["in_service"] and analyzer["debt"] == 0:
                    worst = max(worst, abs(analyzer["deficit"]))
            if status["ledger"]["delivered"]["packets"] >= end:
                break
            time.sleep(0.02)
        assert worst <= BATCH, f"{worst} messages off, a packet has {BATCH}"
        print(f"ok: at most {worst:.2f} messages from the targets (a packet has {BATCH})", flush=True)

    def rss_mib(self):
        fields = Path(f"/proc/{self.daemon.child.pid}/status").read_text()
        return int(fields.split("VmRSS:")[1].split()[0]) / 1024

    def series(self):
        text = fetch(f"http://127.0.0.1:{self.admin}/metrics")
        return sum(not line.startswith("#") for line in text.splitlines())

    def source_facts(self):
        return self.status()["sources"][0]


def come_go_and_change(room):
    for what, shares in (("three instances", (40, 30, 30)), ("one more comes", (40, 30, 30, 50)), ("one goes", (40, 0, 30, 50)),
                         ("others have other weights", (10, 0, 60, 30)), ("it returns", (10, 10, 60, 30))):
        room.source.set(room.shares(*shares))
        room.await_set(what, room.shares(*shares))
        if room.agent is None:
            room.begin_load()
        room.expect_shares()


def survive_the_server(room):
    before = room.known()
    if room.source.is_server:
        room.source.stop()
        eventually("the source is known to be gone", lambda: not room.source_facts()["reachable"], room.source_facts)
        assert room.known() == before
        room.expect_shares()
        room.source.start()
        eventually("it answers again", lambda: room.source_facts()["reachable"], room.source_facts)
        room.await_set("the set is as before", before)
    if room.source.spoil:
        room.source.spoil()
        eventually("its garbage is known", lambda: room.source_facts()["fault"] != "" or room.source_facts()["skipped"] > 0, room.source_facts)
        assert room.known() == before
        room.expect_shares()
        room.source.mend()
        eventually("it is well again", lambda: room.source_facts()["fault"] == "" and room.source_facts()["skipped"] == 0, room.source_facts)
        room.await_set("and the set is as before", before)
    shares = dict(room.source.instances)
    room.source.set({})
    room.await_set("nothing is obeyed when it is said again and again", {})
    room.source.set(shares)
    room.await_set("and they return", shares)


def survive_a_silent_name_server(room):
    before = room.known()
    room.source.hang()
    eventually("the name server's silence is known", lambda: "within" in room.source_facts()["fault"], room.source_facts)
    assert room.known() == before
    room.expect_shares()
    room.source.hang_no_more()
    eventually("its successor is asked", lambda: room.source_facts()["reachable"], room.source_facts)


def take_a_thousand(room, count):
    many = {f"{EVERYWHERE.format(number // 250, number % 250 + 1)}:{room.ports[0]}": 1 for number in range(count)}
    begun = time.monotonic()
    room.source.set(many)
    room.await_set(f"{count} instances", many)
    print(f"   after {time.monotonic() - begun:.1f} s, with what writing them took", flush=True)
    room.expect_shares()
    room.source.set(room.shares(40, 30, 30))
    room.await_set("three again", room.shares(40, 30, 30))


def churn(room):
    """10,000 come and go, a hundred at a time."""
    marks = {}
    for round_number in range(100):
        pods = {f"127.{10 + round_number}.0.{number + 1}:{room.ports[0]}": 1 for number in range(100)}
        room.source.set(room.shares(40, 30, 30) | pods)
        deadline = time.monotonic() + PATIENCE_S
        while len(room.known()) != 103:
            assert time.monotonic() < deadline, room.known()
            time.sleep(0.02)
        room.source.set(room.shares(40, 30, 30))
        while len(room.known()) != 3:
            assert time.monotonic() < deadline, room.known()
            time.sleep(0.02)
        if round_number in (19, 99):
            marks[round_number] = (room.rss_mib(), room.series())
    (rss_before, series_before), (rss, series) = marks[19], marks[99]
    print(f"   after 2,000 instances {rss_before:.1f} MiB and {series_before} series, after 10,000 {rss:.1f} MiB and {series}", flush=True)
    assert series <= series_before + 10, (series_before, series)
    assert rss <= rss_before + 6, (rss_before, rss)
    room.expect_shares()
    print("ok: 10,000 came and went", flush=True)


def test(binary, servers, kind):
    print(f"== {kind.name}", flush=True)
    if getattr(kind, "missing", lambda _: False)(servers):
        print(f"left out: there is no server for {kind.name} here", flush=True)
        return False
    with tempfile.TemporaryDirectory() as name:
        try:
            room = Room(binary, kind(servers, Path(name)), Path(name))
            come_go_and_change(room)
            survive_the_server(room)
            if kind is Dns:
                survive_a_silent_name_server(room)
            take_a_thousand(room, 100 if kind is Dns else 1000)
            if kind is Inventory:
                churn(room)
                attacks.attack(room, eventually)
                attacks.flap(room, eventually, lambda number: EVERYWHERE.format(number // 250, number % 250 + 1))
            if room.source.registry_url:
                attacks.register(room, eventually)
            room.end_load()
            handed_back = room.terms()["handed_back"]
            assert handed_back == 0, handed_back
            if kind is Inventory:
                attacks.end_while_it_hangs(room, PATIENCE_S)
                attacks.hang_a_registry(room)
                return True
            room.daemon.child.send_signal(signal.SIGTERM)
            assert room.daemon.child.wait(PATIENCE_S) == 0
            print("ok: a clean end", flush=True)
            if room.source.registry_url:
                attacks.is_withdrawn(room, eventually)
        except BaseException:
            Process.show_logs()
            raise
        finally:
            Process.end_all()
            Process.all.clear()
    return True


def main():
    binary, servers, wanted = os.path.abspath(sys.argv[1]), Path(sys.argv[2]).absolute(), sys.argv[3:]
    for kind in (Inventory, Files, Etcd, Consul, Dns):
        if not wanted or kind.name in wanted:
            test(binary, servers, kind)


if __name__ == "__main__":
    main()
