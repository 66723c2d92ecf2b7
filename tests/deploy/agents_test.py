#!/usr/bin/python3
"""Real clients send their logs, and the daemon and the analyzer behind it count as many.

    agents_test.py DAEMON PYTHON

PYTHON has the clients of agents_clients.py. Each sends its messages to a daemon with the reference analyzer behind
it; a client that is not content with the answers fails the test, and so does another count on either side.
"""

import http.client
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from surroundings import Process

PATIENCE_S = 60
MESSAGES = 240

# By client: the format that it speaks.
CLIENTS = {
    "otlp": "otlp", "otlp_gzip": "otlp", "otlp_deflate": "otlp", "elasticsearch": "elasticsearch",
    "elasticsearch_gzip": "elasticsearch", "loki": "loki", "splunk": "hec-event", "datadog": "datadog",
    "datadog_gzip": "datadog", "http_handler": "events",
}


def get_json(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    connection.request("GET", path)
    return json.loads(connection.getresponse().read())


def await_count(what, ask, expected):
    deadline = time.monotonic() + PATIENCE_S
    while (found := ask()) != expected:
        assert time.monotonic() < deadline, f"{what}: {found}, not {expected}"
        time.sleep(0.05)


def test(binary, python, folder):
    clients = Path(__file__).with_name("agents_clients.py")
    analyzer = Process("analyzer", [binary, "analyzer", "--listen", "127.0.0.1:0"], folder)
    (target,) = analyzer.await_line(r"(127\.0\.0\.1:\d+)")
    daemon = Process("daemon", [binary, "serve"], folder, {
        "LOGDIST_ANALYZERS": f"a=http://{target}/", "LOGDIST_SERVER__LISTEN": "127.0.0.1:0",
        "LOGDIST_ADMIN__LISTEN": "127.0.0.1:0"})
    port, admin = map(int, daemon.await_line(
        r"packets on http://127\.0\.0\.1:(\d+), admin on http://127\.0\.0\.1:(\d+)"))
    analyzer_port = int(target.rsplit(":", 1)[1])
    sent = 0
    by_format = {}
    for client, spoken in CLIENTS.items():
        result = subprocess.run([python, clients, client, str(port), str(MESSAGES)], capture_output=True, text=True,
                                timeout=PATIENCE_S * 2)
        assert result.returncode == 0 and not result.stderr, f"{client}: {result.returncode}\n{result.stderr}"
        sent += MESSAGES
        by_format[spoken] = by_format.get(spoken, 0) + MESSAGES
        await_count(f"{client}, the daemon", lambda: {
            name: counts["messages"]
            for name, counts in get_json(admin, "/v1/status")["totals"]["received_by_format"].items()}, by_format)
        await_count(f"{client}, the analyzer", lambda: get_json(analyzer_port, "/stats")["messages"], sent)
        packets = get_json(admin, "/v1/status")["totals"]["received_by_format"][spoken]["packets"]
        print(f"ok: {client}: {MESSAGES} messages as {spoken}, {packets} packets so far", flush=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder_name:
        try:
            test(*sys.argv[1:3], Path(folder_name))
        except BaseException:
            Process.show_logs()
            raise
        finally:
            Process.end_all()
