#!/usr/bin/env python3
"""tls_client.py PORT CA [--tls 1.2|1.3] [--certificate FILE --key FILE] [--connections N] [--proxy HEADER] [--body TEXT]

A client by Python's ssl module. Each connection begins with HEADER, if there is one, and sends two packets, or TEXT; each prints one line:
`TLSv1.3 new 202 202`, `TLSv1.2 resumed 202 202`, or `refused: why`.
"""
import argparse
import http.client
import socket
import ssl

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("ca")
    parser.add_argument("--tls", choices=VERSIONS, default="1.3")
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--proxy")
    parser.add_argument("--body")
    options = parser.parse_args()

    context = ssl.create_default_context(cafile=options.ca)
    context.minimum_version = context.maximum_version = VERSIONS[options.tls]
    context.set_alpn_protocols(["http/1.1"])
    if options.certificate:
        context.load_cert_chain(options.certificate, options.key)

    bodies = [b'{"messages": ["a"]}', b'{"messages": ["' + b"x" * 1_000_000 + b'"]}']
    if options.body is not None:
        bodies = [options.body.encode()]
    session = None
    for _ in range(options.connections):
        try:
            plain = socket.create_connection(("127.0.0.1", options.port), timeout=30)
            if options.proxy:
                plain.sendall(options.proxy.encode() + b"\r\n")
            secure = context.wrap_socket(plain, server_hostname="localhost", session=session)
            connection = http.client.HTTPConnection("localhost")
            connection.sock = secure
            statuses = []
            for body in bodies:
                connection.request("POST", "/v1/packets", body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                answer.read()
                statuses.append(str(answer.status))
            assert secure.selected_alpn_protocol() == "http/1.1"
            reuse = "resumed" if secure.session_reused else "new"
            print(secure.version(), reuse, *statuses, flush=True)
            session = secure.session
            connection.close()
        except (ssl.SSLError, http.client.HTTPException, ConnectionError) as error:
            print("refused:", getattr(error, "reason", None) or error, flush=True)


main()
