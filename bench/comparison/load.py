"""What the agents send, and how: as fast as it is answered, or at a fixed rate."""

import json
import statistics
import subprocess
import time

AGENTS = 64


def packet(messages, size):
    """A packet of `messages` log records, `size` bytes long."""
    records = [{"level": "info", "host": "web-1", "seq": i, "message": ""} for i in range(messages)]
    spare = size - len(json.dumps({"messages": records}))
    for i, record in enumerate(records):
        record["message"] = "x" * (spare // messages + (1 if i < spare % messages else 0))
    return json.dumps({"messages": records})


def field(number, value):
    """Of a Protocol Buffers message: bytes with their length, or a number of 64 fixed bits."""
    if isinstance(value, int):
        return bytes([number << 3 | 1]) + value.to_bytes(8, "little")
    length, size = bytearray(), len(value)
    while size >= 128:
        length.append(size & 127 | 128)
        size >>= 7
    return bytes([number << 3 | 2]) + bytes(length + bytes([size])) + value


def otlp(records):
    """An ExportLogsServiceRequest as an OpenTelemetry SDK sends it: some 300 bytes a record."""
    def text(number, value):
        return field(number, value.encode())

    def attribute(number, key, value):
        return field(number, text(1, key) + field(2, text(1, value)))

    def record(serial):
        time_ns = 1_700_000_000_000_000_000 + serial
        return (field(1, time_ns) + b"\x10\x09" + text(3, "INFO") +
                field(5, text(1, f"request {serial} served in 12 ms, of which 3 waiting for the database" + "." * 80)) +
                attribute(6, "http.request.method", "POST") + attribute(6, "url.path", f"/orders/{serial}") +
                field(9, bytes(range(16))) + field(10, bytes(range(8))) + field(11, time_ns))

    resource = attribute(1, "service.name", "orders") + attribute(1, "host.name", "web-1")
    scope = text(1, "orders.http") + text(2, "1.0")
    logs = field(1, scope) + b"".join(field(2, record(serial)) for serial in range(records))
    return field(1, field(1, resource) + field(2, logs))


WRK_SCRIPT = """wrk.method = "POST"
wrk.headers["Content-Type"] = "{media_type}"
local file = io.open("{body}", "rb")
wrk.body = file:read("*a")
file:close()
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('RESULT {{"requests": %d, "errors": %d, "p50_us": %d, "p95_us": %d, "p99_us": %d}}\\n', summary.requests,
    e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50), latency:percentile(95), latency:percentile(99)))
end
"""


def scheme_of(proxy):
    return getattr(proxy, "scheme", "http")


class Saturated:
    """wrk: each agent sends its next packet once the last is answered."""

    tools = ("wrk",)
    path, media_type = "/v1/packets", "application/json"

    def __init__(self, folder, messages, size, agents=AGENTS):
        self.write(folder, packet(messages, size).encode())
        self.messages, self.agents = messages, agents
        self.title = f"{size} B packets of {messages} messages, as fast as they are answered"

    def write(self, folder, content):
        body, self.script = folder / f"{len(content)}.body", folder / f"{len(content)}.lua"
        body.write_bytes(content)
        self.script.write_text(WRK_SCRIPT.format(body=body, media_type=self.media_type))

    def drive(self, proxy, seconds):
        """Answers, errors, and the latency to the answer in milliseconds."""
        output = subprocess.run(["wrk", "-t2", f"-c{self.agents}", f"-d{seconds}s", "--latency", "-s", str(self.script),
                                 f"{scheme_of(proxy)}://127.0.0.1:{proxy.port}{getattr(proxy, 'path', self.path)}"], check=True, capture_output=True, text=True).stdout
        result = json.loads(output.rsplit("RESULT ", 1)[1])
        return {"answered": result["requests"], "errors": result["errors"], "p50_ms": result["p50_us"] / 1000,
                "p95_ms": result["p95_us"] / 1000, "p99_ms": result["p99_us"] / 1000}


class Otlp(Saturated):
    """The same with log records of an OpenTelemetry SDK."""

    path, media_type = "/v1/logs", "application/x-protobuf"

    def __init__(self, folder, records, agents=AGENTS):
        content = otlp(records)
        self.write(folder, content)
        self.messages, self.agents = records, agents
        self.title = f"{len(content)} B of OTLP, {records} records each, as fast as they are answered"


class FixedRate:
    """h2load in HTTP/1.1: `packets_per_second` of all agents together."""

    tools = ("h2load",)

    def __init__(self, folder, messages, size, packets_per_second):
        self.body, self.log = folder / f"{size}.json", folder / "h2load.log"
        self.body.write_text(packet(messages, size))
        self.messages, self.rate, self.agents = messages, packets_per_second, AGENTS
        self.title = f"{size} B packets of {messages} messages, {packets_per_second} a second"

    def drive(self, proxy, seconds):
        """As Saturated.drive()."""
        self.log.unlink(missing_ok=True)
        subprocess.run(["h2load", "--h1", "-t1", f"-c{AGENTS}", f"-D{seconds}", f"--rps={self.rate / AGENTS}",
                        "-H", "Content-Type: application/json", "-d", str(self.body), f"--log-file={self.log}",
                        f"{scheme_of(proxy)}://127.0.0.1:{proxy.port}/v1/packets"], check=True, capture_output=True)
        rows = [line.split("\t") for line in self.log.read_text().splitlines()]
        latencies = [int(row[2]) / 1000 for row in rows if row[1].startswith("2")]
        hundredths = statistics.quantiles(latencies, n=100)
        return {"answered": len(rows), "errors": len(rows) - len(latencies), "p50_ms": hundredths[49],
                "p95_ms": hundredths[94], "p99_ms": hundredths[98]}


def measure(proxy, analyzers, load, seconds):
    """Drives one proxy. CPU is its own, charged until its last packet has arrived;
    packets are counted where they arrive, since an early 202 is no delivery. One that makes requests of its own of them is
    believed its answers, and has its CPU charged until it rests."""
    load.drive(proxy, 1)
    is_batching = hasattr(proxy, "settle")
    if is_batching:
        proxy.settle()
    arrived_before, _ = analyzers.settled_packets()
    before = proxy.cpu_seconds()
    started = time.monotonic()
    result = load.drive(proxy, seconds)
    rested = proxy.settle() if is_batching else 0
    arrived, ended = analyzers.settled_packets()
    packets, driven = arrived - arrived_before, ended - started
    if is_batching:
        if packets == 0:
            raise SystemExit(f"{result['answered']} packets were answered, and nothing arrived")
        packets, driven = result["answered"], max(rested, started + seconds) - started
    # More than were answered: those under way at the end, and the daemon's probes, at most one a second.
    spare = load.agents + len(analyzers.ports) * (driven + 1)
    if result["errors"] or not result["answered"] <= packets <= result["answered"] + spare:
        raise SystemExit(f"{result['answered']} packets were answered, {result['errors']} of them by errors, and {packets} arrived")
    user, system, cpu = (now - then for now, then in zip(proxy.cpu_seconds(), before))
    user_part = user / (user + system) if user + system else 0
    result |= {
        "packets": packets,
        "packets_per_second": packets / driven,
        "messages_per_second": packets * load.messages / driven,
        "cpu_us": cpu / packets * 1e6,
        "user_us": cpu * user_part / packets * 1e6,
        "system_us": cpu * (1 - user_part) / packets * 1e6,
        "rss_peak_mib": proxy.rss_peak_mib(),
    }
    return result
