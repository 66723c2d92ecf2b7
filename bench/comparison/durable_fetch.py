"""The programs that durable_peers.py runs, from registries, into a folder of their own. Debian's are unpacked, not installed."""

import os
import shutil
import subprocess
from pathlib import Path

from .proxies import ROOT

NSQ = "v1.3.0"
# What nsqd is built with in its own go.mod.
NSQ_SERVICE = "github.com/judwhite/go-svc=github.com/mreiferson/go-svc@v1.2.2-0.20210815184239-7a96e00010f6"
KAFKA = "4.1.1"
PYTHON = ("pika==1.4.4", "confluent-kafka==2.16.1")
RSYSLOG = "rsyslog rsyslog-relp libestr0 libfastjson4 liblognorm5 librelp0".split()
ERLANG = ("base asn1 crypto public-key mnesia runtime-tools ssl eldap ftp tftp inets snmp os-mon parsetools syntax-tools tools "
          "xmerl").split()
RABBITMQ = ["rabbitmq-server", *(f"erlang-{part}" for part in ERLANG)]


class Unavailable(Exception):
    """Why a peer is left out."""


class Store:
    """Each program once; `complete` is there when it is."""

    def __init__(self, folder):
        self.folder = Path(folder).resolve()

    def get(self, name, fetch):
        folder = self.folder / name
        if (folder / "complete").exists():
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        log = self.folder / f"{name}.log"
        with open(log, "w", encoding="utf-8") as output:
            def run(*command, where=folder, **environment):
                subprocess.run(command, cwd=where, check=True, stdout=output, stderr=output, env=os.environ | environment)

            try:
                fetch(folder, run)
            except (OSError, subprocess.CalledProcessError):
                raise Unavailable(f"{name} cannot be fetched: {log}") from None
        (folder / "complete").touch()
        return folder


def unpack(run, folder, packages):
    run("apt-get", "--quiet=2", "download", *packages)
    for package in folder.glob("*.deb"):
        run("dpkg", "--extract", str(package), ".")


def python(folder, run):
    run("python3", "-m", "venv", ".")
    run("bin/pip", "install", "--quiet", *PYTHON)


# Without haste: others may want the cores.
GO = {"GOFLAGS": "-mod=mod -p=1"}


def nsq(folder, run):
    run("go", "mod", "init", "nsq", **GO)
    run("go", "mod", "edit", "-replace", NSQ_SERVICE, **GO)
    run("go", "get", f"github.com/nsqio/nsq@{NSQ}", **GO)
    run("nice", "go", "install", "github.com/nsqio/nsq/apps/nsqd", "github.com/nsqio/nsq/apps/nsq_to_http", **GO, GOBIN=str(folder))


def otelcol(folder, run):
    """As scripts/agents-test builds it."""
    agents = ROOT / "tests/deploy/agents"
    shutil.copy(agents / "go/otelcol/main.go", folder)
    rows = [line.split() for line in (agents / "packages").read_text().splitlines()]
    run("go", "mod", "init", "otelcol", **GO)
    run("go", "get", *(f"{row[1]}@{row[2]}" for row in rows if row and row[0] == "go-otelcol"), **GO)
    run("nice", "go", "build", "-o", "otelcol", ".", **GO)


def rsyslog(folder, run):
    unpack(run, folder, RSYSLOG)


def rabbitmq(folder, run):
    unpack(run, folder, RABBITMQ)
    erl = folder / "usr/lib/erlang/bin/erl"
    erl.write_text(erl.read_text().replace("ROOTDIR=/usr/lib/erlang", f"ROOTDIR={folder}/usr/lib/erlang"))


def kafka(folder, run):
    packages = (("org.apache.kafka", "kafka_2.13", KAFKA), ("org.apache.kafka", "kafka-tools", KAFKA),
                ("org.slf4j", "slf4j-simple", "1.7.36"))
    wanted = "".join(f"<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version></dependency>"
                     for group, name, version in packages)
    (folder / "pom.xml").write_text(f"""<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>broker</artifactId><version>1</version><dependencies>{wanted}</dependencies></project>
""")
    run("mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib")
