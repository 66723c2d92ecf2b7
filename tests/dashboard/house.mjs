// The real programs around the page: a daemon, its analyzers and an agent, each a
// process of its own on free ports of the loopback.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const binary = process.env.LOGDIST_BINARY;
if (!binary) throw new Error('LOGDIST_BINARY names the program under test');

/// One process; its output is kept, and waited for by line.
class Program {
  constructor(...args) {
    this.child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.lines = [];
    this.waiting = [];
    this.ended = once(this.child, 'exit').then(([code]) => code);
    for (const stream of [this.child.stdout, this.child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        this.lines.push(line);
        for (const wake of this.waiting.splice(0)) wake();
      });
    }
  }

  /// What `pattern` finds in the first line that it fits.
  async line(pattern) {
    for (let next = 0; ; ) {
      for (; next < this.lines.length; next += 1) {
        const match = this.lines[next].match(pattern);
        if (match) return match;
      }
      const line = new Promise((resolve) => this.waiting.push(resolve));
      const code = await Promise.race([line, this.ended]);
      if (code !== undefined) throw new Error(`ended with ${code}:\n${this.lines.join('\n')}`);
    }
  }

  async end(signal = 'SIGTERM') {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    return this.ended;
  }
}

async function startAnalyzer(port = 0, latency = '1ms') {
  const program = new Program('analyzer', '--listen', `127.0.0.1:${port}`, '--latency', latency);
  [, program.url, program.port] = await program.line(/listens on (http:\/\/[^ ]+:(\d+))/);
  return program;
}

/// A daemon with analyzers of these weights, its queue in a folder if that is `disk`, with `more` in its configuration,
/// and an agent that sends 200 packets a second. `more` may be a function, of a function that writes a file, and gives
/// the file's path back.
export class House {
  constructor(weights, queue = {}, more = {}) {
    this.weights = weights;
    this.more = more;
    this.queue = queue;
    this.folder = mkdtempSync(join(tmpdir(), 'logdist-dashboard-'));
    this.ports = { server: 0, admin: 0 };
  }

  async open() {
    this.analyzers = {};
    for (const name of Object.keys(this.weights)) this.analyzers[name] = await startAnalyzer();
    await this.startDaemon();
    this.startAgent();
  }

  /// Writes the configuration, with all analyzers but `without`.
  configure(without) {
    const analyzers = Object.entries(this.weights)
      .filter(([name]) => name !== without)
      .map(([name, weight]) => ({ name, weight, url: `${this.analyzers[name].url}/analyze` }));
    const configuration = {
      server: { listen: `127.0.0.1:${this.ports.server}` },
      admin: { listen: `127.0.0.1:${this.ports.admin}` },
      threads: 2,
      queue: this.queue.storage === 'disk' ? { ...this.queue, directory: join(this.folder, 'queue') } : this.queue,
      health: { interval: '200ms', failure_threshold: 2, slow_start: '1s', backoff: { initial: '200ms', max: '500ms' } },
      analyzers,
    };
    const write = (name, content) => {
      const path = join(this.folder, name);
      writeFileSync(path, JSON.stringify(content), { mode: 0o600 });
      return path;
    };
    for (const [key, value] of Object.entries(typeof this.more === 'function' ? this.more(write) : this.more)) {
      configuration[key] = { ...configuration[key], ...value };
    }
    this.file = join(this.folder, 'configuration.json');
    writeFileSync(this.file, JSON.stringify(configuration)); // JSON is YAML
  }

  async startDaemon() {
    this.configure();
    this.daemon = new Program('serve', '--config', this.file);
    const found = await this.daemon.line(/packets on (http:\S+:(\d+)), admin on (http:\S+:(\d+))/);
    this.packets = found[1];
    this.admin = found[3];
    this.ports = { server: found[2], admin: found[4] }; // the next one has the same
  }

  /// All analyzers but `name`, if one is given, from now on.
  reload(name) {
    this.configure(name);
    this.daemon.child.kill('SIGHUP');
  }

  startAgent() {
    this.agent = new Program('agent', '--target', this.packets, '--rate', '200', '--batch', '10');
  }

  async kill(name) {
    await this.analyzers[name].end('SIGKILL');
  }

  async bringBack(name, latency) {
    this.analyzers[name] = await startAnalyzer(this.analyzers[name].port, latency);
  }

  async close() {
    await this.agent?.end('SIGKILL');
    await this.daemon?.end('SIGKILL');
    for (const analyzer of Object.values(this.analyzers ?? {})) await analyzer.end('SIGKILL');
    rmSync(this.folder, { recursive: true });
  }
}
