import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as words from '../../src/admin/dashboard/dashboard_words.mjs';

test('counts and rates', () => {
  assert.equal(words.count(undefined), '–');
  assert.equal(words.count(1234), '1,234');
  assert.equal(words.count(1_234_567), '1.235M');
  assert.equal(words.rate(0), '0');
  assert.equal(words.rate(12.34), '12.3');
  assert.equal(words.rate(1234.5), '1,235');
});

test('balances have a sign, and zero has none', () => {
  assert.equal(words.balance(12.53), '+12.5');
  assert.equal(words.balance(-3), '−3');
  assert.equal(words.balance(-0.01), '0');
});

test('shares', () => {
  assert.equal(words.share(0.4), '40 %');
  assert.equal(words.share(1 / 3), '33.33 %');
  assert.equal(words.share(undefined), '–');
});

test('latencies', () => {
  assert.equal(words.latency(undefined), '–');
  assert.equal(words.latency(0), '0 ms');
  assert.equal(words.latency(0.00085), '850 µs');
  assert.equal(words.latency(0.00375), '3.8 ms');
  assert.equal(words.latency(0.25), '250 ms');
  assert.equal(words.latency(2.5), '2.5 s');
});

test('the queue on disk', () => {
  const disk = { recovering: false, recovered: 0, recovered_read: 0, packets: 1200, sync_seconds: { p50: 0.001, p99: 0.02 } };
  assert.equal(words.disk(disk), '1,200 packets, sync p50 1 ms, p99 20 ms');
  const recovery = { ...disk, recovering: true, recovered: 1_000_000, recovered_read: 1500 };
  assert.equal(words.disk(recovery), 'recovering: 1,500 of 1M packets read');
});

test('bytes and durations', () => {
  assert.equal(words.bytes(12), '12 B');
  assert.equal(words.bytes(268_435_456), '256 MiB');
  assert.equal(words.bytes(1023 * 1024), '1023 KiB');
  assert.equal(words.duration(0.4), '0 s');
  assert.equal(words.duration(185), '3 min 5 s');
  assert.equal(words.duration(3600), '1 h');
  assert.equal(words.duration(273_600), '3 d 4 h');
});

test('sources of analyzers', () => {
  const well = { name: 'pods', type: 'file', reachable: true, analyzers: 3, skipped: 0, fault: '' };
  assert.deepEqual(words.source(well), { text: 'pods (file): 3 analyzers', isGood: true });
  assert.deepEqual(words.source({ ...well, name: 'file', skipped: 2 }), { text: 'file: 3 analyzers, 2 skipped', isGood: false });
  const gone = { ...well, reachable: false, analyzers: 1, fault: 'answers 500' };
  assert.deepEqual(words.source(gone), { text: 'pods (file): answers 500; 1 analyzer in force', isGood: false });
  assert.equal(words.source({ ...gone, analyzers: 0, fault: '' }).text, 'pods (file): not asked yet; 0 analyzers in force');
});
