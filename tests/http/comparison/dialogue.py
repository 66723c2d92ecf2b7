"""One case's dialogue with one server, and what came of it."""

import socket
import time
from dataclasses import dataclass

MARKER = b"GET /marker HTTP/1.1\r\nHost: localhost\r\n\r\n"
FIRST_ANSWER_SECONDS = 0.4
NEXT_ANSWER_SECONDS = 0.05
MARKER_SECONDS = 0.6


class Closed(Exception):
    pass


class Silent(Exception):
    pass


@dataclass
class Result:
    statuses: list
    ending: str  # kept, closed, or waits: for more of the request
    reached: int = 0  # requests that the application behind saw

    def __str__(self):
        return " ".join([*map(str, self.statuses), self.ending])

    def fits(self, outcomes):
        return any(len(outcome.answers) == len(self.statuses) and outcome.ending in ("any", self.ending)
                   and all(status in answer.statuses for status, answer in zip(self.statuses, outcome.answers))
                   for outcome in outcomes)


class Connection:
    """Reads answers one by one; what a server sends behind the last one stays."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.held = b""

    def send(self, data):
        try:
            self.socket.settimeout(5)
            self.socket.sendall(data)
        except OSError:
            pass  # shows when the answer is read

    def half_close(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def more(self, until):
        left = until - time.monotonic()
        if left <= 0:
            raise Silent
        self.socket.settimeout(left)
        try:
            data = self.socket.recv(65536)
        except TimeoutError:
            raise Silent from None
        except OSError:
            raise Closed from None
        if not data:
            raise Closed
        self.held += data

    def take(self, count, until):
        while len(self.held) < count:
            self.more(until)
        data, self.held = self.held[:count], self.held[count:]
        return data

    def take_line(self, until):
        while b"\n" not in self.held:
            self.more(until)
        line, self.held = self.held.split(b"\n", 1)
        return line.rstrip(b"\r")

    def answer(self, seconds, to_head):
        """(status, headers) of the next one."""
        until = time.monotonic() + seconds
        while not self.held:
            self.more(until)
        until = time.monotonic() + 5  # it has begun
        status = int(self.take_line(until).split()[1])
        headers = {}
        while line := self.take_line(until):
            name, _, value = line.partition(b":")
            headers[name.strip().lower().decode("latin-1")] = value.strip().decode("latin-1")
        if status >= 200 and status not in (204, 304) and not to_head:
            self.read_body(headers, until)
        return status, headers

    def read_body(self, headers, until):
        if headers.get("transfer-encoding", "").lower() == "chunked":
            while size := int(self.take_line(until).split(b";")[0], 16):
                self.take(size + 2, until)
            while self.take_line(until):
                pass
        elif "content-length" in headers:
            self.take(int(headers["content-length"]), until)
        else:
            try:
                while True:
                    self.more(until)
            except Closed:
                self.held = b""


def is_marker(status, headers, ours):
    return status == 404 if ours else headers.get("x-target") == "/marker"


def to_head(case, index):
    return any(len(o.answers) > index and o.answers[index].to_head for o in case.outcomes)


def play(case, server):
    reached_before = server.reached()
    connection = Connection(server.port)
    statuses, half_closed = [], False

    def read(seconds):
        status, headers = connection.answer(seconds, to_head(case, len(statuses)))
        statuses.append(status)
        return status, headers

    try:
        for kind, data in case.steps:
            if kind == "send":
                connection.send(data)
            elif kind == "half-close":
                connection.half_close()
                half_closed = True
            else:
                read(FIRST_ANSWER_SECONDS)
        ending = read_rest(connection, read, statuses, half_closed, server.is_ours)
    except Closed:
        ending = "closed"
    except Silent:
        ending = "waits"
    finally:
        connection.socket.close()
    return Result(statuses, ending, server.reached() - reached_before)


def read_rest(connection, read, statuses, half_closed, ours):
    try:
        read(FIRST_ANSWER_SECONDS)
        while True:
            read(NEXT_ANSWER_SECONDS)
    except Silent:
        pass
    if half_closed:
        return "waits"
    connection.send(MARKER)
    while True:
        status, headers = read(MARKER_SECONDS)
        if is_marker(status, headers, ours):
            statuses.pop()
            return "kept"
