"""Child processes on loopback ports, with their CPU time and memory from /proc."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Process:
    """A child process that listens on `port`, with all its descendants; stop() ends it."""

    def __init__(self, arguments, port, log):
        self.port = port
        with open(log, "w", encoding="utf-8") as output:
            self.child = subprocess.Popen(arguments, stdout=output, stderr=output)
        self._wait_until_it_listens(seconds=10)

    def _wait_until_it_listens(self, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.child.poll() is not None:
                raise SystemExit(f"{self.child.args[0]} ended early with {self.child.returncode}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise SystemExit(f"nothing listens on port {self.port} after {seconds} s")

    def _pids(self):
        children = Path(f"/proc/{self.child.pid}/task/{self.child.pid}/children").read_text().split()
        return [self.child.pid, *map(int, children)]

    def cpu_seconds(self):
        """(user, system, both) so far. Both are exact, by the scheduler's clock; what is user's of it is counted in ticks."""
        user = system = both = 0
        for pid in self._pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            user += int(fields[11])
            system += int(fields[12])
            both += sum(int(thread.read_text().split()[0]) for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"))
        return user / TICKS_PER_SECOND, system / TICKS_PER_SECOND, both / 1e9

    def rss_peak_mib(self):
        lines = (line for pid in self._pids() for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024

    def stop(self):
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(15)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


class Nobody:
    """Stands where a proxy does when there is none: agents reach an analyzer's port themselves."""

    def __init__(self, port):
        self.port = port

    def cpu_seconds(self):
        return 0, 0, 0

    def rss_peak_mib(self):
        return 0

    def stop(self):
        pass
