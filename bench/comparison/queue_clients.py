"""Senders and consumers of durable_peers.py that do not speak HTTP: run by a Python that has pika and confluent-kafka.

    queue_clients.py send-rabbitmq|send-kafka|send-relp PORT BODY_FILE SECONDS SENDERS
    queue_clients.py take-rabbitmq|take-kafka|take-lines PORT

A sender sends its next packet once the last is acknowledged; then prints answers and their latencies as JSON. A consumer
prints "ready", and then, for each line that it gets, how many packets it has had.
"""

import asyncio
import json
import statistics
import sys
import threading
import time
from pathlib import Path

NAME = "packets"


class Meter:
    def __init__(self, seconds):
        self.latencies, self.end = [], time.monotonic() + seconds

    def is_over(self):
        return time.monotonic() >= self.end

    def answered(self, since):
        self.latencies.append(1000 * (time.monotonic() - since))

    def show(self):
        hundredths = statistics.quantiles(self.latencies, n=100) if len(self.latencies) > 1 else [0] * 99
        print(json.dumps({"answered": len(self.latencies), "errors": 0, "p50_ms": hundredths[49], "p99_ms": hundredths[98]}))


def rabbitmq_parameters(port):
    import pika

    return pika.ConnectionParameters("127.0.0.1", port, heartbeat=0)


def send_rabbitmq(port, body, meter, senders):
    """One connection for all of them; each has a channel of its own."""
    import pika

    persistent = pika.BasicProperties(delivery_mode=2)
    at_work = senders
    connection = None

    def work(channel):
        sent = 0.0

        def send():
            nonlocal sent
            sent = time.monotonic()
            channel.basic_publish("", NAME, body, persistent)

        def confirmed(frame):
            nonlocal at_work
            if not isinstance(frame.method, pika.spec.Basic.Ack):
                raise SystemExit("not confirmed")
            meter.answered(sent)
            if not meter.is_over():
                return send()
            at_work -= 1
            if at_work == 0:
                connection.close()

        channel.confirm_delivery(confirmed, callback=lambda _: send())

    def opened(_):
        for _ in range(senders):
            connection.channel(on_open_callback=work)

    connection = pika.SelectConnection(rabbitmq_parameters(port), on_open_callback=opened,
                                       on_close_callback=lambda c, _: c.ioloop.stop())
    connection.ioloop.start()


def take_rabbitmq(port, count):
    import pika

    channel = pika.BlockingConnection(rabbitmq_parameters(port)).channel()
    channel.queue_declare(NAME, durable=True, arguments={"x-queue-type": "quorum"})
    channel.basic_qos(prefetch_count=256)

    def taken(_channel, method, _properties, _body):
        count()
        channel.basic_ack(method.delivery_tag)

    channel.basic_consume(NAME, taken)
    print("ready", flush=True)
    channel.start_consuming()


def send_kafka(port, body, meter, senders):
    """One producer for all of them: it puts what is there within a millisecond into one batch, which is flushed once."""
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": f"127.0.0.1:{port}", "acks": "all", "linger.ms": 1, "compression.type": "none"})
    under_way = 0

    def send():
        nonlocal under_way
        sent = time.monotonic()
        under_way += 1

        def answered(error, _message):
            nonlocal under_way
            if error:
                raise SystemExit(str(error))
            under_way -= 1
            meter.answered(sent)

        producer.produce(NAME, body, on_delivery=answered)

    while not meter.is_over():
        while under_way < senders:
            send()
        producer.poll(0.1)
    producer.flush()


def take_kafka(port, count):
    from confluent_kafka import Consumer
    from confluent_kafka.admin import AdminClient, NewTopic

    broker = {"bootstrap.servers": f"127.0.0.1:{port}"}
    admin = AdminClient(broker)
    for made in admin.create_topics([NewTopic(NAME, 1)]).values():
        made.result(30)
    consumer = Consumer(broker | {"group.id": "bench", "auto.offset.reset": "earliest"})
    consumer.subscribe([NAME], on_assign=lambda *_: print("ready", flush=True))
    while True:
        for message in consumer.consume(500, 0.1):
            if message.error():
                raise SystemExit(str(message.error()))
            count()


async def relp_sender(port, body, meter):
    """RELP: TRANSACTION COMMAND LENGTH DATA, and an answer for each."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    line = b"<14>1 2026-01-01T00:00:00Z host bench - - - " + body
    number = 0

    async def ask(command, data):
        nonlocal number
        number += 1
        writer.write(f"{number} {command} {len(data)}".encode() + (b" " + data if data else b"") + b"\n")
        head = await reader.readuntil(b" rsp ")
        length = int((await reader.readuntil(b" ")).decode())
        answer = await reader.readexactly(length + 1)
        if int(head.split()[0]) != number or not answer.startswith(b"200"):
            raise SystemExit(f"answered {head + answer}")

    await ask("open", b"relp_version=0\nrelp_software=bench\ncommands=syslog")
    while not meter.is_over():
        sent = time.monotonic()
        await ask("syslog", line)
        meter.answered(sent)
    writer.close()


def send_relp(port, body, meter, senders):
    async def work():
        await asyncio.gather(*(relp_sender(port, body, meter) for _ in range(senders)))

    asyncio.run(work())


def take_lines(port, count):
    """TCP, a packet a line."""
    async def take(reader, writer):
        while data := await reader.read(1 << 20):
            count(data.count(b"\n"))
        writer.close()

    async def work():
        server = await asyncio.start_server(take, "127.0.0.1", port)
        print("ready", flush=True)
        await server.serve_forever()

    asyncio.run(work())


def main():
    command, port, *more = sys.argv[1:]
    verb = globals()[command.replace("-", "_")]
    if command.startswith("send-"):
        meter = Meter(float(more[1]))
        verb(int(port), Path(more[0]).read_bytes(), meter, int(more[2]))
        return meter.show()
    total = 0

    def count(packets=1):
        nonlocal total
        total += packets

    def answer():
        for _ in sys.stdin:
            print(total, flush=True)

    threading.Thread(target=answer, daemon=True).start()
    return verb(int(port), count)


if __name__ == "__main__":
    main()
