// Listens to /v1/events and keeps the page up to date; says so when it cannot.
import { History } from './dashboard_model.mjs';
import { build, clearEvents, show, showEvent } from './dashboard_view.mjs';
import { duration } from './dashboard_words.mjs';

/// A status comes once a second: after so many seconds without one the page is old,
/// after more the connection is opened again.
const staleSeconds = 3.5;
const deadSeconds = 8;
const retrySecondsMax = 10;
const eventsMax = 200;

let history = new History();
let source;
let retrySeconds = 1;
let retryAt = Infinity; // on the clock of performance.now(), as the following
let connectedAt = 0;
let heardAt;
let live = false;

const $ = (id) => document.getElementById(id);
const now = () => performance.now() / 1000;

function connect() {
  source?.close();
  retryAt = Infinity;
  connectedAt = now();
  source = new EventSource('/v1/events');
  source.addEventListener('open', began);
  source.addEventListener('status', ({ data }) => heard(JSON.parse(data)));
  source.addEventListener('event', ({ data }) => showEvent(JSON.parse(data), eventsMax));
  // It would come back by itself after some failures, but not after all.
  source.addEventListener('error', comeBack);
}

function began() {
  // The daemon tells its events from the first one on.
  $('events').removeAttribute('role');
  $('events').removeAttribute('aria-live');
  clearEvents();
}

function heard(status) {
  const restarted = history.newest()?.uptime_seconds > status.uptime_seconds;
  if (restarted) history = new History();
  history.add(status);
  heardAt = now();
  retrySeconds = 1;
  show(history);
  // From now on events are news, to be read out.
  $('events').setAttribute('role', 'log');
  $('events').setAttribute('aria-live', 'polite');
  tick();
}

/// A token that nobody has any more: the form comes in place of the page.
async function logInAgain() {
  const answer = await fetch('/dashboard_words.mjs', { method: 'HEAD' }).catch(() => undefined);
  if (answer?.status === 401) location.reload();
}

function comeBack() {
  source.close();
  logInAgain();
  if (retryAt !== Infinity) return;
  retryAt = now() + retrySeconds;
  retrySeconds = Math.min(retrySecondsMax, retrySeconds * 2);
  tick();
}

function say(words, silence, state) {
  const [text, counter] = $('connection').children;
  if (text.textContent !== words) text.textContent = words;
  counter.textContent = silence;
  $('connection').className = `pill ${state}`;
}

function tick() {
  const silence = heardAt === undefined ? undefined : now() - heardAt;
  live = silence !== undefined && silence < staleSeconds && retryAt === Infinity;
  document.body.classList.toggle('stale', heardAt !== undefined && !live);
  if (live) {
    say('Live', '', 'good');
  } else if (heardAt === undefined) {
    say(retryAt === Infinity ? 'Connecting' : 'No answer, trying again', '', 'waiting');
  } else {
    say('Not live, trying again', `(${duration(silence)} old)`, 'bad');
    $('ready').hidden = true;
    document.title = 'Not live, Log Distributor';
  }
}

setInterval(() => {
  const quiet = now() - Math.max(heardAt ?? 0, connectedAt);
  if (now() >= retryAt) connect();
  else if (retryAt === Infinity && quiet > deadSeconds) comeBack();
  tick();
}, 500);

document.addEventListener('visibilitychange', () => {
  if (!document.hidden && retryAt !== Infinity) connect();
});

build();
clearEvents();
connect();
