#!/usr/bin/python3
"""A real HAProxy in front of the daemon: it names the client, and the daemon believes it.

    proxy_test.py DAEMON

By send-proxy and send-proxy-v2, over TCP and a unix socket, with its own health checks, and by
X-Forwarded-For; then, by hand, PROXY headers as other load balancers write them, and one of a peer
that is not trusted. Clients are addresses of 127.0.0.0/8; HAProxy is 127.0.0.1. Who is asking is read
in the log: each client sends one body that is no packet.
"""

import http.client
import json
import socket
import struct
import sys
import tempfile
import time
from pathlib import Path

from surroundings import Process, free_port

PATIENCE_S = 60
PACKETS = 50
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
BODY = b'{"messages":["one","two"]}'


def eventually(what, condition, instead=lambda: ""):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE_S} s: {what}; but: {instead()}"
        time.sleep(0.05)
    print(f"ok: {what}", flush=True)


class Daemon:
    """With an analyzer behind it; its log is JSON, with every request that it refuses."""

    def __init__(self, name, binary, folder, settings):
        analyzer = Process(f"{name}-analyzer", [binary, "analyzer", "--listen", "127.0.0.1:0"], folder)
        (target,) = analyzer.await_line(r"(127\.0\.0\.1:\d+)")
        self.socket = folder / f"{name}.sock"
        self.process = Process(name, [binary, "serve"], folder, {
            "LOGDIST_ANALYZERS": f"a=http://{target}/", "LOGDIST_LOG__LEVEL": "debug", "LOGDIST_LOG__FORMAT": "json",
            "LOGDIST_SERVER__LISTEN": f"127.0.0.1:0,[::1]:0,unix:{self.socket}", "LOGDIST_ADMIN__LISTEN": "127.0.0.1:0",
        } | settings)
        port, admin = self.process.await_line(r"packets on http://127\.0\.0\.1:(\d+) .*, admin on http://127\.0\.0\.1:(\d+)")
        self.port, self.admin = int(port), int(admin)
        self.sent = 0

    def rejected(self):
        """(client, status) of each request that it refused."""
        lines = (json.loads(line) for line in self.process.log.read_text().splitlines() if line.startswith("{"))
        return [(line["client"], line["status"]) for line in lines if line["event"] == "request_rejected"]

    def expect_delivered(self):
        def totals():
            connection = http.client.HTTPConnection("127.0.0.1", self.admin, timeout=PATIENCE_S)
            connection.request("GET", "/v1/status")
            return json.loads(connection.getresponse().read())["ledger"]

        eventually(f"{self.process.name}: {self.sent} packets are delivered",
                   lambda: totals()["delivered"]["packets"] == self.sent, totals)
        assert totals()["imbalance"]["packets"] == 0, totals()


class HaProxy:
    """One frontend, and so one port, for each `server` line, which is checked by /healthz."""

    def __init__(self, folder, servers):
        self.ports = {name: free_port() for name in servers}
        self.admin = folder / "haproxy.sock"
        text = f"""
global
    stats socket {self.admin}
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
"""
        for name, (server, options) in servers.items():
            text += f"""
listen {name}
    bind 127.0.0.1:{self.ports[name]}
    bind [::1]:{self.ports[name]}
    option httpchk GET /healthz
    http-check expect status 200
    {options}
    server daemon {server} check inter 100ms
"""
        file = folder / "haproxy.cfg"
        file.write_text(text)
        self.process = Process("haproxy", ["haproxy", "-f", file, "-db"], folder)
        for name in servers:
            eventually(f"{name}: HAProxy's health check passes", lambda name=name: self.check_of(name) == "L7OK",
                       lambda name=name: self.check_of(name) + self.process.log.read_text())

    def check_of(self, name):
        try:
            with socket.socket(socket.AF_UNIX) as admin:
                admin.connect(str(self.admin))
                admin.sendall(b"show stat json\n")
                stats = json.loads(b"".join(iter(lambda: admin.recv(65536), b"")))
        except OSError as error:
            assert self.process.is_running(), self.process.log.read_text()
            return str(error)
        for fields in stats:
            values = {field["field"]["name"]: field["value"]["value"] for field in fields}
            if values["pxname"] == name and values["svname"] == "daemon":
                return values.get("check_status", "")
        return ""


def exchange(daemon, port, client, to="127.0.0.1", headers=None):
    """`client` sends good packets on one connection, and one that is none."""
    connection = http.client.HTTPConnection(to, port, timeout=PATIENCE_S, source_address=(client, 0))
    for number in range(PACKETS + 1):
        body, expected = (BODY, 202) if number < PACKETS else (b"no packet", 400)
        connection.request("POST", "/v1/packets", body, {"Content-Type": "application/json"} | (headers or {}))
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == expected, (client, answer.status, text)
    connection.close()
    daemon.sent += PACKETS


def by_hand(daemon, header, client="127.0.0.1"):
    """The status of the answer to a body that is no packet, behind `header`."""
    with socket.create_connection(("127.0.0.1", daemon.port), PATIENCE_S, (client, 0)) as connection:
        connection.sendall(header + b"POST /v1/packets HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\n"
                           b"Content-Length: 1\r\nConnection: close\r\n\r\nx")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    return int(answer.split()[1])


