#!/usr/bin/python3
"""Starts the installed service as its unit says, in place of a service manager.

    service.py ROOT          ROOT: the root of a machine in which the package is installed

Reads ExecStart from the unit, runs it in ROOT with NOTIFY_SOCKET and WATCHDOG_USEC, and
expects READY, signs of life, a packet through, and after TERM a clean end; then once
more with a socket handed over, as log-distributor.socket would.
"""

import re
import shlex
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

PATIENCE_S = 60


class Manager:
    """Where NOTIFY_SOCKET leads."""

    def __init__(self, root):
        self.path = Path(root) / "run/notify-test"
        self.path.unlink(missing_ok=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.socket.settimeout(PATIENCE_S)

    def await_message(self, beginning):
        while not (message := self.socket.recv(4096).decode()).startswith(beginning):
            pass
        print(f"ok: {' '.join(message.split(chr(10)))}", flush=True)
        return message


def setting(unit, key):
    return re.findall(rf"^{key}=(.+)$", unit, re.MULTILINE)


def start(root, unit, variables, listening=None):
    """The unit's command, its root being ROOT; `listening` becomes descriptor 3."""
    command = shlex.split(setting(unit, "ExecStart")[0])
    script, kept = 'exec "$@"', ()
    if listening is not None:
        # The shell becomes the daemon, so its process id is the daemon's.
        script = f'exec 3<&{listening.fileno()}; export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"'
        kept = (listening.fileno(),)
    return subprocess.Popen(["chroot", root, "/bin/bash", "-c", script, "bash", *command], env=variables, pass_fds=kept)


def send_packet(packets):
    request = urllib.request.Request(packets + "/v1/packets", b'{"messages": ["one"]}', {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        assert answer.status == 202, answer.status


def main():
    root = sys.argv[1]
    unit = (Path(root) / "lib/systemd/system/log-distributor.service").read_text()
    assert setting(unit, "Type") == ["notify"]
    (Path(root) / "var/lib/log-distributor").mkdir(exist_ok=True)  # as StateDirectory= does
    for listening in (None, socket.create_server(("127.0.0.1", 0))):
        manager = Manager(root)
        variables = {"NOTIFY_SOCKET": "/run/notify-test", "WATCHDOG_USEC": "500000", "PATH": "/usr/sbin:/usr/bin:/bin",
                     "LOGDIST_SERVER__LISTEN": "127.0.0.1:0", "LOGDIST_ADMIN__LISTEN": "127.0.0.1:0",
                     "LOGDIST_SHUTDOWN__GRACE": "100ms"}
        daemon = start(root, unit, variables, listening)
        try:
            ready = manager.await_message("READY=1")
            packets = re.search(r"packets on (http://[\d.:]+)", ready)[1]
            if listening is not None:
                assert packets.endswith(f":{listening.getsockname()[1]}"), packets
            manager.await_message("WATCHDOG=1")
            send_packet(packets)
            daemon.terminate()
            manager.await_message("STOPPING=1")
            # The analyzers of the example are nobody's: the packet becomes a dead letter.
            code = daemon.wait(PATIENCE_S)
            assert code == 2, f"ended with {code}"
        finally:
            daemon.kill()
            daemon.wait()
    letters = Path(root) / "var/lib/log-distributor/dead-letters.jsonl"
    assert len(letters.read_text().splitlines()) == 2, letters.read_text()
    print("ok: both packets are in the dead letters")


if __name__ == "__main__":
    main()
