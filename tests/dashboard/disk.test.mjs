// The dashboard over a daemon whose queue is on a disk: in an outage, after a kill, and while it recovers.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openDashboard, screenshot } from './browser.mjs';
import { House } from './house.mjs';
import { browser, stage } from './stage.mjs';

const house = stage(new House({ alpha: 60, beta: 40 }, { storage: 'disk', max_packets: 50 }));

const tile = (page) => page.locator('#tiles > *').filter({ hasText: 'Queue on disk' });
const ledger = async (page, term) => Number((await page.locator(`#ledger-${term}-packets`).textContent()).replaceAll(',', ''));

/// Until the ledger on the page has a number for `term` that is more than none, or none.
async function untilLedger(page, term, isSome) {
  await page.waitForFunction(
    ([id, some]) => {
      const text = document.getElementById(id)?.textContent;
      return text !== undefined && /^\d/.test(text) && /[1-9]/.test(text) === some;
    },
    [`ledger-${term}-packets`, isSome],
  );
}

const synced = /[1-9][\d,.]* packets, sync p50 [1-9]\d*(\.\d+)? (µs|ms|s), p99 [1-9]\d*(\.\d+)? (µs|ms|s)/;

test('shows what an outage leaves on the disk, and how long its syncs take', async () => {
  const { page, complaints, close } = await openDashboard(browser, house.admin);
  await tile(page).getByText(/^of \d/).waitFor();
  await house.kill('alpha');
  await house.kill('beta');
  await untilLedger(page, 'spilled', true);
  await tile(page).getByText(synced).waitFor();
  await page.locator('#balance').getByText('Balanced', { exact: true }).waitFor();
  await screenshot(page, 'disk-outage');
  assert.deepEqual(complaints, []);
  await close();
});

for (const colorScheme of ['light', 'dark']) {
  test(`shows the disk on a phone, ${colorScheme}`, async () => {
    const { page, complaints, close } = await openDashboard(browser, house.admin, { width: 375, height: 740, colorScheme, scale: 2 });
    await tile(page).getByText(synced).waitFor();
    const { wide, tileWide, inside, background, text } = await tile(page).evaluate((element) => ({
      wide: document.documentElement.scrollWidth,
      tileWide: element.clientWidth,
      inside: element.scrollWidth,
      background: getComputedStyle(document.body).backgroundColor,
      text: getComputedStyle(element).color,
    }));
    assert.ok(wide <= 375, `${wide} px wide`);
    assert.ok(inside <= tileWide, `${inside} px in a tile of ${tileWide}`);
    const brightness = (colour) => colour.match(/\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0);
    assert.equal(brightness(background) > brightness(text), colorScheme === 'light');
    await screenshot(page, `disk-phone-${colorScheme}`, { fullPage: true });
    assert.deepEqual(complaints, []);
    await close();
  });
}

test('shows after a kill what is recovered, until all is delivered', async () => {
  const { page, close } = await openDashboard(browser, house.admin);
  await untilLedger(page, 'spilled', true);
  assert.equal(await ledger(page, 'recovered'), 0);
  await house.daemon.end('SIGKILL');
  await page.locator('#connection').getByText('Not live, trying again').waitFor();
  await house.startDaemon();
  await untilLedger(page, 'recovered', true);
  await screenshot(page, 'disk-recovered');
  await house.bringBack('alpha');
  await house.bringBack('beta');
  await untilLedger(page, 'spilled', false);
  await page.getByText('Ready', { exact: true }).waitFor();
  await page.locator('#balance').getByText('Balanced', { exact: true }).waitFor();
  await close();
});

test('says how far a recovery is', async () => {
  // A recovery that lasts takes millions of packets: the daemon's own status, as if there were.
  const status = await (await fetch(`${house.admin}/v1/status`)).json();
  Object.assign(status.queue.disk, { recovering: true, recovered: 1_000_000, recovered_read: 250_000 });
  const { page, close } = await openDashboard(browser, 'about:blank');
  await page.route('**/v1/events', (route) =>
    route.fulfill({ contentType: 'text/event-stream', body: `event: status\ndata: ${JSON.stringify(status)}\n\n` }));
  await page.goto(house.admin);
  await tile(page).getByText('recovering: 250,000 of 1M packets read').waitFor();
  await screenshot(page, 'disk-recovering');
  await close();
});
