#!/usr/bin/python3
"""TLS as others see it, by scripts/tls-test.

    tls_test.py DAEMON [testssl|sslscan|clients|agents|analyzers…]
"""

import json
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import xml.etree.ElementTree
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from surroundings import Process

PATIENCE_S = 60
HERE = Path(__file__).parent / "tls"

# Findings of testssl.sh that are of the test's surroundings, or of what the port is: no web site for everybody.
NOT_OURS = {
    "cert_revocation": "the test's CA has no revocation list (docs/security.md says that none is asked)",
    "engine_problem": "of testssl.sh's own OpenSSL",
    "security_headers": "the packet port has no pages for browsers; those of the admin port have theirs",
    "HSTS": "a port of a daemon, not a site: there is no http:// beside it",
}


# Those that ask for no ticket, and so have nothing to resume by: for TLS 1.2, for TLS 1.3.
WITHOUT_TICKETS = {"curl, OpenSSL": ["no", "yes"], "curl, GnuTLS": ["no", "no"]}


def eventually(what, condition):
    deadline = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {PATIENCE_S} s: {what}"
        time.sleep(0.05)
    return found


class Authority:
    """A CA of openssl's, and what it signs."""

    def __init__(self, folder, name="ca"):
        self.folder, self.name = folder, name
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                      self.key, "-out", self.certificate, "-days", "90", "-subj", f"/CN={name}")

    key = property(lambda self: self.folder / f"{self.name}.key")
    certificate = property(lambda self: self.folder / f"{self.name}.pem")

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    def issue(self, name, names="DNS:localhost,IP:127.0.0.1", key=("ec", "-pkeyopt", "ec_paramgen_curve:P-256"), days="90"):
        """The paths of a certificate and its key."""
        certificate, key_file = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        request, extensions = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        self._openssl("req", "-newkey", *key, "-nodes", "-keyout", key_file, "-out", request, "-subj", f"/CN={name}")
        extensions.write_text(f"subjectAltName={names}\n" if names else "basicConstraints=CA:FALSE\n")
        self._openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial", "-out",
                      certificate, "-days", days, "-extfile", extensions)
        return certificate, key_file


class Daemon:
    """Both ports speak TLS with one certificate."""

    def __init__(self, binary, folder, authority, name, settings=None, analyzers=None):
        if analyzers is None:
            analyzer = Process(f"{name}-analyzer", [binary, "analyzer", "--listen", "127.0.0.1:0"], folder)
            analyzers = "a=http://{}/".format(*analyzer.await_line(r"(127\.0\.0\.1:\d+)"))
        self.authority = authority
        certificate, key = authority.issue(name)
        config = folder / f"{name}.yaml"
        config.write_text(analyzers if "\n" in analyzers else "server: {}\n")
        listed = {} if "\n" in analyzers else {"ANALYZERS": analyzers}
        environment = {"SERVER__LISTEN": "127.0.0.1:0", "ADMIN__LISTEN": "127.0.0.1:0", **listed,
                       "SERVER__TLS__CERTIFICATE": certificate, "SERVER__TLS__KEY": key,
                       "ADMIN__TLS__CERTIFICATE": certificate, "ADMIN__TLS__KEY": key, **(settings or {})}
        self.process = Process(name, [binary, "serve", "--config", str(config)], folder,
                               {f"LOGDIST_{key}": str(value) for key, value in environment.items()})
        self.port, self.admin = map(int, self.process.await_line(
            r"packets on https://127\.0\.0\.1:(\d+), admin on https://127\.0\.0\.1:(\d+)"))
        self.url = f"https://localhost:{self.port}/v1/packets"

    def ask(self, path):
        context = ssl.create_default_context(cafile=self.authority.certificate)
        return urllib.request.urlopen(f"https://localhost:{self.admin}{path}", context=context, timeout=PATIENCE_S).read().decode()

    def metric(self, series):
        return float(re.search(rf"^{re.escape(series)} (\S+)$", self.ask("/metrics"), re.MULTILINE)[1])

    def resumed(self):
        return self.metric('logdist_tls_sessions_resumed_total{port="packet"}')

    def reload(self):
        before = self.log().count("reload (HUP)")
        self.process.child.send_signal(1)
        eventually("a reload", lambda: self.log().count("reload (HUP)") > before)

    def log(self):
        return self.process.log.read_text()


