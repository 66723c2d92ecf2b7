"""Real clients, each sending what its users would: run by agents_test.py in the environment that has them.

    clients.py CLIENT PORT MESSAGES

A client that is not content with an answer raises, or says so on its own log, which is standard error.
"""

import json
import logging
import os
import sys
import time


def otlp(port, messages, compression=None):
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

    provider = LoggerProvider()
    exporter = OTLPLogExporter(endpoint=f"http://127.0.0.1:{port}/v1/logs",
                               compression=compression or Compression.NoCompression)
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    logger = logging.getLogger("otlp")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.addHandler(LoggingHandler(logger_provider=provider))
    for i in range(messages):
        logger.info("line %d", i)
    provider.shutdown()


def otlp_gzip(port, messages):
    from opentelemetry.exporter.otlp.proto.http import Compression
    otlp(port, messages, Compression.Gzip)


def otlp_deflate(port, messages):
    from opentelemetry.exporter.otlp.proto.http import Compression
    otlp(port, messages, Compression.Deflate)


def otlp_environment(port, messages):
    """As opentelemetry-instrument does it: nothing but the environment says where logs go."""
    os.environ |= {"OTEL_LOGS_EXPORTER": "otlp", "OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none",
                   "OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED": "true"}
    from opentelemetry._logs import get_logger_provider
    from opentelemetry.sdk._configuration import _OTelSDKConfigurator

    for handler in logging.getLogger().handlers:
        handler.setLevel(logging.WARNING)
    logging.getLogger().setLevel(logging.INFO)
    _OTelSDKConfigurator()._configure()
    logger = logging.getLogger("otlp")
    for i in range(messages):
        logger.info("line %d", i)
    get_logger_provider().shutdown()


def elasticsearch(port, messages, compressed=False):
    from elasticsearch import Elasticsearch, helpers

    client = Elasticsearch(f"http://127.0.0.1:{port}", http_compress=compressed)
    assert client.info()["tagline"] == "You Know, for Search"
    assert client.cluster.health()["status"] == "green"
    kinds = ["index", "create"]
    actions = ({"_op_type": kinds[i % 2], "_index": "logs", "message": f"line {i}"} for i in range(messages))
    taken, errors = helpers.bulk(client, actions)
    assert (taken, errors) == (messages, []), (taken, errors)


def elasticsearch_gzip(port, messages):
    elasticsearch(port, messages, compressed=True)


def loki(port, messages):
    import logging_loki

    logging.raiseExceptions = True
    logger = logging.getLogger("loki")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.addHandler(logging_loki.LokiHandler(url=f"http://127.0.0.1:{port}/loki/api/v1/push", version="1"))
    for i in range(messages):
        logger.info("line %d", i, extra={"tags": {"order": str(i)}})


def splunk(port, messages):
    from splunk_handler import SplunkHandler

    logger = logging.getLogger("splunk")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    handler = SplunkHandler(host="127.0.0.1", port=port, token="T", index="main", protocol="http", verify=False,
                            flush_interval=0.2)
    logger.addHandler(handler)
    for i in range(messages):
        logger.info("line %d", i)
    handler.force_flush()


def splunk_acks(port, messages):
    """As Splunk has it: what is not acknowledged in time is sent again, and the client ends when all of it is. Says how
    many messages it has sent again."""
    from splunk_data_sender import SplunkSender

    sender = SplunkSender(endpoint="127.0.0.1", port=str(port), token="T", protocol="http", channel="c-1", verify=False,
                          channel_in=os.environ.get("CHANNEL_IN", "header"), source_type="_json", retry_count=20,
                          retry_backoff=0.2)
    for talkative in ("Splunk-Data-Sender", "urllib3"):  # of each answer; of each attempt while the daemon restarts
        logging.getLogger(talkative).setLevel(logging.ERROR)
    patience_s = float(os.environ.get("ACK_TIMEOUT_S", "60"))
    lines = [f"line {i}" for i in range(messages)]
    unsent = [lines[i:i + 10] for i in range(0, messages, 10)]
    pending, repeated, first = {}, 0, len(unsent)
    while unsent or pending:
        for batch in unsent:
            pending[sender.send_data(batch)["ackId"]] = (batch, time.monotonic())
        if first:
            print("sent", flush=True)
            first = 0
        unsent = []
        acks = sender.send_acks(list(pending))["acks"]
        for ack, (batch, sent_at) in list(pending.items()):
            if acks[str(ack)]:
                del pending[ack]
            elif time.monotonic() - sent_at > patience_s:
                del pending[ack]
                unsent.append(batch)
                repeated += len(batch)
        time.sleep(0.1)
    print(f"repeated {repeated}")


