"""Python's ssl and http.client. See README.md."""

import http.client
import ssl
import sys
import urllib.parse

url, ca, version, *own = sys.argv[1:]
where = urllib.parse.urlsplit(url)
context = ssl.create_default_context(cafile=ca)
context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, "TLSv" + version.replace(".", "_"))
if own:
    context.set_ciphers("DEFAULT@SECLEVEL=0")  # or a weak key would not be shown at all
    context.load_cert_chain(*own)


class Connection(http.client.HTTPSConnection):
    session = None

    def connect(self):
        http.client.HTTPConnection.connect(self)
        self.sock = context.wrap_socket(self.sock, server_hostname=self.host, session=Connection.session)


for _ in range(2):
    connection = Connection(where.hostname, where.port, timeout=60)
    try:
        connection.request("POST", where.path, b'{"messages":["python"]}', {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        print(answer.status)
        if connection.sock:
            Connection.session = connection.sock.session
    except (OSError, http.client.HTTPException) as error:
        print("refused:", error)
    connection.close()
