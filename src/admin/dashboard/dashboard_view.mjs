// Shows a history of statuses: tiles, analyzers, ledger.
import { analyzerOf, chartSeconds, clientOf, clientsOf, conditionOf, diskOf, highest, minuteSeconds, quantile, recentShares, removedOf, troubles } from './dashboard_model.mjs';
import { Chart, Meter, element, say, set } from './dashboard_parts.mjs';
import * as words from './dashboard_words.mjs';

/// Over so many seconds a rate in figures is averaged: steady enough to be read.
const rateSeconds = 5;

const $ = (id) => document.getElementById(id);
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

const pillOf = { healthy: 'good', testing: 'warn', failed: 'bad', ejected: 'bad', paused: 'plain', drained: 'plain' };

class Tile {
  constructor(name, { meter = false } = {}) {
    this.value = element('dd', { class: 'value' });
    this.figure = element('span');
    this.unit = element('small');
    this.value.append(this.figure, ' ', this.unit);
    this.more = element('dd', { class: 'more' });
    this.chart = new Chart();
    this.meter = meter ? new Meter() : undefined;
    const drawn = element('dd', { 'aria-hidden': 'true', class: 'drawn' }, ...(meter ? [this.meter.element] : []), this.chart.element);
    this.element = element('div', {}, element('dt', {}, name), this.value, this.more, drawn);
    $('tiles').append(this.element);
  }

  update(figure, unit, more) {
    say(this.figure, figure);
    say(this.unit, unit);
    say(this.more, more);
  }
}

const tiles = {};

export function build() {
  tiles.packets = new Tile('Packets delivered');
  tiles.messages = new Tile('Messages delivered');
  tiles.queue = new Tile('Packets in the queue', { meter: true });
  tiles.residence = new Tile('Residence, median');
  tiles.flight = new Tile('Packets in flight');
}

export function show(history) {
  const status = history.newest();
  showHead(status);
  showFlow(history, status);
  showAnalyzers(history, status);
  showClients(history, status);
  showSources(status);
  showLedger(status);
}

function showHead(status) {
  say($('daemon'), `${status.version}, up ${words.duration(status.uptime_seconds)}, ${words.count(status.connections)} agent connections`);
  const failed = status.analyzers.filter(({ state }) => state === 'failed').length;
  set($('ready'), { class: `pill ${status.ready ? 'good' : 'bad'}` });
  say($('ready'), status.ready ? 'Ready' : `Not ready: ${status.why_not_ready}`);
  $('ready').hidden = false;
  document.title = `${status.ready ? '' : 'Not ready, '}${failed ? `${failed} failed, ` : ''}Log Distributor`;
}

function showFlow(history, status) {
  const rate = (pick) => history.rate(pick, rateSeconds);
  const rejected = sum(Object.values(status.totals.packets_rejected));
  const packets = (of) => of.ledger.delivered.packets;
  const messages = (of) => of.ledger.delivered.messages;
  tiles.packets.update(words.rate(rate(packets)), '/s', `${words.rate(rate((of) => of.totals.packets_received))}/s in, ${words.count(rejected)} rejected`);
  tiles.packets.chart.update(history.rates(packets), words.rate);
  tiles.messages.update(words.rate(rate(messages)), '/s', `${words.rate(rate((of) => of.totals.messages_received))}/s in`);
  tiles.messages.chart.update(history.rates(messages), words.rate);

  const { queue } = status;
  tiles.queue.update(words.count(queue.packets), `of ${words.count(queue.max_packets)}`, `${words.bytes(queue.bytes)} of ${words.bytes(queue.max_bytes)}`);
  tiles.queue.meter.update(Math.max(queue.packets / queue.max_packets, queue.bytes / queue.max_bytes));
  tiles.queue.chart.update(history.levels((of) => of.queue.packets), words.count);

  const residence = history.recent((of) => of.totals.residence_buckets, minuteSeconds);
  tiles.residence.update(words.latency(quantile(residence, 0.5)), '', `p95 ${words.latency(quantile(residence, 0.95))}, p99 ${words.latency(quantile(residence, 0.99))}`);
  tiles.residence.chart.update(residencePoints(history), words.latency);

  const { in_flight: flight, waiting, dead_lettered: dead } = status.ledger;
  tiles.flight.update(words.count(flight.packets), '', `${words.count(waiting.packets)} waiting, ${words.count(dead.packets)} dead letters`);
  tiles.flight.chart.update(history.levels((of) => of.ledger.in_flight.packets), words.count);
  showDisk(history, status);
}

