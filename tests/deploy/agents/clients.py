"""Real clients, each sending what its users would: run by agents_test.py in the environment that has them.

    clients.py CLIENT PORT MESSAGES

A client that is not content with an answer raises, or says so on its own log, which is standard error.
"""

import logging
import sys


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


CLIENTS = {function.__name__: function for function in
           (otlp, otlp_gzip, otlp_deflate, elasticsearch, elasticsearch_gzip, loki, splunk, datadog, datadog_gzip,
            http_handler)}

if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    CLIENTS[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3]))
