"""What the documents have to paste, for a daemon on the loopback."""

import json
import re
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent.parent


def _for_port(text, port):
    text = text.replace("logs.example:8080", f"127.0.0.1:{port}").replace("127.0.0.1:8080", f"127.0.0.1:{port}")
    # Where host and port are two settings.
    return re.sub(r"\b8080\b", str(port), text.replace("logs.example", "127.0.0.1"))


def _blocks(text):
    """The indented blocks, each with the paragraph before it."""
    return re.findall(r"^(\S[^\n]*(?:\n\S[^\n]*)*)\n\n((?: {4}[^\n]*\n|\n(?= {4}))+)", text, re.MULTILINE)


def configurations(port):
    """Of docs/agents.md, by their titles."""
    text = ROOT.joinpath("docs/agents.md").read_text()
    section = text[text.index("\n## Configurations\n"):text.index("\n## Seen with real clients\n")]
    found = {}
    for paragraph, block in _blocks(section):
        if title := re.match(r"\*\*([^*]+)\*\*", paragraph):
            found[title[1]] = _for_port(textwrap.dedent(block), port)
    titles = re.findall(r"^\*\*([^*]+)\*\*", section, re.MULTILINE)
    # These have a URL, and nothing to paste.
    assert [title for title in titles if title not in found] == ["Splunk's clients", "Heroku"], titles
    return found


def daemon_configurations():
    """The blocks of docs/agents.md that are the daemon's own configuration."""
    blocks = [textwrap.dedent(block) for _, block in _blocks(ROOT.joinpath("docs/agents.md").read_text())]
    return [block for block in blocks if block.startswith("analyzers:")]


def unknown_keys():
    """What docs/migrating.md takes for a key of the configuration, and is none."""
    known = set()

    def walk(schema, path):
        for key, value in schema.get("properties", {}).items():
            known.add(path + key)
            walk(value, f"{path}{key}.")
            walk(value.get("items", {}), f"{path}{key}[].")

    walk(json.loads(ROOT.joinpath("config/log-distributor.schema.json").read_text()), "")
    rows = re.findall(r"^\| (`[^|]*) \|", ROOT.joinpath("docs/migrating.md").read_text(), re.MULTILINE)
    keys = [key.split(":")[0] for row in rows for key in re.findall(r"`([^`]+)`", row)]
    return [key for key in keys if key.replace("…", "server.") not in known] if keys else ["no key at all"]


def curl_commands(port):
    """Commands with curl to the packet port, and the answer where the document shows one: (command, answer)."""
    found = []
    for name in ("README.md", "docs/agents.md", "docs/packet-port.md"):
        for _, block in _blocks(ROOT.joinpath(name).read_text()):
            lines = textwrap.dedent(block).replace("\\\n", " ").splitlines()
            for line, behind in zip(lines, lines[1:] + [""]):
                if "curl " in line and ":8080" in line:
                    found.append((_for_port(line, port), behind if behind.startswith("{") else None))
    return found
