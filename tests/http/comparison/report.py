"""The table of the three, as Markdown."""


def taken(result, server):
    """How many requests were let in."""
    if server.is_ours:
        return sum(200 <= status < 300 for status in result.statuses)
    return result.reached


class Line:
    """One case with what the three made of it."""

    def __init__(self, case, results, servers):
        self.case, self.results = case, results
        ours, *others = (taken(result, server) for result, server in zip(results, servers))
        self.as_expected = results[0].fits(case.outcomes)
        self.we_are_stricter = [ours < other for other in others]
        self.they_are_stricter = [ours > other for other in others]

    @property
    def differs(self):
        return any(self.we_are_stricter + self.they_are_stricter)

    @property
    def unexplained(self):
        return any(self.they_are_stricter) and not self.case.why


def cell(text):
    return "`" + text.replace("`", "'").replace("|", "\\|") + "`"


def shown(text, width=70):
    return text if len(text) <= width else text[: width - 1] + "…"


def row(*cells):
    return "| " + " | ".join(map(str, cells)) + " |"


HEAD = """# One HTTP request, three readings

Every wire case of `tests/http/cases` that is about HTTP itself (not about packets), sent to log-distributor {ours}, nginx {nginx}
and HAProxy {haproxy} as Debian ships them, in front of the same small application. `tests/http/compare --write`
makes this page. A server is stricter in a case when fewer of its requests reach the application: what is
ambiguous should reach nobody.
"""


def summary(lines, servers):
    names = [server.name for server in servers[1:]]
    yield row("topic", "cases", "ours as expected", "all three alike", *(f"ours stricter than {n}" for n in names),
              *(f"{n} stricter than ours" for n in names))
    yield row(*["---"] * (4 + 2 * len(names)))
    topics = dict.fromkeys(line.case.topic for line in lines)
    for topic in [*topics, None]:
        these = [line for line in lines if topic in (line.case.topic, None)]
        yield row(topic or "**all**", len(these), sum(line.as_expected for line in these),
                  sum(not line.differs for line in these),
                  *(sum(line.we_are_stricter[i] for line in these) for i in range(len(names))),
                  *(sum(line.they_are_stricter[i] for line in these) for i in range(len(names))))


def differences(lines, servers):
    yield row("case", "section", *(server.name for server in servers))
    yield row(*["---"] * (2 + len(servers)))
    for line in lines:
        yield row(cell(shown(line.case.name)), line.case.section, *map(str, line.results))


def reasons(lines):
    """Each reason once, with the cases it is for."""
    by_reason = {}
    for line in lines:
        by_reason.setdefault(line.case.why, []).append(line)
    return by_reason


def page(lines, servers):
    versions = {"ours": servers[0].version, "nginx": servers[1].version, "haproxy": servers[2].version}
    yield HEAD.format(**versions)
    yield from summary(lines, servers)
    looser = [line for line in lines if any(line.they_are_stricter)]
    yield "\n## Where one of them is stricter than ours\n"
    yield "Answers by status, then what becomes of the connection; `waits`: for more of the request.\n"
    for why, these in reasons(looser).items():
        yield f"{why or 'Not explained.'}\n"
        yield from differences(these, servers)
        yield ""
    yield "## Where ours is stricter than one of them\n"
    for topic in dict.fromkeys(line.case.topic for line in lines):
        these = [line for line in lines if line.case.topic == topic and any(line.we_are_stricter) and line not in looser]
        if these:
            yield f"### {topic}\n"
            yield from differences(these, servers)
            yield ""
