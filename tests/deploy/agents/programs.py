"""The programs that docs/agents.md has configurations for: how each is started with its own, and gets lines to send."""

import json
import os
import re
import shutil
import subprocess
import time
import tomllib
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from surroundings import Process, free_port

HERE = Path(__file__).parent
PATIENCE_S = 120


class Running:
    """A program that does not end by itself."""

    def __init__(self, process):
        self.process = process

    def stop(self):
        assert self.process.is_running(), f"{self.process.name} has ended: {self.process.log.read_text()}"
        self.process.child.terminate()
        self.process.child.wait(PATIENCE_S)


def start(place, name, arguments, environment=None):
    return Running(Process(f"{place.folder.name}-{name}", arguments, place.folder, environment))


def complete(place, arguments, environment=None, **options):
    """Runs it to its end, which is a good one; without a complaint, unless it is answered 503."""
    result = subprocess.run(arguments, env={**os.environ, **(environment or {})}, capture_output=True, text=True,
                            timeout=PATIENCE_S, cwd=place.folder, **options)
    is_content = result.returncode == 0 and (place.is_busy or not result.stderr)
    assert is_content, f"{arguments}: {result.returncode}\n{result.stdout}{result.stderr}"


def write(place, name, text):
    file = place.folder / name
    file.write_text(text)
    return file


def log_file(place):
    return write(place, "app.log", "".join(f"{line}\n" for line in place.lines()))


def post_when_up(running, url, body, content_type):
    """To a program that was just started."""
    deadline = time.monotonic() + PATIENCE_S
    request = urllib.request.Request(url, body.encode(), {"Content-Type": content_type})
    while True:
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S):
                return
        except ConnectionError:
            refused = True
        except urllib.error.URLError as error:
            refused = isinstance(error.reason, ConnectionError)
            assert refused, error
        assert running.process.is_running() and time.monotonic() < deadline, url
        time.sleep(0.05)


def find(packages, *places):
    """The first of these files below `packages`, or programs on PATH."""
    for place in places:
        if "/" in place and (packages / place).exists():
            return packages / place
        if "/" not in place and (program := shutil.which(place)):
            return program
    return None


def debian(packages, folder):
    """What a program of unpacked packages needs to find its libraries."""
    root = packages / folder
    return {"LD_LIBRARY_PATH": ":".join(str(root / part) for part in (
        "usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib/syslog-ng"))}


def run_collector(text, place):
    collector = find(place.packages, "go/otelcol", "otelcol", "otelcol-contrib")
    port = free_port()
    config = write(place, "config.yaml", text + f"""
receivers:
  otlp:
    protocols:
      http:
        endpoint: 127.0.0.1:{port}
service:
  telemetry:
    metrics:
      level: none
  pipelines:
    logs:
      receivers: [otlp]
      exporters: [otlphttp]
""")
    running = start(place, "otelcol", [collector, "--config", f"file:{config}"])
    records = [{"timeUnixNano": str(time.time_ns()), "severityNumber": 9, "body": {"stringValue": line}}
               for line in place.lines()]
    for i in range(0, len(records), 60):
        post_when_up(running, f"http://127.0.0.1:{port}/v1/logs", json.dumps(
            {"resourceLogs": [{"scopeLogs": [{"logRecords": records[i:i + 60]}]}]}), "application/json")
    return running


def run_sdk(text, place):
    """The SDK for Python configures itself by them."""
    environment = dict(line.split("=", 1) for line in text.split())
    complete(place, [place.packages / "python/bin/python", HERE / "clients.py", "otlp_environment", "0",
                     str(place.messages)], environment)


def run_fluent_bit(text, place):
    config = write(place, "fluent-bit.conf", f"""[SERVICE]
    Flush 1
    Daemon off
[INPUT]
    Name tail
    Path {log_file(place)}
    Read_from_Head on
{text}""")
    return start(place, "fluent-bit", [find(place.packages, "fluent-bit"), "-c", config])


