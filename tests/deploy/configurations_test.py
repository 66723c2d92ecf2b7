#!/usr/bin/python3
"""Each configuration in docs/agents.md, as it stands there, in the program that it is for.

    configurations_test.py DAEMON FOLDER [TITLE…]

FOLDER is that of agents_test.py. Each program sends its messages to a daemon with the reference analyzer behind it, and
once more while there is no analyzer for five seconds; daemon and analyzer count as many. A program that is neither in
FOLDER nor on PATH is left out and named; of those that no registry has, the configuration is at least parsed. A title
of the document that is not known here fails the test. TITLE: only these.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from agents.document import configurations, curl_commands, daemon_configurations, unknown_keys
from agents.programs import PROGRAMS, check_syntax, run_curl
from distributor import Analyzer, Daemon, await_count
from surroundings import Process

OUTAGE_S = 5
MESSAGES = 240


class Place:
    """Where a program runs: `folder` is its own, `packages` has what was fetched."""

    def __init__(self, title, round_name, folder, packages, port):
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
    analyzer.stop()
    end = time.monotonic() + OUTAGE_S
    for title, program in present.items():
        run(title, program, Place(title, "outage", folder, packages, daemon.port), daemon)
        sent += MESSAGES
    time.sleep(max(0, end - time.monotonic()))
    analyzer.start()
    await_count("the analyzer after an outage", analyzer.messages, sent)
    daemon.check_balance()
    print(f"ok: the same again while there was no analyzer; {sent} messages in all", flush=True)


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
