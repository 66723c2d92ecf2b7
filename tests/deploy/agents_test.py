#!/usr/bin/python3
"""Real clients send their logs, and the daemon and the analyzer behind it count as many.

    agents_test.py DAEMON FOLDER [CLIENT…]

FOLDER has the clients' packages, a folder for each program of agents/clients.tsv; those that are not there are left
out. Each client sends its messages to a daemon with the reference analyzer behind it, and once more while there is no
analyzer for five seconds. A client that is not content with the answers fails the test, and so does another count on
either side. CLIENT: only these, as PROGRAM/NAME.
"""

import concurrent.futures
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from distributor import MESSAGES, PATIENCE_S, Analyzer, Daemon, await_count, get, outage
from surroundings import Process, free_port

HERE = Path(__file__).parent / "agents"


def read_table():
    lines = (line.split("\t") for line in HERE.joinpath("clients.tsv").read_text().splitlines() if line[0] != "#")
    return [dict(zip(("name", "program", "format", "what"), line)) for line in lines]


def command_of(program, folder):
    """What runs a client of that program; none where its packages are not."""
    if not (folder / program / "complete").exists():
        return None
    if program == "python":
        return [folder / "python/bin/python", HERE / "clients.py"]
    if program == "node":
        # Its imports are looked for beside it.
        shutil.copy(HERE / "clients.mjs", folder / "node")
        return ["node", folder / "node/clients.mjs"]
    if program == "go":
        return [folder / "go/clients"]
    if program == "java":
        return ["java", "-cp", folder / "java/lib/*", HERE / "Clients.java"]
    raise AssertionError(program)


def run(client, daemon, messages):
    """Lets it send, and says how many packets it made of that, in which encodings."""
    name = f"{client['program']}/{client['name']}"
    before, encoded = daemon.received().get(client["format"], {"packets": 0, "messages": 0}), daemon.decompressed()
    arguments = [*client["command"], client["name"], str(daemon.port), str(messages)]
    result = subprocess.run(arguments, capture_output=True, text=True, timeout=2 * PATIENCE_S)
    assert result.returncode == 0 and not result.stderr, f"{name}: {result.returncode}\n{result.stdout}{result.stderr}"
    await_count(f"{name}, the daemon", lambda: daemon.received().get(client["format"], before)["messages"],
                before["messages"] + messages)
    packets = daemon.received()[client["format"]]["packets"] - before["packets"]
    encodings = [name for name, count in daemon.decompressed().items() if count > encoded.get(name, 0)]
    return packets, ", ".join(encodings) or "none"


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
    daemon = Daemon(binary, f"127.0.0.1:{analyzer_port}", folder, {
        "QUEUE__MAX_PACKETS": "2", "DELIVERY__CALLER_RUNS_TIMEOUT": "1s"}, "journal_daemon")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        upload = pool.submit(journal_tool, journal, "systemd-journal-upload", "--url", f"http://127.0.0.1:{daemon.port}",
                             "--file", file, "--follow=no")
        await_count("handed back, and tried again",
                    lambda: daemon.status()["ledger"]["handed_back"]["packets"] > 0, True)
        assert not upload.done(), "without room it waits"
        analyzer = Process("journal_analyzer", [binary, "analyzer", "--listen", f"127.0.0.1:{analyzer_port}"], folder)
        analyzer.await_line(r"(127\.0\.0\.1:\d+)")
        upload.result()
    await_count("the journal, the analyzer", lambda: json.loads(get(analyzer_port, "/stats"))["messages"], entries)
    print(f"ok: systemd-journal-upload: {entries} messages, "
          f"{json.loads(get(analyzer_port, '/stats'))['packets']} packets", flush=True)


def test(binary, packages, folder, wanted):
    clients = []
    for client in read_table():
        client["command"] = command_of(client["program"], packages)
        if wanted and f"{client['program']}/{client['name']}" not in wanted:
            continue
        if client["command"] is None:
            print(f"skipped: {client['program']}/{client['name']}: its packages are not here", flush=True)
        else:
            clients.append(client)
    analyzer = Analyzer(binary, folder)
    daemon = Daemon(binary, analyzer.target, folder)
    sent = 0
    for client in clients:
        packets, encodings = run(client, daemon, MESSAGES)
        sent += MESSAGES
        await_count(f"{client['name']}, the analyzer", analyzer.messages, sent)
        print(f"ok: {client['program']}/{client['name']}: {MESSAGES} messages as {client['format']}, "
              f"packets {packets}, Content-Encoding {encodings}", flush=True)
    with outage(analyzer):
        for client in clients:
            run(client, daemon, MESSAGES)
            sent += MESSAGES
    await_count("the analyzer after an outage", analyzer.messages, sent)
    daemon.check_balance()
    print(f"ok: the same again while there was no analyzer; {sent} messages in all", flush=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder_name:
        try:
            journal = Path(sys.argv[2]) / "journal"
            if not sys.argv[3:] and (journal / "complete").exists():
                test_journal(sys.argv[1], journal, Path(folder_name))
            test(sys.argv[1], Path(sys.argv[2]), Path(folder_name), sys.argv[3:])
        except BaseException:
            Process.show_logs()
            raise
        finally:
            Process.end_all()