def datadog(port, messages, encoding=None):
    from datadog_api_client import ApiClient, Configuration
    from datadog_api_client.v2.api.logs_api import LogsApi
    from datadog_api_client.v2.model.content_encoding import ContentEncoding
    from datadog_api_client.v2.model.http_log import HTTPLog
    from datadog_api_client.v2.model.http_log_item import HTTPLogItem

    configuration = Configuration(host=f"http://127.0.0.1:{port}")
    configuration.api_key["apiKeyAuth"] = "K"
    # Its servers are Datadog's: this one is used for every operation.
    configuration._servers = [{"url": f"http://127.0.0.1:{port}", "description": "here"}]
    configuration.server_operation_index = {}
    with ApiClient(configuration) as client:
        api = LogsApi(client)
        api._submit_log_endpoint.settings["servers"] = None
        body = HTTPLog([HTTPLogItem(ddsource="test", ddtags="env:test", hostname="h", service="s", message=f"line {i}")
                        for i in range(messages)])
        more = {"content_encoding": ContentEncoding.GZIP} if encoding == "gzip" else {}
        api.submit_log(body=body, **more)


def datadog_gzip(port, messages):
    datadog(port, messages, encoding="gzip")


def http_handler(port, messages):
    from logging.handlers import HTTPHandler

    logger = logging.getLogger("http")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.addHandler(HTTPHandler(f"127.0.0.1:{port}", "/v1/events", method="POST"))
    for i in range(messages):
        logger.info("line %d", i)


def by_hand(port, path, status, body, headers=None):
    """Formats whose clients are services of others, or are not to be had."""
    import urllib.request

    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body.encode(), headers or {})
    with urllib.request.urlopen(request) as answer:
        assert answer.status == status, answer.status
        return answer.read()


def hec_raw(port, messages):
    by_hand(port, "/services/collector/raw?host=h", 200, "".join(f"line {i}\n" for i in range(messages)))


def gelf(port, messages):
    for i in range(messages):
        by_hand(port, "/gelf", 202, json.dumps({"version": "1.1", "host": "h", "short_message": f"line {i}"}))


def firehose(port, messages):
    import base64

    records = [{"data": base64.b64encode(f"line {i}".encode()).decode()} for i in range(messages)]
    answer = by_hand(port, "/firehose", 200, json.dumps({"requestId": "r-1", "timestamp": 1, "records": records}),
                     {"Content-Type": "application/json", "X-Amz-Firehose-Request-Id": "r-1"})
    assert json.loads(answer)["requestId"] == "r-1", answer


def logplex(port, messages):
    frames = [f"<190>1 2026-01-01T00:00:00+00:00 host app web.1 - line {i}\n" for i in range(messages)]
    by_hand(port, "/logplex", 204, "".join(f"{len(frame)} {frame}" for frame in frames), {
        "Content-Type": "application/logplex-1", "Logplex-Msg-Count": str(messages), "Logplex-Frame-Id": "f-1"})


CLIENTS = {function.__name__: function for function in
           (otlp, otlp_gzip, otlp_deflate, otlp_environment, elasticsearch, elasticsearch_gzip, loki, splunk, splunk_acks, datadog, datadog_gzip,
            http_handler, hec_raw, gelf, firehose, logplex)}

if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    CLIENTS[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3]))
