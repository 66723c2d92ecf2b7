"""Who takes packets, keeps them on a disk, and hands them on: each set up to answer only when a packet is on the disk.

A peer has `promise` and `hands_on` (for the reader), drive() (64 senders, each sends when the last is answered), arrived()
(packets at the other end), cpu_seconds() and rss_peak_mib() of all its processes, and stop().
"""

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from . import durable_fetch as fetch
from .load import AGENTS, WRK_SCRIPT, packet
from .processes import TICKS_PER_SECOND, free_ports

SIZE, MESSAGES = 2000, 10
CLIENTS = Path(__file__).with_name("queue_clients.py")
START_S = 90


def otlp_packet():
    """As large as the others', in what the collector takes."""
    def body(spare):
        records = [{"timeUnixNano": str(i), "severityText": "INFO",
                    "body": {"stringValue": "x" * (spare // MESSAGES + (i < spare % MESSAGES))}} for i in range(MESSAGES)]
        return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]})
    return body(SIZE - len(body(0)))


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Program:
    """A process and all that descend from it."""

    def __init__(self, arguments, log, environment=None, **pipes):
        clean = {key: value for key, value in os.environ.items() if not key.startswith("LOGDIST_")}
        with open(log, "a", encoding="utf-8") as output:
            self.child = subprocess.Popen([str(one) for one in arguments], env=clean | (environment or {}), stderr=output,
                                          preexec_fn=die_with_parent, **({"stdout": output} | pipes))
        self.log = log

    def await_port(self, port):
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if self.child.poll() is not None:
                break
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return self
            time.sleep(0.05)
        raise SystemExit(f"{self.child.args[0]} does not listen:\n{Path(self.log).read_text()[-2000:]}")

    def pids(self):
        found = [self.child.pid]
        for pid in found:
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                found += map(int, task.read_text().split())
        return found

    def cpu_seconds(self):
        """With that of threads and children that have ended."""
        fields = [Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split() for pid in self.pids()]
        return sum(int(one[i]) for one in fields for i in (11, 12, 13, 14)) / TICKS_PER_SECOND

    def rss_peak_mib(self):
        lines = [line for pid in self.pids() for line in Path(f"/proc/{pid}/status").read_text().splitlines()]
        return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024

    def stop(self):
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(20)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


class Peer:
    """`programs` are those whose CPU counts."""

    promise = hands_on = ""

    def __init__(self, place):
        self.folder, self.store, self.sinks = place.folder, place.store, place.analyzers
        self.programs, self.helpers, self.ports = [], [], free_ports(6)
        self.port = self.ports[0]
        try:
            self.start()
        except BaseException:
            self.stop()
            raise

    def run(self, *arguments, port=None, **environment):
        program = Program(arguments, self.folder / "log", environment)
        self.programs.append(program)
        return program.await_port(port or self.port)

    def cpu_seconds(self):
        return sum(program.cpu_seconds() for program in self.programs)

    def rss_peak_mib(self):
        return sum(program.rss_peak_mib() for program in self.programs)

    def stop(self):
        for program in [*reversed(self.programs), *self.helpers]:
            program.stop()


class OverHttp(Peer):
    """wrk sends, and the analyzers count."""

    path, body = "/", packet(MESSAGES, SIZE)

    def drive(self, seconds):
        (self.folder / "body").write_text(self.body)
        script = self.folder / "load.lua"
        script.write_text(WRK_SCRIPT.format(body=self.folder / "body"))
        output = subprocess.run(["wrk", "-t1", f"-c{AGENTS}", f"-d{seconds}s", "--timeout", "60s", "--latency", "-s", str(script),
                                 f"http://127.0.0.1:{self.port}{self.path}"], check=True, capture_output=True, text=True).stdout
        result = json.loads(output.rsplit("RESULT ", 1)[1])
        return {"answered": result["requests"], "errors": result["errors"],
                "p50_ms": result["p50_us"] / 1000, "p99_ms": result["p99_us"] / 1000}

    def arrived(self):
        return self.sinks.packets()


class OverClients(Peer):
    """queue_clients.py sends and takes; its CPU is not the peer's."""

    sender = taker = ""

    def consume(self, port):
        self.taker_program = Program([self.store.get("python", fetch.python) / "bin/python", CLIENTS, self.taker, port],
                                     self.folder / "log", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.helpers.append(self.taker_program)
        if self.taker_program.child.stdout.readline() != b"ready\n":
            raise SystemExit(f"no consumer:\n{(self.folder / 'log').read_text()[-2000:]}")

    def drive(self, seconds):
        (self.folder / "body").write_text(packet(MESSAGES, SIZE))
        output = subprocess.run([self.store.get("python", fetch.python) / "bin/python", CLIENTS, self.sender, str(self.port),
                                 str(self.folder / "body"), str(seconds), str(AGENTS)], check=True, capture_output=True).stdout
        return json.loads(output)

    def arrived(self):
        self.taker_program.child.stdin.write(b"\n")
        self.taker_program.child.stdin.flush()
        return int(self.taker_program.child.stdout.readline())


class LogDistributor(OverHttp):
    path = "/v1/packets"
    hands_on = "HTTP, three analyzers by weight"
    binary = None
    settings = {}

    def start(self):
        analyzers = ", ".join(f"a{i}=http://127.0.0.1:{port}/ weight={weight}"
                              for i, (port, weight) in enumerate(zip(self.sinks.ports, (40, 30, 30))))
        environment = {"SERVER__LISTEN": f"127.0.0.1:{self.port}", "ADMIN__LISTEN": f"127.0.0.1:{self.ports[1]}",
                       "QUEUE__DIRECTORY": str(self.folder / "queue"), "ANALYZERS": analyzers} | self.settings
        self.run(self.binary, "serve", **{f"LOGDIST_{key}": value for key, value in environment.items()})


def distributor(promise, **settings):
    return type("Mode", (LogDistributor,), {"promise": promise, "settings": settings})


class Nsqd(OverHttp):
    promise = "written; synced before the next is written"
    hands_on = "nsq_to_http, HTTP"
    path = "/pub?topic=packets"

    def start(self):
        programs, (http, tcp, *_) = self.store.get("nsq", fetch.nsq), self.ports
        self.run(programs / "nsqd", f"--http-address=127.0.0.1:{http}", f"--tcp-address=127.0.0.1:{tcp}", "--mem-queue-size=0",
                 "--sync-every=1", f"--data-path={self.folder}", "--log-level=error")
        self.programs.append(Program(
            [programs / "nsq_to_http", "--topic=packets", "--channel=bench", f"--nsqd-tcp-address=127.0.0.1:{tcp}", "-n", "100",
             "--max-in-flight=200", "--mode=round-robin", *(f"--post=http://127.0.0.1:{port}/" for port in self.sinks.ports)],
            self.folder / "log"))


class Collector(OverHttp):
    promise = "in the exporter's queue (bbolt), synced"
    hands_on = "OTLP over HTTP, one analyzer"
    path, body = "/v1/logs", otlp_packet()

    def start(self):
        config = self.folder / "otelcol.yaml"
        config.write_text(f"""
receivers: {{otlp: {{protocols: {{http: {{endpoint: '127.0.0.1:{self.port}'}}}}}}}}
extensions: {{file_storage: {{directory: '{self.folder}', fsync: true}}}}
exporters:
  otlphttp:
    logs_endpoint: 'http://127.0.0.1:{self.sinks.ports[0]}/'
    compression: none
    sending_queue: {{enabled: true, storage: file_storage, queue_size: 100000, num_consumers: 32, block_on_overflow: true}}
service:
  extensions: [file_storage]
  telemetry: {{metrics: {{level: none}}, logs: {{level: error}}}}
  pipelines: {{logs: {{receivers: [otlp], exporters: [otlphttp]}}}}
""")
        self.run(self.store.get("otelcol", fetch.otelcol) / "otelcol", "--config", config)


class RabbitMq(OverClients):
    promise = "in the write-ahead log of a quorum queue of one node, synced"
    hands_on = "AMQP, one consumer that acknowledges"
    sender, taker = "send-rabbitmq", "take-rabbitmq"

    def start(self):
        root, folder = self.store.get("rabbitmq", fetch.rabbitmq), self.folder
        (scripts,) = root.glob("usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin")
        (folder / "enabled").write_text("[].")
        (folder / "rabbitmq.conf").write_text(f"""listeners.tcp.1 = 127.0.0.1:{self.port}
log.console.level = error
log.file = false
""")
        erlang = {"ERL_EPMD_ADDRESS": "127.0.0.1", "ERL_EPMD_PORT": str(self.ports[2]), "HOME": str(folder),
                  "ERL_CRASH_DUMP": str(folder / "crash"),
                  "PATH": f"{root}/usr/lib/erlang/bin:{os.environ['PATH']}"}  # before the system's own, if there is one
        self.helpers.append(Program([root / "usr/lib/erlang/bin/epmd", "-port", self.ports[2], "-address", "127.0.0.1"],
                                    folder / "log").await_port(self.ports[2]))
        self.run(scripts / "rabbitmq-server", **erlang, RABBITMQ_NODENAME=f"bench{self.port}@localhost",
                 RABBITMQ_CONFIG_FILE=str(folder / "rabbitmq"), RABBITMQ_MNESIA_BASE=str(folder / "data"),
                 RABBITMQ_LOG_BASE=str(folder), RABBITMQ_ENABLED_PLUGINS_FILE=str(folder / "enabled"),
                 RABBITMQ_DIST_PORT=str(self.ports[1]),
                 RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1} +sbwt none")
        self.consume(self.port)


class Kafka(OverClients):
    promise = "flushed, at each batch of a producer (log.flush.interval.messages=1, acks=all)"
    hands_on = "Kafka, one consumer that commits"
    sender, taker = "send-kafka", "take-kafka"

    def start(self):
        if not shutil.which("java"):
            raise fetch.Unavailable("kafka needs java")
        config, (port, controller, *_) = self.folder / "server.properties", self.ports
        config.write_text(f"""process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={self.folder}/data
log.flush.interval.messages=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
""")
        java = ["java", "-Xms256m", "-Xmx768m", "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp",
                f"{self.store.get('kafka', fetch.kafka)}/lib/*"]
        subprocess.run([*java, "kafka.tools.StorageTool", "format", "-t", "AAAAAAAAAAAAAAAAAAAAAQ", "-c", config], check=True,
                       capture_output=True)
        self.run(*java, "kafka.Kafka", config)
        self.consume(port)


class Rsyslog(OverClients):
    promise = "in its disk queue, synced for each message"
    hands_on = "TCP, one receiver that acknowledges nothing"
    sender, taker = "send-relp", "take-lines"

    def start(self):
        root, config = self.store.get("rsyslog", fetch.rsyslog), self.folder / "rsyslog.conf"
        library = root / "usr/lib/x86_64-linux-gnu"
        config.write_text(f"""global(workDirectory="{self.folder}")
module(load="imrelp" ruleset="packets")
input(type="imrelp" address="127.0.0.1" port="{self.port}")
template(name="line" type="string" string="%msg%\\n")
ruleset(name="packets" queue.type="Disk" queue.filename="packets" queue.syncqueuefiles="on" queue.checkpointinterval="1"
        queue.maxdiskspace="8g" queue.size="10000000") {{
  action(type="omfwd" protocol="tcp" target="127.0.0.1" port="{self.ports[1]}" template="line" action.resumeRetryCount="-1")
}}
""")
        self.consume(self.ports[1])
        self.run(root / "usr/sbin/rsyslogd", "-n", "-f", config, "-i", self.folder / "pid", "-M", library / "rsyslog",
                 LD_LIBRARY_PATH=str(library))


MEMORY, ALWAYS, OFF = "memory", "disk, always", "disk, off"
OURS = {
    MEMORY: distributor("in memory"),
    ALWAYS: distributor("synced, or with an analyzer", QUEUE__STORAGE="disk"),
    "disk, always, all kept": distributor("synced, or with an analyzer; all of them are written", QUEUE__STORAGE="disk",
                                          QUEUE__RETAIN_BYTES="4GiB"),
    "disk, 5ms": distributor("synced at most each 5 ms, or with an analyzer", QUEUE__STORAGE="disk", QUEUE__SYNC="5ms"),
    OFF: distributor("written, or with an analyzer", QUEUE__STORAGE="disk", QUEUE__SYNC="off"),
}
PEERS = {"nsqd": Nsqd, "rabbitmq": RabbitMq, "kafka": Kafka, "rsyslog": Rsyslog, "otelcol": Collector}