# --- what scanners say


def scan_by_testssl(daemon, folder):
    for name, port in (("packet", daemon.port), ("admin", daemon.admin)):
        found = folder / f"testssl-{name}.json"
        run = subprocess.run(["testssl", "--quiet", "--color", "0", "--warnings", "off", "--nodns", "none", "--ip", "127.0.0.1",
                              "--add-ca", str(daemon.authority.certificate), "--jsonfile", str(found), f"localhost:{port}"],
                             stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        assert found.exists(), run.stdout + run.stderr
        findings = json.loads(found.read_text())
        assert len(findings) > 60, f"testssl.sh has looked at {len(findings)} things only:\n{run.stdout}"
        bad = [one for one in findings if one["severity"] not in ("OK", "INFO", "DEBUG") and not is_not_ours(one)]
        assert not bad, "testssl.sh, {} port: {}".format(name, json.dumps(bad, indent=2))
        assert {one["id"]: one["severity"] for one in findings}["TLS1_3"] == "OK", "no TLS 1.3"
        left_out = sorted({one["id"] for one in findings if one["severity"] not in ("OK", "INFO", "DEBUG")})
        print(f"ok: testssl.sh, {name} port: {len(findings)} findings, none below OK (not ours: {', '.join(left_out)})", flush=True)


def is_not_ours(finding):
    return finding["id"].split(" ")[0] in NOT_OURS


def scan_by_sslscan(daemon, _folder):
    for name, port in (("packet", daemon.port), ("admin", daemon.admin)):
        run = subprocess.run(["sslscan", "--no-colour", "--xml=-", f"localhost:{port}"], capture_output=True, text=True, check=True)
        test = xml.etree.ElementTree.fromstring(run.stdout).find("ssltest")
        spoken = {f"{one.get('type')}{one.get('version')}" for one in test.findall("protocol") if one.get("enabled") == "1"}
        assert spoken == {"tls1.2", "tls1.3"}, spoken
        ciphers = test.findall("cipher")
        assert ciphers, run.stdout
        for cipher in ciphers:
            assert int(cipher.get("bits")) >= 128, cipher.attrib
            forward_secret = cipher.get("sslversion") == "TLSv1.3" or cipher.get("cipher").startswith("ECDHE-")
            sealed = re.search("GCM|CHACHA20|CCM", cipher.get("cipher"))
            assert forward_secret and sealed, cipher.attrib
        assert test.find("renegotiation").get("supported") == "0", run.stdout
        compression = test.find("compression")  # not there, where sslscan's own library has none
        assert compression is None or compression.get("supported") == "0", run.stdout
        assert all(one.get("vulnerable") == "0" for one in test.findall("heartbleed")), run.stdout
        print(f"ok: sslscan, {name} port: {', '.join(sorted(spoken))}; {len(ciphers)} ciphers, all ECDHE and AEAD", flush=True)


# --- clients of other hands


def clients(folder):
    """Name, command and version of those that are here; for the others a word."""
    def words(*command):
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        return (run.stdout + run.stderr).strip().splitlines()[0]

    yield "curl, OpenSSL", [HERE / "client_curl.sh"], " ".join(words("curl", "--version").split()[1:2])
    yield "curl, GnuTLS", ["/usr/bin/python3", HERE / "client_pycurl.py"], words(
        "/usr/bin/python3", "-c", "import pycurl; print(pycurl.version)").split("GnuTLS/")[1].split()[0]
    yield "Python ssl", ["/usr/bin/python3", HERE / "client.py"], words("/usr/bin/python3", "--version").split()[1]
    if shutil.which("go"):
        program = folder / "client-go"
        subprocess.run(["go", "build", "-o", program, HERE / "client.go"], check=True, cwd=folder)
        yield "Go crypto/tls", [program], words("go", "version").split()[2].removeprefix("go")
    else:
        print("left out: Go is not installed", flush=True)
    if shutil.which("javac"):
        subprocess.run(["javac", "-d", folder, HERE / "Client.java"], check=True)
        yield "Java JSSE", ["java", "-cp", folder, "Client"], words("javac", "--version").split()[1]
    else:
        print("left out: a JDK is not installed", flush=True)
    if shutil.which("node"):
        yield "Node tls", ["node", HERE / "client.mjs"], words("node", "--version").removeprefix("v")
    else:
        print("left out: Node is not installed", flush=True)
    rust = build_rust(folder) if shutil.which("cargo") else "Rust is not installed"
    if isinstance(rust, Path):
        yield "Rust rustls", [rust], re.search(r'name = "rustls"\nversion = "([^"]+)"', (folder / "rustls/Cargo.lock").read_text())[1]
    else:
        print(f"left out: {rust}", flush=True)


def build_rust(folder):
    shutil.copytree(HERE / "rustls", folder / "rustls")
    built = subprocess.run(["cargo", "build", "--quiet"], cwd=folder / "rustls", capture_output=True, text=True, check=False)
    return folder / "rustls/target/debug/tls-client" if built.returncode == 0 else f"rustls cannot be built: {built.stderr[-300:]}"


def run_client(command, *arguments):
    run = subprocess.run([str(word) for word in (*command, *arguments)], capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    lines = [line for line in run.stdout.splitlines() if line]
    assert len(lines) == 2, f"{command}: {run.stdout}{run.stderr}"
    return lines


def ask_clients(binary, folder, authority):
    plain = Daemon(binary, folder, authority, "plain")
    strict = Daemon(binary, folder, authority, "strict", {"SERVER__TLS__CLIENT_CA": authority.certificate,
                                                          "SERVER__TLS__CLIENT_AUTH": "required"})
    own = authority.issue("agent")
    print("\n| client | version | TLS 1.2 | resumed | TLS 1.3 | resumed | own certificate, 1.2 and 1.3 | without one |\n|---|---|---|---|---|---|---|---|")
    faults = []
    for name, command, version in clients(folder):
        cells = []
        for tls in ("1.2", "1.3"):
            before = plain.resumed()
            lines = run_client(command, plain.url, authority.certificate, tls)
            resumed = plain.resumed() - before
            cells += ["yes" if lines == ["202", "202"] else lines[0], "yes" if resumed == 1 else "no"]
        with_one = [run_client(command, strict.url, authority.certificate, tls, *own) for tls in ("1.2", "1.3")]
        without = [run_client(command, strict.url, authority.certificate, tls) for tls in ("1.2", "1.3")]
        cells.append("yes" if with_one == [["202", "202"]] * 2 else with_one[0][0])
        refused = all(line.startswith("refused: ") for lines in without for line in lines)
        cells.append("refused" if refused else str(without))
        print(f"| {name} | {version} | {' | '.join(cells)} |", flush=True)
        resumes = WITHOUT_TICKETS.get(name, ["yes", "yes"])
        if cells != ["yes", resumes[0], "yes", resumes[1], "yes", "refused"]:
            faults.append((name, cells, with_one, without))
    print()
    assert not faults, faults
    assert strict.log().count("the peer has sent no certificate") > 0


# --- certificates that are to be refused


def expect_line(daemon, what, text, begin=0):
    line = eventually(f"{what}: the log says {text!r}", lambda: next(
        (line for line in daemon.log()[begin:].splitlines() if text in line), None))
    shown = re.sub(r"^.*?(packet port|a |analyzer )", r"\1", line)
    print(f"ok: {what} → {shown}", flush=True)


def refuse_agents(binary, folder, authority):
    """Certificates of agents."""
    other, stranger = Authority(folder, "other-ca"), Authority(folder, "stranger-ca")
    client = ["/usr/bin/python3", HERE / "client.py"]
    removed = other.issue("removed")
    cases = [
        ("no certificate", [], "the peer has sent no certificate"),
        ("expired", authority.issue("expired", days="-1"), "the certificate has expired"),
        ("of another CA", stranger.issue("stranger"), "the certificate is of an unknown CA, or its chain has a gap"),
        ("of a CA that a reload has removed", removed, "the certificate is of an unknown CA, or its chain has a gap"),
        ("weak key, RSA of 1,024 bits", authority.issue("weak", key=("rsa:1024",)), "the certificate's key is too weak"),
    ]
    trusted = folder / "trusted.pem"
    for number, (what, own, text) in enumerate(cases):  # a daemon each: it counts what it would say too often
        trusted.write_text(authority.certificate.read_text() + other.certificate.read_text())
        daemon = Daemon(binary, folder, authority, f"agents-{number}",
                        {"SERVER__TLS__CLIENT_CA": trusted, "SERVER__TLS__CLIENT_AUTH": "required"})
        if own is removed:
            assert run_client(client, daemon.url, authority.certificate, "1.3", *removed) == ["202", "202"]
            trusted.write_text(authority.certificate.read_text())
            daemon.reload()
        accepted = daemon.metric("logdist_packets_admitted_total")
        for version in ("1.2", "1.3"):
            begin = len(daemon.log())
            lines = run_client(client, daemon.url, authority.certificate, version, *own)
            assert all(line.startswith("refused: ") for line in lines), (what, version, lines)
            expect_line(daemon, f"agent, TLS {version}, {what}", text, begin)
        assert daemon.metric("logdist_packets_admitted_total") == accepted
        daemon.process.kill()


class TlsAnalyzer:
    """Counts the requests that reach it."""

    def __init__(self, certificate, key, version):
        requests = self.requests = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                requests.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = context.maximum_version = version
        context.set_ciphers("DEFAULT@SECLEVEL=0")
        context.load_cert_chain(certificate, key)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def refuse_analyzers(binary, folder, authority):
    """Certificates of analyzers."""
    stranger = Authority(folder, "analyzer-ca")
    cases = [
        ("expired", authority.issue("analyzer-expired", days="-1"), "the certificate has expired"),
        ("of another name", authority.issue("analyzer-name", names="DNS:other.example"), "the certificate is for another name"),
        ("of another CA", stranger.issue("analyzer-stranger"), "the certificate is of an unknown CA, or its chain has a gap"),
        ("weak key, RSA of 1,024 bits", authority.issue("analyzer-weak", key=("rsa:1024",)), "too weak"),
        ("no subject alternative name", authority.issue("localhost", names=None), "no subject alternative name"),
    ]
    for what, own, text in cases:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            analyzer = TlsAnalyzer(*own, version)
            name = f"{own[0].stem}-{version.name}"
            daemon = Daemon(binary, folder, authority, f"daemon-{name}", {"HEALTH__INTERVAL": "500ms"}, analyzers=(
                f"analyzers:\n  - name: a\n    url: https://localhost:{analyzer.port}/\n    tls: {{ca: {authority.certificate}}}\n"))
            assert run_client([HERE / "client_curl.sh"], daemon.url, authority.certificate, "1.3") == ["202", "202"]
            expect_line(daemon, f"analyzer, {version.name}, {what}", text)
            assert analyzer.requests == [], "a packet has reached it"
            daemon.process.kill()
            analyzer.server.shutdown()


def main():
    binary, *parts = sys.argv[1:]
    known = ["testssl", "sslscan", "clients", "agents", "analyzers"]
    assert set(parts) <= set(known), f"parts are {known}"
    wanted = parts or known
    with tempfile.TemporaryDirectory(prefix="tls-test-") as name:
        folder = Path(name)
        try:
            authority = Authority(folder)
            if {"testssl", "sslscan"} & set(wanted):
                scanned = Daemon(binary, folder, authority, "scanned")
                if "sslscan" in wanted:
                    scan_by_sslscan(scanned, folder)
                if "testssl" in wanted:
                    scan_by_testssl(scanned, folder)
            for part, run in (("clients", ask_clients), ("agents", refuse_agents), ("analyzers", refuse_analyzers)):
                if part in wanted:
                    run(binary, folder, authority)
        except BaseException:
            Process.show_logs()
            raise
        finally:
            Process.end_all()


main()
