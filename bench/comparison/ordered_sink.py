"""An analyzer that takes everything, and knows in which order of age: run by bench/durable.

    ordered_sink.py PORT…

Ids are the daemon's own UUIDs of version 7, which begin with the millisecond of the packet's admission. GET /order answers
with JSON: packets, duplicates, and how far any packet was from its place by age, later and earlier, in packets; packets of
the same millisecond have no order.
"""

import asyncio
import bisect
import json
import sys

TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"


class Journal:
    def __init__(self):
        self.milliseconds, self.ids, self.duplicates = [], set(), 0

    def take(self, packet_id):
        if packet_id in self.ids:
            self.duplicates += 1
            return
        self.ids.add(packet_id)
        self.milliseconds.append(int(packet_id[:8] + packet_id[9:13], 16))

    def order(self):
        by_age = sorted(self.milliseconds)
        late = early = 0
        for place, at in enumerate(self.milliseconds):
            early = max(early, bisect.bisect_left(by_age, at) - place)
            late = max(late, place - (bisect.bisect_right(by_age, at) - 1))
        return {"packets": len(by_age), "duplicates": self.duplicates, "late_max": late, "early_max": early}


class Connection(asyncio.Protocol):
    def __init__(self, journal):
        self.journal, self.rest = journal, b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        data, at, answers = self.rest + data, 0, []
        while (end := data.find(b"\r\n\r\n", at)) >= 0:
            head = data[at:end]
            fields = {name.lower(): value.strip() for name, _, value in
                      (line.partition(b":") for line in head.split(b"\r\n")[1:])}
            after = end + 4 + int(fields.get(b"content-length", 0))
            if after > len(data):
                break
            at = after
            if head.startswith(b"POST"):
                self.journal.take(fields[b"idempotency-key"])
                answers.append(TAKEN)
            else:
                text = json.dumps(self.journal.order()).encode() if b"/order" in head[:20] else b""
                answers.append(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text))
        self.rest = data[at:]
        if answers:
            self.transport.write(b"".join(answers))


async def main():
    journal, loop = Journal(), asyncio.get_running_loop()
    for port in sys.argv[1:]:
        await loop.create_server(lambda: Connection(journal), "127.0.0.1", int(port), backlog=1024)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
