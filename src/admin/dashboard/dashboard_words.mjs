// How the page puts figures into words. Pure.

/// What is not known.
export const none = '–';

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 4 });
const fine = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const signed = new Intl.NumberFormat('en', { maximumFractionDigits: 1, signDisplay: 'exceptZero' });

/// 1,234 and 1.235M.
export function count(value) {
  if (value === undefined) return none;
  return Math.abs(value) < 1e6 ? whole.format(value) : short.format(value);
}

/// A count a second: 0.4, 12.5, 1,234.
export function rate(value) {
  if (value === undefined) return none;
  return value < 100 ? fine.format(value) : count(value);
}

/// +12.5, −3, 0.
export function balance(value) {
  return signed.format(Math.abs(value) < 0.05 ? 0 : value).replace('-', '−');
}

/// 40 % and 33.33 %.
export function share(value) {
  return value === undefined ? none : `${Number((100 * value).toFixed(2))} %`;
}

/// 850 µs, 2.5 ms, 1.2 s.
export function latency(seconds) {
  if (seconds === undefined) return none;
  if (seconds === 0) return '0 ms';
  if (seconds < 0.001) return `${Number((seconds * 1e6).toPrecision(2))} µs`;
  if (seconds < 1) return `${Number((seconds * 1e3).toPrecision(2))} ms`;
  return `${Number(seconds.toPrecision(2))} s`;
}

/// 12 B, 3.4 KiB, 256 MiB.
export function bytes(value) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number(value.toPrecision(value < 1000 ? 3 : 4))} ${units[unit]}`;
}

/// What the durable queue does: how far its recovery is, else how long its syncs take.
export function disk({ recovering, recovered, recovered_read: read, packets, sync_seconds: sync }) {
  if (recovering) return `recovering: ${count(read)} of ${count(recovered)} packets read`;
  return `${count(packets)} packets, sync p50 ${latency(sync.p50)}, p99 ${latency(sync.p99)}`;
}

/// 42 s, 3 min 5 s, 2 h 10 min, 3 d 4 h.
export function duration(seconds) {
  const steps = [
    [86400, 'd'],
    [3600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  let rest = Math.max(0, Math.floor(seconds));
  const parts = steps.map(([length, unit]) => {
    const part = Math.floor(rest / length);
    rest -= part * length;
    return [part, unit];
  });
  const first = parts.findIndex(([part]) => part > 0);
  if (first < 0) return '0 s';
  return parts
    .slice(first, first + 2)
    .filter(([part], index) => index === 0 || part > 0)
    .map(([part, unit]) => `${part} ${unit}`)
    .join(' ');
}

/// The condition of an analyzer for people.
export const conditions = {
  healthy: 'Healthy',
  testing: 'Testing',
  failed: 'Failed',
  ejected: 'Ejected',
  paused: 'Paused',
  drained: 'Drained',
  removed: 'Removed',
};

/// What an event is about, for people.
export const kinds = {
  state: 'state',
  pause: 'pause',
  catch_up: 'catch-up',
  weight: 'weight',
  analyzer: 'analyzer',
  reload: 'reload',
  daemon: 'daemon',
};

/// One source of analyzers, and whether it is well.
export function source({ name, type, reachable, analyzers, skipped, fault }) {
  const given = `${count(analyzers)} ${analyzers === 1 ? 'analyzer' : 'analyzers'}`;
  const left = skipped > 0 ? `, ${count(skipped)} skipped` : '';
  const state = reachable ? `${given}${left}` : `${fault || 'not asked yet'}; ${given} in force`;
  return { text: `${name}${name === type ? '' : ` (${type})`}: ${state}`, isGood: reachable && skipped === 0 };
}
