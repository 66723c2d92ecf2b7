// Real clients of Node, each sending what its users would: run beside the packages that it imports.
//
//     node clients.mjs CLIENT PORT MESSAGES
//
// A client that is not content with an answer throws, or says so on standard error.
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';

const [, , client, port, count] = process.argv;
const messages = Number(count);
const origin = `http://127.0.0.1:${port}`;
const resolve = createRequire(import.meta.url).resolve;
const numbers = [...Array(messages).keys()];

function must(condition, what) {
  if (!condition) throw new Error(what);
}

async function otlp(kind, options = {}) {
  const { LoggerProvider, BatchLogRecordProcessor } = await import('@opentelemetry/sdk-logs');
  const { OTLPLogExporter } = await import(`@opentelemetry/exporter-logs-otlp-${kind}`);
  const exporter = new OTLPLogExporter({ url: `${origin}/v1/logs`, ...options });
  const exported = exporter.export.bind(exporter);
  const results = [];
  exporter.export = (logs, done) => exported(logs, (result) => (results.push(result), done(result)));
  const provider = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter })] });
  const logger = provider.getLogger('test');
  for (const i of numbers) logger.emit({ severityText: 'INFO', body: `line ${i}`, attributes: { order: i } });
  await provider.shutdown();
  must(results.length > 0 && results.every((result) => result.code === 0), `not content: ${JSON.stringify(results)}`);
}

/// Through a transport of pino, which is a worker thread.
async function pinoThrough(target, options) {
  const { pino } = await import('pino');
  const transport = pino.transport({ target: resolve(target), options });
  const logger = pino(transport);
  for (const i of numbers) logger.info({ order: i }, `line ${i}`);
  await new Promise((done) => logger.flush(done));
  transport.end();
  const alive = setInterval(() => {}, 1000);  // the worker alone does not keep the process
  await once(transport, 'close');
  clearInterval(alive);
}

async function winstonLoki(json) {
  const { default: winston } = await import('winston');
  const { default: LokiTransport } = await import('winston-loki');
  const errors = [];
  const transport = new LokiTransport({
    host: origin, json, batching: true, interval: 1, labels: { job: 'test' }, replaceTimestamp: true,
    onConnectionError: (error) => errors.push(error),
  });
  const logger = winston.createLogger({ transports: [transport] });
  for (const i of numbers) logger.info(`line ${i}`);
  await transport.flush();
  logger.close();
  must(errors.length === 0, `not content: ${errors}`);
}

/// The process lives until all are answered.
async function winstonHttp(options = {}) {
  const { default: winston } = await import('winston');
  const transport = new winston.transports.Http({ host: '127.0.0.1', port: Number(port), path: '/v1/events', ...options });
  transport.on('warn', console.error);
  const logger = winston.createLogger({ transports: [transport] });
  logger.on('error', console.error);
  for (const i of numbers) logger.info(`line ${i}`, { order: i });
}

/// As it is documented: the transport is an expression.
async function winstonDocumented() {
  const { default: winston } = await import('winston');
  const transport = new Function('winston', `return ${process.env.SNIPPET.trim()}`)(winston);
  transport.on('warn', console.error);
  const logger = winston.createLogger({ transports: [transport] });
  logger.on('error', console.error);
  for (const i of numbers) logger.info(`line ${i}`);
}

