#!/usr/bin/python3
"""What is in docker/ at work: the real daemon, the real Prometheus with our rules,
the real Alertmanager with our routes, and a PagerDuty that only listens.

    alerts_test.py DAEMON

An analyzer dies, somebody is paged; it returns, the page is resolved; the daemon
dies, and that is a page, too. Every panel of the dashboard has something to show.
Rules and configurations are the project's own, with shorter times.
"""

import json
import os
import re
import shutil
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

from surroundings import Listener, Process, free_port

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_S = 120
ROUTING_KEY = "0123456789abcdef0123456789abcdef"
QUICK = {
    "LOGDIST_SERVER__LISTEN": "127.0.0.1:0", "LOGDIST_ADMIN__LISTEN": "127.0.0.1:0",
    "LOGDIST_HEALTH__INTERVAL": "200ms", "LOGDIST_HEALTH__BACKOFF__INITIAL": "100ms",
    "LOGDIST_HEALTH__BACKOFF__MAX": "300ms", "LOGDIST_HEALTH__SLOW_START": "0",
}


def eventually(what, condition, instead=lambda: ""):
    """Waits until `condition` gives something; that. `instead` tells what there is when it does not."""
    deadline = time.monotonic() + PATIENCE_S
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {PATIENCE_S} s: {what}; but: {instead()}")
        time.sleep(0.1)
    print(f"ok: {what}", flush=True)
    return result


def quicker(text):
    """Rules and routes that wait for seconds, not minutes."""
    text = re.sub(r"\[\d+m\]", "[20s]", text)
    text = re.sub(r"(for: *)\S+", r"\g<1>5s", text)
    return re.sub(r"((?:group_wait|group_interval|scrape_interval|evaluation_interval): *)\S+", r"\g<1>2s", text)


class Prometheus:
    def __init__(self, folder, admin, alertmanager):
        shutil.copytree(ROOT / "docker/prometheus", folder)
        for file in [folder / "prometheus.yml", *(folder / "rules").glob("*.yml")]:
            text = quicker(file.read_text())
            file.write_text(text.replace("distributor:8081", admin).replace("alertmanager:9093", alertmanager))
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.process = Process("prometheus", [
            "prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"], folder)

    def get(self, path, **query):
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(query)}", timeout=10) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            if error.code == 503:
                return None  # not ready yet
            raise AssertionError(f"{path} {query}: {error.read().decode()}") from error
        except OSError:
            return None  # not up yet

    def query(self, expression):
        data = self.get("query", query=expression)
        return data["result"] if data else []

    def alerts(self):
        return {alert["labels"]["alertname"] for alert in (self.get("alerts") or {"alerts": []})["alerts"]}


def start_alertmanager(folder, pagerduty):
    """By its start script and configuration; only the address of PagerDuty is another."""
    folder.mkdir()
    (folder / "bin").mkdir()
    (folder / "bin/alertmanager").symlink_to(shutil.which("prometheus-alertmanager"))
    routes = quicker((ROOT / "docker/alertmanager/alertmanager.yml").read_text())
    routes = routes.replace("/tmp/", f"{folder}/")
    (folder / "alertmanager.yml").write_text(f"global: {{ pagerduty_url: {pagerduty} }}\n{routes}")
    port = free_port()
    process = Process("alertmanager", [
        "sh", ROOT / "docker/alertmanager/start.sh", f"--config.file={folder}/alertmanager.yml",
        f"--storage.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="], folder,
        {"PAGERDUTY_ROUTING_KEY": ROUTING_KEY, "TMPDIR": str(folder), "PATH": f"{folder}/bin:{os.environ['PATH']}"})
    return process, f"127.0.0.1:{port}"


def page(pages, action, alert, **details):
    """The first such event that PagerDuty was sent."""
    for event in pages:
        payload = event["payload"]
        if event["event_action"] == action and payload["class"] == alert and details.get("naming", "") in payload["summary"]:
            assert event["routing_key"] == ROUTING_KEY, event
            assert payload["severity"] == details["severity"], event
            return event
    return None


def panels():
    dashboard = json.loads((ROOT / "docker/grafana/dashboards/log-distributor.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"].replace("$instance", ".*").replace("$__rate_interval", "20s")


def check_dashboard(prometheus):
    """Each panel shows something; those that show troubles, only when there are any."""
    for title, expression in panels():
        if expression.endswith("> 0"):
            prometheus.query(expression)
        else:
            eventually(f"panel `{title}` has data", lambda expression=expression: prometheus.query(expression))


def play(daemon_binary, folder):
    pagerduty = Listener()
    pages = pagerduty.received
    weights = {"alpha": 40, "beta": 30, "gamma": 30}
    analyzers = {name: Process(name, [daemon_binary, "analyzer", "--listen", "127.0.0.1:0"], folder) for name in weights}
    ports = {name: process.await_line(r"listens on http://127\.0\.0\.1:(\d+)")[0] for name, process in analyzers.items()}
    setting = ", ".join(f"{name}=http://127.0.0.1:{ports[name]}/analyze weight={weight}" for name, weight in weights.items())
    daemon = Process("daemon", [daemon_binary, "serve"], folder, QUICK | {"LOGDIST_ANALYZERS": setting})
    packets, admin = daemon.await_line(r"packets on (http://[\d.:]+), admin on http://([\d.:]+)")
    Process("agent", [daemon_binary, "agent", "--target", packets, "--rate", "40", "--batch", "10"], folder)
    alertmanager, address = start_alertmanager(folder / "alertmanager", pagerduty.url)
    prometheus = Prometheus(folder / "prometheus", admin, address)

    eventually("Prometheus scrapes the daemon", lambda: [s for s in prometheus.query("up") if s["value"][1] == "1"])
    check_dashboard(prometheus)
    assert not prometheus.alerts(), f"nothing is wrong, and yet: {prometheus.alerts()}"
    assert not pages, pages

    def seen():
        return f"alerts {prometheus.alerts()}, pages {pages}"

    analyzers["beta"].kill()
    eventually("someone is paged for beta",
               lambda: page(pages, "trigger", "LogDistributorAnalyzerFailed", severity="warning", naming="analyzer beta"), seen)
    assert not page(pages, "trigger", "LogDistributorAnalyzerFailed", severity="warning", naming="analyzer alpha"), pages
    analyzers["beta"] = Process("beta again", [daemon_binary, "analyzer", "--listen", f"127.0.0.1:{ports['beta']}"], folder)
    eventually("the page is resolved",
               lambda: page(pages, "resolve", "LogDistributorAnalyzerFailed", severity="warning", naming="analyzer beta"), seen)

    daemon.kill()
    eventually("someone is paged for the daemon", lambda: page(pages, "trigger", "LogDistributorDown", severity="critical"), seen)
    assert "LogDistributorLedgerImbalance" not in json.dumps(pages), pages
    assert alertmanager.is_running()


def main():
    with tempfile.TemporaryDirectory(prefix="alerts-test-") as folder:
        try:
            play(Path(sys.argv[1]).resolve(), Path(folder))
        except AssertionError:
            Process.show_logs()
            raise
        finally:
            Process.end_all()


if __name__ == "__main__":
    main()