def run_promtail(text, place):
    """Promtail's own client reads its part of the file."""
    complete(place, [place.packages / "go/clients", "promtail", str(place.port), str(place.messages)], {"SNIPPET": text})


def run_rsyslog(text, place):
    root = place.packages / "rsyslog"
    config = write(place, "rsyslog.conf", f"""
global(workDirectory="{place.folder}")
module(load="imfile")
input(type="imfile" File="{log_file(place)}" Tag="app:")
{text}""")
    arguments = [root / "usr/sbin/rsyslogd", "-M", root / "usr/lib/x86_64-linux-gnu/rsyslog", "-f", config]
    complete_quietly(place, [*arguments, "-N1"], debian(place.packages, "rsyslog"))
    return start(place, "rsyslogd", [*arguments, "-n", "-i", place.folder / "pid"], debian(place.packages, "rsyslog"))


def run_syslog_ng(text, place):
    root = place.packages / "syslog-ng"
    modules = next((root / "usr/lib/syslog-ng").glob("*/libhttp.so")).parent
    config = write(place, "syslog-ng.conf", f"""@version: 3.38
source s_app {{ file("{log_file(place)}" follow-freq(0.2)); }};
{text}
log {{ source(s_app); destination(d_logs); }};
""")
    return start(place, "syslog-ng", [
        root / "usr/sbin/syslog-ng", "-F", "--no-caps", "--module-path", modules, "-f", config,
        "-R", place.folder / "persist", "-p", place.folder / "pid", "-c", place.folder / "control"],
        debian(place.packages, "syslog-ng"))


def run_vlagent(text, place):
    port = free_port()
    command = text.split()
    command[0] = find(place.packages, "go/vlagent", "vlagent")
    running = start(place, "vlagent", [*command, f"-httpListenAddr=127.0.0.1:{port}",
                                       f"-remoteWrite.tmpDataPath={place.folder}/data"])
    lines = "".join(json.dumps({"_msg": line, "_time": "0"}) + "\n" for line in place.lines())
    post_when_up(running, f"http://127.0.0.1:{port}/insert/jsonline", lines, "application/stream+json")
    return running


def run_node(client, text, place):
    shutil.copy(HERE / "clients.mjs", place.packages / "node")
    complete(place, ["node", place.packages / "node/clients.mjs", client, str(place.port), str(place.messages)],
             {"SNIPPET": text})


def run_log4j2(text, place):
    complete(place, ["java", "-cp", place.packages / "java/lib/*", HERE / "Clients.java", "log4j2_documented",
                     str(place.port), str(place.messages)], {"SNIPPET": text})


def run_pino_http_send(text, place):
    write(place, "app.js", "".join(f"console.log(JSON.stringify({{ level: 30, msg: '{line}' }}));\n"
                                   for line in place.lines()))
    complete(place, ["bash", "-e", "-o", "pipefail", "-c", text],
             {"PATH": f"{place.packages}/node/node_modules/.bin:{os.environ['PATH']}"})


def run_journal_upload(text, place):
    """It reads its file at one place only: this one is laid over that, for the program alone."""
    root = place.packages / "journal"
    exported = "".join(f"__REALTIME_TIMESTAMP={1_700_000_000_000_000 + i}\n__MONOTONIC_TIMESTAMP={i + 1}\n_BOOT_ID={'b' * 32}\n"
                       f"_MACHINE_ID={'a' * 32}\nMESSAGE={line}\n\n" for i, line in enumerate(place.lines()))
    library = {"LD_LIBRARY_PATH": str(root / "usr/lib/x86_64-linux-gnu")}
    journal = place.folder / "app.journal"
    complete_quietly(place, [root / "lib/systemd/systemd-journal-remote", "--output", journal, "--split-mode=none", "-"],
                     library, input=exported)
    (place.folder / "etc").mkdir()
    write(place, "etc/journal-upload.conf", text)
    script = f'mount --bind {place.folder}/etc /etc/systemd && exec "$@"'
    complete_quietly(place, ["unshare", "--mount", "--map-root-user", "bash", "-c", script, "bash",
                             root / "lib/systemd/systemd-journal-upload", "--file", journal, "--follow=no"], library)