async function pinoHttpSend() {
  const child = spawn(process.execPath, [resolve('pino-http-send/dist/bin.js'), `--url=${origin}/v1/events`, '--batchSize=20'],
                      { stdio: ['pipe', 'ignore', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (bytes) => { complaints += bytes; });
  for (const i of numbers) child.stdin.write(`${JSON.stringify({ level: 30, msg: `line ${i}` })}\n`);
  child.stdin.end();
  const [status] = await once(child, 'close');
  must(status === 0 && complaints === '', `status ${status}: ${complaints}`);
}

async function elasticsearch(options = {}) {
  const { Client } = await import('@elastic/elasticsearch');
  const es = new Client({ node: origin, ...options });
  must((await es.info()).tagline === 'You Know, for Search', 'no Elasticsearch');
  const result = await es.helpers.bulk({
    datasource: numbers.map((i) => ({ message: `line ${i}` })),
    onDocument: () => ({ create: { _index: 'logs' } }),
    onDrop: (dropped) => { throw new Error(JSON.stringify(dropped)); },
  });
  must(result.successful === messages && result.failed === 0, JSON.stringify(result));
  await es.close();
}

async function pinoElasticsearch() {
  const { pino } = await import('pino');
  const { default: build } = await import('pino-elasticsearch');
  const stream = build({ node: origin, index: 'logs', opType: 'create', flushBytes: 4096 });
  for (const problem of ['error', 'insertError', 'unknown']) stream.on(problem, console.error);
  const logger = pino({ level: 'info' }, stream);
  for (const i of numbers) logger.info({ order: i }, `line ${i}`);
  stream.end();
  const [result] = await once(stream, 'insert');
  must(result.successful === messages && result.failed === 0, JSON.stringify(result));
}

async function cloudevents(send) {
  const { CloudEvent, HTTP, emitterFor, httpTransport, Mode } = await import('cloudevents');
  const event = (i) => new CloudEvent({ type: 'log', source: '/test', data: { message: `line ${i}` } });
  if (send === 'structured' || send === 'binary') {
    const path = send === 'structured' ? '/v1/packets' : '/v1/events';
    const emit = emitterFor(httpTransport(`${origin}${path}`),
                            { mode: send === 'structured' ? Mode.STRUCTURED : Mode.BINARY });
    for (const i of numbers) {
      const answer = await emit(event(i));
      must(!/problem/.test(JSON.stringify(answer.headers)), JSON.stringify(answer));
    }
    return;
  }
  const batch = numbers.map((i) => JSON.parse(HTTP.structured(event(i)).body));
  const answer = await fetch(`${origin}/v1/packets`, {
    method: 'POST', headers: { 'Content-Type': 'application/cloudevents-batch+json' }, body: JSON.stringify(batch),
  });
  must(answer.status === 202, `${answer.status}: ${await answer.text()}`);
}

async function splunkLogging() {
  const { default: splunk } = await import('splunk-logging');
  const logger = new splunk.Logger({ token: 'T', url: origin, maxBatchCount: 0, maxRetries: 0 });
  logger.error = (error) => { throw error; };
  for (const i of numbers) logger.send({ message: `line ${i}`, severity: 'info' });
  await new Promise((done, failed) => logger.flush((error, response, body) => {
    if (error || body.code !== 0) failed(error || new Error(JSON.stringify(body)));
    else done();
  }));
}

async function datadog(encoding) {
  const { client: dd, v2 } = await import('@datadog/datadog-api-client');
  const configuration = dd.createConfiguration({
    authMethods: { apiKeyAuth: 'K' }, baseServer: new dd.BaseServerConfiguration(origin, {}),
  });
  const body = numbers.map((i) => ({ ddsource: 'test', hostname: 'h', service: 's', message: `line ${i}` }));
  await new v2.LogsApi(configuration).submitLog(encoding ? { body, contentEncoding: encoding } : { body });
}

const clients = {
  otlp_json: () => otlp('http'),
  otlp_json_gzip: () => otlp('http', { compression: 'gzip' }),
  otlp_proto: () => otlp('proto'),
  otlp_proto_gzip: () => otlp('proto', { compression: 'gzip' }),
  pino_loki: () => pinoThrough('pino-loki', { host: origin, labels: { job: 'test' }, batching: { interval: 1 } }),
  winston_loki_json: () => winstonLoki(true),
  winston_loki_proto: () => winstonLoki(false),
  winston_http: () => winstonHttp(),
  winston_http_batch: () => winstonHttp({ batch: true, batchCount: 20, batchInterval: 100 }),
  winston_documented: winstonDocumented,
  pino_http_send: pinoHttpSend,
  elasticsearch: () => elasticsearch(),
  elasticsearch_gzip: () => elasticsearch({ compression: true }),
  pino_elasticsearch: pinoElasticsearch,
  cloudevents_structured: () => cloudevents('structured'),
  cloudevents_binary: () => cloudevents('binary'),
  cloudevents_batch: () => cloudevents('batch'),
  splunk_logging: splunkLogging,
  datadog: () => datadog(),
  datadog_gzip: () => datadog('gzip'),
  datadog_deflate: () => datadog('deflate'),
};

await clients[client]();
