// What the page makes of statuses, without a page.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  History,
  analyzerOf,
  chartSeconds,
  conditionOf,
  paths,
  quantile,
  recentShares,
  removedOf,
  troubles,
} from '../../src/admin/dashboard/dashboard_model.mjs';

/// A status `second` seconds after the start, of analyzers {name: messages}.
function status(second, messages = {}, more = {}) {
  return {
    uptime_seconds: second,
    analyzers: Object.entries(messages).map(([name, delivered]) => ({
      name,
      state: 'healthy',
      delivered: { messages: delivered },
      ...more,
    })),
  };
}

function historyOf(...statuses) {
  const history = new History();
  for (const each of statuses) history.add(each);
  return history;
}

const messages = (of) => analyzerOf(of, 'a')?.delivered.messages;

test('a rate is growth over the time that has passed', () => {
  const history = historyOf(status(10, { a: 0 }), status(11, { a: 100 }), status(12.5, { a: 400 }));
  assert.equal(history.rate(messages, 5), 400 / 2.5);
  assert.deepEqual(history.rates(messages), [
    { age: 2.5, value: undefined },
    { age: 1.5, value: 100 },
    { age: 0, value: 200 },
  ]);
});

test('a rate is not known from one status, nor of what is not there', () => {
  assert.equal(historyOf(status(10, { a: 5 })).rate(messages, 5), undefined);
  assert.equal(historyOf(status(10), status(11, { a: 5 })).rate(messages, 5), undefined);
});

test('a count that has shrunk is no negative rate', () => {
  assert.equal(historyOf(status(10, { a: 5 }), status(11, { a: 3 })).rate(messages, 5), 0);
});

test('a restarted daemon has no past', () => {
  const history = historyOf(status(100, { a: 5000 }), status(101, { a: 5100 }), status(1, { a: 7 }));
  assert.equal(history.statuses.length, 1);
  assert.equal(history.newest().uptime_seconds, 1);
});

test('what is older than the charts is forgotten', () => {
  const history = new History();
  for (let second = 0; second < 1000; second += 1) history.add(status(second));
  assert.ok(history.statuses.length <= chartSeconds + 3);
  assert.ok(history.statuses.length > chartSeconds);
});

test('a time without statuses is a gap', () => {
  const history = historyOf(status(1, { a: 0 }), status(2, { a: 1 }), status(9, { a: 2 }), status(10, { a: 3 }));
  assert.deepEqual(
    history.rates(messages).map(({ value }) => value),
    [undefined, 1, undefined, 1],
  );
});

test('lines break at gaps, and the area below them too', () => {
  const points = [3, 2, 1, 0].map((age) => ({ age: age * (chartSeconds / 4), value: age === 1 ? undefined : age }));
  assert.deepEqual(paths(points, 3, 100, 30), {
    line: 'M25.0 0.0L50.0 10.0M100.0 30.0',
    area: 'M25.0 30L25.0 0.0L50.0 10.0L50.0 30ZM100.0 30L100.0 30.0L100.0 30Z',
  });
  assert.deepEqual(paths([], 0, 100, 30), { line: '', area: '' });
});

test('quantiles are interpolated within their bucket', () => {
  assert.equal(quantile({ 0.0025: 0, 0.005: 100, '+Inf': 0 }, 0.5), 0.00375);
  assert.equal(quantile({ 5: 0, 10: 1, 0.5: 0 }, 1), 10, 'by number, not by place');
  assert.equal(quantile({ 5: 1, 10: 0, '+Inf': 9 }, 0.99), 10, 'as far as is known');
  assert.equal(quantile({ 5: 0 }, 0.5), undefined);
});

test('buckets of the last seconds are what came in them', () => {
  const at = (second, buckets) => ({ ...status(second), buckets });
  const history = historyOf(at(0, { 1: 5 }), at(50, { 1: 6 }), at(100, { 1: 10 }));
  assert.deepEqual(history.recent((of) => of.buckets, 60), { 1: 4 });
  assert.deepEqual(historyOf(at(0, { 1: 5 })).recent((of) => of.buckets, 60), { 1: 5 });
});

test('shares are of what was delivered lately', () => {
  const history = historyOf(status(0, { a: 1000, b: 0 }), status(10, { a: 1030, b: 70 }));
  assert.deepEqual(Object.fromEntries(recentShares(history, 60)), { a: 0.3, b: 0.7 });
  assert.equal(recentShares(historyOf(status(0, { a: 7 }), status(1, { a: 7 })), 60).size, 0);
});

test('a healthy analyzer that gets nothing is not healthy', () => {
  assert.equal(conditionOf({ state: 'healthy' }), 'healthy');
  assert.equal(conditionOf({ state: 'healthy', paused: true }), 'paused');
  assert.equal(conditionOf({ state: 'healthy', drained: true, paused: true }), 'drained');
  assert.equal(conditionOf({ state: 'failed', drained: true }), 'failed');
  assert.equal(conditionOf({ state: 'failed', ejected: true }), 'ejected');
  assert.equal(conditionOf({ state: 'testing', ejected: true }), 'testing');
});

test('what was removed counts while it has packets', () => {
  const gone = [{ name: 'a', in_flight: 2 }, { name: 'b', in_flight: 0 }];
  assert.deepEqual(removedOf({ removed_analyzers: gone }), [gone[0]]);
  assert.deepEqual(removedOf({}), [], 'what an older daemon does not tell');
});

test('troubles are spans of time', () => {
  const at = (second, state) => status(second, { a: 0 }, { state });
  const history = historyOf(at(0, 'healthy'), at(1, 'failed'), at(2, 'failed'), at(3, 'testing'), at(4, 'healthy'), at(5, 'failed'));
  assert.deepEqual(troubles(history, 'a'), [
    { from: 4, condition: 'failed', to: 2 },
    { from: 2, condition: 'testing', to: 1 },
    { from: 0, condition: 'failed', to: 0 },
  ]);
  assert.deepEqual(troubles(history, 'b'), []);
});
