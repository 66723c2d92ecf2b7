#!/usr/bin/python3
"""Servers of the agents' own protocols are the analyzers (`forward: native`), and have every message.

    backends_test.py DAEMON FOLDER [BACKEND…]

FOLDER is that of agents_test.py. Clients send to the daemon; behind it is VictoriaLogs, which is asked for what it has, or
an OpenTelemetry Collector, which prints it. The same while the server is away for five seconds, and with
`delivery.ack: delivered`, where the agents get the answers of the server itself. Each message is there, once. BACKEND:
victoria-logs or otelcol; what is not in FOLDER is left out and named.
"""

import collections
import json
import re
import subprocess
import sys
import tempfile
import urllib.parse
from pathlib import Path

from agents.programs import run_journal_upload
from agents_test import command_of, read_table
from distributor import MESSAGES, Daemon, await_count, get, outage
from surroundings import Process, free_port

# Loki's clients without JSON are left out: VictoriaLogs takes their snappy as well, and the names would be the same.
CLIENTS = ("python/elasticsearch", "python/elasticsearch_gzip", "python/loki", "node/winston_loki_proto", "python/otlp",
           "python/otlp_gzip", "python/splunk", "python/datadog", "python/datadog_gzip", "go/elasticsearch", "go/loki",
           "go/otlp_gzip")


class VictoriaLogs:
    """Has most protocols below paths of its own, so a proxy stands before it and adds them."""

    formats = ("elasticsearch", "loki", "otlp", "hec-event", "datadog", "journal")

    def __init__(self, packages, folder):
        self.binary = packages / "go/victoria-logs"
        self.folder = folder
        self.data_port, self.port = free_port(), free_port()
        self.lives = 0
        self.start()
        self.start_proxy()

    def start(self):
        self.lives += 1
        self.process = Process(f"victoria-logs-{self.lives}", [
            self.binary, f"-httpListenAddr=127.0.0.1:{self.data_port}", f"-storageDataPath={self.folder}/victoria-logs",
            "-retentionPeriod=100y", "-journald.includeEntryMetadata=false"], self.folder)
        self.process.await_line(r"(started server at)")

    def stop(self):
        self.process.child.terminate()
        self.process.child.wait()

    def start_proxy(self):
        places = {"= /_bulk": "/insert/elasticsearch/_bulk?_msg_field=message",
                  "= /logs/_bulk": "/insert/elasticsearch/_bulk?_msg_field=message",
                  "/loki/": "/insert/loki/", "= /v1/logs": "/insert/opentelemetry/v1/logs",
                  "= /upload": "/insert/journald/upload", "/": "/"}
        locations = "\n".join(f"location {place} {{ proxy_pass http://127.0.0.1:{self.data_port}{target}; }}"
                              for place, target in places.items())
        config = self.folder / "nginx.conf"
        config.write_text(f"""
user root; daemon off; pid {self.folder}/nginx.pid; error_log stderr; worker_processes 1;
events {{}}
http {{
  access_log off; client_max_body_size 0; client_body_temp_path {self.folder}/nginx-body;
  proxy_temp_path {self.folder}/nginx-proxy; fastcgi_temp_path {self.folder}/f; uwsgi_temp_path {self.folder}/u;
  scgi_temp_path {self.folder}/s;
  server {{ listen 127.0.0.1:{self.port}; {locations} }}
}}
""")
        Process("nginx", ["/usr/sbin/nginx", "-p", self.folder, "-c", config], self.folder)

    def lines(self):
        """How often it has each line that a client has sent."""
        query = urllib.parse.urlencode({"query": "* | fields _msg", "limit": 1_000_000})
        found = collections.Counter()
        for row in get(self.data_port, f"/select/logsql/query?{query}").splitlines():
            # winston-loki puts its fields behind the line.
            found[re.match(r"(line \d+)?", json.loads(row).get("_msg", ""))[0]] += 1
        return found


