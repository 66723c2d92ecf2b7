"""A daemon with its queue on a disk, its agents and analyzers, for durability_test.py. Both keep books of their own.

Agents note each 202; analyzers note each packet that they take, with the digest of its body."""
import hashlib
import http.client
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

PATIENCE = 120


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Analyzer:
    """Takes packets, or answers 503."""

    def __init__(self):
        self.taken = {}  # id → digests, one for each time
        self.taken_at = {}  # id → the last time
        self.connections = 0
        self.lock = threading.Lock()
        self.is_up = True
        self.latency = 0.0
        analyzer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def reply(self, status):
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self):
                self.reply(200 if analyzer.is_up else 503)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(analyzer.latency)
                if not analyzer.is_up:
                    return self.reply(503)
                with analyzer.lock:
                    analyzer.taken.setdefault(self.headers["Idempotency-Key"], []).append(
                        hashlib.sha256(body).digest())
                    analyzer.taken_at[self.headers["Idempotency-Key"]] = time.monotonic()
                self.reply(200)

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 1024  # beyond it, the kernel sends what the dead have written long after their end

            def process_request(self, request, address):
                with analyzer.lock:
                    analyzer.connections += 1
                super().process_request(request, address)

            def shutdown_request(self, request):
                super().shutdown_request(request)
                with analyzer.lock:
                    analyzer.connections -= 1

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # a daemon that is killed breaks its connections
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def await_quiet(self):
        """Until all that a daemon has sent before it was killed is taken."""
        port = self.server.server_port
        # Connections are accepted in order: once this one is answered, none from before is left that was not.
        probe = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        probe.request("GET", "/")
        probe.getresponse().read()
        probe.close()
        deadline = time.monotonic() + PATIENCE
        while self.connections:
            assert time.monotonic() < deadline, "a connection of the dead daemon is still open"
            time.sleep(0.01)


class Agents:
    """Send packets one after the other; what has no answer is not sent again, and promises nothing."""

    def __init__(self, name, port, count=16, size=2000):
        self.accepted = {}
        self.refused = 0
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.work, args=(f"{name}-{i}", port, size)) for i in range(count)]
        for thread in self.threads:
            thread.start()

    def work(self, name, port, size):
        connection = None
        number = 0
        while not self.stopping.is_set():
            number += 1
            packet_id = f"{name}-{number}"
            body = json.dumps([os.urandom(size // 4).hex() for _ in range(2)]).encode()
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=20)
                connection.request("POST", "/v1/packets", body,
                                   {"Content-Type": "application/json", "Idempotency-Key": packet_id})
                reply = connection.getresponse()
                reply.read()
                if reply.status == 202:
                    self.accepted[packet_id] = hashlib.sha256(body).digest()
                else:
                    self.refused += 1
                    time.sleep(0.02)
            except (OSError, http.client.HTTPException):
                connection = None
                time.sleep(0.05)

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


class Daemon:
    def __init__(self, binary, analyzers, directory, **settings):
        self.packets, self.admin = free_port(), free_port()
        environment = {"LOGDIST_SERVER__LISTEN": f"127.0.0.1:{self.packets}",
                       "LOGDIST_ADMIN__LISTEN": f"127.0.0.1:{self.admin}",
                       "LOGDIST_ANALYZERS": ", ".join(f"a{i}={one.url}" for i, one in enumerate(analyzers)),
                       "LOGDIST_QUEUE__STORAGE": "disk", "LOGDIST_QUEUE__DIRECTORY": directory,
                       "LOGDIST_QUEUE__SEGMENT_SIZE": "256KiB", "LOGDIST_BALANCE__STATE_FILE": "",
                       "LOGDIST_HEALTH__BACKOFF__MAX": "500ms", "LOGDIST_SHUTDOWN__GRACE": "2s",
                       "LOGDIST_DELIVERY__CALLER_RUNS_TIMEOUT": "1s"}
        environment.update({f"LOGDIST_{key}": value for key, value in settings.items()})
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([binary, "serve"], env={**os.environ, **environment}, stderr=self.errors)
        self.await_that(lambda: self.get("/healthz")[0] == 200)

    def get(self, path):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.admin, timeout=20)
            connection.request("GET", path)
            reply = connection.getresponse()
            return reply.status, reply.read().decode()
        except OSError:
            if self.process.poll() is not None:
                raise AssertionError(f"the daemon has ended ({self.process.returncode}):\n{self.log()}") from None
            return 0, ""

    def log(self):
        self.errors.seek(0)
        return self.errors.read()

    def metric(self, name):
        return sum(float(line.rsplit(" ", 1)[1]) for line in self.get("/metrics")[1].splitlines()
                   if line.startswith((name + " ", name + "{")))

    def await_that(self, wanted):
        deadline = time.monotonic() + PATIENCE
        while not wanted():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited for {PATIENCE} s in vain; the daemon says:\n{self.log()}")
            time.sleep(0.05)

    def await_empty(self):
        def is_empty():
            status, text = self.get("/v1/status")
            if status != 200:
                return False
            ledger = json.loads(text)["ledger"]
            return all(ledger[place]["packets"] == 0 for place in ("queued", "waiting", "spilled", "in_flight"))
        self.await_that(is_empty)
        assert self.metric("logdist_ledger_imbalance_packets") == 0

    def kill(self):
        """The time when it was."""
        now = time.monotonic()
        self.end()
        return now

    def end(self, how=signal.SIGKILL):
        self.process.send_signal(how)
        self.process.wait(PATIENCE)
        self.errors.close()


class Room:
    def __init__(self, binary):
        self.binary = binary
        self.folder = tempfile.mkdtemp(prefix="durability-")
        self.analyzers = [Analyzer() for _ in range(2)]
        self.accepted = {}
        self.mounted = None

    def daemon(self, directory, **settings):
        return Daemon(self.binary, self.analyzers, directory, **settings)

    def stop(self, agents):
        agents.stop()
        self.accepted.update(agents.accepted)

    def all_up(self, is_up=True, latency=0.0):
        for analyzer in self.analyzers:
            analyzer.is_up, analyzer.latency = is_up, latency

    def image(self, mib):
        path = os.path.join(self.folder, "image")
        with open(path, "wb") as file:
            file.truncate(mib << 20)
        run("mkfs.ext4", "-q", path)
        return path

    def mount(self, *arguments):
        self.mounted = os.path.join(self.folder, "disk")
        os.makedirs(self.mounted, exist_ok=True)
        run("mount", *arguments, self.mounted)
        return os.path.join(self.mounted, "queue")

    def unmount(self):
        if self.mounted:
            run("umount", self.mounted)
            self.mounted = None

    def taken(self):
        """Of all analyzers: id → digests."""
        taken = {}
        for analyzer in self.analyzers:
            with analyzer.lock:
                for packet_id, digests in analyzer.taken.items():
                    taken.setdefault(packet_id, []).extend(digests)
        return taken

    def check(self):
        """Every packet that was acknowledged was taken, as it was sent."""
        taken = self.taken()
        lost = [packet for packet in self.accepted if packet not in taken]
        altered = [packet for packet, digest in self.accepted.items() if any(d != digest for d in taken.get(packet, []))]
        again = sum(len(digests) - 1 for digests in taken.values())
        assert self.accepted, "nothing was acknowledged"
        assert not lost, f"{len(lost)} acknowledged packets are lost, such as {lost[:3]}"
        assert not altered, f"{len(altered)} packets are other than they were sent"
        return f"{len(self.accepted)} acknowledged, 0 lost, 0 altered, {again} sent again"

    def close(self):
        self.unmount()
        shutil.rmtree(self.folder)
