// Go's crypto/tls and net/http. See README.md.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

func main() {
	roots := x509.NewCertPool()
	pem, _ := os.ReadFile(os.Args[2])
	roots.AppendCertsFromPEM(pem)
	version := map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}[os.Args[3]]
	config := &tls.Config{RootCAs: roots, MinVersion: version, MaxVersion: version,
		ClientSessionCache: tls.NewLRUClientSessionCache(4)}
	if len(os.Args) > 5 {
		certificate, err := tls.LoadX509KeyPair(os.Args[4], os.Args[5])
		if err != nil {
			fmt.Println("refused:", err)
			return
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	for i := 0; i < 2; i++ {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
		answer, err := client.Post(os.Args[1], "application/json", strings.NewReader(`{"messages":["go"]}`))
		if err != nil {
			fmt.Println("refused:", err)
			continue
		}
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		fmt.Println(answer.StatusCode)
	}
}