class Collector:
    """OTLP in, and what it got on standard error."""

    formats = ("otlp",)

    def __init__(self, packages, folder):
        self.binary = packages / "go/otelcol"
        self.folder = folder
        self.port = free_port()
        self.earlier = []
        self.start()

    def start(self):
        config = self.folder / "otelcol.yaml"
        config.write_text(f"""
receivers: {{otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{self.port}"}}}}}}}}
exporters: {{debug: {{verbosity: detailed}}}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines: {{logs: {{receivers: [otlp], exporters: [debug]}}}}
""")
        self.process = Process(f"otelcol-{len(self.earlier)}", [self.binary, "--config", f"file:{config}"], self.folder)
        self.process.await_line(r"(Everything is ready)")

    def stop(self):
        self.process.child.terminate()
        self.process.child.wait()
        self.earlier.append(self.process.log)

    def lines(self):
        text = "".join(log.read_text() for log in {*self.earlier, self.process.log})
        return collections.Counter(re.findall(r"^Body: Str\((line \d+)\)$", text, re.MULTILINE))


def configuration(backend):
    return f"""
analyzers:
  - name: backend
    url: http://127.0.0.1:{backend.port}
    forward: native
health:
  path: ""
server:
  formats: [{', '.join(backend.formats)}]
"""


def find_clients(backend, packages):
    found = []
    for client in read_table():
        client["command"] = command_of(client["program"], packages)
        name = f"{client['program']}/{client['name']}"
        if name in CLIENTS and client["format"] in backend.formats and client["command"] is not None:
            found.append((name, client))
    return found


def send(client, daemon):
    arguments = [*client["command"], client["name"], str(daemon.port), str(MESSAGES)]
    result = subprocess.run(arguments, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0 and not result.stderr, f"{client['name']}: {result.stdout}{result.stderr}"


def await_lines(what, backend, times):
    """Each line is there that often."""
    expected = collections.Counter({f"line {i}": times for i in range(MESSAGES)})
    await_count(what, lambda: sorted((backend.lines() - expected).items()) + sorted((expected - backend.lines()).items()), [])


class JournalPlace:
    """Where systemd-journal-upload runs; see configurations_test.py."""

    def __init__(self, folder, packages, port):
        self.is_busy = False
        self.folder, self.packages, self.port, self.messages = folder / f"journal-{port}", packages, port, MESSAGES
        self.folder.mkdir()

    def lines(self):
        return [f"line {i}" for i in range(MESSAGES)]


def test(binary, packages, folder, name, backend):
    clients = find_clients(backend, packages)
    sent = 0
    for ack in ("queued", "delivered"):
        daemon = Daemon(binary, configuration(backend), folder, {"DELIVERY__ACK": ack}, f"daemon-{name}-{ack}")
        for client_name, client in clients:
            send(client, daemon)
            sent += 1
            await_lines(f"{client_name}, {name}", backend, sent)
            print(f"ok: {client_name}: each of {MESSAGES} messages is in {name}, ack {ack}", flush=True)
        if "journal" in backend.formats and (packages / "journal/complete").exists():
            run_journal_upload(f"[Upload]\nURL=http://127.0.0.1:{daemon.port}\n", JournalPlace(folder, packages, daemon.port))
            sent += 1
            await_lines(f"systemd-journal-upload, {name}", backend, sent)
            print(f"ok: systemd-journal-upload: each of {MESSAGES} messages is in {name}, ack {ack}", flush=True)
        assert daemon.metric('logdist_messages_refused_total{analyzer="backend"}') == 0
        daemon.check_balance()
        if ack == "delivered":
            continue
        with outage(backend):
            for _, client in clients:
                send(client, daemon)
                sent += 1
        await_lines(f"{name} after an outage", backend, sent)
        daemon.check_balance()
        print(f"ok: the same again while there was no {name}", flush=True)


if __name__ == "__main__":
    backends = {"victoria-logs": VictoriaLogs, "otelcol": Collector}
    with tempfile.TemporaryDirectory() as folder_name:
        try:
            for name, make in backends.items():
                if sys.argv[3:] and name not in sys.argv[3:]:
                    continue
                packages = Path(sys.argv[2])
                if not (packages / "go" / name).exists():
                    print(f"skipped: {name}: not here", flush=True)
                    continue
                test(sys.argv[1], packages, Path(folder_name), name, make(packages, Path(folder_name)))
        except BaseException:
            Process.show_logs()
            raise
        finally:
            Process.end_all()
