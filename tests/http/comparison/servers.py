"""nginx, HAProxy and ours, each before a small application of its own, on loopback."""

import http.client
import os
import re
import signal
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


class Application:
    """Answers 200 to everything, and counts it: what a proxy lets through. As an analyzer it is healthy."""

    def __init__(self):
        application = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                self.read_body()
                application.see(self.path, self.headers)
                self.send_response(200)
                self.send_header("X-Target", self.path[:100].encode("ascii", "replace").decode())
                self.send_header("Content-Length", "0")
                self.end_headers()

            def read_body(self):
                if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
                    while size := int(self.rfile.readline().split(b";")[0], 16):
                        self.rfile.read(size + 2)
                    while self.rfile.readline().strip():
                        pass
                else:
                    self.rfile.read(int(self.headers.get("Content-Length", 0)))

            def __getattr__(self, name):
                if name.startswith("do_"):
                    return self.answer
                raise AttributeError(name)

            def log_message(self, *_):
                pass

        class QuietServer(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):  # a proxy that leaves
                pass

        http.client._MAXHEADERS = 100_000  # its bounds are not what is compared
        self.count = 0
        self.via = ""
        self.server = QuietServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def see(self, path, headers):
        if path not in ("/marker", "/health"):
            self.count += 1
        self.via = headers.get("Via", self.via)


class Server:
    """A child process that listens on `port`."""

    is_ours = False

    def __init__(self, name, version, arguments, port, application, folder):
        self.name, self.version, self.port, self.application = name, version, port, application
        self.log = folder / f"{name}.log"
        with self.log.open("w") as output:
            self.child = subprocess.Popen(arguments, stdout=output, stderr=output)
        until = time.monotonic() + 20
        while True:
            if self.child.poll() is not None:
                raise SystemExit(f"{name} ended early:\n{self.log.read_text()}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            if time.monotonic() > until:
                raise SystemExit(f"{name} does not listen")
            time.sleep(0.05)

    def reached(self):
        return self.application.count

    def stop(self):
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(15)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


class Ours(Server):
    is_ours = True
    admin_port = 0

    def via_name(self):
        """What it calls itself in Via, as its analyzer has seen it; None when it has seen none."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as one:
            one.sendall(b"POST /v1/packets HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                        b"Connection: close\r\nContent-Length: 5\r\n\r\n[\"a\"]")
            while one.recv(4096):
                pass
        until = time.monotonic() + 5
        while not self.application.via and time.monotonic() < until:
            time.sleep(0.02)
        return self.application.via.split()[1] if self.application.via else None


def version_of(arguments):
    output = subprocess.run(arguments, capture_output=True, text=True, check=False)
    return (re.search(r"\d+\.\d+\.\d+", output.stdout + output.stderr) or ["?"])[0]


def start_ours(folder, binary):
    application, port, admin = Application(), free_port(), free_port()
    path = folder / "ours.yaml"
    path.write_text(f"""server: {{listen: '127.0.0.1:{port}'}}
admin: {{listen: '127.0.0.1:{admin}'}}
threads: 1
analyzers:
  - {{name: application, url: 'http://127.0.0.1:{application.port}/', weight: 1}}
""")
    ours = Ours("log-distributor", version_of([str(binary), "--version"]), [str(binary), "serve", "--config", str(path)],
                port, application, folder)
    ours.admin_port = admin
    return ours


NGINX = """{user}worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx-error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_max_body_size 10m; client_body_temp_path {folder}/1; proxy_temp_path {folder}/2;
  fastcgi_temp_path {folder}/3; uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://127.0.0.1:{application}; proxy_http_version 1.1; proxy_set_header Connection ''; }}
  }}
}}
"""


def start_nginx(folder):
    application, port = Application(), free_port()
    path = folder / "nginx.conf"
    path.write_text(NGINX.format(folder=folder, port=port, application=application.port,
                                 user="user root; " if os.getuid() == 0 else ""))
    return Server("nginx", version_of(["nginx", "-v"]), ["nginx", "-c", str(path)], port, application, folder)


HAPROXY = """defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
  timeout http-request 10s
frontend agents
  bind 127.0.0.1:{port}
  default_backend application
backend application
  server application 127.0.0.1:{application}
"""


def start_haproxy(folder):
    application, port = Application(), free_port()
    path = folder / "haproxy.cfg"
    path.write_text(HAPROXY.format(port=port, application=application.port))
    return Server("HAProxy", version_of(["haproxy", "-v"]), ["haproxy", "-db", "-f", str(path)], port, application, folder)
