"""The analyzers, and who can stand before them; each set up as its experts would."""

import subprocess
import time
import urllib.request
from pathlib import Path

from .processes import Nobody, Process, free_ports

ROOT = Path(__file__).resolve().parents[2]
BINARY = ROOT / "build/release/log-distributor"
BARE_LOOP = ROOT / "build/bench/bench/bare_loop"
COLLECTOR = VLAGENT = None  # the binaries, where there are any
TLS = None  # where the proxies speak TLS: the file with certificate and key
WEIGHTS = (40, 30, 30)

NGINX = """worker_processes {threads}; daemon off; pid {folder}/{name}.pid; error_log {folder}/{name}.log;
events {{ worker_connections 4096; }}
http {{
  client_header_buffer_size 4k; access_log off; keepalive_requests 100000000; keepalive_timeout 600s; client_body_buffer_size 64k;
  client_body_temp_path {folder}/{name}.1; proxy_temp_path {folder}/{name}.2; fastcgi_temp_path {folder}/{name}.3;
  uwsgi_temp_path {folder}/{name}.4; scgi_temp_path {folder}/{name}.5;
  {servers}
}}
"""


def start_nginx(folder, name, port, servers, threads=1):
    configuration = folder / f"{name}.conf"
    configuration.write_text(NGINX.format(folder=folder, name=name, servers=servers, threads=threads))
    return Process(["nginx", "-c", str(configuration)], port, folder / f"{name}.out")


class Analyzers:
    """One nginx that answers 204 on three ports and counts its requests."""

    def __init__(self, folder):
        *self.ports, self.stats_port = free_ports(len(WEIGHTS) + 1)
        servers = "".join(f"server {{ listen 127.0.0.1:{port}; location / {{ return 204; }} }}\n" for port in self.ports)
        servers += f"server {{ listen 127.0.0.1:{self.stats_port}; location / {{ stub_status; }} }}"
        self.process = start_nginx(folder, "analyzers", self.stats_port, servers, threads=2)
        self.polls = 0

    def packets(self):
        """Requests answered so far, less those that asked for this number."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.stats_port}/", timeout=5) as answer:
            requests = int(answer.read().decode().splitlines()[2].split()[2])
        self.polls += 1
        return requests - self.polls

    def settled_packets(self):
        """The same once no more arrive, and the time when the last one had."""
        packets, since = self.packets(), time.monotonic()
        while time.monotonic() - since < 0.4:
            time.sleep(0.05)
            now = self.packets()
            if now != packets:
                packets, since = now, time.monotonic()
        return packets, since


def make_certificate(folder):
    """A certificate of P-256 that signs itself, and its key, in one file."""
    file, key = folder / "proxy.pem", folder / "proxy.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", file],
                   check=True, capture_output=True)
    file.write_text(file.read_text() + key.read_text())
    key.unlink()
    file.chmod(0o600)
    return file


def of_agents(process):
    """A proxy that agents speak with by TLS, where TLS is asked for."""
    process.scheme = "https" if TLS else "http"
    return process


def log_distributor(folder, port, ports, threads, ack="queued"):
    (admin,) = free_ports(1)
    analyzers = "".join(f"  - {{name: a{i}, url: 'http://127.0.0.1:{p}/', weight: {w}}}\n"
                        for i, (p, w) in enumerate(zip(ports, WEIGHTS)))
    configuration = folder / "log-distributor.yaml"
    tls = f", tls: {{certificate: '{TLS}', key: '{TLS}'}}" if TLS else ""
    configuration.write_text(f"""server: {{listen: '127.0.0.1:{port}'{tls}}}
admin: {{listen: '127.0.0.1:{admin}'}}
threads: {threads}
delivery: {{ack: {ack}}}
analyzers:
{analyzers}""")
    return of_agents(Process([str(BINARY), "serve", "--config", str(configuration)], port, folder / "log-distributor.out"))


def log_distributor_delivered(folder, port, ports, threads):
    return log_distributor(folder, port, ports, threads, ack="delivered")


# A packet of 20 KB in one piece; and what HAProxy has by itself.
HAPROXY_BUFFER_BYTES = 32768
HAPROXY_DEFAULT_BUFFER_BYTES = 16384


def haproxy(folder, port, ports, threads, buffer_bytes=HAPROXY_BUFFER_BYTES):
    servers = "".join(f"  server a{i} 127.0.0.1:{p} weight {w}\n" for i, (p, w) in enumerate(zip(ports, WEIGHTS)))
    configuration = folder / "haproxy.cfg"
    configuration.write_text(f"""global
  nbthread {threads}
  maxconn 4096
  tune.bufsize {buffer_bytes}
