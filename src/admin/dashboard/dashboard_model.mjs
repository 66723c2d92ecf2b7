// What the page knows: the statuses of the last minutes, and what follows from them.
// Pure: no document, no clock, no connection.

/// How far back the small charts look, and how long "the last minute" is.
export const chartSeconds = 120;
export const minuteSeconds = 60;

/// A longer time without a status is shown as a gap.
const gapSeconds = 3;

/// The statuses of one life of the daemon, oldest first, as far back as the charts.
export class History {
  constructor() {
    this.statuses = [];
  }

  add(status) {
    const newest = this.newest();
    if (newest && status.uptime_seconds < newest.uptime_seconds) this.statuses = []; // it was restarted
    if (newest && status.uptime_seconds === newest.uptime_seconds) return;
    this.statuses.push(status);
    const first = status.uptime_seconds - chartSeconds;
    // One more than is shown: the first rate needs two.
    while (this.statuses.length > 2 && this.statuses[1].uptime_seconds < first) this.statuses.shift();
  }

  newest() {
    return this.statuses.at(-1);
  }

  /// The oldest status that is at most `seconds` older than the newest.
  since(seconds) {
    const first = this.newest().uptime_seconds - seconds;
    return this.statuses.find((status) => status.uptime_seconds >= first);
  }

  /// Growth a second, of the count that `pick` takes from a status, over the last
  /// `seconds`; undefined while that is not known.
  rate(pick, seconds) {
    if (this.statuses.length < 2) return undefined;
    // Between two statuses lies a second or a little more.
    return growth(this.since(seconds + 0.5), this.newest(), pick);
  }

  /// One point a status: {age, value}, age in seconds, value undefined where `pick`
  /// finds nothing and behind a gap.
  levels(pick) {
    return this.points((status) => pick(status));
  }

  /// The same of growth a second.
  rates(pick) {
    return this.points((status, before) => before && growth(before, status, pick));
  }

  points(value) {
    const now = this.newest()?.uptime_seconds;
    return this.statuses.map((status, index) => {
      const before = this.statuses[index - 1];
      const gap = before && status.uptime_seconds - before.uptime_seconds > gapSeconds;
      return { age: now - status.uptime_seconds, value: gap ? undefined : value(status, before) };
    });
  }

  /// What came into each bucket, which `pick` takes from a status, in the last
  /// `seconds`; all there is when the page has not watched for so long.
  recent(pick, seconds) {
    const before = pick(this.since(seconds)) ?? {};
    const now = pick(this.newest()) ?? {};
    if (this.statuses.length < 2) return now;
    return Object.fromEntries(Object.entries(now).map(([bound, count]) => [bound, count - (before[bound] ?? 0)]));
  }
}

function growth(before, after, pick) {
  const from = pick(before);
  const to = pick(after);
  const seconds = after.uptime_seconds - before.uptime_seconds;
  return from === undefined || to === undefined || seconds <= 0 ? undefined : Math.max(0, to - from) / seconds;
}

/// The `fraction` quantile, in seconds, of counts by upper bound, interpolated
/// within its bucket; undefined when there is none.
export function quantile(buckets, fraction) {
  const counts = Object.entries(buckets)
    .map(([bound, count]) => ({ bound: bound === '+Inf' ? Infinity : Number(bound), count }))
    .sort((one, other) => one.bound - other.bound);
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return undefined;
  let below = 0;
  let low = 0;
  for (const { bound, count } of counts) {
    if (count > 0 && below + count >= fraction * total) {
      // Nothing is known of how far the last bucket reaches.
      return bound === Infinity ? low : low + (bound - low) * ((fraction * total - below) / count);
    }
    below += count;
    low = bound;
  }
  return low;
}

export function analyzerOf(status, name) {
  return status.analyzers.find((analyzer) => analyzer.name === name);
}

/// Those that send packets; none where nobody is told apart.
export function clientsOf(status) {
  const clients = status.clients ?? [];
  return clients.length > 1 || clients.some(({ queue_packets_max: places, refused }) => places !== null || Object.keys(refused).length > 0) ? clients : [];
}

export function clientOf(status, name) {
  return status.clients?.find((client) => client.name === name);
}

/// The durable queue; undefined where packets are in memory only.
export function diskOf(status) {
  return status.queue.disk;
}

/// Those that are not configured any more, but have packets in flight.
export function removedOf(status) {
  return (status.removed_analyzers ?? []).filter((analyzer) => analyzer.in_flight > 0);
}

/// The part of the messages delivered in the last `seconds` that went to each
/// analyzer, by name; empty when nothing was delivered.
export function recentShares(history, seconds) {
  const before = history.since(seconds);
  const delivered = history.newest().analyzers.map(({ name, delivered: now }) => {
    const then = history.statuses.length > 1 ? (analyzerOf(before, name)?.delivered.messages ?? 0) : 0;
    return [name, Math.max(0, now.messages - then)];
  });
  const total = delivered.reduce((sum, [, messages]) => sum + messages, 0);
  return new Map(total > 0 ? delivered.map(([name, messages]) => [name, messages / total]) : []);
}

/// What an analyzer is doing, in one word: its state, or why it gets nothing though
/// it is healthy.
export function conditionOf(analyzer) {
  if (analyzer.state === 'failed' && analyzer.ejected) return 'ejected';
  if (analyzer.state !== 'healthy') return analyzer.state;
  if (analyzer.drained) return 'drained';
  return analyzer.paused ? 'paused' : 'healthy';
}

/// The ages between which an analyzer was in each condition but healthy:
/// {from, to, condition}, oldest first.
export function troubles(history, name) {
  const spans = [];
  for (const { age, value } of history.levels((status) => analyzerOf(status, name))) {
    const condition = value && conditionOf(value);
    const last = spans.at(-1);
    if (last && last.to === undefined && last.condition !== condition) last.to = age;
    if (condition && condition !== 'healthy' && (!last || last.to !== undefined)) spans.push({ from: age, condition });
  }
  return spans.map((span) => ({ ...span, to: span.to ?? 0 }));
}

/// SVG paths through `points` in a box of `width` × `height`, from 0 to `top`, broken
/// where a value is missing: the line, and the area below it.
export function paths(points, top, width, height) {
  const runs = [[]];
  for (const { age, value } of points) {
    if (value === undefined || age > chartSeconds) {
      runs.push([]);
      continue;
    }
    const x = width * (1 - age / chartSeconds);
    const y = height * (1 - (top > 0 ? Math.min(1, value / top) : 0));
    runs.at(-1).push({ x: x.toFixed(1), y: y.toFixed(1) });
  }
  const lines = runs.filter((run) => run.length > 0);
  const along = (run) => run.map(({ x, y }) => `${x} ${y}`).join('L');
  return {
    line: lines.map((run) => `M${along(run)}`).join(''),
    area: lines.map((run) => `M${run[0].x} ${height}L${along(run)}L${run.at(-1).x} ${height}Z`).join(''),
  };
}

export function highest(points) {
  return points.reduce((top, { value }) => Math.max(top, value ?? 0), 0);
}
