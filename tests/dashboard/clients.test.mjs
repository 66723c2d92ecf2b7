// The dashboard of a port that asks for a token, over a daemon that knows its agents.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { openDashboard, screenshot } from './browser.mjs';
import { House } from './house.mjs';
import { browser, stage } from './stage.mjs';

const digest = (token) => createHash('sha256').update(token).digest('hex');

const house = stage(
  new House({ alpha: 60, beta: 40 }, {}, (write) => ({
    admin: { tokens: write('tokens.yaml', [{ name: 'someone', role: 'read', token_sha256: digest('a-token-to-read') }]) },
    auth: {
      clients: write('clients.yaml', [
        { name: 'edge', token_sha256: digest('the-token-of-edge') },
        { name: 'greedy', token_sha256: digest('the-token-of-greedy'), limits: { packets: '2/s', queue_share: 0.1 } },
      ]),
    },
  })),
);

/// The statuses that a client gets for so many packets.
async function send(client, count) {
  const statuses = [];
  for (let i = 0; i < count; i += 1) {
    const answer = await fetch(`${house.packets}/v1/packets`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer the-token-of-${client}` },
      body: '{"messages":["one","two"]}',
    });
    statuses.push(answer.status);
  }
  return statuses;
}

async function logIn(page, token) {
  await page.getByLabel('Your token for this port').fill(token);
  await page.getByRole('button', { name: 'Log in' }).click();
}

test('asks for a token, and takes no other', async () => {
  const { page, close } = await openDashboard(browser, house.admin);
  await screenshot(page, 'login');
  await logIn(page, 'no-token');
  await page.getByLabel('Your token for this port').waitFor();
  assert.equal(await page.locator('#analyzer-rows').count(), 0);
  await logIn(page, 'a-token-to-read');
  await page.locator('#balance').getByText('Balanced', { exact: true }).waitFor();
  const [cookie] = await page.context().cookies();
  assert.equal(cookie.httpOnly, true);
  assert.equal(cookie.sameSite, 'Strict');
  await close();
});

test('shows what each client sends, what it is refused, and what it may hold of the queue', async () => {
  const { page, complaints, close } = await openDashboard(browser, `${house.admin}/login`);
  await logIn(page, 'a-token-to-read');
  const row = (name) => page.locator('#client-rows tr').filter({ has: page.getByRole('rowheader', { name, exact: true }) });
  await row('127.0.0.1').or(row('anonymous')).first().waitFor();
  // Until the page has seen them: its rates are of the last seconds.
  const shows = async (name, column, pattern) => pattern.test(await row(name).getByRole('cell').nth(column).textContent({ timeout: 1000 }).catch(() => ''));
  const statuses = { edge: [], greedy: [] };
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; ) {
    statuses.edge.push(...(await send('edge', 5)));
    statuses.greedy.push(...(await send('greedy', 20)));
    if ((await shows('edge', 0, /[1-9]/)) && (await shows('greedy', 2, /[1-9]/))) break;
  }
  assert.deepEqual(new Set(statuses.edge), new Set([202]));
  assert.deepEqual(new Set(statuses.greedy), new Set([202, 429]));
  assert.ok(await shows('edge', 0, /[1-9]/), 'edge has a rate');
  assert.ok(await shows('edge', 2, /^0/), 'edge is refused nothing');
  assert.ok(await shows('greedy', 2, /[1-9]/), 'greedy is refused something');
  assert.ok(await shows('greedy', 3, /of 1,000/), 'greedy may hold a tenth of 10,000 places');
  await screenshot(page, 'clients', { fullPage: true });
  assert.deepEqual(complaints, []);
  await close();
});