defaults
  mode http
  timeout connect 5s
  timeout client 75s
  timeout server 5s
  http-reuse always
  option http-keep-alive
frontend agents
  bind 127.0.0.1:{port}{f' ssl crt {TLS} ssl-min-ver TLSv1.3' if TLS else ''}
  default_backend analyzers
backend analyzers
  balance roundrobin
{servers}""")
    return of_agents(Process(["haproxy", "-db", "-f", str(configuration)], port, folder / "haproxy.out"))


def haproxy_default_buffers(folder, port, ports, threads):
    return haproxy(folder, port, ports, threads, HAPROXY_DEFAULT_BUFFER_BYTES)


def nginx(folder, port, ports, threads):
    servers = "".join(f"server 127.0.0.1:{p} weight={w};\n" for p, w in zip(ports, WEIGHTS))
    tls = f"ssl_certificate {TLS}; ssl_certificate_key {TLS}; ssl_protocols TLSv1.3;" if TLS else ""
    return of_agents(start_nginx(folder, "nginx", port, f"""
  upstream analyzers {{ {servers} keepalive 64; keepalive_requests 100000000; }}
  server {{ listen 127.0.0.1:{port} {'ssl ' if TLS else ''}reuseport; {tls}
    location / {{ proxy_pass http://analyzers; proxy_http_version 1.1; proxy_set_header Connection ''; }} }}""", threads))


def collector(folder, port, ports, threads):
    """An OpenTelemetry Collector: it opens each request, and sends it to one analyzer, because it knows no shares."""
    configuration = folder / "otelcol.yaml"
    configuration.write_text(f"""
receivers: {{otlp: {{protocols: {{http: {{endpoint: '127.0.0.1:{port}'}}}}}}}}
exporters:
  otlphttp:
    logs_endpoint: 'http://127.0.0.1:{ports[0]}/'
    compression: none
    sending_queue: {{enabled: true, queue_size: 10000, num_consumers: 32, block_on_overflow: true}}
service:
  telemetry: {{metrics: {{level: none}}, logs: {{level: error}}}}
  pipelines: {{logs: {{receivers: [otlp], exporters: [otlphttp]}}}}
""")
    return Process(["env", f"GOMAXPROCS={threads}", str(COLLECTOR), "--config", str(configuration)], port, folder / "otelcol.out")


class Batching(Process):
    """Makes requests of its own of what it gets, on `path`: they are not one a packet, and nobody can count packets behind it."""

    path = "/insert/opentelemetry/v1/logs"

    def settle(self, quiet_s=1.0):
        """When it had nothing more to do: it needs less than a hundredth of a core from then on."""
        used, since = self.cpu_seconds()[2], time.monotonic()
        while time.monotonic() - since < quiet_s:
            time.sleep(0.05)
            now = self.cpu_seconds()[2]
            if now - used > 0.01 * (time.monotonic() - since):
                used, since = now, time.monotonic()
        return since


def vlagent(folder, port, ports, threads):
    """VictoriaLogs' agent: it opens each request, keeps what it read on disk only while the other end is slow, and sends blocks of
    its own."""
    return Batching(["env", f"GOMAXPROCS={threads}", str(VLAGENT), f"-httpListenAddr=127.0.0.1:{port}", f"-tmpDataPath={folder}/vlagent",
                     f"-remoteWrite.url=http://127.0.0.1:{ports[0]}/internal/insert", "-loggerLevel=ERROR"], port, folder / "vlagent.out")


def direct(_folder, _port, ports, _threads):
    """No proxy: what the latencies of the others are measured from."""
    return Nobody(ports[0])


def bare_loop(folder, port, ports, _threads):
    """The floor: bench/bare_loop.cpp."""
    return Process([str(BARE_LOOP), str(port), *map(str, ports)], port, folder / "bare_loop.out")


# By the name that the tables show; the first is what the others are compared with.
OURS = "log-distributor"
DELIVERED = "… ack: delivered"
NO_PROXY = "no proxy"
PROXIES = {OURS: log_distributor, DELIVERED: log_distributor_delivered, "haproxy": haproxy,
           "haproxy, 16 KiB buffers": haproxy_default_buffers, "nginx": nginx, NO_PROXY: direct}
FLOOR = "bare loop"
COLLECTOR_NAME, VLAGENT_NAME = "otelcol", "vlagent"
