// Real clients of Go, each sending what its users would.
//
//	clients CLIENT PORT MESSAGES
//
// A client that is not content with an answer says so on standard error, and exits with 1. What is documented for it is in
// the environment: SNIPPET.
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/elastic/go-elasticsearch/v8"
	"github.com/elastic/go-elasticsearch/v8/esutil"
	"github.com/go-kit/kit/log"
	"github.com/grafana/loki-client-go/loki"
	"github.com/prometheus/common/model"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	otlplog "go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"gopkg.in/yaml.v2"
)

var (
	origin   string
	messages int
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func otlp(options ...otlploghttp.Option) {
	ctx := context.Background()
	otel.SetErrorHandler(otel.ErrorHandlerFunc(must))
	exporter, err := otlploghttp.New(ctx, options...)
	must(err)
	provider := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(exporter)))
	logger := provider.Logger("test")
	for i := 0; i < messages; i++ {
		var record otlplog.Record
		record.SetTimestamp(time.Now())
		record.SetSeverity(otlplog.SeverityInfo)
		record.SetBody(attribute.StringValue(fmt.Sprintf("line %d", i)))
		record.AddAttributes(attribute.Int("order", i))
		logger.Emit(ctx, record)
	}
	must(provider.Shutdown(ctx))
}

func elastic(compressed bool) {
	client, err := elasticsearch.NewClient(elasticsearch.Config{Addresses: []string{origin}, CompressRequestBody: compressed})
	must(err)
	answer, err := client.Info()
	must(err)
	answer.Body.Close()
	indexer, err := esutil.NewBulkIndexer(esutil.BulkIndexerConfig{
		Client: client, Index: "logs", NumWorkers: 2,
		OnError: func(_ context.Context, err error) { must(err) },
	})
	must(err)
	var taken atomic.Int64
	for i := 0; i < messages; i++ {
		must(indexer.Add(context.Background(), esutil.BulkIndexerItem{
			Action:    "create",
			Body:      bytes.NewReader([]byte(fmt.Sprintf(`{"message":"line %d"}`, i))),
			OnSuccess: func(context.Context, esutil.BulkIndexerItem, esutil.BulkIndexerResponseItem) { taken.Add(1) },
			OnFailure: func(_ context.Context, _ esutil.BulkIndexerItem, item esutil.BulkIndexerResponseItem, err error) {
				must(fmt.Errorf("refused: %v %v", item, err))
			},
		}))
	}
	must(indexer.Close(context.Background()))
	if taken.Load() != int64(messages) {
		must(fmt.Errorf("%d of %d taken", taken.Load(), messages))
	}
}

func lokiClient(config loki.Config) {
	logger := log.NewLogfmtLogger(os.Stderr)
	client, err := loki.NewWithLogger(config, logger)
	must(err)
	for i := 0; i < messages; i++ {
		must(client.Handle(model.LabelSet{"job": "test"}, time.Now(), fmt.Sprintf("line %d", i)))
	}
	client.Stop()
}

// What Promtail's file has under `clients`, read by Promtail's own client.
func promtail() {
	var file struct {
		Clients []loki.Config `yaml:"clients"`
	}
	must(yaml.UnmarshalStrict([]byte(os.Getenv("SNIPPET")), &file))
	if len(file.Clients) != 1 {
		must(fmt.Errorf("%d clients", len(file.Clients)))
	}
	lokiClient(file.Clients[0])
}

func main() {
	origin = "http://127.0.0.1:" + os.Args[2]
	var err error
	messages, err = strconv.Atoi(os.Args[3])
	must(err)
	url := otlploghttp.WithEndpointURL(origin + "/v1/logs")
	clients := map[string]func(){
		"otlp":               func() { otlp(url) },
		"otlp_gzip":          func() { otlp(url, otlploghttp.WithCompression(otlploghttp.GzipCompression)) },
		"otlp_environment":   func() { otlp() },
		"elasticsearch":      func() { elastic(false) },
		"elasticsearch_gzip": func() { elastic(true) },
		"loki": func() {
			config, err := loki.NewDefaultConfig(origin + "/loki/api/v1/push")
			must(err)
			lokiClient(config)
		},
		"promtail": promtail,
	}
	clients[os.Args[1]]()
}
