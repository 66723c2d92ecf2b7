#!/usr/bin/env bash
# curl with OpenSSL. See README.md.
set -u
url=$1 ca=$2 version=$3
own=()
(($# < 5)) || own=(--cert "$4" --key "$5")
send=(-sS --cacert "$ca" "--tlsv$version" --tls-max "$version" "${own[@]}" -H 'Content-Type: application/json'
  -H 'Connection: close' --data '{"messages":["curl"]}' -o /dev/null -w '%{http_code}\n')
curl "${send[@]}" "$url" --next "${send[@]}" "$url" 2>&1 | sed '/^000$/d; s/^curl: ([0-9]*) /refused: /'
