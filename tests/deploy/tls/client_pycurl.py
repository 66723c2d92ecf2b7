"""libcurl with GnuTLS, which Debian's pycurl is linked with. See README.md."""

import io
import sys

import pycurl

assert "GnuTLS" in pycurl.version, pycurl.version
url, ca, version, *own = sys.argv[1:]
number = {"1.2": pycurl.SSLVERSION_TLSv1_2, "1.3": pycurl.SSLVERSION_TLSv1_3}[version]
limit = {"1.2": pycurl.SSLVERSION_MAX_TLSv1_2, "1.3": pycurl.SSLVERSION_MAX_TLSv1_3}[version]
curl = pycurl.Curl()
curl.setopt(pycurl.URL, url)
curl.setopt(pycurl.CAINFO, ca)
curl.setopt(pycurl.SSLVERSION, number | limit)
curl.setopt(pycurl.POSTFIELDS, '{"messages":["curl"]}')
curl.setopt(pycurl.HTTPHEADER, ["Content-Type: application/json"])
curl.setopt(pycurl.FORBID_REUSE, 1)
if own:
    curl.setopt(pycurl.SSLCERT, own[0])
    curl.setopt(pycurl.SSLKEY, own[1])
for _ in range(2):
    curl.setopt(pycurl.WRITEDATA, io.BytesIO())
    try:
        curl.perform()
        print(curl.getinfo(pycurl.RESPONSE_CODE))
    except pycurl.error as error:
        print("refused:", error.args[1])
