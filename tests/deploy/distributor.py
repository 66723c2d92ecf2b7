"""The daemon with the reference analyzer behind it, for tests that let real agents send to it."""

import contextlib
import http.client
import json
import re
import time

from surroundings import Process

PATIENCE_S = 60
OUTAGE_S = 5
MESSAGES = 240  # that each client sends


def get(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    connection.request("GET", path)
    return connection.getresponse().read().decode()


def await_count(what, ask, expected):
    deadline = time.monotonic() + PATIENCE_S
    while (found := ask()) != expected:
        assert time.monotonic() < deadline, f"{what}: {found}, not {expected}"
        time.sleep(0.05)


@contextlib.contextmanager
def outage(server):
    """Stops it. After the block, and OUTAGE_S at least, it is started again."""
    server.stop()
    end = time.monotonic() + OUTAGE_S
    yield
    time.sleep(max(0, end - time.monotonic()))
    server.start()


class Analyzer:
    """The reference analyzer, which may be stopped and started again where it was."""

    def __init__(self, binary, folder):
        self.binary = binary
        self.folder = folder
        self.earlier = 0
        self.lives = 0
        self.target = "127.0.0.1:0"
        self.start()

    def start(self):
        self.lives += 1
        self.process = Process(f"analyzer-{self.lives}", [self.binary, "analyzer", "--listen", self.target], self.folder)
        (self.target,) = self.process.await_line(r"(127\.0\.0\.1:\d+)")

    def stop(self):
        self.earlier = self.messages()
        self.process.kill()

    def messages(self):
        return self.earlier + json.loads(get(int(self.target.rsplit(":", 1)[1]), "/stats"))["messages"]


class Daemon:
    """`target`: HOST:PORT of its one analyzer, or the text of a configuration that names analyzers; `settings`: more of
    its environment, without LOGDIST_."""

    def __init__(self, binary, target, folder, settings=None, name="daemon"):
        arguments, environment = [binary, "serve"], {
            "SERVER__LISTEN": "127.0.0.1:0", "ADMIN__LISTEN": "127.0.0.1:0", "HEALTH__BACKOFF__MAX": "1s", **(settings or {})}
        if "\n" in target:
            config = folder / f"{name}.yaml"
            config.write_text(target)
            arguments += ["--config", config]
        else:
            environment["ANALYZERS"] = f"a=http://{target}/"
        self.process = Process(name, arguments, folder, {f"LOGDIST_{key}": value for key, value in environment.items()})
        self.port, self.admin = map(int, self.process.await_line(
            r"packets on http://127\.0\.0\.1:(\d+), admin on http://127\.0\.0\.1:(\d+)"))

    def status(self):
        return json.loads(get(self.admin, "/v1/status"))

    def received(self):
        """By format: packets and messages."""
        return self.status()["totals"]["received_by_format"]

    def messages(self, protocol):
        return self.received().get(protocol, {"messages": 0})["messages"]

    def decompressed(self):
        """By encoding: bytes."""
        found = re.findall(r'logdist_decompressed_bytes_total\{encoding="(\w+)"\} (\S+)', get(self.admin, "/metrics"))
        return {encoding: float(count) for encoding, count in found}

    def metric(self, series):
        return float(re.search(rf"^{re.escape(series)} (\S+)$", get(self.admin, "/metrics"), re.MULTILINE)[1])

    def imbalance(self):
        return self.status()["ledger"]["imbalance"]

    def check_balance(self):
        assert self.imbalance() == {"packets": 0, "messages": 0}, self.imbalance()