def complete_quietly(place, arguments, environment, **options):
    """As complete(), for programs that talk on standard error."""
    result = subprocess.run(arguments, env={**os.environ, **environment}, capture_output=True, text=True,
                            timeout=PATIENCE_S, cwd=place.folder, **options)
    assert result.returncode == 0, f"{arguments}: {result.returncode}\n{result.stdout}{result.stderr}"


@dataclass
class Program:
    format: str
    run: Callable = None  ## with the text and the place; a Running, if it does not end by itself
    files: tuple = ()     ## one of them is needed: below the packages, or on PATH
    syntax: str = ""      ## of the configuration, where it can be parsed without the program
    loses: bool = False   ## what is answered 503

    def is_present(self, packages):
        return self.run is not None and find(packages, *self.files) is not None


PROGRAMS = {
    "OpenTelemetry Collector": Program("otlp", run_collector, ("go/otelcol", "otelcol", "otelcol-contrib"), "yaml"),
    "OpenTelemetry SDKs": Program("otlp", run_sdk, ("python/complete",)),
    "Fluent Bit": Program("otlp", run_fluent_bit, ("fluent-bit",)),
    "Promtail, and other clients of Loki": Program("loki", run_promtail, ("go/clients",), "yaml"),
    "Filebeat": Program("elasticsearch", syntax="yaml"),
    "Logstash": Program("elasticsearch"),
    "rsyslog": Program("elasticsearch", run_rsyslog, ("rsyslog/complete",), loses=True),
    # Debian has no package of the module.
    "rsyslog with omhttp": Program("events", run_rsyslog, ("rsyslog/usr/lib/x86_64-linux-gnu/rsyslog/omhttp.so",)),
    "syslog-ng": Program("events", run_syslog_ng, ("syslog-ng/complete",)),
    "Vector": Program("events", syntax="toml"),
    "Datadog Agent": Program("datadog", syntax="yaml"),
    "vlagent": Program("packet", run_vlagent, ("go/vlagent", "vlagent")),
    "winston": Program("events", lambda text, place: run_node("winston_documented", text, place), ("node/complete",),
                       loses=True),
    "log4j2": Program("events", run_log4j2, ("java/complete",), loses=True),
    "pino-http-send": Program("events", run_pino_http_send, ("node/complete",)),
    "systemd-journal-upload": Program("journal", run_journal_upload, ("journal/complete",)),
}


def check_syntax(program, text):
    """Parses it, where that can be done; says so."""
    if program.syntax == "toml":
        tomllib.loads(text)
    elif program.syntax == "yaml":
        import yaml
        yaml.safe_load(text)
    else:
        return "its configuration is not checked"
    return f"its configuration is {program.syntax.upper()}"


def run_curl(command, daemon, folder):
    """(command, answer): it is answered with success, and as the document shows it."""
    line, answer = command
    folder.joinpath("packet.json").write_text('{"messages": ["one", "two"]}')
    if "collector/ack" in line:
        # Ids are not the same at each start: those of the document become one that is given, and the next one.
        sent = subprocess.run(["curl", "-sf", "-H", "X-Splunk-Request-Channel: c", "-d", '{"event":"a"}',
                               f"http://127.0.0.1:{daemon.port}/services/collector/event"], check=True, capture_output=True)
        given = json.loads(sent.stdout)["ackId"]
        for i, documented in enumerate(sorted(json.loads(answer)["acks"], key=int)):
            line, answer = line.replace(documented, str(given + i)), answer.replace(documented, str(given + i))
        deadline = time.monotonic() + PATIENCE_S
        while daemon.metric("logdist_hec_acks_delivered_total") < 1:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    found = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", line.replace("curl ", "curl --fail-with-body ", 1)],
                           cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S)
    assert found.returncode == 0, f"{line}: {found.stdout}{found.stderr}"
    assert answer is None or re.sub(r"\s", "", found.stdout) == re.sub(r"\s", "", answer), f"{line}: {found.stdout}"
