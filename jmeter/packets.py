"""Packets as agents send them: a few to a hundred log lines each, 1 to 30 KB."""

import json
import random

SERVICES = ("checkout", "catalogue", "session", "payment", "search", "mailer")
LEVELS = ("debug", "info", "info", "info", "info", "warn", "error")
TEXTS = (
    "GET /api/v2/items/{n} 200 in {m} ms",
    "cache miss for key user:{n}:cart, read from the replica in {m} ms",
    "order {n} paid by card, {m} items",
    "connection to upstream 10.0.3.{m} closed by peer after {n} requests",
    "slow query ({m} ms): SELECT id, name, price FROM item WHERE category = {n} ORDER BY price LIMIT 50",
    "job {n} done: {m} records read, none skipped",
    "übersetzte Zeichenkette fehlt: »{n}« in de_DE, {m} weitere",
)


def message(chance, number):
    """One log record, now and then with a stack trace."""
    record = {
        "timestamp": f"2025-01-01T00:{number % 3600 // 60:02}:{number % 60:02}.{chance.randrange(1000):03}Z",
        "level": chance.choice(LEVELS),
        "service": chance.choice(SERVICES),
        "host": f"node-{chance.randrange(40):02}",
        "trace_id": f"{chance.getrandbits(128):032x}",
        "text": chance.choice(TEXTS).format(n=chance.randrange(100_000), m=chance.randrange(1, 250)),
    }
    if chance.random() < 0.02:
        record["stack"] = "\n".join(f"  at com.example.Shop.step{i}(Shop.java:{chance.randrange(900)})" for i in range(20))
    return record


def write(path, packets, seed):
    """So many packets, one a line; the most messages that one of them has."""
    chance = random.Random(seed)
    messages_max = 0
    with open(path, "w", encoding="utf-8") as file:
        for number in range(packets):
            messages = min(100, max(3, round(chance.lognormvariate(2.9, 0.8))))
            messages_max = max(messages_max, messages)
            packet = {
                "packet_id": f"load-{seed}-{number}",
                "agent_id": f"agent-{chance.randrange(400)}",
                "messages": [message(chance, number) for _ in range(messages)],
            }
            file.write(json.dumps(packet, ensure_ascii=False) + "\n")
    return messages_max