/// Where any are known, or limited.
function showClients(history, status) {
  const clients = clientsOf(status);
  $('clients').hidden = clients.length === 0;
  const refused = (client) => sum(Object.values(client?.refused ?? {}));
  const row = (client) => {
    const rate = (pick) => words.rate(history.rate((of) => pick(clientOf(of, client.name)), rateSeconds));
    const held = client.queue_packets_max === null ? words.count(client.queue_packets) : `${words.count(client.queue_packets)} of ${words.count(client.queue_packets_max)}`;
    const cell = (label, text) => element('td', { role: 'cell', 'data-label': label, class: 'number' }, text);
    return element(
      'tr',
      { role: 'row' },
      element('th', { role: 'rowheader', scope: 'row' }, element('strong', {}, client.name)),
      cell('Packets/s', rate((of) => of?.packets ?? 0)),
      cell('Messages/s', rate((of) => of?.messages ?? 0)),
      cell('Refused/s', rate(refused)),
      cell('Packets in the queue', held),
    );
  };
  $('client-rows').replaceChildren(...clients.map(row));
  say($('clients-more'), status.clients_not_shown ? `${words.count(status.clients_not_shown)} more, which have sent less` : '');
}

/// The durable queue, where there is one.
function showDisk(history, status) {
  const disk = diskOf(status);
  if (!disk) {
    tiles.disk?.element.remove();
    delete tiles.disk;
    return;
  }
  tiles.disk ??= new Tile('Queue on disk', { meter: true });
  tiles.disk.update(words.bytes(disk.bytes), `of ${words.bytes(disk.max_bytes)}`, words.disk(disk));
  tiles.disk.meter.update(disk.bytes / disk.max_bytes);
  tiles.disk.chart.update(history.levels((of) => diskOf(of)?.bytes), words.bytes);
}

/// p95 of each second.
function residencePoints(history) {
  return history.points((status, before) => {
    if (!before) return undefined;
    const then = before.totals.residence_buckets;
    const came = Object.entries(status.totals.residence_buckets).map(([bound, count]) => [bound, count - then[bound]]);
    return quantile(Object.fromEntries(came), 0.95);
  });
}

class Row {
  constructor({ name }) {
    this.name = element('strong', {}, name);
    this.url = element('span', { class: 'below' });
    this.pill = element('span', { class: 'pill' });
    this.state = element('span', { class: 'below' });
    this.rate = element('span');
    this.chart = new Chart(120, 28);
    this.share = element('span');
    this.meter = new Meter();
    this.total = element('span', { class: 'below' });
    this.deficit = element('span');
    this.debt = element('span', { class: 'below' });
    this.flight = element('span');
    this.slots = element('span', { class: 'below' });
    this.latency = element('span');
    this.failures = element('span');
    this.catchUps = element('span', { class: 'below' });
    const cell = (label, number, ...children) => element('td', { role: 'cell', 'data-label': label, ...(number ? { class: 'number' } : {}) }, ...children);
    this.element = element(
      'tr',
      { role: 'row' },
      element('th', { role: 'rowheader', scope: 'row' }, this.name, this.url),
      cell('State', false, this.pill, this.state),
      cell('Messages/s', false, this.rate, this.chart.element),
      cell('Share of messages', false, element('div', { class: 'share' }, this.share, this.meter.element, this.total)),
      cell('Deficit', true, this.deficit, this.debt),
      cell('In flight', true, this.flight, this.slots),
      cell('Latency p50 · p95 · p99', true, this.latency),
      cell('Failures', true, this.failures, this.catchUps),
    );
  }

  update(history, analyzer, { tops, shares }) {
    const { name } = analyzer;
    const condition = conditionOf(analyzer);
    say(this.url, analyzer.url);
    set(this.url, { title: analyzer.url });
    set(this.pill, { class: `pill ${pillOf[condition]}` });
    say(this.pill, words.conditions[condition]);
    say(this.state, `weight ${analyzer.weight}`);

    const messages = (status) => analyzerOf(status, name)?.delivered.messages;
    const points = history.rates(messages);
    say(this.rate, words.rate(history.rate(messages, rateSeconds)));
    this.chart.update(points, words.rate, { top: tops.rate, spans: troubles(history, name) });

    const recent = shares.get(name);
    say(this.share, `${words.share(recent)}, target ${words.share(analyzer.target_share)}`);
    this.meter.update((recent ?? 0) / tops.share, analyzer.target_share / tops.share);
    say(this.total, `${words.share(analyzer.delivered_share)} since the start`);

    say(this.deficit, analyzer.in_service ? words.balance(analyzer.deficit) : '–');
    say(this.debt, analyzer.debt > 0 ? `debt ${words.count(analyzer.debt)}` : '');
    say(this.flight, words.count(analyzer.in_flight));
    say(this.slots, `of ${words.count(analyzer.max_in_flight)}`);
    const latencies = history.recent((status) => analyzerOf(status, name)?.latency_buckets, minuteSeconds);
    say(this.latency, [0.5, 0.95, 0.99].map((fraction) => words.latency(quantile(latencies, fraction))).join(' · '));
    say(this.failures, words.count(analyzer.failures));
    say(this.catchUps, analyzer.catch_ups === 1 ? '1 catch-up' : `${words.count(analyzer.catch_ups)} catch-ups`);
  }
}

/// One that was removed: all that is told of it. It goes when its last packet has.
class RemovedRow extends Row {
  constructor(analyzer) {
    super(analyzer);
    set(this.element, { class: 'removed' });
    set(this.pill, { class: 'pill plain' });
    say(this.pill, words.conditions.removed);
    for (const unknown of [this.rate, this.share, this.deficit, this.latency]) say(unknown, words.none);
    this.chart.element.hidden = true;
    this.meter.element.remove();
  }

