#!/usr/bin/python3
"""A real client of HEC that waits for its acknowledgements: over an outage of the analyzers, and over a restart.

    hec_acks_test.py DAEMON FOLDER

FOLDER is that of agents_test.py; without its packages for Python the test is left out. The client sends again what is not
acknowledged in time, and ends when all of it is.
"""

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from agents_test import HERE
from distributor import MESSAGES, OUTAGE_S, Analyzer, Daemon, await_count
from surroundings import Process, free_port

PACKETS = MESSAGES // 10


class Client:
    def __init__(self, packages, folder, name, port, environment):
        self.process = Process(name, [packages / "python/bin/python", HERE / "clients.py", "splunk_acks", str(port),
                                      str(MESSAGES)], folder, environment)
        self.process.await_line("(sent)")

    def end(self):
        """It is content; the messages that it has sent again."""
        assert self.process.child.wait(120) == 0, self.process.log.read_text()
        return int(re.fullmatch(r"sent\nrepeated (\d+)\n", self.process.log.read_text())[1])


def test_outage(binary, packages, folder):
    """No acknowledgement comes before the analyzer has the packet, and then each does: nothing is sent again."""
    analyzer = Analyzer(binary, folder)
    daemon = Daemon(binary, analyzer.target, folder, {"SERVER__ACKS": "true"}, "outage_daemon")
    for channel_in in ("header", "url"):
        analyzer.stop()
        sent = analyzer.earlier
        end = time.monotonic() + OUTAGE_S
        client = Client(packages, folder, f"outage_client_{channel_in}", daemon.port, {"CHANNEL_IN": channel_in})
        assert daemon.metric("logdist_hec_acks_pending") == PACKETS
        time.sleep(max(0, end - time.monotonic()))
        assert client.process.is_running() and daemon.metric("logdist_hec_acks_pending") == PACKETS
        analyzer.start()
        assert client.end() == 0
        await_count("the analyzer", analyzer.messages, sent + MESSAGES)
        assert daemon.metric("logdist_hec_acks_pending") == 0
    assert daemon.metric("logdist_hec_acks_delivered_total") == 2 * PACKETS
    daemon.check_balance()
    print(f"ok: splunk-data-sender, an outage: {2 * MESSAGES} messages acknowledged, none sent again", flush=True)
    analyzer.process.kill()


def test_restart(binary, packages, folder):
    """Acknowledgements are forgotten at a restart, packets on the disk are not: both are delivered."""
    analyzer = Analyzer(binary, folder)
    analyzer.stop()
    settings = {"SERVER__ACKS": "true", "QUEUE__STORAGE": "disk", "QUEUE__DIRECTORY": str(folder / "queue"),
                "SHUTDOWN__GRACE": "100ms", "SERVER__LISTEN": f"127.0.0.1:{free_port()}"}
    daemon = Daemon(binary, analyzer.target, folder, settings, "first_daemon")
    client = Client(packages, folder, "restart_client", daemon.port, {"ACK_TIMEOUT_S": "2"})
    daemon.process.child.terminate()
    assert daemon.process.child.wait(60) == 2, "its packets are left"
    daemon = Daemon(binary, analyzer.target, folder, settings, "second_daemon")
    left = daemon.metric("logdist_packets_recovered_total")
    assert left >= PACKETS, left
    # It has no acknowledgement, and sends again.
    await_count("sent again", lambda: daemon.messages("hec-event") > 0, True)
    analyzer.start()
    repeated = client.end()
    assert repeated >= MESSAGES, repeated
    await_count("the analyzer", analyzer.messages, MESSAGES + repeated)
    daemon.check_balance()
    print(f"ok: splunk-data-sender, a restart: {MESSAGES} messages recovered, {repeated} sent again, all delivered", flush=True)


if __name__ == "__main__":
    if not Path(sys.argv[2]).joinpath("python/complete").exists():
        print("skipped: acknowledgements of HEC: the client is not here")
        sys.exit(0)
    with tempfile.TemporaryDirectory() as folder_name:
        try:
            for test in (test_outage, test_restart):
                folder = Path(folder_name, test.__name__)
                folder.mkdir()
                test(sys.argv[1], Path(sys.argv[2]), folder)
        except BaseException:
            Process.show_logs()
            raise
        finally:
            Process.end_all()
