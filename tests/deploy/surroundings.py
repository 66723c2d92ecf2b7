"""Processes and a web hook for a test, all on the loopback."""

import ctypes
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

START_S = 60


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def _die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Process:
    """A child whose output goes to a file; ended with this process, however it ends."""

    all = []

    def __init__(self, name, arguments, folder, environment=None):
        self.name = name
        self.log = folder / f"{name}.log"
        clean = {key: value for key, value in os.environ.items() if not key.startswith("LOGDIST_")}
        with open(self.log, "wb") as output:
            self.child = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                          env=clean | (environment or {}), preexec_fn=_die_with_parent)
        Process.all.append(self)

    def await_line(self, pattern):
        """The groups of `pattern` in its output, once it is there."""
        deadline = time.monotonic() + START_S
        while not (match := re.search(pattern, self.log.read_text())):
            assert self.is_running() and time.monotonic() < deadline, f"{self.name}: {self.log.read_text()}"
            time.sleep(0.05)
        return match.groups()

    def is_running(self):
        return self.child.poll() is None

    def kill(self):
        self.child.kill()
        self.child.wait()

    @staticmethod
    def end_all():
        for process in reversed(Process.all):
            process.kill()

    @staticmethod
    def show_logs():
        for process in Process.all:
            print(f"== {process.name}\n{process.log.read_text()[-4000:]}")


class Listener:
    """Takes whatever JSON is POSTed; `received` has it, in order."""

    def __init__(self):
        received = self.received = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):  # as http.server names it
                received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}/v2/enqueue"
        threading.Thread(target=server.serve_forever, daemon=True).start()