  update(analyzer) {
    say(this.url, analyzer.url);
    set(this.url, { title: analyzer.url });
    say(this.flight, words.count(analyzer.in_flight));
    say(this.failures, words.count(analyzer.failures));
  }
}

const rows = new Map();

function showAnalyzers(history, status) {
  const names = status.analyzers.map(({ name }) => name);
  const removed = removedOf(status);
  // No name has a blank in it.
  const keyOfRemoved = ({ name }) => `removed ${name}`;
  const keys = [...names, ...removed.map(keyOfRemoved)];
  const shares = recentShares(history, minuteSeconds);
  // All on one scale, so that lines and bars can be compared.
  const peaks = names.map((name) => highest(history.rates((of) => analyzerOf(of, name)?.delivered.messages)));
  const tops = {
    rate: Math.max(...peaks, 0),
    share: Math.max(...status.analyzers.map(({ target_share: target }) => target), ...shares.values(), 0.001),
  };
  for (const key of rows.keys()) {
    if (keys.includes(key)) continue;
    rows.get(key).element.remove();
    rows.delete(key);
  }
  status.analyzers.forEach((analyzer, index) => {
    rowAt(index, analyzer.name, () => new Row(analyzer)).update(history, analyzer, { tops, shares });
  });
  removed.forEach((analyzer, index) => {
    rowAt(names.length + index, keyOfRemoved(analyzer), () => new RemovedRow(analyzer)).update(analyzer);
  });
}

/// Of discovery; nothing where there is none.
function showSources({ sources = [] }) {
  $('sources').hidden = sources.length === 0;
  const lines = sources.map(words.source);
  const list = $('source-rows');
  while (list.childElementCount > lines.length) list.lastElementChild.remove();
  lines.forEach(({ text, isGood }, index) => {
    if (!list.children[index]) list.append(element('li', {}));
    set(list.children[index], { class: isGood ? '' : 'warning' });
    say(list.children[index], text);
  });
}

/// The row of that key, in its place.
function rowAt(index, key, make) {
  if (!rows.has(key)) rows.set(key, make());
  const row = rows.get(key);
  const body = $('analyzer-rows');
  if (body.children[index] !== row.element) body.insertBefore(row.element, body.children[index] ?? null);
  return row;
}

const terms = [
  ['Admitted', 'admitted', 'sum'],
  ['Queued', 'queued'],
  ['Waiting', 'waiting'],
  ['In flight', 'in_flight'],
  ['Delivered', 'delivered'],
  ['Dead-lettered', 'dead_lettered'],
  ['Handed back', 'handed_back'],
  ['Imbalance', 'imbalance', 'sum'],
];

/// Of a durable queue: what came from an earlier process, and what is not in memory.
const diskTerms = [
  ['Recovered', 'recovered', 'sum'],
  ['On disk only', 'spilled'],
  ['Damaged on disk', 'lost'],
];

function showLedger({ ledger, queue }) {
  const balanced = ledger.imbalance.packets === 0 && ledger.imbalance.messages === 0;
  const verdict = element('span', { class: `pill ${balanced ? 'good' : 'bad'}` }, balanced ? 'Balanced' : 'Not balanced');
  const text = balanced ? ' Every packet admitted is accounted for.' : ' Packets are missing or counted twice.';
  if ($('balance').textContent !== verdict.textContent + text) $('balance').replaceChildren(verdict, text);
  const [admitted, ...others] = terms;
  const shown = queue.disk ? [admitted, ...diskTerms, ...others] : terms;
  if ($('ledger-rows').childElementCount !== shown.length) {
    $('ledger-rows').replaceChildren();
    for (const [name, key, kind = ''] of shown) {
      const cells = ['packets', 'messages'].map((unit) => element('td', { class: 'number', id: `ledger-${key}-${unit}` }));
      $('ledger-rows').append(element('tr', { class: kind }, element('th', { scope: 'row' }, name), ...cells));
    }
  }
  for (const [, key] of shown) {
    for (const unit of ['packets', 'messages']) say($(`ledger-${key}-${unit}`), ledger[key][unit].toLocaleString('en'));
  }
}

/// The newest above; read out as they come, once those of before are there.
export function showEvent(event, eventsMax) {
  const list = $('events');
  const time = new Date(event.at);
  const line = element(
    'li',
    event.warning ? { class: 'warning' } : {},
    element('time', { datetime: event.at, title: time.toLocaleString() }, time.toLocaleTimeString('en-GB')),
    element('span', { class: 'kind' }, words.kinds[event.kind] ?? event.kind),
    element('span', { class: 'what' }, ...(event.analyzer ? [element('strong', {}, event.analyzer), ': '] : []), event.text),
  );
  list.querySelector('.nothing')?.remove();
  list.prepend(line);
  while (list.childElementCount > eventsMax) list.lastElementChild.remove();
}

export function clearEvents() {
  $('events').replaceChildren(element('li', { class: 'nothing' }, 'Nothing has happened yet.'));
}