def v2(addresses, family, *values):
    """A PROXY header of version 2; `values` are its (type, bytes)."""
    for kind, data in values:
        addresses += struct.pack(">BH", kind, len(data)) + data
    return SIGNATURE + struct.pack(">BBH", 0x21, family, len(addresses)) + addresses


def v4(source, values=()):
    return v2(socket.inet_aton(source) + socket.inet_aton("10.0.0.1") + struct.pack(">HH", 54321, 80), 0x11, *values)


def expect_clients(daemon, what, expected):
    """The log says who was refused, and so from where requests come."""
    eventually(f"{what}: the log names {', '.join(client for client, _ in expected)}",
               lambda: daemon.rejected() == expected, daemon.rejected)


def through_haproxy(binary, folder):
    trusting = {"LOGDIST_SERVER__TRUSTED_PROXIES": "127.0.0.1,unix:"}
    proxied = Daemon("proxied", binary, folder, trusting | {"LOGDIST_SERVER__PROXY_PROTOCOL": "true"})
    forwarded = Daemon("forwarded", binary, folder, trusting)
    haproxy = HaProxy(folder, {
        "v1": (f"127.0.0.1:{proxied.port} send-proxy check-send-proxy", ""),
        "v2": (f"127.0.0.1:{proxied.port} send-proxy-v2 check-send-proxy", ""),
        "v2-unix": (f"unix@{proxied.socket} send-proxy-v2 check-send-proxy", ""),
        "forwardfor": (f"127.0.0.1:{forwarded.port}", "option forwardfor"),
        "forwardfor-unix": (f"unix@{forwarded.socket}", "option forwardfor"),
    })
    exchange(proxied, haproxy.ports["v1"], "127.0.0.7")
    exchange(proxied, haproxy.ports["v2"], "127.0.0.8")
    exchange(proxied, haproxy.ports["v2"], "::1", to="::1")
    exchange(proxied, haproxy.ports["v2-unix"], "127.0.0.9")
    expect_clients(proxied, "PROXY", [(client, 400) for client in ("127.0.0.7", "127.0.0.8", "::1", "127.0.0.9")])
    # HAProxy adds its own word behind that of a client, which may say what it likes.
    exchange(forwarded, haproxy.ports["forwardfor"], "127.0.0.7", headers={"X-Forwarded-For": "192.0.2.1"})
    exchange(forwarded, haproxy.ports["forwardfor"], "::1", to="::1")
    exchange(forwarded, haproxy.ports["forwardfor-unix"], "127.0.0.9")
    expect_clients(forwarded, "X-Forwarded-For", [(client, 400) for client in ("127.0.0.7", "::1", "127.0.0.9")])
    for daemon in (proxied, forwarded):
        daemon.expect_delivered()


def as_others_write(binary, folder):
    daemon = Daemon("others", binary, folder,
                    {"LOGDIST_SERVER__TRUSTED_PROXIES": "127.0.0.1", "LOGDIST_SERVER__PROXY_PROTOCOL": "true"})
    vpc = (0xEA, b"\x01vpce-08d2bf15fac5001c9")  # PP2_TYPE_AWS, PP2_SUBTYPE_AWS_VPCE_ID
    checksum = (0x03, struct.pack(">I", 0x12345678))  # PP2_TYPE_CRC32C, which nobody has to look at
    padding = (0x04, bytes(23))  # PP2_TYPE_NOOP
    assert by_hand(daemon, v4("198.51.100.1", (checksum, vpc, padding))) == 400
    tls = (0x20, struct.pack(">BI", 0x07, 0) + struct.pack(">BH", 0x21, 7) + b"TLSv1.3")  # PP2_TYPE_SSL
    names = [(0x01, b"http/1.1"), (0x02, b"logs.example.org"), tls]  # ALPN, AUTHORITY
    assert by_hand(daemon, v2(socket.inet_pton(socket.AF_INET6, "2001:db8::7") +
                              socket.inet_pton(socket.AF_INET6, "2001:db8::1") + struct.pack(">HH", 1, 2), 0x21,
                              *names)) == 400
    assert by_hand(daemon, b"PROXY TCP4 203.0.113.5 10.0.0.1 54321 80\r\n") == 400
    assert by_hand(daemon, b"PROXY TCP4 203.0.113.6 10.0.0.1 54321 80\r\n", client="127.0.0.66") == 400
    # The last one is refused at its first line: nobody who is not trusted passes for another.
    expect_clients(daemon, "as others write", [(client, 400) for client in
                                               ("198.51.100.1", "2001:db8::7", "203.0.113.5", "127.0.0.66")])


def main():
    binary = str(Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory(prefix="proxy-test-") as name:
        try:
            for test in (through_haproxy, as_others_write):
                test(binary, Path(name))
        except BaseException:
            Process.show_logs()
            raise
        finally:
            Process.end_all()


if __name__ == "__main__":
    main()
