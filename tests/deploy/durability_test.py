"""What the durable queue promises, on disks that fail: power cuts, kills, full, read-only and slow ones.

    scripts/durability-test [--daemon FILE] [--cuts N] [--kills N] [--only NAME]

Agents note each 202; analyzers note each packet that they take, with the digest of its body. In the end every packet
that was acknowledged has been taken, as it was sent. Power is cut on an ext4 of its own in a loop device, by the ioctl
that shuts the file system down without writing anything: this and the other disks need root, and are left out without it.
"""
import argparse
import fcntl
import hashlib
import http.client
import http.server
import json
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

EXT4_SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN
WITHOUT_FLUSH = 2
PATIENCE = 120
SLOW_SYNC = r"""
#include <unistd.h>
#include <time.h>
#include <sys/syscall.h>
int fdatasync(int fd) {
  struct timespec wait = {0, 300000000};
  nanosleep(&wait, 0);
  return (int)syscall(SYS_fdatasync, fd);
}
"""


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
                self.reply(200)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # a daemon that is killed breaks its connections
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


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

    def check(self):
        """Every packet that was acknowledged was taken, as it was sent."""
        taken = {}
        for analyzer in self.analyzers:
            for packet_id, digests in analyzer.taken.items():
                taken.setdefault(packet_id, []).extend(digests)
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


def power_cuts(room, options):
    image = room.image(128)
    for cut in range(options.cuts):
        queue = room.mount("-o", "loop", image)
        daemon = room.daemon(queue)
        room.all_up(is_up=cut % 3 != 0, latency=0.02)
        agents = Agents(f"cut{cut}", daemon.packets)
        time.sleep(0.3 + random.random())
        root = os.open(room.mounted, os.O_RDONLY)
        # What is answered later is no promise: with the power, the daemon would be gone, too.
        room.accepted.update(agents.accepted.copy())
        fcntl.ioctl(root, EXT4_SHUTDOWN, struct.pack("I", WITHOUT_FLUSH))
        os.close(root)
        daemon.end()
        agents.stop()
        room.unmount()
        queue = room.mount("-o", "loop", image)
        room.all_up()
        daemon = room.daemon(queue)
        daemon.await_empty()
        daemon.end()
        room.unmount()
    return room.check()


def kills(room, options):
    queue = os.path.join(room.folder, "queue")
    for kill in range(options.kills):
        daemon = room.daemon(queue, QUEUE__SYNC=random.choice(["always", "5ms", "off"]), QUEUE__MAX_PACKETS="100")
        room.all_up(is_up=kill % 4 != 0, latency=random.choice([0, 0.01, 0.05]))
        agents = Agents(f"life{kill}", daemon.packets)
        time.sleep(0.5 + 2 * random.random())
        daemon.end()
        room.stop(agents)
    room.all_up()
    daemon = room.daemon(queue)
    daemon.await_empty()
    daemon.end()
    return room.check()


def full_disk(room, _):
    queue = room.mount("-t", "tmpfs", "-o", "size=4m", "none")
    daemon = room.daemon(queue, QUEUE__MAX_PACKETS="50")
    room.all_up(is_up=False)
    agents = Agents("full", daemon.packets)
    daemon.await_that(lambda: agents.refused > 20)
    room.stop(agents)
    assert len(agents.accepted) > 500, "most of the disk was used"
    assert daemon.metric("logdist_queue_disk_errors_total") > 0
    room.all_up()
    daemon.await_empty()
    agents = Agents("again", daemon.packets)
    daemon.await_that(lambda: len(agents.accepted) > 100)
    room.stop(agents)
    daemon.await_empty()
    daemon.end()
    return room.check()


def read_only(room, _):
    image = room.image(64)
    queue = room.mount("-o", "loop", image)
    daemon = room.daemon(queue)
    room.all_up(latency=0.02)
    agents = Agents("read-only", daemon.packets)
    daemon.await_that(lambda: len(agents.accepted) > 100)
    run("mount", "-o", "remount,abort", room.mounted)  # as the kernel does it after an error of the disk
    daemon.await_that(lambda: daemon.metric("logdist_queue_disk_errors_total") > 0)
    room.stop(agents)
    daemon.await_empty()
    assert daemon.get("/healthz")[0] == 200
    daemon.end()
    room.unmount()
    queue = room.mount("-o", "loop", image)
    daemon = room.daemon(queue)
    daemon.await_empty()
    daemon.end(signal.SIGTERM)
    room.unmount()
    queue = room.mount("-o", "loop,ro", image)
    try:
        room.daemon(queue)
    except AssertionError as error:
        assert "Read-only file system" in str(error), error
    else:
        raise AssertionError("it has started on a disk that it cannot write")
    return room.check()


def slow_disk(room, _):
    source, library = os.path.join(room.folder, "slow.c"), os.path.join(room.folder, "slow.so")
    with open(source, "w") as file:
        file.write(SLOW_SYNC)
    run("cc", "-shared", "-fPIC", "-o", library, source)
    os.environ["LD_PRELOAD"] = library
    os.environ["ASAN_OPTIONS"] = "verify_asan_link_order=0"
    try:
        daemon = room.daemon(os.path.join(room.folder, "queue"))
    finally:
        del os.environ["LD_PRELOAD"], os.environ["ASAN_OPTIONS"]
    room.all_up()
    agents = Agents("slow", daemon.packets)
    # A packet that an analyzer takes does not wait for the disk.
    daemon.await_that(lambda: len(agents.accepted) > 1000)
    for _ in range(20):
        assert daemon.get("/healthz")[0] == 200
    room.stop(agents)
    slow = daemon.metric("logdist_queue_sync_duration_seconds_sum") / daemon.metric(
        "logdist_queue_sync_duration_seconds_count")
    assert slow > 0.3, f"a sync took {slow} s"

    daemon.await_empty()
    daemon.end()
    return room.check()


SCENARIOS = {"power-cuts": (power_cuts, True), "kills": (kills, False), "full-disk": (full_disk, True),
             "read-only": (read_only, True), "slow-disk": (slow_disk, False)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--daemon", default="build/release/log-distributor")
    parser.add_argument("--cuts", type=int, default=50)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--only", choices=SCENARIOS)
    options = parser.parse_args()
    can_mount = os.geteuid() == 0 and os.path.exists("/dev/loop-control")
    failed = False
    for name, (scenario, needs_root) in SCENARIOS.items():
        if options.only not in (None, name):
            continue
        if needs_root and not can_mount:
            print(f"{name}: left out, it needs root and loop devices")
            continue
        room = Room(options.daemon)
        begun = time.monotonic()
        try:
            print(f"{name}: {scenario(room, options)} ({time.monotonic() - begun:.0f} s)", flush=True)
        except AssertionError as error:
            print(f"{name}: FAILED: {error}", flush=True)
            failed = True
        finally:
            room.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
