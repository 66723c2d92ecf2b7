#!/usr/bin/python3
"""Each configuration in docs/agents.md, as it stands there, in the program that it is for.

    configurations_test.py DAEMON FOLDER [TITLE…]

FOLDER is that of agents_test.py. Each program sends its messages to a daemon with the reference analyzer behind it, and
once more while there is no analyzer for five seconds; daemon and analyzer count as many. Programs that send again what is
answered 503 do so, and lose nothing. A program that is neither in
FOLDER nor on PATH is left out and named; of those that no registry has, the configuration is at least parsed. A title
of the document that is not known here fails the test. TITLE: only these.
"""

import concurrent.futures
import json
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from agents.document import configurations, curl_commands, daemon_configurations, unknown_keys
from agents.programs import PROGRAMS, check_syntax, run_curl
from distributor import MESSAGES, Analyzer, Daemon, await_count, get, outage
from surroundings import Process, free_port



class Place:
    """Where a program runs: `folder` is its own, `packages` has what was fetched."""

    def __init__(self, title, round_name, folder, packages, port):
        self.is_busy = round_name == "busy"
        self.folder = folder / f"{title}-{round_name}".replace(" ", "_").lower()
        self.folder.mkdir()
        self.packages = packages
        self.port = port
        self.messages = MESSAGES

    def lines(self):
        return [f"line {i}" for i in range(self.messages)]


def run(title, program, place, daemon):
    """Until the daemon has received all of it; the packets that it made of that."""
    before = daemon.received().get(program.format, {"packets": 0, "messages": 0})
    running = program.run(configurations(place.port)[title], place)
    await_count(f"{title}, the daemon", lambda: daemon.messages(program.format), before["messages"] + MESSAGES)
    if running is not None:
        running.stop()
    return daemon.received()[program.format]["packets"] - before["packets"]


def test(binary, packages, folder, wanted):
    titles = list(configurations(1))
    unknown = [title for title in titles if title not in PROGRAMS]
    assert not unknown, f"docs/agents.md has configurations that no program tries: {unknown}"
    present = {}
    for title in titles:
        program = PROGRAMS[title]
        if wanted and title not in wanted:
            continue
        if program.is_present(packages):
            present[title] = program
        else:
            print(f"skipped: {title}: not here; {check_syntax(program, configurations(1)[title])}", flush=True)
    analyzer = Analyzer(binary, folder)
    daemon = Daemon(binary, analyzer.target, folder)
    sent = 0
    for title, program in present.items():
        packets = run(title, program, Place(title, "first", folder, packages, daemon.port), daemon)
        sent += MESSAGES
        await_count(f"{title}, the analyzer", analyzer.messages, sent)
        print(f"ok: {title}: {MESSAGES} messages as {program.format}, packets {packets}", flush=True)
    with outage(analyzer):
        for title, program in present.items():
            run(title, program, Place(title, "outage", folder, packages, daemon.port), daemon)
            sent += MESSAGES
    await_count("the analyzer after an outage", analyzer.messages, sent)
    daemon.check_balance()
    print(f"ok: the same again while there was no analyzer; {sent} messages in all", flush=True)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        for title, program in present.items():
            if not program.loses:
                test_busy(binary, packages, folder, title, program, pool)


def test_busy(binary, packages, folder, title, program, pool):
    """Without room, requests are answered 503 after a second. The analyzer comes when the first has been: then all is
    delivered, for it is sent again."""
    port = free_port()
    daemon = Daemon(binary, f"127.0.0.1:{port}", folder, {
        "QUEUE__MAX_PACKETS": "1", "DELIVERY__CALLER_RUNS_TIMEOUT": "1s"}, f"busy daemon of {title}")
    send_packet(daemon.port)

    def handed_back():
        return daemon.status()["ledger"]["handed_back"]["packets"]

    def start_analyzer():
        await_count(f"{title}, 503", lambda: handed_back() > 0, True)
        return Process(f"busy analyzer of {title}", [binary, "analyzer", "--listen", f"127.0.0.1:{port}"], folder)

    # Processes end with the thread that has started them, and that of the pool stays.
    analyzer = pool.submit(start_analyzer)
    running = program.run(configurations(daemon.port)[title], Place(title, "busy", folder, packages, daemon.port))
    analyzer.result().await_line(r"(127\.0\.0\.1:\d+)")
    await_count(f"{title}, after 503", lambda: json.loads(get(port, "/stats"))["messages"], MESSAGES + 1)
    if running is not None:
        running.stop()
    print(f"ok: {title}: all delivered, although {handed_back()} packets were answered 503", flush=True)
    for process in (daemon.process, analyzer.result()):
        process.kill()


def send_packet(port):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/packets", b'{"messages": ["one"]}',
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 202, answer.status


def test_curl(binary, folder):
    """The commands of the documents, and that they are answered as the documents say."""
    analyzer = Analyzer(binary, folder)
    daemon = Daemon(binary, analyzer.target, folder, {"SERVER__ACKS": "true"}, "curl_daemon")
    commands = curl_commands(daemon.port)
    assert len(commands) >= 3, commands
    for command in commands:
        run_curl(command, daemon, folder)
    print(f"ok: curl: {len(commands)} commands", flush=True)


def test_daemon(binary, folder):
    """What the documents say of the daemon's own configuration."""
    assert not unknown_keys(), unknown_keys()
    texts = daemon_configurations()
    assert texts
    for text in texts:
        config = folder / "documented.yaml"
        config.write_text(text)
        result = subprocess.run([binary, "check", "--config", config], capture_output=True, text=True)
        assert result.returncode == 0, f"{text}{result.stdout}{result.stderr}"
    print(f"ok: log-distributor check: {len(texts)} configurations", flush=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder_name:
        try:
            if not sys.argv[3:]:
                test_daemon(sys.argv[1], Path(folder_name))
                test_curl(sys.argv[1], Path(folder_name))
            test(sys.argv[1], Path(sys.argv[2]), Path(folder_name), sys.argv[3:])
        except BaseException:
            Process.show_logs()
            raise
        finally:
            Process.end_all()
