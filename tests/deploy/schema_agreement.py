#!/usr/bin/python3
"""The JSON Schema that editors read, and what `check` says, on the same files.

    schema_agreement.py LOG_DISTRIBUTOR

Both accept what is good and refuse what is bad. What no schema of this kind can
see (two analyzers of one name, a number in quotes that is too large) is listed as such: `check`
refuses it, and the schema, which must never refuse what runs, lets it pass.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import jsonschema
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
ANALYZER = "analyzers: [{name: a, url: 'http://h/x'}]\n"

# One change to a configuration that is good: `key: value` as one line of YAML.
GOOD = [
    "threads: 0", "threads: 1024", "server: {listen: '0.0.0.0:0'}", "server: {listen: ':8080'}",
    "server: {listen: '[::1]:8080'}", "server: {max_connections: 1}", "server: {max_connections: 1000000}",
    "server: {max_body: 10MiB}", "server: {max_body: 512B}", "server: {max_body: 65536}", "server: {max_body: '65536'}",
    "server: {max_body: 1GiB}", "server: {header_timeout: 250ms}", "server: {body_timeout: 5000us}",
    "server: {idle_timeout: 24h}", "server: {idle_timeout: 2m}", "queue: {max_packets: 16777215}",
    "queue: {max_bytes: 64KiB}", "delivery: {ack: queued}", "delivery: {ack: delivered}",
    "delivery: {retry: {initial: 1ms, max: 1ms, multiplier: 1, jitter: 0}}",
    "delivery: {retry: {multiplier: 1.5, jitter: 0.25}}", "delivery: {pipeline: 1}", "delivery: {dead_letter: ''}",
    "delivery: {dead_letter: /tmp/letters.jsonl}", "balance: {max_debt: 0}", "health: {path: ''}",
    "health: {path: /up}", "health: {slow_start: 0}", "health: {slow_start: 0s}", "shutdown: {grace: 0}",
    "shutdown: {grace: 2m}", "log: {level: trace, format: json}", "log: {level: error}",
    # A section whose keys are commented out; numbers in quotes, and texts without.
    "admin:", "server:", "delivery: {retry: }", "threads: '4'", "delivery: {max_in_flight: '5'}",
    "delivery: {retry: {jitter: '0.2', multiplier: '2'}}", "delivery: {retry: {jitter: '.5', multiplier: '1e1'}}",
    "delivery: {retry: {jitter: '-0'}}", "delivery: {dead_letter: 5}", "server: {listen: 'localhost:65535'}",
    "server: {listen: '127.0.0.1:08080'}", "server: {header_timeout: 0010s}", "health: {path: '/up?deep=1'}",
    "health: {slow_start: '00'}", "shutdown: {grace: 0us}",
    # Lists, also as texts with commas.
    "server: {listen: ['0.0.0.0:8090', 'unix:/tmp/a']}", "server: {listen: ' 0.0.0.0:8090 ,127.0.0.1:8091 '}",
    "admin: {listen: [':8092', 'unix:/tmp/b'], open: true}", "admin: {listen: ':8092,unix:/tmp/b', open: 'true'}",
    "admin: {listen: ['127.0.0.1:8092', 'unix:/tmp/b'], tokens: '', open: false}",
    "server: {trusted_proxies: []}", "server: {trusted_proxies: ''}", "server: {trusted_proxies: ['::1', 'unix:']}",
    "server: {trusted_proxies: '10.0.0.0/8,::1'}", "server: {trusted_proxies: ' 10.0.0.0/8 , unix: '}",
]
BAD = [
    "thread: 4", "server: {listn: ':8080'}", "queue: {max-packets: 1}", "delivery: {retry: {first: 1s}}",
    "server: 8080", "server: [listen]", "queue: {max_packets: 0}", "queue: {max_packets: -1}",
    "queue: {max_packets: 16777216}", "queue: {max_packets: many}", "queue: {max_packets: 1.5}", "threads: 1025",
    "threads: -1", "server: {max_connections: 0}", "server: {max_body: 10MB}", "server: {max_body: 10 MiB}",
    "server: {max_body: -1}", "server: {max_body: 1.5MiB}", "server: {max_body: 10mib}", "server: {max_body: 0}",
    "server: {header_timeout: 10}", "server: {header_timeout: 10 s}", "server: {header_timeout: 1.5s}",
    "server: {header_timeout: -1s}", "server: {header_timeout: 1d}", "server: {header_timeout: soon}",
    "server: {header_timeout: s}", "server: {header_timeout: 5S}", "delivery: {ack: sent}", "delivery: {ack: 1}",
    "delivery: {retry: {multiplier: 0.5}}", "delivery: {retry: {multiplier: 101}}", "delivery: {retry: {jitter: 1.1}}",
    "delivery: {retry: {jitter: -0.1}}", "delivery: {retry: 100ms}", "delivery: {pipeline: 0}",
    "delivery: {pipeline: 1025}", "balance: {max_debt: -1}", "balance: {catch_up_threshold: 0}",
    "health: {failure_threshold: 0}", "log: {level: verbose}", "log: {format: xml}", "log: json",
    "server: {header_timeout: 0}", "server: {header_timeout: 0s}", "server: {header_timeout: '0'}",
    "server: {listen: nowhere}", "server: {listen: '8080'}", "server: {listen: 8080}", "server: {listen: 'http://x:1'}",
    "server: {listen: '0.0.0.0:99999'}", "server: {listen: '0.0.0.0:65536'}", "server: {listen: 'h:'}",
    "server: {listen: }", "health: {path: up}", "health: {path: '/a b'}", "health: {path: 5}", "threads: four",
    "threads: '-4'", "threads: ''", "delivery: {retry: {jitter: some}}", "delivery: {retry: {jitter: ''}}",
    "server: {max_body: '0'}", "delivery: {dead_letter: }",
    "server: {listen: ':80,'}", "server: {listen: ',:80'}", "admin: {listen: ':81, '}", "admin: {listen: ''}",
    "admin: {open: maybe}", "admin: {open: 1}", "admin: {token: x}",
    "server: {trusted_proxies: '10.0.0.0/8,'}", "server: {trusted_proxies: '10.0.0.0/8, '}",
    "server: {trusted_proxies: ','}", "server: {trusted_proxies: ',::1'}", "server: {trusted_proxies: '::1,,::2'}",
    "server: {trusted_proxies: ' '}", "server: {trusted_proxies: 'proxy'}",
]
GOOD_ANALYZERS = [
    "[{name: a, url: 'https://h'}, {name: b, url: 'https://h:9443/x', tls: {verify: false}}]",
    "[{name: a, url: 'http://h'}, {name: b, url: 'http://h:9101/x?y'}]", "[{name: a, url: 'http://h', weight: 0.000001}]",
    "[{name: a, url: 'http://h', weight: 1000000}]", "[{name: a, url: 'http://h', weight: 2.5, max_in_flight: 1}]",
    "[{name: a, url: 'http://h', headers: {X-Key: secret, X-Number: 5}}]", "[{name: a, url: 'http://h', headers: {}}]",
    "[{name: a, url: 'http://h', headers: }]", "[{name: 5, url: 'http://h'}]", "[{name: 1.5, url: 'http://h'}]",
    "[{name: a, url: 'http://h', weight: '40', max_in_flight: '5'}]", "[{name: a, url: 'HTTP://[::1]:9101/x'}]",
    "[{name: a, url: 'http://h:'}, {name: b, url: 'http://h?x'}, {name: _.-, url: 'http://10.0.0.1:65535/'}]",
]
BAD_ANALYZERS = [
    "[]", "{}", "a", "[a]", "[{url: 'http://h'}]", "[{name: a}]", "[{name: a, url: 'http://h', weight: 0}]",
    "[{name: a, url: 'http://h', weight: -1}]", "[{name: a, url: 'http://h', weight: 1000001}]",
    "[{name: a, url: 'http://h', weight: heavy}]", "[{name: a, url: 'http://h', wait: 1}]",
    "[{name: a, url: 'http://h', max_in_flight: 0}]", "[{name: a, url: 'http://h', headers: [X-Key]}]",
    "[{name: a, url: 'http://h', headers: {X-Key: [1]}}]",
    "[{name: 'a b', url: 'http://h'}]", "[{name: '', url: 'http://h'}]", f"[{{name: {'a' * 65}, url: 'http://h'}}]",
    "[{name: a, url: 'ftp://h'}]", "[{name: a, url: 'http://'}]", "[{name: a, url: h}]",
    "[{name: a, url: 'http://user@h'}]", "[{name: a, url: 'http://h/#x'}]", "[{name: a, url: 'http://h:0'}]",
    "[{name: a, url: 'http://h:65536'}]", "[{name: a, url: 'http://h', weight: '0.1234567'}]",
    "[{name: a, url: 'http://h', weight: '1e2'}]",
]
# `check` alone can know.
BEYOND = [
    "server: {header_timeout: 25h}", "server: {header_timeout: 1us}", "server: {max_body: 2GiB}", "threads: '1025'",
    "delivery: {retry: {multiplier: '0.5'}}", "delivery: {retry: {initial: 5s, max: 1s}}",
    "admin: {listen: '0.0.0.0:8080'}", "admin: {listen: '0.0.0.0:8092'}", "admin: {tokens: /nowhere/tokens.yaml}", "server: {listen: '[::g]:80'}",
]
BEYOND_ANALYZERS = [
    "[{name: a, url: 'http://h'}, {name: a, url: 'http://g'}]", "[{name: a, url: 'http://h', weight: 0.1234567}]",
    "[{name: a, url: 'http://h', weight: '0'}]", "[{name: a, url: 'http://h', headers: {Content-Length: 5}}]",
]


def cases():
    """(text, whether the schema accepts it, whether `check` does)."""
    for texts, schema, check in ((GOOD, True, True), (BAD, False, False), (BEYOND, True, False)):
        for text in texts:
            yield ANALYZER + text, schema, check
    for texts, schema, check in ((GOOD_ANALYZERS, True, True), (BAD_ANALYZERS, False, False), (BEYOND_ANALYZERS, True, False)):
        for text in texts:
            yield "analyzers: " + text, schema, check
    for name in ("log-distributor.yaml", "minimal.yaml"):
        yield (ROOT / "config" / name).read_text(encoding="utf-8"), True, True
    yield (ROOT / "tests/config/terrible.yaml").read_text(encoding="utf-8"), False, False
    yield "", False, False
    yield "just a text", False, False


def main():
    schema = json.loads((ROOT / "config/log-distributor.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    count = wrong = 0
    with tempfile.TemporaryDirectory(prefix="schema-agreement-") as folder:
        file = Path(folder) / "log-distributor.yaml"
        for text, schema_accepts, check_accepts in cases():
            count += 1
            file.write_text(text + "\n", encoding="utf-8")
            done = subprocess.run([sys.argv[1], "check", "--config", file], env={}, capture_output=True, text=True, check=False)
            try:
                faults = [error.message for error in validator.iter_errors(yaml.safe_load(text))]
            except yaml.YAMLError as error:
                faults = [str(error)]
            if done.returncode not in (0, 1) or (done.returncode == 0) != check_accepts or (not faults) != schema_accepts:
                wrong += 1
                print(f"{text.strip()[:200]}\n  check: {done.returncode} {done.stdout}{done.stderr}  schema: {faults or 'accepts'}\n")
    print(f"{count} files, {wrong} of them judged otherwise than expected")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
