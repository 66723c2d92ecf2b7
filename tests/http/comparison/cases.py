"""The wire cases of cases/, as case.cpp reads them; README.md tells the format."""

import re
from dataclasses import dataclass, field, replace

REPEAT = re.compile(r"(\d+)\*(.*)", re.S)
ESCAPE = re.compile(r"\\(x[0-9a-f]{2}|.)", re.S)
SHORT = {"r": "\r", "n": "\n", "t": "\t", "\\": "\\"}


@dataclass
class Answer:
    statuses: set
    to_head: bool


@dataclass
class Outcome:
    answers: list
    ending: str  # kept, closed or any


@dataclass
class Case:
    topic: str
    name: str
    section: str
    place: str
    port: str
    layer: str
    why: str = ""
    steps: list = field(default_factory=list)  # (kind, bytes)
    outcomes: list = field(default_factory=list)


def unescape(text):
    """`text` holds one character for each byte of the file."""
    return ESCAPE.sub(lambda m: chr(int(m[1][1:], 16)) if m[1][0] == "x" and len(m[1]) == 3 else SHORT[m[1]], text)


def expand(text, names):
    def one(match):
        repeated = REPEAT.fullmatch(match[1])
        if repeated:
            return repeated[2] * int(repeated[1])
        return expand(names[match[1]], names)

    return re.sub(r"\$\{([^}]*)\}", one, text, flags=re.S)


def outcome_of(text):
    *answers, ending = text.split()
    parsed = []
    for word in answers:
        statuses, _, head = word.partition("/")
        parsed.append(Answer({int(status) for status in statuses.split("|")}, head == "head"))
    return Outcome(parsed, ending)


def packet(content_type, headers, body):
    return (f"POST /v1/packets HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n{headers}"
            f"Content-Length: {len(body)}\r\n\r\n{body}")


class Reader:
    def __init__(self, file, names):
        self.file = file
        self.names = dict(names)
        self.topic, self.port, self.layer = "", "packet", "http"
        self.open = None
        self.lines, self.rows, self.is_table = [], [], False
        self.cases = []

    def read(self, text):
        for number, line in enumerate(text.split("\n"), 1):
            line = line.strip(" \t")
            if not line or line.startswith("#"):
                continue
            word, _, rest = line.partition(" ")
            self.take(word, rest.strip(" \t"), f"{self.file}:{number}")
        return self

    def take(self, word, rest, place):
        if word == "let":
            name, _, text = rest.partition("=")
            self.names[name.strip()] = text.strip(" \t")
        elif word == "topic":
            self.topic = rest
        elif word in ("case", "table"):
            self.finish()
            section, _, name = rest[1:].partition("]")
            self.open = Case(self.topic, name.strip(), section, place, self.port, self.layer)
            self.is_table = word == "table"
        elif word == "row":
            self.rows.append((rest, place))
        elif self.open is None:
            setattr(self, word, rest)  # port, layer: for the cases below
        else:
            self.lines.append((word, rest))

    def finish(self):
        if self.open is None:
            return self.cases
        for row, place in self.rows if self.is_table else [("", self.open.place)]:
            case = replace(self.open, name=self.open.name.replace("${1}", row), place=place, steps=[], outcomes=[])
            self.names["1"] = row
            headers = ""
            for word, text in self.lines:
                headers = self.fill(case, word, text, headers)
            self.cases.append(case)
        self.names.pop("1", None)
        self.open, self.lines, self.rows = None, [], []
        return self.cases

    def bytes_of(self, text):
        return unescape(expand(text, self.names))

    def fill(self, case, word, text, headers):
        if word == "with":
            return self.bytes_of(text)
        if word == "send":
            case.steps.append((word, self.bytes_of(text).encode("latin-1")))
        elif word in ("post", "ndjson"):
            content_type = "application/json" if word == "post" else "application/x-ndjson"
            case.steps.append(("send", packet(content_type, headers, self.bytes_of(text)).encode("latin-1")))
        elif word in ("wait", "half-close"):
            case.steps.append((word, b""))
        elif word == "want":
            case.outcomes.append(outcome_of(text))
        elif word in ("port", "layer", "why"):
            setattr(case, word, text)
        return ""


def load_cases(folder, names):
    definitions = (folder / "definitions").read_text("latin-1")
    cases = []
    for path in sorted(folder.glob("*.cases")):
        cases += Reader(path.name, names).read(definitions).read(path.read_text("latin-1")).finish()
    return cases
