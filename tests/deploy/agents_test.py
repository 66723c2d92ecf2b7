#!/usr/bin/python3
"""Real clients send their logs, and the daemon and the analyzer behind it count as many.

    agents_test.py DAEMON PYTHON JOURNAL

PYTHON has the clients of agents_clients.py, the folder JOURNAL systemd-journal-upload and -remote. Each sends its messages to a daemon with the reference analyzer behind
it; a client that is not content with the answers fails the test, and so does another count on either side.
"""

import concurrent.futures
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from surroundings import Process, free_port

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


def journal_tool(journal, name, *arguments, **options):
    """Runs it to its end."""
    environment = {**os.environ, "LD_LIBRARY_PATH": str(journal / "usr/lib/x86_64-linux-gnu")}
    result = subprocess.run([journal / "lib/systemd" / name, *arguments], env=environment, capture_output=True,
                            timeout=PATIENCE_S * 2, **options)
    assert result.returncode == 0, f"{name}: {result.returncode}\n{result.stderr.decode()}"


def make_journal(journal, file, entries):
    """A journal file with so many entries, a few of them with a field of several lines."""
    exported = bytearray()
    for i in range(entries):
        exported += (f"__REALTIME_TIMESTAMP={1_700_000_000_000_000 + i * 1000}\n__MONOTONIC_TIMESTAMP={1000 + i * 1000}\n"
                     f"_BOOT_ID={'b' * 32}\n_MACHINE_ID={'a' * 32}\nMESSAGE=line {i} {'x' * 200}\n").encode()
        if i % 10 == 0:
            text = f"two\nlines {i}".encode()
            exported += b"MORE\n" + len(text).to_bytes(8, "little") + text + b"\n"
        exported += b"\n"
    journal_tool(journal, "systemd-journal-remote", "--output", file, "--split-mode=none", "-", input=exported)


def test_journal(binary, journal, folder):
    """An upload of several MiB to a queue of two packets, whose analyzer comes only after a while."""
    entries = 16_000
    file = folder / "test.journal"
    make_journal(journal, file, entries)
    analyzer_port = free_port()
    daemon = Process("journal_daemon", [binary, "serve"], folder, {
        "LOGDIST_ANALYZERS": f"a=http://127.0.0.1:{analyzer_port}/", "LOGDIST_SERVER__LISTEN": "127.0.0.1:0",
        "LOGDIST_QUEUE__MAX_PACKETS": "2", "LOGDIST_DELIVERY__CALLER_RUNS_TIMEOUT": "1s",
        "LOGDIST_ADMIN__LISTEN": "127.0.0.1:0"})
    port, admin = map(int, daemon.await_line(
        r"packets on http://127\.0\.0\.1:(\d+), admin on http://127\.0\.0\.1:(\d+)"))
    with concurrent.futures.ThreadPoolExecutor() as pool:
        upload = pool.submit(journal_tool, journal, "systemd-journal-upload", "--url", f"http://127.0.0.1:{port}",
                             "--file", file, "--follow=no")
        await_count("handed back, and tried again",
                    lambda: get_json(admin, "/v1/status")["ledger"]["handed_back"]["packets"] > 0, True)
        assert not upload.done(), "without room it waits"
        analyzer = Process("journal_analyzer", [binary, "analyzer", "--listen", f"127.0.0.1:{analyzer_port}"], folder)
        analyzer.await_line(r"(127\.0\.0\.1:\d+)")
        upload.result()
    await_count("the journal, the analyzer", lambda: get_json(analyzer_port, "/stats")["messages"], entries)
    print(f"ok: systemd-journal-upload: {entries} messages, "
          f"{get_json(analyzer_port, '/stats')['packets']} packets", flush=True)


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
            test_journal(sys.argv[1], Path(sys.argv[3]), Path(folder_name))
            test(*sys.argv[1:3], Path(folder_name))
        except BaseException:
            Process.show_logs()
            raise
        finally:
            Process.end_all()
