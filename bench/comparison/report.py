"""What was measured: as tables, as JSON, as a plot."""

import json
import os
import platform
import statistics
import subprocess
from pathlib import Path

from . import proxies
from .proxies import DELIVERED, NO_PROXY, OURS

COLUMNS = (("packets/s", "packets_per_second", "{:.0f}"), ("CPU us", "cpu_us", "{:.1f}"), ("user", "user_us", "{:.1f}"),
           ("sys", "system_us", "{:.1f}"), ("p50 ms", "p50_ms", "{:.2f}"), ("p99 ms", "p99_ms", "{:.2f}"),
           ("RSS MiB", "rss_peak_mib", "{:.1f}"), ("errors", "errors", "{:.0f}"))


def median(runs, key):
    return statistics.median(run[key] for run in runs)


def ratio(runs, others, key):
    """Of each round, then the median: rounds are noisy, but both had the same noise."""
    return statistics.median(run[key] / other[key] for run, other in zip(runs, others))


def difference(runs, others, key):
    """As ratio()."""
    return statistics.median(run[key] - other[key] for run, other in zip(runs, others))


def table(title, results):
    """`results`: runs by proxy, a run a round."""
    rows = [["", *(head for head, _, _ in COLUMNS)]]
    rows += [[name, *(form.format(median(runs, key)) for _, key, form in COLUMNS)] for name, runs in results.items()]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [title] + ["  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))])
                       for row in rows]
    for name, runs in results.items():
        if name in (OURS, DELIVERED, NO_PROXY):
            continue
        for ours in (OURS, DELIVERED):
            if ours in results:
                lines.append(f"{ours} / {name}: CPU a packet {ratio(results[ours], runs, 'cpu_us'):.2f}, packets/s "
                             f"{ratio(results[ours], runs, 'packets_per_second'):.2f}, "
                             f"p99 {ratio(results[ours], runs, 'p99_ms'):.2f}")
    if NO_PROXY in results:
        for name, runs in results.items():
            if name != NO_PROXY:
                added = (f"{key[:3]} {difference(runs, results[NO_PROXY], key):+.2f}" for key in ("p50_ms", "p99_ms"))
                lines.append(f"{name}: added latency in ms: {', '.join(added)}")
    return "\n".join(lines)


def first_line(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return ((done.stdout + done.stderr).splitlines() or ["?"])[0]


def surroundings():
    """The machine and the versions, without which figures mean nothing."""
    models = [line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
              if line.startswith("model name")]
    return {"cpu": f"{len(models)} x {models[0]}" if models else platform.machine(), "kernel": platform.release(),
            "load average": os.getloadavg(),
            "log-distributor": first_line(proxies.BINARY, "--version"), "haproxy": first_line("haproxy", "-v"),
            "nginx": first_line("nginx", "-v"), "wrk": first_line("wrk", "-v"), "h2load": first_line("h2load", "--version")}


def write_json(path, options, measured):
    path.write_text(json.dumps({"surroundings": surroundings(), "options": options, "measured": measured}, indent=2) + "\n")


def write_plot(path, measured):
    """CPU a packet, a group of bars a load; the kernel's part is the paler one."""
    import matplotlib  # only here: a table needs none

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(len(measured), 1, figsize=(8, 2.6 * len(measured)), squeeze=False)
    for (axis,), (title, results) in zip(axes, measured.items()):
        names = [name for name in results if name != NO_PROXY]
        user = [median(results[name], "user_us") for name in names]
        system = [median(results[name], "system_us") for name in names]
        axis.barh(names, user, label="user", color="#1f6feb")
        axis.barh(names, system, left=user, label="system", color="#9ecbff")
        axis.invert_yaxis()
        axis.set_title(title, fontsize=9, loc="left")
        axis.set_xlabel("CPU us a packet")
        axis.legend(loc="lower right", bbox_to_anchor=(1, 1), ncol=2, frameon=False, fontsize=8)
    figure.tight_layout()
    figure.savefig(path)
